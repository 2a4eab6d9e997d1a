"""What must hold between orders and coupons at any time; each check is one read and gives what breaks it."""

from collections.abc import Awaitable, Callable

import sqlalchemy as sa

from app.marketing.models import CouponRedemptionRow, CouponRow
from app.marketing.values import CouponState
from app.platform.db import BrandSession
from app.products.models import StockMovementRow
from app.products.values import MovementKind
from app.trade.models import OrderDiscountRow, OrderRow
from app.trade.rules import is_paid
from app.trade.values import OrderState

_UNPAID = OrderState.PENDING_PAYMENT.value
_PAID = [state.value for state in OrderState if is_paid(state)]


async def discounts_are_their_coupons(session: BrandSession) -> list[str]:
    """What an order's coupons took off is its discount."""
    given = (
        sa.select(sa.func.coalesce(sa.func.sum(OrderDiscountRow.amount_minor), 0))
        .where(OrderDiscountRow.brand_id == session.brand_id, OrderDiscountRow.order_id == OrderRow.id)
        .scalar_subquery()
    )
    rows = await session.execute(
        sa.select(OrderRow.number, OrderRow.discount_minor, given).where(
            OrderRow.brand_id == session.brand_id, OrderRow.discount_minor != given
        )
    )
    return [f"order {number}: discount {discount}, coupons {taken}" for number, discount, taken in rows]


async def coupons_follow_orders(session: BrandSession) -> list[str]:
    """An unpaid order holds its coupons, a paid one has used them, any other has none; they are its customer's."""
    held_for = (
        sa.select(CouponRow.id, CouponRow.order_id, CouponRow.state, CouponRow.customer_id)
        .where(CouponRow.brand_id == session.brand_id, CouponRow.order_id.is_not(None))
        .subquery("held_for")
    )
    named = (
        sa.select(OrderDiscountRow.order_id, OrderDiscountRow.coupon_id, OrderRow.state, OrderRow.customer_id)
        .join(OrderRow, sa.and_(OrderRow.brand_id == session.brand_id, OrderRow.id == OrderDiscountRow.order_id))
        .where(OrderDiscountRow.brand_id == session.brand_id, OrderRow.state.in_([_UNPAID, *_PAID]))
        .subquery("named")
    )
    expected = sa.case((named.c.state == _UNPAID, CouponState.LOCKED.value), else_=CouponState.USED.value)
    rows = await session.execute(
        sa.select(
            sa.func.coalesce(named.c.coupon_id, held_for.c.id),
            sa.func.coalesce(named.c.order_id, held_for.c.order_id),
            named.c.state,
            held_for.c.state,
        )
        .select_from(named)
        .outerjoin(
            held_for,
            sa.and_(held_for.c.order_id == named.c.order_id, held_for.c.id == named.c.coupon_id),
            full=True,
        )
        .where(
            sa.or_(
                held_for.c.state.is_distinct_from(expected),
                held_for.c.customer_id.is_distinct_from(named.c.customer_id),
            )
        )
    )
    return [f"coupon {coupon} of order {order}: {state}, coupon {held}" for coupon, order, state, held in rows]


async def redemptions_are_of_coupons_taken(session: BrandSession) -> list[str]:
    """A coupon that a store took has its redemption there, at the same time, and nothing else has one."""
    rows = await session.execute(
        sa.select(CouponRow.id, CouponRow.used_in_store_id, CouponRedemptionRow.store_id)
        .outerjoin(
            CouponRedemptionRow,
            sa.and_(CouponRedemptionRow.brand_id == session.brand_id, CouponRedemptionRow.coupon_id == CouponRow.id),
        )
        .where(
            CouponRow.brand_id == session.brand_id,
            sa.or_(
                CouponRow.used_in_store_id.is_distinct_from(CouponRedemptionRow.store_id),
                sa.and_(CouponRedemptionRow.at.is_not(None), CouponRow.used_at != CouponRedemptionRow.at),
            ),
        )
    )
    return [f"coupon {coupon}: taken in {used}, redeemed in {redeemed}" for coupon, used, redeemed in rows]


async def pieces_given_are_redeemed(session: BrandSession) -> list[str]:
    """As many pieces of a SKU left a store for coupons as its coupons were redeemed for."""
    redeemed = (
        sa.select(CouponRedemptionRow.sku_id, CouponRedemptionRow.store_id, sa.func.count().label("pieces"))
        .where(CouponRedemptionRow.brand_id == session.brand_id, CouponRedemptionRow.sku_id.is_not(None))
        .group_by(CouponRedemptionRow.sku_id, CouponRedemptionRow.store_id)
        .subquery("redeemed")
    )
    given = (
        sa.select(
            StockMovementRow.sku_id,
            StockMovementRow.location_id,
            sa.func.sum(-StockMovementRow.change).label("pieces"),
        )
        .where(StockMovementRow.brand_id == session.brand_id, StockMovementRow.kind == MovementKind.REDEEMED.value)
        .group_by(StockMovementRow.sku_id, StockMovementRow.location_id)
        .subquery("given")
    )
    rows = await session.execute(
        sa.select(sa.func.coalesce(redeemed.c.sku_id, given.c.sku_id), redeemed.c.pieces, given.c.pieces)
        .select_from(redeemed)
        .outerjoin(
            given,
            sa.and_(given.c.sku_id == redeemed.c.sku_id, given.c.location_id == redeemed.c.store_id),
            full=True,
        )
        .where(redeemed.c.pieces.is_distinct_from(given.c.pieces))
    )
    return [f"SKU {sku_id}: {pieces} redeemed, {moved} given" for sku_id, pieces, moved in rows]


CHECKS: dict[str, Callable[[BrandSession], Awaitable[list[str]]]] = {
    "discounts are what coupons took off": discounts_are_their_coupons,
    "coupons follow their orders": coupons_follow_orders,
    "redemptions are of coupons that stores took": redemptions_are_of_coupons_taken,
    "pieces given for coupons are redeemed": pieces_given_are_redeemed,
}
