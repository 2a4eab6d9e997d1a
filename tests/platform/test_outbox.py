"""The outbox: an effect happens once, a delivery at least once, and nothing is lost between a commit and its relay."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.platform import clock, outbox
from app.platform.bus import Bus
from app.platform.db import Brand, BrandSession, Database
from app.platform.outbox import Relay, Subscriptions
from app.platform.settings import Settings
from tests.platform.posting import GoodsMoved, Letterbox, NobodyCares, Post, tally, thing


@pytest.fixture
def post(database: Database, brand: Brand, settings: Settings) -> Post:
    return Post(database, brand, settings, Subscriptions())


async def test_event_reaches_its_subscribers_with_its_types_and_is_done(post: Post) -> None:
    box = Letterbox()
    post.subscriptions.delivery(GoodsMoved, "letter", box)
    post.subscriptions.effect(GoodsMoved, "tally", tally)
    event = GoodsMoved(thing(), moved_at=clock.utc_now(), pieces=3)
    await post.emit(event)
    [waiting] = await post.rows()
    assert (waiting.done_at, waiting.attempts, waiting.done_by) == (None, 0, [])
    assert await post.relay().drain(post.brand) == 1
    assert box.letters == [(waiting.id, event)]
    assert await post.tallies() == {str(event.thing_id): 3}
    [done] = await post.rows()
    assert done.done_at is not None
    assert (done.done_by, done.attempts, done.parked_at, done.last_error) == (["tally", "letter"], 0, None, None)
    assert await post.relay().drain(post.brand) == 0
    assert box.tries == 1


async def test_event_without_subscribers_is_done_at_once(post: Post) -> None:
    await post.emit(NobodyCares(thing()))
    assert await post.relay().drain(post.brand) == 1
    [row] = await post.rows()
    assert row.done_at is not None
    assert row.done_by == []


async def test_event_of_a_failed_transaction_is_never_relayed_and_sends_no_hint(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    hinted: list[UUID] = []

    async def note(brand_id: UUID) -> None:
        hinted.append(brand_id)

    monkeypatch.setattr(post.database, "on_events", note)
    with pytest.raises(RuntimeError, match="on purpose"):
        async with post.database.transaction(post.brand) as session:
            session.emit(GoodsMoved(thing()))
            raise RuntimeError("on purpose")
    assert (await post.rows(), hinted) == ([], [])
    await post.emit(GoodsMoved(thing()))
    assert (len(await post.rows()), hinted) == (1, [post.brand.id])


async def test_hint_that_cannot_be_sent_loses_nothing(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = Bus("redis://127.0.0.1:1/0")
    monkeypatch.setattr(post.database, "on_events", nowhere.hint)
    post.subscriptions.effect(GoodsMoved, "tally", tally)
    event = GoodsMoved(thing())
    await post.emit(event)
    await nowhere.close()
    assert await post.relay().drain(post.brand) == 1
    assert await post.tallies() == {str(event.thing_id): 1}


async def test_two_relays_that_hold_the_same_event_have_its_effect_once(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.subscriptions.effect(GoodsMoved, "tally", tally)
    things = [thing() for _ in range(10)]
    await post.emit(*(GoodsMoved(thing_id) for thing_id in things))
    await post.relay().drain(post.brand)
    # From here on each effect adds to a row that is there: done twice, it would show.
    await post.emit(*(GoodsMoved(thing_id, pieces=10) for thing_id in things))
    monkeypatch.setattr(outbox, "LEASE", timedelta(0))
    relays = [post.relay(), post.relay()]
    held = [await relay._claim(post.brand) for relay in relays]
    assert [event.id for event in held[0]] == [event.id for event in held[1]]
    await asyncio.gather(
        *(relay._relay(post.brand, event) for relay, own in zip(relays, held, strict=True) for event in own)
    )
    assert await post.tallies() == {str(thing_id): 11 for thing_id in things}
    assert {(tuple(row.done_by), row.attempts) for row in await post.rows()} == {(("tally",), 0)}


async def test_three_relays_at_once_share_a_long_queue_and_each_event_is_done_once(post: Post) -> None:
    post.subscriptions.effect(GoodsMoved, "tally", tally)
    box = Letterbox()
    post.subscriptions.delivery(GoodsMoved, "letter", box)
    events = [GoodsMoved(thing()) for _ in range(120)]
    await post.emit(*events)
    done = await asyncio.gather(*(post.relay().drain(post.brand) for _ in range(3)))
    assert sum(done) == 120
    assert await post.tallies() == {str(event.thing_id): 1 for event in events}
    assert sorted(event.thing_id for _, event in box.letters) == sorted(event.thing_id for event in events)
    assert len({event_id for event_id, _ in box.letters}) == 120


async def test_effect_and_its_mark_fall_together(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    post.subscriptions.effect(GoodsMoved, "tally", tally)
    event = GoodsMoved(thing())
    await post.emit(event)
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "_mark_done", lambda *_: 1 / 0)
        assert await post.relay().drain(post.brand) == 0
    assert await post.tallies() == {}
    [row] = await post.rows()
    assert (row.done_by, row.done_at, row.attempts, row.last_error) == ([], None, 1, "ZeroDivisionError")
    await post.make_due()
    assert await post.relay().drain(post.brand) == 1
    assert await post.tallies() == {str(event.thing_id): 1}


async def test_relay_that_dies_after_the_effect_leaves_the_event_to_another_without_a_second_effect(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.subscriptions.effect(GoodsMoved, "tally", tally)
    event = GoodsMoved(thing())
    await post.emit(event)

    async def die(*_: Any) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch, suppress(asyncio.CancelledError):
        patch.setattr(Relay, "_complete", die)
        await post.relay().drain(post.brand)
    [row] = await post.rows()
    assert (row.done_at, row.attempts, row.done_by) == (None, 0, ["tally"])
    assert row.due_at > clock.utc_now() + timedelta(seconds=5)
    assert await post.relay().drain(post.brand) == 0, "the dead relay's lease lasts"
    await post.make_due()
    assert await post.relay().drain(post.brand) == 1
    assert await post.tallies() == {str(event.thing_id): 1}


async def test_delivery_is_repeated_under_the_same_id_when_its_mark_is_lost(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Letterbox()
    post.subscriptions.delivery(GoodsMoved, "letter", box)
    await post.emit(GoodsMoved(thing()))

    async def lose(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(Relay, "_mark", lose)
        assert await post.relay().drain(post.brand) == 0
    await post.make_due()
    assert await post.relay().drain(post.brand) == 1
    assert len(box.letters) == 2
    assert box.letters[0] == box.letters[1]


async def test_subscriber_that_did_its_part_is_not_asked_again_because_of_another(post: Post) -> None:
    steady, shaky = Letterbox(), Letterbox(failures=2)
    post.subscriptions.delivery(GoodsMoved, "steady", steady)
    post.subscriptions.delivery(GoodsMoved, "shaky", shaky)
    post.subscriptions.effect(GoodsMoved, "tally", tally)
    event = GoodsMoved(thing())
    await post.emit(event)
    done = []
    for _ in range(3):
        done.append(await post.relay().drain(post.brand))
        await post.make_due()
    assert done == [0, 0, 1]
    assert (steady.tries, shaky.tries) == (1, 3)
    assert await post.tallies() == {str(event.thing_id): 1}
    [row] = await post.rows()
    assert (row.done_by, row.attempts) == (["tally", "steady", "shaky"], 2)


async def test_event_that_fails_holds_up_no_other(post: Post) -> None:
    first, second = GoodsMoved(thing()), GoodsMoved(thing())

    async def refuse_first(session: BrandSession, event: GoodsMoved, event_id: UUID) -> None:
        if event == first:
            raise LookupError("no such thing")
        await tally(session, event, event_id)

    post.subscriptions.effect(GoodsMoved, "tally", refuse_first)
    await post.emit(first, second)
    assert await post.relay().drain(post.brand) == 1
    assert await post.tallies() == {str(second.thing_id): 1}
    assert [row.done_at is not None for row in await post.rows()] == [False, True]


async def test_failures_wait_longer_each_time_and_the_last_one_parks_the_event(post: Post) -> None:
    box = Letterbox(failures=100)
    post.subscriptions.delivery(GoodsMoved, "letter", box)
    await post.emit(GoodsMoved(thing()))
    pauses, parked = [], []
    for _ in range(12):
        before = clock.utc_now()
        await post.relay(outbox_attempts=12).drain(post.brand)
        [row] = await post.rows()
        pauses.append(round((row.due_at - before).total_seconds()))
        parked.append(row.parked_at is not None)
        await post.make_due()
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]
    assert parked == [False] * 11 + [True]
    assert await post.relay(outbox_attempts=12).drain(post.brand) == 0
    assert box.tries == 12
    [row] = await post.rows()
    assert (row.attempts, row.done_at, row.last_error) == (12, None, "ConnectionError")
    async with post.database.reading(post.brand) as session:
        assert await outbox.waiting(session) == (0, 1, 0.0)


async def test_delivery_that_hangs_is_given_up_before_its_lease_ends(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LEASE", timedelta(seconds=0.5))
    started = asyncio.Event()

    async def hang(brand: Brand, event: Any, event_id: UUID) -> None:
        started.set()
        await asyncio.sleep(60)

    post.subscriptions.delivery(GoodsMoved, "letter", hang)
    await post.emit(GoodsMoved(thing()))
    async with asyncio.timeout(5):
        assert await post.relay().drain(post.brand) == 0
    assert started.is_set()
    [row] = await post.rows()
    assert (row.attempts, row.last_error, row.done_by) == (1, "TimeoutError", [])


async def test_slow_deliveries_of_a_batch_are_not_made_a_second_time_by_another_relay(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LEASE", timedelta(seconds=1))
    letters: list[UUID] = []

    async def slow(brand: Brand, event: Any, event_id: UUID) -> None:
        letters.append(event_id)
        await asyncio.sleep(0.3)

    post.subscriptions.delivery(GoodsMoved, "letter", slow)
    await post.emit(*(GoodsMoved(thing()) for _ in range(12)))

    async def relay() -> None:
        async with asyncio.timeout(20):
            while any(row.done_at is None for row in await post.rows()):
                await post.relay().drain(post.brand)
                await asyncio.sleep(0.05)

    await asyncio.gather(relay(), relay())
    assert len(letters) == len(set(letters)) == 12
    assert [(row.attempts, row.parked_at, row.done_by) for row in await post.rows()] == [(0, None, ["letter"])] * 12


async def test_relay_that_fails_late_does_not_park_what_another_has_done(post: Post) -> None:
    post.subscriptions.delivery(GoodsMoved, "letter", Letterbox())
    await post.emit(GoodsMoved(thing()))
    relay = post.relay(outbox_attempts=1)
    [claimed] = await relay._claim(post.brand)
    assert await relay._relay(post.brand, claimed) == 1
    await relay._fail(post.brand, claimed, ConnectionError())
    [row] = await post.rows()
    assert (row.parked_at, row.attempts, row.last_error) == (None, 0, None)


async def test_effect_may_emit_further_events_that_are_relayed_too(post: Post) -> None:
    second = GoodsMoved(thing(), pieces=5)

    async def pass_on(session: BrandSession, event: NobodyCares, event_id: UUID) -> None:
        session.emit(second)

    post.subscriptions.effect(NobodyCares, "pass_on", pass_on)
    post.subscriptions.effect(GoodsMoved, "tally", tally)
    await post.emit(NobodyCares(thing()))
    assert await post.relay().drain(post.brand) == 2
    assert await post.tallies() == {str(second.thing_id): 5}


async def test_waiting_events_are_counted_with_the_age_of_the_oldest(post: Post) -> None:
    async with post.database.transaction(post.brand, now=clock.utc_now() - timedelta(seconds=90)) as session:
        session.emit(GoodsMoved(thing()))
        session.emit(GoodsMoved(thing()))
    async with post.database.reading(post.brand) as session:
        waiting, parked, age = await outbox.waiting(session)
    assert (waiting, parked) == (2, 0)
    assert 90 <= age < 100


async def test_only_events_done_long_ago_are_forgotten(post: Post) -> None:
    await post.emit(GoodsMoved(thing()))
    await post.relay().drain(post.brand)
    await post.emit(GoodsMoved(thing()))
    waiting = (await post.rows())[1]

    async def forget(later: timedelta) -> int:
        async with post.database.transaction(post.brand, now=clock.utc_now() + later) as session:
            return await outbox.forget_done(session, ttl_seconds=3_600)

    assert await forget(timedelta(minutes=59)) == 0
    assert await forget(timedelta(minutes=61)) == 1
    assert [row.id for row in await post.rows()] == [waiting.id]
