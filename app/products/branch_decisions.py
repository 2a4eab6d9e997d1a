"""What headquarters decides for the shelves of a branch, as expressions that statements about products join.

Rules are few, so each expression is worked out once for a statement, however many products it looks at. Parameters of
the statement: `brand`, `branch` (a unit's path; empty: only what holds for all shops) and `now`.
"""

from typing import cast

import sqlalchemy as sa

from app.employees.models import OrgUnitRow
from app.products.shelf_models import ShelfRuleRow
from app.products.values import ShelfRuleKind

LAST = 2**31 - 1
"""Stands for no position in an order; real ones are smaller."""

_BRAND = sa.bindparam("brand", type_=sa.Uuid())
_NOW = sa.bindparam("now", type_=sa.DateTime(timezone=True))
_rule = cast("sa.Table", ShelfRuleRow.__table__)
_unit = cast("sa.Table", OrgUnitRow.__table__)

AT_BRANCH = _rule.outerjoin(_unit, sa.and_(_unit.c.brand_id == _BRAND, _unit.c.id == _rule.c.org_unit_id))
IS_IN_FORCE = sa.and_(
    _rule.c.brand_id == _BRAND,
    _rule.c.starts_at <= _NOW,
    sa.or_(_rule.c.ends_at.is_(None), _rule.c.ends_at > _NOW),
    sa.or_(_rule.c.org_unit_id.is_(None), sa.func.starts_with(sa.bindparam("branch", type_=sa.Text()), _unit.c.path)),
)


def _of(kind: ShelfRuleKind) -> sa.ColumnElement[bool]:
    return sa.and_(_rule.c.kind == kind.value, IS_IN_FORCE)


FORBIDDEN = sa.select(_rule.c.product_id).select_from(AT_BRANCH).where(_of(ShelfRuleKind.FORBID))
"""The products that the branch may not show or sell."""

PINNED = (
    sa.select(_rule.c.product_id, sa.func.min(sa.func.coalesce(_rule.c.position, LAST)).label("position"))
    .select_from(AT_BRANCH)
    .where(_of(ShelfRuleKind.PIN))
    .group_by(_rule.c.product_id)
)
"""The products that stand first in the branch, with their place among themselves."""

IS_SILENT = sa.select(_rule.c.id).select_from(AT_BRANCH).where(_of(ShelfRuleKind.NO_WORDS)).exists()
"""Whether what guides of the branch say themselves is not shown."""

RULES_BEGUN = (
    sa.select(
        sa.func.count().filter(_rule.c.starts_at <= _NOW) + sa.func.count().filter(_rule.c.ends_at <= _NOW),
    )
    .where(_rule.c.brand_id == _BRAND)
    .scalar_subquery()
)
"""Grows when a rule begins or ends by itself, which no version counts."""
