"""Programs that use embedded servers, for tests that kill, share and find them again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from app.platform.embedded_host import command_of, read_pid
from tests.ground import statements

ROOT = Path(__file__).resolve().parents[2]

# A program that uses the servers until its input ends.
PROGRAM = """
import json, os, sys
from pathlib import Path
from app.platform import embedded_host
embedded_host.STATE_ROOT = Path(os.environ["TEST_STATE_ROOT"])
from app.platform.embedded import running_servers
from app.platform.settings import Settings
with running_servers(Settings()) as servers:
    print(json.dumps([servers.database_url, servers.database_owner_url, servers.redis_url]), flush=True)
    sys.stdin.read()
"""


@dataclass
class Program:
    """A running program and what it said of its servers."""

    process: "subprocess.Popen[bytes]"
    database_url: str
    owner_url: str
    redis_url: str

    def kill_group(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)

    def leave(self) -> str:
        """Let it end in order; gives what it wrote to its error output."""
        _, errors = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, errors.decode()
        return errors.decode()


@dataclass
class Home:
    """One APP_HOME in a folder of its own, beside what stands in for the system's state folder."""

    folder: Path
    path: Path

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @contextmanager
    def program(
        self, python: str = sys.executable, environment: dict[str, str] | None = None, **options: Any
    ) -> Iterator[Program]:
        plain = {key: value for key, value in os.environ.items() if not key.endswith("_URL") and key != "PG_BINDIR"}
        plain |= {"APP_HOME": str(self.path), "TEST_STATE_ROOT": str(self.state), "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [python, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=plain | (environment or {}),
            start_new_session=True,
            **options,
        )
        try:
            assert process.stdout is not None and process.stderr is not None
            line = process.stdout.readline()
            assert line, process.stderr.read().decode()
            yield Program(process, *json.loads(line))
        finally:
            if process.poll() is None:
                process.communicate(timeout=60)

    def postgres_pid(self) -> int | None:
        return next((read_pid(path) for path in self.path.glob("pg*/postmaster.pid")), None)

    def valkey_pid(self) -> int | None:
        return read_pid(self.path / "valkey" / "valkey.pid")


def end(home: Home) -> None:
    """End what a failed test left running."""
    for folder in (home.path, *home.state.glob("*")):
        for path in (*folder.glob("pg*/postmaster.pid"), *folder.glob("valkey/valkey.pid")):
            pid = read_pid(path)
            if pid and str(folder) in (command_of(pid) or ""):
                os.kill(pid, signal.SIGKILL)


def remove(home: Home) -> None:
    end(home)
    shutil.rmtree(home.folder, ignore_errors=True)


def wait_until_gone(*pids: int | None) -> None:
    deadline = time.monotonic() + 20
    while any(pid and command_of(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [pid for pid in pids if pid and command_of(pid)] == []


def write(program: Program) -> None:
    """One committed row and one key."""
    statements(
        program.owner_url, "DROP TABLE IF EXISTS kept", "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (42)"
    )
    client = redis.Redis.from_url(program.redis_url)
    client.set("kept", "42")
    client.close()


def read(program: Program) -> tuple[list[tuple[Any, ...]], object]:
    client = redis.Redis.from_url(program.redis_url)
    value = client.get("kept")
    client.close()
    return statements(program.owner_url, "SELECT n FROM kept")[0], value
