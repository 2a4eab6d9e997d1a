"""Customers, bindings and touchpoints by id, within the caller's scope, and the page of a guide's customers."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from app.customers import reads
from app.customers.profiles import LONGEST_SEARCH
from app.customers.reads import CustomerFacts
from app.employees.reads import may_see
from graphql_schema.context import Info
from graphql_schema.customers import batches
from graphql_schema.customers.types import (
    Binding,
    Customer,
    Touchpoint,
    to_binding,
    to_customer,
    to_touchpoint,
)
from graphql_schema.employees import batches as employee_batches
from graphql_schema.errors import BadUserInput
from graphql_schema.paging import Connection, build_connection, is_asked_for, read_page


async def fetch_customer(info: Info, customer_id: UUID) -> Customer | None:
    """A customer whom the caller may see whole."""
    facts = await batches.customers(info.context).load(customer_id)
    return None if facts is None else to_customer(facts)


async def fetch_binding(info: Info, binding_id: UUID) -> Binding | None:
    """A binding, live or past, of a customer whom the caller may see."""
    facts = await batches.bindings(info.context).load(binding_id)
    if facts is None or await batches.customers(info.context).load(facts.customer_id) is None:
        return None
    return to_binding(facts)


async def touchpoint_by_id(info: Info, touchpoint_id: UUID) -> Touchpoint | None:
    """A touchpoint, for what refers to one and was itself checked."""
    facts = await batches.touchpoints(info.context).load(touchpoint_id)
    return None if facts is None else to_touchpoint(facts)


async def fetch_touchpoint(info: Info, touchpoint_id: UUID) -> Touchpoint | None:
    """A touchpoint of the caller's own, or of a customer or guide whom the caller may see."""
    facts = await batches.touchpoints(info.context).load(touchpoint_id)
    if facts is None:
        return None
    if facts.customer_id is not None and await batches.customers(info.context).load(facts.customer_id) is not None:
        return to_touchpoint(facts)
    actor = await info.context.actor()
    if facts.guide_id is not None and actor.is_employee:
        guide = await employee_batches.employees(info.context).load(facts.guide_id)
        if guide is not None and may_see(actor, guide):
            return to_touchpoint(facts)
    return to_touchpoint(facts) if actor.sees_whole_brand else None


async def employee_customers(
    info: Info, employee_id: UUID, first: int | None, after: str | None, search: str | None
) -> Connection[Customer]:
    """The customers bound to an employee, the latest bound first; the caller has checked who asks.

    One statement, and one for the count where it is asked for.
    """
    page = read_page(first, after, "employee_customers", (datetime, UUID))
    wanted = (search or "").strip() or None
    if wanted is not None and len(wanted) > LONGEST_SEARCH:
        raise BadUserInput(f"search has at most {LONGEST_SEARCH} characters.", argument="search")
    key: Any = page.after
    async with info.context.reading() as session:
        rows = await reads.guide_customers(session, guide_id=employee_id, search=wanted, limit=page.limit, after=key)
        total = None
        if is_asked_for(info, "totalCount"):
            total = await reads.count_guide_customers(session, guide_id=employee_id, search=wanted)
    return build_connection(rows, page, to_node=to_customer, to_key=_customer_key, total_count=total)


def _customer_key(facts: CustomerFacts) -> tuple[datetime, UUID]:
    if facts.binding is None:
        raise LookupError("a guide's customer without a binding")
    return facts.binding.bound_at, facts.customer_id


def _by_one(fetch: Callable[[Info, UUID], Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """A fetcher that knows nothing by several keys, which an id made by hand may hold."""

    async def look(info: Info, *keys: UUID) -> Any:
        return await fetch(info, keys[0]) if len(keys) == 1 else None

    return look


NODES = {
    "Customer": _by_one(fetch_customer),
    "Binding": _by_one(fetch_binding),
    "Touchpoint": _by_one(fetch_touchpoint),
}
"""What `node` fetches by the type in a global id."""
