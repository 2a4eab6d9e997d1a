"""Subscriptions of customers: what a mini-program says after its customer agreed to one more message."""

from typing import Annotated

import strawberry

from app.marketing import outbound_reads, subscriptions
from app.platform.db import BrandSession
from graphql_schema.context import Info
from graphql_schema.permissions import CUSTOMERS, Requires
from graphql_schema.transaction import Result, mutate_input
from graphql_schema.user_errors import IdempotencyConflict, InvalidInput


@strawberry.input(description="Messages that the customer subscribes to.")
class CustomerSubscriptionGrantInput:
    idempotency_key: str = strawberry.field(
        description="16 to 64 characters; the same key gives the same answer, and counts once."
    )
    messages: int = strawberry.field(default=1, description="How many may come, each once: 1 to 3.")


@strawberry.type(description="The messages may come.")
class CustomerSubscriptionGrantPayload:
    left: int = strawberry.field(description="How many may still come, at most 20.")


CustomerSubscriptionGrantResult = Annotated[
    CustomerSubscriptionGrantPayload | InvalidInput | IdempotencyConflict,
    strawberry.union("CustomerSubscriptionGrantResult", description="What may still come, or why no more."),
]


@strawberry.type
class SubscriptionQuery:
    @strawberry.field(
        description="How many messages that the caller subscribed to may still come. For customers.",
        extensions=[Requires(CUSTOMERS)],
    )
    async def subscriptions_left(self, info: Info) -> int:
        actor = await info.context.actor()
        if actor.customer_id is None:
            return 0
        async with info.context.reading() as session:
            return await outbound_reads.subscriptions_left(session, actor.customer_id)


@strawberry.type
class SubscriptionMutation:
    @strawberry.mutation(
        description="The customer agreed to one more message, or up to three; each comes once. For customers.",
        extensions=[Requires(CUSTOMERS)],
    )
    async def customer_subscription_grant(
        self,
        info: Info,
        input: Annotated[CustomerSubscriptionGrantInput, strawberry.argument(description="How many.")],
    ) -> CustomerSubscriptionGrantResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            await subscriptions.grant(session, actor, messages=input.messages, now=session.now)
            return {}

        async def answer(session: BrandSession, made: Result) -> CustomerSubscriptionGrantPayload:
            if actor.customer_id is None:
                raise LookupError("a customer without an id")
            return CustomerSubscriptionGrantPayload(
                left=await outbound_reads.subscriptions_left(session, actor.customer_id)
            )

        given: CustomerSubscriptionGrantResult = await mutate_input(
            info, "customerSubscriptionGrant", input, act, answer
        )
        return given
