"""The servers under the tests: started once for all workers, one migrated template, one database for each worker."""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.platform.embedded import Servers, running_servers
from app.platform.migrations import upgrade
from app.platform.settings import Settings

BYPASS_ROLE = "app_bypass"

T = TypeVar("T")


def run_aside(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end in a thread of its own, whether or not this thread has an event loop."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(lambda: asyncio.run(work())).result()


def statements(url: URL | str, *lines: str) -> list[list[tuple[Any, ...]]]:
    """Execute statements one by one outside a transaction and give each one's rows."""

    async def execute() -> list[list[tuple[Any, ...]]]:
        engine = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                done = [await connection.execute(sa.text(line)) for line in lines]
                return [[tuple(row) for row in result] if result.returns_rows else [] for result in done]
        finally:
            await engine.dispose()

    return run_aside(execute)


@dataclass(frozen=True)
class Ground:
    """One run's servers as a worker sees them. `admin_url` may create databases; embedded, it is the superuser's."""

    home: Path
    worker: str
    servers: Servers
    admin_url: URL
    is_embedded: bool

    @property
    def prefix(self) -> str:
        return self.home.name.replace("-", "_").lower()

    def url(self, base: str, database: str) -> str:
        return make_url(base).set(database=database).render_as_string(hide_password=False)

    def own_servers(self) -> Servers:
        """This worker's servers: a fresh copy of the migrated template, and a Valkey database of its own."""
        owner = make_url(self.servers.database_owner_url).username or ""
        template, own = f"{self.prefix}_template", f"{self.prefix}_{self.worker}"
        with (self.home / "template.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            [found] = statements(self.admin_url, f"SELECT 1 FROM pg_database WHERE datname = '{template}'")
            if not found:
                self._make_template(template, owner)
            statements(
                self.admin_url,
                f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)',
                f'CREATE DATABASE "{own}" TEMPLATE "{template}" OWNER "{owner}"',
            )
        return Servers(
            database_url=self.url(self.servers.database_url, own),
            database_owner_url=self.url(self.servers.database_owner_url, own),
            redis_url=self._redis_url(),
        )

    def bypass_url(self, database_url: str) -> str | None:
        """A role with the serving role's rights that no row level security stops; None if it may not be made here."""
        serving = make_url(database_url)
        password = serving.password or ""
        with (self.home / "template.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            [[(is_superuser,)], found] = statements(
                self.admin_url,
                "SELECT rolsuper FROM pg_roles WHERE rolname = current_user",
                f"SELECT 1 FROM pg_roles WHERE rolname = '{BYPASS_ROLE}'",
            )
            if not found and not is_superuser:
                return None
            if not found:
                statements(
                    self.admin_url,
                    f"CREATE ROLE {BYPASS_ROLE} LOGIN BYPASSRLS NOSUPERUSER PASSWORD '{password}'",
                    f'GRANT "{serving.username}" TO {BYPASS_ROLE}',
                )
        return serving.set(username=BYPASS_ROLE).render_as_string(hide_password=False)

    def drop_databases(self) -> None:
        """Leave a server that is not ours as it was found."""
        [rows] = statements(self.admin_url, f"SELECT datname FROM pg_database WHERE datname LIKE '{self.prefix}%'")
        statements(self.admin_url, *(f'DROP DATABASE "{name}" WITH (FORCE)' for (name,) in rows))

    def _make_template(self, template: str, owner: str) -> None:
        """Migrate under another name first, so that the template is there complete or not at all."""
        raw = f"{template}_raw"
        statements(
            self.admin_url,
            f'DROP DATABASE IF EXISTS "{raw}" WITH (FORCE)',
            f'CREATE DATABASE "{raw}" OWNER "{owner}"',
        )
        upgrade(self.url(self.servers.database_owner_url, raw), serving_role=self.servers.serving_role)
        statements(self.admin_url, f'ALTER DATABASE "{raw}" RENAME TO "{template}"')

    def _redis_url(self) -> str:
        number = int(self.worker.removeprefix("gw")) + 1 if self.worker.startswith("gw") else 0
        base, _, _ = self.servers.redis_url.partition("?")
        if base.startswith("unix:"):
            return f"{base}?db={number}"
        scheme, _, rest = base.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}/{number}"


def make_home() -> Path:
    """The run's folder; root's embedded server runs as another user, so others may pass through."""
    home = Path(tempfile.mkdtemp(prefix="guideshop-tests-"))
    home.chmod(0o755)
    return home


def given_settings(home: Path) -> Settings:
    """The servers to test on: DATABASE_URL, DATABASE_OWNER_URL, REDIS_URL where set, else our own servers."""
    settings = Settings(app_home=home)
    if bindir := os.environ.get("TEST_PG_BINDIR"):
        return settings.model_copy(update={"pg_bindir": bindir, "database_url": "", "database_owner_url": ""})
    return settings


@contextmanager
def opened(settings: Settings, worker: str) -> Iterator[Ground]:
    """The ground of one worker, for as long as its tests run."""
    is_embedded = not settings.database_url
    with running_servers(settings) as servers:
        admin = make_url(servers.database_owner_url)
        if is_embedded:
            admin = admin.set(username="postgres", database="postgres")
        elif given := os.environ.get("TEST_ADMIN_URL"):
            admin = make_url(given).set(drivername="postgresql+asyncpg")
        yield Ground(home=settings.app_home, worker=worker, servers=servers, admin_url=admin, is_embedded=is_embedded)


def clear(settings: Settings) -> None:
    """After the last worker: a server that is not ours is left as it was found, and the run's folder goes."""
    if settings.database_url:
        with opened(settings, "main") as ground:
            ground.drop_databases()
    shutil.rmtree(settings.app_home, ignore_errors=True)
