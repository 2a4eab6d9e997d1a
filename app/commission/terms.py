"""The rules in force when a sale is placed: policy and plan together, in one statement."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.commission.models import PlanRow, PlanRuleRow
from app.commission.plans import PLAN_COLUMNS, RULE_COLUMNS, PublishedPlan, plan_of, rules_of_plan
from app.customers.models import BindingPolicyRow
from app.customers.policies import POLICY_COLUMNS, Policy, policy_of
from app.platform.db import BrandSession


class Terms(NamedTuple):
    """The policy in force, and the plan in force with those of its rules that can touch the goods asked for."""

    policy: Policy
    plan: PublishedPlan


async def in_force(session: BrandSession, *, product_ids: Sequence[UUID], category_ids: Sequence[UUID]) -> Terms:
    """The newest policy and plan; `category_ids` are the goods' categories with all above them."""
    found = await session.execute(
        _newest(), {"brand": session.brand_id, "products": list(product_ids), "categories": list(category_ids)}
    )
    rows = found.all()
    return Terms(policy_of(rows[0]), plan_of(rows))


@cache
def _newest() -> sa.Select[Any]:
    """The statement, built once: orders ask for it all the time. Its text is the same for any number of goods."""
    brand_id = sa.bindparam("brand", type_=sa.Uuid())
    products, categories = (sa.bindparam(name, type_=ARRAY(sa.Uuid())) for name in ("products", "categories"))
    newest_policy = sa.select(sa.func.max(BindingPolicyRow.version)).where(BindingPolicyRow.brand_id == brand_id)
    newest_plan = sa.select(sa.func.max(PlanRow.version)).where(PlanRow.brand_id == brand_id)
    can_apply = sa.and_(
        rules_of_plan(brand_id),
        sa.or_(PlanRuleRow.product_id.is_(None), PlanRuleRow.product_id == sa.any_(products)),
        sa.or_(PlanRuleRow.category_id.is_(None), PlanRuleRow.category_id == sa.any_(categories)),
    )
    columns: tuple[Any, ...] = (*POLICY_COLUMNS, *PLAN_COLUMNS, *RULE_COLUMNS)
    return (
        sa.select(*columns)
        .select_from(BindingPolicyRow)
        .join(PlanRow, PlanRow.brand_id == BindingPolicyRow.brand_id)
        .outerjoin(PlanRuleRow, can_apply)
        .where(
            BindingPolicyRow.brand_id == brand_id,
            BindingPolicyRow.version == newest_policy.scalar_subquery(),
            PlanRow.brand_id == brand_id,
            PlanRow.version == newest_plan.scalar_subquery(),
        )
        .order_by(PlanRuleRow.position)
    )
