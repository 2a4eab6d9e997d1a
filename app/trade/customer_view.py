"""What a customer reads of an own order beyond what lists show: its course, its payments, where it goes to; and the
course of an after-sale.

Each is one statement, and gives nothing of anybody else's order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
import sqlalchemy as sa

from app.employees.rules import mask_phone
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.trade.basket import ADDRESS
from app.trade.models import AfterSaleMoveRow, AfterSaleRow, OrderMoveRow, OrderRow, PaymentRow
from app.trade.values import AfterSaleState, OrderState, PaymentState, ProviderName

_SHOWN_OF_STREET = 4


@dataclass(frozen=True, slots=True)
class OrderStep:
    """A state that an order has come to."""

    state: OrderState
    at: datetime


@dataclass(frozen=True, slots=True)
class AfterSaleStep:
    """A state that an after-sale has come to."""

    state: AfterSaleState
    at: datetime


@dataclass(frozen=True, slots=True)
class PaymentTry:
    """A try to pay an order. `number` is what its provider knows it by. Amounts: minor units."""

    id: UUID
    order_id: UUID
    provider: ProviderName
    number: str
    state: PaymentState
    amount_minor: int


@dataclass(frozen=True, slots=True)
class MaskedAddress:
    """Enough of an address to know it again by."""

    recipient: str
    phone: str
    place: str


async def steps_of_order(session: BrandSession, actor: Actor, *, order_id: UUID) -> Sequence[OrderStep]:
    """The states that the customer's order has come to, in their order."""
    rows = await session.execute(
        sa.select(OrderMoveRow.to_state, OrderMoveRow.at)
        .join(OrderRow, sa.and_(OrderRow.brand_id == session.brand_id, OrderRow.id == OrderMoveRow.order_id))
        .where(
            OrderMoveRow.brand_id == session.brand_id,
            OrderMoveRow.order_id == order_id,
            OrderRow.customer_id == actor.customer_id,
        )
        .order_by(OrderMoveRow.id)
    )
    return [OrderStep(OrderState(row.to_state), row.at) for row in rows]


async def steps_of_after_sale(session: BrandSession, actor: Actor, *, after_sale_id: UUID) -> Sequence[AfterSaleStep]:
    """The states that the customer's after-sale has come to, in their order."""
    rows = await session.execute(
        sa.select(AfterSaleMoveRow.to_state, AfterSaleMoveRow.at)
        .join(
            AfterSaleRow,
            sa.and_(AfterSaleRow.brand_id == session.brand_id, AfterSaleRow.id == AfterSaleMoveRow.after_sale_id),
        )
        .join(OrderRow, sa.and_(OrderRow.brand_id == session.brand_id, OrderRow.id == AfterSaleRow.order_id))
        .where(
            AfterSaleMoveRow.brand_id == session.brand_id,
            AfterSaleMoveRow.after_sale_id == after_sale_id,
            OrderRow.customer_id == actor.customer_id,
        )
        .order_by(AfterSaleMoveRow.step)
    )
    return [AfterSaleStep(AfterSaleState(row.to_state), row.at) for row in rows]


async def payment_tries(
    session: BrandSession, actor: Actor, *, order_id: UUID | None = None, payment_id: UUID | None = None
) -> Sequence[PaymentTry]:
    """The tries to pay the customer's order, or one of them; the latest first."""
    rows = await session.execute(
        sa.select(
            PaymentRow.id,
            PaymentRow.order_id,
            PaymentRow.provider,
            PaymentRow.number,
            PaymentRow.state,
            PaymentRow.amount_minor,
        )
        .join(OrderRow, sa.and_(OrderRow.brand_id == session.brand_id, OrderRow.id == PaymentRow.order_id))
        .where(
            PaymentRow.brand_id == session.brand_id,
            OrderRow.customer_id == actor.customer_id,
            PaymentRow.order_id == order_id if payment_id is None else PaymentRow.id == payment_id,
        )
        .order_by(PaymentRow.id.desc())
    )
    return [PaymentTry(row[0], row[1], ProviderName(row[2]), row[3], PaymentState(row[4]), row[5]) for row in rows]


async def address_of(session: BrandSession, actor: Actor, *, order_id: UUID) -> MaskedAddress | None:
    """Where the customer's order goes to, masked; None for one that is picked up."""
    sealed = await session.scalar(
        sa.select(OrderRow.address).where(
            OrderRow.brand_id == session.brand_id,
            OrderRow.id == order_id,
            OrderRow.customer_id == actor.customer_id,
        )
    )
    text = session.vault.open(session.brand_id, ADDRESS, sealed)
    if text is None:
        return None
    kept = orjson.loads(text)
    street = kept["street"]
    return MaskedAddress(
        recipient=f"{kept['recipient'][:1]}**",
        phone=mask_phone(kept["phone"]),
        place=" ".join(part for part in (kept["province"], kept["city"], kept["district"]) if part)
        + f" {street[:_SHOWN_OF_STREET]}{'****' if len(street) > _SHOWN_OF_STREET else ''}",
    )
