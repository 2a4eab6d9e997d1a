"""Shipping: by whom, from which states, with what trail; refused while a refund may take the goods away."""

import pytest

from app.platform.actor import Actor
from app.platform.db import Database
from app.platform.errors import InvalidInput, NotFound, WrongState
from app.trade import after_sale_reads, moves, orders, shipments
from app.trade.models import OrderRow
from tests import factories
from tests.factories import Scene
from tests.trade import fulfilling, purchase
from tests.trade.fulfilling import Staffed


@pytest.fixture
async def staffed(database: Database, scene: Scene) -> Staffed:
    return await fulfilling.staff(database, scene)


async def test_paid_order_is_shipped_in_two_moves_with_a_parcel(database: Database, staffed: Staffed) -> None:
    order_id = await fulfilling.paid(database, staffed)
    await fulfilling.ship(
        database, staffed.brand, staffed.guide, order_id, carrier=" 顺丰 ", tracking_number="SF1234567890"
    )
    async with database.reading(staffed.brand) as session:
        order = await purchase.order_row(session, order_id)
        [parcel] = await fulfilling.parcels(session, order_id)
        by = f"employee:{staffed.guide.employee_id}"
        assert await fulfilling.steps(session, order_id) == [("FULFIL", "FULFILLING", by), ("SHIP", "SHIPPED", by)]
        assert await fulfilling.due_ats(session, order_id) == [None]
    assert (order.state, order.delivered_at, order.completed_at) == ("SHIPPED", None, None)
    assert (parcel.carrier, parcel.tracking_number, parcel.shipped_by) == ("顺丰", "SF1234567890", by)
    assert order.shipped_at == parcel.shipped_at is not None
    await purchase.assert_sound(database, staffed.brand)


async def test_carrier_and_number_may_be_left_out_and_are_lines_of_sixty_characters(
    database: Database, staffed: Staffed
) -> None:
    order_id = await fulfilling.paid(database, staffed)
    for field, text, key in (
        ("carrier", "顺" * 61, "text_too_long"),
        ("tracking_number", "S" * 61, "text_too_long"),
        ("carrier", "顺\n丰", "text_form"),
    ):
        with pytest.raises(InvalidInput) as caught:
            await fulfilling.ship(database, staffed.brand, staffed.guide, order_id, **{field: text})
        assert (caught.value.key, caught.value.path) == (
            key,
            ("trackingNumber" if field == "tracking_number" else field,),
        )
    assert await purchase.state_of(database, staffed.brand, order_id) == "PAID"
    await fulfilling.ship(database, staffed.brand, staffed.guide, order_id, carrier="  ", tracking_number="S" * 60)
    async with database.reading(staffed.brand) as session:
        [parcel] = await fulfilling.parcels(session, order_id)
    assert (parcel.carrier, parcel.tracking_number) == (None, "S" * 60)


async def test_who_may_ship_is_the_store_its_branch_and_those_above(database: Database, staffed: Staffed) -> None:
    may: list[Actor] = [
        staffed.guide,
        staffed.colleague,
        staffed.manager,
        staffed.headquarters,
        staffed.service,
        staffed.owner,
    ]
    order_id = await fulfilling.paid(database, staffed)
    for actor in (staffed.west_guide, staffed.west_manager, staffed.buyer):
        with pytest.raises(NotFound):
            await fulfilling.ship(database, staffed.brand, actor, order_id)
    async with database.reading(staffed.brand) as session:
        assert await fulfilling.steps(session, order_id) == []
        assert await fulfilling.parcels(session, order_id) == []
    for actor in may:
        await fulfilling.ship(database, staffed.brand, actor, await fulfilling.paid(database, staffed))
    await purchase.assert_sound(database, staffed.brand)


async def test_order_of_another_brand_is_not_found(database: Database, staffed: Staffed) -> None:
    order_id = await fulfilling.paid(database, staffed)
    stranger = await factories.make_scene(database)
    with pytest.raises(NotFound):
        await fulfilling.ship(database, stranger.brand, staffed.owner, order_id)


async def test_unpaid_cancelled_shipped_and_fetched_orders_are_not_shipped(
    database: Database, staffed: Staffed
) -> None:
    brand = staffed.brand
    unpaid, cancelled = [await purchase.make_order(database, staffed.scene, staffed.buyer) for _ in range(2)]
    async with database.transaction(brand) as session:
        await orders.cancel(session, staffed.buyer, order_id=cancelled, now=session.now)
    shipped, received = await fulfilling.paid(database, staffed), await fulfilling.paid(database, staffed)
    for order_id in (shipped, received):
        await fulfilling.ship(database, brand, staffed.owner, order_id)
    await fulfilling.confirm(database, brand, staffed.buyer, received)
    fetched = await fulfilling.paid_pickup(database, staffed)
    for order_id, state in (
        (unpaid, "PENDING_PAYMENT"),
        (cancelled, "CANCELLED"),
        (shipped, "SHIPPED"),
        (received, "COMPLETED"),
        (fetched, "PAID"),
    ):
        with pytest.raises(WrongState) as caught:
            await fulfilling.ship(database, brand, staffed.owner, order_id)
        assert caught.value.state == state
        assert await purchase.state_of(database, brand, order_id) == state
    await purchase.assert_sound(database, brand)


async def test_open_after_sale_and_nothing_left_stop_the_parcel(
    database: Database, staffed: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await fulfilling.paid(database, staffed)

    async def none_left(*_: object) -> bool:
        return False

    with monkeypatch.context() as patch:
        fulfilling.open_after_sales(patch, order_id)
        with pytest.raises(WrongState):
            await fulfilling.ship(database, staffed.brand, staffed.owner, order_id)
    with monkeypatch.context() as patch:
        patch.setattr(after_sale_reads, "has_pieces_left", none_left)
        with pytest.raises(WrongState):
            await fulfilling.ship(database, staffed.brand, staffed.owner, order_id)
    async with database.reading(staffed.brand) as session:
        assert await fulfilling.steps(session, order_id) == []
        assert await fulfilling.parcels(session, order_id) == []
    await fulfilling.ship(database, staffed.brand, staffed.owner, order_id)


async def test_order_that_is_being_fulfilled_is_shipped_in_one_move(database: Database, staffed: Staffed) -> None:

    order_id = await fulfilling.paid(database, staffed)
    async with database.transaction(staffed.brand) as session:
        order = await moves.lock_order(session, OrderRow.id == order_id)
        assert order is not None
        for _ in range(2):
            order = await shipments.start_fulfilling(session, order, actor=staffed.manager, now=session.now)
    await fulfilling.ship(database, staffed.brand, staffed.guide, order_id)
    async with database.reading(staffed.brand) as session:
        assert [step[:2] for step in await fulfilling.steps(session, order_id)] == [
            ("FULFIL", "FULFILLING"),
            ("SHIP", "SHIPPED"),
        ]
