"""Rate limits that hold across processes: one counted row a subject and window."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.platform import retention
from app.platform.db import BrandSession
from app.platform.models import RateBucketRow


async def take(session: BrandSession, *, kind: str, subject: str, limit: int, window_seconds: int) -> int:
    """Count one try; gives 0 if it is inside the limit, else the seconds until the window ends.

    A window begins with its first try. The count commits with the caller's transaction, so a refusal must commit too.
    """
    begins_after = session.now - timedelta(seconds=window_seconds)
    row = insert(RateBucketRow).values(
        brand_id=session.brand.id, kind=kind, subject=subject, window_started_at=session.now, tries=1
    )
    over = RateBucketRow.window_started_at <= begins_after
    result = await session.execute(
        row.on_conflict_do_update(
            index_elements=["brand_id", "kind", "subject"],
            set_={
                "tries": sa.case((over, row.excluded.tries), else_=RateBucketRow.tries + 1),
                "window_started_at": sa.case(
                    (over, row.excluded.window_started_at), else_=RateBucketRow.window_started_at
                ),
            },
        ).returning(RateBucketRow.tries, RateBucketRow.window_started_at)
    )
    tries, started_at = result.one()
    if tries <= limit:
        return 0
    left = (started_at + timedelta(seconds=window_seconds) - session.now).total_seconds()
    return max(1, int(left) + 1)


async def give_back(session: BrandSession, *, kind: str, subject: str) -> None:
    """Count the try that this transaction took no more: it was none of those that are limited."""
    await session.execute(
        sa.update(RateBucketRow)
        .where(
            RateBucketRow.brand_id == session.brand.id,
            RateBucketRow.kind == kind,
            RateBucketRow.subject == subject,
            RateBucketRow.tries > 0,
        )
        .values(tries=RateBucketRow.tries - 1)
        .execution_options(synchronize_session=False)
    )


async def forget_old(session: BrandSession, *, longest_window_seconds: int) -> int:
    """Delete counts whose window is over, whatever it was; a bounded number. Gives how many."""
    begun_before = session.now - timedelta(seconds=longest_window_seconds)
    return await retention.forget(session, RateBucketRow, RateBucketRow.window_started_at < begun_before)
