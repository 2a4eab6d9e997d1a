"""A brand is founded whole or not at all."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.boss import founding
from app.commission import plans
from app.customers.policies import current_policy
from app.employees.models import EmployeeRow, OrgUnitRow
from app.platform import clock
from app.platform.db import Brand, Database
from app.platform.errors import Conflict, InvalidInput
from app.products.models import LocationRow
from tests import factories


async def found(database: Database, **changes: object) -> Brand:
    number = factories.next_number()
    given: dict[str, object] = {
        "code": f"f{number}",
        "name": "松风茶业",
        "currency": "CNY",
        "time_zone": "Asia/Shanghai",
        "owner_name": "老板",
        "owner_phone": factories.next_phone(),
        "now": clock.utc_now(),
    }
    return await founding.found_brand(database, **{**given, **changes})  # type: ignore[arg-type]


async def test_founded_brand_has_owner_root_location_policy_and_plan(database: Database) -> None:
    brand = await found(database, name="  松风茶业  ")
    assert await database.brand_by_code(brand.code) == brand
    assert brand.name == "松风茶业"
    async with database.reading(brand) as session:
        root_id, owner_id = await founding.root_and_owner(session)
        employees = (
            await session.execute(
                sa.select(EmployeeRow.id, EmployeeRow.role, EmployeeRow.org_unit_id).where(
                    EmployeeRow.brand_id == brand.id
                )
            )
        ).all()
        units = (
            await session.execute(
                sa.select(OrgUnitRow.id, OrgUnitRow.parent_id, OrgUnitRow.name).where(OrgUnitRow.brand_id == brand.id)
            )
        ).all()
        locations = (
            await session.execute(sa.select(LocationRow.kind).where(LocationRow.brand_id == brand.id))
        ).scalars()
        assert list(locations) == ["SHIPPING"]
        assert (await current_policy(session)).version == 1
        assert (await plans.current(session)).version == 1
    assert [tuple(row) for row in employees] == [(owner_id, "OWNER", root_id)]
    assert [tuple(row) for row in units] == [(root_id, None, "松风茶业")]


async def test_taken_code_is_a_conflict_and_leaves_nothing(database: Database) -> None:
    brand = await found(database)
    before = len(await database.brands())
    with pytest.raises(Conflict) as refused:
        await found(database, code=brand.code)
    assert refused.value.path == ("code",)
    assert len(await database.brands()) == before


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"code": "A"}, ("code",)),
        ({"code": "Upper"}, ("code",)),
        ({"code": "x" * 33}, ("code",)),
        ({"code": "茶"}, ("code",)),
        ({"name": "  "}, ("name",)),
        ({"name": "长" * 61}, ("name",)),
        ({"currency": "EUR"}, ("currency",)),
        ({"time_zone": "Asia/Atlantis"}, ("timeZone",)),
        ({"time_zone": "../etc/passwd"}, ("timeZone",)),
        ({"owner_phone": "123"}, ("phone",)),
    ],
)
async def test_brand_with_a_fault_is_not_founded(
    database: Database, change: dict[str, object], path: tuple[str, ...]
) -> None:
    before = len(await database.brands())
    with pytest.raises(InvalidInput) as refused:
        await found(database, **change)
    assert refused.value.path == path
    assert len(await database.brands()) == before


async def test_brand_on_simulated_time_begins_at_its_instant(database: Database) -> None:
    start = clock.utc_now() - timedelta(days=3_000)
    brand = await found(database, simulated_now=start, currency="USD", time_zone="America/New_York")
    assert brand.is_simulated
    async with database.reading(brand) as session:
        assert session.now == start
        assert (await current_policy(session)).published_at == start
