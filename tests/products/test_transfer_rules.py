"""The declared states of transfers, and what their lines may say."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.products.transfer_rules import MOST_LINES, MOST_PIECES, MOVES, counted, move, request_problem
from app.products.values import ForbiddenTransferMove, Problem, StockLine, TransferEvent, TransferState

ONE, TWO, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)


def test_every_step_that_is_not_declared_is_forbidden() -> None:
    refused = [(state, event) for state in TransferState for event in TransferEvent if (state, event) not in MOVES]
    assert (len(MOVES), len(refused)) == (3, 9)
    for state, event in refused:
        with pytest.raises(ForbiddenTransferMove):
            move(state, event)
    assert move(move(TransferState.REQUESTED, TransferEvent.SEND), TransferEvent.RECEIVE) is TransferState.RECEIVED
    assert move(TransferState.REQUESTED, TransferEvent.CANCEL) is TransferState.CANCELLED


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        ([], ("lines",)),
        ([StockLine(UUID(int=n), 1) for n in range(MOST_LINES + 1)], ("lines",)),
        ([StockLine(ONE, 0)], ("lines", "0", "quantity")),
        ([StockLine(ONE, 1), StockLine(TWO, MOST_PIECES + 1)], ("lines", "1", "quantity")),
        ([StockLine(ONE, 1), StockLine(ONE, 1)], ("lines", "1", "skuId")),
    ],
)
def test_request_names_its_first_fault(lines: list[StockLine], path: tuple[str, ...]) -> None:
    problem = request_problem(lines)
    assert problem is not None and problem.path == path


def test_whole_request_of_the_largest_size_is_fine() -> None:
    assert request_problem([StockLine(UUID(int=n), MOST_PIECES) for n in range(MOST_LINES)]) is None


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        ([StockLine(OTHER, 1)], ("lines", "0", "skuId")),
        ([StockLine(ONE, 6)], ("lines", "0", "quantity")),
        ([StockLine(ONE, -1)], ("lines", "0", "quantity")),
        ([StockLine(ONE, 1), StockLine(ONE, 1)], ("lines", "1", "skuId")),
    ],
)
def test_count_of_what_is_not_in_the_transfer_is_refused(lines: list[StockLine], path: tuple[str, ...]) -> None:
    problem = counted({ONE: 5, TWO: 2}, lines)
    assert isinstance(problem, Problem) and problem.path == path


@given(st.dictionaries(st.uuids(), st.integers(0, 50), min_size=1, max_size=6), st.data())
def test_what_is_not_named_counts_as_expected(limits: dict[UUID, int], data: st.DataObject) -> None:
    named = data.draw(st.lists(st.sampled_from(sorted(limits)), unique=True))
    lines = [StockLine(sku_id, data.draw(st.integers(0, limits[sku_id]))) for sku_id in named]
    found = counted(limits, lines)
    assert found == limits | {line.sku_id: line.quantity for line in lines}
    assert counted(limits, None) == limits
