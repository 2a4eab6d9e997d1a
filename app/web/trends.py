"""The geometry of a trend: a line of amounts over days or hours, with the period before, as attributes of an SVG.

The view is 340 by 150. The axis begins at zero, or below where an amount is negative. What is not over yet is hollow
and led to by a dotted line. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LEFT: Final = 30.0
RIGHT: Final = 332.0
TOP: Final = 14.0
BOTTOM: Final = 130.0
_ROUND: Final = (1, 2, 4, 6, 8, 10)
_NEAR: Final = 60.0
"""So close to an edge a label is anchored there."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid. `amount`: minor units."""

    y: str
    text_y: str
    amount: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A place with an anchor for words beside it. `slot`: which day or hour."""

    x: str
    y: str
    anchor: str
    slot: int


@dataclass(frozen=True, slots=True)
class Trend:
    """The attributes. None: there is no such part."""

    ticks: tuple[Tick, ...]
    area: str | None
    line: str | None
    previous: str | None
    open_line: str | None
    open_dot: Mark | None
    peak: Mark | None
    labels: tuple[Mark, ...]


def trend(values: Sequence[int], previous: Sequence[int], *, slots: int, is_open: bool) -> Trend:
    """The trend of at least one amount in `slots` places; `is_open`: the last one's time is not over.

    Amounts: minor units. What `previous` has beyond the slots is left out. Raises: ValueError without a value or slot.
    """
    if not values or slots < len(values):
        raise ValueError("a trend has values, and a slot for each")
    before = previous[:slots]
    low, high, step = _axis([*values, *before])
    points = [(_x(slot, slots), _y(value, low, high)) for slot, value in enumerate(values)]
    earlier = [(_x(slot, slots), _y(value, low, high)) for slot, value in enumerate(before)]
    solid = points[:-1] if is_open else points
    highest = max(range(len(values)), key=lambda slot: values[slot])
    return Trend(
        ticks=tuple(_tick(amount, low, high) for amount in range(low, high + 1, step)),
        area=_area(solid, _y(0, low, high)) if len(solid) > 1 else None,
        line=_points(solid) if len(solid) > 1 else None,
        previous=_points(earlier) if len(earlier) > 1 else None,
        open_line=f"M{_pair(points[-2])}L{_pair(points[-1])}" if is_open and len(points) > 1 else None,
        open_dot=_mark(points[-1], len(points) - 1) if is_open or len(points) == 1 else None,
        peak=_mark((points[highest][0], points[highest][1] - 8), highest) if values[highest] > 0 else None,
        labels=tuple(Mark(_text(_x(slot, slots)), _text(BOTTOM + 16), anchor, slot) for slot, anchor in _words(slots)),
    )


def _axis(amounts: Sequence[int]) -> tuple[int, int, int]:
    """Lowest and highest amount of the axis, and the step between its lines: two or three of them, and zero."""
    top, bottom = max(0, *amounts), min(0, *amounts)
    step = _round_up(max(top, -bottom, 1)) // 2
    return bottom // step * step, max(-(-top // step), 1 if bottom == 0 else 0) * step, step


def _tick(amount: int, low: int, high: int) -> Tick:
    y = _y(amount, low, high)
    return Tick(_text(y), _text(y + 4), amount)


def _round_up(amount: int) -> int:
    """The next round number that is not below: 1, 2, 4, 6 or 8 times a power of ten, at least one whole unit."""
    power = 100
    while power * 10 < amount:
        power *= 10
    return next(power * factor for factor in _ROUND if power * factor >= amount)


def _x(slot: int, slots: int) -> float:
    return (LEFT + RIGHT) / 2 if slots == 1 else LEFT + slot * (RIGHT - LEFT) / (slots - 1)


def _y(amount: int, low: int, high: int) -> float:
    return BOTTOM - (amount - low) * (BOTTOM - TOP) / (high - low)


def _area(points: Sequence[tuple[float, float]], zero: float) -> str:
    return _points([(points[0][0], zero), *points, (points[-1][0], zero)])


def _mark(point: tuple[float, float], slot: int) -> Mark:
    anchor = "start" if point[0] < LEFT + _NEAR else "end" if point[0] > RIGHT - _NEAR else "middle"
    return Mark(_text(point[0]), _text(point[1]), anchor, slot)


def _words(slots: int) -> list[tuple[int, str]]:
    """The slots that have words below them: the first, one in the middle, the last."""
    if slots == 1:
        return [(0, "middle")]
    middle = [((slots - 1) // 2, "middle")] if slots > 2 else []
    return [(0, "start"), *middle, (slots - 1, "end")]


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_text(x)},{_text(y)}" for x, y in points)


def _pair(point: tuple[float, float]) -> str:
    return f"{_text(point[0])} {_text(point[1])}"


def _text(number: float) -> str:
    return f"{number:.1f}"
