"""Inputs over quotations."""

from datetime import datetime

import strawberry

from graphql_schema.scalars import Long
from graphql_schema.trade.inputs import FulfilmentInput, OrderLineInput

_KEY = "16 to 64 characters; the same key gives the same answer."
_LINK = "The token of the quotation's code, as in its link."


@strawberry.input(description="A quotation to make, at the prices of the guide's branch now.")
class QuotationCreateInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    lines: list[OrderLineInput] = strawberry.field(
        description="1 to 50 different SKUs; lines of equal SKUs count as one."
    )
    customer_id: strawberry.ID | None = strawberry.field(
        default=None, description="A customer whom the guide serves; left out: for whoever accepts it first."
    )
    note: str | None = strawberry.field(default=None, description="Words to the customer, up to 500 characters.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="An hour to 30 days from now; left out: seven days."
    )


@strawberry.input(description="A quotation to take back.")
class QuotationWithdrawInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    quotation_id: strawberry.ID = strawberry.field(description="An open one of one's own.")


@strawberry.input(description="A quotation to accept as it stands.")
class QuotationAcceptInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    token: str = strawberry.field(description=_LINK)
    fulfilment: FulfilmentInput = strawberry.field(description="How the goods are to reach the customer.")
    expected_total_minor: Long | None = strawberry.field(
        default=None, description="The total with freight that the customer saw, in minor units: another is refused."
    )
    note: str | None = strawberry.field(default=None, description="A word to the shop, up to 200 characters.")


@strawberry.input(description="A quotation that the customer does not want.")
class QuotationDeclineInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    token: str = strawberry.field(description=_LINK)
