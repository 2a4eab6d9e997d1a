"""What employees read of an order beyond what lists show. Whether the reader may see the order is the caller's."""

from collections.abc import Sequence
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


async def address_of(session: BrandSession, order_id: UUID) -> Address | None:
    """Where an order goes to, whole, for whoever sends it; None for one that is fetched. One statement."""
    sealed = await session.scalar(
        sa.select(OrderRow.address).where(OrderRow.brand_id == session.brand_id, OrderRow.id == order_id)
    )
    text = session.vault.open(session.brand_id, ADDRESS, sealed)
    return None if text is None else Address(**orjson.loads(text))
