"""What stands before a change: who may make it, and a rule's problem as the failure that callers know."""

from app.platform.actor import Actor, ActorKind
from app.platform.errors import Forbidden, InvalidInput
from app.products.values import Problem


def headquarters_only(actor: Actor) -> None:
    """Catalogue and stock are headquarters' and the owner's. Raises: Forbidden."""
    if actor.kind is not ActorKind.SYSTEM and not actor.sees_whole_brand:
        raise Forbidden


def refuse(problem: Problem | None) -> None:
    """Raises: InvalidInput with the problem's field, where there is one."""
    if problem is not None:
        raise InvalidInput(problem.key, path=problem.path, **problem.facts)
