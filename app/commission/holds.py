"""Holds: commission of a paid line waits until the goods are with the customer and can no longer come back.

It falls due at the later of two instants: the payment plus the plan's days of hold, and the end of the return window,
which runs from receipt. An open after-sale pauses its line.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.commission import ledger, payees
from app.commission.ledger import Posting
from app.commission.models import LineHoldRow, PlanRow, SaleLineRow, SaleRow, ShareRow
from app.commission.values import AccountKind, CommissionKind, LedgerEvent
from app.platform.db import Brand, BrandSession
from app.platform.runtime import Runtime

log = logging.getLogger(__name__)

RELEASED_AT_ONCE = 200
"""Lines that one transaction of the job releases."""
BATCHES = 50
"""Transactions of one run; what is left is for the next."""


async def begin(session: BrandSession, *, sale_id: UUID, now: datetime) -> None:
    """Hold every line of a sale that was paid now. One statement."""
    held_until = sa.literal(now, sa.DateTime(timezone=True)) + PlanRow.hold_days * timedelta(days=1)
    lines = (
        sa.select(
            SaleLineRow.brand_id,
            SaleLineRow.sale_id,
            SaleLineRow.line_id,
            held_until,
            sa.literal(0),
            sa.literal(0),
        )
        .join(SaleRow, sa.and_(SaleRow.brand_id == session.brand_id, SaleRow.id == SaleLineRow.sale_id))
        .join(PlanRow, sa.and_(PlanRow.brand_id == session.brand_id, PlanRow.version == SaleRow.plan_version))
        .where(SaleLineRow.brand_id == session.brand_id, SaleLineRow.sale_id == sale_id)
    )
    await session.execute(
        sa.insert(LineHoldRow).from_select(
            ["brand_id", "sale_id", "line_id", "held_until", "pauses", "refunded_minor"], lines
        )
    )


async def received(session: BrandSession, *, sale_id: UUID, return_until: datetime, now: datetime) -> None:
    """The goods are with the customer, who may send them back until `return_until`: now it is known when it falls due.

    A second time it changes nothing. One statement.
    """
    await session.execute(
        sa.update(LineHoldRow)
        .where(LineHoldRow.brand_id == session.brand_id, LineHoldRow.sale_id == sale_id, LineHoldRow.due_at.is_(None))
        .values(due_at=sa.func.greatest(LineHoldRow.held_until, return_until))
        .execution_options(synchronize_session=False)
    )


async def pause(session: BrandSession, *, sale_id: UUID, line_id: UUID) -> None:
    """An after-sale of the line is open. One statement. Raises: LookupError for a line that is not paid."""
    await _change_pauses(session, sale_id, line_id, 1)


async def resume(session: BrandSession, *, sale_id: UUID, line_id: UUID) -> None:
    """An after-sale of the line has ended, whichever way. One statement. Raises: LookupError."""
    await _change_pauses(session, sale_id, line_id, -1)


async def release_due(runtime: Runtime, brand: Brand) -> int:
    """Make the commission of lines payable whose time has come; gives how many lines. A job.

    Lines that a refund or another worker holds at this moment are left to the next run.
    """
    done = 0
    for _ in range(BATCHES):
        released = await runtime.database.run(brand, release)
        done += released
        if released < RELEASED_AT_ONCE:
            break
    return done


async def release(session: BrandSession) -> int:
    """One batch of what is due: HELD → PAYABLE, then what is owed is paid off with it. Gives how many lines.

    Emits: LedgerMoved.
    """
    lines = (await session.execute(_due(session.brand_id, session.now))).all()
    if not lines:
        return 0
    occasion_id = session.new_id()
    entries = await _entries(session, lines)
    await payees.lock(session, {row.party_id for row in entries})
    standings = await ledger.standings(session, [row.id for row in entries])
    postings: list[Posting] = [
        posting
        for row in entries
        for posting in ledger.postings_for(
            session,
            LedgerEvent.RELEASED,
            entry_id=row.id,
            party_id=row.party_id,
            standing=AccountKind.HELD,
            amount_minor=standings[row.id].get(AccountKind.HELD, 0),
            occasion_id=occasion_id,
        )
    ]
    await ledger.post(session, postings, now=session.now)
    await session.execute(
        sa.update(LineHoldRow)
        .where(LineHoldRow.brand_id == session.brand_id, _is_one_of(LineHoldRow.sale_id, LineHoldRow.line_id, lines))
        .values(released_at=session.now)
        .execution_options(synchronize_session=False)
    )
    await payees.settle_debts(session, {row.party_id for row in entries}, occasion_id=occasion_id, now=session.now)
    return len(lines)


async def _entries(session: BrandSession, lines: Sequence[Any]) -> Sequence[Any]:
    """The entries of kind ORDER of these lines, with whose they are."""
    rows = await session.execute(
        sa.select(ShareRow.id, ShareRow.party_id)
        .where(
            ShareRow.brand_id == session.brand_id,
            ShareRow.kind == CommissionKind.ORDER.value,
            ShareRow.amount_minor > 0,
            ShareRow.sale_id.in_({line.sale_id for line in lines}),
            _is_one_of(ShareRow.sale_id, ShareRow.line_id, lines),
        )
        .order_by(ShareRow.id)
    )
    return rows.all()


def _due(brand_id: UUID, now: datetime) -> sa.Select[UUID, UUID]:
    return (
        sa.select(LineHoldRow.sale_id, LineHoldRow.line_id)
        .where(
            LineHoldRow.brand_id == brand_id,
            LineHoldRow.released_at.is_(None),
            LineHoldRow.pauses == 0,
            LineHoldRow.due_at <= now,
        )
        .order_by(LineHoldRow.due_at)
        .limit(RELEASED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )


def _is_one_of(sale_id: Any, line_id: Any, lines: Sequence[Any]) -> sa.ColumnElement[bool]:
    return sa.tuple_(sale_id, line_id).in_([(line.sale_id, line.line_id) for line in lines])


async def _change_pauses(session: BrandSession, sale_id: UUID, line_id: UUID, change: int) -> None:
    changed = await session.execute(
        sa.update(LineHoldRow)
        .where(LineHoldRow.brand_id == session.brand_id, LineHoldRow.sale_id == sale_id, LineHoldRow.line_id == line_id)
        .values(pauses=LineHoldRow.pauses + change)
        .returning(LineHoldRow.line_id)
        .execution_options(synchronize_session=False)
    )
    if changed.scalar_one_or_none() is None:
        raise LookupError(f"sale {sale_id} holds no line {line_id}")
