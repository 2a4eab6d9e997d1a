"""Rules of boss online: which days a period has, and how rates and averages are rounded. Pure."""

from datetime import date, timedelta

from app.boss.values import Period, PeriodPreset, PeriodProblem
from app.platform.money import WHOLE_BP, divide_half_even

LONGEST_DAYS = 400

_DAY = timedelta(days=1)


def period_of(
    *, preset: PeriodPreset | None, first: date | None, last: date | None, today: date
) -> Period | PeriodProblem:
    """The period of a preset, or of two days; the problem where it is neither or both, backwards or too long."""
    if preset is not None:
        return PeriodProblem.BOTH if first is not None or last is not None else _named(preset, today)
    if first is None or last is None:
        return PeriodProblem.NEITHER
    if first > last:
        return PeriodProblem.BACKWARDS
    period = Period(first, last)
    return PeriodProblem.TOO_LONG if period.days > LONGEST_DAYS else period


def share_bp(part: int, whole: int) -> int | None:
    """A part of a whole in basis points, rounded half to even; None without a whole."""
    return None if whole == 0 else divide_half_even(part * WHOLE_BP, whole)


def average_minor(total_minor: int, count: int) -> int | None:
    """An average in minor units, rounded half to even; None of nothing."""
    return None if count == 0 else divide_half_even(total_minor, count)


def _named(preset: PeriodPreset, today: date) -> Period:
    match preset:
        case PeriodPreset.TODAY:
            return Period(today, today)
        case PeriodPreset.YESTERDAY:
            return Period(today - _DAY, today - _DAY)
        case PeriodPreset.LAST_7_DAYS:
            return Period(today - 6 * _DAY, today)
        case PeriodPreset.LAST_30_DAYS:
            return Period(today - 29 * _DAY, today)
        case PeriodPreset.THIS_MONTH:
            return Period(today.replace(day=1), today)
        case PeriodPreset.LAST_MONTH:
            last = today.replace(day=1) - _DAY
            return Period(last.replace(day=1), last)
