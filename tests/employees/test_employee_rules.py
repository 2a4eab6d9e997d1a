"""Phones have one form, nobody acts above the own rank or outside the own branch, and opening hours make sense."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.employees.rules import (
    HiringProblem,
    hiring_problem,
    hours_are_sound,
    is_inside,
    mask_phone,
    may_reach,
    normalise_phone,
    unit_path,
)
from app.employees.values import OpeningHours, Role, StaffFunction

ROOT = unit_path("", UUID(int=1))
NORTH = unit_path(ROOT, UUID(int=2))
NORTH_TEAM = unit_path(NORTH, UUID(int=3))
SOUTH = unit_path(ROOT, UUID(int=4))


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("19900000316", "+8619900000316"),
        ("+8619900000316", "+8619900000316"),
        ("+86 199-0000-0316", "+8619900000316"),
        (" 199 0000 0316 ", "+8619900000316"),
        ("１９９００００" + "０３１６", "+8619900000316"),  # full-width digits, as Chinese keyboards type them
        ("＋86 19900000316", "+8619900000316"),
        ("13000000000", "+8613000000000"),
        ("12900000316", None),
        ("20000000000", None),
        ("1990000031", None),
        ("199000003166", None),
        ("8619900000316", None),
        ("+85219900000316", None),
        ("+86+8619900000316", None),
        ("19900000316\n1", None),
        ("1990000031٦", None),  # an Arabic digit
        ("199.0000.0316", None),
        ("", None),
        ("+86", None),
    ],
)
def test_phone_has_one_form_or_is_refused(text: str, phone: str | None) -> None:
    assert normalise_phone(text) == phone


@given(digits=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), prefix=st.sampled_from(["", "+86", "+86 ", " +86-"]))
def test_every_way_to_write_a_number_gives_the_same_phone(digits: str, prefix: str) -> None:
    phone = normalise_phone(f"{prefix}{digits[:3]} {digits[3:7]}-{digits[7:]}")
    assert phone == f"+86{digits}"
    assert normalise_phone(phone) == phone
    masked = mask_phone(phone)
    assert (masked[:3], masked[3:7], masked[7:]) == (digits[:3], "****", digits[7:])


@given(text=st.text(max_size=30))
def test_phone_of_any_text_is_none_or_e164(text: str) -> None:
    phone = normalise_phone(text)
    assert phone is None or (
        len(phone) == 14 and phone.startswith("+861") and phone[1:].isdecimal() and phone.isascii()
    )


def test_masked_phone_reads_as_documented() -> None:
    assert mask_phone("+8619900000316") == "199****0316"


def test_branch_holds_its_unit_and_all_below_and_nothing_beside_or_above() -> None:
    assert [is_inside(path, NORTH) for path in (NORTH, NORTH_TEAM, SOUTH, ROOT, "")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert [is_inside(path, ROOT) for path in (ROOT, NORTH, NORTH_TEAM, SOUTH)] == [True] * 4
    assert not is_inside(NORTH, "")


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


@pytest.mark.parametrize(
    ("role", "reaches"),
    [
        (Role.OWNER, [True, True, True, True]),
        (Role.HEADQUARTERS, [True, True, True, True]),
        (Role.MANAGER, [False, True, True, False]),
        (Role.GUIDE, [False, False, False, False]),
        (None, [False, False, False, False]),
    ],
)
def test_reach_is_the_brand_the_branch_or_nothing_by_role(role: Role | None, reaches: list[bool]) -> None:
    paths = (ROOT, NORTH, NORTH_TEAM, SOUTH)
    assert [may_reach(role=role, branch=NORTH, path=path) for path in paths] == reaches
    assert not may_reach(role=Role.MANAGER, branch="", path=NORTH)


def test_nobody_makes_a_role_above_the_own_and_managers_make_guides_only() -> None:
    made = {own: [role for role in Role if problem_of(own, role) is not HiringProblem.ROLE_ABOVE_OWN] for own in Role}
    assert made == {
        Role.OWNER: list(Role),
        Role.HEADQUARTERS: [Role.HEADQUARTERS, Role.MANAGER, Role.GUIDE],
        Role.MANAGER: [Role.GUIDE],
        Role.GUIDE: [],
    }


def problem_of(own: Role, role: Role, *functions: StaffFunction, path: str = NORTH_TEAM) -> HiringProblem | None:
    return hiring_problem(own_role=own, own_branch=NORTH, role=role, path=path, functions=functions)


def test_manager_hires_inside_the_own_branch_only() -> None:
    assert problem_of(Role.MANAGER, Role.GUIDE) is None
    for path in (SOUTH, ROOT, ""):
        assert problem_of(Role.MANAGER, Role.GUIDE, path=path) is HiringProblem.OUTSIDE_BRANCH
        assert problem_of(Role.HEADQUARTERS, Role.GUIDE, path=path) is None


def test_functions_are_for_headquarters_people_and_the_owner() -> None:
    finance = StaffFunction.FINANCE
    assert problem_of(Role.OWNER, Role.HEADQUARTERS, finance) is None
    assert problem_of(Role.OWNER, Role.OWNER, finance) is None
    for role in (Role.MANAGER, Role.GUIDE):
        assert problem_of(Role.OWNER, role, finance) is HiringProblem.FUNCTIONS_NOT_FOR_ROLE
        assert problem_of(Role.OWNER, role) is None


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
