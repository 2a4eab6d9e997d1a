"""How many pieces of a SKU can be had and how, as expressions that statements about `sku` rows join.

Parameters of the statement: `brand`; `store` for what is had in a store.
"""

from typing import Any, cast

import sqlalchemy as sa

from app.products.models import LocationRow, SkuRow, StockRow
from app.products.values import LocationKind

_BRAND = sa.bindparam("brand", type_=sa.Uuid())
_sku = cast("sa.Table", SkuRow.__table__)
_stock = cast("sa.Table", StockRow.__table__)
_location = cast("sa.Table", LocationRow.__table__)

_free = _stock.c.on_hand - _stock.c.reserved
_is_shipping = _location.c.kind == LocationKind.SHIPPING.value
_is_store = _location.c.kind == LocationKind.STORE.value
_AT_PLACES = sa.and_(_location.c.brand_id == _BRAND, _location.c.id == _stock.c.location_id)
_OF_SKU = sa.and_(_stock.c.brand_id == _BRAND, _stock.c.sku_id == _sku.c.id)


def _pieces(number: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(sa.func.coalesce(number, 0), sa.BigInteger())


EVERYWHERE = (
    sa.select(
        _pieces(sa.func.sum(_free)).label("available"),
        _pieces(sa.func.max(_free).filter(_location.c.ships_orders)).label("to_send"),
        sa.func.count().filter(_is_store, _free > 0).label("stores"),
    )
    .join_from(_stock, _location, _AT_PLACES)
    .where(_OF_SKU)
    .lateral("everywhere")
)
"""What of the row's SKU no order holds, the most that one place could send, how many stores have a piece."""

TO_SEND = (
    sa.select(
        _pieces(sa.func.max(_free)).label("available"),
        _pieces(sa.func.max(_free).filter(_is_shipping)).label("at_first"),
    )
    .join_from(_stock, _location, _AT_PLACES)
    .where(_OF_SKU, _location.c.ships_orders)
    .lateral("to_send")
)
"""The most that one place could send, and what the shipping location has."""

STORE = sa.bindparam("store", type_=sa.Uuid())
IN_STORE = (
    sa.select(_pieces(sa.func.max(_free)).label("available"), _pieces(sa.func.max(_free)).label("at_first"))
    .join_from(_stock, _location, _AT_PLACES)
    .where(_OF_SKU, sa.or_(_location.c.id == STORE, sa.and_(STORE.is_(None), _is_store)))
    .lateral("in_store")
)
"""What a store has; of any store, the most, while none is named."""

WAREHOUSE = sa.select(_location.c.id).where(_location.c.brand_id == _BRAND, _is_shipping).scalar_subquery()
"""The shipping location."""
