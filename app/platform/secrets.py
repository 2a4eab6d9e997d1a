"""Keys of this installation: signing, encryption, hashing. Every use names its key's id, so that keys can be rotated.

The sandbox makes its keys at first start under APP_HOME/secrets (0600); production refuses to start without its own.
"""

import base64
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.platform.settings import Settings

_KID = re.compile(r"[A-Za-z0-9]{1,8}")


class SecretsMissing(RuntimeError):
    """Production was started without its own keys."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys by id; `current` signs and encrypts, all of them verify and decrypt."""

    current: str
    keys: dict[str, bytes]

    @property
    def key(self) -> bytes:
        return self.keys[self.current]


@dataclass(frozen=True, slots=True)
class Secrets:
    """The three rings of an installation."""

    signing: KeyRing
    encryption: KeyRing
    hashing: KeyRing


def load_secrets(settings: Settings) -> Secrets:
    """The installation's keys, made once in the sandbox. Raises: SecretsMissing."""
    return _load(
        settings.signing_keys,
        settings.encryption_keys,
        settings.hash_keys,
        settings.secrets_dir,
        settings.is_production,
    )


@lru_cache(maxsize=8)
def _load(signing: str, encryption: str, hashing: str, folder: Path, is_production: bool) -> Secrets:
    rings: list[KeyRing] = []
    for name, given in (("signing", signing), ("encryption", encryption), ("hash", hashing)):
        if given:
            rings.append(_parse(name, given))
        elif is_production:
            raise SecretsMissing(f"production needs {name.upper()}_KEYS, as kid:base64 of 32 random bytes")
        else:
            rings.append(_parse(name, _made_once(folder / f"{name}.key")))
    return Secrets(signing=rings[0], encryption=rings[1], hashing=rings[2])


def _parse(name: str, text: str) -> KeyRing:
    keys: dict[str, bytes] = {}
    for part in text.strip().split(","):
        kid, _, value = part.strip().partition(":")
        try:
            raw = base64.b64decode(value, validate=True)
        except ValueError:
            raw = b""
        if _KID.fullmatch(kid) is None or kid in keys or len(raw) != 32:
            raise SecretsMissing(
                f"{name.upper()}_KEYS: each key is kid:base64 of 32 bytes, each kid its own 1 to 8 letters and digits"
            )
        keys[kid] = raw
    return KeyRing(current=next(iter(keys)), keys=keys)


def _made_once(path: Path) -> str:
    """Read the file, or make it; of several processes that try at once one wins and all read its key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.chmod(path.parent, 0o700)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text("k1:" + base64.b64encode(os.urandom(32)).decode())
        draft.chmod(0o600)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
