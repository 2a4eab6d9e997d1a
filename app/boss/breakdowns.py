"""Sales broken down by day, hour, unit, store, guide or product: one statement each, labels of today.

The rows of a breakdown add up to the whole, except orders by guide (each who has a share counts the order) and orders
by product (an order counts with each of its products). People and places are a ranking: their order is that of net
sales without guides' own purchases, which their figures do contain, as the guide's own home shows the same figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from app.boss.dashboard import total
from app.boss.models import NOBODY, ProductRollupRow, SalesRollupRow
from app.boss.scopes import BRAND, Scope, Shape
from app.boss.sources import Rows
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
    if by not in _LABELS and by not in (BreakdownBy.DAY, BreakdownBy.HOUR):
        raise InvalidInput("breakdown_later", path=("by",))
    values = scope.parameters(session.brand_id, period.first, period.last)
    if by in _LABELS:
        found = await session.execute(_ranked(scope.shape, by), {**values, "most": first})
        return [
            BreakdownRow(None if row.key == NOBODY else row.key, row.label, row.orders, row.quantity, row.net_minor)
            for row in found
        ]
    rows = {
        row.key: BreakdownRow(row.key, None, row.orders, row.quantity, row.net_minor)
        for row in await session.execute(_grouped(scope.shape, by), values)
    }
    days = [period.first + timedelta(days=number) for number in range(period.days)]
    keys: Sequence[date] | range = days if by is BreakdownBy.DAY else range(_HOURS)
    return [rows.get(key) or BreakdownRow(key, None, 0, 0, 0) for key in keys[:first]]


_LABELS: Final[dict[BreakdownBy, tuple[Any, Any]]] = {
    BreakdownBy.ORG_UNIT: (OrgUnitRow, OrgUnitRow.name),
    BreakdownBy.STORE: (StoreRow, StoreRow.name),
    BreakdownBy.GUIDE: (EmployeeRow, EmployeeRow.display_name),
    BreakdownBy.PRODUCT: (ProductRow, ProductRow.title),
}
"""Where the label of a key stands."""


@cache
def _grouped(shape: Shape, by: BreakdownBy) -> Rows:
    key = SalesRollupRow.day if by is BreakdownBy.DAY else SalesRollupRow.hour
    return (
        sa.select(key.label("key"), *_sums(SalesRollupRow, is_shared=shape.has_guide))
        .where(*shape.within(SalesRollupRow))
        .group_by(key)
    )


@cache
def _ranked(shape: Shape, by: BreakdownBy) -> Rows:
    """The first rows by net sales; own purchases count in the figures, not in the order of people and places."""
    row: Any = ProductRollupRow if by is BreakdownBy.PRODUCT else SalesRollupRow
    figures = [row.orders, row.shared_orders, row.quantity, row.shared_quantity, row.gross_minor, row.refunds_minor]
    is_own = sa.false() if by is BreakdownBy.PRODUCT else row.is_self_purchase
    one = (
        sa.select(_key(shape, by).label("key"), *figures, is_own.label("is_own"))
        .where(*shape.within(row))
        .subquery("one")
    )
    sums = _sums(one.c, is_shared=shape.has_guide or by is BreakdownBy.GUIDE)
    ranking = sa.func.sum(one.c.gross_minor - one.c.refunds_minor).filter(~one.c.is_own)
    grouped = (
        sa.select(one.c.key, *sums, sa.func.coalesce(ranking, 0).label("ranking"))
        .group_by(one.c.key)
        .having(sa.or_(sums[0] != 0, total(one.c.gross_minor) != 0, total(one.c.refunds_minor) != 0))
        .subquery("grouped")
    )
    named, name = _LABELS[by]
    return (
        sa.select(grouped, name.label("label"))
        .select_from(grouped)
        .outerjoin(named, sa.and_(named.brand_id == BRAND, named.id == grouped.c.key))
        .order_by(grouped.c.ranking.desc(), grouped.c.net_minor.desc(), grouped.c.key)
        .limit(sa.bindparam("most", type_=sa.BigInteger()))
    )


def _key(shape: Shape, by: BreakdownBy) -> Any:
    match by:
        case BreakdownBy.STORE:
            return SalesRollupRow.store_id
        case BreakdownBy.GUIDE:
            return SalesRollupRow.guide_id
        case BreakdownBy.PRODUCT:
            return ProductRollupRow.product_id
        case _:
            return _child(shape)


def _child(shape: Shape) -> sa.ColumnElement[UUID]:
    """The unit right below the scope's on a row's path; the scope's own for what hangs on that itself."""
    path = SalesRollupRow.branch
    root: sa.ColumnElement[str]
    if shape.has_unit:
        root, above = (sa.bindparam(name, type_=sa.Text()) for name in ("own", "above"))
        below = sa.func.split_part(sa.func.split_part(path, above, 2), "/", 1)
    else:
        # A path begins with a slash: the root stands in the second field, its child in the third.
        root, below = sa.func.split_part(path, "/", 2), sa.func.split_part(path, "/", 3)
    return sa.cast(sa.func.coalesce(sa.func.nullif(below, ""), root), sa.Uuid())


def _sums(table: Any, *, is_shared: bool) -> list[Any]:
    """Orders, pieces, net sales: once, or as each guide counts them."""
    orders, quantity = (table.shared_orders, table.shared_quantity) if is_shared else (table.orders, table.quantity)
    return [
        total(orders).label("orders"),
        total(quantity).label("quantity"),
        total(table.gross_minor - table.refunds_minor).label("net_minor"),
    ]
