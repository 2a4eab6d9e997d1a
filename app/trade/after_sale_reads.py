"""What is known of an order's after-sales by whoever carries the order on: none can be asked for yet."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from app.platform.db import BrandSession


async def has_open_after_sale(session: BrandSession, order_id: UUID) -> bool:
    """Whether a return or refund of the order is under way; whoever asks holds the order's lock."""
    return order_id in await orders_with_open_after_sale(session, [order_id])


async def orders_with_open_after_sale(session: BrandSession, order_ids: Collection[UUID]) -> set[UUID]:
    """Those of these orders that have an open after-sale."""
    return set()


async def has_pieces_left(session: BrandSession, order_id: UUID) -> bool:
    """Whether the customer is still to get a piece of the order; False where every one was refunded before."""
    return True


def is_paused(session: BrandSession) -> sa.ColumnElement[bool]:
    """The same as a condition on `OrderRow`: an order with an open after-sale takes no step by itself."""
    return sa.false()
