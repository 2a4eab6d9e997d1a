"""An order that a place will not send goes to the next with its stock; after the last it waits for headquarters."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission.values import Decision
from app.platform.actor import SYSTEM, Actor
from app.platform.db import BrandSession, Database
from app.platform.errors import Forbidden, InsufficientStock, InvalidInput, NotFound, WrongState
from app.products import locations, stock
from app.products.models import StockMovementRow, StockRow
from app.products.values import StockLine
from app.trade import after_sale_decisions, after_sales, routing, shipments, staff_orders
from app.trade.models import MissingPieceRow, OrderLineRow, RerouteRow
from app.trade.values import AfterSaleKind
from tests import factories
from tests.factories import Scene
from tests.trade import fulfilling, purchase
from tests.trade.fulfilling import Staffed
from tests.trade.placing import assert_sound, leave, place_of, refuse, stocks


@pytest.fixture
async def staffed(database: Database, scene: Scene) -> Staffed:
    return await fulfilling.staff(database, scene)


async def test_refused_order_goes_from_place_to_place_and_waits_for_headquarters_after_the_last(
    database: Database, staffed: Staffed
) -> None:
    scene, west = staffed.scene.store_id, staffed.west_store_id
    await leave(database, staffed, 0, 5, 5)
    order_id = await fulfilling.paid(database, staffed)
    assert await stocks(database, staffed) == [(0, 0), (4, 0), (5, 0)]
    for stranger in (staffed.west_guide, staffed.west_manager, staffed.buyer):
        with pytest.raises(NotFound):
            await refuse(database, staffed, stranger, order_id)
    await refuse(database, staffed, staffed.colleague, order_id)
    assert await place_of(database, staffed, order_id) == (west, False)
    assert await stocks(database, staffed) == [(0, 0), (5, 0), (4, 0)]
    await assert_sound(database, staffed)
    with pytest.raises(NotFound):
        await refuse(database, staffed, staffed.guide, order_id)
    piece = [StockLine(staffed.scene.sku_id, 1)]
    with pytest.raises(Forbidden):
        await refuse(database, staffed, staffed.west_guide, order_id, missing=piece)
    for wrong in ([StockLine(staffed.scene.sku_id, 2)], [StockLine(staffed.scene.sku_id, 0)], piece * 2):
        with pytest.raises(InvalidInput):
            await refuse(database, staffed, staffed.west_manager, order_id, missing=wrong)
    await refuse(database, staffed, staffed.west_manager, order_id, missing=piece)
    assert await place_of(database, staffed, order_id) == (west, True)
    await assert_sound(database, staffed)
    with pytest.raises(WrongState):
        await refuse(database, staffed, staffed.west_guide, order_id)
    async with database.reading(staffed.brand) as session:
        for actor, number in ((staffed.owner, 1), (staffed.guide, 0), (staffed.west_manager, 1)):
            page = await staff_orders.sending_page(session, actor, is_stranded=True, limit=5, is_counted=True)
            assert ([one.id for one in page.orders], page.total) == ([order_id] * number, number)
    async with database.transaction(staffed.brand) as session:
        await routing.reroute(
            session, staffed.owner, order_id=order_id, location_id=scene, reason="请再找", now=session.now
        )
    # What was missing in the west is written off there.
    assert await place_of(database, staffed, order_id) == (scene, False)
    assert await stocks(database, staffed) == [(0, 0), (4, 0), (4, 0)]
    await fulfilling.ship(database, staffed.brand, staffed.guide, order_id)
    async with database.reading(staffed.brand) as session:
        rows = await session.execute(
            sa.select(RerouteRow.from_location_id, RerouteRow.to_location_id, MissingPieceRow.quantity)
            .outerjoin(
                MissingPieceRow,
                sa.and_(MissingPieceRow.brand_id == RerouteRow.brand_id, MissingPieceRow.reroute_id == RerouteRow.id),
            )
            .where(RerouteRow.brand_id == session.brand_id)
            .order_by(RerouteRow.id)
        )
        assert [tuple(row) for row in rows] == [(scene, west, None), (west, None, 1), (west, scene, None)]
        kinds = await session.scalars(
            sa.select(StockMovementRow.kind).where(
                StockMovementRow.brand_id == session.brand_id, StockMovementRow.order_id == order_id
            )
        )
        assert sorted(kinds) == ["REROUTED", "REROUTED", "SALE", "SALE", "SALE"]
    await assert_sound(database, staffed)


async def test_the_store_that_sends_sees_the_order_and_where_it_goes_and_its_seller_does_not_send_it(
    database: Database, staffed: Staffed
) -> None:
    await leave(database, staffed, 0, 0, 5)
    order_id = await fulfilling.paid(database, staffed)
    async with database.reading(staffed.brand) as session:
        for actor, number in (
            (staffed.west_guide, 1),
            (staffed.west_manager, 1),
            (staffed.owner, 1),
            (staffed.guide, 0),
            (staffed.manager, 0),
        ):
            page = await staff_orders.sending_page(session, actor, limit=5)
            assert len(page.orders) == number
        assert [one.id for one in (await staff_orders.page(session, staffed.west_manager, limit=5)).orders] == [
            order_id
        ]
    for actor in (staffed.guide, staffed.colleague, staffed.manager):
        with pytest.raises(NotFound):
            await fulfilling.ship(database, staffed.brand, actor, order_id)
    await fulfilling.ship(database, staffed.brand, staffed.west_guide, order_id)
    await assert_sound(database, staffed)


async def test_only_headquarters_choose_a_place_and_it_must_have_the_goods(
    database: Database, staffed: Staffed
) -> None:
    await leave(database, staffed, 5, 0, 5)
    order_id = await fulfilling.paid(database, staffed)

    async def reroute(actor: Actor, place_id: UUID) -> None:
        async with database.transaction(staffed.brand) as session:
            await routing.reroute(
                session, actor, order_id=order_id, location_id=place_id, reason="就近", now=session.now
            )

    for actor in (staffed.manager, staffed.west_guide, staffed.buyer):
        with pytest.raises(NotFound):
            await reroute(actor, staffed.west_store_id)
    with pytest.raises(InsufficientStock):
        await reroute(staffed.owner, staffed.scene.store_id)
    with pytest.raises(NotFound):
        await reroute(staffed.owner, UUID(int=1))
    async with database.reading(staffed.brand) as session:
        warehouse = await locations.shipping_location(session)
    with pytest.raises(WrongState):
        await reroute(staffed.owner, warehouse)
    assert await stocks(database, staffed) == [(4, 0), (0, 0), (5, 0)]
    await reroute(staffed.owner, staffed.west_store_id)
    await reroute(staffed.owner, warehouse)
    assert await stocks(database, staffed) == [(4, 0), (0, 0), (5, 0)]
    await fulfilling.ship(database, staffed.brand, staffed.owner, order_id)
    with pytest.raises(WrongState):
        await reroute(staffed.owner, staffed.west_store_id)
    await assert_sound(database, staffed)


async def test_refusals_shipping_and_orders_at_once_leave_every_piece_where_the_books_say(
    database: Database, staffed: Staffed
) -> None:
    await leave(database, staffed, 0, 3, 3)
    order_ids = [await fulfilling.paid(database, staffed) for _ in range(3)]

    async def attempt(work: Any) -> str:
        try:
            await database.run(staffed.brand, work)
        except (NotFound, WrongState, InsufficientStock) as fault:
            return type(fault).__name__
        return "done"

    async def refused(session: Any, order_id: UUID) -> None:
        await routing.refuse(session, staffed.owner, order_id=order_id, reason="缺", now=session.now)

    async def shipped(session: Any, order_id: UUID) -> None:
        await shipments.ship(session, staffed.owner, order_id=order_id, now=session.now)

    async def placed(session: Any, _: UUID) -> None:
        await purchase.place(session, staffed.scene, staffed.buyer)

    tries = [
        attempt(lambda session, step=step, order_id=order_id: step(session, order_id))
        for order_id in order_ids
        for step in (refused, placed, shipped)
    ]
    found = await asyncio.gather(*tries)
    assert found.count("done") >= 6
    total = sum(on_hand for on_hand, _ in await stocks(database, staffed))
    assert total == 3
    await assert_sound(database, staffed)


async def test_missing_pieces_of_an_order_that_is_refunded_unsent_are_not_on_sale_again(
    database: Database, staffed: Staffed
) -> None:
    await leave(database, staffed, 0, 5, 0)
    order_id = await fulfilling.paid(database, staffed)
    assert await stocks(database, staffed) == [(0, 0), (4, 0), (0, 0)]
    piece = [StockLine(staffed.scene.sku_id, 1)]
    await refuse(database, staffed, staffed.manager, order_id, missing=piece)
    assert await place_of(database, staffed, order_id) == (staffed.scene.store_id, True)
    async with database.transaction(staffed.brand) as session:
        lines = sa.select(OrderLineRow.id).where(
            OrderLineRow.brand_id == session.brand_id, OrderLineRow.order_id == order_id
        )
        after_sale_id = await after_sales.request(
            session,
            staffed.buyer,
            line_id=(await session.execute(lines)).scalar_one(),
            quantity=1,
            kind=AfterSaleKind.REFUND_ONLY,
            reason="不等了",
            now=session.now,
        )
        await after_sale_decisions.decide(
            session, staffed.service, after_sale_id=after_sale_id, decision=Decision.APPROVE, now=session.now
        )
    assert await stocks(database, staffed) == [(0, 0), (4, 0), (0, 0)]
    async with database.reading(staffed.brand) as session:
        moved = await session.execute(
            sa.select(StockMovementRow.kind, StockMovementRow.change, StockMovementRow.reason)
            .where(
                StockMovementRow.brand_id == session.brand_id, StockMovementRow.location_id == staffed.scene.store_id
            )
            .order_by(StockMovementRow.id.desc())
            .limit(2)
        )
        assert sorted(map(tuple, moved)) == [("ADJUSTMENT", -1, "找不到货"), ("RETURN", 1, None)]
    await assert_sound(database, staffed)


async def test_two_refused_orders_that_want_the_last_piece_of_the_next_store_both_get_an_answer(
    database: Database, staffed: Staffed
) -> None:
    await leave(database, staffed, 0, 5, 1)
    order_ids = [await fulfilling.paid(database, staffed) for _ in range(2)]

    async def give_up(order_id: UUID) -> None:
        async def work(session: BrandSession) -> None:
            await routing.refuse(session, staffed.colleague, order_id=order_id, reason="找不到货", now=session.now)

        await database.run(staffed.brand, work)

    await asyncio.gather(*map(give_up, order_ids))
    west, own = staffed.west_store_id, staffed.scene.store_id
    places = [await place_of(database, staffed, order_id) for order_id in order_ids]
    assert sorted(places, key=str) == sorted([(west, False), (own, True)], key=str)
    assert (await stocks(database, staffed))[2] == (0, 0)
    await assert_sound(database, staffed)


async def test_only_the_missing_pieces_are_written_off_and_the_rest_is_in_stock_again(
    database: Database, staffed: Staffed
) -> None:
    """Of two SKUs three pieces each are to be sent; one piece of the first is not there."""
    brand, store, west = staffed.brand, staffed.scene.store_id, staffed.west_store_id
    async with database.transaction(brand) as session:
        _, [other] = await factories.make_product(session, stock=0)
        for location_id in (store, west):
            await stock.adjust(
                session, SYSTEM, sku_id=other, change=5, reason="到货", location_id=location_id, now=session.now
            )
    await leave(database, staffed, 0, 5, 5)
    order_id = await fulfilling.paid(database, staffed, lines=[(staffed.scene.sku_id, 3), (other, 3)])
    await refuse(database, staffed, staffed.manager, order_id, missing=[StockLine(staffed.scene.sku_id, 1)])
    async with database.reading(brand) as session:
        rows = await session.execute(
            sa.select(StockRow.location_id, StockRow.sku_id, StockRow.on_hand).where(
                StockRow.brand_id == brand.id, StockRow.location_id.in_([store, west])
            )
        )
        on_hand = {(row[0], row[1]): row[2] for row in rows}
    assert on_hand == {
        (store, staffed.scene.sku_id): 4,
        (store, other): 5,
        (west, staffed.scene.sku_id): 2,
        (west, other): 2,
    }
    await assert_sound(database, staffed)
