"""Who acts: plain values that services check rights against and write into trails."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ActorKind(StrEnum):
    ANONYMOUS = "ANONYMOUS"
    CUSTOMER = "CUSTOMER"
    EMPLOYEE = "EMPLOYEE"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of a service.

    `branch` is the path of the organisation unit an employee belongs to (`/<id>/<id>/`), of a guide the store's unit; a
    manager's scope is that unit and all below it. `visitor_id` is the browser or phone behind an anonymous call, where
    it showed a visitor token.
    """

    kind: ActorKind
    customer_id: UUID | None = None
    employee_id: UUID | None = None
    session_id: UUID | None = None
    visitor_id: UUID | None = None
    role: str | None = None
    functions: frozenset[str] = frozenset()
    branch: str = ""
    store_id: UUID | None = None
    shop_id: UUID | None = None

    @property
    def principal(self) -> str:
        """The scope of this caller's idempotency keys."""
        match self.kind:
            case ActorKind.CUSTOMER:
                return f"customer:{self.customer_id}"
            case ActorKind.EMPLOYEE:
                return f"employee:{self.employee_id}"
            case _:
                return self.kind.value.lower()

    @property
    def is_customer(self) -> bool:
        return self.kind is ActorKind.CUSTOMER

    @property
    def is_employee(self) -> bool:
        return self.kind is ActorKind.EMPLOYEE

    @property
    def sees_whole_brand(self) -> bool:
        """Owner and headquarters see every branch."""
        return self.role in ("OWNER", "HEADQUARTERS")


ANONYMOUS = Actor(kind=ActorKind.ANONYMOUS)
SYSTEM = Actor(kind=ActorKind.SYSTEM)
