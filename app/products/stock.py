"""Stock: pieces at a location, held for orders, sold or given back, corrected by hand.

Rows are locked in key order, so that no two callers wait for each other, and stay locked until the caller commits:
reserve late. No path writes `reserved` above `on_hand`; the table's checks stand behind.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.platform import texts
from app.platform.actor import SYSTEM, Actor
from app.platform.db import BrandSession
from app.platform.errors import InsufficientStock, NotFound, ShortageFact
from app.products import rules, versions
from app.products.guards import headquarters_only, refuse
from app.products.models import LocationRow, ReservationRow, SkuRow, StockMovementRow, StockRow
from app.products.values import LocationKind, MovementKind, ReservationState, StockLine

__all__ = ["StockLine", "adjust", "create_shipping_location", "release", "reserve", "sell", "shipping_location"]


class HeldRow(NamedTuple):
    """A reservation as it was held."""

    sku_id: UUID
    location_id: UUID
    quantity: int


async def create_shipping_location(session: BrandSession, *, now: datetime) -> UUID:
    """Make the place that the brand's online orders are sent from; a brand has one."""
    location_id = session.new_id()
    await session.execute(
        sa.insert(LocationRow).values(
            brand_id=session.brand_id, id=location_id, kind=LocationKind.SHIPPING.value, name="总仓", created_at=now
        )
    )
    return location_id


async def reserve(session: BrandSession, *, order_id: UUID, lines: Sequence[StockLine], now: datetime) -> None:
    """Hold pieces for an order, all lines or none, in one statement (and one more when a SKU sells out).

    Raises: InsufficientStock with every short SKU, what was wanted of it over all lines and what was left under the
    lock; the caller's transaction must then roll back, as the lines that were not short are held in it.
    """
    wanted = rules.merged_lines(lines)
    if not wanted:
        return
    rows = await session.execute(
        _RESERVE,
        {
            "brand": session.brand_id,
            "order_id": order_id,
            "held": ReservationState.HELD.value,
            "at": now,
            "shipping": LocationKind.SHIPPING.value,
            "skus": [line.sku_id for line in wanted],
            "quantities": [line.quantity for line in wanted],
        },
    )
    available = {row.sku_id: int(row.available) for row in rows}
    short = [
        ShortageFact(line.sku_id, line.quantity, available.get(line.sku_id, 0))
        for line in wanted
        if available.get(line.sku_id, 0) < line.quantity
    ]
    if short:
        raise InsufficientStock(short)
    if any(available[line.sku_id] == line.quantity for line in wanted):
        await versions.touch_catalogue(session)


async def sell(session: BrandSession, *, order_id: UUID, now: datetime) -> list[StockLine]:
    """Take what is held for a paid order out of stock; gives what was taken, nothing when nothing was held any more.

    Safe to repeat, and at once with `release`: each line is sold or released once.
    """
    held = await _leave_held(session, order_id=order_id, state=ReservationState.SOLD, now=now)
    if held:
        await session.execute(_SELL, _changes(session, held))
        # After the change, not before: the foreign key's share lock on a row that others update at the same time makes
        # PostgreSQL keep both as a multixact, and then callers that wait for the row's next version deadlock.
        await session.execute(
            sa.insert(StockMovementRow),
            [
                _movement(
                    session, row.sku_id, row.location_id, -row.quantity, MovementKind.SALE, now, order_id=order_id
                )
                for row in held
            ],
        )
    return [StockLine(row.sku_id, row.quantity) for row in held]


async def release(session: BrandSession, *, order_id: UUID, now: datetime) -> list[StockLine]:
    """Give back what is held for an order; gives what came back, nothing when nothing was held any more."""
    held = await _leave_held(session, order_id=order_id, state=ReservationState.RELEASED, now=now)
    if held:
        rows = await session.execute(_RELEASE, _changes(session, held))
        if any(row.was_available <= 0 for row in rows):
            await versions.touch_catalogue(session)
    return [StockLine(row.sku_id, row.quantity) for row in held]


async def adjust(
    session: BrandSession,
    actor: Actor,
    *,
    sku_id: UUID,
    change: int,
    reason: str,
    location_id: UUID | None = None,
    now: datetime,
) -> None:
    """Correct the stock of a SKU by `change` pieces, at the shipping location unless another is named.

    `reason`: 1 to 200 characters. Raises: NotFound for a SKU or location that the brand does not have; InvalidInput for
    a change of 0, for one that leaves less than what is reserved, or more than 1,000,000,000 pieces; Forbidden.
    """
    headquarters_only(actor)
    reason = texts.line(reason, "reason", longest=rules.LONGEST_REASON)
    place_id = await _find_place(session, sku_id=sku_id, location_id=location_id)
    await session.execute(
        insert(StockRow)
        .values(brand_id=session.brand_id, sku_id=sku_id, location_id=place_id, on_hand=0, reserved=0)
        .on_conflict_do_nothing()
    )
    its_row = (
        StockRow.brand_id == session.brand_id,
        StockRow.sku_id == sku_id,
        StockRow.location_id == place_id,
    )
    before = (
        await session.execute(
            sa.select(StockRow.on_hand, StockRow.reserved).where(*its_row).with_for_update(key_share=True)
        )
    ).one()
    refuse(rules.adjustment_problem(on_hand=before.on_hand, reserved=before.reserved, change=change))
    await session.execute(
        sa.update(StockRow)
        .where(*its_row)
        .values(on_hand=StockRow.on_hand + change)
        .execution_options(synchronize_session=False)
    )
    movement = _movement(session, sku_id, place_id, change, MovementKind.ADJUSTMENT, now, reason=reason, actor=actor)
    await session.execute(sa.insert(StockMovementRow).values(movement))
    available = before.on_hand - before.reserved
    if available <= 0 or available + change <= 0:
        await versions.touch_catalogue(session)


async def put_initial(session: BrandSession, actor: Actor, *, lines: Sequence[StockLine], now: datetime) -> None:
    """Give new SKUs their row at the shipping location, with the pieces they begin with (0 or more); two statements."""
    location_id = await shipping_location(session)
    await session.execute(
        sa.insert(StockRow),
        [
            {
                "brand_id": session.brand_id,
                "sku_id": line.sku_id,
                "location_id": location_id,
                "on_hand": line.quantity,
                "reserved": 0,
            }
            for line in lines
        ],
    )
    movements = [
        _movement(session, line.sku_id, location_id, line.quantity, MovementKind.INITIAL, now, actor=actor)
        for line in lines
        if line.quantity
    ]
    if movements:
        await session.execute(sa.insert(StockMovementRow), movements)


async def shipping_location(session: BrandSession) -> UUID:
    """The shipping location's id; founding a brand makes it."""
    found = await session.execute(
        sa.select(LocationRow.id).where(
            LocationRow.brand_id == session.brand_id, LocationRow.kind == LocationKind.SHIPPING.value
        )
    )
    return found.scalar_one()


async def _find_place(session: BrandSession, *, sku_id: UUID, location_id: UUID | None) -> UUID:
    """The location that a correction means, once the brand is known to have it and the SKU. Raises: NotFound."""
    is_it = LocationRow.kind == LocationKind.SHIPPING.value if location_id is None else LocationRow.id == location_id
    place = sa.select(LocationRow.id).where(LocationRow.brand_id == session.brand_id, is_it).scalar_subquery()
    sku = sa.select(SkuRow.id).where(SkuRow.brand_id == session.brand_id, SkuRow.id == sku_id).scalar_subquery()
    row = (await session.execute(sa.select(sku.label("sku_id"), place.label("place_id")))).one()
    if row.sku_id is None:
        raise NotFound("sku", path=("skuId",))
    if row.place_id is None:
        raise NotFound("location", path=("locationId",))
    return cast("UUID", row.place_id)


async def _leave_held(
    session: BrandSession, *, order_id: UUID, state: ReservationState, now: datetime
) -> list[HeldRow]:
    """Move what is still held for an order to its last state; gives those rows in key order."""
    moved = await session.execute(
        sa.update(ReservationRow)
        .where(
            ReservationRow.brand_id == session.brand_id,
            ReservationRow.order_id == order_id,
            ReservationRow.state == ReservationState.HELD.value,
        )
        .values(state=state.value, at=now)
        .returning(ReservationRow.sku_id, ReservationRow.location_id, ReservationRow.quantity)
        .execution_options(synchronize_session=False)
    )
    return sorted((HeldRow(*row) for row in moved), key=lambda row: (row.sku_id, row.location_id))


def _changes(session: BrandSession, held: Sequence[HeldRow]) -> dict[str, Any]:
    return {
        "brand": session.brand_id,
        "skus": [row.sku_id for row in held],
        "locations": [row.location_id for row in held],
        "quantities": [row.quantity for row in held],
    }


def _movement(
    session: BrandSession,
    sku_id: UUID,
    location_id: UUID,
    change: int,
    kind: MovementKind,
    now: datetime,
    *,
    reason: str | None = None,
    order_id: UUID | None = None,
    actor: Actor = SYSTEM,
) -> dict[str, Any]:
    return {
        "brand_id": session.brand_id,
        "id": session.new_id(),
        "sku_id": sku_id,
        "location_id": location_id,
        "change": change,
        "kind": kind.value,
        "reason": reason,
        "order_id": order_id,
        "actor": actor.principal,
        "at": now,
    }


# --- the statements that change rows many wait for: locked in key order and changed in one go

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
    """Lock the rows of all lines, hold what there is enough of, write the reservations; gives what each row had left.

    The availability is the one under the lock, so a shortage is told exactly.
    """
    line = _lines("skus", "quantities")
    locked = (
        sa.select(
            _stock.c.sku_id,
            _stock.c.location_id,
            line.c.quantity,
            (_stock.c.on_hand - _stock.c.reserved).label("available"),
        )
        .join_from(line, _stock, _stock.c.sku_id == line.c.sku_id)
        .join(_location, sa.and_(_location.c.brand_id == _stock.c.brand_id, _location.c.id == _stock.c.location_id))
        .where(
            _stock.c.brand_id == _BRAND,
            _location.c.brand_id == _BRAND,
            _location.c.kind == sa.bindparam("shipping", type_=sa.Text()),
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


_RESERVE = _reserve_statement()
_SELL = _give_statement(is_sold=True)
_RELEASE = _give_statement(is_sold=False)
