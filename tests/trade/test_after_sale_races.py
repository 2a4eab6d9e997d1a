"""Many at once on one after-sale or line, and any walk at all: the books stay sound."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission.values import Decision
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, UserFault, WrongState
from app.platform.integrations.payments import ProviderRefused
from app.platform.integrations.sandbox_bank import SandboxBank
from app.platform.runtime import Runtime
from app.trade import after_sale_decisions, after_sales, orders, refunds
from app.trade.models import AfterSaleRow, OrderRow
from app.trade.values import AfterSaleState, OrderState
from tests import factories
from tests.factories import Scene
from tests.trade import purchase, returns
from tests.trade.returns import REFUND_ONLY, RETURN, ROAD, Sold, sell, sell_and

Work = Callable[[BrandSession], Awaitable[None]]


async def tried(sold: Sold, work: Work) -> str:
    """How a transaction ended: DONE, or the fault's name."""
    try:
        await sold.runtime.database.run(sold.brand, work)
    except UserFault as fault:
        return type(fault).__name__
    return "DONE"


def decision(sold: Sold, after_sale_id: UUID, said: Decision) -> Work:
    async def work(session: BrandSession) -> None:
        await after_sale_decisions.decide(
            session, sold.owner, after_sale_id=after_sale_id, decision=said, comment="好", now=session.now
        )

    return work


def withdrawal(sold: Sold, after_sale_id: UUID) -> Work:
    async def work(session: BrandSession) -> None:
        await after_sales.withdraw(session, sold.buyer, after_sale_id=after_sale_id, now=session.now)

    return work


def a_request(sold: Sold, quantity: int) -> Work:
    async def work(session: BrandSession) -> None:
        await after_sales.request(
            session,
            sold.buyer,
            line_id=sold.lines[0],
            quantity=quantity,
            kind=REFUND_ONLY,
            reason="不想要了",
            now=session.now,
        )

    return work


@pytest.mark.parametrize("seed", range(3))
async def test_of_decisions_and_withdrawals_at_once_one_counts(runtime: Runtime, scene: Scene, seed: int) -> None:
    sold = await sell(runtime, scene)
    after_sale_id = await sold.request()
    tries = [
        *(decision(sold, after_sale_id, Decision.APPROVE) for _ in range(3)),
        *(decision(sold, after_sale_id, Decision.REJECT) for _ in range(3)),
        *(withdrawal(sold, after_sale_id) for _ in range(3)),
    ]
    random.Random(seed).shuffle(tries)
    ends = await asyncio.gather(*(tried(sold, work) for work in tries))
    assert sorted(ends) == ["DONE", *["WrongState"] * 8]
    state = await sold.state(after_sale_id)
    assert state in ("REFUNDING", "REJECTED", "WITHDRAWN")
    assert len(await sold.refunds()) == (1 if state == "REFUNDING" else 0)
    assert await sold.stock() == ((100, 0) if state == "REFUNDING" else (99, 0))
    await sold.assert_sound()


async def test_of_many_requests_for_the_last_pieces_as_many_are_taken_as_there_are(
    runtime: Runtime, scene: Scene
) -> None:
    sold = await sell(runtime, scene, quantity=3)
    ends = await asyncio.gather(*(tried(sold, a_request(sold, 2 if number == 3 else 1)) for number in range(8)))
    assert set(ends) == {"DONE", InvalidInput.__name__}
    async with runtime.database.reading(scene.brand) as session:
        rows = await session.execute(
            sa.select(AfterSaleRow.quantity, AfterSaleRow.share_minor).where(AfterSaleRow.brand_id == scene.brand.id)
        )
        taken = [(row.quantity, row.share_minor) for row in rows]
    assert (sum(pieces for pieces, _ in taken), sum(share for _, share in taken)) == (3, 38_700)
    await sold.assert_sound()


async def test_job_and_staff_at_once_receive_a_return_once(runtime: Runtime, scene: Scene) -> None:
    sold = await sell_and(runtime, scene, OrderState.DELIVERED)
    after_sale_id = await sold.request(kind=RETURN)
    await sold.decide(after_sale_id)
    await sold.send(after_sale_id)
    async with runtime.database.transaction(scene.brand) as session:
        await returns.make_overdue(session, after_sale_id)

    async def receive(session: BrandSession) -> None:
        await after_sale_decisions.receive(
            session, sold.owner, after_sale_id=after_sale_id, is_restocked=True, now=session.now
        )

    ends = await asyncio.gather(
        *(tried(sold, receive) for _ in range(3)),
        *(after_sale_decisions.act_when_due(runtime, scene.brand) for _ in range(3)),
    )
    assert ends.count("DONE") + sum(end for end in ends if isinstance(end, int)) == 1
    assert len(await sold.refunds()) == 1
    await sold.assert_sound()


async def test_provider_asked_by_many_at_once_pays_and_is_booked_once(runtime: Runtime, scene: Scene) -> None:
    sold = await sell_and(runtime, scene, OrderState.SHIPPED, quantity=2)
    for _ in range(2):
        await sold.decide(await sold.request(1))
    [first, second] = await sold.refunds()
    done = await asyncio.gather(
        *(refunds.pay_back(runtime, scene.brand, refund.id) for refund in (first, second) for _ in range(4))
    )
    assert done == [True] * 8
    assert await sold.sent_back() == [12_900, 12_900]
    order = await sold.order()
    assert (order.state, order.refunded_minor) == ("CLOSED", 25_800)
    await sold.assert_sound()


class Walk:
    """A customer, the staff, the clock and the provider, each doing by chance what it can."""

    def __init__(self, sold: Sold, chance: random.Random) -> None:
        self.sold, self.chance = sold, chance
        self.way = list(ROAD)

    async def step(self) -> None:
        often = [self.ask, self.decide, self.provider] * 2
        step: Any = self.chance.choice(
            [*often, self.give_up, self.send, self.receive, self.retry, self.clock, self.carry_on]
        )
        await step()

    async def some(self, *states: AfterSaleState) -> UUID:
        async with self.sold.runtime.database.reading(self.sold.brand) as session:
            query = sa.select(AfterSaleRow.id).where(
                AfterSaleRow.brand_id == self.sold.brand.id, AfterSaleRow.state.in_(states or list(AfterSaleState))
            )
            ids = sorted(await session.scalars(query))
        return self.chance.choice(ids) if ids else self.sold.order_id

    async def ask(self) -> None:
        await self.sold.request(
            self.chance.randint(1, 3),
            self.chance.choice([REFUND_ONLY, RETURN]),
            line=self.chance.randrange(len(self.sold.lines)),
            amount_minor=self.chance.choice([None, None, self.chance.randint(1, 4_000)]),
        )

    async def decide(self) -> None:
        said = self.chance.choice([Decision.APPROVE, Decision.APPROVE, Decision.REJECT])
        await self.sold.decide(await self.some(AfterSaleState.REQUESTED), said, comment="好")

    async def give_up(self) -> None:
        await self.sold.withdraw(await self.some())

    async def send(self) -> None:
        await self.sold.send(await self.some(AfterSaleState.APPROVED))

    async def receive(self) -> None:
        await self.sold.receive(await self.some(), is_restocked=self.chance.random() < 0.5)

    async def retry(self) -> None:
        await self.sold.retry(await self.some(AfterSaleState.REFUND_FAILED))

    async def provider(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            if self.chance.random() < 0.4:
                patch.setattr(SandboxBank, "refund", refuse)
            await self.sold.pay_back()

    async def clock(self) -> None:
        after_sale_id = await self.some(AfterSaleState.REQUESTED, AfterSaleState.APPROVED, AfterSaleState.RETURNING)
        async with self.sold.runtime.database.transaction(self.sold.brand) as session:
            await returns.make_overdue(session, after_sale_id)
        await after_sale_decisions.act_when_due(self.sold.runtime, self.sold.brand)

    async def carry_on(self) -> None:
        if self.way and (await self.sold.order()).state != "CLOSED":
            await self.sold.go(self.way[0])
            self.way.pop(0)


async def refuse(*_: Any) -> None:
    raise ProviderRefused("BY_CHANCE")


@pytest.mark.parametrize("seed", range(12))
async def test_any_walk_keeps_the_books_sound_and_gives_back_what_was_decided(
    runtime: Runtime, scene: Scene, seed: int
) -> None:
    chance = random.Random(seed)
    async with runtime.database.transaction(scene.brand) as session:
        _, [other_sku] = await factories.make_product(session, price_minor=chance.choice([1, 777, 3_333]))
    sold = await sell(runtime, scene, lines=[(scene.sku_id, 3), (other_sku, 4)])
    walk = Walk(sold, chance)
    for _ in range(40):
        try:
            await walk.step()
        except UserFault as fault:
            assert isinstance(fault, WrongState | InvalidInput) or fault.code == "NOT_FOUND", fault
        await purchase.assert_sound(runtime.database, scene.brand)
    await sold.pay_back()
    await sold.assert_sound()
    order = await sold.order()
    assert order.refunded_minor == sum(await sold.sent_back())
    assert order.refunded_minor - order.refunded_goods_minor in (0, order.freight_minor)


async def test_cancelling_and_asking_at_once_never_meet(runtime: Runtime, scene: Scene) -> None:
    """A paid order cannot be cancelled, so the customer's two ways out never both lead anywhere."""
    sold = await sell(runtime, scene)

    async def cancel(session: BrandSession) -> None:
        await orders.cancel(session, sold.buyer, order_id=sold.order_id, now=session.now)

    ends = await asyncio.gather(tried(sold, cancel), tried(sold, a_request(sold, 1)), tried(sold, cancel))
    assert ends == ["WrongState", "DONE", "WrongState"]
    async with runtime.database.reading(scene.brand) as session:
        assert await purchase.count(session, OrderRow, OrderRow.state == "PAID") == 1
    await sold.assert_sound()
