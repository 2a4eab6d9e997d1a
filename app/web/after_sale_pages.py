"""After-sales as their customer meets them: asked for line by line, followed, sent back, given up."""

from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, NotFound, UserFault
from app.platform.idempotency import Result
from app.products import reads as products
from app.trade import after_sale_reads, after_sale_rules, after_sales, customer_view, reads
from app.trade.after_sale_reads import AfterSaleView
from app.trade.after_sale_rules import Taken
from app.trade.reads import LineView, OrderView
from app.trade.values import AfterSaleKind
from app.web import after_sale_views, amounts, answers, forms, order_pages, purchase_views, views
from app.web.answers import Refused
from app.web.forms import Form
from app.web.readers import ShopReader
from graphql_schema.paging import encode_global_id

_FIELDS: Final = {"amountMinor": "amount", "quantity": "quantity", "kind": "kind", "reason": "reason"}


async def show_request(reader: ShopReader) -> Response:
    """`GET /s/{slug}/orders/{orderId}/lines/{lineId}/after-sale`."""
    reader.require_customer()
    order = await order_pages.found_order(reader)
    line, left = await _line(reader, order)
    return _asking(reader, order, line, left, Form({"key": [forms.new_key()]}))


async def request_after_sale(reader: ShopReader) -> Response:
    """`POST /s/{slug}/orders/{orderId}/lines/{lineId}/after-sale`."""
    reader.require_customer()
    form = await reader.form()
    order = await order_pages.found_order(reader)
    line, left = await _line(reader, order)
    amount_minor, is_odd = amounts.read_amount(form.text("amount"))
    kind = form.text("kind")
    if is_odd:
        errors = {"amount": reader.say("after_sale_amount_form")}
        return _asking(reader, order, line, left, form, errors=errors, status=422)
    if kind not in list(AfterSaleKind):
        kind = AfterSaleKind.REFUND_ONLY.value

    async def act(session: BrandSession) -> Result:
        after_sale_id = await after_sales.request(
            session,
            reader.actor,
            line_id=line.id,
            quantity=form.number("quantity") or 0,
            kind=AfterSaleKind(kind),
            reason=form.text("reason"),
            amount_minor=amount_minor,
            now=session.now,
        )
        return {"after_sale_id": after_sale_id}

    body = [str(line.id), form.text("quantity"), kind, form.text("reason"), amount_minor]
    made = await reader.change("afterSaleRequest", act, key=form.text("key"), body=body)
    if not isinstance(made, UserFault):
        after_sale_id = UUID(made["after_sale_id"])
        return answers.see(f"{reader.path}/after-sales/{encode_global_id('AfterSale', after_sale_id)}")
    if isinstance(made, NotFound):
        return order_pages.missing_order(reader)
    words = reader.explain(made)
    field = _FIELDS.get(made.path[-1]) if isinstance(made, InvalidInput) and made.path else None
    if field is None:
        return _asking(reader, order, line, left, form, notice=words, status=422)
    return _asking(reader, order, line, left, form, errors={field: words}, status=422)


async def show_after_sale(reader: ShopReader) -> Response:
    """`GET /s/{slug}/after-sales/{afterSaleId}`."""
    reader.require_customer()
    return await _show(reader, await _found(reader))


async def withdraw(reader: ShopReader) -> Response:
    """`POST /s/{slug}/after-sales/{afterSaleId}/withdraw`."""
    reader.require_customer(back_to=_here(reader))
    form = await reader.form()
    view = await _found(reader)

    async def act(session: BrandSession) -> Result:
        await after_sales.withdraw(session, reader.actor, after_sale_id=view.id, now=session.now)
        return {}

    done = await reader.change("afterSaleWithdraw", act, key=form.text("key"), body=str(view.id))
    return await _after(reader, form, done)


async def send_back(reader: ShopReader) -> Response:
    """`POST /s/{slug}/after-sales/{afterSaleId}/return`: the goods are on their way, by which carrier."""
    reader.require_customer(back_to=_here(reader))
    form = await reader.form()
    view = await _found(reader)
    carrier, number = form.text("carrier"), form.text("trackingNumber")

    async def act(session: BrandSession) -> Result:
        await after_sales.ship_return(
            session, reader.actor, after_sale_id=view.id, carrier=carrier, tracking_number=number, now=session.now
        )
        return {}

    done = await reader.change("afterSaleShipReturn", act, key=form.text("key"), body=[str(view.id), carrier, number])
    return await _after(reader, form, done)


async def _after(reader: ShopReader, form: Form, done: Result | UserFault) -> Response:
    if not isinstance(done, UserFault):
        return answers.see(_here(reader))
    view = await _found(reader)
    if isinstance(done, InvalidInput) and done.path and done.path[-1] in ("carrier", "trackingNumber"):
        return await _show(reader, view, form=form, errors={done.path[-1]: reader.explain(done)}, status=422)
    return await _show(reader, view, notice=(reader.explain(done), "bad"), status=409)


def _asking(
    reader: ShopReader,
    order: OrderView,
    line: LineView,
    left: Taken,
    form: Form,
    *,
    errors: dict[str, str] | None = None,
    notice: str | None = None,
    status: int = 200,
) -> Response:
    """The form for one line. `left`: pieces that can be asked for, and what they come to."""
    say, kinds = reader.say, [AfterSaleKind.REFUND_ONLY]
    if after_sale_rules.can_come_back(order.state):
        kinds.insert(0, AfterSaleKind.RETURN_AND_REFUND)
    values = {
        "shop": reader.shop,
        "shop_href": reader.path,
        "order_href": order_pages.here(reader),
        "action": str(reader.request.url.path),
        "line": purchase_views.line_shown(line, say),
        "left": left.pieces,
        "worth": say.money(left.share_minor),
        "kinds": [kind.value for kind in kinds],
        "kind": form.text("kind") or kinds[0].value,
        "quantity": form.text("quantity") or str(left.pieces),
        "amount": form.text("amount"),
        "reason": form.text("reason"),
        "longest": after_sale_rules.LONGEST_REASON,
        "key": form.text("key"),
        "errors": errors or {},
        "notice": notice,
    }
    return reader.show("after_sale_request.html", values, status=status)


async def _show(
    reader: ShopReader,
    view: AfterSaleView,
    *,
    form: Form | None = None,
    errors: dict[str, str] | None = None,
    notice: tuple[str, str] | None = None,
    status: int = 200,
) -> Response:
    say = reader.say
    async with reader.reading() as session:
        order = (await reads.orders_by_id(session, reader.actor, [view.order_id]))[view.order_id]
        lines = (await reads.lines_of_orders(session, [view.order_id]))[view.order_id]
        steps = await customer_view.steps_of_after_sale(session, reader.actor, after_sale_id=view.id)
        address = await after_sale_reads.return_address(session, view)
        shop = await products.shop_facts(session, order.shop_id)
    line = next((line for line in lines if line.id == view.line_id), None)
    values: dict[str, Any] = {
        "shop": reader.shop,
        "shop_href": reader.path,
        "order_href": f"{reader.path}/orders/{encode_global_id('Order', view.order_id)}",
        "order_number": view.order_number,
        "after_sale": after_sale_views.after_sale_shown(view, line, path=reader.path, say=say),
        "kind": say(f"after_sale_{view.kind}"),
        "cover_url": None if line is None else line.product_cover_url,
        "course": after_sale_views.course(view, steps, say),
        "amounts": after_sale_views.amounts(view, say),
        "notice": notice or after_sale_views.money_words(view, say),
        "reason": view.reason,
        "comment": view.comment,
        "may": {action.value for action in after_sale_reads.allowed_actions(reader.actor, view)},
        "address": address,
        "store_name": order.store_name or reader.brand.name,
        "who": views.who_serves(shop or reader.shop, reader.brand.name, say),
        "carrier": "" if form is None else form.text("carrier"),
        "tracking_number": "" if form is None else form.text("trackingNumber"),
        "sent": None if view.return_carrier is None else f"{view.return_carrier} {view.return_tracking_number}",
        "key": forms.new_key(),
        "errors": errors or {},
    }
    return reader.show("after_sale.html", values, status=status)


async def _found(reader: ShopReader) -> AfterSaleView:
    """The own after-sale that the address names. Raises: Refused."""
    after_sale_id = views.id_in(reader.request.path_params["after_sale_id"], "AfterSale")
    found = None
    if after_sale_id is not None:
        async with reader.reading() as session:
            views_by_id = await after_sale_reads.after_sales_by_id(session, reader.actor, [after_sale_id])
            found = views_by_id.get(after_sale_id)
    if found is None:
        say = reader.say
        href = f"{reader.path}/orders"
        raise Refused(answers.missing("after_sale", say=say, href=href, label=say("orders_nav")))
    return found


async def _line(reader: ShopReader, order: OrderView) -> tuple[LineView, Taken]:
    """The line that the address names, and what of it can still be asked for. Raises: Refused."""
    line_id = views.id_in(reader.request.path_params["line_id"], "OrderLine")
    async with reader.reading() as session:
        lines = (await reads.lines_of_orders(session, [order.id]))[order.id]
        known = (await after_sale_reads.after_sales_of_orders(session, reader.actor, [order.id]))[order.id]
    line = next((line for line in lines if line.id == line_id), None)
    if line is None:
        raise Refused(order_pages.missing_order(reader))
    counted = [one for one in known if one.line_id == line.id and one.state not in after_sale_rules.WITHOUT_EFFECT]
    pieces = line.quantity - sum(one.quantity for one in counted)
    worth = max(0, line.total_minor - sum(one.goods_minor for one in counted)) if pieces else 0
    return line, Taken(pieces, worth)


def _here(reader: ShopReader) -> str:
    return f"{reader.path}/after-sales/{reader.request.path_params['after_sale_id']}"
