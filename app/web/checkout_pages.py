"""Checkout: what it costs, where it goes, and the order. A form works once, however often it is sent."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from app.customers import consents
from app.customers.consents import Consent
from app.platform.db import BrandSession
from app.platform.errors import IdempotencyConflict, InvalidInput, UserFault
from app.platform.idempotency import Result
from app.products.values import StockLine
from app.trade import freight, orders
from app.trade.rules import LARGEST_QUANTITY, MOST_LINES
from app.trade.values import FulfilmentMethod, LineRequest
from app.web import answers, callers, cart, consent_pages, coupon_choice, delivery_forms, forms, views
from app.web.cart import CartLine
from app.web.consent_pages import ASKED, VERSION
from app.web.forms import Form
from app.web.readers import ShopReader
from graphql_schema.paging import encode_global_id


async def show_checkout(reader: ShopReader) -> Response:
    """`GET /s/{slug}/checkout`: of the bag, or of the lines in the address (`line=SKU.pieces.price`).

    The address holds the key of the order to be (`order=`), so that reloading and going back mean the same order.
    """
    query = reader.request.query_params
    if not 16 <= len(query.get("order", "")) <= 64:
        given = [(name, value) for name, value in query.multi_items() if name != "order"]
        return answers.see(f"{reader.path}/checkout?{urlencode([*given, ('order', forms.new_key())])}")
    reader.require_customer()
    wanted = _lines(query.getlist("line")) if "line" in query else cart.read(reader)
    chosen = {name: query.getlist(name) for name in (coupon_choice.CHOSEN, coupon_choice.COUPON) if name in query}
    form = Form({"key": [query["order"]], "method": [query.get("method", "")], **chosen})
    return await _show(reader, wanted, form)


async def place_order(reader: ShopReader) -> Response:
    """`POST /s/{slug}/checkout`; `do=freight` only reckons what sending to the address costs."""
    reader.require_customer()
    form = await reader.form()
    wanted = _lines(form.all("line"))
    if form.text("do") == "freight":
        return await _show(reader, wanted, form)
    placed = await _place(reader, form, wanted)
    if isinstance(placed, UserFault):
        return await _refuse(reader, form, wanted, placed)
    ordered = {line.sku_id for line in wanted}
    cart.keep(reader, [line for line in cart.read(reader) if line.sku_id not in ordered])
    return answers.see(f"{reader.path}/orders/{encode_global_id('Order', UUID(placed['order_id']))}")


async def _place(reader: ShopReader, form: Form, wanted: list[CartLine]) -> Result | UserFault:
    method = delivery_forms.method_of(reader, form.text("method"))
    address, store_id = delivery_forms.address_of(form, method), delivery_forms.store_of(form, method)
    coupon_ids = coupon_choice.named(form) or []
    code, note, expected = callers.code_token(reader.request), form.text("note"), form.number("expected") or 0
    decided = [Consent(purpose, VERSION, form.has(purpose.value)) for purpose in ASKED if form.has(f"asked-{purpose}")]

    async def act(session: BrandSession) -> Result:
        order_id = await orders.place(
            session,
            reader.actor,
            shop=reader.shop,
            lines=[LineRequest(line.sku_id, line.quantity) for line in wanted],
            fulfilment=method,
            address=address,
            pickup_store_id=store_id,
            expected_total_minor=expected,
            coupon_ids=coupon_ids,
            code_token=code,
            note=note or None,
            now=session.now,
        )
        if decided and reader.actor.customer_id is not None:
            await consents.record(session, customer_id=reader.actor.customer_id, consents=decided, now=session.now)
        return {"order_id": order_id}

    lines = [(str(line.sku_id), line.quantity) for line in wanted]
    body = [
        reader.shop.slug,
        lines,
        method,
        str(address),
        str(store_id),
        note,
        expected,
        [str(one) for one in coupon_ids],
    ]
    return await reader.change("orderPlace", act, key=form.text("key"), body=body)


async def _refuse(reader: ShopReader, form: Form, wanted: list[CartLine], fault: UserFault) -> Response:
    """The page again, with what was typed and why it was not enough; nothing was ordered."""
    if isinstance(fault, IdempotencyConflict):
        say = reader.say
        return answers.message(
            say("order_again"),
            say("order_again_text"),
            say=say,
            status=409,
            href=f"{reader.path}/orders",
            label=say("orders_nav"),
        )
    errors, notice, kind = delivery_forms.explained(reader, fault)
    return await _show(reader, wanted, form, errors=errors, notice=notice, kind=kind, status=422)


async def _show(
    reader: ShopReader,
    wanted: list[CartLine],
    form: Form,
    *,
    errors: dict[str, str] | None = None,
    notice: str | None = None,
    kind: str = "",
    status: int = 200,
) -> Response:
    method = delivery_forms.method_of(reader, form.text("method"))
    fetched = [StockLine(line.sku_id, line.quantity) for line in wanted]
    stores = await delivery_forms.stores(reader, fetched) if method is FulfilmentMethod.PICKUP else []
    store, store_id = delivery_forms.chosen(form, stores)
    errors = dict(errors or {})
    region = delivery_forms.region_of(form, method, errors)
    try:
        chosen = await coupon_choice.choose(reader, wanted, method, form, store_id, region)
    except InvalidInput as fault:
        if fault.path != freight.AT:
            raise
        errors["province"] = reader.explain(fault)
        chosen = await coupon_choice.choose(reader, wanted, method, form, store_id)
    if chosen.fault is not None and notice is None:
        notice, kind = reader.explain(chosen.fault), "warn"
    values: dict[str, Any] = {
        "shop": reader.shop,
        "shop_href": reader.path,
        "basket": chosen.basket,
        "choices": chosen.choices,
        "coupon_ids": [encode_global_id("Coupon", coupon_id) for coupon_id in chosen.coupon_ids],
        "who": views.who_serves(reader.shop, reader.brand.name, reader.say),
        "key": form.text("key"),
        "method": method.value,
        "ways": [(_way(reader, wanted, form, one), one.value, one is method) for one in delivery_forms.ways(reader)],
        "stores": stores,
        "store": store,
        **delivery_forms.typed(form),
        "asked": await consent_pages.undecided_by(reader),
        "ticked": {purpose.value for purpose in ASKED if form.has(purpose.value)},
        "lines": [cart.line_text(line) for line in wanted],
        "minutes": reader.runtime.settings.order_payment_ttl_seconds // 60,
        "errors": errors,
        "notice": notice,
        "kind": kind,
    }
    return reader.show("checkout.html", values, status=status)


def _way(reader: ShopReader, wanted: list[CartLine], form: Form, method: FulfilmentMethod) -> str:
    """The address of the same checkout with the goods reaching the customer that way: each has a total of its own."""
    lines = [("line", cart.line_text(line)) for line in wanted]
    kept = [(name, text) for name in (coupon_choice.CHOSEN, coupon_choice.COUPON) for text in form.all(name)]
    return f"{reader.path}/checkout?{urlencode([*lines, ('order', form.text('key')), ('method', method.value), *kept])}"


def _lines(texts: list[str]) -> list[CartLine]:
    """Lines out of an address or a form; what is none is left out, and equal SKUs add up."""
    lines: list[CartLine] = []
    for text in texts[:MOST_LINES]:
        sku, _, numbers = text.partition(".")
        quantity, _, seen = numbers.partition(".")
        sku_id = views.id_in(sku, "Sku")
        if sku_id is None or not (quantity.isascii() and quantity.isdigit() and len(quantity) <= 2):
            continue
        price = int(seen) if seen.isascii() and seen.isdigit() and len(seen) <= 12 else 0
        if 1 <= int(quantity) <= LARGEST_QUANTITY:
            lines = cart.added(lines, CartLine(sku_id, int(quantity), price)) or lines
    return lines
