"""Counts of customers online, by the definitions that guide, manager and boss share."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.customers.models import BindingRow, TouchpointRow, VisitorRow
from app.customers.touchpoints import OPENS_SHOP, REPEAT_OPEN
from app.platform.db import BrandSession


def visits(
    brand_id: UUID, *conditions: sa.ColumnElement[bool], since: datetime | None = None, until: datetime | None = None
) -> sa.Select[Any]:
    """The visits that began in [since, until): touches that opened a shop, one per person, shop and 30 minutes.

    A scan leads into the shop and so opens it. A touch less than 30 minutes after another one of the same person there
    continues that visit, so a touch begins a visit if, and only if, that person has no other touch there in the 30
    minutes before: what begins is decided by the set of touches alone, in whatever order they become known. A visitor
    joined to a customer counts as the customer. `conditions` must keep or leave all touches of a person in a shop.
    Columns: shop_id, person_id, store_id, branch, occurred_at.
    """
    person = sa.func.coalesce(TouchpointRow.customer_id, VisitorRow.customer_id, TouchpointRow.visitor_id)
    before = sa.func.lag(TouchpointRow.occurred_at).over(
        partition_by=(TouchpointRow.shop_id, person), order_by=(TouchpointRow.occurred_at, TouchpointRow.id)
    )
    touches = (
        sa.select(
            TouchpointRow.shop_id,
            person.label("person_id"),
            TouchpointRow.store_id,
            TouchpointRow.branch,
            TouchpointRow.occurred_at,
            before.label("before"),
        )
        .outerjoin(
            VisitorRow,
            sa.and_(VisitorRow.brand_id == TouchpointRow.brand_id, VisitorRow.id == TouchpointRow.visitor_id),
        )
        .where(
            TouchpointRow.brand_id == brand_id,
            TouchpointRow.shop_id.is_not(None),
            TouchpointRow.kind.in_([kind.value for kind in OPENS_SHOP]),
            *conditions,
        )
    )
    if since is not None:
        touches = touches.where(TouchpointRow.occurred_at >= since - REPEAT_OPEN)
    if until is not None:
        touches = touches.where(TouchpointRow.occurred_at < until)
    touch = touches.subquery("touch")
    begun = sa.select(touch.c.shop_id, touch.c.person_id, touch.c.store_id, touch.c.branch, touch.c.occurred_at).where(
        sa.or_(touch.c.before.is_(None), touch.c.before <= touch.c.occurred_at - REPEAT_OPEN)
    )
    return begun if since is None else begun.where(touch.c.occurred_at >= since)


async def shop_visits(
    session: BrandSession, shop_ids: Iterable[UUID], *, since: datetime, until: datetime
) -> dict[UUID, int]:
    """Visits to each shop that began in [since, until). One statement."""
    wanted = list(set(shop_ids))
    if not wanted:
        return {}
    begun = visits(session.brand_id, TouchpointRow.shop_id.in_(wanted), since=since, until=until).subquery("begun")
    rows = await session.execute(sa.select(begun.c.shop_id, sa.func.count()).group_by(begun.c.shop_id))
    return {row[0]: row[1] for row in rows}


async def newly_bound(
    session: BrandSession, guide_ids: Iterable[UUID], *, since: datetime, until: datetime
) -> dict[UUID, int]:
    """Customers bound to each guide in [since, until), each counted once. One statement."""
    wanted = list(set(guide_ids))
    if not wanted:
        return {}
    rows = await session.execute(
        sa.select(BindingRow.guide_id, sa.func.count(sa.distinct(BindingRow.customer_id)))
        .where(
            BindingRow.brand_id == session.brand_id,
            BindingRow.guide_id.in_(wanted),
            BindingRow.bound_at >= since,
            BindingRow.bound_at < until,
        )
        .group_by(BindingRow.guide_id)
    )
    return {row[0]: row[1] for row in rows}
