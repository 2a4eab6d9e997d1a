"""What employees read of an order beyond what lists show. Whether the reader may see the order is the caller's."""

from collections.abc import Collection, Sequence
from uuid import UUID

import orjson
import sqlalchemy as sa

from app.platform.db import BrandSession
from app.trade.basket import ADDRESS, Address
from app.trade.customer_view import OrderStep
from app.trade.models import OrderMoveRow, OrderRow
from app.trade.values import OrderState


async def steps_of_order(session: BrandSession, order_id: UUID) -> Sequence[OrderStep]:
    """The states that an order has come to, in their order. One statement."""
    rows = await session.execute(
        sa.select(OrderMoveRow.to_state, OrderMoveRow.at)
        .where(OrderMoveRow.brand_id == session.brand_id, OrderMoveRow.order_id == order_id)
        .order_by(OrderMoveRow.id)
    )
    return [OrderStep(OrderState(row.to_state), row.at) for row in rows]


async def addresses_of(session: BrandSession, order_ids: Collection[UUID]) -> dict[UUID, Address]:
    """Where orders go to, whole, for whoever sends them; one that is fetched is left out. One statement."""
    rows = await session.execute(
        sa.select(OrderRow.id, OrderRow.address).where(
            OrderRow.brand_id == session.brand_id, OrderRow.id.in_(order_ids), OrderRow.address.is_not(None)
        )
    )
    opened = {row.id: session.vault.open(session.brand_id, ADDRESS, row.address) for row in rows}
    return {order_id: Address(**orjson.loads(text)) for order_id, text in opened.items() if text is not None}
