"""Rules of employees: phones, ranks, branches, hours."""

from itertools import product
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
EAST = unit_path(ROOT, UUID(int=2))
WEST = unit_path(ROOT, UUID(int=3))


@pytest.mark.parametrize(
    "text",
    [
        "19900000316",
        "+8619900000316",
        " 199 0000 0316 ",
        "199-0000-0316",
        "+86 199 0000 0316",
        "１９９０００００３１６",
    ],
)
def test_every_usual_spelling_of_a_phone_is_one_number(text: str) -> None:
    assert normalise_phone(text) == "+8619900000316"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1990000031",
        "199000003161",
        "12900000316",
        "+1 2025550123",
        "008619900000316",
        "1990000031a",
        "٠١٢٣٤٥٦٧٨٩٠",
        "++8619900000316",
    ],
)
def test_what_is_no_chinese_mobile_number_is_refused(text: str) -> None:
    assert normalise_phone(text) is None


@given(st.text(max_size=30))
def test_a_phone_is_refused_or_is_e164(text: str) -> None:
    phone = normalise_phone(text)
    assert phone is None or (phone.startswith("+861") and len(phone) == 14 and phone[1:].isdecimal())


def test_a_masked_phone_shows_three_and_four_digits() -> None:
    assert mask_phone("+8619900000316") == "199****0316"


def test_a_branch_is_the_unit_and_all_below_it() -> None:
    below = unit_path(EAST, UUID(int=9))
    assert (is_inside(EAST, EAST), is_inside(below, EAST), is_inside(EAST, ROOT)) == (True, True, True)
    assert (is_inside(ROOT, EAST), is_inside(WEST, EAST), is_inside(EAST, "")) == (False, False, False)


@pytest.mark.parametrize(
    ("role", "reached"),
    [
        ("OWNER", [True, True]),
        ("HEADQUARTERS", [True, True]),
        ("MANAGER", [True, False]),
        ("GUIDE", [False, False]),
        (None, [False, False]),
    ],
)
def test_who_reaches_own_and_other_branch(role: str | None, reached: list[bool]) -> None:
    assert [may_reach(role=role, branch=EAST, path=path) for path in (EAST, WEST)] == reached


def test_who_may_make_whom_in_the_own_branch() -> None:
    allowed = {
        (own, role)
        for own, role in product(Role, Role)
        if hiring_problem(own_role=own, own_branch=EAST, role=role, path=EAST, functions=()) is None
    }
    assert allowed == {
        *((Role.OWNER, role) for role in Role),
        (Role.HEADQUARTERS, Role.HEADQUARTERS),
        (Role.HEADQUARTERS, Role.MANAGER),
        (Role.HEADQUARTERS, Role.GUIDE),
        (Role.MANAGER, Role.GUIDE),
    }


def test_a_manager_makes_nobody_outside_the_branch() -> None:
    problem = hiring_problem(own_role=Role.MANAGER, own_branch=EAST, role=Role.GUIDE, path=WEST, functions=())
    assert problem is HiringProblem.OUTSIDE_BRANCH


@pytest.mark.parametrize("role", [Role.MANAGER, Role.GUIDE])
def test_functions_are_for_headquarters(role: Role) -> None:
    problem = hiring_problem(
        own_role=Role.OWNER, own_branch=ROOT, role=role, path=EAST, functions=[StaffFunction.FINANCE]
    )
    assert problem is HiringProblem.FUNCTIONS_NOT_FOR_ROLE


def test_sound_hours() -> None:
    week = [OpeningHours(day, "10:00", "22:00") for day in range(1, 8)]
    night = [OpeningHours(5, "22:00", "24:00"), OpeningHours(6, "00:00", "02:00")]
    assert hours_are_sound([]) and hours_are_sound(week) and hours_are_sound([*week, *night])


@pytest.mark.parametrize(
    "hours",
    [
        [OpeningHours(0, "10:00", "22:00")],
        [OpeningHours(8, "10:00", "22:00")],
        [OpeningHours(1, "22:00", "10:00")],
        [OpeningHours(1, "10:00", "10:00")],
        [OpeningHours(1, "9:00", "22:00")],
        [OpeningHours(1, "10:00", "24:01")],
        [OpeningHours(1, "24:00", "24:00")],
        [OpeningHours(1, "10:00", "18:00"), OpeningHours(1, "17:59", "20:00")],
        [OpeningHours(1, "10:00", "10:01")] * 22,
    ],
)
def test_unsound_hours(hours: list[OpeningHours]) -> None:
    assert not hours_are_sound(hours)
