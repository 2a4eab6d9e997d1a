"""Customers sign in: made once, consents kept, the visitor's past joined."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.customers import consents, profiles, visitors
from app.customers.access import operator_token
from app.customers.consents import Consent
from app.customers.models import ConsentRow, CustomerRow, VisitorRow
from app.customers.sign_in import sign_in_customer, welcome
from app.customers.values import ConsentPurpose
from app.employees import sessions, sign_in_codes
from app.employees.models import SessionRow
from app.employees.sign_in import SignedIn
from app.employees.sign_in_codes import CodeRequested
from app.platform.db import Brand, BrandSession, Database
from app.platform.errors import InvalidInput, NotFound, SignInRefused
from app.platform.runtime import Runtime
from app.platform.tokens import read_access_token
from tests.employees.conftest import found, new_phone

YES = Consent(ConsentPurpose.MARKETING, "2026-01", True)
NO = Consent(ConsentPurpose.PROFILING, "2026-01", False)


@pytest.fixture
async def brand(database: Database) -> Brand:
    return await found(database)


async def code_of(runtime: Runtime, brand: Brand, phone: str) -> str:
    async with runtime.database.transaction(brand) as session:
        # Each from an address and at a minute of its own: limits are tested elsewhere.
        settings = runtime.settings.model_copy(update={"sign_in_codes_per_phone_minute": 100})
        answer = await sign_in_codes.request(
            session, phone=phone, audience="CUSTOMER", address=phone, settings=settings, now=session.now
        )
        assert isinstance(answer, CodeRequested)
        return sign_in_codes.code_for(session.vault, answer.sign_in_code_id)


async def sign_in(
    runtime: Runtime,
    brand: Brand,
    phone: str,
    code: str,
    *,
    visitor_id: UUID | None = None,
    given: Sequence[Consent] = (),
) -> SignedIn | SignInRefused:
    async with runtime.database.transaction(brand) as session:
        return await sign_in_customer(
            session,
            phone=phone,
            code=code,
            visitor_id=visitor_id,
            consents=given,
            settings=runtime.settings,
            signing=runtime.secrets.signing,
            now=session.now,
        )


async def signed_in(runtime: Runtime, brand: Brand, phone: str, **more: Any) -> SignedIn:
    answer = await sign_in(runtime, brand, phone, await code_of(runtime, brand, phone), **more)
    assert isinstance(answer, SignedIn)
    return answer


async def count(database: Database, brand: Brand, row: Any) -> int:
    async with database.reading(brand) as session:
        rows = await session.execute(sa.select(sa.func.count()).select_from(row).where(row.brand_id == brand.id))
        return int(rows.scalar_one())


async def customer(session: BrandSession, customer_id: UUID) -> Any:
    columns = (CustomerRow.first_sign_in_at, CustomerRow.phone, CustomerRow.phone_tail_hash)
    rows = await session.execute(
        sa.select(*columns).where(CustomerRow.brand_id == session.brand_id, CustomerRow.id == customer_id)
    )
    return rows.one()


async def test_the_first_sign_in_makes_the_customer_and_the_second_finds_him(runtime: Runtime, brand: Brand) -> None:
    phone = new_phone()
    first = await signed_in(runtime, brand, phone)
    async with runtime.database.reading(brand) as session:
        made = await customer(session, first.principal_id)
    second = await signed_in(runtime, brand, f"+86{phone}")
    assert first.principal_id == second.principal_id and first.tokens.session_id != second.tokens.session_id
    assert await count(runtime.database, brand, CustomerRow) == 1
    async with runtime.database.reading(brand) as session:
        assert await customer(session, first.principal_id) == made
    assert made.first_sign_in_at is not None and phone.encode() not in made.phone


async def test_the_token_speaks_for_the_customer(runtime: Runtime, brand: Brand) -> None:
    answer = await signed_in(runtime, brand, new_phone())
    claims = read_access_token(runtime.secrets.signing, answer.tokens.access_token)
    assert claims is not None
    async with runtime.database.reading(brand) as session:
        actor = await sessions.load_actor(session, claims)
    assert actor is not None and actor.is_customer and actor.customer_id == answer.principal_id


async def test_an_imported_customer_keeps_the_row_and_gets_the_first_sign_in(runtime: Runtime, brand: Brand) -> None:
    phone = new_phone()
    async with runtime.database.transaction(brand) as session:
        imported_id = await profiles.create_customer(
            session, phone=phone, name="王小明", member_code="M1", now=session.now
        )
        assert (await customer(session, imported_id)).first_sign_in_at is None
    answer = await signed_in(runtime, brand, phone)
    assert answer.principal_id == imported_id
    async with runtime.database.reading(brand) as session:
        assert (await customer(session, imported_id)).first_sign_in_at is not None


async def test_two_first_sign_ins_at_once_make_one_customer(runtime: Runtime, brand: Brand) -> None:
    phone = new_phone()

    async def come_in() -> UUID:
        async with runtime.database.transaction(brand) as session:
            return await welcome(session, phone=f"+86{phone}", visitor_id=None, now=session.now)

    came = await asyncio.gather(*(come_in() for _ in range(8)))
    assert len(set(came)) == 1
    assert await count(runtime.database, brand, CustomerRow) == 1


async def test_a_wrong_code_makes_no_customer_no_session_and_no_consent(runtime: Runtime, brand: Brand) -> None:
    phone = new_phone()
    right = await code_of(runtime, brand, phone)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    answer = await sign_in(runtime, brand, phone, wrong, given=[YES])
    assert isinstance(answer, SignInRefused) and answer.attempts_left == 4
    for row in (CustomerRow, SessionRow, ConsentRow):
        assert await count(runtime.database, brand, row) == 0


async def test_consents_are_added_and_the_latest_counts(runtime: Runtime, brand: Brand) -> None:
    phone = new_phone()
    answer = await signed_in(runtime, brand, phone, given=[YES, NO])
    withdrawn = Consent(ConsentPurpose.MARKETING, "2026-02", False)
    await signed_in(runtime, brand, phone, given=[withdrawn])
    await signed_in(runtime, brand, phone)
    assert await count(runtime.database, brand, ConsentRow) == 3
    async with runtime.database.reading(brand) as session:
        now_in_force = await consents.in_force(session, customer_id=answer.principal_id)
    assert now_in_force == {ConsentPurpose.MARKETING: withdrawn, ConsentPurpose.PROFILING: NO}


async def test_consents_are_no_condition_of_signing_in(runtime: Runtime, brand: Brand) -> None:
    answer = await signed_in(runtime, brand, new_phone())
    async with runtime.database.reading(brand) as session:
        assert await consents.in_force(session, customer_id=answer.principal_id) == {}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ([YES, Consent(ConsentPurpose.MARKETING, "2026-02", False)], ("consents",)),
        ([Consent(ConsentPurpose.LOCATION, " ", True)], ("consents", "textVersion")),
        ([Consent(ConsentPurpose.LOCATION, "v" * 41, True)], ("consents", "textVersion")),
    ],
)
async def test_bad_consents_cost_no_try_and_use_up_no_code(
    runtime: Runtime, brand: Brand, given: list[Consent], path: tuple[str, ...]
) -> None:
    phone = new_phone()
    code = await code_of(runtime, brand, phone)
    with pytest.raises(InvalidInput) as caught:
        await sign_in(runtime, brand, phone, code, given=given)
    assert caught.value.path == path
    assert isinstance(await sign_in(runtime, brand, phone, code), SignedIn)


async def test_the_visitor_is_joined_to_who_signs_in_there_first(runtime: Runtime, brand: Brand) -> None:
    async with runtime.database.transaction(brand) as session:
        visitor = await visitors.create(session, now=session.now)
    first = await signed_in(runtime, brand, new_phone(), visitor_id=visitor.visitor_id)
    await signed_in(runtime, brand, new_phone(), visitor_id=visitor.visitor_id)
    async with runtime.database.reading(brand) as session:
        owner = await session.execute(
            sa.select(VisitorRow.customer_id).where(
                VisitorRow.brand_id == brand.id, VisitorRow.id == visitor.visitor_id
            )
        )
        assert owner.scalar_one() == first.principal_id


async def test_an_operators_token_needs_no_code(runtime: Runtime, brand: Brand) -> None:
    phone = new_phone()
    customer_id = (await signed_in(runtime, brand, phone)).principal_id
    token = await operator_token(runtime, brand, phone=phone, audience="CUSTOMER")
    claims = read_access_token(runtime.secrets.signing, token)
    assert claims is not None and claims.principal_id == customer_id
    with pytest.raises(NotFound):
        await operator_token(runtime, brand, phone=phone, audience="EMPLOYEE")
