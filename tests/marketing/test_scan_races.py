"""Scans at once, on real connections: one live binding, every touch kept, repeats one touchpoint."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission import policies as publishing
from app.customers.models import BindingEndRow, BindingRow, TouchHeadRow, TouchpointRow
from app.customers.values import PolicyTerms, Takeover
from app.marketing import codes
from app.marketing.values import CodeKind
from app.platform.actor import ANONYMOUS, SYSTEM
from app.platform.db import BrandSession, Database
from app.platform.runtime import Runtime
from tests.factories import Scene, Staff
from tests.marketing.walk import Walk, customer

CONNECTIONS = 30


@pytest.fixture(scope="session")
async def crowd(runtime: Runtime) -> AsyncIterator[Database]:
    """A database with a connection for each of 30 scans at once."""
    database = Database(runtime.settings.database_url, runtime.settings, runtime.secrets, pool_size=CONNECTIONS)
    yield database
    await database.close()


@pytest.fixture
def walk(crowd: Database, scene: Scene) -> Walk:
    return Walk(crowd, scene.brand)


async def make_codes(walk: Walk, guides: Sequence[Staff], each: int) -> list[str]:
    """`each` codes of every guide, taking turns."""
    async with walk.database.transaction(walk.brand) as session:
        return [
            (
                await codes.create_code(session, SYSTEM, kind=CodeKind.SHOP, target_id=guide.shop_id, now=session.now)
            ).token
            for _ in range(each)
            for guide in guides
        ]


async def scan_at_once(walk: Walk, tokens: Sequence[str], customer_id: UUID) -> list[codes.Scan]:
    async def scan(token: str) -> codes.Scan:
        async def work(session: BrandSession) -> codes.Scan:
            return await codes.scan(session, customer(customer_id), token=token, now=session.now)

        return await walk.database.run(walk.brand, work)

    return await asyncio.gather(*map(scan, tokens))


async def test_a_hundred_codes_of_two_guides_at_once_make_one_live_binding_and_a_hundred_touchpoints(
    walk: Walk, scene: Scene
) -> None:
    tokens = await make_codes(walk, (scene.guide, scene.other_guide), 50)
    customer_id = await walk.make_customer()
    scans = await scan_at_once(walk, tokens, customer_id)
    live = await walk.live(customer_id)
    assert live is not None and live.guide_id in (scene.guide.employee_id, scene.other_guide.employee_id)
    assert {scan.binding_id for scan in scans} == {live.binding_id}
    assert len({scan.touchpoint_id for scan in scans}) == 100
    counts = await walk.counts()
    assert (counts["touchpoints"], counts["touch_heads"], counts["bindings"]) == (100, 100, 1)
    assert await walk.ends() == [] and await walk.violations() == []
    async with walk.database.reading(walk.brand) as session:
        rows = await session.execute(sa.select(TouchpointRow.guide_id).where(TouchpointRow.brand_id == walk.brand.id))
        assert Counter(rows.scalars()) == {scene.guide.employee_id: 50, scene.other_guide.employee_id: 50}


async def test_two_codes_scanned_fifty_times_each_at_once_make_two_touchpoints(walk: Walk, scene: Scene) -> None:
    assert scene.guide.token and scene.other_guide.token
    customer_id = await walk.make_customer()
    scans = await scan_at_once(walk, [scene.guide.token, scene.other_guide.token] * 50, customer_id)
    assert Counter(Counter(scan.touchpoint_id for scan in scans).values()) == {50: 2}
    assert await walk.count(TouchpointRow) == 2 and await walk.count(TouchHeadRow) == 2
    assert (await walk.counts())["bindings"] == 1 and await walk.violations() == []


async def test_takeovers_at_once_leave_a_chain_in_which_each_binding_ended_once(walk: Walk, scene: Scene) -> None:
    async with walk.database.transaction(walk.brand) as session:
        await publishing.publish(session, SYSTEM, terms=PolicyTerms(takeover=Takeover.ANY_TIME), now=session.now)
    tokens = await make_codes(walk, (scene.guide, scene.other_guide), 30)
    customer_id = await walk.make_customer()
    await scan_at_once(walk, tokens, customer_id)
    bindings, ends = await walk.count(BindingRow), await walk.count(BindingEndRow)
    assert bindings == ends + 1 and bindings > 1
    assert await walk.count(TouchpointRow) == 60 and await walk.violations() == []


async def test_scans_at_once_by_many_customers_bind_each_once(walk: Walk, scene: Scene) -> None:
    assert scene.guide.token and scene.other_guide.token
    customers = [await walk.make_customer() for _ in range(20)]

    async def both(customer_id: UUID) -> None:
        await scan_at_once(walk, [scene.guide.token or "", scene.other_guide.token or ""], customer_id)

    await asyncio.gather(*map(both, customers))
    counts = await walk.counts()
    assert (counts["bindings"], counts["heads"], counts["touchpoints"]) == (20, 20, 40)
    assert await walk.violations() == []


async def test_sign_in_and_scans_at_once_bind_once(walk: Walk, scene: Scene) -> None:
    assert scene.guide.token and scene.other_guide.token
    async with walk.database.transaction(walk.brand) as session:
        first = await codes.scan(session, ANONYMOUS, token=scene.guide.token, now=session.now)
    phone = "19912345678"
    customer_id = await walk.sign_in(phone)
    await asyncio.gather(
        *(walk.sign_in(phone, first.visitor_id) for _ in range(5)),
        scan_at_once(walk, [scene.other_guide.token] * 10, customer_id),
    )
    live = await walk.live(customer_id)
    assert live is not None and await walk.count(BindingRow) == 1
    assert await walk.count(TouchpointRow) == 2 and await walk.violations() == []
