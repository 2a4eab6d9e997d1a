"""Reversals: what a refund takes back of a line's commission, from every party its part, and never less.

Money that is still here goes to VOIDED; what has left becomes a debt, which is paid off at once with whatever else is
payable to the party, or later.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.commission import ledger, payees
from app.commission.events import CommissionReversed
from app.commission.ledger import Posting
from app.commission.ledger_rules import take_back
from app.commission.models import LineHoldRow, SaleLineRow, ShareRow, TransferRow
from app.commission.plan_rules import reversal_parts
from app.commission.rows import Values, insert_all
from app.commission.values import CommissionKind, LedgerEvent, LineShare, PartyKind, ReversalPart, ShareRole
from app.platform.db import BrandSession


async def reverse(
    session: BrandSession, *, sale_id: UUID, line_id: UUID, after_sale_id: UUID, refund_minor: int, now: datetime
) -> None:
    """A refund of `refund_minor` of a paid line was decided: take its part back from every share. Call it once.

    `refund_minor`: goods only, without freight; the refunds of a line are rounded together, so that those of a whole
    line add up to its shares. Seven to eleven statements. Raises: LookupError for a line that is not paid, ValueError
    for more than is left of it. Emits: CommissionReversed, LedgerMoved.
    """
    before_minor, base_minor = await _lock_line(session, sale_id, line_id)
    entries = await _shares(session, sale_id, line_id)
    parts = reversal_parts(
        [share for _, share in entries],
        refunded_before_minor=before_minor,
        refund_minor=refund_minor,
        line_total_minor=base_minor,
    )
    parties = {share.party_id for _, share in entries if share.commission_minor}
    await payees.lock(session, parties)
    standings = await ledger.standings(session, [entry_id for entry_id, _ in entries])
    rows: list[Values] = []
    postings: list[Posting] = []
    for (entry_id, share), part in zip(entries, parts, strict=True):
        if not part.commission_minor and not part.performance_minor:
            continue
        reversal_id = session.new_id()
        rows.append(entry_values(session, sale_id, reversal_id, entry_id, part, now))
        for standing, amount_minor in take_back(standings[entry_id], part.commission_minor):
            postings += ledger.postings_for(
                session,
                LedgerEvent.REVERSED,
                entry_id=reversal_id,
                party_id=share.party_id,
                standing=standing,
                amount_minor=amount_minor,
                occasion_id=after_sale_id,
            )
    await insert_all(session, {ShareRow: rows})
    await ledger.post(session, postings, now=now)
    await session.execute(
        sa.update(LineHoldRow)
        .where(*_is_line(session, sale_id, line_id))
        .values(refunded_minor=before_minor + refund_minor)
        .execution_options(synchronize_session=False)
    )
    await payees.settle_debts(session, parties, occasion_id=after_sale_id, now=now)
    session.emit(CommissionReversed(sale_id, after_sale_id, now))


async def taken_back(session: BrandSession, after_sale_id: UUID) -> dict[UUID, int]:
    """What a refund took back from each party, in minor units; parties without commission are left out."""
    rows = await session.execute(
        sa.select(ShareRow.party_id, sa.cast(sa.func.sum(TransferRow.amount_minor), sa.BigInteger))
        .join(TransferRow, TransferRow.entry_id == ShareRow.id)
        .where(
            ShareRow.brand_id == session.brand_id,
            TransferRow.brand_id == session.brand_id,
            TransferRow.occasion_id == after_sale_id,
            TransferRow.cause == LedgerEvent.REVERSED.value,
        )
        .group_by(ShareRow.party_id)
    )
    return {row[0]: row[1] for row in rows}


def _is_line(session: BrandSession, sale_id: UUID, line_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return (LineHoldRow.brand_id == session.brand_id, LineHoldRow.sale_id == sale_id, LineHoldRow.line_id == line_id)


async def _lock_line(session: BrandSession, sale_id: UUID, line_id: UUID) -> tuple[int, int]:
    """Hold the line; gives what was refunded of it before, and its base."""
    row = (
        await session.execute(
            sa.select(LineHoldRow.refunded_minor, SaleLineRow.base_minor)
            .join(
                SaleLineRow,
                sa.and_(
                    SaleLineRow.brand_id == session.brand_id,
                    SaleLineRow.sale_id == LineHoldRow.sale_id,
                    SaleLineRow.line_id == LineHoldRow.line_id,
                ),
            )
            .where(*_is_line(session, sale_id, line_id))
            .with_for_update(of=LineHoldRow)
        )
    ).one_or_none()
    if row is None:
        raise LookupError(f"sale {sale_id} holds no line {line_id}")
    return row.refunded_minor, row.base_minor


async def _shares(session: BrandSession, sale_id: UUID, line_id: UUID) -> list[tuple[UUID, LineShare]]:
    rows = await session.execute(
        sa.select(
            ShareRow.id,
            ShareRow.role,
            ShareRow.party_kind,
            ShareRow.party_id,
            ShareRow.performance_bp,
            ShareRow.performance_minor,
            ShareRow.rate_bp,
            ShareRow.rule_id,
            ShareRow.amount_minor,
        )
        .where(
            ShareRow.brand_id == session.brand_id,
            ShareRow.sale_id == sale_id,
            ShareRow.line_id == line_id,
            ShareRow.kind == CommissionKind.ORDER.value,
        )
        .order_by(ShareRow.id)
    )
    return [(row.id, _share(line_id, row)) for row in rows]


def _share(line_id: UUID, row: Any) -> LineShare:
    return LineShare(
        line_id=line_id,
        role=ShareRole(row.role),
        party_kind=PartyKind(row.party_kind),
        party_id=row.party_id,
        performance_bp=row.performance_bp,
        performance_minor=row.performance_minor,
        rate_bp=row.rate_bp,
        rule_id=row.rule_id,
        commission_minor=row.amount_minor,
    )


def entry_values(
    session: BrandSession, sale_id: UUID, reversal_id: UUID, entry_id: UUID, part: ReversalPart, now: datetime
) -> Values:
    """The row of a reversing entry."""
    share = part.share
    return {
        "brand_id": session.brand_id,
        "id": reversal_id,
        "kind": CommissionKind.REVERSAL.value,
        "sale_id": sale_id,
        "line_id": share.line_id,
        "role": share.role.value,
        "party_kind": share.party_kind.value,
        "party_id": share.party_id,
        "performance_bp": share.performance_bp,
        "performance_minor": part.performance_minor,
        "rate_bp": share.rate_bp,
        "rule_id": share.rule_id,
        "amount_minor": part.commission_minor,
        "reverses_id": entry_id,
        "booked_at": now,
        "booked_on": session.brand.day_of(now),
    }
