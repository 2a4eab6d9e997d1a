"""Touchpoints (触点): a customer or visitor met a guide's code, shop or link. Rows are never changed.

`touch_head` has one row a subject and source. It makes repeats one touchpoint, and it is the lock that makes 50 scans
at once one too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.customers.events import ShopOpened
from app.customers.models import CustomerRow, TouchHeadRow, TouchpointRow, VisitorRow
from app.customers.values import Channel, TouchpointKind
from app.employees.models import EmployeeRow
from app.employees.reads import branch_of
from app.platform.db import BrandSession

REPEAT: Final = timedelta(minutes=10)
"""The same subject and code within this time is the same touchpoint."""
REPEAT_OPEN: Final = timedelta(minutes=30)
"""The same subject and shop within this time is the same visit."""
MOST_TOUCHES: Final = 100
OPENS_SHOP: Final = (TouchpointKind.SCAN, TouchpointKind.OPEN)
"""What leads into the shop that a touchpoint names."""


@dataclass(frozen=True, slots=True)
class Touch:
    """A touchpoint recorded now, or the one that it repeats. `occurred_at` is the kept one's instant."""

    touchpoint_id: UUID
    is_new: bool
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class TouchFact:
    """A touchpoint with what a decision needs to know of its guide today.

    `is_self`: the guide's phone is the customer's own. `store_id` is the guide's store at the time of the touch.
    """

    touchpoint_id: UUID
    guide_id: UUID | None
    store_id: UUID | None
    shop_id: UUID | None
    code_id: UUID | None
    kind: TouchpointKind
    channel: Channel
    occurred_at: datetime
    guide_is_active: bool
    is_self: bool


async def record(
    session: BrandSession,
    *,
    visitor_id: UUID | None,
    customer_id: UUID | None,
    guide_id: UUID | None,
    store_id: UUID | None,
    shop_id: UUID | None,
    code_id: UUID | None,
    kind: TouchpointKind,
    channel: Channel,
    now: datetime,
    known_as: UUID | None = None,
) -> Touch:
    """Record a touch, unless it repeats one: same subject and source within ten minutes (OPEN: 30 minutes).

    Subject: the signed-in customer; else `known_as`, the customer whom the visitor is joined to; else the visitor.
    Source: the code, else the shop. A repeat takes one statement and no lock; a new touch three, and it holds the head,
    which comes before a binding head. Emits: ShopOpened, where a new touch led into a shop.
    """
    subject_id, source_id = customer_id or known_as or visitor_id, code_id or shop_id
    if subject_id is None or source_id is None:
        raise ValueError("a touch needs a visitor or customer, and a code or shop")
    repeats_after = now - (REPEAT_OPEN if kind is TouchpointKind.OPEN else REPEAT)
    kept = await _kept(session, subject_id=subject_id, source_id=source_id)
    if kept is not None and kept.occurred_at > repeats_after:
        return kept
    touchpoint_id = session.new_id()
    head = insert(TouchHeadRow).values(
        brand_id=session.brand_id,
        subject_id=subject_id,
        source_id=source_id,
        touchpoint_id=touchpoint_id,
        occurred_at=now,
    )
    moved = await session.execute(
        head.on_conflict_do_update(
            index_elements=["brand_id", "subject_id", "source_id"],
            set_={"touchpoint_id": head.excluded.touchpoint_id, "occurred_at": head.excluded.occurred_at},
            where=TouchHeadRow.occurred_at <= repeats_after,
        ).returning(TouchHeadRow.touchpoint_id)
    )
    if moved.scalar_one_or_none() is None:
        # Somebody was faster between the look and the lock.
        first = await _kept(session, subject_id=subject_id, source_id=source_id)
        if first is None:
            raise LookupError("a touch head was locked and is gone")
        return first
    await session.execute(
        sa.insert(TouchpointRow).values(
            brand_id=session.brand_id,
            id=touchpoint_id,
            visitor_id=visitor_id,
            customer_id=customer_id,
            guide_id=guide_id,
            store_id=store_id,
            shop_id=shop_id,
            code_id=code_id,
            kind=kind.value,
            channel=channel.value,
            occurred_at=now,
            branch=branch_of(session.brand_id, store_id=store_id, employee_id=guide_id),
        )
    )
    if shop_id is not None and kind in OPENS_SHOP:
        session.emit(ShopOpened(touchpoint_id))
    return Touch(touchpoint_id, is_new=True, occurred_at=now)


async def record_coupon(
    session: BrandSession,
    *,
    customer_id: UUID,
    guide_id: UUID,
    store_id: UUID | None,
    shop_id: UUID | None,
    code_id: UUID | None,
    channel: Channel,
    now: datetime,
) -> UUID:
    """Record that a guide's coupon came into a customer's hands; gives the touchpoint's id. One statement.

    A coupon comes once, so there is no repeat to be told: it is a touch of its own, whatever was scanned just before.
    """
    touchpoint_id = session.new_id()
    await session.execute(
        sa.insert(TouchpointRow).values(
            brand_id=session.brand_id,
            id=touchpoint_id,
            visitor_id=None,
            customer_id=customer_id,
            guide_id=guide_id,
            store_id=store_id,
            shop_id=shop_id,
            code_id=code_id,
            kind=TouchpointKind.COUPON.value,
            channel=channel.value,
            occurred_at=now,
            branch=branch_of(session.brand_id, store_id=store_id, employee_id=guide_id),
        )
    )
    return touchpoint_id


async def latest_touches(
    session: BrandSession, *, customer_id: UUID, since: datetime | None = None, limit: int = MOST_TOUCHES
) -> list[TouchFact]:
    """The customer's own touches and those of the visitors joined to the customer, newest first; one statement.

    Touches without a guide are left out. `limit` bounds what one decision reads: older ones never win.
    """
    parameters: dict[str, Any] = {"brand": session.brand_id, "customer": customer_id, "limit": limit}
    if since is not None:
        parameters["since"] = since
    rows = await session.execute(_latest(has_since=since is not None), parameters)
    return [
        TouchFact(
            touchpoint_id=row.id,
            guide_id=row.guide_id,
            store_id=row.store_id,
            shop_id=row.shop_id,
            code_id=row.code_id,
            kind=TouchpointKind(row.kind),
            channel=Channel(row.channel),
            occurred_at=row.occurred_at,
            guide_is_active=row.state == "ACTIVE",
            is_self=bool(row.is_self),
        )
        for row in rows
    ]


async def _kept(session: BrandSession, *, subject_id: UUID, source_id: UUID) -> Touch | None:
    """The touch that the head of this subject and source points to."""
    row = (
        await session.execute(
            sa.select(TouchHeadRow.touchpoint_id, TouchHeadRow.occurred_at).where(
                TouchHeadRow.brand_id == session.brand_id,
                TouchHeadRow.subject_id == subject_id,
                TouchHeadRow.source_id == source_id,
            )
        )
    ).first()
    return None if row is None else Touch(row.touchpoint_id, is_new=False, occurred_at=row.occurred_at)


@cache
def _latest(*, has_since: bool) -> sa.Select[Any]:
    """The latest touches of a customer. Made once, as making it takes longer than running it."""
    touched, visitor, employee, customer = (
        cast("sa.Table", row.__table__) for row in (TouchpointRow, VisitorRow, EmployeeRow, CustomerRow)
    )
    brand_id, customer_id = (sa.bindparam(name, type_=sa.Uuid()) for name in ("brand", "customer"))
    limit = sa.bindparam("limit", type_=sa.BigInteger())
    names = ("id", "guide_id", "store_id", "shop_id", "code_id", "kind", "channel", "occurred_at")
    columns = [touched.c[name] for name in names]
    wanted: list[sa.ColumnElement[bool]] = [touched.c.brand_id == brand_id, touched.c.guide_id.is_not(None)]
    if has_since:
        wanted.append(touched.c.occurred_at >= sa.bindparam("since", type_=sa.DateTime(timezone=True)))
    own = sa.select(*columns).where(*wanted, touched.c.customer_id == customer_id)
    joined = (
        sa.select(*columns)
        .join(visitor, sa.and_(visitor.c.brand_id == touched.c.brand_id, visitor.c.id == touched.c.visitor_id))
        .where(
            *wanted,
            visitor.c.brand_id == brand_id,
            visitor.c.customer_id == customer_id,
            # What somebody else did while signed in on the same phone stays that person's.
            touched.c.customer_id.is_(None),
        )
    )
    # Two index scans, each cut off by itself: one condition with OR would read the whole table.
    touch = sa.union_all(
        *(part.order_by(touched.c.id.desc()).limit(limit).subquery().select() for part in (own, joined))
    ).subquery("touch")
    return (
        sa.select(touch, employee.c.state, (employee.c.phone_hash == customer.c.phone_hash).label("is_self"))
        .join(employee, sa.and_(employee.c.brand_id == brand_id, employee.c.id == touch.c.guide_id))
        .join(customer, sa.and_(customer.c.brand_id == brand_id, customer.c.id == customer_id))
        .order_by(touch.c.id.desc())
        .limit(limit)
    )
