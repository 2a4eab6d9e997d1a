"""Share cards: the picture five to four that a chat shows of a link to a shop, or to a product in it.

They are drawn when they are first asked for, and kept under what they show: a new price is a new card.
"""

from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from app.marketing import fonts, poster_layouts, poster_works, posters
from app.marketing.poster_rules import all_words, picture_key, read_layout
from app.marketing.poster_values import Facts, Layout
from app.platform.db import Brand, BrandSession
from app.platform.runtime import Runtime
from app.products import shelf_reads
from app.products.reads import ShopFacts

WIDTH: Final = 1_000
HEIGHT: Final = 800


@dataclass(frozen=True, slots=True)
class Card:
    """A share card, a JPEG. `name` changes whenever the picture does."""

    name: str
    data: bytes


async def card(runtime: Runtime, brand: Brand, *, shop: ShopFacts, product_id: UUID | None = None) -> Card | None:
    """The card of a shop, or of a product on its shelf; None for a product that is not there.

    Raises: StorageUnreachable.
    """
    async with runtime.database.reading(brand) as session:
        facts = await _facts(session, shop, product_id)
    if facts is None:
        return None
    document: dict[str, Any] = poster_layouts.SHOP_CARD if product_id is None else poster_layouts.PRODUCT_CARD
    layout, studio = read_layout(document, has_code=False), await poster_works.open_studio(runtime)
    facts = _drawable(layout, facts, studio.faces)
    name = picture_key(layout=document, facts=facts)
    kept = await runtime.storage.get(f"{brand.id.hex}/{name}.jpg")
    if kept is not None:
        return Card(name, kept.data)
    drawn = await poster_works.make(runtime.storage, layout, facts, studio.faces)
    await poster_works.keep(runtime.storage, brand, name, drawn)
    return Card(name, drawn.data)


async def _facts(session: BrandSession, shop: ShopFacts, product_id: UUID | None) -> Facts | None:
    if product_id is not None:
        item = await shelf_reads.shelf_item(session, shop_id=shop.shop_id, branch=shop.branch, product_id=product_id)
        if item is None:
            return None
        return _of_the_store(shop, await posters.facts_of(session, shop, product_id=product_id))
    facts = await posters.facts_of(session, shop, product_id=None)
    page = await shelf_reads.shelf_page(session, shop_id=shop.shop_id, branch=shop.branch, limit=1, has_count=False)
    cover = page.items[0].product.cover_url if page.items else None
    return _of_the_store(shop, replace(facts, cover=cover))


def _of_the_store(shop: ShopFacts, facts: Facts) -> Facts:
    """Where the guide has left, the store stands in."""
    if shop.guide_is_active:
        return facts
    return replace(facts, guide=shop.store_name or facts.brand, store=shop.store_city or "", avatar=None)


def _drawable(layout: Layout, facts: Facts, faces: tuple[fonts.Face, ...]) -> Facts:
    """The facts without signs that no font has: a card is nobody's to correct, and an empty box is worse."""
    missing = set(fonts.missing_signs(all_words(layout, facts), faces))
    if not missing:
        return facts

    def without(text: str) -> str:
        return "".join(sign for sign in text if sign not in missing)

    return replace(facts, guide=without(facts.guide), store=without(facts.store), brand=without(facts.brand))
