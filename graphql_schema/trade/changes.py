"""The order that a mutation changed, read for the answer."""

from uuid import UUID

from graphql_schema.context import Info
from graphql_schema.trade import loaders
from graphql_schema.trade.types import Order


async def changed_order(info: Info, order_id: str) -> Order:
    """The order of a payload, as it is now."""
    order = await loaders.order_in_answer(info, UUID(order_id))
    if order is None:
        raise LookupError(f"order {order_id} is gone")
    return order
