"""What employees' pages show of orders: rows of lists, how far one has come, and whose it is and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.commission import explanations
from app.commission.reads import Attribution, Share
from app.commission.values import CandidateOutcome, PartyKind
from app.employees.reads import EmployeeFacts, StoreFacts
from app.platform.actor import Actor
from app.trade.customer_view import OrderStep
from app.trade.reads import LineView, OrderView
from app.trade.values import FulfilmentMethod, OrderState
from app.web.amounts import Amount
from app.web.texts import Speech
from graphql_schema.paging import encode_global_id

_S = OrderState
_TAGS: Final = {
    _S.PENDING_PAYMENT: "warn",
    _S.PAID: "on",
    _S.FULFILLING: "on",
    _S.READY_FOR_PICKUP: "on",
    _S.CLOSED: "warn",
}
_SENT: Final = (_S.PENDING_PAYMENT, _S.PAID, _S.SHIPPED, _S.DELIVERED, _S.COMPLETED)
_FETCHED: Final = (_S.PENDING_PAYMENT, _S.PAID, _S.READY_FOR_PICKUP, _S.DELIVERED, _S.COMPLETED)
_TAKEN: Final = (_S.PENDING_PAYMENT, _S.PAID, _S.DELIVERED, _S.COMPLETED)
_WAYS: Final = {
    FulfilmentMethod.DELIVERY: _SENT,
    FulfilmentMethod.PICKUP: _FETCHED,
    FulfilmentMethod.IN_STORE: _TAKEN,
}
_STAGES: Final = {
    _S.PENDING_PAYMENT: "stage_placed",
    _S.PAID: "stage_paid",
    _S.SHIPPED: "stage_sent",
    _S.READY_FOR_PICKUP: "stage_ready",
    _S.DELIVERED: "stage_received",
    _S.COMPLETED: "stage_completed",
    _S.CANCELLED: "stage_cancelled",
    _S.CLOSED: "stage_closed",
}


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order as a row of a list. `customer`: None where the reader is not told who bought."""

    href: str
    goods: str
    state: str
    tag: str
    customer: str | None
    placed_at: datetime
    number: str
    total: Amount
    refunded: Amount | None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an order's way; `at` None: not told, or not yet."""

    words: str
    is_done: bool
    is_now: bool = False
    at: datetime | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """An after-sale as a row. `href` None: the reader does not decide it."""

    title: str
    state: str
    tag: str
    kind: str
    quantity: int
    requested_at: datetime
    refund: Amount
    href: str | None


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """A guide who was considered, with the reason. The reader is not named but addressed."""

    name: str
    is_won: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ShareLine:
    """What a party has of the order."""

    name: str
    role: str
    performance: Amount | None
    percent: str
    commission: Amount


@dataclass(frozen=True, slots=True)
class Why:
    """Whose an order is and why, as far as the reader may know. `mine`: the own outcome and reason."""

    heading: str
    explanation: str
    mine: CandidateLine | None
    candidates: tuple[CandidateLine, ...]
    shares: tuple[ShareLine, ...]
    decided: str


def goods_in_words(lines: Sequence[LineView], say: Speech) -> str:
    """The first line's title, and how many pieces there are with the others."""
    if not lines:
        return ""
    pieces = sum(line.quantity for line in lines)
    title = lines[0].ordered_title
    return title if pieces == 1 else say("order_of_pieces", title=title, count=pieces)


def order_line(order: OrderView, lines: Sequence[LineView], *, path: str, is_named: bool, say: Speech) -> OrderLine:
    return OrderLine(
        href=f"{path}/{encode_global_id('Order', order.id)}",
        goods=goods_in_words(lines, say),
        state=state_words(order.state, say),
        tag=_TAGS.get(order.state, ""),
        customer=order.customer_name if is_named else None,
        placed_at=order.placed_at,
        number=order.number,
        total=say.money(order.total_minor),
        refunded=say.money(order.refunded_minor) if order.refunded_minor else None,
    )


def state_words(state: OrderState, say: Speech) -> str:
    return say(f"order_state_{state.lower()}")


def state_tag(state: OrderState) -> str:
    return _TAGS.get(state, "")


def steps(order: OrderView, moves: Sequence[OrderStep], say: Speech) -> list[Step]:
    """How far an order has come, each step with its time, and what is to come."""
    reached: dict[OrderState, datetime] = {_S.PENDING_PAYMENT: order.placed_at}
    for one in moves:
        reached.setdefault(one.state, one.at)
    way: tuple[OrderState, ...] = _WAYS[order.method]
    if order.state in (_S.CANCELLED, _S.CLOSED):
        way = (*(state for state in way if state in reached), order.state)
    now = max((state for state in way if state in reached), key=way.index)
    return [
        Step(
            say(_STAGES[state]),
            is_done=state in reached,
            is_now=state is now,
            at=reached.get(state),
            detail=_detail(order, state, is_done=state in reached, say=say),
        )
        for state in way
    ]


def amounts(order: OrderView, say: Speech) -> list[tuple[str, Amount]]:
    """What an order comes to, above its total."""
    found = [(say("goods"), say.money(order.subtotal_minor))]
    if order.discount_minor:
        found.append((say("discount"), say.money(-order.discount_minor)))
    found.append((say("freight_plain"), say.money(order.freight_minor)))
    if order.refunded_minor:
        found.append((say("refunded"), say.money(-order.refunded_minor)))
    return found


def why(
    attribution: Attribution,
    actor: Actor,
    *,
    winner: str | None,
    people: Mapping[UUID, EmployeeFacts],
    stores: Mapping[UUID, StoreFacts],
    say: Speech,
) -> Why:
    """The decision in words. Give what `seen_by` left of it; `winner`: the name, where the reader may know it."""
    lines = [
        CandidateLine(
            say("me") if one.guide_id == actor.employee_id else people[one.guide_id].display_name,
            one.outcome is CandidateOutcome.WON,
            explanations.reason_text(one.reason, say.language),
        )
        for one in attribution.candidates
    ]
    mine = next(
        (line for line, one in zip(lines, attribution.candidates, strict=True) if one.guide_id == actor.employee_id),
        None,
    )
    return Why(
        heading=_heading(mine, winner, say),
        explanation=explanations.explain(attribution, say.language),
        mine=mine,
        candidates=tuple(lines),
        shares=tuple(_share(share, actor, people, stores, say) for share in attribution.shares),
        decided=say("decided", moment=say.moment(attribution.decided_at)),
    )


def _detail(order: OrderView, state: OrderState, *, is_done: bool, say: Speech) -> str | None:
    if state is _S.PENDING_PAYMENT and order.state is _S.PENDING_PAYMENT:
        return say("stage_pay_by", time=say.moment(order.pay_by))
    return say("stage_receive_note") if state is _S.DELIVERED and not is_done else None


def _heading(mine: CandidateLine | None, winner: str | None, say: Speech) -> str:
    if mine is not None:
        return say("why_mine" if mine.is_won else "why_not_mine")
    return say("why_order") if winner is None else say("why_theirs", name=winner)


def _share(
    share: Share,
    actor: Actor,
    people: Mapping[UUID, EmployeeFacts],
    stores: Mapping[UUID, StoreFacts],
    say: Speech,
) -> ShareLine:
    if share.party_kind is PartyKind.STORE:
        name = stores[share.party_id].name
    else:
        name = say("me") if share.party_id == actor.employee_id else people[share.party_id].display_name
    has_performance = share.performance_bp > 0
    return ShareLine(
        name=name,
        role=say(f"role_{share.role.lower()}"),
        performance=say.money(share.performance_minor) if has_performance else None,
        percent=say.rate(share.performance_bp) if has_performance else "",
        commission=say.money(share.commission_minor),
    )
