"""Many at once over HTTP, against one server process and one worker: the last pieces, the same code, the same key."""

import asyncio
from collections import Counter

import sqlalchemy as sa

from app.customers.models import BindingEndRow, BindingHeadRow, BindingRow, TouchHeadRow, TouchpointRow
from app.marketing import codes
from app.marketing.values import CodeKind
from app.platform.actor import SYSTEM
from app.platform.db import BrandSession
from app.products.models import ReservationRow
from app.trade.models import OrderRow, PaymentRow
from app.trade.values import OrderState, PaymentState
from app.verify import checks
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene, Staff
from tests.flows.clients import Caller, Line, a_scan, an_order, number_of, place, sign_in, start_payment, uuid_of
from tests.flows.servers import Installation, until
from tests.trade import purchase

CUSTOMERS, PIECES = 200, 50


async def count(running: Installation, scene: Scene, kind: type, *conditions: sa.ColumnElement[bool]) -> int:
    async with running.runtime.database.reading(scene.brand) as session:
        return await purchase.count(session, kind, *conditions)


async def make_code(session: BrandSession, guide: Staff) -> str:
    made = await codes.create_code(session, SYSTEM, kind=CodeKind.SHOP, target_id=guide.shop_id, now=session.now)
    return made.token


async def violations(running: Installation, scene: Scene) -> dict[str, list[str]]:
    found = await checks.violations(running.runtime, scene.brand)
    return {name: lines for name, lines in found.items() if lines}


async def test_two_hundred_customers_of_the_last_fifty_pieces_get_fifty_orders_which_can_all_be_paid(
    running: Installation, line: Line
) -> None:
    database = running.runtime.database
    scene = await factories.make_scene(database, stock=PIECES)
    callers = await sign_in(running.runtime, scene.brand, line, CUSTOMERS)
    answers = await asyncio.gather(*(caller.ask("OrderPlace", **an_order(scene)) for caller in callers))
    assert Counter(answer["__typename"] for answer in answers) == {
        "OrderPlacePayload": PIECES,
        "InsufficientStock": CUSTOMERS - PIECES,
    }
    shortage = {"sku": {"id": encode_global_id("Sku", scene.sku_id)}, "requested": 1, "available": 0}
    refused = [answer for answer in answers if answer["__typename"] == "InsufficientStock"]
    assert all(answer["shortages"] == [shortage] for answer in refused)
    assert {answer["code"] for answer in refused} == {"INSUFFICIENT_STOCK"}
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (PIECES, PIECES)
    assert await count(running, scene, OrderRow) == await count(running, scene, ReservationRow) == PIECES

    async def pay(caller: Caller, order_id: str) -> tuple[int, str]:
        return await caller.confirm(await start_payment(caller, order_id))

    placed = [
        (caller, answer["order"]["id"])
        for caller, answer in zip(callers, answers, strict=True)
        if answer["__typename"] == "OrderPlacePayload"
    ]
    assert await asyncio.gather(*(pay(caller, order_id) for caller, order_id in placed)) == [(200, "PAID")] * PIECES

    async def all_paid() -> bool:
        return await count(running, scene, OrderRow, OrderRow.state == OrderState.PAID.value) == PIECES

    await until(all_paid, "fifty paid orders")
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (0, 0)
    assert await count(running, scene, PaymentRow, PaymentRow.state == PaymentState.SUCCEEDED.value) == PIECES
    assert await count(running, scene, PaymentRow) == PIECES
    assert await violations(running, scene) == {}
    assert line.faults() == {}


async def test_hundred_codes_of_two_guides_scanned_at_once_by_one_customer_make_one_binding(
    running: Installation, line: Line
) -> None:
    database = running.runtime.database
    scene = await factories.make_scene(database)
    async with database.transaction(scene.brand) as session:
        tokens = [
            (
                await codes.create_code(session, SYSTEM, kind=CodeKind.SHOP, target_id=guide.shop_id, now=session.now)
            ).token
            for _ in range(50)
            for guide in (scene.guide, scene.other_guide)
        ]
    [caller] = await sign_in(running.runtime, scene.brand, line, 1)
    scans = await asyncio.gather(*(caller.ask("CodeScan", **a_scan(token)) for token in tokens))
    assert {scan["__typename"] for scan in scans} == {"CodeScanPayload"}
    assert len({scan["touchpoint"]["id"] for scan in scans}) == 100
    [binding] = {(scan["binding"]["id"], scan["binding"]["state"]) for scan in scans}
    assert binding[1] == "ACTIVE_PROTECTED"
    assert Counter(scan["touchpoint"]["guide"]["id"] for scan in scans) == {
        encode_global_id("Guide", guide.employee_id): 50 for guide in (scene.guide, scene.other_guide)
    }
    assert await count(running, scene, TouchpointRow) == await count(running, scene, TouchHeadRow) == 100
    assert await count(running, scene, BindingRow) == await count(running, scene, BindingHeadRow) == 1
    assert await count(running, scene, BindingHeadRow, BindingHeadRow.binding_id == uuid_of(binding[0])) == 1
    assert await count(running, scene, BindingEndRow) == 0
    assert await violations(running, scene) == {}
    assert line.faults() == {}


async def test_two_codes_scanned_fifty_times_each_at_once_by_a_customer_are_two_touchpoints(
    running: Installation, line: Line
) -> None:
    scene = await factories.make_scene(running.runtime.database)
    [caller] = await sign_in(running.runtime, scene.brand, line, 1)
    tokens = [scene.guide.token, scene.other_guide.token] * 50
    scans = await asyncio.gather(*(caller.ask("CodeScan", **a_scan(token)) for token in tokens))
    assert sorted(Counter(scan["touchpoint"]["id"] for scan in scans).values()) == [50, 50]
    assert len({scan["binding"]["id"] for scan in scans}) == 1
    assert await count(running, scene, TouchpointRow) == 2
    assert await count(running, scene, BindingRow) == 1
    assert line.faults() == {}


async def test_two_codes_scanned_fifty_times_each_at_once_by_a_visitor_are_two_touchpoints(
    running: Installation, line: Line
) -> None:
    database = running.runtime.database
    scene = await factories.make_scene(database)
    async with database.transaction(scene.brand) as session:
        first = await make_code(session, scene.guide)
    caller = Caller(line)
    known = (await caller.ask("CodeScan", **a_scan(first)))["visitorToken"]
    tokens = [scene.guide.token, scene.other_guide.token] * 50
    scans = await asyncio.gather(*(caller.ask("CodeScan", **a_scan(token, visitorToken=known)) for token in tokens))
    assert {scan["visitorToken"] for scan in scans} == {known}
    assert {scan["binding"] for scan in scans} == {None}
    assert sorted(Counter(scan["touchpoint"]["id"] for scan in scans).values()) == [50, 50]
    assert await count(running, scene, TouchpointRow) == 3
    assert await count(running, scene, BindingRow) == 0
    assert line.faults() == {}


async def test_one_key_sent_forty_times_at_once_is_one_order_and_another_body_is_a_conflict(
    running: Installation, line: Line
) -> None:
    database = running.runtime.database
    scene = await factories.make_scene(database)
    [caller] = await sign_in(running.runtime, scene.brand, line, 1)
    wanted = an_order(scene)
    answers = await asyncio.gather(*(caller.ask("OrderPlace", **wanted) for _ in range(40)))
    assert answers[0]["__typename"] == "OrderPlacePayload"
    assert answers == [answers[0]] * 40
    assert await count(running, scene, OrderRow) == 1
    other = await caller.ask("OrderPlace", **{**wanted, "note": "请放在门口"})
    assert (other["__typename"], other["code"]) == ("IdempotencyConflict", "IDEMPOTENCY_CONFLICT")
    assert await count(running, scene, OrderRow) == 1
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (100, 1)
    assert await violations(running, scene) == {}
    assert line.faults() == {}


async def test_one_key_with_two_bodies_at_once_is_one_order_and_the_other_body_a_conflict(
    running: Installation, line: Line
) -> None:
    database = running.runtime.database
    scene = await factories.make_scene(database)
    [caller] = await sign_in(running.runtime, scene.brand, line, 1)
    plain = an_order(scene)
    noted = {**plain, "note": "请放在门口"}
    answers = await asyncio.gather(*(caller.ask("OrderPlace", **body) for _ in range(20) for body in (plain, noted)))
    sides = [{answer["__typename"] for answer in answers[side::2]} for side in (0, 1)]
    assert sorted(sides, key=sorted) == [{"IdempotencyConflict"}, {"OrderPlacePayload"}]
    assert await count(running, scene, OrderRow) == 1
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (100, 1)
    assert line.faults() == {}


async def test_one_order_that_is_paid_forty_times_at_once_is_paid_once(running: Installation, line: Line) -> None:
    database = running.runtime.database
    scene = await factories.make_scene(database)
    [caller] = await sign_in(running.runtime, scene.brand, line, 1)
    order = await place(caller, scene)
    payments = await asyncio.gather(*(start_payment(caller, order["id"]) for _ in range(40)))
    [number] = {number_of(payment) for payment in payments}
    assert await asyncio.gather(*(caller.confirm(payment) for payment in payments)) == [(200, "PAID")] * 40

    async def booked() -> list[tuple[str, str]]:
        return await purchase.traces(database, number)

    assert await until(booked, "a callback") == [("ACCEPTED", "")]
    assert await purchase.state_of(database, scene.brand, uuid_of(order["id"])) == "PAID"
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (99, 0)
    assert await violations(running, scene) == {}
    assert line.faults() == {}
