"""What a period is compared with."""

from datetime import date

import pytest

from app.boss import comparison_rules
from app.boss.rules import period_of
from app.boss.values import Period, PeriodPreset


@pytest.mark.parametrize(
    ("preset", "today", "first", "last"),
    [
        ("TODAY", "2026-11-22", "2026-11-21", "2026-11-21"),
        ("YESTERDAY", "2026-03-01", "2026-02-27", "2026-02-27"),
        ("LAST_7_DAYS", "2026-11-22", "2026-11-09", "2026-11-15"),
        ("LAST_30_DAYS", "2026-11-22", "2026-09-24", "2026-10-23"),
        ("THIS_MONTH", "2026-11-22", "2026-10-01", "2026-10-22"),
        ("THIS_MONTH", "2026-03-31", "2026-02-01", "2026-02-28"),
        ("THIS_MONTH", "2026-03-01", "2026-02-01", "2026-02-01"),
        ("LAST_MONTH", "2026-03-15", "2026-01-01", "2026-01-31"),
        ("LAST_MONTH", "2026-01-15", "2025-11-01", "2025-11-30"),
    ],
)
def test_each_period_has_one_before_it(preset: str, today: str, first: str, last: str) -> None:
    period = period_of(preset=PeriodPreset(preset), first=None, last=None, today=date.fromisoformat(today))
    assert isinstance(period, Period)
    before = comparison_rules.previous_of(PeriodPreset(preset), period)
    assert before == Period(date.fromisoformat(first), date.fromisoformat(last))
    assert before.last < period.first
    assert len(comparison_rules.days_of(before)) == before.days


def test_change_is_rounded_once_and_needs_a_base() -> None:
    assert comparison_rules.change_bp(1_005, 1_000) == 50
    assert comparison_rules.change_bp(0, 3) == -10_000
    assert comparison_rules.change_bp(2, 3) == -3_333
    assert comparison_rules.change_bp(3, 0) is None and comparison_rules.change_bp(3, -1) is None
