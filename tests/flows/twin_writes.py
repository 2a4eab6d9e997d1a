"""Every service that changes something, done in one brand beside its twin; each step may be done again."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from app import worker
from app.boss import founding, rollups
from app.commission import holds, payout_reconciliation, payouts, plans, policies, withdrawals
from app.commission.plans import NewRule
from app.commission.values import Decision, ShareRole
from app.customers import access, profiles, sign_in
from app.customers.consents import Consent
from app.customers.values import Channel, ConsentPurpose, PolicyTerms, Takeover
from app.employees import organisation, sessions, sign_in_codes
from app.employees import sign_in as staff_sign_in
from app.employees.sign_in import SignedIn
from app.marketing import codes, onboarding, visits
from app.marketing.values import CodeKind
from app.platform import idempotency, rate_limits
from app.platform.actor import ANONYMOUS
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput
from app.platform.runtime import Runtime
from app.products import catalogue, reads, shelf, stock
from app.products.values import NewProduct, NewSku, PriceChange, ShelfChange
from app.trade import callbacks, charges, orders, pickups, receipts, refunds, shipments
from app.trade import reads as trade
from app.trade.models import RefundRow
from app.trade.values import AfterSaleKind, LineRequest
from tests import factories
from tests.commission.wages import grant, with_faults
from tests.flows import (
    twin_catalogue,
    twin_coupons,
    twin_invoices,
    twin_messages,
    twin_posters,
    twin_quotations,
    twin_returns,
    twin_shelves,
    twin_stock,
    twin_toolbox,
)
from tests.flows.twin_goods import buy_one
from tests.flows.twins import NOW, Tale, address
from tests.trade import purchase

Step = Callable[[Runtime, Tale], Awaitable[None]]
Change = Callable[[Runtime, BrandSession, Tale], Awaitable[None]]


def in_one_transaction(change: Change) -> Step:
    async def step(runtime: Runtime, tale: Tale) -> None:
        async with runtime.database.transaction(tale.brand, now=NOW) as session:
            await change(runtime, session, tale)

    return step


async def organise(runtime: Runtime, s: BrandSession, t: Tale) -> None:
    number, ids = factories.next_number(), t.ids
    unit_id = await organisation.create_unit(
        s, t.owner, code=f"U{number}", name="华南", kind="TEAM", parent_id=ids["area"], now=NOW
    )
    store_id = await organisation.create_store(
        s,
        t.owner,
        code=f"S{number}",
        name="新店",
        org_unit_id=unit_id,
        operator="OWN",
        return_address=address("新"),
        now=NOW,
    )
    for role in ("GUIDE", "MANAGER"):
        await onboarding.onboard(
            s, t.owner, display_name="新人", phone=factories.next_phone(), role=role, store_id=store_id, now=NOW
        )


async def change_catalogue(runtime: Runtime, s: BrandSession, t: Tale) -> None:
    number, ids = factories.next_number(), t.ids
    category_id = await catalogue.create_category(s, t.owner, name=f"类{number}", parent_id=ids["category"], now=NOW)
    sku = NewSku("单色", f"N{number}", None, 500, None, 5)
    await catalogue.create_product(s, t.owner, title="新货", category_id=category_id, skus=[sku], now=NOW)
    several = [NewProduct("又一件", (NewSku("单色", f"M{number}", None, 600, None, 6),))]
    await catalogue.create_products(s, t.owner, products=several, now=NOW)
    await catalogue.update_product(
        s,
        t.owner,
        product_id=ids["product"],
        title=f"新名{number}",
        category_id=ids["top_category"],
        prices=[PriceChange(ids["sku_of_product"], price_minor=1_000 + number % 1_000)],
        now=NOW,
    )


async def count_stock(runtime: Runtime, s: BrandSession, t: Tale) -> None:
    await stock.adjust(s, t.owner, sku_id=t.ids["sku_of_product"], change=40, reason="到货", now=NOW)


async def arrange_shelf(runtime: Runtime, s: BrandSession, t: Tale) -> None:
    for name, badge in (("product", f"荐{factories.next_number() % 1_000}"), ("other_product", "新")):
        change = ShelfChange(is_featured=True, is_hidden=False, position=2, badge=badge)
        await shelf.change_item(
            s, t.employee("guide"), shop_id=t.ids["shop_of_guide"], product_id=t.ids[name], change=change, now=NOW
        )


async def issue_and_revoke_codes(runtime: Runtime, s: BrandSession, t: Tale) -> None:
    made = await codes.create_code(s, t.employee("guide"), kind=CodeKind.STORE, channel=Channel.SCREEN, now=NOW)
    await codes.revoke(s, t.owner, code_id=made.code_id, now=NOW)


async def scan(runtime: Runtime, s: BrandSession, t: Tale) -> None:
    first = await codes.scan(s, ANONYMOUS, token=t.tokens["code_of_colleague"], now=NOW)
    again = await codes.scan(s, ANONYMOUS, token=t.tokens["code_of_guide"], visitor_token=first.visitor_token, now=NOW)
    assert again.visitor_id == first.visitor_id
    for token in ("code_of_colleague", "code_of_guide"):
        await codes.scan(s, t.customer(), token=t.tokens[token], now=NOW)
    await codes.scan(
        s, t.customer("member"), token=t.tokens["product_code"], visitor_token=t.tokens["visitor"], now=NOW
    )


async def sign_in_and_out(runtime: Runtime, s: BrandSession, t: Tale) -> None:
    """A new customer with a visitor's past, and the owner; a refresh, its repetition that ends all, and a sign-out."""
    scanned = await codes.scan(s, ANONYMOUS, token=t.tokens["code_of_guide"], now=NOW)
    settings = runtime.settings.model_copy(update={"sign_in_codes_per_phone_minute": 99})
    signing, phone, given = runtime.secrets.signing, factories.next_phone(), []
    for number, audience in ((phone, "CUSTOMER"), ("19911110000", "EMPLOYEE")):
        asked = await sign_in_codes.request(
            s, phone=number, audience=audience, address="192.0.2.2", settings=settings, now=NOW
        )
        assert isinstance(asked, sign_in_codes.CodeRequested)
        given.append(sign_in_codes.code_for(s.vault, asked.sign_in_code_id))
    customer = await sign_in.sign_in_customer(
        s,
        phone=phone,
        code=given[0],
        visitor_id=scanned.visitor_id,
        consents=[Consent(ConsentPurpose.PROFILING, "v2", granted=True)],
        settings=settings,
        signing=signing,
        now=NOW,
    )
    owner = await staff_sign_in.sign_in_employee(
        s, phone="19911110000", code=given[1], settings=settings, signing=signing, now=NOW
    )
    assert isinstance(customer, SignedIn) and isinstance(owner, SignedIn)
    opened = await sessions.open_session(
        s, audience="CUSTOMER", principal_id=t.ids["member"], settings=settings, signing=signing, now=NOW
    )
    # A session's first refresh token has the id minted next.
    token_id = UUID(int=opened.session_id.int + 1)
    changed = [
        await sessions.rotate(s, refresh_token_id=token_id, settings=settings, signing=signing, now=NOW)
        for _ in range(2)
    ]
    assert [type(answer).__name__ for answer in changed] == ["SessionTokens", "SignInRefused"]
    await sessions.end(s, t.owner, everywhere=True, now=NOW)


async def know_customers(runtime: Runtime, tale: Tale) -> None:
    """One who is written down, a visit of the shop by a browser that is known, and an operator's tokens."""
    async with runtime.database.transaction(tale.brand, now=NOW) as session:
        await profiles.create_customer(session, phone=factories.next_phone(), name="新客", now=NOW)
        shop = await reads.shop_facts(session, tale.ids["shop_of_colleague"])
        assert shop is not None
        for token in (tale.tokens["visitor"], None):
            await visits.open_shop(session, shop=shop, visitor_token=token, now=NOW)
    for phone, audience in (("19911110001", "EMPLOYEE"), ("19911112222", "CUSTOMER")):
        await access.operator_token(runtime, tale.brand, phone=phone, audience=audience)


async def publish(runtime: Runtime, s: BrandSession, t: Tale) -> None:
    days = factories.next_number() % 1_000
    await policies.publish(
        s, t.owner, terms=PolicyTerms(takeover=Takeover.ANY_TIME, last_touch_days=days % 300 + 1), now=NOW
    )
    await plans.publish(s, t.owner, hold_days=8 + days % 20, rules=[NewRule(ShareRole.SELLER, 700)], now=NOW)


async def limit_and_remember(runtime: Runtime, s: BrandSession, t: Tale) -> None:
    key = factories.key()
    await idempotency.claim(s, principal="customer:1", operation="orderPlace", key=key, body="b")
    await idempotency.remember(s, principal="customer:1", operation="orderPlace", key=key, result={"id": t.ids["paid"]})
    await rate_limits.take(s, kind="twin", subject="one", limit=9, window_seconds=60)


async def give_orders_up(runtime: Runtime, tale: Tale) -> None:
    """One by the customer, others by the deadline, among them the story's own."""
    database, buyer = runtime.database, tale.customer()
    order_id = await order(runtime, tale)
    await purchase.start_charge(runtime, tale.brand, buyer, order_id)
    async with database.transaction(tale.brand, now=NOW) as session:
        await orders.cancel(session, buyer, order_id=order_id, now=NOW)
    async with database.transaction(tale.brand, now=NOW - timedelta(days=1)) as session:
        await place(session, tale)
    assert await orders.cancel_due(runtime, tale.brand) >= 1


async def pay(runtime: Runtime, tale: Tale) -> None:
    """One payment that fails and one that succeeds by the provider's notice; the charge is asked about too."""
    buyer, order_id = tale.customer(), await order(runtime, tale)
    number = await purchase.start_charge(runtime, tale.brand, buyer, order_id)
    failed = purchase.notice(number, 1, kind="CHARGE.FAILED")
    await callbacks.take(runtime, "sandbox", purchase.signed(runtime, failed, NOW), failed, now=NOW)
    payment_id = await purchase.start(runtime.database, tale.brand, buyer, order_id)
    await charges.open_charge(runtime, tale.brand, payment_id)
    async with runtime.database.reading(tale.brand) as session:
        facts = await purchase.payment_row(session, payment_id)
    await purchase.bank_of(runtime).confirm(facts.number)
    await charges.ask_about(runtime, tale.brand, payment_id)
    await charges.query_started(runtime, tale.brand)
    paid = purchase.notice(facts.number, facts.amount_minor)
    for _ in range(2):
        answer = await callbacks.take(runtime, "sandbox", purchase.signed(runtime, paid, NOW), paid, now=NOW)
        assert answer.status == 200, answer
    assert await purchase.state_of(runtime.database, tale.brand, order_id) == "PAID"


async def pay_late(runtime: Runtime, tale: Tale) -> None:
    """The money comes after the cancellation and goes back."""
    buyer, order_id = tale.customer(), await order(runtime, tale)
    number = await purchase.start_charge(runtime, tale.brand, buyer, order_id)
    async with runtime.database.transaction(tale.brand, now=NOW) as session:
        await orders.cancel(session, buyer, order_id=order_id, now=NOW)
    async with runtime.database.reading(tale.brand) as session:
        amount_minor = (await purchase.order_row(session, order_id)).total_minor
    await purchase.bank_of(runtime).confirm(number)
    body = purchase.notice(number, amount_minor)
    await callbacks.take(runtime, "sandbox", purchase.signed(runtime, body, NOW), body, now=NOW)
    await refunds.retry_failed(runtime, tale.brand)


async def fulfil(runtime: Runtime, s: BrandSession, t: Tale) -> None:
    """One order is sent and confirmed, one laid out and fetched at the second try."""
    sent, fetched = await buy_one(s, t), await buy_one(s, t, "other_store")
    await shipments.ship(s, t.owner, order_id=sent, now=NOW)
    await receipts.confirm(s, t.customer(), order_id=sent, now=NOW)
    await pickups.make_ready(s, t.owner, order_id=fetched, now=NOW)
    code = pickups.code_for(s.vault, s.brand_id, fetched)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    assert isinstance(await pickups.hand_over(s, t.owner, order_id=fetched, code=wrong, now=NOW), InvalidInput)
    assert await pickups.hand_over(s, t.owner, order_id=fetched, code=code, now=NOW) is None


async def let_time_pass(runtime: Runtime, tale: Tale) -> None:
    """An order that was sent eleven days ago counts as received."""
    async with runtime.database.transaction(tale.brand, now=NOW - timedelta(days=11)) as session:
        await shipments.ship(session, tale.owner, order_id=await buy_one(session, tale), now=session.now)
    assert await receipts.carry_on_due(runtime, tale.brand) == 1


async def hold_and_release(runtime: Runtime, tale: Tale) -> None:
    """Commission of a paid order is paused and goes on, a part is taken back, the rest becomes payable."""
    buyer, order_id = tale.customer(), await order(runtime, tale)
    payment_id = await purchase.start(runtime.database, tale.brand, buyer, order_id)
    await purchase.pay(runtime.database, tale.brand, payment_id)
    tale.ids["held"] = order_id
    async with runtime.database.transaction(tale.brand, now=NOW) as session:
        [line] = (await trade.lines_of_orders(session, [order_id]))[order_id]
        for change in (holds.pause, holds.resume):
            await change(session, sale_id=order_id, line_id=line.id)
        await holds.received(session, sale_id=order_id, return_until=NOW, now=NOW)
        after_sale_id = await twin_returns.ask(session, tale, "held", AfterSaleKind.REFUND_ONLY, amount_minor=100)
        await twin_returns.decide(session, tale, after_sale_id)
        refund_id = await session.scalar(
            sa.select(RefundRow.id).where(RefundRow.brand_id == tale.brand.id, RefundRow.after_sale_id == after_sale_id)
        )
        assert refund_id is not None
        await refunds.book_success(session, refund_id=refund_id, now=NOW)
    async with runtime.database.transaction(tale.brand, now=NOW + timedelta(days=99)) as session:
        assert await holds.release(session) >= 1
    assert await holds.release_due(runtime, tale.brand) == 0


async def draw(runtime: Runtime, tale: Tale) -> None:
    """A withdrawal is rejected, one is paid, one fails with the provider; it is asked about, and compared."""
    asked = {}
    async with runtime.database.transaction(tale.brand, now=NOW) as session:
        await grant(session, tale.ids["colleague"], 500)
        for decision in Decision:
            asked[decision] = await withdrawals.request(session, tale.employee("colleague"), amount_minor=200, now=NOW)
            await withdrawals.decide(session, tale.owner, withdrawal_id=asked[decision], decision=decision, now=NOW)
    await payouts.look_after(runtime, tale.brand)
    async with runtime.database.transaction(tale.brand, now=NOW + timedelta(minutes=2)) as session:
        assert asked[Decision.APPROVE] in await withdrawals.claim_due(session, limit=9, now=session.now)
    assert await payouts.advance(runtime, tale.brand, asked[Decision.APPROVE])
    assert not await payouts.advance(runtime, tale.brand, asked[Decision.APPROVE])
    async with runtime.database.transaction(tale.brand, now=NOW) as session:
        failing = await withdrawals.request(session, tale.employee("colleague"), amount_minor=300, now=NOW)
        await withdrawals.decide(session, tale.owner, withdrawal_id=failing, decision=Decision.APPROVE, now=NOW)
    assert await payouts.send(with_faults(runtime, refused_percent=100), tale.brand, failing, after_tries=0)
    await payout_reconciliation.reconcile(runtime, tale.brand)


async def roll_up(runtime: Runtime, s: BrandSession, t: Tale) -> None:
    await codes.scan(s, ANONYMOUS, token=t.tokens["code_of_guide"], now=NOW)
    await rollups.rebuild(s)


async def relay(runtime: Runtime, tale: Tale) -> None:
    """Everything that waits in the brand's outbox, to the real subscribers, and the forgetting of old rows."""
    async with runtime.database.transaction(tale.brand, now=NOW) as session:
        await sign_in_codes.request(
            session,
            phone=factories.next_phone(),
            audience="CUSTOMER",
            address="192.0.2.3",
            settings=runtime.settings,
            now=NOW,
        )
    assert await worker.make_relay(runtime).drain(tale.brand) >= 1
    await worker.forget_old_rows(runtime, tale.brand)


async def found_another(runtime: Runtime, tale: Tale) -> None:
    """A third brand; beside the other two it is a stranger."""
    await founding.found_brand(
        runtime.database,
        code=f"third{factories.next_number()}",
        name="丙牌",
        currency="USD",
        time_zone="UTC",
        owner_name="丙",
        owner_phone="19911110000",
        now=NOW,
    )


async def order(runtime: Runtime, tale: Tale) -> UUID:
    async with runtime.database.transaction(tale.brand, now=NOW) as session:
        return await place(session, tale)


async def place(session: BrandSession, tale: Tale) -> UUID:
    shop = await reads.shop_facts(session, tale.ids["shop_of_guide"])
    assert shop is not None
    return await orders.place(
        session,
        tale.customer(),
        shop=shop,
        lines=[LineRequest(tale.ids["sku_of_product"], 1)],
        address=address(tale.mark),
        code_token=tale.tokens["code_of_colleague"],
        now=session.now,
    )


WRITES: dict[str, Step] = {
    "units, stores and people": in_one_transaction(organise),
    "catalogue": in_one_transaction(change_catalogue),
    "what goods are shown by": in_one_transaction(twin_catalogue.change),
    "product files": twin_catalogue.load_file,
    "stock": in_one_transaction(count_stock),
    "transfers": in_one_transaction(twin_stock.count_and_move),
    "routing": in_one_transaction(twin_stock.route_elsewhere),
    "shelf": in_one_transaction(arrange_shelf),
    "shelves and counters": twin_shelves.change,
    "codes": in_one_transaction(issue_and_revoke_codes),
    "toolbox": in_one_transaction(twin_toolbox.change),
    "scans": in_one_transaction(scan),
    "customers": know_customers,
    "sign-in and sign-out": in_one_transaction(sign_in_and_out),
    "rules": in_one_transaction(publish),
    "keys and limits": in_one_transaction(limit_and_remember),
    "cancellations": give_orders_up,
    "payments": pay,
    "late payments": pay_late,
    "fulfilment": in_one_transaction(fulfil),
    "automatic receipt": let_time_pass,
    "holds and reversals": hold_and_release,
    "after-sales": twin_returns.go_through_after_sales,
    "the provider's book": twin_returns.hear_late,
    "coupons": twin_coupons.go_round,
    "quotations": in_one_transaction(twin_quotations.go_round),
    "withdrawals": draw,
    "freight and invoices": twin_invoices.go_round,
    "posters": twin_posters.work,
    "messages to customers": twin_messages.write,
    "rollups": in_one_transaction(roll_up),
    "outbox": relay,
}
