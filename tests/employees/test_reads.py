"""Reads of units, stores and employees: pages by key, within the reader's branch."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from app.employees import organisation, reads, staff
from app.employees.models import EmployeeRow, StoreRow
from app.platform.actor import ANONYMOUS, SYSTEM, Actor, ActorKind
from app.platform.db import BrandSession
from app.platform.ids import new_id
from tests.employees.conftest import Company, new_phone


async def names(session: BrandSession, actor: Actor, **more: Any) -> list[str]:
    rows = await reads.employee_page(session, actor, limit=100, after=None, **more)
    assert len(rows) == await reads.count_employees(session, actor, **more)
    return [row.display_name for row in rows]


async def units(session: BrandSession, actor: Actor) -> list[str]:
    rows = await reads.unit_page(session, actor, limit=100, after=None)
    assert len(rows) == await reads.count_units(session, actor)
    return [row.code for row in rows]


@pytest.mark.parametrize(
    ("who", "seen"),
    [("owner", ["HQ", "EAST", "WEST"]), ("headquarters", ["HQ", "EAST", "WEST"]), ("manager", ["EAST"]), ("guide", [])],
)
async def test_who_sees_which_units(session: BrandSession, company: Company, who: str, seen: list[str]) -> None:
    assert await units(session, getattr(company, who)) == seen


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("owner", ["老板", "Owner", "Headquarters", "Manager", "Guide"]),
        ("headquarters", ["老板", "Owner", "Headquarters", "Manager", "Guide"]),
        ("manager", ["Manager", "Guide"]),
        ("guide", ["Guide"]),
    ],
)
async def test_who_sees_which_employees(session: BrandSession, company: Company, who: str, seen: list[str]) -> None:
    assert await names(session, getattr(company, who)) == seen


async def test_customers_and_strangers_see_no_staff(session: BrandSession, company: Company) -> None:
    customer = Actor(kind=ActorKind.CUSTOMER, customer_id=new_id(session.now))
    for actor in (customer, ANONYMOUS):
        assert (await names(session, actor), await units(session, actor)) == ([], [])
        found = await reads.employees_by_id(session, [company.guide.employee_id or company.root_id])
        assert [reads.may_see(actor, facts) for facts in found.values()] == [False]


async def test_employees_of_a_unit_are_those_of_its_branch(session: BrandSession, company: Company) -> None:
    assert await names(session, company.owner, org_unit_id=company.east_id) == ["Manager", "Guide"]
    assert await names(session, company.owner, org_unit_id=company.west_id) == []
    assert await names(session, company.owner, org_unit_id=new_id(session.now)) == []
    assert await names(session, company.manager, org_unit_id=company.root_id) == ["Manager", "Guide"]
    assert await names(session, company.manager, org_unit_id=company.west_id) == []


async def test_a_guide_of_a_wide_unit_belongs_to_the_stores_branch(session: BrandSession, company: Company) -> None:
    await staff.create_employee(
        session,
        SYSTEM,
        display_name="West",
        phone=new_phone(),
        role="GUIDE",
        org_unit_id=company.root_id,
        store_id=company.west_store_id,
        now=session.now,
    )
    assert await names(session, company.owner, org_unit_id=company.west_id) == ["West"]
    assert "West" not in await names(session, company.manager)


@pytest.mark.parametrize(
    ("who", "whom", "allowed"),
    [
        ("owner", "guide", True),
        ("headquarters", "owner", True),
        ("manager", "guide", True),
        ("manager", "headquarters", False),
        ("guide", "guide", True),
        ("guide", "manager", False),
    ],
)
async def test_whose_row_may_be_seen_by_whom(
    session: BrandSession, company: Company, who: str, whom: str, allowed: bool
) -> None:
    employee_id = getattr(company, whom).employee_id
    facts = (await reads.employees_by_id(session, [employee_id]))[employee_id]
    assert reads.may_see(getattr(company, who), facts) is allowed


async def test_pages_hold_every_row_once_in_order(
    session: BrandSession, company: Company, counted: Callable[[], Any]
) -> None:
    for number in range(12):
        await organisation.create_unit(
            session,
            SYSTEM,
            code=f"T{number}",
            name=f"组{number}",
            kind="TEAM",
            parent_id=company.west_id if number % 2 else company.east_id,
            now=session.now,
        )
    seen: list[str] = []
    after = None
    while True:
        with counted() as statements:
            rows = await reads.unit_page(session, company.owner, limit=4, after=after)
        assert len(statements) == 1
        seen += [row.path for row in rows]
        if len(rows) < 4:
            break
        after = (rows[-1].path,)
    assert len(seen) == 15 and seen == sorted(set(seen))


async def test_stores_are_paged_by_code(session: BrandSession, company: Company, counted: Callable[[], Any]) -> None:
    with counted() as statements:
        first = await reads.store_page(session, limit=1, after=None)
        rest = await reads.store_page(session, limit=10, after=(first[0].code,))
    assert len(statements) == 2
    assert [store.code for store in first + rest] == ["EAST01", "WEST01"]
    assert [store.unit.code for store in first + rest] == ["EAST", "WEST"]
    assert await reads.count_stores(session) == 2


async def test_rows_of_equal_ids_in_two_brands_do_not_mix(
    session: BrandSession, company: Company, other_company: Company, runtime: Any
) -> None:
    """The other brand gets a store and a guide with the ids that this brand's have."""
    assert company.guide.employee_id is not None
    async with runtime.database.transaction(other_company.brand) as other:
        await other.execute(
            sa.insert(StoreRow).values(
                brand_id=other.brand_id,
                id=company.east_store_id,
                code="TWIN",
                name="Twin",
                org_unit_id=other_company.west_id,
                operator="OWN",
                opening_hours=[],
                created_at=other.now,
            )
        )
        await other.execute(
            sa.insert(EmployeeRow).values(
                brand_id=other.brand_id,
                id=company.guide.employee_id,
                display_name="Twin",
                phone=b"",
                phone_hash="twin",
                role="GUIDE",
                functions=[],
                state="ACTIVE",
                org_unit_id=other_company.west_id,
                store_id=company.east_store_id,
                created_at=other.now,
            )
        )
        twins = await reads.employees_by_id(other, [company.guide.employee_id])
    twin = twins[company.guide.employee_id]
    assert twin.store is not None
    assert (twin.display_name, twin.store.name, twin.branch) == ("Twin", "Twin", twin.store.unit.path)
    own = (await reads.employees_by_id(session, [company.guide.employee_id]))[company.guide.employee_id]
    assert own.store is not None and (own.display_name, own.store.name) == ("Guide", "上海店")
    assert own.branch != twin.branch
