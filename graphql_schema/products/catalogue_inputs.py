"""Inputs of the mutations over pictures, options and price lists."""

from datetime import datetime

import strawberry

from app.products.pictures import NewPicture
from app.products.values import ListedPrice
from graphql_schema.global_ids import input_id
from graphql_schema.products.inputs import ProductOptionInput, SkuInput
from graphql_schema.scalars import Long

_KEY = "16 to 64 characters; the same key gives the same answer."


@strawberry.input(description="An uploaded picture to show.")
class PictureInput:
    url: str = strawberry.field(description="The address that its upload (POST /media) answered.")
    alt: str | None = strawberry.field(
        default=None, description="What it shows, for those who do not see it: up to 120 characters."
    )

    def to_value(self) -> NewPicture:
        return NewPicture(self.url, self.alt)


@strawberry.input(description="The pictures that a product's page is to show.")
class ProductPicturesSetInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    product_id: strawberry.ID = strawberry.field(description="The product.")
    pictures: list[PictureInput] = strawberry.field(
        description="At most nine, in order, instead of those before; none: no pictures any more."
    )


@strawberry.input(description="What a SKU that is there already stands for.")
class SkuChoicesInput:
    sku_id: strawberry.ID = strawberry.field(description="A SKU of the product, named once.")
    choices: list[str] = strawberry.field(description="A value of each option, in the order of the options.")


@strawberry.input(description="Options of a product, and which values its SKUs stand for.")
class ProductOptionsSetInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    product_id: strawberry.ID = strawberry.field(description="The product.")
    options: list[ProductOptionInput] = strawberry.field(
        description="At most three, instead of those before; none: the SKUs differ by their names alone."
    )
    skus: list[SkuChoicesInput] = strawberry.field(description="Every SKU of the product, where it has options.")
    new_skus: list[SkuInput] | None = strawberry.field(
        default=None, description="SKUs to add behind those that are there; at most 100 together."
    )


@strawberry.input(description="A SKU's price on a price list.")
class ListedPriceInput:
    sku_id: strawberry.ID = strawberry.field(description="A SKU of the brand, named once.")
    price_minor: Long = strawberry.field(description="Minor units, 1 to 10,000,000,000.")
    market_price_minor: Long | None = strawberry.field(
        default=None,
        description="A price to show struck out, never below the price; null: the brand's, where it is not below.",
    )

    def to_value(self, *path: str) -> ListedPrice:
        """The price. Raises: InvalidInput for an id that is none."""
        return ListedPrice(input_id(self.sku_id, "Sku", *path, "skuId"), self.price_minor, self.market_price_minor)


@strawberry.input(description="Prices of a branch for a time.")
class PriceListPublishInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    org_unit_id: strawberry.ID = strawberry.field(description="The unit; its prices count for all below it too.")
    name: str = strawberry.field(description="1 to 60 characters.")
    starts_at: datetime | None = strawberry.field(default=None, description="From when on; null: from now on.")
    ends_at: datetime | None = strawberry.field(
        default=None, description="Until before when, later than now; null: until it is ended."
    )
    prices: list[ListedPriceInput] = strawberry.field(description="1 to 1,000.")


@strawberry.input(description="A price list to end.")
class PriceListEndInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    price_list_id: strawberry.ID = strawberry.field(description="The list.")
    ends_at: datetime | None = strawberry.field(default=None, description="Not before now; null: now.")
