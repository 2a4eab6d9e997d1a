"""Periods and rounding of the dashboard: no database."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.boss.rules import LONGEST_DAYS, average_minor, period_of, share_bp
from app.boss.values import Period, PeriodPreset, PeriodProblem

SUNDAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        ("TODAY", "2026-03-01", "2026-03-01"),
        ("YESTERDAY", "2026-02-28", "2026-02-28"),
        ("LAST_7_DAYS", "2026-02-23", "2026-03-01"),
        ("LAST_30_DAYS", "2026-01-31", "2026-03-01"),
        ("THIS_MONTH", "2026-03-01", "2026-03-01"),
        ("LAST_MONTH", "2026-02-01", "2026-02-28"),
    ],
)
def test_preset_names_days_up_to_today(preset: str, first: str, last: str) -> None:
    found = period_of(preset=PeriodPreset(preset), first=None, last=None, today=SUNDAY)
    assert found == Period(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize("day", [date(2024, 3, 31), date(2025, 1, 1), date(2026, 12, 31), date(2024, 2, 29)])
def test_last_month_ends_the_day_before_this_month(day: date) -> None:
    last, this = (
        period_of(preset=preset, first=None, last=None, today=day)
        for preset in (PeriodPreset.LAST_MONTH, PeriodPreset.THIS_MONTH)
    )
    assert isinstance(last, Period) and isinstance(this, Period)
    assert (this.first - last.last).days == 1
    assert (last.first.day, this.first.day, this.last) == (1, 1, day)


@pytest.mark.parametrize("preset", list(PeriodPreset))
def test_preset_beside_days_is_refused(preset: PeriodPreset) -> None:
    for first, last in ((SUNDAY, SUNDAY), (SUNDAY, None), (None, SUNDAY)):
        assert period_of(preset=preset, first=first, last=last, today=SUNDAY) is PeriodProblem.BOTH


def test_period_needs_both_days_in_their_order_and_is_bounded() -> None:
    def of(first: date | None, last: date | None) -> Period | PeriodProblem:
        return period_of(preset=None, first=first, last=last, today=SUNDAY)

    assert {of(None, None), of(SUNDAY, None), of(None, SUNDAY)} == {PeriodProblem.NEITHER}
    assert of(SUNDAY, date(2026, 2, 28)) is PeriodProblem.BACKWARDS
    assert of(SUNDAY, SUNDAY) == Period(SUNDAY, SUNDAY)
    longest = date.fromordinal(SUNDAY.toordinal() + LONGEST_DAYS - 1)
    assert of(SUNDAY, longest) == Period(SUNDAY, longest)
    assert of(SUNDAY, date.fromordinal(longest.toordinal() + 1)) is PeriodProblem.TOO_LONG


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_share_is_the_nearest_basis_point(part: int, whole: int) -> None:
    found = share_bp(part, whole)
    if whole == 0:
        assert found is None
    else:
        assert found is not None
        assert abs(Fraction(part * 10_000, whole) - found) <= Fraction(1, 2)


def test_halves_go_to_the_even_one() -> None:
    assert [share_bp(part, 20_000) for part in (1, 3, 5)] == [0, 2, 2]
    assert [average_minor(total, 2) for total in (1, 3, 5, -1)] == [0, 2, 2, 0]
    assert average_minor(0, 0) is None
