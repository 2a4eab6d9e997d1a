"""The statements that change stock rows many wait for: locked in key order and changed in one go.

Made once each, as making them takes longer than running them.
"""

from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.products.models import LocationRow, ReservationRow, StockRow
from app.products.values import LocationKind, ReservationState

_stock = cast("sa.Table", StockRow.__table__)
_location = cast("sa.Table", LocationRow.__table__)
_reservation = cast("sa.Table", ReservationRow.__table__)
_BRAND = sa.bindparam("brand", type_=sa.Uuid())


def _lines(*names: str) -> sa.TableValuedAlias:
    """The parameters of that name, arrays of equal length, as rows of a table `line`."""
    columns = {"skus": "sku_id", "locations": "location_id", "quantities": "quantity"}
    kinds: dict[str, sa.types.TypeEngine[Any]] = {name: sa.Uuid() for name in columns} | {"quantities": sa.BigInteger()}
    arrays = [sa.bindparam(name, type_=ARRAY(kinds[name])) for name in names]
    return (
        sa.func.unnest(*arrays)
        .table_valued(*(sa.column(columns[name], kinds[name]) for name in names), name="line")
        .render_derived()
    )


def _reserve_statement() -> sa.Select[Any]:
    """Lock the rows of all lines at a place, hold what there is enough of, write the reservations.

    Gives what each row had left. The availability is the one under the lock, so a shortage is told exactly.
    """
    line = _lines("skus", "quantities")
    shipping = (
        sa.select(_location.c.id)
        .where(_location.c.brand_id == _BRAND, _location.c.kind == LocationKind.SHIPPING.value)
        .scalar_subquery()
    )
    locked = (
        sa.select(
            _stock.c.sku_id,
            _stock.c.location_id,
            line.c.quantity,
            (_stock.c.on_hand - _stock.c.reserved).label("available"),
        )
        .join_from(line, _stock, _stock.c.sku_id == line.c.sku_id)
        .where(
            _stock.c.brand_id == _BRAND,
            _stock.c.location_id == sa.func.coalesce(sa.bindparam("location", type_=sa.Uuid()), shipping),
        )
        .order_by(_stock.c.sku_id, _stock.c.location_id)
        .with_for_update(key_share=True, of=_stock)
        .cte("locked")
    )
    taken = (
        sa.update(_stock)
        .where(
            _stock.c.brand_id == _BRAND,
            _stock.c.sku_id == locked.c.sku_id,
            _stock.c.location_id == locked.c.location_id,
            _stock.c.on_hand - _stock.c.reserved >= locked.c.quantity,
        )
        .values(reserved=_stock.c.reserved + locked.c.quantity)
        .returning(_stock.c.sku_id, _stock.c.location_id, locked.c.quantity)
        .cte("taken")
    )
    written = (
        sa.insert(_reservation)
        .from_select(
            ["brand_id", "order_id", "sku_id", "location_id", "quantity", "state", "at"],
            sa.select(
                _BRAND,
                sa.bindparam("order_id", type_=sa.Uuid()),
                taken.c.sku_id,
                taken.c.location_id,
                taken.c.quantity,
                sa.bindparam("held", type_=sa.Text()),
                sa.bindparam("at", type_=sa.DateTime(timezone=True)),
            ),
        )
        .cte("written")
    )
    return sa.select(locked.c.sku_id, locked.c.available).add_cte(written)


def _give_statement(*, is_sold: bool) -> sa.Update:
    """Take what was held out of `reserved`, and out of `on_hand` too where it is sold; gives what was left before."""
    line = _lines("skus", "locations", "quantities")
    locked = (
        sa.select(
            _stock.c.sku_id,
            _stock.c.location_id,
            line.c.quantity,
            (_stock.c.on_hand - _stock.c.reserved).label("was_available"),
        )
        .join_from(line, _stock, sa.and_(_stock.c.sku_id == line.c.sku_id, _stock.c.location_id == line.c.location_id))
        .where(_stock.c.brand_id == _BRAND)
        .order_by(_stock.c.sku_id, _stock.c.location_id)
        .with_for_update(key_share=True, of=_stock)
        .cte("locked")
    )
    fewer = {"reserved": _stock.c.reserved - locked.c.quantity}
    if is_sold:
        fewer["on_hand"] = _stock.c.on_hand - locked.c.quantity
    return (
        sa.update(_stock)
        .where(
            _stock.c.brand_id == _BRAND,
            _stock.c.sku_id == locked.c.sku_id,
            _stock.c.location_id == locked.c.location_id,
        )
        .values(fewer)
        .returning(locked.c.was_available)
    )


def _change_statement() -> sa.Update:
    """Add to what is on hand in the rows of all lines, or take from it where the pieces are below zero.

    Gives what each row had left before, and what was added.
    """
    line = _lines("skus", "locations", "quantities")
    locked = (
        sa.select(
            _stock.c.sku_id,
            _stock.c.location_id,
            line.c.quantity,
            (_stock.c.on_hand - _stock.c.reserved).label("was_available"),
        )
        .join_from(line, _stock, sa.and_(_stock.c.sku_id == line.c.sku_id, _stock.c.location_id == line.c.location_id))
        .where(_stock.c.brand_id == _BRAND)
        .order_by(_stock.c.sku_id, _stock.c.location_id)
        .with_for_update(key_share=True, of=_stock)
        .cte("locked")
    )
    return (
        sa.update(_stock)
        .where(
            _stock.c.brand_id == _BRAND,
            _stock.c.sku_id == locked.c.sku_id,
            _stock.c.location_id == locked.c.location_id,
        )
        .values(on_hand=_stock.c.on_hand + locked.c.quantity)
        .returning(locked.c.was_available, locked.c.quantity)
    )


def _leave_statement() -> sa.Update:
    """Take pieces out of an order's sold reservations at a place: of all of them the row is released."""
    line = _lines("skus", "quantities")
    is_all = _reservation.c.quantity == line.c.quantity
    return (
        sa.update(_reservation)
        .where(
            _reservation.c.brand_id == _BRAND,
            _reservation.c.order_id == sa.bindparam("order", type_=sa.Uuid()),
            _reservation.c.location_id == sa.bindparam("place", type_=sa.Uuid()),
            _reservation.c.sku_id == line.c.sku_id,
        )
        .values(
            state=sa.case((is_all, ReservationState.RELEASED.value), else_=ReservationState.SOLD.value),
            quantity=sa.case((is_all, _reservation.c.quantity), else_=_reservation.c.quantity - line.c.quantity),
        )
    )


CHANGE = _change_statement()
LEAVE = _leave_statement()
RESERVE = _reserve_statement()
SELL = _give_statement(is_sold=True)
RELEASE = _give_statement(is_sold=False)
