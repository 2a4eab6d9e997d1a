"""What employees read of an order beyond what lists show. Whether the reader may see the order is the caller's."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from app.platform.db import BrandSession
from app.trade.customer_view import OrderStep
from app.trade.models import OrderMoveRow
from app.trade.values import OrderState


async def steps_of_order(session: BrandSession, order_id: UUID) -> Sequence[OrderStep]:
    """The states that an order has come to, in their order. One statement."""
    rows = await session.execute(
        sa.select(OrderMoveRow.to_state, OrderMoveRow.at)
        .where(OrderMoveRow.brand_id == session.brand_id, OrderMoveRow.order_id == order_id)
        .order_by(OrderMoveRow.id)
    )
    return [OrderStep(OrderState(row.to_state), row.at) for row in rows]
