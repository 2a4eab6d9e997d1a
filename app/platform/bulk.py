"""Many rows at once, by COPY, with row level security in force.

PostgreSQL lets nobody but a table's owner COPY into a table with row level security, and the owner would not be held
to it: he could write any brand's rows. So the serving role copies into a temporary table of its own transaction, which
nobody else sees and no policy guards, and the rows go on from there by INSERT … SELECT, where the policy, the keys and
the checks look at each of them as at any other row. The detour costs less than a tenth of what they do.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, cast

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.platform.db import BrandSession
from app.platform.tables import Base

Row = Mapping[str, Any]


class Heap:
    """Rows of many tables, gathered until they are copied."""

    def __init__(self) -> None:
        self.rows: dict[type[Base], list[tuple[Any, ...]]] = {}
        self.size = 0

    def add(self, kind: type[Base], rows: Iterable[Row]) -> None:
        """Put rows on the heap; each gives every column. Raises: KeyError for one that does not."""
        plain = _plain(kind)
        held = self.rows.setdefault(kind, [])
        before = len(held)
        held.extend(map(plain, rows))
        self.size += len(held) - before


async def lift_time_limit(session: BrandSession) -> None:
    """Let the statements of this transaction take as long as they need."""
    await session.execute(sa.text("SET LOCAL statement_timeout = 0"))


async def join_by_hash(session: BrandSession) -> None:
    """Let the planner join whole tables of this transaction as such.

    Its statistics know nothing of rows that were just written: it would take them for a handful, and look each one up
    in a loop over the others.
    """
    await session.execute(sa.text("SET LOCAL enable_nestloop = off"))
    await session.execute(sa.text("SET LOCAL work_mem = '64MB'"))


async def copy_in(session: BrandSession, heap: Heap) -> None:
    """Write all rows of a heap, in an order that foreign keys allow."""
    kinds = {cast("sa.Table", kind.__table__): kind for kind in heap.rows}
    for table in Base.metadata.sorted_tables:
        if table in kinds and heap.rows[kinds[table]]:
            await _copy(session, table, heap.rows[kinds[table]])


async def _copy(session: BrandSession, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    stage, columns = f"bulk_{table.name}", [column.name for column in table.columns]
    names, dialect = ", ".join(f'"{name}"' for name in columns), session.get_bind().dialect
    types = ", ".join(f'"{column.name}" {column.type.compile(dialect)}' for column in table.columns)
    await session.execute(sa.text(f'CREATE TEMPORARY TABLE IF NOT EXISTS "{stage}" ({types}) ON COMMIT DROP'))
    connection = await (await session.connection()).get_raw_connection()
    driver: Any = connection.driver_connection
    await driver.copy_records_to_table(stage, records=rows, columns=columns, schema_name="pg_temp")
    await session.execute(
        sa.text(f'INSERT INTO "{table.name}" ({names}) SELECT {names} FROM "{stage}"')  # noqa: S608 - our own names
    )
    await session.execute(sa.text(f'TRUNCATE "{stage}"'))


@cache
def _plain(kind: type[Base]) -> Callable[[Row], tuple[Any, ...]]:
    """A row's values in the order of its table's columns, as the driver takes them."""
    table = cast("sa.Table", kind.__table__)
    values = cast("Callable[[Row], tuple[Any, ...]]", itemgetter(*(column.name for column in table.columns)))
    texts = [at for at, column in enumerate(table.columns) if isinstance(column.type, JSONB)]
    if not texts:
        return values

    def with_json(row: Row) -> tuple[Any, ...]:
        found = list(values(row))
        for at in texts:
            found[at] = None if found[at] is None else orjson.dumps(found[at]).decode()
        return tuple(found)

    return with_json
