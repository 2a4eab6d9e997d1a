"""Where the embedded servers live and under which account they run: folders, sockets, processes, logs."""

import contextlib
import hashlib
import os
import pwd
import re
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STATE_ROOT = Path("/var/lib/guideshop")
SOCKET_PATH_LIMIT = 100
PLAIN_PATH = re.compile(r"[A-Za-z0-9._/-]+")
LOG_LIMIT_BYTES = 8 * 1024 * 1024


class EmbeddedServerError(RuntimeError):
    """An embedded server cannot be prepared, started or stopped; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """Who the servers run as: the caller, or `nobody` when the caller is root (PostgreSQL refuses to run as root)."""

    uid: int
    gid: int
    is_switched: bool

    @classmethod
    def current(cls) -> "Account":
        if os.geteuid() != 0:
            return cls(uid=os.geteuid(), gid=os.getegid(), is_switched=False)
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError as error:
            raise EmbeddedServerError(
                "PostgreSQL does not run as root and this system has no user `nobody`: "
                "run as an ordinary user, or set DATABASE_URL and REDIS_URL."
            ) from error
        return cls(uid=nobody.pw_uid, gid=nobody.pw_gid, is_switched=True)

    def process_options(self, home: Path) -> dict[str, Any]:
        """Arguments of `subprocess` for a program of this account: own umask, and an environment that holds no
        locale and no PG* or LD_* variables, since an uninstalled LANG or a foreign library path breaks the servers."""
        options: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "cwd": "/",
            "umask": 0o077,
            "env": {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "LC_ALL": "C", "TZ": "UTC"},
        }
        if self.is_switched:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return options

    def can(self, test: str, path: Path) -> bool:
        """Whether this account passes the shell's `test`, such as `-x`, on the path."""
        options = self.process_options(Path("/"))
        try:
            done = subprocess.run(["/bin/sh", "-c", 'test "$1" "$2"', "sh", test, str(path)], check=False, **options)
        except (OSError, ValueError) as error:
            raise EmbeddedServerError(
                f"Cannot start a program as user number {self.uid} ({error}): "
                "run as an ordinary user, or set DATABASE_URL and REDIS_URL."
            ) from error
        return done.returncode == 0

    def own_directory(self, path: Path) -> Path:
        """A 0700 directory of this account, made if missing. Raises: EmbeddedServerError if it is anybody else's."""
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            raise EmbeddedServerError(f"{path} should be a directory of our own: {error.strerror}.") from error
        try:
            found = os.fstat(descriptor)
            if found.st_uid == os.geteuid() and self.is_switched:
                os.fchown(descriptor, self.uid, self.gid)
            elif found.st_uid != self.uid:
                raise EmbeddedServerError(f"{path} belongs to user number {found.st_uid}, not to {self.uid}.")
            if stat.S_IMODE(found.st_mode) != 0o700:
                os.fchmod(descriptor, 0o700)
        finally:
            os.close(descriptor)
        return path


@dataclass(frozen=True)
class Place:
    """The folders of one APP_HOME; `base` holds the servers' data: APP_HOME itself where the account reaches it."""

    home: Path
    base: Path
    account: Account

    @property
    def name(self) -> str:
        """Short and unique for the base; it names the socket folder and marks our processes."""
        return "guideshop-" + hashlib.sha256(f"{self.account.uid}:{self.base}".encode()).hexdigest()[:12]

    def log(self, name: str) -> Path:
        """The log of one server, begun anew (the old one kept beside it) once it is large."""
        path = self.home / "logs" / f"{name}.log"
        path.parent.mkdir(exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    def socket_directory(self) -> Path:
        """A 0700 folder whose socket paths fit the kernel's limit and need no quoting."""
        path = self.base / "run"
        longest = path / ".s.PGSQL.5432.lock"
        if len(os.fsencode(longest)) >= SOCKET_PATH_LIMIT or not PLAIN_PATH.fullmatch(str(path)):
            path = Path("/tmp") / self.name  # noqa: S108 - owner, mode and kind are checked below
        return self.account.own_directory(path)

    def runnable(self, root: Path, parts: Sequence[str], program: str, *, label: str) -> Path:
        """The path of `program` below `root`, or below a copy of `parts` where the account cannot reach it.

        The copy lies in our own folder; no parent directory's mode is touched. Raises: EmbeddedServerError.
        """
        if self.account.can("-x", root / program):
            return root / program
        target = self.base / "programs" / label
        if not target.exists():
            fresh = target.with_name(f"{label}.{secrets.token_hex(4)}")
            for part in parts:
                source, copy = root / part, fresh / part
                copy.parent.mkdir(parents=True, exist_ok=True)
                if source.is_dir():
                    shutil.copytree(source, copy, symlinks=True)
                else:
                    shutil.copy(source, copy)
            _open_to_readers([self.base / "programs", fresh, *fresh.rglob("*")])
            fresh.rename(target)
        if not self.account.can("-x", target / program):
            raise EmbeddedServerError(f"User number {self.account.uid} can run neither {root / program} nor {target}.")
        return target / program


def prepare_home(home: Path) -> None:
    """Make APP_HOME if it is missing. Raises: EmbeddedServerError if it is not ours to write."""
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedServerError(f"APP_HOME {home} cannot be made: {error.strerror}.") from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise EmbeddedServerError(f"APP_HOME {home} is not writable for this user: set APP_HOME to a folder of yours.")


def find_place(home: Path) -> Place:
    """Choose where the servers' data of this APP_HOME lies; a choice once made is kept. The caller holds the lock."""
    account = Account.current()
    is_reachable = not account.is_switched or account.can("-x", home)
    if any(home.glob("pg*/PG_VERSION")):
        if not is_reachable:
            raise EmbeddedServerError(
                f"The data in {home} cannot be reached by user number {account.uid} any more: "
                "make its parent folders passable again (chmod o+x), or set another APP_HOME."
            )
        return Place(home=home, base=home, account=account)
    if is_reachable and not (home / "data-id").exists():
        return Place(home=home, base=home, account=account)
    return Place(home=home, base=_state_directory(home), account=account)


def _state_directory(home: Path) -> Path:
    """The folder under the system's state that belongs to this APP_HOME and to no earlier one of the same path."""
    base = STATE_ROOT / hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    marker = home / "data-id"
    wanted = marker.read_text().strip() if marker.exists() else ""
    found = (base / "data-id").read_text().strip() if (base / "data-id").exists() else ""
    if base.exists() and (not wanted or wanted != found):
        # APP_HOME was deleted and with it the keys of that data: begin anew, delete nothing.
        for pid in _pids_in(base):
            stop_process(pid, signal.SIGINT, "a server of a deleted APP_HOME")
        aside = base.with_name(f"{base.name}.{time.strftime('%Y%m%d%H%M%S', time.gmtime())}")
        base.rename(aside)
        note(f"{home} is new: data of an earlier folder of this name was set aside in {aside}")
    if not base.exists():
        base.mkdir(parents=True)
        _open_to_readers([STATE_ROOT, base])
        wanted = secrets.token_hex(16)
        (base / "data-id").write_text(wanted + "\n")
        marker.write_text(wanted + "\n")
    return base


def _pids_in(base: Path) -> Iterable[int]:
    for pid_file in [*base.glob("pg*/postmaster.pid"), *base.glob("valkey/valkey.pid")]:
        pid = read_pid(pid_file)
        if pid and str(base) in (command_of(pid) or ""):
            yield pid


def _open_to_readers(paths: Iterable[Path]) -> None:
    """Give everybody read access to folders and files that we made (root's umask may be 077)."""
    for path in paths:
        if not path.is_symlink():
            is_program = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if is_program else 0o644)


def note(text: str) -> None:
    """One line of progress for the person at the terminal."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def read_pid(path: Path) -> int | None:
    """The process number on the first line of a pid file, None if there is none."""
    try:
        return int(path.read_text(errors="replace").split("\n", 1)[0]) or None
    except (OSError, ValueError):
        return None


def command_of(pid: int) -> str | None:
    """The command line of a living process; None if it has ended, even if nobody has reaped it yet.

    Source: /proc/PID/stat and cmdline, which any user may read; `ps` where there is no /proc.
    """
    process = Path("/proc") / str(pid)
    try:
        if Path("/proc/self/stat").exists():
            state = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        else:
            listed = subprocess.run(["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, check=False)
            state, _, command = listed.stdout.decode(errors="replace").strip().partition(" ")
    except (OSError, IndexError):
        return None
    return None if not state or state[0] in "ZX" else command


def processes_named(title: str) -> list[int]:
    """Living processes whose command line contains `title`."""
    if Path("/proc/self/stat").exists():
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    else:
        listed = subprocess.run(["ps", "-axo", "pid="], capture_output=True, check=False)
        pids = [int(word) for word in listed.stdout.split()]
    return [pid for pid in pids if title in (command_of(pid) or "")]


def stop_process(pid: int, number: signal.Signals, label: str, *, seconds: float = 60.0) -> None:
    """Signal a process and wait until it has ended. Raises: EmbeddedServerError if it does not."""
    if command_of(pid) is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
    deadline = time.monotonic() + seconds
    while command_of(pid) is not None:
        if time.monotonic() > deadline:
            raise EmbeddedServerError(f"{label} (process {pid}) did not stop within {seconds:.0f} s.")
        time.sleep(0.02)


def launch(command: Sequence[str], place: Place, log: Path) -> "subprocess.Popen[bytes]":
    """Start a server in a session of its own, so that signals to our group, even SIGKILL, leave it running."""
    with log.open("ab") as output:
        return subprocess.Popen(
            list(command),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **place.account.process_options(place.base),
        )


def tail(log: Path, offset: int, lines: int = 15) -> str:
    """The last lines that a server wrote since `offset` bytes, for an error message."""
    try:
        with log.open("rb") as written:
            written.seek(offset)
            text = written.read().decode(errors="replace").strip()
    except OSError:
        text = ""
    return "\n".join(text.splitlines()[-lines:]) or "(it wrote nothing)"
