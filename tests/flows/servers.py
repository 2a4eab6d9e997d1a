"""The program as people run it: server and worker as processes of their own, to be killed and started again.

Each installation has an APP_HOME of its own, and with it a PostgreSQL and a Valkey that its processes share. Whatever
is started here is ended here, by process number.
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from redis.asyncio import Redis

from app.platform.embedded import Servers, running_servers
from app.platform.integrations.sms import SMS_FILE
from app.platform.runtime import Runtime, open_runtime
from app.platform.settings import Settings
from tests.platform.embedded_programs import ROOT, Home, remove, wait_until_gone

FIRST_PORT, PORTS = 20_000, 10_000
"""Below the ports of outgoing connections: a client that knocks where nobody listens could else reach itself."""
START_SECONDS = 60.0
PAUSED, AT_WORK = "paused at a named point", "the worker is at work"
NAMED_SERVERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "PG_BINDIR", "PAUSE_AT")


async def until(true: Callable[[], Awaitable[Any]], what: str, *, seconds: float = 30.0) -> Any:
    """Ask again and again; gives the first answer that is true. Fails with `what` when the time is over."""
    deadline = time.monotonic() + seconds
    while not (answer := await true()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        await asyncio.sleep(0.05)
    return answer


def free_port() -> int:
    while True:
        port = FIRST_PORT + secrets.randbelow(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@dataclass(frozen=True)
class Process:
    """One `python -m app …` with what it writes."""

    popen: "subprocess.Popen[bytes]"
    log: Path

    @property
    def is_alive(self) -> bool:
        return self.popen.poll() is None

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """End it as a power cut would."""
        self.popen.kill()
        self.popen.wait(timeout=10)

    async def has_written(self, text: str, *, seconds: float = START_SECONDS) -> None:
        """Wait for a text in the log; fails at once when the process ends without it."""

        async def found() -> bool:
            is_alive = self.is_alive
            written = self.text()
            assert text in written or is_alive, written[-2_000:]
            return text in written

        await until(found, f"{text!r} in {self.log.name}", seconds=seconds)

    async def end(self) -> int:
        """Let it drain and end; gives its exit status."""
        if self.is_alive:
            self.popen.terminate()
        try:
            return await asyncio.to_thread(self.popen.wait, 30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end in order: {self.text()[-2_000:]}") from None


@dataclass
class Installation:
    """One APP_HOME with its server on `port` and its worker, and the same database from inside the test."""

    home: Home
    servers: Servers
    settings: Settings
    port: int
    processes: list[Process] = field(default_factory=list)
    server: Process | None = None
    worker: Process | None = None
    _runtime: Runtime | None = None
    _group: int = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def runtime(self) -> Runtime:
        assert self._runtime is not None, "the server starts first: it makes the tables"
        return self._runtime

    def launch(
        self, *command: str, settings: Mapping[str, object] | None = None, port: int | None = None, group: int = 0
    ) -> Process:
        """Start a command with settings by their names in lower case, in a process group of its own or a given one."""
        environment = {name: value for name, value in os.environ.items() if name not in NAMED_SERVERS}
        environment |= {
            "APP_HOME": str(self.home.path),
            "PG_BINDIR": self.settings.pg_bindir,
            "PORT": str(port or self.port),
            "PYTHONPATH": str(ROOT),
            **{name.upper(): str(value) for name, value in (settings or {}).items()},
        }
        log = self.home.folder / f"{len(self.processes):02d}-{command[0]}.log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [sys.executable, "-m", "app", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                process_group=group,
            )
        process = Process(popen, log)
        self.processes.append(process)
        return process

    async def start_server(self, **settings: object) -> Process:
        """Start the server and wait until it is well."""
        self.server = self.launch("serve", group=self._living_group(), settings=settings)
        await self.is_well(self.server, self.base_url)
        return self.server

    async def start_worker(self, **settings: object) -> Process:
        """Start the worker and wait until its scheduler runs."""
        self.worker = self.launch("worker", group=self._living_group(), settings=settings)
        await self.worker.has_written(AT_WORK)
        return self.worker

    async def start(self, **settings: object) -> None:
        """Start both at once, in one process group."""
        self.server = self.launch("serve", group=self._living_group(), settings=settings)
        self.worker = self.launch("worker", group=self._living_group(), settings=settings)
        await asyncio.gather(self.is_well(self.server, self.base_url), self.worker.has_written(AT_WORK))

    @asynccontextmanager
    async def another_server(self, **settings: object) -> AsyncIterator[tuple[str, Process]]:
        """One more server on the same data, with other settings: its address and process."""
        port = free_port()
        process = self.launch("serve", port=port, settings=settings)
        try:
            await self.is_well(process, f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}", process
        finally:
            await process.end()

    @asynccontextmanager
    async def another_worker(self, **settings: object) -> AsyncIterator[Process]:
        process = self.launch("worker", settings=settings)
        try:
            await process.has_written(AT_WORK)
            yield process
        finally:
            await process.end()

    async def is_well(self, process: Process, base_url: str) -> None:
        """Wait until /healthz says that a server reaches its database."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:

            async def answers() -> bool:
                assert process.is_alive, process.text()[-2_000:]
                try:
                    answer = await client.get(f"{base_url}/healthz")
                except httpx.HTTPError:
                    return False
                return answer.status_code == 200

            await until(answers, "a healthy server", seconds=START_SECONDS)
        if self._runtime is None:
            self._runtime = await self._opened.__aenter__()

    def kill_group(self) -> None:
        """kill -9 of server and worker at one stroke."""
        assert self.server is not None and self.worker is not None
        os.killpg(self._living_group(), signal.SIGKILL)
        for process in (self.server, self.worker):
            process.popen.wait(timeout=10)

    def kill_postgres(self) -> None:
        self._kill_embedded(self.home.postgres_pid())

    def kill_valkey(self) -> None:
        self._kill_embedded(self.home.valkey_pid())

    async def revive(self) -> None:
        """Start the embedded servers that are down, as any command of the program does first of all."""
        await asyncio.to_thread(_start_and_leave, self.settings)
        # The connections of this test's own runtime are gone with them; the processes have to see to theirs.
        await self.runtime.database.close()

    async def flush_valkey(self) -> None:
        client = Redis.from_url(self.servers.redis_url)
        await client.flushall()
        await client.aclose()

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Run a command to its end: exit status and output."""
        process = self.launch(*arguments)
        status = await asyncio.to_thread(process.popen.wait, 120)
        return status, process.text()

    def messages(self) -> list[dict[str, Any]]:
        """The text messages that were sent."""
        path = self.settings.sandbox_dir / SMS_FILE
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    async def close(self) -> None:
        """End every process that is left, each by its number."""
        if self._runtime is not None:
            await self._opened.__aexit__(None, None, None)
        for process in self.processes:
            if process.is_alive:
                process.popen.terminate()
        for process in self.processes:
            try:
                await asyncio.to_thread(process.popen.wait, 15)
            except subprocess.TimeoutExpired:
                process.kill()

    def __post_init__(self) -> None:
        named = self.settings.model_copy(
            update={"database_url": self.servers.database_url, "redis_url": self.servers.redis_url}
        )
        self._opened = open_runtime(named)

    def _living_group(self) -> int:
        """The process group of server and worker while one of them lives, else 0: the next one begins a new group."""
        if not any(process is not None and process.is_alive for process in (self.server, self.worker)):
            self._group = 0
        elif self._group == 0:
            self._group = next(p.popen.pid for p in (self.server, self.worker) if p is not None and p.is_alive)
        return self._group

    def _kill_embedded(self, pid: int | None) -> None:
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid)


def make_home() -> Home:
    """An APP_HOME to be; root's embedded servers run as another user, so others may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="gs-"))
    folder.chmod(0o755)
    return Home(folder, folder / "home")


def _start_and_leave(settings: Settings) -> None:
    with running_servers(settings):
        pass


@asynccontextmanager
async def installed() -> AsyncIterator[Installation]:
    """An installation whose embedded servers run, with no process of the program yet; everything is gone afterwards."""
    home = make_home()
    settings = Settings(
        app_home=home.path,
        database_url="",
        database_owner_url="",
        redis_url="",
        pg_bindir=os.environ.get("TEST_PG_BINDIR", ""),
    )
    held = running_servers(settings)
    try:
        servers = await asyncio.to_thread(held.__enter__)
        installation = Installation(home, servers, settings, free_port())
        try:
            yield installation
        finally:
            await installation.close()
            await asyncio.to_thread(held.__exit__, None, None, None)
    finally:
        remove(home)
