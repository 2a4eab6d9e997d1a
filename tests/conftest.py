"""What every test may ask for. Servers start when the first test needs them, and are shared by all workers.

Tests keep apart by a brand of their own, never by emptying tables. DATABASE_URL with DATABASE_OWNER_URL (and
TEST_ADMIN_URL, a superuser's, where the owner may not create databases) runs the suite on a server of yours;
TEST_PG_BINDIR runs it on another PostgreSQL's programs.
"""

import os
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app.platform.db import Brand, Database
from app.platform.embedded import Servers
from app.platform.runtime import Runtime, open_runtime
from app.platform.settings import Settings, reload_settings
from tests import ground, statements

if TYPE_CHECKING:
    from tests import factories, scheduling

GIVEN = pytest.StashKey[Settings]()


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a folder before anything reads the settings; workers inherit it from the run that starts them."""
    is_worker = hasattr(config, "workerinput")
    if not is_worker:
        os.environ["TEST_HOME"] = str(ground.make_home())
    home = Path(os.environ["TEST_HOME"])
    config.stash[GIVEN] = ground.given_settings(home)
    # Keys and sandbox files of a worker are its own; only the servers are shared.
    reload_settings(APP_HOME=str(home / os.environ.get("PYTEST_XDIST_WORKER", "main")))
    statements.guard_every_database()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "scheduling.GroupScheduling | None":
    """Under `--dist loadgroup` tests of a group share a worker."""
    from tests import scheduling  # noqa: PLC0415 - only where pytest-xdist is

    return scheduling.GroupScheduling(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A test fails when a statement that ran for it named a tenant table without its brand."""
    try:
        done = yield
    except BaseException as error:
        for breach in statements.take_breaches():
            error.add_note(breach)
        raise
    if breaches := statements.take_breaches():
        pytest.fail("\n".join(["statements against the data rules:", *dict.fromkeys(breaches)]), pytrace=False)
    return done


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and GIVEN in config.stash:
        ground.clear(config.stash[GIVEN])


@pytest.fixture(scope="session")
def worker_ground(pytestconfig: pytest.Config) -> Iterator[ground.Ground]:
    """The servers that the workers share; most tests want `servers` or `settings`."""
    with ground.opened(pytestconfig.stash[GIVEN], os.environ.get("PYTEST_XDIST_WORKER", "main")) as opened:
        yield opened


@pytest.fixture(scope="session")
def servers(worker_ground: ground.Ground) -> Servers:
    """This worker's migrated database and Valkey database."""
    return worker_ground.own_servers()


@pytest.fixture(scope="session")
def settings(servers: Servers) -> Settings:
    """Settings that name this worker's servers; the environment says the same, so programs started by tests agree."""
    return reload_settings(
        DATABASE_URL=servers.database_url,
        DATABASE_OWNER_URL=servers.database_owner_url,
        REDIS_URL=servers.redis_url,
    )


@pytest.fixture(scope="session")
def owner_url(servers: Servers) -> str:
    """The role that owns the tables: for the catalogue, never for serving."""
    return servers.database_owner_url


@pytest.fixture(scope="session")
def bypass_url(worker_ground: ground.Ground, servers: Servers) -> str:
    """A role with the serving role's rights that row level security does not stop: the filters stand alone."""
    url = worker_ground.bypass_url(servers.database_url)
    if url is None:
        pytest.skip("the server given by DATABASE_URL lets nobody make a role with BYPASSRLS")
    return url


@pytest.fixture(scope="session")
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Database, bus and keys, as a server process has them. No relay runs: tests drain the outbox themselves."""
    async with open_runtime(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def database(runtime: Runtime) -> Database:
    return runtime.database


@pytest.fixture
async def brand(database: Database) -> Brand:
    """A brand of this test's own, with owner, default policy and plan."""
    from tests import factories  # noqa: PLC0415

    return await factories.make_brand(database)


@pytest.fixture
async def scene(database: Database) -> "factories.Scene":
    """A brand of this test's own with a store, two guides and something to sell."""
    from tests import factories  # noqa: PLC0415

    return await factories.make_scene(database)


@pytest.fixture(scope="session")
async def http(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """The whole application behind a client, without a network in between."""
    from app.main import make_app  # noqa: PLC0415

    transport = httpx.ASGITransport(app=make_app(runtime), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client
