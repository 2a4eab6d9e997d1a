"""The boss's desk: who sits at it, and what its pages share."""

from typing import Any

from app.commission import withdrawals
from app.employees.values import Role
from app.products import pins_and_bans
from app.web.readers import StaffReader


def require_boss(reader: StaffReader) -> None:
    """Raises: Refused for guides."""
    reader.require(is_allowed=reader.actor.role in (Role.OWNER, Role.HEADQUARTERS, Role.MANAGER))


def require_finance(reader: StaffReader) -> None:
    """Raises: Refused for whoever does not decide on withdrawals."""
    reader.require(is_allowed=withdrawals.may_decide(reader.actor))


def boss_values(reader: StaffReader) -> dict[str, Any]:
    """What the boss's dock needs to know. `pays_out`: whether withdrawals are the reader's to decide.

    `decides_shelves`: whether what all shops show is.
    """
    return {
        "desk": "boss",
        "pays_out": withdrawals.may_decide(reader.actor),
        "decides_shelves": pins_and_bans.may_decide(reader.actor),
    }
