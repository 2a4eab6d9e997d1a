"""Seals on what a browser keeps for us: it may read and lose it, but not write it."""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from app.platform.personal_data import PersonalData


def seal(vault: PersonalData, purpose: str, text: str) -> str:
    """43 characters that belong to this text and purpose."""
    return _seal(vault.derived_keys(purpose)[0], text)


def is_sealed(vault: PersonalData, purpose: str, text: str, given: str) -> bool:
    """Whether `given` is the text's seal, by the present key or an older one."""
    return given.isascii() and any(hmac.compare_digest(_seal(key, text), given) for key in vault.derived_keys(purpose))


def _seal(key: bytes, text: str) -> str:
    return urlsafe_b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).rstrip(b"=").decode("ascii")
