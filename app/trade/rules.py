"""Rules of trade: three declared state machines, the price of an order, and its number. Pure.

There is no other way to change a state than a move of these tables.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from app.platform.money import split_by_largest_remainder
from app.trade.values import (
    AfterSaleEvent,
    AfterSaleKind,
    AfterSaleState,
    Discount,
    ForbiddenMove,
    FulfilmentMethod,
    LineRequest,
    LineToPrice,
    OrderAction,
    OrderEvent,
    OrderState,
    OrderTotals,
    PaymentEvent,
    PaymentState,
    PricedLine,
    Problem,
)

MOST_LINES = 50
LARGEST_QUANTITY = 99
PAUSABLE = frozenset(set(OrderAction) - {OrderAction.PAY, OrderAction.CANCEL, OrderAction.REQUEST_AFTER_SALE})
"""What nobody does with an order while an after-sale of it is open."""

_O, _P, _R = OrderState, PaymentState, AfterSaleState

ORDER_MOVES: Mapping[tuple[OrderState, OrderEvent], OrderState] = MappingProxyType(
    {
        (_O.DRAFT, OrderEvent.PLACE): _O.PENDING_PAYMENT,
        (_O.DRAFT, OrderEvent.CANCEL): _O.CANCELLED,
        (_O.PENDING_PAYMENT, OrderEvent.PAY): _O.PAID,
        (_O.PENDING_PAYMENT, OrderEvent.CANCEL): _O.CANCELLED,
        (_O.PENDING_PAYMENT, OrderEvent.EXPIRE): _O.CANCELLED,
        (_O.PAID, OrderEvent.AWAIT_GROUP): _O.GROUP_WAITING,
        (_O.PAID, OrderEvent.FULFIL): _O.FULFILLING,
        (_O.GROUP_WAITING, OrderEvent.FULFIL): _O.FULFILLING,
        (_O.FULFILLING, OrderEvent.MAKE_READY): _O.READY_FOR_PICKUP,
        (_O.FULFILLING, OrderEvent.SHIP): _O.SHIPPED,
        (_O.READY_FOR_PICKUP, OrderEvent.HAND_OVER): _O.DELIVERED,
        (_O.PAID, OrderEvent.TAKE): _O.DELIVERED,
        (_O.SHIPPED, OrderEvent.DELIVER): _O.DELIVERED,
        (_O.DELIVERED, OrderEvent.COMPLETE): _O.COMPLETED,
        (_O.PAID, OrderEvent.REFUND_WHOLE): _O.CLOSED,
        (_O.GROUP_WAITING, OrderEvent.REFUND_WHOLE): _O.CLOSED,
        (_O.FULFILLING, OrderEvent.REFUND_WHOLE): _O.CLOSED,
        (_O.READY_FOR_PICKUP, OrderEvent.REFUND_WHOLE): _O.CLOSED,
        (_O.SHIPPED, OrderEvent.REFUND_WHOLE): _O.CLOSED,
        (_O.DELIVERED, OrderEvent.REFUND_WHOLE): _O.CLOSED,
        (_O.COMPLETED, OrderEvent.REFUND_WHOLE): _O.CLOSED,
    }
)
"""A cancelled order knows no payment: money that comes late goes back by itself, and the order stays cancelled."""

PAYMENT_MOVES: Mapping[tuple[PaymentState, PaymentEvent], PaymentState] = MappingProxyType(
    {
        (_P.STARTED, PaymentEvent.SUCCEED): _P.SUCCEEDED,
        (_P.STARTED, PaymentEvent.FAIL): _P.FAILED,
        (_P.STARTED, PaymentEvent.CLOSE): _P.CLOSED,
        (_P.SUCCEEDED, PaymentEvent.REFUND): _P.REFUNDED,
        # The provider's word comes late, twice and out of order. Money that arrived has arrived:
        (_P.FAILED, PaymentEvent.SUCCEED): _P.SUCCEEDED,
        (_P.CLOSED, PaymentEvent.SUCCEED): _P.SUCCEEDED,
        # and what was said before changes nothing.
        (_P.SUCCEEDED, PaymentEvent.SUCCEED): _P.SUCCEEDED,
        (_P.SUCCEEDED, PaymentEvent.FAIL): _P.SUCCEEDED,
        (_P.FAILED, PaymentEvent.FAIL): _P.FAILED,
        (_P.FAILED, PaymentEvent.CLOSE): _P.FAILED,
        (_P.CLOSED, PaymentEvent.FAIL): _P.CLOSED,
        (_P.CLOSED, PaymentEvent.CLOSE): _P.CLOSED,
        (_P.REFUNDED, PaymentEvent.SUCCEED): _P.REFUNDED,
        (_P.REFUNDED, PaymentEvent.FAIL): _P.REFUNDED,
        (_P.REFUNDED, PaymentEvent.REFUND): _P.REFUNDED,
    }
)
"""A move to the same state is a harmless repetition: nothing is written and nothing booked."""

_EITHER_KIND: Mapping[tuple[AfterSaleState, AfterSaleEvent], AfterSaleState] = {
    (_R.REQUESTED, AfterSaleEvent.APPROVE): _R.APPROVED,
    (_R.REQUESTED, AfterSaleEvent.REJECT): _R.REJECTED,
    (_R.REQUESTED, AfterSaleEvent.WITHDRAW): _R.WITHDRAWN,
    (_R.APPROVED, AfterSaleEvent.WITHDRAW): _R.WITHDRAWN,
    (_R.REFUNDING, AfterSaleEvent.REFUND): _R.REFUNDED,
    (_R.REFUNDING, AfterSaleEvent.FAIL_REFUND): _R.REFUND_FAILED,
    (_R.REFUND_FAILED, AfterSaleEvent.START_REFUND): _R.REFUNDING,
}
AFTER_SALE_MOVES: Mapping[AfterSaleKind, Mapping[tuple[AfterSaleState, AfterSaleEvent], AfterSaleState]] = (
    MappingProxyType(
        {
            AfterSaleKind.REFUND_ONLY: MappingProxyType(
                {**_EITHER_KIND, (_R.APPROVED, AfterSaleEvent.START_REFUND): _R.REFUNDING}
            ),
            AfterSaleKind.RETURN_AND_REFUND: MappingProxyType(
                {
                    **_EITHER_KIND,
                    (_R.APPROVED, AfterSaleEvent.SHIP_RETURN): _R.RETURNING,
                    # Brought to the store instead of sent.
                    (_R.APPROVED, AfterSaleEvent.RECEIVE): _R.RECEIVED,
                    (_R.RETURNING, AfterSaleEvent.RECEIVE): _R.RECEIVED,
                    (_R.RECEIVED, AfterSaleEvent.START_REFUND): _R.REFUNDING,
                }
            ),
        }
    )
)
"""Per kind: goods that come back are received before their money goes."""

# Damm's quasigroup: the running digit after each digit; it finds every wrong digit and every swap of neighbours.
_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
ORDER_DIGITS = 12


def move(state: OrderState, event: OrderEvent) -> OrderState:
    """The order's state after an event. Raises: ForbiddenMove."""
    after = ORDER_MOVES.get((state, event))
    if after is None:
        raise ForbiddenMove(state, event)
    return after


def move_payment(state: PaymentState, event: PaymentEvent) -> PaymentState:
    """The payment's state after an event; the same state for a harmless repetition. Raises: ForbiddenMove."""
    after = PAYMENT_MOVES.get((state, event))
    if after is None:
        raise ForbiddenMove(state, event)
    return after


def move_after_sale(kind: AfterSaleKind, state: AfterSaleState, event: AfterSaleEvent) -> AfterSaleState:
    """The after-sale's state after an event. Raises: ForbiddenMove."""
    after = AFTER_SALE_MOVES[kind].get((state, event))
    if after is None:
        raise ForbiddenMove(state, event)
    return after


def is_paid(state: OrderState) -> bool:
    """Whether the brand has the customer's money, and owes or has given the goods."""
    return (state, OrderEvent.REFUND_WHOLE) in ORDER_MOVES


def is_to_ship(state: OrderState, method: FulfilmentMethod) -> bool:
    """Whether the goods wait to be sent to the customer."""
    return method is FulfilmentMethod.DELIVERY and state in (_O.PAID, _O.FULFILLING)


def is_to_make_ready(state: OrderState, method: FulfilmentMethod) -> bool:
    """Whether the goods wait to be laid out for the customer who fetches them."""
    return method is FulfilmentMethod.PICKUP and state in (_O.PAID, _O.FULFILLING)


def automatic_step(
    state: OrderState,
    *,
    shipped_at: datetime | None,
    delivered_at: datetime | None,
    receipt_ttl_seconds: int,
    completion_ttl_seconds: int,
) -> tuple[OrderEvent, datetime] | None:
    """The step that an order takes by itself, and from when on; None: it waits for somebody."""
    if state is _O.SHIPPED and shipped_at is not None:
        return OrderEvent.DELIVER, shipped_at + timedelta(seconds=receipt_ttl_seconds)
    if state is _O.DELIVERED and delivered_at is not None:
        return OrderEvent.COMPLETE, delivered_at + timedelta(seconds=completion_ttl_seconds)
    return None


def return_until(delivered_at: datetime, *, window_seconds: int) -> datetime:
    """Until when goods received at `delivered_at` may go back without a reason."""
    return delivered_at + timedelta(seconds=window_seconds)


def allowed_actions(
    state: OrderState,
    *,
    is_buyer: bool,
    may_ship: bool = False,
    may_make_ready: bool = False,
    may_hand_over: bool = False,
    may_refuse: bool = False,
    may_reroute: bool = False,
    is_overdue: bool = False,
    has_refundable_lines: bool = False,
    has_open_after_sale: bool = False,
    method: FulfilmentMethod = FulfilmentMethod.DELIVERY,
) -> tuple[OrderAction, ...]:
    """What this caller may do with the order now, in the order of OrderAction.

    `is_overdue`: the payment deadline has passed, though nobody cancelled yet. `has_refundable_lines`: something can
    still be sent back or refunded, its window being open. While an after-sale is open nothing PAUSABLE is done.
    Confirming a shipped order's receipt is two moves, DELIVER and COMPLETE; shipping a paid one is FULFIL and SHIP,
    making one ready FULFIL and MAKE_READY.
    """
    is_unpaid = state is _O.PENDING_PAYMENT
    may = {
        OrderAction.PAY: is_buyer and is_unpaid and not is_overdue,
        OrderAction.CANCEL: is_buyer and is_unpaid,
        OrderAction.CONFIRM_RECEIPT: is_buyer and state in (_O.SHIPPED, _O.DELIVERED),
        OrderAction.REQUEST_AFTER_SALE: is_buyer and is_paid(state) and has_refundable_lines,
        OrderAction.SHIP: may_ship and is_to_ship(state, method),
        OrderAction.MAKE_READY: may_make_ready and is_to_make_ready(state, method),
        OrderAction.HAND_OVER: may_hand_over and state is _O.READY_FOR_PICKUP,
        OrderAction.REFUSE: may_refuse and is_to_ship(state, method),
        OrderAction.REROUTE: may_reroute and is_to_ship(state, method),
    }
    paused = PAUSABLE if has_open_after_sale else frozenset()
    return tuple(action for action in OrderAction if may[action] and action not in paused)


def merge_lines(lines: Iterable[LineRequest]) -> list[LineRequest]:
    """The lines with equal SKUs added up, where each first stood. Check the lines before: a negative one would hide."""
    quantities: dict[UUID, int] = {}
    for line in lines:
        quantities[line.sku_id] = quantities.get(line.sku_id, 0) + line.quantity
    return [LineRequest(sku_id, quantity) for sku_id, quantity in quantities.items()]


def check_lines(lines: Sequence[LineRequest], *, largest_quantity: int | None = LARGEST_QUANTITY) -> list[Problem]:
    """Why these lines cannot be ordered; empty: they can.

    1 to 50 different SKUs (REQUIRED, TOO_MANY), at least one piece a line, and at most `largest_quantity` of a SKU over
    all its lines (OUT_OF_RANGE; None, for baskets that were really bought: any). A line's field reads
    `lines.<index>.quantity`.
    """
    if not lines:
        return [("lines", "REQUIRED")]
    problems: list[Problem] = []
    merged = {line.sku_id: line.quantity for line in merge_lines(lines)}
    if len(merged) > MOST_LINES:
        problems.append(("lines", "TOO_MANY"))
    for index, line in enumerate(lines):
        is_too_large = largest_quantity is not None and merged[line.sku_id] > largest_quantity
        if line.quantity < 1 or is_too_large:
            problems.append((f"lines.{index}.quantity", "OUT_OF_RANGE"))
    return problems


def price_lines(lines: Sequence[LineToPrice], discounts: Sequence[Discount] = ()) -> list[PricedLine]:
    """Every line with its part of the discounts, in their order.

    A discount is spread over what is still to be paid for each of its lines, to the cent, and ends where nothing is
    left to pay; other lines have no part of it. Raises: ValueError for a quantity below 1 or a negative amount.
    """
    if any(line.quantity < 1 or line.unit_price_minor < 0 or (line.fixed_total_minor or 0) < 0 for line in lines):
        raise ValueError("a line needs a quantity of at least 1 and an amount of at least 0")
    subtotals = [
        line.quantity * line.unit_price_minor if line.fixed_total_minor is None else line.fixed_total_minor
        for line in lines
    ]
    totals = list(subtotals)
    for discount in discounts:
        on = discount.sku_ids
        shared = [total if on is None or line.sku_id in on else 0 for line, total in zip(lines, totals, strict=True)]
        parts = split_discount(discount.amount_minor, shared)
        totals = [total - part for total, part in zip(totals, parts, strict=True)]
    return [
        PricedLine(
            sku_id=line.sku_id,
            quantity=line.quantity,
            unit_price_minor=line.unit_price_minor,
            subtotal_minor=subtotal,
            discount_minor=subtotal - total,
            total_minor=total,
        )
        for line, subtotal, total in zip(lines, subtotals, totals, strict=True)
    ]


def split_discount(amount_minor: int, totals_minor: Sequence[int]) -> list[int]:
    """A discount's part of each line by largest remainder, at most the line itself. Raises: ValueError below zero."""
    if amount_minor < 0:
        raise ValueError("a discount must not be negative")
    amount_minor = min(amount_minor, sum(totals_minor))
    return split_by_largest_remainder(amount_minor, totals_minor) if amount_minor else [0] * len(totals_minor)


def order_totals(lines: Sequence[PricedLine], freight: int) -> OrderTotals:
    """The sums of an order over its lines. `freight`: minor units."""
    subtotal = sum(line.subtotal_minor for line in lines)
    discount = sum(line.discount_minor for line in lines)
    return OrderTotals(subtotal, discount, freight, subtotal - discount + freight)


def order_number(random_bytes: bytes) -> str:
    """Twelve digits for people: eleven random ones, the first not 0, and Damm's check digit.

    Random, as numbers in sequence would tell how much is sold. Needs 8 random bytes. Raises: ValueError for fewer.
    """
    if len(random_bytes) < 8:
        raise ValueError("an order number needs 8 random bytes")
    smallest = 10 ** (ORDER_DIGITS - 2)
    digits = str(smallest + int.from_bytes(random_bytes, "big") % (9 * smallest))
    return digits + _check_digit(digits)


def is_order_number(text: str) -> bool:
    """Whether this can be one of our order numbers: twelve digits that agree with their check digit."""
    if len(text) != ORDER_DIGITS or not (text.isascii() and text.isdigit()) or text[0] == "0":
        return False
    return _check_digit(text) == "0"


def _check_digit(digits: str) -> str:
    running = "0"
    for digit in digits:
        running = _DAMM[int(running)][int(digit)]
    return running
