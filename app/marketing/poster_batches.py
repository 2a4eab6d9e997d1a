"""Batches: the same poster for every guide of the brand, drawn by the worker, each with the guide's own code."""

import time
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from app.employees.models import EmployeeRow
from app.employees.values import EmployeeState
from app.marketing import poster_reads, poster_works, posters
from app.marketing.poster_models import PosterBatchGuideRow, PosterBatchRow, PosterRow
from app.marketing.poster_rules import read_layout
from app.marketing.poster_values import PosterState
from app.marketing.posters import Studio
from app.platform.actor import Actor, ActorKind
from app.platform.db import Brand, BrandSession
from app.platform.errors import Forbidden, InvalidInput, NotFound, UserFault
from app.platform.runtime import Runtime
from app.products.models import ProductRow, ShopRow
from app.products.values import ProductState

AT_ONCE: Final = 20
"""Guides whose posters one transaction asks for."""


async def start(
    session: BrandSession, actor: Actor, *, template_id: UUID, product_id: UUID | None = None, now: datetime
) -> UUID:
    """Begin a batch for every guide who works today and has a shop; later changes of the template do not touch it.

    For headquarters. Raises: Forbidden, InvalidInput, NotFound (template, product).
    """
    if not actor.sees_whole_brand:
        raise Forbidden
    template = await poster_reads.present_version(session, template_id)
    if template is None:
        raise NotFound("PosterTemplate", path=("templateId",))
    if product_id is None and read_layout(template.document).needs_product:
        raise InvalidInput("poster_needs_product", path=("productId",))
    if product_id is not None and not await _is_published(session, product_id):
        raise NotFound("Product", path=("productId",))
    batch_id = session.new_id()
    guides = (
        sa.select(EmployeeRow.id)
        .join(ShopRow, sa.and_(ShopRow.brand_id == EmployeeRow.brand_id, ShopRow.employee_id == EmployeeRow.id))
        .where(
            EmployeeRow.brand_id == session.brand_id,
            ShopRow.brand_id == session.brand_id,
            EmployeeRow.state == EmployeeState.ACTIVE.value,
        )
    )
    total = (await session.execute(sa.select(sa.func.count()).select_from(guides.subquery()))).scalar_one()
    await session.execute(
        sa.insert(PosterBatchRow).values(
            brand_id=session.brand_id,
            id=batch_id,
            template_id=template_id,
            template_version=template.version,
            product_id=product_id,
            total=total,
            actor=actor.principal,
            created_at=now,
            ended_at=None if total else now,
        )
    )
    chosen = guides.subquery("chosen")
    await session.execute(
        sa.insert(PosterBatchGuideRow).from_select(
            ["brand_id", "batch_id", "guide_id", "poster_id", "problem"],
            sa.select(
                sa.literal(session.brand_id, sa.Uuid()),
                sa.literal(batch_id, sa.Uuid()),
                chosen.c.id,
                sa.null(),
                sa.null(),
            ),
        )
    )
    return batch_id


async def carry_on(runtime: Runtime, brand: Brand) -> int:
    """Go on with the brand's batches: ask for posters, draw them, end what is complete; gives how many were drawn.

    Each guide is asked for once, in the transaction that notes the poster; a poster whose drawing was cut short is
    drawn by `poster_works.draw_due`. Time over, the next slot goes on.
    """
    drawn, end = 0, time.monotonic() + poster_works.WORK_SECONDS
    for batch_id in await _running(runtime, brand):
        studio = await poster_works.open_studio(runtime)
        while time.monotonic() < end:
            asked = await runtime.database.run(brand, partial(_ask, batch_id=batch_id, studio=studio))
            if asked is None:
                break
            for poster_id in asked:
                await poster_works.draw(runtime, brand, poster_id)
            drawn += len(asked)
        await _end(runtime, brand, batch_id)
    return drawn


async def _ask(session: BrandSession, *, batch_id: UUID, studio: Studio) -> list[UUID] | None:
    """Ask for the posters of some guides that wait; those still to be drawn. None: nobody waits any more."""
    batch = (
        await session.execute(
            sa.select(PosterBatchRow).where(PosterBatchRow.brand_id == session.brand_id, PosterBatchRow.id == batch_id)
        )
    ).scalar_one()
    waiting = await session.execute(
        sa.select(PosterBatchGuideRow.guide_id, EmployeeRow.store_id, ShopRow.id.label("shop_id"))
        .join(
            EmployeeRow,
            sa.and_(
                EmployeeRow.brand_id == PosterBatchGuideRow.brand_id, EmployeeRow.id == PosterBatchGuideRow.guide_id
            ),
        )
        .join(ShopRow, sa.and_(ShopRow.brand_id == EmployeeRow.brand_id, ShopRow.employee_id == EmployeeRow.id))
        .where(
            PosterBatchGuideRow.brand_id == session.brand_id,
            PosterBatchGuideRow.batch_id == batch_id,
            PosterBatchGuideRow.poster_id.is_(None),
            PosterBatchGuideRow.problem.is_(None),
        )
        .order_by(PosterBatchGuideRow.guide_id)
        .limit(AT_ONCE)
        .with_for_update(of=PosterBatchGuideRow, skip_locked=True)
    )
    rows = waiting.all()
    if not rows:
        return None
    asked: list[UUID] = []
    for row in rows:
        guide = Actor(
            kind=ActorKind.EMPLOYEE,
            employee_id=row.guide_id,
            role="GUIDE",
            store_id=row.store_id,
            shop_id=row.shop_id,
        )
        poster_id, problem = None, None
        try:
            poster_id = await posters.request(
                session,
                guide,
                template_id=batch.template_id,
                version=batch.template_version,
                product_id=batch.product_id,
                studio=studio,
                due_at=session.now + poster_works.GRACE,
                now=session.now,
            )
            asked.append(poster_id)
        except UserFault as fault:
            problem = fault.key
        await session.execute(
            sa.update(PosterBatchGuideRow)
            .where(
                PosterBatchGuideRow.brand_id == session.brand_id,
                PosterBatchGuideRow.batch_id == batch_id,
                PosterBatchGuideRow.guide_id == row.guide_id,
            )
            .values(poster_id=poster_id, problem=problem)
            .execution_options(synchronize_session=False)
        )
    return asked


async def _end(runtime: Runtime, brand: Brand, batch_id: UUID) -> None:
    """End a batch of which no guide waits and no poster is still being drawn."""
    async with runtime.database.transaction(brand) as session:
        under_way = (
            sa.select(PosterBatchGuideRow.guide_id)
            .outerjoin(
                PosterRow,
                sa.and_(PosterRow.brand_id == session.brand_id, PosterRow.id == PosterBatchGuideRow.poster_id),
            )
            .where(
                PosterBatchGuideRow.brand_id == session.brand_id,
                PosterBatchGuideRow.batch_id == batch_id,
                PosterBatchGuideRow.problem.is_(None),
                sa.or_(PosterRow.id.is_(None), PosterRow.state == PosterState.RENDERING.value),
            )
        )
        await session.execute(
            sa.update(PosterBatchRow)
            .where(
                PosterBatchRow.brand_id == session.brand_id,
                PosterBatchRow.id == batch_id,
                PosterBatchRow.ended_at.is_(None),
                ~under_way.exists(),
            )
            .values(ended_at=session.now)
            .execution_options(synchronize_session=False)
        )


async def _running(runtime: Runtime, brand: Brand) -> list[UUID]:
    async with runtime.database.reading(brand) as session:
        found = await session.execute(
            sa.select(PosterBatchRow.id)
            .where(PosterBatchRow.brand_id == session.brand_id, PosterBatchRow.ended_at.is_(None))
            .order_by(PosterBatchRow.id)
        )
        return list(found.scalars())


async def _is_published(session: BrandSession, product_id: UUID) -> bool:
    found = await session.execute(
        sa.select(ProductRow.id).where(
            ProductRow.brand_id == session.brand_id,
            ProductRow.id == product_id,
            ProductRow.state == ProductState.PUBLISHED.value,
        )
    )
    return found.scalar_one_or_none() is not None
