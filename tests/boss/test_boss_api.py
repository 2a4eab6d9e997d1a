"""The dashboard and the pulse of sales over the API: who asks for what, and what is refused."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from starlette.requests import HTTPConnection

from app.boss import founding, rollups
from app.commission import pulses, reversals
from app.employees import organisation, sessions
from app.platform import jobs
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.bus import HINTS, guide_channel
from app.platform.db import Brand
from app.platform.runtime import Runtime
from app.trade import reads as trade
from app.worker import make_relay
from graphql_schema.context import make_context
from graphql_schema.execution import Execution, Request
from graphql_schema.paging import encode_global_id
from graphql_schema.schema import schema
from tests import factories
from tests.commission.market import leave, order_goods, pay
from tests.documents import OPERATIONS, Client
from tests.factories import Scene, Staff

ASK = "query ($input: DashboardInput!) { dashboard(input: $input) { sales { orders netSales { minor } } } }"


class World:
    """The scene's store in the east, a second store in the west with a guide of its own, and managers of both."""

    def __init__(self, runtime: Runtime, http: httpx.AsyncClient, scene: Scene) -> None:
        self.runtime, self.http, self.scene, self.brand = runtime, http, scene, scene.brand

    async def fill(self) -> None:
        async with self.runtime.database.transaction(self.brand) as session:
            root_id, _ = await founding.root_and_owner(session)
            self.west_id = await organisation.create_unit(
                session,
                SYSTEM,
                code="WEST",
                name="西区",
                kind="AREA",
                parent_id=root_id,
                now=session.now,
            )
            self.west_store_id = await factories.make_store(session, org_unit_id=self.west_id, name="西店")
            self.west_guide = await factories.make_employee(session, store_id=self.west_store_id, display_name="西门")
            self.manager = await factories.make_employee(
                session, role="MANAGER", org_unit_id=self.scene.area_id, display_name="东方"
            )
            self.west_manager = await factories.make_employee(session, role="MANAGER", store_id=self.west_store_id)
            self.buyers = [await factories.make_customer(session) for _ in range(2)]

    async def sell(self, shop_of: Staff, quantity: int, *, buyer: int = 0) -> UUID:
        async with self.runtime.database.transaction(self.brand) as session:
            customer_id = self.buyers[buyer]
            order_id = await order_goods(
                session, customer_id=customer_id, sku_id=self.scene.sku_id, shop_of=shop_of, quantity=quantity
            )
        async with self.runtime.database.transaction(self.brand) as session:
            await pay(session, order_id=order_id, customer_id=customer_id, total_minor=quantity * 12_900)
        return order_id

    async def refund(self, order_id: UUID, refund_minor: int) -> None:
        async with self.runtime.database.transaction(self.brand) as session:
            [line] = (await trade.lines_of_orders(session, [order_id]))[order_id]
            await reversals.reverse(
                session,
                sale_id=order_id,
                line_id=line.id,
                after_sale_id=session.new_id(),
                refund_minor=refund_minor,
                now=session.now,
            )

    async def relay(self) -> None:
        await make_relay(self.runtime).drain(self.brand)

    async def token(self, who: UUID) -> str:
        return await factories.token_for(self.runtime, self.brand, who)

    async def as_(self, who: UUID, language: str = "en") -> Client:
        return Client(self.http, await self.token(who), language)

    async def hear(self, who: UUID) -> AsyncIterator[dict[str, Any]]:
        """What a client of this employee hears of `salesPulse`."""
        execution = Execution(schema, self.runtime.settings, partial(make_context, self.runtime))
        headers = [(b"authorization", f"Bearer {await self.token(who)}".encode())]
        context = await execution.make_context(HTTPConnection({"type": "websocket", "headers": headers}))
        request = Request(OPERATIONS["SalesPulse"].text, None, None)
        async for answer in execution.stream(request, execution.prepare(request), context):
            yield answer.body


@pytest.fixture
async def world(runtime: Runtime, http: httpx.AsyncClient, scene: Scene) -> World:
    made = World(runtime, http, scene)
    await made.fill()
    return made


def error_of(answer: dict[str, Any]) -> tuple[str, Any]:
    (error,) = answer["errors"]
    return error["extensions"]["code"], error["extensions"].get("argument")


@pytest.mark.parametrize(
    ("given", "argument"),
    [
        ({}, "preset"),
        ({"preset": "TODAY", "from": "2026-03-01"}, "preset"),
        ({"preset": "TODAY", "to": "2026-03-01"}, "preset"),
        ({"preset": "TODAY", "from": "2026-03-01", "to": "2026-03-01"}, "preset"),
        ({"from": "2026-03-01"}, "preset"),
        ({"to": "2026-03-01"}, "preset"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "from"),
        ({"from": "2025-01-01", "to": "2026-02-05"}, "from"),
        ({"from": "0001-01-01", "to": "9999-12-31"}, "from"),
        ({"preset": "TODAY", "orgUnitId": "x"}, "orgUnitId"),
        ({"preset": "TODAY", "storeId": encode_global_id("OrgUnit", UUID(int=1))}, "storeId"),
        ({"preset": "TODAY", "guideId": encode_global_id("Store", UUID(int=1))}, "guideId"),
        ({"preset": "TODAY", "orgUnitId": encode_global_id("OrgUnit", UUID(int=1))}, "orgUnitId"),
        ({"preset": "TODAY", "storeId": encode_global_id("Store", UUID(int=1))}, "storeId"),
        ({"preset": "TODAY", "guideId": encode_global_id("Guide", UUID(int=1))}, "guideId"),
    ],
)
async def test_bad_period_or_place_is_a_top_level_error_that_names_it(
    world: World, given: dict[str, Any], argument: str
) -> None:
    owner = await world.as_(world.scene.owner_id)
    assert error_of(await owner.query(ASK, input=given)) == ("BAD_USER_INPUT", argument)


@pytest.mark.parametrize(
    "given",
    [{"preset": "SOMETIME"}, {"from": "2026-02-30", "to": "2026-03-01"}, {"from": "1.3.2026", "to": "2026-03-01"}],
)
async def test_what_is_no_day_and_no_preset_is_refused(world: World, given: dict[str, Any]) -> None:
    owner = await world.as_(world.scene.owner_id)
    assert error_of(await owner.query(ASK, input=given))[0] == "BAD_USER_INPUT"


async def test_period_of_400_days_and_one_in_the_future_are_answered(world: World) -> None:
    owner = await world.as_(world.scene.owner_id)
    query = (
        "query ($input: DashboardInput!) { dashboard(input: $input) { period { from to } "
        "days: breakdown(by: DAY, first: 400) { rows { key orders } } "
        "few: breakdown(by: DAY, first: null) { rows { key } } } }"
    )
    for first, last in (("2025-01-01", "2026-02-04"), ("9998-11-27", "9999-12-31")):
        answer = (await owner.query(query, input={"from": first, "to": last}))["data"]["dashboard"]
        assert answer["period"] == {"from": first, "to": last}
        rows = answer["days"]["rows"]
        assert (len(rows), rows[0]["key"], rows[-1]["key"]) == (400, first, last)
        assert {row["orders"] for row in rows} == {0}
        assert [row["key"] for row in answer["few"]["rows"]] == [row["key"] for row in rows[:50]]


@pytest.mark.parametrize(
    "asked", ["by: CAMPAIGN", "by: CHANNEL", "by: REGION", "by: DAY, first: 0", "by: DAY, first: 401"]
)
async def test_breakdown_that_is_not_answered_says_so(world: World, asked: str) -> None:
    owner = await world.as_(world.scene.owner_id)
    query = f"{{ dashboard(input: {{preset: TODAY}}) {{ breakdown({asked}) {{ rows {{ key }} }} }} }}"
    argument = "first" if "first" in asked else "by"
    assert error_of(await owner.query(query)) == ("BAD_USER_INPUT", argument)


async def test_breakdowns_are_found_in_fragments_and_by_variables(world: World) -> None:
    await world.sell(world.scene.guide, 1)
    await world.relay()
    owner = await world.as_(world.scene.owner_id)
    query = """
    query ($by: BreakdownBy!, $first: Int!) { dashboard(input: {preset: TODAY}) { ...Part ... on Dashboard {
      hours: breakdown(by: HOUR, first: 24) { rows { key label orders } } } } }
    fragment Part on Dashboard { ...Deeper }
    fragment Deeper on Dashboard { some: breakdown(by: $by, first: $first) { rows { key label orders quantity } } }
    """
    found = (await owner.query(query, by="STORE", first=1))["data"]["dashboard"]
    [row] = found["some"]["rows"]
    assert row == {
        "key": encode_global_id("Store", world.scene.store_id),
        "label": "人民广场店",
        "orders": 1,
        "quantity": 1,
    }
    hours = found["hours"]["rows"]
    assert [row["key"] for row in hours] == [f"{hour:02d}" for hour in range(24)]
    assert hours[7]["label"] == "07:00"
    assert sum(row["orders"] for row in hours) == 1


async def test_sales_without_a_guide_and_without_a_store_have_a_name(world: World) -> None:
    async with world.runtime.database.transaction(world.brand) as session:
        alone = await factories.make_employee(session, org_unit_id=world.west_id, display_name="独行")
        await leave(session, world.west_guide)
    await world.sell(world.west_guide, 2)
    await world.sell(alone, 1, buyer=1)
    await world.relay()
    owner = await world.as_(world.scene.owner_id)
    query = (
        "{ dashboard(input: {preset: TODAY}) { guides: breakdown(by: GUIDE) { rows { key label orders } } "
        "stores: breakdown(by: STORE) { rows { key label orders } } } }"
    )
    found = (await owner.query(query))["data"]["dashboard"]
    nobody = {"key": "none", "orders": 1}
    assert found["guides"]["rows"] == [
        {**nobody, "label": "The store, no guide"},
        {"key": encode_global_id("Guide", alone.employee_id), "label": "独行", "orders": 1},
    ]
    assert found["stores"]["rows"] == [
        {"key": encode_global_id("Store", world.west_store_id), "label": "西店", "orders": 1},
        {**nobody, "label": "No store"},
    ]


async def test_manager_has_the_own_branch_and_nothing_outside_can_be_told_from_nothing(world: World) -> None:
    await world.sell(world.scene.guide, 1)
    await world.sell(world.west_guide, 3, buyer=1)
    await world.relay()
    manager, owner = await world.as_(world.manager.employee_id), await world.as_(world.scene.owner_id)
    today = {"preset": "TODAY"}
    assert (await owner.query(ASK, input=today))["data"]["dashboard"]["sales"]["netSales"]["minor"] == 4 * 12_900
    own = (await manager.query(ASK, input=today))["data"]["dashboard"]["sales"]
    assert own == {"orders": 1, "netSales": {"minor": 12_900}}
    area = {"orgUnitId": encode_global_id("OrgUnit", world.scene.area_id)}
    store = {"storeId": encode_global_id("Store", world.scene.store_id)}
    guides = [{"guideId": encode_global_id(kind, world.scene.guide.employee_id)} for kind in ("Guide", "Employee")]
    for inside in (area, store, *guides, {**area, **store, **guides[0]}):
        assert (await manager.query(ASK, input=today | inside))["data"]["dashboard"]["sales"] == own
    outside = [
        {"orgUnitId": encode_global_id("OrgUnit", world.west_id)},
        {"storeId": encode_global_id("Store", world.west_store_id)},
        {"guideId": encode_global_id("Guide", world.west_guide.employee_id)},
    ]
    missing = [
        {"orgUnitId": encode_global_id("OrgUnit", UUID(int=1))},
        {"storeId": encode_global_id("Store", UUID(int=1))},
        {"guideId": encode_global_id("Guide", UUID(int=1))},
    ]
    for theirs, none in zip(outside, missing, strict=True):
        refused = await manager.query(ASK, input=today | theirs)
        assert refused["errors"] == (await manager.query(ASK, input=today | none))["errors"]
        assert (await owner.query(ASK, input=today | theirs))["data"]["dashboard"]["sales"]["orders"] == 1
    whole = (await manager.data("BossDashboard", input=today))["dashboard"]
    assert "西" not in str(whole)
    assert [row["key"] for row in whole["guides"]["rows"]] == [encode_global_id("Guide", world.scene.guide.employee_id)]


async def test_guide_and_customer_have_no_dashboard(world: World) -> None:
    guide = await world.as_(world.scene.guide.employee_id)
    token = await factories.token_for(world.runtime, world.brand, world.buyers[0], "CUSTOMER")
    for client, code in (
        (guide, "FORBIDDEN"),
        (Client(world.http, token), "FORBIDDEN"),
        (Client(world.http), "UNAUTHENTICATED"),
    ):
        assert await client.code_of_error("BossDashboard", input={"preset": "TODAY"}) == code


async def test_refund_lessens_net_sales_of_its_day_and_tells_boss_and_guide(world: World) -> None:
    order_id = await world.sell(world.scene.guide, 2)
    await world.relay()
    owner, manager, west = (
        world.hear(who) for who in (world.scene.owner_id, world.manager.employee_id, world.west_manager.employee_id)
    )
    waiting = [asyncio.ensure_future(anext(heard)) for heard in (owner, manager, west)]
    async with world.runtime.bus.redis.pubsub() as probe:
        await probe.subscribe(guide_channel(world.brand.id, world.scene.guide.employee_id))
        await asyncio.sleep(0.4)
        await world.refund(order_id, 10_000)
        await world.relay()
        for answer in [await asyncio.wait_for(one, 5) for one in waiting[:2]]:
            pulse = answer["data"]["salesPulse"]
            assert pulse["kind"] == "REFUNDED"
            assert pulse["order"]["id"] == encode_global_id("Order", order_id)
            assert pulse["today"]["orders"] == 1
            assert pulse["today"]["netSales"]["minor"] == 15_800
        assert not waiting[2].done()
        waiting[2].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        # The first message may be the subscription's own.
        messages = [await probe.get_message(ignore_subscribe_messages=True, timeout=0.5) for _ in range(3)]
    told = [pulses.read_pulse(orjson.loads(message["data"])) for message in messages if message is not None]
    [pulse] = told
    assert (pulse.kind, pulse.order_id, pulse.commission_minor, pulse.payable_on) == ("REFUNDED", order_id, 1_000, None)
    found = (await (await world.as_(world.scene.owner_id)).data("BossDashboard", input={"preset": "TODAY"}))[
        "dashboard"
    ]
    assert found["sales"]["grossSales"]["minor"] == 25_800
    assert found["sales"]["refunds"]["minor"] == 10_000
    assert found["sales"]["netSales"]["minor"] == 15_800
    assert found["commission"]["held"]["minor"] == 1_580


async def test_pulse_is_for_the_own_branch_and_ends_with_the_session(world: World) -> None:
    west = world.hear(world.west_manager.employee_id)
    first = asyncio.ensure_future(anext(west))
    guide = world.hear(world.scene.guide.employee_id)
    refused = await asyncio.wait_for(anext(guide), 5)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    await asyncio.sleep(0.4)
    await world.sell(world.scene.guide, 1)
    theirs = await world.sell(world.west_guide, 3, buyer=1)
    await world.relay()
    pulse = (await asyncio.wait_for(first, 5))["data"]["salesPulse"]
    assert pulse["order"]["id"] == encode_global_id("Order", theirs)
    assert pulse["today"] == {"orders": 1, "netSales": {"minor": 38_700, "currency": "CNY", "display": "¥387.00"}}
    second = asyncio.ensure_future(anext(west))
    await asyncio.sleep(0.2)
    async with world.runtime.database.transaction(world.brand) as session:
        ended = Actor(kind=ActorKind.EMPLOYEE, employee_id=world.west_manager.employee_id, role="MANAGER")
        await sessions.end(session, ended, everywhere=True, now=session.now)
    await world.sell(world.west_guide, 1, buyer=1)
    await world.relay()
    over = await asyncio.wait_for(second, 5)
    assert over["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_as_of_is_when_the_oldest_event_that_is_not_held_yet_happened(world: World) -> None:
    owner = await world.as_(world.scene.owner_id)
    query = "{ dashboard(input: {preset: TODAY}) { asOf sales { orders } } }"
    await world.relay()
    fresh = (await owner.query(query))["data"]["dashboard"]
    await world.sell(world.scene.guide, 1)
    async with world.runtime.database.reading(world.brand) as session:
        since = (await session.execute(rollups.pending(world.brand.id))).one().since
    await asyncio.sleep(0.05)
    late = (await owner.query(query))["data"]["dashboard"]
    assert late["sales"]["orders"] == 0
    assert fresh["asOf"] < late["asOf"] == since.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    await world.relay()
    done = (await owner.query(query))["data"]["dashboard"]
    assert done["sales"]["orders"] == 1
    assert done["asOf"] > late["asOf"]


async def test_dashboard_moves_within_two_seconds_of_the_payment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker's relay, woken by the hint, with nobody draining by hand; what other tests left behind is not its."""

    async def brands() -> list[Brand]:
        return [world.brand]

    monkeypatch.setattr(world.runtime.database, "brands", brands)
    await world.runtime.bus.redis.delete(HINTS)
    stop = asyncio.Event()
    owner = await world.as_(world.scene.owner_id)
    working = asyncio.create_task(jobs.run_relay(world.runtime, make_relay(world.runtime), stop))
    try:
        await asyncio.sleep(0.3)
        await world.sell(world.scene.guide, 1)
        paid_at = asyncio.get_running_loop().time()
        while (await owner.query(ASK, input={"preset": "TODAY"}))["data"]["dashboard"]["sales"]["orders"] != 1:
            assert asyncio.get_running_loop().time() - paid_at < timedelta(seconds=2).total_seconds()
            await asyncio.sleep(0.05)
    finally:
        stop.set()
        await working
