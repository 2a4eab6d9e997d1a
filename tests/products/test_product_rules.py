"""What may be sold, at which price, how stock is corrected, and where a product stands on a shelf."""

import re
from dataclasses import dataclass
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.products.arrangement_rules import changed_place, position_problem
from app.products.rules import (
    HIGHEST_PRICE_MINOR,
    MOST_PIECES,
    adjustment_problem,
    cheapest,
    cover_problem,
    first_taken,
    merged_lines,
    price_problem,
    sku_count_problem,
    sku_problem,
    slug_of,
)
from app.products.values import KEEP, UNTOUCHED, NewSku, Problem, ShelfChange, ShelfPlace, StockLine

HAT, COAT = UUID(int=1), UUID(int=2)
PATH = ("skus", "0")


def sku(**changes: object) -> NewSku:
    fields: dict[str, object] = {
        "name": "Red",
        "code": "HAT-1",
        "barcode": None,
        "price_minor": 1_290,
        "market_price_minor": None,
        "stock": 5,
    }
    return NewSku(**(fields | changes))  # type: ignore[arg-type]


def refused(problem: Problem | None) -> tuple[str, tuple[str, ...]] | None:
    return None if problem is None else (problem.key, problem.path)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"code": "a"}, None),
        ({"code": "A" * 40}, None),
        ({"code": "A" * 41}, ("sku_code_form", (*PATH, "code"))),
        ({"code": ""}, ("sku_code_form", (*PATH, "code"))),
        ({"code": "-A"}, ("sku_code_form", (*PATH, "code"))),
        ({"code": "A B"}, ("sku_code_form", (*PATH, "code"))),
        ({"code": "帽子"}, ("sku_code_form", (*PATH, "code"))),
        ({"code": "A\n"}, ("sku_code_form", (*PATH, "code"))),
        ({"barcode": "6901234567892"}, None),
        ({"barcode": "123"}, ("barcode_form", (*PATH, "barcode"))),
        ({"barcode": "６９０１"}, ("barcode_form", (*PATH, "barcode"))),
        ({"price_minor": 1}, None),
        ({"price_minor": 0}, ("number_range", (*PATH, "priceMinor"))),
        ({"price_minor": HIGHEST_PRICE_MINOR}, None),
        ({"price_minor": HIGHEST_PRICE_MINOR + 1}, ("number_range", (*PATH, "priceMinor"))),
        ({"market_price_minor": 1_290}, None),
        ({"market_price_minor": 1_289}, ("market_price_below_price", (*PATH, "marketPriceMinor"))),
        ({"market_price_minor": HIGHEST_PRICE_MINOR + 1}, ("number_range", (*PATH, "marketPriceMinor"))),
        ({"stock": 0}, None),
        ({"stock": -1}, ("number_range", (*PATH, "stock"))),
        ({"stock": MOST_PIECES + 1}, ("number_range", (*PATH, "stock"))),
    ],
)
def test_first_fault_of_a_sku_is_named(
    changes: dict[str, object], expected: tuple[str, tuple[str, ...]] | None
) -> None:
    assert refused(sku_problem(sku(**changes), PATH)) == expected


@given(price=st.integers(-5, HIGHEST_PRICE_MINOR + 5), market=st.none() | st.integers(-5, HIGHEST_PRICE_MINOR + 5))
def test_price_passes_exactly_inside_its_bounds_and_below_its_market_price(price: int, market: int | None) -> None:
    fits = 1 <= price <= HIGHEST_PRICE_MINOR and (market is None or price <= market <= HIGHEST_PRICE_MINOR)
    assert (price_problem(price, market, PATH) is None) == fits


def test_product_has_one_to_a_hundred_skus() -> None:
    assert [sku_count_problem(number, ()) is None for number in (0, 1, 100, 101)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        (None, True),
        ("https://cdn.example.com/a/b.png?x=1", True),
        ("https://cdn.example.com", True),
        ("https://cdn.example.com:8443/a", True),
        ("/media/covers/hat-1.svg", True),
        ("http://cdn.example.com/a.png", False),
        ("//cdn.example.com/a.png", False),
        ("javascript:alert(1)", False),
        ("data:image/png;base64,AA", False),
        ("https://user@evil.example/a", False),
        ('https://a.example/"onerror=', False),
        ("https://a.example/a b", False),
        ("https://a.example/a\n", False),
        ("/media/../secrets/key", False),
        ("/media/.hidden", False),
        ("/media/", False),
        ("/static/a.png", False),
        ("", False),
        ("https://a.example/" + "x" * 483, False),
    ],
)
def test_cover_is_https_or_our_own_media(url: str | None, fits: bool) -> None:
    assert (cover_problem(url, ()) is None) == fits


def test_code_or_barcode_taken_before_or_in_the_same_input_is_named() -> None:
    skus = [sku(code="A", barcode="1111"), sku(code="B"), sku(code="C"), sku(code="A", barcode="2222")]
    paths = [("skus", str(index)) for index in range(4)]

    def taken(codes: list[str], barcodes: list[str], count: int = 4) -> tuple[str, tuple[str, ...]] | None:
        return refused(first_taken(skus[:count], paths[:count], codes=codes, barcodes=barcodes))

    assert taken([], [], count=3) is None
    assert taken([], []) == ("sku_code_taken", ("skus", "3", "code"))
    assert taken(["B"], []) == ("sku_code_taken", ("skus", "1", "code"))
    assert taken([], ["1111"]) == ("barcode_taken", ("skus", "0", "barcode"))
    twins = [sku(code="A", barcode="1111"), sku(code="B", barcode="1111")]
    assert refused(first_taken(twins, paths[:2], codes=[], barcodes=[])) == (
        "barcode_taken",
        ("skus", "1", "barcode"),
    )


@given(
    on_hand=st.integers(0, MOST_PIECES), reserved=st.integers(0, MOST_PIECES), change=st.integers(-2 * 10**9, 2 * 10**9)
)
def test_correction_leaves_what_is_reserved_and_stays_in_bounds(on_hand: int, reserved: int, change: int) -> None:
    reserved = min(reserved, on_hand)
    problem = adjustment_problem(on_hand=on_hand, reserved=reserved, change=change)
    fits = change != 0 and reserved <= on_hand + change <= MOST_PIECES
    assert (problem is None) == fits
    if problem is not None and problem.key == "stock_below_reserved":
        assert problem.facts["available"] == on_hand - reserved


def test_correction_to_exactly_what_is_reserved_is_the_last_allowed() -> None:
    assert adjustment_problem(on_hand=10, reserved=4, change=-6) is None
    assert refused(adjustment_problem(on_hand=10, reserved=4, change=-7)) == ("stock_below_reserved", ("change",))
    assert refused(adjustment_problem(on_hand=10, reserved=4, change=0)) == ("stock_change_zero", ("change",))


def test_position_is_one_to_9999_or_none() -> None:
    fitting = [position_problem(position) is None for position in (None, 1, 9_999, 0, -1, 10_000)]
    assert fitting == [True, True, True, False, False, False]


def test_shelf_change_touches_only_what_it_names() -> None:
    place = ShelfPlace(is_featured=True, is_hidden=False, position=3, badge="New")
    assert changed_place(place, ShelfChange(), ()) == place
    assert changed_place(place, ShelfChange(is_hidden=True), ()) == ShelfPlace(True, True, 3, "New")
    assert changed_place(place, ShelfChange(position=None, badge=None), ()) == ShelfPlace(True, False, None, None)
    assert changed_place(UNTOUCHED, ShelfChange(is_featured=True, position=1), ()) == ShelfPlace(True, False, 1, None)


places = st.builds(
    ShelfPlace, st.booleans(), st.booleans(), st.none() | st.integers(1, 9_999), st.none() | st.text(max_size=12)
)
changes = st.builds(
    ShelfChange,
    is_featured=st.just(KEEP) | st.booleans(),
    is_hidden=st.just(KEEP) | st.booleans(),
    position=st.just(KEEP) | st.none() | st.integers(1, 9_999),
    badge=st.just(KEEP) | st.none() | st.text(max_size=12),
)


@given(place=places, change=changes)
def test_shelf_change_made_twice_is_made_once(place: ShelfPlace, change: ShelfChange) -> None:
    once = changed_place(place, change, ())
    assert changed_place(once, change, ()) == once
    for field in ("is_featured", "is_hidden", "position", "badge"):
        wanted = getattr(change, field)
        assert getattr(once, field) == (getattr(place, field) if wanted is KEEP else wanted)


lines = st.lists(st.builds(StockLine, st.sampled_from([UUID(int=number) for number in range(8)]), st.integers(1, 99)))


@given(wanted=lines)
def test_merged_lines_hold_every_piece_once_a_sku_in_one_order_of_locking(wanted: list[StockLine]) -> None:
    merged = merged_lines(wanted)
    keys = [line.sku_id.hex for line in merged]
    assert keys == sorted(set(keys))
    assert sum(line.quantity for line in merged) == sum(line.quantity for line in wanted)
    assert merged == merged_lines(reversed(wanted))
    assert merged == merged_lines(merged)


def test_stock_line_without_pieces_is_refused() -> None:
    for quantity in (0, -1):
        with pytest.raises(ValueError, match="at least one"):
            merged_lines([StockLine(HAT, 1), StockLine(HAT, quantity)])


@dataclass(frozen=True)
class Tag:
    name: str
    price_minor: int


def test_product_shows_its_lowest_price_and_of_equal_ones_the_first() -> None:
    assert cheapest([Tag("a", 3), Tag("b", 1), Tag("c", 1)]) == Tag("b", 1)
    assert cheapest([]) is None


@given(number=st.integers(0, 2**64))
def test_slug_is_ten_letters_that_nobody_mixes_up(number: int) -> None:
    slug = slug_of(number)
    assert re.fullmatch(r"[a-z0-9]{8,}", slug)
    assert len(slug) == 10
    assert not set(slug) & set("01ilo")


@given(first=st.integers(0, 31**10 - 1), second=st.integers(0, 31**10 - 1))
def test_different_numbers_give_different_slugs(first: int, second: int) -> None:
    assert (slug_of(first) == slug_of(second)) == (first == second)
