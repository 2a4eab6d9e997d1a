"""Where an order's stock is held: sent from the warehouse or a store, fetched or taken where it lies; and rerouted."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission.values import Decision
from app.platform.actor import SYSTEM
from app.platform.db import Database
from app.platform.errors import InsufficientStock, InvalidInput, NotFound, WrongState
from app.platform.runtime import Runtime
from app.products import locations, stock
from app.products import reads as products
from app.trade import after_sale_decisions, after_sales, orders
from app.trade.models import OrderLineRow
from app.trade.payments import Booking
from app.trade.values import AfterSaleKind, FulfilmentMethod, LineRequest
from tests import factories
from tests.factories import Scene
from tests.trade import fulfilling, purchase
from tests.trade.fulfilling import Staffed
from tests.trade.placing import IN_STORE, assert_sound, leave, place_of, stocks


@pytest.fixture
async def staffed(database: Database, scene: Scene) -> Staffed:
    return await fulfilling.staff(database, scene)


async def test_pickup_is_held_and_sold_in_its_store_and_a_store_without_it_is_told(
    database: Database, staffed: Staffed
) -> None:
    await fulfilling.paid_pickup(database, staffed)
    assert await stocks(database, staffed) == [(100, 0), (100, 0), (99, 0)]
    await leave(database, staffed, 100, 100, 1)
    before = await purchase.footprint(database, staffed.brand)
    with pytest.raises(InsufficientStock) as caught:
        await purchase.make_order(
            database,
            staffed.scene,
            staffed.buyer,
            lines=[(staffed.scene.sku_id, 2)],
            fulfilment=FulfilmentMethod.PICKUP,
            pickup_store_id=staffed.west_store_id,
        )
    assert [(one.requested, one.available) for one in caught.value.shortages] == [(2, 1)]
    assert await purchase.footprint(database, staffed.brand) == before
    await assert_sound(database, staffed)


async def test_quote_says_which_way_it_can_be_had(database: Database, staffed: Staffed) -> None:
    await leave(database, staffed, 0, 0, 3)
    async with database.transaction(staffed.brand) as session:
        await locations.set_shipping(
            session, staffed.owner, location_id=staffed.west_store_id, ships_orders=False, now=session.now
        )

    mine, in_west = staffed.guide.shop_id, staffed.west_guide.shop_id
    assert mine is not None and in_west is not None

    async def is_available(pieces: int, method: FulfilmentMethod, in_shop: UUID = mine, **more: Any) -> bool:
        lines = [LineRequest(staffed.scene.sku_id, pieces)]
        async with database.reading(staffed.brand) as session:
            shop = await products.shop_facts(session, in_shop)
            assert shop is not None
            [line] = (await orders.quote(session, shop=shop, lines=lines, method=method, **more)).lines
        return line.is_available

    scene, west = staffed.scene.store_id, staffed.west_store_id
    assert not await is_available(1, FulfilmentMethod.DELIVERY)
    assert await is_available(3, FulfilmentMethod.PICKUP, pickup_store_id=west)
    assert not await is_available(4, FulfilmentMethod.PICKUP, pickup_store_id=west)
    assert not await is_available(1, FulfilmentMethod.PICKUP, pickup_store_id=scene)
    assert await is_available(3, FulfilmentMethod.PICKUP)
    assert await is_available(1, FulfilmentMethod.IN_STORE, in_west)
    assert not await is_available(1, FulfilmentMethod.IN_STORE)


async def test_sale_in_the_store_is_handed_over_by_its_payment(database: Database, staffed: Staffed) -> None:
    order_id = await purchase.make_order(database, staffed.scene, staffed.buyer, **IN_STORE)
    assert await stocks(database, staffed) == [(100, 0), (100, 1), (100, 0)]
    payment_id = await purchase.start(database, staffed.brand, staffed.buyer, order_id)
    assert await purchase.pay(database, staffed.brand, payment_id) is Booking.PAID
    assert await stocks(database, staffed) == [(100, 0), (99, 0), (100, 0)]
    async with database.reading(staffed.brand) as session:
        order = await purchase.order_row(session, order_id)
        [due_at] = await fulfilling.due_ats(session, order_id)
        assert await fulfilling.steps(session, order_id) == [("TAKE", "DELIVERED", "system")]
    assert (order.fulfilment, order.pickup_store_id) == ("IN_STORE", staffed.scene.store_id)
    assert (order.freight_minor, order.address, order.guide_id) == (0, None, staffed.scene.guide.employee_id)
    assert order.delivered_at == order.paid_at and order.shipped_at is None
    assert due_at is not None and due_at > order.delivered_at
    with pytest.raises(WrongState):
        await fulfilling.ship(database, staffed.brand, staffed.owner, order_id)
    await fulfilling.confirm(database, staffed.brand, staffed.buyer, order_id)
    assert await purchase.state_of(database, staffed.brand, order_id) == "COMPLETED"
    await assert_sound(database, staffed)


async def test_sale_in_the_store_is_in_no_other_store(database: Database, staffed: Staffed) -> None:
    for store_id in (staffed.west_store_id, UUID(int=1)):
        with pytest.raises(InvalidInput) as caught:
            await purchase.make_order(database, staffed.scene, staffed.buyer, pickup_store_id=store_id, **IN_STORE)
        assert caught.value.path == ("fulfilment", "pickupStoreId")
    unpaid = await purchase.make_order(
        database, staffed.scene, staffed.buyer, pickup_store_id=staffed.scene.store_id, **IN_STORE
    )
    async with database.transaction(staffed.brand) as session:
        await orders.cancel(session, staffed.buyer, order_id=unpaid, now=session.now)
    assert await stocks(database, staffed) == [(100, 0), (100, 0), (100, 0)]
    await assert_sound(database, staffed)


@pytest.mark.parametrize("seed", range(3))
async def test_last_piece_of_a_store_goes_to_a_pickup_or_a_sale_there_never_to_both(
    database: Database, staffed: Staffed, seed: int
) -> None:
    await leave(database, staffed, 0, 1, 0)
    fetch = {"fulfilment": FulfilmentMethod.PICKUP, "pickup_store_id": staffed.scene.store_id, "address": None}
    ways = [*[fetch, IN_STORE, {}, fetch, IN_STORE][seed:], {}]

    async def one(way: dict[str, Any]) -> bool:
        async def work(session: Any) -> bool:
            await purchase.place(session, staffed.scene, staffed.buyer, **dict(way))
            return True

        try:
            return await database.run(staffed.brand, work)
        except InsufficientStock:
            return False

    assert sum(await asyncio.gather(*(one(way) for way in ways))) == 1
    assert await stocks(database, staffed) == [(0, 0), (1, 1), (0, 0)]
    await assert_sound(database, staffed)


async def test_delivery_comes_from_the_warehouse_else_from_the_selling_store_else_from_another(
    database: Database, staffed: Staffed
) -> None:
    scene = staffed.scene
    for pieces, at in (((1, 9, 9), None), ((0, 1, 9), scene.store_id), ((0, 0, 1), staffed.west_store_id)):
        await leave(database, staffed, *pieces)
        order_id = await fulfilling.paid(database, staffed)
        async with database.reading(staffed.brand) as session:
            expected = at or await locations.shipping_location(session)
        assert await place_of(database, staffed, order_id) == (expected, False)
    with pytest.raises(InsufficientStock) as caught:
        await fulfilling.paid(database, staffed)
    assert [(one.requested, one.available) for one in caught.value.shortages] == [(1, 0)]
    await assert_sound(database, staffed)


async def test_who_loses_the_last_piece_of_the_warehouse_gets_it_from_a_store(
    database: Database, staffed: Staffed
) -> None:
    await leave(database, staffed, 1, 1, 0)

    async def one() -> bool:
        async def work(session: Any) -> UUID:
            return await purchase.place(session, staffed.scene, staffed.buyer)

        try:
            await database.run(staffed.brand, work)
        except InsufficientStock:
            return False
        return True

    assert sum(await asyncio.gather(*(one() for _ in range(6)))) == 2
    assert await stocks(database, staffed) == [(1, 1), (1, 1), (0, 0)]
    await assert_sound(database, staffed)


async def test_order_is_never_split(database: Database, staffed: Staffed) -> None:
    """Two SKUs, each in another place: no one place has both, and the first place's lack is told."""
    async with database.transaction(staffed.brand) as session:
        _, (other_id,) = await factories.make_product(session, stock=0)
        await factories.fill(session, staffed.scene.store_id, other_id, pieces=1)
    await leave(database, staffed, 5, 0, 0)
    lines = [(staffed.scene.sku_id, 1), (other_id, 1)]
    before = await purchase.footprint(database, staffed.brand)
    with pytest.raises(InsufficientStock) as caught:
        await purchase.make_order(database, staffed.scene, staffed.buyer, lines=lines)
    assert [(one.sku_id, one.available) for one in caught.value.shortages] == [(other_id, 0)]
    assert await purchase.footprint(database, staffed.brand) == before


async def test_return_is_in_stock_where_it_was_received(runtime: Runtime, staffed: Staffed) -> None:
    """Sent from the warehouse, brought to the scene's store, whose manager takes it in."""
    database = runtime.database
    order_id = await fulfilling.paid(database, staffed)
    await fulfilling.ship(database, staffed.brand, staffed.owner, order_id)
    await fulfilling.confirm(database, staffed.brand, staffed.buyer, order_id)
    async with database.reading(staffed.brand) as session:
        line_id = await session.scalar(
            sa.select(OrderLineRow.id).where(
                OrderLineRow.brand_id == session.brand_id, OrderLineRow.order_id == order_id
            )
        )
    assert line_id is not None
    async with database.transaction(staffed.brand) as session:
        after_sale_id = await after_sales.request(
            session,
            staffed.buyer,
            line_id=line_id,
            quantity=1,
            kind=AfterSaleKind.RETURN_AND_REFUND,
            reason="不合适",
            now=session.now,
        )
        await after_sale_decisions.decide(
            session, staffed.service, after_sale_id=after_sale_id, decision=Decision.APPROVE, now=session.now
        )
    with pytest.raises(NotFound):
        async with database.transaction(staffed.brand) as session:
            await after_sale_decisions.receive(
                session,
                staffed.manager,
                after_sale_id=after_sale_id,
                is_restocked=True,
                location_id=staffed.west_store_id,
                now=session.now,
            )
    async with database.transaction(staffed.brand) as session:
        await after_sale_decisions.receive(
            session,
            staffed.manager,
            after_sale_id=after_sale_id,
            is_restocked=True,
            location_id=staffed.scene.store_id,
            now=session.now,
        )
    assert await stocks(database, staffed) == [(99, 0), (101, 0), (100, 0)]
    await assert_sound(database, staffed)


async def test_quote_says_what_no_one_place_could_send_together(database: Database, staffed: Staffed) -> None:
    """One SKU lies in one store and the other in another: an order is never split."""
    scene = staffed.scene
    async with database.transaction(staffed.brand) as session:
        _, (other_sku,) = await factories.make_product(session, title="披肩", price_minor=100, skus=1, stock=0)
        await stock.adjust(
            session,
            SYSTEM,
            sku_id=other_sku,
            change=5,
            reason="到货",
            location_id=staffed.west_store_id,
            now=session.now,
        )
    await leave(database, staffed, 0, 5, 0)

    async def available(*sku_ids: UUID) -> list[bool]:
        async with database.reading(staffed.brand) as session:
            shop = await purchase.shop_of(session, scene)
            found = await orders.quote(session, shop=shop, lines=[LineRequest(sku_id, 1) for sku_id in sku_ids])
            return [line.is_available for line in found.lines]

    assert await available(scene.sku_id) == await available(other_sku) == [True]
    assert await available(scene.sku_id, other_sku) == [False, False]
    await leave(database, staffed, 0, 5, 1)
    assert await available(scene.sku_id, other_sku) == [True, True]
