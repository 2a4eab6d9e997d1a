"""Facts of marketing that others act on: ids only."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CouponClaimed:
    """A coupon is in a customer's hands: claimed, accepted from a guide, or taken over from a friend."""

    coupon_id: UUID


@dataclass(frozen=True, slots=True)
class CouponGiven:
    """A guide gave a customer a coupon, which waits to be accepted."""

    coupon_id: UUID


@dataclass(frozen=True, slots=True)
class CouponUnused:
    """A coupon is about to run out unused, and whoever serves its customer has a care task; told once."""

    coupon_id: UUID
