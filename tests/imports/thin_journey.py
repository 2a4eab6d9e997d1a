"""A few of the real baskets, spread over seven weeks, and some made-up ones for what is rare; for the importer's files.

Run as a program it is the importer's command line on these files: the first argument is their folder.
"""

import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.imports import complete_journey_data as data
from app.imports.complete_journey_afterwards import returned
from app.imports.complete_journey_data import Basket, BasketLine
from tests.imports import complete_journey_query as files

REAL = 40
MORNING = datetime(2017, 1, 5, 15, 0, tzinfo=UTC)
PRODUCTS = (819_063, 1_082_185)
"""Two that are sold every day."""


def write(folder: Path) -> None:
    """Write the files: baskets of households that go to several of three stores, up to the 19th of February."""
    shutil.copy(files.files() / "products.parquet", folder)
    with files.opened() as connection:
        connection.execute(_CHOSEN.format(number=REAL))
        columns = [row[0] for row in connection.execute("DESCRIBE thin").fetchall()]
        for basket in made_up():
            for line in basket.lines:
                given = {
                    "household_id": basket.household_id,
                    "store_id": basket.store_id,
                    "basket_id": basket.basket_id,
                    "product_id": line.product_id,
                    "quantity": line.quantity,
                    "sales_value": line.total_minor / 100,
                    "transaction_timestamp": basket.at.replace(tzinfo=None),
                }
                row = [given.get(name, 0) for name in columns]
                connection.execute(f"INSERT INTO thin VALUES ({', '.join('?' * len(row))})", row)
        connection.execute(f"COPY thin TO '{folder / 'transactions.parquet'}' (FORMAT parquet)")


def made_up() -> list[Basket]:
    """One that comes back whole, one of which pieces come back that cost nothing, and two scans within ten minutes."""
    whole = _such(1, MORNING, BasketLine(PRODUCTS[0], 1, 250), back=1)
    free = _such(2, MORNING + timedelta(hours=1), BasketLine(PRODUCTS[0], 3, 1), back=1)
    part = _such(3, MORNING + timedelta(hours=2), BasketLine(PRODUCTS[1], 4, 1_001), back=3)
    soon = _basket(9_400_000_000_000, part.at + timedelta(minutes=5), BasketLine(PRODUCTS[1], 1, 333))
    return [whole, free, part, soon]


def _such(number: int, at: datetime, line: BasketLine, *, back: int) -> Basket:
    """The first basket by number of which so many pieces come back."""
    basket_id = number * 1_000_000_000_000
    while True:
        basket = _basket(basket_id, at, line)
        found = returned(basket)
        if found is not None and found.lines[0][1] == back:
            return basket
        basket_id += 1


def _basket(basket_id: int, at: datetime, line: BasketLine) -> Basket:
    return Basket(basket_id, 1, 367, at, (line,))


_CHOSEN = """
CREATE TABLE thin AS
WITH basket AS (
    SELECT DISTINCT basket_id, household_id, store_id FROM transactions
    WHERE store_id IN (367, 406, 343) AND transaction_timestamp < TIMESTAMP '2017-02-20'
),
wanderer AS (SELECT household_id FROM basket GROUP BY 1 HAVING count(DISTINCT store_id) > 1)
SELECT * FROM transactions WHERE basket_id IN (
    SELECT basket_id FROM basket SEMI JOIN wanderer USING (household_id) ORDER BY md5(basket_id::VARCHAR) LIMIT {number}
)
"""


if __name__ == "__main__":
    folder = Path(sys.argv.pop(1))
    data.data_folder = lambda: folder
    from app.cli import main

    main()
