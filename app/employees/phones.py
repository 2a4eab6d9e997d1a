"""Phones as they are typed and kept: E.164, sealed, found by their keyed hash."""

from uuid import UUID

from app.employees.rules import normalise_phone
from app.platform.errors import InvalidInput
from app.platform.personal_data import PersonalData

PHONE = "phone"
"""The field under which every phone is sealed and hashed, so that a customer's and an employee's can be compared."""


def read_phone(text: str, *path: str) -> str:
    """A typed phone (11 digits, or +86 with them) as E.164. Raises: InvalidInput."""
    number = normalise_phone(text)
    if number is None:
        raise InvalidInput("phone_form", path=path or ("phone",))
    return number


def seal_phone(vault: PersonalData, brand_id: UUID, phone: str) -> bytes:
    return vault.seal(brand_id, PHONE, phone)


def open_phone(vault: PersonalData, brand_id: UUID, sealed: bytes) -> str:
    """The E.164 number behind a ciphertext that a row must have."""
    return vault.open(brand_id, PHONE, sealed) or ""


def phone_hash(vault: PersonalData, brand_id: UUID, phone: str) -> str:
    """The hash that a new row stores. `phone` is E.164."""
    return vault.digest(brand_id, PHONE, phone)


def phone_hashes(vault: PersonalData, brand_id: UUID, phone: str) -> list[str]:
    """The hashes under which a row of this phone may stand, one a key."""
    return vault.digests(brand_id, PHONE, phone)
