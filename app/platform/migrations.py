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


def granted_role(op: Operations) -> str:
    """The serving role, quoted for a GRANT; for use in migrations, with alembic's `op`."""
    context = op.get_context()
    config = context.environment_context.config if context.environment_context else None
    role = str(config.attributes.get("serving_role", SERVING_ROLE)) if config else SERVING_ROLE
    return context.dialect.identifier_preparer.quote(role)


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
