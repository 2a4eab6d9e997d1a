"""Grounds of commission: what each entry was earned on, by which rate, and what a refund took back of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.commission.models import LineHoldRow, PlanRuleRow, SaleLineRow, SaleRow, ShareRow
from app.commission.values import AttributionRule, CommissionKind, ShareRole
from app.employees.models import OrgUnitRow
from app.platform.db import BrandSession
from app.products.models import CategoryRow, ProductRow


@dataclass(frozen=True, slots=True)
class Ground:
    """The line that an entry was earned on, the rate and where that comes from. Amounts: minor units.

    `base_minor`: the line after discounts, without freight. `has_rule`: without one the rate is the policy's share of
    the store that hands over. `is_for_product`, `category_name`, `unit_name`: what the plan's rule names; none of them:
    it applies to everything. `refunded_minor`: what a seller's REVERSAL was refunded; None for anything else.
    `is_paid`: the order was. `is_received`: the goods are with the customer, so that the end of the hold is known.
    `released_at`: when the line's commission became payable.
    """

    line_id: UUID
    product_title: str
    base_minor: int
    rate_bp: int
    has_rule: bool
    is_for_product: bool
    category_name: str | None
    unit_name: str | None
    attribution_rule: AttributionRule
    is_self_purchase: bool
    refunded_minor: int | None
    is_paid: bool
    is_received: bool
    released_at: datetime | None


async def of_entries(session: BrandSession, entry_ids: Collection[UUID]) -> dict[UUID, Ground]:
    """The grounds of those of these entries that were earned on a line; whose they are is the caller's to check.

    One statement, none for no ids.
    """
    if not entry_ids:
        return {}
    brand_id = session.brand_id
    line, hold = (
        sa.and_(row.brand_id == brand_id, row.sale_id == ShareRow.sale_id, row.line_id == ShareRow.line_id)
        for row in (SaleLineRow, LineHoldRow)
    )
    refunded = sa.case(
        (
            sa.and_(ShareRow.kind == CommissionKind.REVERSAL.value, ShareRow.role == ShareRole.SELLER.value),
            ShareRow.performance_minor,
        )
    )
    rows = await session.execute(
        sa.select(
            ShareRow.id,
            ShareRow.line_id,
            ProductRow.title,
            SaleLineRow.base_minor,
            ShareRow.rate_bp,
            ShareRow.rule_id,
            PlanRuleRow.product_id,
            CategoryRow.name.label("category_name"),
            OrgUnitRow.name.label("unit_name"),
            SaleRow.rule,
            SaleRow.is_self_purchase,
            refunded.label("refunded_minor"),
            LineHoldRow.held_until,
            LineHoldRow.due_at,
            LineHoldRow.released_at,
        )
        .join(SaleRow, sa.and_(SaleRow.brand_id == brand_id, SaleRow.id == ShareRow.sale_id))
        .join(SaleLineRow, line)
        .join(ProductRow, sa.and_(ProductRow.brand_id == brand_id, ProductRow.id == SaleLineRow.product_id))
        .outerjoin(PlanRuleRow, sa.and_(PlanRuleRow.brand_id == brand_id, PlanRuleRow.id == ShareRow.rule_id))
        .outerjoin(CategoryRow, sa.and_(CategoryRow.brand_id == brand_id, CategoryRow.id == PlanRuleRow.category_id))
        .outerjoin(OrgUnitRow, sa.and_(OrgUnitRow.brand_id == brand_id, OrgUnitRow.id == PlanRuleRow.org_unit_id))
        .outerjoin(LineHoldRow, hold)
        .where(ShareRow.brand_id == brand_id, ShareRow.id.in_(entry_ids))
    )
    return {
        row.id: Ground(
            line_id=row.line_id,
            product_title=row.title,
            base_minor=row.base_minor,
            rate_bp=row.rate_bp,
            has_rule=row.rule_id is not None,
            is_for_product=row.product_id is not None,
            category_name=row.category_name,
            unit_name=row.unit_name,
            attribution_rule=AttributionRule(row.rule),
            is_self_purchase=row.is_self_purchase,
            refunded_minor=row.refunded_minor,
            is_paid=row.held_until is not None,
            is_received=row.due_at is not None,
            released_at=row.released_at,
        )
        for row in rows
    }
