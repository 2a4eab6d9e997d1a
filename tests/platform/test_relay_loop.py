"""The loop around the relay: hinted brands at once, all others by the sweep, simulated ones never."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from app.platform import jobs
from app.platform.db import Brand, Database
from app.platform.outbox import Relay, Subscriptions
from app.platform.runtime import Runtime
from app.platform.settings import Settings
from tests import factories
from tests.platform.posting import GoodsMoved, Post, tally, thing


@pytest.fixture
def post(database: Database, brand: Brand, settings: Settings) -> Post:
    return Post(database, brand, settings, Subscriptions())


@pytest.fixture
async def relaying(runtime: Runtime, post: Post, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Any]]:
    """Starts the relay loop over the given brands only; it stops with the test."""
    stop, tasks = asyncio.Event(), set[asyncio.Task[None]]()

    def start(*brands: Brand) -> None:
        async def these() -> list[Brand]:
            return list(brands)

        monkeypatch.setattr(runtime.database, "brands", these)
        tasks.add(asyncio.create_task(jobs.run_relay(runtime, post.relay(), stop)))

    yield start
    stop.set()
    async with asyncio.timeout(5):
        await asyncio.gather(*tasks)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 8) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - a database gives no sign
            await asyncio.sleep(0.05)


async def test_loop_relays_a_hinted_brand_soon_and_a_forgotten_one_by_its_sweep(
    runtime: Runtime, post: Post, relaying: Callable[..., Any]
) -> None:
    post.subscriptions.effect(GoodsMoved, "tally", tally)
    relaying(post.brand)
    await post.emit(GoodsMoved(thing()))

    async def first() -> bool:
        return len(await post.tallies()) == 1

    async def both() -> bool:
        return len(await post.tallies()) == 2

    await until(first)
    await runtime.bus.redis.flushdb()
    runtime.database.on_events = None
    try:
        await post.emit(GoodsMoved(thing()))
    finally:
        runtime.database.on_events = runtime.bus.hint
    await until(both)


async def test_loop_leaves_a_simulated_brand_alone_even_when_hinted(
    runtime: Runtime, post: Post, relaying: Callable[..., Any]
) -> None:
    past = factories.at("2026-01-01T08:00:00+00:00")
    simulated = await factories.make_brand(post.database, simulated_now=past)
    sleeper = Post(post.database, simulated, post.settings, post.subscriptions)
    post.subscriptions.effect(GoodsMoved, "tally", tally)
    await sleeper.emit(GoodsMoved(thing()))
    await runtime.bus.hint(simulated.id)
    relaying(simulated, post.brand)
    await post.emit(GoodsMoved(thing()))

    async def done() -> bool:
        return len(await post.tallies()) == 1

    await until(done)
    await asyncio.sleep(0.3)
    [row] = await sleeper.rows()
    assert (row.done_at, row.attempts, row.due_at) == (None, 0, past)
    assert await sleeper.tallies() == {}


async def test_fault_of_one_brand_does_not_stop_the_sweep_of_the_next(
    post: Post, relaying: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = await factories.make_brand(post.database)
    post.subscriptions.effect(GoodsMoved, "tally", tally)
    drain = Relay.drain

    async def drain_or_fail(self: Relay, brand: Brand, stop: asyncio.Event) -> int:
        if brand.id == broken.id:
            raise RuntimeError("this brand's tables are locked")
        return await drain(self, brand, stop)

    monkeypatch.setattr(Relay, "drain", drain_or_fail)
    monkeypatch.setattr(post.database, "on_events", None)
    await post.emit(GoodsMoved(thing()))
    relaying(broken, post.brand)

    async def done() -> bool:
        return len(await post.tallies()) == 1

    await until(done)


async def test_loop_that_is_told_to_stop_begins_no_further_event_of_a_long_queue(
    runtime: Runtime, post: Post, relaying: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    began = 0

    async def slow(brand: Brand, event: Any, event_id: Any) -> None:
        # A hint that an earlier test left may lead the loop to another brand's events: they are not counted here.
        nonlocal began
        began += brand.id == post.brand.id
        await asyncio.sleep(0.3)

    post.subscriptions.delivery(GoodsMoved, "letter", slow)
    await post.emit(*(GoodsMoved(thing()) for _ in range(60)))

    async def these() -> list[Brand]:
        return [post.brand]

    monkeypatch.setattr(runtime.database, "brands", these)
    stop = asyncio.Event()
    running = asyncio.create_task(jobs.run_relay(runtime, post.relay(), stop))
    async with asyncio.timeout(10):
        while not began:  # noqa: ASYNC110 - a delivery gives no sign
            await asyncio.sleep(0.05)
        stop.set()
        await running
    done = [row for row in await post.rows() if row.done_at is not None]
    assert 1 <= len(done) == began <= 3
