"""The geometry of a trend: where lines, dots and words stand."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.trends import BOTTOM, LEFT, RIGHT, TOP, trend

AMOUNTS = st.integers(min_value=-(10**14), max_value=10**14)


def points(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in text.split(" "))]


def test_a_line_goes_from_edge_to_edge_and_its_area_back_along_zero() -> None:
    found = trend([0, 100_000, 200_000], [50_000, 50_000, 50_000], slots=3, is_open=False)
    assert found.line == "30.0,130.0 181.0,72.0 332.0,14.0"
    assert found.area == "30.0,130.0 30.0,130.0 181.0,72.0 332.0,14.0 332.0,130.0"
    assert found.previous == "30.0,101.0 181.0,101.0 332.0,101.0"
    assert [(tick.amount, tick.y) for tick in found.ticks] == [(0, "130.0"), (100_000, "72.0"), (200_000, "14.0")]
    assert (found.open_line, found.open_dot) == (None, None)
    assert found.peak is not None and (found.peak.slot, found.peak.y, found.peak.anchor) == (2, "6.0", "end")
    assert [(mark.x, mark.anchor, mark.slot) for mark in found.labels] == [
        ("30.0", "start", 0),
        ("181.0", "middle", 1),
        ("332.0", "end", 2),
    ]


def test_what_is_not_over_is_dotted_and_hollow_and_in_no_area() -> None:
    found = trend([100_000, 100_000, 50_000], [], slots=24, is_open=True)
    assert found.line is not None and len(points(found.line)) == 2
    assert found.area is not None and points(found.area)[-1][0] == points(found.line)[-1][0]
    last = points(found.line)[-1]
    assert found.open_dot is not None and found.open_line is not None
    assert found.open_line == f"M{last[0]:.1f} {last[1]:.1f}L{found.open_dot.x} {found.open_dot.y}"
    assert found.open_dot.slot == 2 and found.previous is None
    assert [mark.slot for mark in found.labels] == [0, 11, 23]


def test_the_axis_goes_below_zero_only_where_an_amount_does() -> None:
    assert [tick.amount for tick in trend([1_802, 900], [], slots=2, is_open=False).ticks] == [0, 1_000, 2_000]
    assert [tick.amount for tick in trend([1_802, -250], [], slots=2, is_open=False).ticks] == [-1_000, 0, 1_000, 2_000]
    assert [tick.amount for tick in trend([-1_802, -250], [], slots=2, is_open=False).ticks] == [-2_000, -1_000, 0]
    assert [tick.amount for tick in trend([0, 0], [0], slots=2, is_open=False).ticks] == [0, 50]
    assert trend([-5, -3], [], slots=2, is_open=False).peak is None


def test_a_single_slot_is_a_dot_and_nothing_before_it_shows_beyond_the_slots() -> None:
    one = trend([500], [400], slots=1, is_open=False)
    assert (one.line, one.area, one.previous) == (None, None, None)
    assert one.open_dot is not None and one.open_dot.x == f"{(LEFT + RIGHT) / 2:.1f}"
    assert [(mark.slot, mark.anchor) for mark in one.labels] == [(0, "middle")]
    longer = trend([1, 2], [9, 9, 9_999_999], slots=2, is_open=False)
    assert longer.previous is not None and len(points(longer.previous)) == 2
    assert max(tick.amount for tick in longer.ticks) == 50


@pytest.mark.parametrize(("values", "slots"), [([], 3), ([1, 2], 1)])
def test_a_trend_of_nothing_or_of_more_than_its_slots_is_a_fault(values: list[int], slots: int) -> None:
    with pytest.raises(ValueError, match="slot"):
        trend(values, [], slots=slots, is_open=False)


@given(
    values=st.lists(AMOUNTS, min_size=1, max_size=40),
    previous=st.lists(AMOUNTS, max_size=45),
    more=st.integers(min_value=0, max_value=10),
    is_open=st.booleans(),
)
def test_every_point_lies_in_the_picture_in_proportion_to_its_amount(
    values: list[int], previous: list[int], more: int, is_open: bool
) -> None:
    slots = len(values) + more
    found = trend(values, previous, slots=slots, is_open=is_open)
    lines = [text for text in (found.line, found.area, found.previous) if text]
    for x, y in (point for text in lines for point in points(text)):
        assert LEFT <= x <= RIGHT and TOP - 0.06 <= y <= BOTTOM + 0.06
    ticks = [tick.amount for tick in found.ticks]
    assert 0 in ticks and 2 <= len(ticks) <= 5 and ticks == sorted(ticks)
    shown = [*values, *previous[:slots]]
    assert min(ticks) <= min(shown) and max(shown) <= max(ticks)
    assert len({second - first for first, second in itertools.pairwise(ticks)}) == 1
    if found.line is not None:
        xs = [x for x, _ in points(found.line)]
        assert xs == sorted(xs) and len(xs) == len(values) - is_open
    for attribute in (found.line, found.area, found.previous, found.open_line):
        assert attribute is None or re.fullmatch(r"[\dML., -]+", attribute)
