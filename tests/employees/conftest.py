"""A brand with two areas, a store in each, and one person of every role."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.boss import founding
from app.employees import organisation, staff
from app.employees.models import OrgUnitRow
from app.employees.sessions import load_actor, open_session
from app.platform import clock
from app.platform.actor import SYSTEM, Actor
from app.platform.db import Brand, BrandSession, Database
from app.platform.ids import new_id
from app.platform.runtime import Runtime
from app.platform.tokens import read_access_token


def new_phone() -> str:
    return f"199{new_id(clock.utc_now()).int % 10**8:08d}"


@dataclass(frozen=True, slots=True)
class Company:
    """East is an area with a store, a manager and a guide; west is another area with a store and nobody."""

    brand: Brand
    root_id: UUID
    east_id: UUID
    west_id: UUID
    east_store_id: UUID
    west_store_id: UUID
    owner: Actor
    headquarters: Actor
    manager: Actor
    guide: Actor
    guide_phone: str


async def found(database: Database) -> Brand:
    code = f"b{new_id(clock.utc_now()).hex[-12:]}"
    return await founding.found_brand(
        database,
        code=code,
        name="测试品牌",
        currency="CNY",
        time_zone="Asia/Shanghai",
        owner_name="老板",
        owner_phone=new_phone(),
        now=clock.utc_now(),
    )


async def root_of(session: BrandSession) -> UUID:
    found_root = await session.execute(
        sa.select(OrgUnitRow.id).where(OrgUnitRow.brand_id == session.brand_id, OrgUnitRow.parent_id.is_(None))
    )
    return found_root.scalar_one()


async def actor_of(runtime: Runtime, session: BrandSession, employee_id: UUID) -> Actor:
    """The employee as a request sees him: a session is opened and its token read."""
    opened = await open_session(
        session,
        audience="EMPLOYEE",
        principal_id=employee_id,
        settings=runtime.settings,
        signing=runtime.secrets.signing,
        now=session.now,
    )
    claims = read_access_token(runtime.secrets.signing, opened.access_token)
    assert claims is not None
    actor = await load_actor(session, claims)
    assert actor is not None
    return actor


async def make_company(runtime: Runtime) -> Company:
    brand = await found(runtime.database)
    async with runtime.database.transaction(brand) as session:
        now, root_id = session.now, await root_of(session)
        areas, stores = [], []
        for code, city in (("EAST", "上海"), ("WEST", "成都")):
            area_id = await organisation.create_unit(
                session, SYSTEM, code=code, name=f"{city}区", kind="AREA", parent_id=root_id, now=now
            )
            areas.append(area_id)
            stores.append(
                await organisation.create_store(
                    session,
                    SYSTEM,
                    code=f"{code}01",
                    name=f"{city}店",
                    org_unit_id=area_id,
                    operator="OWN",
                    city=city,
                    now=now,
                )
            )

        guide_phone = new_phone()
        people: list[Actor] = []
        for role, unit_id, store_id, phone in (
            ("OWNER", root_id, None, new_phone()),
            ("HEADQUARTERS", root_id, None, new_phone()),
            ("MANAGER", areas[0], None, new_phone()),
            ("GUIDE", None, stores[0], guide_phone),
        ):
            employee_id = await staff.create_employee(
                session,
                SYSTEM,
                display_name=role.title(),
                phone=phone,
                role=role,
                org_unit_id=unit_id,
                store_id=store_id,
                now=now,
            )
            people.append(await actor_of(runtime, session, employee_id))
    owner, headquarters, manager, guide = people
    return Company(
        brand=brand,
        root_id=root_id,
        east_id=areas[0],
        west_id=areas[1],
        east_store_id=stores[0],
        west_store_id=stores[1],
        owner=owner,
        headquarters=headquarters,
        manager=manager,
        guide=guide,
        guide_phone=guide_phone,
    )


@pytest.fixture
async def company(runtime: Runtime) -> Company:
    return await make_company(runtime)


@pytest.fixture
async def other_company(runtime: Runtime) -> Company:
    return await make_company(runtime)


@pytest.fixture
async def session(database: Database, company: Company) -> AsyncIterator[BrandSession]:
    """A transaction of the company's brand that commits when the test passes."""
    async with database.transaction(company.brand) as opened:
        yield opened


@pytest.fixture
def counted(database: Database) -> Callable[[], AbstractContextManager[list[str]]]:
    """`with counted() as statements:` collects what the block sends, without the setting of the brand."""

    @contextmanager
    def collect() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_: object, __: object, text: str, *___: object) -> None:
            if "set_config" not in text:
                statements.append(text)

        engine = database.engine.sync_engine
        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)

    return collect
