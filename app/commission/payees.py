"""Payees: whoever has payable commission. The row is the lock over a party's payable money, payouts and debt."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.commission import ledger
from app.commission.ledger import Posting
from app.commission.ledger_rules import offset_debt
from app.commission.models import PayeeRow
from app.commission.values import AccountKind, LedgerEvent
from app.platform.db import BrandSession


async def lock(session: BrandSession, party_ids: Collection[UUID]) -> None:
    """Hold the rows of these parties until the transaction ends, in key order. Two statements.

    Take it after the locks of order and lines. Whoever moves payable money holds it, so that what it reads stays.
    """
    if not party_ids:
        return
    wanted = sorted(set(party_ids))
    await session.execute(
        insert(PayeeRow)
        .values([{"brand_id": session.brand_id, "party_id": party_id} for party_id in wanted])
        .on_conflict_do_nothing()
    )
    await session.execute(
        sa.select(PayeeRow.party_id)
        .where(PayeeRow.brand_id == session.brand_id, PayeeRow.party_id.in_(wanted))
        .order_by(PayeeRow.party_id)
        .with_for_update()
    )


async def settle_debts(
    session: BrandSession, party_ids: Collection[UUID], *, occasion_id: UUID, now: datetime
) -> dict[UUID, int]:
    """Pay what these parties owe out of what is payable to them, the oldest first; gives what was paid, by party.

    Call it with the parties locked, after anything that made money payable or made a debt: then nobody ever has both.
    `occasion_id`: what led to it. Amounts: minor units. Emits: LedgerMoved.
    """
    found = await ledger.balances(session, party_ids=sorted(set(party_ids))) if party_ids else {}
    paid: dict[UUID, int] = {}
    postings: list[Posting] = []
    for party_id in sorted(found):
        debt_minor = -found[party_id].get(AccountKind.DEBT, 0)
        if debt_minor <= 0 or found[party_id].get(AccountKind.PAYABLE, 0) <= 0:
            continue
        parts = offset_debt(debt_minor, await ledger.payable(session, party_id))
        paid[party_id] = sum(amount_minor for _, amount_minor in parts)
        for entry_id, amount_minor in parts:
            postings += ledger.postings_for(
                session,
                LedgerEvent.OFFSET,
                entry_id=entry_id,
                party_id=party_id,
                standing=AccountKind.PAYABLE,
                amount_minor=amount_minor,
                occasion_id=occasion_id,
            )
    await ledger.post(session, postings, now=now)
    return paid
