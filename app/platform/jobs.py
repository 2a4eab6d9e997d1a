"""Scheduled work behind one module: arq ticks, PostgreSQL decides.

A job looks for what is due and does it, so a slot that nobody ran is made good by the next one, and running twice is
harmless. Each slot is taken by one worker: the row in `cron_slot` is the guard, arq's own is not relied on.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from arq import Worker
from arq.connections import ArqRedis
from arq.cron import CronJob, cron
from redis.exceptions import RedisError
from sqlalchemy.dialects.postgresql import insert

from app.platform import clock, metrics
from app.platform.db import Brand
from app.platform.models import CronSlotRow
from app.platform.outbox import Relay
from app.platform.runtime import Runtime

log = logging.getLogger(__name__)

JOB_TIMEOUT_SECONDS = 30
"""Short: a killed worker's arq job stays invisible for this long and ten seconds more."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work done for every brand on real time, every so many seconds: a divisor of 60, or whole minutes to an hour."""

    name: str
    every_seconds: int
    run: Callable[[Runtime, Brand], Awaitable[int]]


def slot_of(at: datetime, every_seconds: int) -> datetime:
    """The start of the slot that holds `at`."""
    seconds = int(at.timestamp())
    return datetime.fromtimestamp(seconds - seconds % every_seconds, UTC)


async def take_slot(runtime: Runtime, job: str, slot: datetime) -> bool:
    """Whether this worker is the one that runs the slot."""
    async with runtime.database.directory() as session:
        taken = await session.execute(
            insert(CronSlotRow)
            .values(job=job, slot=slot, taken_at=clock.utc_now())
            .on_conflict_do_nothing()
            .returning(CronSlotRow.job)
        )
        return taken.scalar_one_or_none() is not None


async def run_slot(runtime: Runtime, job: Job, at: datetime) -> int | None:
    """Run a job for its present slot over all brands; None when another worker has the slot.

    One brand's fault stops no other. The order changes from slot to slot: where the time is not enough for all, it is
    not always the same ones that wait.
    """
    slot = slot_of(at, job.every_seconds)
    if not await take_slot(runtime, job.name, slot):
        return None
    done = 0
    brands = [brand for brand in await runtime.database.brands() if not brand.is_simulated]
    for brand in random.sample(brands, len(brands)):
        try:
            done += await job.run(runtime, brand)
            metrics.jobs.labels(job.name, "done").inc()
        except Exception:
            metrics.jobs.labels(job.name, "failed").inc()
            log.exception("job failed", extra={"job": job.name, "brand": str(brand.id)})
    async with runtime.database.directory() as session:
        await session.execute(
            sa.update(CronSlotRow)
            .where(CronSlotRow.job == job.name, CronSlotRow.slot == slot)
            .values(finished_at=clock.utc_now())
        )
    return done


async def forget_old_slots(runtime: Runtime) -> None:
    """Delete slots older than two days."""
    async with runtime.database.directory() as session:
        await session.execute(sa.delete(CronSlotRow).where(CronSlotRow.slot < clock.utc_now() - timedelta(days=2)))


async def run_scheduler(runtime: Runtime, jobs: Sequence[Job], stop: asyncio.Event) -> None:
    """arq's worker, kept alive: it exits whenever Valkey drops, so it is started anew until `stop` is set."""
    while not stop.is_set():
        pool = ArqRedis(connection_pool=runtime.bus.redis.connection_pool)
        worker = Worker(
            cron_jobs=[_cron(runtime, job) for job in jobs],
            redis_pool=pool,
            handle_signals=False,
            poll_delay=0.5,
            job_timeout=JOB_TIMEOUT_SECONDS,
            max_tries=1,
            log_results=False,
            ctx={},
        )
        running = asyncio.create_task(worker.async_run())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if stop.is_set():
            running.cancel()
        try:
            await running
        except (asyncio.CancelledError, RedisError, OSError) as error:
            if not stop.is_set():
                log.warning("scheduler lost Valkey, starting anew", extra={"error": repr(error)})
        if stop.is_set():
            # Jobs under way still need the database: the caller closes it next.
            await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
        await _rest(stop, 1.0)


def _cron(runtime: Runtime, job: Job) -> CronJob:
    async def tick(ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:
        await run_slot(runtime, job, clock.utc_now())

    tick.__qualname__ = job.name
    if job.every_seconds < 60:
        return cron(tick, name=job.name, second=set(range(0, 60, job.every_seconds)), timeout=JOB_TIMEOUT_SECONDS)
    minutes = set(range(0, 60, job.every_seconds // 60))
    return cron(tick, name=job.name, minute=minutes, second=7, timeout=JOB_TIMEOUT_SECONDS)


async def run_relay(runtime: Runtime, relay: Relay, stop: asyncio.Event) -> None:
    """Relay outbox events until `stop`: at once for brands that Valkey hints at, the rest by a frequent sweep."""
    sweep = asyncio.create_task(_sweep(runtime, relay, stop))
    while not stop.is_set():
        try:
            brand_id = await runtime.bus.next_hint(1.0)
        except (RedisError, OSError) as error:
            log.warning("no hints, the sweep goes on", extra={"error": repr(error)})
            await asyncio.sleep(1.0)
            continue
        if brand_id is not None:
            await _drain(runtime, relay, brand_id, stop)
    await sweep


async def _sweep(runtime: Runtime, relay: Relay, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            brands = await runtime.database.brands()
        except Exception:
            log.exception("sweep failed, the next one tries again")
            brands = []
        for brand in brands:
            if not stop.is_set():
                await _drain(runtime, relay, brand.id, stop)
        await _rest(stop, runtime.settings.outbox_sweep_seconds)


async def _drain(runtime: Runtime, relay: Relay, brand_id: UUID, stop: asyncio.Event) -> None:
    """Relay what one brand has; its fault stops no other brand."""
    try:
        brand = await runtime.database.brand(brand_id)
        if brand is not None and not brand.is_simulated:
            await relay.drain(brand, stop)
    except Exception:
        log.exception("relay failed, the sweep tries again", extra={"brand": str(brand_id)})


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but not beyond `stop`."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
