"""What must hold of coupons at any time. Each check is one statement and gives a line for every violation."""

from collections.abc import Awaitable, Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.marketing.care_models import CareTaskRow
from app.marketing.coupon_rules import move_coupon
from app.marketing.models import (
    CouponHolderRow,
    CouponMoveRow,
    CouponRow,
    CouponTemplateRow,
    CouponTransferRow,
)
from app.marketing.values import CouponEvent, CouponState, ForbiddenCouponMove
from app.platform.db import BrandSession


async def budgets_count_their_coupons(session: BrandSession) -> list[str]:
    """A template counts as issued and claimed what there is, and never more than its quantity."""
    rows = await session.execute(
        sa.select(
            CouponTemplateRow.id,
            CouponTemplateRow.issued_count,
            sa.func.count(CouponRow.id),
            CouponTemplateRow.claimed_count,
            sa.func.count(CouponRow.claimed_at),
        )
        .outerjoin(
            CouponRow,
            sa.and_(
                CouponRow.brand_id == session.brand_id,
                CouponRow.template_id == CouponTemplateRow.id,
                CouponRow.from_coupon_id.is_(None),
            ),
        )
        .where(CouponTemplateRow.brand_id == session.brand_id)
        .group_by(CouponTemplateRow.id, CouponTemplateRow.issued_count, CouponTemplateRow.claimed_count)
        .having(
            sa.or_(
                CouponTemplateRow.issued_count != sa.func.count(CouponRow.id),
                CouponTemplateRow.claimed_count != sa.func.count(CouponRow.claimed_at),
            )
        )
    )
    return [
        f"coupon template {template}: {issued} issued, {coupons} coupons; {claimed} claimed, {taken} coupons"
        for template, issued, coupons, claimed, taken in rows
    ]


async def limits_count_their_coupons(session: BrandSession) -> list[str]:
    """A customer's count of a template is what he was given of it, and not more than one person can have."""
    held = (
        sa.select(CouponRow.template_id, CouponRow.customer_id, sa.func.count().label("coupons"))
        .where(CouponRow.brand_id == session.brand_id)
        .group_by(CouponRow.template_id, CouponRow.customer_id)
        .subquery("held")
    )
    counted = (
        sa.select(
            CouponHolderRow.template_id,
            CouponHolderRow.customer_id,
            CouponHolderRow.taken,
            CouponTemplateRow.per_person,
        )
        .join(
            CouponTemplateRow,
            sa.and_(
                CouponTemplateRow.brand_id == session.brand_id, CouponTemplateRow.id == CouponHolderRow.template_id
            ),
        )
        .where(CouponHolderRow.brand_id == session.brand_id)
        .subquery("counted")
    )
    rows = await session.execute(
        sa.select(
            sa.func.coalesce(held.c.template_id, counted.c.template_id),
            sa.func.coalesce(held.c.customer_id, counted.c.customer_id),
            held.c.coupons,
            counted.c.taken,
        )
        .select_from(held)
        .outerjoin(
            counted,
            sa.and_(counted.c.template_id == held.c.template_id, counted.c.customer_id == held.c.customer_id),
            full=True,
        )
        .where(sa.or_(held.c.coupons.is_distinct_from(counted.c.taken), counted.c.taken > counted.c.per_person))
    )
    return [
        f"coupon template {template}: customer {customer} has {coupons}, counted {taken}"
        for template, customer, coupons, taken in rows
    ]


async def moves_are_a_path(session: BrandSession) -> list[str]:
    """The history of a coupon is one path through the state machine, from its issue to its present state."""
    in_order = aggregate_order_by(
        sa.func.jsonb_build_array(CouponMoveRow.from_state, CouponMoveRow.event, CouponMoveRow.to_state),
        CouponMoveRow.step,
    )
    rows = await session.execute(
        sa.select(CouponRow.id, CouponRow.state, CouponRow.steps, sa.func.jsonb_agg(in_order))
        .outerjoin(
            CouponMoveRow, sa.and_(CouponMoveRow.brand_id == session.brand_id, CouponMoveRow.coupon_id == CouponRow.id)
        )
        .where(CouponRow.brand_id == session.brand_id)
        .group_by(CouponRow.id, CouponRow.state, CouponRow.steps)
    )
    return [
        f"coupon {coupon}: {moves} to {state}"
        for coupon, state, steps, moves in rows
        if len(moves) != steps or not _is_path(moves, state)
    ]


def _is_path(moves: Sequence[Sequence[str | None]], end: str) -> bool:
    state: CouponState | None = None
    for before, event, after in moves:
        try:
            known = move_coupon(state, CouponEvent(event or ""))
        except (ForbiddenCouponMove, ValueError):
            return False
        if before != state or after != known:
            return False
        state = known
    return state == end


async def transfers_have_two_ends(session: BrandSession) -> list[str]:
    """A coupon is TRANSFERRED if and only if one came of it, by an offer that was taken."""
    came = sa.orm.aliased(CouponRow)
    rows = await session.execute(
        sa.select(CouponRow.id, CouponRow.state, came.id, CouponTransferRow.new_coupon_id)
        .outerjoin(came, sa.and_(came.brand_id == session.brand_id, came.from_coupon_id == CouponRow.id))
        .outerjoin(
            CouponTransferRow,
            sa.and_(CouponTransferRow.brand_id == session.brand_id, CouponTransferRow.coupon_id == CouponRow.id),
        )
        .where(
            CouponRow.brand_id == session.brand_id,
            sa.or_(
                (CouponRow.state == CouponState.TRANSFERRED.value) != came.id.is_not(None),
                came.id.is_distinct_from(CouponTransferRow.new_coupon_id),
                sa.and_(came.id.is_not(None), came.template_id != CouponRow.template_id),
            ),
        )
    )
    return [f"coupon {coupon}: {state}, became {new}, offered as {offered}" for coupon, state, new, offered in rows]


async def cared_coupons_have_their_task(session: BrandSession) -> list[str]:
    """A coupon that was looked after has one care task, of its own customer; one that was not has none."""
    rows = await session.execute(
        sa.select(CouponRow.id)
        .outerjoin(
            CareTaskRow, sa.and_(CareTaskRow.brand_id == session.brand_id, CareTaskRow.coupon_id == CouponRow.id)
        )
        .where(
            CouponRow.brand_id == session.brand_id,
            sa.or_(
                CouponRow.cared_at.is_(None) != CareTaskRow.id.is_(None),
                CareTaskRow.customer_id != CouponRow.customer_id,
            ),
        )
    )
    return [f"coupon {row.id}: its care task is missing or somebody else's" for row in rows]


CHECKS: dict[str, Callable[[BrandSession], Awaitable[list[str]]]] = {
    "coupon budgets count their coupons": budgets_count_their_coupons,
    "coupon limits count their coupons": limits_count_their_coupons,
    "moves of coupons are a path of the state machine": moves_are_a_path,
    "transfers of coupons have two ends": transfers_have_two_ends,
    "cared coupons have their care task": cared_coupons_have_their_task,
}
