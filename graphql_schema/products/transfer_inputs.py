"""Inputs over locations and transfers."""

from collections.abc import Sequence

import strawberry

from app.products.values import StockLine
from graphql_schema.global_ids import input_id

_KEY = "16 to 64 characters; the same key gives the same answer."


@strawberry.input(description="Pieces of a SKU.")
class StockLineInput:
    sku_id: strawberry.ID = strawberry.field(description="The SKU.")
    quantity: int = strawberry.field(description="Pieces, up to 100,000.")


@strawberry.input(description="What a place does.")
class LocationUpdateInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    location_id: strawberry.ID = strawberry.field(description="A store, or its location.")
    ships_orders: bool = strawberry.field(description="Whether orders that are sent may be routed to it.")


@strawberry.input(description="Goods to move.")
class StockTransferRequestInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    from_location_id: strawberry.ID = strawberry.field(description="The location or store that they leave.")
    to_location_id: strawberry.ID = strawberry.field(description="The location or store that they go to.")
    lines: list[StockLineInput] = strawberry.field(description="1 to 200, at least one piece each.")
    note: str | None = strawberry.field(default=None, description="Why, up to 200 characters.")


@strawberry.input(description="Goods that leave.")
class StockTransferSendInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    transfer_id: strawberry.ID = strawberry.field(description="One that is REQUESTED.")
    lines: list[StockLineInput] | None = strawberry.field(
        default=None, description="What leaves of some SKUs, where it is less than was asked for; 0: nothing."
    )


@strawberry.input(description="Goods that arrived.")
class StockTransferReceiveInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    transfer_id: strawberry.ID = strawberry.field(description="One that is SENT.")
    lines: list[StockLineInput] | None = strawberry.field(
        default=None, description="What was counted of some SKUs, where it is less than was sent; 0: nothing."
    )
    difference_note: str | None = strawberry.field(default=None, description="About what is missing, 200 characters.")


@strawberry.input(description="A transfer to call off.")
class StockTransferCancelInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    transfer_id: strawberry.ID = strawberry.field(description="One that is REQUESTED.")


def to_stock_lines(lines: Sequence[StockLineInput]) -> list[StockLine]:
    """The lines as the services take them. Raises: InvalidInput for an id that is none."""
    return [
        StockLine(input_id(line.sku_id, "Sku", "lines", str(position), "skuId"), line.quantity)
        for position, line in enumerate(lines)
    ]
