"""Rules of freight: what a template may say, which of its rates an address has, and the fee. Pure.

All amounts are whole minor units and every begun lot counts whole, so nothing is ever rounded.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from app.trade.freight_values import ChargedBy, Freight, FreightRate, FreightTemplate, FreightTerms, Load, Region
from app.trade.region_values import city_of, province_of, region_of
from app.trade.values import Problem

MOST_RATES: Final = 60
MOST_REGIONS: Final = 400
HIGHEST_MINOR: Final = 100_000_000
MOST_UNITS: Final = 1_000_000_000
HEAVIEST_PIECE: Final = 1_000_000


class Unserved(StrEnum):
    """Why there is no freight for a region: nobody knows it, or nothing is sent there."""

    UNKNOWN = "UNKNOWN"
    NOT_DELIVERED = "NOT_DELIVERED"


def flat_freight(goods_minor: int, *, flat_minor: int, free_from_minor: int) -> Freight:
    """Without a template: nothing for goods from `free_from_minor` on, else the flat fee."""
    return Freight(0 if goods_minor >= free_from_minor else flat_minor, free_from_minor)


def template_freight(
    template: FreightTemplate, loads: Iterable[Load], *, goods_minor: int, region: Region | None
) -> Freight | Unserved:
    """By a template, for goods after discounts; without a region as for the rest of the country."""
    place = rate_for(template, region)
    if isinstance(place, Unserved):
        return place
    rate, units = template.rates[place], counted_units(template, loads)
    return Freight(
        fee_minor=fee(rate, units, goods_minor=goods_minor),
        free_from_minor=rate.free_from_minor,
        is_estimate=region is None and len(template.rates) > 1,
        template_id=template.id,
        rate=place,
        units=units,
    )


def counted_units(terms: FreightTerms, loads: Iterable[Load]) -> int:
    """Grams or pieces, as the template counts."""
    if terms.charged_by is ChargedBy.PIECE:
        return sum(load.quantity for load in loads)
    return sum(
        load.quantity * (terms.piece_grams if load.weight_grams is None else load.weight_grams) for load in loads
    )


def fee(rate: FreightRate, units: int, *, goods_minor: int) -> int:
    """The freight of so many units: the first ones together, then every begun lot; none for goods that go free."""
    if rate.free_from_minor is not None and goods_minor >= rate.free_from_minor:
        return 0
    lots = -(-max(0, units - rate.first_units) // rate.further_units)
    return rate.first_minor + lots * rate.further_minor


def rate_for(terms: FreightTerms, region: Region | None) -> int | Unserved:
    """The place of the rate that an address has: its city's, else its province's, else that of the rest.

    Without a region it is that of the rest; where nothing is sent there, the first by which anything is sent. A
    province that nobody knows has none, unless the template makes no difference.
    """
    rest = next(at for at, rate in enumerate(terms.rates) if not rate.regions)
    if region is None:
        delivered = (at for at, rate in enumerate(terms.rates) if rate.is_delivered)
        return rest if terms.rates[rest].is_delivered else next(delivered)
    if len(terms.rates) == 1:
        return rest
    province = province_of(region.province)
    if province is None:
        return Unserved.UNKNOWN
    wanted = (f"{province}/{city_of(region.city)}", province)
    places = {one: at for at, rate in enumerate(terms.rates) for one in rate.regions}
    place = next((places[name] for name in wanted if name in places), rest)
    return place if terms.rates[place].is_delivered else Unserved.NOT_DELIVERED


def checked_terms(terms: FreightTerms) -> tuple[FreightTerms, None] | tuple[None, Problem]:
    """The terms with their regions as they are kept, or the first thing wrong with them.

    A problem's field reads `rates.<index>.<field>`: REQUIRED without a rate or without one for the rest of the country,
    TOO_MANY rates or regions, REST_TWICE, REGION_UNKNOWN, REGION_TWICE, OUT_OF_RANGE, NOWHERE where nothing is sent.
    """
    if not 1 <= terms.piece_grams <= HEAVIEST_PIECE:
        return None, ("pieceGrams", "OUT_OF_RANGE")
    if len(terms.rates) > MOST_RATES or sum(len(rate.regions) for rate in terms.rates) > MOST_REGIONS:
        return None, ("rates", "TOO_MANY")
    seen: set[str] = set()
    kept = []
    for at, rate in enumerate(terms.rates):
        problem = _amount_problem(rate, f"rates.{at}")
        if problem is not None:
            return None, problem
        regions = []
        for place, text in enumerate(rate.regions):
            region = region_of(text)
            if region is None or region in seen:
                return None, (f"rates.{at}.regions.{place}", "REGION_UNKNOWN" if region is None else "REGION_TWICE")
            seen.add(region)
            regions.append(region)
        kept.append(_with_regions(rate, regions))
    rests = [at for at, rate in enumerate(kept) if not rate.regions]
    if len(rests) != 1:
        return None, (f"rates.{rests[1]}.regions", "REST_TWICE") if rests else ("rates", "REQUIRED")
    if not any(rate.is_delivered for rate in kept):
        return None, ("rates", "NOWHERE")
    return FreightTerms(terms.charged_by, terms.piece_grams, tuple(kept)), None


def _with_regions(rate: FreightRate, regions: Sequence[str]) -> FreightRate:
    """The rate as it is kept: one by which nothing is sent has no amounts."""
    if not rate.is_delivered:
        return FreightRate(tuple(regions), is_delivered=False)
    return FreightRate(
        tuple(regions),
        True,
        rate.first_units,
        rate.first_minor,
        rate.further_units,
        rate.further_minor,
        rate.free_from_minor,
    )


def _amount_problem(rate: FreightRate, field: str) -> Problem | None:
    free_from = 0 if rate.free_from_minor is None else rate.free_from_minor
    bounds = (
        ("firstUnits", rate.first_units, 1, MOST_UNITS),
        ("furtherUnits", rate.further_units, 1, MOST_UNITS),
        ("firstMinor", rate.first_minor, 0, HIGHEST_MINOR),
        ("furtherMinor", rate.further_minor, 0, HIGHEST_MINOR),
        ("freeFromMinor", free_from, 0, HIGHEST_MINOR),
    )
    for name, value, least, most in bounds:
        if not least <= value <= most:
            return f"{field}.{name}", "OUT_OF_RANGE"
    return None
