"""Transfers of stock between locations."""

from datetime import datetime
from uuid import UUID

import strawberry

from app.products.stock_reads import TransferLine as LineView
from app.products.stock_reads import TransferView
from graphql_schema.context import Info
from graphql_schema.paging import Node, encode_global_id
from graphql_schema.products import loaders
from graphql_schema.products.enums import TransferState
from graphql_schema.products.places import Location, to_location
from graphql_schema.products.types import Sku


@strawberry.type(description="Pieces of a SKU in a transfer.")
class StockTransferLine:
    requested: int = strawberry.field(description="Pieces that were asked for.")
    sent: int | None = strawberry.field(description="Pieces that left; null: none has left yet.")
    received: int | None = strawberry.field(description="Pieces that were counted on arrival; null: not yet.")
    difference: int | None = strawberry.field(description="Pieces that left and did not arrive; null: not known yet.")
    sku_id: strawberry.Private[UUID]

    @strawberry.field(description="What it is of.")
    async def sku(self, info: Info) -> Sku:
        found = await loaders.sku_of(info, self.sku_id)
        if found is None:
            raise LookupError(f"SKU {self.sku_id} is gone")
        return found


@strawberry.type(
    description="Goods that go from one place to another, for headquarters, the owner, and managers of either end."
)
class StockTransfer(Node):
    state: TransferState = strawberry.field(description="Where it stands.")
    note: str | None = strawberry.field(description="Why, up to 200 characters.")
    difference_note: str | None = strawberry.field(description="What was said about a difference on arrival.")
    requested_at: datetime = strawberry.field(description="When it was asked for.")
    sent_at: datetime | None = strawberry.field(description="When the goods left.")
    received_at: datetime | None = strawberry.field(description="When they arrived.")
    cancelled_at: datetime | None = strawberry.field(description="When it was called off.")
    from_location: Location = strawberry.field(description="Where the goods leave.")
    to_location: Location = strawberry.field(description="Where they go to.")
    lines: list[StockTransferLine] = strawberry.field(description="1 to 200, a SKU each.")


def to_transfer(view: TransferView) -> StockTransfer:
    return StockTransfer(
        id=encode_global_id("StockTransfer", view.id),
        state=view.state,
        note=view.note,
        difference_note=view.difference_note,
        requested_at=view.requested_at,
        sent_at=view.sent_at,
        received_at=view.received_at,
        cancelled_at=view.cancelled_at,
        from_location=to_location(view.origin),
        to_location=to_location(view.target),
        lines=[_to_line(line) for line in view.lines],
    )


def _to_line(line: LineView) -> StockTransferLine:
    return StockTransferLine(
        requested=line.requested,
        sent=line.sent,
        received=line.received,
        difference=line.difference,
        sku_id=line.sku_id,
    )
