"""What must hold for after-sales at any moment; each check is one read and gives what breaks it."""

from collections.abc import Awaitable, Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.commission.models import LineHoldRow, ShareRow
from app.commission.values import CommissionKind, ShareRole
from app.platform.db import BrandSession
from app.products.models import StockMovementRow
from app.products.values import MovementKind
from app.trade import after_sale_rules as rules
from app.trade import reconciliation
from app.trade.after_sale_moves import went_back
from app.trade.models import AfterSaleMoveRow, AfterSaleRow, DifferenceRow, OrderLineRow, OrderRow, RefundRow
from app.trade.rules import move_after_sale
from app.trade.values import (
    AfterSaleEvent,
    AfterSaleKind,
    AfterSaleState,
    ForbiddenMove,
    OrderState,
    RefundState,
)

_S = AfterSaleState
_COUNTS = AfterSaleRow.state.not_in([state.value for state in rules.WITHOUT_EFFECT])
_DECIDED = AfterSaleRow.state.in_([state.value for state in rules.DECIDED])
_WAITED_FOR = (_S.REQUESTED, _S.APPROVED, _S.RETURNING)
_REFUND_STATES = {
    _S.REFUNDING: RefundState.REQUESTED,
    _S.REFUND_FAILED: RefundState.FAILED,
    _S.REFUNDED: RefundState.SUCCEEDED,
}


async def after_sales_fit_their_lines(session: BrandSession) -> list[str]:
    """No line has more pieces or money in after-sales than it was sold with; all its pieces are all its money."""
    pieces, share = sa.func.sum(AfterSaleRow.quantity), sa.func.sum(AfterSaleRow.share_minor)
    rows = await session.execute(
        sa.select(OrderLineRow.id, pieces, OrderLineRow.quantity, share, OrderLineRow.total_minor)
        .join(AfterSaleRow, sa.and_(AfterSaleRow.brand_id == session.brand_id, AfterSaleRow.line_id == OrderLineRow.id))
        .where(OrderLineRow.brand_id == session.brand_id, _COUNTS)
        .group_by(OrderLineRow.id, OrderLineRow.quantity, OrderLineRow.total_minor, OrderLineRow.order_id)
        .having(
            sa.or_(
                pieces > OrderLineRow.quantity,
                share > OrderLineRow.total_minor,
                sa.and_(pieces == OrderLineRow.quantity, share != OrderLineRow.total_minor),
                sa.func.bool_or(AfterSaleRow.order_id != OrderLineRow.order_id),
            )
        )
    )
    return [f"line {row[0]}: {row[1]} of {row[2]} pieces, {row[3]} of {row[4]} in after-sales" for row in rows]


async def after_sales_have_their_instants(session: BrandSession) -> list[str]:
    """State and kind say which instants are there, and which state nobody stays in."""
    is_return = AfterSaleRow.kind == AfterSaleKind.RETURN_AND_REFUND.value
    state = AfterSaleRow.state
    is_wrong = sa.or_(
        state.in_([one.value for one in rules.OVER]) != AfterSaleRow.ended_at.is_not(None),
        (state == _S.REFUNDED.value) != AfterSaleRow.refunded_at.is_not(None),
        AfterSaleRow.refund_on.is_not(None) != _DECIDED,
        sa.and_(_DECIDED, is_return) != AfterSaleRow.received_at.is_not(None),
        state.in_([one.value for one in _WAITED_FOR]) != AfterSaleRow.due_at.is_not(None),
        AfterSaleRow.decided_at.is_(None) != AfterSaleRow.decided_by.is_(None),
        sa.and_(state == _S.REQUESTED.value, AfterSaleRow.decided_at.is_not(None)),
        sa.and_(
            state.not_in([_S.REQUESTED.value, _S.WITHDRAWN.value]),
            AfterSaleRow.decided_at.is_(None),
        ),
        sa.and_(state == _S.RETURNING.value, AfterSaleRow.return_tracking_number.is_(None)),
        sa.and_(AfterSaleRow.is_restocked, ~_DECIDED),
        state == _S.RECEIVED.value,
        sa.and_(state.in_([_S.APPROVED.value, _S.RETURNING.value]), ~is_return),
    )
    rows = await session.execute(
        sa.select(AfterSaleRow.id, state).where(AfterSaleRow.brand_id == session.brand_id, is_wrong)
    )
    return [f"after-sale {after_sale_id}: the instants are not those of {state}" for after_sale_id, state in rows]


async def after_sale_moves_are_a_path(session: BrandSession) -> list[str]:
    """The history of an after-sale leads step by step from its request to its present state."""
    in_order = aggregate_order_by(
        sa.func.jsonb_build_array(
            AfterSaleMoveRow.step, AfterSaleMoveRow.from_state, AfterSaleMoveRow.event, AfterSaleMoveRow.to_state
        ),
        AfterSaleMoveRow.step,
    )
    rows = await session.execute(
        sa.select(
            AfterSaleRow.id, AfterSaleRow.kind, AfterSaleRow.state, AfterSaleRow.steps, sa.func.jsonb_agg(in_order)
        )
        .outerjoin(
            AfterSaleMoveRow,
            sa.and_(AfterSaleMoveRow.brand_id == session.brand_id, AfterSaleMoveRow.after_sale_id == AfterSaleRow.id),
        )
        .where(AfterSaleRow.brand_id == session.brand_id)
        .group_by(AfterSaleRow.id, AfterSaleRow.kind, AfterSaleRow.state, AfterSaleRow.steps)
    )
    return [
        f"after-sale {after_sale_id}: {moves} to {state}"
        for after_sale_id, kind, state, steps, moves in rows
        if len(moves) != steps or not _is_path(AfterSaleKind(kind), moves, state)
    ]


def _is_path(kind: AfterSaleKind, moves: Sequence[Sequence[object]], end: str) -> bool:
    (first, _, event, after), *rest = moves
    if (first, event, after) != (1, "REQUEST", _S.REQUESTED.value):
        return False
    state = _S.REQUESTED
    for number, (step, before, event, after) in enumerate(rest, start=2):
        try:
            following = move_after_sale(kind, state, AfterSaleEvent(str(event)))
        except (ForbiddenMove, ValueError):
            return False
        if (step, before, after) != (number, state.value, following.value):
            return False
        state = following
    return state.value == end


async def refunded_goods_are_the_after_sales(session: BrandSession) -> list[str]:
    """An order's refunded goods are those of its decided after-sales; freight goes back once at most."""
    goods = sa.func.coalesce(sa.func.sum(AfterSaleRow.goods_minor), 0)
    freight = sa.func.coalesce(sa.func.sum(AfterSaleRow.freight_minor), 0)
    rows = await session.execute(
        sa.select(OrderRow.number, OrderRow.refunded_goods_minor, goods, freight)
        .outerjoin(
            AfterSaleRow,
            sa.and_(AfterSaleRow.brand_id == session.brand_id, AfterSaleRow.order_id == OrderRow.id, _DECIDED),
        )
        .where(OrderRow.brand_id == session.brand_id)
        .group_by(OrderRow.id, OrderRow.number, OrderRow.refunded_goods_minor, OrderRow.freight_minor)
        .having(sa.or_(goods != OrderRow.refunded_goods_minor, freight > OrderRow.freight_minor))
    )
    return [f"order {row[0]}: refunded goods {row[1]}, after-sales {row[2]} and freight {row[3]}" for row in rows]


async def refunds_are_of_after_sales(session: BrandSession) -> list[str]:
    """A decided after-sale with money to give back has one refund, of that amount and its state; no other has one."""
    amount = AfterSaleRow.goods_minor + AfterSaleRow.freight_minor
    expected = sa.case(*((AfterSaleRow.state == state.value, found.value) for state, found in _REFUND_STATES.items()))
    rows = await session.execute(
        sa.select(AfterSaleRow.id, AfterSaleRow.state, amount, RefundRow.state, RefundRow.amount_minor)
        .outerjoin(
            RefundRow, sa.and_(RefundRow.brand_id == session.brand_id, RefundRow.after_sale_id == AfterSaleRow.id)
        )
        .where(
            AfterSaleRow.brand_id == session.brand_id,
            sa.or_(
                sa.and_(_DECIDED, amount > 0) != RefundRow.id.is_not(None),
                RefundRow.amount_minor != amount,
                RefundRow.order_id != AfterSaleRow.order_id,
                RefundRow.state != expected,
            ),
        )
    )
    return [f"after-sale {row[0]}: {row[1]} of {row[2]}, refund {row[3]} of {row[4]}" for row in rows]


async def reversals_are_the_refunded_goods(session: BrandSession) -> list[str]:
    """What sellers lost of a line's performance, and what its hold counts, is what decided after-sales gave back."""
    line = (AfterSaleRow.order_id == LineHoldRow.sale_id, AfterSaleRow.line_id == LineHoldRow.line_id)
    of_line = sa.select(sa.func.coalesce(sa.func.sum(AfterSaleRow.goods_minor), 0)).where(
        AfterSaleRow.brand_id == session.brand_id, *line, _DECIDED
    )
    taken_back = sa.select(sa.func.coalesce(sa.func.sum(ShareRow.performance_minor), 0)).where(
        ShareRow.brand_id == session.brand_id,
        ShareRow.sale_id == LineHoldRow.sale_id,
        ShareRow.line_id == LineHoldRow.line_id,
        ShareRow.kind == CommissionKind.REVERSAL.value,
        ShareRow.role == ShareRole.SELLER.value,
    )
    goods, performance = of_line.scalar_subquery(), taken_back.scalar_subquery()
    rows = await session.execute(
        sa.select(LineHoldRow.line_id, goods, performance, LineHoldRow.refunded_minor).where(
            LineHoldRow.brand_id == session.brand_id,
            sa.or_(goods != performance, goods != LineHoldRow.refunded_minor),
        )
    )
    return [f"line {row[0]}: goods of {row[1]} went back, {row[2]} taken back, {row[3]} counted" for row in rows]


async def open_after_sales_pause_their_lines(session: BrandSession) -> list[str]:
    """A line's commission is held for every open after-sale of it, and for no other reason."""
    opened = (
        sa.select(sa.func.count())
        .where(
            AfterSaleRow.brand_id == session.brand_id,
            AfterSaleRow.order_id == LineHoldRow.sale_id,
            AfterSaleRow.line_id == LineHoldRow.line_id,
            AfterSaleRow.state.not_in([state.value for state in rules.OVER]),
        )
        .scalar_subquery()
    )
    rows = await session.execute(
        sa.select(LineHoldRow.line_id, LineHoldRow.pauses, opened).where(
            LineHoldRow.brand_id == session.brand_id, LineHoldRow.pauses != opened
        )
    )
    return [f"line {row[0]}: {row[1]} pauses, {row[2]} open after-sales" for row in rows]


async def orders_are_closed_when_all_went_back(session: BrandSession) -> list[str]:
    """An order is CLOSED if and only if every one of its pieces went back."""
    back = (
        sa.select(sa.func.coalesce(sa.func.sum(AfterSaleRow.quantity), 0))
        .where(
            AfterSaleRow.brand_id == session.brand_id,
            AfterSaleRow.order_id == OrderRow.id,
            AfterSaleRow.state == _S.REFUNDED.value,
            went_back(),
        )
        .scalar_subquery()
    )
    sold = (
        sa.select(sa.func.sum(OrderLineRow.quantity))
        .where(OrderLineRow.brand_id == session.brand_id, OrderLineRow.order_id == OrderRow.id)
        .scalar_subquery()
    )
    rows = await session.execute(
        sa.select(OrderRow.number, OrderRow.state, back, sold).where(
            OrderRow.brand_id == session.brand_id,
            (OrderRow.state == OrderState.CLOSED.value) != (back == sold),
        )
    )
    return [f"order {row[0]}: {row[1]}, {row[2]} of {row[3]} pieces went back" for row in rows]


async def stock_came_back(session: BrandSession) -> list[str]:
    """As many pieces of an order's SKU came into stock again as its restocked after-sales say."""
    expected = (
        sa.select(AfterSaleRow.order_id, OrderLineRow.sku_id, sa.func.sum(AfterSaleRow.quantity).label("pieces"))
        .join(OrderLineRow, sa.and_(OrderLineRow.brand_id == session.brand_id, OrderLineRow.id == AfterSaleRow.line_id))
        .where(AfterSaleRow.brand_id == session.brand_id, AfterSaleRow.is_restocked)
        .group_by(AfterSaleRow.order_id, OrderLineRow.sku_id)
        .subquery()
    )
    moved = (
        sa.select(
            StockMovementRow.order_id, StockMovementRow.sku_id, sa.func.sum(StockMovementRow.change).label("pieces")
        )
        .where(
            StockMovementRow.brand_id == session.brand_id,
            StockMovementRow.kind == MovementKind.RETURN.value,
        )
        .group_by(StockMovementRow.order_id, StockMovementRow.sku_id)
        .subquery()
    )
    rows = await session.execute(
        sa.select(sa.func.coalesce(expected.c.order_id, moved.c.order_id), expected.c.pieces, moved.c.pieces)
        .select_from(
            expected.outerjoin(
                moved,
                sa.and_(moved.c.order_id == expected.c.order_id, moved.c.sku_id == expected.c.sku_id),
                full=True,
            )
        )
        .where(expected.c.pieces.is_distinct_from(moved.c.pieces))
    )
    return [f"order {row[0]}: {row[1]} pieces to restock, {row[2]} came back" for row in rows]


async def books_agree(session: BrandSession) -> list[str]:
    """No difference between our book and a provider's is open."""
    rows = await session.execute(
        sa.select(
            DifferenceRow.subject, DifferenceRow.number, DifferenceRow.kind, DifferenceRow.ours, DifferenceRow.theirs
        )
        .where(reconciliation.is_open(session))
        .order_by(DifferenceRow.found_at)
    )
    return [f"{row[0]} {row[1]}: {row[2]}, ours {row[3]}, the provider's {row[4]}" for row in rows]


CHECKS: dict[str, Callable[[BrandSession], Awaitable[list[str]]]] = {
    "after-sales fit their lines": after_sales_fit_their_lines,
    "after-sales have the instants of their state": after_sales_have_their_instants,
    "moves of after-sales are a path": after_sale_moves_are_a_path,
    "refunded goods are those of after-sales": refunded_goods_are_the_after_sales,
    "refunds are those of after-sales": refunds_are_of_after_sales,
    "reversals are the refunded goods": reversals_are_the_refunded_goods,
    "open after-sales pause their lines": open_after_sales_pause_their_lines,
    "orders are closed when all went back": orders_are_closed_when_all_went_back,
    "stock came back as after-sales say": stock_came_back,
    "our book and the providers' agree": books_agree,
}
