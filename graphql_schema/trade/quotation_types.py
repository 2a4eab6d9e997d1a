"""Quotations and their lines."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from app.platform.db import Brand
from app.trade.quotation_reads import QuotationLineView, QuotationView
from graphql_schema.context import Info
from graphql_schema.customers.types import Customer, to_named_customer
from graphql_schema.employees import loaders as employees
from graphql_schema.employees.types import Guide
from graphql_schema.marketing.loaders import code_by_id
from graphql_schema.marketing.types import Code
from graphql_schema.money import Money, to_money
from graphql_schema.paging import Node, encode_global_id
from graphql_schema.permissions import EMPLOYEES, Requires
from graphql_schema.products import loaders as products
from graphql_schema.products.types import Shop, Sku
from graphql_schema.selections import is_enough, only
from graphql_schema.trade import batches
from graphql_schema.trade.enums import QuotationState

if TYPE_CHECKING:
    from graphql_schema.trade.types import Order


@strawberry.type(description="A line of a quotation, as it was promised.")
class QuotationLine:
    title: str = strawberry.field(description="The product's title, as it was.")
    sku_name: str = strawberry.field(description="The SKU's name, as it was.")
    quantity: int = strawberry.field(description="Pieces, 1 to 99.")
    unit_price: Money = strawberry.field(description="Of one piece, whatever it costs now.")
    total: Money = strawberry.field(description="Quantity times unit price.")
    sku_id: strawberry.Private[UUID]

    @strawberry.field(description="The SKU as it is now.")
    async def sku(self, info: Info) -> Sku:
        if is_enough(info, "id"):
            return only(Sku, id=encode_global_id("Sku", self.sku_id))
        found = await products.sku_of(info, self.sku_id)
        if found is None:
            raise LookupError(f"SKU {self.sku_id} is gone")
        return found


@strawberry.type(
    description="Prices that a guide promises a customer; never changed after it was made. For its guide, managers of "
    "the guide's branch, headquarters and the owner; for the customer whom it is for, or who accepted it; and for "
    "whoever has its token, while it is for nobody in particular and nobody has accepted it."
)
class Quotation(Node):
    state: QuotationState = strawberry.field(description="How it stands now.")
    is_named: bool = strawberry.field(description="Whether it is for one customer; else for whoever accepts it first.")
    subtotal: Money = strawberry.field(description="The goods; freight is added when it is accepted.")
    note: str | None = strawberry.field(description="The guide's words, up to 500 characters.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="It is good before this instant.")
    ended_at: datetime | None = strawberry.field(
        description="When it was accepted, declined or withdrawn; null while open, and for one whose time is over."
    )
    view: strawberry.Private[QuotationView]

    @strawberry.field(description="1 to 50 lines, each of another SKU.")
    async def lines(self, info: Info) -> list[QuotationLine]:
        brand = await info.context.brand()
        views = await batches.quotation_lines(info.context).load(self.view.id)
        return [to_quotation_line(line, brand) for line in views or ()]

    @strawberry.field(description="The guide who made it.")
    async def guide(self, info: Info) -> Guide:
        view = self.view
        if is_enough(info, "id", "displayName", "title", "avatarUrl"):
            return only(
                Guide,
                id=encode_global_id("Guide", view.guide_id),
                display_name=view.guide_name,
                title=view.guide_title,
                avatar_url=view.guide_avatar_url,
            )
        found = await employees.guide_of(info, view.guide_id)
        if found is None:
            raise LookupError(f"guide {view.guide_id} is gone")
        return found

    @strawberry.field(description="The guide's shop, in which it becomes an order.")
    async def shop(self, info: Info) -> Shop:
        if is_enough(info, "id", "slug"):
            return only(Shop, id=encode_global_id("Shop", self.view.shop_id), slug=self.view.shop_slug)
        found = await products.shop_of(info, self.view.shop_id)
        if found is None:
            raise LookupError(f"shop {self.view.shop_id} is gone")
        return found

    @strawberry.field(description="Whom it is for, or who accepted it; null while that is nobody.")
    async def customer(self) -> Customer | None:
        view = self.view
        if view.customer_id is None or view.customer_name is None:
            return None
        return to_named_customer(view.customer_id, view.customer_name)

    @strawberry.field(description="What it became; null unless ACCEPTED, and for who does not see the order.")
    async def order(self, info: Info) -> Annotated["Order", strawberry.lazy("graphql_schema.trade.types")] | None:
        from graphql_schema.trade.loaders import order_by_id  # noqa: PLC0415 - the order's types name these

        return None if self.view.order_id is None else await order_by_id(info, self.view.order_id)

    @strawberry.field(
        description="For employees: its own link and code, to pass on to the customer.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def issued_code(self, info: Info) -> Code | None:
        return await code_by_id(info, self.view.code_id)


def to_quotation(view: QuotationView, brand: Brand) -> Quotation:
    return Quotation(
        id=encode_global_id("Quotation", view.id),
        state=view.state,
        is_named=view.is_named,
        subtotal=to_money(view.subtotal_minor, brand.currency),
        note=view.note,
        created_at=view.created_at,
        expires_at=view.expires_at,
        ended_at=view.ended_at,
        view=view,
    )


def to_quotation_line(view: QuotationLineView, brand: Brand) -> QuotationLine:
    return QuotationLine(
        title=view.title,
        sku_name=view.sku_name,
        quantity=view.quantity,
        unit_price=to_money(view.unit_price_minor, brand.currency),
        total=to_money(view.total_minor, brand.currency),
        sku_id=view.sku_id,
    )
