"""What a SKU costs in a branch, as an expression: the one place that knows, joined into every statement with prices.

Of the price lists in force that name the SKU, that of the nearest unit counts: the branch itself, then the unit above
it, and so on; of one unit's lists the one that began last. Where no list names it, the brand's own price holds.
Parameters of the statement: `brand`, `branch` (a unit's path; empty: the brand's own prices) and `now`.
"""

from typing import Any, cast

import sqlalchemy as sa

from app.employees.models import OrgUnitRow
from app.platform.db import BrandSession
from app.products.models import PriceListItemRow, PriceListRow, SkuRow

_BRAND = sa.bindparam("brand", type_=sa.Uuid())
_NOW = sa.bindparam("now", type_=sa.DateTime(timezone=True))
_sku = cast("sa.Table", SkuRow.__table__)
_list = cast("sa.Table", PriceListRow.__table__)
_item = cast("sa.Table", PriceListItemRow.__table__)
_unit = cast("sa.Table", OrgUnitRow.__table__)

_listed = (
    sa.select(_item.c.price_minor, _item.c.market_price_minor)
    .select_from(_item)
    .join(_list, sa.and_(_list.c.brand_id == _BRAND, _list.c.id == _item.c.price_list_id))
    .join(_unit, sa.and_(_unit.c.brand_id == _BRAND, _unit.c.id == _list.c.org_unit_id))
    .where(
        _item.c.brand_id == _BRAND,
        _item.c.sku_id == _sku.c.id,
        _list.c.starts_at <= _NOW,
        sa.or_(_list.c.ends_at.is_(None), _list.c.ends_at > _NOW),
        sa.func.starts_with(sa.bindparam("branch", type_=sa.Text()), _unit.c.path),
    )
    .order_by(sa.func.length(_unit.c.path).desc(), _list.c.starts_at.desc(), _list.c.id.desc())
    .limit(1)
    .correlate(_sku)
    .lateral("listed")
)

PRICE: sa.ColumnElement[int] = sa.func.coalesce(_listed.c.price_minor, _sku.c.price_minor)
MARKET_PRICE: sa.ColumnElement[int | None] = sa.func.coalesce(
    _listed.c.market_price_minor, sa.case((_sku.c.market_price_minor >= PRICE, _sku.c.market_price_minor))
)
"""The list's own, else the brand's, unless the branch's price is above it."""

PERIODS_BEGUN = (
    sa.select(
        sa.func.count().filter(_list.c.starts_at <= _NOW) + sa.func.count().filter(_list.c.ends_at <= _NOW),
    )
    .where(_list.c.brand_id == _BRAND)
    .scalar_subquery()
)
"""Grows when a list begins or ends by itself, which no version counts."""


def with_prices(joined: sa.FromClause) -> sa.FromClause:
    """A join that holds `sku`, with what PRICE and MARKET_PRICE look at."""
    return joined.outerjoin(_listed, sa.true())


def parameters(session: BrandSession, branch: str, **more: Any) -> dict[str, Any]:
    """What a statement with prices is run with."""
    return {"brand": session.brand_id, "branch": branch, "now": session.now, **more}
