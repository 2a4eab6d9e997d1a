"""Rules of employees online: phones, ranks, branches, opening hours. Pure: plain values in, a decision out."""

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from app.employees.values import OpeningHours, Role, StaffAudience, StaffFunction

MOST_OPENINGS = 21
_MOBILE = re.compile(r"(?:\+86)?(1[3-9]\d{9})", re.ASCII)
_OPENS = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_SEPARATORS = str.maketrans("", "", " -")


class HiringProblem(StrEnum):
    """Why somebody may not be hired as asked."""

    ROLE_ABOVE_OWN = "ROLE_ABOVE_OWN"
    OUTSIDE_BRANCH = "OUTSIDE_BRANCH"
    FUNCTIONS_NOT_FOR_ROLE = "FUNCTIONS_NOT_FOR_ROLE"


def normalise_phone(text: str) -> str | None:
    """A Chinese mobile number as E.164 (+86 and 11 digits), or None.

    Written as 11 digits, or +86 with them; blanks and hyphens may part it.
    """
    match = _MOBILE.fullmatch(unicodedata.normalize("NFKC", text).strip().translate(_SEPARATORS))
    return f"+86{match[1]}" if match else None


def mask_phone(phone: str) -> str:
    """An E.164 number with its middle hidden; a Chinese one as people write it: 199****0316."""
    local = phone.removeprefix("+86")
    return f"{local[:3]}****{local[-4:]}"


def unit_path(parent_path: str, unit_id: UUID) -> str:
    """The path of a unit below `parent_path`; the root's parent path is empty."""
    return f"{parent_path or '/'}{unit_id.hex}/"


def is_inside(path: str, branch: str) -> bool:
    """Whether a unit's path lies in a branch: the unit itself and all below it. Nothing lies in an empty branch."""
    return bool(branch) and path.startswith(branch)


def may_reach(*, role: str | None, branch: str, path: str) -> bool:
    """Whether somebody of this role and branch may look at, and act on, what stands at `path`.

    Owner and headquarters reach the whole brand, a manager the own branch, a guide nothing by the branch.
    """
    if role is None:
        return False
    match Role(role):
        case Role.OWNER | Role.HEADQUARTERS:
            return True
        case Role.MANAGER:
            return is_inside(path, branch)
        case Role.GUIDE:
            return False


def units_of_path(path: str) -> list[UUID]:
    """The units that a path names, from the root down to the unit itself."""
    return [UUID(part) for part in path.split("/") if part]


def is_addressed(audience: StaffAudience, *, role: str, branch: str, employee_id: UUID) -> bool:
    """Whether somebody of this role in the unit at `branch` belongs to the audience."""
    if employee_id in audience.employee_ids:
        return True
    if audience.employee_ids and not audience.org_unit_ids and not audience.roles:
        return False
    is_there = not audience.org_unit_ids or not set(audience.org_unit_ids).isdisjoint(units_of_path(branch))
    return is_there and (not audience.roles or role in audience.roles)


def hiring_problem(
    *, own_role: Role, own_branch: str, role: Role, path: str, functions: Sequence[StaffFunction]
) -> HiringProblem | None:
    """Why a person of `own_role` may not make an employee of `role` in the unit at `path`, or None.

    Nobody makes a role above the own. A manager makes guides, in the own branch. Functions are for headquarters' people
    and the owner.
    """
    if own_role is Role.GUIDE or role.rank < own_role.rank or (own_role is Role.MANAGER and role is not Role.GUIDE):
        return HiringProblem.ROLE_ABOVE_OWN
    if not may_reach(role=own_role, branch=own_branch, path=path):
        return HiringProblem.OUTSIDE_BRANCH
    if functions and not role.sees_whole_brand:
        return HiringProblem.FUNCTIONS_NOT_FOR_ROLE
    return None


def hours_are_sound(hours: Sequence[OpeningHours]) -> bool:
    """Whether every line is a weekday 1 to 7 with HH:MM, opening before it closes, and no two of a day overlap.

    A store that closes after midnight writes two lines, the first up to 24:00. At most 21 lines.
    """
    if len(hours) > MOST_OPENINGS:
        return False
    for line in hours:
        if not 1 <= line.weekday <= 7 or _OPENS.fullmatch(line.opens) is None:
            return False
        if line.closes != "24:00" and _OPENS.fullmatch(line.closes) is None:
            return False
        if line.opens >= line.closes:
            return False
    ordered = sorted(hours, key=lambda line: (line.weekday, line.opens))
    return all(first.weekday != second.weekday or first.closes <= second.opens for first, second in pairwise(ordered))
