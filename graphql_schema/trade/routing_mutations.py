"""Mutations that have another place send an order."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

from app.platform.db import BrandSession
from app.products.values import StockLine
from app.trade import routing
from graphql_schema.context import Info
from graphql_schema.global_ids import input_id
from graphql_schema.permissions import EMPLOYEES, HEADQUARTERS, Requires
from graphql_schema.products.places import place_id
from graphql_schema.trade.errors import InsufficientStock
from graphql_schema.trade.inputs import OrderRefuseInput, OrderRerouteInput
from graphql_schema.trade.loaders import order_in_answer
from graphql_schema.trade.types import Order
from graphql_schema.transaction import Result, change
from graphql_schema.user_errors import IdempotencyConflict, InvalidInput, NotFound, UserError, WrongState


@strawberry.type(description="Another place sends the order, or headquarters decides.")
class OrderRefusePayload:
    order: Order | None = strawberry.field(
        description="The order as it is now; null where it is not the caller's to see."
    )


@strawberry.type(description="The place sends the order now.")
class OrderReroutePayload:
    order: Order | None = strawberry.field(description="The order as it is now.")


OrderRefuseResult = Annotated[
    OrderRefusePayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("OrderRefuseResult", description="The order, or why it stays where it is."),
]
OrderRerouteResult = Annotated[
    OrderReroutePayload | InsufficientStock | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("OrderRerouteResult", description="The order, or why it stays where it is."),
]


@strawberry.type
class RoutingMutation:
    @strawberry.mutation(
        description="Say that a place will not send an order: the next that has every piece gets it with its stock; "
        "after the last it waits for headquarters. For the people of the store that is to send it, managers of the "
        "branch it is in, headquarters and the owner.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def order_refuse(
        self, info: Info, input: Annotated[OrderRefuseInput, strawberry.argument(description="Order and reason.")]
    ) -> OrderRefuseResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            order_id = input_id(input.order_id, "Order", "orderId")
            await routing.refuse(
                session,
                actor,
                order_id=order_id,
                reason=input.reason,
                missing=[
                    StockLine(input_id(line.sku_id, "Sku", "missing", str(index), "skuId"), line.quantity)
                    for index, line in enumerate(input.missing or ())
                ],
                now=session.now,
            )
            return {"order_id": order_id}

        made = await change(info, "orderRefuse", input, act)
        if isinstance(made, UserError):
            return cast("OrderRefuseResult", made)
        return OrderRefusePayload(order=await _order(info, made))

    @strawberry.mutation(
        description="Have a place send an order, whatever it said before. For headquarters and the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def order_reroute(
        self, info: Info, input: Annotated[OrderRerouteInput, strawberry.argument(description="Order and place.")]
    ) -> OrderRerouteResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            order_id = input_id(input.order_id, "Order", "orderId")
            await routing.reroute(
                session,
                actor,
                order_id=order_id,
                location_id=place_id(input.location_id, "locationId"),
                reason=input.reason,
                now=session.now,
            )
            return {"order_id": order_id}

        made = await change(info, "orderReroute", input, act)
        if isinstance(made, UserError):
            return cast("OrderRerouteResult", made)
        return OrderReroutePayload(order=await _order(info, made))


async def _order(info: Info, made: Result) -> Order | None:
    """The order, which whoever refused it may see no more."""
    return await order_in_answer(info, UUID(made["order_id"]))
