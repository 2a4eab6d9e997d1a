"""Counts of customers online, by the definitions that guide, manager and boss share."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from app.customers.models import BindingRow, TouchpointRow, VisitorRow
from app.customers.touchpoints import REPEAT_OPEN
from app.customers.values import TouchpointKind
from app.platform.db import BrandSession

OPENS_SHOP: Final = (TouchpointKind.SCAN.value, TouchpointKind.OPEN.value)


async def shop_visits(
    session: BrandSession, shop_ids: Iterable[UUID], *, since: datetime, until: datetime
) -> dict[UUID, int]:
    """Visits to each shop in [since, until): touches that opened it, one per visitor, shop and 30 minutes.

    A scan leads into the shop and so opens it. A touch less than 30 minutes after another one of the same person there
    continues that visit. A visitor joined to a customer counts as the customer. One statement.
    """
    wanted = list(set(shop_ids))
    if not wanted:
        return {}
    person = sa.func.coalesce(TouchpointRow.customer_id, VisitorRow.customer_id, TouchpointRow.visitor_id)
    before = sa.func.lag(TouchpointRow.occurred_at).over(
        partition_by=(TouchpointRow.shop_id, person), order_by=(TouchpointRow.occurred_at, TouchpointRow.id)
    )
    touch = (
        sa.select(TouchpointRow.shop_id, TouchpointRow.occurred_at, before.label("before"))
        .outerjoin(
            VisitorRow,
            sa.and_(VisitorRow.brand_id == TouchpointRow.brand_id, VisitorRow.id == TouchpointRow.visitor_id),
        )
        .where(
            TouchpointRow.brand_id == session.brand_id,
            TouchpointRow.shop_id.in_(wanted),
            TouchpointRow.kind.in_(OPENS_SHOP),
            TouchpointRow.occurred_at >= since - REPEAT_OPEN,
            TouchpointRow.occurred_at < until,
        )
        .subquery("touch")
    )
    begins = sa.or_(touch.c.before.is_(None), touch.c.before <= touch.c.occurred_at - REPEAT_OPEN)
    rows = await session.execute(
        sa.select(touch.c.shop_id, sa.func.count())
        .where(touch.c.occurred_at >= since, begins)
        .group_by(touch.c.shop_id)
    )
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
