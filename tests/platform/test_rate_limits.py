"""Rate limits: a window begins with its first try, holds across connections, and says when it ends."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.platform import rate_limits
from app.platform.db import Brand, Database
from app.platform.models import RateBucketRow
from tests import factories

T0 = factories.at("2026-03-16T08:00:00+00:00")


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


async def take(database: Database, brand: Brand, *, now: datetime = T0, **values: Any) -> int:
    given = {"kind": "code", "subject": "hash-of-a-phone", "limit": 3, "window_seconds": 60, **values}
    async with database.transaction(brand, now=now) as session:
        return await rate_limits.take(session, **given)


async def tries(database: Database, brand: Brand) -> list[tuple[str, str, int]]:
    async with database.reading(brand) as session:
        rows = await session.execute(
            sa.select(RateBucketRow.kind, RateBucketRow.subject, RateBucketRow.tries)
            .where(RateBucketRow.brand_id == brand.id)
            .order_by(RateBucketRow.kind, RateBucketRow.subject)
        )
        return [(row.kind, row.subject, row.tries) for row in rows]


async def test_tries_up_to_the_limit_pass_and_the_next_is_told_when_the_window_ends(
    database: Database, brand: Brand
) -> None:
    answers = [await take(database, brand, now=after(second)) for second in (0, 10, 20, 30, 59.5)]
    assert answers == [0, 0, 0, 31, 1]


async def test_window_begins_with_its_first_try_and_refusals_do_not_move_it(database: Database, brand: Brand) -> None:
    for second in (5, 6, 7, 8, 30, 64.9):
        await take(database, brand, now=after(second))
    assert await tries(database, brand) == [("code", "hash-of-a-phone", 6)]
    answers = [await take(database, brand, now=after(second)) for second in (65, 66, 67, 68)]
    assert answers == [0, 0, 0, 58]
    assert await tries(database, brand) == [("code", "hash-of-a-phone", 4)]


@pytest.mark.parametrize("limit", [0, 1, 5])
async def test_limit_is_exact_when_fifty_come_at_once(database: Database, brand: Brand, limit: int) -> None:
    answers = await asyncio.gather(*(take(database, brand, limit=limit) for _ in range(50)))
    assert answers.count(0) == limit
    assert set(answers) - {0} == {61}
    assert await tries(database, brand) == [("code", "hash-of-a-phone", 50)]


async def test_subjects_kinds_and_brands_are_counted_apart(database: Database, brand: Brand) -> None:
    other = await factories.make_brand(database)
    assert await take(database, brand, limit=1) == 0
    assert await take(database, brand, limit=1) > 0
    assert await take(database, brand, limit=1, subject="another") == 0
    assert await take(database, brand, limit=1, kind="address") == 0
    assert await take(database, other, limit=1) == 0
    assert await tries(database, brand) == [
        ("address", "hash-of-a-phone", 1),
        ("code", "another", 1),
        ("code", "hash-of-a-phone", 2),
    ]


async def test_try_of_a_transaction_that_rolls_back_is_not_counted(database: Database, brand: Brand) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction(brand, now=T0) as session:
            await rate_limits.take(session, kind="code", subject="x", limit=1, window_seconds=60)
            raise RuntimeError
    assert await tries(database, brand) == []


async def test_clock_that_stands_a_little_behind_does_not_open_a_new_window(database: Database, brand: Brand) -> None:
    assert await take(database, brand, limit=1, now=after(2)) == 0
    assert await take(database, brand, limit=1, now=after(0)) == 63
