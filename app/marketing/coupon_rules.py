"""Rules of coupons (优惠券): the declared state machine, who may claim one, and what coupons take off a basket. Pure.

**Stacking.** An order takes at most one AMOUNT or PERCENT coupon, and with it any number of EXCHANGE coupons up to
`MOST_COUPONS` in all. **Order.** EXCHANGE coupons come first, by id: each pays for one piece, the dearest of its
products that no other has paid for. Then the AMOUNT or PERCENT coupon takes off what is still to be paid for its
products; its minimum spend is measured there too. **Bounds.** Of the goods at least `LEAST_TO_PAY_MINOR` stays to be
paid, as no provider takes a payment of nothing; a coupon that would take nothing off is refused and so not used up.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from app.marketing.values import (
    ClaimFacts,
    CouponEvent,
    CouponKind,
    CouponProblem,
    CouponRefusal,
    CouponState,
    CouponTerms,
    CouponToUse,
    ForbiddenCouponMove,
    GoodsLine,
    Reduction,
    Refused,
)
from app.platform.money import WHOLE_BP, portion_bp

MOST_COUPONS = 10
LARGEST_QUANTITY = 10_000_000
LARGEST_PER_PERSON = 1_000
LONGEST_VALID_DAYS = 3_650
LARGEST_AMOUNT_MINOR = 100_000_000
MOST_PRODUCTS = 200
LEAST_TO_PAY_MINOR = 1

_S, _E = CouponState, CouponEvent

COUPON_MOVES: Mapping[tuple[CouponState | None, CouponEvent], CouponState] = MappingProxyType(
    {
        (None, _E.ISSUE): _S.ISSUED,
        (_S.ISSUED, _E.CLAIM): _S.CLAIMED,
        (_S.CLAIMED, _E.LOCK): _S.LOCKED,
        (_S.LOCKED, _E.USE): _S.USED,
        (_S.CLAIMED, _E.REDEEM): _S.USED,
        (_S.LOCKED, _E.RELEASE): _S.CLAIMED,
        (_S.USED, _E.RESTORE): _S.CLAIMED,
        (_S.CLAIMED, _E.TRANSFER): _S.TRANSFERRED,
        (_S.ISSUED, _E.EXPIRE): _S.EXPIRED,
        (_S.CLAIMED, _E.EXPIRE): _S.EXPIRED,
        # What comes back from an order after its time is over.
        (_S.LOCKED, _E.EXPIRE): _S.EXPIRED,
        (_S.USED, _E.EXPIRE): _S.EXPIRED,
        (_S.ISSUED, _E.REVOKE): _S.REVOKED,
        (_S.CLAIMED, _E.REVOKE): _S.REVOKED,
    }
)
"""There is no other way to change a state. A coupon that an order holds is neither revoked nor transferred."""

OPEN = frozenset({_S.ISSUED, _S.CLAIMED})
"""Whose time can run out."""


def move_coupon(state: CouponState | None, event: CouponEvent) -> CouponState:
    """The coupon's state after an event; `state` None: it is about to be. Raises: ForbiddenCouponMove."""
    after = COUPON_MOVES.get((state, event))
    if after is None:
        raise ForbiddenCouponMove(f"{event} is not allowed from {state}")
    return after


def state_now(state: CouponState, *, expires_at: datetime, is_template_revoked: bool, now: datetime) -> CouponState:
    """The state as everybody sees it: the job that writes down what is over may come a little later."""
    if state in OPEN and is_template_revoked:
        return _S.REVOKED
    return _S.EXPIRED if state in OPEN and expires_at <= now else state


def refuse_claim(facts: ClaimFacts, now: datetime) -> CouponRefusal | None:
    """Why a coupon cannot be claimed or given now; None: it can. What is over is said before what is short."""
    if facts.is_revoked or facts.claim_until <= now:
        return CouponRefusal.OVER
    if now < facts.claim_from:
        return CouponRefusal.NOT_YET
    if not (facts.is_listed or facts.is_invited):
        return CouponRefusal.NOT_ELIGIBLE
    if facts.taken >= facts.per_person:
        return CouponRefusal.LIMIT_REACHED
    return CouponRefusal.SOLD_OUT if facts.issued >= facts.quantity else None


def check_terms(terms: CouponTerms) -> str | None:
    """The field that is wrong with the terms of a new template; None: none.

    AMOUNT takes 1 to 100,000,000 off. PERCENT takes 1 to 10,000 bp off, and may name the most that it takes. EXCHANGE
    names its products, up to 200, and neither amount nor percentage. Minimum spend: 0 to 100,000,000.
    """
    is_amount = terms.amount_minor is not None and 1 <= terms.amount_minor <= LARGEST_AMOUNT_MINOR
    if terms.kind is CouponKind.AMOUNT and not is_amount:
        return "amountMinor"
    if terms.kind is CouponKind.PERCENT and terms.amount_minor is not None and not is_amount:
        return "amountMinor"
    if terms.kind is CouponKind.EXCHANGE and terms.amount_minor is not None:
        return "amountMinor"
    is_percent = terms.percent_bp is not None and 1 <= terms.percent_bp <= WHOLE_BP
    if is_percent is not (terms.kind is CouponKind.PERCENT) or (not is_percent and terms.percent_bp is not None):
        return "percentBp"
    if not 0 <= terms.minimum_spend_minor <= LARGEST_AMOUNT_MINOR:
        return "minimumSpendMinor"
    if len(terms.product_ids) > MOST_PRODUCTS or (terms.kind is CouponKind.EXCHANGE and not terms.product_ids):
        return "productIds"
    return None


def reduce(coupons: Sequence[CouponToUse], goods: Sequence[GoodsLine]) -> tuple[list[Reduction], list[Refused]]:
    """What each coupon takes off these goods, in the order of application, and the coupons that take nothing off.

    The outcome does not depend on the order in which the coupons are named. Each SKU stands in one line.
    """
    left = {line.sku_id: line.quantity * line.unit_price_minor for line in goods}
    pieces = {line.sku_id: line.quantity for line in goods}
    done: list[Reduction] = []
    refused: list[Refused] = []
    ordered = sorted(coupons, key=lambda coupon: (coupon.terms.kind is not CouponKind.EXCHANGE, coupon.coupon_id))
    has_off_the_whole = False
    for number, coupon in enumerate(ordered):
        is_exchange = coupon.terms.kind is CouponKind.EXCHANGE
        if number >= MOST_COUPONS or (has_off_the_whole and not is_exchange):
            refused.append(Refused(coupon.coupon_id, CouponProblem.NOT_TOGETHER))
            continue
        found = _exchange(coupon, goods, left, pieces) if is_exchange else _off_the_whole(coupon, goods, left)
        if isinstance(found, Refused):
            refused.append(found)
            continue
        has_off_the_whole = has_off_the_whole or not is_exchange
        done.append(found)
    return done, refused


def worth_at_till(terms: CouponTerms, spend_minor: int) -> int:
    """What an AMOUNT or PERCENT coupon takes off a sum at a till, which may come to nothing. Amounts: minor units."""
    if terms.kind is CouponKind.PERCENT:
        wanted = portion_bp(spend_minor, terms.percent_bp or 0)
        return min(wanted, spend_minor) if terms.amount_minor is None else min(wanted, spend_minor, terms.amount_minor)
    return min(terms.amount_minor or 0, spend_minor)


def _of_terms(terms: CouponTerms, goods: Sequence[GoodsLine]) -> list[GoodsLine]:
    return [line for line in goods if not terms.product_ids or line.product_id in terms.product_ids]


def _exchange(
    coupon: CouponToUse, goods: Sequence[GoodsLine], left: dict[UUID, int], pieces: dict[UUID, int]
) -> Reduction | Refused:
    """One piece, the dearest that is still to be paid for; of equal ones that of the lowest SKU id."""
    eligible = [line for line in _of_terms(coupon.terms, goods) if pieces[line.sku_id] and line.unit_price_minor]
    short = _short_of_minimum(coupon.terms, goods, left)
    if not eligible:
        return Refused(coupon.coupon_id, CouponProblem.NO_GOODS)
    if short:
        return Refused(coupon.coupon_id, CouponProblem.MINIMUM, short)
    line = min(eligible, key=lambda line: (-line.unit_price_minor, line.sku_id))
    amount = min(line.unit_price_minor, sum(left.values()) - LEAST_TO_PAY_MINOR)
    if amount <= 0:
        return Refused(coupon.coupon_id, CouponProblem.NO_GOODS)
    pieces[line.sku_id] -= 1
    left[line.sku_id] -= amount
    return Reduction(coupon.coupon_id, coupon.title, amount, frozenset({line.sku_id}))


def _off_the_whole(coupon: CouponToUse, goods: Sequence[GoodsLine], left: dict[UUID, int]) -> Reduction | Refused:
    terms = coupon.terms
    eligible = [line.sku_id for line in _of_terms(terms, goods) if left[line.sku_id]]
    base = sum(left[sku_id] for sku_id in eligible)
    if not base:
        return Refused(coupon.coupon_id, CouponProblem.NO_GOODS)
    if short := _short_of_minimum(terms, goods, left):
        return Refused(coupon.coupon_id, CouponProblem.MINIMUM, short)
    if terms.kind is CouponKind.PERCENT:
        wanted = portion_bp(base, terms.percent_bp or 0)
        amount = wanted if terms.amount_minor is None else min(wanted, terms.amount_minor)
    else:
        amount = terms.amount_minor or 0
    amount = min(amount, base, sum(left.values()) - LEAST_TO_PAY_MINOR)
    if amount <= 0:
        return Refused(coupon.coupon_id, CouponProblem.NO_GOODS)
    return Reduction(coupon.coupon_id, coupon.title, amount, frozenset(eligible))


def _short_of_minimum(terms: CouponTerms, goods: Sequence[GoodsLine], left: dict[UUID, int]) -> int:
    """What is still to be paid for the coupon's goods lacks so much of its minimum spend; 0: nothing."""
    return max(0, terms.minimum_spend_minor - sum(left[line.sku_id] for line in _of_terms(terms, goods)))
