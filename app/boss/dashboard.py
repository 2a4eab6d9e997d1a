"""The boss's dashboard: every figure of a period and a scope, read from the rollups in one statement.

Figures are defined in `figures.md`. Counted above guide level an order counts once; in a guide's scope each guide
counts the orders that he has a SELLER share in, and sales by share. Own purchases of guides are sales like any other.
Commission has the place of the sale that it was earned with.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from app.boss import rollups, rules
from app.boss.models import (
    BuyerRollupRow,
    CommissionRollupRow,
    FirstOrderRow,
    NewcomerRollupRow,
    SalesRollupRow,
    VisitRollupRow,
)
from app.boss.scopes import BRAND, FIRST, LAST, Scope, Shape
from app.boss.sources import Rows
from app.boss.values import Period, PeriodPreset, PeriodProblem
from app.commission.values import AccountKind
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Figures:
    """A period's figures. Amounts: minor units; rates: basis points, rounded once from whole numbers.

    `as_of`: the rollups hold every event up to then: when the oldest one happened that they do not hold yet (a parked
    one too), else now. `repeat_rate_bp`: of the customers, whose order was not their first ever. `held_minor`,
    `payable_minor` and `debt_minor` (what is owed, 0 or more, over the brand) stand at the period's end, `paid_minor`
    was paid out in it.
    """

    as_of: datetime
    orders: int
    customers: int
    gross_minor: int
    refunds_minor: int
    average_minor: int | None
    repeat_rate_bp: int | None
    visits: int
    visitors: int
    new_customers: int
    conversion_bp: int | None
    held_minor: int
    payable_minor: int
    paid_minor: int
    debt_minor: int

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.refunds_minor


@dataclass(frozen=True, slots=True)
class SalesToday:
    """A scope's running business day. Amounts: minor units."""

    as_of: datetime
    orders: int
    net_minor: int


_PROBLEMS = {
    PeriodProblem.BOTH: "period_both",
    PeriodProblem.NEITHER: "period_neither",
    PeriodProblem.BACKWARDS: "period_backwards",
    PeriodProblem.TOO_LONG: "period_too_long",
}


def period_of(session: BrandSession, *, preset: PeriodPreset | None, first: date | None, last: date | None) -> Period:
    """The days that are asked for, in the brand's time zone. Raises: InvalidInput."""
    today = session.brand.day_of(session.now)
    found = rules.period_of(preset=preset, first=first, last=last, today=today)
    if isinstance(found, PeriodProblem):
        path = "preset" if found in (PeriodProblem.BOTH, PeriodProblem.NEITHER) else "from"
        raise InvalidInput(_PROBLEMS[found], path=(path,), longest=rules.LONGEST_DAYS)
    return found


async def figures(session: BrandSession, scope: Scope, period: Period) -> Figures:
    """All figures. One statement."""
    row = (await session.execute(_figures(scope.shape), _values(session, scope, period))).one()
    return Figures(
        as_of=row.since or session.now,
        orders=row.orders,
        customers=row.customers,
        gross_minor=row.gross_minor,
        refunds_minor=row.refunds_minor,
        average_minor=rules.average_minor(row.gross_minor, row.orders),
        repeat_rate_bp=rules.share_bp(row.repeated, row.customers),
        visits=row.visits,
        visitors=row.visitors,
        new_customers=row.new_customers,
        conversion_bp=rules.share_bp(row.customers, row.visitors),
        held_minor=row.held_minor,
        payable_minor=row.payable_minor,
        paid_minor=row.paid_minor,
        debt_minor=-row.debt_minor,
    )


async def today(session: BrandSession, scope: Scope) -> SalesToday:
    """Orders and net sales of the running business day. One statement."""
    day = session.brand.day_of(session.now)
    row = (await session.execute(_today(scope.shape), _values(session, scope, Period(day, day)))).one()
    return SalesToday(row.since or session.now, row.orders, row.gross_minor - row.refunds_minor)


def total(column: Any) -> sa.ColumnElement[int]:
    """A sum that is 0 of nothing."""
    return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)


def _values(session: BrandSession, scope: Scope, period: Period) -> dict[str, Any]:
    return scope.parameters(session.brand_id, period.first, period.last)


@cache
def _figures(shape: Shape) -> Rows:
    return _beside(
        rollups.pending(BRAND), _sales(shape), _customers(shape), _traffic(shape), _newcomers(shape), _commission(shape)
    )


@cache
def _today(shape: Shape) -> Rows:
    return _beside(rollups.pending(BRAND), _sales(shape))


def _beside(*parts: Rows) -> Rows:
    """The single rows of several statements as one."""
    first, *others = (part.subquery(f"part_{number}") for number, part in enumerate(parts))
    joined: Any = first
    for other in others:
        joined = joined.join(other, sa.true())
    return sa.select(*(column for part in (first, *others) for column in part.c)).select_from(joined)


def _sales(shape: Shape) -> Rows:
    """Orders, gross sales and refunds."""
    row = SalesRollupRow
    return sa.select(
        total(row.shared_orders if shape.has_guide else row.orders).label("orders"),
        total(row.gross_minor).label("gross_minor"),
        total(row.refunds_minor).label("refunds_minor"),
    ).where(*shape.within(row))


def _customers(shape: Shape) -> Rows:
    """Distinct customers, and those of them with an order in period and scope that is not their first ever."""
    row = BuyerRollupRow
    orders = row.shared_orders if shape.has_guide else row.orders
    buyer = (
        sa.select(row.customer_id, sa.func.sum(orders).label("orders"))
        .where(*shape.within(row), orders > 0)
        .group_by(row.customer_id)
        .subquery("buyer")
    )
    first = FirstOrderRow
    is_here = [
        first.brand_id == BRAND,
        first.customer_id == buyer.c.customer_id,
        first.day.between(FIRST, LAST),
        *shape.of(first, guide=sa.any_(first.guide_ids)),
    ]
    of_first = sa.case((first.customer_id.is_(None), 0), else_=1)
    return sa.select(
        sa.func.count().label("customers"),
        sa.func.count().filter(buyer.c.orders > of_first).label("repeated"),
    ).select_from(buyer.outerjoin(first, sa.and_(*is_here)))


def _traffic(shape: Shape) -> Rows:
    row = VisitRollupRow
    visitors = sa.func.count(row.person_id.distinct()).label("visitors")
    return sa.select(total(row.visits).label("visits"), visitors).where(*shape.within(row))


def _newcomers(shape: Shape) -> Rows:
    row = NewcomerRollupRow
    return sa.select(total(row.customers).label("new_customers")).where(*shape.within(row))


def _commission(shape: Shape) -> Rows:
    """Balances at the period's end are the sums of all changes until then."""
    row = CommissionRollupRow

    def on(account: AccountKind, name: str, *more: sa.ColumnElement[bool]) -> sa.Label[int]:
        amount = sa.func.sum(row.amount_minor).filter(row.account == account.value, *more)
        return sa.cast(sa.func.coalesce(amount, 0), sa.BigInteger).label(name)

    return sa.select(
        on(AccountKind.HELD, "held_minor"),
        on(AccountKind.PAYABLE, "payable_minor"),
        on(AccountKind.PAID, "paid_minor", row.day >= FIRST),
        on(AccountKind.DEBT, "debt_minor"),
    ).where(row.brand_id == BRAND, row.day <= LAST, *shape.of(row, guide=row.party_id))
