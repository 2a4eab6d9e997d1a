"""An invoice is asked for, issued once, and taken back by red ones exactly as refunds do; one truth in every race."""

import asyncio
import dataclasses
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.platform.actor import ANONYMOUS, Actor
from app.platform.errors import Conflict, DeadlinePassed, Forbidden, InvalidInput, NotFound, UserFault, WrongState
from app.platform.runtime import Runtime
from app.trade import invoice_reads, invoice_sending, invoice_terms, invoices
from app.trade.invoice_models import InvoiceDocumentRow, InvoiceRow
from app.trade.invoice_values import InvoiceState, TitleKind
from app.trade.invoices import Title
from app.trade.values import OrderState
from tests.factories import Scene
from tests.trade import invoicing, purchase
from tests.trade.invoicing import COMPANY, PERSON, ask, issue, issued, refund, relay, view
from tests.trade.returns import RETURN, Sold, sell, sell_and

PRICE = 12_900


def odd(runtime: Runtime, **settings: int) -> Runtime:
    """The program beside a provider with troubles."""
    return dataclasses.replace(runtime, settings=runtime.settings.model_copy(update=settings))


async def do(sold: Sold, step: Any, *args: Any, **more: Any) -> Any:
    async with sold.runtime.database.transaction(sold.brand) as session:
        return await step(session, *args, now=session.now, **more)


async def overdue(sold: Sold) -> None:
    """Every document may be sent again at once."""
    async with sold.runtime.database.transaction(sold.brand) as session:
        await session.execute(
            sa.update(InvoiceDocumentRow)
            .where(InvoiceDocumentRow.brand_id == sold.brand.id, InvoiceDocumentRow.state == "SENDING")
            .values(due_at=session.now - timedelta(seconds=1))
            .execution_options(synchronize_session=False)
        )


async def book(sold: Sold) -> list[tuple[int, int, bool]]:
    async with sold.runtime.database.reading(sold.brand) as session:
        return await invoicing.book_of_provider(session)


async def test_invoice_says_what_was_paid_and_a_refund_takes_its_part_back(runtime: Runtime, scene: Scene) -> None:
    sold = await sell_and(runtime, scene, OrderState.DELIVERED, quantity=2)
    invoice_id = await issued(sold)
    found = await view(sold, invoice_id)
    assert (found.title_kind, found.title, found.tax_number, found.email, found.phone) == (
        TitleKind.COMPANY,
        COMPANY.name,
        COMPANY.tax_number,
        COMPANY.email,
        None,
    )
    assert found.blue is not None
    assert (found.amount_minor, found.blue.gross_minor, found.blue.tax_minor) == (25_800, 25_800, 2_968)
    assert [(line.quantity, line.gross_minor, line.tax_rate_bp) for line in found.blue.lines] == [(2, 25_800, 1_300)]
    assert found.blue.number is not None
    assert (len(found.blue.number), found.blue.number.isdigit()) == (20, True)
    for _ in range(2):
        await sold.receive(await returned(sold))
        assert all(await sold.pay_back())
        await relay(sold)
        await relay(sold)
    found = await view(sold, invoice_id)
    assert [(red.gross_minor, red.tax_minor, red.lines[0].quantity) for red in found.reds] == [
        (PRICE, 1_484, 1),
        (PRICE, 1_484, 1),
    ]
    assert (found.state, (await sold.order()).state) == (InvoiceState.ISSUED, "CLOSED")
    assert await book(sold) == [(25_800, 2_968, False), (PRICE, 1_484, True), (PRICE, 1_484, True)]
    assert await invoice_sending.look_after(runtime, sold.brand) == 0
    await sold.assert_sound()


async def returned(sold: Sold) -> UUID:
    after_sale_id = await sold.request(kind=RETURN)
    await sold.decide(after_sale_id)
    return after_sale_id


async def test_refund_before_the_issue_lowers_the_amount_with_its_freight(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene, quantity=2)
    invoice_id = await ask(sold, PERSON)
    await refund(sold, amount_minor=900)
    await relay(sold)
    assert (await view(sold, invoice_id)).amount_minor == 25_800 - 900
    await issue(sold, invoice_id)
    await relay(sold)
    found = await view(sold, invoice_id)
    assert (found.amount_minor, found.reds, found.phone) == (24_900, [], "+8613800138000")
    await refund(sold)
    await relay(sold)
    assert [red.gross_minor for red in (await view(sold, invoice_id)).reds] == [PRICE]
    await sold.assert_sound()


async def test_whole_refund_before_the_issue_voids_the_request(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene)
    invoice_id = await ask(sold)
    await refund(sold)
    with pytest.raises(WrongState):
        await issue(sold, invoice_id)
    await relay(sold)
    assert (await view(sold, invoice_id)).state is InvoiceState.VOIDED
    with pytest.raises(WrongState):
        await ask(sold)
    assert await book(sold) == []
    await sold.assert_sound()


async def test_freight_is_a_line_and_goes_back_with_the_last_piece(runtime: Runtime, scene: Scene) -> None:
    async with runtime.database.transaction(scene.brand) as session:
        await session.execute(
            sa.text("UPDATE sku SET price_minor = 3333 WHERE brand_id = :b AND id = :s"),
            {"b": scene.brand.id, "s": scene.sku_id},
        )
    sold = await sell(runtime, scene, quantity=2)
    invoice_id = await issued(sold)
    blue = (await view(sold, invoice_id)).blue
    assert blue is not None
    assert [(line.name, line.gross_minor, line.tax_minor) for line in blue.lines[1:]] == [("运费", 1_000, 115)]
    for _ in range(2):
        await refund(sold)
    await relay(sold)
    found = await view(sold, invoice_id)
    assert [[line.gross_minor for line in red.lines] for red in found.reds] == [[3_333], [3_333, 1_000]]
    assert sum(red.tax_minor for red in found.reds) == blue.tax_minor
    await sold.assert_sound()


@pytest.mark.parametrize(
    ("title", "key", "field"),
    [
        (dataclasses.replace(COMPANY, tax_number="91350100M000100Y44"), "tax_number_form", "taxNumber"),
        (dataclasses.replace(COMPANY, tax_number=None), "tax_number_required", "taxNumber"),
        (dataclasses.replace(PERSON, tax_number="91350100M000100Y43"), "tax_number_of_nobody", "taxNumber"),
        (dataclasses.replace(COMPANY, email="nobody"), "email_form", "email"),
        (dataclasses.replace(PERSON, phone=None), "invoice_recipient", "email"),
        (dataclasses.replace(PERSON, phone="12"), "phone_form", "phone"),
        (dataclasses.replace(PERSON, name=" "), "text_required", "title"),
        (dataclasses.replace(PERSON, name="长" * 101), "text_too_long", "title"),
    ],
)
def test_bad_titles(title: Title, key: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        invoices._checked(title)
    assert (refused.value.key, refused.value.path) == (key, (field,))


async def test_who_may_ask_when(runtime: Runtime, scene: Scene) -> None:
    database, brand = runtime.database, scene.brand
    buyer = await purchase.make_buyer(database, brand)
    unpaid = await purchase.make_order(database, scene, buyer)

    async def refused(order_id: UUID, actor: Actor = buyer, days: int = 0) -> type[UserFault]:
        async with database.transaction(brand) as session:
            later = session.now + timedelta(days=days)
            with pytest.raises(UserFault) as found:
                await invoices.request(session, actor, order_id=order_id, title=COMPANY, now=later)
        return found.type

    sold = await sell(runtime, scene, buyer=buyer)
    stranger = await purchase.make_buyer(database, brand)
    assert await refused(unpaid) is WrongState
    assert await refused(sold.order_id, stranger) is NotFound
    assert await refused(sold.order_id, sold.owner) is NotFound
    assert await refused(sold.order_id, ANONYMOUS) is NotFound
    assert await refused(sold.order_id, days=366) is DeadlinePassed
    invoice_id = await ask(sold)
    assert await refused(sold.order_id) is Conflict
    with pytest.raises(NotFound):
        await do(sold, invoices.withdraw, stranger, invoice_id=invoice_id)
    await do(sold, invoices.withdraw, buyer, invoice_id=invoice_id)
    for step in (invoices.withdraw, invoices.issue):
        with pytest.raises(WrongState):
            await do(sold, step, buyer if step is invoices.withdraw else sold.owner, invoice_id=invoice_id)
    again = await ask(sold, PERSON)
    with pytest.raises(Forbidden):
        await do(sold, invoices.reject, buyer, invoice_id=again, reason="不")
    with pytest.raises(InvalidInput):
        await do(sold, invoices.reject, sold.owner, invoice_id=again, reason=" ")
    await do(sold, invoices.reject, sold.owner, invoice_id=again, reason="抬头不完整")
    assert ((await view(sold, again)).reason, (await view(sold, invoice_id)).reason) == ("抬头不完整", None)
    async with database.reading(brand) as session:
        of_orders = invoice_reads.invoices_of_orders
        latest = await of_orders(session, buyer, [sold.order_id, unpaid])
        assert {order_id: found.id for order_id, found in latest.items()} == {sold.order_id: again}
        guide = Actor(kind=sold.owner.kind, employee_id=scene.guide.employee_id, role="GUIDE")
        assert await of_orders(session, guide, [sold.order_id]) == {}
        assert await of_orders(session, stranger, [sold.order_id]) == {}
        waiting = await invoice_reads.invoice_page(session, states=[InvoiceState.REQUESTED], limit=5)
        assert (waiting, await invoice_reads.invoice_count(session)) == ([], 2)
        [row] = (
            await session.execute(
                sa.select(InvoiceRow.title).where(InvoiceRow.brand_id == brand.id, InvoiceRow.id == again)
            )
        ).all()
        assert PERSON.name.encode() not in row.title
    await ask(sold)


async def test_terms_of_the_brand_hold_for_what_is_issued_from_then_on(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene)
    invoice_id = await ask(sold)
    with pytest.raises(Forbidden):
        await do(sold, invoice_terms.publish, sold.buyer, seller_name="甲", seller_tax_number=None, tax_rate_bp=0)
    for wrong in ({"seller_tax_number": "1"}, {"tax_rate_bp": -1}, {"tax_rate_bp": 10_001}):
        given: dict[str, Any] = {"seller_name": "甲公司", "seller_tax_number": None, "tax_rate_bp": 600} | wrong
        with pytest.raises(InvalidInput):
            await do(sold, invoice_terms.publish, sold.owner, **given)
    await do(
        sold,
        invoice_terms.publish,
        sold.owner,
        seller_name="甲公司",
        seller_tax_number="91350100M000100Y43",
        tax_rate_bp=600,
    )
    await issue(sold, invoice_id)
    blue = (await view(sold, invoice_id)).blue
    assert blue is not None
    assert (blue.seller_name, blue.tax_minor, blue.lines[0].tax_rate_bp) == ("甲公司", 730, 600)


async def test_two_issues_at_once_are_one(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene)
    invoice_id = await ask(sold)
    done = await asyncio.gather(*(issue(sold, invoice_id) for _ in range(3)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["NoneType", "WrongState", "WrongState"]
    await asyncio.gather(*(relay(sold) for _ in range(2)))
    assert len(await book(sold)) == 1
    asked = await asyncio.gather(*(ask(sold) for _ in range(2)), return_exceptions=True)
    assert [type(one) for one in asked] == [Conflict, Conflict]
    await sold.assert_sound()


async def test_two_requests_at_once_are_one(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene)
    done = await asyncio.gather(*(ask(sold) for _ in range(3)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Conflict", "Conflict", "UUID"]


async def test_refund_that_races_with_the_issue_is_counted_once(runtime: Runtime, scene: Scene) -> None:
    for _ in range(3):
        sold = await sell(runtime, scene, quantity=2)
        invoice_id = await ask(sold)
        after_sale_id = await sold.request()
        await sold.decide(after_sale_id)
        await asyncio.gather(issue(sold, invoice_id), sold.pay_back())
        await asyncio.gather(relay(sold), relay(sold))
        await relay(sold)
        found = await view(sold, invoice_id)
        assert found.blue is not None
        assert found.blue.gross_minor - sum(red.gross_minor for red in found.reds) == PRICE
        assert len(found.reds) == (found.blue.gross_minor == 2 * PRICE)
    await sold.assert_sound()


async def test_refund_while_the_provider_is_asked_gets_its_red_one_afterwards(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene, quantity=2)
    invoice_id = await ask(sold)
    await issue(sold, invoice_id)
    silent = odd(runtime, sandbox_invoice_unanswered_percent=100)
    await relay(sold, silent)
    await refund(sold)
    await relay(sold, silent)
    assert ((await view(sold, invoice_id)).state, len(await book(sold))) == (InvoiceState.ISSUING, 1)
    await overdue(sold)
    assert await invoice_sending.look_after(runtime, sold.brand) == 1
    await relay(sold)
    found = await view(sold, invoice_id)
    assert (found.state, [red.gross_minor for red in found.reds]) == (InvoiceState.ISSUED, [PRICE])
    assert [gross for gross, _, _ in await book(sold)] == [2 * PRICE, PRICE]
    await sold.assert_sound()


async def test_red_invoice_is_tried_until_it_is_issued(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene)
    invoice_id = await issued(sold)
    await refund(sold)
    await relay(sold, odd(runtime, sandbox_invoice_refused_percent=100))
    for troubles in ("refused", "unreached", "unanswered"):
        await overdue(sold)
        troubled = odd(runtime, **{f"sandbox_invoice_{troubles}_percent": 100})
        assert await invoice_sending.look_after(troubled, sold.brand) == 0
    [red] = (await view(sold, invoice_id)).reds
    assert (red.state, red.failure) == ("SENDING", "TITLE_REFUSED")
    await overdue(sold)
    assert await invoice_sending.look_after(runtime, sold.brand) == 1
    [red] = (await view(sold, invoice_id)).reds
    assert (red.state, red.failure, red.number is None) == ("ISSUED", None, False)
    assert [is_red for _, _, is_red in await book(sold)] == [False, True]
    await sold.assert_sound()


async def test_refused_invoice_goes_back_to_finance(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene)
    invoice_id = await ask(sold)
    await issue(sold, invoice_id)
    await relay(sold, odd(runtime, sandbox_invoice_refused_percent=100))
    found = await view(sold, invoice_id)
    assert (found.state, found.failure, found.blue) == (InvoiceState.REQUESTED, "TITLE_REFUSED", None)
    await sold.assert_sound()
    await issue(sold, invoice_id)
    await relay(sold)
    assert ((await view(sold, invoice_id)).state, len(await book(sold))) == (InvoiceState.ISSUED, 1)
    await sold.assert_sound()


async def test_job_makes_good_what_no_event_told(runtime: Runtime, scene: Scene) -> None:
    sold, other = await sell(runtime, scene), await sell(runtime, scene)
    invoice_id, void_id = await issued(sold), await ask(other)
    for one in (sold, other):
        await refund(one)
    async with runtime.database.transaction(scene.brand) as session:
        await session.execute(
            sa.text("UPDATE outbox SET done_at = now() WHERE brand_id = :b AND done_at IS NULL"), {"b": scene.brand.id}
        )
    assert await invoice_sending.look_after(runtime, scene.brand) == 2
    assert len((await view(sold, invoice_id)).reds) == 1
    assert (await view(other, void_id)).state is InvoiceState.VOIDED
