"""What one process runs on: settings, keys, database, bus, storage; opened once by the entry points and handed down."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.platform.bus import Bus
from app.platform.db import Database
from app.platform.secrets import Secrets, load_secrets
from app.platform.settings import Settings
from app.platform.storage import Storage, open_storage


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts that every entry point shares."""

    settings: Settings
    secrets: Secrets
    database: Database
    bus: Bus
    storage: Storage


@asynccontextmanager
async def open_runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Connect to the servers that `settings` names (the launcher puts the embedded ones there); close at the end."""
    secrets = load_secrets(settings)
    database = Database(settings.database_url, settings, secrets)
    bus = Bus(settings.redis_url)
    storage = open_storage(settings)
    database.on_events = bus.hint
    try:
        yield Runtime(settings=settings, secrets=secrets, database=database, bus=bus, storage=storage)
    finally:
        await database.close()
        await bus.close()
