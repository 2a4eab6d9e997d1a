"""What stands before a change: who may make it, and a rule's problem as the failure that callers know."""

from app.employees.values import StaffFunction
from app.platform.actor import Actor, ActorKind
from app.platform.errors import Forbidden, InvalidInput
from app.products.values import Problem


def headquarters_only(actor: Actor) -> None:
    """Catalogue and stock are headquarters' and the owner's. Raises: Forbidden."""
    if actor.kind is not ActorKind.SYSTEM and not actor.sees_whole_brand:
        raise Forbidden


def is_promoter(actor: Actor) -> bool:
    has_function = actor.is_employee and StaffFunction.PROMOTION in actor.functions
    return actor.kind is ActorKind.SYSTEM or actor.sees_whole_brand or has_function


def promoters_only(actor: Actor) -> None:
    """What all shops show first, or not at all, is promotion's, headquarters' and the owner's. Raises: Forbidden."""
    if not is_promoter(actor):
        raise Forbidden


def refuse(problem: Problem | None) -> None:
    """Raises: InvalidInput with the problem's field, where there is one."""
    if problem is not None:
        raise InvalidInput(problem.key, path=problem.path, **problem.facts)
