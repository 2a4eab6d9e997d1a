"""Readings: how long the page that a touchpoint opened was read, as the browser that opened it tells."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.customers.models import TouchpointRow
from app.marketing.material_rules import reading_seconds
from app.marketing.models import CodeRow, MaterialReadingRow
from app.marketing.values import CodeKind
from app.platform.db import BrandSession


async def note(session: BrandSession, *, touchpoint_id: UUID, seconds: int, now: datetime) -> int:
    """Keep how long the page of a touchpoint has been read by now; gives the seconds that were believed.

    Whatever is told counts for no longer than the page can have been open, half an hour at the most, and a shorter
    reading changes nothing. A touchpoint that is unknown, or not of a material's code, is passed over: 0.
    """
    opened_at = (
        await session.execute(
            sa.select(TouchpointRow.occurred_at)
            .join(CodeRow, sa.and_(CodeRow.brand_id == TouchpointRow.brand_id, CodeRow.id == TouchpointRow.code_id))
            .where(
                TouchpointRow.brand_id == session.brand_id,
                CodeRow.brand_id == session.brand_id,
                TouchpointRow.id == touchpoint_id,
                CodeRow.kind == CodeKind.MATERIAL.value,
            )
        )
    ).scalar_one_or_none()
    believed = 0 if opened_at is None else reading_seconds(seconds, since_opened=now - opened_at)
    if believed:
        reading = insert(MaterialReadingRow).values(
            brand_id=session.brand_id, touchpoint_id=touchpoint_id, seconds=believed, told_at=now
        )
        await session.execute(
            reading.on_conflict_do_update(
                index_elements=["brand_id", "touchpoint_id"],
                set_={"seconds": reading.excluded.seconds, "told_at": reading.excluded.told_at},
                where=MaterialReadingRow.seconds < reading.excluded.seconds,
            )
        )
    return believed
