"""Rules of transfers between locations: the declared states, and what lines may say. Pure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from app.products.values import ForbiddenTransferMove, Problem, StockLine, TransferEvent, TransferState

MOST_LINES = 200
MOST_PIECES = 100_000
LONGEST_NOTE = 200

_S, _E = TransferState, TransferEvent

MOVES: Mapping[tuple[TransferState, TransferEvent], TransferState] = MappingProxyType(
    {
        (_S.REQUESTED, _E.SEND): _S.SENT,
        (_S.REQUESTED, _E.CANCEL): _S.CANCELLED,
        (_S.SENT, _E.RECEIVE): _S.RECEIVED,
    }
)
"""What left has left: goods that turn back are received with a difference, and sent again."""


def move(state: TransferState, event: TransferEvent) -> TransferState:
    """The transfer's state after an event. Raises: ForbiddenTransferMove."""
    after = MOVES.get((state, event))
    if after is None:
        raise ForbiddenTransferMove(state, event)
    return after


def request_problem(lines: Sequence[StockLine]) -> Problem | None:
    """1 to 200 different SKUs, 1 to 100,000 pieces of each."""
    if not 1 <= len(lines) <= MOST_LINES:
        return Problem("transfer_lines", ("lines",), {"most": MOST_LINES})
    seen: set[UUID] = set()
    for index, line in enumerate(lines):
        path = ("lines", str(index))
        if line.sku_id in seen:
            return Problem("sku_repeated", (*path, "skuId"))
        seen.add(line.sku_id)
        if not 1 <= line.quantity <= MOST_PIECES:
            return Problem("number_range", (*path, "quantity"), {"least": 1, "most": MOST_PIECES})
    return None


def counted(limits: Mapping[UUID, int], lines: Sequence[StockLine] | None) -> dict[UUID, int] | Problem:
    """The pieces of every line as they were counted: all of them where nothing else is said, and never more.

    `limits`: the transfer's SKUs with what is expected of each. A SKU that is not named counts as expected.
    """
    found = dict(limits)
    seen: set[UUID] = set()
    for index, line in enumerate(lines or ()):
        path = ("lines", str(index))
        if line.sku_id not in limits:
            return Problem("transfer_sku", (*path, "skuId"))
        if line.sku_id in seen:
            return Problem("sku_repeated", (*path, "skuId"))
        seen.add(line.sku_id)
        if not 0 <= line.quantity <= limits[line.sku_id]:
            return Problem("number_range", (*path, "quantity"), {"least": 0, "most": limits[line.sku_id]})
        found[line.sku_id] = line.quantity
    return found
