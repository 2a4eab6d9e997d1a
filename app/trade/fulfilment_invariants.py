"""What must hold for shipments, receipts and pickups at any moment; each check is one read and gives what breaks it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.platform.db import BrandSession
from app.products.models import ReservationRow, StockMovementRow
from app.products.values import MovementKind, ReservationState
from app.trade.models import OrderMoveRow, OrderRow, RerouteRow, ShipmentRow
from app.trade.values import FulfilmentMethod, OrderEvent


async def instants_are_those_of_the_moves(session: BrandSession) -> list[str]:
    """An order was shipped, delivered and completed when its history says, and not at all where it says nothing."""
    when = (
        sa.select(
            _at(OrderEvent.SHIP).label("shipped_at"),
            _at(OrderEvent.DELIVER, OrderEvent.HAND_OVER, OrderEvent.TAKE).label("delivered_at"),
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
    """An order has parcels if and only if it was shipped, the first of that instant, and was to be sent."""
    parcels = (
        sa.select(sa.func.count(), sa.func.min(ShipmentRow.shipped_at).label("first_at"))
        .where(ShipmentRow.brand_id == session.brand_id, ShipmentRow.order_id == OrderRow.id)
        .lateral("parcels")
    )
    is_in_store = OrderRow.fulfilment != FulfilmentMethod.DELIVERY.value
    rows = await session.execute(
        sa.select(OrderRow.number, OrderRow.state, parcels.c[0])
        .join(parcels, sa.true())
        .where(
            OrderRow.brand_id == session.brand_id,
            sa.or_(
                OrderRow.shipped_at.is_distinct_from(parcels.c.first_at),
                sa.and_(is_in_store, OrderRow.shipped_at.is_not(None)),
            ),
        )
    )
    return [f"order {number}: {state} with {count} parcels" for number, state, count in rows]


async def pickups_name_a_store(session: BrandSession) -> list[str]:
    """An order that is fetched or taken names its store, and has neither freight nor address; another names none."""
    is_in_store = OrderRow.fulfilment != FulfilmentMethod.DELIVERY.value
    rows = await session.execute(
        sa.select(OrderRow.number, OrderRow.fulfilment).where(
            OrderRow.brand_id == session.brand_id,
            sa.or_(
                is_in_store != OrderRow.pickup_store_id.is_not(None),
                sa.and_(is_in_store, sa.or_(OrderRow.freight_minor != 0, OrderRow.address.is_not(None))),
            ),
        )
    )
    return [f"order {number}: {method} with store, freight or address amiss" for number, method in rows]


async def stock_lies_where_orders_say(session: BrandSession) -> list[str]:
    """An order's stock is held, or was sold, at its own location; elsewhere lies at most what came back from there."""
    returned = (
        sa.select(sa.func.coalesce(sa.func.sum(StockMovementRow.change), 0))
        .where(
            StockMovementRow.brand_id == session.brand_id,
            StockMovementRow.order_id == ReservationRow.order_id,
            StockMovementRow.sku_id == ReservationRow.sku_id,
            StockMovementRow.kind == MovementKind.RETURN.value,
        )
        .correlate(ReservationRow)
        .scalar_subquery()
    )
    is_held = ReservationRow.state == ReservationState.HELD.value
    rows = await session.execute(
        sa.select(OrderRow.number, ReservationRow.sku_id)
        .join(
            ReservationRow,
            sa.and_(ReservationRow.brand_id == session.brand_id, ReservationRow.order_id == OrderRow.id),
        )
        .where(
            OrderRow.brand_id == session.brand_id,
            ReservationRow.location_id != OrderRow.location_id,
            ReservationRow.state != ReservationState.RELEASED.value,
            sa.or_(is_held, ReservationRow.quantity > returned),
        )
    )
    return [f"order {number}: stock of {sku_id} lies elsewhere" for number, sku_id in rows]


async def routes_lead_to_the_place(session: BrandSession) -> list[str]:
    """An order that was routed elsewhere lies where the last step led; only one that led nowhere is stranded."""
    last = (
        sa.select(RerouteRow.from_location_id, RerouteRow.to_location_id)
        .where(RerouteRow.brand_id == session.brand_id, RerouteRow.order_id == OrderRow.id)
        .order_by(RerouteRow.id.desc())
        .limit(1)
        .lateral("last")
    )
    rows = await session.execute(
        sa.select(OrderRow.number)
        .outerjoin(last, sa.true())
        .where(
            OrderRow.brand_id == session.brand_id,
            sa.or_(
                OrderRow.is_stranded != sa.and_(last.c.from_location_id.is_not(None), last.c.to_location_id.is_(None)),
                OrderRow.location_id
                != sa.func.coalesce(last.c.to_location_id, last.c.from_location_id, OrderRow.location_id),
            ),
        )
    )
    return [f"order {number} is not where it was routed" for number in rows.scalars()]


def _at(*events: OrderEvent) -> sa.ColumnElement[Any]:
    return sa.func.max(OrderMoveRow.at).filter(OrderMoveRow.event.in_(_names(events)))


def _names(events: Sequence[OrderEvent]) -> list[str]:
    return [event.value for event in events]
