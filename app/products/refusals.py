"""How a rule's problem becomes the failure that callers know."""

from app.platform.errors import InvalidInput
from app.products.values import Problem


def refuse(problem: Problem | None) -> None:
    """Raises: InvalidInput with the problem's field, where there is one."""
    if problem is not None:
        raise InvalidInput(problem.key, path=problem.path, **problem.facts)
