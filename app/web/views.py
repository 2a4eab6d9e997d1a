"""What pages show, out of facts: prices in parts, products of a shelf, and who serves."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.employees.reads import StoreFacts
from app.employees.values import OpeningHours
from app.products.reads import ProductView, ShopFacts, SkuView
from app.products.rules import cheapest
from app.products.shelf_reads import ShelfItem
from app.products.values import ProductOption
from app.trade.freight_values import Freight
from app.web.amounts import Amount
from app.web.texts import Speech
from graphql_schema.errors import BadUserInput
from graphql_schema.paging import decode_global_id, encode_global_id


@dataclass(frozen=True, slots=True)
class SkuLine:
    """A variant with its price; the market price only where it is higher. `id` is the API's."""

    id: str
    name: str
    price: Amount
    market_price: Amount | None
    is_in_stock: bool


@dataclass(frozen=True, slots=True)
class ProductCard:
    """A product as shelf and product page show it. `has_prices`: variants differ in price, and the lowest is shown.

    `words`: what the guide says of it; escaped like every text, and never in a price's place.
    """

    title: str
    href: str
    cover_url: str | None
    description: str | None
    badge: str | None
    price: Amount
    market_price: Amount | None
    has_prices: bool
    is_in_stock: bool
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Variants:
    """Variants to choose from, under one heading."""

    heading: str
    lines: list[SkuLine]


@dataclass(frozen=True, slots=True)
class Who:
    """Who stands behind a shop: its guide, or the store where the guide has left. `notice` says so."""

    is_guide: bool
    role: str
    name: str
    title: str | None
    line: str
    place: str
    avatar_url: str | None
    notice: str | None
    advice: str


@dataclass(frozen=True, slots=True)
class HoursLine:
    """Weekdays in a row with the same hours."""

    days: str
    hours: str


def product_card(
    item: ShelfItem, skus: Sequence[SkuView], *, slug: str, say: Speech, has_words: bool = False
) -> ProductCard | None:
    """A product on a shelf, with its guide's words where wanted; None for one that has no variant to buy."""
    shown = cheapest(skus)
    if shown is None:
        return None
    product: ProductView = item.product
    return ProductCard(
        title=product.title,
        href=product_path(slug, product),
        cover_url=product.cover_url,
        description=product.description,
        badge=item.badge or (say("featured") if item.is_featured else None),
        price=say.money(shown.price_minor),
        market_price=_market_price(shown, say),
        has_prices=any(sku.price_minor != shown.price_minor for sku in skus),
        is_in_stock=any(sku.can_be_had for sku in skus),
        words=item.words_shown if has_words else None,
    )


def variants(skus: Sequence[SkuView], options: Sequence[ProductOption], say: Speech) -> list[Variants]:
    """The variants of a product to choose from, in their order; those alike in the first of several options together.

    With one option its name stands above the values; without options there are only the variants' names.
    """
    if not options:
        return [Variants(say("variant"), [_sku_line(sku, sku.name, say) for sku in skus])]
    first, *others = options
    if not others:
        return [Variants(first.name, [_sku_line(sku, (sku.choices or [sku.name])[0], say) for sku in skus])]
    groups: dict[str, list[SkuLine]] = {value: [] for value in first.values}
    for sku in skus:
        value, *rest = sku.choices or [sku.name]
        groups.setdefault(value, []).append(_sku_line(sku, " · ".join(rest) or sku.name, say))
    return [Variants(f"{first.name} · {value}", lines) for value, lines in groups.items() if lines]


def _sku_line(sku: SkuView, label: str, say: Speech) -> SkuLine:
    return SkuLine(
        id=encode_global_id("Sku", sku.sku_id),
        name=label,
        price=say.money(sku.price_minor),
        market_price=_market_price(sku, say),
        is_in_stock=sku.can_be_had,
    )


def ways_to_have(sku: SkuView, say: Speech) -> str:
    """How a variant can be had now: sent, or in how many stores it can be fetched."""
    if sku.to_send <= 0:
        return say("had_in_stores_only", count=sku.stores)
    return say("had_both_ways", count=sku.stores) if sku.stores else say("had_by_delivery")


def product_path(slug: str, product: ProductView) -> str:
    """Where the page of a product in a shop is; the id is the API's."""
    return f"/s/{slug}/p/{encode_global_id('Product', product.product_id)}"


def id_in(text: str, type_name: str) -> UUID | None:
    """The key in an id of the API; None for any other text, or an id of something else."""
    try:
        found = decode_global_id(text, type_name)
    except BadUserInput:
        return None
    return found.uuids[0] if len(found.uuids) == 1 else None


def freight_words(freight: Freight, say: Speech) -> str:
    """Why the freight is what it is."""
    if freight.is_estimate:
        return say("freight_estimate")
    if freight.free_from_minor is None:
        return say("freight_plain")
    return say("freight" if freight.fee_minor else "freight_free", amount=say.money(freight.free_from_minor).text)


def who_serves(shop: ShopFacts, brand_name: str, say: Speech) -> Who:
    """The guide of a shop; the store, or the brand, where the guide has left."""
    place = " · ".join(part for part in (shop.store_name, shop.store_city) if part)
    if shop.guide_is_active:
        return Who(
            is_guide=True,
            role=say("guide"),
            name=shop.display_name,
            title=shop.title,
            line=" · ".join(part for part in (shop.display_name, shop.title) if part),
            place=place,
            avatar_url=shop.avatar_url,
            notice=None,
            advice=say("guide_advice", name=shop.display_name),
        )
    name = shop.store_name or brand_name
    return Who(
        is_guide=False,
        role=say("store"),
        name=name,
        title=None,
        line=name,
        place=shop.store_city or "",
        avatar_url=None,
        notice=say("guide_left", name=name),
        advice=say("store_advice", name=name),
    )


def hours_lines(store: StoreFacts, say: Speech) -> list[HoursLine]:
    """Opening hours, days in a row with equal hours in one line."""
    of_day: list[str] = []
    for weekday in range(1, 8):
        openings: list[OpeningHours] = [line for line in store.opening_hours if line.weekday == weekday]
        of_day.append("、".join(f"{line.opens}–{line.closes}" for line in openings))
    if not any(of_day):
        return []
    names = say("weekdays").split()
    lines: list[HoursLine] = []
    start = 0
    for day in range(1, 8):
        if day == 7 or of_day[day] != of_day[start]:
            days = names[start] if day - start == 1 else say("days_to", first=names[start], last=names[day - 1])
            lines.append(HoursLine(say("every_day") if day - start == 7 else days, of_day[start] or say("closed")))
            start = day
    return lines


def _market_price(sku: SkuView, say: Speech) -> Amount | None:
    if sku.market_price_minor is None or sku.market_price_minor <= sku.price_minor:
        return None
    return say.money(sku.market_price_minor)


def absolute(url: str | None, base_url: str) -> str | None:
    """A picture's address for who looks from elsewhere: cards of links, address books."""
    return f"{base_url}{url}" if url is not None and url.startswith("/") else url
