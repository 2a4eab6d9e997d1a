"""After-sales, the customer's side: asked for, given up, sent back.

What staff decide stands in `after_sale_decisions`, the money's way in `after_sale_refunds` and `refunds`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.commission import holds
from app.commission.rows import insert_all
from app.platform import media, texts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import DeadlinePassed, InvalidInput, NotFound, WrongState
from app.platform.settings import load_settings
from app.products.rules import is_picture_url
from app.trade import after_sale_moves, moves
from app.trade import after_sale_rules as rules
from app.trade.after_sale_rules import Taken
from app.trade.models import AfterSaleMoveRow, AfterSaleRow, OrderLineRow, OrderRow
from app.trade.moves import LockedOrder
from app.trade.rules import is_paid, return_until
from app.trade.values import AfterSaleEvent, AfterSaleKind, AfterSaleState

REASON, COMMENT = "after_sale_reason", "after_sale_comment"
"""The fields under which they are sealed."""
LONGEST_CARRIER = 60


@dataclass(frozen=True, slots=True)
class _Line:
    """The line that is asked about, within its order. Amounts: minor units."""

    id: UUID
    pieces: int
    total_minor: int
    taken: Taken
    order_pieces: int
    order_taken: int
    freight_minor: int
    freight_given_minor: int
    received_at: datetime | None

    @property
    def left(self) -> int:
        return self.pieces - self.taken.pieces


async def request(
    session: BrandSession,
    actor: Actor,
    *,
    line_id: UUID,
    quantity: int,
    kind: AfterSaleKind,
    reason: str,
    amount_minor: int | None = None,
    evidence_urls: Sequence[str] = (),
    now: datetime,
) -> UUID:
    """A customer asks for a refund of pieces of an own paid line; gives the after-sale's id. Six statements.

    `amount_minor`: of the goods, at most what the pieces come to, which it is where left out; freight comes on top of
    it with the last piece of an order that was never shipped. The line's commission stays held until the after-sale
    ends. Raises: NotFound, WrongState (not paid, or closed), DeadlinePassed (the days for returns are over),
    InvalidInput.
    """
    words = texts.optional_block(reason, "reason", longest=rules.LONGEST_REASON)
    if words is None:
        raise InvalidInput("text_required", path=("reason",))
    urls = _checked_urls(evidence_urls)
    await media.hold_urls(session, [(("evidenceUrls", str(number)), url) for number, url in enumerate(urls)])
    its_order = sa.select(OrderLineRow.order_id).where(
        OrderLineRow.brand_id == session.brand_id, OrderLineRow.id == line_id
    )
    order = await moves.lock_order(
        session, OrderRow.id == its_order.scalar_subquery(), OrderRow.customer_id == actor.customer_id
    )
    if order is None:
        raise NotFound("OrderLine", path=("orderLineId",))
    if not is_paid(order.state):
        raise WrongState(order.state)
    line = await _line(session, order.id, line_id)
    _refuse(order, line, quantity=quantity, kind=kind, now=now)
    after_sale_id = session.new_id()
    await insert_all(
        session,
        {
            AfterSaleRow: [
                {
                    "brand_id": session.brand_id,
                    "id": after_sale_id,
                    "order_id": order.id,
                    "line_id": line_id,
                    "kind": kind.value,
                    "quantity": quantity,
                    "reason": session.vault.seal(session.brand_id, REASON, words),
                    "evidence_urls": urls,
                    **_amounts(order, line, quantity=quantity, amount_minor=amount_minor),
                    **_beginning(order, kind, now),
                }
            ],
            AfterSaleMoveRow: [
                after_sale_moves.move_values(
                    session,
                    after_sale_id,
                    "REQUEST",
                    step=1,
                    from_state=None,
                    to_state=AfterSaleState.REQUESTED,
                    actor=actor.principal,
                    now=now,
                )
            ],
        },
    )
    await holds.pause(session, sale_id=order.id, line_id=line_id)
    return after_sale_id


async def withdraw(session: BrandSession, actor: Actor, *, after_sale_id: UUID, now: datetime) -> None:
    """The customer gives an own after-sale up before the goods are on their way back: its pieces are free again.

    Raises: NotFound, WrongState.
    """
    locked = await after_sale_moves.lock(session, after_sale_id, OrderRow.customer_id == actor.customer_id)
    if locked is None:
        raise NotFound("AfterSale", path=("afterSaleId",))
    await after_sale_moves.end(session, locked[1], AfterSaleEvent.WITHDRAW, actor=actor.principal, now=now)


async def ship_return(
    session: BrandSession, actor: Actor, *, after_sale_id: UUID, carrier: str, tracking_number: str, now: datetime
) -> None:
    """The customer has sent the goods of an approved return. Carrier and number: up to 60 characters each.

    Raises: NotFound, WrongState, InvalidInput.
    """
    carrier = texts.line(carrier, "carrier", longest=LONGEST_CARRIER)
    tracking_number = texts.line(tracking_number, "trackingNumber", longest=LONGEST_CARRIER)
    locked = await after_sale_moves.lock(session, after_sale_id, OrderRow.customer_id == actor.customer_id)
    if locked is None:
        raise NotFound("AfterSale", path=("afterSaleId",))
    await after_sale_moves.move(
        session,
        locked[1],
        AfterSaleEvent.SHIP_RETURN,
        actor=actor.principal,
        now=now,
        return_carrier=carrier,
        return_tracking_number=tracking_number,
    )


def _checked_urls(urls: Sequence[str]) -> list[str]:
    """Raises: InvalidInput for too many pictures, and for the first address that is none."""
    if len(urls) > rules.MOST_PICTURES:
        raise InvalidInput("evidence_urls_too_many", path=("evidenceUrls",), most=rules.MOST_PICTURES)
    for number, url in enumerate(urls):
        if not is_picture_url(url):
            raise InvalidInput("evidence_url_form", path=("evidenceUrls", str(number)))
    return list(urls)


def _amounts(order: LockedOrder, line: _Line, *, quantity: int, amount_minor: int | None) -> dict[str, int]:
    """What so many pieces come to, and what of it goes back; free pieces take no amount but 0. Raises: InvalidInput."""
    share_minor = rules.pieces_share(
        line_minor=line.total_minor, line_pieces=line.pieces, taken=line.taken, pieces=quantity
    )
    least = min(1, share_minor)
    if amount_minor is not None and not least <= amount_minor <= share_minor:
        raise InvalidInput("number_range", path=("amountMinor",), least=least, most=share_minor)
    freight_minor = 0
    if rules.never_left(order.state):
        # What the customer is shown; which after-sale is the last one to be decided is settled when it is.
        freight_minor = rules.freight_due(
            line.freight_minor,
            order_pieces=line.order_pieces,
            decided_pieces=line.order_taken + quantity,
            given_minor=line.freight_given_minor,
        )
    return {
        "share_minor": share_minor,
        "goods_minor": share_minor if amount_minor is None else amount_minor,
        "freight_minor": freight_minor,
    }


def _beginning(order: LockedOrder, kind: AfterSaleKind, now: datetime) -> dict[str, object]:
    """What every new after-sale begins with, and without."""
    later = ("decided_at", "decided_by", "comment", "return_carrier", "return_tracking_number")
    still_later = ("received_at", "refund_on", "refunded_at", "ended_at")
    state = AfterSaleState.REQUESTED
    has_left = not rules.never_left(order.state)
    return {
        "state": state.value,
        "steps": 1,
        "requested_at": now,
        "is_restocked": False,
        "due_at": rules.due_at(state, kind, after_sale_moves.limits(), has_left=has_left, now=now),
        **dict.fromkeys((*later, *still_later)),
    }


def _refuse(order: LockedOrder, line: _Line, *, quantity: int, kind: AfterSaleKind, now: datetime) -> None:
    """Raises: InvalidInput, DeadlinePassed."""
    window_seconds = load_settings().return_window_seconds
    if line.received_at is not None and now > return_until(line.received_at, window_seconds=window_seconds):
        raise DeadlinePassed("return_window_over", path=("orderLineId",))
    if line.left == 0:
        raise InvalidInput("after_sale_nothing_left", path=("quantity",))
    if not 1 <= quantity <= line.left:
        raise InvalidInput("number_range", path=("quantity",), least=1, most=line.left)
    if kind is AfterSaleKind.RETURN_AND_REFUND and not rules.can_come_back(order.state):
        raise InvalidInput("after_sale_nothing_to_return", path=("kind",))


async def _line(session: BrandSession, order_id: UUID, line_id: UUID) -> _Line:
    """The line and what after-sales have of its order, under the order's lock; two statements."""
    rows = (
        await session.execute(
            sa.select(
                OrderLineRow.id,
                OrderLineRow.quantity,
                OrderLineRow.total_minor,
                OrderRow.freight_minor,
                OrderRow.delivered_at,
                OrderRow.completed_at,
            )
            .join(OrderRow, sa.and_(OrderRow.brand_id == session.brand_id, OrderRow.id == OrderLineRow.order_id))
            .where(OrderLineRow.brand_id == session.brand_id, OrderLineRow.order_id == order_id)
        )
    ).all()
    taken: defaultdict[UUID, Taken] = defaultdict(Taken)
    freight_given_minor = 0
    for row in await session.execute(
        sa.select(
            AfterSaleRow.line_id, AfterSaleRow.quantity, AfterSaleRow.share_minor, AfterSaleRow.freight_minor
        ).where(
            AfterSaleRow.brand_id == session.brand_id,
            AfterSaleRow.order_id == order_id,
            AfterSaleRow.state.not_in([state.value for state in rules.WITHOUT_EFFECT]),
        )
    ):
        taken[row.line_id] += Taken(row.quantity, row.share_minor)
        freight_given_minor += row.freight_minor
    (its,) = (row for row in rows if row.id == line_id)
    return _Line(
        id=line_id,
        pieces=its.quantity,
        total_minor=its.total_minor,
        taken=taken[line_id],
        order_pieces=sum(row.quantity for row in rows),
        order_taken=sum(one.pieces for one in taken.values()),
        freight_minor=its.freight_minor,
        freight_given_minor=freight_given_minor,
        received_at=its.delivered_at or its.completed_at,
    )
