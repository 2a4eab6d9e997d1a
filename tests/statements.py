"""Every statement of every `Database` that tests make is read: tenant tables stand under the brand of the transaction.

`count_statements` gives the statements of a block, for tests that pin how many there are.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import sqlalchemy as sa

from app.platform.db import Database
from app.platform.tables import import_models
from tests import sql_scopes

_BRAND = "statement_guard.brand"
_guarded = ContextVar("guarded", default=True)
_breaches: list[str] = []


def guard_every_database() -> None:
    """From now on each new `Database` is watched; call once, before the first is made."""
    make = Database.__init__

    def make_watched(self: Database, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        engine = self.engine.sync_engine
        sa.event.listen(engine, "before_cursor_execute", _watch)
        for moment in ("begin", "commit", "rollback"):
            sa.event.listen(engine, moment, _forget_brand)

    Database.__init__ = make_watched  # type: ignore[method-assign]


@cache
def tenant_tables() -> frozenset[str]:
    """The names of all tenant tables. Every statement asks, and looking for models reads the disk."""
    return frozenset(table.name for table in import_models().tables.values() if table.info.get("tenant"))


def take_breaches() -> list[str]:
    """What was found since the last call."""
    found = _breaches[:]
    _breaches.clear()
    return found


@contextmanager
def unguarded() -> Iterator[None]:
    """For a block that breaks the rules on purpose, to see what the database says to it."""
    token = _guarded.set(False)
    try:
        yield
    finally:
        _guarded.reset(token)


@asynccontextmanager
async def count_statements(database: Database) -> AsyncIterator[list[str]]:
    """The statements that run on a database within the block, in order; naming the brand is not counted.

    BEGIN, COMMIT and ROLLBACK do not come by here. An executemany is one statement. Counts whoever uses the engine.
    """
    seen: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
        if "set_config('app.brand'" not in statement:
            seen.append(statement)

    engine = database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def problems_of(statement: str, parameters: Any, brand: str | None) -> list[str]:
    """What is wrong with a statement in a transaction that named `brand`; none: it named nobody."""
    reading = sql_scopes.read(statement, tenant_tables())
    problems = list(reading.problems)
    if reading.names_tenants and brand is None:
        problems.append("no brand was named in this transaction")
    for row in parameters if isinstance(parameters, list) else [parameters]:
        for written in sorted(reading.brands):
            value = str(row[int(written[1:]) - 1]) if written.startswith("$") else written.strip("'")
            if brand is not None and value != brand:
                problems.append(f"{written} is brand {value}, the transaction is of {brand}")
    return problems


def _watch(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
    if not _guarded.get():
        return
    named = conn.info.get(_BRAND)
    if "set_config('app.brand'" in statement:
        brand = str(parameters[0])
        if named not in (None, brand):
            _breaches.append(f"a second brand, {brand}, in a transaction of {named}")
        conn.info[_BRAND] = brand
        return
    _breaches.extend(
        f"{problem}: {' '.join(statement.split())}" for problem in problems_of(statement, parameters, named)
    )


def _forget_brand(conn: Any) -> None:
    if not conn.invalidated:
        conn.info.pop(_BRAND, None)
