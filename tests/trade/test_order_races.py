"""Many at once: the last pieces, the same order paid and cancelled, and any walk at all leave the books sound."""

import asyncio
import random
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import InsufficientStock, UserFault, WrongState
from app.platform.runtime import Runtime
from app.trade import charges, orders, payments, refunds
from app.trade.events import OrderCancelled
from app.trade.models import OrderRow, PaymentRow, RefundRow
from app.trade.values import ProviderName
from tests import factories
from tests.factories import Scene
from tests.trade import purchase


async def test_sixty_buyers_of_the_last_fifteen_pieces_get_fifteen_orders(runtime: Runtime) -> None:
    database = runtime.database
    scene = await factories.make_scene(database, stock=15)
    buyers = [await purchase.make_buyer(database, scene.brand) for _ in range(60)]

    async def buy(buyer: Actor) -> bool:
        async def work(session: BrandSession) -> UUID:
            return await purchase.place(session, scene, buyer)

        try:
            await database.run(scene.brand, work)
        except InsufficientStock as fault:
            assert [(short.sku_id, short.requested, short.available) for short in fault.shortages] == [
                (scene.sku_id, 1, 0)
            ]
            return False
        return True

    won = await asyncio.gather(*(buy(buyer) for buyer in buyers))
    assert sum(won) == 15
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (15, 15)
    async with database.reading(scene.brand) as session:
        assert await purchase.count(session, OrderRow) == 15
    await purchase.assert_sound(database, scene.brand)


@pytest.mark.parametrize("seed", range(4))
async def test_paying_cancelling_and_expiring_at_once_end_in_one_of_two_ways(
    runtime: Runtime, scene: Scene, seed: int
) -> None:
    database = runtime.database
    buyer = await purchase.make_buyer(database, scene.brand)
    order_id = await purchase.make_order(database, scene, buyer)
    payment_id = await purchase.start(database, scene.brand, buyer, order_id)
    async with database.transaction(scene.brand) as session:
        due = sa.update(OrderRow).where(OrderRow.brand_id == scene.brand.id, OrderRow.id == order_id)
        await session.execute(
            due.values(pay_by=session.now - timedelta(seconds=1)).execution_options(synchronize_session=False)
        )

    async def cancel() -> bool:
        async def work(session: BrandSession) -> None:
            await orders.cancel(session, buyer, order_id=order_id, now=session.now)

        try:
            await database.run(scene.brand, work)
        except WrongState:
            return False
        return True

    tries = [
        *(purchase.pay(database, scene.brand, payment_id) for _ in range(3)),
        *(cancel() for _ in range(3)),
        *(orders.cancel_due(runtime, scene.brand) for _ in range(2)),
    ]
    random.Random(seed).shuffle(tries)
    results = await asyncio.gather(*tries)
    bookings = sorted(str(result) for result in results if isinstance(result, payments.Booking))
    ended = sum(int(result) for result in results if isinstance(result, int))
    state = await purchase.state_of(database, scene.brand, order_id)
    on_hand, reserved = await purchase.stock_of(database, scene.brand, scene.sku_id)
    assert reserved == 0
    if state == "PAID":
        assert (bookings, ended, on_hand) == (["PAID", "REPEATED", "REPEATED"], 0, 99)
    else:
        assert (state, bookings, ended, on_hand) == ("CANCELLED", ["LATE", "REPEATED", "REPEATED"], 1, 100)
    await purchase.assert_sound(database, scene.brand)


async def test_starting_to_pay_many_times_at_once_is_one_payment(runtime: Runtime, scene: Scene) -> None:
    database = runtime.database
    buyer = await purchase.make_buyer(database, scene.brand)
    order_id = await purchase.make_order(database, scene, buyer)
    started = await asyncio.gather(*(purchase.start(database, scene.brand, buyer, order_id) for _ in range(12)))
    opened = await asyncio.gather(*(charges.open_charge(runtime, scene.brand, started[0]) for _ in range(6)))
    assert len(set(started)) == 1
    assert all(opened)
    async with database.reading(scene.brand) as session:
        assert await purchase.count(session, PaymentRow) == 1


class Walk:
    """One customer's order at the mercy of chance."""

    def __init__(self, runtime: Runtime, scene: Scene, buyer: Actor, order_id: UUID) -> None:
        self.runtime, self.scene, self.buyer, self.order_id = runtime, scene, buyer, order_id

    async def start(self) -> None:
        async with self.runtime.database.transaction(self.scene.brand) as session:
            await payments.start(
                session, self.buyer, order_id=self.order_id, provider=ProviderName.SANDBOX, now=session.now
            )

    async def cancel(self) -> None:
        async with self.runtime.database.transaction(self.scene.brand) as session:
            await orders.cancel(session, self.buyer, order_id=self.order_id, now=session.now)

    async def some_payment(self, chance: random.Random) -> UUID | None:
        async with self.runtime.database.reading(self.scene.brand) as session:
            query = sa.select(PaymentRow.id).where(
                PaymentRow.brand_id == self.scene.brand.id, PaymentRow.order_id == self.order_id
            )
            ids = sorted(await session.scalars(query))
        return chance.choice(ids) if ids else None

    async def step(self, chance: random.Random) -> None:
        match chance.choice(["start", "pay", "pay wrongly", "fail", "close", "cancel", "closer", "refund"]):
            case "start":
                await self.start()
            case "cancel":
                await self.cancel()
            case "closer":
                await charges.closer(self.runtime)(self.scene.brand, OrderCancelled(self.order_id), self.order_id)
            case "refund":
                async with self.runtime.database.transaction(self.scene.brand) as session:
                    for refund_id in await session.scalars(
                        sa.select(RefundRow.id).where(RefundRow.brand_id == self.scene.brand.id)
                    ):
                        await refunds.book_success(session, refund_id=refund_id, now=session.now)
            case said:
                payment_id = await self.some_payment(chance)
                if payment_id is not None:
                    await self.hear(said, payment_id)

    async def hear(self, said: str, payment_id: UUID) -> None:
        database, brand = self.runtime.database, self.scene.brand
        if said == "pay":
            await purchase.pay(database, brand, payment_id)
        elif said == "pay wrongly":
            await purchase.pay(database, brand, payment_id, amount_minor=1)
        else:
            async with database.transaction(brand) as session:
                book = payments.book_failure if said == "fail" else payments.book_closed
                await book(session, payment_id=payment_id, now=session.now)


@pytest.mark.parametrize("seed", range(12))
async def test_any_walk_keeps_the_books_sound(runtime: Runtime, scene: Scene, seed: int) -> None:
    chance = random.Random(seed)
    buyer = await purchase.make_buyer(runtime.database, scene.brand)
    order_id = await purchase.make_order(runtime.database, scene, buyer)
    walk = Walk(runtime, scene, buyer, order_id)
    for _ in range(12):
        try:
            await walk.step(chance)
        except UserFault as fault:
            assert isinstance(fault, WrongState)
        await purchase.assert_sound(runtime.database, scene.brand)
