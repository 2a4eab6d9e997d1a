"""Reads of customers, bindings and touchpoints, and who may see them. Personal data leaves here masked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.customers import profiles
from app.customers.bindings import live_of
from app.customers.models import (
    BindingEndRow,
    BindingHeadRow,
    BindingRow,
    CustomerRow,
    TouchpointRow,
    VisitorRow,
)
from app.customers.values import BindingState, Channel, LiveBinding, TouchpointKind
from app.employees.models import OrgUnitRow, StoreRow
from app.platform.actor import Actor
from app.platform.db import BrandSession


@dataclass(frozen=True, slots=True)
class BindingFacts:
    """A binding, live or past. State, protection and end are those of `now`."""

    binding_id: UUID
    customer_id: UUID
    guide_id: UUID
    store_id: UUID | None
    state: BindingState
    bound_at: datetime
    protected_until: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """A customer as the serving guide may see one: name and phone masked. The latest binding may have run out."""

    customer_id: UUID
    display_name: str
    phone_masked: str | None
    member_code: str | None
    binding: BindingFacts | None


@dataclass(frozen=True, slots=True)
class TouchpointFacts:
    """A touchpoint as the API shows one; `customer_id` is that of the visitor joined later, if one was."""

    touchpoint_id: UUID
    kind: TouchpointKind
    channel: Channel
    occurred_at: datetime
    guide_id: UUID | None
    customer_id: UUID | None
    visitor_id: UUID | None


def _customer_columns() -> tuple[Any, ...]:
    return (
        CustomerRow.id,
        CustomerRow.brand_id,
        CustomerRow.name,
        CustomerRow.phone,
        CustomerRow.member_code,
        BindingHeadRow.binding_id,
        BindingHeadRow.guide_id,
        BindingHeadRow.store_id,
        BindingHeadRow.bound_at,
        BindingHeadRow.protected_until,
        BindingHeadRow.expires_at,
        BindingHeadRow.suspended_at,
    )


def head_of_customer() -> sa.ColumnElement[bool]:
    """BindingHeadRow of CustomerRow."""
    return sa.and_(BindingHeadRow.brand_id == CustomerRow.brand_id, BindingHeadRow.customer_id == CustomerRow.id)


def is_live(now: datetime) -> sa.ColumnElement[bool]:
    """Whether the binding that a BindingHeadRow points to has not run out."""
    return sa.or_(BindingHeadRow.expires_at.is_(None), BindingHeadRow.expires_at > now)


def _facts(session: BrandSession, row: Any) -> CustomerFacts:
    return CustomerFacts(
        customer_id=row.id,
        display_name=profiles.display_name(session.vault, row),
        phone_masked=profiles.phone_masked(session.vault, row),
        member_code=row.member_code,
        binding=_live_facts(row.id, live_of(row), session.now),
    )


async def display_names(session: BrandSession, customer_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The masked names of these customers. One statement, none for no ids."""
    wanted = list(set(customer_ids))
    if not wanted:
        return {}
    rows = await session.execute(
        sa.select(CustomerRow.id, CustomerRow.brand_id, CustomerRow.name, CustomerRow.phone).where(
            CustomerRow.brand_id == session.brand_id, CustomerRow.id.in_(wanted)
        )
    )
    return {row.id: profiles.display_name(session.vault, row) for row in rows}


async def visible_customers(
    session: BrandSession, actor: Actor, customer_ids: Iterable[UUID]
) -> dict[UUID, CustomerFacts]:
    """Those of these customers whom the actor may see whole. One statement.

    A customer sees himself; the serving guide (while the binding has not run out), a manager of the branch that the
    owning store is in, headquarters and the owner see the customer. Anybody else finds nobody.
    """
    wanted = list(set(customer_ids))
    scope = visible_scope(session, actor)
    if not wanted or scope is None:
        return {}
    rows = await session.execute(
        sa.select(*_customer_columns())
        .select_from(CustomerRow)
        .outerjoin(BindingHeadRow, head_of_customer())
        .where(CustomerRow.brand_id == session.brand_id, CustomerRow.id.in_(wanted), scope)
    )
    return {row.id: _facts(session, row) for row in rows}


def visible_scope(session: BrandSession, actor: Actor) -> sa.ColumnElement[bool] | None:
    """Whom the actor may see whole, as a condition on CustomerRow outer-joined to its BindingHeadRow; None: nobody."""
    if actor.is_customer:
        return CustomerRow.id == actor.customer_id
    if not actor.is_employee:
        return None
    if actor.sees_whole_brand:
        return sa.true()
    served = sa.and_(BindingHeadRow.guide_id == actor.employee_id, is_live(session.now))
    if actor.role != "MANAGER" or not actor.branch:
        return served
    in_branch = (
        sa.exists()
        .where(
            StoreRow.brand_id == session.brand_id,
            StoreRow.id == BindingHeadRow.store_id,
            OrgUnitRow.brand_id == session.brand_id,
            OrgUnitRow.id == StoreRow.org_unit_id,
            OrgUnitRow.path.startswith(actor.branch, autoescape=True),
        )
        .correlate(BindingHeadRow)
    )
    return sa.or_(served, in_branch)


async def guide_customers(
    session: BrandSession,
    *,
    guide_id: UUID,
    search: str | None = None,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> list[CustomerFacts]:
    """The customers bound to a guide now, newest binding first; one statement.

    `search`: part of the name, or the last four digits of the phone. `after`: (bound_at, customer id) of the last row
    read. Raises: InvalidInput for a search of more than 60 characters.
    """
    statement = (
        sa.select(*_customer_columns())
        .select_from(BindingHeadRow)
        .join(CustomerRow, head_of_customer())
        .where(*_of_guide(session, guide_id, search))
        .order_by(BindingHeadRow.bound_at.desc(), BindingHeadRow.customer_id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(
            sa.tuple_(BindingHeadRow.bound_at, BindingHeadRow.customer_id)
            < sa.tuple_(sa.literal(after[0], sa.DateTime(timezone=True)), sa.literal(after[1], sa.Uuid()))
        )
    return [_facts(session, row) for row in await session.execute(statement)]


async def count_guide_customers(session: BrandSession, *, guide_id: UUID, search: str | None = None) -> int:
    """How many `guide_customers` has in all. One statement."""
    found = await session.execute(
        sa.select(sa.func.count())
        .select_from(BindingHeadRow)
        .join(CustomerRow, head_of_customer())
        .where(*_of_guide(session, guide_id, search))
    )
    return int(found.scalar_one())


def _of_guide(session: BrandSession, guide_id: UUID, search: str | None) -> list[sa.ColumnElement[bool]]:
    wanted = [
        BindingHeadRow.brand_id == session.brand_id,
        CustomerRow.brand_id == session.brand_id,
        BindingHeadRow.guide_id == guide_id,
        is_live(session.now),
    ]
    return wanted if search is None else [*wanted, profiles.search_condition(session, search)]


async def last_touches(session: BrandSession, customer_ids: Iterable[UUID]) -> dict[UUID, datetime]:
    """When each of these customers, or a visitor joined to one, last touched anything. One statement."""
    wanted = list(set(customer_ids))
    if not wanted:
        return {}
    own = sa.select(TouchpointRow.customer_id, TouchpointRow.occurred_at).where(
        TouchpointRow.brand_id == session.brand_id, TouchpointRow.customer_id.in_(wanted)
    )
    joined = (
        sa.select(VisitorRow.customer_id, TouchpointRow.occurred_at)
        .join(
            TouchpointRow,
            sa.and_(TouchpointRow.brand_id == VisitorRow.brand_id, TouchpointRow.visitor_id == VisitorRow.id),
        )
        .where(
            VisitorRow.brand_id == session.brand_id,
            TouchpointRow.brand_id == session.brand_id,
            VisitorRow.customer_id.in_(wanted),
            TouchpointRow.customer_id.is_(None),
        )
    )
    touch = sa.union_all(own, joined).subquery("touch")
    rows = await session.execute(
        sa.select(touch.c.customer_id, sa.func.max(touch.c.occurred_at)).group_by(touch.c.customer_id)
    )
    return {row[0]: row[1] for row in rows}


async def bindings_by_id(session: BrandSession, binding_ids: Iterable[UUID]) -> dict[UUID, BindingFacts]:
    """These bindings as they stand now, live ones with renewed terms. One statement, without a row scope of its own."""
    wanted = list(set(binding_ids))
    if not wanted:
        return {}
    rows = await session.execute(
        sa.select(
            BindingRow.id,
            BindingRow.customer_id,
            BindingRow.guide_id,
            BindingRow.store_id,
            BindingRow.bound_at,
            BindingRow.protected_until,
            BindingRow.expires_at,
            BindingEndRow.kind.label("end_kind"),
            BindingHeadRow.binding_id.label("live_id"),
            BindingHeadRow.protected_until.label("live_protected_until"),
            BindingHeadRow.expires_at.label("live_expires_at"),
            BindingHeadRow.suspended_at,
        )
        .outerjoin(
            BindingEndRow,
            sa.and_(BindingEndRow.brand_id == BindingRow.brand_id, BindingEndRow.binding_id == BindingRow.id),
        )
        .outerjoin(
            BindingHeadRow,
            sa.and_(
                BindingHeadRow.brand_id == BindingRow.brand_id,
                BindingHeadRow.customer_id == BindingRow.customer_id,
                BindingHeadRow.binding_id == BindingRow.id,
            ),
        )
        .where(BindingRow.brand_id == session.brand_id, BindingRow.id.in_(wanted))
    )
    return {row.id: _binding_facts(row, session.now) for row in rows}


def _live_facts(customer_id: UUID, live: LiveBinding | None, now: datetime) -> BindingFacts | None:
    """The binding a head points to; None where there is none, or no guide serves."""
    if live is None or live.guide_id is None:
        return None
    return BindingFacts(
        binding_id=live.binding_id,
        customer_id=customer_id,
        guide_id=live.guide_id,
        store_id=live.store_id,
        state=live.state_at(now),
        bound_at=live.bound_at,
        protected_until=live.protected_until,
        expires_at=live.expires_at,
    )


def _binding_facts(row: Any, now: datetime) -> BindingFacts:
    is_live = row.live_id is not None
    present = LiveBinding(
        binding_id=row.id,
        guide_id=row.guide_id,
        store_id=row.store_id,
        bound_at=row.bound_at,
        protected_until=row.live_protected_until if is_live else row.protected_until,
        expires_at=row.live_expires_at if is_live else row.expires_at,
        is_suspended=is_live and row.suspended_at is not None,
    )
    return BindingFacts(
        binding_id=row.id,
        customer_id=row.customer_id,
        guide_id=row.guide_id,
        store_id=row.store_id,
        state=present.state_at(now) if row.end_kind is None else BindingState(row.end_kind),
        bound_at=row.bound_at,
        protected_until=present.protected_until,
        expires_at=present.expires_at,
    )


async def touchpoints_by_id(session: BrandSession, touchpoint_ids: Iterable[UUID]) -> dict[UUID, TouchpointFacts]:
    """These touchpoints. One statement, without a row scope of its own."""
    wanted = list(set(touchpoint_ids))
    if not wanted:
        return {}
    rows = await session.execute(
        sa.select(
            TouchpointRow.id,
            TouchpointRow.kind,
            TouchpointRow.channel,
            TouchpointRow.occurred_at,
            TouchpointRow.guide_id,
            sa.func.coalesce(TouchpointRow.customer_id, VisitorRow.customer_id).label("customer_id"),
            TouchpointRow.visitor_id,
        )
        .outerjoin(
            VisitorRow,
            sa.and_(VisitorRow.brand_id == TouchpointRow.brand_id, VisitorRow.id == TouchpointRow.visitor_id),
        )
        .where(TouchpointRow.brand_id == session.brand_id, TouchpointRow.id.in_(wanted))
    )
    return {
        row.id: TouchpointFacts(
            touchpoint_id=row.id,
            kind=TouchpointKind(row.kind),
            channel=Channel(row.channel),
            occurred_at=row.occurred_at,
            guide_id=row.guide_id,
            customer_id=row.customer_id,
            visitor_id=row.visitor_id,
        )
        for row in rows
    }
