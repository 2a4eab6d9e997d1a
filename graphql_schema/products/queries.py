"""Root fields over shops and products."""

from typing import Annotated

import strawberry

from graphql_schema.context import Info
from graphql_schema.paging import Connection
from graphql_schema.permissions import ANYBODY, EMPLOYEES, Requires
from graphql_schema.products import loaders
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
            strawberry.argument(description="A part of the title, in upper or lower case; up to 100 characters."),
        ] = None,
    ) -> Connection[Product]:
        return await loaders.product_connection(info, first, after, search)
