"""Loaders of commission: what other types hang on an employee, an order or a line, and the nodes."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from app.commission import plans, policies, reads
from app.employees.reads import may_see
from app.employees.rules import may_reach
from app.platform.actor import Actor
from graphql_schema.commission import batches
from graphql_schema.commission.types import (
    Attribution,
    AttributionPolicy,
    AttributionShare,
    CommissionBalance,
    CommissionEntry,
    CommissionPlan,
    GuideDay,
    to_attribution,
    to_balance,
    to_day,
    to_entry,
    to_plan,
    to_policy,
    to_share,
)
from graphql_schema.context import Info
from graphql_schema.employees import batches as people
from graphql_schema.paging import Connection, Node, build_connection, is_asked_for, read_page


async def guide_day(info: Info, employee_id: UUID) -> GuideDay:
    """The running business day of an employee. Three statements, for however many employees."""
    day = await batches.days(info.context).load(employee_id)
    return to_day(day, (await info.context.brand()).currency)


async def commission_balance(info: Info, employee_id: UUID) -> CommissionBalance:
    """What an employee has on the ledger now. One statement, for however many employees."""
    balance = await batches.balances(info.context).load(employee_id)
    return to_balance(balance, (await info.context.brand()).currency)


async def commission_entries(
    info: Info, employee_id: UUID, first: int | None, after: str | None
) -> Connection[CommissionEntry]:
    """An employee's entries, newest first. One statement, and one for the total where it is asked for."""
    page = read_page(first, after, "commission_entries", (UUID,))
    after_id = page.after[0] if page.after else None
    async with info.context.reading() as session:
        found = await reads.entries(
            session,
            party_id=employee_id,
            limit=page.limit,
            after=after_id if isinstance(after_id, UUID) else None,
        )
        total = await reads.count_entries(session, party_id=employee_id) if is_asked_for(info, "totalCount") else None
        currency = session.brand.currency
    return build_connection(
        found,
        page,
        to_node=lambda entry: to_entry(entry, currency),
        to_key=lambda entry: (entry.entry_id,),
        total_count=total,
    )


async def attribution_of_order(info: Info, order_id: UUID) -> Attribution | None:
    """Whose an order is and why, as far as the caller may know; None for an order that was never attributed."""
    whole = await batches.attributions(info.context).load(order_id)
    if whole is None:
        return None
    return to_attribution(
        whole,
        await info.context.actor(),
        language=info.context.language,
        currency=(await info.context.brand()).currency,
    )


async def shares_of_line(info: Info, order_id: UUID, line_id: UUID) -> list[AttributionShare]:
    """The shares of one line of an order, as far as the caller may see what others earn."""
    whole = await batches.attributions(info.context).load(order_id)
    if whole is None:
        return []
    shares = (await batches.line_shares(info.context).load(order_id)).get(line_id, [])
    visible = reads.visible_shares(shares, await info.context.actor(), branch=whole.branch)
    currency = (await info.context.brand()).currency
    return [to_share(share, currency) for share in visible]


async def _policy(info: Info, *ids: UUID) -> AttributionPolicy | None:
    actor = await info.context.actor()
    if len(ids) != 1 or not actor.is_employee:
        return None
    async with info.context.reading() as session:
        found = await policies.by_id(session, ids[0])
    return None if found is None else to_policy(found)


async def _plan(info: Info, *ids: UUID) -> CommissionPlan | None:
    actor = await info.context.actor()
    if len(ids) != 1 or not actor.is_employee:
        return None
    async with info.context.reading() as session:
        found = await plans.by_id(session, ids[0])
    return None if found is None else to_plan(found)


async def _entry(info: Info, *ids: UUID) -> CommissionEntry | None:
    actor = await info.context.actor()
    if len(ids) != 1 or not actor.is_employee:
        return None
    found = await batches.entries(info.context).load(ids[0])
    if found is None or not await _may_see_party(info, actor, found.party_id):
        return None
    return to_entry(found, (await info.context.brand()).currency)


async def _may_see_party(info: Info, actor: Actor, party_id: UUID) -> bool:
    """Whether the caller may see what an employee or a store earns."""
    employee = await people.employees(info.context).load(party_id)
    if employee is not None:
        return may_see(actor, employee)
    store = await people.stores(info.context).load(party_id)
    return store is not None and may_reach(role=actor.role, branch=actor.branch, path=store.unit.path)


NODES: dict[str, Callable[..., Awaitable[Node | None]]] = {
    "AttributionPolicy": _policy,
    "CommissionPlan": _plan,
    "CommissionEntry": _entry,
}
