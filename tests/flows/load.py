"""Customers who scan, order and pay while servers are killed under them; and what must be there afterwards."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from app.customers.models import TouchpointRow
from app.platform import outbox
from app.platform.models import SandboxChargeRow
from app.trade.models import OrderMoveRow, OrderRow, PaymentRow
from app.trade.values import OrderEvent
from tests import factories
from tests.factories import Scene
from tests.flows.clients import Caller, Line, Unanswered, a_payment, a_scan, an_order, line_to, sign_in, uuid_of
from tests.flows.servers import Installation, until
from tests.trade import purchase

SHOPPERS = 4
STOCK = 100_000
SETTLE_SECONDS = 60.0


@dataclass
class Load:
    """What the customers were told: order and touchpoint ids in answers, and payments that the provider took."""

    installation: Installation
    scene: Scene
    line: Line
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    touchpoints: list[UUID] = field(default_factory=list)
    orders: list[UUID] = field(default_factory=list)
    paid: list[UUID] = field(default_factory=list)
    repeats: int = 0

    async def shop(self, caller: Caller) -> None:
        """One customer after the other purchase, each finished before the end."""
        while not self.stop.is_set():
            scan = await caller.insist("CodeScan", **a_scan(self.scene.guide.token))
            self.touchpoints.append(uuid_of(scan["touchpoint"]["id"]))
            wanted = an_order(self.scene)
            placed = await caller.insist("OrderPlace", **wanted)
            assert placed["__typename"] == "OrderPlacePayload", placed
            order_id = uuid_of(placed["order"]["id"])
            self.orders.append(order_id)
            started = await caller.insist("PaymentStart", **a_payment(placed["order"]["id"]))
            assert started["__typename"] == "PaymentStartPayload", started
            await self._confirm(caller, started["payment"])
            self.paid.append(order_id)
            # Who asks once more under the same key, however late, hears of the same order.
            again = await caller.insist("OrderPlace", **wanted)
            assert again["order"]["id"] == placed["order"]["id"]
            self.repeats += 1

    async def goes_on(self, *, purchases: int = SHOPPERS, seconds: float = 60.0) -> None:
        """Wait for so many more purchases."""
        wanted = len(self.paid) + purchases

        async def are_made() -> bool:
            return len(self.paid) >= wanted

        await until(are_made, f"{purchases} more purchases", seconds=seconds)

    async def _confirm(self, caller: Caller, payment: dict[str, object]) -> None:
        async def is_paid() -> bool:
            try:
                answer = await caller.confirm(payment)
            except Unanswered:
                return False
            assert answer == (200, "PAID")
            return True

        await until(is_paid, "the provider's answer", seconds=90)

    async def assert_nothing_is_lost_or_doubled(self) -> None:
        """Exactly the acknowledged orders exist, each paid once; their events are relayed; the stock agrees."""
        runtime, brand = self.installation.runtime, self.scene.brand
        assert len(set(self.orders)) == len(self.orders) and sorted(self.paid) == sorted(self.orders)

        async def are_settled() -> bool:
            async with runtime.database.reading(brand) as session:
                waiting, parked, _ = await outbox.waiting(session)
                unpaid = await purchase.count(session, OrderRow, OrderRow.state != "PAID")
            assert parked == 0
            return waiting == unpaid == 0

        await until(are_settled, "every order paid and every event relayed", seconds=SETTLE_SECONDS)
        async with runtime.database.reading(brand) as session:
            orders = await session.scalars(sa.select(OrderRow.id).where(OrderRow.brand_id == brand.id))
            touches = await session.scalars(sa.select(TouchpointRow.id).where(TouchpointRow.brand_id == brand.id))
            payments = await session.execute(
                sa.select(PaymentRow.order_id, PaymentRow.state, PaymentRow.number).where(
                    PaymentRow.brand_id == brand.id
                )
            )
            assert sorted(orders) == sorted(self.orders)
            assert set(touches) == set(self.touchpoints)
            rows = payments.all()
            pays = await purchase.count(session, OrderMoveRow, OrderMoveRow.event == OrderEvent.PAY.value)
        assert sorted(row.order_id for row in rows) == sorted(self.orders)
        assert Counter(row.state for row in rows) == {"SUCCEEDED": len(self.orders)}
        assert pays == len(self.orders)
        async with runtime.database.directory() as outside:
            charges = await outside.execute(
                sa.select(SandboxChargeRow.state).where(SandboxChargeRow.number.in_([row.number for row in rows]))
            )
            assert Counter(charges.scalars()) == {"PAID": len(self.orders)}
        stock = await purchase.stock_of(runtime.database, brand, self.scene.sku_id)
        assert stock == (STOCK - len(self.orders), 0)


@asynccontextmanager
async def load(installation: Installation) -> AsyncIterator[Load]:
    """Customers at work on the installation's server, until the block ends; then each finishes what it has begun."""
    scene = await factories.make_scene(installation.runtime.database, stock=STOCK)
    async with line_to(installation.base_url, seconds=20) as line:
        running = Load(installation, scene, line)
        callers = await sign_in(installation.runtime, scene.brand, line, SHOPPERS)
        async with asyncio.TaskGroup() as tasks:
            for caller in callers:
                tasks.create_task(running.shop(caller))
            yield running
            running.stop.set()
