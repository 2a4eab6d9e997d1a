"""Quotations as tests take them: made by the scene's first guide, opened and accepted by customers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission import reads as commission
from app.employees.models import EmployeeRow
from app.marketing import codes
from app.marketing.models import CodeRow
from app.platform.actor import SYSTEM, Actor
from app.platform.db import Brand, BrandSession, Database
from app.platform.errors import UserFault
from app.products import catalogue
from app.products.values import PriceChange
from app.trade import quotations
from app.trade.quotation_models import QuotationRow
from app.trade.values import LineRequest
from tests.factories import Scene, Staff
from tests.trade import purchase
from tests.trade.purchase import ADDRESS


async def make(session: BrandSession, scene: Scene, guide: Actor, **more: Any) -> UUID:
    """A quotation of two pieces of the scene's SKU unless lines are given."""
    lines: Sequence[tuple[UUID, int]] = more.pop("lines", [(scene.sku_id, 2)])
    return await quotations.create(
        session, guide, lines=[LineRequest(*line) for line in lines], now=session.now, **more
    )


async def quote(database: Database, scene: Scene, guide: Actor, **more: Any) -> UUID:
    async with database.transaction(scene.brand, now=more.pop("at", None)) as session:
        return await make(session, scene, guide, **more)


async def token_of(session: BrandSession, quotation_id: UUID) -> str:
    found = await session.scalar(
        sa.select(CodeRow.token)
        .join(QuotationRow, sa.and_(QuotationRow.brand_id == CodeRow.brand_id, QuotationRow.code_id == CodeRow.id))
        .where(CodeRow.brand_id == session.brand_id, QuotationRow.id == quotation_id)
    )
    assert found is not None
    return found


async def accept_in(session: BrandSession, buyer: Actor, quotation_id: UUID, **more: Any) -> UUID:
    return await quotations.accept(
        session,
        buyer,
        token=await token_of(session, quotation_id),
        address=more.pop("address", ADDRESS),
        now=session.now,
        **more,
    )


async def accept(database: Database, brand: Brand, buyer: Actor, quotation_id: UUID, **more: Any) -> UUID:
    async with database.transaction(brand, now=more.pop("at", None)) as session:
        return await accept_in(session, buyer, quotation_id, **more)


async def decline(database: Database, brand: Brand, buyer: Actor, quotation_id: UUID, **more: Any) -> UUID:
    async with database.transaction(brand, now=more.pop("at", None)) as session:
        token = await token_of(session, quotation_id)
        return await quotations.decline(session, buyer, token=token, now=session.now)


async def withdraw(database: Database, brand: Brand, guide: Actor, quotation_id: UUID, **more: Any) -> None:
    async with database.transaction(brand, now=more.pop("at", None)) as session:
        await quotations.withdraw(session, guide, quotation_id=quotation_id, now=session.now)


async def row(database: Database, brand: Brand, quotation_id: UUID) -> Any:
    async with database.reading(brand) as session:
        own = sa.select(QuotationRow).where(QuotationRow.brand_id == brand.id, QuotationRow.id == quotation_id)
        return (await session.execute(own)).scalar_one()


async def refused(database: Database, brand: Brand, work: Any) -> UserFault:
    """The fault of a step that must leave nothing behind."""
    before = await purchase.footprint(database, brand)
    with pytest.raises(UserFault) as caught:
        await work
    assert await purchase.footprint(database, brand) == before
    return caught.value


async def bind(database: Database, brand: Brand, buyer: Actor, staff: Staff) -> None:
    """The customer scans the guide's code and is bound: the policy of a new brand binds who is signed in."""
    async with database.transaction(brand) as session:
        assert (await codes.scan(session, buyer, token=staff.token or "", now=session.now)).binding_id is not None


async def reprice(database: Database, scene: Scene, price_minor: int) -> None:
    async with database.transaction(scene.brand) as session:
        change = PriceChange(scene.sku_id, price_minor)
        await catalogue.update_product(session, SYSTEM, product_id=scene.product_id, prices=[change], now=session.now)


async def resign(database: Database, brand: Brand, employee_id: UUID) -> None:
    async with database.transaction(brand) as session:
        await session.execute(
            sa.update(EmployeeRow)
            .where(EmployeeRow.brand_id == brand.id, EmployeeRow.id == employee_id)
            .values(state="RESIGNED")
            .execution_options(synchronize_session=False)
        )


async def why(database: Database, brand: Brand, order_id: UUID) -> tuple[str, UUID | None, dict[UUID, str]]:
    """The rule that decided an order, its winner, and each candidate's reason."""
    async with database.reading(brand) as session:
        found = (await commission.attributions(session, [order_id]))[order_id]
    return found.rule, found.guide_id, {one.guide_id: one.reason for one in found.candidates}
