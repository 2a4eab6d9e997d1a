"""Withdrawals by id and in pages, and statements, all within the caller's scope."""

from datetime import timedelta
from uuid import UUID

from app.commission import statements, withdrawal_reads
from app.commission.statement_rules import read_month
from app.commission.values import WithdrawalState
from app.platform.db import BrandSession
from graphql_schema.commission.withdrawal_types import (
    CommissionStatement,
    Withdrawal,
    to_statement,
    to_withdrawal,
)
from graphql_schema.context import Info
from graphql_schema.errors import BadUserInput
from graphql_schema.paging import Connection, build_connection, is_asked_for, read_page


async def withdrawal_connection(
    info: Info,
    first: int | None,
    after: str | None,
    *,
    scope: str,
    employee_id: UUID | None = None,
    states: list[WithdrawalState] | None = None,
    default: int = 20,
) -> Connection[Withdrawal]:
    """Withdrawals, newest first: of one employee or of the brand. One statement, two with the count."""
    page = read_page(first, after, scope, (UUID,), default=default)
    key = page.after[0] if page.after else None
    async with info.context.reading() as session:
        rows = await withdrawal_reads.page(
            session,
            limit=page.limit,
            after=key if isinstance(key, UUID) else None,
            employee_id=employee_id,
            states=states,
        )
        total = None
        if is_asked_for(info, "totalCount"):
            total = await withdrawal_reads.count(session, employee_id=employee_id, states=states)
        currency = session.brand.currency
    return build_connection(
        rows,
        page,
        to_node=lambda view: to_withdrawal(view, currency),
        to_key=lambda view: (view.id,),
        total_count=total,
    )


async def commission_statement(info: Info, employee_id: UUID, month: str) -> CommissionStatement:
    """The statement of an employee's month. One statement of SQL. Raises: BadUserInput."""
    days = read_month(month)
    if days is None:
        raise BadUserInput("A month is written as 2026-11.", argument="month")
    async with info.context.reading() as session:
        found = await statements.of_party(session, party_id=employee_id, first_day=days[0], end_day=days[1])
        as_of, currency = session.now, session.brand.currency
    return to_statement(
        found, month=month, first_day=days[0], last_day=days[1] - timedelta(days=1), as_of=as_of, currency=currency
    )


async def withdrawal_in(session: BrandSession, withdrawal_id: UUID) -> Withdrawal:
    """A withdrawal that this transaction has written, for a mutation's answer."""
    view = (await withdrawal_reads.by_id(session, [withdrawal_id]))[withdrawal_id]
    return to_withdrawal(view, session.brand.currency)


async def _withdrawal(info: Info, *ids: UUID) -> Withdrawal | None:
    if len(ids) != 1:
        return None
    actor = await info.context.actor()
    async with info.context.reading() as session:
        view = (await withdrawal_reads.by_id(session, ids)).get(ids[0])
        currency = session.brand.currency
    if view is None or not withdrawal_reads.may_see(actor, view.employee_id):
        return None
    return to_withdrawal(view, currency)


NODES = {"Withdrawal": _withdrawal}
"""What `node` fetches by the type in a global id."""
