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
_RANKS: Final = {
    _S.DRAFT: 0,
    _S.PENDING_PAYMENT: 0,
    _S.PAID: 1,
    _S.GROUP_WAITING: 1,
    _S.FULFILLING: 1,
    _S.READY_FOR_PICKUP: 2,
    _S.SHIPPED: 2,
    _S.DELIVERED: 3,
    _S.COMPLETED: 4,
}
"""How many steps are behind an order that goes its way: paid, sent, received, completed."""


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
class CandidateLine:
    """A guide who was considered, with the reason. `name`: the reader is 「你」."""

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
    """「水洗亚麻四件套 等 3 件」."""
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


def steps(order: OrderView, say: Speech) -> list[Step]:
    """How far an order has come, and what is to come."""
    placed = Step(say("step_placed"), is_done=True, at=order.placed_at)
    if order.state in (_S.CANCELLED, _S.CLOSED):
        words = say("step_cancelled" if order.state is _S.CANCELLED else "step_closed")
        return [placed, Step(words, is_done=True, is_now=True)]
    rank = _RANKS[order.state]
    is_pickup = order.method is FulfilmentMethod.PICKUP
    pay_by = say("step_pay_by", time=say.time(order.pay_by)) if rank == 0 else None
    found = [
        placed,
        Step(say("step_paid" if rank else "step_pay"), is_done=rank > 0, detail=pay_by),
        Step(_sending(rank, is_pickup, say), is_done=rank > 1, at=order.shipped_at),
        Step(
            say("step_received" if rank > 2 else "step_receive"),
            is_done=rank > 2,
            detail=say("step_receive_note") if rank < 3 else None,
        ),
        Step(say("step_completed" if rank > 3 else "step_complete"), is_done=rank > 3, at=order.completed_at),
    ]
    return [Step(step.words, step.is_done, index == rank, step.at, step.detail) for index, step in enumerate(found)]


def amounts(order: OrderView, say: Speech) -> list[tuple[str, Amount]]:
    """What an order comes to, above its total."""
    found = [(say("subtotal"), say.money(order.subtotal_minor))]
    if order.discount_minor:
        found.append((say("discount"), say.money(-order.discount_minor)))
    found.append((say("freight"), say.money(order.freight_minor)))
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


def _sending(rank: int, is_pickup: bool, say: Speech) -> str:
    if is_pickup:
        return say("step_ready" if rank == 2 else "step_pick_up")
    return say("step_shipped" if rank > 1 else "step_ship")


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
