"""Plain values of employees online: roles, functions, states, kinds of unit, operators, hours, addresses, audiences."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a person is in the brand, highest first. A manager's scope is a branch, a guide's the own shop."""

    OWNER = "OWNER"
    HEADQUARTERS = "HEADQUARTERS"
    MANAGER = "MANAGER"
    GUIDE = "GUIDE"

    @property
    def rank(self) -> int:
        """0 for the highest role, growing downwards."""
        return list(Role).index(self)

    @property
    def sees_whole_brand(self) -> bool:
        return self in (Role.OWNER, Role.HEADQUARTERS)


class StaffFunction(StrEnum):
    """What one of headquarters' people is there for."""

    MEMBER_OPERATIONS = "MEMBER_OPERATIONS"
    PROMOTION = "PROMOTION"
    TRAINING = "TRAINING"
    FINANCE = "FINANCE"
    SERVICE = "SERVICE"
    IT = "IT"


class EmployeeState(StrEnum):
    ACTIVE = "ACTIVE"
    RESIGNED = "RESIGNED"


class OrgUnitKind(StrEnum):
    """HEADQUARTERS is the root alone."""

    HEADQUARTERS = "HEADQUARTERS"
    REGION = "REGION"
    AREA = "AREA"
    TEAM = "TEAM"


class StoreOperator(StrEnum):
    OWN = "OWN"
    FRANCHISE = "FRANCHISE"
    DEALER = "DEALER"


class Audience(StrEnum):
    """Whose door a sign-in opens. The same phone may be a customer's and an employee's."""

    CUSTOMER = "CUSTOMER"
    EMPLOYEE = "EMPLOYEE"


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """One opening of a weekday, 1 (Monday) to 7 (Sunday), in the brand's time zone: `HH:MM`, closing up to 24:00."""

    weekday: int
    opens: str
    closes: str


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where goods are sent to. Personal data: sealed wherever it is kept. `phone` is E.164."""

    recipient: str
    phone: str
    province: str
    city: str
    district: str
    street: str


@dataclass(frozen=True, slots=True)
class StaffAudience:
    """Whom among the employees something is for.

    Whoever is in one of the units or below (none named: anywhere) and has one of the roles (none named: any), and
    beside them the employees named one by one. Where only employees are named, it is for them alone; where nothing is
    named, for everybody.
    """

    org_unit_ids: tuple[UUID, ...] = ()
    roles: tuple[Role, ...] = ()
    employee_ids: tuple[UUID, ...] = ()
