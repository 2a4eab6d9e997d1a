"""Identifiers are UUIDv7 in order; a business day is the brand's own, however long it is."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platform import clock, ids
from app.platform.db import Brand

AT = datetime(2026, 3, 16, 9, 30, 0, 123_456, tzinfo=UTC)
NEW_YORK = "America/New_York"
SHANGHAI = "Asia/Shanghai"


def variant_bits(value: UUID) -> int:
    return value.int >> 62 & 0b11


def test_id_has_version_seven_and_the_rfc_variant_whatever_the_counter() -> None:
    made = [ids.new_id(AT) for _ in range(20_000)]
    assert {value.version for value in made} == {7}
    assert {variant_bits(value) for value in made} == {0b10}


def test_id_tells_when_it_was_minted_to_the_millisecond() -> None:
    assert ids.minted_at(ids.new_id(AT)) == AT.replace(microsecond=123_000)
    assert ids.new_id(AT).int >> 80 == 1_773_653_400_123


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_any_instant_comes_back_cut_to_milliseconds(at: datetime) -> None:
    assert ids.minted_at(ids.new_id(at)) == at - timedelta(microseconds=at.microsecond % 1_000)


@given(
    at=st.integers(0, 4_000_000_000_000).map(lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms))
)
def test_ids_of_a_millisecond_lie_between_its_first_and_its_last(at: datetime) -> None:
    assert ids.first_id(at) <= ids.new_id(at) <= ids.last_id(at)
    assert ids.last_id(at) < ids.first_id(at + timedelta(milliseconds=1))
    assert {ids.minted_at(bound) for bound in (ids.first_id(at), ids.last_id(at))} == {at}


def test_bounds_of_the_farthest_instants_hold_every_id() -> None:
    made = ids.new_id(datetime(2026, 9, 1, tzinfo=UTC))
    assert ids.first_id(datetime.min.replace(tzinfo=UTC)) < made < ids.last_id(datetime.max.replace(tzinfo=UTC))


def test_instants_of_any_zone_are_the_same_instant() -> None:
    elsewhere = AT.astimezone(ZoneInfo(SHANGHAI))
    assert ids.minted_at(ids.new_id(elsewhere)) == ids.minted_at(ids.new_id(AT))


def test_hundred_thousand_ids_of_one_instant_are_unique_and_in_order() -> None:
    made = [ids.new_id(AT) for _ in range(100_000)]
    assert len(set(made)) == 100_000
    assert made == sorted(made)


def test_ids_of_two_transactions_that_take_turns_keep_the_order_of_each() -> None:
    first, second = AT, AT + timedelta(seconds=3)
    turns = [(ids.new_id(first), ids.new_id(second)) for _ in range(2_000)]
    mine, theirs = (list(side) for side in zip(*turns, strict=True))
    assert mine == sorted(mine)
    assert theirs == sorted(theirs)
    assert mine[-1] < theirs[0]


def test_later_ids_are_greater_across_milliseconds() -> None:
    made = [ids.new_id(AT + timedelta(milliseconds=step)) for step in range(10_000)]
    assert made == sorted(made)


def test_threads_never_get_the_same_id() -> None:
    made: list[list[UUID]] = [[] for _ in range(8)]

    def mint(into: list[UUID]) -> None:
        into.extend(ids.new_id(AT) for _ in range(5_000))

    threads = [threading.Thread(target=mint, args=(into,)) for into in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set().union(*made)) == 40_000
    assert all(own == sorted(own) for own in made)


def test_memory_of_past_instants_is_bounded() -> None:
    for step in range(10_000):
        ids.new_id(AT + timedelta(days=1, milliseconds=step))
    assert len(ids._counters) == ids._REMEMBERED


@pytest.fixture
def process_that_starts_now(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ids, "_counters", type(ids._counters)())
    yield


@pytest.mark.usefixtures("process_that_starts_now")
def test_processes_begin_at_different_counts() -> None:
    starts = set()
    for _ in range(20):
        ids._counters.clear()
        value = ids.new_id(AT)
        starts.add((value.int >> 64 & 0xFFF) << 14 | value.int >> 48 & 0x3FFF)
    assert len(starts) > 15


@pytest.mark.parametrize(
    ("day", "time_zone", "start", "hours"),
    [
        (date(2026, 3, 16), SHANGHAI, "2026-03-15T16:00+00:00", 24),
        (date(2017, 3, 12), NEW_YORK, "2017-03-12T05:00+00:00", 23),
        (date(2017, 11, 5), NEW_YORK, "2017-11-05T04:00+00:00", 25),
        (date(2017, 7, 4), NEW_YORK, "2017-07-04T04:00+00:00", 24),
        (date(2026, 12, 31), "UTC", "2026-12-31T00:00+00:00", 24),
    ],
)
def test_day_is_as_long_as_the_zone_makes_it(day: date, time_zone: str, start: str, hours: int) -> None:
    first, end = clock.day_bounds(day, time_zone)
    assert first == datetime.fromisoformat(start)
    assert (end - first) == timedelta(hours=hours)
    assert (first.tzinfo, end.tzinfo) == (UTC, UTC)


@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from([SHANGHAI, NEW_YORK, "UTC", "Asia/Singapore", "Australia/Lord_Howe"]),
)
def test_every_instant_lies_in_its_own_business_day_and_in_no_other(at: datetime, time_zone: str) -> None:
    day = clock.business_day(at, time_zone)
    start, end = clock.day_bounds(day, time_zone)
    assert start <= at < end
    assert clock.day_bounds(day + timedelta(days=1), time_zone)[0] == end
    assert clock.day_bounds(day - timedelta(days=1), time_zone)[1] == start


@pytest.mark.parametrize(
    ("instant", "time_zone", "day"),
    [
        ("2026-03-15T15:59:59.999999+00:00", SHANGHAI, date(2026, 3, 15)),
        ("2026-03-15T16:00:00+00:00", SHANGHAI, date(2026, 3, 16)),
        ("2017-01-01T04:59:59+00:00", NEW_YORK, date(2016, 12, 31)),
        ("2017-01-01T05:00:00+00:00", NEW_YORK, date(2017, 1, 1)),
    ],
)
def test_midnight_of_the_brand_parts_its_days(instant: str, time_zone: str, day: date) -> None:
    at = datetime.fromisoformat(instant)
    assert clock.business_day(at, time_zone) == day
    assert Brand(ids.new_id(at), "b", "B", "CNY", time_zone).day_of(at) == day


def test_wall_clock_knows_its_zone() -> None:
    assert clock.utc_now().tzinfo is UTC
