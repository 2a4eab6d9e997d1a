"""Hiring: who may make whom, what is unique, what is kept."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from app.employees import staff
from app.employees.models import EmployeeRow, PostingRow
from app.platform.actor import ANONYMOUS, Actor
from app.platform.db import BrandSession, Database
from app.platform.errors import Conflict, Forbidden, InvalidInput, NotFound
from tests.employees.conftest import Company, new_phone

PEOPLE = 5
"""Owner of the founding, and the four of the company."""


async def hire(session: BrandSession, actor: Actor, company: Company, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "display_name": "林知夏",
        "phone": new_phone(),
        "role": "GUIDE",
        "store_id": company.east_store_id,
    }
    return await staff.create_employee(session, actor, **(values | changes), now=session.now)


async def count(session: BrandSession, row: Any = EmployeeRow) -> int:
    found = await session.execute(sa.select(sa.func.count()).select_from(row).where(row.brand_id == session.brand_id))
    return int(found.scalar_one())


async def test_a_guide_is_posted_to_the_store_and_its_unit(
    session: BrandSession, company: Company, counted: Callable[[], Any]
) -> None:
    with counted() as statements:
        employee_id = await hire(session, company.manager, company, employee_number="A1", title="店长助理")
    assert len(statements) == 3
    row = (
        await session.execute(
            sa.select(EmployeeRow.org_unit_id, EmployeeRow.store_id, EmployeeRow.state, EmployeeRow.phone).where(
                EmployeeRow.brand_id == session.brand_id, EmployeeRow.id == employee_id
            )
        )
    ).one()
    assert row[:3] == (company.east_id, company.east_store_id, "ACTIVE")
    assert b"199" not in row.phone
    posting = (
        await session.execute(
            sa.select(
                PostingRow.org_unit_id, PostingRow.store_id, PostingRow.role, PostingRow.valid_from, PostingRow.valid_to
            ).where(PostingRow.brand_id == session.brand_id, PostingRow.employee_id == employee_id)
        )
    ).one()
    assert posting == (company.east_id, company.east_store_id, "GUIDE", session.now, None)


async def test_a_phone_belongs_to_one_employee_however_it_is_written(session: BrandSession, company: Company) -> None:
    phone = company.guide_phone
    for spelling in (phone, f"+86{phone}", f"{phone[:3]} {phone[3:7]} {phone[7:]}"):
        with pytest.raises(Conflict) as caught:
            await hire(session, company.owner, company, phone=spelling)
        assert caught.value.path == ("phone",)
    assert (await count(session), await count(session, PostingRow)) == (PEOPLE, PEOPLE)


async def test_another_brand_may_employ_the_same_phone_and_number(
    database: Database, company: Company, other_company: Company
) -> None:
    for at, actor in ((company, company.owner), (other_company, other_company.owner)):
        async with database.transaction(at.brand) as session:
            await hire(session, actor, at, phone="19900000001", employee_number="A1")
            assert await count(session) == PEOPLE + 1


async def test_an_employee_number_belongs_to_one_employee(session: BrandSession, company: Company) -> None:
    await hire(session, company.owner, company, employee_number="A1")
    with pytest.raises(Conflict) as caught:
        await hire(session, company.owner, company, employee_number=" A1 ")
    assert (caught.value.path, await count(session)) == (("employeeNumber",), PEOPLE + 1)


async def test_many_employees_have_no_number(session: BrandSession, company: Company) -> None:
    await hire(session, company.owner, company, employee_number=None)
    await hire(session, company.owner, company, employee_number="  ")
    assert await count(session) == PEOPLE + 2


async def test_ten_at_once_with_one_phone_make_one_employee(database: Database, company: Company) -> None:
    phone = new_phone()

    async def try_once() -> bool:
        try:
            async with database.transaction(company.brand) as session:
                await hire(session, company.owner, company, phone=phone)
        except Conflict:
            return False
        return True

    made = await asyncio.gather(*(try_once() for _ in range(10)))
    async with database.reading(company.brand) as session:
        assert (sum(made), await count(session)) == (1, PEOPLE + 1)


@pytest.mark.parametrize(
    ("who", "role"),
    [
        ("headquarters", "OWNER"),
        ("manager", "OWNER"),
        ("manager", "HEADQUARTERS"),
        ("manager", "MANAGER"),
        ("guide", "GUIDE"),
        ("guide", "OWNER"),
    ],
)
async def test_nobody_makes_a_role_above_what_is_theirs(
    session: BrandSession, company: Company, who: str, role: str
) -> None:
    with pytest.raises(Forbidden):
        await hire(session, getattr(company, who), company, role=role)
    assert await count(session) == PEOPLE


async def test_a_stranger_hires_nobody(session: BrandSession, company: Company) -> None:
    with pytest.raises(Forbidden):
        await hire(session, ANONYMOUS, company)
    assert await count(session) == PEOPLE


@pytest.mark.parametrize(("who", "role"), [("owner", "OWNER"), ("headquarters", "HEADQUARTERS"), ("manager", "GUIDE")])
async def test_who_makes_whom(session: BrandSession, company: Company, who: str, role: str) -> None:
    await hire(session, getattr(company, who), company, role=role)
    assert await count(session) == PEOPLE + 1


async def test_a_manager_hires_only_in_the_own_branch(session: BrandSession, company: Company) -> None:
    for where in (
        {"store_id": company.west_store_id},
        {"store_id": None, "org_unit_id": company.west_id},
        {"store_id": None, "org_unit_id": company.root_id},
        {"store_id": company.east_store_id, "org_unit_id": company.root_id},
    ):
        with pytest.raises(NotFound):
            await hire(session, company.manager, company, **where)
    assert await count(session) == PEOPLE
    await hire(session, company.manager, company, store_id=None, org_unit_id=company.east_id)
    assert await count(session) == PEOPLE + 1


async def test_headquarters_people_have_functions(session: BrandSession, company: Company) -> None:
    where = {"store_id": None, "org_unit_id": company.root_id}
    employee_id = await hire(
        session, company.owner, company, role="HEADQUARTERS", functions=["IT", "FINANCE", "IT"], **where
    )
    functions = await session.execute(
        sa.select(EmployeeRow.functions).where(EmployeeRow.brand_id == session.brand_id, EmployeeRow.id == employee_id)
    )
    assert functions.scalar_one() == ["FINANCE", "IT"]
    with pytest.raises(InvalidInput) as caught:
        await hire(session, company.owner, company, functions=["SERVICE"])
    assert caught.value.path == ("functions",)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"phone": "123"}, ("phone",)),
        ({"display_name": " "}, ("displayName",)),
        ({"display_name": "长" * 31}, ("displayName",)),
        ({"title": "长" * 31}, ("title",)),
        ({"employee_number": "9" * 65}, ("employeeNumber",)),
        ({"avatar_url": "javascript:alert(1)"}, ("avatarUrl",)),
        ({"store_id": None}, ("orgUnitId",)),
    ],
)
async def test_an_employee_with_bad_input_is_not_made(
    session: BrandSession, company: Company, changes: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await hire(session, company.owner, company, **changes)
    assert (caught.value.path, await count(session)) == (path, PEOPLE)


async def test_unit_and_store_have_to_fit_and_be_the_brands(
    session: BrandSession, company: Company, other_company: Company
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await hire(session, company.owner, company, org_unit_id=company.west_id)
    assert caught.value.path == ("storeId",)
    for strange in ({"store_id": other_company.east_store_id}, {"org_unit_id": other_company.east_id}):
        with pytest.raises(NotFound):
            await hire(session, company.owner, company, **strange)
    assert await count(session) == PEOPLE
