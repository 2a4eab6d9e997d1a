"""Commission plans: each publication is a new version with its rules; sales keep the one they were booked under."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.commission.models import PlanRow, PlanRuleRow
from app.commission.plan_rules import LONGEST_HOLD_DAYS, MOST_RULES, SHORTEST_HOLD_DAYS, validate_plan
from app.commission.policies import camel, next_version
from app.commission.values import Plan, PlanRule, ShareRole
from app.employees.models import OrgUnitRow
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import Conflict, InvalidInput
from app.products.models import CategoryRow, ProductRow


@dataclass(frozen=True, slots=True)
class NewRule:
    """A rate to publish, in basis points: of a role, for all goods or some, everywhere or in a branch."""

    role: ShareRole
    rate_bp: int
    product_id: UUID | None = None
    category_id: UUID | None = None
    org_unit_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPlan(Plan):
    """A version of the plan, with what identifies it."""

    id: UUID
    version: int
    published_at: datetime
    published_by: str


PLAN_COLUMNS = (PlanRow.id, PlanRow.version, PlanRow.hold_days, PlanRow.published_at, PlanRow.published_by)
RULE_COLUMNS = (
    PlanRuleRow.id,
    PlanRuleRow.rate_bp,
    PlanRuleRow.role,
    PlanRuleRow.product_id,
    PlanRuleRow.category_id,
    PlanRuleRow.org_unit_id,
)


async def publish(
    session: BrandSession, actor: Actor, *, hold_days: int, rules: Sequence[NewRule], now: datetime
) -> int:
    """Put a plan in force for orders placed from now on; gives its version. Three statements.

    Rates: basis points of the line after discounts. Raises: InvalidInput with the path of the first fault (also for
    goods or units that the brand does not have), Conflict when two rules of a role name the same goods and place.
    """
    made = [
        PlanRule(session.new_id(), rule.rate_bp, rule.role, rule.product_id, rule.category_id, rule.org_unit_id)
        for rule in rules
    ]
    _check(hold_days, made)
    await _check_names(session, made)
    version = await next_version(
        session,
        cast(sa.Table, PlanRow.__table__),
        {
            "id": session.new_id(),
            "hold_days": hold_days,
            "published_at": now,
            "published_by": actor.principal,
        },
    )
    await session.execute(
        sa.insert(PlanRuleRow),
        [
            {
                "brand_id": session.brand_id,
                "id": rule.rule_id,
                "plan_version": version,
                "position": position,
                "role": rule.role.value,
                "rate_bp": rule.rate_bp,
                "product_id": rule.product_id,
                "category_id": rule.category_id,
                "org_unit_id": rule.org_unit_id,
            }
            for position, rule in enumerate(made)
        ],
    )
    return version


async def current(session: BrandSession) -> PublishedPlan:
    """The plan in force, the highest version, with all its rules in their order. One statement."""
    newest = sa.select(sa.func.max(PlanRow.version)).where(PlanRow.brand_id == session.brand_id).scalar_subquery()
    return plan_of(await _rows(session, PlanRow.version == newest))


async def by_id(session: BrandSession, plan_id: UUID) -> PublishedPlan | None:
    """A published version with its rules. One statement."""
    rows = await _rows(session, PlanRow.id == plan_id)
    return plan_of(rows) if rows else None


async def by_version(session: BrandSession, version: int) -> PublishedPlan | None:
    """A published version with its rules. One statement."""
    rows = await _rows(session, PlanRow.version == version)
    return plan_of(rows) if rows else None


def rules_of_plan(brand_id: UUID | sa.BindParameter[UUID]) -> sa.ColumnElement[bool]:
    """The join of a plan's row to its rules."""
    return sa.and_(
        PlanRuleRow.brand_id == brand_id,
        PlanRuleRow.brand_id == PlanRow.brand_id,
        PlanRuleRow.plan_version == PlanRow.version,
    )


def plan_of(rows: Sequence[sa.Row[*tuple[Any, ...]]]) -> PublishedPlan:
    """The plan in rows that have PLAN_COLUMNS and RULE_COLUMNS, one row a rule, at least one row."""
    found = [row._mapping for row in rows]
    return PublishedPlan(
        id=found[0][PlanRow.id],
        version=found[0][PlanRow.version],
        published_at=found[0][PlanRow.published_at],
        published_by=found[0][PlanRow.published_by],
        hold_days=found[0][PlanRow.hold_days],
        rules=tuple(
            PlanRule(
                rule_id=row[PlanRuleRow.id],
                rate_bp=row[PlanRuleRow.rate_bp],
                role=ShareRole(row[PlanRuleRow.role]),
                product_id=row[PlanRuleRow.product_id],
                category_id=row[PlanRuleRow.category_id],
                org_unit_id=row[PlanRuleRow.org_unit_id],
            )
            for row in found
            if row[PlanRuleRow.id] is not None
        ),
    )


async def _rows(session: BrandSession, condition: sa.ColumnElement[bool]) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    found = await session.execute(
        sa.select(*PLAN_COLUMNS, *RULE_COLUMNS)
        .outerjoin(PlanRuleRow, rules_of_plan(session.brand_id))
        .where(PlanRow.brand_id == session.brand_id, condition)
        .order_by(PlanRuleRow.position)
    )
    return found.all()


def _check(hold_days: int, rules: Sequence[PlanRule]) -> None:
    problems = validate_plan(hold_days, rules)
    if not problems:
        return
    field, problem = problems[0]
    path = tuple(camel(part) for part in field.split("."))
    if problem == "DUPLICATE":
        raise Conflict("plan_rule_duplicate", path=path)
    if field == "hold_days":
        raise InvalidInput("plan_hold_days", path=path, shortest=SHORTEST_HOLD_DAYS, longest=LONGEST_HOLD_DAYS)
    raise InvalidInput(f"plan_{problem.lower()}", path=path, most=MOST_RULES)


async def _check_names(session: BrandSession, rules: Sequence[PlanRule]) -> None:
    """Raises: InvalidInput for the first rule that names something the brand does not have."""
    sought = [
        (index, field, value)
        for index, rule in enumerate(rules)
        for field in ("product_id", "category_id", "org_unit_id")
        if (value := getattr(rule, field)) is not None
    ]
    if not sought:
        return
    wanted = sa.literal(list({value for _, _, value in sought}), ARRAY(sa.Uuid()))
    named = sa.union_all(
        *(
            sa.select(sa.literal(field).label("field"), table.id).where(
                table.brand_id == session.brand_id, table.id == sa.any_(wanted)
            )
            for field, table in (("product_id", ProductRow), ("category_id", CategoryRow), ("org_unit_id", OrgUnitRow))
        )
    )
    known = {(row[0], row[1]) for row in await session.execute(named)}
    for index, field, value in sought:
        if (field, value) not in known:
            raise InvalidInput("plan_unknown_name", path=("rules", str(index), camel(field)))
