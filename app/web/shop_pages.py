"""A guide's shop and the products in it; opening either is a visit."""

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.marketing import visits
from app.marketing.rules import is_slug
from app.platform.db import Brand, BrandSession
from app.platform.runtime import Runtime
from app.products import options, pictures, reads, shelf_reads
from app.products.reads import ShopFacts
from app.products.rules import LONGEST_SEARCH
from app.products.shelf_reads import ShelfItem, ShelfKey
from app.products.shops import SHOP_SLUG
from app.trade import orders
from app.trade.basket import Basket
from app.trade.values import FulfilmentMethod, LineRequest
from app.web import answers, callers, readers, views
from app.web.amounts import Amount
from app.web.readers import ShopReader
from app.web.texts import Speech
from graphql_schema.errors import BadUserInput
from graphql_schema.paging import decode_cursor, encode_cursor, encode_global_id

PAGE_SIZE: Final = 24
MOST_AT_ONCE: Final = 10
"""Pieces that a product's page offers; the bag takes more."""
_SCOPE: Final = "page_shelf"
_KINDS: Final = (bool, (int, type(None)), datetime, UUID)


async def open_shop(runtime: Runtime, request: Request) -> Response:
    """`/s/{slug}`: the guide and a page of the shelf. A person's visit is recorded, once in 30 minutes."""
    brand = await _brand(runtime, request)
    if brand is None:
        return answers.missing("shop", say=Speech(readers.language_of(request)))
    slug, say = request.path_params["slug"], Speech(readers.language_of(request), brand)
    async with runtime.database.reading(brand) as session:
        shop = await reads.shop_facts_by_slug(session, slug)
        if shop is None:
            return answers.missing("shop", say=say)
        tag = f'"{answers.BUILD}-{say.language}-{shop.page_tag}"'
        if tag in request.headers.get("if-none-match", ""):
            response = answers.unchanged(tag)
        else:
            wanted = request.query_params.get("q", "").strip()[:LONGEST_SEARCH]
            values = await _shelf_values(session, shop, request.query_params.get("after"), wanted, say)
            values["site"] = runtime.settings.base_url
            response = answers.page("shop.html", values, say=say, headers={"ETag": tag})
    return await with_visit(runtime, request, brand, shop, response)


async def open_product(reader: ShopReader) -> Response:
    """`/s/{slug}/p/{productId}`: a product of the shelf, its variants, what one costs; the id is the API's."""
    shop, say = reader.shop, reader.say
    product_id = views.id_in(reader.request.path_params["product_id"], "Product")
    async with reader.reading() as session:
        item = (
            None
            if product_id is None
            else await shelf_reads.shelf_item(session, shop_id=shop.shop_id, product_id=product_id)
        )
        values = None if item is None else await _product_values(session, shop, item, say)
    response = (
        answers.missing("product", say=say, href=reader.path, label=say("go_shop", shop=shop.name))
        if values is None
        else reader.show("product.html", {**values, "site": reader.runtime.settings.base_url}, headers={})
    )
    return await with_visit(reader.runtime, reader.request, reader.brand, shop, response)


async def _brand(runtime: Runtime, request: Request) -> Brand | None:
    """The brand that the slug leads to."""
    slug = request.path_params["slug"]
    found = await runtime.database.resolve(SHOP_SLUG, slug) if is_slug(slug) else None
    return None if found is None else found[0]


async def with_visit(runtime: Runtime, request: Request, brand: Brand, shop: ShopFacts, response: Response) -> Response:
    """Record the visit of a person, and let the browser keep the visitor's token."""
    if not callers.is_person(request):
        return response

    async def work(session: BrandSession) -> visits.Visit:
        return await visits.open_shop(session, shop=shop, visitor_token=callers.visitor_token(request), now=session.now)

    visit = await runtime.database.run(brand, work)
    callers.keep_visitor(response, visit.visitor_token, runtime.settings)
    return response


async def _shelf_values(
    session: BrandSession, shop: ShopFacts, after: str | None, wanted: str, say: Speech
) -> dict[str, Any]:
    """A page of the shelf; of what is found where something is `wanted`, then nothing stands before the rest."""
    key = _key(after)
    page = await shelf_reads.shelf_page(session, shop_id=shop.shop_id, limit=PAGE_SIZE + 1, after=key, search=wanted)
    items = page.items[:PAGE_SIZE]
    skus = await reads.skus_of_products(session, [item.product.product_id for item in items], branch=shop.branch)
    cards = [
        card
        for item in items
        if (card := views.product_card(item, skus[item.product.product_id], slug=shop.slug, say=say))
    ]
    lead = cards.pop(0) if key is None and not wanted and cards and items[0].is_featured else None
    has_more = len(page.items) > PAGE_SIZE
    path = f"/s/{shop.slug}"
    more = {"q": wanted} if wanted else {}
    return {
        "shop": shop,
        "shop_href": path,
        "brand_name": session.brand.name,
        "who": views.who_serves(shop, session.brand.name, say),
        "wanted": wanted,
        "lead": lead,
        "items": cards,
        "total_count": page.total_count,
        "next_href": f"{path}?{urlencode(more | {'after': _cursor(items[-1])})}" if has_more else None,
        "first_href": None if key is None and not wanted else path,
    }


async def _product_values(
    session: BrandSession, shop: ShopFacts, item: ShelfItem, say: Speech
) -> dict[str, Any] | None:
    product_id = item.product.product_id
    skus = (await reads.skus_of_products(session, [product_id], branch=shop.branch))[product_id]
    card = views.product_card(item, skus, slug=shop.slug, say=say)
    if card is None:
        return None
    shown = await pictures.pictures_of_products(session, [product_id])
    chosen_from = await options.options_of_products(session, [product_id])
    # What can be sent comes first; else what a store has.
    chosen = min((sku for sku in skus if sku.can_be_had), key=lambda sku: sku.to_send <= 0, default=None)
    one = None
    if chosen is not None:
        one = await orders.quote(session, shop=shop, lines=[LineRequest(chosen.sku_id, 1)])
    return {
        "shop": shop,
        "shop_href": f"/s/{shop.slug}",
        "brand_name": session.brand.name,
        "who": views.who_serves(shop, session.brand.name, say),
        "product_id": encode_global_id("Product", product_id),
        "product": card,
        "pictures": [one for one in shown[product_id] if one.url != item.product.cover_url],
        "variants": views.variants(skus, chosen_from[product_id], say),
        "chosen": None if chosen is None else encode_global_id("Sku", chosen.sku_id),
        "chosen_ways": None if chosen is None else views.ways_to_have(chosen, say),
        "chosen_name": None if chosen is None else chosen.name,
        "most": min(MOST_AT_ONCE, max((sku.available for sku in skus), default=0)),
        "cost": None if one is None else cost_lines(one, say),
        "total": None if one is None else say.money(one.totals.total_minor),
    }


def cost_lines(
    basket: Basket, say: Speech, method: FulfilmentMethod = FulfilmentMethod.DELIVERY
) -> list[tuple[str, Amount]]:
    """What makes up a total, each amount with its reason."""
    totals = basket.totals
    lines = [(say("goods"), say.money(totals.subtotal_minor))]
    lines.extend((one.title, say.money(-one.amount_minor)) for one in basket.reductions)
    if not method.is_sent:
        freight = say("pickup_free" if method is FulfilmentMethod.PICKUP else "in_store_free")
    else:
        freight = views.freight_words(basket.freight, say)
    return [*lines, (freight, say.money(totals.freight_minor))]


def _key(after: str | None) -> ShelfKey | None:
    """Where a page of the shelf begins; a cursor that is none begins at the start."""
    if after is None:
        return None
    try:
        is_featured, position, created_at, product_id = decode_cursor(after, _SCOPE, _KINDS)
    except BadUserInput:
        return None
    return ShelfKey(is_featured, position, created_at, product_id)  # type: ignore[arg-type]


def _cursor(item: ShelfItem) -> str:
    key = item.key
    return encode_cursor(_SCOPE, (key.is_featured, key.position, key.created_at, key.product_id))
