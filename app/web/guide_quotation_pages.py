"""The guide's quotations: the list, one of them with the link to send, and making one on the phone."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from app.customers import reads as customers
from app.marketing import share_reads
from app.marketing.codes import link_of
from app.marketing.share_reads import NO_FIGURES
from app.platform.db import BrandSession
from app.platform.errors import NotFound, UserFault
from app.platform.idempotency import Result
from app.products import reads as products
from app.products import shelf_reads
from app.trade import quotation_reads, quotations
from app.trade.quotation_reads import QuotationView
from app.trade.quotations import LONGEST_NOTE
from app.trade.rules import LARGEST_QUANTITY, MOST_LINES
from app.trade.values import LineRequest, QuotationState
from app.web import answers, forms, lists, quotation_views, views
from app.web.answers import Refused
from app.web.forms import Form
from app.web.guide_pages import require_guide
from app.web.readers import StaffReader
from graphql_schema.paging import encode_global_id

PATH: Final = "/guide/quotations"
MOST_FOUND: Final = 8
"""Products of the own shelf that a search offers; without words the first ones."""
MOST_CUSTOMERS: Final = 100
"""Customers whom the page offers to name, those bound last."""
DAYS: Final = (1, 3, 7, 15, 30)
_USUAL_DAYS: Final = 7
_LONGEST_SEARCH: Final = 60


@dataclass(frozen=True, slots=True)
class Draft:
    """What a guide has put together so far: nothing of it is kept but by the page itself."""

    pieces: dict[UUID, int]
    query: str = ""
    customer: str = ""
    days: int = _USUAL_DAYS
    note: str = ""


async def show_quotations(reader: StaffReader) -> Response:
    """`GET /guide/quotations`: the own ones, a manager's those of the branch, the latest first; `?state=` narrows."""
    require_guide(reader)
    given = reader.request.query_params.get("state", "")
    state = next((one for one in QuotationState if one.value == given), None)
    states = None if state is None else [state]
    asked = lists.read(reader.request, "page_quotations", (UUID,), state=state or "")
    async with reader.reading() as session:
        after = None if asked.after is None else asked.after[0]
        found = await quotation_reads.page(session, reader.actor, states=states, limit=asked.limit, after=after)
        total = await quotation_reads.count(session, reader.actor, states=states)
        listed = asked.listed(found, lambda view: (view.id,))
        lines = await quotation_reads.lines_of(session, [view.id for view in listed.rows])
    say = reader.say
    values = {
        "quotations": [quotation_views.quotation_shown(one, lines[one.id], reader.actor, say) for one in listed.rows],
        "total": total,
        "listed": listed,
        "state": state or "",
        "states": [
            ("", say("quotations_all")),
            *((one.value, say(f"quotation_state_{one}")) for one in QuotationState),
        ],
        "can_make": reader.actor.shop_id is not None,
    }
    return reader.show("guide_quotations.html", values)


async def show_form(reader: StaffReader) -> Response:
    """`GET /guide/quotations/new`: an empty one, one for `?customer=`, or one like `?copy=`."""
    require_guide(reader)
    query = reader.request.query_params
    draft = Draft({}, customer=query.get("customer", ""))
    copied = views.id_in(query.get("copy", ""), "Quotation")
    if copied is not None:
        async with reader.reading() as session:
            view = (await quotation_reads.by_id(session, reader.actor, [copied])).get(copied)
            lines = (await quotation_reads.lines_of(session, [copied]))[copied] if view is not None else []
        if view is not None:
            named = encode_global_id("Customer", view.customer_id) if view.is_named and view.customer_id else ""
            draft = Draft({line.sku_id: line.quantity for line in lines}, customer=named, note=view.note or "")
    return await _form_page(reader, draft)


async def make(reader: StaffReader) -> Response:
    """`POST /guide/quotations/new`: search, add and take out, change pieces; or make it and lead to its page."""
    require_guide(reader)
    form = await reader.form()
    draft = _drafted(form)
    if form.text("do") != "make":
        return await _form_page(reader, draft)
    customer_id = views.id_in(draft.customer, "Customer") if draft.customer else None

    async def act(session: BrandSession) -> Result:
        if draft.customer and customer_id is None:
            raise NotFound("Customer", path=("customerId",))
        quotation_id = await quotations.create(
            session,
            reader.actor,
            lines=[LineRequest(sku_id, quantity) for sku_id, quantity in draft.pieces.items()],
            customer_id=customer_id,
            note=draft.note or None,
            expires_at=session.now + timedelta(days=draft.days),
            now=session.now,
        )
        return {"id": str(quotation_id)}

    body = [[(str(sku_id), n) for sku_id, n in draft.pieces.items()], draft.customer, draft.days, draft.note]
    made = await reader.change("quotationCreate", act, key=form.text("key"), body=body)
    if isinstance(made, UserFault):
        field = {"customerId": "customer", "note": "note", "expiresAt": "days"}.get(made.path[0] if made.path else "")
        return await _form_page(reader, draft, fault=(field, reader.explain(made)))
    return answers.see(quotation_views.path_of(UUID(made["id"])))


async def show_quotation(reader: StaffReader) -> Response:
    """`GET /guide/quotations/{quotation_id}`: what it promises, where it stands, and its link."""
    return await _one(reader, await _found(reader))


async def withdraw(reader: StaffReader) -> Response:
    """`POST /guide/quotations/{quotation_id}`: its guide takes it back."""
    form = await reader.form()
    view = await _found(reader)

    async def act(session: BrandSession) -> Result:
        await quotations.withdraw(session, reader.actor, quotation_id=view.id, now=session.now)
        return {"id": str(view.id)}

    done = await reader.change("quotationWithdraw", act, key=form.text("key"), body=str(view.id))
    if isinstance(done, NotFound):
        raise Refused(_missing(reader))
    if isinstance(done, UserFault):
        return await _one(reader, await _found(reader), notice=reader.explain(done), status=409)
    return answers.see(quotation_views.path_of(view.id))


async def _one(reader: StaffReader, view: QuotationView, *, notice: str | None = None, status: int = 200) -> Response:
    say = reader.say
    async with reader.reading() as session:
        lines = (await quotation_reads.lines_of(session, [view.id]))[view.id]
        figures = (await share_reads.figures_of_codes(session, [view.code_id])).get(view.code_id, NO_FIGURES)
    order_id = None if view.order_id is None else encode_global_id("Order", view.order_id)
    values = {
        "line": quotation_views.quotation_shown(view, lines, reader.actor, say),
        "lines": [quotation_views.promised_line(line, say) for line in lines],
        "note": view.note,
        "is_open": view.state is QuotationState.OPEN and not view.is_revoked,
        "is_own": view.guide_id == reader.actor.employee_id,
        "token": view.token,
        "link": link_of(view.token, reader.runtime.settings.base_url),
        "opens": figures.opens,
        "again_href": f"{PATH}/new?copy={encode_global_id('Quotation', view.id)}",
        "can_make": reader.actor.shop_id is not None,
        "order_href": None if order_id is None else f"/guide/orders/{order_id}",
        "order_number": view.order_number,
        "action": quotation_views.path_of(view.id),
        "notice": notice,
        "key": forms.new_key(),
    }
    return reader.show("guide_quotation.html", values, status=status)


async def _form_page(reader: StaffReader, draft: Draft, *, fault: tuple[str | None, str] | None = None) -> Response:
    """The form with what is chosen and what was found. `fault`: a field, None for the whole, and what is wrong."""
    guide_id, say = require_guide(reader), reader.say
    async with reader.reading() as session:
        shop = await products.shop_of_employee(session, guide_id)
        if shop is None:
            raise Refused(_missing(reader))
        shelf = await shelf_reads.shelf_page(
            session,
            shop_id=shop.shop_id,
            branch=shop.branch,
            limit=MOST_FOUND,
            has_count=False,
            search=draft.query or None,
        )
        offered = [item.product for item in shelf.items]
        by_product = await products.skus_of_products(session, [one.product_id for one in offered], branch=shop.branch)
        chosen = await products.skus_by_id(session, list(draft.pieces), branch=shop.branch)
        goods = {one.product_id: one for one in offered}
        goods |= await products.products_by_id(session, {sku.product_id for sku in chosen.values()})
        named = await customers.guide_customers(session, guide_id=guide_id, limit=MOST_CUSTOMERS)
    lines = [
        quotation_views.goods_line(chosen[sku_id], goods, quantity, say)
        for sku_id, quantity in draft.pieces.items()
        if sku_id in chosen
    ]
    total_minor = sum(chosen[sku_id].price_minor * n for sku_id, n in draft.pieces.items() if sku_id in chosen)
    found = [sku for one in offered for sku in by_product[one.product_id] if sku.sku_id not in draft.pieces]
    field, words = fault or (None, "")
    values: dict[str, Any] = {
        "draft": draft,
        "lines": lines,
        "total": say.money(total_minor),
        "pieces": sum(line.quantity for line in lines),
        "found": [quotation_views.goods_line(sku, goods, 1, say) for sku in found],
        "has_found": bool(offered),
        "customers": [
            ("", say("quotation_to_anybody")),
            *((encode_global_id("Customer", one.customer_id), one.display_name) for one in named),
        ],
        "days": [(days, say(f"quotation_days_{days}")) for days in DAYS],
        "most": LARGEST_QUANTITY,
        "longest_note": LONGEST_NOTE,
        "action": f"{PATH}/new",
        "key": forms.new_key(),
        "notice": words if fault is not None and field is None else None,
        "errors": {field: words} if field is not None else {},
    }
    return reader.show("guide_quotation_new.html", values, status=422 if fault else 200)


def _drafted(form: Form) -> Draft:
    """What the form holds, with what was added or taken out just now. What is no number of pieces changes nothing."""
    pieces: dict[UUID, int] = {}
    for text in form.all("sku")[:MOST_LINES]:
        sku_id, typed = views.id_in(text, "Sku"), form.number(f"quantity-{text}")
        if sku_id is not None and typed != 0:
            pieces[sku_id] = 1 if typed is None else min(typed, LARGEST_QUANTITY)
    added, gone = views.id_in(form.text("add"), "Sku"), views.id_in(form.text("remove"), "Sku")
    if added is not None and len(pieces) < MOST_LINES:
        pieces.setdefault(added, 1)
    days = form.number("days")
    draft = Draft(
        pieces,
        query=form.text("q")[:_LONGEST_SEARCH],
        customer=form.text("customer"),
        days=days if days in DAYS else _USUAL_DAYS,
        note=form.text("note"),
    )
    return replace(draft, pieces={sku_id: n for sku_id, n in pieces.items() if sku_id != gone})


async def _found(reader: StaffReader) -> QuotationView:
    """The quotation that the address names, within the reader's scope. Raises: Refused."""
    require_guide(reader)
    quotation_id = views.id_in(reader.request.path_params["quotation_id"], "Quotation")
    found = None
    if quotation_id is not None:
        async with reader.reading() as session:
            found = (await quotation_reads.by_id(session, reader.actor, [quotation_id])).get(quotation_id)
    if found is None:
        raise Refused(_missing(reader))
    return found


def _missing(reader: StaffReader) -> Response:
    say = reader.say
    return answers.missing("quotation", say=say, href=PATH, label=say("quotations"))
