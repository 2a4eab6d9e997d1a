"""The only way in which after-sales change their state: locked after their order, moved, and the step written down."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.commission import holds
from app.marketing import coupon_orders
from app.platform.db import BrandSession
from app.platform.errors import WrongState
from app.platform.settings import load_settings
from app.trade import after_sale_rules as rules
from app.trade import moves
from app.trade.after_sale_rules import Limits
from app.trade.models import AfterSaleMoveRow, AfterSaleRow, OrderLineRow, OrderRow
from app.trade.moves import LockedOrder
from app.trade.rules import is_paid, move_after_sale
from app.trade.values import AfterSaleEvent, AfterSaleKind, AfterSaleState, ForbiddenMove, OrderEvent


@dataclass(frozen=True, slots=True)
class LockedAfterSale:
    """An after-sale whose row, and whose order's, this transaction holds. Amounts: minor units."""

    id: UUID
    order_id: UUID
    line_id: UUID
    kind: AfterSaleKind
    state: AfterSaleState
    steps: int
    quantity: int
    share_minor: int
    goods_minor: int
    freight_minor: int
    is_restocked: bool
    due_at: datetime | None

    @property
    def refund_minor(self) -> int:
        """What goes back."""
        return self.goods_minor + self.freight_minor


async def lock(
    session: BrandSession, after_sale_id: UUID, *conditions: sa.ColumnElement[bool], skip_locked: bool = False
) -> tuple[LockedOrder, LockedAfterSale] | None:
    """Hold an after-sale and, before it, its order until the transaction ends; two statements.

    None where there is none, or its order does not meet the conditions. `skip_locked`: one whose order somebody else
    holds counts as none.
    """
    its_order = sa.select(AfterSaleRow.order_id).where(
        AfterSaleRow.brand_id == session.brand_id, AfterSaleRow.id == after_sale_id
    )
    order = await moves.lock_order(
        session, OrderRow.id == its_order.scalar_subquery(), *conditions, skip_locked=skip_locked
    )
    return None if order is None else (order, await lock_under_order(session, after_sale_id))


async def lock_under_order(session: BrandSession, after_sale_id: UUID) -> LockedAfterSale:
    """Hold an after-sale whose order this transaction holds already."""
    row = (
        await session.execute(
            sa.select(
                AfterSaleRow.id,
                AfterSaleRow.order_id,
                AfterSaleRow.line_id,
                AfterSaleRow.kind,
                AfterSaleRow.state,
                AfterSaleRow.steps,
                AfterSaleRow.quantity,
                AfterSaleRow.share_minor,
                AfterSaleRow.goods_minor,
                AfterSaleRow.freight_minor,
                AfterSaleRow.is_restocked,
                AfterSaleRow.due_at,
            )
            .where(AfterSaleRow.brand_id == session.brand_id, AfterSaleRow.id == after_sale_id)
            .with_for_update()
        )
    ).one()
    return LockedAfterSale(
        id=row.id,
        order_id=row.order_id,
        line_id=row.line_id,
        kind=AfterSaleKind(row.kind),
        state=AfterSaleState(row.state),
        steps=row.steps,
        quantity=row.quantity,
        share_minor=row.share_minor,
        goods_minor=row.goods_minor,
        freight_minor=row.freight_minor,
        is_restocked=row.is_restocked,
        due_at=row.due_at,
    )


async def move(
    session: BrandSession, after_sale: LockedAfterSale, event: AfterSaleEvent, *, actor: str, now: datetime, **more: Any
) -> LockedAfterSale:
    """Take a locked after-sale one step on, with what else changes by it. Two statements. Raises: WrongState."""
    try:
        state = move_after_sale(after_sale.kind, after_sale.state, event)
    except ForbiddenMove:
        raise WrongState(after_sale.state) from None
    step = after_sale.steps + 1
    if state in rules.OVER:
        more["ended_at"] = now
    due_at = rules.due_at(state, after_sale.kind, limits(), has_left=True, now=now)
    moved = await session.execute(
        sa.update(AfterSaleRow)
        .where(
            AfterSaleRow.brand_id == session.brand_id,
            AfterSaleRow.id == after_sale.id,
            AfterSaleRow.state == after_sale.state.value,
        )
        .values(state=state.value, steps=step, due_at=due_at, **more)
        .returning(AfterSaleRow.id)
        .execution_options(synchronize_session=False)
    )
    moved.one()
    await session.execute(
        sa.insert(AfterSaleMoveRow).values(
            move_values(
                session,
                after_sale.id,
                event.value,
                step=step,
                from_state=after_sale.state,
                to_state=state,
                actor=actor,
                now=now,
            )
        )
    )
    known = {name: value for name, value in more.items() if name in ("freight_minor", "is_restocked")}
    return replace(after_sale, state=state, steps=step, due_at=due_at, **known)


def move_values(
    session: BrandSession,
    after_sale_id: UUID,
    event: str,
    *,
    step: int,
    from_state: AfterSaleState | None,
    to_state: AfterSaleState,
    actor: str,
    now: datetime,
) -> dict[str, Any]:
    """The history's row of one step; `from_state` None: the after-sale came into being."""
    return {
        "brand_id": session.brand_id,
        "id": session.new_id(),
        "after_sale_id": after_sale_id,
        "step": step,
        "event": event,
        "from_state": None if from_state is None else from_state.value,
        "to_state": to_state.value,
        "actor": actor,
        "at": now,
    }


async def end(
    session: BrandSession, after_sale: LockedAfterSale, event: AfterSaleEvent, *, actor: str, now: datetime, **more: Any
) -> LockedAfterSale:
    """The last step, whichever it is: the line's commission is held no longer on its account. Raises: WrongState."""
    ended = await move(session, after_sale, event, actor=actor, now=now, **more)
    await holds.resume(session, sale_id=ended.order_id, line_id=ended.line_id)
    return ended


async def end_refunded(
    session: BrandSession, order: LockedOrder, after_sale: LockedAfterSale, *, actor: str, now: datetime
) -> LockedAfterSale:
    """The money is back: the after-sale ends REFUNDED, and its order is CLOSED once all its goods went back."""
    if after_sale.state is AfterSaleState.REFUND_FAILED:
        # The provider had refused and has paid all the same: what came late is booked as what it is.
        after_sale = await move(session, after_sale, AfterSaleEvent.START_REFUND, actor=actor, now=now)
    ended = await end(session, after_sale, AfterSaleEvent.REFUND, actor=actor, now=now, refunded_at=now)
    if is_paid(order.state) and await _is_whole(session, order.id):
        await moves.move_order(session, order, OrderEvent.REFUND_WHOLE, actor=actor, now=now, ended_at=now)
        if order.discount_minor:
            await coupon_orders.restore(session, order_id=order.id, actor=actor, now=now)
    return ended


def limits() -> Limits:
    """How long each side has, by the settings."""
    settings = load_settings()
    return Limits(
        decide_unshipped=timedelta(seconds=settings.after_sale_decide_unshipped_seconds),
        decide=timedelta(seconds=settings.after_sale_decide_seconds),
        send=timedelta(seconds=settings.after_sale_send_seconds),
        receive=timedelta(seconds=settings.after_sale_receive_seconds),
    )


def went_back() -> sa.ColumnElement[bool]:
    """Whether a refunded after-sale undid its pieces' sale: they are back, never left, or all their money is back."""
    return sa.or_(
        AfterSaleRow.kind == AfterSaleKind.RETURN_AND_REFUND.value,
        AfterSaleRow.is_restocked,
        AfterSaleRow.goods_minor == AfterSaleRow.share_minor,
    )


async def _is_whole(session: BrandSession, order_id: UUID) -> bool:
    """Whether every piece of the order went back."""
    sold = sa.select(sa.func.sum(OrderLineRow.quantity)).where(
        OrderLineRow.brand_id == session.brand_id, OrderLineRow.order_id == order_id
    )
    back = sa.select(sa.func.sum(AfterSaleRow.quantity)).where(
        AfterSaleRow.brand_id == session.brand_id,
        AfterSaleRow.order_id == order_id,
        AfterSaleRow.state == AfterSaleState.REFUNDED.value,
        went_back(),
    )
    return bool(await session.scalar(sa.select(sold.scalar_subquery() == back.scalar_subquery())))
