"""Inputs over baskets, orders and payments."""

from collections.abc import Sequence
from uuid import UUID

import strawberry

from app.trade.values import LineRequest
from graphql_schema.addresses import AddressInput
from graphql_schema.global_ids import input_id
from graphql_schema.scalars import Long
from graphql_schema.trade.enums import FulfilmentMethod, ProviderName

_KEY = "16 to 64 characters; the same key gives the same answer."
_LINES = "1 to 50 different SKUs; lines of equal SKUs count as one."
_COUPONS = "Coupons to use; none can be used yet."


@strawberry.input(description="So many pieces of a SKU.")
class OrderLineInput:
    sku_id: strawberry.ID = strawberry.field(description="The SKU.")
    quantity: int = strawberry.field(description="1 to 99, over all lines of the SKU.")


@strawberry.input(description="How the goods are to reach the customer.")
class FulfilmentInput:
    method: FulfilmentMethod = strawberry.field(description="DELIVERY; PICKUP is not offered yet.")
    pickup_store_id: strawberry.ID | None = strawberry.field(default=None, description="For PICKUP: the store.")
    address: AddressInput | None = strawberry.field(
        default=None, description="For DELIVERY: where to, required when an order is placed."
    )


@strawberry.input(description="A basket to price.")
class OrderQuoteInput:
    shop_slug: str = strawberry.field(description="The shop, as in /s/{slug}.")
    lines: list[OrderLineInput] = strawberry.field(description=_LINES)
    fulfilment: FulfilmentInput | None = strawberry.field(default=None, description="Left out: DELIVERY.")
    coupon_ids: list[strawberry.ID] | None = strawberry.field(default=None, description=_COUPONS)


@strawberry.input(description="An order to place.")
class OrderPlaceInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    shop_slug: str = strawberry.field(description="The shop, as in /s/{slug}.")
    lines: list[OrderLineInput] = strawberry.field(description=_LINES)
    fulfilment: FulfilmentInput = strawberry.field(description="How the goods are to reach the customer.")
    expected_total_minor: Long | None = strawberry.field(
        default=None, description="The total that the customer saw, in minor units: another one is refused."
    )
    coupon_ids: list[strawberry.ID] | None = strawberry.field(default=None, description=_COUPONS)
    code: str | None = strawberry.field(
        default=None, description="Token of the code or link that led here; an unknown one counts for nobody."
    )
    note: str | None = strawberry.field(default=None, description="A word to the shop, up to 200 characters.")


@strawberry.input(description="A payment to begin.")
class PaymentStartInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    order_id: strawberry.ID = strawberry.field(description="An own order that waits for payment.")
    provider: ProviderName = strawberry.field(description="SANDBOX outside production; WECHAT_PAY is not offered yet.")


@strawberry.input(description="An order to give up.")
class OrderCancelInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    order_id: strawberry.ID = strawberry.field(description="An own order that is not paid.")


def to_lines(lines: Sequence[OrderLineInput]) -> list[LineRequest]:
    """The lines as the services take them. Raises: InvalidInput for an id that is none."""
    return [
        LineRequest(input_id(line.sku_id, "Sku", "lines", str(position), "skuId"), line.quantity)
        for position, line in enumerate(lines)
    ]


def to_coupons(coupon_ids: Sequence[strawberry.ID] | None) -> list[UUID]:
    """The coupons' keys. Raises: InvalidInput for an id that is none."""
    return [input_id(coupon_id, "Coupon", "couponIds") for coupon_id in coupon_ids or ()]
