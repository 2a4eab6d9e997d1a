"""Coupons taken in a store without an order (核销): an EXCHANGE coupon for a piece, the others off a sum at the till.

A coupon taken so is USED and never comes back. It books no sale and no commission: what the till took is not ours to
know; what it was worth stays with the redemption.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.employees.models import StoreRow
from app.marketing import coupon_moves
from app.marketing.coupon_rules import state_now
from app.marketing.models import CouponProductRow, CouponRedemptionRow, CouponRow, CouponTemplateRow
from app.marketing.values import CouponEvent, CouponKind, CouponState, CouponTerms
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, WrongState


@dataclass(frozen=True, slots=True)
class CouponAtCounter:
    """A coupon that can be taken now."""

    coupon_id: UUID
    template_id: UUID
    title: str
    terms: CouponTerms
    expires_at: datetime


async def by_code(session: BrandSession, code: str, *, is_locked: bool = False) -> CouponAtCounter | None:
    """The coupon of a code; None for a code that no coupon has. `is_locked`: held until the transaction ends.

    Raises: InvalidInput for one that cannot be taken any more, or not yet, which says when and where it was used.
    """
    products = (
        sa.select(sa.func.array_agg(aggregate_order_by(CouponProductRow.product_id, CouponProductRow.product_id.asc())))
        .where(CouponProductRow.brand_id == session.brand_id, CouponProductRow.template_id == CouponTemplateRow.id)
        .scalar_subquery()
    )
    query = (
        sa.select(CouponRow, CouponTemplateRow, products.label("products"))
        .join(
            CouponTemplateRow,
            sa.and_(CouponTemplateRow.brand_id == session.brand_id, CouponTemplateRow.id == CouponRow.template_id),
        )
        .where(CouponRow.brand_id == session.brand_id, CouponRow.code == code)
        .execution_options(populate_existing=True)
    )
    row = (await session.execute(query.with_for_update(of=CouponRow) if is_locked else query)).first()
    if row is None:
        return None
    coupon, template = row.CouponRow, row.CouponTemplateRow
    store_name = None
    if coupon.used_in_store_id is not None:
        # Read behind the lock: whoever held the coupon may have taken it meanwhile.
        store_name = await session.scalar(
            sa.select(StoreRow.name).where(
                StoreRow.brand_id == session.brand_id, StoreRow.id == coupon.used_in_store_id
            )
        )
    _refuse(session, coupon, is_template_revoked=template.revoked_at is not None, store_name=store_name)
    terms = CouponTerms(
        CouponKind(template.kind),
        template.amount_minor,
        template.percent_bp,
        template.minimum_spend_minor,
        frozenset(row.products or ()),
    )
    return CouponAtCounter(coupon.id, coupon.template_id, template.title, terms, coupon.expires_at)


async def take(
    session: BrandSession,
    actor: Actor,
    *,
    coupon: CouponAtCounter,
    store_id: UUID,
    sku_id: UUID | None,
    spend_minor: int | None,
    worth_minor: int,
    receipt: str | None,
    now: datetime,
) -> None:
    """The store takes a coupon whose row the caller holds. Two statements. Raises: WrongState."""
    moved = await coupon_moves.move(
        session,
        CouponRow.id == coupon.coupon_id,
        CouponRow.expires_at > now,
        event=CouponEvent.REDEEM,
        actor=actor.principal,
        now=now,
        used_at=now,
        used_in_store_id=store_id,
    )
    if not moved:
        raise WrongState(CouponState.USED, path=("code",))
    await session.execute(
        sa.insert(CouponRedemptionRow).values(
            brand_id=session.brand_id,
            coupon_id=coupon.coupon_id,
            store_id=store_id,
            employee_id=actor.employee_id,
            sku_id=sku_id,
            spend_minor=spend_minor,
            worth_minor=worth_minor,
            receipt=receipt,
            at=now,
        )
    )


def _refuse(session: BrandSession, coupon: Any, *, is_template_revoked: bool, store_name: str | None) -> None:
    """Raises: InvalidInput for whatever is not in its customer's hands."""
    state = state_now(
        CouponState(coupon.state),
        expires_at=coupon.expires_at,
        is_template_revoked=is_template_revoked,
        now=session.now,
    )
    path = ("code",)
    match state:
        case CouponState.CLAIMED:
            return
        case CouponState.ISSUED:
            raise InvalidInput("redeem_coupon_not_yet", path=path)
        case CouponState.EXPIRED:
            raise InvalidInput("redeem_expired", path=path, time=moment(session, coupon.expires_at))
        case CouponState.USED if store_name is not None:
            raise InvalidInput(
                "redeem_used_in_store", path=path, time=moment(session, coupon.used_at), store=store_name
            )
        case CouponState.USED:
            raise InvalidInput("redeem_used_in_order", path=path, time=moment(session, coupon.used_at))
        case _:
            raise InvalidInput(f"coupon_is_{state.lower()}", path=path)


def moment(session: BrandSession, at: datetime) -> str:
    """A time as people of the brand read it."""
    return at.astimezone(ZoneInfo(session.brand.time_zone)).strftime("%Y-%m-%d %H:%M")
