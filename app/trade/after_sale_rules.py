"""Rules of after-sales: what pieces of a line come to, what may be asked for, how long each side has. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.platform.money import cumulative_part
from app.trade.values import AfterSaleAction, AfterSaleKind, AfterSaleState, OrderState

LONGEST_REASON: Final = 500
MOST_PICTURES: Final = 9

_S = AfterSaleState
WITHOUT_EFFECT: Final = (_S.REJECTED, _S.WITHDRAWN)
"""Their pieces are free again."""
OVER: Final = (_S.REFUNDED, *WITHOUT_EFFECT)
"""States that none leaves."""
DECIDED: Final = (_S.REFUNDING, _S.REFUND_FAILED, _S.REFUNDED)
"""It is settled that the money goes back, whatever the provider does with it."""
_NEVER_LEFT: Final = (OrderState.PAID, OrderState.GROUP_WAITING, OrderState.FULFILLING, OrderState.READY_FOR_PICKUP)
_RETURNABLE: Final = (OrderState.READY_FOR_PICKUP, OrderState.SHIPPED, OrderState.DELIVERED, OrderState.COMPLETED)


@dataclass(frozen=True, slots=True)
class Taken:
    """What the after-sales of a line have of it, those without effect left out. Amounts: minor units.

    `share_minor`: what their pieces come to, which may be more than the customers asked for.
    """

    pieces: int = 0
    share_minor: int = 0

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(self.pieces + other.pieces, self.share_minor + other.share_minor)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each side has before the after-sale goes on without it."""

    decide_unshipped: timedelta
    decide: timedelta
    send: timedelta
    receive: timedelta


def pieces_share(*, line_minor: int, line_pieces: int, taken: Taken, pieces: int) -> int:
    """What so many more pieces of a line come to, in minor units.

    Rounds the running sum, so that whatever the steps are, and whichever of them were given up in between, all pieces
    together come to the line's total exactly. Raises: ValueError for more pieces than are left.
    """
    up_to_here = cumulative_part(line_minor, 0, taken.pieces + pieces, line_pieces)
    return max(0, up_to_here - taken.share_minor)


def taken_pieces(after_sales: Iterable[tuple[UUID, AfterSaleState, int]]) -> Mapping[UUID, int]:
    """The pieces that each line has in after-sales, those without effect left out; 0 for a line without any."""
    pieces: Counter[UUID] = Counter()
    for line_id, state, quantity in after_sales:
        if state not in WITHOUT_EFFECT:
            pieces[line_id] += quantity
    return pieces


def never_left(state: OrderState) -> bool:
    """Whether the goods of a paid order are still with the brand."""
    return state in _NEVER_LEFT


def can_come_back(state: OrderState) -> bool:
    """Whether the customer has, or is about to have, something to send back."""
    return state in _RETURNABLE


def due_at(
    state: AfterSaleState, kind: AfterSaleKind, limits: Limits, *, has_left: bool, now: datetime
) -> datetime | None:
    """When an after-sale that is in this state from now on goes on by itself; None where nobody is waited for."""
    if state is _S.REQUESTED:
        return now + (limits.decide if has_left else limits.decide_unshipped)
    if state is _S.APPROVED and kind is AfterSaleKind.RETURN_AND_REFUND:
        return now + limits.send
    return now + limits.receive if state is _S.RETURNING else None


def freight_due(freight_minor: int, *, order_pieces: int, decided_pieces: int, given_minor: int) -> int:
    """The freight that goes back with the last piece of an order that was never shipped; else nothing."""
    return freight_minor - given_minor if decided_pieces == order_pieces else 0


def allowed_after_sale_actions(
    kind: AfterSaleKind, state: AfterSaleState, *, is_buyer: bool, may_decide: bool
) -> tuple[AfterSaleAction, ...]:
    """What this caller may do with the after-sale now, in the order of AfterSaleAction."""
    is_return = kind is AfterSaleKind.RETURN_AND_REFUND
    may = {
        AfterSaleAction.WITHDRAW: is_buyer and state in (_S.REQUESTED, _S.APPROVED),
        AfterSaleAction.SHIP_RETURN: is_buyer and is_return and state is _S.APPROVED,
        AfterSaleAction.DECIDE: may_decide and state is _S.REQUESTED,
        AfterSaleAction.RECEIVE: may_decide and is_return and state in (_S.APPROVED, _S.RETURNING),
        AfterSaleAction.RETRY_REFUND: may_decide and state is _S.REFUND_FAILED,
    }
    return tuple(action for action in AfterSaleAction if may[action])


def retry_pause(tries: int) -> timedelta:
    """How long a refund rests after so many tries of which none was answered with success: a minute up to an hour."""
    return min(timedelta(minutes=2 ** max(0, min(tries, 10) - 1)), timedelta(hours=1))
