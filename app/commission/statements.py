"""Monthly statements: what the ledger says of one party's month, on the brand's business days."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa

from app.commission.models import TransferRow
from app.commission.statement_rules import Flow, Statement, statement
from app.commission.values import AccountKind
from app.platform.db import BrandSession


async def of_party(session: BrandSession, *, party_id: UUID, first_day: date, end_day: date) -> Statement:
    """The statement of the days from `first_day` to before `end_day`. One statement of SQL.

    What is booked later is not in it, so that a month that is over never changes.
    """
    is_before = (TransferRow.booked_on < first_day).label("is_before")
    rows = await session.execute(
        sa.select(
            TransferRow.debit_account,
            TransferRow.credit_account,
            is_before,
            sa.cast(sa.func.sum(TransferRow.amount_minor), sa.BigInteger),
        )
        .where(
            TransferRow.brand_id == session.brand_id,
            # Every transfer gives to an account of the party it is about; only the brand's expense is ever taken from.
            TransferRow.credit_party_id == party_id,
            TransferRow.booked_on < end_day,
        )
        .group_by(TransferRow.debit_account, TransferRow.credit_account, is_before)
    )
    return statement(
        Flow(AccountKind(debit), AccountKind(credit), before, amount) for debit, credit, before, amount in rows
    )
