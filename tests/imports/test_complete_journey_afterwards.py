"""What is made up after the till: which goods come back and when, which midnights pass, which of them end a month."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.complete_journey_afterwards import ends_month, midnights, returned
from app.imports.complete_journey_data import Basket, BasketLine

ZONE = "America/New_York"
AT = datetime(2017, 5, 4, 12, 30, tzinfo=UTC)


def basket(basket_id: int, *lines: BasketLine) -> Basket:
    return Basket(basket_id, 7, 3, AT, lines)


@given(st.integers(1, 10**12), st.lists(st.integers(1, 99), min_size=1, max_size=20))
def test_what_comes_back_is_some_pieces_of_some_lines_one_to_six_days_later(basket_id: int, pieces: list[int]) -> None:
    bought = basket(basket_id, *(BasketLine(number, count, 100) for number, count in enumerate(pieces)))
    coming = returned(bought)
    assert coming == returned(bought)
    if coming is not None:
        assert coming.at - AT in [timedelta(days=days) for days in range(1, 7)]
        assert coming.lines and all(line in bought.lines and 1 <= back <= line.quantity for line, back in coming.lines)


def test_three_of_a_hundred_lines_come_back_whatever_else_is_in_the_basket() -> None:
    lines = [BasketLine(number, 1, 100) for number in range(20_000)]
    coming = returned(basket(1, *lines))
    assert coming is not None
    assert len(coming.lines) == 616
    assert returned(basket(1, *(line for line, _ in coming.lines))) == returned(
        basket(1, *(one[0] for one in coming.lines))
    )
    kept = [line for line in lines if line not in {one[0] for one in coming.lines}]
    assert returned(basket(1, *kept)) is None


@given(st.datetimes(datetime(2017, 1, 1), datetime(2018, 1, 1), timezones=st.just(UTC)), st.integers(0, 40 * 86_400))  # noqa: DTZ001
def test_midnights_are_the_beginnings_of_all_business_days_between(after: datetime, seconds: int) -> None:
    until = after + timedelta(seconds=seconds)
    found = list(midnights(after, until, ZONE))
    local = [at.astimezone(ZoneInfo(ZONE)) for at in found]
    first, last = after.astimezone(ZoneInfo(ZONE)).date(), until.astimezone(ZoneInfo(ZONE)).date()
    assert [at.date() for at in local] == [first + timedelta(days=day + 1) for day in range((last - first).days)]
    assert all((at.hour, at.minute, at.second) == (0, 0, 0) for at in local)
    assert all(after < at <= until for at in found)


@pytest.mark.parametrize(
    ("at", "is_end"),
    [
        (datetime(2017, 2, 1, 5, tzinfo=UTC), True),
        (datetime(2017, 2, 1, 4, tzinfo=UTC), False),
        (datetime(2017, 7, 1, 4, tzinfo=UTC), True),
        (datetime(2017, 7, 1, 5, tzinfo=UTC), False),
        (datetime(2017, 2, 2, 5, tzinfo=UTC), False),
    ],
)
def test_month_ends_at_the_first_midnight_of_the_next_in_the_shops_zone(at: datetime, is_end: bool) -> None:
    assert ends_month(at, ZONE) is is_end


def test_day_of_the_clock_change_has_one_midnight() -> None:
    spring = list(midnights(datetime(2017, 3, 11, 12, tzinfo=UTC), datetime(2017, 3, 14, tzinfo=UTC), ZONE))
    assert [at.hour for at in spring] == [5, 4]
    assert spring[0].date() == date(2017, 3, 12)
