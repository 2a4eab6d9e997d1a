"""Mutations that carry a paid order on: sent or fetched, and received."""

from typing import Annotated, cast

import strawberry

from app.platform import errors
from app.platform.db import BrandSession
from app.trade import pickups, receipts, shipments
from graphql_schema.context import Info
from graphql_schema.global_ids import input_id
from graphql_schema.permissions import CUSTOMERS, EMPLOYEES, Callers, Requires
from graphql_schema.trade.changes import changed_order
from graphql_schema.trade.inputs import (
    OrderConfirmReceiptInput,
    OrderHandOverInput,
    OrderMakeReadyInput,
    OrderShipInput,
)
from graphql_schema.trade.types import Order
from graphql_schema.transaction import Result, change
from graphql_schema.user_errors import (
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    RateLimited,
    UserError,
    WrongState,
)

COUNTER = Callers(roles=frozenset({"OWNER", "MANAGER", "GUIDE"}), functions=frozenset({"SERVICE"}))
"""Who gives goods to customers; whether in this order's store, its row says."""


@strawberry.type(description="The goods are on their way.")
class OrderShipPayload:
    order: Order = strawberry.field(description="The order as it is now.")


@strawberry.type(description="The customer has the goods, and the order is over.")
class OrderConfirmReceiptPayload:
    order: Order = strawberry.field(description="The order as it is now.")


@strawberry.type(description="The goods wait in the store, and the customer is sent the code.")
class OrderMakeReadyPayload:
    order: Order = strawberry.field(description="The order as it is now.")


@strawberry.type(description="The customer has the goods.")
class OrderHandOverPayload:
    order: Order = strawberry.field(description="The order as it is now.")


OrderShipResult = Annotated[
    OrderShipPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("OrderShipResult", description="The order, or why it was not sent."),
]
OrderConfirmReceiptResult = Annotated[
    OrderConfirmReceiptPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("OrderConfirmReceiptResult", description="The order, or why its receipt was not confirmed."),
]
OrderMakeReadyResult = Annotated[
    OrderMakeReadyPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("OrderMakeReadyResult", description="The order, or why it is not ready."),
]
OrderHandOverResult = Annotated[
    OrderHandOverPayload | InvalidInput | NotFound | WrongState | RateLimited | IdempotencyConflict,
    strawberry.union("OrderHandOverResult", description="The order, or why it was not handed over."),
]


@strawberry.type
class FulfilmentMutation:
    @strawberry.mutation(
        description="Hand a paid order to a carrier; refused while an after-sale of it is open. For headquarters, the "
        "owner, managers of the branch, and guides of the store whose sale it is.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def order_ship(
        self, info: Info, input: Annotated[OrderShipInput, strawberry.argument(description="The parcel.")]
    ) -> OrderShipResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            order_id = input_id(input.order_id, "Order", "orderId")
            await shipments.ship(
                session,
                actor,
                order_id=order_id,
                carrier=input.carrier,
                tracking_number=input.tracking_number,
                now=session.now,
            )
            return {"order_id": order_id}

        made = await change(info, "orderShip", input, act)
        if isinstance(made, UserError):
            return cast("OrderShipResult", made)
        return OrderShipPayload(order=await changed_order(info, made["order_id"]))

    @strawberry.mutation(
        description="Say that an own order has arrived, which completes it; refused while an after-sale of it is open. "
        "For customers.",
        extensions=[Requires(CUSTOMERS)],
    )
    async def order_confirm_receipt(
        self, info: Info, input: Annotated[OrderConfirmReceiptInput, strawberry.argument(description="The order.")]
    ) -> OrderConfirmReceiptResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            order_id = input_id(input.order_id, "Order", "orderId")
            await receipts.confirm(session, actor, order_id=order_id, now=session.now)
            return {"order_id": order_id}

        made = await change(info, "orderConfirmReceipt", input, act)
        if isinstance(made, UserError):
            return cast("OrderConfirmReceiptResult", made)
        return OrderConfirmReceiptPayload(order=await changed_order(info, made["order_id"]))

    @strawberry.mutation(
        description="Lay a paid order out in its pickup store; the customer is sent the code that fetches it. For the "
        "store's people, managers of the branch it is in, headquarters and the owner.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def order_make_ready(
        self, info: Info, input: Annotated[OrderMakeReadyInput, strawberry.argument(description="The order.")]
    ) -> OrderMakeReadyResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            order_id = input_id(input.order_id, "Order", "orderId")
            await pickups.make_ready(session, actor, order_id=order_id, now=session.now)
            return {"order_id": order_id}

        made = await change(info, "orderMakeReady", input, act)
        if isinstance(made, UserError):
            return cast("OrderMakeReadyResult", made)
        return OrderMakeReadyPayload(order=await changed_order(info, made["order_id"]))

    @strawberry.mutation(
        description="Give an order to whoever shows its code; a wrong code counts, and after five in an hour none is "
        "taken. For the pickup store's people, managers of the branch it is in, headquarters' people of SERVICE, and "
        "the owner.",
        extensions=[Requires(COUNTER)],
    )
    async def order_hand_over(
        self, info: Info, input: Annotated[OrderHandOverInput, strawberry.argument(description="Order and code.")]
    ) -> OrderHandOverResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result | errors.UserFault:
            order_id = input_id(input.order_id, "Order", "orderId")
            refused = await pickups.hand_over(session, actor, order_id=order_id, code=input.code, now=session.now)
            return {"order_id": order_id} if refused is None else refused

        made = await change(info, "orderHandOver", input, act)
        if isinstance(made, UserError):
            return cast("OrderHandOverResult", made)
        return OrderHandOverPayload(order=await changed_order(info, made["order_id"]))
