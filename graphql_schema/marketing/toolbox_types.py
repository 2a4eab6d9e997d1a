"""Materials of the toolbox and their shares, as the first clients name them; nothing is shared yet: empty lists."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Never
from uuid import UUID

import strawberry

from app.customers.values import Channel
from graphql_schema.money import Money
from graphql_schema.paging import Connection, Node, build_connection, read_page

if TYPE_CHECKING:
    from graphql_schema.marketing.types import Code


@strawberry.enum(description="What a material of the toolbox is. New values may be added.")
class MaterialKind(StrEnum):
    NAME_CARD = "NAME_CARD"
    COMPANY = "COMPANY"
    NEWS = "NEWS"
    BROCHURE = "BROCHURE"
    PRODUCT = "PRODUCT"
    QUOTATION = "QUOTATION"
    CASE = "CASE"
    FILE = "FILE"
    VIDEO = "VIDEO"
    TESTIMONIAL = "TESTIMONIAL"


@strawberry.type(description="A material of the toolbox.")
class Material(Node):
    kind: MaterialKind = strawberry.field(description="What it is.")
    title: str = strawberry.field(description="Up to 100 characters.")
    body: str | None = strawberry.field(description="Up to 20,000 characters.")
    cover_url: str | None = strawberry.field(description="Up to 500 characters.")
    version: int = strawberry.field(description="Grows with every change.")


@strawberry.type(description="A material shared by a guide, with its trail.")
class Share(Node):
    material: Material = strawberry.field(description="What was shared.")
    channel: Channel = strawberry.field(description="Where it was shared.")
    text: str | None = strawberry.field(description="The words that went with it, up to 500 characters.")
    issued_code: Annotated["Code", strawberry.lazy("graphql_schema.marketing.types")] = strawberry.field(
        description="The code that the share carries."
    )
    shared_at: datetime = strawberry.field(description="When it was shared.")
    open_count: int = strawberry.field(description="How often it was opened.")
    visitor_count: int = strawberry.field(description="By how many visitors.")
    new_customer_count: int = strawberry.field(description="Customers who came by it first.")
    order_count: int = strawberry.field(description="Paid orders that followed.")
    net_sales: Money = strawberry.field(description="Net sales of those orders.")
    last_opened_at: datetime | None = strawberry.field(description="When it was opened last.")


def no_shares(first: int | None, after: str | None) -> Connection[Share]:
    """The page of somebody who shared nothing. Raises: BadUserInput."""
    page = read_page(first, after, "shares", (datetime, UUID))
    return build_connection([], page, to_node=_never, to_key=_never, total_count=0)


def _never(row: object) -> Never:
    raise LookupError("an empty page has no row")
