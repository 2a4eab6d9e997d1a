"""The steps of an after-sale as tests take them: an order that is paid for real, its way, request, decision, refund."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.commission.values import Decision
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.db import Brand, BrandSession
from app.platform.models import SandboxRefundRow
from app.platform.runtime import Runtime
from app.trade import after_sale_decisions, after_sales, charges, moves, payments, receipts, refunds, shipments
from app.trade.models import AfterSaleMoveRow, AfterSaleRow, OrderLineRow, OrderRow, PaymentRow, RefundRow
from app.trade.values import AfterSaleKind, OrderEvent, OrderState
from app.verify import checks
from tests.factories import Scene
from tests.trade import purchase

REFUND_ONLY, RETURN = AfterSaleKind.REFUND_ONLY, AfterSaleKind.RETURN_AND_REFUND
ROAD = (OrderEvent.SHIP, OrderEvent.DELIVER, OrderEvent.COMPLETE)


@dataclass(frozen=True)
class Sold:
    """A paid order, whose money the sandbox provider has. `lines`: their ids in the order of the basket."""

    runtime: Runtime
    scene: Scene
    buyer: Actor
    order_id: UUID
    payment_id: UUID
    number: str
    lines: list[UUID]

    @property
    def brand(self) -> Brand:
        return self.scene.brand

    @property
    def owner(self) -> Actor:
        return Actor(kind=ActorKind.EMPLOYEE, employee_id=self.scene.owner_id, role="OWNER")

    async def request(
        self, quantity: int = 1, kind: AfterSaleKind = REFUND_ONLY, *, line: int = 0, **more: Any
    ) -> UUID:
        async with self.runtime.database.transaction(self.brand, now=more.pop("now", None)) as session:
            return await after_sales.request(
                session,
                more.pop("actor", self.buyer),
                line_id=self.lines[line],
                quantity=quantity,
                kind=kind,
                reason=more.pop("reason", "尺码不合适"),
                now=session.now,
                **more,
            )

    async def decide(
        self, after_sale_id: UUID, decision: Decision = Decision.APPROVE, *, actor: Actor | None = None, **more: Any
    ) -> None:
        async with self.runtime.database.transaction(self.brand, now=more.pop("now", None)) as session:
            await after_sale_decisions.decide(
                session, actor or self.owner, after_sale_id=after_sale_id, decision=decision, now=session.now, **more
            )

    async def withdraw(self, after_sale_id: UUID) -> None:
        async with self.runtime.database.transaction(self.brand) as session:
            await after_sales.withdraw(session, self.buyer, after_sale_id=after_sale_id, now=session.now)

    async def send(self, after_sale_id: UUID, now: datetime | None = None) -> None:
        async with self.runtime.database.transaction(self.brand, now=now) as session:
            await after_sales.ship_return(
                session,
                self.buyer,
                after_sale_id=after_sale_id,
                carrier="顺丰",
                tracking_number="SF1000000001",
                now=session.now,
            )

    async def receive(self, after_sale_id: UUID, *, is_restocked: bool = True, actor: Actor | None = None) -> None:
        async with self.runtime.database.transaction(self.brand) as session:
            await after_sale_decisions.receive(
                session, actor or self.owner, after_sale_id=after_sale_id, is_restocked=is_restocked, now=session.now
            )

    async def retry(self, after_sale_id: UUID) -> None:
        async with self.runtime.database.transaction(self.brand) as session:
            await after_sale_decisions.retry_refund(session, self.owner, after_sale_id=after_sale_id, now=session.now)

    async def pay_back(self, runtime: Runtime | None = None) -> list[bool]:
        """Have the provider asked for every refund of the order."""
        async with self.runtime.database.reading(self.brand) as session:
            ids = await session.scalars(
                sa.select(RefundRow.id)
                .where(RefundRow.brand_id == self.brand.id, RefundRow.order_id == self.order_id)
                .order_by(RefundRow.id)
            )
        return [await refunds.pay_back(runtime or self.runtime, self.brand, refund_id) for refund_id in ids.all()]

    async def go(self, *events: OrderEvent, now: datetime | None = None) -> None:
        """Take the order some steps on."""
        async with self.runtime.database.transaction(self.brand, now=now) as session:
            for event in events:
                if event is OrderEvent.SHIP:
                    await shipments.ship(session, SYSTEM, order_id=self.order_id, now=session.now)
                elif event is OrderEvent.COMPLETE:
                    await receipts.confirm(session, self.buyer, order_id=self.order_id, now=session.now)
                else:
                    order = await moves.lock_order(session, OrderRow.id == self.order_id)
                    assert order is not None
                    await receipts.receive(session, order, event, actor=SYSTEM, now=session.now)

    async def after_sale(self, after_sale_id: UUID) -> Any:
        async with self.runtime.database.reading(self.brand) as session:
            rows = sa.select(AfterSaleRow).where(
                AfterSaleRow.brand_id == self.brand.id, AfterSaleRow.id == after_sale_id
            )
            return (await session.execute(rows)).scalar_one()

    async def state(self, after_sale_id: UUID) -> str:
        return str((await self.after_sale(after_sale_id)).state)

    async def order(self) -> Any:
        async with self.runtime.database.reading(self.brand) as session:
            return await purchase.order_row(session, self.order_id)

    async def payment(self) -> Any:
        async with self.runtime.database.reading(self.brand) as session:
            return await purchase.payment_row(session, self.payment_id)

    async def refunds(self) -> list[Any]:
        async with self.runtime.database.reading(self.brand) as session:
            rows = sa.select(RefundRow).where(RefundRow.brand_id == self.brand.id, RefundRow.order_id == self.order_id)
            return list((await session.scalars(rows.order_by(RefundRow.id))).all())

    async def path(self, after_sale_id: UUID) -> list[str]:
        """The states an after-sale went through."""
        async with self.runtime.database.reading(self.brand) as session:
            rows = await session.scalars(
                sa.select(AfterSaleMoveRow.to_state)
                .where(AfterSaleMoveRow.brand_id == self.brand.id, AfterSaleMoveRow.after_sale_id == after_sale_id)
                .order_by(AfterSaleMoveRow.step)
            )
            return list(rows.all())

    async def sent_back(self) -> list[int]:
        """What the provider really sent back."""
        async with self.runtime.database.directory() as session:
            rows = sa.select(SandboxRefundRow.amount_minor).where(SandboxRefundRow.charge_number == self.number)
            return sorted(await session.scalars(rows))

    async def stock(self) -> tuple[int, int]:
        return await purchase.stock_of(self.runtime.database, self.brand, self.scene.sku_id)

    async def assert_sound(self) -> None:
        """Every invariant of every package holds."""
        found = await checks.violations(self.runtime, self.brand)
        assert {name: lines for name, lines in found.items() if lines} == {}


async def sell(
    runtime: Runtime,
    scene: Scene,
    *,
    lines: Sequence[tuple[UUID, int]] | None = None,
    quantity: int = 1,
    buyer: Actor | None = None,
    **more: Any,
) -> Sold:
    """An order of the scene's SKU that is paid: the provider has the money, and we have booked it."""
    database, brand = runtime.database, scene.brand
    buyer = buyer or await purchase.make_buyer(database, brand)
    order_id = await purchase.make_order(database, scene, buyer, lines=lines or [(scene.sku_id, quantity)], **more)
    payment_id = await purchase.start(database, brand, buyer, order_id)
    async with database.reading(brand) as session:
        (facts,) = await payments.payment_facts(session, PaymentRow.id == payment_id)
    transaction_id = await charges.settle(runtime, brand, payment_id)
    async with database.transaction(brand) as session:
        await payments.book_success(
            session,
            payment_id=payment_id,
            transaction_id=transaction_id,
            amount_minor=facts.amount_minor,
            now=session.now,
        )
        rows = await session.scalars(
            sa.select(OrderLineRow.id)
            .where(OrderLineRow.brand_id == brand.id, OrderLineRow.order_id == order_id)
            .order_by(OrderLineRow.position)
        )
    return Sold(runtime, scene, buyer, order_id, payment_id, facts.number, list(rows.all()))


async def sell_and(runtime: Runtime, scene: Scene, state: OrderState, **more: Any) -> Sold:
    """A paid order that has come as far as that state."""
    sold = await sell(runtime, scene, **more)
    reach = {OrderState.PAID: 0, OrderState.SHIPPED: 1, OrderState.DELIVERED: 2, OrderState.COMPLETED: 3}
    await sold.go(*ROAD[: reach[state]])
    return sold


async def make_overdue(session: BrandSession, after_sale_id: UUID) -> None:
    """The time of whoever is waited for is over."""
    await session.execute(
        sa.update(AfterSaleRow)
        .where(AfterSaleRow.brand_id == session.brand_id, AfterSaleRow.id == after_sale_id)
        .values(due_at=session.now - timedelta(seconds=1))
        .execution_options(synchronize_session=False)
    )
