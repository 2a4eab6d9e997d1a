"""Audiences among the employees: units with everything below, roles, and people one by one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.employees.models import EmployeeRow, OrgUnitRow
from app.employees.rules import units_of_path
from app.employees.values import Role, StaffAudience
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput

MOST_NAMED = 500
"""Units, or employees, that one audience may name."""


async def checked(
    session: BrandSession,
    *path: str,
    org_unit_ids: Sequence[UUID] = (),
    roles: Sequence[str] = (),
    employee_ids: Sequence[UUID] = (),
) -> StaffAudience:
    """The audience as it is kept, each name once. Two statements at most.

    Raises: InvalidInput for more than 500 units or employees, and for one that the brand has not.
    """
    audience = StaffAudience(
        org_unit_ids=tuple(sorted(set(org_unit_ids))),
        roles=tuple(sorted({Role(role) for role in roles}, key=lambda role: role.rank)),
        employee_ids=tuple(sorted(set(employee_ids))),
    )
    for name, row, wanted in (
        ("orgUnitIds", OrgUnitRow, audience.org_unit_ids),
        ("employeeIds", EmployeeRow, audience.employee_ids),
    ):
        if len(wanted) > MOST_NAMED:
            raise InvalidInput("audience_too_many", path=(*path, name), most=MOST_NAMED)
        if not wanted:
            continue
        found = await session.execute(
            sa.select(sa.func.count()).select_from(row).where(row.brand_id == session.brand_id, row.id.in_(wanted))
        )
        if found.scalar_one() != len(wanted):
            raise InvalidInput("audience_unknown", path=(*path, name))
    return audience


def includes(actor: Actor, *, org_unit_ids: Any, roles: Any, employee_ids: Any) -> sa.ColumnElement[bool]:
    """`rules.is_addressed` of an employee, as a condition over the array columns that keep an audience."""
    path_ids = sa.cast(units_of_path(actor.branch), ARRAY(sa.Uuid()))
    names_people_alone = sa.and_(
        sa.func.cardinality(employee_ids) > 0,
        sa.func.cardinality(org_unit_ids) == 0,
        sa.func.cardinality(roles) == 0,
    )
    is_there = sa.or_(sa.func.cardinality(org_unit_ids) == 0, org_unit_ids.op("&&")(path_ids))
    has_role = sa.or_(sa.func.cardinality(roles) == 0, sa.literal(actor.role, sa.Text()) == sa.any_(roles))
    by_name = sa.literal(actor.employee_id, sa.Uuid()) == sa.any_(employee_ids)
    return sa.or_(by_name, sa.and_(sa.not_(names_people_alone), is_there, has_role))
