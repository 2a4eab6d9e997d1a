"""The dashboard's figures: for any period and branch what plain Python says of the same rows, to the cent."""

from dataclasses import asdict
from datetime import date, timedelta
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.boss import breakdowns, dashboard, guide_days, rollups, scopes
from app.boss.scopes import Scope
from app.boss.values import BreakdownBy, Period
from app.commission.models import SaleRow
from app.employees.models import OrgUnitRow
from app.platform import clock
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession, Database
from app.platform.errors import Forbidden, InvalidInput, NotFound
from tests import factories
from tests.boss import plain_dashboard, plain_rollups, story
from tests.boss.plain_dashboard import Place
from tests.boss.story import Story
from tests.commission.market import order_goods, pay
from tests.factories import Scene

BEGIN = factories.at("2026-10-29T21:00:00-04:00")
"""Three days before a business day of 25 hours in New York."""
ANSWERED = ("DAY", "HOUR", "ORG_UNIT", "STORE", "GUIDE", "PRODUCT")


async def told(database: Database, seed: int) -> Story:
    tale = await story.begin(database, seed=seed, now=BEGIN, time_zone="America/New_York")
    await tale.act(90)
    await database.run(tale.brand, rollups.rebuild)
    return tale


async def actor_of(session: BrandSession, unit_id: UUID | None) -> Actor:
    """The owner, or the manager of a unit."""
    if unit_id is None:
        return Actor(kind=ActorKind.EMPLOYEE, role="OWNER")
    path = sa.select(OrgUnitRow.path).where(OrgUnitRow.brand_id == session.brand_id, OrgUnitRow.id == unit_id)
    return Actor(kind=ActorKind.EMPLOYEE, role="MANAGER", branch=(await session.execute(path)).scalar_one())


def a_period(random: Random, tale: Story) -> Period:
    begin, end = tale.brand.day_of(BEGIN), tale.brand.day_of(tale.now)
    days = sorted(begin + timedelta(days=random.randint(0, (end - begin).days)) for _ in range(2))
    return Period(*days)


@pytest.mark.parametrize("seed", range(3))
async def test_figures_and_breakdowns_are_those_of_plain_python_for_any_period_and_branch(
    database: Database, seed: int
) -> None:
    tale, random = await told(database, seed), Random(seed)
    async with database.reading(tale.brand, now=tale.now) as session:
        tables = await plain_rollups.computed(session)
        seen = 0
        for _ in range(25):
            period = a_period(random, tale)
            own, unit = random.choice([None] * 5 + tale.units), random.choice([None] * 9 + tale.units)
            store = random.choice([None] * 9 + tale.stores)
            guide = random.choice([None] * 6 + [one.employee_id for one in tale.guides])
            units = tuple(dict.fromkeys(one for one in (own, unit) if one is not None))
            scope, place = Scope(units, unit or own, store, guide), Place(units, store, guide)
            found = asdict(await dashboard.figures(session, scope, period))
            assert found.pop("as_of") == tale.now or found
            assert found == plain_dashboard.figures(tables, place, period.first, period.last)
            seen += found["orders"] > 0
            for by in ANSWERED:
                rows = await breakdowns.breakdown(session, scope, period, BreakdownBy(by), first=400)
                expected = plain_dashboard.broken_down(
                    tables, place, period.first, period.last, by=by, unit=unit or own, root=tale.root_id
                )
                got = {row.key: (row.orders, row.quantity, row.net_minor) for row in rows}
                empty = {key for key, figures in got.items() if figures == (0, 0, 0)}
                assert {key: got[key] for key in got if key not in empty or key in expected} == expected, by
                assert not empty - set(expected) or by in ("DAY", "HOUR")
                assert len(got) == len(rows)
                assert sum(row.net_minor for row in rows) == found["gross_minor"] - found["refunds_minor"], by
                if by not in ("GUIDE", "PRODUCT"):
                    assert sum(row.orders for row in rows) == found["orders"], by
                if by == "DAY":
                    assert [row.key for row in rows] == [
                        period.first + timedelta(days=number) for number in range(period.days)
                    ]
        assert seen > 5


async def test_guides_day_and_the_bosss_breakdown_by_guide_agree(database: Database) -> None:
    tale = await told(database, 7)
    guide_ids = [guide.employee_id for guide in tale.guides]
    days = [tale.brand.day_of(BEGIN) + timedelta(days=number) for number in range((tale.now - BEGIN).days + 2)]
    compared = 0
    for day in days:
        _, end = clock.day_bounds(day, tale.brand.time_zone)
        async with database.reading(tale.brand, now=end - timedelta(seconds=1)) as session:
            own = await guide_days.of_guides(session, guide_ids, now=session.now)
            rows = await breakdowns.breakdown(session, Scope(), Period(day, day), BreakdownBy.GUIDE, first=400)
            by_guide = {row.key: (row.orders, row.net_minor) for row in rows}
            for guide_id, found in own.items():
                assert by_guide.get(guide_id, (0, 0)) == (found.orders, found.net_sales_minor)
                boss = await dashboard.figures(session, Scope(guide_id=guide_id), Period(day, day))
                assert (boss.visits, boss.orders, boss.net_minor) == (
                    found.visits,
                    found.orders,
                    found.net_sales_minor,
                )
                compared += found.orders + found.visits
    assert compared > 20


async def test_own_purchases_are_in_the_figures_and_lift_nobody(database: Database) -> None:
    scene = await factories.make_scene(database, price_minor=10_000)
    phone = factories.next_phone()
    async with database.transaction(scene.brand) as session:
        own = await factories.make_employee(session, store_id=scene.store_id, phone=phone, display_name="自己")
        himself = await factories.make_customer(session, phone=phone)
        stranger = await factories.make_customer(session)
    async with database.transaction(scene.brand) as session:
        for buyer, shop_of, quantity in ((himself, own, 9), (stranger, scene.guide, 1), (stranger, own, 1)):
            order_id = await order_goods(
                session, customer_id=buyer, sku_id=scene.sku_id, shop_of=shop_of, quantity=quantity
            )
            total = quantity * 10_000
            await pay(session, order_id=order_id, customer_id=buyer, total_minor=total)
        more = await order_goods(session, customer_id=stranger, sku_id=scene.sku_id, shop_of=scene.guide, quantity=1)
        await pay(session, order_id=more, customer_id=stranger, total_minor=10_000)
        selves = await session.execute(
            sa.select(sa.func.count()).where(SaleRow.brand_id == scene.brand.id, SaleRow.is_self_purchase)
        )
        assert selves.scalar_one() == 1
    await database.run(scene.brand, rollups.rebuild)
    async with database.reading(scene.brand) as session:
        today = session.brand.day_of(session.now)
        rows = await breakdowns.breakdown(session, Scope(), Period(today, today), BreakdownBy.GUIDE, first=10)
    assert sum(row.net_minor for row in rows) == 120_000
    first, second = rows
    # What the stranger bought went to the guide who is bound to him: both sell the same but for the own purchase.
    assert {first.key, second.key} == {scene.guide.employee_id, own.employee_id}
    own_row = next(row for row in rows if row.key == own.employee_id)
    others = {row.key: row.net_minor - (90_000 if row.key == own.employee_id else 0) for row in rows}
    assert own_row.net_minor >= 90_000
    assert others[first.key] >= others[second.key]
    assert first.key == scene.guide.employee_id


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("Asia/Shanghai", "2026-03-02T00:00:00+08:00"),
        ("America/New_York", "2026-03-08T00:00:00-05:00"),
        ("America/New_York", "2026-03-09T00:00:00-04:00"),
        ("America/New_York", "2026-11-02T00:00:00-05:00"),
    ],
)
async def test_day_begins_at_midnight_of_the_brands_zone(database: Database, zone: str, midnight: str) -> None:
    begins = factories.at(midnight)
    scene = await factories.make_scene(
        database, price_minor=10_000, time_zone=zone, simulated_now=begins - timedelta(days=2)
    )
    instants = [begins - timedelta(microseconds=1), begins, begins + timedelta(hours=22, minutes=59)]
    for number, at in enumerate(instants, start=1):
        async with database.transaction(scene.brand, now=at) as session:
            buyer = await factories.make_customer(session)
            order_id = await order_goods(
                session, customer_id=buyer, sku_id=scene.sku_id, shop_of=scene.guide, quantity=number
            )
            await pay(session, order_id=order_id, customer_id=buyer, total_minor=number * 10_000)
    for event, event_id in await story.events_of(database, scene.brand):
        await story.apply(database, scene.brand, event, event_id)
    day = scene.brand.day_of(begins)
    assert day.isoformat() == midnight[:10]
    async with database.reading(scene.brand, now=begins) as session:
        period = Period(day - timedelta(days=1), day + timedelta(days=1))
        rows = await breakdowns.breakdown(session, Scope(), period, BreakdownBy.DAY, first=9)
        hours = await breakdowns.breakdown(session, Scope(), Period(day, day), BreakdownBy.HOUR, first=24)
        assert (await dashboard.today(session, Scope())).net_minor == 50_000
    assert [(row.key, row.orders, row.net_minor) for row in rows] == [
        (day - timedelta(days=1), 1, 10_000),
        (day, 2, 50_000),
        (day + timedelta(days=1), 0, 0),
    ]
    shift = int(zone == "America/New_York") * ({"2026-03-08": 1, "2026-11-01": -1}.get(day.isoformat(), 0))
    sold = {row.key: row.net_minor for row in hours if row.net_minor}
    assert sold == {0: 20_000, 22 + shift: 30_000}
    assert [row.key for row in hours] == list(range(24))


async def test_scope_is_the_own_branch_and_what_lies_outside_is_not_found(database: Database) -> None:
    tale = await story.begin(database, seed=1, now=BEGIN)
    a, b, a1, a2, b1 = tale.units
    inside, outside = tale.guides[0].employee_id, tale.guides[3].employee_id
    async with database.reading(tale.brand, now=tale.now) as session:
        manager, owner = await actor_of(session, a), await actor_of(session, None)
        assert await scopes.scope_of(session, owner) == Scope()
        assert await scopes.scope_of(session, owner, org_unit_id=a1) == Scope((a1,), a1)
        assert await scopes.scope_of(session, manager) == Scope((a,), a)
        assert await scopes.scope_of(session, manager, org_unit_id=a2, guide_id=inside) == Scope(
            (a, a2), a2, guide_id=inside
        )
        assert await scopes.scope_of(session, manager, store_id=tale.stores[0]) == Scope((a,), a, tale.stores[0])
        nobody = UUID(int=7)
        for wanted, wrong in (
            ({"org_unit_id": b}, "orgUnitId"),
            ({"org_unit_id": b1}, "orgUnitId"),
            ({"org_unit_id": tale.root_id}, "orgUnitId"),
            ({"org_unit_id": nobody}, "orgUnitId"),
            ({"store_id": tale.stores[2]}, "storeId"),
            ({"store_id": nobody}, "storeId"),
            ({"guide_id": outside}, "guideId"),
            ({"guide_id": nobody}, "guideId"),
        ):
            with pytest.raises(NotFound) as refused:
                await scopes.scope_of(session, manager, **wanted)
            assert (refused.value.key, refused.value.path) == ("not_found", (wrong,))
        guide = Actor(kind=ActorKind.EMPLOYEE, role="GUIDE", employee_id=inside, branch=manager.branch)
        customer = Actor(kind=ActorKind.CUSTOMER, customer_id=nobody)
        lost = Actor(kind=ActorKind.EMPLOYEE, role="MANAGER")
        for other in (guide, customer, lost):
            with pytest.raises(Forbidden):
                await scopes.scope_of(session, other)


async def test_manager_sees_no_change_of_what_happens_outside(database: Database) -> None:
    """Field by field: with every order, visit and refund of other branches taken away, a manager sees the same."""
    tale = await told(database, 5)
    async with database.reading(tale.brand, now=tale.now) as session:
        tables = await plain_rollups.computed(session)
        whole = Period(tale.brand.day_of(BEGIN), tale.brand.day_of(tale.now))
        differs = 0
        for unit in tale.units:
            scope = await scopes.scope_of(session, await actor_of(session, unit))
            inside = {
                name: {
                    key: figures
                    for key, figures in table.items()
                    if name == "rollup_first_order" or any(f"/{unit.hex}/" in str(part) for part in key)
                }
                for name, table in tables.items()
            }
            found = asdict(await dashboard.figures(session, scope, whole))
            del found["as_of"]
            assert found == plain_dashboard.figures(inside, Place((unit,)), whole.first, whole.last)
            differs += found["orders"] != asdict(await dashboard.figures(session, Scope(), whole))["orders"]
            for by in ANSWERED:
                rows = await breakdowns.breakdown(session, scope, whole, BreakdownBy(by), first=400)
                expected = plain_dashboard.broken_down(
                    inside, Place((unit,)), whole.first, whole.last, by=by, unit=unit, root=tale.root_id
                )
                assert {row.key for row in rows if by not in ("DAY", "HOUR")} <= set(expected)
                assert sum(row.net_minor for row in rows) == sum(net for _, _, net in expected.values())
        assert differs == len(tale.units)


@pytest.mark.parametrize("by", ["CAMPAIGN", "CHANNEL", "REGION"])
async def test_what_is_not_kept_is_not_broken_down_by(database: Database, scene: Scene, by: str) -> None:
    async with database.reading(scene.brand) as session:
        today = Period(date(2026, 3, 1), date(2026, 3, 1))
        with pytest.raises(InvalidInput) as refused:
            await breakdowns.breakdown(session, Scope(), today, BreakdownBy(by), first=5)
        assert refused.value.path == ("by",)
        for first in (0, -1, 401):
            with pytest.raises(InvalidInput):
                await breakdowns.breakdown(session, Scope(), today, BreakdownBy.DAY, first=first)
