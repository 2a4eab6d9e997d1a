"""Messages that go out to customers, why one was not sent, and the rules of each channel."""

from datetime import datetime

import strawberry

from app.marketing import outbound_rules
from app.marketing.outbound_reads import MessageFacts, RuleInForce
from app.marketing.outbound_rules import Verdict
from graphql_schema.marketing.outbound_enums import (
    BudgetPeriod,
    OutboundChannel,
    OutboundKind,
    OutboundReason,
    OutboundState,
)
from graphql_schema.paging import Node, encode_global_id


@strawberry.type(
    description="A message that somebody wanted to send to a customer, and what became of it. For whoever may see the "
    "customer whole."
)
class OutboundMessage(Node):
    channel: OutboundChannel = strawberry.field(description="By what it was to go.")
    kind: OutboundKind = strawberry.field(description="What for.")
    text: str | None = strawberry.field(description="What it says; null 30 days after it was sent or refused.")
    subject_id: strawberry.ID | None = strawberry.field(description="What it is about, by its global id.")
    state: OutboundState = strawberry.field(description="Where it stands.")
    reason: OutboundReason | None = strawberry.field(description="Why it waits or was refused; null otherwise.")
    requested_at: datetime = strawberry.field(description="When it was asked for.")
    decided_at: datetime = strawberry.field(description="When it was decided last.")
    due_at: datetime | None = strawberry.field(description="WAITING: when it is decided again.")
    again_at: datetime | None = strawberry.field(description="OVER_BUDGET: from when on one would be possible.")
    sent_at: datetime | None = strawberry.field(description="When its carrier had it.")


@strawberry.type(description="What would become of a message if it were sent now. Nothing is written.")
class OutboundAnswer:
    state: OutboundState = strawberry.field(description="ALLOWED, WAITING or REFUSED.")
    reason: OutboundReason | None = strawberry.field(description="Why it would wait or be refused.")
    due_at: datetime | None = strawberry.field(description="WAITING: when it would be decided again.")
    again_at: datetime | None = strawberry.field(description="OVER_BUDGET: from when on it would be possible.")


@strawberry.type(
    description="A channel's budget for each customer, and its quiet hours, in the brand's time zone. For employees."
)
class OutboundRule:
    channel: OutboundChannel = strawberry.field(description="The channel.")
    most: int = strawberry.field(description="So many marketing messages in a period; 0: none at all.")
    period: BudgetPeriod = strawberry.field(description="What they are counted over.")
    days: int | None = strawberry.field(description="DAYS: how many; null for the others.")
    quiet_from: str = strawberry.field(description="HH:MM; from then on messages wait.")
    quiet_until: str = strawberry.field(description="HH:MM; the same as `quietFrom`: they never wait.")
    set_at: datetime | None = strawberry.field(description="When somebody set it; null: it is the default.")


def to_message(facts: MessageFacts) -> OutboundMessage:
    return OutboundMessage(
        id=encode_global_id("OutboundMessage", facts.message_id),
        channel=facts.channel,
        kind=facts.kind,
        text=facts.text,
        subject_id=None if facts.subject is None else encode_global_id(*facts.subject),
        state=facts.state,
        reason=facts.reason,
        requested_at=facts.requested_at,
        decided_at=facts.decided_at,
        due_at=facts.due_at,
        again_at=facts.again_at,
        sent_at=facts.sent_at,
    )


def to_answer(verdict: Verdict) -> OutboundAnswer:
    return OutboundAnswer(state=verdict.state, reason=verdict.reason, due_at=verdict.due_at, again_at=verdict.again_at)


def to_rule(found: RuleInForce) -> OutboundRule:
    rule = found.rule
    return OutboundRule(
        channel=rule.channel,
        most=rule.most,
        period=rule.period,
        days=rule.days,
        quiet_from=outbound_rules.write_clock(rule.quiet_from),
        quiet_until=outbound_rules.write_clock(rule.quiet_until),
        set_at=found.set_at,
    )
