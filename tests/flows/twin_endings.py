"""How the twins' stories go on once commission is payable."""

from typing import TYPE_CHECKING

from app.boss import rollups
from app.commission import withdrawals
from app.commission.values import Decision
from app.marketing import outbound
from app.marketing.values import OutboundChannel, OutboundKind
from app.platform.db import BrandSession
from app.platform.runtime import Runtime

if TYPE_CHECKING:
    from tests.flows.twins import Tale


async def withdraw(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """The guide asks three times: one is paid, one is rejected, one waits."""
    now, ids = session.now, tale.ids
    guide = tale.employee("guide")
    for name, amount_minor in (("withdrawal", 300), ("rejected_withdrawal", 150), ("open_withdrawal", 200)):
        ids[name] = await withdrawals.request(session, guide, amount_minor=amount_minor, now=now)
    for name, decision in (("withdrawal", Decision.APPROVE), ("rejected_withdrawal", Decision.REJECT)):
        await withdrawals.decide(
            session, tale.owner, withdrawal_id=ids[name], decision=decision, comment=f"{tale.mark}意见", now=now
        )
    await withdrawals.begin_sending(session, withdrawal_id=ids["withdrawal"], accept_by=now, after_tries=0, now=now)
    await withdrawals.book_paid(session, withdrawal_id=ids["withdrawal"], transaction_id="T", now=now)


async def write_to_customers(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """At whatever hour: the guide writes twice, and the second is beyond the budget."""
    await outbound.set_rule(
        session,
        tale.owner,
        channel=OutboundChannel.SMS,
        days=pieces,
        quiet_from="00:00",
        quiet_until="00:00",
        now=session.now,
    )
    for name, state in (("message", "ALLOWED"), ("refused_message", "REFUSED")):
        made = await outbound.request(
            session,
            tale.employee("guide"),
            customer_id=tale.ids["customer"],
            channel=OutboundChannel.SMS,
            kind=OutboundKind.SHARE,
            text=f"{tale.mark}上新",
            subject=outbound.Subject("Product", tale.ids["product"]),
            now=session.now,
        )
        assert made.verdict.state == state, made
        tale.ids[name] = made.message_id


async def withdraw_and_write(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    await withdraw(runtime, session, tale, pieces)
    await write_to_customers(runtime, session, tale, pieces)


async def roll_up(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """What the boss reads is made of all that was; the events of it still wait."""
    made = await rollups.rebuild(session)
    assert all(made.values()), made
