"""Personal data at rest: encrypted with AES-GCM, found by keyed hashes; both carry the id of their key.

A ciphertext is bound to brand and field: in another row's field of that kind it still opens, elsewhere it does not.
"""

import hashlib
import hmac
import os
import unicodedata
from collections.abc import Iterable
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.platform.secrets import Secrets


class PersonalData:
    """Seals, opens and hashes the personal fields of one installation."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._ciphers = {kid: AESGCM(key) for kid, key in secrets.encryption.keys.items()}

    def seal(self, brand_id: UUID, field: str, text: str) -> bytes:
        """Ciphertext of `text`: key id, zero byte, nonce, sealed bytes."""
        kid = self._secrets.encryption.current
        nonce = os.urandom(12)
        sealed = self._ciphers[kid].encrypt(nonce, text.encode(), brand_id.bytes + field.encode())
        return kid.encode() + b"\0" + nonce + sealed

    def open(self, brand_id: UUID, field: str, sealed: bytes | None) -> str | None:
        """The text behind a ciphertext; None stays None (never given, or erased)."""
        if sealed is None:
            return None
        kid, _, rest = bytes(sealed).partition(b"\0")
        return self._ciphers[kid.decode()].decrypt(rest[:12], rest[12:], brand_id.bytes + field.encode()).decode()

    def digest(self, brand_id: UUID, field: str, text: str) -> str:
        """The hash that a new row stores: `kid:hex`, 128 bits."""
        return self._digest(self._secrets.hashing.current, brand_id, field, text)

    def digests(self, brand_id: UUID, field: str, text: str) -> list[str]:
        """The hashes under which a row may be found: one a key, the current first."""
        return [self._digest(kid, brand_id, field, text) for kid in self._secrets.hashing.keys]

    def gram_digests(self, brand_id: UUID, field: str, text: str) -> list[str]:
        """Hashes of the 1- and 2-grams of a name, so that a part of it can be found. Sorted, each once."""
        return sorted({self.digest(brand_id, field, gram) for gram in grams(text)})

    def mac(self, purpose: str, value: bytes) -> bytes:
        """A keyed HMAC-SHA256 of `value`: what sign-in codes and visitor tokens are made of."""
        return hmac.new(self._secrets.hashing.key, purpose.encode() + b"\0" + value, hashlib.sha256).digest()

    def derived_keys(self, purpose: str) -> list[bytes]:
        """Keys for signing things of one purpose that last, printed codes for instance; the current one first.

        They come from the hashing keys, which stay as long as the tables that hold their hashes; signing keys do not.
        """
        return [hmac.new(key, purpose.encode(), hashlib.sha256).digest() for key in self._in_order()]

    def _in_order(self) -> list[bytes]:
        ring = self._secrets.hashing
        return [ring.key, *(key for kid, key in ring.keys.items() if kid != ring.current)]

    def _digest(self, kid: str, brand_id: UUID, field: str, text: str) -> str:
        body = brand_id.bytes + field.encode() + b"\0" + text.encode()
        return f"{kid}:{hmac.new(self._secrets.hashing.keys[kid], body, hashlib.sha256).hexdigest()[:32]}"


def grams(text: str) -> Iterable[str]:
    """The 1- and 2-grams of a text, folded for width and case, without spaces."""
    folded = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    for index, character in enumerate(folded):
        yield character
        if index + 1 < len(folded):
            yield folded[index : index + 2]
