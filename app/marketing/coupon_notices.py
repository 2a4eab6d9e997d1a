"""What customers are told about their coupons, each once, by a subscription of theirs: effects of coupon events."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.marketing import outbound
from app.marketing.events import CouponClaimed, CouponGiven, CouponUnused
from app.marketing.models import CouponRow, CouponTemplateRow
from app.marketing.outbound import Subject
from app.marketing.values import CouponState, OutboundChannel, OutboundKind
from app.platform import clock, messages
from app.platform.actor import SYSTEM
from app.platform.db import BrandSession


async def tell_given(session: BrandSession, event: CouponGiven, event_id: UUID) -> None:
    """A guide's coupon waits to be accepted."""
    coupon = await _coupon(session, CouponRow.id == event.coupon_id)
    if coupon is not None and coupon.state == CouponState.ISSUED:
        await _tell(session, coupon, OutboundKind.COUPON, "coupon_notice_given")


async def tell_taken(session: BrandSession, event: CouponClaimed, event_id: UUID) -> None:
    """A friend has taken a coupon over: its giver is told."""
    its_first = sa.select(CouponRow.from_coupon_id).where(
        CouponRow.brand_id == session.brand_id, CouponRow.id == event.coupon_id
    )
    coupon = await _coupon(session, CouponRow.id == its_first.scalar_subquery())
    if coupon is not None:
        await _tell(session, coupon, OutboundKind.COUPON, "coupon_notice_taken")


async def tell_unused(session: BrandSession, event: CouponUnused, event_id: UUID) -> None:
    """A coupon is about to run out unused."""
    coupon = await _coupon(session, CouponRow.id == event.coupon_id)
    if coupon is not None and coupon.state == CouponState.CLAIMED and coupon.expires_at > session.now:
        await _tell(session, coupon, OutboundKind.CARE, "coupon_notice_unused")


async def _coupon(session: BrandSession, condition: sa.ColumnElement[bool]) -> Any | None:
    found = await session.execute(
        sa.select(CouponRow.id, CouponRow.customer_id, CouponRow.state, CouponRow.expires_at, CouponTemplateRow.title)
        .join(
            CouponTemplateRow,
            sa.and_(CouponTemplateRow.brand_id == session.brand_id, CouponTemplateRow.id == CouponRow.template_id),
        )
        .where(CouponRow.brand_id == session.brand_id, condition)
    )
    return found.one_or_none()


async def _tell(session: BrandSession, coupon: Any, kind: OutboundKind, key: str) -> None:
    day = clock.business_day(coupon.expires_at, session.brand.time_zone)
    await outbound.request(
        session,
        SYSTEM,
        customer_id=coupon.customer_id,
        channel=OutboundChannel.SUBSCRIPTION,
        kind=kind,
        text=messages.text(key, title=coupon.title, day=day),
        subject=Subject("Coupon", coupon.id),
        now=session.now,
    )
