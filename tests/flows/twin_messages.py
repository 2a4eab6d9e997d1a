"""Messages to customers in the twins' stories: what is read of them, and what is done beside the other."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app.customers import consents
from app.customers.consents import Consent
from app.customers.values import ConsentPurpose
from app.marketing import outbound, outbound_reads, outbound_sending
from app.marketing.outbound_rules import write_clock
from app.marketing.values import OutboundChannel, OutboundKind, OutboundReason
from app.platform.db import BrandSession
from app.platform.runtime import Runtime

if TYPE_CHECKING:
    from tests.flows.twins import Tale

CARE, MAIL = OutboundKind.CARE, OutboundChannel.MAIL


async def consented(session: BrandSession, tale: "Tale") -> str:
    return f"consent: {await outbound_reads.has_consent(session, tale.ids['customer'])}"


READS: dict[str, Any] = {
    "rules of messages": lambda s, t: outbound_reads.rules_in_force(s),
    "consent to messages": consented,
    "address of messages": lambda s, t: outbound_reads.sealed_address(s, t.ids["customer"]),
    "standings of messages": lambda s, t: outbound_reads.standings(s, t.ids["customer"]),
    "answers about messages": lambda s, t: outbound_reads.answers(s, t.ids["customer"], CARE, now=s.now),
    "messages by id": lambda s, t: outbound_reads.messages_by_id(s, [t.ids["message"], t.ids["refused_message"]]),
    "messages of a customer": lambda s, t: outbound_reads.messages_of_customer(s, t.ids["customer"], limit=50),
    "number of messages of a customer": lambda s, t: outbound_reads.count_of_customer(s, t.ids["customer"]),
}


async def write(runtime: Runtime, tale: "Tale") -> None:
    """A message is sent, and one waits for a minute of quiet to end."""
    database, minute = runtime.database, timedelta(minutes=1)
    async with database.transaction(tale.brand) as session:
        member, now = tale.ids["member"], session.now
        yes = Consent(ConsentPurpose.MARKETING, "3", granted=True)
        await consents.record(session, customer_id=member, consents=[yes], now=now)
        made = await ask(session, tale, quiet_minute=None)
        assert await outbound_sending.begin(session, made.message_id) is not None
        await outbound_sending.mark_sent(session, made.message_id)
        given_up = await ask(session, tale, quiet_minute=None)
        assert await outbound_sending.give_up(session, given_up.message_id, OutboundReason.NOT_CARRIED)
        waiting = await ask(session, tale, quiet_minute=now.hour * 60 + now.minute + 8 * 60)
        assert waiting.verdict.due_at == now + minute, waiting
    assert await outbound_sending.send_waiting_messages(runtime, tale.brand) == 0
    async with database.transaction(tale.brand, now=now + minute) as session:
        assert await outbound.decide_due(session, waiting.message_id)
        await outbound_sending.forget_texts(session)


async def ask(session: BrandSession, tale: "Tale", *, quiet_minute: int | None) -> outbound.Outcome:
    """Ask for a mail to the member under a rule whose night is this minute of Shanghai's day."""
    since, until = (0, 0) if quiet_minute is None else (quiet_minute % 1_440, (quiet_minute + 1) % 1_440)
    await outbound.set_rule(
        session,
        tale.owner,
        channel=MAIL,
        most=31,
        days=1,
        quiet_from=write_clock(since),
        quiet_until=write_clock(until),
        now=session.now,
    )
    return await outbound.request(
        session, tale.owner, customer_id=tale.ids["member"], channel=MAIL, kind=CARE, text="好", now=session.now
    )
