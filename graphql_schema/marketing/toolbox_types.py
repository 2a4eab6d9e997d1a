"""Materials of the toolbox, and their shares with what became of them."""

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from app.employees import values as employees
from app.marketing.material_reads import MaterialView
from app.marketing.share_reads import Opener, ShareFigures, ShareView
from app.trade.code_sales import CodeSales
from graphql_schema.context import Info
from graphql_schema.customers import batches as customer_batches
from graphql_schema.customers.enums import Channel
from graphql_schema.customers.types import Customer, to_customer
from graphql_schema.employees import batches as employee_batches
from graphql_schema.employees.enums import Role
from graphql_schema.employees.types import Employee, Guide, OrgUnit, guide_of_facts, to_employee, to_unit
from graphql_schema.marketing.enums import MaterialKind
from graphql_schema.marketing.types import Code
from graphql_schema.money import Money, to_money
from graphql_schema.paging import Node, encode_global_id
from graphql_schema.permissions import EMPLOYEES, PROMOTERS, Requires
from graphql_schema.products.types import Product


@strawberry.type(description="Whom among the employees something is for; empty lists alone: for everybody.")
class StaffAudience:
    roles: list[Role] = strawberry.field(description="Roles; none: any.")
    audience: strawberry.Private[employees.StaffAudience]

    @strawberry.field(description="Units with everything below; none: anywhere. At most 500.")
    async def org_units(self, info: Info) -> list[OrgUnit]:
        found = await employee_batches.units(info.context).load_many(self.audience.org_unit_ids)
        return [to_unit(facts) for facts in found if facts is not None]

    @strawberry.field(description="Employees named one by one. At most 500.")
    async def employees(self, info: Info) -> list[Employee]:
        found = await employee_batches.employees(info.context).load_many(self.audience.employee_ids)
        return [to_employee(facts) for facts in found if facts is not None]


@strawberry.type(description="A material of the toolbox, in one of its versions: the newest, or that of a share.")
class Material(Node):
    kind: MaterialKind = strawberry.field(description="What it is.")
    title: str = strawberry.field(description="Up to 100 characters.")
    body: str | None = strawberry.field(description="Up to 20,000 characters, with line breaks.")
    cover_url: str | None = strawberry.field(description="Up to 500 characters.")
    attachment_urls: list[str] = strawberry.field(description="Files, pictures, films: at most 20.")
    version: int = strawberry.field(description="From 1 on; grows whenever what it says is changed.")
    changed_at: datetime = strawberry.field(description="When this version was made.")
    is_withdrawn: bool = strawberry.field(description="Whether it can no longer be shared; its pages say so.")
    view: strawberry.Private[MaterialView]

    @strawberry.field(description="Products that it leads on to, those that can be seen; at most 20.")
    async def products(self, info: Info) -> list[Product]:
        from graphql_schema.products.loaders import fetch_product  # noqa: PLC0415 - loaders import these types

        found = await asyncio.gather(*(fetch_product(info, key) for key in self.view.content.product_ids))
        return [product for product in found if product is not None]

    @strawberry.field(
        description="For employees: the words that go with a share, up to 500 characters, with {guide} {store} "
        "{customer} {link}.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def script(self) -> str | None:
        return self.view.content.script

    @strawberry.field(
        description="For whoever fills the toolbox: whom the material is for.", extensions=[Requires(PROMOTERS)]
    )
    async def audience(self) -> StaffAudience:
        return StaffAudience(roles=list(self.view.audience.roles), audience=self.view.audience)


@strawberry.type(description="Somebody who opened a share: a visitor whom nobody knows yet, or a customer.")
class ShareOpener:
    is_customer: bool = strawberry.field(description="Whether the visitor has signed in, then or since.")
    open_count: int = strawberry.field(description="How often; repeats within ten minutes count once.")
    first_opened_at: datetime = strawberry.field(description="When first.")
    last_opened_at: datetime = strawberry.field(description="When last.")
    reading_seconds: int = strawberry.field(description="How long the page was read in all, as the browser told.")
    is_new: bool = strawberry.field(description="Whether the brand met this customer first by this share.")
    is_bound: bool = strawberry.field(description="Whether it made the binding to the guide.")
    customer_id: strawberry.Private[UUID | None]

    @strawberry.field(description="The customer, for whoever may see that one; null else, and for a visitor.")
    async def customer(self, info: Info) -> Customer | None:
        if self.customer_id is None:
            return None
        facts = await customer_batches.customers(info.context).load(self.customer_id)
        return None if facts is None else to_customer(facts)


@strawberry.type(description="A material shared by a guide, with its trail.")
class Share(Node):
    material: Material = strawberry.field(description="What was shared, in the version that it had then.")
    channel: Channel = strawberry.field(description="Where it was shared.")
    text: str | None = strawberry.field(
        description="The script filled in, up to 1,500 characters; null where the material has none."
    )
    issued_code: Code = strawberry.field(description="The code that the share carries.")
    shared_at: datetime = strawberry.field(description="When it was shared.")
    open_count: int = strawberry.field(description="How often it was opened; repeats within ten minutes count once.")
    visitor_count: int = strawberry.field(description="By how many people; a visitor who signed in is the customer.")
    new_customer_count: int = strawberry.field(
        description="Customers who signed in, and whose first contact of all with the brand was this share."
    )
    bound_count: int = strawberry.field(description="Bindings that an opening began.")
    reading_seconds: int = strawberry.field(description="How long its pages were read in all.")
    order_count: int = strawberry.field(description="Paid orders that came with its code.")
    net_sales: Money = strawberry.field(description="Net sales of those orders: goods paid less goods refunded.")
    last_opened_at: datetime | None = strawberry.field(description="When it was opened last.")
    view: strawberry.Private[ShareView]

    @strawberry.field(description="Who shared it.")
    async def guide(self, info: Info) -> Guide:
        facts = await employee_batches.employees(info.context).load(self.view.guide_id)
        if facts is None:
            raise LookupError(f"guide {self.view.guide_id} is gone")
        return guide_of_facts(facts)

    @strawberry.field(description="Who opened it, the last first; at most 100.")
    async def openers(self, info: Info) -> list[ShareOpener]:
        from graphql_schema.marketing.toolbox_loaders import openers_of  # noqa: PLC0415 - it imports these types

        return [to_opener(one) for one in await openers_of(info, self.view.code_id)]


def to_material(view: MaterialView) -> Material:
    content = view.content
    return Material(
        id=encode_global_id("Material", view.material_id),
        kind=view.kind,
        title=content.title,
        body=content.body,
        cover_url=content.cover_url,
        attachment_urls=list(content.attachment_urls),
        version=view.version,
        changed_at=view.changed_at,
        is_withdrawn=view.is_withdrawn,
        view=view,
    )


def to_share(view: ShareView, code: Code, figures: ShareFigures, sales: CodeSales, currency: str) -> Share:
    return Share(
        id=encode_global_id("Share", view.share_id),
        material=to_material(view.material),
        channel=view.channel,
        text=view.text,
        issued_code=code,
        shared_at=view.shared_at,
        open_count=figures.opens,
        visitor_count=figures.visitors,
        new_customer_count=figures.new_customers,
        bound_count=figures.bound,
        reading_seconds=figures.reading_seconds,
        order_count=sales.orders,
        net_sales=to_money(sales.net_sales_minor, currency),
        last_opened_at=figures.last_opened_at,
        view=view,
    )


def to_opener(opener: Opener) -> ShareOpener:
    return ShareOpener(
        is_customer=opener.customer_id is not None,
        open_count=opener.opens,
        first_opened_at=opener.first_opened_at,
        last_opened_at=opener.last_opened_at,
        reading_seconds=opener.reading_seconds,
        is_new=opener.is_new,
        is_bound=opener.is_bound,
        customer_id=opener.customer_id,
    )


After = Annotated[
    str | None, strawberry.argument(description="Cursor of the row before the page; null: from the start.")
]
First = Annotated[int | None, strawberry.argument(description="Rows of the page, 1 to 100.")]
