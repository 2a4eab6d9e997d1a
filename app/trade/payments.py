"""Payments: started for a customer, booked when the provider says that the money is there.

Money is booked once, whatever the provider repeats and in whatever order. Money that an order does not wait for (it was
cancelled, or another payment had paid it) is booked too, and goes back whole by itself.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.commission import sales
from app.customers import bindings, policies
from app.marketing import coupon_orders
from app.platform.actor import SYSTEM, Actor
from app.platform.db import BrandSession, register
from app.platform.errors import InvalidInput, NotFound, WrongState
from app.platform.settings import load_settings
from app.products import stock
from app.trade import moves, numbers, receipts, refunds
from app.trade.events import OrderPaid
from app.trade.models import OrderRow, PaymentRow
from app.trade.providers import is_offered
from app.trade.values import (
    FulfilmentMethod,
    OrderEvent,
    OrderState,
    PaymentEvent,
    PaymentState,
    ProviderName,
    RefundCause,
)

PAYMENT_NUMBER = "PAYMENT_NUMBER"
"""The kind of the directory entry that leads from a provider's notice to the brand."""


class Booking(StrEnum):
    """What the news of a successful payment led to. LATE: it was booked, and goes back."""

    PAID = "PAID"
    LATE = "LATE"
    REPEATED = "REPEATED"
    WRONG_AMOUNT = "WRONG_AMOUNT"


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """A payment with what its provider needs to know. Amounts: minor units."""

    id: UUID
    order_id: UUID
    order_number: str
    order_state: OrderState
    customer_id: UUID
    provider: ProviderName
    number: str
    state: PaymentState
    amount_minor: int
    client_parameters: dict[str, Any] | None
    pay_by: datetime


async def start(session: BrandSession, actor: Actor, *, order_id: UUID, provider: ProviderName, now: datetime) -> UUID:
    """A customer begins to pay an own order; gives the payment's id. While one is under way, it is that one.

    The provider hears of it outside the transaction: see `charges.open_charge`. Raises: InvalidInput for a provider
    that is not offered, NotFound, WrongState when the order waits for no payment or its time is over.
    """
    if not is_offered(load_settings(), provider):
        raise InvalidInput("payment_provider_not_offered", path=("provider",))
    order = await moves.lock_order(session, OrderRow.id == order_id, OrderRow.customer_id == actor.customer_id)
    if order is None:
        raise NotFound("Order", path=("orderId",))
    if order.state is not OrderState.PENDING_PAYMENT or order.pay_by <= now:
        raise WrongState(order.state)
    started = (
        await session.execute(
            sa.select(PaymentRow.id).where(
                PaymentRow.brand_id == session.brand_id,
                PaymentRow.order_id == order_id,
                PaymentRow.provider == provider.value,
                PaymentRow.state == PaymentState.STARTED.value,
            )
        )
    ).scalar_one_or_none()
    if started is not None:
        return started
    payment_id, number = session.new_id(), numbers.random_number()
    await session.execute(
        sa.insert(PaymentRow).values(
            brand_id=session.brand_id,
            id=payment_id,
            order_id=order_id,
            provider=provider.value,
            number=number,
            state=PaymentState.STARTED.value,
            amount_minor=order.total_minor,
            started_at=now,
        )
    )
    await session.execute(register(session, PAYMENT_NUMBER, number, payment_id))
    return payment_id


async def book_success(
    session: BrandSession, *, payment_id: UUID, transaction_id: str, amount_minor: int, now: datetime
) -> Booking:
    """The provider has the money: the order is paid, its goods are sold, its coupons used, its commission is held.

    What is bought in the store is with the customer from this moment.

    An order that waits for no payment gets the money back instead, whole. A second word of the same payment changes
    nothing, and neither does a wrong amount. Raises: LookupError for an unknown payment.
    Emits: OrderPaid or RefundRequested.
    """
    order = await lock_order_of(session, payment_id)
    moved = await moves.move_payment(
        session, payment_id, PaymentEvent.SUCCEED, now=now, amount_minor=amount_minor, transaction_id=transaction_id
    )
    if not moved:
        return await _why_not_booked(session, payment_id, amount_minor)
    if order.state is not OrderState.PENDING_PAYMENT:
        cause = RefundCause.ORDER_CANCELLED if order.state is OrderState.CANCELLED else RefundCause.PAID_TWICE
        await refunds.request(
            session, payment_id=payment_id, order_id=order.id, cause=cause, amount_minor=amount_minor, now=now
        )
        return Booking.LATE
    paid = await moves.move_order(
        session,
        order,
        OrderEvent.PAY,
        actor=SYSTEM.principal,
        now=now,
        paid_at=now,
        paid_on=session.brand.day_of(now),
    )
    await sales.book_paid(session, order_id=order.id, now=now)
    await bindings.on_order(
        session,
        customer_id=order.customer_id,
        guide_id=order.guide_id,
        store_id=order.store_id,
        policy=await policies.current_policy(session),
        now=now,
    )
    if order.discount_minor:
        await coupon_orders.use(session, order_id=order.id, now=now)
    await stock.sell(session, order_id=order.id, now=now)
    if order.method is FulfilmentMethod.IN_STORE:
        await receipts.receive(session, paid, OrderEvent.TAKE, actor=SYSTEM, now=now)
    session.emit(OrderPaid(order.id, payment_id))
    return Booking.PAID


async def book_failure(session: BrandSession, *, payment_id: UUID, now: datetime) -> bool:
    """The provider could not get the money: the customer may try again. False when it changes nothing any more."""
    return await moves.move_payment(session, payment_id, PaymentEvent.FAIL, now=now)


async def book_closed(session: BrandSession, *, payment_id: UUID, now: datetime) -> bool:
    """The charge is closed with its provider. False when it changes nothing any more."""
    return await moves.move_payment(session, payment_id, PaymentEvent.CLOSE, now=now)


async def keep_client_parameters(session: BrandSession, *, payment_id: UUID, parameters: dict[str, Any]) -> None:
    """Store what the customer's phone pays with; the first answer stays."""
    await session.execute(
        sa.update(PaymentRow)
        .where(
            PaymentRow.brand_id == session.brand_id,
            PaymentRow.id == payment_id,
            PaymentRow.client_parameters.is_(None),
        )
        .values(client_parameters=parameters)
        .execution_options(synchronize_session=False)
    )


async def lock_order_of(session: BrandSession, payment_id: UUID) -> moves.LockedOrder:
    """Hold the order that a payment is for. Raises: LookupError for an unknown payment."""
    its_order = sa.select(PaymentRow.order_id).where(
        PaymentRow.brand_id == session.brand_id, PaymentRow.id == payment_id
    )
    order = await moves.lock_order(session, OrderRow.id == its_order.scalar_subquery())
    if order is None:
        raise LookupError(f"no payment {payment_id}")
    return order


async def payment_facts(
    session: BrandSession, *conditions: sa.ColumnElement[bool], limit: int = 1
) -> list[PaymentFacts]:
    """Payments that meet the conditions, any of them where there are more than `limit`; one statement."""
    rows = await session.execute(
        sa.select(
            PaymentRow.id,
            PaymentRow.order_id,
            OrderRow.number,
            OrderRow.state,
            OrderRow.customer_id,
            PaymentRow.provider,
            PaymentRow.number,
            PaymentRow.state,
            PaymentRow.amount_minor,
            PaymentRow.client_parameters,
            OrderRow.pay_by,
        )
        .join(OrderRow, sa.and_(OrderRow.brand_id == session.brand_id, OrderRow.id == PaymentRow.order_id))
        .where(PaymentRow.brand_id == session.brand_id, *conditions)
        # By chance, not by age: those that nobody can settle would stand before all others for ever.
        .order_by(sa.func.random())
        .limit(limit)
    )
    return [
        PaymentFacts(
            id=row[0],
            order_id=row[1],
            order_number=row[2],
            order_state=OrderState(row[3]),
            customer_id=row[4],
            provider=ProviderName(row[5]),
            number=row[6],
            state=PaymentState(row[7]),
            amount_minor=row[8],
            client_parameters=row[9],
            pay_by=row[10],
        )
        for row in rows
    ]


async def _why_not_booked(session: BrandSession, payment_id: UUID, amount_minor: int) -> Booking:
    amount = await session.scalar(
        sa.select(PaymentRow.amount_minor).where(PaymentRow.brand_id == session.brand_id, PaymentRow.id == payment_id)
    )
    return Booking.REPEATED if amount == amount_minor else Booking.WRONG_AMOUNT
