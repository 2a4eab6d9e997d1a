"""Any history of claims, orders, payments, refunds, transfers and passing time leaves the books in order."""

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from app.commission.values import Decision
from app.marketing import coupon_care, coupon_transfers, coupons
from app.marketing.coupon_templates import revoke
from app.marketing.values import CouponKind
from app.platform import clock
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.db import BrandSession, Database
from app.platform.errors import UserFault
from app.platform.runtime import Runtime
from app.trade import after_sale_decisions, after_sales, orders, payments, refunds
from app.trade import reads as trade
from app.trade.values import AfterSaleKind
from tests import factories
from tests.factories import Scene
from tests.marketing import couponing
from tests.marketing.couponing import terms
from tests.trade import purchase

STEPS = ("claim", "claim", "order", "order", "pay", "cancel", "refund", "part", "transfer", "revoke", "wait", "late")


class World:
    """Three customers, three templates, and what has been made of them. Time only goes forwards."""

    def __init__(self, runtime: Runtime, scene: Scene, seed: int) -> None:
        self.runtime, self.database, self.scene, self.rng = runtime, runtime.database, scene, Random(seed)
        self.now: datetime = clock.utc_now()
        self.held: list[tuple[Actor, UUID]] = []
        self.unpaid: list[tuple[Actor, UUID, UUID]] = []
        self.paid: list[tuple[Actor, UUID]] = []
        self.seen: Counter[str] = Counter()

    async def begin(self) -> None:
        self.buyers = [await purchase.make_buyer(self.database, self.scene.brand) for _ in range(3)]
        kinds = (
            terms(amount_minor=2_500),
            terms(CouponKind.PERCENT, percent_bp=1_700),
            terms(CouponKind.EXCHANGE, product_ids=frozenset({self.scene.product_id})),
        )
        self.templates = [
            await couponing.template(self.database, self.scene.brand, of, quantity=6, per_person=3, valid_days=2)
            for of in kinds
        ]

    async def go(self, step: str) -> None:
        """One step; what the rules refuse leaves everything as it was."""

        async def work(session: BrandSession) -> None:
            await getattr(self, f"_{step}")(session)

        if step == "wait":
            self.now += timedelta(hours=self.rng.choice((1, 9, 20)))
            return
        try:
            async with self.database.transaction(self.scene.brand, now=self.now) as session:
                await work(session)
            self.seen[step] += 1
        except UserFault as fault:
            self.seen[f"refused {step}"] += 1
            assert fault.key, step

    async def _claim(self, session: BrandSession) -> None:
        buyer = self.rng.choice(self.buyers)
        template_id = self.rng.choice(self.templates)
        self.held.append((buyer, await coupons.claim(session, buyer, template_id=template_id, now=session.now)))

    async def _order(self, session: BrandSession) -> None:
        if not self.held:
            return
        buyer, _ = self.rng.choice(self.held)
        own = [coupon_id for owner, coupon_id in self.held if owner is buyer]
        chosen = self.rng.sample(own, min(len(own), self.rng.choice((1, 1, 2))))
        lines = [(self.scene.sku_id, self.rng.choice((1, 2, 3)))]
        order_id = await purchase.place(session, self.scene, buyer, lines=lines, coupon_ids=chosen)
        payment_id = await payments.start(
            session, buyer, order_id=order_id, provider=purchase.ProviderName.SANDBOX, now=session.now
        )
        self.unpaid.append((buyer, order_id, payment_id))

    async def _pay(self, session: BrandSession) -> None:
        if not self.unpaid:
            return
        buyer, order_id, payment_id = self.rng.choice(self.unpaid)
        amount = (await purchase.payment_row(session, payment_id)).amount_minor
        booked = await payments.book_success(
            session, payment_id=payment_id, transaction_id=f"t{payment_id.hex}", amount_minor=amount, now=session.now
        )
        if booked is payments.Booking.PAID:
            self.paid.append((buyer, order_id))

    _late = _pay

    async def _cancel(self, session: BrandSession) -> None:
        if self.unpaid:
            buyer, order_id, _ = self.rng.choice(self.unpaid)
            await orders.cancel(session, buyer, order_id=order_id, now=session.now)

    async def _refund(self, session: BrandSession, pieces: int | None = None) -> None:
        if not self.paid:
            return
        buyer, order_id = self.rng.choice(self.paid)
        [line] = (await trade.lines_of_orders(session, [order_id]))[order_id]
        after_sale_id = await after_sales.request(
            session,
            buyer,
            line_id=line.id,
            quantity=pieces or line.quantity,
            kind=AfterSaleKind.REFUND_ONLY,
            reason="不合适",
            now=session.now,
        )
        await after_sale_decisions.decide(
            session, self.owner, after_sale_id=after_sale_id, decision=Decision.APPROVE, now=session.now
        )
        refund_id = await purchase.refund_of(session, after_sale_id)
        if refund_id is not None:
            await refunds.book_success(session, refund_id=refund_id, now=session.now)

    async def _part(self, session: BrandSession) -> None:
        await self._refund(session, pieces=1)

    async def _transfer(self, session: BrandSession) -> None:
        if not self.held:
            return
        giver, coupon_id = self.rng.choice(self.held)
        friend = self.rng.choice(self.buyers)
        offered = await coupon_transfers.offer(session, giver, coupon_id=coupon_id, now=session.now)
        token = coupon_transfers.token_of(session.vault, session.brand_id, offered)
        self.held.append((friend, await coupon_transfers.take(session, friend, token=token, now=session.now)))

    async def _revoke(self, session: BrandSession) -> None:
        if self.held and self.rng.random() < 0.4:
            await coupons.revoke(session, SYSTEM, coupon_id=self.rng.choice(self.held)[1], now=session.now)
        elif self.rng.random() < 0.1:
            await revoke(session, SYSTEM, template_id=self.rng.choice(self.templates), now=session.now)

    @property
    def owner(self) -> Actor:
        return Actor(kind=ActorKind.EMPLOYEE, employee_id=self.scene.owner_id, role="OWNER")


async def live(runtime: Runtime, seed: int, steps: int) -> Counter[str]:
    """One history; the books are looked at again and again, and once more after the job has run."""
    scene = await factories.make_scene(runtime.database, stock=1_000)
    world = World(runtime, scene, seed)
    await world.begin()
    for number in range(steps):
        await world.go(world.rng.choice(STEPS))
        if number % 15 == 14:
            await assert_sound(runtime.database, scene, seed, number)
    await coupon_care.look_after(runtime, scene.brand)
    await assert_sound(runtime.database, scene, seed, steps)
    return world.seen


async def assert_sound(database: Database, scene: Scene, seed: int, number: int) -> None:
    assert await couponing.violations(database, scene.brand) == [], (seed, number)
    await purchase.assert_sound(database, scene.brand)


async def test_one_history_keeps_the_books_in_order(runtime: Runtime) -> None:
    seen = await live(runtime, 11, 90)
    for step in ("claim", "order", "pay", "cancel", "transfer", "refund", "part"):
        assert seen[step], (step, seen)
    assert any(name.startswith("refused") for name in seen)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(20))
async def test_many_long_histories_keep_the_books_in_order(runtime: Runtime, seed: int) -> None:
    await live(runtime, seed, 150)
