"""What was said when an order was taken to another place, or left for headquarters."""

from uuid import UUID

import sqlalchemy as sa

from app.platform.db import BrandSession
from app.trade.models import RerouteRow


async def missing_reason(session: BrandSession, *, order_id: UUID) -> str | None:
    """What the last place that refused said, where it said that the pieces are not there; else None."""
    last = (
        await session.execute(
            sa.select(RerouteRow.is_missing, RerouteRow.reason)
            .where(RerouteRow.brand_id == session.brand_id, RerouteRow.order_id == order_id)
            .order_by(RerouteRow.id.desc())
            .limit(1)
        )
    ).first()
    return last.reason if last is not None and last.is_missing else None
