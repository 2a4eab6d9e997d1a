"""Rules of quotations (报价单): the declared state machine, and how long a promise holds. Pure.

A quotation is never changed: what was sent stands as it was sent, until it is accepted, declined, withdrawn or over.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from app.trade.values import ForbiddenMove, QuotationEvent, QuotationSight, QuotationState

USUAL_VALIDITY = timedelta(days=7)
SHORTEST_VALIDITY = timedelta(hours=1)
LONGEST_VALIDITY = timedelta(days=30)

_S, _E = QuotationState, QuotationEvent

QUOTATION_MOVES: Mapping[tuple[QuotationState, QuotationEvent], QuotationState] = MappingProxyType(
    {
        (_S.OPEN, _E.ACCEPT): _S.ACCEPTED,
        (_S.OPEN, _E.DECLINE): _S.DECLINED,
        (_S.OPEN, _E.WITHDRAW): _S.WITHDRAWN,
        (_S.OPEN, _E.EXPIRE): _S.EXPIRED,
    }
)
"""There is no other way to change a state, and no way back: whoever wants another one makes it anew."""


def move_quotation(state: QuotationState, event: QuotationEvent) -> QuotationState:
    """The quotation's state after an event. Raises: ForbiddenMove."""
    after = QUOTATION_MOVES.get((state, event))
    if after is None:
        raise ForbiddenMove(state, event)
    return after


def state_now(state: QuotationState, *, expires_at: datetime, now: datetime) -> QuotationState:
    """The state as everybody sees it. A quotation is good before `expires_at`, not at it."""
    return move_quotation(state, _E.EXPIRE) if state is _S.OPEN and expires_at <= now else state


def expiry_of(wanted: datetime | None, *, now: datetime) -> datetime | None:
    """Until when a new quotation is good; without a wish seven days. None for less than an hour or over 30 days."""
    if wanted is None:
        return now + USUAL_VALIDITY
    return wanted if SHORTEST_VALIDITY <= wanted - now <= LONGEST_VALIDITY else None


def sight_of(
    state: QuotationState,
    *,
    named_id: UUID | None,
    taker_id: UUID | None,
    is_revoked: bool,
    viewer_id: UUID | None,
) -> QuotationSight:
    """What a customer, or with `viewer_id` None somebody unknown, sees of a quotation whose link was opened.

    `named_id`: whom it is for, None: anybody; `taker_id`: who accepted an ACCEPTED one.
    """
    if is_revoked:
        return QuotationSight.HIDDEN
    if named_id is not None and viewer_id != named_id:
        return QuotationSight.SIGN_IN if viewer_id is None else QuotationSight.HIDDEN
    is_anothers = state is _S.ACCEPTED and viewer_id != taker_id
    return QuotationSight.TAKEN if is_anothers else QuotationSight.SHOWN
