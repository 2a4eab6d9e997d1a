"""How the twins' stories go on once commission is payable, and what one of them has more."""

from typing import TYPE_CHECKING

from app.boss import rollups
from app.commission import withdrawals
from app.commission.values import Decision
from app.customers import consents, profiles, sign_in
from app.customers.consents import Consent
from app.customers.values import Channel, ConsentPurpose
from app.employees.values import PostalAddress
from app.marketing import codes, outbound
from app.marketing.values import OutboundChannel, OutboundKind
from app.platform.actor import ANONYMOUS, SYSTEM
from app.platform.db import BrandSession
from app.platform.runtime import Runtime
from app.products import catalogue, reads
from app.trade import orders
from app.trade.values import LineRequest

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


async def go_on(session: BrandSession, tale: "Tale", address: PostalAddress) -> None:
    """One customer withdraws consent and buys, one goes to the colleague; new ones come to the same guide."""
    now, ids = session.now, tale.ids
    for number in range(3):
        seen = await codes.scan(session, ANONYMOUS, token=tale.tokens["code_of_guide"], now=now)
        phone = f"+861991111444{number}"
        await profiles.create_customer(session, phone=phone, name=f"{tale.mark}小明", now=now)
        newcomer = await sign_in.welcome(session, phone=phone, visitor_id=seen.visitor_id, now=now)
        await consents.record(
            session,
            customer_id=newcomer,
            consents=[Consent(ConsentPurpose.LOCATION, f"{tale.mark}-2", granted=True)],
            now=now,
        )
    await consents.record(
        session,
        customer_id=ids["customer"],
        consents=[Consent(ConsentPurpose.MARKETING, f"{tale.mark}-2", granted=False)],
        now=now,
    )
    for name, token in (("customer", "code_of_guide"), ("member", "code_of_colleague")):
        await codes.scan(session, tale.customer(name), token=tale.tokens[token], channel=Channel.LINK, now=now)
    await catalogue.update_product(session, SYSTEM, product_id=ids["withdrawn"], state="PUBLISHED", now=now)
    shop = await reads.shop_facts(session, ids["shop_of_guide"])
    assert shop is not None
    await orders.place(
        session,
        tale.customer(),
        shop=shop,
        lines=[LineRequest(ids["sku_of_product"], 3)],
        address=address,
        now=now,
    )
