"""The counter on a guide's phone: one field for pickup codes and coupon codes, typed or scanned."""

from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, RateLimited, UserFault
from app.platform.idempotency import Result
from app.trade import reads as orders
from app.trade import redemptions
from app.trade.redemptions import LONGEST_RECEIPT, Redeemable
from app.web import amounts, answers, coupon_views, forms, guide_views, views
from app.web.forms import Form
from app.web.guide_pages import require_guide
from app.web.readers import StaffReader
from graphql_schema.paging import encode_global_id

PATH: Final = "/guide/redeem"
MOST_CODE: Final = 500


async def show_counter(reader: StaffReader) -> Response:
    """`GET /guide/redeem`: the field; `?code=` of a scanned picture stands in it already."""
    require_guide(reader)
    query = reader.request.query_params
    values: dict[str, Any] = {"code": query.get("code", "")[:MOST_CODE], "notice": None}
    if query.get("worth", "").isdigit():
        values["done"] = reader.say("redeemed_worth", amount=reader.say.money(int(query["worth"][:12])).text)
    return _show(reader, values)


async def act(reader: StaffReader) -> Response:
    """`POST /guide/redeem`: `do` looks at a code, or redeems it once under the form's key."""
    require_guide(reader)
    form = await reader.form()
    code = form.text("code")[:MOST_CODE]
    if form.text("do") == "redeem":
        return await _redeem(reader, form, code)
    return await _look(reader, code)


async def _look(
    reader: StaffReader, code: str, *, fault: UserFault | None = None, typed: Form | None = None
) -> Response:
    async def work(session: BrandSession) -> Redeemable | UserFault:
        return await redemptions.look(session, reader.actor, code=code)

    try:
        found = await reader.runtime.database.run(reader.brand, work)
    except UserFault as refused:
        found = refused
    if isinstance(found, UserFault):
        status = 429 if isinstance(found, RateLimited) else 422
        return _show(reader, {"code": code, "notice": reader.explain(fault or found)}, status=status)
    values = await _found_values(reader, found, code)
    if fault is not None:
        where = fault.path[0] if isinstance(fault, InvalidInput) and fault.path else ""
        field = {"spendMinor": "spend", "skuId": "sku", "receipt": "receipt"}.get(where)
        values["errors" if field else "notice"] = {field: reader.explain(fault)} if field else reader.explain(fault)
    for name in ("spend", "receipt"):
        values[name] = "" if typed is None else typed.text(name)
    return _show(reader, values, status=200 if fault is None else 422)


async def _redeem(reader: StaffReader, form: Form, code: str) -> Response:
    spend, _ = amounts.read_amount(form.text("spend"))
    sku_id = views.id_in(form.text("sku"), "Sku")

    async def work(session: BrandSession) -> Result | UserFault:
        done = await redemptions.redeem(
            session,
            reader.actor,
            code=code,
            sku_id=sku_id,
            spend_minor=spend,
            receipt=form.text("receipt"),
            now=session.now,
        )
        if isinstance(done, UserFault):
            return done
        return {"order_id": None if done.order_id is None else str(done.order_id), "worth_minor": done.worth_minor}

    body = [code, str(sku_id), str(spend), form.text("receipt")]
    done = await reader.change("redeem", work, key=form.text("key"), body=body)
    if isinstance(done, UserFault):
        return await _look(reader, code, fault=done, typed=form)
    if done["order_id"] is not None:
        return answers.see(guide_views.order_path(encode_global_id("Order", UUID(done["order_id"]))))
    return answers.see(f"{PATH}?worth={done['worth_minor']}")


async def _found_values(reader: StaffReader, found: Redeemable, code: str) -> dict[str, Any]:
    say, coupon = reader.say, found.coupon
    values: dict[str, Any] = {"code": code, "notice": None, "store": found.store.name, "found": True}
    if found.order_id is not None:
        async with reader.reading() as session:
            order = (await orders.orders_by_id(session, reader.actor, [found.order_id])).get(found.order_id)
            lines = (await orders.lines_of_orders(session, [found.order_id]))[found.order_id]
        values |= {
            "heading": say("order_number", number="" if order is None else order.number),
            "detail": "" if order is None else order.customer_name,
            "lines": [f"{one.ordered_title} · {one.ordered_sku_name} × {one.quantity}" for one in lines],
        }
    elif coupon is not None:
        values |= {
            "heading": coupon.title,
            "detail": say("coupon_until", time=say.moment(coupon.expires_at)),
            "worth": coupon_views.worth_of(coupon.terms, say),
            "needs_spend": coupon.terms.kind != "EXCHANGE" or coupon.terms.minimum_spend_minor > 0,
            "is_exchange": coupon.terms.kind == "EXCHANGE",
            "choices": [
                (encode_global_id("Sku", one.sku_id), f"{one.title} · {one.sku_name}") for one in found.choices
            ],
        }
    return values


def _show(reader: StaffReader, values: dict[str, Any], *, status: int = 200) -> Response:
    blank: dict[str, Any] = {
        "found": False,
        "done": None,
        "store": None,
        "heading": "",
        "detail": "",
        "lines": [],
        "worth": None,
        "needs_spend": False,
        "is_exchange": False,
        "choices": [],
        "spend": "",
        "receipt": "",
        "longest_receipt": LONGEST_RECEIPT,
        "most_code": MOST_CODE,
        "key": forms.new_key(),
        "errors": {},
    }
    return reader.show("guide_redeem.html", blank | values, status=status)
