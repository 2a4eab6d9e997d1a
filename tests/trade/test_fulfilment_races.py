"""Two at once: of every pair of steps exactly one happens, and the trail has it once."""

import asyncio
import random
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.platform.db import BrandSession, Database
from app.platform.errors import WrongState
from app.platform.runtime import Runtime
from app.trade import orders, receipts
from app.trade.models import ShipmentRow
from tests.factories import Scene
from tests.trade import fulfilling, purchase
from tests.trade.fulfilling import Staffed

pytestmark = pytest.mark.parametrize("seed", range(3))


@pytest.fixture
async def staffed(database: Database, scene: Scene) -> Staffed:
    return await fulfilling.staff(database, scene)


async def outcomes(tries: Sequence[Awaitable[Any]], seed: int) -> list[str]:
    """What became of tries made at once, in any order: `done`, or the state that refused."""
    shuffled = list(tries)
    random.Random(seed).shuffle(shuffled)

    async def one(attempt: Awaitable[Any]) -> str:
        try:
            await attempt
        except WrongState as fault:
            return fault.state
        return "done"

    return sorted(await asyncio.gather(*(one(attempt) for attempt in shuffled)))


async def trail(database: Database, staffed: Staffed, order_id: UUID) -> list[str]:
    async with database.reading(staffed.brand) as session:
        return [event for event, _, _ in await fulfilling.steps(session, order_id)]


async def test_two_staff_ship_at_once_and_one_parcel_leaves(database: Database, staffed: Staffed, seed: int) -> None:
    order_id = await fulfilling.paid(database, staffed)
    tries = [
        fulfilling.ship(database, staffed.brand, actor, order_id)
        for actor in (staffed.guide, staffed.colleague, staffed.manager, staffed.owner)
    ]
    assert await outcomes(tries, seed) == ["SHIPPED", "SHIPPED", "SHIPPED", "done"]
    assert await trail(database, staffed, order_id) == ["FULFIL", "SHIP"]
    async with database.reading(staffed.brand) as session:
        assert await purchase.count(session, ShipmentRow) == 1
    await purchase.assert_sound(database, staffed.brand)


async def test_shipping_paying_and_cancelling_at_once_end_shipped_paid_or_cancelled(
    database: Database, staffed: Staffed, seed: int
) -> None:
    brand, buyer = staffed.brand, staffed.buyer
    order_id = await purchase.make_order(database, staffed.scene, buyer)
    payment_id = await purchase.start(database, brand, buyer, order_id)

    async def cancel() -> None:
        async def work(session: BrandSession) -> None:
            await orders.cancel(session, buyer, order_id=order_id, now=session.now)

        await database.run(brand, work)

    await outcomes(
        [
            purchase.pay(database, brand, payment_id),
            cancel(),
            *(fulfilling.ship(database, brand, staffed.owner, order_id) for _ in range(3)),
        ],
        seed,
    )
    state = await purchase.state_of(database, brand, order_id)
    async with database.reading(brand) as session:
        parcels = await purchase.count(session, ShipmentRow)
    assert (state, parcels) in {("PAID", 0), ("CANCELLED", 0), ("SHIPPED", 1)}
    await purchase.assert_sound(database, brand)


async def test_receipt_confirmed_twice_while_the_clock_confirms_it_too_is_one_receipt(
    runtime: Runtime, staffed: Staffed, seed: int
) -> None:
    database, brand = runtime.database, staffed.brand
    order_id = await fulfilling.paid(database, staffed)
    async with database.reading(brand) as session:
        long_ago = session.now - timedelta(days=11)
    await fulfilling.ship(database, brand, staffed.owner, order_id, now=long_ago)
    tries: list[Awaitable[Any]] = [
        *(fulfilling.confirm(database, brand, staffed.buyer, order_id) for _ in range(3)),
        *(receipts.carry_on_due(runtime, brand) for _ in range(2)),
    ]
    assert await outcomes(tries, seed) == ["COMPLETED", "COMPLETED", "done", "done", "done"]
    assert await trail(database, staffed, order_id) == ["FULFIL", "SHIP", "DELIVER", "COMPLETE"]
    await purchase.assert_sound(database, brand)


async def test_same_code_at_two_counters_hands_the_goods_over_once(
    database: Database, staffed: Staffed, seed: int
) -> None:
    order_id = await fulfilling.paid_pickup(database, staffed)
    laid_out = [
        fulfilling.make_ready(database, staffed.brand, actor, order_id)
        for actor in (staffed.west_guide, staffed.west_manager)
    ]
    assert await outcomes(laid_out, seed) == ["READY_FOR_PICKUP", "done"]
    handed_over = [
        fulfilling.hand_over(database, staffed.brand, actor, order_id)
        for actor in (staffed.west_guide, staffed.west_manager, staffed.service)
    ]
    assert await outcomes(handed_over, seed) == ["DELIVERED", "DELIVERED", "done"]
    assert await trail(database, staffed, order_id) == ["FULFIL", "MAKE_READY", "HAND_OVER"]
    assert await purchase.events(database, staffed.brand, "OrderReadyForPickup") == 1
    await purchase.assert_sound(database, staffed.brand)


async def test_guesses_at_many_counters_at_once_are_counted_one_by_one(
    database: Database, staffed: Staffed, seed: int
) -> None:
    order_id = await fulfilling.paid_pickup(database, staffed)
    await fulfilling.make_ready(database, staffed.brand, staffed.west_guide, order_id)
    wrong = fulfilling.wrong_code(database, staffed.brand, order_id)
    refused = await asyncio.gather(
        *(fulfilling.hand_over(database, staffed.brand, staffed.west_guide, order_id, code=wrong) for _ in range(8))
    )
    assert sorted(type(one).__name__ for one in refused) == ["InvalidInput"] * 5 + ["RateLimited"] * 3
