"""Lines, discounts, freight and totals agree to the cent; order numbers are random and catch typing errors."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trade.rules import (
    check_lines,
    is_order_number,
    merge_lines,
    order_number,
    order_totals,
    price_lines,
    split_discount,
)
from app.trade.values import (
    Discount,
    LineRequest,
    LineToPrice,
    OrderTotals,
    PricedLine,
)

HAT, COAT = UUID(int=1), UUID(int=2)


def line(quantity: int, unit_price_minor: int, sku: UUID = HAT, fixed: int | None = None) -> LineToPrice:
    return LineToPrice(sku, quantity, unit_price_minor, fixed)


def test_equal_skus_are_merged_where_they_first_stood() -> None:
    lines = [LineRequest(COAT, 1), LineRequest(HAT, 2), LineRequest(COAT, 3)]
    assert merge_lines(lines) == [LineRequest(COAT, 4), LineRequest(HAT, 2)]


@pytest.mark.parametrize(
    ("lines", "problems"),
    [
        ([LineRequest(HAT, 1)], []),
        ([LineRequest(HAT, 99)], []),
        ([], [("lines", "REQUIRED")]),
        ([LineRequest(HAT, 0)], [("lines.0.quantity", "OUT_OF_RANGE")]),
        ([LineRequest(HAT, 100)], [("lines.0.quantity", "OUT_OF_RANGE")]),
        ([LineRequest(COAT, 1), LineRequest(HAT, -1)], [("lines.1.quantity", "OUT_OF_RANGE")]),
        ([LineRequest(HAT, 5), LineRequest(HAT, -4)], [("lines.1.quantity", "OUT_OF_RANGE")]),
        (
            [LineRequest(HAT, 60), LineRequest(COAT, 1), LineRequest(HAT, 40)],
            [("lines.0.quantity", "OUT_OF_RANGE"), ("lines.2.quantity", "OUT_OF_RANGE")],
        ),
        ([LineRequest(UUID(int=number), 1) for number in range(50)], []),
        ([LineRequest(UUID(int=number), 1) for number in range(51)], [("lines", "TOO_MANY")]),
        ([LineRequest(HAT, 1)] * 51, []),
    ],
)
def test_every_line_that_cannot_be_ordered_is_named(lines: list[LineRequest], problems: list[tuple[str, str]]) -> None:
    assert check_lines(lines) == problems


def test_basket_really_bought_may_hold_any_quantity_but_none_below_one() -> None:
    assert check_lines([LineRequest(HAT, 89_638)], largest_quantity=None) == []
    assert check_lines([LineRequest(HAT, 0)], largest_quantity=None) == [("lines.0.quantity", "OUT_OF_RANGE")]


def test_price_without_discount_is_quantity_times_unit_price() -> None:
    assert price_lines([line(3, 1_290)]) == [PricedLine(HAT, 3, 1_290, 3_870, 0, 3_870)]
    assert price_lines([]) == []


def test_fixed_total_stands_in_for_the_product() -> None:
    assert price_lines([line(3, 333, fixed=1_000)]) == [PricedLine(HAT, 3, 333, 1_000, 0, 1_000)]
    assert price_lines([line(3, 333, fixed=0)])[0].total_minor == 0


def test_discount_is_spread_over_the_lines_to_the_cent() -> None:
    priced = price_lines([line(1, 1_000), line(1, 1_000, COAT), line(1, 1_000)], [Discount("spring", 100)])
    assert [part.discount_minor for part in priced] == [34, 33, 33]
    assert order_totals(priced, 1_000) == OrderTotals(3_000, 100, 1_000, 3_900)
    assert order_totals(priced, 1_000).goods_minor == 2_900


def test_second_discount_works_on_what_is_left_and_none_goes_below_zero() -> None:
    priced = price_lines([line(1, 100), line(1, 300, COAT)], [Discount("a", 200), Discount("b", 999)])
    assert [part.total_minor for part in priced] == [0, 0]
    assert [part.discount_minor for part in priced] == [100, 300]
    assert split_discount(50, [0, 0]) == [0, 0]
    assert split_discount(0, [5, 5]) == [0, 0]
    assert split_discount(10, []) == []


@pytest.mark.parametrize("bad", [line(0, 100), line(-1, 100), line(1, -1), line(1, 1, fixed=-1)])
def test_line_without_pieces_or_below_zero_is_refused(bad: LineToPrice) -> None:
    with pytest.raises(ValueError, match="at least"):
        price_lines([bad])
    with pytest.raises(ValueError, match="negative"):
        price_lines([line(1, 1)], [Discount("x", -1)])


lines_to_price = st.lists(
    st.builds(
        LineToPrice,
        sku_id=st.uuids(),
        quantity=st.integers(1, 99),
        unit_price_minor=st.integers(0, 10**11),
        fixed_total_minor=st.none() | st.integers(0, 10**11),
    ),
    min_size=1,
    max_size=50,
)
offs = st.lists(st.integers(0, 10**13).map(lambda amount: Discount("off", amount)), max_size=4)


@given(lines=lines_to_price, discounts=offs, freight=st.integers(0, 10_000))
def test_lines_discounts_and_totals_agree_to_the_cent(
    lines: list[LineToPrice], discounts: list[Discount], freight: int
) -> None:
    priced = price_lines(lines, discounts)
    for part in priced:
        assert part.total_minor == part.subtotal_minor - part.discount_minor
        assert 0 <= part.discount_minor <= part.subtotal_minor
    totals = order_totals(priced, freight)
    given_off = min(sum(discount.amount_minor for discount in discounts), totals.subtotal_minor)
    assert totals.discount_minor == given_off
    assert totals.goods_minor == sum(part.total_minor for part in priced)
    assert totals.total_minor == totals.subtotal_minor - totals.discount_minor + freight


def test_smallest_number_ends_in_the_check_digit_worked_out_by_hand() -> None:
    """In Damm's table 1 leads from row 0 to row 3; from there each of the ten zeros leads to the row in column 0."""
    number = order_number(bytes(8))
    assert number[:11] == "10000000000"
    running = 3
    for _ in range(10):
        running = (0, 7, 4, 1, 6, 3, 5, 8, 9, 2)[running]
    assert number[11] == str(running)


@given(random_bytes=st.binary(min_size=8, max_size=32))
def test_order_number_has_twelve_digits_without_leading_zero(random_bytes: bytes) -> None:
    number = order_number(random_bytes)
    assert len(number) == 12
    assert number.isdigit()
    assert number[0] != "0"
    assert is_order_number(number)


@given(random_bytes=st.binary(min_size=8, max_size=8), place=st.integers(0, 11), wrong=st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(random_bytes: bytes, place: int, wrong: int) -> None:
    number = order_number(random_bytes)
    digit = str((int(number[place]) + wrong) % 10)
    assert not is_order_number(number[:place] + digit + number[place + 1 :])


@given(random_bytes=st.binary(min_size=8, max_size=8), place=st.integers(0, 10))
def test_swapped_neighbours_are_always_noticed(random_bytes: bytes, place: int) -> None:
    number = order_number(random_bytes)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert is_order_number(swapped) == (swapped == number)


def test_other_text_is_no_order_number_and_few_random_bytes_are_refused() -> None:
    for text in ("", "12345678901", "1234567890123", "01234567890a", "１２３４５６７８９０１２", "000000000000"):
        assert not is_order_number(text)
    genuine = order_number(bytes(8))
    assert is_order_number(genuine)
    assert not is_order_number("".join(chr(ord(digit) + 0xFEE0) for digit in genuine))  # full-width
    with pytest.raises(ValueError, match="8 random bytes"):
        order_number(bytes(7))
