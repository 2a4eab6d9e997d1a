"""Deleting rows that are past their time, a bounded number a statement, so that no backlog outlasts a time-out."""

from typing import cast

import sqlalchemy as sa

from app.platform.db import BrandSession
from app.platform.tables import Base

AT_ONCE = 5_000


async def forget(session: BrandSession, table: type[Base], *conditions: sa.ColumnElement[bool]) -> int:
    """Delete up to AT_ONCE rows of the brand; gives how many."""
    rows = cast("sa.Table", table.__table__)
    key = [column for column in rows.primary_key.columns if column.name != "brand_id"]
    chosen = sa.select(*key).where(rows.c.brand_id == session.brand_id, *conditions).limit(AT_ONCE)
    done = await session.execute(
        sa.delete(rows).where(rows.c.brand_id == session.brand_id, sa.tuple_(*key).in_(chosen.subquery().select()))
    )
    return int(done.rowcount)  # type: ignore[attr-defined]
