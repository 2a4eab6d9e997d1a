"""Plain values of boss online: periods, and what a dashboard breaks its sales down by."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class PeriodPreset(StrEnum):
    """Periods by name; the last days include today."""

    TODAY = "TODAY"
    YESTERDAY = "YESTERDAY"
    LAST_7_DAYS = "LAST_7_DAYS"
    LAST_30_DAYS = "LAST_30_DAYS"
    THIS_MONTH = "THIS_MONTH"
    LAST_MONTH = "LAST_MONTH"


class BreakdownBy(StrEnum):
    DAY = "DAY"
    HOUR = "HOUR"
    ORG_UNIT = "ORG_UNIT"
    STORE = "STORE"
    GUIDE = "GUIDE"
    PRODUCT = "PRODUCT"
    CAMPAIGN = "CAMPAIGN"
    CHANNEL = "CHANNEL"
    REGION = "REGION"


class PeriodProblem(StrEnum):
    """Why days make no period."""

    BOTH = "BOTH"
    NEITHER = "NEITHER"
    BACKWARDS = "BACKWARDS"
    TOO_LONG = "TOO_LONG"


@dataclass(frozen=True, slots=True)
class Period:
    """Business days of the brand, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1
