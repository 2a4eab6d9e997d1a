"""Row level security on pooled connections: the brand lasts one transaction, and without it there is nothing to see.

Statements here leave the brand out on purpose, so that only the database stands between the brands.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.employees.models import OrgUnitRow
from app.platform import clock, db
from app.platform.db import Brand, BrandSession, Database
from app.platform.models import RateBucketRow
from app.platform.runtime import Runtime
from tests import factories, statements

SETTING = sa.text("SELECT current_setting('app.brand', true)")
BACKEND = sa.text("SELECT pg_backend_pid()")


@pytest.fixture(autouse=True)
def rules_are_broken_on_purpose() -> Iterator[None]:
    with statements.unguarded():
        yield


@pytest.fixture
async def one_connection(runtime: Runtime) -> AsyncIterator[Database]:
    """A database with a pool of one connection, so that whatever stays behind meets the next transaction."""
    single = Database(runtime.settings.database_url, runtime.settings, runtime.secrets, pool_size=1)
    yield single
    await single.close()


@pytest.fixture
async def other(database: Database) -> Brand:
    return await factories.make_brand(database)


async def backend_and_setting(database: Database) -> tuple[int, str | None]:
    async with database.directory() as session:
        pid = (await session.execute(BACKEND)).scalar_one()
        return pid, (await session.execute(SETTING)).scalar_one()


async def units_seen(session: BrandSession) -> set[UUID]:
    """The brands whose organisation units a query without any condition shows."""
    return set((await session.execute(sa.select(OrgUnitRow.brand_id))).scalars())


def bucket(brand_id: UUID, at: datetime, subject: str = "someone") -> sa.Insert:
    return sa.insert(RateBucketRow).values(
        brand_id=brand_id, kind="test", subject=subject, window_started_at=at, tries=1
    )


async def buckets(database: Database, brand: Brand) -> list[tuple[UUID, str, int]]:
    async with database.reading(brand) as session:
        rows = await session.execute(
            sa.select(RateBucketRow.brand_id, RateBucketRow.subject, RateBucketRow.tries).order_by(
                RateBucketRow.subject
            )
        )
        return [(row.brand_id, row.subject, row.tries) for row in rows]


async def test_setting_is_empty_on_the_same_connection_after_a_commit(one_connection: Database, brand: Brand) -> None:
    before, fresh = await backend_and_setting(one_connection)
    async with one_connection.transaction(brand) as session:
        assert (await session.execute(BACKEND)).scalar_one() == before
        assert (await session.execute(SETTING)).scalar_one() == str(brand.id)
    assert fresh is None
    assert await backend_and_setting(one_connection) == (before, "")


async def test_setting_is_empty_after_a_read_an_exception_and_a_failed_statement(
    one_connection: Database, brand: Brand
) -> None:
    pid, _ = await backend_and_setting(one_connection)
    async with one_connection.reading(brand) as session:
        assert await units_seen(session) == {brand.id}
    assert await backend_and_setting(one_connection) == (pid, "")

    with pytest.raises(RuntimeError, match="on purpose"):
        async with one_connection.transaction(brand) as session:
            await session.execute(bucket(brand.id, session.now))
            raise RuntimeError("on purpose")
    assert await backend_and_setting(one_connection) == (pid, "")

    with pytest.raises(sa.exc.DBAPIError, match="division by zero"):
        async with one_connection.transaction(brand) as session:
            await session.execute(bucket(brand.id, session.now))
            await session.execute(sa.text("SELECT 1 / 0"))
    assert await backend_and_setting(one_connection) == (pid, "")
    assert await buckets(one_connection, brand) == []


async def test_brands_that_share_one_connection_see_only_themselves(
    one_connection: Database, brand: Brand, other: Brand
) -> None:
    for one in (brand, other, brand):
        async with one_connection.reading(one) as session:
            assert await units_seen(session) == {one.id}


async def test_transaction_that_goes_on_after_a_caught_error_is_still_of_its_brand(
    one_connection: Database, brand: Brand
) -> None:
    async with one_connection.transaction(brand) as session:
        with pytest.raises(sa.exc.IntegrityError):
            async with session.begin_nested():
                await session.execute(bucket(brand.id, session.now))
                await session.execute(bucket(brand.id, session.now))
        assert (await session.execute(SETTING)).scalar_one() == str(brand.id)
        await session.execute(bucket(brand.id, session.now, "afterwards"))
    assert await buckets(one_connection, brand) == [(brand.id, "afterwards", 1)]


async def test_without_a_brand_nothing_is_seen_changed_or_added(one_connection: Database, brand: Brand) -> None:
    async with one_connection.transaction(brand) as session:
        await session.execute(bucket(brand.id, session.now))
    async with one_connection.directory() as session:
        for table in sorted(statements.tenant_tables()):
            seen = (await session.execute(sa.text(f'SELECT count(*) FROM "{table}"'))).scalar_one()
            assert (table, seen) == (table, 0)
        changed = await session.execute(
            sa.update(RateBucketRow).values(tries=99).execution_options(synchronize_session=False)
        )
        deleted = await session.execute(sa.delete(RateBucketRow).execution_options(synchronize_session=False))
        assert (changed.rowcount, deleted.rowcount) == (0, 0)  # type: ignore[attr-defined]
    with pytest.raises(sa.exc.DBAPIError, match="row-level security"):
        async with one_connection.directory() as session:
            await session.execute(bucket(brand.id, clock.utc_now(), "nobody's"))
    assert await buckets(one_connection, brand) == [(brand.id, "someone", 1)]


async def test_row_of_another_brand_is_refused_and_can_be_neither_seen_changed_nor_deleted(
    database: Database, brand: Brand, other: Brand
) -> None:
    async with database.transaction(other) as session:
        await session.execute(bucket(other.id, session.now, "theirs"))
    with pytest.raises(sa.exc.DBAPIError, match="row-level security"):
        async with database.transaction(brand) as session:
            await session.execute(bucket(other.id, session.now, "ours"))
    async with database.transaction(brand) as session:
        is_theirs = RateBucketRow.brand_id == other.id
        seen = await session.execute(sa.select(RateBucketRow.subject).where(is_theirs))
        changed = await session.execute(
            sa.update(RateBucketRow).where(is_theirs).values(tries=99).execution_options(synchronize_session=False)
        )
        deleted = await session.execute(
            sa.delete(RateBucketRow).where(is_theirs).execution_options(synchronize_session=False)
        )
        assert seen.all() == []
        assert (changed.rowcount, deleted.rowcount) == (0, 0)  # type: ignore[attr-defined]
    assert await buckets(database, other) == [(other.id, "theirs", 1)]
    assert await buckets(database, brand) == []


async def test_row_cannot_be_moved_to_another_brand(database: Database, brand: Brand, other: Brand) -> None:
    async with database.transaction(brand) as session:
        await session.execute(bucket(brand.id, session.now))
    with pytest.raises(sa.exc.DBAPIError, match="row-level security"):
        async with database.transaction(brand) as session:
            await session.execute(
                sa.update(RateBucketRow).values(brand_id=other.id).execution_options(synchronize_session=False)
            )
    assert await buckets(database, brand) == [(brand.id, "someone", 1)]
    assert await buckets(database, other) == []


async def test_key_of_another_brand_is_free_in_this_one(database: Database, brand: Brand, other: Brand) -> None:
    for one in (brand, other):
        async with database.transaction(one) as session:
            await session.execute(bucket(one.id, session.now))
    assert await buckets(database, brand) == [(brand.id, "someone", 1)]
    assert await buckets(database, other) == [(other.id, "someone", 1)]


async def test_foreign_key_does_not_reach_into_another_brand(database: Database, brand: Brand, other: Brand) -> None:
    async with database.reading(other) as session:
        their_root = (await session.execute(sa.select(OrgUnitRow.id))).scalar_one()
    with pytest.raises(sa.exc.IntegrityError) as caught:
        async with database.transaction(brand) as session:
            await session.execute(
                sa.insert(OrgUnitRow).values(
                    brand_id=brand.id,
                    id=session.new_id(),
                    code="below-theirs",
                    name="华东",
                    kind="AREA",
                    parent_id=their_root,
                    path="/",
                    created_at=session.now,
                )
            )
    assert db.violated(caught.value) == "fk_org_unit_brand_id_parent_id"


async def test_malformed_setting_fails_instead_of_showing_rows(one_connection: Database) -> None:
    async with one_connection.directory() as session:
        await session.execute(sa.text("SELECT set_config('app.brand', 'no-brand', true)"))
        with pytest.raises(sa.exc.DBAPIError, match="invalid input syntax for type uuid"):
            await session.execute(sa.select(OrgUnitRow.id))
        await session.rollback()
    assert (await backend_and_setting(one_connection))[1] == ""


async def test_bypassing_role_sees_both_brands_so_that_filters_can_be_tried_alone(
    runtime: Runtime, bypass_url: str, brand: Brand, other: Brand
) -> None:
    bypassing = Database(bypass_url, runtime.settings, runtime.secrets, pool_size=1)
    try:
        async with bypassing.reading(brand) as session:
            assert await units_seen(session) >= {brand.id, other.id}
    finally:
        await bypassing.close()
