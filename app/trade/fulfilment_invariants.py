"""What must hold for shipments, receipts and pickups at any moment; each check is one read and gives what breaks it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.platform.db import BrandSession
from app.trade.models import OrderMoveRow, OrderRow, ShipmentRow
from app.trade.values import FulfilmentMethod, OrderEvent


async def instants_are_those_of_the_moves(session: BrandSession) -> list[str]:
    """An order was shipped, delivered and completed when its history says, and not at all where it says nothing."""
    when = (
        sa.select(
            _at(OrderEvent.SHIP).label("shipped_at"),
            _at(OrderEvent.DELIVER, OrderEvent.HAND_OVER).label("delivered_at"),
            _at(OrderEvent.COMPLETE).label("completed_at"),
        )
        .where(OrderMoveRow.brand_id == session.brand_id, OrderMoveRow.order_id == OrderRow.id)
        .lateral("moved")
    )
    rows = await session.execute(
        sa.select(OrderRow.number, OrderRow.state)
        .join(when, sa.true())
        .where(
            OrderRow.brand_id == session.brand_id,
            sa.or_(
                OrderRow.shipped_at.is_distinct_from(when.c.shipped_at),
                OrderRow.delivered_at.is_distinct_from(when.c.delivered_at),
                OrderRow.completed_at.is_distinct_from(when.c.completed_at),
            ),
        )
    )
    return [f"order {number}: {state}, and its instants are not those of its moves" for number, state in rows]


async def shipped_orders_have_parcels(session: BrandSession) -> list[str]:
    """An order has parcels if and only if it was shipped, the first of that instant, and is no pickup."""
    parcels = (
        sa.select(sa.func.count(), sa.func.min(ShipmentRow.shipped_at).label("first_at"))
        .where(ShipmentRow.brand_id == session.brand_id, ShipmentRow.order_id == OrderRow.id)
        .lateral("parcels")
    )
    is_pickup = OrderRow.fulfilment == FulfilmentMethod.PICKUP.value
    rows = await session.execute(
        sa.select(OrderRow.number, OrderRow.state, parcels.c[0])
        .join(parcels, sa.true())
        .where(
            OrderRow.brand_id == session.brand_id,
            sa.or_(
                OrderRow.shipped_at.is_distinct_from(parcels.c.first_at),
                sa.and_(is_pickup, OrderRow.shipped_at.is_not(None)),
            ),
        )
    )
    return [f"order {number}: {state} with {count} parcels" for number, state, count in rows]


async def pickups_name_a_store(session: BrandSession) -> list[str]:
    """An order that is fetched names its store, and has neither freight nor address; another names none."""
    is_pickup = OrderRow.fulfilment == FulfilmentMethod.PICKUP.value
    rows = await session.execute(
        sa.select(OrderRow.number, OrderRow.fulfilment).where(
            OrderRow.brand_id == session.brand_id,
            sa.or_(
                is_pickup != OrderRow.pickup_store_id.is_not(None),
                sa.and_(is_pickup, sa.or_(OrderRow.freight_minor != 0, OrderRow.address.is_not(None))),
            ),
        )
    )
    return [f"order {number}: {method} with store, freight or address amiss" for number, method in rows]


def _at(*events: OrderEvent) -> sa.ColumnElement[Any]:
    return sa.func.max(OrderMoveRow.at).filter(OrderMoveRow.event.in_(_names(events)))


def _names(events: Sequence[OrderEvent]) -> list[str]:
    return [event.value for event in events]
