"""What a product file changes of a product that is there: compared first, then done by the catalogue's own services."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import UserFault
from app.products import catalogue, import_rules, options, reads
from app.products.import_rules import Outcome, SheetRow
from app.products.reads import ProductView, SkuView
from app.products.values import KEEP, Kept, NewSku, PriceChange, ProductOption, ProductState

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """A product that is there, with its SKUs by code."""

    view: ProductView
    skus: dict[str, SkuView]
    options: tuple[ProductOption, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What rows change of a product; what stays is None, KEEP or not there.

    `prices` and `new_skus` name the rows they came from, which failures' paths count by.
    """

    title: str | None
    description: str | Kept
    cover_url: str | Kept
    category_id: UUID | Kept
    state: ProductState | None
    prices: tuple[tuple[SheetRow, PriceChange], ...]
    options: tuple[ProductOption, ...] | None
    choices: dict[UUID, tuple[str, ...]]
    new_skus: tuple[tuple[SheetRow, NewSku], ...]

    @property
    def is_of_product(self) -> bool:
        """Whether the product itself changes, and not only some SKU's price or weight."""
        words = (self.description, self.cover_url, self.category_id)
        return self.title is not None or self.state is not None or any(word is not KEEP for word in words)

    @property
    def is_none(self) -> bool:
        return not (self.is_of_product or self.prices or self.new_skus or self.options is not None)

    def outcome(self, product: KnownProduct, row: SheetRow) -> Outcome:
        if row.sku_code not in product.skus:
            return Outcome.CREATED
        is_priced = any(row is other for other, _ in self.prices)
        return Outcome.UPDATED if is_priced or self.is_of_product or self.options is not None else Outcome.UNCHANGED

    def row_at_fault(self, fault: UserFault, rows: Sequence[SheetRow]) -> int | None:
        """Which of the rows a failure's path speaks of; None for one that speaks of the product."""
        places = {"skus": [row for row, _ in self.prices], "newSkus": [row for row, _ in self.new_skus]}
        place, at = places.get(fault.path[0] if fault.path else "", []), fault.path[1] if len(fault.path) > 1 else ""
        if not at.isdigit() or int(at) >= len(place):
            return None
        return next(index for index, row in enumerate(rows) if row is place[int(at)])


def first_given(values: Iterable[T | None]) -> T | None:
    """The first that is not None."""
    return next((value for value in values if value is not None), None)


def new_sku(row: SheetRow, choices: tuple[str, ...]) -> NewSku:
    """The SKU that a row makes; without a name it is called by its values, else by its code."""
    name = row.sku_name or " / ".join(choices) or row.sku_code
    market, stock = row.market_price_minor, row.stock or 0
    return NewSku(name, row.sku_code, row.barcode, row.price_minor, market, stock, choices, row.weight_grams)


async def known_products(session: BrandSession, product_ids: Collection[UUID]) -> dict[UUID, KnownProduct]:
    """Products by id; three statements."""
    if not product_ids:
        return {}
    views = await reads.products_by_id(session, product_ids)
    skus = await reads.skus_of_products(session, product_ids)
    chosen_from = await options.options_of_products(session, product_ids)
    return {
        product_id: KnownProduct(view, {sku.code: sku for sku in skus[product_id]}, tuple(chosen_from[product_id]))
        for product_id, view in views.items()
    }


def changes_of(product: KnownProduct, rows: Sequence[SheetRow], category_id: UUID | None) -> Changes:
    """What the rows say otherwise than the product is."""
    view = product.view
    merged = import_rules.merged_options(product.options, [row.options for row in rows])
    choices = {sku.sku_id: tuple(sku.choices or ()) for sku in product.skus.values()}
    prices, new_skus = [], []
    for row in rows:
        sku = product.skus.get(row.sku_code)
        if sku is None:
            new_skus.append((row, new_sku(row, import_rules.choices_of(merged, row.options))))
            continue
        if row.options:
            choices[sku.sku_id] = import_rules.choices_of(merged, row.options)
        market = _kept(row.market_price_minor, sku.market_price_minor)
        weight = _kept(row.weight_grams, sku.weight_grams)
        if row.price_minor != sku.price_minor or market is not KEEP or weight is not KEEP:
            prices.append((row, PriceChange(sku.sku_id, row.price_minor, market, weight)))
    before = {sku.sku_id: tuple(sku.choices or ()) for sku in product.skus.values()}
    used = [tuple(choices.values()), tuple(sku.choices for _, sku in new_skus)]
    kept = _used(merged, [chosen for group in used for chosen in group])
    is_other = bool(new_skus) or kept != product.options or choices != before
    title, state = rows[0].title, first_given(row.state for row in rows)
    return Changes(
        title=None if title == view.title else title,
        description=_kept(first_given(row.description for row in rows), view.description),
        cover_url=_kept(first_given(row.cover_url for row in rows), view.cover_url),
        category_id=_kept(category_id, view.category_id),
        state=None if state is None or state == view.state else state,
        prices=tuple(prices),
        options=kept if is_other else None,
        choices=choices if is_other else {},
        new_skus=tuple(new_skus),
    )


async def apply_changes(session: BrandSession, actor: Actor, product: KnownProduct, changes: Changes) -> None:
    """Do them; who does it counts the catalogue's version, last of all. Raises: InvalidInput, Conflict."""
    product_id = product.view.product_id
    if changes.is_of_product or changes.prices:
        await catalogue.update_product(
            session,
            actor,
            product_id=product_id,
            title=changes.title,
            description=changes.description,
            cover_url=changes.cover_url,
            category_id=changes.category_id,
            state=changes.state,
            prices=[price for _, price in changes.prices],
            is_told=False,
            now=session.now,
        )
    if changes.options is not None:
        await options.set_options(
            session,
            actor,
            product_id=product_id,
            options=changes.options,
            choices=changes.choices,
            new_skus=[sku for _, sku in changes.new_skus],
            is_told=False,
            now=session.now,
        )


def _used(merged: Sequence[ProductOption], choices: Sequence[Sequence[str]]) -> tuple[ProductOption, ...]:
    """The options without the values that no SKU has any more."""
    kept = []
    for at, option in enumerate(merged):
        used = {chosen[at] for chosen in choices if len(chosen) > at}
        kept.append(ProductOption(option.name, tuple(value for value in option.values if value in used)))
    return tuple(kept)


def _kept(given: T | None, before: T | None) -> T | Kept:
    """What is given, where it says something else than before."""
    return KEEP if given is None or given == before else given
