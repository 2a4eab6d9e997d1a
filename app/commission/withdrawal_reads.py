"""What people read of withdrawals: pages, newest first, and single ones. Who may read them is the caller's to check."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.commission.models import WithdrawalRow
from app.commission.values import WithdrawalState
from app.commission.withdrawals import may_decide
from app.employees.models import EmployeeRow
from app.platform.actor import Actor
from app.platform.db import BrandSession


@dataclass(frozen=True, slots=True)
class WithdrawalView:
    """A withdrawal with whose it is. Amount: minor units. `paid_at` and `failure_reason`: where it ended so."""

    id: UUID
    employee_id: UUID
    employee_name: str
    amount_minor: int
    state: WithdrawalState
    requested_at: datetime
    decided_at: datetime | None
    comment: str | None
    paid_at: datetime | None
    failure_reason: str | None


def may_see(actor: Actor, employee_id: UUID) -> bool:
    """Whether somebody sees the withdrawals of an employee: the person, finance and the owner."""
    return actor.is_employee and (actor.employee_id == employee_id or may_decide(actor))


async def page(
    session: BrandSession,
    *,
    limit: int,
    after: UUID | None = None,
    employee_id: UUID | None = None,
    states: Collection[WithdrawalState] | None = None,
) -> list[WithdrawalView]:
    """At most `limit` withdrawals after the one `after`, newest first: of one employee, in some states, or all.

    One statement.
    """
    query = _views(session).where(*_meant(session, employee_id, states))
    if after is not None:
        query = query.where(WithdrawalRow.id < after)
    return [_view(row) for row in await session.execute(query.order_by(WithdrawalRow.id.desc()).limit(limit))]


async def count(
    session: BrandSession, *, employee_id: UUID | None = None, states: Collection[WithdrawalState] | None = None
) -> int:
    """How many withdrawals `page` would give without a limit."""
    query = sa.select(sa.func.count()).select_from(WithdrawalRow).where(*_meant(session, employee_id, states))
    return (await session.execute(query)).scalar_one()


async def by_id(session: BrandSession, withdrawal_ids: Collection[UUID]) -> dict[UUID, WithdrawalView]:
    """Those of these withdrawals that exist. One statement."""
    rows = await session.execute(_views(session).where(WithdrawalRow.id.in_(withdrawal_ids)))
    return {row.id: _view(row) for row in rows}


def _meant(
    session: BrandSession, employee_id: UUID | None, states: Collection[WithdrawalState] | None
) -> list[sa.ColumnElement[bool]]:
    conditions = [WithdrawalRow.brand_id == session.brand_id]
    if employee_id is not None:
        conditions.append(WithdrawalRow.employee_id == employee_id)
    if states is not None:
        conditions.append(WithdrawalRow.state.in_([state.value for state in states]))
    return conditions


def _views(session: BrandSession) -> sa.Select[*tuple[object, ...]]:
    return (
        sa.select(
            WithdrawalRow.id,
            WithdrawalRow.employee_id,
            EmployeeRow.display_name,
            WithdrawalRow.amount_minor,
            WithdrawalRow.state,
            WithdrawalRow.requested_at,
            WithdrawalRow.decided_at,
            WithdrawalRow.comment,
            WithdrawalRow.ended_at,
            WithdrawalRow.failure_reason,
        )
        .join(
            EmployeeRow,
            sa.and_(EmployeeRow.brand_id == session.brand_id, EmployeeRow.id == WithdrawalRow.employee_id),
        )
        .where(WithdrawalRow.brand_id == session.brand_id)
    )


def _view(row: sa.Row[*tuple[object, ...]]) -> WithdrawalView:
    found = row._mapping
    state = WithdrawalState(found["state"])
    return WithdrawalView(
        id=found["id"],
        employee_id=found["employee_id"],
        employee_name=found["display_name"],
        amount_minor=found["amount_minor"],
        state=state,
        requested_at=found["requested_at"],
        decided_at=found["decided_at"],
        comment=found["comment"],
        paid_at=found["ended_at"] if state is WithdrawalState.PAID else None,
        failure_reason=found["failure_reason"],
    )
