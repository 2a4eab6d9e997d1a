"""Facts of customers online that other packages act on: ids only."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CustomerBound:
    """A customer was bound to a guide: for the first time, after a binding that had run out, or taken over.

    `replaced_guide_id` is the guide of the binding that this one replaces, None for a first binding.
    """

    customer_id: UUID
    binding_id: UUID
    guide_id: UUID
    replaced_guide_id: UUID | None


@dataclass(frozen=True, slots=True)
class ShopOpened:
    """A new touchpoint led somebody into a shop."""

    touchpoint_id: UUID


@dataclass(frozen=True, slots=True)
class VisitorJoined:
    """A visitor's past became a customer's."""

    visitor_id: UUID
    customer_id: UUID


@dataclass(frozen=True, slots=True)
class FirstSignIn:
    """A customer signed in with the brand for the first time."""

    customer_id: UUID
