"""The rules in force when a sale is placed: policy and plan together, in one statement."""

from collections.abc import Sequence
from typing import NamedTuple
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
    brand_id = session.brand_id
    newest_policy = sa.select(sa.func.max(BindingPolicyRow.version)).where(BindingPolicyRow.brand_id == brand_id)
    newest_plan = sa.select(sa.func.max(PlanRow.version)).where(PlanRow.brand_id == brand_id)
    can_apply = sa.and_(
        rules_of_plan(session),
        sa.or_(PlanRuleRow.product_id.is_(None), PlanRuleRow.product_id == sa.any_(_array(product_ids))),
        sa.or_(PlanRuleRow.category_id.is_(None), PlanRuleRow.category_id == sa.any_(_array(category_ids))),
    )
    rows = (
        await session.execute(
            sa.select(*POLICY_COLUMNS, *PLAN_COLUMNS, *RULE_COLUMNS)
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
    ).all()
    return Terms(policy_of(rows[0]), plan_of(rows))


def _array(values: Sequence[UUID]) -> sa.BindParameter[Sequence[UUID]]:
    """A list as one parameter, so that the statement's text is the same for any number of goods."""
    return sa.literal(list(values), ARRAY(sa.Uuid()))
