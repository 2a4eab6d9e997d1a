"""Real servers without set-up: what DATABASE_URL and REDIS_URL do not name is started here and shared by all processes.

Sharing rests on two file locks, since the kernel releases those of a killed process. Whoever uses the servers holds
`servers.lock` shared; whoever starts or stops them holds `start.lock` alone. The last one out finds the
other lock free.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import make_url

from app.platform.embedded_host import EmbeddedServerError, find_place, prepare_home
from app.platform.embedded_postgres import DATABASE, OWNER_ROLE, PORT, SERVING_ROLE, Postgres, find_postgres
from app.platform.embedded_valkey import Valkey, find_valkey
from app.platform.settings import Settings

__all__ = ["EmbeddedServerError", "Servers", "normalise_database_url", "running_servers"]

START_LOCK_SECONDS = 180.0


@dataclass(frozen=True)
class Servers:
    """Where the servers are: the application role's URL, the migrating owner's, and Valkey's or Redis's.

    The owner's is empty where the settings name a database without its owner: somebody else migrates that one.
    """

    database_url: str
    database_owner_url: str
    redis_url: str

    @property
    def serving_role(self) -> str:
        """The role that migrations grant to: the one that DATABASE_URL signs in as."""
        return make_url(self.database_url).username or SERVING_ROLE


@contextmanager
def running_servers(settings: Settings) -> Iterator[Servers]:
    """Servers for as long as the context lasts: those of the settings, and our own for what they leave out.

    Our own outlive a killed program and are reused by the next; the last program that leaves in order stops them.
    Blocks while they start (about two seconds the first time). Raises: EmbeddedServerError.
    """
    if settings.database_owner_url and not settings.database_url:
        raise EmbeddedServerError("DATABASE_OWNER_URL is set without DATABASE_URL: set both, or neither.")
    if settings.database_owner_url and _role(settings.database_owner_url) == _role(settings.database_url):
        raise EmbeddedServerError(
            "DATABASE_URL and DATABASE_OWNER_URL sign in as the same role: row level security does not stop an owner. "
            "Give the application a role of its own."
        )
    if settings.database_url and settings.redis_url:
        yield _servers(settings, postgres=None, valkey=None)
        return
    prepare_home(settings.app_home)
    with _open_lock(settings.app_home / "start.lock") as start, _open_lock(settings.app_home / "servers.lock") as users:
        postgres = valkey = None
        try:
            with _held(start):
                fcntl.flock(users, fcntl.LOCK_SH)
                place = find_place(settings.app_home)
                if not settings.database_url:
                    postgres = find_postgres(place, settings.pg_bindir)
                    postgres.ensure_running()
                if not settings.redis_url:
                    valkey = find_valkey(place)
                    valkey.ensure_running()
            yield _servers(settings, postgres=postgres, valkey=valkey)
        finally:
            with _held(start):
                fcntl.flock(users, fcntl.LOCK_UN)
                if _taken(users):
                    _stop(postgres, valkey)


def normalise_database_url(url: str) -> str:
    """The URL with the driver that this program uses; `postgres://` and `postgresql://` are what people write.

    Raises: ValueError for another database or driver.
    """
    parsed = make_url(url)
    if parsed.drivername not in ("postgres", "postgresql", "postgresql+asyncpg"):
        raise ValueError(f"A database URL begins with postgresql://, not with {parsed.drivername}://")
    query = {("ssl" if name == "sslmode" else name): value for name, value in parsed.query.items()}
    return parsed.set(drivername="postgresql+asyncpg", query=query).render_as_string(hide_password=False)


def _role(url: str) -> str:
    return make_url(normalise_database_url(url)).username or ""


def _servers(settings: Settings, *, postgres: Postgres | None, valkey: Valkey | None) -> Servers:
    if postgres:
        # The port is named since PGPORT in the environment would otherwise choose another socket.
        at = f"/{DATABASE}?host={quote(str(postgres.socket_directory), safe='/')}&port={PORT}"
        database_url = f"postgresql+asyncpg://{SERVING_ROLE}@{at}"
        owner_url = f"postgresql+asyncpg://{OWNER_ROLE}@{at}"
    else:
        database_url = normalise_database_url(settings.database_url)
        # Never the serving role's: it would own what it creates, and row level security does not stop an owner.
        owner_url = normalise_database_url(settings.database_owner_url) if settings.database_owner_url else ""
    redis_url = f"unix://{quote(str(valkey.socket_path), safe='/')}?db=0" if valkey else settings.redis_url
    return Servers(database_url=database_url, database_owner_url=owner_url, redis_url=redis_url)


@contextmanager
def _open_lock(path: Path) -> Iterator[int]:
    """A descriptor to lock on; children do not inherit it. Closing it releases the lock."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise EmbeddedServerError(
            f"{path} cannot be opened ({error.strerror}): does another user's program use this APP_HOME? "
            "Set APP_HOME to a folder of yours."
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _held(lock: int) -> Iterator[None]:
    """Hold the lock alone. Raises: EmbeddedServerError when another program keeps it too long."""
    deadline = time.monotonic() + START_LOCK_SECONDS
    while not _taken(lock):
        if time.monotonic() > deadline:
            raise EmbeddedServerError("Another program has been starting or stopping the servers for three minutes.")
        time.sleep(0.02)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _taken(lock: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _stop(postgres: Postgres | None, valkey: Valkey | None) -> None:
    """Stop both, also when stopping the first fails."""
    try:
        if valkey:
            valkey.stop()
    finally:
        if postgres:
            postgres.stop()
