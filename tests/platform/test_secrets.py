"""Keys of an installation: made once in the sandbox, given in production, each known by its id."""

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.platform.secrets import Secrets, SecretsMissing, load_secrets
from app.platform.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("signing", "encryption", "hash")
SHOW = (
    "from app.platform.secrets import load_secrets; from app.platform.settings import Settings; "
    "s = load_secrets(Settings()); print(s.signing.key.hex(), s.encryption.key.hex(), s.hashing.key.hex())"
)


def key(kid: str, fill: int = 7) -> str:
    return f"{kid}:{base64.b64encode(bytes([fill]) * 32).decode()}"


def load(home: Path, **changes: Any) -> Secrets:
    return load_secrets(Settings(app_home=home, **changes))


def all_keys(**changes: str) -> dict[str, str]:
    return {"signing_keys": key("s1"), "encryption_keys": key("e1"), "hash_keys": key("h1"), **changes}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_sandbox_makes_three_different_keys_that_only_its_user_can_read(tmp_path: Path) -> None:
    secrets = load(tmp_path)
    rings = (secrets.signing, secrets.encryption, secrets.hashing)
    assert [(ring.current, len(ring.key), len(ring.keys)) for ring in rings] == [("k1", 32, 1)] * 3
    assert len({ring.key for ring in rings}) == 3
    folder = tmp_path / "secrets"
    assert sorted(path.name for path in folder.iterdir()) == ["encryption.key", "hash.key", "signing.key"]
    assert {mode(path) for path in folder.iterdir()} == {0o600}
    assert mode(folder) == 0o700


def test_keys_stay_readable_to_their_user_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        load(tmp_path)
    finally:
        os.umask(before)
    assert {mode(path) for path in (tmp_path / "secrets").iterdir()} == {0o600}


def test_next_start_reads_the_keys_of_the_first(tmp_path: Path) -> None:
    shown = [show(tmp_path) for _ in range(2)]
    assert shown[0] == shown[1]
    secrets = load(tmp_path)
    assert shown[0].split() == [ring.key.hex() for ring in (secrets.signing, secrets.encryption, secrets.hashing)]


def show(home: Path) -> str:
    return start(home).communicate(timeout=60)[0]


def start(home: Path) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_KEYS")}
    environment["APP_HOME"] = str(home)
    return subprocess.Popen([sys.executable, "-c", SHOW], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def test_processes_that_start_first_at_the_same_time_agree(tmp_path: Path) -> None:
    started = [start(tmp_path) for _ in range(4)]
    shown = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0] * 4
    assert len(set(shown)) == 1
    assert len(shown[0].split()) == 3
    assert len(list((tmp_path / "secrets").iterdir())) == 3, "no draft is left behind"


@pytest.mark.parametrize("missing", NAMES)
def test_production_refuses_to_start_without_one_of_its_keys_and_makes_none(tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in all_keys().items() if not name.startswith(missing)}
    with pytest.raises(SecretsMissing, match=f"{missing.upper()}_KEYS"):
        load(tmp_path, environment="production", **given)
    assert list(tmp_path.iterdir()) == []


def test_production_takes_its_own_keys(tmp_path: Path) -> None:
    secrets = load(tmp_path, environment="production", **all_keys())
    assert (secrets.signing.current, secrets.encryption.current, secrets.hashing.current) == ("s1", "e1", "h1")
    assert list(tmp_path.iterdir()) == []


def test_first_key_is_the_current_one_and_the_others_stay(tmp_path: Path) -> None:
    secrets = load(tmp_path, **all_keys(signing_keys=f"{key('new', 1)}, {key('old', 2)}"))
    assert secrets.signing.current == "new"
    assert secrets.signing.keys == {"new": bytes([1]) * 32, "old": bytes([2]) * 32}
    assert secrets.signing.key == bytes([1]) * 32


@pytest.mark.parametrize(
    "text",
    [
        "no-colon",
        ":AAAA",
        "k1:",
        "k1:AAAA",
        "k1:not base64!",
        "k1:AAA",
        f"k-1:{key('x')[2:]}",
        f"k1\0:{key('x')[2:]}",
        f"ключ:{key('x')[2:]}",
        f"toolongid:{key('x')[2:]}",
        f"{key('k1')},",
        f"{key('k1', 1)},{key('k1', 2)}",
        key("k1")[:-4],
        key("k1") + "AAAA",
    ],
)
def test_malformed_keys_are_refused_by_their_settings_name_without_being_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(SecretsMissing, match="HASH_KEYS") as refused:
        load(tmp_path, **all_keys(hash_keys=text))
    assert key("k1")[3:] not in str(refused.value)
