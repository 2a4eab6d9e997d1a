"""Customers, bindings, touchpoints, tags.

A customer's name comes masked and along with whatever refers to one; everything else is for the customer, the serving
guide, a manager of the branch that the owning store is in, headquarters and the owner. Others get FORBIDDEN for it.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from app.customers.reads import BindingFacts, CustomerFacts, TouchpointFacts
from app.trade.reads import NO_SALES
from graphql_schema.context import Info
from graphql_schema.customers import batches
from graphql_schema.customers.enums import BindingState, Channel, TouchpointKind
from graphql_schema.employees import batches as employee_batches
from graphql_schema.employees.types import Guide, guide_of_facts
from graphql_schema.errors import Forbidden
from graphql_schema.marketing.enums import CouponState
from graphql_schema.marketing.outbound_enums import OutboundChannel, OutboundKind
from graphql_schema.money import Money, to_money
from graphql_schema.paging import Connection, Node, encode_global_id
from graphql_schema.trade import batches as trade_batches

if TYPE_CHECKING:
    from graphql_schema.marketing.coupon_types import Coupon
    from graphql_schema.marketing.outbound_types import OutboundAnswer, OutboundMessage
    from graphql_schema.trade.types import Order

After = Annotated[
    str | None, strawberry.argument(description="Cursor of the row before the page; null: from the start.")
]
First = Annotated[int | None, strawberry.argument(description="Rows of the page, 1 to 100.")]


@strawberry.type(description="A word that a customer is found and served by.")
class Tag(Node):
    name: str = strawberry.field(description="Up to 30 characters.")


@strawberry.type(description="A tie between a customer, an owning store and the guide who serves.")
class Binding(Node):
    state: BindingState = strawberry.field(description="How it stands now.")
    bound_at: datetime = strawberry.field(description="When it began.")
    protected_until: datetime | None = strawberry.field(
        description="Until when nobody may take the customer over; null: the policy knows no such time."
    )
    expires_at: datetime | None = strawberry.field(description="When it runs out unless renewed; null: never.")
    guide_id: strawberry.Private[UUID]

    @strawberry.field(description="The guide who serves the customer.")
    async def guide(self, info: Info) -> Guide:
        facts = await employee_batches.employees(info.context).load(self.guide_id)
        if facts is None:
            raise LookupError(f"guide {self.guide_id} is gone")
        return guide_of_facts(facts)


@strawberry.type(description="A customer or visitor met a guide's code, shop or link. Never changed.")
class Touchpoint(Node):
    kind: TouchpointKind = strawberry.field(description="How.")
    channel: Channel = strawberry.field(description="Where.")
    occurred_at: datetime = strawberry.field(description="When. Repeats within ten minutes are one.")
    guide_id: strawberry.Private[UUID | None]

    @strawberry.field(description="Whose code or shop it was; null for a store's, and for a code that was revoked.")
    async def guide(self, info: Info) -> Guide | None:
        if self.guide_id is None:
            return None
        facts = await employee_batches.employees(info.context).load(self.guide_id)
        return None if facts is None else guide_of_facts(facts)


@strawberry.type(
    description="A person known to the brand. All but the masked name is for the customer, the serving guide, a "
    "manager of the branch, headquarters and the owner."
)
class Customer(Node):
    display_name: str = strawberry.field(description="Masked: 王**, or 顾客 with the phone's last four digits.")
    customer_id: strawberry.Private[UUID]
    facts: strawberry.Private[CustomerFacts | None]

    async def whole(self, info: Info) -> CustomerFacts:
        """All that whoever may see the customer sees; read at most once a request. Raises: Forbidden."""
        if self.facts is None:
            self.facts = await batches.customers(info.context).load(self.customer_id)
            if self.facts is None:
                raise Forbidden
        return self.facts

    @strawberry.field(description="The phone with its middle hidden: 199****0316.")
    async def phone_masked(self, info: Info) -> str | None:
        return (await self.whole(info)).phone_masked

    @strawberry.field(description="The guide who serves the customer now; null for nobody.")
    async def guide(self, info: Info) -> Guide | None:
        binding = (await self.whole(info)).binding
        if binding is None or binding.state is BindingState.EXPIRED:
            return None
        facts = await employee_batches.employees(info.context).load(binding.guide_id)
        return None if facts is None else guide_of_facts(facts)

    @strawberry.field(description="The latest binding; it may have run out.")
    async def binding(self, info: Info) -> Binding | None:
        found = (await self.whole(info)).binding
        return None if found is None else to_binding(found)

    @strawberry.field(description="When the customer, or a visitor who turned out to be one, last touched anything.")
    async def last_touch_at(self, info: Info) -> datetime | None:
        await self.whole(info)
        return await batches.last_touches(info.context).load(self.customer_id)

    @strawberry.field(description="At most 50.")
    async def tags(self, info: Info) -> list[Tag]:
        await self.whole(info)
        return []

    @strawberry.field(description="Paid orders, ever.")
    async def order_count(self, info: Info) -> int:
        await self.whole(info)
        return (await trade_batches.sales(info.context).load(self.customer_id) or NO_SALES).orders

    @strawberry.field(description="Goods paid for, without freight, less refunds, ever.")
    async def net_sales(self, info: Info) -> Money:
        await self.whole(info)
        sales = await trade_batches.sales(info.context).load(self.customer_id) or NO_SALES
        return to_money(sales.net_sales_minor, (await info.context.brand()).currency)

    @strawberry.field(description="The customer's orders, the latest first.")
    async def orders(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection[Annotated["Order", strawberry.lazy("graphql_schema.trade.types")]]:
        from graphql_schema.trade.loaders import customer_orders  # noqa: PLC0415 - those loaders import these types

        await self.whole(info)
        return await customer_orders(info, self.customer_id, first, after)

    @strawberry.field(description="Messages that somebody wanted to send, each with what became of it; latest first.")
    async def outbound_messages(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection[Annotated["OutboundMessage", strawberry.lazy("graphql_schema.marketing.outbound_types")]]:
        from graphql_schema.marketing.outbound_loaders import customer_messages  # noqa: PLC0415 - they load customers

        await self.whole(info)
        return await customer_messages(info, self.customer_id, first, after)

    @strawberry.field(description="What would become of a message if it were sent now. Nothing is written.")
    async def may_send(
        self,
        info: Info,
        channel: Annotated[OutboundChannel, strawberry.argument(description="By what it would go.")],
        kind: Annotated[OutboundKind, strawberry.argument(description="What for.")],
    ) -> Annotated["OutboundAnswer", strawberry.lazy("graphql_schema.marketing.outbound_types")]:
        from graphql_schema.marketing.outbound_loaders import answer_of  # noqa: PLC0415 - they load customers

        await self.whole(info)
        return await answer_of(info, self.customer_id, channel, kind)

    @strawberry.field(description="The customer's coupons, the latest first.")
    async def coupons(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        states: Annotated[
            list[CouponState] | None, strawberry.argument(description="Only in one of these states; null: in any.")
        ] = None,
    ) -> Connection[Annotated["Coupon", strawberry.lazy("graphql_schema.marketing.coupon_types")]]:
        from graphql_schema.marketing.coupon_loaders import customer_coupons  # noqa: PLC0415 - it imports these types

        await self.whole(info)
        return await customer_coupons(info, self.customer_id, first, after, states)


def to_customer(facts: CustomerFacts) -> Customer:
    """A customer whom the caller may see whole."""
    return Customer(
        id=encode_global_id("Customer", facts.customer_id),
        display_name=facts.display_name,
        customer_id=facts.customer_id,
        facts=facts,
    )


def to_named_customer(customer_id: UUID, display_name: str) -> Customer:
    """A customer of whom the masked name is known; whether the caller may see more is asked when it is."""
    return Customer(
        id=encode_global_id("Customer", customer_id), display_name=display_name, customer_id=customer_id, facts=None
    )


def to_binding(facts: BindingFacts) -> Binding:
    return Binding(
        id=encode_global_id("Binding", facts.binding_id),
        state=facts.state,
        bound_at=facts.bound_at,
        protected_until=facts.protected_until,
        expires_at=facts.expires_at,
        guide_id=facts.guide_id,
    )


def to_touchpoint(facts: TouchpointFacts) -> Touchpoint:
    return Touchpoint(
        id=encode_global_id("Touchpoint", facts.touchpoint_id),
        kind=facts.kind,
        channel=facts.channel,
        occurred_at=facts.occurred_at,
        guide_id=facts.guide_id,
    )
