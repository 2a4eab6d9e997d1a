"""Invoices: a customer asks for one of an order; finance has them issued, or says why not."""

from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, NotFound, UserFault
from app.platform.idempotency import Result
from app.trade import invoice_reads, invoices
from app.trade.invoice_reads import InvoiceView
from app.trade.invoice_values import InvoiceAction, InvoiceState, TitleKind
from app.trade.invoices import Title
from app.trade.rules import is_paid
from app.web import answers, desks, forms, lists, order_pages, views
from app.web.answers import Refused
from app.web.forms import Form
from app.web.readers import ShopReader, StaffReader
from graphql_schema.paging import encode_global_id

BOSS: Final = "/boss/invoices"
FIELDS: Final = {"title": "title", "taxNumber": "tax_number", "email": "email", "phone": "phone"}
TAGS: Final = {
    InvoiceState.REQUESTED: "warn",
    InvoiceState.ISSUING: "on",
    InvoiceState.ISSUED: "on",
    InvoiceState.REJECTED: "bad",
    InvoiceState.WITHDRAWN: "",
    InvoiceState.VOIDED: "",
}


async def show_own(reader: ShopReader) -> Response:
    """`GET /s/{slug}/orders/{orderId}/invoice`: the latest request, or the form for one."""
    reader.require_customer()
    return await _own_page(reader)


async def request(reader: ShopReader) -> Response:
    """`POST /s/{slug}/orders/{orderId}/invoice`: ask for one; `do=withdraw` takes the request back."""
    reader.require_customer(back_to=order_pages.here(reader))
    form = await reader.form()
    order = await order_pages.found_order(reader)
    given_up = views.id_in(form.text("invoice"), "Invoice")
    kind = TitleKind.COMPANY if form.text("kind") == TitleKind.COMPANY else TitleKind.PERSONAL
    tax_number, email, phone = (form.text(name) or None for name in ("tax_number", "email", "phone"))
    title = Title(kind, form.text("title"), tax_number, email, phone)

    async def act(session: BrandSession) -> Result:
        if form.text("do") == "withdraw":
            if given_up is None:
                raise NotFound("Invoice")
            await invoices.withdraw(session, reader.actor, invoice_id=given_up, now=session.now)
            return {"id": given_up}
        made = await invoices.request(session, reader.actor, order_id=order.id, title=title, now=session.now)
        return {"id": made}

    typed = [form.text(name) for name in ("do", "kind", "title", "tax_number", "email", "phone")]
    done = await reader.change("invoicePage", act, key=form.text("key"), body=[str(order.id), *typed])
    if not isinstance(done, UserFault):
        return answers.see(f"{order_pages.here(reader)}/invoice")
    field = FIELDS.get(done.path[-1]) if isinstance(done, InvalidInput) and done.path else None
    words = reader.explain(done)
    errors, notice = ({}, words) if field is None else ({field: words}, None)
    return await _own_page(reader, form=form, errors=errors, notice=notice, status=422 if field else 409)


async def show_all(reader: StaffReader) -> Response:
    """`GET /boss/invoices`: requests that wait; `?list=all`: all of them."""
    desks.require_finance(reader)
    is_all = reader.request.query_params.get("list") == "all"
    asked = lists.read(reader.request, f"page_invoices_{is_all}", (UUID,), list="all" if is_all else "")
    states = None if is_all else (InvoiceState.REQUESTED,)
    async with reader.reading() as session:
        after = None if asked.after is None else asked.after[0]
        found = await invoice_reads.invoice_page(
            session, limit=asked.limit, after=after if isinstance(after, UUID) else None, states=states
        )
        total = await invoice_reads.invoice_count(session, states=states)
    say = reader.say
    values = {
        **desks.boss_values(reader),
        "listed": asked.listed(found, lambda one: (one.id,)),
        "total": total,
        "links": [(BOSS, say("invoices_waiting"), not is_all), (f"{BOSS}?list=all", say("invoices_all"), is_all)],
        "href": lambda one: f"{BOSS}/{encode_global_id('Invoice', one.id)}",
        "tags": TAGS,
    }
    return reader.show("invoices.html", values)


async def show_one(reader: StaffReader) -> Response:
    """`GET /boss/invoices/{invoice_id}`."""
    desks.require_finance(reader)
    return await _one_page(reader)


async def decide(reader: StaffReader) -> Response:
    """`POST /boss/invoices/{invoice_id}`: `decision` is ISSUE or REJECT."""
    desks.require_finance(reader)
    form = await reader.form()
    invoice_id, decision = _id(reader), form.text("decision")

    async def act(session: BrandSession) -> Result:
        if decision == InvoiceAction.ISSUE:
            await invoices.issue(session, reader.actor, invoice_id=invoice_id, now=session.now)
        else:
            await invoices.reject(
                session, reader.actor, invoice_id=invoice_id, reason=form.text("reason"), now=session.now
            )
        return {"id": invoice_id}

    body = [str(invoice_id), decision, form.text("reason")]
    done = await reader.change("invoiceDecidePage", act, key=form.text("key"), body=body)
    if not isinstance(done, UserFault):
        return answers.see(BOSS)
    if isinstance(done, NotFound):
        raise _missing(reader)
    words = reader.explain(done)
    if isinstance(done, InvalidInput) and done.path == ("reason",):
        return await _one_page(reader, errors={"reason": words}, status=422)
    return await _one_page(reader, notice=words, status=409)


async def _own_page(
    reader: ShopReader,
    *,
    form: Form | None = None,
    errors: dict[str, str] | None = None,
    notice: str | None = None,
    status: int = 200,
) -> Response:
    order = await order_pages.found_order(reader)
    async with reader.reading() as session:
        found = (await invoice_reads.invoices_of_orders(session, reader.actor, [order.id])).get(order.id)
    live = found is not None and found.state in (InvoiceState.REQUESTED, InvoiceState.ISSUING, InvoiceState.ISSUED)
    typed = form or Form({})
    values: dict[str, Any] = {
        "shop": reader.shop,
        "shop_href": reader.path,
        "order_href": order_pages.here(reader),
        "order": order,
        "one": found,
        "invoice_id": None if found is None else encode_global_id("Invoice", found.id),
        "tag": "" if found is None else TAGS[found.state],
        "may_withdraw": found is not None
        and InvoiceAction.WITHDRAW in invoice_reads.allowed_actions(reader.actor, found),
        "may_ask": not live and is_paid(order.state) and order.total_minor > order.refunded_minor,
        "kinds": [(kind.value, reader.say(f"invoice_kind_{kind.value}")) for kind in TitleKind],
        "typed": {name: typed.text(name) for name in ("kind", *FIELDS.values())},
        "errors": forms.Errors(errors or {}),
        "notice": notice,
        "key": forms.new_key(),
    }
    return reader.show("order_invoice.html", values, status=status)


async def _one_page(
    reader: StaffReader, *, errors: dict[str, str] | None = None, notice: str | None = None, status: int = 200
) -> Response:
    async with reader.reading() as session:
        found = await _find(session, reader)
    values = {
        **desks.boss_values(reader),
        "one": found,
        "tag": TAGS[found.state],
        "may_decide": InvoiceAction.ISSUE in invoice_reads.allowed_actions(reader.actor, found),
        "errors": forms.Errors(errors or {}),
        "notice": notice,
        "key": forms.new_key(),
        "action": reader.request.url.path,
    }
    return reader.show("invoice.html", values, status=status)


async def _find(session: BrandSession, reader: StaffReader) -> InvoiceView:
    invoice_id = _id(reader)
    found = (await invoice_reads.invoices_by_id(session, reader.actor, [invoice_id])).get(invoice_id)
    if found is None:
        raise _missing(reader)
    return found


def _id(reader: StaffReader) -> UUID:
    invoice_id = views.id_in(reader.request.path_params["invoice_id"], "Invoice")
    if invoice_id is None:
        raise _missing(reader)
    return invoice_id


def _missing(reader: StaffReader) -> Refused:
    return Refused(answers.missing("invoice", say=reader.say, href=BOSS, label=reader.say("invoices")))
