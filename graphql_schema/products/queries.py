"""Root fields over shops and products."""

from typing import Annotated

import strawberry

from graphql_schema.context import Info
from graphql_schema.paging import Connection
from graphql_schema.permissions import ANYBODY, EMPLOYEES, HEADQUARTERS, Requires
from graphql_schema.products import list_types, loaders
from graphql_schema.products.list_types import PriceList
from graphql_schema.products.types import After, First, Product, Shop


@strawberry.type
class ProductsQuery:
    @strawberry.field(
        description="A guide's shop by its slug, for anybody; it says which brand an anonymous request is about.",
        extensions=[Requires(ANYBODY)],
    )
    async def shop(
        self, info: Info, slug: Annotated[str, strawberry.argument(description="As in /s/{slug}.")]
    ) -> Shop | None:
        return await loaders.shop_by_slug(info, slug)

    @strawberry.field(
        description="The brand's products of every state, the newest first. For any employee.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def products(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        search: Annotated[
            str | None,
            strawberry.argument(description="Words that the title holds, in any width and case; up to 100 characters."),
        ] = None,
    ) -> Connection[Product]:
        return await loaders.product_connection(info, first, after, search)

    @strawberry.field(
        description="Price lists of every time, the newest first. For headquarters and the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def price_lists(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        org_unit_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only of this very unit; null: of every one.")
        ] = None,
    ) -> Connection[PriceList]:
        return await list_types.price_list_connection(info, first, after, org_unit_id)
