"""A refusal that leaves a trace commits, and its idempotency key is free again: nothing was done under it."""

import sqlalchemy as sa

from app.platform import errors, rate_limits
from app.platform.actor import SYSTEM
from app.platform.db import Brand, BrandSession
from app.platform.models import IdempotencyRow, RateBucketRow
from app.platform.runtime import Runtime
from graphql_schema.context import Context
from graphql_schema.transaction import Result, mutate
from graphql_schema.user_errors import RateLimited


async def test_refusal_commits_its_trace_and_gives_the_key_back(runtime: Runtime, brand: Brand) -> None:
    async def act(session: BrandSession) -> Result | errors.UserFault:
        """Refused the first time, done the second."""
        wait = await rate_limits.take(session, kind="tries", subject="s", limit=1_000, window_seconds=60)
        assert wait == 0
        tries = await session.scalar(sa.select(RateBucketRow.tries).where(RateBucketRow.brand_id == brand.id))
        return errors.RateLimited(7) if tries == 1 else {"tries": tries}

    async def answer(_: BrandSession, made: Result) -> int:
        return int(made["tries"])

    async def send() -> object:
        return await mutate(
            Context(runtime),
            brand,
            operation="tryIt",
            actor=SYSTEM,
            body={"n": 1},
            act=act,
            answer=answer,
            key="0123456789abcdef",
        )

    refused = await send()
    assert isinstance(refused, RateLimited)
    assert [await send(), await send()] == [2, 2]
    async with runtime.database.reading(brand) as session:
        kept = await session.execute(
            sa.select(IdempotencyRow.operation, IdempotencyRow.result).where(IdempotencyRow.brand_id == brand.id)
        )
        assert [tuple(row) for row in kept] == [("tryIt", {"tries": 2})]
        tries = await session.scalar(sa.select(RateBucketRow.tries).where(RateBucketRow.brand_id == brand.id))
    assert tries == 2
