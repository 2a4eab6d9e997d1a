"""The lists that staff work with: scope, filters, search, paging, and their counts."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.platform.actor import ANONYMOUS, Actor
from app.platform.db import Database
from app.platform.errors import Forbidden, InvalidInput
from app.trade import order_scopes, reads, staff_orders
from app.trade.models import OrderRow
from app.trade.staff_orders import OrderFilter
from app.trade.values import FulfilmentMethod, OrderState
from tests import factories
from tests.factories import Scene
from tests.trade import fulfilling, purchase
from tests.trade.fulfilling import Staffed


@pytest.fixture
async def staffed(database: Database, scene: Scene) -> Staffed:
    return await fulfilling.staff(database, scene)


async def listed(
    database: Database, staffed: Staffed, narrowed: OrderFilter = staff_orders.ALL, actor: Actor | None = None
) -> list[UUID]:
    """The whole list in its order, read three at a time; its count agrees."""
    found: list[UUID] = []
    async with database.reading(staffed.brand) as session:
        while True:
            page = await staff_orders.page(
                session,
                actor or staffed.owner,
                narrowed=narrowed,
                limit=3,
                after=found[-1] if found else None,
                is_counted=True,
            )
            found += [order.id for order in page.orders]
            if len(page.orders) < 3:
                assert page.total == len(found)
                return found


async def number_of(database: Database, staffed: Staffed, order_id: UUID) -> str:
    async with database.reading(staffed.brand) as session:
        return str((await purchase.order_row(session, order_id)).number)


async def west_order(database: Database, staffed: Staffed) -> UUID:
    """An order in the shop of the other area's guide, by a customer of his."""
    west = factories.Staff(staffed.west_guide.employee_id or staffed.west_store_id, staffed.west_guide.shop_id)
    stranger = await purchase.make_buyer(database, staffed.brand)
    return await purchase.make_order(database, staffed.scene, stranger, shop_of=west)


async def test_headquarters_see_every_order_newest_first_and_a_manager_the_own_branch(
    database: Database, staffed: Staffed
) -> None:
    east = [await purchase.make_order(database, staffed.scene, staffed.buyer) for _ in range(4)]
    west = await west_order(database, staffed)
    fetched = await fulfilling.paid_pickup(database, staffed)
    every = [fetched, west, *reversed(east)]
    for actor in (staffed.owner, staffed.headquarters, staffed.service):
        assert await listed(database, staffed, actor=actor) == every
    # The pickup is the east's sale; that it is fetched in the west makes it no order of the west's.
    assert await listed(database, staffed, actor=staffed.manager) == [fetched, *reversed(east)]
    assert await listed(database, staffed, actor=staffed.west_manager) == [west]
    async with database.reading(staffed.brand) as session:
        for actor in (staffed.guide, staffed.buyer, ANONYMOUS):
            with pytest.raises(Forbidden):
                await staff_orders.page(session, actor, limit=3)


async def test_filters_narrow_alone_and_together(database: Database, staffed: Staffed) -> None:
    scene, owner = staffed.scene, staffed.owner
    waiting = await purchase.make_order(database, scene, staffed.buyer)
    paid = await fulfilling.paid(database, staffed)
    sent = await fulfilling.paid(database, staffed)
    await fulfilling.ship(database, staffed.brand, owner, sent)
    west = await west_order(database, staffed)
    assert staffed.west_guide.employee_id is not None
    for narrowed, expected in (
        (OrderFilter(states=[OrderState.PAID]), [paid]),
        (OrderFilter(states=[OrderState.PENDING_PAYMENT, OrderState.SHIPPED]), [west, sent, waiting]),
        (OrderFilter(states=[OrderState.CLOSED]), []),
        (OrderFilter(store_id=scene.store_id), [sent, paid, waiting]),
        (OrderFilter(store_id=staffed.west_store_id), [west]),
        (OrderFilter(guide_id=scene.guide.employee_id), [sent, paid, waiting]),
        (OrderFilter(guide_id=staffed.west_guide.employee_id), [west]),
        (OrderFilter(guide_id=scene.other_guide.employee_id), []),
        (OrderFilter(states=[OrderState.PENDING_PAYMENT], store_id=scene.store_id), [waiting]),
    ):
        assert await listed(database, staffed, narrowed) == expected, narrowed


async def test_placed_from_is_included_and_placed_to_is_not(database: Database, staffed: Staffed) -> None:
    async with database.reading(staffed.brand) as session:
        noon = session.now.replace(microsecond=0) - timedelta(hours=3)
    instants = [noon + timedelta(microseconds=step) for step in (-1, 0, 1, 999, 1_000, 60_000_000)]
    ids = []
    for instant in instants:
        async with database.transaction(staffed.brand, now=instant) as session:
            ids.append(await purchase.place(session, staffed.scene, staffed.buyer))
    for start in range(len(instants)):
        assert await listed(database, staffed, OrderFilter(placed_from=instants[start])) == ids[start:][::-1]
        assert await listed(database, staffed, OrderFilter(placed_to=instants[start])) == ids[:start][::-1]
    between = OrderFilter(placed_from=instants[1], placed_to=instants[4])
    assert await listed(database, staffed, between) == ids[1:4][::-1]
    ancient, far = factories.at("0001-01-01T00:00:00+00:00"), factories.at("9999-12-31T23:59:59.999999+00:00")
    assert await listed(database, staffed, OrderFilter(placed_from=ancient, placed_to=far)) == ids[::-1]
    assert await listed(database, staffed, OrderFilter(placed_from=far)) == []
    assert await listed(database, staffed, OrderFilter(placed_to=ancient)) == []


async def test_search_finds_by_number_by_whole_phone_and_by_its_last_digits(
    database: Database, staffed: Staffed
) -> None:
    brand, phone = staffed.brand, factories.next_phone()
    async with database.transaction(brand) as session:
        buyer = purchase.customer_actor(await factories.make_customer(session, phone=phone))
    by_phone = await purchase.make_order(database, staffed.scene, buyer)
    other = await purchase.make_order(database, staffed.scene, staffed.buyer)
    number = await number_of(database, staffed, other)
    # Numbers are random: make sure that only the one in question begins so.
    async with database.transaction(brand) as session:
        for order_id, digits in ((by_phone, "511122223333"), (other, "987654321098")):
            await session.execute(
                sa.update(OrderRow)
                .where(OrderRow.brand_id == brand.id, OrderRow.id == order_id)
                .values(number=digits)
                .execution_options(synchronize_session=False)
            )
    assert len(number) == 12
    for search, expected in (
        ("987654321098", [other]),
        ("987", [other]),
        ("９８７６", [other]),
        ("5", [by_phone]),
        ("98765432109", [other]),
        ("987654321099", []),
        (phone, [by_phone]),
        (f"+86{phone}", [by_phone]),
        (f" {phone[:3]} {phone[3:7]}-{phone[7:]} ", [by_phone]),
        (phone[-4:], [by_phone]),
        ("  ", [other, by_phone]),
    ):
        assert await listed(database, staffed, OrderFilter(search=search)) == expected, search
    # A search goes no further than the scope and the other filters.
    assert await listed(database, staffed, OrderFilter(search=phone), staffed.west_manager) == []
    assert await listed(database, staffed, OrderFilter(search=phone, states=[OrderState.PAID])) == []
    for nonsense in ("王", "1234567890123", "12a", phone[:9] + "x"):
        with pytest.raises(InvalidInput) as caught:
            await listed(database, staffed, OrderFilter(search=nonsense))
        assert (caught.value.key, caught.value.path) == ("order_search_form", ("filter", "search"))


async def test_phone_of_another_brands_customer_finds_nothing(database: Database, staffed: Staffed) -> None:
    other = await fulfilling.staff(database, await factories.make_scene(database))
    phone = factories.next_phone()
    async with database.transaction(other.brand) as session:
        buyer = purchase.customer_actor(await factories.make_customer(session, phone=phone))
    order_id = await purchase.make_order(database, other.scene, buyer)
    assert await listed(database, other, OrderFilter(search=phone)) == [order_id]
    assert await listed(database, staffed, OrderFilter(search=phone)) == []


async def test_more_orders_than_are_counted_have_no_total(
    database: Database, staffed: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await purchase.make_order(database, staffed.scene, staffed.buyer)
    async with database.reading(staffed.brand) as session:
        for most, total in ((3, 3), (2, None)):
            monkeypatch.setattr(staff_orders, "COUNTED", most)
            page = await staff_orders.page(session, staffed.owner, limit=2, is_counted=True)
            assert (len(page.orders), page.total) == (2, total)
        assert (await staff_orders.page(session, staffed.owner, limit=2)).total is None


# --- to be fetched


async def pickups_of(database: Database, staffed: Staffed, actor: Actor, search: str | None = None) -> list[UUID]:
    async with database.reading(staffed.brand) as session:
        page = await staff_orders.pickup_page(session, actor, search=search, limit=9, is_counted=True)
    assert page.total == len(page.orders)
    return [order.id for order in page.orders]


async def test_counter_sees_what_waits_there_oldest_first_and_finds_it_by_number(
    database: Database, staffed: Staffed
) -> None:
    scene, brand = staffed.scene, staffed.brand
    first, second = [await fulfilling.paid_pickup(database, staffed) for _ in range(2)]
    here = await fulfilling.paid_pickup(database, staffed, scene.store_id)
    gone = await fulfilling.paid_pickup(database, staffed)
    await purchase.make_order(
        database, scene, staffed.buyer, fulfilment=FulfilmentMethod.PICKUP, pickup_store_id=staffed.west_store_id
    )
    await fulfilling.paid(database, staffed)
    for order_id in (first, gone):
        await fulfilling.make_ready(database, brand, staffed.west_guide, order_id)
    await fulfilling.hand_over(database, brand, staffed.west_guide, gone)
    for actor, expected in (
        (staffed.west_guide, [first, second]),
        (staffed.west_manager, [first, second]),
        (staffed.guide, [here]),
        (staffed.colleague, [here]),
        (staffed.manager, [here]),
        (staffed.headquarters, [first, second, here]),
        (staffed.buyer, []),
        (ANONYMOUS, []),
    ):
        assert await pickups_of(database, staffed, actor) == expected
    number = await number_of(database, staffed, second)
    assert await pickups_of(database, staffed, staffed.west_guide, number) == [second]
    assert await pickups_of(database, staffed, staffed.guide, number) == []


# --- who sees what


async def test_pickup_store_sees_the_paid_order_and_whose_it_is_but_not_the_sale(
    database: Database, staffed: Staffed
) -> None:
    scene = staffed.scene
    unpaid = await purchase.make_order(
        database, scene, staffed.buyer, fulfilment=FulfilmentMethod.PICKUP, pickup_store_id=staffed.west_store_id
    )
    paid = await fulfilling.paid_pickup(database, staffed)
    async with database.reading(staffed.brand) as session:
        for actor in (staffed.west_guide, staffed.west_manager):
            found = await reads.orders_by_id(session, actor, [unpaid, paid])
            assert set(found) == {paid}
            order = found[paid]
            assert order_scopes.may_see_customer(actor, order, order.pickup_branch)
            assert not order_scopes.may_see_winner(actor, order)
            assert not order_scopes.may_see_shop(actor, order, order.shop_id)
            assert (order.pickup_store_name, order.store_name) == ("春熙路店", "人民广场店")


async def test_colleague_of_the_store_sees_what_is_to_be_sent_but_not_who_bought(
    database: Database, staffed: Staffed
) -> None:
    unpaid = await purchase.make_order(database, staffed.scene, staffed.buyer)
    paid = await fulfilling.paid(database, staffed)
    async with database.reading(staffed.brand) as session:
        found = await reads.orders_by_id(session, staffed.colleague, [unpaid, paid])
        assert set(found) == {paid}
        order = found[paid]
        assert not order_scopes.may_see_customer(staffed.colleague, order, order.pickup_branch)
        assert order_scopes.may_see_winner(staffed.colleague, order)
        assert not order_scopes.may_see_shop(staffed.colleague, order, order.shop_id)
        assert await reads.orders_by_id(session, staffed.west_guide, [unpaid, paid]) == {}
