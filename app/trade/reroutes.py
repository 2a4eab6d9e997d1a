"""What was said when an order was taken to another place, or left for headquarters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from app.platform.db import BrandSession
from app.products.models import StockMovementRow
from app.products.values import MovementKind
from app.trade.models import MissingPieceRow, RerouteRow


@dataclass(frozen=True, slots=True)
class Missing:
    """Pieces by SKU that the last place did not find, less those that are written off by now, and what it said."""

    pieces: Mapping[UUID, int] = field(default_factory=dict)
    reason: str | None = None


NOTHING = Missing()


async def missing_pieces(session: BrandSession, *, order_id: UUID) -> Missing:
    """What of an order is missing where it lies now. Pieces that were refunded since are the missing ones first.

    One statement.
    """
    last = (
        sa.select(RerouteRow.id, RerouteRow.reason, RerouteRow.at)
        .where(RerouteRow.brand_id == session.brand_id, RerouteRow.order_id == order_id)
        .order_by(RerouteRow.id.desc())
        .limit(1)
        .subquery("last")
    )
    back = (
        sa.select(sa.func.coalesce(sa.func.sum(StockMovementRow.change), 0))
        .where(
            StockMovementRow.brand_id == session.brand_id,
            StockMovementRow.order_id == order_id,
            StockMovementRow.sku_id == MissingPieceRow.sku_id,
            StockMovementRow.kind == sa.literal_column(f"'{MovementKind.RETURN.value}'"),
            StockMovementRow.at > last.c.at,
        )
        .correlate(MissingPieceRow, last)
        .scalar_subquery()
    )
    rows = (
        await session.execute(
            sa.select(MissingPieceRow.sku_id, MissingPieceRow.quantity - back, last.c.reason)
            .join(last, last.c.id == MissingPieceRow.reroute_id)
            .where(MissingPieceRow.brand_id == session.brand_id)
        )
    ).all()
    left = {row[0]: int(row[1]) for row in rows if row[1] > 0}
    return Missing(left, rows[0].reason) if left else NOTHING
