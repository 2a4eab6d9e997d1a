"""Rules of coupons: who may claim one, what they take off a basket, and in which order."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.marketing.coupon_rules import (
    COUPON_MOVES,
    LEAST_TO_PAY_MINOR,
    MOST_COUPONS,
    check_terms,
    move_coupon,
    reduce,
    refuse_claim,
    state_now,
)
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
)
from app.trade.rules import price_lines
from app.trade.values import Discount, LineToPrice
from tests.marketing.couponing import terms

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
S, E, K, P = CouponState, CouponEvent, CouponKind, CouponProblem
CLAIMABLE = ClaimFacts(
    claim_from=NOW - timedelta(days=1),
    claim_until=NOW + timedelta(days=1),
    quantity=10,
    issued=9,
    per_person=2,
    taken=1,
    is_revoked=False,
    is_listed=True,
    is_invited=False,
)


def number(n: int) -> UUID:
    return UUID(int=n)


def coupon(n: int, of: CouponTerms) -> CouponToUse:
    return CouponToUse(number(n), f"券 {n}", of)


def line(n: int, price_minor: int, quantity: int = 1) -> GoodsLine:
    """SKU n of product n + 100."""
    return GoodsLine(number(n), number(n + 100), quantity, price_minor)


def off(coupons: list[CouponToUse], goods: list[GoodsLine]) -> list[tuple[int, int, set[int]]]:
    """(coupon, amount, SKUs) in the order of application; nothing was refused."""
    done, refused = reduce(coupons, goods)
    assert refused == []
    return [(one.coupon_id.int, one.amount_minor, {sku.int for sku in one.sku_ids}) for one in done]


def problem(coupons: list[CouponToUse], goods: list[GoodsLine]) -> list[tuple[int, CouponProblem, int]]:
    return [(one.coupon_id.int, one.problem, one.short_minor) for one in reduce(coupons, goods)[1]]


# --- states


def test_every_move_that_is_not_declared_is_refused() -> None:
    for state, event in itertools.product([None, *S], E):
        if (state, event) not in COUPON_MOVES:
            with pytest.raises(ForbiddenCouponMove):
                move_coupon(state, event)
    assert len(COUPON_MOVES) == 14


def test_what_is_over_stays_over_and_each_state_is_reached() -> None:
    assert {before for before, _ in COUPON_MOVES} == {None, S.ISSUED, S.CLAIMED, S.LOCKED, S.USED}
    assert set(COUPON_MOVES.values()) == set(S)


def test_coupon_of_an_order_is_neither_revoked_nor_handed_on() -> None:
    for event in (E.REVOKE, E.TRANSFER):
        for state in (S.LOCKED, S.USED):
            assert (state, event) not in COUPON_MOVES


@pytest.mark.parametrize(
    ("state", "left", "is_revoked", "seen"),
    [
        (S.CLAIMED, 1, False, S.CLAIMED),
        (S.CLAIMED, 0, False, S.EXPIRED),
        (S.ISSUED, -1, False, S.EXPIRED),
        (S.CLAIMED, 1, True, S.REVOKED),
        (S.CLAIMED, -1, True, S.REVOKED),
        (S.LOCKED, -1, True, S.LOCKED),
        (S.USED, -1, True, S.USED),
        (S.TRANSFERRED, -1, True, S.TRANSFERRED),
    ],
)
def test_state_is_that_of_now(state: CouponState, left: int, is_revoked: bool, seen: CouponState) -> None:
    expires_at = NOW + timedelta(seconds=left)
    assert state_now(state, expires_at=expires_at, is_template_revoked=is_revoked, now=NOW) is seen


# --- claims


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        ({"claim_from": NOW}, None),
        ({"claim_from": NOW + timedelta(seconds=1)}, CouponRefusal.NOT_YET),
        ({"claim_until": NOW}, CouponRefusal.OVER),
        ({"is_revoked": True}, CouponRefusal.OVER),
        ({"taken": 2}, CouponRefusal.LIMIT_REACHED),
        ({"issued": 10}, CouponRefusal.SOLD_OUT),
        ({"issued": 10, "taken": 2}, CouponRefusal.LIMIT_REACHED),
        ({"is_listed": False}, CouponRefusal.NOT_ELIGIBLE),
        ({"is_listed": False, "is_invited": True}, None),
        ({"is_listed": False, "is_revoked": True}, CouponRefusal.OVER),
    ],
)
def test_claim_is_refused_for_the_first_reason(changed: dict[str, object], reason: CouponRefusal | None) -> None:
    assert refuse_claim(replace(CLAIMABLE, **changed), NOW) is reason  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("of", "field"),
    [
        (terms(), None),
        (terms(amount_minor=0), "amountMinor"),
        (terms(amount_minor=-1), "amountMinor"),
        (terms(amount_minor=None), "amountMinor"),
        (terms(amount_minor=100_000_001), "amountMinor"),
        (terms(percent_bp=100), "percentBp"),
        (terms(minimum_spend_minor=-1), "minimumSpendMinor"),
        (terms(K.PERCENT, percent_bp=10_000), None),
        (terms(K.PERCENT, percent_bp=10_001), "percentBp"),
        (terms(K.PERCENT, percent_bp=0), "percentBp"),
        (terms(K.PERCENT, percent_bp=None), "percentBp"),
        (terms(K.PERCENT, amount_minor=500), None),
        (terms(K.PERCENT, amount_minor=-500), "amountMinor"),
        (terms(K.EXCHANGE), "productIds"),
        (terms(K.EXCHANGE, product_ids=frozenset({number(1)})), None),
        (terms(K.EXCHANGE, product_ids=frozenset({number(1)}), amount_minor=1), "amountMinor"),
        (terms(K.EXCHANGE, product_ids=frozenset({number(1)}), percent_bp=1), "percentBp"),
        (terms(product_ids=frozenset(number(n) for n in range(201))), "productIds"),
    ],
)
def test_terms_are_checked(of: CouponTerms, field: str | None) -> None:
    assert check_terms(of) == field


# --- what they take off


def test_amount_falls_on_the_lines_of_its_products_alone() -> None:
    of = terms(product_ids=frozenset({number(101), number(103)}))
    assert off([coupon(1, of)], [line(1, 5_000), line(2, 9_000), line(3, 1_000)]) == [(1, 2_000, {1, 3})]


def test_amount_takes_no_more_than_its_lines_and_leaves_something_to_pay() -> None:
    of = terms(product_ids=frozenset({number(101)}))
    assert off([coupon(1, of)], [line(1, 1_500), line(2, 9_000)]) == [(1, 1_500, {1})]
    assert off([coupon(1, terms())], [line(1, 1_500)]) == [(1, 1_500 - LEAST_TO_PAY_MINOR, {1})]


def test_percentage_is_rounded_once_half_to_even_and_bounded() -> None:
    of = terms(K.PERCENT, percent_bp=1_250)
    assert off([coupon(1, of)], [line(1, 1_004, 3), line(2, 4)]) == [(1, 377, {1, 2})]
    assert off([coupon(1, replace(of, amount_minor=300))], [line(1, 1_004, 3)]) == [(1, 300, {1})]


def test_exchange_pays_for_the_dearest_piece_and_each_piece_once() -> None:
    of = terms(K.EXCHANGE, product_ids=frozenset({number(101), number(102)}))
    goods = [line(1, 3_000), line(2, 5_000), line(3, 9_000)]
    assert off([coupon(2, of), coupon(1, of)], goods) == [(1, 5_000, {2}), (2, 3_000, {1})]
    assert problem([coupon(n, of) for n in (1, 2, 3)], goods) == [(3, P.NO_GOODS, 0)]


def test_exchange_comes_before_the_percentage_whatever_is_named_first() -> None:
    percent = coupon(1, terms(K.PERCENT))
    exchange = coupon(9, terms(K.EXCHANGE, product_ids=frozenset({number(101)})))
    goods = [line(1, 3_000, 2), line(2, 1_000)]
    expected = [(9, 3_000, {1}), (1, 400, {1, 2})]
    assert off([percent, exchange], goods) == off([exchange, percent], goods) == expected


def test_two_off_the_whole_do_not_go_together_and_the_first_id_stays() -> None:
    pair = [coupon(2, terms()), coupon(1, terms(K.PERCENT))]
    assert problem(pair, [line(1, 9_000)]) == [(2, P.NOT_TOGETHER, 0)]
    of = terms(K.EXCHANGE, product_ids=frozenset({number(101)}))
    many = [coupon(n, of) for n in range(1, MOST_COUPONS + 2)]
    assert problem(many, [line(1, 100, 50)]) == [(MOST_COUPONS + 1, P.NOT_TOGETHER, 0)]


def test_minimum_spend_counts_its_own_goods_after_exchanges() -> None:
    of = terms(minimum_spend_minor=5_000, product_ids=frozenset({number(101)}))
    assert problem([coupon(1, of)], [line(1, 4_999), line(2, 9_000)]) == [(1, P.MINIMUM, 1)]
    assert off([coupon(1, of)], [line(1, 5_000)]) == [(1, 2_000, {1})]
    exchange = coupon(2, terms(K.EXCHANGE, product_ids=frozenset({number(101)})))
    assert problem([coupon(1, of), exchange], [line(1, 4_000, 2)]) == [(1, P.MINIMUM, 1_000)]


def test_coupon_without_its_goods_or_with_nothing_to_take_is_refused() -> None:
    assert problem([coupon(1, terms(product_ids=frozenset({number(9)})))], [line(1, 5_000)]) == [(1, P.NO_GOODS, 0)]
    assert problem([coupon(1, terms())], [line(1, 0)]) == [(1, P.NO_GOODS, 0)]
    assert problem([coupon(1, terms())], [line(1, 1)]) == [(1, P.NO_GOODS, 0)]
    assert problem([coupon(1, terms(K.PERCENT, percent_bp=1))], [line(1, 40)]) == [(1, P.NO_GOODS, 0)]


products = st.frozensets(st.integers(101, 105).map(number), max_size=3)
any_terms = st.one_of(
    st.builds(
        terms, amount_minor=st.integers(1, 20_000), minimum_spend_minor=st.integers(0, 9_000), product_ids=products
    ),
    st.builds(
        terms,
        st.just(K.PERCENT),
        percent_bp=st.integers(1, 10_000),
        amount_minor=st.none() | st.integers(1, 5_000),
        product_ids=products,
    ),
    st.builds(terms, st.just(K.EXCHANGE), product_ids=products.filter(bool)),
)
baskets = st.lists(st.tuples(st.integers(0, 9_000), st.integers(1, 5)), min_size=1, max_size=5).map(
    lambda rows: [line(n + 1, price, quantity) for n, (price, quantity) in enumerate(rows)]
)


@given(st.lists(any_terms, max_size=5), baskets, st.randoms(use_true_random=False))
def test_coupons_take_off_exactly_what_they_say_and_never_all(
    given_terms: list[CouponTerms], goods: list[GoodsLine], shuffle: object
) -> None:
    named = [coupon(n + 1, of) for n, of in enumerate(given_terms)]
    done, refused = reduce(named, goods)
    mixed = list(named)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]
    assert reduce(mixed, goods) == (done, refused)
    assert sorted(one.coupon_id for one in (*done, *refused)) == [one.coupon_id for one in named]
    kinds = {one.coupon_id: one.terms.kind for one in named}
    assert sum(kinds[one.coupon_id] is not K.EXCHANGE for one in done) <= 1
    priced = price_lines(
        [LineToPrice(one.sku_id, one.quantity, one.unit_price_minor) for one in goods],
        [Discount(one.title, one.amount_minor, one.sku_ids) for one in done],
    )
    # The lines bear to the cent what the coupons took off, each at most itself, and only those that are meant.
    assert sum(one.discount_minor for one in priced) == sum(one.amount_minor for one in done)
    assert all(0 <= one.total_minor <= one.subtotal_minor for one in priced)
    borne = {sku_id for one in done for sku_id in one.sku_ids}
    assert all(one.discount_minor == 0 for one in priced if one.sku_id not in borne)
    if done:
        assert sum(one.total_minor for one in priced) >= LEAST_TO_PAY_MINOR
    assert all(_is_of_its_products(one, named, goods) for one in done)


def _is_of_its_products(one: Reduction, named: list[CouponToUse], goods: list[GoodsLine]) -> bool:
    wanted = next(c.terms.product_ids for c in named if c.coupon_id == one.coupon_id)
    return one.amount_minor > 0 and all(
        not wanted or line.product_id in wanted for line in goods if line.sku_id in one.sku_ids
    )
