"""Coupons and orders: an order locks the coupons it is placed with, its payment uses them, its end gives them back.

What ends unpaid, and what is refunded whole (every piece of it, sent or not), gives its coupons back to their customer
for what is left of their time; a refund of a part gives none back. Whoever calls holds the order's row.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.marketing import coupon_moves
from app.marketing.coupon_rules import reduce, state_now
from app.marketing.models import CouponProductRow, CouponRow, CouponTemplateRow
from app.marketing.values import (
    CouponEvent,
    CouponKind,
    CouponState,
    CouponTerms,
    CouponToUse,
    GoodsLine,
    Reduction,
    Refused,
)
from app.platform.actor import SYSTEM
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, NotFound
from app.platform.money import Money


async def reductions(
    session: BrandSession,
    *,
    customer_id: UUID | None,
    coupon_ids: Sequence[UUID],
    goods: Sequence[GoodsLine],
    is_locked: bool,
) -> list[Reduction]:
    """What these coupons of the customer take off the goods, in the order of application; one statement.

    `is_locked` holds them until the transaction ends. Raises: NotFound for a coupon that is not the customer's,
    InvalidInput for one named twice, one that cannot be used now, and one that takes nothing off these goods.
    """
    positions = {coupon_id: position for position, coupon_id in enumerate(coupon_ids)}
    if len(positions) < len(coupon_ids):
        raise InvalidInput("coupon_twice", path=("couponIds",))
    found = await _coupons(session, customer_id, sorted(positions), is_locked=is_locked)
    for coupon_id, position in positions.items():
        path = ("couponIds", str(position))
        if coupon_id not in found:
            raise NotFound("Coupon", path=path)
        state, _ = found[coupon_id]
        if state is not CouponState.CLAIMED:
            raise InvalidInput(f"coupon_is_{state.lower()}", path=path)
    done, refused = reduce([coupon for _, coupon in found.values()], goods)
    for one in refused:
        raise InvalidInput(
            f"coupon_{one.problem.lower()}",
            path=("couponIds", str(positions[one.coupon_id])),
            title=found[one.coupon_id][1].title,
            short=Money(one.short_minor, session.brand.currency).display,
        )
    return done


async def judge(
    session: BrandSession, *, customer_id: UUID, goods: Sequence[GoodsLine]
) -> list[tuple[CouponToUse, Reduction | Refused]]:
    """Every coupon that the customer could use now, with what it alone would do to these goods; one statement."""
    found = await _coupons(session, customer_id, None, is_locked=False)
    judged: list[tuple[CouponToUse, Reduction | Refused]] = []
    for state, coupon in found.values():
        if state is CouponState.CLAIMED:
            done, refused = reduce([coupon], goods)
            judged.append((coupon, done[0] if done else refused[0]))
    return judged


async def lock(session: BrandSession, *, order_id: UUID, coupon_ids: Sequence[UUID], actor: str, now: datetime) -> None:
    """The order that is placed holds these coupons, which this transaction has locked; one statement."""
    moved = await coupon_moves.move(
        session,
        CouponRow.id.in_(sorted(coupon_ids)),
        CouponRow.expires_at > now,
        event=CouponEvent.LOCK,
        actor=actor,
        now=now,
        order_id=order_id,
    )
    if len(moved) != len(coupon_ids):
        raise LookupError("a coupon that was locked for an order is not there")


async def use(session: BrandSession, *, order_id: UUID, now: datetime) -> None:
    """The order is paid: its coupons are used. One statement."""
    await coupon_moves.move(
        session,
        CouponRow.order_id == order_id,
        event=CouponEvent.USE,
        actor=SYSTEM.principal,
        now=now,
        used_at=now,
    )


async def release(session: BrandSession, *, order_id: UUID, actor: str, now: datetime) -> None:
    """The order is given up unpaid: its coupons can be used again, unless their time is over. One statement."""
    await _give_back(session, order_id, CouponEvent.RELEASE, actor=actor, now=now)


async def restore(session: BrandSession, *, order_id: UUID, actor: str, now: datetime) -> None:
    """Every piece of the order is refunded: its coupons can be used again, unless their time is over. One statement."""
    await _give_back(session, order_id, CouponEvent.RESTORE, actor=actor, now=now)


async def _give_back(session: BrandSession, order_id: UUID, event: CouponEvent, *, actor: str, now: datetime) -> None:
    await coupon_moves.move(
        session,
        CouponRow.order_id == order_id,
        event=event,
        actor=actor,
        now=now,
        is_late=CouponRow.expires_at <= now,
        order_id=None,
        used_at=None,
    )


async def _coupons(
    session: BrandSession, customer_id: UUID | None, coupon_ids: Sequence[UUID] | None, *, is_locked: bool
) -> dict[UUID, tuple[CouponState, CouponToUse]]:
    """The customer's coupons with their terms and their state of now; without ids those that can still be used."""
    products = (
        sa.select(sa.func.array_agg(aggregate_order_by(CouponProductRow.product_id, CouponProductRow.product_id.asc())))
        .where(CouponProductRow.brand_id == session.brand_id, CouponProductRow.template_id == CouponTemplateRow.id)
        .scalar_subquery()
    )
    query = (
        sa.select(
            CouponRow.id,
            CouponRow.state,
            CouponRow.expires_at,
            CouponTemplateRow.title,
            CouponTemplateRow.kind,
            CouponTemplateRow.amount_minor,
            CouponTemplateRow.percent_bp,
            CouponTemplateRow.minimum_spend_minor,
            CouponTemplateRow.revoked_at,
            products.label("products"),
        )
        .join(
            CouponTemplateRow,
            sa.and_(CouponTemplateRow.brand_id == session.brand_id, CouponTemplateRow.id == CouponRow.template_id),
        )
        .where(CouponRow.brand_id == session.brand_id, CouponRow.customer_id == customer_id)
        .order_by(CouponRow.id)
    )
    if coupon_ids is None:
        query = query.where(CouponRow.state == CouponState.CLAIMED.value, CouponRow.expires_at > session.now)
    else:
        query = query.where(CouponRow.id.in_(coupon_ids))
    if is_locked:
        query = query.with_for_update(of=CouponRow)
    return {
        row.id: (
            state_now(
                CouponState(row.state),
                expires_at=row.expires_at,
                is_template_revoked=row.revoked_at is not None,
                now=session.now,
            ),
            CouponToUse(
                row.id,
                row.title,
                CouponTerms(
                    CouponKind(row.kind),
                    row.amount_minor,
                    row.percent_bp,
                    row.minimum_spend_minor,
                    frozenset(row.products or ()),
                ),
            ),
        )
        for row in await session.execute(query)
    }
