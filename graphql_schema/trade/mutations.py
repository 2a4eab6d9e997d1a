"""Mutations over orders and payments."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

from app.platform import errors
from app.platform.db import BrandSession
from app.products import reads as products
from app.trade import charges, orders, payments
from graphql_schema.context import Info
from graphql_schema.errors import ApiError, ErrorCode
from graphql_schema.global_ids import input_id
from graphql_schema.permissions import CUSTOMERS, Requires
from graphql_schema.trade import loaders
from graphql_schema.trade.changes import changed_order
from graphql_schema.trade.errors import InsufficientStock, PriceChanged
from graphql_schema.trade.inputs import (
    OrderCancelInput,
    OrderPlaceInput,
    PaymentStartInput,
    to_coupons,
    to_lines,
    to_pickup_store,
)
from graphql_schema.trade.types import Order, Payment
from graphql_schema.transaction import Result, change
from graphql_schema.user_errors import IdempotencyConflict, InvalidInput, NotFound, UserError, WrongState


class ProviderSilent(ApiError):
    """The payment provider gave no answer; whether it did anything is settled by asking again."""

    code = ErrorCode.TIMEOUT


@strawberry.type(description="The order is placed and holds its stock until `payBy`.")
class OrderPlacePayload:
    order: Order = strawberry.field(description="The order.")


@strawberry.type(description="The payment is under way.")
class PaymentStartPayload:
    payment: Payment = strawberry.field(description="The payment; the one under way, where there was one.")


@strawberry.type(description="The order is cancelled, and its stock is free again.")
class OrderCancelPayload:
    order: Order = strawberry.field(description="The order as it is now.")


OrderPlaceResult = Annotated[
    OrderPlacePayload | InsufficientStock | PriceChanged | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("OrderPlaceResult", description="The order, or why it was not placed."),
]
PaymentStartResult = Annotated[
    PaymentStartPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("PaymentStartResult", description="The payment, or why none was begun."),
]
OrderCancelResult = Annotated[
    OrderCancelPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("OrderCancelResult", description="The order, or why it was not cancelled."),
]


@strawberry.type
class TradeMutation:
    @strawberry.mutation(
        description="Order in a guide's shop. Whose sale it is, is decided now. For customers.",
        extensions=[Requires(CUSTOMERS)],
    )
    async def order_place(
        self, info: Info, input: Annotated[OrderPlaceInput, strawberry.argument(description="The order.")]
    ) -> OrderPlaceResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            lines, coupon_ids = to_lines(input.lines), to_coupons(input.coupon_ids)
            shop = await products.shop_facts_by_slug(session, input.shop_slug)
            if shop is None:
                raise errors.NotFound("Shop", path=("shopSlug",))
            address = input.fulfilment.address
            return {
                "order_id": await orders.place(
                    session,
                    actor,
                    shop=shop,
                    lines=lines,
                    fulfilment=input.fulfilment.method,
                    pickup_store_id=to_pickup_store(input.fulfilment),
                    address=None if address is None else address.to_value(),
                    expected_total_minor=input.expected_total_minor,
                    coupon_ids=coupon_ids,
                    code_token=input.code,
                    note=input.note,
                    now=session.now,
                )
            }

        made = await change(info, "orderPlace", input, act)
        if isinstance(made, UserError):
            return cast("OrderPlaceResult", made)
        return OrderPlacePayload(order=await changed_order(info, made["order_id"]))

    @strawberry.mutation(
        description="Begin to pay an own order. The order is paid when the provider says so, not by this answer. "
        "For customers.",
        extensions=[Requires(CUSTOMERS)],
    )
    async def payment_start(
        self, info: Info, input: Annotated[PaymentStartInput, strawberry.argument(description="The payment.")]
    ) -> PaymentStartResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            order_id = input_id(input.order_id, "Order", "orderId")
            return {
                "payment_id": await payments.start(
                    session, actor, order_id=order_id, provider=input.provider, now=session.now
                )
            }

        made = await change(info, "paymentStart", input, act)
        if isinstance(made, UserError):
            return cast("PaymentStartResult", made)
        payment_id = UUID(made["payment_id"])
        # Two transactions around the provider's call: a repeat of the same key comes by here too and finishes what a
        # crash left between them.
        if not await charges.open_charge(info.context.runtime, await info.context.brand(), payment_id):
            raise ProviderSilent("The payment provider gave no answer. Try again with the same idempotency key.")
        payment = await loaders.payment_by_id(info, payment_id)
        if payment is None:
            raise LookupError(f"payment {payment_id} is gone")
        return PaymentStartPayload(payment=payment)

    @strawberry.mutation(
        description="Give up an own order before it is paid. For customers.", extensions=[Requires(CUSTOMERS)]
    )
    async def order_cancel(
        self, info: Info, input: Annotated[OrderCancelInput, strawberry.argument(description="The order.")]
    ) -> OrderCancelResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            order_id = input_id(input.order_id, "Order", "orderId")
            await orders.cancel(session, actor, order_id=order_id, now=session.now)
            return {"order_id": order_id}

        made = await change(info, "orderCancel", input, act)
        if isinstance(made, UserError):
            return cast("OrderCancelResult", made)
        return OrderCancelPayload(order=await changed_order(info, made["order_id"]))
