"""Coupons as tests make them: templates by the owner, claims by customers, through the services."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.marketing import care_tasks, coupon_templates, coupons
from app.marketing import invariants as marketing
from app.marketing.care_models import CareTaskRow
from app.marketing.models import CouponMoveRow, CouponRow, CouponTemplateRow
from app.marketing.values import CouponKind, CouponTerms
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.db import Brand, BrandSession, Database
from app.trade import coupon_invariants
from graphql_schema.paging import encode_global_id
from tests.factories import Scene, Staff


def terms(kind: CouponKind = CouponKind.AMOUNT, **more: Any) -> CouponTerms:
    """20.00 off, or 10 % off, unless something else is given."""
    given: dict[str, Any] = {
        "amount_minor": 2_000 if kind is CouponKind.AMOUNT else None,
        "percent_bp": 1_000 if kind is CouponKind.PERCENT else None,
        "minimum_spend_minor": 0,
        "product_ids": frozenset(),
    }
    return CouponTerms(kind, **{**given, **more})


async def make_template(session: BrandSession, of: CouponTerms | None = None, **more: Any) -> UUID:
    given: dict[str, Any] = {
        "title": "开业礼券",
        "quantity": 100,
        "per_person": 1,
        "claim_from": session.now - timedelta(hours=1),
        "claim_until": session.now + timedelta(days=10),
        "valid_days": 7,
    }
    actor = more.pop("actor", SYSTEM)
    return await coupon_templates.create(session, actor, terms=of or terms(), now=session.now, **{**given, **more})


async def template(database: Database, brand: Brand, of: CouponTerms | None = None, **more: Any) -> UUID:
    async with database.transaction(brand) as session:
        return await make_template(session, of, **more)


async def claim(database: Database, brand: Brand, buyer: Actor, template_id: UUID, **more: Any) -> UUID:
    async with database.transaction(brand, now=more.pop("at", None)) as session:
        return await coupons.claim(session, buyer, template_id=template_id, now=session.now, **more)


async def coupon_for(
    database: Database, brand: Brand, buyer: Actor, of: CouponTerms | None = None, **more: Any
) -> UUID:
    """A claimed coupon of a template of its own."""
    return await claim(database, brand, buyer, await template(database, brand, of, **more))


def guide_actor(scene: Scene, staff: Staff | None = None) -> Actor:
    who = staff or scene.guide
    return Actor(
        kind=ActorKind.EMPLOYEE,
        employee_id=who.employee_id,
        role="GUIDE",
        store_id=scene.store_id,
        shop_id=who.shop_id,
    )


def global_id(type_name: str, *uuids: UUID) -> str:
    return str(encode_global_id(type_name, *uuids))


async def coupon_row(session: BrandSession, coupon_id: UUID) -> Any:
    return (
        await session.execute(
            sa.select(CouponRow).where(CouponRow.brand_id == session.brand_id, CouponRow.id == coupon_id)
        )
    ).scalar_one()


async def state_of(database: Database, brand: Brand, coupon_id: UUID) -> str:
    async with database.reading(brand) as session:
        return str((await coupon_row(session, coupon_id)).state)


async def template_row(database: Database, brand: Brand, template_id: UUID) -> Any:
    async with database.reading(brand) as session:
        return (
            await session.execute(
                sa.select(CouponTemplateRow).where(
                    CouponTemplateRow.brand_id == brand.id, CouponTemplateRow.id == template_id
                )
            )
        ).scalar_one()


async def history(database: Database, brand: Brand, coupon_id: UUID) -> list[str]:
    """The events of a coupon's life, in order."""
    async with database.reading(brand) as session:
        found = await session.scalars(
            sa.select(CouponMoveRow.event)
            .where(CouponMoveRow.brand_id == brand.id, CouponMoveRow.coupon_id == coupon_id)
            .order_by(CouponMoveRow.step)
        )
        return list(found)


async def violations(database: Database, brand: Brand, *, now: datetime | None = None) -> list[str]:
    """What breaks the checks over coupons and their orders."""
    async with database.reading(brand, now=now) as session:
        checks = {**marketing.CHECKS, **coupon_invariants.CHECKS}
        return [line for check in checks.values() for line in await check(session)]


async def make_task(session: BrandSession, coupon_id: UUID, customer_id: UUID) -> UUID:
    """A care task for a coupon that ends in a day; its id."""
    await care_tasks.begin(session, [(coupon_id, customer_id, session.now + timedelta(days=1))])
    await session.execute(
        sa.update(CouponRow)
        .where(CouponRow.brand_id == session.brand_id, CouponRow.id == coupon_id)
        .values(cared_at=session.now)
        .execution_options(synchronize_session=False)
    )
    found = await session.execute(
        sa.select(CareTaskRow.id).where(CareTaskRow.brand_id == session.brand_id, CareTaskRow.coupon_id == coupon_id)
    )
    return found.scalar_one()
