"""The one owner of transactions: what is tried again, what is not, and whose time it is."""

import asyncio
from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock

import asyncpg
import pytest
import sqlalchemy as sa

from app.platform import clock, db, ids, rate_limits
from app.platform.db import Brand, BrandSession, Database, TryAgain
from app.platform.models import BrandRow, RateBucketRow
from app.platform.runtime import Runtime
from tests import factories

PAST = factories.at("2017-03-01T10:00:00+00:00")


async def count(session: BrandSession, subject: str = "it") -> None:
    await rate_limits.take(session, kind="work", subject=subject, limit=1_000, window_seconds=3_600)


async def counted(database: Database, brand: Brand) -> dict[str, int]:
    async with database.reading(brand) as session:
        rows = await session.execute(
            sa.select(RateBucketRow.subject, RateBucketRow.tries).where(RateBucketRow.brand_id == brand.id)
        )
        return {row.subject: row.tries for row in rows}


async def test_block_commits_at_its_end_and_reading_never_does(database: Database, brand: Brand) -> None:
    async with database.transaction(brand) as session:
        await count(session)
    async with database.reading(brand) as session:
        await count(session)
    assert await counted(database, brand) == {"it": 1}


@pytest.mark.parametrize(("is_snapshot", "second_look"), [(True, {}), (False, {"it": 1})])
async def test_snapshot_does_not_see_what_is_committed_meanwhile(
    runtime: Runtime, brand: Brand, is_snapshot: bool, second_look: dict[str, int]
) -> None:
    """On a pool of one connection, which goes back to its old ways afterwards."""
    single = db.Database(runtime.settings.database_url, runtime.settings, runtime.secrets, pool_size=1)
    level = sa.text("SELECT current_setting('transaction_isolation')")
    looks = []
    try:
        async with single.reading(brand, is_snapshot=is_snapshot) as session:
            for _ in range(2):
                rows = await session.execute(
                    sa.select(RateBucketRow.subject, RateBucketRow.tries).where(RateBucketRow.brand_id == brand.id)
                )
                looks.append({row.subject: row.tries for row in rows})
                async with runtime.database.transaction(brand) as other:
                    await count(other)
        async with single.transaction(brand) as session:
            assert (await session.execute(level)).scalar_one() == "read committed"
    finally:
        await single.close()
    assert looks == [{}, second_look]
    assert await counted(runtime.database, brand) == {"it": 2}


async def test_any_exception_rolls_everything_back(database: Database, brand: Brand) -> None:
    for error in (RuntimeError, asyncio.CancelledError, KeyError):
        with pytest.raises(error):
            async with database.transaction(brand) as session:
                await count(session)
                raise error
    assert await counted(database, brand) == {}


async def test_taken_number_is_tried_again_as_a_whole(database: Database, brand: Brand) -> None:
    attempts = []

    async def work(session: BrandSession) -> int:
        attempts.append(session)
        await count(session)
        if len(attempts) < 3:
            raise TryAgain
        return len(attempts)

    assert await database.run(brand, work) == 3
    assert len(set(map(id, attempts))) == 3
    assert await counted(database, brand) == {"it": 1}


async def test_trying_again_has_an_end(database: Database, brand: Brand) -> None:
    attempts = []

    async def work(session: BrandSession) -> None:
        attempts.append(1)
        raise TryAgain

    with pytest.raises(TryAgain):
        await database.run(brand, work, attempts=3)
    assert len(attempts) == 3


@pytest.mark.parametrize(
    ("state", "times"),
    [("40P01", 4), ("40001", 4), ("55P03", 4), ("08006", 4), ("57P01", 4), ("23505", 1), ("22012", 1), ("42P01", 1)],
)
async def test_only_passing_faults_of_the_database_are_tried_again(
    database: Database, brand: Brand, state: str, times: int
) -> None:
    attempts = []

    async def work(session: BrandSession) -> None:
        attempts.append(1)
        await session.execute(sa.text(f"DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '{state}'; END $$"))

    with pytest.raises(sa.exc.DBAPIError) as caught:
        await database.run(brand, work)
    assert db.sqlstate(caught.value) == state
    assert len(attempts) == times


async def test_fault_of_the_callers_own_is_not_tried_again(database: Database, brand: Brand) -> None:
    attempts = []

    async def work(session: BrandSession) -> None:
        attempts.append(1)
        raise LookupError

    with pytest.raises(LookupError):
        await database.run(brand, work)
    assert len(attempts) == 1


async def test_server_that_is_not_there_yet_is_tried_again(runtime: Runtime, brand: Brand) -> None:
    tries: list[int] = []

    def refuse(*_: object) -> None:
        tries.append(1)
        raise ConnectionRefusedError(111, "Connect call failed")

    away = db.Database(runtime.settings.database_url, runtime.settings, runtime.secrets, pool_size=1)
    sa.event.listen(away.engine.sync_engine, "do_connect", refuse)
    with pytest.raises(ConnectionRefusedError) as caught:
        await away.run(brand, count)
    await away.close()
    assert len(tries) == 4
    assert db.is_unreachable(caught.value)
    assert await counted(runtime.database, brand) == {}


async def test_driver_that_lost_step_with_its_connection_is_given_another_one(
    database: Database, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the server is killed at the moment at which a statement is prepared."""
    attempts = []

    async def work(session: BrandSession) -> int:
        attempts.append(1)
        if len(attempts) == 1:
            connection: Any = (await (await session.connection()).get_raw_connection()).driver_connection
            prepare = AsyncMock(side_effect=asyncpg.InternalClientError("cannot switch to state 15"))
            monkeypatch.setattr(type(connection), "prepare", prepare)
            try:
                await session.execute(sa.text("SELECT 1"))
            finally:
                monkeypatch.undo()
        return int((await session.execute(sa.text("SELECT 2"))).scalar_one())

    assert await database.run(brand, work) == 2
    assert len(attempts) == 2


async def test_two_that_lock_each_other_out_both_end_well(database: Database, brand: Brand) -> None:
    """A real deadlock: PostgreSQL ends one of the two, which is run again."""
    async with database.transaction(brand) as session:
        for subject in ("left", "right"):
            await count(session, subject)
    both_hold = asyncio.Barrier(2)
    attempts = []

    def worker(first: str, second: str) -> "asyncio.Task[None]":
        is_first_try = True

        async def work(session: BrandSession) -> None:
            nonlocal is_first_try
            attempts.append(first)
            await count(session, first)
            if is_first_try:
                is_first_try = False
                await both_hold.wait()
            await count(session, second)

        return asyncio.create_task(database.run(brand, work))

    await asyncio.gather(worker("left", "right"), worker("right", "left"))
    assert len(attempts) >= 3
    assert await counted(database, brand) == {"left": 3, "right": 3}


async def test_lost_connection_is_replaced_and_the_work_done_once(runtime: Runtime, brand: Brand) -> None:
    single = db.Database(runtime.settings.database_url, runtime.settings, runtime.secrets, pool_size=1)
    attempts: list[int] = []

    async def work(session: BrandSession) -> None:
        await count(session)
        if not attempts:
            pid = (await session.execute(sa.text("SELECT pg_backend_pid()"))).scalar_one()
            attempts.append(pid)
            async with runtime.database.directory() as other:
                await other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await session.execute(sa.text("SELECT 1"))

    try:
        await single.run(brand, work)
    finally:
        await single.close()
    assert len(attempts) == 1
    assert await counted(runtime.database, brand) == {"it": 1}


async def test_now_stands_still_within_a_transaction_and_ids_are_minted_from_it(
    database: Database, brand: Brand
) -> None:
    async with database.transaction(brand, now=PAST) as session:
        made = [session.new_id() for _ in range(500)]
        assert session.now == PAST
    assert made == sorted(made)
    assert {ids.minted_at(value) for value in made} == {PAST}
    before = clock.utc_now()
    async with database.reading(brand) as session:
        assert before <= session.now <= clock.utc_now()


async def test_simulated_brand_lives_at_the_time_of_its_row(database: Database) -> None:
    brand = await factories.make_brand(database, simulated_now=PAST)
    async with database.reading(brand) as session:
        assert session.now == PAST
    later = PAST + timedelta(days=3)
    async with database.directory() as directory:
        await directory.execute(sa.update(BrandRow).where(BrandRow.id == brand.id).values(simulated_now=later))
    async with database.transaction(brand) as session:
        assert session.now == later


async def test_brand_is_kept_for_seconds_and_forgotten_on_demand(database: Database, brand: Brand) -> None:
    assert await database.brand(brand.id) == brand
    async with database.directory() as directory:
        await directory.execute(sa.update(BrandRow).where(BrandRow.id == brand.id).values(name="新名"))
    kept = await database.brand(brand.id)
    assert kept is not None and kept.name == brand.name
    database.forget_brand(brand.id)
    fresh = await database.brand(brand.id)
    assert fresh is not None and fresh.name == "新名"


async def test_directory_leads_to_the_brand_and_an_unknown_key_becomes_known(database: Database, brand: Brand) -> None:
    key, target = f"slug-{factories.next_number()}", ids.new_id(PAST)
    assert await database.resolve("TEST", key) is None
    async with database.transaction(brand) as session:
        await session.execute(db.register(session, "TEST", key, target))
    for _ in range(2):
        found = await database.resolve("TEST", key)
        assert found is not None and (found[0].id, found[1]) == (brand.id, target)
    assert await database.resolve("OTHER", key) is None


async def test_directory_key_belongs_to_the_first_brand_that_took_it(database: Database, brand: Brand) -> None:
    other, key = await factories.make_brand(database), f"slug-{factories.next_number()}"
    async with database.transaction(brand) as session:
        await session.execute(db.register(session, "TEST", key, brand.id))
    with pytest.raises(sa.exc.IntegrityError) as caught:
        async with database.transaction(other) as session:
            await count(session)
            await session.execute(db.register(session, "TEST", key, other.id))
    assert db.violated(caught.value) == "pk_directory"
    assert await counted(database, other) == {}
    found = await database.resolve("TEST", key)
    assert found is not None and found[0].id == brand.id


async def test_slow_statements_and_long_waits_for_locks_are_cut_off(runtime: Runtime, brand: Brand) -> None:
    quick = runtime.settings.model_copy(update={"statement_timeout_ms": 300, "lock_timeout_ms": 100})
    impatient = db.Database(runtime.settings.database_url, quick, runtime.secrets, pool_size=2)
    try:
        with pytest.raises(sa.exc.DBAPIError) as slow:
            async with impatient.reading(brand) as session:
                await session.execute(sa.text("SELECT pg_sleep(5)"))
        async with impatient.transaction(brand) as holding:
            await count(holding)
            with pytest.raises(sa.exc.DBAPIError) as locked:
                async with impatient.transaction(brand) as waiting:
                    await count(waiting)
    finally:
        await impatient.close()
    assert (db.sqlstate(slow.value), db.sqlstate(locked.value)) == ("57014", "55P03")
    assert await counted(runtime.database, brand) == {"it": 1}
