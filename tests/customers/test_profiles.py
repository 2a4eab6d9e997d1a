"""Profiles: sealed at rest, unique, masked in lists, found by a part of the name or the phone's end."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.customers import profiles
from app.customers.models import CustomerRow
from app.platform.db import Brand, BrandSession, Database
from app.platform.errors import Conflict, InvalidInput
from app.platform.personal_data import PersonalData
from app.platform.secrets import KeyRing, Secrets
from tests.employees.conftest import found

COLUMNS = (CustomerRow.id, CustomerRow.brand_id, CustomerRow.name, CustomerRow.phone)


@pytest.fixture
async def brand(database: Database) -> Brand:
    return await found(database)


async def row_of(session: BrandSession, customer_id: UUID) -> Any:
    rows = await session.execute(
        sa.select(*COLUMNS).where(CustomerRow.brand_id == session.brand_id, CustomerRow.id == customer_id)
    )
    return rows.one()


async def add(session: BrandSession, **values: Any) -> UUID:
    return await profiles.create_customer(session, **values, now=session.now)


async def search(session: BrandSession, text: str) -> set[UUID]:
    rows = await session.execute(
        sa.select(CustomerRow.id).where(
            CustomerRow.brand_id == session.brand_id, profiles.search_condition(session, text)
        )
    )
    return set(rows.scalars())


async def test_lists_show_masked_names_and_phones(database: Database, brand: Brand) -> None:
    async with database.transaction(brand) as session:
        named = await row_of(session, await add(session, phone="19900000316", name="王小明"))
        nameless = await row_of(session, await add(session, phone="19900000317"))
        unknown = await row_of(session, await add(session, member_code="M1", name=" "))
    vault = database.vault
    shown = [(profiles.display_name(vault, row), profiles.phone_masked(vault, row)) for row in (named, nameless)]
    assert shown == [("王**", "199****0316"), ("顾客0317", "199****0317")]
    assert profiles.display_name(vault, unknown) == f"顾客{unknown.id.hex[-4:].upper()}"
    assert profiles.phone_masked(vault, unknown) is None


async def test_a_row_holds_no_name_and_no_phone_in_clear(database: Database, brand: Brand) -> None:
    async with database.transaction(brand) as session:
        customer_id = await add(session, phone="19900000316", name="王小明")
        row = (
            await session.execute(
                sa.select(CustomerRow.__table__).where(CustomerRow.brand_id == brand.id, CustomerRow.id == customer_id)
            )
        ).one()
    stored = b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    assert not any(clear.encode() in stored for clear in ("19900000316", "0000316", "王", "小明"))


async def test_phone_and_member_code_are_one_customers(database: Database, brand: Brand) -> None:
    async with database.transaction(brand) as session:
        await add(session, phone="19900000316", member_code="M1")
        for values, path in (
            ({"phone": "+86 199 0000 0316"}, ("phone",)),
            ({"phone": "19900000317", "member_code": " M1 "}, ("memberCode",)),
        ):
            with pytest.raises(Conflict) as caught:
                await add(session, **values)
            assert caught.value.path == path
        rows = await session.execute(
            sa.select(sa.func.count()).select_from(CustomerRow).where(CustomerRow.brand_id == brand.id)
        )
        assert rows.scalar_one() == 1


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"phone": "1"}, ("phone",)),
        ({"name": "名" * 61}, ("name",)),
        ({"name": "a\x00"}, ("name",)),
        ({"member_code": "9" * 65}, ("memberCode",)),
    ],
)
async def test_bad_input_makes_no_customer(
    database: Database, brand: Brand, values: dict[str, str], path: tuple[str, ...]
) -> None:
    async with database.transaction(brand) as session:
        with pytest.raises(InvalidInput) as caught:
            await add(session, **values)
        assert caught.value.path == path
        assert await search(session, "") == set()


async def test_search_finds_parts_of_names_and_ends_of_phones(database: Database, brand: Brand) -> None:
    async with database.transaction(brand) as session:
        wang = await add(session, phone="19900000316", name="王小明")
        li = await add(session, phone="19900001316", name="李小红")
        john = await add(session, phone="19900000317", name="John Smith")
        everybody = {wang, li, john}
        expected = {
            "王": {wang},
            "小": {wang, li},
            "小明": {wang},
            "王小明": {wang},
            "王明": set(),
            "明王": set(),
            "0316": {wang},
            "1316": {li},
            "316": set(),
            "john": {john},
            "JOHN SM": {john},
            "ｊｏｈｎ": {john},
            "张": set(),
            "": everybody,
            "  ": everybody,
        }
        assert {text: await search(session, text) for text in expected} == expected


async def test_search_of_another_brand_finds_nobody(database: Database, brand: Brand) -> None:
    other = await found(database)
    async with database.transaction(brand) as session:
        await add(session, phone="19900000316", name="王小明")
    async with database.reading(other) as session:
        assert (await search(session, "王"), await search(session, "0316"), await search(session, "")) == (
            set(),
            set(),
            set(),
        )


async def test_a_search_that_is_too_long_is_refused(database: Database, brand: Brand) -> None:
    async with database.reading(brand) as session:
        with pytest.raises(InvalidInput):
            profiles.search_condition(session, "王" * 61)


async def test_rows_of_an_older_key_are_still_found_shown_and_unique(
    database: Database, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.transaction(brand) as session:
        old = await add(session, phone="19900000316", name="王小明")
    before = database.vault._secrets

    def rotated(ring: KeyRing) -> KeyRing:
        return KeyRing(current="k2", keys={"k2": bytes(32), **ring.keys})

    monkeypatch.setattr(
        database,
        "vault",
        PersonalData(Secrets(before.signing, rotated(before.encryption), rotated(before.hashing))),
    )
    async with database.transaction(brand) as session:
        new = await add(session, phone="19900000317", name="王大明")
        assert (await search(session, "王"), await search(session, "大明")) == ({old, new}, {new})
        assert await search(session, "0316") == {old}
        assert profiles.display_name(session.vault, await row_of(session, old)) == "王**"
        assert await profiles.customer_id_by_phone(session, "+8619900000316") == old
        with pytest.raises(Conflict):
            await add(session, phone="19900000316")
