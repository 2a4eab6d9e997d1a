"""The whole road in any order: scan, order, pay, callbacks, ship, receive, refund, hold, withdraw, with bad providers.

After every step all invariants of `verify` hold. A model in plain Python says from orders and after-sales alone what
each guide has earned; the ledger, which knows neither, must agree to the cent, and so must the boss's figures.
"""

import asyncio
import dataclasses
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from app.boss import breakdowns, dashboard
from app.boss.scopes import Scope
from app.boss.values import BreakdownBy, Period
from app.commission import ledger, payouts, withdrawals
from app.commission.values import AccountKind, Decision
from app.marketing import codes
from app.platform import clock
from app.platform.actor import Actor, ActorKind
from app.platform.db import Brand, BrandSession
from app.platform.errors import UserFault
from app.platform.models import BrandRow
from app.platform.money import divide_half_even, portion_bp
from app.platform.runtime import Runtime
from app.trade import after_sale_decisions, after_sales, callbacks, charges, orders, receipts, shipments
from app.trade.models import AfterSaleRow, OrderLineRow, OrderRow, RefundRow
from app.trade.refunds import pay_back
from app.trade.values import AfterSaleKind, AfterSaleState, OrderState
from app.verify import checks
from app.worker import business_jobs, make_relay
from tests import factories
from tests.commission.wages import with_faults
from tests.trade import purchase

T = TypeVar("T")
DAY = timedelta(days=1)
RATE_BP = 1_000
UNPAID = (OrderState.PENDING_PAYMENT.value, OrderState.CANCELLED.value)


class Road(RuleBasedStateMachine):
    """Runs in a thread of its own; everything asynchronous is done on the test's loop. Time is simulated."""

    runtime: Runtime
    loop: asyncio.AbstractEventLoop

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)

    def act(self, work: Any) -> bool:
        """One transaction; False where the product refused, which changes nothing."""

        async def run() -> bool:
            try:
                async with self.runtime.database.transaction(self.brand) as session:
                    await work(session)
            except UserFault:
                return False
            return True

        return self.call(run())

    @initialize()
    def open(self) -> None:
        self.now = datetime(2026, 3, 2, 2, tzinfo=UTC)
        self.brand: Brand = self.call(factories.make_brand(self.runtime.database, simulated_now=self.now))
        self.scene = self.call(factories.make_scene(self.runtime.database, brand=self.brand, stock=60))
        self.buyers = [self.call(purchase.make_buyer(self.runtime.database, self.brand)) for _ in range(3)]
        self.numbers: list[str] = []
        for _ in range(3):
            self._buy(self.buyers[0], quantity=2, is_paid=True)

    @property
    def owner(self) -> Actor:
        return Actor(kind=ActorKind.EMPLOYEE, employee_id=self.scene.owner_id, role="OWNER")

    # --- what happens

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """One rule for all steps: a machine of several leaves most of them out of most of its runs."""
        steps = (self.scan, self.buy, self.hear, self.give_up, self.send, self.confirm, self.ask, self.ask)
        steps += (self.answer, self.answer, self.return_goods, self.refund, self.wait, self.wait, self.draw, self.relay)
        names = [f"{number}:{step.__name__}" for number, step in enumerate(steps)]
        steps[int(data.draw(st.sampled_from(names)).partition(":")[0])](data)

    def scan(self, data: st.DataObject) -> None:
        guide = data.draw(st.sampled_from([self.scene.guide, self.scene.other_guide]))
        buyer = data.draw(st.sampled_from(self.buyers))
        assert guide.token is not None
        token = guide.token
        self.act(lambda session: codes.scan(session, buyer, token=token, now=session.now))

    def buy(self, data: st.DataObject) -> None:
        buyer = data.draw(st.sampled_from(self.buyers))
        self._buy(buyer, quantity=data.draw(st.integers(1, 4)), is_paid=data.draw(st.booleans()))

    def _buy(self, buyer: Actor, *, quantity: int, is_paid: bool) -> None:
        database, lines = self.runtime.database, [(self.scene.sku_id, quantity)]
        try:
            order_id = self.call(purchase.make_order(database, self.scene, buyer, lines=lines))
        except UserFault:
            return
        payment_id = self.call(purchase.start(database, self.brand, buyer, order_id))
        if is_paid:
            self.call(charges.settle(self.runtime, self.brand, payment_id))
        self.numbers.append(self.call(purchase.number_of(database, self.brand, payment_id)))
        if is_paid:
            self._hear(self.numbers[-1])

    def hear(self, data: st.DataObject) -> None:
        """A callback of any charge: the first, a repeated, a late one, or the word that it failed."""
        self._hear(data.draw(st.sampled_from(self.numbers)), is_failure=data.draw(st.booleans()))

    def _hear(self, number: str, *, is_failure: bool = False) -> None:
        charge = self.call(purchase.bank_of(self.runtime).find(number))
        is_paid = charge.transaction_id is not None and not is_failure
        more = {"transaction_id": charge.transaction_id} if is_paid else {"kind": "CHARGE.FAILED"}
        body = purchase.notice(number, charge.amount_minor, **more)
        at = clock.utc_now()
        heard = self.call(
            callbacks.take(self.runtime, "sandbox", purchase.signed(self.runtime, body, at), body, now=at)
        )
        assert heard.status in (200, 400)

    def give_up(self, data: st.DataObject) -> None:
        order = self._order(data, OrderState.PENDING_PAYMENT)
        if order is not None:
            buyer = purchase.customer_actor(order.customer_id)
            self.act(lambda session: orders.cancel(session, buyer, order_id=order.id, now=session.now))

    def send(self, data: st.DataObject) -> None:
        order = self._order(data, OrderState.PAID, OrderState.FULFILLING)
        if order is not None:
            self.act(lambda session: shipments.ship(session, self.owner, order_id=order.id, now=session.now))

    def confirm(self, data: st.DataObject) -> None:
        order = self._order(data, OrderState.SHIPPED, OrderState.DELIVERED)
        if order is not None:
            buyer = purchase.customer_actor(order.customer_id)
            self.act(lambda session: receipts.confirm(session, buyer, order_id=order.id, now=session.now))

    def ask(self, data: st.DataObject) -> None:
        order = self._order(data, *(state for state in OrderState if state.value not in UNPAID))
        kind, amount = data.draw(st.sampled_from(AfterSaleKind)), data.draw(st.sampled_from([None, None, 1, 5_001]))
        quantity = data.draw(st.integers(1, 2))
        if order is None:
            return
        buyer = purchase.customer_actor(order.customer_id)
        line_id = self._rows(OrderLineRow, OrderLineRow.order_id == order.id)[0].id
        self.act(
            lambda session: after_sales.request(
                session,
                buyer,
                line_id=line_id,
                quantity=quantity,
                kind=kind,
                reason="不合适",
                amount_minor=amount,
                now=session.now,
            )
        )

    def answer(self, data: st.DataObject) -> None:
        chosen, decision = self._after_sale(data, AfterSaleState.REQUESTED), data.draw(st.sampled_from([*Decision] * 2))
        if chosen is not None:
            self.act(
                lambda session: after_sale_decisions.decide(
                    session, self.owner, after_sale_id=chosen.id, decision=decision, now=session.now
                )
            )

    def return_goods(self, data: st.DataObject) -> None:
        chosen = self._after_sale(data, AfterSaleState.APPROVED, AfterSaleState.RETURNING)
        is_restocked, is_withdrawn = data.draw(st.booleans()), data.draw(st.integers(0, 3)) == 0
        if chosen is None:
            return
        buyer = purchase.customer_actor(self._rows(OrderRow, OrderRow.id == chosen.order_id)[0].customer_id)
        if is_withdrawn:
            self.act(lambda s: after_sales.withdraw(s, buyer, after_sale_id=chosen.id, now=s.now))
            return
        self.act(
            lambda session: after_sale_decisions.receive(
                session, self.owner, after_sale_id=chosen.id, is_restocked=is_restocked, now=session.now
            )
        )

    def refund(self, data: st.DataObject) -> None:
        """The provider is asked for a refund: it does it, or it will not, or it is asked twice."""
        rows = self._rows(RefundRow)
        if not rows:
            return
        chosen, is_refused = data.draw(st.sampled_from(rows)), data.draw(st.booleans())
        elsewhere = self.runtime.settings.model_copy(update={"environment": "production"})
        runtime = dataclasses.replace(self.runtime, settings=elsewhere) if is_refused else self.runtime
        self.call(pay_back(runtime, self.brand, chosen.id))

    def wait(self, data: st.DataObject) -> None:
        """Time passes, and every job of the business runs on the brand's time."""
        self.now += data.draw(st.sampled_from([timedelta(minutes=40), DAY, 3 * DAY, 8 * DAY]))
        self.call(self._set_clock())
        for job in business_jobs():
            self.call(job.run(self.runtime, self.brand))

    def draw(self, data: st.DataObject) -> None:
        """A guide asks for a part of what is payable, the owner approves; the provider pays, refuses or is silent."""
        guide = data.draw(st.sampled_from([self.scene.guide, self.scene.other_guide]))
        share, trouble = data.draw(st.integers(1, 100)), data.draw(st.sampled_from(["", "", "refused", "unanswered"]))
        payable = self._balance(guide.employee_id).get(AccountKind.PAYABLE, 0)
        actor = Actor(kind=ActorKind.EMPLOYEE, employee_id=guide.employee_id, role="GUIDE")
        asked: list[UUID] = []

        async def ask_and_approve(session: BrandSession) -> None:
            asked.append(
                await withdrawals.request(
                    session, actor, amount_minor=max(100, payable * share // 100), now=session.now
                )
            )
            await withdrawals.decide(
                session, self.owner, withdrawal_id=asked[0], decision=Decision.APPROVE, now=session.now
            )

        if self.act(ask_and_approve):
            runtime = with_faults(self.runtime, **({f"{trouble}_percent": 100} if trouble else {}))
            self.call(payouts.send(runtime, self.brand, asked[0], after_tries=0))
        else:
            assert payable < 100 or share > 100

    def relay(self, data: st.DataObject) -> None:
        self.call(make_relay(self.runtime).drain(self.brand))

    # --- what is always so

    @invariant()
    def everything_holds(self) -> None:
        if not hasattr(self, "numbers"):
            return
        found = self.call(checks.violations(self.runtime, self.brand))
        assert {name: lines for name, lines in found.items() if lines} == {}
        for guide in (self.scene.guide, self.scene.other_guide):
            balance = self._balance(guide.employee_id)
            alive = sum(amount for kind, amount in balance.items() if kind is not AccountKind.VOIDED)
            assert alive == sum(
                self._left(order) for order in self._rows(OrderRow, OrderRow.guide_id == guide.employee_id)
            )

    def teardown(self) -> None:
        """In the end the boss's figures are those of the orders, and what he sees of a guide is the guide's share."""
        if not hasattr(self, "numbers"):
            return
        self.call(make_relay(self.runtime).drain(self.brand))
        self.everything_holds()
        paid = [order for order in self._rows(OrderRow) if order.paid_on is not None]
        gross = sum(order.subtotal_minor - order.discount_minor for order in paid)
        net = gross - sum(order.refunded_goods_minor for order in paid)
        figures, guides = self.call(self._figures())
        assert (figures.orders, figures.gross_minor, figures.net_minor) == (len(paid), gross, net)
        assert sum(row.net_minor for row in guides) == net

    async def _figures(self) -> tuple[Any, Any]:
        period = Period(datetime(2026, 3, 1, tzinfo=UTC).date(), self.brand.day_of(self.now))
        async with self.runtime.database.reading(self.brand) as session:
            figures = await dashboard.figures(session, Scope(), period)
            return figures, await breakdowns.breakdown(session, Scope(), period, by=BreakdownBy.GUIDE, first=50)

    # --- the model

    def _left(self, order: Any) -> int:
        """The seller's commission on an order that is not taken back: a tenth of each line, less what was refunded."""
        if order.state == OrderState.CANCELLED.value:
            return 0
        left = 0
        for line in self._rows(OrderLineRow, OrderLineRow.order_id == order.id):
            share = portion_bp(line.total_minor, RATE_BP)
            refunded = sum(
                one.goods_minor
                for one in self._rows(
                    AfterSaleRow, AfterSaleRow.line_id == line.id, AfterSaleRow.refund_on.is_not(None)
                )
            )
            left += share - divide_half_even(share * refunded, line.total_minor)
        return left

    def _balance(self, party_id: UUID) -> dict[AccountKind, int]:
        async def read() -> dict[AccountKind, int]:
            async with self.runtime.database.reading(self.brand) as session:
                return (await ledger.balances(session, party_ids=[party_id])).get(party_id, {})

        return self.call(read())

    def _rows(self, kind: Any, *conditions: Any) -> list[Any]:
        async def read() -> list[Any]:
            async with self.runtime.database.reading(self.brand) as session:
                rows = sa.select(kind).where(kind.brand_id == session.brand_id, *conditions).order_by(kind.id)
                return list((await session.scalars(rows)).all())

        return self.call(read())

    def _order(self, data: st.DataObject, *states: OrderState) -> Any:
        found = self._rows(OrderRow, OrderRow.state.in_([state.value for state in states]))
        return data.draw(st.sampled_from(found)) if found else None

    def _after_sale(self, data: st.DataObject, *states: AfterSaleState) -> Any:
        found = self._rows(AfterSaleRow, AfterSaleRow.state.in_([state.value for state in states]))
        return data.draw(st.sampled_from(found)) if found else None

    async def _set_clock(self) -> None:
        async with self.runtime.database.directory() as session:
            await session.execute(
                sa.update(BrandRow).where(BrandRow.id == self.brand.id).values(simulated_now=self.now)
            )
        self.runtime.database.forget_brand(self.brand.id)


async def test_whatever_happens_on_the_road_every_book_agrees(runtime: Runtime) -> None:
    machine = type("Machine", (Road,), {"runtime": runtime, "loop": asyncio.get_running_loop()})
    too_much = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    chosen = settings(max_examples=6, stateful_step_count=25, deadline=None, suppress_health_check=too_much)
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=chosen)
