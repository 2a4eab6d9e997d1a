"""Mutations over catalogue, stock and shelf."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

from app.platform import errors
from app.platform.db import BrandSession
from app.products import catalogue, reads, shelf, stock
from app.products.values import KEEP
from graphql_schema.context import Info
from graphql_schema.errors import BadUserInput
from graphql_schema.global_ids import input_id, optional_input_id
from graphql_schema.paging import decode_global_id
from graphql_schema.permissions import GUIDES, HEADQUARTERS, MANAGERS, Requires
from graphql_schema.products import loaders
from graphql_schema.products.inputs import (
    CategoryCreateInput,
    ProductCreateInput,
    ProductUpdateInput,
    ShelfItemUpdateInput,
    StockAdjustInput,
    kept,
)
from graphql_schema.products.places import optional_place_id
from graphql_schema.products.types import Category, Product, ShelfItem, Sku, to_category
from graphql_schema.transaction import Result, mutate_input
from graphql_schema.user_errors import Conflict, IdempotencyConflict, InvalidInput, NotFound


@strawberry.type(description="The category is made.")
class CategoryCreatePayload:
    category: Category = strawberry.field(description="The new category.")


@strawberry.type(description="The product is made and published.")
class ProductCreatePayload:
    product: Product = strawberry.field(description="The new product.")


@strawberry.type(description="The product is changed.")
class ProductUpdatePayload:
    product: Product = strawberry.field(description="The product as it is now.")


@strawberry.type(description="The stock is corrected.")
class StockAdjustPayload:
    sku: Sku = strawberry.field(description="The SKU as it is now.")


@strawberry.type(description="The item is changed.")
class ShelfItemUpdatePayload:
    shelf_item: ShelfItem = strawberry.field(description="The item as it stands now.")


CategoryCreateResult = Annotated[
    CategoryCreatePayload | InvalidInput | NotFound | Conflict | IdempotencyConflict,
    strawberry.union("CategoryCreateResult", description="The category, or why it was not made."),
]
ProductCreateResult = Annotated[
    ProductCreatePayload | InvalidInput | NotFound | Conflict | IdempotencyConflict,
    strawberry.union("ProductCreateResult", description="The product, or why it was not made."),
]
ProductUpdateResult = Annotated[
    ProductUpdatePayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("ProductUpdateResult", description="The product, or why it was not changed."),
]
StockAdjustResult = Annotated[
    StockAdjustPayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("StockAdjustResult", description="The SKU, or why its stock was not corrected."),
]
ShelfItemUpdateResult = Annotated[
    ShelfItemUpdatePayload | InvalidInput | NotFound,
    strawberry.union("ShelfItemUpdateResult", description="The item, or why it was not changed."),
]


@strawberry.type
class ProductsMutation:
    @strawberry.mutation(
        description="Make a category. For headquarters and the owner.", extensions=[Requires(HEADQUARTERS)]
    )
    async def category_create(
        self, info: Info, input: Annotated[CategoryCreateInput, strawberry.argument(description="The category.")]
    ) -> CategoryCreateResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            parent_id = optional_input_id(input.parent_id, "Category", "parentId")
            return {
                "category_id": await catalogue.create_category(
                    session, actor, name=input.name, parent_id=parent_id, now=session.now
                )
            }

        async def answer(session: BrandSession, made: Result) -> CategoryCreatePayload:
            category_id = UUID(made["category_id"])
            found = await reads.categories_by_id(session, [category_id])
            return CategoryCreatePayload(category=to_category(found[category_id]))

        return cast("CategoryCreateResult", await mutate_input(info, "categoryCreate", input, act, answer))

    @strawberry.mutation(
        description="Make a product; it is on every guide's shelf at once. For headquarters and the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def product_create(
        self, info: Info, input: Annotated[ProductCreateInput, strawberry.argument(description="The product.")]
    ) -> ProductCreateResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            return {
                "product_id": await catalogue.create_product(
                    session,
                    actor,
                    title=input.title,
                    description=input.description,
                    cover_url=input.cover_url,
                    category_id=optional_input_id(input.category_id, "Category", "categoryId"),
                    options=[option.to_value() for option in input.options or []],
                    skus=[sku.to_value() for sku in input.skus],
                    now=session.now,
                )
            }

        async def answer(session: BrandSession, made: Result) -> ProductCreatePayload:
            return ProductCreatePayload(product=await _product(session, made))

        return cast("ProductCreateResult", await mutate_input(info, "productCreate", input, act, answer))

    @strawberry.mutation(
        description="Change a product, its prices, or whether it is on shelves; placed orders keep their prices. "
        "For headquarters and the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def product_update(
        self, info: Info, input: Annotated[ProductUpdateInput, strawberry.argument(description="The changes.")]
    ) -> ProductUpdateResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            product_id = input_id(input.product_id, "Product", "productId")
            has_category = input.category_id is not strawberry.UNSET
            await catalogue.update_product(
                session,
                actor,
                product_id=product_id,
                title=input.title,
                description=kept(input.description),
                cover_url=kept(input.cover_url),
                category_id=optional_input_id(input.category_id, "Category", "categoryId") if has_category else KEEP,
                state=input.state,
                prices=[sku.to_value("skus", str(at)) for at, sku in enumerate(input.skus or [])],
                now=session.now,
            )
            return {"product_id": product_id}

        async def answer(session: BrandSession, made: Result) -> ProductUpdatePayload:
            return ProductUpdatePayload(product=await _product(session, made))

        return cast("ProductUpdateResult", await mutate_input(info, "productUpdate", input, act, answer))

    @strawberry.mutation(
        description="Correct the stock of a SKU. For headquarters and the owner; for managers in stores of the own "
        "branch.",
        extensions=[Requires(MANAGERS)],
    )
    async def stock_adjust(
        self, info: Info, input: Annotated[StockAdjustInput, strawberry.argument(description="The correction.")]
    ) -> StockAdjustResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            sku_id = input_id(input.sku_id, "Sku", "skuId")
            await stock.adjust(
                session,
                actor,
                sku_id=sku_id,
                change=input.change,
                reason=input.reason,
                location_id=optional_place_id(input.location_id, "locationId"),
                now=session.now,
            )
            return {"sku_id": sku_id}

        async def answer(session: BrandSession, made: Result) -> StockAdjustPayload:
            sku_id = UUID(made["sku_id"])
            return StockAdjustPayload(sku=(await loaders.skus_in(session, [sku_id]))[sku_id])

        return cast("StockAdjustResult", await mutate_input(info, "stockAdjust", input, act, answer))

    @strawberry.mutation(
        description="Feature, hide, order or badge a product on the own shelf, put it into a section, or say "
        "something of it. For the shop's own guide.",
        extensions=[Requires(GUIDES)],
    )
    async def shelf_item_update(
        self, info: Info, input: Annotated[ShelfItemUpdateInput, strawberry.argument(description="The changes.")]
    ) -> ShelfItemUpdateResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            shop_id, product_id = shelf_item_keys(input.shelf_item_id)
            await shelf.change_item(
                session, actor, shop_id=shop_id, product_id=product_id, change=input.to_value(), now=session.now
            )
            return {"shop_id": shop_id, "product_id": product_id}

        async def answer(session: BrandSession, made: Result) -> ShelfItemUpdatePayload:
            item = await loaders.shelf_item_in(
                session,
                shop_id=UUID(made["shop_id"]),
                product_id=UUID(made["product_id"]),
                branch=actor.branch,
                has_hidden=True,
            )
            if item is None:
                raise errors.NotFound("shelf item", path=("shelfItemId",))
            return ShelfItemUpdatePayload(shelf_item=item)

        return cast("ShelfItemUpdateResult", await mutate_input(info, "shelfItemUpdate", input, act, answer))


async def _product(session: BrandSession, made: Result) -> Product:
    product_id = UUID(made["product_id"])
    return (await loaders.products_in(session, [product_id]))[product_id]


def shelf_item_keys(text: str) -> tuple[UUID, UUID]:
    """Shop and product in an item's id. Raises: InvalidInput."""
    try:
        keys = decode_global_id(text, "ShelfItem").uuids
    except BadUserInput as error:
        raise errors.InvalidInput("invalid_id", path=("shelfItemId",)) from error
    if len(keys) != 2:
        raise errors.InvalidInput("invalid_id", path=("shelfItemId",))
    return keys[0], keys[1]
