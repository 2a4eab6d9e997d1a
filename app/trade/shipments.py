"""Shipments: an order's goods on their way to the customer."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.platform import texts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import NotFound, WrongState
from app.trade import after_sale_reads, moves, order_scopes, rules
from app.trade.models import OrderRow, ShipmentRow
from app.trade.moves import LockedOrder
from app.trade.values import OrderEvent, OrderState

LONGEST_LINE = 60


async def ship(
    session: BrandSession,
    actor: Actor,
    *,
    order_id: UUID,
    carrier: str | None = None,
    tracking_number: str | None = None,
    now: datetime,
) -> UUID:
    """Hand a paid order to a carrier; gives the shipment's id. Carrier and number: up to 60 characters, or none.

    Raises: InvalidInput; NotFound for an order that is not the actor's to send; WrongState for one that does not wait
    to be sent, has an open after-sale, or has nothing left to send.
    """
    checked_carrier = texts.optional_line(carrier, "carrier", longest=LONGEST_LINE)
    checked_number = texts.optional_line(tracking_number, "trackingNumber", longest=LONGEST_LINE)
    order = await moves.lock_order(session, OrderRow.id == order_id)
    if order is None or not order_scopes.may_ship(actor, order):
        raise NotFound("Order", path=("orderId",))
    if not rules.is_to_ship(order.state, order.method):
        raise WrongState(order.state)
    await refuse_after_sale(session, order)
    order = await start_fulfilling(session, order, actor=actor, now=now)
    await moves.move_order(session, order, OrderEvent.SHIP, actor=actor.principal, now=now, shipped_at=now)
    shipment_id = session.new_id()
    await session.execute(
        sa.insert(ShipmentRow).values(
            brand_id=session.brand_id,
            id=shipment_id,
            order_id=order_id,
            carrier=checked_carrier,
            tracking_number=checked_number,
            shipped_at=now,
            shipped_by=actor.principal,
        )
    )
    return shipment_id


async def refuse_after_sale(session: BrandSession, order: LockedOrder) -> None:
    """Raises: WrongState when a refund may still take the goods away from the customer, or has taken all of them."""
    if await after_sale_reads.has_open_after_sale(session, order.id):
        raise WrongState(order.state)
    if not await after_sale_reads.has_pieces_left(session, order.id):
        raise WrongState(order.state)


async def start_fulfilling(session: BrandSession, order: LockedOrder, *, actor: Actor, now: datetime) -> LockedOrder:
    """Take a paid order into fulfilment; one that is there already stays."""
    if order.state is OrderState.FULFILLING:
        return order
    return await moves.move_order(session, order, OrderEvent.FULFIL, actor=actor.principal, now=now)
