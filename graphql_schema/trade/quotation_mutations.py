"""Quotations: made and withdrawn by guides, accepted and declined by customers."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

from app.platform.db import BrandSession
from app.trade import quotations
from graphql_schema.context import Info
from graphql_schema.employees.types import After, First
from graphql_schema.global_ids import input_id, optional_input_id
from graphql_schema.paging import Connection
from graphql_schema.permissions import ANYBODY, CUSTOMERS, EMPLOYEES, GUIDES, Requires
from graphql_schema.trade.changes import changed_order
from graphql_schema.trade.enums import QuotationState
from graphql_schema.trade.errors import InsufficientStock, PriceChanged
from graphql_schema.trade.inputs import to_lines, to_pickup_store
from graphql_schema.trade.quotation_inputs import (
    QuotationAcceptInput,
    QuotationCreateInput,
    QuotationDeclineInput,
    QuotationWithdrawInput,
)
from graphql_schema.trade.quotation_loaders import quotation_by_id, quotation_by_token, quotation_connection
from graphql_schema.trade.quotation_types import Quotation
from graphql_schema.trade.types import Order
from graphql_schema.transaction import Result, change
from graphql_schema.user_errors import IdempotencyConflict, InvalidInput, NotFound, UserError, WrongState


@strawberry.type(description="The quotation is made and can be passed on.")
class QuotationCreatePayload:
    quotation: Quotation = strawberry.field(description="The quotation.")


@strawberry.type(description="Nobody can accept the quotation any more.")
class QuotationWithdrawPayload:
    quotation: Quotation = strawberry.field(description="The quotation as it is now.")


@strawberry.type(description="The quotation is an order, which holds its stock until `payBy`.")
class QuotationAcceptPayload:
    order: Order = strawberry.field(description="The order; the one that it became before, where it had been accepted.")


@strawberry.type(description="The customer does not want it.")
class QuotationDeclinePayload:
    quotation: Quotation | None = strawberry.field(description="What its token shows of it now.")


QuotationCreateResult = Annotated[
    QuotationCreatePayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("QuotationCreateResult", description="The quotation, or why it was not made."),
]
QuotationWithdrawResult = Annotated[
    QuotationWithdrawPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("QuotationWithdrawResult", description="The quotation, or why it was not withdrawn."),
]
QuotationAcceptResult = Annotated[
    QuotationAcceptPayload
    | InsufficientStock
    | PriceChanged
    | InvalidInput
    | NotFound
    | WrongState
    | IdempotencyConflict,
    strawberry.union("QuotationAcceptResult", description="The order, or why the quotation was not accepted."),
]
QuotationDeclineResult = Annotated[
    QuotationDeclinePayload | NotFound | WrongState | InvalidInput | IdempotencyConflict,
    strawberry.union("QuotationDeclineResult", description="That it is declined, or why not."),
]


@strawberry.type
class QuotationQuery:
    @strawberry.field(
        description="Quotations, the latest first: a guide's own, a manager's of the branch, all for headquarters and "
        "the owner. For any employee.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def quotations(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        states: Annotated[
            list[QuotationState] | None, strawberry.argument(description="In one of these states now; null: any.")
        ] = None,
    ) -> Connection[Quotation]:
        return await quotation_connection(info, first, after, states)

    @strawberry.field(
        description="What a quotation's link opens; null for a token of nothing, and where it is not for the caller: "
        "one made out to a customer shows itself to that customer alone, signed in. For anybody.",
        extensions=[Requires(ANYBODY)],
    )
    async def quotation(
        self, info: Info, token: Annotated[str, strawberry.argument(description="As in the link.")]
    ) -> Quotation | None:
        return await quotation_by_token(info, token)


@strawberry.type
class QuotationMutation:
    @strawberry.mutation(
        description="Promise a customer prices: those of the guide's branch now hold until the quotation's end, "
        "whatever becomes of them. No stock is held. For guides.",
        extensions=[Requires(GUIDES)],
    )
    async def quotation_create(
        self, info: Info, input: Annotated[QuotationCreateInput, strawberry.argument(description="The quotation.")]
    ) -> QuotationCreateResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            return {
                "id": await quotations.create(
                    session,
                    actor,
                    lines=to_lines(input.lines),
                    customer_id=optional_input_id(input.customer_id, "Customer", "customerId"),
                    note=input.note,
                    expires_at=input.expires_at,
                    now=session.now,
                )
            }

        made = await change(info, "quotationCreate", input, act)
        if isinstance(made, UserError):
            return cast("QuotationCreateResult", made)
        return QuotationCreatePayload(quotation=await _changed(info, made["id"]))

    @strawberry.mutation(
        description="Take an open quotation back. Whoever wants another one makes it anew. For guides.",
        extensions=[Requires(GUIDES)],
    )
    async def quotation_withdraw(
        self, info: Info, input: Annotated[QuotationWithdrawInput, strawberry.argument(description="The quotation.")]
    ) -> QuotationWithdrawResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            quotation_id = input_id(input.quotation_id, "Quotation", "quotationId")
            await quotations.withdraw(session, actor, quotation_id=quotation_id, now=session.now)
            return {"id": quotation_id}

        made = await change(info, "quotationWithdraw", input, act)
        if isinstance(made, UserError):
            return cast("QuotationWithdrawResult", made)
        return QuotationWithdrawPayload(quotation=await _changed(info, made["id"]))

    @strawberry.mutation(
        description="Accept a quotation as it stands: it becomes an order at its prices, its guide's. The same "
        "customer gets the same order again. For customers.",
        extensions=[Requires(CUSTOMERS)],
    )
    async def quotation_accept(
        self, info: Info, input: Annotated[QuotationAcceptInput, strawberry.argument(description="The acceptance.")]
    ) -> QuotationAcceptResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            address = input.fulfilment.address
            return {
                "order_id": await quotations.accept(
                    session,
                    actor,
                    token=input.token,
                    fulfilment=input.fulfilment.method,
                    pickup_store_id=to_pickup_store(input.fulfilment),
                    address=None if address is None else address.to_value(),
                    expected_total_minor=input.expected_total_minor,
                    note=input.note,
                    now=session.now,
                )
            }

        made = await change(info, "quotationAccept", input, act)
        if isinstance(made, UserError):
            return cast("QuotationAcceptResult", made)
        return QuotationAcceptPayload(order=await changed_order(info, made["order_id"]))

    @strawberry.mutation(
        description="Say no to a quotation: nobody can accept it any more. For customers.",
        extensions=[Requires(CUSTOMERS)],
    )
    async def quotation_decline(
        self, info: Info, input: Annotated[QuotationDeclineInput, strawberry.argument(description="The quotation.")]
    ) -> QuotationDeclineResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            return {"id": await quotations.decline(session, actor, token=input.token, now=session.now)}

        made = await change(info, "quotationDecline", input, act)
        if isinstance(made, UserError):
            return cast("QuotationDeclineResult", made)
        return QuotationDeclinePayload(quotation=await quotation_by_token(info, input.token))


async def _changed(info: Info, quotation_id: str) -> Quotation:
    found = await quotation_by_id(info, UUID(quotation_id))
    if found is None:
        raise LookupError(f"quotation {quotation_id} is gone")
    return found
