"""A customer's orders: the list, one of them, and giving one up."""

from typing import Any, Final

from starlette.responses import Response

from app.platform.db import BrandSession
from app.platform.errors import NotFound, UserFault
from app.platform.idempotency import Result
from app.products import reads as products
from app.trade import (
    after_sale_reads,
    after_sale_rules,
    customer_view,
    invoice_reads,
    orders,
    pickups,
    providers,
    reads,
    receipts,
)
from app.trade.reads import LineView, OrderView
from app.trade.rules import allowed_actions, is_paid
from app.trade.values import OrderAction, OrderState, ProviderName
from app.web import after_sale_views, answers, forms, purchase_views, views
from app.web.answers import Refused
from app.web.code_pictures import code_picture
from app.web.readers import ShopReader
from graphql_schema.paging import encode_global_id

PAGE_SIZE: Final = 20


async def show_orders(reader: ShopReader) -> Response:
    """`GET /s/{slug}/orders`: the customer's orders with the brand, the latest first."""
    reader.require_customer()
    customer_id = reader.actor.customer_id
    after = views.id_in(reader.request.query_params.get("after", ""), "Order")
    found: list[OrderView] = []
    async with reader.reading() as session:
        if customer_id is not None:
            found = await reads.orders_of_customer(
                session, reader.actor, customer_id=customer_id, limit=PAGE_SIZE + 1, after=after
            )
        lines = await reads.lines_of_orders(session, [order.id for order in found[:PAGE_SIZE]])
    shown = found[:PAGE_SIZE]
    more = encode_global_id("Order", shown[-1].id) if len(found) > PAGE_SIZE else None
    values = {
        "shop": reader.shop,
        "shop_href": reader.path,
        "orders": [
            purchase_views.order_shown(order, lines[order.id], path=reader.path, say=reader.say) for order in shown
        ],
        "next_href": None if more is None else f"{reader.path}/orders?after={more}",
        "first_href": None if after is None else f"{reader.path}/orders",
    }
    return reader.show("orders.html", values)


async def show_order(reader: ShopReader) -> Response:
    """`GET /s/{slug}/orders/{orderId}`."""
    reader.require_customer()
    return await shown_order(reader, await found_order(reader))


async def cancel_order(reader: ShopReader) -> Response:
    """`POST /s/{slug}/orders/{orderId}/cancel`: before it is paid."""
    reader.require_customer(back_to=here(reader))
    form = await reader.form()
    order = await found_order(reader)

    async def act(session: BrandSession) -> Result:
        await orders.cancel(session, reader.actor, order_id=order.id, now=session.now)
        return {"order_id": order.id}

    done = await reader.change("orderCancel", act, key=form.text("key"), body=str(order.id))
    return await after_change(reader, done)


async def confirm_receipt(reader: ShopReader) -> Response:
    """`POST /s/{slug}/orders/{orderId}/receipt`: the customer has the goods."""
    reader.require_customer(back_to=here(reader))
    form = await reader.form()
    order = await found_order(reader)

    async def act(session: BrandSession) -> Result:
        await receipts.confirm(session, reader.actor, order_id=order.id, now=session.now)
        return {"order_id": order.id}

    done = await reader.change("orderConfirmReceipt", act, key=form.text("key"), body=str(order.id))
    return await after_change(reader, done)


async def found_order(reader: ShopReader) -> OrderView:
    """The own order that the address names. Raises: Refused with the page for a missing one."""
    order_id = views.id_in(reader.request.path_params["order_id"], "Order")
    found = None
    if order_id is not None:
        async with reader.reading() as session:
            found = (await reads.orders_by_id(session, reader.actor, [order_id])).get(order_id)
    if found is None:
        raise Refused(missing_order(reader))
    return found


async def after_change(reader: ShopReader, done: Result | UserFault, *, query: str = "") -> Response:
    """On to the order's page; where the change was refused, the page as things stand now says why."""
    if not isinstance(done, UserFault):
        return answers.see(here(reader) + query)
    if isinstance(done, NotFound):
        return missing_order(reader)
    return await shown_order(reader, await found_order(reader), notice=(reader.explain(done), "bad"), status=409)


def missing_order(reader: ShopReader) -> Response:
    say = reader.say
    return answers.missing("order", say=say, href=f"{reader.path}/orders", label=say("orders_nav"))


def here(reader: ShopReader) -> str:
    """The address of the order that the reader is at."""
    return f"{reader.path}/orders/{reader.request.path_params['order_id']}"


async def shown_order(
    reader: ShopReader, order: OrderView, *, notice: tuple[str, str] | None = None, status: int = 200
) -> Response:
    """An order's page. `notice`: words and kind of what is to be said first."""
    say = reader.say
    async with reader.reading() as session:
        lines = (await reads.lines_of_orders(session, [order.id]))[order.id]
        steps = await customer_view.steps_of_order(session, reader.actor, order_id=order.id)
        tries = await customer_view.payment_tries(session, reader.actor, order_id=order.id)
        address = await customer_view.address_of(session, reader.actor, order_id=order.id)
        shop = await products.shop_facts(session, order.shop_id)
        standing = (await after_sale_reads.standings(session, [order.id]))[order.id]
        known = (await after_sale_reads.after_sales_of_orders(session, reader.actor, [order.id]))[order.id]
        asked = await invoice_reads.invoices_of_orders(session, reader.actor, [order.id])
        parcels = (await reads.shipments_of_orders(session, [order.id])).get(order.id, [])
    has_come_back = reader.request.query_params.get("from") == "pay"
    actions = allowed_actions(
        order.state,
        is_buyer=True,
        is_overdue=order.is_overdue,
        has_refundable_lines=standing.is_refundable,
        has_open_after_sale=standing.is_paused,
        method=order.method,
    )
    by_id = {line.id: line for line in lines}
    taken = after_sale_rules.taken_pieces((one.line_id, one.state, one.quantity) for one in known)
    pickup_code = _pickup_code(reader, order)
    values: dict[str, Any] = {
        "shop": reader.shop,
        "shop_href": reader.path,
        "order": purchase_views.order_shown(order, lines, path=reader.path, say=say),
        "course": purchase_views.course(order, steps, say),
        "amounts": amounts(order, lines, reader),
        "total": say.money(order.total_minor),
        "after_sales": [
            after_sale_views.after_sale_shown(one, by_id.get(one.line_id), path=reader.path, say=say) for one in known
        ],
        "refundable": {encode_global_id("OrderLine", line.id) for line in lines if taken[line.id] < line.quantity},
        "address": address,
        "has_invoice": bool(asked),
        "may_invoice": bool(asked) or is_paid(order.state),
        "parcels": [
            " ".join(part for part in (parcel.carrier, parcel.tracking_number) if part) or say("parcel_unnumbered")
            for parcel in parcels
        ],
        "pickup_at": order.pickup_store_name,
        "pickup_code": pickup_code,
        "picture": None if pickup_code is None else code_picture(reader.runtime.settings.base_url, pickup_code),
        "who": views.who_serves(shop or reader.shop, reader.brand.name, say),
        "notice": notice or purchase_views.payment_notice(order, tries, has_come_back=has_come_back, say=say),
        "may": {action.value for action in actions} - ({OrderAction.PAY.value} if not _can_pay(reader) else set()),
        "pay_before": say("pay_before", time=say.moment(order.pay_by)),
        "has_failed": any(one.state == "FAILED" for one in tries),
        "key": forms.new_key(),
    }
    return reader.show("order.html", values, status=status)


def amounts(order: OrderView, lines: list[LineView], reader: ShopReader) -> list[tuple[str, Any]]:
    """What makes up the total, each amount with its reason."""
    say = reader.say
    given = [(say("goods"), say.money(order.subtotal_minor))]
    if order.discount_minor:
        given.append((say("discount"), say.money(-order.discount_minor)))
    given.append((say("freight_plain"), say.money(order.freight_minor)))
    return given


def _pickup_code(reader: ShopReader, order: OrderView) -> str | None:
    """The once-only code, while the goods wait for it; in two halves, as people read it out."""
    if order.state is not OrderState.READY_FOR_PICKUP:
        return None
    code = pickups.code_for(reader.runtime.database.vault, reader.brand.id, order.id)
    return f"{code[:4]} {code[4:]}"


def _can_pay(reader: ShopReader) -> bool:
    return providers.is_offered(reader.runtime.settings, ProviderName.SANDBOX)
