"""Messages to customers: the one place that decides whether one goes out, waits for the morning, or is refused.

Every message to a customer is asked for here, by its purpose; what is owed (payment, delivery, pickup, after-sale)
passes and never counts. Sign-in codes alone go by themselves: they go to a phone that may be nobody's yet. The head row
of a customer is the lock: two decisions about one customer follow each other, so no budget and no subscription is used
up twice. It is taken before message rows, and after any other lock.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.customers import reads as customers
from app.customers.models import CustomerRow
from app.employees.values import Role, StaffFunction
from app.marketing import outbound_reads, outbound_rules
from app.marketing.models import OutboundHeadRow, OutboundMessageRow, OutboundMoveRow, OutboundRuleRow
from app.marketing.outbound_events import OutboundAllowed
from app.marketing.outbound_reads import TEXT
from app.marketing.outbound_rules import OutboundRule, Verdict
from app.marketing.values import OutboundChannel, OutboundKind, OutboundState
from app.platform import texts
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.db import BrandSession
from app.platform.errors import Forbidden, InvalidInput, NotFound

LONGEST_TEXT = 500
SENDER_ROLES = (Role.GUIDE, Role.MANAGER, Role.OWNER)
SENDER_FUNCTIONS = (StaffFunction.PROMOTION,)
_SIGNATURE = re.compile(r"[【】]")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a message is about: a type of the API by its name, and the id of one."""

    kind: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Outcome:
    """A message that was asked for, with what was decided about it."""

    message_id: UUID
    verdict: Verdict


async def request(
    session: BrandSession,
    actor: Actor,
    *,
    customer_id: UUID,
    channel: OutboundChannel,
    kind: OutboundKind,
    text: str,
    subject: Subject | None = None,
    now: datetime,
) -> Outcome:
    """Have a message sent to a customer, or say why not. A refusal is an outcome: it is kept, and commits.

    For the serving guide, a manager of the branch, promotion and the owner, each for marketing only; and for SYSTEM.
    `text`: up to 500 characters. Raises: Forbidden, InvalidInput, NotFound. Emits: OutboundAllowed.
    """
    words = read_text(channel, text)
    await _check_sender(session, actor, customer_id, kind)
    await lock(session, customer_id)
    rule = (await outbound_reads.rules_in_force(session))[channel].rule
    standing = (await outbound_reads.standings(session, customer_id))[channel]
    verdict = outbound_rules.decide(kind, rule, standing, now=now, time_zone=session.brand.time_zone)
    message_id = session.new_id()
    await session.execute(
        sa.insert(OutboundMessageRow).values(
            brand_id=session.brand_id,
            id=message_id,
            customer_id=customer_id,
            channel=channel.value,
            kind=kind.value,
            subject_kind=None if subject is None else subject.kind,
            subject_id=None if subject is None else subject.id,
            text=session.vault.seal(session.brand_id, TEXT, words),
            granted=standing.granted,
            requested_at=now,
            actor=actor.principal,
            **_decided(kind, rule, verdict, now),
        )
    )
    await write_move(session, message_id, verdict, actor=actor, now=now)
    if verdict.state is OutboundState.ALLOWED:
        session.emit(OutboundAllowed(message_id))
    return Outcome(message_id, verdict)


async def decide_due(session: BrandSession, message_id: UUID) -> bool:
    """Decide a waiting message again whose time has come; False where it does not wait any more.

    Emits: OutboundAllowed.
    """
    now = session.now
    customer_id = await session.scalar(
        sa.select(OutboundMessageRow.customer_id).where(
            OutboundMessageRow.brand_id == session.brand_id, OutboundMessageRow.id == message_id
        )
    )
    if customer_id is None:
        return False
    await lock(session, customer_id)
    row = (
        await session.execute(
            sa.select(OutboundMessageRow.channel, OutboundMessageRow.kind).where(
                OutboundMessageRow.brand_id == session.brand_id,
                OutboundMessageRow.id == message_id,
                OutboundMessageRow.state == OutboundState.WAITING.value,
                OutboundMessageRow.due_at <= now,
            )
        )
    ).one_or_none()
    if row is None:
        return False
    channel, kind = OutboundChannel(row.channel), OutboundKind(row.kind)
    rule = (await outbound_reads.rules_in_force(session))[channel].rule
    standing = (await outbound_reads.standings(session, customer_id, but_for=message_id))[channel]
    verdict = outbound_rules.decide(kind, rule, standing, now=now, time_zone=session.brand.time_zone)
    await session.execute(
        sa.update(OutboundMessageRow)
        .where(OutboundMessageRow.brand_id == session.brand_id, OutboundMessageRow.id == message_id)
        .values(granted=standing.granted, **_decided(kind, rule, verdict, now))
        .execution_options(synchronize_session=False)
    )
    await write_move(session, message_id, verdict, actor=SYSTEM, now=now)
    if verdict.state is OutboundState.ALLOWED:
        session.emit(OutboundAllowed(message_id))
    return True


async def set_rule(
    session: BrandSession,
    actor: Actor,
    *,
    channel: OutboundChannel,
    most: int | None = None,
    days: int | None = None,
    quiet_from: str | None = None,
    quiet_until: str | None = None,
    now: datetime,
) -> None:
    """Set a channel's budget and quiet hours (HH:MM) from now on; what is left out stays as it is.

    What was decided before stands. Raises: InvalidInput.
    """
    present = (await outbound_reads.rules_in_force(session))[channel].rule
    rule = OutboundRule(
        channel,
        present.most if most is None else most,
        present.period,
        present.days if days is None else days,
        present.quiet_from if quiet_from is None else _clock(quiet_from, "quietFrom"),
        present.quiet_until if quiet_until is None else _clock(quiet_until, "quietUntil"),
    )
    problem = outbound_rules.problem_of(rule)
    if problem is not None:
        field, key, facts = problem
        raise InvalidInput(key, path=(field,), **facts)
    await session.execute(
        sa.insert(OutboundRuleRow).values(
            brand_id=session.brand_id,
            id=session.new_id(),
            channel=channel.value,
            most=rule.most,
            days=rule.days,
            quiet_from=rule.quiet_from,
            quiet_until=rule.quiet_until,
            set_at=now,
            set_by=actor.principal,
        )
    )


def may_send(actor: Actor) -> bool:
    """Whether the actor sends messages to customers at all; to whom is asked for each."""
    return actor.is_employee and (
        actor.role in SENDER_ROLES or any(function in actor.functions for function in SENDER_FUNCTIONS)
    )


def read_text(channel: OutboundChannel, text: str) -> str:
    """The words of a message. Raises: InvalidInput when blank or too long, and for a signature in a text message."""
    words = texts.optional_block(text, "text", longest=LONGEST_TEXT)
    if words is None:
        raise InvalidInput("text_required", path=("text",))
    if channel is OutboundChannel.SMS and _SIGNATURE.search(words):
        raise InvalidInput("outbound_text_signature", path=("text",))
    return words


async def write_move(session: BrandSession, message_id: UUID, verdict: Verdict, *, actor: Actor, now: datetime) -> None:
    """Keep a step of a message's history."""
    await session.execute(
        sa.insert(OutboundMoveRow).values(
            brand_id=session.brand_id,
            id=session.new_id(),
            message_id=message_id,
            state=verdict.state.value,
            reason=None if verdict.reason is None else verdict.reason.value,
            again_at=verdict.again_at,
            due_at=verdict.due_at,
            at=now,
            actor=actor.principal,
        )
    )


def stand(verdict: Verdict, *, is_marketing: bool, now: datetime) -> dict[str, object]:
    """The columns of a message that say where it stands: it counts when it goes, or will."""
    counts_at = now if verdict.state is OutboundState.ALLOWED else verdict.due_at
    return {
        "state": verdict.state.value,
        "reason": None if verdict.reason is None else verdict.reason.value,
        "again_at": verdict.again_at,
        "due_at": verdict.due_at,
        "counts_at": counts_at if is_marketing and verdict.is_possible else None,
        "decided_at": now,
    }


def _decided(kind: OutboundKind, rule: OutboundRule, verdict: Verdict, now: datetime) -> dict[str, object]:
    return {
        **stand(verdict, is_marketing=kind.is_marketing, now=now),
        "rule_most": rule.most,
        "rule_period": rule.period.value,
        "rule_days": rule.days,
        "rule_quiet_from": rule.quiet_from,
        "rule_quiet_until": rule.quiet_until,
    }


async def _check_sender(session: BrandSession, actor: Actor, customer_id: UUID, kind: OutboundKind) -> None:
    missing = NotFound("Customer", path=("customerId",))
    if actor.kind is ActorKind.SYSTEM:
        found = await session.scalar(
            sa.select(CustomerRow.id).where(CustomerRow.brand_id == session.brand_id, CustomerRow.id == customer_id)
        )
        if found is None:
            raise missing
        return
    if not may_send(actor):
        raise Forbidden
    if not kind.is_marketing:
        raise InvalidInput("outbound_kind_owed", path=("kind",))
    if customer_id not in await customers.visible_customers(session, actor, [customer_id]):
        raise missing


async def lock(session: BrandSession, customer_id: UUID) -> None:
    """Make the customer's head where there is none, and hold it until the transaction ends."""
    head = insert(OutboundHeadRow).values(brand_id=session.brand_id, customer_id=customer_id)
    await session.execute(
        head.on_conflict_do_update(
            index_elements=["brand_id", "customer_id"], set_={"customer_id": head.excluded.customer_id}
        )
    )


def _clock(text: str, field: str) -> int:
    minute = outbound_rules.read_clock(text)
    if minute is None:
        raise InvalidInput("outbound_clock_form", path=(field,))
    return minute
