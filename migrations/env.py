"""How migrations run: as the owner role, one transaction each, giving way to the traffic of a live database."""

import asyncio

import sqlalchemy as sa
from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.platform.embedded import normalise_database_url
from app.platform.settings import load_settings
from app.platform.tables import import_models

LOCK_TIMEOUT = "5s"
"""A migration that cannot have its lock soon gives up: behind one that waits, every request of the table waits too."""

ONE_AT_A_TIME = 7_340_112_950
"""Number of the advisory lock that lets two programs, started together, migrate one after the other."""


def database_url() -> str:
    """The caller's URL, that of the command line, or that of the settings, in this order."""
    given = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True).get("url")
    url = given or load_settings().database_owner_url
    if not url:
        raise SystemExit("No database: set DATABASE_OWNER_URL or give -x url=…")
    return normalise_database_url(url)


def migrate(connection: sa.Connection) -> None:
    connection.execute(sa.text("SELECT pg_advisory_lock(:number)"), {"number": ONE_AT_A_TIME})
    connection.execute(sa.text("SELECT set_config('lock_timeout', :value, false)"), {"value": LOCK_TIMEOUT})
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=import_models(),
        transaction_per_migration=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_migrate() -> None:
    engine = create_async_engine(database_url(), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


if context.is_offline_mode():
    raise SystemExit("Migrations run against a database; there is no --sql mode.")
asyncio.run(connect_and_migrate())
