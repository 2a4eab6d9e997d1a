"""Inputs of the mutations over catalogue, stock and shelf.

Where an update leaves a field out, it stays as it is; an explicit null empties a field that may be empty.
"""

from typing import TypeVar

import strawberry

from app.products.values import KEEP, Kept, NewSku, PriceChange, ProductOption, ShelfChange
from graphql_schema.global_ids import input_id, optional_input_id
from graphql_schema.products.enums import ProductState
from graphql_schema.scalars import Long

T = TypeVar("T")
_KEY = "16 to 64 characters; the same key gives the same answer."


def kept(value: T) -> T | Kept:
    """The value of a field, or KEEP where the client left it out."""
    return KEEP if value is strawberry.UNSET else value


@strawberry.input(description="A category to make.")
class CategoryCreateInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    name: str = strawberry.field(description="1 to 60 characters, unique among its siblings.")
    parent_id: strawberry.ID | None = strawberry.field(
        default=None, description="The category above; null: at the top. At most five levels."
    )


@strawberry.input(description="A variant of a product to make.")
class SkuInput:
    name: str = strawberry.field(description="1 to 60 characters.")
    code: str = strawberry.field(
        description="Unique in the brand: 1 to 40 letters, digits or . _ -, beginning with a letter or digit."
    )
    barcode: str | None = strawberry.field(
        default=None, description="Unique in the brand: 4 to 32 letters, digits or hyphens."
    )
    price_minor: Long = strawberry.field(description="Minor units, 1 to 10,000,000,000.")
    market_price_minor: Long | None = strawberry.field(
        default=None, description="A price to show struck out, in minor units; never below the price."
    )
    stock: int = strawberry.field(description="Pieces to begin with, 0 to 1,000,000,000.")
    choices: list[str] | None = strawberry.field(
        default=None, description="A value of each of the product's options, in their order."
    )
    weight_grams: int | None = strawberry.field(
        default=None, description="Of one piece as it is sent, 1 to 1,000,000; null: nobody said."
    )

    def to_value(self) -> NewSku:
        return NewSku(
            self.name,
            self.code,
            self.barcode,
            self.price_minor,
            self.market_price_minor,
            self.stock,
            tuple(self.choices or ()),
            self.weight_grams,
        )


@strawberry.input(description="What a product's SKUs differ in.")
class ProductOptionInput:
    name: str = strawberry.field(description="1 to 20 characters, such as a word for colour; once in a product.")
    values: list[str] = strawberry.field(
        description="1 to 30 of 1 to 30 characters, in the order in which they are shown; some SKU has each."
    )

    def to_value(self) -> ProductOption:
        return ProductOption(self.name, tuple(self.values))


@strawberry.input(description="A product to publish.")
class ProductCreateInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    title: str = strawberry.field(description="1 to 120 characters.")
    description: str | None = strawberry.field(default=None, description="Up to 5,000 characters, with line breaks.")
    cover_url: str | None = strawberry.field(
        default=None, description="An https:// address, or a path below /media/ of this server; up to 500 characters."
    )
    category_id: strawberry.ID | None = strawberry.field(default=None, description="Where it stands in the catalogue.")
    options: list[ProductOptionInput] | None = strawberry.field(
        default=None, description="At most three; then every SKU has a value of each, and no two have the same."
    )
    skus: list[SkuInput] = strawberry.field(description="1 to 100, in the order in which they are shown.")


@strawberry.input(description="New prices of a SKU, and what a piece weighs.")
class SkuPriceInput:
    sku_id: strawberry.ID = strawberry.field(description="A SKU of the product, named once.")
    price_minor: Long | None = strawberry.field(
        default=None, description="Minor units, 1 to 10,000,000,000; null or left out: it stays."
    )
    market_price_minor: Long | None = strawberry.field(
        default=strawberry.UNSET,
        description="Minor units, never below the price; null: there is none any more; left out: it stays.",
    )
    weight_grams: int | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 1,000,000; null: nobody knows any more; left out: it stays."
    )

    def to_value(self, *path: str) -> PriceChange:
        """The change. Raises: InvalidInput for an id that is none."""
        return PriceChange(
            input_id(self.sku_id, "Sku", *path, "skuId"),
            self.price_minor,
            kept(self.market_price_minor),
            kept(self.weight_grams),
        )


@strawberry.input(description="Changes of a product; what is left out stays.")
class ProductUpdateInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    product_id: strawberry.ID = strawberry.field(description="The product.")
    title: str | None = strawberry.field(default=None, description="1 to 120 characters; null: it stays.")
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="Up to 5,000 characters; null: none any more."
    )
    cover_url: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="An https:// address, or a path below /media/ of this server; null: none any more.",
    )
    category_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Where it stands in the catalogue; null: nowhere."
    )
    state: ProductState | None = strawberry.field(
        default=None, description="PUBLISHED puts it on every shelf at once, the others take it off; null: it stays."
    )
    skus: list[SkuPriceInput] | None = strawberry.field(
        default=None, description="New prices and weights, at most 100."
    )


@strawberry.input(description="A correction of stock.")
class StockAdjustInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    sku_id: strawberry.ID = strawberry.field(description="The SKU.")
    change: int = strawberry.field(description="Pieces to add, or below 0 to take away; never below what is reserved.")
    reason: str = strawberry.field(description="1 to 200 characters, kept with the movement.")
    location_id: strawberry.ID | None = strawberry.field(
        default=None, description="A location or a store; null: the place that online orders are sent from."
    )


@strawberry.input(description="Changes of an item on the own shelf; what is left out stays.")
class ShelfItemUpdateInput:
    shelf_item_id: strawberry.ID = strawberry.field(description="An item of the own shelf.")
    is_featured: bool | None = strawberry.field(default=None, description="主推; null: it stays.")
    is_hidden: bool | None = strawberry.field(default=None, description="Only the guide sees it; null: it stays.")
    position: int | None = strawberry.field(default=strawberry.UNSET, description="1 to 9,999; null: none any more.")
    badge: str | None = strawberry.field(
        default=strawberry.UNSET, description="Up to 12 characters; null: none any more."
    )

    section_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="A section of the own shop; null: none any more."
    )
    words: str | None = strawberry.field(
        default=strawberry.UNSET, description="A line of up to 80 characters (店主推荐); null: none any more."
    )
    picture_urls: list[str] | None = strawberry.field(
        default=None,
        description="At most three uploads by their addresses, instead of those shown; empty: none; null: they stay.",
    )

    def to_value(self) -> ShelfChange:
        """The change. Raises: InvalidInput for an id that is none."""
        section_id = kept(self.section_id)
        return ShelfChange(
            is_featured=KEEP if self.is_featured is None else self.is_featured,
            is_hidden=KEEP if self.is_hidden is None else self.is_hidden,
            position=kept(self.position),
            badge=kept(self.badge),
            section_id=KEEP if section_id is KEEP else optional_input_id(section_id, "ShelfSection", "sectionId"),
            words=kept(self.words),
            picture_urls=KEEP if self.picture_urls is None else tuple(self.picture_urls),
        )
