"""Care tasks (二次关怀): one for a coupon that is about to run out unused, for whoever serves its customer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.customers import reads as customers
from app.marketing.care_models import CareTaskRow
from app.marketing.models import CouponRow
from app.marketing.values import CareReason, CareState, CouponState
from app.platform import texts
from app.platform.actor import SYSTEM, Actor
from app.platform.db import BrandSession
from app.platform.errors import Forbidden, NotFound, WrongState

AT_ONCE: Final = 500
LONGEST_NOTE: Final = 200
NOTE: Final = "care_note"
"""The field under which what came of a task is sealed."""


async def begin(session: BrandSession, coupons: Sequence[tuple[UUID, UUID, datetime]]) -> None:
    """A task for each of these coupons (its id, its customer, its end) that has none. One statement, or none."""
    if not coupons:
        return
    await session.execute(
        insert(CareTaskRow).on_conflict_do_nothing(index_elements=["brand_id", "coupon_id"]),
        [
            {
                "brand_id": session.brand_id,
                "id": session.new_id(),
                "customer_id": customer_id,
                "coupon_id": coupon_id,
                "reason": CareReason.COUPON_UNUSED.value,
                "state": CareState.OPEN.value,
                "due_at": expires_at,
                "opened_at": session.now,
            }
            for coupon_id, customer_id, expires_at in coupons
        ],
    )


async def close(
    session: BrandSession, actor: Actor, *, task_id: UUID, is_done: bool, note: str | None = None, now: datetime
) -> None:
    """The customer was cared for, or need not be; `note`: what came of it, up to 200 characters.

    For the guide who serves, a manager of the branch, headquarters and the owner. Raises: Forbidden, InvalidInput,
    NotFound; WrongState for one that is closed.
    """
    if not actor.is_employee:
        raise Forbidden
    words = texts.optional_line(note, "note", longest=LONGEST_NOTE)
    row = (
        await session.execute(
            sa.select(CareTaskRow.customer_id, CareTaskRow.state)
            .where(CareTaskRow.brand_id == session.brand_id, CareTaskRow.id == task_id)
            .with_for_update()
        )
    ).one_or_none()
    if row is None or not await customers.visible_customers(session, actor, [row.customer_id]):
        raise NotFound("CareTask", path=("careTaskId",))
    if row.state != CareState.OPEN:
        raise WrongState(row.state)
    await session.execute(
        sa.update(CareTaskRow)
        .where(CareTaskRow.brand_id == session.brand_id, CareTaskRow.id == task_id)
        .values(
            state=(CareState.DONE if is_done else CareState.DISMISSED).value,
            closed_at=now,
            closed_by=actor.principal,
            note=None if words is None else session.vault.seal(session.brand_id, NOTE, words),
        )
        .execution_options(synchronize_session=False)
    )


async def lapse(session: BrandSession) -> int:
    """Close the open tasks whose coupon waits for its customer no more, a bounded number; gives how many.

    A coupon that an order holds may come back, so its task stays open.
    """
    over = (
        sa.select(CareTaskRow.id)
        .join(CouponRow, sa.and_(CouponRow.brand_id == session.brand_id, CouponRow.id == CareTaskRow.coupon_id))
        .where(
            CareTaskRow.brand_id == session.brand_id,
            CareTaskRow.state == CareState.OPEN.value,
            CouponRow.state.not_in([CouponState.CLAIMED.value, CouponState.LOCKED.value]),
        )
        .order_by(CareTaskRow.id)
        .limit(AT_ONCE)
        .with_for_update(of=CareTaskRow, skip_locked=True)
    )
    closed = await session.execute(
        sa.update(CareTaskRow)
        .where(CareTaskRow.brand_id == session.brand_id, CareTaskRow.id.in_(over.scalar_subquery()))
        .values(state=CareState.LAPSED.value, closed_at=session.now, closed_by=SYSTEM.principal)
        .returning(CareTaskRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(closed.all())
