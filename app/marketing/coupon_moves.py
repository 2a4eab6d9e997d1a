"""The only way in which coupons change their state: by the declared state machine, each step written down with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.marketing.coupon_codes import new_code
from app.marketing.coupon_rules import COUPON_MOVES, move_coupon
from app.marketing.models import CouponMoveRow, CouponRow
from app.marketing.values import CouponEvent, CouponState
from app.platform.db import BrandSession


@dataclass(frozen=True, slots=True)
class Moved:
    """A coupon that took a step."""

    coupon_id: UUID
    before: CouponState
    after: CouponState


async def begin(
    session: BrandSession, values: dict[str, Any], events: Sequence[CouponEvent], *, actor: str, now: datetime
) -> UUID:
    """A coupon comes into being and takes its first steps; gives its id. Two statements."""
    states: list[CouponState | None] = [None]
    for event in events:
        states.append(move_coupon(states[-1], event))
    state = states[-1]
    if state is None:
        raise ValueError("a coupon begins with a step")
    coupon_id: UUID = values["id"]
    await session.execute(
        sa.insert(CouponRow).values(
            brand_id=session.brand_id, state=state.value, steps=len(events), code=new_code(), **values
        )
    )
    await session.execute(
        sa.insert(CouponMoveRow),
        [
            {
                "brand_id": session.brand_id,
                "coupon_id": coupon_id,
                "step": step + 1,
                "event": event.value,
                "from_state": before,
                "to_state": after,
                "order_id": None,
                "actor": actor,
                "at": now,
            }
            for step, (event, before, after) in enumerate(zip(events, states[:-1], states[1:], strict=True))
        ],
    )
    return coupon_id


async def move(
    session: BrandSession,
    *conditions: sa.ColumnElement[bool],
    event: CouponEvent,
    actor: str,
    now: datetime,
    is_late: sa.ColumnElement[bool] | None = None,
    is_skipping: bool = False,
    **columns: Any,
) -> list[Moved]:
    """Take every coupon that meets the conditions, and from whose state the event leads on, one step on.

    One statement; the rows are locked in the order of their ids. `is_late`: those it holds for expire instead.
    `is_skipping`: those that somebody else holds are left alone. `columns`: what else changes. Gives who moved.
    """
    old = (
        sa.select(CouponRow.id, CouponRow.state, CouponRow.order_id)
        .where(
            CouponRow.brand_id == session.brand_id,
            CouponRow.state.in_([before.value for before, known in COUPON_MOVES if known is event and before]),
            *conditions,
        )
        .order_by(CouponRow.id)
        .with_for_update(skip_locked=is_skipping)
        .cte("old")
    )
    after = {state for (_, known), state in COUPON_MOVES.items() if known is event}.pop()
    happened: sa.ColumnElement[str] = sa.literal(event.value, sa.Text())
    becomes: sa.ColumnElement[str] = sa.literal(after.value, sa.Text())
    if is_late is not None:
        happened = sa.case((is_late, CouponEvent.EXPIRE.value), else_=happened)
        becomes = sa.case((is_late, CouponState.EXPIRED.value), else_=becomes)
    moved = (
        sa.update(CouponRow)
        .where(CouponRow.brand_id == session.brand_id, CouponRow.id == old.c.id, CouponRow.state == old.c.state)
        .values(state=becomes, steps=CouponRow.steps + 1, **columns)
        .returning(
            CouponRow.brand_id,
            CouponRow.id,
            CouponRow.steps,
            happened.label("event"),
            old.c.state.label("from_state"),
            CouponRow.state,
            sa.func.coalesce(CouponRow.order_id, old.c.order_id).label("order_id"),
        )
        .cte("moved")
    )
    written = await session.execute(
        sa.insert(CouponMoveRow)
        .from_select(
            ["brand_id", "coupon_id", "step", "event", "from_state", "to_state", "order_id", "actor", "at"],
            sa.select(*moved.c, sa.literal(actor, sa.Text()), sa.literal(now, sa.DateTime(timezone=True))).where(
                moved.c.brand_id == session.brand_id
            ),
        )
        .returning(CouponMoveRow.coupon_id, CouponMoveRow.from_state, CouponMoveRow.to_state)
    )
    return [Moved(row.coupon_id, CouponState(row.from_state), CouponState(row.to_state)) for row in written]
