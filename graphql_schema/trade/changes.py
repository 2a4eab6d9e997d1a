"""How trade's mutations run: one transaction under the input's key, and the order read for the answer after it."""

from typing import Any, cast
from uuid import UUID

from app.platform.db import BrandSession
from graphql_schema.context import Info
from graphql_schema.trade import loaders
from graphql_schema.trade.types import Order
from graphql_schema.transaction import Act, Result, mutate
from graphql_schema.user_errors import UserError


async def change(info: Info, operation: str, input: Any, act: Act) -> Result | UserError:
    """One transaction under the input's key; gives what was made, or a user error.

    The payload is read after the commit, so that no reading prolongs the time in which others wait for a stock row.
    """

    async def answer(_: BrandSession, made: Result) -> Result:
        return made

    given = await mutate(
        info.context,
        await info.context.brand(),
        operation=operation,
        actor=await info.context.actor(),
        body=input,
        act=act,
        answer=answer,
        key=input.idempotency_key,
    )
    return cast("Result | UserError", given)


async def changed_order(info: Info, order_id: str) -> Order:
    """The order of a payload, as it is now."""
    order = await loaders.order_in_answer(info, UUID(order_id))
    if order is None:
        raise LookupError(f"order {order_id} is gone")
    return order
