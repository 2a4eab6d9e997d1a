"""Properties of the rules of employees: one form of a phone, branches as subtrees, hours without overlap."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.employees.rules import hours_are_sound, is_inside, mask_phone, normalise_phone, unit_path
from app.employees.values import OpeningHours


@given(digits=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), prefix=st.sampled_from(["", "+86", "+86 ", " +86-"]))
def test_every_way_to_write_a_number_gives_the_same_phone(digits: str, prefix: str) -> None:
    phone = normalise_phone(f"{prefix}{digits[:3]} {digits[3:7]}-{digits[7:]}")
    assert phone == f"+86{digits}"
    assert normalise_phone(phone) == phone
    masked = mask_phone(phone)
    assert (masked[:3], masked[3:7], masked[7:]) == (digits[:3], "****", digits[7:])


@pytest.mark.parametrize(
    "text", ["20000000000", "8619900000316", "+85219900000316", "19900000316\n1", "1990000031\u0666"]
)
def test_number_of_another_country_or_script_is_refused(text: str) -> None:
    assert normalise_phone(text) is None


ids = st.uuids()


@given(chain=st.lists(ids, min_size=2, max_size=6, unique=True), stranger=ids)
def test_unit_lies_in_the_branch_of_each_ancestor_and_of_nobody_else(chain: list[UUID], stranger: UUID) -> None:
    paths: list[str] = []
    for unit in chain:
        paths.append(unit_path(paths[-1] if paths else "", unit))
    for upper, path in enumerate(paths):
        for lower, other in enumerate(paths):
            assert is_inside(other, path) == (lower >= upper)
    if stranger not in chain:
        aside = unit_path(paths[0], stranger)
        assert not is_inside(paths[-1], aside)
        assert not is_inside(aside, paths[1])


def day(opens: str, closes: str, weekday: int = 1) -> OpeningHours:
    return OpeningHours(weekday, opens, closes)


@pytest.mark.parametrize(
    ("hours", "sound"),
    [
        ([], True),
        ([day("10:00", "22:00")], True),
        ([day("10:00", "24:00"), day("00:00", "02:00", 2)], True),
        ([day("10:00", "12:00"), day("12:00", "20:00")], True),
        ([day("13:00", "20:00"), day("10:00", "12:00")], True),
        ([day("10:00", "22:00", weekday) for weekday in range(1, 8)], True),
        ([day("10:00", "12:01"), day("12:00", "20:00")], False),
        ([day("10:00", "22:00"), day("11:00", "12:00")], False),
        ([day("10:00", "22:00"), day("10:00", "22:00")], False),
        ([day("10:00", "10:00")], False),
        ([day("22:00", "02:00")], False),
        ([day("24:00", "24:00")], False),
        ([day("9:00", "22:00")], False),
        ([day("10:60", "22:00")], False),
        ([day("10:00", "24:01")], False),
        ([day("10:00", "25:00")], False),
        ([day("10:00 ", "22:00")], False),
        ([day("10:00", "22:00\n")], False),
        ([day("10：00", "22：00")], False),
        ([day("10:00", "22:00", 0)], False),
        ([day("10:00", "22:00", 8)], False),
    ],
)
def test_hours_open_before_they_close_and_never_overlap(hours: list[OpeningHours], sound: bool) -> None:
    assert hours_are_sound(hours) == sound


def test_store_has_at_most_twenty_one_openings() -> None:
    three = [("08:00", "10:00"), ("11:00", "13:00"), ("14:00", "20:00")]
    hours = [day(opens, closes, weekday) for weekday in range(1, 8) for opens, closes in three]
    assert hours_are_sound(hours)
    assert not hours_are_sound([*hours, day("21:00", "22:00")])


minutes = st.integers(0, 24 * 60 - 1)


@given(
    openings=st.lists(
        st.tuples(st.integers(1, 7), minutes, minutes).filter(lambda line: line[1] != line[2]), max_size=8
    )
)
def test_sound_hours_are_those_that_no_minute_is_in_twice(openings: list[tuple[int, int, int]]) -> None:
    def clock(minute: int) -> str:
        return f"{minute // 60:02d}:{minute % 60:02d}"

    ordered = [(weekday, min(a, b), max(a, b)) for weekday, a, b in openings]
    taken = [(weekday, minute) for weekday, start, end in ordered for minute in range(start, end)]
    hours = [OpeningHours(weekday, clock(start), clock(end)) for weekday, start, end in ordered]
    assert hours_are_sound(hours) == (len(taken) == len(set(taken)))
