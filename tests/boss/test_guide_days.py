"""A guide's day: visits, new customers, paid orders, and sales and commission by share."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from app.boss import guide_days
from app.boss.guide_days import GuideDay
from app.commission import plans
from app.commission.plans import NewRule
from app.commission.values import ShareRole
from app.customers import touchpoints, visitors
from app.customers.values import Channel, TouchpointKind
from app.marketing import codes
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.db import BrandSession, Database
from tests import factories
from tests.commission.market import order_goods, pay
from tests.factories import Scene

NOON = datetime.fromisoformat("2026-03-02T12:00:00+08:00")
"""A Monday at noon in Shanghai; the business day ends twelve hours later."""


@pytest.fixture
async def scene(database: Database) -> Scene:
    # Everything happens on a day that is long over, so that the wall clock never matters.
    return await factories.make_scene(database, price_minor=10_000, simulated_now=NOON - timedelta(days=1))


async def guide_day(session: BrandSession, *, guide_id: UUID, now: datetime) -> GuideDay:
    return (await guide_days.of_guides(session, [guide_id], now=now))[guide_id]


async def test_empty_day_is_all_zero(database: Database, scene: Scene) -> None:
    async with database.reading(scene.brand, now=NOON) as session:
        day = await guide_day(session, guide_id=scene.guide.employee_id, now=session.now)
        owner = await guide_day(session, guide_id=scene.owner_id, now=session.now)
    for found in (day, owner):
        assert (found.visits, found.new_customers, found.orders) == (0, 0, 0)
        assert (found.net_sales_minor, found.commission_minor) == (0, 0)
    assert day.day.isoformat() == "2026-03-02"


async def test_paid_orders_count_by_share_on_the_day_of_payment(database: Database, scene: Scene) -> None:
    guide, other = scene.guide, scene.other_guide
    before_midnight = NOON + timedelta(hours=11, minutes=50)
    async with database.transaction(scene.brand, now=before_midnight) as session:
        buyer = await factories.make_customer(session)
        today = await order_goods(session, customer_id=buyer, sku_id=scene.sku_id, shop_of=guide, quantity=2)
        tomorrow = await order_goods(session, customer_id=buyer, sku_id=scene.sku_id, shop_of=guide)
        await order_goods(session, customer_id=buyer, sku_id=scene.sku_id, shop_of=guide)
        foreign = await order_goods(session, customer_id=buyer, sku_id=scene.sku_id, shop_of=other)
        await pay(session, order_id=today, customer_id=buyer, total_minor=20_000)
        await pay(session, order_id=foreign, customer_id=buyer, total_minor=10_000)
    async with database.transaction(scene.brand, now=before_midnight + timedelta(minutes=15)) as session:
        await pay(session, order_id=tomorrow, customer_id=buyer, total_minor=10_000)
    async with database.reading(scene.brand, now=before_midnight) as session:
        first = await guide_day(session, guide_id=guide.employee_id, now=session.now)
        others = await guide_day(session, guide_id=other.employee_id, now=session.now)
    async with database.reading(scene.brand, now=before_midnight + timedelta(hours=1)) as session:
        second = await guide_day(session, guide_id=guide.employee_id, now=session.now)
    async with database.reading(scene.brand, now=before_midnight) as session:
        together = await guide_days.of_guides(session, [other.employee_id, guide.employee_id], now=session.now)
    assert together == {guide.employee_id: first, other.employee_id: others}
    # Freight is in no figure; the unpaid order is in none either.
    assert (first.orders, first.net_sales_minor, first.commission_minor) == (1, 20_000, 2_000)
    assert (second.orders, second.net_sales_minor, second.commission_minor) == (1, 10_000, 1_000)
    assert (others.orders, others.net_sales_minor, others.commission_minor) == (1, 10_000, 1_000)


async def test_sale_without_commission_still_counts_as_performance(database: Database, scene: Scene) -> None:
    async with database.transaction(scene.brand, now=NOON) as session:
        await plans.publish(session, SYSTEM, hold_days=7, rules=[NewRule(ShareRole.SELLER, 0)], now=session.now)
        buyer = await factories.make_customer(session)
        order_id = await order_goods(session, customer_id=buyer, sku_id=scene.sku_id, shop_of=scene.guide)
        await pay(session, order_id=order_id, customer_id=buyer, total_minor=10_000)
    async with database.reading(scene.brand, now=NOON) as session:
        day = await guide_day(session, guide_id=scene.guide.employee_id, now=session.now)
    assert (day.orders, day.net_sales_minor, day.commission_minor) == (1, 10_000, 0)


async def test_visits_are_one_per_person_and_half_hour_and_binding_makes_a_new_customer(
    database: Database, scene: Scene
) -> None:
    guide = scene.guide
    assert guide.token is not None
    async with database.transaction(scene.brand, now=NOON) as session:
        visitor_id = (await visitors.create(session, now=NOON)).visitor_id
        customer_id = await factories.make_customer(session)
    for minutes in (0, 20, 31, 62, -13 * 60):
        at = NOON + timedelta(minutes=minutes)
        async with database.transaction(scene.brand, now=at) as session:
            await touchpoints.record(
                session,
                visitor_id=visitor_id,
                customer_id=None,
                guide_id=guide.employee_id,
                store_id=scene.store_id,
                shop_id=guide.shop_id,
                code_id=None,
                kind=TouchpointKind.OPEN,
                channel=Channel.LINK,
                now=at,
            )
    async with database.transaction(scene.brand, now=NOON) as session:
        await codes.scan(session, Actor(kind=ActorKind.CUSTOMER, customer_id=customer_id), token=guide.token, now=NOON)
    async with database.reading(scene.brand, now=NOON) as session:
        day = await guide_day(session, guide_id=guide.employee_id, now=session.now)
        others = await guide_day(session, guide_id=scene.other_guide.employee_id, now=session.now)
    # The visitor at 12:00, 12:31 and 13:02, and the customer who scanned; yesterday's visit is yesterday's.
    assert day.visits == 4
    assert day.new_customers == 1
    assert (others.visits, others.new_customers) == (0, 0)
