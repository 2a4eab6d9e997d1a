"""Who may call a field. Every root field carries one `Requires`; so do private fields of publicly reachable types."""

from dataclasses import dataclass
from typing import Any

from strawberry.extensions.field_extension import AsyncExtensionResolver, FieldExtension
from strawberry.utils.await_maybe import await_maybe

from app.platform.actor import Actor
from graphql_schema.context import Info
from graphql_schema.errors import Forbidden, Unauthenticated


@dataclass(frozen=True, slots=True)
class Callers:
    """A set of callers: anybody, customers, employees of certain roles, headquarters' people of certain functions."""

    anybody: bool = False
    customers: bool = False
    roles: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()

    def admit(self, actor: Actor) -> bool:
        """Whether `actor` belongs to these callers; the row's scope is checked where the row is read."""
        if self.anybody:
            return True
        if actor.is_customer:
            return self.customers
        return actor.is_employee and (actor.role in self.roles or bool(self.functions & actor.functions))


ROLES = frozenset({"OWNER", "HEADQUARTERS", "MANAGER", "GUIDE"})

ANYBODY = Callers(anybody=True)
CUSTOMERS = Callers(customers=True)
EMPLOYEES = Callers(roles=ROLES)
SIGNED_IN = Callers(customers=True, roles=ROLES)
OWNER = Callers(roles=frozenset({"OWNER"}))
HEADQUARTERS = Callers(roles=frozenset({"OWNER", "HEADQUARTERS"}))
MANAGERS = Callers(roles=frozenset({"OWNER", "HEADQUARTERS", "MANAGER"}))
FINANCE = Callers(roles=frozenset({"OWNER"}), functions=frozenset({"FINANCE"}))
PROMOTERS = Callers(roles=frozenset({"OWNER", "HEADQUARTERS"}), functions=frozenset({"PROMOTION"}))
GUIDES = Callers(roles=frozenset({"GUIDE", "MANAGER"}))
SENDERS = Callers(roles=frozenset({"OWNER", "MANAGER", "GUIDE"}), functions=frozenset({"PROMOTION"}))
AFTER_SALE_DECIDERS = Callers(roles=frozenset({"OWNER", "MANAGER"}), functions=frozenset({"SERVICE"}))


class Requires(FieldExtension):
    """Lets a field be resolved for `callers` only. Raises: Unauthenticated, Forbidden (top-level errors)."""

    def __init__(self, callers: Callers) -> None:
        self.callers = callers

    async def resolve_async(self, next_: AsyncExtensionResolver, source: Any, info: Info, **kwargs: Any) -> Any:
        if not self.callers.anybody:
            actor = await info.context.actor()
            if not self.callers.admit(actor):
                raise (Forbidden if actor.is_customer or actor.is_employee else Unauthenticated)()
        # A subscription's stream of events is not awaited but handed on.
        return await await_maybe(next_(source, info, **kwargs))
