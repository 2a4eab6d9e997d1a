"""Amounts are shown one way, rounded once, and never lose or gain a cent when they are split."""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platform.money import (
    CURRENCIES,
    Money,
    cumulative_part,
    divide_half_even,
    portion_bp,
    split_by_largest_remainder,
)

amounts = st.integers(min_value=0, max_value=10**13)
weights = st.lists(st.integers(min_value=0, max_value=10**11), min_size=1, max_size=60).filter(any)


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (1290, "CNY", "¥12.90"),
        (1290, "USD", "$12.90"),
        (1290, "TWD", "NT$12.90"),
        (1290, "SGD", "S$12.90"),
        (1290, "HKD", "HK$12.90"),
        (1290, "MYR", "RM12.90"),
        (1290, "MOP", "MOP$12.90"),
        (0, "CNY", "¥0.00"),
        (5, "CNY", "¥0.05"),
        (-5, "CNY", "\u2212¥0.05"),
        (-123456789, "USD", "\u2212$1,234,567.89"),
        (100_000, "CNY", "¥1,000.00"),
        (99_999, "CNY", "¥999.99"),
    ],
)
def test_money_is_shown_with_symbol_two_decimals_and_groups(minor: int, currency: str, shown: str) -> None:
    assert Money(minor, currency).display == shown


def test_seven_currencies_are_known_and_no_other() -> None:
    assert len({Money(1, currency).display for currency in CURRENCIES}) == 7
    with pytest.raises(ValueError, match="EUR"):
        Money(1, "EUR")


@given(minor=st.integers(-(10**15), 10**15), currency=st.sampled_from(CURRENCIES))
def test_display_can_be_read_back(minor: int, currency: str) -> None:
    digits = "".join(character for character in Money(minor, currency).display if character.isdigit())
    assert int(digits) == abs(minor)
    assert Money(minor, currency).display.startswith("\u2212") == (minor < 0)


@pytest.mark.parametrize(
    ("amount_minor", "rate_bp", "portion"),
    [
        (1000, 1000, 100),
        (5, 1000, 0),  # 0.5 goes to the even 0
        (15, 1000, 2),  # 1.5 goes to the even 2
        (25, 1000, 2),  # 2.5 goes to the even 2
        (-25, 1000, -2),
        (1, 5000, 0),
        (3, 5000, 2),
        (9_999, 1, 1),
        (999, 0, 0),
        (999, 10_000, 999),
    ],
)
def test_portion_is_rounded_half_to_even(amount_minor: int, rate_bp: int, portion: int) -> None:
    assert portion_bp(amount_minor, rate_bp) == portion


@given(amount_minor=st.integers(-(10**13), 10**13), rate_bp=st.integers(0, 10_000))
def test_portion_equals_decimal_arithmetic_and_is_symmetric(amount_minor: int, rate_bp: int) -> None:
    exact = Decimal(amount_minor) * rate_bp / 10_000
    assert portion_bp(amount_minor, rate_bp) == int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    assert portion_bp(-amount_minor, rate_bp) == -portion_bp(amount_minor, rate_bp)


@given(numerator=st.integers(-(10**20), 10**20), denominator=st.integers(1, 10**12))
def test_division_equals_rounding_of_the_exact_fraction(numerator: int, denominator: int) -> None:
    assert divide_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


def test_division_by_zero_or_less_is_refused() -> None:
    for denominator in (0, -1):
        with pytest.raises(ValueError, match="positive"):
            divide_half_even(1, denominator)


@pytest.mark.parametrize(
    ("total", "given_weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (1, [1, 1], [1, 0]),
        (0, [3, 0], [0, 0]),
        (10, [0, 1, 0], [0, 10, 0]),
        (7, [1, 2, 4], [1, 2, 4]),
        (5, [2, 3, 1], [2, 2, 1]),  # 1.67, 2.5, 0.83: the largest remainders get the two units
        (2, [1, 10**11], [0, 2]),
    ],
)
def test_split_gives_left_units_to_the_largest_remainders(
    total: int, given_weights: list[int], parts: list[int]
) -> None:
    assert split_by_largest_remainder(total, given_weights) == parts


@given(total=amounts, given_weights=weights)
def test_split_adds_up_and_stays_within_one_unit_of_the_exact_share(total: int, given_weights: list[int]) -> None:
    parts = split_by_largest_remainder(total, given_weights)
    assert sum(parts) == total
    assert len(parts) == len(given_weights)
    for part, weight in zip(parts, given_weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(given_weights))) < 1
        assert part == 0 or weight > 0


@given(total=amounts, given_weights=weights)
def test_split_never_gives_the_smaller_weight_more(total: int, given_weights: list[int]) -> None:
    parts = split_by_largest_remainder(total, given_weights)
    for (weight, part), (next_weight, next_part) in pairwise(sorted(zip(given_weights, parts, strict=True))):
        assert weight == next_weight or part <= next_part


@given(total=st.integers(0, 1000), count=st.integers(1, 40))
def test_split_of_equal_weights_favours_the_lower_index(total: int, count: int) -> None:
    parts = split_by_largest_remainder(total, [7] * count)
    assert parts == sorted(parts, reverse=True)
    assert parts[0] - parts[-1] <= 1


@pytest.mark.parametrize(("total", "given_weights"), [(1, []), (0, [0, 0]), (1, [0]), (-1, [1]), (1, [2, -1])])
def test_split_without_positive_weight_or_of_a_negative_is_refused(total: int, given_weights: list[int]) -> None:
    with pytest.raises(ValueError, match="must"):
        split_by_largest_remainder(total, given_weights)


@given(data=st.data(), total=amounts, whole=st.integers(1, 10**6))
def test_parts_of_a_full_refund_add_up_to_the_whole_whatever_the_steps(
    data: st.DataObject, total: int, whole: int
) -> None:
    stops = sorted(data.draw(st.lists(st.integers(0, whole), max_size=12)))
    steps = list(pairwise([0, *stops, whole]))
    parts = [cumulative_part(total, before, after, whole) for before, after in steps]
    assert sum(parts) == total
    for part, (before, after) in zip(parts, steps, strict=True):
        assert part >= 0
        assert abs(part - Fraction(total * (after - before), whole)) <= 1


def test_three_refunds_of_one_third_take_one_hundred_exactly() -> None:
    assert [cumulative_part(100, step, step + 1, 3) for step in range(3)] == [33, 34, 33]


@pytest.mark.parametrize(("before", "after", "whole"), [(0, 4, 3), (2, 1, 3), (-1, 1, 3), (0, 0, 0)])
def test_refund_beyond_the_whole_or_backwards_is_refused(before: int, after: int, whole: int) -> None:
    with pytest.raises(ValueError, match="must"):
        cumulative_part(100, before, after, whole)
