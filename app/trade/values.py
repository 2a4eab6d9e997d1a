"""Plain values of trade: states of orders, payments and after-sales, priced lines and totals. Amounts: minor units."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

Problem = tuple[str, str]
"""A field's name and why its value is refused: a pair that the caller turns into a path and a message."""


class OrderState(StrEnum):
    DRAFT = "DRAFT"
    PENDING_PAYMENT = "PENDING_PAYMENT"
    PAID = "PAID"
    GROUP_WAITING = "GROUP_WAITING"
    FULFILLING = "FULFILLING"
    READY_FOR_PICKUP = "READY_FOR_PICKUP"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    CLOSED = "CLOSED"


class OrderEvent(StrEnum):
    """What happens to an order. EXPIRE: the payment deadline passed. REFUND_WHOLE: every line is refunded.

    TAKE: what was bought in the store is taken at once.
    """

    PLACE = "PLACE"
    PAY = "PAY"
    CANCEL = "CANCEL"
    EXPIRE = "EXPIRE"
    AWAIT_GROUP = "AWAIT_GROUP"
    FULFIL = "FULFIL"
    MAKE_READY = "MAKE_READY"
    SHIP = "SHIP"
    DELIVER = "DELIVER"
    HAND_OVER = "HAND_OVER"
    TAKE = "TAKE"
    COMPLETE = "COMPLETE"
    REFUND_WHOLE = "REFUND_WHOLE"


class OrderAction(StrEnum):
    """What a caller may do with an order now, as the API offers it."""

    PAY = "PAY"
    CANCEL = "CANCEL"
    CONFIRM_RECEIPT = "CONFIRM_RECEIPT"
    REQUEST_AFTER_SALE = "REQUEST_AFTER_SALE"
    SHIP = "SHIP"
    MAKE_READY = "MAKE_READY"
    HAND_OVER = "HAND_OVER"
    REFUSE = "REFUSE"
    REROUTE = "REROUTE"


class FulfilmentMethod(StrEnum):
    """How goods reach the customer. IN_STORE: paid on the phone, in the store of the shop's guide, and taken there."""

    DELIVERY = "DELIVERY"
    PICKUP = "PICKUP"
    IN_STORE = "IN_STORE"

    @property
    def is_sent(self) -> bool:
        return self is FulfilmentMethod.DELIVERY


class ProviderName(StrEnum):
    """Who takes the money; the API's PaymentProvider."""

    SANDBOX = "SANDBOX"
    WECHAT_PAY = "WECHAT_PAY"


class PaymentState(StrEnum):
    """STARTED until the provider says how it ended. SUCCEEDED money is kept, REFUNDED money went back whole."""

    STARTED = "STARTED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CLOSED = "CLOSED"
    REFUNDED = "REFUNDED"


class PaymentEvent(StrEnum):
    """SUCCEED and FAIL are the provider's word, CLOSE and REFUND ours; REFUND: the whole amount has gone back."""

    SUCCEED = "SUCCEED"
    FAIL = "FAIL"
    CLOSE = "CLOSE"
    REFUND = "REFUND"


class RefundState(StrEnum):
    """REQUESTED until the provider has answered; FAILED: it refused. Either way it is asked again."""

    REQUESTED = "REQUESTED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class RefundCause(StrEnum):
    """Why money goes back: by itself, as the order was cancelled before it came or another payment had paid the order;
    or for an after-sale."""

    ORDER_CANCELLED = "ORDER_CANCELLED"
    PAID_TWICE = "PAID_TWICE"
    AFTER_SALE = "AFTER_SALE"


class CallbackOutcome(StrEnum):
    """REFUSED callbacks changed nothing; DUPLICATE ones had been accepted before."""

    ACCEPTED = "ACCEPTED"
    DUPLICATE = "DUPLICATE"
    REFUSED = "REFUSED"


class AfterSaleKind(StrEnum):
    REFUND_ONLY = "REFUND_ONLY"
    RETURN_AND_REFUND = "RETURN_AND_REFUND"


class AfterSaleState(StrEnum):
    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    RETURNING = "RETURNING"
    RECEIVED = "RECEIVED"
    REFUNDING = "REFUNDING"
    REFUNDED = "REFUNDED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    REFUND_FAILED = "REFUND_FAILED"


class AfterSaleEvent(StrEnum):
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    WITHDRAW = "WITHDRAW"
    SHIP_RETURN = "SHIP_RETURN"
    RECEIVE = "RECEIVE"
    START_REFUND = "START_REFUND"
    REFUND = "REFUND"
    FAIL_REFUND = "FAIL_REFUND"


class AfterSaleAction(StrEnum):
    """What a caller may do with an after-sale now, as the API offers it."""

    WITHDRAW = "WITHDRAW"
    SHIP_RETURN = "SHIP_RETURN"
    DECIDE = "DECIDE"
    RECEIVE = "RECEIVE"
    RETRY_REFUND = "RETRY_REFUND"


class DifferenceKind(StrEnum):
    """How our book and the provider's differ about one charge or refund."""

    AMOUNT = "AMOUNT"
    CURRENCY = "CURRENCY"
    UNKNOWN_TO_US = "UNKNOWN_TO_US"
    UNKNOWN_TO_PROVIDER = "UNKNOWN_TO_PROVIDER"


class QuotationState(StrEnum):
    """OPEN until its end; EXPIRED follows from the time alone and is never written down."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


class QuotationEvent(StrEnum):
    """ACCEPT and DECLINE are the customer's, WITHDRAW is the guide's, EXPIRE the clock's."""

    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"
    WITHDRAW = "WITHDRAW"
    EXPIRE = "EXPIRE"


class QuotationSight(StrEnum):
    """What somebody who opens a quotation's link may see of it.

    TAKEN: that somebody else accepted it. SIGN_IN: it is for one customer, who may be this one. HIDDEN: nothing.
    """

    SHOWN = "SHOWN"
    TAKEN = "TAKEN"
    SIGN_IN = "SIGN_IN"
    HIDDEN = "HIDDEN"


class ForbiddenMove(ValueError):
    """The declared table knows no such step from that state."""

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"{event} is not allowed from {state}")
        self.state = state
        self.event = event


@dataclass(frozen=True, slots=True)
class LineRequest:
    """So many pieces of a SKU that somebody wants to buy."""

    sku_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a guide has promised: the price of one piece of each SKU, in minor units."""

    guide_id: UUID
    unit_prices: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that could send an order whole. `is_warehouse`: the brand's shipping location; else a store."""

    location_id: UUID
    is_warehouse: bool
    name: str
    city: str | None


@dataclass(frozen=True, slots=True)
class LineToPrice:
    """A line with its price. `fixed_total_minor` (an imported basket's own) stands in for quantity × unit price."""

    sku_id: UUID
    quantity: int
    unit_price_minor: int
    fixed_total_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """An amount off an order, with the words that explain it to the customer.

    `sku_ids`: the SKUs whose lines share it; None: all lines do.
    """

    label: str
    amount_minor: int
    sku_ids: frozenset[UUID] | None = None


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line as it is charged: `total_minor` = `subtotal_minor` - `discount_minor`, never below zero."""

    sku_id: UUID
    quantity: int
    unit_price_minor: int
    subtotal_minor: int
    discount_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """`total_minor` = subtotal - discount + freight."""

    subtotal_minor: int
    discount_minor: int
    freight_minor: int
    total_minor: int

    @property
    def goods_minor(self) -> int:
        """The goods after discounts, without freight: what gross sales and commission count."""
        return self.subtotal_minor - self.discount_minor
