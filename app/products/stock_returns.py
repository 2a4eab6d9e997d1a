"""Stock that comes back: pieces that were sold go into stock again where they were taken from."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.platform.actor import SYSTEM
from app.platform.db import BrandSession
from app.products import rules, versions
from app.products.models import ReservationRow, StockMovementRow, StockRow
from app.products.values import MovementKind, ReservationState, StockLine


async def put_back(session: BrandSession, *, order_id: UUID, lines: Sequence[StockLine], now: datetime) -> None:
    """Put pieces of an order back where they were sold from, in key order; hold the order before.

    Raises: LookupError for more pieces than the order still has out.
    """
    for sku_id, location_id, quantity in await _places(session, order_id, rules.merged_lines(lines)):
        changed = await session.execute(
            sa.update(StockRow)
            .where(
                StockRow.brand_id == session.brand_id, StockRow.sku_id == sku_id, StockRow.location_id == location_id
            )
            .values(on_hand=StockRow.on_hand + quantity)
            .returning(StockRow.on_hand - StockRow.reserved)
            .execution_options(synchronize_session=False)
        )
        available = changed.scalar_one()
        await session.execute(
            sa.insert(StockMovementRow).values(
                brand_id=session.brand_id,
                id=session.new_id(),
                sku_id=sku_id,
                location_id=location_id,
                change=quantity,
                kind=MovementKind.RETURN.value,
                reason=None,
                order_id=order_id,
                actor=SYSTEM.principal,
                at=now,
            )
        )
        if available <= quantity:
            await versions.touch_catalogue(session)


async def _places(session: BrandSession, order_id: UUID, lines: Sequence[StockLine]) -> list[tuple[UUID, UUID, int]]:
    """SKU, location and pieces: from each place at most what it sold to the order and has not got back."""
    returned = (
        sa.select(
            StockMovementRow.sku_id, StockMovementRow.location_id, sa.func.sum(StockMovementRow.change).label("n")
        )
        .where(
            StockMovementRow.brand_id == session.brand_id,
            StockMovementRow.order_id == order_id,
            StockMovementRow.kind == MovementKind.RETURN.value,
        )
        .group_by(StockMovementRow.sku_id, StockMovementRow.location_id)
        .subquery()
    )
    rows = await session.execute(
        sa.select(
            ReservationRow.sku_id,
            ReservationRow.location_id,
            (ReservationRow.quantity - sa.func.coalesce(returned.c.n, 0)).label("out"),
        )
        .outerjoin(
            returned,
            sa.and_(returned.c.sku_id == ReservationRow.sku_id, returned.c.location_id == ReservationRow.location_id),
        )
        .where(
            ReservationRow.brand_id == session.brand_id,
            ReservationRow.order_id == order_id,
            ReservationRow.state == ReservationState.SOLD.value,
            ReservationRow.sku_id.in_([line.sku_id for line in lines]),
        )
        .order_by(ReservationRow.sku_id, ReservationRow.location_id)
    )
    wanted = {line.sku_id: line.quantity for line in lines}
    places: list[tuple[UUID, UUID, int]] = []
    for row in rows:
        pieces = min(wanted[row.sku_id], int(row.out))
        if pieces > 0:
            places.append((row.sku_id, row.location_id, pieces))
            wanted[row.sku_id] -= pieces
    if any(wanted.values()):
        raise LookupError(f"order {order_id} has not so many pieces out")
    return places
