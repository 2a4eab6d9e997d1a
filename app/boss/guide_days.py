"""A guide's business day in figures: visits, new customers, orders, sales and commission by share; nothing is kept."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from app.commission.models import ShareRow
from app.commission.values import CommissionKind, ShareRole
from app.customers import figures
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


async def guide_day(session: BrandSession, *, guide_id: UUID, now: datetime) -> GuideDay:
    """The business day that holds `now`. Three statements."""
    day = session.brand.day_of(now)
    start, end = clock.day_bounds(day, session.brand.time_zone)
    sold = _sold(session.brand_id, guide_id, day, start).subquery("sold")
    taken = _taken_back(session.brand_id, guide_id, day, start).subquery("taken")
    shop_id = sa.select(ShopRow.id).where(ShopRow.brand_id == session.brand_id, ShopRow.employee_id == guide_id)
    row = (
        await session.execute(
            sa.select(
                shop_id.scalar_subquery().label("shop_id"),
                sold.c.orders,
                (sold.c.performance_minor - taken.c.performance_minor).label("net_sales_minor"),
                (sold.c.commission_minor - taken.c.commission_minor).label("commission_minor"),
            ).select_from(sold.join(taken, sa.true()))
        )
    ).one()
    shops = [] if row.shop_id is None else [row.shop_id]
    visits = await figures.shop_visits(session, shops, since=start, until=end)
    bound = await figures.newly_bound(session, [guide_id], since=start, until=end)
    return GuideDay(
        day=day,
        visits=visits.get(row.shop_id, 0),
        new_customers=bound.get(guide_id, 0),
        orders=int(row.orders),
        net_sales_minor=int(row.net_sales_minor),
        commission_minor=int(row.commission_minor),
    )


def _sold(brand_id: UUID, guide_id: UUID, day: date, start: datetime) -> sa.Select[int, int, int]:
    """Orders paid on the day in which the guide has a share; orders by SELLER share, commission by all."""
    is_seller = ShareRow.role == ShareRole.SELLER.value
    return (
        sa.select(
            sa.func.count(sa.distinct(ShareRow.sale_id)).filter(is_seller).label("orders"),
            sa.func.coalesce(sa.func.sum(ShareRow.performance_minor), 0).label("performance_minor"),
            sa.func.coalesce(sa.func.sum(ShareRow.amount_minor), 0).label("commission_minor"),
        )
        .join(OrderRow, sa.and_(OrderRow.brand_id == brand_id, OrderRow.id == ShareRow.sale_id))
        .where(
            ShareRow.brand_id == brand_id,
            ShareRow.party_id == guide_id,
            ShareRow.kind == CommissionKind.ORDER.value,
            ShareRow.id >= _first_id(start - SLACK - timedelta(seconds=load_settings().order_payment_ttl_seconds)),
            OrderRow.paid_on == day,
        )
    )


def _taken_back(brand_id: UUID, guide_id: UUID, day: date, start: datetime) -> sa.Select[int, int]:
    return sa.select(
        sa.func.coalesce(sa.func.sum(ShareRow.performance_minor), 0).label("performance_minor"),
        sa.func.coalesce(sa.func.sum(ShareRow.amount_minor), 0).label("commission_minor"),
    ).where(
        ShareRow.brand_id == brand_id,
        ShareRow.party_id == guide_id,
        ShareRow.kind == CommissionKind.REVERSAL.value,
        ShareRow.id >= _first_id(start),
        ShareRow.booked_on == day,
    )


def _first_id(at: datetime) -> UUID:
    """The lowest id minted at `at`: ids grow with time, so that the index skips everything older."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
