"""Reads of coupon templates and coupons. States are those of `now`: what is over is shown as over at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.customers import reads as customers
from app.marketing.coupon_rules import OPEN, state_now
from app.marketing.models import CouponProductRow, CouponRow, CouponTemplateRow
from app.marketing.values import CouponKind, CouponState, CouponTerms
from app.platform.actor import Actor
from app.platform.db import BrandSession


@dataclass(frozen=True, slots=True)
class TemplateView:
    """A template with its counts. `used`: coupons that paid orders or stores have used. Amounts: minor units."""

    id: UUID
    title: str
    terms: CouponTerms
    quantity: int
    per_person: int
    claim_from: datetime
    claim_until: datetime
    valid_days: int
    is_listed: bool
    is_revoked: bool
    issued: int
    claimed: int
    used: int


@dataclass(frozen=True, slots=True)
class CouponView:
    """A coupon of a customer with its template. `code`: the customer's to show in a store, and nobody else's to see."""

    id: UUID
    customer_id: UUID
    state: CouponState
    claimed_at: datetime | None
    expires_at: datetime
    template: TemplateView
    code: str


async def templates_by_id(session: BrandSession, template_ids: Collection[UUID]) -> dict[UUID, TemplateView]:
    """These templates. One statement, none for no ids."""
    if not template_ids:
        return {}
    rows = await session.execute(_templates(session).where(CouponTemplateRow.id.in_(sorted(template_ids))))
    return {row.id: _template(row) for row in rows}


async def template_page(
    session: BrandSession, *, is_claimable: bool, limit: int, after: UUID | None = None
) -> list[TemplateView]:
    """Templates, newest first; `is_claimable`: those that the coupon centre offers to anybody now. One statement."""
    query = _templates(session).order_by(CouponTemplateRow.id.desc()).limit(limit)
    if is_claimable:
        query = query.where(
            CouponTemplateRow.is_listed,
            CouponTemplateRow.revoked_at.is_(None),
            CouponTemplateRow.claim_from <= session.now,
            CouponTemplateRow.claim_until > session.now,
            CouponTemplateRow.issued_count < CouponTemplateRow.quantity,
        )
    if after is not None:
        query = query.where(CouponTemplateRow.id < after)
    return [_template(row) for row in await session.execute(query)]


async def coupons_by_id(session: BrandSession, coupon_ids: Collection[UUID]) -> dict[UUID, CouponView]:
    """These coupons, whoever asks. Two statements, none for no ids."""
    if not coupon_ids:
        return {}
    query = _coupons(session).where(CouponRow.brand_id == session.brand_id, CouponRow.id.in_(sorted(coupon_ids)))
    return {view.id: view for view in await _views(session, query)}


async def coupon_for(session: BrandSession, actor: Actor, coupon_id: UUID) -> CouponView | None:
    """A coupon whose customer the actor may see whole. Three statements."""
    view = (await coupons_by_id(session, [coupon_id])).get(coupon_id)
    if view is None or not await customers.visible_customers(session, actor, [view.customer_id]):
        return None
    return view


async def coupons_of_customer(
    session: BrandSession,
    customer_id: UUID,
    *,
    states: Sequence[CouponState] | None = None,
    limit: int,
    after: UUID | None = None,
) -> list[CouponView]:
    """A customer's coupons, the newest first, in one of these states (None: in any). Two statements."""
    query = _coupons(session).where(*_of(session, customer_id, states)).order_by(CouponRow.id.desc()).limit(limit)
    if after is not None:
        query = query.where(CouponRow.id < after)
    return await _views(session, query)


async def count_of_customer(
    session: BrandSession, customer_id: UUID, *, states: Sequence[CouponState] | None = None
) -> int:
    query = (
        sa.select(sa.func.count())
        .select_from(CouponRow)
        .join(
            CouponTemplateRow,
            sa.and_(CouponTemplateRow.brand_id == CouponRow.brand_id, CouponTemplateRow.id == CouponRow.template_id),
        )
        .where(*_of(session, customer_id, states))
    )
    return (await session.execute(query)).scalar_one()


async def taken_by(
    session: BrandSession, customer_id: UUID, template_ids: Collection[UUID]
) -> dict[UUID, list[CouponView]]:
    """The customer's coupons of these templates, the newest first. Two statements, none for no ids."""
    found: dict[UUID, list[CouponView]] = {template_id: [] for template_id in template_ids}
    if found:
        query = (
            _coupons(session)
            .where(*_of(session, customer_id, None), CouponRow.template_id.in_(sorted(found)))
            .order_by(CouponRow.id.desc())
        )
        for view in await _views(session, query):
            found[view.template.id].append(view)
    return found


def _of(session: BrandSession, customer_id: UUID, states: Sequence[CouponState] | None) -> list[sa.ColumnElement[bool]]:
    """The conditions of a customer's coupons whose state of now is one of these."""
    conditions = [CouponRow.brand_id == session.brand_id, CouponRow.customer_id == customer_id]
    if states is None:
        return conditions
    is_open = CouponRow.state.in_([state.value for state in OPEN])
    seen = sa.case(
        (sa.and_(is_open, CouponTemplateRow.revoked_at.is_not(None)), CouponState.REVOKED.value),
        (sa.and_(is_open, CouponRow.expires_at <= session.now), CouponState.EXPIRED.value),
        else_=CouponRow.state,
    )
    return [*conditions, seen.in_([state.value for state in states])]


def _template_columns(session: BrandSession) -> tuple[Any, ...]:
    used = (
        sa.select(sa.func.count())
        .where(
            CouponRow.brand_id == session.brand_id,
            CouponRow.template_id == CouponTemplateRow.id,
            CouponRow.state == CouponState.USED.value,
        )
        .correlate(CouponTemplateRow)
        .scalar_subquery()
    )
    products = (
        sa.select(sa.func.array_agg(aggregate_order_by(CouponProductRow.product_id, CouponProductRow.product_id.asc())))
        .where(CouponProductRow.brand_id == session.brand_id, CouponProductRow.template_id == CouponTemplateRow.id)
        .correlate(CouponTemplateRow)
        .scalar_subquery()
    )
    return (CouponTemplateRow, used.label("used"), products.label("products"))


def _templates(session: BrandSession) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(CouponTemplateRow.id, *_template_columns(session)).where(
        CouponTemplateRow.brand_id == session.brand_id
    )


def _coupons(session: BrandSession) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(CouponRow, CouponTemplateRow.id)
        .join(
            CouponTemplateRow,
            sa.and_(CouponTemplateRow.brand_id == CouponRow.brand_id, CouponTemplateRow.id == CouponRow.template_id),
        )
        .where(CouponRow.brand_id == session.brand_id)
    )


async def _views(session: BrandSession, query: sa.Select[*tuple[Any, ...]]) -> list[CouponView]:
    """Coupons with their templates."""
    coupons: list[CouponRow] = [row.CouponRow for row in await session.execute(query)]
    templates = await templates_by_id(session, {coupon.template_id for coupon in coupons})
    return [
        CouponView(
            id=coupon.id,
            customer_id=coupon.customer_id,
            state=state_now(
                CouponState(coupon.state),
                expires_at=coupon.expires_at,
                is_template_revoked=templates[coupon.template_id].is_revoked,
                now=session.now,
            ),
            claimed_at=coupon.claimed_at,
            expires_at=coupon.expires_at,
            template=templates[coupon.template_id],
            code=coupon.code,
        )
        for coupon in coupons
    ]


def _template(row: Any) -> TemplateView:
    template: CouponTemplateRow = row.CouponTemplateRow
    return TemplateView(
        id=template.id,
        title=template.title,
        terms=CouponTerms(
            CouponKind(template.kind),
            template.amount_minor,
            template.percent_bp,
            template.minimum_spend_minor,
            frozenset(row.products or ()),
        ),
        quantity=template.quantity,
        per_person=template.per_person,
        claim_from=template.claim_from,
        claim_until=template.claim_until,
        valid_days=template.valid_days,
        is_listed=template.is_listed,
        is_revoked=template.revoked_at is not None,
        issued=template.issued_count,
        claimed=template.claimed_count,
        used=row.used,
    )
