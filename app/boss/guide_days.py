"""A guide's business day in figures: visits, new customers, orders, sales and commission by share; nothing is kept."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.commission.models import ShareRow
from app.commission.values import CommissionKind, ShareRole
from app.customers import figures
from app.employees.models import EmployeeRow
from app.platform import clock
from app.platform.db import BrandSession
from app.platform.settings import load_settings
from app.products.models import ShopRow
from app.trade.models import OrderRow

SLACK = timedelta(days=7)
"""An order is paid within its time to pay, or, where no worker was there to cancel it, at most so much later."""


@dataclass(frozen=True, slots=True)
class GuideDay:
    """One guide's day. Amounts: minor units.

    `visits`: the own shop was opened, one per visitor and 30 minutes. `new_customers`: customers bound to the guide on
    that day. `orders`: orders paid that day with a share of the guide's. `net_sales_minor`, `commission_minor`: the
    guide's shares of those, less what refunds took back that day.
    """

    day: date
    visits: int
    new_customers: int
    orders: int
    net_sales_minor: int
    commission_minor: int


async def of_guides(session: BrandSession, guide_ids: Collection[UUID], *, now: datetime) -> dict[UUID, GuideDay]:
    """The business day that holds `now` of each of these guides. Three statements."""
    day = session.brand.day_of(now)
    start, end = clock.day_bounds(day, session.brand.time_zone)
    rows = {row.party_id: row for row in await session.execute(_shares_of_day(session.brand_id, guide_ids, day, start))}
    shops = {guide_id: row.shop_id for guide_id, row in rows.items() if row.shop_id is not None}
    visits = await figures.shop_visits(session, shops.values(), since=start, until=end)
    bound = await figures.newly_bound(session, guide_ids, since=start, until=end)
    return {
        guide_id: GuideDay(
            day=day,
            visits=visits.get(shops[guide_id], 0) if guide_id in shops else 0,
            new_customers=bound.get(guide_id, 0),
            orders=int(row.orders),
            net_sales_minor=int(row.net_sales_minor),
            commission_minor=int(row.commission_minor),
        )
        for guide_id, row in rows.items()
    }


def _shares_of_day(brand_id: UUID, guide_ids: Collection[UUID], day: date, start: datetime) -> sa.Select[Any]:
    """A row for each guide: the own shop, orders sold, and what the day's shares come to less what was taken back."""
    guide = sa.select(EmployeeRow.id).where(EmployeeRow.brand_id == brand_id, EmployeeRow.id.in_(guide_ids))
    guides = guide.subquery("guide")
    sold = _sold(brand_id, guide_ids, day, start).subquery("sold")
    taken = _taken_back(brand_id, guide_ids, day, start).subquery("taken")

    def net(column: str) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sold.c[column], 0) - sa.func.coalesce(taken.c[column], 0)

    return (
        sa.select(
            guides.c.id.label("party_id"),
            ShopRow.id.label("shop_id"),
            sa.func.coalesce(sold.c.orders, 0).label("orders"),
            net("performance_minor").label("net_sales_minor"),
            net("commission_minor").label("commission_minor"),
        )
        .select_from(guides)
        .outerjoin(ShopRow, sa.and_(ShopRow.brand_id == brand_id, ShopRow.employee_id == guides.c.id))
        .outerjoin(sold, sold.c.party_id == guides.c.id)
        .outerjoin(taken, taken.c.party_id == guides.c.id)
    )


def _sold(brand_id: UUID, guide_ids: Collection[UUID], day: date, start: datetime) -> sa.Select[UUID, int, int, int]:
    """Orders paid on the day in which each guide has a share; orders by SELLER share, commission by all."""
    is_seller = ShareRow.role == ShareRole.SELLER.value
    return (
        sa.select(
            ShareRow.party_id,
            sa.func.count(sa.distinct(ShareRow.sale_id)).filter(is_seller).label("orders"),
            sa.func.sum(ShareRow.performance_minor).label("performance_minor"),
            sa.func.sum(ShareRow.amount_minor).label("commission_minor"),
        )
        .join(OrderRow, sa.and_(OrderRow.brand_id == brand_id, OrderRow.id == ShareRow.sale_id))
        .where(
            ShareRow.brand_id == brand_id,
            ShareRow.party_id.in_(guide_ids),
            ShareRow.kind == CommissionKind.ORDER.value,
            ShareRow.id >= _first_id(start - SLACK - timedelta(seconds=load_settings().order_payment_ttl_seconds)),
            OrderRow.paid_on == day,
        )
        .group_by(ShareRow.party_id)
    )


def _taken_back(brand_id: UUID, guide_ids: Collection[UUID], day: date, start: datetime) -> sa.Select[UUID, int, int]:
    return (
        sa.select(
            ShareRow.party_id,
            sa.func.sum(ShareRow.performance_minor).label("performance_minor"),
            sa.func.sum(ShareRow.amount_minor).label("commission_minor"),
        )
        .where(
            ShareRow.brand_id == brand_id,
            ShareRow.party_id.in_(guide_ids),
            ShareRow.kind == CommissionKind.REVERSAL.value,
            ShareRow.id >= _first_id(start),
            ShareRow.booked_on == day,
        )
        .group_by(ShareRow.party_id)
    )


def _first_id(at: datetime) -> UUID:
    """The lowest id minted at `at`: ids grow with time, so that the index skips everything older."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
