"""Price lists of branches, as clients see them."""

from datetime import datetime
from uuid import UUID

import strawberry

from app.platform.errors import InvalidInput
from app.products import price_lists
from app.products.price_lists import PriceListView
from graphql_schema.context import Info
from graphql_schema.employees import batches as employee_batches
from graphql_schema.employees.types import OrgUnit, to_unit
from graphql_schema.errors import BadUserInput
from graphql_schema.global_ids import input_id
from graphql_schema.money import Money, to_money
from graphql_schema.paging import Connection, Node, build_connection, encode_global_id, is_asked_for, read_page
from graphql_schema.products import batches
from graphql_schema.products.types import Sku, to_sku


@strawberry.type(description="A SKU's price on a price list.")
class ListedPrice:
    sku: Sku = strawberry.field(description="The SKU, at the brand's own price.")
    price: Money = strawberry.field(description="What it costs in the branch.")
    market_price: Money | None = strawberry.field(
        description="A higher price to show struck out; null: the brand's, where it is not below the price."
    )


@strawberry.type(
    description="Prices of a unit and all below it, for a time. They never change: a later list takes over."
)
class PriceList(Node):
    name: str = strawberry.field(description="Up to 60 characters.")
    starts_at: datetime = strawberry.field(description="From when on it counts.")
    ends_at: datetime | None = strawberry.field(description="Before when it counts; null: until it is ended.")
    view: strawberry.Private[PriceListView]

    @strawberry.field(description="Whose prices they are.")
    async def org_unit(self, info: Info) -> OrgUnit:
        found = await employee_batches.units(info.context).load(self.view.org_unit_id)
        if found is None:
            raise LookupError(f"price list {self.view.price_list_id} is of no unit")
        return to_unit(found)

    @strawberry.field(description="Its prices, by the SKU's code; up to 1,000.")
    async def prices(self, info: Info) -> list[ListedPrice]:
        listed = await batches.prices_of_lists(info.context).load(self.view.price_list_id) or []
        skus = await batches.skus(info.context).load_many([price.sku_id for price in listed])
        brand = await info.context.brand()
        return [
            ListedPrice(
                sku=to_sku(sku, brand),
                price=to_money(price.price_minor, brand.currency),
                market_price=None
                if price.market_price_minor is None
                else to_money(price.market_price_minor, brand.currency),
            )
            for price, sku in zip(listed, skus, strict=True)
            if sku is not None
        ]


def to_price_list(view: PriceListView) -> PriceList:
    return PriceList(
        id=encode_global_id("PriceList", view.price_list_id),
        name=view.name,
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        view=view,
    )


async def price_list_connection(
    info: Info, first: int | None, after: str | None, org_unit_id: str | None
) -> Connection[PriceList]:
    """Price lists of every time, the newest first. Raises: BadUserInput."""
    page = read_page(first, after, "priceLists", (UUID,), default=50)
    unit_id = None if org_unit_id is None else _unit_id(org_unit_id)
    key = None if page.after is None else page.after[0]
    async with info.context.reading() as session:
        rows = await price_lists.price_list_page(
            session, limit=page.limit, after=key if isinstance(key, UUID) else None, org_unit_id=unit_id
        )
        total = (
            await price_lists.price_list_count(session, org_unit_id=unit_id)
            if is_asked_for(info, "totalCount")
            else None
        )
    return build_connection(
        rows,
        page,
        to_node=to_price_list,
        to_key=lambda view: (view.price_list_id,),
        total_count=total,
    )


async def fetch_price_list(info: Info, *keys: UUID) -> PriceList | None:
    """A price list, for headquarters and the owner."""
    if len(keys) != 1 or not (await info.context.actor()).sees_whole_brand:
        return None
    async with info.context.reading() as session:
        view = (await price_lists.price_lists_by_id(session, keys)).get(keys[0])
    return None if view is None else to_price_list(view)


def _unit_id(text: str) -> UUID:
    try:
        return input_id(text, "OrgUnit", "orgUnitId")
    except InvalidInput as error:
        raise BadUserInput("orgUnitId is not valid.", argument="orgUnitId") from error


NODES = {"PriceList": fetch_price_list}
