"""Root fields over after-sales."""

from typing import Annotated

import strawberry

from graphql_schema.context import Info
from graphql_schema.employees.types import After, First
from graphql_schema.paging import Connection
from graphql_schema.permissions import MANAGERS, Requires
from graphql_schema.trade.after_sale_loaders import after_sale_connection
from graphql_schema.trade.after_sale_types import AfterSale
from graphql_schema.trade.enums import AfterSaleState


@strawberry.type
class AfterSaleQuery:
    @strawberry.field(
        description="Returns and refunds, the latest first. For headquarters, its service among them, and the owner; a "
        "manager sees the own branch.",
        extensions=[Requires(MANAGERS)],
    )
    async def after_sales(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        states: Annotated[
            list[AfterSaleState] | None, strawberry.argument(description="Only those in these states; null: in any.")
        ] = None,
    ) -> Connection[AfterSale]:
        return await after_sale_connection(info, first, after, states)
