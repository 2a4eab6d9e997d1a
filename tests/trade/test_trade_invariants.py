"""Each invariant of trade finds what breaks it, and nothing else does."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.employees.models import StoreRow
from app.platform.db import BrandSession
from app.platform.runtime import Runtime
from app.products.models import ReservationRow
from app.trade import invariants, orders
from app.trade.models import OrderLineRow, OrderMoveRow, OrderRow, PaymentRow, RefundRow, ShipmentRow
from tests.factories import Scene
from tests.trade import fulfilling, purchase

Break = Callable[[BrandSession, UUID], Awaitable[None]]


def changed(table: Any, *conditions: Any, **values: Any) -> Break:
    """A change behind the services' backs to the rows of one paid order."""

    async def work(session: BrandSession, order_id: UUID) -> None:
        own = table.id if table is OrderRow else table.order_id
        done = await session.execute(
            sa.update(table)
            .where(table.brand_id == session.brand_id, own == order_id, *conditions)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        assert done.rowcount == 1  # type: ignore[attr-defined]

    return work


async def add_a_line(session: BrandSession, order_id: UUID) -> None:
    line = sa.select(OrderLineRow.__table__).where(
        OrderLineRow.brand_id == session.brand_id, OrderLineRow.order_id == order_id
    )
    row = dict((await session.execute(line)).mappings().one())
    await session.execute(sa.insert(OrderLineRow).values(row | {"id": session.new_id(), "position": 1}))


async def add_a_move(session: BrandSession, order_id: UUID) -> None:
    await session.execute(
        sa.insert(OrderMoveRow).values(
            brand_id=session.brand_id,
            id=session.new_id(),
            order_id=order_id,
            event="CANCEL",
            from_state="PAID",
            to_state="CANCELLED",
            actor="nobody",
            at=session.now,
        )
    )


async def add_a_payment(session: BrandSession, order_id: UUID) -> None:
    payment = sa.select(PaymentRow.__table__).where(
        PaymentRow.brand_id == session.brand_id, PaymentRow.order_id == order_id
    )
    row = dict((await session.execute(payment)).mappings().one())
    new = {"id": session.new_id(), "number": "again", "transaction_id": "again"}
    await session.execute(sa.insert(PaymentRow).values(row | new))


async def add_a_refund(session: BrandSession, order_id: UUID) -> None:
    payment_id = await session.scalar(
        sa.select(PaymentRow.id).where(PaymentRow.brand_id == session.brand_id, PaymentRow.order_id == order_id)
    )
    await session.execute(
        sa.insert(RefundRow).values(
            brand_id=session.brand_id,
            id=session.new_id(),
            payment_id=payment_id,
            order_id=order_id,
            cause="PAID_TWICE",
            number="too much",
            state="REQUESTED",
            amount_minor=12_901,
            tries=0,
            requested_at=session.now,
            due_at=session.now,
        )
    )


async def add_a_parcel(session: BrandSession, order_id: UUID) -> None:
    await session.execute(
        sa.insert(ShipmentRow).values(
            brand_id=session.brand_id,
            id=session.new_id(),
            order_id=order_id,
            shipped_at=session.now,
            shipped_by="nobody",
        )
    )


async def fetch_where_an_address_is(session: BrandSession, order_id: UUID) -> None:
    store_id = await session.scalar(sa.select(StoreRow.id).where(StoreRow.brand_id == session.brand_id))
    await changed(OrderRow, fulfilment="PICKUP", pickup_store_id=store_id)(session, order_id)


LATER = datetime(2030, 1, 1, tzinfo=UTC)
BREAKS: list[tuple[Break, set[str]]] = [
    (add_a_line, {"order totals are the sums of their lines", "reservations follow their orders"}),
    (add_a_payment, {"paid orders keep exactly one payment"}),
    (changed(PaymentRow, state="CLOSED"), {"paid orders keep exactly one payment"}),
    (changed(OrderRow, paid_on=None), {"paid orders keep exactly one payment"}),
    (changed(PaymentRow, state="REFUNDED"), {"refunds add up"}),
    (add_a_refund, {"refunds add up"}),
    (changed(OrderRow, refunded_minor=1), {"orders show what went back"}),
    (add_a_move, {"moves are a path of the state machine"}),
    (
        changed(OrderRow, state="PENDING_PAYMENT"),
        {
            "paid orders keep exactly one payment",
            "moves are a path of the state machine",
            "reservations follow their orders",
        },
    ),
    (changed(ReservationRow, state="HELD"), {"reservations follow their orders"}),
    (changed(ReservationRow, quantity=2), {"reservations follow their orders"}),
    (changed(OrderRow, guide_id=None), {"orders are their sales"}),
    (changed(OrderRow, number="another"), {"orders are their sales"}),
    (
        changed(OrderRow, shipped_at=LATER),
        {"instants of orders are those of their moves", "shipped orders have parcels"},
    ),
    (changed(OrderRow, delivered_at=LATER), {"instants of orders are those of their moves"}),
    (changed(OrderRow, completed_at=LATER), {"instants of orders are those of their moves"}),
    (add_a_parcel, {"shipped orders have parcels"}),
    (fetch_where_an_address_is, {"pickups name a store"}),
]


async def found(session: BrandSession) -> dict[str, int]:
    return {name: len(lines) for name, check in invariants.CHECKS.items() if (lines := await check(session))}


@pytest.mark.parametrize(("spoil", "names"), BREAKS)
async def test_each_break_is_found_once_by_the_checks_that_it_concerns(
    runtime: Runtime, scene: Scene, spoil: Break, names: set[str]
) -> None:
    database = runtime.database
    buyer = await purchase.make_buyer(database, scene.brand)
    order_id = await purchase.make_order(database, scene, buyer)
    await purchase.pay(database, scene.brand, await purchase.start(database, scene.brand, buyer, order_id))
    cancelled_id = await purchase.make_order(database, scene, buyer)
    await purchase.make_order(database, scene, buyer)
    async with database.transaction(scene.brand) as session:
        await orders.cancel(session, buyer, order_id=cancelled_id, now=session.now)
    staffed = await fulfilling.staff(database, scene)
    sent, fetched = await fulfilling.paid(database, staffed), await fulfilling.paid_pickup(database, staffed)
    await fulfilling.ship(database, scene.brand, staffed.owner, sent)
    await fulfilling.confirm(database, scene.brand, staffed.buyer, sent)
    await fulfilling.make_ready(database, scene.brand, staffed.owner, fetched)
    await fulfilling.hand_over(database, scene.brand, staffed.owner, fetched)
    async with database.reading(scene.brand) as session:
        # Never committed: only this session sees what is broken.
        assert await found(session) == {}
        await spoil(session, order_id)
        assert await found(session) == dict.fromkeys(names, 1)
    await purchase.assert_sound(database, scene.brand)
