"""What happens to a message after its decision: it is carried, a waiting one is decided again, a text is forgotten."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.employees import phones
from app.marketing import outbound, outbound_reads, outbound_rules
from app.marketing.models import OutboundMessageRow
from app.marketing.outbound_events import OutboundAllowed
from app.marketing.outbound_reads import TEXT
from app.marketing.outbound_rules import DEFAULT_RULES, OutboundRule, Verdict
from app.marketing.values import OutboundChannel, OutboundKind, OutboundReason, OutboundState
from app.platform import messages, retention
from app.platform.actor import SYSTEM
from app.platform.db import Brand, BrandSession
from app.platform.integrations.push import PushMessage, PushNotConfigured, open_push_sender
from app.platform.integrations.sms import SmsMessage, SmsNotConfigured, open_sms_sender
from app.platform.outbox import Delivery
from app.platform.runtime import Runtime

log = logging.getLogger(__name__)

DUE_AT_ONCE = 500
"""Waiting messages that one run of the job takes on."""
GIVEN_UP = timedelta(days=1)
"""After so long a message that its carrier would not take is old news."""
TEXT_KEPT = timedelta(days=30)
"""How long a text is kept once its message was sent or refused."""


Filler = Callable[[BrandSession, UUID, str], Awaitable[str | None]]
"""Fills in what is written down nowhere: the id of what the message is about and its text give the words that go out.

None: what the message tells is not so any more, and nothing goes.
"""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way. `phone` is E.164."""

    channel: OutboundChannel
    kind: OutboundKind
    phone: str
    text: str


def sender(runtime: Runtime, fillers: Mapping[OutboundKind, Filler] | None = None) -> Delivery:
    """The delivery of OutboundAllowed: hands the message to its carrier. May run again after a crash.

    Carriers know a message by its own id, so it arrives once however often it is handed over. Where nobody carries its
    channel the message is refused, and no longer counts. `fillers`: for owed messages, by what they are for.
    """
    sms, push = open_sms_sender(runtime.settings), open_push_sender(runtime.settings)

    async def deliver(brand: Brand, event: OutboundAllowed, event_id: UUID) -> None:
        async def begin_it(session: BrandSession) -> Outgoing | None:
            return await begin(session, event.message_id, fillers or {})

        async def mark_it(session: BrandSession) -> None:
            await mark_sent(session, event.message_id)

        async def refuse_it(session: BrandSession) -> None:
            await give_up(session, event.message_id, OutboundReason.NO_CARRIER)

        outgoing = await runtime.database.run(brand, begin_it)
        if outgoing is None:
            return
        try:
            if outgoing.channel is OutboundChannel.SMS:
                words = sms_text(brand, outgoing)
                await asyncio.to_thread(sms.send, SmsMessage(id=event.message_id, to=outgoing.phone, text=words))
            else:
                message = PushMessage(event.message_id, outgoing.phone, outgoing.channel.value, outgoing.text)
                await asyncio.to_thread(push.send, message)
        except (SmsNotConfigured, PushNotConfigured):
            await runtime.database.run(brand, refuse_it)
            return
        await runtime.database.run(brand, mark_it)

    return deliver


def sms_text(brand: Brand, outgoing: Outgoing) -> str:
    """What the phone shows: the brand's signature, the text, and for marketing the way out."""
    key = "outbound_sms" if outgoing.kind.is_marketing else "outbound_sms_owed"
    return messages.text(key, brand=brand.name, text=outgoing.text)


async def begin(
    session: BrandSession, message_id: UUID, fillers: Mapping[OutboundKind, Filler] | None = None
) -> Outgoing | None:
    """Take up the sending of an allowed message; None where there is nothing to send, or not now.

    At the first time the night and the consent are looked at once more, for the event may come late: then the message
    waits, or is refused, and no longer counts. From then on it is sent, unless there is no address, or what it tells
    is not so any more.
    """
    now = session.now
    row = (
        await session.execute(
            sa.select(
                OutboundMessageRow.customer_id,
                OutboundMessageRow.channel,
                OutboundMessageRow.kind,
                OutboundMessageRow.subject_id,
                OutboundMessageRow.text,
                OutboundMessageRow.begun_at,
                OutboundMessageRow.rule_quiet_from,
                OutboundMessageRow.rule_quiet_until,
            )
            .where(
                OutboundMessageRow.brand_id == session.brand_id,
                OutboundMessageRow.id == message_id,
                OutboundMessageRow.state == OutboundState.ALLOWED.value,
                OutboundMessageRow.text.is_not(None),
            )
            .with_for_update()
        )
    ).one_or_none()
    if row is None:
        return None
    kind = OutboundKind(row.kind)
    sealed = await outbound_reads.sealed_address(session, row.customer_id)
    if sealed is None:
        await give_up(session, message_id, OutboundReason.NO_ADDRESS)
        return None
    if row.begun_at is None and kind.is_marketing:
        hindrance = await _hindrance(session, row)
        if hindrance is not None:
            await _put_off(session, message_id, hindrance, is_marketing=True)
            return None
    text = session.vault.open(session.brand_id, TEXT, row.text)
    if fillers is not None and kind in fillers and not kind.is_marketing and text is not None:
        text = await fillers[kind](session, row.subject_id, text)
        if text is None:
            await give_up(session, message_id, OutboundReason.OVERTAKEN)
            return None
    if row.begun_at is None:
        await session.execute(_update(session, message_id).values(begun_at=now))
    phone = phones.open_phone(session.vault, session.brand_id, sealed)
    return Outgoing(OutboundChannel(row.channel), kind, phone, text or "")


async def give_up(session: BrandSession, message_id: UUID, reason: OutboundReason) -> bool:
    """End an allowed message that does not go, and counts no longer; False where it is not on its way any more."""
    verdict = Verdict(OutboundState.REFUSED, reason)
    ended = await session.execute(
        _update(session, message_id)
        .where(OutboundMessageRow.state == OutboundState.ALLOWED.value)
        .values(**outbound.stand(verdict, is_marketing=False, now=session.now))
        .returning(OutboundMessageRow.id)
    )
    if ended.scalar_one_or_none() is None:
        return False
    await outbound.write_move(session, message_id, verdict, actor=SYSTEM, now=session.now)
    return True


async def mark_sent(session: BrandSession, message_id: UUID) -> None:
    """The carrier has the message. Said twice it is said once."""
    marked = await session.execute(
        _update(session, message_id)
        .where(OutboundMessageRow.state == OutboundState.ALLOWED.value)
        .values(state=OutboundState.SENT.value, sent_at=session.now)
        .returning(OutboundMessageRow.id)
    )
    if marked.scalar_one_or_none() is not None:
        await outbound.write_move(session, message_id, Verdict(OutboundState.SENT), actor=SYSTEM, now=session.now)


async def send_waiting_messages(runtime: Runtime, brand: Brand) -> int:
    """Decide again the messages whose morning has come, give up those that no carrier took; gives how many. A job.

    One transaction for each message.
    """
    async with runtime.database.reading(brand) as session:
        now = session.now
        due = await _first_of(session, OutboundState.WAITING, OutboundMessageRow.due_at, now)
        stuck = await _first_of(session, OutboundState.ALLOWED, OutboundMessageRow.decided_at, now - GIVEN_UP)
    done = 0
    for message_id in due:
        done += await _settle(runtime, brand, message_id, outbound.decide_due)
    for message_id in stuck:
        done += await _settle(runtime, brand, message_id, _give_up_stuck)
    return done


async def _first_of(session: BrandSession, state: OutboundState, since: Any, until: datetime) -> list[UUID]:
    """Messages in a state since `until` or longer, the longest first, up to DUE_AT_ONCE."""
    found = await session.scalars(
        sa.select(OutboundMessageRow.id)
        .where(OutboundMessageRow.brand_id == session.brand_id, OutboundMessageRow.state == state.value, since <= until)
        .order_by(since, OutboundMessageRow.id)
        .limit(DUE_AT_ONCE)
    )
    return list(found)


async def _settle(
    runtime: Runtime, brand: Brand, message_id: UUID, settle: Callable[[BrandSession, UUID], Awaitable[bool]]
) -> bool:
    async def work(session: BrandSession) -> bool:
        return await settle(session, message_id)

    try:
        return await runtime.database.run(brand, work)
    except Exception:
        log.exception("message not settled", extra={"outbound_message": str(message_id)})
        return False


async def _give_up_stuck(session: BrandSession, message_id: UUID) -> bool:
    return await give_up(session, message_id, OutboundReason.NOT_CARRIED)


async def forget_texts(session: BrandSession) -> int:
    """Forget the texts of messages that were sent or refused long enough ago, a bounded number; gives how many."""
    since = session.now - TEXT_KEPT
    old = (
        sa.select(OutboundMessageRow.id)
        .where(
            OutboundMessageRow.brand_id == session.brand_id,
            OutboundMessageRow.text.is_not(None),
            OutboundMessageRow.state.in_([OutboundState.SENT.value, OutboundState.REFUSED.value]),
            OutboundMessageRow.decided_at < since,
            sa.or_(OutboundMessageRow.sent_at.is_(None), OutboundMessageRow.sent_at < since),
        )
        .limit(retention.AT_ONCE)
    )
    done = await session.execute(
        sa.update(OutboundMessageRow)
        .where(OutboundMessageRow.brand_id == session.brand_id, OutboundMessageRow.id.in_(old))
        .values(text=None)
        .returning(OutboundMessageRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(done.scalars().all())


async def _hindrance(session: BrandSession, row: Any) -> Verdict | None:
    """Why a marketing message that was allowed does not go now after all."""
    if not await outbound_reads.has_consent(session, row.customer_id):
        return Verdict(OutboundState.REFUSED, OutboundReason.NO_CONSENT)
    channel = OutboundChannel(row.channel)
    rule = OutboundRule(channel, 1, DEFAULT_RULES[channel].period, None, row.rule_quiet_from, row.rule_quiet_until)
    goes_at = outbound_rules.loud_from(rule, session.now, ZoneInfo(session.brand.time_zone))
    if goes_at <= session.now:
        return None
    return Verdict(OutboundState.WAITING, OutboundReason.QUIET_HOURS, due_at=goes_at)


async def _put_off(session: BrandSession, message_id: UUID, verdict: Verdict, *, is_marketing: bool) -> None:
    now: datetime = session.now
    await session.execute(
        _update(session, message_id).values(**outbound.stand(verdict, is_marketing=is_marketing, now=now))
    )
    await outbound.write_move(session, message_id, verdict, actor=SYSTEM, now=now)


def _update(session: BrandSession, message_id: UUID) -> sa.Update:
    return (
        sa.update(OutboundMessageRow)
        .where(OutboundMessageRow.brand_id == session.brand_id, OutboundMessageRow.id == message_id)
        .execution_options(synchronize_session=False)
    )
