"""What is read of units, stores and employees: pages by key, single ones by id, all within the reader's scope.

A manager sees the own branch; owner and headquarters see the brand; a guide sees the own row.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from app.employees.models import EmployeeRow, OrgUnitRow, StoreRow
from app.employees.rules import may_reach
from app.employees.values import EmployeeState, OpeningHours, OrgUnitKind, Role, StaffFunction, StoreOperator
from app.platform import storage
from app.platform.actor import Actor
from app.platform.db import BrandSession

SHOPS = sa.table(
    "shop", sa.column("brand_id", sa.Uuid()), sa.column("id", sa.Uuid()), sa.column("employee_id", sa.Uuid())
)
"""Shops belong to a package above this one. Only their key is read: whoever has a shop is a guide."""

_StoreUnit = aliased(OrgUnitRow)


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A unit of the organisation."""

    id: UUID
    code: str
    name: str
    kind: OrgUnitKind
    parent_id: UUID | None
    path: str


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """A store with its unit; its branch is the unit's path."""

    id: UUID
    code: str
    name: str
    city: str | None
    address: str | None
    operator: StoreOperator
    legal_entity: str | None
    territory: str | None
    opening_hours: tuple[OpeningHours, ...]
    unit: UnitFacts


@dataclass(frozen=True, slots=True)
class EmployeeFacts:
    """An employee as of today. `branch` is the path of the store's unit, else of the own; a `shop_id` makes a guide."""

    id: UUID
    employee_number: str | None
    display_name: str
    title: str | None
    avatar_url: str | None
    role: Role
    functions: tuple[StaffFunction, ...]
    state: EmployeeState
    branch: str
    shop_id: UUID | None
    store: StoreFacts | None


_UNIT = (OrgUnitRow.id, OrgUnitRow.code, OrgUnitRow.name, OrgUnitRow.kind, OrgUnitRow.parent_id, OrgUnitRow.path)
_STORE = (
    StoreRow.id,
    StoreRow.code,
    StoreRow.name,
    StoreRow.city,
    StoreRow.address,
    StoreRow.operator,
    StoreRow.legal_entity,
    StoreRow.territory,
    StoreRow.opening_hours,
    _StoreUnit.id,
    _StoreUnit.code,
    _StoreUnit.name,
    _StoreUnit.kind,
    _StoreUnit.parent_id,
    _StoreUnit.path,
)
_EMPLOYEE = (
    EmployeeRow.id,
    EmployeeRow.employee_number,
    EmployeeRow.display_name,
    EmployeeRow.title,
    EmployeeRow.avatar_url,
    EmployeeRow.role,
    EmployeeRow.functions,
    EmployeeRow.state,
    OrgUnitRow.path,
    SHOPS.c.id,
)


# --- units


async def unit_page(
    session: BrandSession, actor: Actor, *, limit: int, after: tuple[Any, ...] | None
) -> list[UnitFacts]:
    """Units in the order of the tree: each is followed by all below it. Key: (path). One statement."""
    if not _has_branch(actor):
        return []
    statement = sa.select(*_UNIT).where(*_units_of(session, actor)).order_by(OrgUnitRow.path).limit(limit)
    if after is not None:
        statement = statement.where(OrgUnitRow.path > after[0])
    return [_unit(row) for row in await session.execute(statement)]


async def count_units(session: BrandSession, actor: Actor) -> int:
    """How many units the whole list has."""
    return await _count(session, OrgUnitRow.id, *_units_of(session, actor)) if _has_branch(actor) else 0


async def units_by_id(session: BrandSession, unit_ids: Iterable[UUID]) -> dict[UUID, UnitFacts]:
    """Those of these units that exist, whoever asks: `rules.may_reach` says whom to show them to. One statement."""
    rows = await session.execute(
        sa.select(*_UNIT).where(OrgUnitRow.brand_id == session.brand_id, OrgUnitRow.id.in_(list(unit_ids)))
    )
    return {row[0]: _unit(row) for row in rows}


# --- stores


async def store_page(session: BrandSession, *, limit: int, after: tuple[Any, ...] | None) -> list[StoreFacts]:
    """The brand's stores by code. Key: (code). One statement."""
    statement = _select_stores(session).order_by(StoreRow.code).limit(limit)
    if after is not None:
        statement = statement.where(StoreRow.code > after[0])
    return [_store(row) for row in await session.execute(statement)]


async def count_stores(session: BrandSession) -> int:
    """How many stores the brand has."""
    return await _count(session, StoreRow.id, StoreRow.brand_id == session.brand_id)


async def stores_by_id(session: BrandSession, store_ids: Iterable[UUID]) -> dict[UUID, StoreFacts]:
    """Those of these stores that exist. One statement."""
    rows = await session.execute(_select_stores(session).where(StoreRow.id.in_(list(store_ids))))
    return {row[0]: _store(row) for row in rows}


# --- employees


async def employee_page(
    session: BrandSession,
    actor: Actor,
    *,
    org_unit_id: UUID | None = None,
    limit: int,
    after: tuple[Any, ...] | None,
) -> list[EmployeeFacts]:
    """Employees whom the actor may see, in the order of hiring; of one unit with all below it where one is named.

    Key: (id). One statement.
    """
    statement = _select_employees(session).where(*_employees_of(session, actor, org_unit_id))
    statement = statement.order_by(EmployeeRow.id).limit(limit)
    if after is not None:
        statement = statement.where(EmployeeRow.id > after[0])
    return [_employee(row) for row in await session.execute(statement)]


async def count_employees(session: BrandSession, actor: Actor, *, org_unit_id: UUID | None = None) -> int:
    """How many employees the whole list has. One statement."""
    listed = _select_employees(session).where(*_employees_of(session, actor, org_unit_id)).subquery()
    return int((await session.execute(sa.select(sa.func.count()).select_from(listed))).scalar_one())


async def employees_by_id(session: BrandSession, employee_ids: Iterable[UUID]) -> dict[UUID, EmployeeFacts]:
    """Those of these employees that exist, whoever asks: `may_see` says whom to show them to. One statement."""
    rows = await session.execute(_select_employees(session).where(EmployeeRow.id.in_(list(employee_ids))))
    return {row[0]: _employee(row) for row in rows}


def may_see(actor: Actor, employee: EmployeeFacts) -> bool:
    """Whether the actor may see this employee's row, and what belongs to it: commission, customers, orders."""
    if not actor.is_employee:
        return False
    return actor.employee_id == employee.id or may_reach(role=actor.role, branch=actor.branch, path=employee.branch)


def branch_of(brand_id: UUID, *, store_id: UUID | None, employee_id: UUID | None = None) -> sa.ColumnElement[Any]:
    """The path of a store's unit, else of an employee's own, as a value for another statement; NULL without either."""
    if store_id is None and employee_id is None:
        return sa.null()
    place: type[StoreRow | EmployeeRow] = EmployeeRow if store_id is None else StoreRow
    return (
        sa.select(OrgUnitRow.path)
        .join(place, sa.and_(place.brand_id == OrgUnitRow.brand_id, place.org_unit_id == OrgUnitRow.id))
        .where(OrgUnitRow.brand_id == brand_id, place.brand_id == brand_id, place.id == (store_id or employee_id))
        .scalar_subquery()
    )


# --- statements and rows


def _has_branch(actor: Actor) -> bool:
    """Whether there is a branch whose units and employees the actor may see."""
    return actor.sees_whole_brand or (actor.role == Role.MANAGER and bool(actor.branch))


def _in_branch(path: Any, actor: Actor) -> sa.ColumnElement[bool]:
    if not _has_branch(actor):
        return sa.false()
    if actor.sees_whole_brand:
        return sa.true()
    return sa.type_coerce(path, sa.Text).startswith(actor.branch, autoescape=True)


def _units_of(session: BrandSession, actor: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    return OrgUnitRow.brand_id == session.brand_id, _in_branch(OrgUnitRow.path, actor)


def _select_stores(session: BrandSession) -> sa.Select[Any]:
    return (
        sa.select(*_STORE)
        .join(_StoreUnit, sa.and_(_StoreUnit.brand_id == StoreRow.brand_id, _StoreUnit.id == StoreRow.org_unit_id))
        .where(StoreRow.brand_id == session.brand_id)
    )


def _select_employees(session: BrandSession) -> sa.Select[Any]:
    return (
        sa.select(*_EMPLOYEE, *_STORE)
        .select_from(EmployeeRow)
        .join(
            OrgUnitRow, sa.and_(OrgUnitRow.brand_id == EmployeeRow.brand_id, OrgUnitRow.id == EmployeeRow.org_unit_id)
        )
        .outerjoin(StoreRow, sa.and_(StoreRow.brand_id == EmployeeRow.brand_id, StoreRow.id == EmployeeRow.store_id))
        .outerjoin(
            _StoreUnit, sa.and_(_StoreUnit.brand_id == EmployeeRow.brand_id, _StoreUnit.id == StoreRow.org_unit_id)
        )
        .outerjoin(SHOPS, sa.and_(SHOPS.c.brand_id == EmployeeRow.brand_id, SHOPS.c.employee_id == EmployeeRow.id))
        .where(EmployeeRow.brand_id == session.brand_id)
    )


def _employees_of(session: BrandSession, actor: Actor, org_unit_id: UUID | None) -> list[sa.ColumnElement[bool]]:
    branch = sa.func.coalesce(_StoreUnit.path, OrgUnitRow.path)
    conditions = [sa.or_(EmployeeRow.id == actor.employee_id, _in_branch(branch, actor))]
    if org_unit_id is not None:
        wanted = aliased(OrgUnitRow)
        path = (
            sa.select(wanted.path)
            .where(wanted.brand_id == session.brand_id, wanted.id == org_unit_id)
            .scalar_subquery()
        )
        conditions.append(branch.startswith(path))
    return conditions


async def _count(session: BrandSession, column: Any, *conditions: sa.ColumnElement[bool]) -> int:
    return int((await session.execute(sa.select(sa.func.count(column)).where(*conditions))).scalar_one())


def _unit(row: Sequence[Any]) -> UnitFacts:
    return UnitFacts(row[0], row[1], row[2], OrgUnitKind(row[3]), row[4], row[5])


def _store(row: Sequence[Any]) -> StoreFacts:
    hours = tuple(OpeningHours(**line) for line in row[8])
    return StoreFacts(
        id=row[0],
        code=row[1],
        name=row[2],
        city=row[3],
        address=row[4],
        operator=StoreOperator(row[5]),
        legal_entity=row[6],
        territory=row[7],
        opening_hours=hours,
        unit=_unit(row[9:15]),
    )


async def named_media(session: BrandSession, keys: Collection[str]) -> set[str]:
    """Which of these keys of uploaded files are somebody's portrait."""
    urls = {storage.media_url(key): key for key in keys}
    found = await session.execute(
        sa.select(EmployeeRow.avatar_url).where(
            EmployeeRow.brand_id == session.brand_id, EmployeeRow.avatar_url.in_(urls)
        )
    )
    return {urls[url] for url in found.scalars() if url is not None}


def _employee(row: Sequence[Any]) -> EmployeeFacts:
    store_from = len(_EMPLOYEE)
    store = None if row[store_from] is None else _store(row[store_from : store_from + len(_STORE)])
    return EmployeeFacts(
        id=row[0],
        employee_number=row[1],
        display_name=row[2],
        title=row[3],
        avatar_url=row[4],
        role=Role(row[5]),
        functions=tuple(StaffFunction(name) for name in row[6]),
        state=EmployeeState(row[7]),
        branch=row[8] if store is None else store.unit.path,
        shop_id=row[9],
        store=store,
    )
