"""A quotation as its customer sees it: what is promised, and the form that makes it an order."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from app.marketing import codes
from app.marketing.values import CodeKind
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, NotFound, UserFault, WrongState
from app.platform.idempotency import Result
from app.products import reads as products
from app.products.values import StockLine
from app.trade import freight, orders, quotation_reads, quotations
from app.trade.freight_values import Region
from app.trade.quotation_reads import QuotationView
from app.trade.values import FulfilmentMethod, QuotationSight, QuotationState
from app.web import answers, cart_pages, delivery_forms, forms, openings, views
from app.web.cart_pages import BasketShown
from app.web.forms import Form
from app.web.readers import ShopReader
from graphql_schema.paging import encode_global_id


async def show_quotation(reader: ShopReader) -> Response:
    """`GET /s/{slug}/quotations/{token}`: what the code of a quotation leads to.

    One made out to a customer shows itself to nobody else, who is led into the shop.
    """
    token = reader.request.path_params["token"]
    async with reader.reading() as session:
        code = await codes.facts_by_token(session, token)
    if code is None or code.kind is not CodeKind.QUOTATION:
        return _missing(reader)
    if code.shop_id != reader.shop.shop_id:
        return answers.see(f"/q/{token}")
    await openings.record(reader, token)
    return await _page(reader, Form({"method": [reader.request.query_params.get("method", "")]}))


async def accept(reader: ShopReader) -> Response:
    """`POST /s/{slug}/quotations/{token}`: the quotation becomes an order, and the customer goes on to pay.

    `do=freight` only reckons what sending to the address costs.
    """
    reader.require_customer(back_to=_here(reader))
    form = await reader.form()
    if form.text("do") == "freight":
        return await _page(reader, form)
    method = delivery_forms.method_of(reader, form.text("method"))
    address, store_id = delivery_forms.address_of(form, method), delivery_forms.store_of(form, method)
    token, note, expected = reader.request.path_params["token"], form.text("note"), form.number("expected") or 0

    async def act(session: BrandSession) -> Result:
        return {
            "order_id": await quotations.accept(
                session,
                reader.actor,
                token=token,
                fulfilment=method,
                pickup_store_id=store_id,
                address=address,
                expected_total_minor=expected,
                note=note or None,
                now=session.now,
            )
        }

    body = [token, method, str(address), str(store_id), note, expected]
    done = await reader.change("quotationAccept", act, key=form.text("key"), body=body)
    return await _after(reader, form, done)


async def decline(reader: ShopReader) -> Response:
    """`POST /s/{slug}/quotations/{token}/decline`."""
    reader.require_customer(back_to=_here(reader))
    form = await reader.form()
    token = reader.request.path_params["token"]

    async def act(session: BrandSession) -> Result:
        return {"id": await quotations.decline(session, reader.actor, token=token, now=session.now)}

    done = await reader.change("quotationDecline", act, key=form.text("key"), body=token)
    return await _after(reader, form, done)


async def _after(reader: ShopReader, form: Form, done: Result | UserFault) -> Response:
    """On to the order, or to the page as it stands now; where the change was refused, with the reason."""
    match done:
        case NotFound(path=("token",)):
            return answers.see(reader.path)
        case WrongState():
            return answers.see(_here(reader))
        case UserFault():
            errors, notice, kind = delivery_forms.explained(reader, done)
            return await _page(reader, form, errors=errors, notice=notice, kind=kind, status=422)
    order_id = done.get("order_id")
    return answers.see(_here(reader) if order_id is None else _order_path(reader, UUID(order_id)))


async def _page(
    reader: ShopReader,
    form: Form,
    *,
    errors: dict[str, str] | None = None,
    notice: str | None = None,
    kind: str = "",
    status: int = 200,
) -> Response:
    async with reader.reading() as session:
        opened = await quotation_reads.opened(session, reader.actor, reader.request.path_params["token"])
    if opened is None:
        return _missing(reader)
    view = opened.view
    if view is None:
        return _closed(reader, opened.sight)
    if view.order_id is not None:
        return answers.see(_order_path(reader, view.order_id))
    if view.state is not QuotationState.OPEN:
        return _closed(reader, opened.sight, view.state)
    method = delivery_forms.method_of(reader, form.text("method"))
    wanted = await _lines(reader, view)
    stores = await delivery_forms.stores(reader, wanted) if method is FulfilmentMethod.PICKUP else []
    store, store_id = delivery_forms.chosen(form, stores)
    errors = dict(errors or {})
    region = delivery_forms.region_of(form, method, errors)
    try:
        basket = await _priced(reader, view, method, store_id, region)
    except InvalidInput as fault:
        if fault.path != freight.AT:
            raise
        errors["province"] = reader.explain(fault)
        basket = await _priced(reader, view, method, store_id)
    values: dict[str, Any] = {
        **_about(reader),
        "quotation": view,
        "until": reader.say("quotation_until", time=reader.say.moment(view.expires_at)),
        "basket": basket,
        "method": method.value,
        "ways": [
            (f"{_here(reader)}?method={one.value}", one.value, one is method) for one in delivery_forms.ways(reader)
        ],
        "stores": stores,
        "store": store,
        **delivery_forms.typed(form),
        "action": _here(reader),
        "may_order": reader.actor.is_customer,
        "sign_in_href": _sign_in(reader),
        "minutes": reader.runtime.settings.order_payment_ttl_seconds // 60,
        "key": forms.new_key(),
        "errors": errors,
        "notice": notice,
        "kind": kind,
    }
    return reader.show("quotation.html", values, status=status)


async def _lines(reader: ShopReader, view: QuotationView) -> list[StockLine]:
    async with reader.reading() as session:
        lines = (await quotation_reads.lines_of(session, [view.id]))[view.id]
    return [StockLine(line.sku_id, line.quantity) for line in lines]


async def _priced(
    reader: ShopReader,
    view: QuotationView,
    method: FulfilmentMethod,
    store_id: UUID | None,
    region: Region | None = None,
) -> BasketShown:
    """What the quotation comes to with freight, at its prices, and what of it can be had now.

    `region`: where it is to be sent, where that is known. Raises: InvalidInput for one where nothing is sent.
    """
    async with reader.reading() as session:
        lines, quoted = await quotations.promised(session, view.id, guide_id=view.guide_id)
        basket = await orders.quote(
            session,
            shop=reader.shop,
            lines=lines,
            method=method,
            pickup_store_id=store_id if method is FulfilmentMethod.PICKUP else None,
            region=region,
            quoted=quoted,
        )
        known = await products.skus_by_id(session, [line.sku_id for line in lines])
        goods = await products.products_by_id(session, {line.sku.product_id for line in basket.lines})
    in_stores = {sku_id for sku_id, sku in known.items() if sku.stores}
    return cart_pages.shown(reader, basket, goods, dict(quoted.unit_prices), in_stores, method)


def _closed(reader: ShopReader, sight: QuotationSight, state: QuotationState | None = None) -> Response:
    """The page of a quotation that this reader cannot accept: why, and the way into its guide's shop."""
    if sight is QuotationSight.HIDDEN:
        return answers.see(reader.path)
    is_private = sight is QuotationSight.SIGN_IN
    say, about = reader.say, _about(reader)
    why = "quotation_private" if is_private else f"quotation_gone_{state or sight.value}"
    text = say("quotation_private_text") if is_private else say("quotation_gone_text", name=about["who"].name)
    values = {
        **about,
        "heading": say(why),
        "text": text,
        "sign_in_href": _sign_in(reader) if is_private else None,
    }
    return reader.show("quotation_gone.html", values, status=200 if is_private else 410)


def _about(reader: ShopReader) -> dict[str, Any]:
    return {
        "shop": reader.shop,
        "shop_href": reader.path,
        "who": views.who_serves(reader.shop, reader.brand.name, reader.say),
    }


def _here(reader: ShopReader) -> str:
    return f"{reader.path}/quotations/{reader.request.path_params['token']}"


def _sign_in(reader: ShopReader) -> str:
    return f"{reader.path}/sign-in?{urlencode({'next': _here(reader)})}"


def _order_path(reader: ShopReader, order_id: UUID) -> str:
    return f"{reader.path}/orders/{encode_global_id('Order', order_id)}"


def _missing(reader: ShopReader) -> Response:
    say = reader.say
    return answers.missing("quotation", say=say, href=reader.path, label=say("go_shop", shop=reader.shop.name))
