"""The four scalars beside GraphQL's own, each with its specification.

Annotate with `datetime`, `date`, `Long` and `JSON`, and build the schema with `StrawberryConfig(scalar_map=SCALARS)`.
"""

import re
from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.types.scalar import ScalarDefinition

Long = NewType("Long", int)
JSON = NewType("JSON", object)

LONG_LIMIT = 2**53 - 1
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3])(:[0-5]\d:[0-5]\d)(\.\d{1,6})?([Zz]|\+(?:[01]\d|2[0-3]):[0-5]\d|-(?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def format_instant(value: datetime) -> str:
    """RFC 3339 in UTC with exactly three decimals and `Z`; finer digits are cut off, not rounded."""
    if value.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse_instant(value: object) -> datetime:
    """An RFC 3339 instant with an offset, as UTC; at most six decimals, `-00:00` is refused."""
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[5] == "-00:00":
        raise StrawberryInputCoercionError("DateTime must be an RFC 3339 instant with an offset.")
    day, hour, rest, fraction, offset = match.groups()
    zone = "+00:00" if offset in "Zz" else offset
    try:
        return datetime.fromisoformat(f"{day}T{hour}{rest}{(fraction or '.0')[:7]:0<7}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise StrawberryInputCoercionError("DateTime must be an existing instant.") from None


def _format_day(value: date) -> str:
    if isinstance(value, datetime):
        raise TypeError("an instant where a day is expected")
    return value.isoformat()


def _parse_day(value: object) -> date:
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        raise StrawberryInputCoercionError("Date must be written YYYY-MM-DD.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise StrawberryInputCoercionError("Date must be an existing day.") from None


def _is_long(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -LONG_LIMIT <= value <= LONG_LIMIT


def _format_long(value: Any) -> int:
    if not _is_long(value):
        raise ValueError("not an integer within ±(2^53 - 1)")
    return int(value)


def _parse_long(value: object) -> int:
    if not isinstance(value, int) or not _is_long(value):
        raise StrawberryInputCoercionError("Long must be an integer within ±(2^53 - 1).")
    return value


def _pass(value: object) -> object:
    return value


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant: RFC 3339, answered in UTC with milliseconds and `Z`. An offset is required on input.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=format_instant,
        parse_value=parse_instant,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day in the brand's time zone, written YYYY-MM-DD.",
        specified_by_url="https://scalars.graphql.org/andimarek/local-date",
        serialize=_format_day,
        parse_value=_parse_day,
    ),
    Long: strawberry.scalar(
        name="Long",
        description="An integer as a JSON number, within ±(2^53 - 1), so that every client reads it exactly.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc7493#section-2.2",
        serialize=_format_long,
        parse_value=_parse_long,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=_pass,
        parse_value=_pass,
    ),
}
