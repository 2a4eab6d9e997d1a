"""Rules of routing: which place sends an order. Pure.

An order is never split: one place sends all of it, in one parcel. The shipping location comes first; else of the stores
that send orders and have every piece, the store whose sale it is, then one in the city the goods go to, then any other;
among equals the one whose name, then id, comes first, so that the same question has the same answer.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from app.trade.values import Candidate


def best_place(
    candidates: Sequence[Candidate],
    *,
    selling_store_id: UUID | None,
    city: str | None,
    refused: Collection[UUID] = (),
) -> Candidate | None:
    """The candidate that is to send the order; those that refused it are not asked again. None: nobody is left."""

    def key(place: Candidate) -> tuple[int, str, str]:
        return rank(place, selling_store_id=selling_store_id, city=city), place.name, place.location_id.hex

    return min((place for place in candidates if place.location_id not in refused), key=key, default=None)


def rank(place: Candidate, *, selling_store_id: UUID | None, city: str | None) -> int:
    """0 for the shipping location, 1 for the selling store, 2 for a store in the city, 3 for any other."""
    if place.is_warehouse:
        return 0
    if place.location_id == selling_store_id:
        return 1
    return 2 if is_same_city(place.city, city) else 3


def is_same_city(one: str | None, other: str | None) -> bool:
    """Whether two names mean one city, with or without its 市."""
    if not one or not other:
        return False
    return one.strip().removesuffix("市") == other.strip().removesuffix("市")
