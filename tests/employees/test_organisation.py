"""The tree and its stores."""

import dataclasses
from typing import Any

import pytest
import sqlalchemy as sa

from app.employees import organisation, reads
from app.employees.models import OrgUnitRow, StoreRow
from app.employees.values import OpeningHours, PostalAddress
from app.platform.actor import SYSTEM, Actor
from app.platform.db import BrandSession, Database
from app.platform.errors import Conflict, Forbidden, InvalidInput, NotFound
from tests.employees.conftest import Company

ADDRESS = PostalAddress("王小明", "19900000316", "上海市", "上海市", "黄浦区", "人民大道 1 号")


async def count(session: BrandSession, row: type[Any]) -> int:
    return int(
        (
            await session.execute(sa.select(sa.func.count()).select_from(row).where(row.brand_id == session.brand_id))
        ).scalar_one()
    )


def a_unit(company: Company, **changes: Any) -> dict[str, Any]:
    return {"code": "NORTH", "name": "北区", "kind": "AREA", "parent_id": company.east_id} | changes


def a_store(company: Company, **changes: Any) -> dict[str, Any]:
    return {"code": "SH99", "name": "新店", "org_unit_id": company.east_id, "operator": "DEALER"} | changes


async def test_a_unit_hangs_below_its_parent(session: BrandSession, company: Company) -> None:
    unit_id = await organisation.create_unit(session, company.headquarters, **a_unit(company), now=session.now)
    units = await reads.units_by_id(session, [unit_id, company.east_id])
    made, parent = units[unit_id], units[company.east_id]
    assert (made.code, made.name, made.kind, made.parent_id) == ("NORTH", "北区", "AREA", company.east_id)
    assert made.path == f"{parent.path}{unit_id.hex}/"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"code": " "}, ("code",)),
        ({"code": "x" * 65}, ("code",)),
        ({"code": "a\x00b"}, ("code",)),
        ({"name": ""}, ("name",)),
        ({"name": "名" * 61}, ("name",)),
        ({"kind": "HEADQUARTERS"}, ("kind",)),
    ],
)
async def test_a_unit_with_bad_input_is_not_made(
    session: BrandSession, company: Company, changes: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await organisation.create_unit(session, company.owner, **a_unit(company, **changes), now=session.now)
    assert (caught.value.path, await count(session, OrgUnitRow)) == (path, 3)


async def test_a_code_names_one_unit_of_a_brand(
    database: Database, session: BrandSession, company: Company, other_company: Company
) -> None:
    with pytest.raises(Conflict) as caught:
        await organisation.create_unit(session, company.owner, **a_unit(company, code=" EAST "), now=session.now)
    assert (caught.value.path, await count(session, OrgUnitRow)) == (("code",), 3)
    async with database.transaction(other_company.brand) as other:
        await organisation.create_unit(other, SYSTEM, **a_unit(other_company), now=other.now)
    await organisation.create_unit(session, SYSTEM, **a_unit(company), now=session.now)
    assert await count(session, OrgUnitRow) == 4


async def test_another_brands_unit_is_no_parent(
    session: BrandSession, company: Company, other_company: Company
) -> None:
    for make, values in (
        (organisation.create_unit, a_unit(company, parent_id=other_company.east_id)),
        (organisation.create_store, a_store(company, org_unit_id=other_company.east_id)),
    ):
        with pytest.raises(NotFound):
            await make(session, company.owner, **values, now=session.now)
    assert (await count(session, OrgUnitRow), await count(session, StoreRow)) == (3, 2)


@pytest.mark.parametrize("who", ["manager", "guide"])
async def test_only_headquarters_change_the_tree(session: BrandSession, company: Company, who: str) -> None:
    actor: Actor = getattr(company, who)
    with pytest.raises(Forbidden):
        await organisation.create_unit(session, actor, **a_unit(company), now=session.now)
    with pytest.raises(Forbidden):
        await organisation.create_store(session, actor, **a_store(company), now=session.now)
    assert (await count(session, OrgUnitRow), await count(session, StoreRow)) == (3, 2)


async def test_a_store_keeps_hours_and_operator(session: BrandSession, company: Company) -> None:
    hours = (OpeningHours(1, "10:00", "22:00"), OpeningHours(7, "09:30", "24:00"))
    store_id = await organisation.create_store(
        session,
        company.headquarters,
        **a_store(
            company,
            opening_hours=hours,
            city="上海",
            legal_entity="某某有限公司",
            territory="上海",
            address="南京路 1 号",
        ),
        now=session.now,
    )
    store = (await reads.stores_by_id(session, [store_id]))[store_id]
    assert (store.code, store.operator, store.opening_hours, store.city) == ("SH99", "DEALER", hours, "上海")
    assert (store.legal_entity, store.territory, store.address) == ("某某有限公司", "上海", "南京路 1 号")
    assert store.unit.id == company.east_id
    assert await organisation.return_address(session, store_id=store_id) is None


async def test_a_return_address_is_sealed_at_rest(session: BrandSession, company: Company) -> None:
    store_id = await organisation.create_store(
        session, company.owner, **a_store(company, return_address=ADDRESS), now=session.now
    )
    stored = (
        await session.execute(
            sa.select(StoreRow.return_address).where(StoreRow.brand_id == session.brand_id, StoreRow.id == store_id)
        )
    ).scalar_one()
    assert stored is not None and not any(part.encode() in stored for part in ("王小明", "316", "人民大道"))
    opened = await organisation.return_address(session, store_id=store_id)
    assert opened == dataclasses.replace(ADDRESS, phone="+8619900000316")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"opening_hours": [OpeningHours(1, "22:00", "10:00")]}, ("openingHours",)),
        ({"return_address": dataclasses.replace(ADDRESS, phone="12")}, ("returnAddress", "phone")),
        ({"return_address": dataclasses.replace(ADDRESS, street=" ")}, ("returnAddress", "street")),
        ({"city": "城" * 61}, ("city",)),
        ({"code": ""}, ("code",)),
    ],
)
async def test_a_store_with_bad_input_is_not_made(
    session: BrandSession, company: Company, changes: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await organisation.create_store(session, company.owner, **a_store(company, **changes), now=session.now)
    assert (caught.value.path, await count(session, StoreRow)) == (path, 2)


async def test_a_code_names_one_store_of_a_brand(session: BrandSession, company: Company) -> None:
    with pytest.raises(Conflict) as caught:
        await organisation.create_store(session, company.owner, **a_store(company, code="EAST01"), now=session.now)
    assert (caught.value.path, await count(session, StoreRow)) == (("code",), 2)
