"""Time: instants are aware UTC; a brand's day is the day in its time zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """The wall clock. Services never call it: they are passed `now`, the brand's time."""
    return datetime.now(UTC)


def business_day(at: datetime, time_zone: str) -> date:
    """The brand's business day that holds the instant `at`."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def day_bounds(day: date, time_zone: str) -> tuple[datetime, datetime]:
    """First instant of a business day and first instant of the next (23 to 25 hours later), both UTC."""
    zone = ZoneInfo(time_zone)
    start = datetime.combine(day, time.min, zone)
    end = datetime.combine(day + timedelta(days=1), time.min, zone)
    return start.astimezone(UTC), end.astimezone(UTC)
