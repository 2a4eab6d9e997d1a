"""What pieces come to, who may do what, and how long each side has."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platform.money import cumulative_part
from app.trade.after_sale_rules import (
    Limits,
    Taken,
    allowed_after_sale_actions,
    can_come_back,
    due_at,
    freight_due,
    never_left,
    pieces_share,
    retry_pause,
)
from app.trade.rules import is_paid
from app.trade.values import AfterSaleAction, AfterSaleKind, AfterSaleState, OrderState

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LIMITS = Limits(timedelta(hours=48), timedelta(days=5), timedelta(days=7), timedelta(days=10))
RETURN, REFUND = AfterSaleKind.RETURN_AND_REFUND, AfterSaleKind.REFUND_ONLY

lines = st.tuples(st.integers(0, 10_000_000), st.integers(1, 60))


@given(lines, st.data())
def test_any_split_of_a_line_into_steps_comes_to_the_line_exactly(line: tuple[int, int], data: st.DataObject) -> None:
    total, pieces = line
    taken, plain = Taken(), []
    while taken.pieces < pieces:
        step = data.draw(st.integers(1, pieces - taken.pieces))
        share = pieces_share(line_minor=total, line_pieces=pieces, taken=taken, pieces=step)
        plain.append(cumulative_part(total, taken.pieces, taken.pieces + step, pieces))
        assert share == plain[-1]
        taken += Taken(step, share)
    assert taken == Taken(pieces, total)


@given(lines, st.data())
def test_steps_given_up_in_between_change_nothing_of_the_sum(line: tuple[int, int], data: st.DataObject) -> None:
    total, pieces = line
    live: list[Taken] = []
    for _ in range(data.draw(st.integers(0, 12))):
        taken = sum(live, Taken())
        if live and (taken.pieces == pieces or data.draw(st.booleans())):
            live.pop(data.draw(st.integers(0, len(live) - 1)))
            continue
        step = data.draw(st.integers(1, pieces - taken.pieces))
        live.append(Taken(step, pieces_share(line_minor=total, line_pieces=pieces, taken=taken, pieces=step)))
        assert 0 <= sum(live, Taken()).share_minor <= total
    taken = sum(live, Taken())
    if taken.pieces < pieces:
        left = pieces - taken.pieces
        taken += Taken(left, pieces_share(line_minor=total, line_pieces=pieces, taken=taken, pieces=left))
    assert taken == Taken(pieces, total)


def test_more_pieces_than_are_left_are_refused() -> None:
    with pytest.raises(ValueError, match="parts"):
        pieces_share(line_minor=100, line_pieces=3, taken=Taken(2, 67), pieces=2)


def test_given_up_share_is_rounded_anew() -> None:
    """33 + 34 + 33; the first is given up, and what is asked for next is not 34 again."""
    second = Taken(1, 34)
    third = Taken(1, pieces_share(line_minor=100, line_pieces=3, taken=second, pieces=1))
    last = pieces_share(line_minor=100, line_pieces=3, taken=second + third, pieces=1)
    assert (third.share_minor, last) == (33, 33)


@pytest.mark.parametrize(("decided", "given_minor", "due"), [(2, 0, 0), (3, 0, 1_000), (3, 1_000, 0), (3, 400, 600)])
def test_freight_goes_back_with_the_last_piece_and_once(decided: int, given_minor: int, due: int) -> None:
    assert freight_due(1_000, order_pieces=3, decided_pieces=decided, given_minor=given_minor) == due


def test_goods_of_every_paid_state_are_with_the_brand_or_can_come_back() -> None:
    paid = {state for state in OrderState if is_paid(state)}
    assert {state for state in OrderState if never_left(state) or can_come_back(state)} == paid
    assert {state for state in OrderState if never_left(state) and can_come_back(state)} == {
        OrderState.READY_FOR_PICKUP
    }


@pytest.mark.parametrize(
    ("state", "kind", "has_left", "wait"),
    [
        (AfterSaleState.REQUESTED, REFUND, False, timedelta(hours=48)),
        (AfterSaleState.REQUESTED, REFUND, True, timedelta(days=5)),
        (AfterSaleState.REQUESTED, RETURN, True, timedelta(days=5)),
        (AfterSaleState.APPROVED, RETURN, True, timedelta(days=7)),
        (AfterSaleState.RETURNING, RETURN, True, timedelta(days=10)),
    ],
)
def test_each_side_has_its_time(state: AfterSaleState, kind: AfterSaleKind, has_left: bool, wait: timedelta) -> None:
    assert due_at(state, kind, LIMITS, has_left=has_left, now=NOW) == NOW + wait


def test_nobody_is_waited_for_in_the_other_states() -> None:
    others = set(AfterSaleState) - {AfterSaleState.REQUESTED, AfterSaleState.APPROVED, AfterSaleState.RETURNING}
    assert {due_at(state, RETURN, LIMITS, has_left=True, now=NOW) for state in others} == {None}
    assert due_at(AfterSaleState.APPROVED, REFUND, LIMITS, has_left=True, now=NOW) is None


@pytest.mark.parametrize("kind", AfterSaleKind)
@pytest.mark.parametrize("state", AfterSaleState)
def test_actions_are_those_that_the_state_machine_allows(kind: AfterSaleKind, state: AfterSaleState) -> None:
    both = allowed_after_sale_actions(kind, state, is_buyer=True, may_decide=True)
    expected = {
        AfterSaleState.REQUESTED: [AfterSaleAction.WITHDRAW, AfterSaleAction.DECIDE],
        AfterSaleState.APPROVED: [AfterSaleAction.WITHDRAW],
        AfterSaleState.REFUND_FAILED: [AfterSaleAction.RETRY_REFUND],
    }.get(state, [])
    if kind is RETURN:
        expected += {
            AfterSaleState.APPROVED: [AfterSaleAction.SHIP_RETURN, AfterSaleAction.RECEIVE],
            AfterSaleState.RETURNING: [AfterSaleAction.RECEIVE],
        }.get(state, [])
    assert list(both) == expected
    assert allowed_after_sale_actions(kind, state, is_buyer=False, may_decide=False) == ()


def test_retries_wait_longer_each_time_up_to_an_hour() -> None:
    assert [retry_pause(tries) // timedelta(minutes=1) for tries in range(9)] == [1, 1, 2, 4, 8, 16, 32, 60, 60]
    assert retry_pause(10**9) == timedelta(hours=1)
