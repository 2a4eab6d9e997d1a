"""After-sales: returns and refunds of pieces of one line."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from app.platform.db import Brand
from app.trade import after_sale_reads
from app.trade.after_sale_reads import AfterSaleView
from graphql_schema.addresses import PostalAddress, to_address
from graphql_schema.context import Info
from graphql_schema.money import Money, to_money
from graphql_schema.paging import Node, encode_global_id
from graphql_schema.selections import is_enough, only
from graphql_schema.trade.enums import AfterSaleAction, AfterSaleKind, AfterSaleState

if TYPE_CHECKING:
    from graphql_schema.trade.types import Order, OrderLine


@strawberry.type(
    description="A return or refund of pieces of one line: for the buyer, the guide whose sale it is, managers of the "
    "branch, headquarters and the owner."
)
class AfterSale(Node):
    state: AfterSaleState = strawberry.field(description="Where it stands.")
    kind: AfterSaleKind = strawberry.field(description="Whether the goods come back.")
    quantity: int = strawberry.field(description="Pieces.")
    reason: str = strawberry.field(description="The customer's words, up to 500 characters.")
    evidence_urls: list[str] = strawberry.field(description="Pictures that the customer showed; at most 9.")
    refund: Money = strawberry.field(
        description="What goes back: of the goods, and the freight with the last piece of an order that never left."
    )
    requested_at: datetime = strawberry.field(description="When the customer asked.")
    due_at: datetime | None = strawberry.field(
        description="Until when somebody is waited for: REQUESTED, then it is approved; APPROVED, then it is "
        "withdrawn; RETURNING, then it counts as received. Null in other states."
    )
    decided_at: datetime | None = strawberry.field(description="When it was approved or rejected.")
    comment: str | None = strawberry.field(
        description="What was said to the customer with the decision, up to 500 characters."
    )
    return_carrier: str | None = strawberry.field(description="Who carries the goods back, up to 60 characters.")
    return_tracking_number: str | None = strawberry.field(description="The carrier's number, up to 60 characters.")
    refunded_at: datetime | None = strawberry.field(description="When the money was back.")
    view: strawberry.Private[AfterSaleView]

    @strawberry.field(description="The order.")
    async def order(self, info: Info) -> Annotated["Order", strawberry.lazy("graphql_schema.trade.types")]:
        from graphql_schema.trade import loaders, types  # noqa: PLC0415 - the order's types name these

        if is_enough(info, "id", "number"):
            return only(types.Order, id=encode_global_id("Order", self.view.order_id), number=self.view.order_number)
        found = await loaders.order_by_id(info, self.view.order_id)
        if found is None:
            raise LookupError(f"order {self.view.order_id} is gone")
        return found

    @strawberry.field(description="The line.")
    async def line(self, info: Info) -> Annotated["OrderLine", strawberry.lazy("graphql_schema.trade.types")]:
        from graphql_schema.trade import loaders, types  # noqa: PLC0415

        if is_enough(info, "id"):
            return only(types.OrderLine, id=encode_global_id("OrderLine", self.view.line_id))
        found = await loaders.line_by_id(info, self.view.line_id)
        if found is None:
            raise LookupError(f"line {self.view.line_id} is gone")
        return found

    @strawberry.field(
        description="While the goods of an approved return are waited for: where to send them, if the store has such "
        "an address; else they are brought to the store."
    )
    async def return_address(self, info: Info) -> PostalAddress | None:
        async with info.context.reading() as session:
            found = await after_sale_reads.return_address(session, self.view)
        return None if found is None else to_address(found)

    @strawberry.field(description="What the caller may do with it now.")
    async def allowed_actions(self, info: Info) -> list[AfterSaleAction]:
        return list(after_sale_reads.allowed_actions(await info.context.actor(), self.view))


def to_after_sale(view: AfterSaleView, brand: Brand) -> AfterSale:
    return AfterSale(
        id=encode_global_id("AfterSale", view.id),
        state=view.state,
        kind=view.kind,
        quantity=view.quantity,
        reason=view.reason,
        evidence_urls=list(view.evidence_urls),
        refund=to_money(view.goods_minor + view.freight_minor, brand.currency),
        requested_at=view.requested_at,
        due_at=view.due_at,
        decided_at=view.decided_at,
        comment=view.comment,
        return_carrier=view.return_carrier,
        return_tracking_number=view.return_tracking_number,
        refunded_at=view.refunded_at,
        view=view,
    )
