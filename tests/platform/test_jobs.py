"""Scheduled work: one worker takes a slot, a missed slot stops nothing, and Valkey may go away in between."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.platform import clock, jobs
from app.platform.db import Brand
from app.platform.jobs import Job
from app.platform.models import CronSlotRow
from app.platform.runtime import Runtime
from tests import factories

T0 = factories.at("2026-03-16T08:00:05+00:00")


class Work:
    """A job that notes the brands it ran for."""

    def __init__(self, every_seconds: int = 10, fails_for: UUID | None = None) -> None:
        self.runs: list[UUID] = []
        self.fails_for = fails_for
        self.job = Job(f"test_{factories.next_number()}", every_seconds, self.run)

    async def run(self, runtime: Runtime, brand: Brand) -> int:
        self.runs.append(brand.id)
        if brand.id == self.fails_for:
            raise LookupError("on purpose")
        return 2


@pytest.fixture
async def brands(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> list[Brand]:
    """Two brands on real time and a simulated one between them: the only ones that jobs of this test see."""
    made = [
        await factories.make_brand(runtime.database),
        await factories.make_brand(runtime.database, simulated_now=factories.at("2026-01-01T00:00:00+00:00")),
        await factories.make_brand(runtime.database),
    ]

    async def these() -> list[Brand]:
        return made

    monkeypatch.setattr(runtime.database, "brands", these)
    return made


async def slots(runtime: Runtime, job: str) -> list[Any]:
    async with runtime.database.directory() as session:
        rows = await session.execute(
            sa.select(CronSlotRow.slot, CronSlotRow.taken_at, CronSlotRow.finished_at)
            .where(CronSlotRow.job == job)
            .order_by(CronSlotRow.slot)
        )
        return list(rows)


@pytest.mark.parametrize(
    ("at", "every_seconds", "slot"),
    [
        ("2026-03-16T08:00:09.999999+00:00", 10, "2026-03-16T08:00:00+00:00"),
        ("2026-03-16T08:00:10+00:00", 10, "2026-03-16T08:00:10+00:00"),
        ("2026-03-16T16:59:59+08:00", 3_600, "2026-03-16T08:00:00+00:00"),
        ("2026-03-16T09:00:07+00:00", 3_600, "2026-03-16T09:00:00+00:00"),
        ("2026-03-16T08:59:59+00:00", 60, "2026-03-16T08:59:00+00:00"),
    ],
)
def test_slot_is_the_last_full_step(at: str, every_seconds: int, slot: str) -> None:
    assert jobs.slot_of(datetime.fromisoformat(at), every_seconds) == datetime.fromisoformat(slot)


async def test_of_ten_workers_at_once_one_takes_the_slot(runtime: Runtime) -> None:
    name = f"test_{factories.next_number()}"
    taken = await asyncio.gather(*(jobs.take_slot(runtime, name, T0) for _ in range(10)))
    assert taken.count(True) == 1
    assert len(await slots(runtime, name)) == 1


async def test_ten_workers_run_a_job_once_a_slot_for_every_brand_on_real_time(
    runtime: Runtime, brands: list[Brand]
) -> None:
    work = Work()
    done = await asyncio.gather(
        *(jobs.run_slot(runtime, work.job, T0 + timedelta(milliseconds=number)) for number in range(10))
    )
    assert sorted(done, key=str) == [4, *[None] * 9]
    assert sorted(work.runs) == [brands[0].id, brands[2].id]
    [slot] = await slots(runtime, work.job.name)
    assert slot.slot == T0.replace(second=0)
    assert slot.finished_at >= slot.taken_at


async def test_slots_that_nobody_ran_stop_no_later_one(runtime: Runtime, brands: list[Brand]) -> None:
    work = Work()
    for minutes in (0, 0, 30, 30, 31):
        await jobs.run_slot(runtime, work.job, T0 + timedelta(minutes=minutes))
    assert len(work.runs) == 3 * 2
    assert [slot.slot.minute for slot in await slots(runtime, work.job.name)] == [0, 30, 31]


async def test_slot_of_a_worker_that_died_in_it_stops_no_later_one(runtime: Runtime, brands: list[Brand]) -> None:
    work = Work()
    assert await jobs.take_slot(runtime, work.job.name, jobs.slot_of(T0, 10))
    assert await jobs.run_slot(runtime, work.job, T0) is None
    assert await jobs.run_slot(runtime, work.job, T0 + timedelta(seconds=10)) == 4
    dead, alive = await slots(runtime, work.job.name)
    assert dead.finished_at is None
    assert alive.finished_at is not None


async def test_fault_in_one_brand_stops_no_other(runtime: Runtime, brands: list[Brand]) -> None:
    work = Work(fails_for=brands[0].id)
    assert await jobs.run_slot(runtime, work.job, T0) == 2
    assert sorted(work.runs) == [brands[0].id, brands[2].id]
    [slot] = await slots(runtime, work.job.name)
    assert slot.finished_at is not None


async def test_order_of_brands_changes_so_that_the_last_ones_are_not_always_cut_off(
    runtime: Runtime, brands: list[Brand]
) -> None:
    work = Work()
    for number in range(30):
        await jobs.run_slot(runtime, work.job, T0 + timedelta(seconds=10 * number))
    assert set(work.runs[::2]) == {brands[0].id, brands[2].id}


async def test_two_jobs_have_slots_of_their_own(runtime: Runtime, brands: list[Brand]) -> None:
    first, second = Work(), Work()
    assert await jobs.run_slot(runtime, first.job, T0) == 4
    assert await jobs.run_slot(runtime, second.job, T0) == 4


async def test_slots_are_forgotten_after_two_days(runtime: Runtime) -> None:
    name, now = f"test_{factories.next_number()}", clock.utc_now()
    for days in (3, 2.1, 1.9, 0):
        await jobs.take_slot(runtime, name, now - timedelta(days=days))
    await jobs.forget_old_slots(runtime)
    assert [round((now - slot.slot) / timedelta(days=1), 1) for slot in await slots(runtime, name)] == [1.9, 0.0]


@dataclass
class Scheduler:
    """A scheduler of one job of every second."""

    runtime: Runtime
    work: Work
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.running = asyncio.create_task(jobs.run_scheduler(self.runtime, [self.work.job], self.stopping))

    async def stop(self) -> None:
        self.stopping.set()
        async with asyncio.timeout(5):
            await self.running


@pytest.fixture
async def ticking(runtime: Runtime, brands: list[Brand]) -> AsyncIterator[Scheduler]:
    scheduler = Scheduler(runtime, Work(every_seconds=1))
    yield scheduler
    await scheduler.stop()


async def ticks(work: Work, more: int, seconds: float) -> None:
    """Wait until the job ran for `more` further slots."""
    target = len(work.runs) + 2 * more
    async with asyncio.timeout(seconds):
        while len(work.runs) < target:  # noqa: ASYNC110 - the scheduler gives no sign
            await asyncio.sleep(0.05)


async def test_scheduler_ticks_and_goes_on_after_valkey_was_flushed_and_its_connections_cut(
    runtime: Runtime, ticking: Scheduler
) -> None:
    await ticks(ticking.work, 2, 8)
    await runtime.bus.redis.flushdb()
    await ticks(ticking.work, 2, 8)
    await runtime.bus.redis.client_kill_filter(_type="normal", skipme=False)
    await ticks(ticking.work, 2, 12)
    await ticking.stop()
    assert len(ticking.work.runs) == 2 * len(await slots(runtime, ticking.work.job.name)) >= 12


async def test_two_schedulers_run_each_slot_once(runtime: Runtime, ticking: Scheduler) -> None:
    other = Scheduler(runtime, ticking.work)
    await ticks(ticking.work, 3, 12)
    await other.stop()
    await ticking.stop()
    assert len(ticking.work.runs) == 2 * len(await slots(runtime, ticking.work.job.name)) >= 6


async def test_stop_lets_a_job_under_way_finish(runtime: Runtime, brands: list[Brand]) -> None:
    began, finished, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(runtime: Runtime, brand: Brand) -> int:
        began.set()
        await asyncio.sleep(1.0)
        finished.set()
        return 1

    job = Job(f"test_{factories.next_number()}", 1, slow)
    running = asyncio.create_task(jobs.run_scheduler(runtime, [job], stop))
    async with asyncio.timeout(15):
        await began.wait()
        stop.set()
        await running
    assert finished.is_set()
    assert (await slots(runtime, job.name))[0].finished_at is not None
