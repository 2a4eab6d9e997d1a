"""Templates in force charge orders by the region and the weight; a brand without one keeps the flat fee."""

import dataclasses
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.db import BrandSession, Database
from app.platform.errors import Forbidden, InvalidInput, PriceChanged
from app.products import catalogue
from app.products.values import PriceChange
from app.trade import freight, invariants, orders
from app.trade.basket import Basket
from app.trade.freight_models import OrderFreightRow
from app.trade.freight_values import ChargedBy, FreightRate, FreightTerms, Region
from app.trade.models import OrderRow
from app.trade.values import FulfilmentMethod, LineRequest
from tests.factories import ADDRESS as ADDRESS_WORDS
from tests.factories import Scene
from tests.marketing.couponing import guide_actor
from tests.trade import purchase, quoting

ADDRESS = purchase.ADDRESS
TERMS = FreightTerms(
    ChargedBy.WEIGHT,
    800,
    (
        FreightRate((), True, 1_000, 800, 1_000, 200, 50_000),
        FreightRate(("新疆", "西藏"), True, 1_000, 2_200, 500, 1_000),
        FreightRate(("香港", "澳门", "台湾"), is_delivered=False),
    ),
)


async def publish(database: Database, scene: Scene, terms: FreightTerms = TERMS, **more: Any) -> UUID:
    async with database.transaction(scene.brand, now=more.pop("at", None)) as session:
        actor = more.pop("actor", SYSTEM)
        return await freight.publish(session, actor, name="全国", terms=terms, now=session.now, **more)


async def quote(database: Database, scene: Scene, pieces: int = 1, **more: Any) -> Basket:
    async with database.reading(scene.brand, now=more.pop("now", None)) as session:
        shop = await purchase.shop_of(session, scene)
        return await orders.quote(session, shop=shop, lines=[LineRequest(scene.sku_id, pieces)], **more)


async def weigh(database: Database, scene: Scene, grams: int | None) -> None:
    async with database.transaction(scene.brand) as session:
        await catalogue.update_product(
            session,
            SYSTEM,
            product_id=scene.product_id,
            prices=[PriceChange(scene.sku_id, weight_grams=grams)],
            now=session.now,
        )


async def charges(session: BrandSession) -> list[Any]:
    rows = sa.select(OrderFreightRow).where(OrderFreightRow.brand_id == session.brand_id)
    return list((await session.scalars(rows)).all())


async def test_freight_goes_by_weight_and_region_and_the_order_keeps_how(database: Database, scene: Scene) -> None:
    template_id = await publish(database, scene)
    assert (await quote(database, scene)).freight.fee_minor == 800
    await weigh(database, scene, 1_100)
    two = await quote(database, scene, 2, region=Region("新疆", "喀什"))
    assert (two.freight.fee_minor, two.totals.freight_minor, two.freight.is_estimate) == (
        2_200 + 3 * 1_000,
        5_200,
        False,
    )
    unknown = await quote(database, scene, 2)
    assert (unknown.freight.fee_minor, unknown.freight.is_estimate) == (800 + 2 * 200, True)
    free = await quote(database, scene, 4, region=Region("上海市", "上海市"))
    assert (free.totals.goods_minor >= 50_000, free.freight.fee_minor) == (True, 0)
    fetched = await quote(database, scene, 2, method=FulfilmentMethod.PICKUP)
    assert fetched.freight.fee_minor == 0
    buyer = await purchase.make_buyer(database, scene.brand)
    far = dataclasses.replace(ADDRESS, province="西藏自治区", city="拉萨市")
    order_id = await purchase.make_order(database, scene, buyer, lines=[(scene.sku_id, 2)], address=far)
    async with database.reading(scene.brand) as session:
        order = await purchase.order_row(session, order_id)
        [charge] = await charges(session)
    assert (order.freight_minor, order.total_minor) == (5_200, order.subtotal_minor + 5_200)
    assert (charge.order_id, charge.template_id, charge.rate, charge.units) == (order_id, template_id, 1, 2_200)


async def test_where_nothing_is_sent_is_said_at_the_quote_and_at_the_order(database: Database, scene: Scene) -> None:
    await publish(database, scene)
    buyer = await purchase.make_buyer(database, scene.brand)
    for province, key in (("台湾", "region_not_delivered"), ("桃花源", "region_unknown")):
        with pytest.raises(InvalidInput) as refused:
            await quote(database, scene, region=Region(province, "某市"))
        assert (refused.value.key, refused.value.path) == (key, ("fulfilment", "address", "province"))
        with pytest.raises(InvalidInput) as refused:
            await purchase.make_order(
                database, scene, buyer, address=dataclasses.replace(ADDRESS, province=province, city="某市")
            )
        assert refused.value.key == key
    async with database.reading(scene.brand) as session:
        assert await purchase.count(session, OrderRow) == 0
        assert await charges(session) == []


async def test_an_estimate_is_no_promise_of_a_total(database: Database, scene: Scene) -> None:
    await publish(database, scene)
    buyer = await purchase.make_buyer(database, scene.brand)
    seen = (await quote(database, scene)).totals.total_minor
    far = dataclasses.replace(ADDRESS, province="新疆", city="喀什")
    with pytest.raises(PriceChanged) as refused:
        await purchase.make_order(database, scene, buyer, address=far, expected_total_minor=seen)
    assert refused.value.total_minor == seen - 800 + 2_200


async def test_a_quotation_is_accepted_with_the_freight_of_its_address(database: Database, scene: Scene) -> None:
    await publish(database, scene)
    buyer = await purchase.make_buyer(database, scene.brand)
    quotation_id = await quoting.quote(database, scene, guide_actor(scene))
    far = dataclasses.replace(ADDRESS, province="新疆", city="喀什")
    nowhere = dataclasses.replace(ADDRESS, province="台湾", city="台北")

    def accept(**more: Any) -> Any:
        return quoting.accept(database, scene.brand, buyer, quotation_id, **more)

    fault = await quoting.refused(database, scene.brand, accept(address=nowhere))
    assert (fault.key, fault.path) == ("region_not_delivered", freight.AT)
    fault = await quoting.refused(database, scene.brand, accept(address=far, expected_total_minor=25_800 + 800))
    assert isinstance(fault, PriceChanged) and fault.total_minor == 25_800 + 2_200 + 2 * 1_000
    order_id = await accept(address=far, expected_total_minor=fault.total_minor)
    async with database.reading(scene.brand) as session:
        order = await purchase.order_row(session, order_id)
        [charge] = await charges(session)
    assert (order.subtotal_minor, order.freight_minor) == (25_800, fault.total_minor - 25_800)
    assert (charge.order_id, charge.rate, charge.units) == (order_id, 1, 1_600)


async def test_without_a_template_orders_cost_the_flat_fee_and_take_as_many_statements(
    database: Database, scene: Scene
) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    counts = []
    for _ in range(2):
        with purchase.counted(database) as seen:
            await purchase.make_order(database, scene, buyer)
        counts.append(len(seen))
        await publish(database, scene)
    assert counts[0] == counts[1]
    async with database.reading(scene.brand) as session:
        assert len(await charges(session)) == 1
    other = (await quote(database, scene, now=None)).freight
    assert other.template_id is not None


async def test_later_versions_take_the_place_of_all_before(database: Database, scene: Scene) -> None:
    await publish(database, scene)
    async with database.reading(scene.brand) as session:
        now = session.now
    piece = FreightTerms(ChargedBy.PIECE, 1, (FreightRate((), True, 1, 500, 1, 100),))
    await publish(database, scene, piece, starts_at=now + timedelta(days=7))
    assert (await quote(database, scene)).freight.fee_minor == 800
    assert (await quote(database, scene, 3, now=now + timedelta(days=8))).freight.fee_minor == 700
    await publish(database, scene, TERMS, starts_at=now + timedelta(days=1))
    assert (await quote(database, scene, 3, now=now + timedelta(days=8))).freight.fee_minor == 800 + 2 * 200
    async with database.reading(scene.brand) as session:
        assert [one.template.version for one in await freight.page(session, limit=5)] == [3, 2, 1]
        assert [one.template.version for one in await freight.page(session, limit=5, before=3)] == [2, 1]
        in_force = await freight.in_force(session)
    assert in_force is not None
    assert (in_force.template.version, in_force.template.rates[1].regions) == (1, ("新疆维吾尔自治区", "西藏自治区"))


async def test_only_headquarters_publishes_and_only_what_makes_sense(database: Database, scene: Scene) -> None:
    manager = Actor(kind=ActorKind.EMPLOYEE, employee_id=scene.guide.employee_id, role="MANAGER")
    with pytest.raises(Forbidden):
        await publish(database, scene, actor=manager)
    with pytest.raises(InvalidInput) as refused:
        await publish(database, scene, FreightTerms(ChargedBy.WEIGHT, 1, (FreightRate(("火星",)),)))
    assert (refused.value.key, refused.value.path) == ("freight_region_unknown", ("rates", "0", "regions", "0"))
    async with database.reading(scene.brand) as session:
        before = session.now - timedelta(seconds=1)
    with pytest.raises(InvalidInput) as refused:
        await publish(database, scene, starts_at=before)
    assert refused.value.path == ("startsAt",)
    async with database.reading(scene.brand) as session:
        assert await freight.count(session) == 0


async def test_freight_that_is_not_its_templates_is_found(database: Database, scene: Scene) -> None:
    await publish(database, scene)
    buyer = await purchase.make_buyer(database, scene.brand)
    await purchase.make_order(database, scene, buyer)
    check = invariants.CHECKS["freight is as its template says"]
    async with database.reading(scene.brand) as session:
        assert await check(session) == []
        changed = {"freight_minor": OrderRow.freight_minor + 1, "total_minor": OrderRow.total_minor + 1}
        await session.execute(
            sa.update(OrderRow)
            .where(OrderRow.brand_id == scene.brand.id)
            .values(changed)
            .execution_options(synchronize_session=False)
        )
        assert len(await check(session)) == 1
    assert ADDRESS_WORDS["province"]
