"""The token of a code: short enough for a WeCom `state` (30), a mini-program `scene` (32) and a small QR. Pure.

Twenty characters of base 62: twelve random ones (71 bits), then eight (47 bits) of an HMAC-SHA256 of them. The
signature keeps guessed tokens away from the database; it is the directory that knows what a token leads to.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable

TOKEN_CHARACTERS = 20

_RANDOM_CHARACTERS = 12
_SIGNATURE_CHARACTERS = TOKEN_CHARACTERS - _RANDOM_CHARACTERS
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TOKEN = re.compile(r"[0-9A-Za-z]{20}", re.ASCII)
_SLUG = re.compile(r"[a-z0-9]{8,32}", re.ASCII)


def make_token(random_bytes: bytes, key: bytes) -> str:
    """A new token, signed with `key`. Raises: ValueError for fewer than 16 random bytes (no value may be likelier)."""
    if len(random_bytes) < 16:
        raise ValueError("a token needs 16 random bytes")
    stem = _base62(int.from_bytes(random_bytes, "big"), _RANDOM_CHARACTERS)
    return stem + _signature(stem, key)


def token_is_genuine(token: str, keys: Iterable[bytes]) -> bool:
    """Whether one of our keys, present or past, signed this token. Every token of the right form takes as long."""
    if _TOKEN.fullmatch(token) is None:
        return False
    stem, signature = token[:_RANDOM_CHARACTERS], token[_RANDOM_CHARACTERS:]
    # All keys are tried: the time must not tell which one nearly fitted.
    matches = [hmac.compare_digest(_signature(stem, key), signature) for key in keys]
    return any(matches)


def is_slug(text: str) -> bool:
    """Whether this can be a shop's slug: 8 to 32 lower-case letters and digits."""
    return _SLUG.fullmatch(text) is not None


def _signature(stem: str, key: bytes) -> str:
    digest = hmac.new(key, b"code:" + stem.encode("ascii"), hashlib.sha256).digest()
    return _base62(int.from_bytes(digest, "big"), _SIGNATURE_CHARACTERS)


def _base62(number: int, length: int) -> str:
    """The last `length` digits of a number in base 62."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
