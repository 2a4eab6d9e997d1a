"""Units, stores, guides and employees by id, and the pages of the lists, all within the caller's scope."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from app.employees import reads
from app.employees.reads import EmployeeFacts, StoreFacts, UnitFacts
from app.employees.rules import may_reach
from app.platform.db import BrandSession
from graphql_schema.context import Info
from graphql_schema.employees import batches
from graphql_schema.employees.types import (
    Brand,
    Employee,
    Guide,
    OrgUnit,
    Store,
    guide_of_facts,
    store_from,
    to_brand,
    to_employee,
    to_unit,
)
from graphql_schema.errors import BadUserInput
from graphql_schema.paging import Connection, build_connection, decode_global_id, is_asked_for, read_page

# --- one by id


async def guide_of(info: Info, employee_id: UUID) -> Guide | None:
    """What anybody may see of a guide; asked for by several resolvers at once, they are read in one statement."""
    facts = await batches.employees(info.context).load(employee_id)
    return None if facts is None else guide_of_facts(facts)


async def store_of(info: Info, store_id: UUID) -> Store | None:
    """A store; read in one statement with what else is asked for at once."""
    facts = await batches.stores(info.context).load(store_id)
    return None if facts is None else store_from(facts)


async def employee_of(info: Info, employee_id: UUID) -> Employee | None:
    """An employee whom the caller may see, else None."""
    facts = await batches.employees(info.context).load(employee_id)
    if facts is None or not reads.may_see(await info.context.actor(), facts):
        return None
    return to_employee(facts)


async def employee_in(session: BrandSession, employee_id: UUID) -> Employee:
    """An employee who has just been written in this transaction, for a mutation's answer."""
    return to_employee((await reads.employees_by_id(session, [employee_id]))[employee_id])


async def fetch_brand(info: Info, brand_id: UUID) -> Brand | None:
    """The caller's own brand."""
    brand = await info.context.brand()
    return to_brand(brand) if brand.id == brand_id else None


async def fetch_unit(info: Info, unit_id: UUID) -> OrgUnit | None:
    """A unit in the caller's scope."""
    facts = await batches.units(info.context).load(unit_id)
    actor = await info.context.actor()
    if facts is None or not may_reach(role=actor.role, branch=actor.branch, path=facts.path):
        return None
    return to_unit(facts)


async def fetch_guide(info: Info, employee_id: UUID) -> Guide | None:
    """A guide: an employee who has a shop."""
    facts = await batches.employees(info.context).load(employee_id)
    return None if facts is None or facts.shop_id is None else guide_of_facts(facts)


def _by_one(fetch: Callable[[Info, UUID], Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """A fetcher that knows nothing by several keys, which an id made by hand may hold."""

    async def look(info: Info, *keys: UUID) -> Any:
        return await fetch(info, keys[0]) if len(keys) == 1 else None

    return look


NODES = {
    "Brand": _by_one(fetch_brand),
    "OrgUnit": _by_one(fetch_unit),
    "Store": _by_one(store_of),
    "Guide": _by_one(fetch_guide),
    "Employee": _by_one(employee_of),
}
"""What `node` fetches by the type in a global id."""


# --- lists


async def unit_connection(info: Info, first: int | None, after: str | None) -> Connection[OrgUnit]:
    """The units in the caller's scope, in the order of the tree."""
    page = read_page(first, after, "org_units", (str,), default=50)
    actor = await info.context.actor()
    async with info.context.reading() as session:
        rows = await reads.unit_page(session, actor, limit=page.limit, after=page.after)
        total = await reads.count_units(session, actor) if is_asked_for(info, "totalCount") else None
    return build_connection(rows, page, to_node=to_unit, to_key=_unit_key, total_count=total)


async def store_connection(info: Info, first: int | None, after: str | None) -> Connection[Store]:
    """The brand's stores by code."""
    page = read_page(first, after, "stores", (str,), default=50)
    async with info.context.reading() as session:
        rows = await reads.store_page(session, limit=page.limit, after=page.after)
        total = await reads.count_stores(session) if is_asked_for(info, "totalCount") else None
    return build_connection(rows, page, to_node=store_from, to_key=_store_key, total_count=total)


async def employee_connection(
    info: Info, first: int | None, after: str | None, org_unit_id: str | None
) -> Connection[Employee]:
    """The employees in the caller's scope, of one branch where a unit is named, in the order of hiring."""
    page = read_page(first, after, f"employees:{org_unit_id or ''}", (UUID,), default=50)
    unit_id = None if org_unit_id is None else _unit_id(org_unit_id)
    actor = await info.context.actor()
    async with info.context.reading() as session:
        rows = await reads.employee_page(session, actor, org_unit_id=unit_id, limit=page.limit, after=page.after)
        total = None
        if is_asked_for(info, "totalCount"):
            total = await reads.count_employees(session, actor, org_unit_id=unit_id)
    return build_connection(rows, page, to_node=to_employee, to_key=_employee_key, total_count=total)


def _unit_id(text: str) -> UUID:
    uuids = decode_global_id(text, "OrgUnit").uuids
    if len(uuids) != 1:
        raise BadUserInput("The id is not one of this API.", argument="orgUnitId")
    return uuids[0]


def _unit_key(facts: UnitFacts) -> tuple[str]:
    return (facts.path,)


def _store_key(facts: StoreFacts) -> tuple[str]:
    return (facts.code,)


def _employee_key(facts: EmployeeFacts) -> tuple[UUID]:
    return (facts.id,)
