"""Mutations over pictures, options and price lists."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

from app.platform import errors
from app.platform.db import BrandSession
from app.products import options, pictures, price_lists
from graphql_schema.context import Info
from graphql_schema.global_ids import input_id
from graphql_schema.permissions import HEADQUARTERS, Requires
from graphql_schema.products import loaders
from graphql_schema.products.catalogue_inputs import (
    PriceListEndInput,
    PriceListPublishInput,
    ProductOptionsSetInput,
    ProductPicturesSetInput,
)
from graphql_schema.products.list_types import PriceList, to_price_list
from graphql_schema.products.types import Product
from graphql_schema.transaction import Result, mutate_input
from graphql_schema.user_errors import Conflict, IdempotencyConflict, InvalidInput, NotFound, WrongState


@strawberry.type(description="The pictures are shown.")
class ProductPicturesSetPayload:
    product: Product = strawberry.field(description="The product as it is now.")


@strawberry.type(description="The options are set.")
class ProductOptionsSetPayload:
    product: Product = strawberry.field(description="The product as it is now.")


@strawberry.type(description="The price list counts from its beginning on.")
class PriceListPublishPayload:
    price_list: PriceList = strawberry.field(description="The new list.")


@strawberry.type(description="The price list has an end.")
class PriceListEndPayload:
    price_list: PriceList = strawberry.field(description="The list as it is now.")


ProductPicturesSetResult = Annotated[
    ProductPicturesSetPayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("ProductPicturesSetResult", description="The product, or why its pictures stayed."),
]
ProductOptionsSetResult = Annotated[
    ProductOptionsSetPayload | InvalidInput | NotFound | Conflict | IdempotencyConflict,
    strawberry.union("ProductOptionsSetResult", description="The product, or why its options stayed."),
]
PriceListPublishResult = Annotated[
    PriceListPublishPayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("PriceListPublishResult", description="The list, or why it was not published."),
]
PriceListEndResult = Annotated[
    PriceListEndPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("PriceListEndResult", description="The list, or why it was not ended."),
]


@strawberry.type
class CatalogueMutation:
    @strawberry.mutation(
        description="Show uploaded pictures on a product's page. For headquarters and the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def product_pictures_set(
        self, info: Info, input: Annotated[ProductPicturesSetInput, strawberry.argument(description="The pictures.")]
    ) -> ProductPicturesSetResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            product_id = input_id(input.product_id, "Product", "productId")
            shown = [picture.to_value() for picture in input.pictures]
            await pictures.set_pictures(session, actor, product_id=product_id, pictures=shown, now=session.now)
            return {"product_id": product_id}

        async def answer(session: BrandSession, made: Result) -> ProductPicturesSetPayload:
            return ProductPicturesSetPayload(product=await _product(session, made))

        return cast("ProductPicturesSetResult", await mutate_input(info, "productPicturesSet", input, act, answer))

    @strawberry.mutation(
        description="Say what a product's SKUs differ in and which values each stands for, and add SKUs. For "
        "headquarters and the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def product_options_set(
        self, info: Info, input: Annotated[ProductOptionsSetInput, strawberry.argument(description="The options.")]
    ) -> ProductOptionsSetResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            product_id = input_id(input.product_id, "Product", "productId")
            choices: dict[UUID, list[str]] = {}
            for at, sku in enumerate(input.skus):
                sku_id = input_id(sku.sku_id, "Sku", "skus", str(at), "skuId")
                if sku_id in choices:
                    raise errors.InvalidInput("sku_repeated", path=("skus", str(at), "skuId"))
                choices[sku_id] = sku.choices
            await options.set_options(
                session,
                actor,
                product_id=product_id,
                options=[option.to_value() for option in input.options],
                choices=choices,
                new_skus=[sku.to_value() for sku in input.new_skus or []],
                now=session.now,
            )
            return {"product_id": product_id}

        async def answer(session: BrandSession, made: Result) -> ProductOptionsSetPayload:
            return ProductOptionsSetPayload(product=await _product(session, made))

        return cast("ProductOptionsSetResult", await mutate_input(info, "productOptionsSet", input, act, answer))

    @strawberry.mutation(
        description="Give a unit and all below it prices of their own for a time; the nearest unit's count. For "
        "headquarters and the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def price_list_publish(
        self, info: Info, input: Annotated[PriceListPublishInput, strawberry.argument(description="The list.")]
    ) -> PriceListPublishResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            return {
                "price_list_id": await price_lists.publish(
                    session,
                    actor,
                    org_unit_id=input_id(input.org_unit_id, "OrgUnit", "orgUnitId"),
                    name=input.name,
                    starts_at=input.starts_at,
                    ends_at=input.ends_at,
                    prices=[price.to_value("prices", str(at)) for at, price in enumerate(input.prices)],
                    now=session.now,
                )
            }

        async def answer(session: BrandSession, made: Result) -> PriceListPublishPayload:
            return PriceListPublishPayload(price_list=await _price_list(session, made))

        return cast("PriceListPublishResult", await mutate_input(info, "priceListPublish", input, act, answer))

    @strawberry.mutation(
        description="End a price list, now or later. For headquarters and the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def price_list_end(
        self, info: Info, input: Annotated[PriceListEndInput, strawberry.argument(description="Which, and when.")]
    ) -> PriceListEndResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            list_id = input_id(input.price_list_id, "PriceList", "priceListId")
            await price_lists.end(session, actor, price_list_id=list_id, ends_at=input.ends_at, now=session.now)
            return {"price_list_id": list_id}

        async def answer(session: BrandSession, made: Result) -> PriceListEndPayload:
            return PriceListEndPayload(price_list=await _price_list(session, made))

        return cast("PriceListEndResult", await mutate_input(info, "priceListEnd", input, act, answer))


async def _product(session: BrandSession, made: Result) -> Product:
    product_id = UUID(made["product_id"])
    return (await loaders.products_in(session, [product_id]))[product_id]


async def _price_list(session: BrandSession, made: Result) -> PriceList:
    list_id = UUID(made["price_list_id"])
    return to_price_list((await price_lists.price_lists_by_id(session, [list_id]))[list_id])
