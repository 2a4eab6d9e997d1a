"""Mutations over after-sales."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

from app.platform.db import BrandSession
from app.trade import after_sale_decisions, after_sales
from graphql_schema.context import Info
from graphql_schema.global_ids import input_id
from graphql_schema.permissions import AFTER_SALE_DECIDERS, CUSTOMERS, Requires
from graphql_schema.products.places import optional_place_id
from graphql_schema.trade.after_sale_inputs import (
    AfterSaleDecideInput,
    AfterSaleReceiveInput,
    AfterSaleRefundRetryInput,
    AfterSaleRequestInput,
    AfterSaleReturnShipInput,
    AfterSaleWithdrawInput,
)
from graphql_schema.trade.after_sale_loaders import after_sale_by_id
from graphql_schema.trade.after_sale_types import AfterSale
from graphql_schema.transaction import Result, change
from graphql_schema.user_errors import (
    DeadlinePassed,
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    UserError,
    WrongState,
)


@strawberry.type(description="The request; the commission of its line stays held until it ends.")
class AfterSaleRequestPayload:
    after_sale: AfterSale = strawberry.field(description="The after-sale as it is now.")


@strawberry.type(description="The after-sale is given up; its pieces are free again.")
class AfterSaleWithdrawPayload:
    after_sale: AfterSale = strawberry.field(description="The after-sale as it is now.")


@strawberry.type(description="The goods are on their way back.")
class AfterSaleReturnShipPayload:
    after_sale: AfterSale = strawberry.field(description="The after-sale as it is now.")


@strawberry.type(description="The after-sale as it is now; an approved refund without return is under way.")
class AfterSaleDecidePayload:
    after_sale: AfterSale = strawberry.field(description="The after-sale as it is now.")


@strawberry.type(description="The goods are back and the refund is under way.")
class AfterSaleReceivePayload:
    after_sale: AfterSale = strawberry.field(description="The after-sale as it is now.")


@strawberry.type(description="The provider is asked again.")
class AfterSaleRefundRetryPayload:
    after_sale: AfterSale = strawberry.field(description="The after-sale as it is now.")


AfterSaleRequestResult = Annotated[
    AfterSaleRequestPayload | InvalidInput | NotFound | WrongState | DeadlinePassed | IdempotencyConflict,
    strawberry.union("AfterSaleRequestResult", description="The after-sale, or why it was not asked for."),
]
AfterSaleWithdrawResult = Annotated[
    AfterSaleWithdrawPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("AfterSaleWithdrawResult", description="The after-sale, or why it was not given up."),
]
AfterSaleReturnShipResult = Annotated[
    AfterSaleReturnShipPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("AfterSaleReturnShipResult", description="The after-sale, or why the parcel was not taken down."),
]
AfterSaleDecideResult = Annotated[
    AfterSaleDecidePayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("AfterSaleDecideResult", description="The after-sale, or why it was not decided."),
]
AfterSaleReceiveResult = Annotated[
    AfterSaleReceivePayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("AfterSaleReceiveResult", description="The after-sale, or why the goods were not taken in."),
]
AfterSaleRefundRetryResult = Annotated[
    AfterSaleRefundRetryPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union(
        "AfterSaleRefundRetryResult", description="The after-sale, or why its refund was not tried again."
    ),
]


@strawberry.type
class AfterSaleMutation:
    @strawberry.mutation(
        description="Ask for a return or refund of pieces of an own paid line. For customers.",
        extensions=[Requires(CUSTOMERS)],
    )
    async def after_sale_request(
        self, info: Info, input: Annotated[AfterSaleRequestInput, strawberry.argument(description="The request.")]
    ) -> AfterSaleRequestResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            return {
                "after_sale_id": await after_sales.request(
                    session,
                    actor,
                    line_id=input_id(input.order_line_id, "OrderLine", "orderLineId"),
                    quantity=input.quantity,
                    kind=input.kind,
                    reason=input.reason,
                    amount_minor=input.amount_minor,
                    evidence_urls=input.evidence_urls or (),
                    now=session.now,
                )
            }

        made = await change(info, "afterSaleRequest", input, act)
        if isinstance(made, UserError):
            return cast("AfterSaleRequestResult", made)
        return AfterSaleRequestPayload(after_sale=await _after_sale(info, made["after_sale_id"]))

    @strawberry.mutation(
        description="Give an own after-sale up, as long as nothing was sent back. For customers.",
        extensions=[Requires(CUSTOMERS)],
    )
    async def after_sale_withdraw(
        self, info: Info, input: Annotated[AfterSaleWithdrawInput, strawberry.argument(description="The after-sale.")]
    ) -> AfterSaleWithdrawResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            after_sale_id = input_id(input.after_sale_id, "AfterSale", "afterSaleId")
            await after_sales.withdraw(session, actor, after_sale_id=after_sale_id, now=session.now)
            return {"after_sale_id": after_sale_id}

        made = await change(info, "afterSaleWithdraw", input, act)
        if isinstance(made, UserError):
            return cast("AfterSaleWithdrawResult", made)
        return AfterSaleWithdrawPayload(after_sale=await _after_sale(info, made["after_sale_id"]))

    @strawberry.mutation(
        description="Say how the goods of an approved return were sent. For customers.",
        extensions=[Requires(CUSTOMERS)],
    )
    async def after_sale_return_ship(
        self, info: Info, input: Annotated[AfterSaleReturnShipInput, strawberry.argument(description="The parcel.")]
    ) -> AfterSaleReturnShipResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            after_sale_id = input_id(input.after_sale_id, "AfterSale", "afterSaleId")
            await after_sales.ship_return(
                session,
                actor,
                after_sale_id=after_sale_id,
                carrier=input.carrier,
                tracking_number=input.tracking_number,
                now=session.now,
            )
            return {"after_sale_id": after_sale_id}

        made = await change(info, "afterSaleReturnShip", input, act)
        if isinstance(made, UserError):
            return cast("AfterSaleReturnShipResult", made)
        return AfterSaleReturnShipPayload(after_sale=await _after_sale(info, made["after_sale_id"]))

    @strawberry.mutation(
        description="Approve or reject a request. For service, the owner, and managers for the own branch; not "
        "for who sold or bought it.",
        extensions=[Requires(AFTER_SALE_DECIDERS)],
    )
    async def after_sale_decide(
        self, info: Info, input: Annotated[AfterSaleDecideInput, strawberry.argument(description="The decision.")]
    ) -> AfterSaleDecideResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            after_sale_id = input_id(input.after_sale_id, "AfterSale", "afterSaleId")
            await after_sale_decisions.decide(
                session,
                actor,
                after_sale_id=after_sale_id,
                decision=input.decision,
                comment=input.comment,
                now=session.now,
            )
            return {"after_sale_id": after_sale_id}

        made = await change(info, "afterSaleDecide", input, act)
        if isinstance(made, UserError):
            return cast("AfterSaleDecideResult", made)
        return AfterSaleDecidePayload(after_sale=await _after_sale(info, made["after_sale_id"]))

    @strawberry.mutation(
        description="Take the goods of a return in. For service, the owner, and managers for the own branch; "
        "not for who sold or bought it.",
        extensions=[Requires(AFTER_SALE_DECIDERS)],
    )
    async def after_sale_receive(
        self, info: Info, input: Annotated[AfterSaleReceiveInput, strawberry.argument(description="The goods.")]
    ) -> AfterSaleReceiveResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            after_sale_id = input_id(input.after_sale_id, "AfterSale", "afterSaleId")
            await after_sale_decisions.receive(
                session,
                actor,
                after_sale_id=after_sale_id,
                is_restocked=input.restock,
                location_id=optional_place_id(input.location_id, "locationId"),
                now=session.now,
            )
            return {"after_sale_id": after_sale_id}

        made = await change(info, "afterSaleReceive", input, act)
        if isinstance(made, UserError):
            return cast("AfterSaleReceiveResult", made)
        return AfterSaleReceivePayload(after_sale=await _after_sale(info, made["after_sale_id"]))

    @strawberry.mutation(
        description="Try a refund again that the provider refused. For service, the owner, and managers for the "
        "own branch; not for who sold or bought it.",
        extensions=[Requires(AFTER_SALE_DECIDERS)],
    )
    async def after_sale_refund_retry(
        self, info: Info, input: Annotated[AfterSaleRefundRetryInput, strawberry.argument(description="The refund.")]
    ) -> AfterSaleRefundRetryResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            after_sale_id = input_id(input.after_sale_id, "AfterSale", "afterSaleId")
            await after_sale_decisions.retry_refund(session, actor, after_sale_id=after_sale_id, now=session.now)
            return {"after_sale_id": after_sale_id}

        made = await change(info, "afterSaleRefundRetry", input, act)
        if isinstance(made, UserError):
            return cast("AfterSaleRefundRetryResult", made)
        return AfterSaleRefundRetryPayload(after_sale=await _after_sale(info, made["after_sale_id"]))


async def _after_sale(info: Info, after_sale_id: str) -> AfterSale:
    found = await after_sale_by_id(info, UUID(after_sale_id))
    if found is None:
        raise LookupError(f"after-sale {after_sale_id} is gone")
    return found
