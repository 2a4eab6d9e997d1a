"""The shopping bag's page, and what is put in, changed and taken out."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from app.products import reads
from app.products.reads import ProductView
from app.trade import orders
from app.trade.basket import Basket, BasketLine
from app.trade.freight_values import Region
from app.trade.rules import LARGEST_QUANTITY
from app.trade.values import FulfilmentMethod, LineRequest
from app.web import answers, cart, views
from app.web.amounts import Amount
from app.web.cart import CartLine
from app.web.forms import Form
from app.web.readers import ShopReader
from app.web.shop_pages import cost_lines
from graphql_schema.paging import encode_global_id


@dataclass(frozen=True, slots=True)
class LineShown:
    """A line of the bag. `problem`: why it cannot be ordered so; `change`: how its price has changed."""

    sku_id: str
    title: str
    sku_name: str
    cover_url: str | None
    quantity: int
    unit_price: Amount
    total: Amount
    problem: str | None
    change: str | None


@dataclass(frozen=True, slots=True)
class BasketShown:
    """A priced basket with the products that it is of. `adjustments` explain the total, line by line.

    `is_orderable`: in this way; `can_go_on`: so, or by fetching what cannot be sent.
    """

    lines: list[LineShown]
    adjustments: list[tuple[str, Amount]]
    total: Amount
    total_minor: int
    pieces: int
    is_freight_estimate: bool
    is_orderable: bool
    can_go_on: bool


async def show_cart(reader: ShopReader) -> Response:
    """`GET /s/{slug}/cart`."""
    kept = cart.read(reader)
    basket = await priced(reader, kept)
    if basket is not None and len(basket.lines) < len(kept):  # what the brand no longer has is taken out
        known = {line.sku_id for line in basket.lines}
        cart.keep(reader, [line for line in kept if encode_global_id("Sku", line.sku_id) in known])
    values = {
        "shop": reader.shop,
        "shop_href": reader.path,
        "basket": basket,
        "most": LARGEST_QUANTITY,
        "who": views.who_serves(reader.shop, reader.brand.name, reader.say),
        "is_full": reader.request.query_params.get("full") == "yes",
    }
    return reader.show("cart.html", values)


async def change_cart(reader: ShopReader) -> Response:
    """`POST /s/{slug}/cart`: put something in, buy it at once, change quantities, or take a line out."""
    form = await reader.form()
    if form.text("do") in ("add", "buy"):
        return await _put_in(reader, form)
    gone = views.id_in(form.text("remove"), "Sku")
    cart.keep(reader, [line for line in await _changed(reader, form) if line.sku_id != gone])
    return answers.see(f"{reader.path}/cart")


async def priced(
    reader: ShopReader,
    wanted: list[CartLine],
    method: FulfilmentMethod = FulfilmentMethod.DELIVERY,
    store_id: UUID | None = None,
    *,
    coupon_ids: Sequence[UUID] = (),
    region: Region | None = None,
) -> BasketShown | None:
    """What these lines cost now, with the changes since they were seen; None when nothing is left of them.

    `store_id`: where they are to be fetched, where one is chosen that the brand has. Raises: InvalidInput and NotFound
    for coupons that these lines cannot have, and for a region where nothing is sent.
    """
    async with reader.reading() as session:
        known = await reads.skus_by_id(session, [line.sku_id for line in wanted])
        lines = [line for line in wanted if line.sku_id in known]
        if not lines:
            return None
        requested = [LineRequest(line.sku_id, line.quantity) for line in lines]
        basket = await orders.quote(
            session,
            shop=reader.shop,
            lines=requested,
            method=method,
            pickup_store_id=store_id if method is FulfilmentMethod.PICKUP else None,
            customer_id=reader.actor.customer_id,
            coupon_ids=coupon_ids,
            region=region,
        )
        products = await reads.products_by_id(session, {line.sku.product_id for line in basket.lines})
    in_stores = {sku_id for sku_id, sku in known.items() if sku.stores}
    return shown(reader, basket, products, {line.sku_id: line.seen_minor for line in lines}, in_stores, method)


def shown(
    reader: ShopReader,
    basket: Basket,
    products: dict[UUID, ProductView],
    seen: dict[UUID, int],
    in_stores: set[UUID],
    method: FulfilmentMethod,
) -> BasketShown:
    """A basket in the reader's words. `seen`: unit prices that the reader knows; `in_stores`: SKUs that a store has."""
    say, totals = reader.say, basket.totals
    return BasketShown(
        lines=[_line(reader, line, products, seen, in_stores if method.is_sent else set()) for line in basket.lines],
        adjustments=cost_lines(basket, say, method),
        total=say.money(totals.total_minor),
        total_minor=totals.total_minor,
        is_freight_estimate=basket.freight.is_estimate,
        pieces=sum(line.priced.quantity for line in basket.lines),
        is_orderable=all(line.is_available for line in basket.lines),
        can_go_on=all(
            line.is_available or (line.sku.is_sellable and line.sku.sku_id in in_stores) for line in basket.lines
        ),
    )


def _line(
    reader: ShopReader,
    line: BasketLine,
    products: dict[UUID, ProductView],
    seen: dict[UUID, int],
    in_stores: set[UUID],
) -> LineShown:
    say, sku, quantity = reader.say, line.sku, line.priced.quantity
    problem = change = None
    if not sku.is_sellable:
        problem = say("line_forbidden" if sku.is_forbidden else "line_withdrawn")
    elif sku.available <= 0:
        problem = say("line_in_stores_only" if sku.sku_id in in_stores else "line_gone")
    elif sku.available < quantity:
        problem = say("line_short", available=sku.available)
    before = seen.get(sku.sku_id, sku.price_minor)
    if before != sku.price_minor:
        change = say("line_price_changed", before=say.money(before).text, now=say.money(sku.price_minor).text)
    product = products.get(sku.product_id)
    return LineShown(
        sku_id=encode_global_id("Sku", sku.sku_id),
        title=sku.title,
        sku_name=sku.sku_name,
        cover_url=None if product is None else product.cover_url,
        quantity=quantity,
        unit_price=say.money(sku.price_minor),
        total=say.money(line.priced.total_minor),
        problem=problem,
        change=change,
    )


async def _put_in(reader: ShopReader, form: Form) -> Response:
    """Add to the bag, or go on with this one line alone. What is no SKU of the brand is not found."""
    say, sku_id = reader.say, views.id_in(form.text("sku"), "Sku")
    async with reader.reading() as session:
        sku = (
            None
            if sku_id is None
            else (await reads.skus_by_id(session, [sku_id], branch=reader.shop.branch)).get(sku_id)
        )
    if sku is None:
        return answers.missing("product", say=say, href=reader.path, label=say("go_shop", shop=reader.shop.name))
    quantity = max(1, min(form.number("quantity") or 1, LARGEST_QUANTITY))
    line = CartLine(sku.sku_id, quantity, sku.price_minor)
    if form.text("do") == "buy":
        return answers.see(f"{reader.path}/checkout?{urlencode({'line': cart.line_text(line)})}")
    lines = cart.added(cart.read(reader), line)
    if lines is None:
        return answers.see(f"{reader.path}/cart?full=yes")
    cart.keep(reader, lines)
    return answers.see(f"{reader.path}/cart")


async def _changed(reader: ShopReader, form: Form) -> list[CartLine]:
    """The lines with the quantities that were typed and the prices that stood beside them.

    0 takes a line out, and what is no number changes nothing.
    """
    kept = cart.read(reader)
    async with reader.reading() as session:
        skus = await reads.skus_by_id(session, [line.sku_id for line in kept], branch=reader.shop.branch)
    lines = []
    for line in kept:
        typed = form.number(f"quantity-{encode_global_id('Sku', line.sku_id)}")
        quantity = line.quantity if typed is None else min(typed, LARGEST_QUANTITY)
        if quantity and line.sku_id in skus:
            lines.append(CartLine(line.sku_id, quantity, skus[line.sku_id].price_minor))
    return lines
