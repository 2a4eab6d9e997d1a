"""Publishing the attribution policy: each publication is a new version; orders keep the one they were placed under."""

from dataclasses import fields
from datetime import datetime
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.customers.models import BindingPolicyRow
from app.customers.policies import POLICY_COLUMNS, Policy, policy_of
from app.customers.rules import validate_policy
from app.customers.values import PolicyTerms
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput


async def publish(session: BrandSession, actor: Actor, *, terms: PolicyTerms, now: datetime) -> int:
    """Put a policy in force for orders placed from now on; gives its version.

    Raises: InvalidInput with the path of the first setting that does not fit.
    """
    problems = validate_policy(terms)
    if problems:
        field, problem = problems[0]
        raise InvalidInput(f"policy_{problem.lower()}", path=(camel(field),))
    columns = {
        "id": session.new_id(),
        "published_at": now,
        "published_by": actor.principal,
        **{term.name: getattr(terms, term.name) for term in fields(PolicyTerms)},
    }
    return await next_version(session, cast(sa.Table, BindingPolicyRow.__table__), columns)


async def by_id(session: BrandSession, policy_id: UUID) -> Policy | None:
    """A published policy. One statement."""
    return await _find(session, BindingPolicyRow.id == policy_id)


async def by_version(session: BrandSession, version: int) -> Policy | None:
    """A published policy. One statement."""
    return await _find(session, BindingPolicyRow.version == version)


async def next_version(session: BrandSession, table: sa.Table, columns: dict[str, object]) -> int:
    """Insert `columns` as the table's next version and give its number.

    Two publications at once compute the same number; the unique key makes the second wait for the first and then find
    its number taken, so it takes the next. That needs no lock of its own.
    """
    while True:
        taken = await session.execute(
            insert(table)
            .from_select(
                ["brand_id", "version", *columns],
                sa.select(
                    sa.literal(session.brand_id, sa.Uuid()),
                    sa.func.coalesce(sa.func.max(table.c.version), 0) + 1,
                    *(sa.literal(value, table.c[name].type) for name, value in columns.items()),
                ).where(table.c.brand_id == session.brand_id),
            )
            .on_conflict_do_nothing(index_elements=["brand_id", "version"])
            .returning(table.c.version)
        )
        version = taken.scalar_one_or_none()
        if version is not None:
            return int(version)


def camel(name: str) -> str:
    """The name of a field as the API writes it."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


async def _find(session: BrandSession, condition: sa.ColumnElement[bool]) -> Policy | None:
    found = await session.execute(
        sa.select(*POLICY_COLUMNS).where(BindingPolicyRow.brand_id == session.brand_id, condition)
    )
    row = found.one_or_none()
    return None if row is None else policy_of(row)
