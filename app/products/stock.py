"""Stock: pieces at a location, held for orders, sold or given back, corrected by hand.

Rows are locked in key order, so that no two callers wait for each other, and stay locked until the caller commits:
reserve late. No path writes `reserved` above `on_hand`; the table's checks stand behind.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.platform import texts
from app.platform.actor import SYSTEM, Actor
from app.platform.db import BrandSession
from app.platform.errors import InsufficientStock, NotFound, ShortageFact
from app.products import locations, rules, versions
from app.products.guards import headquarters_only, refuse
from app.products.models import LocationRow, ReservationRow, SkuRow, StockMovementRow, StockRow
from app.products.stock_statements import RELEASE, RESERVE, SELL
from app.products.values import LocationKind, MovementKind, ReservationState, StockLine

__all__ = ["StockLine", "adjust", "release", "reserve", "sell"]


class HeldRow(NamedTuple):
    """A reservation as it was held."""

    sku_id: UUID
    location_id: UUID
    quantity: int


async def reserve(
    session: BrandSession,
    *,
    order_id: UUID,
    lines: Sequence[StockLine],
    location_id: UUID | None = None,
    now: datetime,
) -> None:
    """Hold pieces for an order at one place, all lines or none, in one statement (and one more when a SKU sells out).

    The place: a location's id; None: the shipping location. Raises: InsufficientStock with every short SKU, what was
    wanted of it over all lines and what was left under the lock; the caller's transaction must then roll back, as the
    lines that were not short are held in it.
    """
    wanted = rules.merged_lines(lines)
    if not wanted:
        return
    rows = await session.execute(
        RESERVE,
        {
            "brand": session.brand_id,
            "order_id": order_id,
            "held": ReservationState.HELD.value,
            "at": now,
            "location": location_id,
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
        await session.execute(SELL, _changes(session, held))
        # After the change, not before: the foreign key's share lock on a row that others update at the same time makes
        # PostgreSQL keep both as a multixact, and then callers that wait for the row's next version deadlock.
        await session.execute(
            sa.insert(StockMovementRow),
            [
                movement(session, row.sku_id, row.location_id, -row.quantity, MovementKind.SALE, now, order_id=order_id)
                for row in held
            ],
        )
    return [StockLine(row.sku_id, row.quantity) for row in held]


async def release(session: BrandSession, *, order_id: UUID, now: datetime) -> list[StockLine]:
    """Give back what is held for an order; gives what came back, nothing when nothing was held any more."""
    held = await _leave_held(session, order_id=order_id, state=ReservationState.RELEASED, now=now)
    if held:
        rows = await session.execute(RELEASE, _changes(session, held))
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
    """Correct the stock of a SKU by `change` pieces, at the shipping location unless another, or a store, is named.

    Headquarters corrects anywhere, a manager in the stores of the own branch. `reason`: 1 to 200 characters.
    Raises: NotFound for a SKU or location that the brand does not have, or the manager may not touch; InvalidInput for
    a change of 0, for one that leaves less than what is reserved, or more than 1,000,000,000 pieces; Forbidden.
    """
    if location_id is None:
        headquarters_only(actor)
    reason = texts.line(reason, "reason", longest=rules.LONGEST_REASON)
    warehouse_id = await _check_sku(session, sku_id)
    if location_id is None:
        place_id = warehouse_id
    else:
        place_id = (await locations.open_for(session, actor, location_id, "locationId", now=now)).location_id
    await open_rows(session, location_id=place_id, sku_ids=[sku_id])
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
    corrected = movement(session, sku_id, place_id, change, MovementKind.ADJUSTMENT, now, reason=reason, actor=actor)
    await session.execute(sa.insert(StockMovementRow).values(corrected))
    available = before.on_hand - before.reserved
    if available <= 0 or available + change <= 0:
        await versions.touch_catalogue(session)


async def redeem(
    session: BrandSession, actor: Actor, *, sku_id: UUID, store_id: UUID, reason: str, now: datetime
) -> None:
    """A store gives one piece away for a coupon; two statements. Raises: InsufficientStock."""
    taken = await session.execute(
        sa.update(StockRow)
        .where(
            StockRow.brand_id == session.brand_id,
            StockRow.sku_id == sku_id,
            StockRow.location_id == store_id,
            StockRow.on_hand - StockRow.reserved > 0,
        )
        .values(on_hand=StockRow.on_hand - 1)
        .returning(StockRow.on_hand - StockRow.reserved)
        .execution_options(synchronize_session=False)
    )
    left = taken.scalar_one_or_none()
    if left is None:
        raise InsufficientStock([ShortageFact(sku_id, 1, 0)])
    given = movement(session, sku_id, store_id, -1, MovementKind.REDEEMED, now, reason=reason, actor=actor)
    await session.execute(sa.insert(StockMovementRow).values(given))
    if left == 0:
        await versions.touch_catalogue(session)


async def open_rows(session: BrandSession, *, location_id: UUID, sku_ids: Sequence[UUID]) -> None:
    """Let SKUs have a row at a location, of no pieces where there was none; in key order."""
    await session.execute(
        insert(StockRow).on_conflict_do_nothing(),
        [
            {"brand_id": session.brand_id, "sku_id": sku_id, "location_id": location_id, "on_hand": 0, "reserved": 0}
            for sku_id in sorted(sku_ids)
        ],
    )


async def put_initial(
    session: BrandSession,
    actor: Actor,
    *,
    lines: Sequence[StockLine],
    location_id: UUID | None = None,
    now: datetime,
) -> None:
    """Give SKUs their first row at a place, the shipping location unless another is named, with what they begin with.

    0 or more pieces each; two or three statements. A place that is named has its location already.
    """
    location_id = location_id or await locations.shipping_location(session)
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
        movement(session, line.sku_id, location_id, line.quantity, MovementKind.INITIAL, now, actor=actor)
        for line in lines
        if line.quantity
    ]
    if movements:
        await session.execute(sa.insert(StockMovementRow), movements)


async def _check_sku(session: BrandSession, sku_id: UUID) -> UUID:
    """The shipping location, once the brand is known to have the SKU. One statement. Raises: NotFound."""
    warehouse = (
        sa.select(LocationRow.id)
        .where(LocationRow.brand_id == session.brand_id, LocationRow.kind == LocationKind.SHIPPING.value)
        .scalar_subquery()
    )
    found = await session.execute(
        sa.select(warehouse).select_from(SkuRow).where(SkuRow.brand_id == session.brand_id, SkuRow.id == sku_id)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("sku", path=("skuId",))
    return row[0]


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


def movement(
    session: BrandSession,
    sku_id: UUID,
    location_id: UUID,
    change: int,
    kind: MovementKind,
    now: datetime,
    *,
    reason: str | None = None,
    order_id: UUID | None = None,
    transfer_id: UUID | None = None,
    actor: Actor = SYSTEM,
) -> dict[str, Any]:
    """The row of a change of what is on hand."""
    return {
        "brand_id": session.brand_id,
        "id": session.new_id(),
        "sku_id": sku_id,
        "location_id": location_id,
        "change": change,
        "kind": kind.value,
        "reason": reason,
        "order_id": order_id,
        "transfer_id": transfer_id,
        "actor": actor.principal,
        "at": now,
    }
