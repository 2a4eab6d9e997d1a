"""Plain values of freight: templates with their rates, and what sending a basket costs. Amounts: minor units."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ChargedBy(StrEnum):
    """What a template counts: grams or pieces."""

    WEIGHT = "WEIGHT"
    PIECE = "PIECE"


@dataclass(frozen=True, slots=True)
class FreightRate:
    """What sending to some regions costs; no regions: to the rest of the country.

    The first so many units cost `first_minor` together; each further begun lot of `further_units` costs
    `further_minor`. Goods from `free_from_minor` on are sent free; None: never. Nothing is sent where `is_delivered`
    is False.
    """

    regions: tuple[str, ...] = ()
    is_delivered: bool = True
    first_units: int = 1
    first_minor: int = 0
    further_units: int = 1
    further_minor: int = 0
    free_from_minor: int | None = None


@dataclass(frozen=True, slots=True)
class FreightTerms:
    """What a template says. `piece_grams`: what a piece weighs of whose weight nothing is known."""

    charged_by: ChargedBy
    piece_grams: int
    rates: tuple[FreightRate, ...]


@dataclass(frozen=True, slots=True)
class FreightTemplate(FreightTerms):
    """A published version of the terms."""

    id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Region:
    """Where goods go, as an address says it."""

    province: str
    city: str


@dataclass(frozen=True, slots=True)
class Load:
    """Pieces of one SKU that are sent. `weight_grams`: of one piece; None: nobody said."""

    quantity: int
    weight_grams: int | None


@dataclass(frozen=True, slots=True)
class Freight:
    """What sending costs. Goods from `free_from_minor` on are sent free there; None: they never are.

    `is_estimate`: where to is not known, and it matters. By a template: `rate` is the place of its rate, `units` what
    was counted.
    """

    fee_minor: int
    free_from_minor: int | None
    is_estimate: bool = False
    template_id: UUID | None = None
    rate: int = 0
    units: int = 0


NO_FREIGHT = Freight(0, None)
"""Of goods that are not sent."""
