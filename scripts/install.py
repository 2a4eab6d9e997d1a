"""Make `.venv` and install the project into it with the pinned versions; does nothing when nothing changed.

Usage: install.py [extra …]. Needs only the standard library. A stamp in `.venv` remembers what was installed, so that
the second run needs no network.
"""

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def wanted() -> str:
    """A fingerprint of what decides what is installed: the project's tables and the pins, not the tools' rules."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [project["build-system"], project["project"], project["tool"]["setuptools"], str(ROOT)]
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return hashlib.sha256((json.dumps(parts, sort_keys=True) + pins).encode()).hexdigest()


def is_working(python: Path) -> bool:
    try:
        return subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_environment() -> None:
    print(f"Making {VENV} with Python {sys.version.split()[0]}", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=False)
    if made.returncode != 0 or not is_working(PYTHON):
        raise SystemExit(
            "The virtual environment could not be made. On Debian and Ubuntu: apt install python3-venv. "
            "Or name another Python: make PYTHON=/path/to/python3 …"
        )


def main(extras: list[str]) -> None:
    stamp = VENV / ".installed.json"
    state = json.loads(stamp.read_text(encoding="utf-8")) if stamp.exists() else {}
    is_current = state.get("wanted") == wanted() and is_working(PYTHON)
    if is_current and set(extras) <= set(state["extras"]):
        return
    if not is_working(PYTHON):
        make_environment()
    if state.get("wanted") == wanted():
        extras = sorted({*extras, *state["extras"]})
    target = f".[{','.join(extras)}]" if extras else "."
    print(f"Installing {target} (once; a minute or two)", flush=True)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    command = [*pip, "-c", "constraints.txt", "-e", target]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise SystemExit("pip could not install the project; its message stands above.")
    stamp.write_text(json.dumps({"wanted": wanted(), "extras": extras}), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
