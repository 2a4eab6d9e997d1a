"""What a code may lead to, and who may make or end one: the own shop and store, or what lies in the own branch."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.employees.models import EmployeeRow, OrgUnitRow, StoreRow
from app.employees.rules import may_reach
from app.marketing import material_reads
from app.marketing.models import CouponTemplateRow
from app.marketing.values import CodeKind
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession
from app.platform.errors import Forbidden, InvalidInput, NotFound
from app.products.models import ProductRow, ShopRow
from app.products.values import ProductState


@dataclass(frozen=True, slots=True)
class Target:
    """Where a code leads and whom it counts for. `guide_id` None: for the store alone."""

    guide_id: UUID | None
    shop_id: UUID | None
    store_id: UUID | None
    target_id: UUID | None


async def target_of(session: BrandSession, actor: Actor, kind: CodeKind, target_id: UUID | None) -> Target:
    """The target of a new code of this kind. Raises: Forbidden, InvalidInput, NotFound."""
    if not actor.is_employee and actor.kind is not ActorKind.SYSTEM:
        raise Forbidden
    match kind:
        case CodeKind.SHOP:
            return await _shop(session, actor, target_id)
        case CodeKind.PRODUCT:
            return await _product(session, actor, target_id)
        case CodeKind.MATERIAL:
            return await _material(session, actor, target_id)
        case CodeKind.STORE:
            return await _store(session, actor, target_id)
        case CodeKind.CAMPAIGN:
            return await _campaign(session, actor, target_id)
        case CodeKind.QUOTATION:
            # Each quotation has the one code that was made with it.
            raise InvalidInput("code_of_quotation", path=("kind",))


async def check_reach(session: BrandSession, actor: Actor, *, guide_id: UUID | None, store_id: UUID | None) -> None:
    """Whether a code of this guide and store is the actor's own or in the actor's branch. Raises: NotFound."""
    if actor.kind is ActorKind.SYSTEM or (guide_id is not None and guide_id == actor.employee_id):
        return
    path = await _path(session, guide_id=guide_id, store_id=store_id)
    if path is None or not may_reach(role=actor.role, branch=actor.branch, path=path):
        raise NotFound("Code", path=("codeId",))


async def shop_of_store(session: BrandSession, store_id: UUID | None) -> UUID | None:
    """The shop that a store's own code leads to: the manager's, else the first guide's; None: nobody there has one."""
    if store_id is None:
        return None
    found = await session.execute(
        sa.select(ShopRow.id)
        .join(EmployeeRow, sa.and_(EmployeeRow.brand_id == ShopRow.brand_id, EmployeeRow.id == ShopRow.employee_id))
        .where(
            ShopRow.brand_id == session.brand_id,
            EmployeeRow.brand_id == session.brand_id,
            EmployeeRow.store_id == store_id,
            EmployeeRow.state == "ACTIVE",
        )
        .order_by((EmployeeRow.role == "MANAGER").desc(), EmployeeRow.id)
        .limit(1)
    )
    return found.scalar_one_or_none()


def in_own_shop(actor: Actor, target_id: UUID) -> Target:
    """A target within the actor's own shop. Raises: InvalidInput for whoever has none."""
    if actor.shop_id is None or actor.employee_id is None:
        raise InvalidInput("code_without_shop", path=("kind",))
    return Target(guide_id=actor.employee_id, shop_id=actor.shop_id, store_id=actor.store_id, target_id=target_id)


async def _shop(session: BrandSession, actor: Actor, shop_id: UUID | None) -> Target:
    wanted = shop_id or actor.shop_id
    if wanted is None:
        raise InvalidInput("code_target_required", path=("targetId",))
    row = (
        await session.execute(
            sa.select(ShopRow.employee_id, EmployeeRow.store_id)
            .join(EmployeeRow, sa.and_(EmployeeRow.brand_id == ShopRow.brand_id, EmployeeRow.id == ShopRow.employee_id))
            .where(ShopRow.brand_id == session.brand_id, ShopRow.id == wanted)
        )
    ).first()
    if row is None or (wanted != actor.shop_id and not await _reaches(session, actor, guide_id=row.employee_id)):
        raise NotFound("Shop", path=("targetId",))
    return Target(guide_id=row.employee_id, shop_id=wanted, store_id=row.store_id, target_id=wanted)


async def _product(session: BrandSession, actor: Actor, product_id: UUID | None) -> Target:
    if product_id is None:
        raise InvalidInput("code_target_required", path=("targetId",))
    target = in_own_shop(actor, product_id)
    found = await session.execute(
        sa.select(ProductRow.id).where(
            ProductRow.brand_id == session.brand_id,
            ProductRow.id == product_id,
            ProductRow.state == ProductState.PUBLISHED.value,
        )
    )
    if found.scalar_one_or_none() is None:
        raise NotFound("Product", path=("targetId",))
    return target


async def _material(session: BrandSession, actor: Actor, material_id: UUID | None) -> Target:
    if material_id is None:
        raise InvalidInput("code_target_required", path=("targetId",))
    target = in_own_shop(actor, material_id)
    material = (await material_reads.visible(session, actor, [material_id])).get(material_id)
    if material is None or material.is_withdrawn:
        raise NotFound("Material", path=("targetId",))
    return target


async def _campaign(session: BrandSession, actor: Actor, template_id: UUID | None) -> Target:
    if template_id is None:
        raise InvalidInput("code_target_required", path=("targetId",))
    target = in_own_shop(actor, template_id)
    found = await session.execute(
        sa.select(CouponTemplateRow.id).where(
            CouponTemplateRow.brand_id == session.brand_id,
            CouponTemplateRow.id == template_id,
            CouponTemplateRow.revoked_at.is_(None),
        )
    )
    if found.scalar_one_or_none() is None:
        raise NotFound("CouponTemplate", path=("targetId",))
    return target


async def _store(session: BrandSession, actor: Actor, store_id: UUID | None) -> Target:
    wanted = store_id or actor.store_id
    if wanted is None:
        raise InvalidInput("code_target_required", path=("targetId",))
    path = await _path(session, guide_id=None, store_id=wanted)
    is_reached = wanted == actor.store_id or actor.kind is ActorKind.SYSTEM
    if path is None or not (is_reached or may_reach(role=actor.role, branch=actor.branch, path=path)):
        raise NotFound("Store", path=("targetId",))
    return Target(guide_id=None, shop_id=None, store_id=wanted, target_id=wanted)


async def _reaches(session: BrandSession, actor: Actor, *, guide_id: UUID) -> bool:
    if actor.kind is ActorKind.SYSTEM:
        return True
    path = await _path(session, guide_id=guide_id, store_id=None)
    return path is not None and may_reach(role=actor.role, branch=actor.branch, path=path)


async def _path(session: BrandSession, *, guide_id: UUID | None, store_id: UUID | None) -> str | None:
    """The path of the unit that a guide (by the own store, else unit) or a store belongs to."""
    if guide_id is not None:
        unit_id = sa.func.coalesce(StoreRow.org_unit_id, EmployeeRow.org_unit_id)
        statement = (
            sa.select(OrgUnitRow.path)
            .select_from(EmployeeRow)
            .outerjoin(
                StoreRow, sa.and_(StoreRow.brand_id == EmployeeRow.brand_id, StoreRow.id == EmployeeRow.store_id)
            )
            .join(OrgUnitRow, sa.and_(OrgUnitRow.brand_id == EmployeeRow.brand_id, OrgUnitRow.id == unit_id))
            .where(EmployeeRow.brand_id == session.brand_id, EmployeeRow.id == guide_id)
        )
    else:
        statement = (
            sa.select(OrgUnitRow.path)
            .join(StoreRow, sa.and_(StoreRow.brand_id == OrgUnitRow.brand_id, StoreRow.org_unit_id == OrgUnitRow.id))
            .where(OrgUnitRow.brand_id == session.brand_id, StoreRow.id == store_id)
        )
    return (await session.execute(statement)).scalar_one_or_none()
