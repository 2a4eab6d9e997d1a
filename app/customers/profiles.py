"""Who a customer is: name and phone, sealed at rest, shown masked, found by keyed hashes."""

import re
import unicodedata
from datetime import datetime
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.customers.models import CustomerRow
from app.employees import phones
from app.employees.phones import PHONE
from app.employees.rules import mask_phone
from app.platform import texts
from app.platform.db import BrandSession
from app.platform.errors import Conflict, InvalidInput
from app.platform.personal_data import PersonalData, grams

PHONE_TAIL = "phone_tail"
NAME = "name"

LONGEST_NAME = 60
LONGEST_MEMBER_CODE = 64
LONGEST_SEARCH = 60
_TAIL = re.compile(r"\d{4}", re.ASCII)


class SealedPerson(Protocol):
    """A row that has a customer's id and sealed fields."""

    @property
    def id(self) -> UUID: ...
    @property
    def brand_id(self) -> UUID: ...
    @property
    def name(self) -> bytes | None: ...
    @property
    def phone(self) -> bytes | None: ...


async def create_customer(
    session: BrandSession,
    *,
    phone: str | None = None,
    name: str | None = None,
    member_code: str | None = None,
    now: datetime,
) -> UUID:
    """Make a customer who has not signed in yet.

    Phone: 11 digits or +86…; name: up to 60 characters; member code: up to 64. One statement. Raises: InvalidInput,
    Conflict when the phone or the member code is another customer's.
    """
    number = None if phone is None else phones.read_phone(phone, "phone")
    hashes = [] if number is None else phones.phone_hashes(session.vault, session.brand_id, number)
    if number is not None and len(hashes) > 1 and await customer_id_by_phone(session, number) is not None:
        # The unique key sees only hashes of one key; between two keys the look decides.
        raise Conflict("phone_taken", path=("phone",))
    customer_id = await insert_customer(session, phone=number, name=name, member_code=member_code, now=now)
    if customer_id is None:
        if number is not None and await customer_id_by_phone(session, number) is not None:
            raise Conflict("phone_taken", path=("phone",))
        raise Conflict("member_code_taken", path=("memberCode",))
    return customer_id


async def insert_customer(
    session: BrandSession,
    *,
    phone: str | None,
    name: str | None = None,
    member_code: str | None = None,
    first_sign_in_at: datetime | None = None,
    now: datetime,
) -> UUID | None:
    """Write the row of a new customer, or None when phone or member code is taken. `phone` is E.164."""
    shown = texts.optional_line(name, "name", longest=LONGEST_NAME)
    code = texts.optional_line(member_code, "memberCode", longest=LONGEST_MEMBER_CODE)
    vault, brand_id = session.vault, session.brand_id
    made = await session.execute(
        insert(CustomerRow)
        .values(
            brand_id=brand_id,
            id=session.new_id(),
            member_code=code,
            name=None if shown is None else vault.seal(brand_id, NAME, shown),
            name_grams=[] if shown is None else vault.gram_digests(brand_id, NAME, shown),
            phone=None if phone is None else phones.seal_phone(vault, brand_id, phone),
            phone_hash=None if phone is None else phones.phone_hash(vault, brand_id, phone),
            phone_tail_hash=None if phone is None else vault.digest(brand_id, PHONE_TAIL, phone[-4:]),
            first_sign_in_at=first_sign_in_at,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(CustomerRow.id)
    )
    return made.scalar_one_or_none()


async def customer_id_by_phone(session: BrandSession, phone: str) -> UUID | None:
    """Whose phone this is. `phone` is E.164."""
    found = await session.execute(
        sa.select(CustomerRow.id).where(
            CustomerRow.brand_id == session.brand_id,
            CustomerRow.phone_hash.in_(phones.phone_hashes(session.vault, session.brand_id, phone)),
        )
    )
    return found.scalar_one_or_none()


def display_name(vault: PersonalData, row: SealedPerson) -> str:
    """What lists show: the name's first character and two stars (王**), else 顾客 with the phone's last four digits.

    Whoever has neither is 顾客 with the last four characters of the id.
    """
    name = vault.open(row.brand_id, NAME, row.name)
    if name:
        return f"{name[0]}**"
    phone = vault.open(row.brand_id, PHONE, row.phone)
    return f"顾客{phone[-4:] if phone else row.id.hex[-4:].upper()}"


def phone_masked(vault: PersonalData, row: SealedPerson) -> str | None:
    """The phone with its middle hidden: 199****0316; None without one."""
    phone = vault.open(row.brand_id, PHONE, row.phone)
    return None if phone is None else mask_phone(phone)


def search_condition(session: BrandSession, text: str) -> sa.ColumnElement[bool]:
    """Customers whose name contains `text`, or whose phone ends in it where it is four digits. Blank: everybody.

    Names are found by their 1- and 2-grams: a text of three characters or more also finds a name that has all its pairs
    in another order. Raises: InvalidInput for more than 60 characters.
    """
    wanted = unicodedata.normalize("NFKC", text).strip()
    if len(wanted) > LONGEST_SEARCH:
        raise InvalidInput("text_too_long", path=("search",), longest=LONGEST_SEARCH)
    if not wanted:
        return sa.true()
    brand_id, vault = session.brand_id, session.vault
    pieces = list(grams(wanted))
    longest = [piece for piece in pieces if len(piece) == min(2, max(map(len, pieces)))]
    # One hash a key for each piece; a row's hashes are all of one key.
    by_key = zip(*(vault.digests(brand_id, NAME, piece) for piece in longest), strict=True)
    ways: list[sa.ColumnElement[bool]] = [
        CustomerRow.name_grams.contains(sa.cast(sorted(set(hashes)), ARRAY(sa.Text))) for hashes in by_key
    ]
    if _TAIL.fullmatch(wanted):
        ways.append(CustomerRow.phone_tail_hash.in_(vault.digests(brand_id, PHONE_TAIL, wanted)))
    return sa.or_(*ways)
