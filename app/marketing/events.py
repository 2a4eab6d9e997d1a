"""Facts of marketing that others act on: ids only."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CouponClaimed:
    """A coupon is in a customer's hands: claimed, accepted from a guide, or taken over from a friend."""

    coupon_id: UUID


@dataclass(frozen=True, slots=True)
class CouponUnused:
    """A coupon is about to run out unused; told once: whoever serves its customer may have something to do."""

    coupon_id: UUID
