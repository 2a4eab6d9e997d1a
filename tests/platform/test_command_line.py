"""Commands end in order: by a signal while they start or load, and a demo's worker together with the demo."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.platform.embedded import Servers
from tests.flows.servers import free_port
from tests.platform.embedded_programs import Home, remove
from tests.platform.test_embedded import make_home

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def command(*words: str, folder: Path, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    passed = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    program = subprocess.Popen(
        [sys.executable, "-m", "app", *words],
        cwd=ROOT,
        env={**passed, "APP_HOME": str(folder), **environment},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield program
    finally:
        program.kill()
        program.communicate()


@pytest.fixture
def home() -> Iterator[Home]:
    made = make_home()
    yield made
    remove(made)


def test_signal_while_the_demo_loads_stops_its_servers_too(home: Home) -> None:
    with command("demo", folder=home.path, PORT=str(free_port())) as demo:
        deadline = time.monotonic() + 60
        while home.valkey_pid() is None and time.monotonic() < deadline and demo.poll() is None:
            time.sleep(0.05)
        assert home.postgres_pid() is not None
        time.sleep(1)
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(60) == 128 + signal.SIGTERM
    assert (home.postgres_pid(), home.valkey_pid()) == (None, None)


def test_worker_of_a_demo_ends_when_the_demo_is_gone(servers: Servers, tmp_path: Path) -> None:
    given = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
    with command("worker", "--until-input-ends", folder=tmp_path, **given) as worker:
        assert worker.stdin is not None and worker.stderr is not None
        assert "the worker is at work" in worker.stderr.readline()
        assert worker.poll() is None
        worker.stdin.close()
        worker.stdin = None
        assert worker.wait(20) == 0
