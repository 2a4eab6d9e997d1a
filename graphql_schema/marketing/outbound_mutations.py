"""Mutations and root fields over messages to customers and their rules."""

from typing import Annotated, Any
from uuid import UUID

import strawberry

from app.marketing import outbound, outbound_reads
from app.marketing.outbound import Subject
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput as InvalidInputFault
from graphql_schema.context import Info
from graphql_schema.errors import BadUserInput
from graphql_schema.global_ids import input_id
from graphql_schema.marketing.outbound_enums import OutboundChannel, OutboundKind
from graphql_schema.marketing.outbound_loaders import message_in
from graphql_schema.marketing.outbound_types import OutboundMessage, OutboundRule, to_rule
from graphql_schema.paging import decode_global_id
from graphql_schema.permissions import EMPLOYEES, HEADQUARTERS, SENDERS, Requires
from graphql_schema.transaction import Result, mutate_input
from graphql_schema.user_errors import IdempotencyConflict, InvalidInput, NotFound

_KEY = "16 to 64 characters; the same key gives the same answer."
_SUBJECTS = frozenset({"Campaign", "Coupon", "CouponTemplate", "Material", "Order", "Product", "Share", "Shop"})


@strawberry.input(description="A message to a customer.")
class CustomerMessageSendInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    customer_id: strawberry.ID = strawberry.field(description="A customer whom the caller may see whole.")
    channel: OutboundChannel = strawberry.field(description="By what it goes.")
    kind: OutboundKind = strawberry.field(description="SHARE, COUPON, CARE or CAMPAIGN.")
    text: str = strawberry.field(
        description="Up to 500 characters. A text message gets the brand's signature and the way to opt out by itself."
    )
    subject_id: strawberry.ID | None = strawberry.field(
        default=None, description="What it is about: a product, material, coupon, campaign, order, share or shop."
    )


@strawberry.input(description="A channel's rule. What is left out stays as it is.")
class OutboundRuleSetInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    channel: OutboundChannel = strawberry.field(description="The channel.")
    most: int | None = strawberry.field(
        default=None,
        description="Messages in a period: 0 to 31 for SMS and MAIL, to 4 for OFFICIAL_ACCOUNT, to 1 for WECOM and "
        "SUBSCRIPTION.",
    )
    days: int | None = strawberry.field(default=None, description="1 to 366, for SMS, MAIL and WECOM alone.")
    quiet_from: str | None = strawberry.field(default=None, description="HH:MM in the brand's time zone.")
    quiet_until: str | None = strawberry.field(
        default=None, description="HH:MM; the same as `quietFrom`: no quiet hours."
    )


@strawberry.type(description="The message is decided: it goes, waits for the morning, or is refused with a reason.")
class CustomerMessageSendPayload:
    outbound_message: OutboundMessage = strawberry.field(description="The message, whatever became of it.")


@strawberry.type(description="The rule counts from now on.")
class OutboundRuleSetPayload:
    rule: OutboundRule = strawberry.field(description="The rule as it is now.")


CustomerMessageSendResult = Annotated[
    CustomerMessageSendPayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("CustomerMessageSendResult", description="The message, or why there is none."),
]
OutboundRuleSetResult = Annotated[
    OutboundRuleSetPayload | InvalidInput | IdempotencyConflict,
    strawberry.union("OutboundRuleSetResult", description="The rule, or why it was not set."),
]


@strawberry.type
class OutboundQuery:
    @strawberry.field(
        description="How many messages a customer may get, channel by channel. For employees.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def outbound_rules(self, info: Info) -> list[OutboundRule]:
        async with info.context.reading() as session:
            found = await outbound_reads.rules_in_force(session)
        return [to_rule(found[channel]) for channel in OutboundChannel]


@strawberry.type
class OutboundMutation:
    @strawberry.mutation(
        description="Send a message to a customer, if budget, consent and hour allow it. For the guide who serves, a "
        "manager of the branch, headquarters' promotion and the owner.",
        extensions=[Requires(SENDERS)],
    )
    async def customer_message_send(
        self, info: Info, input: Annotated[CustomerMessageSendInput, strawberry.argument(description="The message.")]
    ) -> CustomerMessageSendResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            made = await outbound.request(
                session,
                actor,
                customer_id=input_id(input.customer_id, "Customer", "customerId"),
                channel=input.channel,
                kind=input.kind,
                text=input.text,
                subject=_subject(input.subject_id),
                now=session.now,
            )
            return {"message_id": made.message_id}

        async def answer(session: BrandSession, made: Result) -> CustomerMessageSendPayload:
            return CustomerMessageSendPayload(outbound_message=await message_in(session, UUID(made["message_id"])))

        given: CustomerMessageSendResult = await mutate_input(info, "customerMessageSend", input, act, answer)
        return given

    @strawberry.mutation(
        description="Set how many messages a customer may get on a channel, and its quiet hours. For headquarters and "
        "the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def outbound_rule_set(
        self, info: Info, input: Annotated[OutboundRuleSetInput, strawberry.argument(description="The rule.")]
    ) -> OutboundRuleSetResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            await outbound.set_rule(
                session,
                actor,
                channel=input.channel,
                most=input.most,
                days=input.days,
                quiet_from=input.quiet_from,
                quiet_until=input.quiet_until,
                now=session.now,
            )
            return {}

        async def answer(session: BrandSession, made: dict[str, Any]) -> OutboundRuleSetPayload:
            found = await outbound_reads.rules_in_force(session)
            return OutboundRuleSetPayload(rule=to_rule(found[input.channel]))

        given: OutboundRuleSetResult = await mutate_input(info, "outboundRuleSet", input, act, answer)
        return given


def _subject(text: str | None) -> Subject | None:
    """What a message is about. Raises: InvalidInput for an id that is none, or of another kind of thing."""
    if text is None:
        return None
    fault = InvalidInputFault("invalid_id", path=("subjectId",))
    try:
        decoded = decode_global_id(text)
    except BadUserInput as error:
        raise fault from error
    if decoded.type_name not in _SUBJECTS or len(decoded.uuids) != 1:
        raise fault
    return Subject(decoded.type_name, decoded.uuids[0])
