"""Goods between places: stock leaves when they are sent, arrives when received, and no piece is lost silently."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from app.platform.actor import SYSTEM, Actor
from app.platform.db import Database
from app.platform.errors import Forbidden, InsufficientStock, InvalidInput, NotFound, UserFault, WrongState
from app.products import invariants, locations, reads, stock, stock_reads, transfers
from app.products.values import LocationKind, StockLine, TransferState
from app.trade.values import FulfilmentMethod
from tests import factories
from tests.factories import Scene
from tests.trade import fulfilling, purchase
from tests.trade.fulfilling import Staffed


@pytest.fixture
async def staffed(database: Database, scene: Scene) -> Staffed:
    return await fulfilling.staff(database, scene)


async def ask(database: Database, staffed: Staffed, actor: Actor, pieces: int = 10) -> UUID:
    """A transfer from the west's store to the scene's."""
    async with database.transaction(staffed.brand) as session:
        return await transfers.request(
            session,
            actor,
            from_id=staffed.west_store_id,
            to_id=staffed.scene.store_id,
            lines=[StockLine(staffed.scene.sku_id, pieces)],
            note="周末备货",
            now=session.now,
        )


async def do(database: Database, staffed: Staffed, step: Any, actor: Actor, transfer_id: UUID, **more: Any) -> None:
    async with database.transaction(staffed.brand) as session:
        await step(session, actor, transfer_id=transfer_id, now=session.now, **more)


async def stocks(database: Database, staffed: Staffed) -> list[tuple[int, int]]:
    """On hand and reserved at the shipping location, in the west's store, in the scene's."""
    return [
        await purchase.stock_of(database, staffed.brand, staffed.scene.sku_id, location_id=place)
        for place in (None, staffed.west_store_id, staffed.scene.store_id)
    ]


async def assert_sound(database: Database, staffed: Staffed) -> None:
    async with database.reading(staffed.brand) as session:
        broken = {name: lines for name, check in invariants.CHECKS.items() if (lines := await check(session))}
    assert broken == {}


async def test_stock_leaves_at_sending_arrives_at_receipt_and_the_difference_stays_on_record(
    database: Database, staffed: Staffed
) -> None:
    sku_id = staffed.scene.sku_id
    transfer_id = await ask(database, staffed, staffed.manager)
    assert await stocks(database, staffed) == [(100, 0), (100, 0), (100, 0)]
    fewer = [StockLine(sku_id, 8)]
    await do(database, staffed, transfers.send, staffed.west_manager, transfer_id, lines=fewer)
    assert await stocks(database, staffed) == [(100, 0), (92, 0), (100, 0)]
    await assert_sound(database, staffed)
    counted = [StockLine(sku_id, 7)]
    await do(
        database, staffed, transfers.receive, staffed.manager, transfer_id, lines=counted, difference_note="破一件"
    )
    assert await stocks(database, staffed) == [(100, 0), (92, 0), (107, 0)]
    async with database.reading(staffed.brand) as session:
        view = (await stock_reads.transfers_by_id(session, staffed.manager, [transfer_id]))[transfer_id]
    [line] = view.lines
    assert (view.state, view.note, view.difference_note) == (TransferState.RECEIVED, "周末备货", "破一件")
    assert (line.requested, line.sent, line.received, line.difference) == (10, 8, 7, 1)
    assert (view.origin.name, view.target.name) == ("春熙路店", "人民广场店")
    await assert_sound(database, staffed)


async def test_each_end_does_its_own_step_and_strangers_see_nothing(database: Database, staffed: Staffed) -> None:
    transfer_id = await ask(database, staffed, staffed.headquarters)

    async def refused(step: Any, *actors: Actor) -> None:
        for actor in actors:
            with pytest.raises(NotFound):
                await do(database, staffed, step, actor, transfer_id)

    await refused(transfers.send, staffed.manager, staffed.guide, staffed.west_guide, staffed.buyer)
    await refused(transfers.cancel, staffed.guide, staffed.west_guide, staffed.buyer)
    await do(database, staffed, transfers.send, staffed.owner, transfer_id)
    await refused(transfers.receive, staffed.west_manager, staffed.guide)
    for step in (transfers.send, transfers.cancel):
        with pytest.raises(WrongState):
            await do(database, staffed, step, staffed.owner, transfer_id)
    async with database.reading(staffed.brand) as session:
        for actor, number in ((staffed.manager, 1), (staffed.west_manager, 1), (staffed.owner, 1), (staffed.guide, 0)):
            assert len(await stock_reads.transfer_page(session, actor, limit=5)) == number
            assert await stock_reads.transfer_count(session, actor) == number
            assert await stock_reads.transfer_count(session, actor, state=TransferState.CANCELLED) == 0
    assert await stocks(database, staffed) == [(100, 0), (90, 0), (100, 0)]


async def test_what_is_called_off_moved_nothing_and_is_not_sent_any_more(database: Database, staffed: Staffed) -> None:
    transfer_id = await ask(database, staffed, staffed.manager)
    await do(database, staffed, transfers.cancel, staffed.west_manager, transfer_id)
    with pytest.raises(WrongState):
        await do(database, staffed, transfers.send, staffed.owner, transfer_id)
    assert await stocks(database, staffed) == [(100, 0), (100, 0), (100, 0)]
    await assert_sound(database, staffed)


async def test_what_orders_hold_is_not_sent_away(database: Database, staffed: Staffed) -> None:
    scene = staffed.scene
    transfer_id = await ask(database, staffed, staffed.manager, pieces=99)
    await purchase.make_order(
        database,
        scene,
        staffed.buyer,
        lines=[(scene.sku_id, 2)],
        fulfilment=FulfilmentMethod.PICKUP,
        pickup_store_id=staffed.west_store_id,
    )
    with pytest.raises(InsufficientStock) as caught:
        await do(database, staffed, transfers.send, staffed.owner, transfer_id)
    [short] = caught.value.shortages
    assert (short.sku_id, short.requested, short.available) == (scene.sku_id, 99, 98)
    assert await stocks(database, staffed) == [(100, 0), (100, 2), (100, 0)]


async def test_two_who_send_at_once_send_once_and_two_who_receive_receive_once(
    database: Database, staffed: Staffed
) -> None:
    transfer_id = await ask(database, staffed, staffed.owner)

    async def tried(step: Any, actors: Sequence[Actor]) -> list[str]:
        async def one(actor: Actor) -> str:
            try:
                await do(database, staffed, step, actor, transfer_id)
            except WrongState as fault:
                return fault.state
            return "done"

        return sorted(await asyncio.gather(*(one(actor) for actor in actors)))

    assert await tried(transfers.send, [staffed.owner, staffed.west_manager, SYSTEM]) == ["SENT", "SENT", "done"]
    assert await tried(transfers.receive, [staffed.owner, staffed.manager, SYSTEM]) == ["RECEIVED", "RECEIVED", "done"]
    assert await stocks(database, staffed) == [(100, 0), (90, 0), (110, 0)]
    await assert_sound(database, staffed)


@pytest.mark.parametrize(
    ("changes", "error", "path"),
    [
        ({"to_id": "from"}, InvalidInput, ("toLocationId",)),
        ({"from_id": UUID(int=1)}, NotFound, ("fromLocationId",)),
        ({"to_id": UUID(int=1)}, NotFound, ("toLocationId",)),
        ({"lines": []}, InvalidInput, ("lines",)),
        ({"lines": [StockLine(UUID(int=1), 1)]}, NotFound, ("lines", "0", "skuId")),
        ({"note": "长" * 201}, InvalidInput, ("note",)),
    ],
)
async def test_bad_request_names_its_field(
    database: Database, staffed: Staffed, changes: dict[str, Any], error: type[UserFault], path: tuple[str, ...]
) -> None:
    scene = staffed.scene
    given: dict[str, Any] = {
        "from_id": staffed.west_store_id,
        "to_id": scene.store_id,
        "lines": [StockLine(scene.sku_id, 1)],
    } | {name: staffed.west_store_id if value == "from" else value for name, value in changes.items()}
    with pytest.raises(error) as caught:
        async with database.transaction(staffed.brand) as session:
            await transfers.request(session, staffed.owner, now=session.now, **given)
    assert caught.value.path == path


async def test_nothing_at_all_is_not_sent(database: Database, staffed: Staffed) -> None:
    transfer_id = await ask(database, staffed, staffed.owner)
    with pytest.raises(InvalidInput):
        await do(
            database,
            staffed,
            transfers.send,
            staffed.owner,
            transfer_id,
            lines=[StockLine(staffed.scene.sku_id, 0)],
        )
    async with database.reading(staffed.brand) as session:
        assert (await stock_reads.transfers_by_id(session, staffed.owner, [transfer_id]))[
            transfer_id
        ].state is TransferState.REQUESTED


async def test_stock_of_a_store_is_corrected_by_its_manager_and_nobody_elsewhere(
    database: Database, staffed: Staffed
) -> None:
    scene = staffed.scene

    async def correct(actor: Actor, change: int, place_id: UUID | None) -> None:
        async with database.transaction(staffed.brand) as session:
            await stock.adjust(
                session,
                actor,
                sku_id=scene.sku_id,
                change=change,
                reason="盘点",
                location_id=place_id,
                now=session.now,
            )

    await correct(staffed.manager, -3, scene.store_id)
    for actor in (staffed.west_manager, staffed.guide, staffed.buyer):
        with pytest.raises(NotFound):
            await correct(actor, -3, scene.store_id)
    with pytest.raises(Forbidden):
        await correct(staffed.manager, 1, None)
    async with database.reading(staffed.brand) as session:
        warehouse = await locations.shipping_location(session)
    with pytest.raises(NotFound):
        await correct(staffed.manager, 1, warehouse)
    assert await stocks(database, staffed) == [(100, 0), (100, 0), (97, 0)]
    await assert_sound(database, staffed)


async def test_a_sku_says_how_it_can_be_had(database: Database, staffed: Staffed) -> None:
    """Out at the shipping location it is still sent by stores that do so, and fetched where it lies."""
    scene = staffed.scene

    async def seen() -> tuple[int, int, int]:
        async with database.reading(staffed.brand) as session:
            sku = (await reads.skus_by_id(session, [scene.sku_id]))[scene.sku_id]
            levels = (await stock_reads.levels_of_skus(session, [scene.sku_id]))[scene.sku_id]
        assert sku.available == sum(level.available for level in levels)
        assert levels[0].kind is LocationKind.SHIPPING
        return sku.available, sku.to_send, sku.stores

    async def put(place_id: UUID | None, change: int) -> None:
        async with database.transaction(staffed.brand) as session:
            await stock.adjust(
                session,
                SYSTEM,
                sku_id=scene.sku_id,
                change=change,
                reason="盘点",
                location_id=place_id,
                now=session.now,
            )

    assert await seen() == (300, 100, 2)
    await put(None, -100)
    await put(staffed.west_store_id, -60)
    assert await seen() == (140, 100, 2)
    for store_id in (scene.store_id, staffed.west_store_id):
        async with database.transaction(staffed.brand) as session:
            await locations.set_shipping(
                session, staffed.owner, location_id=store_id, ships_orders=False, now=session.now
            )
    assert await seen() == (140, 0, 2)
    await put(staffed.west_store_id, -40)
    assert await seen() == (100, 0, 1)
    async with database.reading(staffed.brand) as session:
        offers = await stock_reads.store_offers(session, [StockLine(scene.sku_id, 1)])
    assert [(offer.store_id, offer.has_all) for offer in offers] == [
        (scene.store_id, True),
        (staffed.west_store_id, False),
    ]


async def test_only_headquarters_say_which_store_sends_and_the_warehouse_always_does(
    database: Database, staffed: Staffed
) -> None:
    async with database.transaction(staffed.brand) as session:
        dealer_id = await factories.make_store(session, org_unit_id=staffed.scene.area_id)
        warehouse = await locations.shipping_location(session)
        for actor, place_id, error in (
            (staffed.manager, dealer_id, Forbidden),
            (staffed.owner, warehouse, NotFound),
            (staffed.owner, UUID(int=1), NotFound),
        ):
            with pytest.raises(error):
                await locations.set_shipping(session, actor, location_id=place_id, ships_orders=False, now=session.now)
        assert [place.name for place in await locations.places_of(session, staffed.west_manager)] == ["春熙路店"]
