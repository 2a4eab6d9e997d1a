"""What pages show, out of facts: prices in parts, products of a shelf, and who serves."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.employees.reads import StoreFacts
from app.employees.values import OpeningHours
from app.platform.money import Money
from app.products.reads import ProductView, ShopFacts, SkuView
from app.products.rules import cheapest
from app.products.shelf_reads import ShelfItem
from graphql_schema.paging import encode_global_id

_AMOUNT = re.compile(r"(\D*)([\d,]+)\.(\d\d)")
_DAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount in the parts that are set in different sizes."""

    symbol: str
    units: str
    hundredths: str
    text: str


@dataclass(frozen=True, slots=True)
class SkuLine:
    """A variant with its price; the market price only where it is higher."""

    name: str
    price: Amount
    market_price: Amount | None
    is_in_stock: bool


@dataclass(frozen=True, slots=True)
class ProductCard:
    """A product as shelf and product page show it. `has_prices`: variants differ in price, and the lowest is shown."""

    title: str
    href: str
    cover_url: str | None
    description: str | None
    badge: str | None
    price: Amount
    market_price: Amount | None
    has_prices: bool
    is_in_stock: bool


@dataclass(frozen=True, slots=True)
class Who:
    """Who stands behind a shop: its guide, or the store where the guide has left. `notice` says so."""

    is_guide: bool
    role: str
    name: str
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


def amount(minor: int, currency: str) -> Amount:
    """An amount in minor units of a currency."""
    text = Money(minor, currency).display
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError(f"an amount of another form: {text}")
    return Amount(found[1], found[2], found[3], text)


def product_card(item: ShelfItem, skus: Sequence[SkuView], *, slug: str, currency: str) -> ProductCard | None:
    """A product on a shelf; None for one without a variant, which nobody can buy."""
    shown = cheapest(skus)
    if shown is None:
        return None
    product: ProductView = item.product
    return ProductCard(
        title=product.title,
        href=product_path(slug, product),
        cover_url=product.cover_url,
        description=product.description,
        badge=item.badge or ("主推" if item.is_featured else None),
        price=amount(shown.price_minor, currency),
        market_price=_market_price(shown, currency),
        has_prices=any(sku.price_minor != shown.price_minor for sku in skus),
        is_in_stock=any(sku.available > 0 for sku in skus),
    )


def sku_lines(skus: Iterable[SkuView], currency: str) -> list[SkuLine]:
    """The variants of a product, in their order."""
    return [
        SkuLine(
            name=sku.name,
            price=amount(sku.price_minor, currency),
            market_price=_market_price(sku, currency),
            is_in_stock=sku.available > 0,
        )
        for sku in skus
    ]


def product_path(slug: str, product: ProductView) -> str:
    """Where the page of a product in a shop is; the id is the API's."""
    return f"/s/{slug}/p/{encode_global_id('Product', product.product_id)}"


def who_serves(shop: ShopFacts, brand_name: str) -> Who:
    """The guide of a shop; the store, or the brand, where the guide has left."""
    place = " · ".join(part for part in (shop.store_name, shop.store_city) if part)
    if shop.guide_is_active:
        return Who(
            is_guide=True,
            role="导购",
            name=shop.display_name,
            line=" · ".join(part for part in (shop.display_name, shop.title) if part),
            place=place,
            avatar_url=shop.avatar_url,
            notice=None,
            advice=f"告诉{shop.display_name}你看中了哪一件，或到店里摸摸看，不急。",
        )
    name = shop.store_name or brand_name
    return Who(
        is_guide=False,
        role="门店",
        name=name,
        line=name,
        place=shop.store_city or "",
        avatar_url=None,
        notice=f"原来的导购已经离开，现在由{name}照顾这个货架。",
        advice=f"{name}会帮你。到店里来，或问问店员。",
    )


def hours_lines(store: StoreFacts) -> list[HoursLine]:
    """Opening hours, days in a row with equal hours in one line."""
    of_day: list[str] = []
    for weekday in range(1, 8):
        openings: list[OpeningHours] = [line for line in store.opening_hours if line.weekday == weekday]
        of_day.append("、".join(f"{line.opens}–{line.closes}" for line in openings))
    if not any(of_day):
        return []
    lines: list[HoursLine] = []
    start = 0
    for day in range(1, 8):
        if day == 7 or of_day[day] != of_day[start]:
            days = _DAYS[start] if day - start == 1 else f"{_DAYS[start]}至{_DAYS[day - 1]}"
            lines.append(HoursLine("每天" if day - start == 7 else days, of_day[start] or "休息"))
            start = day
    return lines


def _market_price(sku: SkuView, currency: str) -> Amount | None:
    if sku.market_price_minor is None or sku.market_price_minor <= sku.price_minor:
        return None
    return amount(sku.market_price_minor, currency)
