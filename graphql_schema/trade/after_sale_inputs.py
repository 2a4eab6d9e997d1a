"""Inputs over after-sales."""

import strawberry

from graphql_schema.commission.enums import Decision
from graphql_schema.scalars import Long
from graphql_schema.trade.enums import AfterSaleKind

_KEY = "16 to 64 characters; the same key gives the same answer."


@strawberry.input(description="A return or refund to ask for.")
class AfterSaleRequestInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    order_line_id: strawberry.ID = strawberry.field(description="A line of an own paid order.")
    quantity: int = strawberry.field(description="Pieces, 1 up to the line's refundableQuantity.")
    kind: AfterSaleKind = strawberry.field(
        description="RETURN_AND_REFUND once the goods have left or wait in the store."
    )
    reason: str = strawberry.field(description="Why, up to 500 characters. Kept encrypted.")
    amount_minor: Long | None = strawberry.field(
        default=None,
        description="Of the goods, in minor units: at most what the pieces come to, which it is where left out.",
    )
    evidence_urls: list[str] | None = strawberry.field(
        default=None, description="Up to 9 pictures: https addresses or paths below /media/."
    )


@strawberry.input(description="An after-sale to give up.")
class AfterSaleWithdrawInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    after_sale_id: strawberry.ID = strawberry.field(description="An own one, REQUESTED or APPROVED.")


@strawberry.input(description="Goods that were sent back.")
class AfterSaleReturnShipInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    after_sale_id: strawberry.ID = strawberry.field(description="An own return that is APPROVED.")
    carrier: str = strawberry.field(description="Up to 60 characters.")
    tracking_number: str = strawberry.field(description="Up to 60 characters.")


@strawberry.input(description="What is said to a request.")
class AfterSaleDecideInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    after_sale_id: strawberry.ID = strawberry.field(description="One that is REQUESTED.")
    decision: Decision = strawberry.field(description="A return that is approved then waits for its goods.")
    comment: str | None = strawberry.field(
        default=None, description="For the customer, up to 500 characters; required with REJECT. Kept encrypted."
    )


@strawberry.input(description="Goods that came back.")
class AfterSaleReceiveInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    after_sale_id: strawberry.ID = strawberry.field(description="A return that is RETURNING, or APPROVED and brought.")
    restock: bool = strawberry.field(description="Whether the pieces can be sold again.")
    location_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The location or store they are in stock again; null: the store that the caller works in, else "
        "where they were sold.",
    )


@strawberry.input(description="A refund that the provider refused.")
class AfterSaleRefundRetryInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    after_sale_id: strawberry.ID = strawberry.field(description="One that is REFUND_FAILED.")
