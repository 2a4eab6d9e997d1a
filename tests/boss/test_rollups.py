"""Rollups: fed by events in any order, more than once and beside a rebuild, they are what the sources come to."""

import asyncio
from random import Random

import pytest
import sqlalchemy as sa

from app.boss import invariants, rollups
from app.boss.models import ROLLUPS, RollupFactRow, SalesRollupRow
from app.platform.db import Brand, Database
from app.platform.runtime import Runtime
from app.worker import make_relay
from tests import factories
from tests.boss import plain_rollups, story
from tests.boss.story import Story

SPRING_FORWARD = factories.at("2026-03-07T22:00:00-05:00")
"""Two hours before a business day of 23 hours in New York."""


async def told(database: Database, seed: int, steps: int = 70, **more: object) -> Story:
    tale = await story.begin(database, seed=seed, now=SPRING_FORWARD, time_zone="America/New_York", **more)  # type: ignore[arg-type]
    await tale.act(steps)
    return tale


async def tables(
    database: Database, brand: Brand
) -> tuple[dict[str, plain_rollups.Table], dict[str, plain_rollups.Table]]:
    """What is kept, and what plain Python says."""
    async with database.reading(brand) as session:
        return await plain_rollups.kept(session), await plain_rollups.computed(session)


async def problems(database: Database, brand: Brand) -> dict[str, list[str]]:
    async with database.reading(brand) as session:
        return {name: found for name, check in invariants.CHECKS.items() if (found := await check(session))}


@pytest.mark.parametrize("seed", range(4))
async def test_events_in_any_order_and_twice_make_what_a_rebuild_makes_and_plain_python_says(
    database: Database, seed: int
) -> None:
    tale, random = await told(database, seed), Random(seed)
    events = await story.events_of(database, tale.brand)
    mixed = [*events, *random.sample(events, len(events) // 3)]
    random.shuffle(mixed)
    for event, event_id in mixed:
        await story.apply(database, tale.brand, event, event_id)
    live, expected = await tables(database, tale.brand)
    assert live == expected
    assert all(live[table.__tablename__] for table in ROLLUPS), "a story without one of the figures proves nothing"
    assert {kind.__name__ for kind in rollups.EFFECTS} == {type(event).__name__ for event, _ in events}
    async with database.transaction(tale.brand) as session:
        made = await rollups.rebuild(session)
    again, _ = await tables(database, tale.brand)
    assert again == live
    assert made == {name: len(rows) for name, rows in live.items()} | {"rollup_fact": made["rollup_fact"]}


@pytest.mark.parametrize("seed", [11, 12])
async def test_events_told_meanwhile_and_late_come_to_the_same(database: Database, seed: int) -> None:
    """Some events are relayed between the steps, others stay behind: what was late makes no difference."""
    tale, random = await told(database, seed, steps=10), Random(seed)
    seen: set[object] = set()
    for _ in range(4):
        await tale.act(10)
        for event, event_id in await story.events_of(database, tale.brand):
            if event_id not in seen and random.random() < 0.6:
                seen.add(event_id)
                await story.apply(database, tale.brand, event, event_id)
        assert await problems(database, tale.brand) == {}
    for event, event_id in reversed(await story.events_of(database, tale.brand)):
        if event_id not in seen:
            await story.apply(database, tale.brand, event, event_id)
    live, expected = await tables(database, tale.brand)
    assert live == expected


async def test_rebuild_amid_running_effects_neither_doubles_nor_loses(database: Database) -> None:
    tale = await told(database, 21)
    events = await story.events_of(database, tale.brand)

    async def feed(part: int) -> None:
        for event, event_id in events[part::3]:
            await story.apply(database, tale.brand, event, event_id)

    async def remake() -> None:
        for _ in range(4):
            await database.run(tale.brand, rollups.rebuild)
            await asyncio.sleep(0.02)

    await asyncio.gather(feed(0), feed(1), feed(2), remake())
    live, expected = await tables(database, tale.brand)
    assert live == expected


async def test_rebuild_in_mid_story_counts_what_is_committed_and_its_events_add_nothing_later(
    database: Database,
) -> None:
    tale = await told(database, 31)
    await database.run(tale.brand, rollups.rebuild)
    live, expected = await tables(database, tale.brand)
    assert live == expected
    await tale.act(30)
    for event, event_id in await story.events_of(database, tale.brand):
        await story.apply(database, tale.brand, event, event_id)
    live, expected = await tables(database, tale.brand)
    assert live == expected


async def test_relay_feeds_the_rollups_and_the_invariants_hold(runtime: Runtime) -> None:
    database = runtime.database
    tale = await told(database, 41)
    async with database.reading(tale.brand, now=tale.now) as session:
        waiting = (await session.execute(rollups.pending(tale.brand.id))).one()
    assert waiting.events == len(await story.events_of(database, tale.brand)) > 0
    assert waiting.since is not None
    await database.run(tale.brand, _wind_clock(tale))
    await make_relay(runtime).drain(tale.brand)
    live, expected = await tables(database, tale.brand)
    assert live == expected
    async with database.reading(tale.brand) as session:
        assert (await session.execute(rollups.pending(tale.brand.id))).one() == (None, 0)
    assert await problems(database, tale.brand) == {}


async def test_invariants_name_a_wrong_figure_and_a_fact_that_is_missing(runtime: Runtime) -> None:
    database = runtime.database
    tale = await told(database, 51)
    await database.run(tale.brand, _wind_clock(tale))
    await make_relay(runtime).drain(tale.brand)
    async with database.transaction(tale.brand) as session:
        await session.execute(
            sa.update(SalesRollupRow)
            .where(SalesRollupRow.brand_id == tale.brand.id, SalesRollupRow.orders > 0)
            .values(gross_minor=SalesRollupRow.gross_minor + 1)
            .execution_options(synchronize_session=False)
        )
        lost = sa.select(RollupFactRow.subject_id).where(
            RollupFactRow.brand_id == tale.brand.id, RollupFactRow.kind == "SIGN_IN"
        )
        [subject_id, *_] = (await session.execute(lost)).scalars().all()
        await session.execute(
            sa.delete(RollupFactRow).where(
                RollupFactRow.brand_id == tale.brand.id, RollupFactRow.subject_id == subject_id
            )
        )
    found = await problems(database, tale.brand)
    assert found["every fact is counted once"] == [f"SIGN_IN {subject_id}: not counted"]
    assert {line.split(":")[0] for line in found["rollups are what a rebuild gives"]} == {
        "rollup_sales",
        "rollup_newcomer",
    }
    async with database.transaction(tale.brand) as session:
        await rollups.rebuild(session)
    assert await problems(database, tale.brand) == {}


def _wind_clock(tale: Story):  # type: ignore[no-untyped-def]
    """The brand's clock at the story's end: events are due by it."""
    from app.platform.models import BrandRow  # noqa: PLC0415

    async def work(session):  # type: ignore[no-untyped-def]
        await session.execute(
            sa.update(BrandRow)
            .where(BrandRow.id == tale.brand.id)
            .values(simulated_now=tale.now)
            .execution_options(synchronize_session=False)
        )

    return work
