"""Orders that go to their end while servers are killed: bought, sent, received, and every second one given back."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.employees import sessions
from app.platform import outbox
from app.platform.db import BrandSession
from app.platform.models import SandboxRefundRow
from app.trade.models import AfterSaleRow, OrderLineRow, OrderRow, PaymentRow
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene
from tests.flows.clients import Caller, Line, Unanswered, a_payment, an_order, line_to, sign_in, uuid_of
from tests.flows.servers import Installation, until
from tests.trade import purchase

SHOPPERS, STOCK, PATIENCE_SECONDS = 3, 100_000, 90.0
PRICE_MINOR = 12_900


@dataclass
class FarLoad:
    """What customers and staff were told. `given_back`: orders whose whole refund was approved."""

    installation: Installation
    scene: Scene
    line: Line
    staff: Caller
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    kept: list[UUID] = field(default_factory=list)
    given_back: list[UUID] = field(default_factory=list)

    @property
    def ended(self) -> int:
        return len(self.kept) + len(self.given_back)

    async def shop(self, caller: Caller) -> None:
        """One order after the other, each to its end."""
        while not self.stop.is_set():
            placed = await caller.insist("OrderPlace", **an_order(self.scene))
            order_id = placed["order"]["id"]
            started = await caller.insist("PaymentStart", **a_payment(order_id))
            await self._confirm(caller, started["payment"])
            # The provider's word may come late, and the goods go out once it has come.
            await _done(self.staff, "OrderShip", order_id)
            await _done(caller, "OrderConfirmReceipt", order_id)
            if len(self.given_back) < len(self.kept):
                await self._give_back(caller, uuid_of(order_id))
                self.given_back.append(uuid_of(order_id))
            else:
                self.kept.append(uuid_of(order_id))

    async def goes_on(self, orders: int = 1) -> None:
        """Wait for so many more orders to end."""
        wanted = self.ended + orders

        async def have_ended() -> bool:
            return self.ended >= wanted

        await until(have_ended, f"{orders} more orders", seconds=PATIENCE_SECONDS)

    async def _give_back(self, caller: Caller, order_id: UUID) -> None:
        async def line_of(session: BrandSession) -> UUID:
            line = sa.select(OrderLineRow.id).where(
                OrderLineRow.brand_id == session.brand_id, OrderLineRow.order_id == order_id
            )
            return (await session.execute(line)).scalar_one()

        # PostgreSQL may be killed under this, too.
        line_id = encode_global_id("OrderLine", await self.installation.runtime.database.run(self.scene.brand, line_of))
        wanted = _keyed(orderLineId=line_id, quantity=1, kind="REFUND_ONLY", reason="不合适", amountMinor=PRICE_MINOR)
        asked = await caller.insist("AfterSaleRequest", **wanted)
        assert asked["__typename"] == "AfterSaleRequestPayload", asked
        decision = _keyed(afterSaleId=asked["afterSale"]["id"], decision="APPROVE")
        decided = await self.staff.insist("AfterSaleDecide", **decision)
        assert decided["__typename"] == "AfterSaleDecidePayload", decided

    async def _confirm(self, caller: Caller, payment: dict[str, Any]) -> None:
        async def is_paid() -> bool:
            try:
                return await caller.confirm(payment) == (200, "PAID")
            except Unanswered:
                return False

        await until(is_paid, "the provider's answer", seconds=PATIENCE_SECONDS)

    async def assert_every_order_ended_once(self) -> None:
        """What was given back is refunded once and whole, the rest completed; stock and provider's book agree."""
        runtime, brand = self.installation.runtime, self.scene.brand

        async def are_settled() -> bool:
            async with runtime.database.reading(brand) as session:
                waiting, parked, _ = await outbox.waiting(session)
                refunded = await purchase.count(session, AfterSaleRow, AfterSaleRow.state == "REFUNDED")
            assert parked == 0
            return waiting == 0 and refunded == len(self.given_back)

        await until(are_settled, "every refund booked and every event relayed", seconds=180)
        async with runtime.database.reading(brand) as session:
            states = await session.execute(sa.select(OrderRow.id, OrderRow.state).where(OrderRow.brand_id == brand.id))
            assert {row.id: row.state for row in states} == dict.fromkeys(self.kept, "COMPLETED") | dict.fromkeys(
                self.given_back, "CLOSED"
            )
            assert await purchase.count(session, AfterSaleRow) == len(self.given_back)
            payments = sa.select(PaymentRow.number, PaymentRow.order_id).where(PaymentRow.brand_id == brand.id)
            orders = {row.number: row.order_id for row in await session.execute(payments)}
        async with runtime.database.directory() as outside:
            refunds = sa.select(SandboxRefundRow.charge_number, SandboxRefundRow.amount_minor).where(
                SandboxRefundRow.charge_number.in_(orders)
            )
            sent = [(orders[row.charge_number], row.amount_minor) for row in await outside.execute(refunds)]
        # Freight stays with the brand once goods were sent; what the line cost goes back, once.
        assert Counter(sent) == Counter((order_id, PRICE_MINOR) for order_id in self.given_back)


async def _done(caller: Caller, operation: str, order_id: str) -> None:
    """Do it as soon as the order's state allows it."""

    async def is_done() -> bool:
        answer = await caller.insist(operation, **_keyed(orderId=order_id))
        assert answer["__typename"] in (f"{operation}Payload", "WrongState"), answer
        return bool(answer["__typename"] == f"{operation}Payload")

    await until(is_done, operation, seconds=PATIENCE_SECONDS)


def _keyed(**given: Any) -> dict[str, Any]:
    return {"idempotencyKey": factories.key(), **given}


@asynccontextmanager
async def far_load(installation: Installation) -> AsyncIterator[FarLoad]:
    """Customers at work until the block ends; then each finishes what it has begun."""
    runtime = installation.runtime
    scene = await factories.make_scene(runtime.database, stock=STOCK)
    async with runtime.database.transaction(scene.brand) as session:
        owner = await sessions.open_session(
            session,
            audience="EMPLOYEE",
            principal_id=scene.owner_id,
            settings=runtime.settings.model_copy(update={"access_token_ttl_seconds": 36_000}),
            signing=runtime.secrets.signing,
            now=session.now,
        )
    async with line_to(installation.base_url, seconds=20) as line:
        running = FarLoad(installation, scene, line, Caller(line, owner.access_token))
        callers = await sign_in(runtime, scene.brand, line, SHOPPERS)
        async with asyncio.TaskGroup() as tasks:
            for caller in callers:
                tasks.create_task(running.shop(caller))
            yield running
            running.stop.set()
