"""What a period is compared with, and how much more or less that is. Pure."""

from datetime import date, timedelta

from app.boss.values import Period, PeriodPreset
from app.platform.money import WHOLE_BP, divide_half_even

_DAY = timedelta(days=1)


def previous_of(preset: PeriodPreset, period: Period) -> Period:
    """The period before: as many days, of a month the same days of the month before (all of it for a whole month)."""
    if preset is PeriodPreset.LAST_MONTH:
        last = period.first - _DAY
        return Period(last.replace(day=1), last)
    if preset is PeriodPreset.THIS_MONTH:
        last = period.first - _DAY
        first = last.replace(day=1)
        return Period(first, min(last, first + (period.last - period.first)))
    length = timedelta(days=period.days)
    return Period(period.first - length, period.last - length)


def days_of(period: Period) -> list[date]:
    return [period.first + timedelta(days=number) for number in range(period.days)]


def change_bp(now: int, before: int) -> int | None:
    """How much more `now` is than `before`, in basis points of that; None where there is nothing to compare with."""
    return None if before <= 0 else divide_half_even((now - before) * WHOLE_BP, before)
