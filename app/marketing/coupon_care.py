"""What time does to coupons: they run out, they end with their template, an unused one is cared for once. A job."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from app.marketing import care_tasks, coupon_moves
from app.marketing.coupon_rules import OPEN
from app.marketing.events import CouponUnused
from app.marketing.models import CouponRow, CouponTemplateRow
from app.marketing.values import CouponEvent, CouponState
from app.platform.actor import SYSTEM
from app.platform.db import Brand, BrandSession
from app.platform.runtime import Runtime

AT_ONCE: Final = 500
"""Coupons that one transaction looks after."""
MOST_ROUNDS: Final = 40
CARE: Final = timedelta(days=3)
"""How long before its end an unused coupon is told about (二次关怀)."""


async def look_after(runtime: Runtime, brand: Brand) -> int:
    """Write down which coupons are over, and have an unused one cared for once, before it is; gives how many.

    Everybody sees an overdue coupon as what it is before this job has come to it. Emits: CouponUnused.
    """
    done = 0
    for step in (_expire, _revoke, _tell, care_tasks.lapse):
        for _ in range(MOST_ROUNDS):
            changed = await runtime.database.run(brand, step)
            done += changed
            if changed < AT_ONCE:
                break
    return done


async def _expire(session: BrandSession) -> int:
    due = (
        sa.select(CouponRow.id)
        .where(
            CouponRow.brand_id == session.brand_id,
            CouponRow.state.in_([state.value for state in OPEN]),
            CouponRow.expires_at <= session.now,
        )
        .order_by(CouponRow.expires_at)
        .limit(AT_ONCE)
    )
    return await _end(session, due, CouponEvent.EXPIRE)


async def _revoke(session: BrandSession) -> int:
    due = (
        sa.select(CouponRow.id)
        .join(
            CouponTemplateRow,
            sa.and_(CouponTemplateRow.brand_id == session.brand_id, CouponTemplateRow.id == CouponRow.template_id),
        )
        .where(
            CouponRow.brand_id == session.brand_id,
            CouponRow.state.in_([state.value for state in OPEN]),
            CouponTemplateRow.revoked_at.is_not(None),
        )
        .limit(AT_ONCE)
    )
    return await _end(session, due, CouponEvent.REVOKE)


async def _end(session: BrandSession, due: sa.Select[UUID], event: CouponEvent) -> int:
    moved = await coupon_moves.move(
        session,
        CouponRow.id.in_(due),
        CouponRow.state.in_([state.value for state in OPEN]),
        event=event,
        actor=SYSTEM.principal,
        now=session.now,
        is_skipping=True,
    )
    return len(moved)


async def _tell(session: BrandSession) -> int:
    """A task for each, and the event. Coupons whose whole time is shorter than CARE have theirs in its second half."""
    now = sa.literal(session.now, sa.DateTime(timezone=True))
    due = (
        sa.select(CouponRow.id)
        .where(
            CouponRow.brand_id == session.brand_id,
            CouponRow.state == CouponState.CLAIMED.value,
            CouponRow.cared_at.is_(None),
            CouponRow.expires_at > session.now,
            CouponRow.expires_at <= session.now + CARE,
            CouponRow.expires_at - now <= now - CouponRow.claimed_at,
        )
        .order_by(CouponRow.expires_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    told = await session.execute(
        sa.update(CouponRow)
        .where(CouponRow.brand_id == session.brand_id, CouponRow.id.in_(due.scalar_subquery()))
        .values(cared_at=session.now)
        .returning(CouponRow.id, CouponRow.customer_id, CouponRow.expires_at)
        .execution_options(synchronize_session=False)
    )
    coupons = told.all()
    await care_tasks.begin(session, [(row.id, row.customer_id, row.expires_at) for row in coupons])
    for row in coupons:
        session.emit(CouponUnused(row.id))
    return len(coupons)
