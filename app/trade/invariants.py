"""What must hold for orders, payments and refunds at any moment; each check is one read and gives what breaks it."""

from collections.abc import Awaitable, Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.commission.models import SaleRow
from app.platform.db import BrandSession
from app.products.models import ReservationRow
from app.products.values import ReservationState
from app.trade import (
    after_sale_invariants,
    coupon_invariants,
    fulfilment_invariants,
    invoice_invariants,
    quotation_invariants,
)
from app.trade.models import OrderLineRow, OrderMoveRow, OrderRow, PaymentRow, RefundRow, RerouteRow
from app.trade.rules import is_paid, move
from app.trade.values import (
    ForbiddenMove,
    OrderEvent,
    OrderState,
    PaymentState,
    RefundState,
)

PAID_STATES = [state.value for state in OrderState if is_paid(state) or state is OrderState.CLOSED]


async def totals_are_their_lines(session: BrandSession) -> list[str]:
    """Every order has lines, and goods after discounts are their sum."""
    lines = (
        sa.select(sa.func.sum(OrderLineRow.total_minor))
        .where(OrderLineRow.brand_id == session.brand_id, OrderLineRow.order_id == OrderRow.id)
        .scalar_subquery()
    )
    goods = OrderRow.subtotal_minor - OrderRow.discount_minor
    rows = await session.execute(
        sa.select(OrderRow.number, goods, lines).where(
            OrderRow.brand_id == session.brand_id, goods.is_distinct_from(sa.cast(lines, sa.BigInteger))
        )
    )
    return [f"order {number}: goods {goods}, lines {total}" for number, goods, total in rows]


async def paid_orders_keep_one_payment(session: BrandSession) -> list[str]:
    """A paid order keeps exactly one payment of its total, any other order none.

    Money that goes back by itself is not kept; what after-sales give back was.
    """
    going_back = sa.exists().where(
        RefundRow.brand_id == session.brand_id,
        RefundRow.payment_id == PaymentRow.id,
        RefundRow.after_sale_id.is_(None),
        RefundRow.amount_minor == PaymentRow.amount_minor,
    )
    # Summed up in one go: asked order by order, a plan made before the figures of a large load are known reads all
    # refunds for each of them.
    kept = (
        sa.select(
            PaymentRow.order_id, sa.func.count().label("payments"), sa.func.sum(PaymentRow.amount_minor).label("minor")
        )
        .where(
            PaymentRow.brand_id == session.brand_id,
            PaymentRow.state.in_([PaymentState.SUCCEEDED.value, PaymentState.REFUNDED.value]),
            ~going_back,
        )
        .group_by(PaymentRow.order_id)
        .subquery("kept")
    )
    payments, amount = sa.func.coalesce(kept.c.payments, 0), sa.func.coalesce(kept.c.minor, 0)
    should_keep = OrderRow.state.in_(PAID_STATES)
    is_wrong = sa.or_(
        sa.and_(should_keep, sa.or_(payments != 1, amount != OrderRow.total_minor)),
        sa.and_(~should_keep, payments != 0),
        should_keep != OrderRow.paid_at.is_not(None),
        should_keep != OrderRow.paid_on.is_not(None),
    )
    rows = await session.execute(
        sa.select(OrderRow.number, OrderRow.state, payments)
        .outerjoin(kept, kept.c.order_id == OrderRow.id)
        .where(OrderRow.brand_id == session.brand_id, is_wrong)
    )
    return [f"order {number}: {state} with {count} kept payments" for number, state, count in rows]


async def refunds_add_up(session: BrandSession) -> list[str]:
    """A payment is REFUNDED if and only if its whole amount has gone back; never more is asked for than was paid."""
    back = sa.func.coalesce(
        sa.func.sum(RefundRow.amount_minor).filter(RefundRow.state == RefundState.SUCCEEDED.value), 0
    )
    rows = await session.execute(
        sa.select(PaymentRow.number, PaymentRow.state, back)
        .outerjoin(RefundRow, sa.and_(RefundRow.brand_id == session.brand_id, RefundRow.payment_id == PaymentRow.id))
        .where(PaymentRow.brand_id == session.brand_id)
        .group_by(PaymentRow.number, PaymentRow.state, PaymentRow.amount_minor)
        .having(
            sa.or_(
                (PaymentRow.state == PaymentState.REFUNDED.value)
                != sa.and_(back == PaymentRow.amount_minor, PaymentRow.amount_minor > 0),
                sa.func.sum(RefundRow.amount_minor) > PaymentRow.amount_minor,
            )
        )
    )
    return [f"payment {number}: {state}, {amount} went back" for number, state, amount in rows]


async def orders_show_what_went_back(session: BrandSession) -> list[str]:
    """An order's refunded amount is what after-sales gave back; a cancelled one's what came late, up to its total."""
    of_after_sales = sa.func.sum(RefundRow.amount_minor).filter(RefundRow.after_sale_id.is_not(None))
    back = (
        sa.select(
            RefundRow.order_id,
            sa.func.sum(RefundRow.amount_minor).label("minor"),
            of_after_sales.label("of_after_sales_minor"),
        )
        .where(RefundRow.brand_id == session.brand_id, RefundRow.state == RefundState.SUCCEEDED.value)
        .group_by(RefundRow.order_id)
        .subquery("back")
    )
    counts = sa.case((OrderRow.state == OrderState.CANCELLED.value, back.c.minor), else_=back.c.of_after_sales_minor)
    rows = await session.execute(
        sa.select(OrderRow.number, OrderRow.refunded_minor)
        .outerjoin(back, back.c.order_id == OrderRow.id)
        .where(
            OrderRow.brand_id == session.brand_id,
            OrderRow.refunded_minor != sa.func.least(OrderRow.total_minor, sa.func.coalesce(counts, 0)),
        )
    )
    return [f"order {number}: refunded {amount}" for number, amount in rows]


async def moves_are_a_path(session: BrandSession) -> list[str]:
    """The history of an order is one path through the state machine, from being placed to its present state."""
    in_order = aggregate_order_by(
        sa.func.jsonb_build_array(OrderMoveRow.from_state, OrderMoveRow.event, OrderMoveRow.to_state),
        OrderMoveRow.at,
        OrderMoveRow.id,
    )
    rows = await session.execute(
        sa.select(OrderRow.number, OrderRow.state, sa.func.jsonb_agg(in_order))
        .outerjoin(
            OrderMoveRow, sa.and_(OrderMoveRow.brand_id == session.brand_id, OrderMoveRow.order_id == OrderRow.id)
        )
        .where(OrderRow.brand_id == session.brand_id)
        .group_by(OrderRow.id, OrderRow.number, OrderRow.state)
    )
    return [f"order {number}: {moves} to {state}" for number, state, moves in rows if not _is_path(moves, state)]


def _is_path(moves: Sequence[Sequence[str | None]], end: str) -> bool:
    """Whether the steps, in some order, lead from DRAFT to `end`: steps of one instant may come in any order."""
    steps = {before or OrderState.DRAFT.value: (event, after) for before, event, after in moves}
    if len(steps) != len(moves):
        return False
    state = OrderState.DRAFT
    while steps:
        event, after = steps.pop(state.value, (None, None))
        try:
            state = move(state, OrderEvent(event or ""))
        except (ForbiddenMove, ValueError):
            return False
        if state.value != after:
            return False
    return state.value == end


async def reservations_follow_orders(session: BrandSession) -> list[str]:
    """Pieces of an unpaid order are held, of a paid one sold, of a cancelled one released; as many as its lines say.

    What a place released, as another gave it instead, does not count.
    """
    is_released = ReservationRow.state == ReservationState.RELEASED.value
    was_rerouted = sa.exists().where(
        RerouteRow.brand_id == session.brand_id,
        RerouteRow.order_id == ReservationRow.order_id,
        RerouteRow.from_location_id == ReservationRow.location_id,
    )
    ordered = (
        sa.select(OrderLineRow.order_id, OrderLineRow.sku_id, sa.func.sum(OrderLineRow.quantity).label("pieces"))
        .where(OrderLineRow.brand_id == session.brand_id)
        .group_by(OrderLineRow.order_id, OrderLineRow.sku_id)
        .subquery()
    )
    held = (
        sa.select(
            ReservationRow.order_id,
            ReservationRow.sku_id,
            sa.func.sum(ReservationRow.quantity).label("pieces"),
            sa.func.min(ReservationRow.state).label("state"),
            sa.func.count(sa.distinct(ReservationRow.state)).label("states"),
        )
        .where(ReservationRow.brand_id == session.brand_id, sa.not_(sa.and_(is_released, was_rerouted)))
        .group_by(ReservationRow.order_id, ReservationRow.sku_id)
        .subquery()
    )
    expected = sa.case(
        (OrderRow.state == OrderState.PENDING_PAYMENT.value, ReservationState.HELD.value),
        (OrderRow.state == OrderState.CANCELLED.value, ReservationState.RELEASED.value),
        else_=ReservationState.SOLD.value,
    )
    rows = await session.execute(
        sa.select(OrderRow.number, OrderRow.state, ordered.c.sku_id, held.c.state)
        .select_from(ordered)
        .outerjoin(held, sa.and_(held.c.order_id == ordered.c.order_id, held.c.sku_id == ordered.c.sku_id), full=True)
        .outerjoin(
            OrderRow,
            sa.and_(
                OrderRow.brand_id == session.brand_id,
                OrderRow.id == sa.func.coalesce(ordered.c.order_id, held.c.order_id),
            ),
        )
        .where(
            sa.or_(
                ordered.c.pieces.is_distinct_from(held.c.pieces),
                held.c.states != 1,
                held.c.state != expected,
                OrderRow.id.is_(None),
            )
        )
    )
    return [f"order {number}: {state}, pieces of {sku} are {kept}" for number, state, sku, kept in rows]


async def orders_are_their_sales(session: BrandSession) -> list[str]:
    """Every order is attributed once, and keeps the guide, store and branch that were decided when it was placed."""
    rows = await session.execute(
        sa.select(OrderRow.number)
        .outerjoin(SaleRow, sa.and_(SaleRow.brand_id == session.brand_id, SaleRow.id == OrderRow.id))
        .where(
            OrderRow.brand_id == session.brand_id,
            sa.or_(
                SaleRow.id.is_(None),
                SaleRow.number != OrderRow.number,
                SaleRow.customer_id.is_distinct_from(OrderRow.customer_id),
                SaleRow.guide_id.is_distinct_from(OrderRow.guide_id),
                SaleRow.store_id.is_distinct_from(OrderRow.store_id),
                SaleRow.branch != OrderRow.branch,
            ),
        )
    )
    return [f"order {number} is not as it was attributed" for (number,) in rows]


CHECKS: dict[str, Callable[[BrandSession], Awaitable[list[str]]]] = {
    "order totals are the sums of their lines": totals_are_their_lines,
    "paid orders keep exactly one payment": paid_orders_keep_one_payment,
    "refunds add up": refunds_add_up,
    "orders show what went back": orders_show_what_went_back,
    "moves are a path of the state machine": moves_are_a_path,
    "reservations follow their orders": reservations_follow_orders,
    "orders are their sales": orders_are_their_sales,
    "instants of orders are those of their moves": fulfilment_invariants.instants_are_those_of_the_moves,
    "shipped orders have parcels": fulfilment_invariants.shipped_orders_have_parcels,
    "pickups name a store": fulfilment_invariants.pickups_name_a_store,
    "stock lies where orders say": fulfilment_invariants.stock_lies_where_orders_say,
    "routes lead to the place": fulfilment_invariants.routes_lead_to_the_place,
    **after_sale_invariants.CHECKS,
    **coupon_invariants.CHECKS,
    **invoice_invariants.CHECKS,
    **quotation_invariants.CHECKS,
}
