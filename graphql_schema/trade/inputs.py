"""Inputs over baskets, orders and payments."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from app.trade import staff_orders
from app.trade.freight_values import Region
from app.trade.values import LineRequest
from graphql_schema.addresses import AddressInput
from graphql_schema.global_ids import input_id, optional_input_id
from graphql_schema.scalars import Long
from graphql_schema.trade.enums import FulfilmentMethod, OrderState, ProviderName

_KEY = "16 to 64 characters; the same key gives the same answer."
_LINES = "1 to 50 different SKUs; lines of equal SKUs count as one."
_COUPONS = "Own coupons to use, at most 10: one AMOUNT or PERCENT coupon, and EXCHANGE ones. Only customers have any."


@strawberry.input(description="So many pieces of a SKU.")
class OrderLineInput:
    sku_id: strawberry.ID = strawberry.field(description="The SKU.")
    quantity: int = strawberry.field(description="1 to 99, over all lines of the SKU.")


@strawberry.input(description="How the goods are to reach the customer.")
class FulfilmentInput:
    method: FulfilmentMethod = strawberry.field(description="DELIVERY: sent to an address; PICKUP: fetched in a store.")
    pickup_store_id: strawberry.ID | None = strawberry.field(
        default=None, description="For PICKUP: the store, required when an order is placed."
    )
    address: AddressInput | None = strawberry.field(
        default=None,
        description="For DELIVERY: where to, required when an order is placed; a quote knows by it what "
        "sending there costs. For PICKUP: not kept.",
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


@strawberry.input(description="An order that has arrived.")
class OrderConfirmReceiptInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    order_id: strawberry.ID = strawberry.field(description="An own order that was sent, or fetched.")


@strawberry.input(description="A parcel to send.")
class OrderShipInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    order_id: strawberry.ID = strawberry.field(description="A paid order that is to be sent.")
    carrier: str | None = strawberry.field(default=None, description="Who carries it, up to 60 characters.")
    tracking_number: str | None = strawberry.field(
        default=None, description="The carrier's number, up to 60 characters."
    )


@strawberry.input(description="An order that waits in its store now.")
class OrderMakeReadyInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    order_id: strawberry.ID = strawberry.field(description="A paid order that is to be fetched.")


@strawberry.input(description="An order to give to its customer.")
class OrderHandOverInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    order_id: strawberry.ID = strawberry.field(description="An order that is ready to be fetched.")
    code: str = strawberry.field(description="The eight digits that the customer shows; five tries an hour.")


@strawberry.input(description="A basket to fetch.")
class PickupStoresInput:
    shop_slug: str = strawberry.field(description="As in /s/{slug}.")
    lines: list[OrderLineInput] = strawberry.field(description="1 to 50.")


@strawberry.input(description="An order that a place will not send.")
class OrderRefuseInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    order_id: strawberry.ID = strawberry.field(description="A paid order that waits to be sent.")
    reason: str = strawberry.field(description="Why, 1 to 200 characters, for those who send it instead.")
    missing: list[OrderLineInput] | None = strawberry.field(
        default=None,
        description="Pieces that are not there, each SKU once: they are written off instead of being in stock again. "
        "For a manager of the store, headquarters and the owner.",
    )


@strawberry.input(description="An order to be sent from another place.")
class OrderRerouteInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    order_id: strawberry.ID = strawberry.field(description="A paid order that waits to be sent.")
    location_id: strawberry.ID = strawberry.field(description="A location or a store that has every piece.")
    reason: str = strawberry.field(description="Why, 1 to 200 characters.")


@strawberry.input(description="What a list of orders is narrowed to; what is left out narrows nothing.")
class OrderFilter:
    states: list[OrderState] | None = strawberry.field(default=None, description="In one of these states.")
    store_id: strawberry.ID | None = strawberry.field(default=None, description="The store whose sale it is.")
    guide_id: strawberry.ID | None = strawberry.field(default=None, description="The guide whose sale it is.")
    placed_from: datetime | None = strawberry.field(default=None, description="Placed at this instant or later.")
    placed_to: datetime | None = strawberry.field(default=None, description="Placed before this instant.")
    search: str | None = strawberry.field(
        default=None,
        description="The beginning of an order number, a customer's whole phone, or the last four digits of one.",
    )

    def to_value(self) -> staff_orders.OrderFilter:
        """The filter as the services take it. Raises: InvalidInput for an id that is none."""
        return staff_orders.OrderFilter(
            states=tuple(self.states or ()),
            store_id=optional_input_id(self.store_id, "Store", "filter", "storeId"),
            guide_id=optional_input_id(self.guide_id, "Guide", "filter", "guideId"),
            placed_from=self.placed_from,
            placed_to=self.placed_to,
            search=self.search,
        )


def to_pickup_store(fulfilment: FulfilmentInput | None) -> UUID | None:
    """The key of the store where an order is fetched. Raises: InvalidInput for an id that is none."""
    if fulfilment is None or fulfilment.method is FulfilmentMethod.DELIVERY:
        return None
    return optional_input_id(fulfilment.pickup_store_id, "Store", "fulfilment", "pickupStoreId")


def to_region(fulfilment: FulfilmentInput | None) -> Region | None:
    """Where goods that are sent go, where that is said."""
    address = None if fulfilment is None or not fulfilment.method.is_sent else fulfilment.address
    return None if address is None else Region(address.province, address.city)


def to_lines(lines: Sequence[OrderLineInput]) -> list[LineRequest]:
    """The lines as the services take them. Raises: InvalidInput for an id that is none."""
    return [
        LineRequest(input_id(line.sku_id, "Sku", "lines", str(position), "skuId"), line.quantity)
        for position, line in enumerate(lines)
    ]


def to_coupons(coupon_ids: Sequence[strawberry.ID] | None) -> list[UUID]:
    """The coupons' keys. Raises: InvalidInput for an id that is none."""
    return [
        input_id(coupon_id, "Coupon", "couponIds", str(position)) for position, coupon_id in enumerate(coupon_ids or ())
    ]
