"""What must hold of messages that went out: each check is a read that names every row that breaks it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from app.customers.models import ConsentRow
from app.customers.values import ConsentPurpose
from app.marketing.models import OutboundMessageRow, OutboundMoveRow
from app.marketing.values import MARKETING_KINDS, BudgetPeriod, OutboundState
from app.platform.db import BrandSession

UNDER_WAY = timedelta(minutes=1)
"""A consent that was withdrawn so shortly before a decision may not have been committed when it was made."""
_GONE: Final = (OutboundState.ALLOWED.value, OutboundState.SENT.value)


async def budgets_hold(session: BrandSession) -> list[str]:
    """No marketing message was allowed beyond the budget that its row names, counting those allowed before it."""
    other = aliased(OutboundMessageRow)
    day, other_day = _day(session, OutboundMessageRow.counts_at), _day(session, other.counts_at)
    in_period = sa.case(
        (
            OutboundMessageRow.rule_period == BudgetPeriod.MONTH.value,
            sa.func.date_trunc("month", other_day) == sa.func.date_trunc("month", day),
        ),
        (OutboundMessageRow.rule_period == BudgetPeriod.DAYS.value, other_day > day - OutboundMessageRow.rule_days),
        else_=True,
    )
    most = sa.case(
        (
            OutboundMessageRow.rule_period == BudgetPeriod.GRANTS.value,
            OutboundMessageRow.rule_most * OutboundMessageRow.granted,
        ),
        else_=OutboundMessageRow.rule_most,
    )
    rows = await session.execute(
        sa.select(OutboundMessageRow.id)
        .join(
            other,
            sa.and_(
                other.brand_id == OutboundMessageRow.brand_id,
                other.customer_id == OutboundMessageRow.customer_id,
                other.channel == OutboundMessageRow.channel,
                other.state.in_(_GONE),
                other.counts_at.is_not(None),
                sa.tuple_(other.counts_at, other.id) <= sa.tuple_(OutboundMessageRow.counts_at, OutboundMessageRow.id),
                in_period,
            ),
        )
        .where(*_marketing(session))
        .group_by(OutboundMessageRow.brand_id, OutboundMessageRow.id)
        .having(sa.func.count() > sa.func.min(most))
    )
    return [f"message {row.id}: beyond the budget" for row in rows]


async def nights_are_quiet(session: BrandSession) -> list[str]:
    """No marketing message was allowed, or handed to its carrier, in the quiet hours that its row names."""
    quiet = sa.or_(*(_is_quiet(session, at) for at in (OutboundMessageRow.counts_at, OutboundMessageRow.begun_at)))
    rows = await session.execute(sa.select(OutboundMessageRow.id).where(*_marketing(session), quiet))
    return [f"message {row.id}: in quiet hours" for row in rows]


async def consents_were_in_force(session: BrandSession) -> list[str]:
    """Every marketing message was allowed while the customer's latest word about marketing was yes."""
    latest = (
        sa.select(ConsentRow.granted, ConsentRow.at)
        .where(
            ConsentRow.brand_id == session.brand_id,
            ConsentRow.brand_id == OutboundMessageRow.brand_id,
            ConsentRow.customer_id == OutboundMessageRow.customer_id,
            ConsentRow.purpose == ConsentPurpose.MARKETING.value,
            ConsentRow.at <= OutboundMessageRow.counts_at,
        )
        .order_by(ConsentRow.at.desc(), ConsentRow.id.desc())
        .limit(1)
        .lateral("latest")
    )
    rows = await session.execute(
        sa.select(OutboundMessageRow.id)
        .outerjoin(latest, sa.true())
        .where(
            *_marketing(session),
            sa.or_(
                latest.c.granted.is_(None),
                sa.and_(sa.not_(latest.c.granted), latest.c.at <= OutboundMessageRow.counts_at - UNDER_WAY),
            ),
        )
    )
    return [f"message {row.id}: without consent" for row in rows]


async def messages_stand_where_they_moved(session: BrandSession) -> list[str]:
    """A message's state, reason and instants are those of its last move; only what is refused or waits has a reason."""
    # An end is the last move, whatever two machines' clocks say.
    is_end = OutboundMoveRow.state.in_([OutboundState.SENT.value, OutboundState.REFUSED.value])
    last = (
        sa.select(
            OutboundMoveRow.message_id,
            OutboundMoveRow.state,
            OutboundMoveRow.reason,
            OutboundMoveRow.due_at,
            OutboundMoveRow.again_at,
        )
        .ext(distinct_on(OutboundMoveRow.message_id))
        .where(OutboundMoveRow.brand_id == session.brand_id)
        .order_by(OutboundMoveRow.message_id, is_end.desc(), OutboundMoveRow.id.desc())
        .subquery("last")
    )
    has_reason = OutboundMessageRow.state.in_([OutboundState.WAITING.value, OutboundState.REFUSED.value])
    rows = await session.execute(
        sa.select(OutboundMessageRow.id)
        .outerjoin(last, last.c.message_id == OutboundMessageRow.id)
        .where(
            OutboundMessageRow.brand_id == session.brand_id,
            sa.or_(
                last.c.state.is_distinct_from(OutboundMessageRow.state),
                last.c.reason.is_distinct_from(OutboundMessageRow.reason),
                last.c.due_at.is_distinct_from(OutboundMessageRow.due_at),
                last.c.again_at.is_distinct_from(OutboundMessageRow.again_at),
                has_reason != OutboundMessageRow.reason.is_not(None),
                (OutboundMessageRow.state == OutboundState.SENT.value) != OutboundMessageRow.sent_at.is_not(None),
            ),
        )
    )
    return [f"message {row.id}: not where its last move put it" for row in rows]


def _marketing(session: BrandSession) -> list[sa.ColumnElement[bool]]:
    """The marketing messages that were allowed."""
    return [
        OutboundMessageRow.brand_id == session.brand_id,
        OutboundMessageRow.state.in_(_GONE),
        OutboundMessageRow.kind.in_([kind.value for kind in MARKETING_KINDS]),
    ]


def _local(session: BrandSession, at: Any) -> Any:
    return sa.func.timezone(session.brand.time_zone, at)


def _day(session: BrandSession, at: Any) -> Any:
    return sa.cast(_local(session, at), sa.Date)


def _is_quiet(session: BrandSession, at: Any) -> sa.ColumnElement[bool]:
    local = _local(session, at)
    minute = sa.extract("hour", local) * 60 + sa.extract("minute", local)
    since, until = OutboundMessageRow.rule_quiet_from, OutboundMessageRow.rule_quiet_until
    return sa.case(
        (since <= until, sa.and_(minute >= since, minute < until)),
        else_=sa.or_(minute >= since, minute < until),
    )


CHECKS: Final[dict[str, Callable[[BrandSession], Awaitable[list[str]]]]] = {
    "a customer gets no more messages than the budget": budgets_hold,
    "no marketing message goes out in quiet hours": nights_are_quiet,
    "no marketing message goes out without consent": consents_were_in_force,
    "a message stands where its last move put it": messages_stand_where_they_moved,
}
