"""A guide's shop and the products in it; opening either is a visit."""

import hashlib
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
from app.web.kept_pages import KeptPages
from app.web.manifests import manifest_of
from app.web.readers import ShopReader
from app.web.texts import Speech
from app.web.views import ProductCard
from graphql_schema.errors import BadUserInput
from graphql_schema.paging import decode_cursor, encode_cursor, encode_global_id

PAGE_SIZE: Final = 24
MOST_AT_ONCE: Final = 10
"""Pieces that a product's page offers; the bag takes more."""
_SCOPE: Final = "page_shelf"
_KEPT: Final = KeptPages()
_KINDS: Final = (int, (int, type(None)), datetime, UUID)
_NARROWING: Final = ("after", "q", "section")
"""What an address says when it asks for another than the shop's first page."""
IN_A_STRIP: Final = 4
"""Products of a section on the shop's first page; its own page has all."""


async def open_shop(runtime: Runtime, request: Request) -> Response:
    """`/s/{slug}`: the guide and a page of the shelf. A person's visit is recorded, once in 30 minutes."""
    brand = await brand_of(runtime, request)
    if brand is None:
        return answers.missing("shop", say=Speech(readers.language_of(request)))
    slug, say = request.path_params["slug"], Speech(readers.language_of(request), brand)
    async with runtime.database.reading(brand) as session:
        shop = await reads.shop_facts_by_slug(session, slug)
        if shop is None:
            return answers.missing("shop", say=say)
        response = await _shelf_answer(runtime, request, session, shop, say)
    return await with_visit(runtime, request, brand, shop, response)


async def _shelf_answer(
    runtime: Runtime, request: Request, session: BrandSession, shop: ShopFacts, say: Speech
) -> Response:
    """The page, rendered once for as long as nothing on it changes; only its beginning is kept."""
    brand = hashlib.sha256(repr((session.brand.name, session.brand.currency)).encode()).hexdigest()[:8]
    tag = f'"{answers.BUILD}-{say.language}-{brand}-{shop.page_tag}"'
    if tag in request.headers.get("if-none-match", ""):
        return answers.unchanged(tag)
    is_kept = not any(name in request.query_params for name in _NARROWING)
    if is_kept and (kept := _KEPT.get(tag)) is not None:
        return kept
    values = await _shelf_values(session, shop, request, say)
    values |= {"site": runtime.settings.base_url, "manifest": manifest_of(request.url.path)}
    page = answers.page("shop.html", values, say=say, headers={"ETag": tag})
    if is_kept:
        _KEPT.keep(tag, page)
    return page


async def open_product(reader: ShopReader) -> Response:
    """`/s/{slug}/p/{productId}`: a product of the shelf, its variants, what one costs; the id is the API's."""
    shop, say = reader.shop, reader.say
    product_id = views.id_in(reader.request.path_params["product_id"], "Product")
    async with reader.reading() as session:
        item = (
            None
            if product_id is None
            else await shelf_reads.shelf_item(session, shop_id=shop.shop_id, branch=shop.branch, product_id=product_id)
        )
        values = None if item is None else await _product_values(session, shop, item, say)
    response = (
        answers.missing("product", say=say, href=reader.path, label=say("go_shop", shop=shop.name))
        if values is None
        else reader.show("product.html", {**values, "site": reader.runtime.settings.base_url}, headers={})
    )
    return await with_visit(reader.runtime, reader.request, reader.brand, shop, response)


async def brand_of(runtime: Runtime, request: Request) -> Brand | None:
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


async def _shelf_values(session: BrandSession, shop: ShopFacts, request: Request, say: Speech) -> dict[str, Any]:
    """A page of the shelf: `?q=` of what is found, `?section=` of one section; else the sections, then what is in none.

    Where something is sought or one section is looked at, nothing stands before the rest.
    """
    wanted = request.query_params.get("q", "").strip()[:LONGEST_SEARCH]
    key = key_in(request.query_params.get("after"))
    chosen = None if wanted else views.id_in(request.query_params.get("section", ""), "ShelfSection")
    strips = (
        [] if wanted else await shelf_reads.strips(session, shop_id=shop.shop_id, branch=shop.branch, limit=IN_A_STRIP)
    )
    section = next((one for one in strips if one.section_id == chosen), None)
    page = await shelf_reads.shelf_page(
        session,
        shop_id=shop.shop_id,
        branch=shop.branch,
        limit=PAGE_SIZE + 1,
        after=key,
        search=wanted,
        section_id=None if section is None else section.section_id,
        is_outside=bool(strips) and section is None,
    )
    is_first = key is None and not wanted and section is None
    shown = [one for one in strips if one.items] if is_first else []
    items = page.items[:PAGE_SIZE]
    all_items = [*items, *(item for one in shown for item in one.items)]
    skus = await reads.skus_of_products(
        session, sorted({item.product.product_id for item in all_items}), branch=shop.branch
    )

    def cards_of(some: list[ShelfItem]) -> list[ProductCard]:
        made = (
            views.product_card(
                item, skus[item.product.product_id], slug=shop.slug, say=say, has_words=shop.guide_is_active
            )
            for item in some
        )
        return [card for card in made if card is not None]

    cards = cards_of(items)
    lead = cards.pop(0) if is_first and cards and items[0].key.rank else None
    has_more = len(page.items) > PAGE_SIZE
    path = f"/s/{shop.slug}"
    section_id = None if section is None else encode_global_id("ShelfSection", section.section_id)
    more = {"q": wanted} if wanted else {"section": section_id} if section_id else {}
    return {
        "shop": shop,
        "shop_href": path,
        "brand_name": session.brand.name,
        "who": views.who_serves(shop, session.brand.name, say),
        "wanted": wanted,
        "lead": lead,
        "is_lead_pinned": bool(items) and items[0].is_pinned,
        "strips": [
            {
                "name": one.name,
                "items": cards_of(one.items),
                "count": one.item_count,
                "href": f"{path}?{urlencode({'section': encode_global_id('ShelfSection', one.section_id)})}",
                "has_more": one.item_count > len(one.items),
            }
            for one in shown
        ],
        "section": None if section is None else section.name,
        "items": cards,
        "total_count": page.total_count,
        "next_href": f"{path}?{urlencode(more | {'after': cursor_of(items[-1])})}" if has_more else None,
        "first_href": None if is_first else path,
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
        "words": item.words_shown,
        "own_pictures": shelf_reads.picture_urls(item.pictures_shown),
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


def key_in(after: str | None) -> ShelfKey | None:
    """Where a page of the shelf begins; a cursor that is none begins at the start."""
    if after is None:
        return None
    try:
        rank, position, created_at, product_id = decode_cursor(after, _SCOPE, _KINDS)
    except BadUserInput:
        return None
    return ShelfKey(rank, position, created_at, product_id)  # type: ignore[arg-type]


def cursor_of(item: ShelfItem) -> str:
    key = item.key
    return encode_cursor(_SCOPE, (key.rank, key.position, key.created_at, key.product_id))
