"""The hot-product report of a scope and a period: sales from the rollups, stock from where it lies. One statement.

Stock of the brand is all there is; of a branch or a store what lies in its stores, so that what is sent from the
shipping location counts in its sales but not in its stock. Products are those on sale, sold in the period, or in stock.
"""

from functools import cache

import sqlalchemy as sa

from app.boss.dashboard import total
from app.boss.hot_product_rules import HotProducts, ProductFacts, hot_products
from app.boss.models import ProductRollupRow
from app.boss.scopes import BRAND, Scope, Shape
from app.boss.sources import Rows
from app.boss.values import Period
from app.employees.models import OrgUnitRow, StoreRow
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput
from app.products.models import ProductRow, SkuRow, StockRow
from app.products.values import ProductState


async def report(session: BrandSession, scope: Scope, period: Period) -> HotProducts:
    """The report of a scope. Raises: InvalidInput for a guide's, as no stock is a guide's own."""
    if scope.guide_id is not None:
        raise InvalidInput("hot_products_of_guide", path=("guideId",))
    values = scope.parameters(session.brand_id, period.first, period.last)
    rows = await session.execute(_facts(scope.shape), values)
    return hot_products([ProductFacts(*row) for row in rows], days=period.days)


@cache
def _facts(shape: Shape) -> Rows:
    sold = (
        sa.select(
            ProductRollupRow.product_id,
            total(ProductRollupRow.quantity).label("quantity"),
            total(ProductRollupRow.gross_minor - ProductRollupRow.refunds_minor).label("net_minor"),
        )
        .where(*shape.within(ProductRollupRow))
        .group_by(ProductRollupRow.product_id)
        .subquery("sold")
    )
    stock = _stock(shape)
    pieces = sa.func.coalesce(stock.c.pieces, 0)
    return (
        sa.select(
            ProductRow.id,
            ProductRow.title,
            sa.func.coalesce(sold.c.quantity, 0),
            sa.func.coalesce(sold.c.net_minor, 0),
            pieces,
        )
        .outerjoin(sold, sold.c.product_id == ProductRow.id)
        .outerjoin(stock, stock.c.product_id == ProductRow.id)
        .where(
            ProductRow.brand_id == BRAND,
            sa.or_(ProductRow.state == ProductState.PUBLISHED.value, sold.c.product_id.is_not(None), pieces > 0),
        )
    )


def _stock(shape: Shape) -> sa.Subquery:
    """Free pieces by product, in the scope's stores, whose location has the store's id; of the brand everywhere."""
    found = (
        sa.select(SkuRow.product_id, total(StockRow.on_hand - StockRow.reserved).label("pieces"))
        .join(SkuRow, sa.and_(SkuRow.brand_id == BRAND, SkuRow.id == StockRow.sku_id))
        .where(StockRow.brand_id == BRAND)
        .group_by(SkuRow.product_id)
    )
    if shape.units or shape.has_store:
        own = (
            sa.select(StoreRow.id)
            .join(OrgUnitRow, sa.and_(OrgUnitRow.brand_id == BRAND, OrgUnitRow.id == StoreRow.org_unit_id))
            .where(
                StoreRow.brand_id == BRAND,
                *(
                    OrgUnitRow.path.like(sa.bindparam(f"unit_{number}", type_=sa.Text()))
                    for number in range(shape.units)
                ),
            )
        )
        if shape.has_store:
            own = own.where(StoreRow.id == sa.bindparam("store", type_=sa.Uuid()))
        found = found.where(StockRow.location_id.in_(own))
    return found.subquery("stock")
