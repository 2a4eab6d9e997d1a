"""Reads of messages that go out: the rules in force, what a decision goes by, and the lists with their reasons."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from app.customers import consents
from app.customers.models import CustomerRow
from app.customers.values import ConsentPurpose
from app.marketing import outbound_rules
from app.marketing.models import OutboundMessageRow, OutboundRuleRow, SubscriptionGrantRow
from app.marketing.outbound_rules import DEFAULT_RULES, OutboundRule, Standing, Verdict
from app.marketing.values import OutboundChannel, OutboundKind, OutboundReason, OutboundState
from app.platform.db import BrandSession
from app.platform.personal_data import PersonalData

TEXT = "outbound_text"
"""The field under which a message's text is sealed."""


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """A channel's rule, and when it was set; None for the default."""

    rule: OutboundRule
    set_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """A message and what became of it. `text` None: forgotten. `subject`: a type's name and an id."""

    message_id: UUID
    customer_id: UUID
    channel: OutboundChannel
    kind: OutboundKind
    text: str | None
    subject: tuple[str, UUID] | None
    state: OutboundState
    reason: OutboundReason | None
    again_at: datetime | None
    due_at: datetime | None
    requested_at: datetime
    decided_at: datetime
    sent_at: datetime | None
    actor: str


async def rules_in_force(session: BrandSession) -> dict[OutboundChannel, RuleInForce]:
    """Every channel's rule: the one set last, else the default. One statement."""
    rows = await session.execute(
        sa.select(
            OutboundRuleRow.channel,
            OutboundRuleRow.most,
            OutboundRuleRow.days,
            OutboundRuleRow.quiet_from,
            OutboundRuleRow.quiet_until,
            OutboundRuleRow.set_at,
        )
        .ext(distinct_on(OutboundRuleRow.channel))
        .where(OutboundRuleRow.brand_id == session.brand_id)
        .order_by(OutboundRuleRow.channel, OutboundRuleRow.id.desc())
    )
    found = {channel: RuleInForce(rule) for channel, rule in DEFAULT_RULES.items()}
    for row in rows:
        channel = OutboundChannel(row.channel)
        period = DEFAULT_RULES[channel].period
        rule = OutboundRule(channel, row.most, period, row.days, row.quiet_from, row.quiet_until)
        found[channel] = RuleInForce(rule, row.set_at)
    return found


async def has_consent(session: BrandSession, customer_id: UUID) -> bool:
    """Whether the customer's consent to marketing is in force. One statement."""
    given = (await consents.in_force(session, customer_id=customer_id)).get(ConsentPurpose.MARKETING)
    return given is not None and given.granted


async def sealed_address(session: BrandSession, customer_id: UUID) -> bytes | None:
    """Where every channel finds the customer: the sealed phone; None without one. One statement.

    The sandbox carries all channels and knows people by their phones.
    """
    found: bytes | None = await session.scalar(
        sa.select(CustomerRow.phone).where(CustomerRow.brand_id == session.brand_id, CustomerRow.id == customer_id)
    )
    return found


async def subscriptions_left(session: BrandSession, customer_id: UUID) -> int:
    """How many of the messages that the customer has subscribed to may still come. One statement."""
    used = (
        sa.select(sa.func.count())
        .where(
            OutboundMessageRow.brand_id == session.brand_id,
            OutboundMessageRow.customer_id == customer_id,
            OutboundMessageRow.channel == OutboundChannel.SUBSCRIPTION.value,
            OutboundMessageRow.counts_at.is_not(None),
        )
        .scalar_subquery()
    )
    found = await session.execute(sa.select(sa.func.greatest(_granted(session, customer_id) - used, 0)))
    return int(found.scalar_one())


async def standings(
    session: BrandSession, customer_id: UUID, *, but_for: UUID | None = None
) -> dict[OutboundChannel, Standing]:
    """What a decision about the customer goes by, on each channel. `but_for`: a message not to count.

    Three statements. Decisions that are written hold the customer's head.
    """
    known = (
        await session.execute(
            sa.select(
                CustomerRow.phone.is_not(None).label("has_address"), _granted(session, customer_id).label("granted")
            ).where(CustomerRow.brand_id == session.brand_id, CustomerRow.id == customer_id)
        )
    ).one_or_none()
    is_willing = await has_consent(session, customer_id)
    counting = sa.select(OutboundMessageRow.channel, OutboundMessageRow.counts_at).where(
        OutboundMessageRow.brand_id == session.brand_id,
        OutboundMessageRow.customer_id == customer_id,
        OutboundMessageRow.counts_at.is_not(None),
    )
    if but_for is not None:
        counting = counting.where(OutboundMessageRow.id != but_for)
    counted: dict[str, list[datetime]] = {}
    for row in await session.execute(counting):
        if row.counts_at is not None:
            counted.setdefault(row.channel, []).append(row.counts_at)
    has_address, granted = (False, 0) if known is None else (known.has_address, int(known.granted))
    return {
        channel: Standing(has_address, is_willing, tuple(counted.get(channel, ())), granted)
        for channel in OutboundChannel
    }


async def answers(
    session: BrandSession, customer_id: UUID, kind: OutboundKind, *, now: datetime
) -> dict[OutboundChannel, Verdict]:
    """What would become of a message of this kind on each channel, if it were sent now. Writes nothing.

    Four statements.
    """
    rules = await rules_in_force(session)
    found = await standings(session, customer_id)
    return {
        channel: outbound_rules.decide(
            kind, rules[channel].rule, found[channel], now=now, time_zone=session.brand.time_zone
        )
        for channel in OutboundChannel
    }


async def messages_by_id(session: BrandSession, message_ids: Iterable[UUID]) -> dict[UUID, MessageFacts]:
    """These messages. One statement, without a row scope of its own."""
    wanted = list(set(message_ids))
    if not wanted:
        return {}
    rows = await session.execute(_messages(session).where(OutboundMessageRow.id.in_(wanted)))
    return {row.id: _facts(session.vault, row) for row in rows}


async def messages_of_customer(
    session: BrandSession, customer_id: UUID, *, limit: int, after: UUID | None = None
) -> list[MessageFacts]:
    """A customer's messages, the latest first; the caller has checked who asks. One statement."""
    statement = (
        _messages(session)
        .where(OutboundMessageRow.customer_id == customer_id)
        .order_by(OutboundMessageRow.id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(OutboundMessageRow.id < after)
    return [_facts(session.vault, row) for row in await session.execute(statement)]


async def count_of_customer(session: BrandSession, customer_id: UUID) -> int:
    """How many `messages_of_customer` has in all. One statement."""
    found = await session.execute(
        sa.select(sa.func.count()).where(
            OutboundMessageRow.brand_id == session.brand_id, OutboundMessageRow.customer_id == customer_id
        )
    )
    return int(found.scalar_one())


def _granted(session: BrandSession, customer_id: UUID) -> sa.ColumnElement[int]:
    """How many messages the customer has subscribed to so far, those that came among them."""
    granted = sa.select(sa.func.coalesce(sa.func.sum(SubscriptionGrantRow.messages), 0)).where(
        SubscriptionGrantRow.brand_id == session.brand_id, SubscriptionGrantRow.customer_id == customer_id
    )
    return granted.scalar_subquery()


def _messages(session: BrandSession) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        OutboundMessageRow.id,
        OutboundMessageRow.brand_id,
        OutboundMessageRow.customer_id,
        OutboundMessageRow.channel,
        OutboundMessageRow.kind,
        OutboundMessageRow.text,
        OutboundMessageRow.subject_kind,
        OutboundMessageRow.subject_id,
        OutboundMessageRow.state,
        OutboundMessageRow.reason,
        OutboundMessageRow.again_at,
        OutboundMessageRow.due_at,
        OutboundMessageRow.requested_at,
        OutboundMessageRow.decided_at,
        OutboundMessageRow.sent_at,
        OutboundMessageRow.actor,
    ).where(OutboundMessageRow.brand_id == session.brand_id)


def _facts(vault: PersonalData, row: Any) -> MessageFacts:
    return MessageFacts(
        message_id=row.id,
        customer_id=row.customer_id,
        channel=OutboundChannel(row.channel),
        kind=OutboundKind(row.kind),
        text=vault.open(row.brand_id, TEXT, row.text),
        subject=None if row.subject_kind is None else (row.subject_kind, row.subject_id),
        state=OutboundState(row.state),
        reason=None if row.reason is None else OutboundReason(row.reason),
        again_at=row.again_at,
        due_at=row.due_at,
        requested_at=row.requested_at,
        decided_at=row.decided_at,
        sent_at=row.sent_at,
        actor=row.actor,
    )
