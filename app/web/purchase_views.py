"""Orders in the words of their customer: where one stands, its course, its lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.trade.customer_view import OrderStep, PaymentTry
from app.trade.reads import LineView, OrderView
from app.trade.values import FulfilmentMethod, OrderState, PaymentState
from app.web.amounts import Amount
from app.web.texts import Speech
from graphql_schema.paging import encode_global_id

_S: Final = OrderState
_DELIVERED: Final = (_S.PENDING_PAYMENT, _S.PAID, _S.SHIPPED, _S.DELIVERED, _S.COMPLETED)
_PICKED_UP: Final = (_S.PENDING_PAYMENT, _S.PAID, _S.READY_FOR_PICKUP, _S.DELIVERED, _S.COMPLETED)
_TAKEN: Final = (_S.PENDING_PAYMENT, _S.PAID, _S.DELIVERED, _S.COMPLETED)
_WAYS: Final = {
    FulfilmentMethod.DELIVERY: _DELIVERED,
    FulfilmentMethod.PICKUP: _PICKED_UP,
    FulfilmentMethod.IN_STORE: _TAKEN,
}
_ENDS: Final = (_S.CANCELLED, _S.CLOSED)
_TAGS: Final = {_S.PENDING_PAYMENT: "warn", _S.CANCELLED: "", _S.CLOSED: "", _S.COMPLETED: ""}


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step of a course. `is_now`: the last one that was come to."""

    words: str
    detail: str | None
    at: datetime | None
    is_done: bool
    is_now: bool


@dataclass(frozen=True, slots=True)
class OrderLineShown:
    """A line as it was ordered, with the picture of today."""

    id: str
    title: str
    sku_name: str
    cover_url: str | None
    quantity: int
    unit_price: Amount
    total: Amount


@dataclass(frozen=True, slots=True)
class OrderShown:
    """An order in a list. `tag` colours its state."""

    id: str
    href: str
    number: str
    state: str
    tag: str
    placed: str
    total: Amount
    lines: list[OrderLineShown]
    pieces: int


def order_shown(order: OrderView, lines: Sequence[LineView], *, path: str, say: Speech) -> OrderShown:
    order_id = encode_global_id("Order", order.id)
    return OrderShown(
        id=order_id,
        href=f"{path}/orders/{order_id}",
        number=order.number,
        state=state_words(order, say),
        tag=_TAGS.get(order.state, "on"),
        placed=say.moment(order.placed_at),
        total=say.money(order.total_minor),
        lines=[line_shown(line, say) for line in lines],
        pieces=sum(line.quantity for line in lines),
    )


def line_shown(line: LineView, say: Speech) -> OrderLineShown:
    return OrderLineShown(
        id=encode_global_id("OrderLine", line.id),
        title=line.ordered_title,
        sku_name=line.ordered_sku_name,
        cover_url=line.product_cover_url,
        quantity=line.quantity,
        unit_price=say.money(line.unit_price_minor),
        total=say.money(line.total_minor),
    )


def state_words(order: OrderView, say: Speech) -> str:
    """Where an order stands; one whose time to be paid is over reads as what it is about to be."""
    if order.state is _S.PENDING_PAYMENT and order.is_overdue:
        return say("order_OVERDUE")
    return say(f"order_{order.state}")


def course(order: OrderView, steps: Sequence[OrderStep], say: Speech) -> list[StepShown]:
    """The way of an order: what was, with its time, and what is to come."""
    reached: dict[OrderState, datetime] = {}
    for step in steps:
        reached.setdefault(step.state, step.at)
    reached.setdefault(_S.PENDING_PAYMENT, order.placed_at)
    way: tuple[OrderState, ...] = _WAYS[order.method]
    if order.state in _ENDS:
        way = (*(state for state in way if state in reached), order.state)
    now = max((state for state in way if state in reached), key=way.index)
    return [
        StepShown(
            words=say(f"step_{state}"),
            detail=_detail(order, state, state in reached, say),
            at=reached.get(state),
            is_done=state in reached,
            is_now=state is now and order.state is not _S.COMPLETED,
        )
        for state in way
    ]


def payment_notice(
    order: OrderView, tries: Sequence[PaymentTry], *, has_come_back: bool, say: Speech
) -> tuple[str, str] | None:
    """Words and kind of what became of the money, where that has to be said."""
    latest = tries[0].state if tries else None
    if order.state is _S.PENDING_PAYMENT:
        if latest is PaymentState.FAILED:
            return say("payment_failed"), "bad"
        if has_come_back and latest is PaymentState.STARTED:
            return say("payment_waiting"), "warn"
        return None
    if order.state is _S.CANCELLED:
        if any(one.state is PaymentState.REFUNDED for one in tries):
            return say("payment_came_back", amount=say.money(order.refunded_minor or order.total_minor).text), ""
        if any(one.state is PaymentState.SUCCEEDED for one in tries):
            return say("payment_coming_back"), "warn"
        return say("order_cancelled_free"), ""
    if has_come_back:
        return say("payment_done", amount=say.money(order.total_minor).text), ""
    return None


def _detail(order: OrderView, state: OrderState, is_done: bool, say: Speech) -> str | None:
    if state is _S.PENDING_PAYMENT and order.state is _S.PENDING_PAYMENT:
        return say("pay_before", time=say.moment(order.pay_by))
    if is_done:
        return None
    return {
        _S.SHIPPED: say("step_detail_SHIPPED"),
        _S.READY_FOR_PICKUP: say("step_detail_READY_FOR_PICKUP"),
        _S.DELIVERED: say("step_detail_DELIVERED"),
        _S.COMPLETED: say("step_detail_COMPLETED"),
    }.get(state)
