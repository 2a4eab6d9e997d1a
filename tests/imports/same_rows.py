"""Whether two brands hold the same rows: every table, every column, ids by what they stand for.

An id is known by its row, and a row by its columns and by the rows that it names. So ids are labelled in rounds: first
by what their rows say without ids, then by what they say with the labels of the round before, until a row that names a
row that names a row is told from any other. What is random, sealed, keyed by the brand or told by the wall clock
counts only as being there.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

import orjson
import sqlalchemy as sa

from app.platform.db import Brand, Database
from app.platform.models import BrandRow, DirectoryRow
from app.platform.tables import import_models

ROUNDS = 4
PASSING = {"outbox", "idempotency", "rollup_state"}
"""What the services keep for a while only, and a set-wise load does not make; when the rollups were rebuilt."""
OPAQUE = {
    ("code", "token"),
    ("customer", "name"),
    ("customer", "name_grams"),
    ("customer", "phone"),
    ("customer", "phone_hash"),
    ("customer", "phone_tail_hash"),
    ("directory", "key"),
    ("employee", "phone"),
    ("employee", "phone_hash"),
    ("orders", "number"),
    ("payment", "number"),
    ("product", "search_grams"),
    ("refund", "number"),
    ("sale", "number"),
    ("shop", "slug"),
    ("withdrawal", "accept_by"),
    ("withdrawal", "number"),
    ("withdrawal", "transaction_id"),
}
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?7[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}")

Row = dict[str, Any]


async def labelled_rows(database: Database, brand: Brand) -> dict[str, Counter[str]]:
    """The brand's rows as texts, by table; equal brands give equal ones."""
    tables = await _rows(database, brand)
    labels: dict[str, str] = {brand.id.hex: "brand"}
    for _ in range(ROUNDS):
        found = dict(labels)
        for name, rows in tables.items():
            for row in rows:
                if isinstance(row.get("id"), UUID):
                    found[row["id"].hex] = _digest(f"{name} {_text(row, labels, without='id')}")
        labels = found | {brand.id.hex: "brand"}
    return {name: Counter(_text(row, labels) for row in rows) for name, rows in tables.items()}


async def _rows(database: Database, brand: Brand) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    async with database.reading(brand) as session:
        await session.execute(sa.text("SET LOCAL statement_timeout = 0"))
        for table in import_models().sorted_tables:
            if "brand_id" in table.c and table.name not in PASSING:
                rows = await session.execute(sa.select(table).where(table.c.brand_id == brand.id))
                found[table.name] = [_shown(table.name, dict(row._mapping)) for row in rows]
        clock = sa.select(BrandRow.simulated_now).where(BrandRow.id == brand.id)
        found["brand"] = [{"simulated_now": (await session.execute(clock)).scalar_one()}]
    assert found[DirectoryRow.__tablename__]
    return found


def _shown(table: str, row: Row) -> Row:
    return {
        name: (None if value is None else "there") if _is_opaque(table, name, value) else value
        for name, value in row.items()
    }


def _is_opaque(table: str, column: str, value: object) -> bool:
    return (table, column) in OPAQUE or isinstance(value, bytes)


def _text(row: Row, labels: dict[str, str], *, without: str = "") -> str:
    plain = orjson.dumps(
        {name: value for name, value in row.items() if name != without}, default=str, option=orjson.OPT_SORT_KEYS
    ).decode()
    return _UUID.sub(lambda found: labels.get(found[0].replace("-", ""), "?"), plain)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def differences(ours: dict[str, Counter[str]], theirs: dict[str, Counter[str]]) -> Iterator[str]:
    """What one has and the other has not, a few rows a table."""
    for name in ours | theirs:
        mine, its = ours.get(name, cast("Counter[str]", Counter())), theirs.get(name, cast("Counter[str]", Counter()))
        for sign, more in (("-", mine - its), ("+", its - mine)):
            for row, times in list(more.items())[:3]:
                yield f"{sign} {name} {times}x {row[:1500]} (of {len(more)})"
