"""A new order's rows: the order, its lines, what coupons took off, its first step; in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.commission.rows import Values, insert_all
from app.commission.sales import Attributed
from app.platform import db
from app.platform.actor import Actor
from app.platform.db import BrandSession, TryAgain
from app.platform.tables import Base
from app.trade import rules
from app.trade.basket import Basket
from app.trade.freight_models import OrderFreightRow
from app.trade.models import OrderDiscountRow, OrderLineRow, OrderMoveRow, OrderRow
from app.trade.moves import move_values
from app.trade.values import FulfilmentMethod, OrderEvent, OrderState


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What an order is besides its lines and amounts. `address` and `note` are sealed."""

    id: UUID
    number: str
    customer_id: UUID
    shop_id: UUID
    attributed: Attributed
    code_id: UUID | None
    fulfilment: FulfilmentMethod
    pickup_store_id: UUID | None
    location_id: UUID
    address: bytes | None
    note: bytes | None
    pay_by: datetime


async def write_order(
    session: BrandSession, order: NewOrder, basket: Basket, line_ids: Sequence[UUID], *, actor: Actor, now: datetime
) -> None:
    """Insert a placed order; one statement. Raises: TryAgain when its random number is taken."""
    try:
        await insert_all(session, rows_of(session, order, basket, line_ids, actor=actor, now=now))
    except sa.exc.IntegrityError as error:
        if db.violated(error) == "uq_orders_brand_id_number":
            raise TryAgain from error
        raise


def rows_of(
    session: BrandSession, order: NewOrder, basket: Basket, line_ids: Sequence[UUID], *, actor: Actor, now: datetime
) -> dict[type[Base], Sequence[Values]]:
    """The rows of a placed order."""
    state = rules.move(OrderState.DRAFT, OrderEvent.PLACE)
    placed = move_values(
        session, order.id, OrderEvent.PLACE, from_state=None, to_state=state, actor=actor.principal, now=now
    )
    return {
        OrderRow: [_order(session, order, basket, state, now)],
        OrderLineRow: _lines(session, order, basket, line_ids),
        OrderMoveRow: [placed],
        **({OrderDiscountRow: _discounts(session, order, basket)} if basket.reductions else {}),
        **({OrderFreightRow: [_freight(session, order, basket)]} if basket.freight.template_id else {}),
    }


def _order(
    session: BrandSession, order: NewOrder, basket: Basket, state: OrderState, now: datetime
) -> dict[str, object]:
    return {
        "brand_id": session.brand_id,
        "id": order.id,
        "number": order.number,
        "state": state.value,
        "customer_id": order.customer_id,
        "shop_id": order.shop_id,
        "guide_id": order.attributed.guide_id,
        "store_id": order.attributed.store_id,
        "branch": order.attributed.branch,
        "code_id": order.code_id,
        "fulfilment": order.fulfilment.value,
        "pickup_store_id": order.pickup_store_id,
        "location_id": order.location_id,
        "is_stranded": False,
        "address": order.address,
        "note": order.note,
        "subtotal_minor": basket.totals.subtotal_minor,
        "discount_minor": basket.totals.discount_minor,
        "freight_minor": basket.totals.freight_minor,
        "total_minor": basket.totals.total_minor,
        "refunded_minor": 0,
        "refunded_goods_minor": 0,
        "placed_at": now,
        "pay_by": order.pay_by,
        "paid_at": None,
        "paid_on": None,
        "shipped_at": None,
        "delivered_at": None,
        "completed_at": None,
        "ended_at": None,
    }


def _freight(session: BrandSession, order: NewOrder, basket: Basket) -> dict[str, object]:
    charged = basket.freight
    return {
        "brand_id": session.brand_id,
        "order_id": order.id,
        "template_id": charged.template_id,
        "rate": charged.rate,
        "units": charged.units,
    }


def _discounts(session: BrandSession, order: NewOrder, basket: Basket) -> list[dict[str, object]]:
    return [
        {
            "brand_id": session.brand_id,
            "id": session.new_id(),
            "order_id": order.id,
            "position": position,
            "coupon_id": reduction.coupon_id,
            "label": reduction.title,
            "amount_minor": reduction.amount_minor,
        }
        for position, reduction in enumerate(basket.reductions)
    ]


def _lines(session: BrandSession, order: NewOrder, basket: Basket, line_ids: Sequence[UUID]) -> list[dict[str, object]]:
    return [
        {
            "brand_id": session.brand_id,
            "id": line_id,
            "order_id": order.id,
            "position": position,
            "sku_id": line.sku.sku_id,
            "product_id": line.sku.product_id,
            "title": line.sku.title,
            "sku_name": line.sku.sku_name,
            "quantity": line.priced.quantity,
            "unit_price_minor": line.priced.unit_price_minor,
            "discount_minor": line.priced.discount_minor,
            "total_minor": line.priced.total_minor,
        }
        for position, (line_id, line) in enumerate(zip(line_ids, basket.lines, strict=True))
    ]
