"""Migrations from inside the program: bring a database up to date, and compare it with the models."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.platform.embedded import normalise_database_url
from app.platform.embedded_postgres import SERVING_ROLE
from app.platform.tables import import_models

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

T = TypeVar("T")


def upgrade(owner_url: str, *, serving_role: str = SERVING_ROLE) -> None:
    """Run every migration that the database does not have yet, each in its own transaction, as its owner.

    Blocks. `serving_role` is the role that the application signs in as; migrations grant to it.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = owner_url
    config.attributes["serving_role"] = serving_role
    _in_thread(lambda: command.upgrade(config, "head"))


def check(owner_url: str) -> list[str]:
    """What differs between the migrated database and the models, one line each; empty when they agree. Blocks."""
    return _in_thread(lambda: asyncio.run(_differences(owner_url)))


class NotServable(RuntimeError):
    """The application must not work on this database as this role; the message says why and what to do."""


def check_serving(database_url: str) -> None:
    """See that the database is migrated and that its row level security stops the role of `database_url`.

    Blocks. Raises: NotServable.
    """
    _in_thread(lambda: asyncio.run(_check_serving(database_url)))


def granted_role(op: Operations) -> str:
    """The serving role, quoted for a GRANT; for use in migrations, with alembic's `op`."""
    context = op.get_context()
    config = context.environment_context.config if context.environment_context else None
    role = str(config.attributes.get("serving_role", SERVING_ROLE)) if config else SERVING_ROLE
    return context.dialect.identifier_preparer.quote(role)


async def _check_serving(database_url: str) -> None:
    engine = create_async_engine(normalise_database_url(database_url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            role, is_above, owns = (await connection.execute(_ROLE)).one()
    finally:
        await engine.dispose()
    if owns is None:
        raise NotServable("the database has no tables yet: run `python -m app migrate` with DATABASE_OWNER_URL")
    if is_above or owns:
        why = "owns the tables" if owns and not is_above else "is a superuser or has BYPASSRLS"
        raise NotServable(
            f"the role {role} of DATABASE_URL {why}, so that row level security would not keep brands apart: "
            "name an ordinary role there, and the owner in DATABASE_OWNER_URL"
        )


_ROLE = sa.text(
    "SELECT r.rolname, r.rolsuper OR r.rolbypassrls, pg_has_role(c.relowner, 'USAGE') FROM pg_roles r "
    "LEFT JOIN pg_class c ON c.oid = to_regclass('outbox') WHERE r.rolname = current_user"
)


async def _differences(owner_url: str) -> list[str]:
    engine = create_async_engine(normalise_database_url(owner_url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_compare)
    finally:
        await engine.dispose()


def _compare(connection: sa.Connection) -> list[str]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found: list[Any] = compare_metadata(context, import_models())
    return [" ".join(str(part) for part in item) if isinstance(item, tuple) else str(item) for item in found]


def _in_thread(work: Callable[[], T]) -> T:
    """The migrations have an event loop of their own, so they cannot share the thread of one that runs."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(work).result()
