"""Sales broken down by day, hour, unit, store, guide or product: one statement each, labels of today.

The rows of a breakdown add up to the whole, except orders by guide (each who has a share counts the order) and orders
by product (an order counts with each of its products). People and places are a ranking: their order is that of net
sales without guides' own purchases, which their figures do contain, as the guide's own home shows the same figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.boss.dashboard import total
from app.boss.models import NOBODY, ProductRollupRow, SalesRollupRow
from app.boss.scopes import Scope
from app.boss.values import BreakdownBy, Period
from app.employees.models import EmployeeRow, OrgUnitRow, StoreRow
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput
from app.products.models import ProductRow

MOST_ROWS = 400
_HOURS = 24


@dataclass(frozen=True, slots=True)
class BreakdownRow:
    """A row. `key`: a day, an hour of the clock 0 to 23, or the id of what the row is about, None: nobody, no store.

    `label`: its name of today; None for days, hours and nobody. Amounts: minor units. `quantity`: pieces sold.
    """

    key: date | int | UUID | None
    label: str | None
    orders: int
    quantity: int
    net_minor: int


async def breakdown(
    session: BrandSession, scope: Scope, period: Period, by: BreakdownBy, *, first: int
) -> list[BreakdownRow]:
    """The first rows of a breakdown: days and hours in their order and without gaps, the others by net sales.

    Raises: InvalidInput for what is not broken down by yet, and for `first` outside 1 to 400.
    """
    if not 1 <= first <= MOST_ROWS:
        raise InvalidInput("number_range", path=("first",), least=1, most=MOST_ROWS)
    match by:
        case BreakdownBy.DAY:
            days = [period.first + timedelta(days=number) for number in range(period.days)]
            return _filled(await _grouped(session, scope, period, SalesRollupRow.day), days)[:first]
        case BreakdownBy.HOUR:
            return _filled(await _grouped(session, scope, period, SalesRollupRow.hour), range(_HOURS))[:first]
        case BreakdownBy.ORG_UNIT:
            return await _ranked(session, scope, period, _child(session, scope), OrgUnitRow, OrgUnitRow.name, first)
        case BreakdownBy.STORE:
            return await _ranked(session, scope, period, SalesRollupRow.store_id, StoreRow, StoreRow.name, first)
        case BreakdownBy.GUIDE:
            return await _ranked(
                session,
                scope,
                period,
                SalesRollupRow.guide_id,
                EmployeeRow,
                EmployeeRow.display_name,
                first,
                is_shared=True,
            )
        case BreakdownBy.PRODUCT:
            return await _products(session, scope, period, first)
        case _:
            raise InvalidInput("breakdown_later", path=("by",))


def _sums(table: Any, *, is_shared: bool) -> list[Any]:
    """Orders, pieces, net sales: once, or as each guide counts them."""
    orders, quantity = (table.shared_orders, table.shared_quantity) if is_shared else (table.orders, table.quantity)
    return [
        total(orders).label("orders"),
        total(quantity).label("quantity"),
        total(table.gross_minor - table.refunds_minor).label("net_minor"),
    ]


def _in_scope(session: BrandSession, table: Any, scope: Scope, period: Period) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        table.brand_id == session.brand_id,
        table.day.between(period.first, period.last),
        *scope.of(table),
    )


async def _grouped(session: BrandSession, scope: Scope, period: Period, key: Any) -> list[BreakdownRow]:
    rows = await session.execute(
        sa.select(key.label("key"), *_sums(SalesRollupRow, is_shared=scope.guide_id is not None))
        .where(*_in_scope(session, SalesRollupRow, scope, period))
        .group_by(key)
    )
    return [BreakdownRow(row.key, None, row.orders, row.quantity, row.net_minor) for row in rows]


def _filled(rows: Sequence[BreakdownRow], keys: Sequence[date] | range) -> list[BreakdownRow]:
    found = {row.key: row for row in rows}
    return [found.get(key) or BreakdownRow(key, None, 0, 0, 0) for key in keys]


def _child(session: BrandSession, scope: Scope) -> sa.ColumnElement[UUID]:
    """The unit right below the scope's on a row's path; the scope's own for what hangs on that itself."""
    own = scope.unit_id
    path = SalesRollupRow.branch
    root: sa.ColumnElement[str]
    if own is None:
        # A path begins with a slash: the root stands in the second field, its child in the third.
        root, below = sa.func.split_part(path, "/", 2), sa.func.split_part(path, "/", 3)
    else:
        root = sa.literal(own.hex)
        below = sa.func.split_part(sa.func.split_part(path, f"/{own.hex}/", 2), "/", 1)
    return sa.cast(sa.func.coalesce(sa.func.nullif(below, ""), root), sa.Uuid())


async def _ranked(
    session: BrandSession,
    scope: Scope,
    period: Period,
    key: Any,
    named: Any,
    name: Any,
    first: int,
    *,
    is_shared: bool = False,
) -> list[BreakdownRow]:
    """People or places by net sales; own purchases count in the figures, not in the order."""
    row = SalesRollupRow
    one = (
        sa.select(
            key.label("key"),
            row.orders,
            row.shared_orders,
            row.quantity,
            row.shared_quantity,
            row.gross_minor,
            row.refunds_minor,
            row.is_self_purchase,
        )
        .where(*_in_scope(session, row, scope, period))
        .subquery("one")
    )
    sums = _sums(one.c, is_shared=is_shared or scope.guide_id is not None)
    ranking = sa.func.sum(one.c.gross_minor - one.c.refunds_minor).filter(~one.c.is_self_purchase)
    grouped = (
        sa.select(one.c.key, *sums, sa.func.coalesce(ranking, 0).label("ranking"))
        .group_by(one.c.key)
        .having(sa.or_(sums[0] != 0, total(one.c.gross_minor) != 0, total(one.c.refunds_minor) != 0))
        .subquery("grouped")
    )
    return await _labelled(session, grouped, named, name, first)


async def _products(session: BrandSession, scope: Scope, period: Period, first: int) -> list[BreakdownRow]:
    row = ProductRollupRow
    sums = _sums(row, is_shared=scope.guide_id is not None)
    grouped = (
        sa.select(row.product_id.label("key"), *sums, sums[2].label("ranking"))
        .where(*_in_scope(session, row, scope, period))
        .group_by(row.product_id)
        .having(sa.or_(sums[0] != 0, total(row.gross_minor) != 0, total(row.refunds_minor) != 0))
        .subquery("grouped")
    )
    return await _labelled(session, grouped, ProductRow, ProductRow.title, first)


async def _labelled(
    session: BrandSession, grouped: sa.Subquery, named: Any, name: Any, first: int
) -> list[BreakdownRow]:
    rows = await session.execute(
        sa.select(grouped, name.label("label"))
        .select_from(grouped)
        .outerjoin(named, sa.and_(named.brand_id == session.brand_id, named.id == grouped.c.key))
        .order_by(grouped.c.ranking.desc(), grouped.c.net_minor.desc(), grouped.c.key)
        .limit(first)
    )
    return [
        BreakdownRow(None if row.key == NOBODY else row.key, row.label, row.orders, row.quantity, row.net_minor)
        for row in rows
    ]
