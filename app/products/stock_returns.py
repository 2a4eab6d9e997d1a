"""Stock that comes back: pieces that were sold go into stock again, or another place gives them instead."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.products import rules, stock, stock_statements, versions
from app.products.models import ReservationRow, StockMovementRow, StockRow
from app.products.values import MovementKind, ReservationState, StockLine


async def put_back(
    session: BrandSession,
    *,
    order_id: UUID,
    lines: Sequence[StockLine],
    location_id: UUID | None = None,
    lost: Mapping[UUID, int] | None = None,
    lost_because: str | None = None,
    now: datetime,
) -> None:
    """Put pieces of an order into stock again, in key order; hold the order before.

    At the location where they were received, else where they were sold from. `lost`: so many pieces of a SKU were not
    there when they were to be sent, so that they are written off as soon as they are the place's again, for the reason
    `lost_because`. Raises: LookupError for more pieces than the order still has out.
    """
    places = await _places(session, order_id, rules.merged_lines(lines))
    if location_id is not None:
        received = rules.merged_lines(StockLine(sku_id, quantity) for sku_id, _, quantity in places)
        places = [(line.sku_id, location_id, line.quantity) for line in received]
        await stock.open_rows(session, location_id=location_id, sku_ids=[sku_id for sku_id, *_ in places])
    if not places:
        return
    gone = dict(lost or {})
    movements: list[dict[str, Any]] = []
    back: list[tuple[UUID, UUID, int]] = []
    for sku_id, place_id, quantity in places:
        movements.append(
            stock.movement(session, sku_id, place_id, quantity, MovementKind.RETURN, now, order_id=order_id)
        )
        missing = min(quantity, gone.get(sku_id, 0))
        if missing:
            gone[sku_id] -= missing
            movements.append(
                stock.movement(session, sku_id, place_id, -missing, MovementKind.ADJUSTMENT, now, reason=lost_because)
            )
        if quantity > missing:
            back.append((sku_id, place_id, quantity - missing))
    await session.execute(sa.insert(StockMovementRow), movements)
    if back and await change(session, back):
        await versions.touch_catalogue(session)


async def reroute(
    session: BrandSession,
    actor: Actor,
    *,
    order_id: UUID,
    from_id: UUID,
    to_id: UUID,
    reason: str,
    missing: Mapping[UUID, int],
    now: datetime,
) -> bool:
    """Let another place give what an order has still out, whole or not at all; False where that place is short.

    What the first place gave is in its stock again, but for the `missing` pieces, which are written off. Hold the order
    before. Seven statements, however many lines.
    """
    lines = [(sku_id, quantity) for sku_id, place_id, quantity in await _out(session, order_id) if place_id == from_id]
    free = await _lock(session, [sku_id for sku_id, _ in lines], (from_id, to_id))
    if any(free.get((sku_id, to_id), 0) < quantity for sku_id, quantity in lines):
        return False
    changes = [(sku_id, from_id, quantity - missing.get(sku_id, 0)) for sku_id, quantity in lines]
    await change(session, [*changes, *((sku_id, to_id, -quantity) for sku_id, quantity in lines)])
    movements: list[dict[str, Any]] = []
    for sku_id, quantity in lines:
        steps = [(from_id, quantity, MovementKind.REROUTED), (to_id, -quantity, MovementKind.SALE)]
        movements.extend(
            stock.movement(session, sku_id, place_id, pieces, kind, now, order_id=order_id, actor=actor)
            for place_id, pieces, kind in steps
        )
        if missing.get(sku_id):
            movements.append(
                stock.movement(
                    session,
                    sku_id,
                    from_id,
                    -missing[sku_id],
                    MovementKind.ADJUSTMENT,
                    now,
                    reason=reason,
                    actor=actor,
                )
            )
    await _move_reservations(session, order_id, lines, from_id=from_id, to_id=to_id, now=now)
    await session.execute(sa.insert(StockMovementRow), movements)
    await versions.touch_catalogue(session)
    return True


async def change(session: BrandSession, pieces: Sequence[tuple[UUID, UUID, int]]) -> bool:
    """Add pieces to what is on hand, by SKU and location, or take them below zero; in key order, one statement.

    Gives whether something came where nothing was left. Raises: LookupError for a SKU that has no row at a location.
    """
    changed = await session.execute(
        stock_statements.CHANGE,
        {
            "brand": session.brand_id,
            "skus": [sku_id for sku_id, _, _ in pieces],
            "locations": [location_id for _, location_id, _ in pieces],
            "quantities": [number for _, _, number in pieces],
        },
    )
    rows = changed.all()
    if len(rows) != len(pieces):
        raise LookupError("stock changes where a SKU has no row")
    return any(row.was_available <= 0 < row.quantity for row in rows)


async def pieces_out(session: BrandSession, *, order_id: UUID) -> list[StockLine]:
    """What of an order was sold and has not come back."""
    return rules.merged_lines(StockLine(sku_id, quantity) for sku_id, _, quantity in await _out(session, order_id))


async def _places(session: BrandSession, order_id: UUID, lines: Sequence[StockLine]) -> list[tuple[UUID, UUID, int]]:
    """SKU, location and pieces: from each place at most what it sold to the order and has not got back."""
    wanted = {line.sku_id: line.quantity for line in lines}
    places: list[tuple[UUID, UUID, int]] = []
    for sku_id, location_id, out in await _out(session, order_id):
        pieces = min(wanted.get(sku_id, 0), out)
        if pieces > 0:
            places.append((sku_id, location_id, pieces))
            wanted[sku_id] -= pieces
    if any(wanted.values()):
        raise LookupError(f"order {order_id} has not so many pieces out")
    return places


async def _out(session: BrandSession, order_id: UUID) -> list[tuple[UUID, UUID, int]]:
    """SKU, location and pieces that are out, in key order: what came back counts wherever it came back to."""
    returned = (
        sa.select(StockMovementRow.sku_id, sa.func.sum(StockMovementRow.change).label("n"))
        .where(
            StockMovementRow.brand_id == session.brand_id,
            StockMovementRow.order_id == order_id,
            # Written out, so that its own index serves a statement that is kept, too.
            StockMovementRow.kind == sa.literal_column(f"'{MovementKind.RETURN.value}'"),
        )
        .group_by(StockMovementRow.sku_id)
        .subquery()
    )
    rows = await session.execute(
        sa.select(
            ReservationRow.sku_id,
            ReservationRow.location_id,
            ReservationRow.quantity,
            sa.func.coalesce(returned.c.n, 0),
        )
        .outerjoin(returned, returned.c.sku_id == ReservationRow.sku_id)
        .where(
            ReservationRow.brand_id == session.brand_id,
            ReservationRow.order_id == order_id,
            ReservationRow.state == ReservationState.SOLD.value,
        )
        # What was returned before the order was routed elsewhere stays with the place that had sold it.
        .order_by(ReservationRow.sku_id, ReservationRow.at, ReservationRow.location_id)
    )
    back: dict[UUID, int] = {}
    found: list[tuple[UUID, UUID, int]] = []
    for sku_id, location_id, quantity, returned_pieces in rows:
        left = back.setdefault(sku_id, int(returned_pieces))
        back[sku_id] = max(left - quantity, 0)
        if quantity > left:
            found.append((sku_id, location_id, quantity - left))
    return found


async def _lock(
    session: BrandSession, sku_ids: Sequence[UUID], location_ids: Sequence[UUID]
) -> dict[tuple[UUID, UUID], int]:
    """Hold the stock rows of SKUs at places, in key order; gives what each has free."""
    rows = await session.execute(
        sa.select(StockRow.sku_id, StockRow.location_id, StockRow.on_hand - StockRow.reserved)
        .where(
            StockRow.brand_id == session.brand_id,
            StockRow.sku_id.in_(sku_ids),
            StockRow.location_id.in_(location_ids),
        )
        .order_by(StockRow.sku_id, StockRow.location_id)
        .with_for_update(key_share=True)
    )
    return {(row[0], row[1]): int(row[2]) for row in rows}


async def _move_reservations(
    session: BrandSession,
    order_id: UUID,
    lines: Sequence[tuple[UUID, int]],
    *,
    from_id: UUID,
    to_id: UUID,
    now: datetime,
) -> None:
    """Where pieces had come back before, their part stays where it was sold; else the old row is released."""
    await session.execute(
        stock_statements.LEAVE,
        {
            "brand": session.brand_id,
            "order": order_id,
            "place": from_id,
            "skus": [sku_id for sku_id, _ in lines],
            "quantities": [quantity for _, quantity in lines],
        },
    )
    new = insert(ReservationRow).values(
        [
            {
                "brand_id": session.brand_id,
                "order_id": order_id,
                "sku_id": sku_id,
                "location_id": to_id,
                "quantity": quantity,
                "state": ReservationState.SOLD.value,
                "at": now,
            }
            for sku_id, quantity in lines
        ]
    )
    # A place that an order was taken from before may get it again, by headquarters' word.
    is_released = ReservationRow.state == ReservationState.RELEASED.value
    await session.execute(
        new.on_conflict_do_update(
            index_elements=["brand_id", "order_id", "sku_id", "location_id"],
            set_={
                "quantity": sa.case(
                    (is_released, new.excluded.quantity), else_=ReservationRow.quantity + new.excluded.quantity
                ),
                "state": new.excluded.state,
                "at": new.excluded.at,
            },
        )
    )
