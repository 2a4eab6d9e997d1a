"""Rows of several tables in one statement, whatever their number: the text never changes, so it is prepared once."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.platform.db import BrandSession
from app.platform.tables import Base

Values = Mapping[str, object]


async def insert_all(session: BrandSession, rows: Mapping[type[Base], Sequence[Values]]) -> None:
    """Insert rows into each table, all in one statement; rows of one table may refer to rows of another.

    Every row gives every column, `brand_id` included. Values: what JSON can say, and ids, instants and days.
    """
    given = {_name(kind): [_plain(row) for row in values] for kind, values in rows.items()}
    await session.execute(_statement(tuple(rows)), given)


@cache
def _statement(kinds: tuple[type[Base], ...]) -> sa.Insert:
    first, *rest = (_insert(kind) for kind in kinds)
    for number, more in enumerate(rest):
        first = first.add_cte(more.cte(f"more_{number}"))
    return first


def _insert(kind: type[Base]) -> sa.Insert:
    table = cast(sa.Table, kind.__table__)
    columns = [sa.column(column.name, column.type) for column in table.columns]
    source = (
        sa.func.jsonb_to_recordset(sa.bindparam(_name(kind), type_=JSONB))
        .table_valued(*columns, name=f"new_{table.name}")
        .render_derived(with_types=True)
    )
    return sa.insert(table).from_select(
        [column.name for column in columns], sa.select(*(source.c[column.name] for column in columns))
    )


def _name(kind: type[Base]) -> str:
    return f"rows_of_{kind.__tablename__}"


def _plain(row: Values) -> dict[str, Any]:
    return {name: _text(value) for name, value in row.items()}


def _text(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return value
