"""A callback is believed only if it is signed, fresh and right; every one leaves a trace; none books twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from app.platform.db import Database
from app.platform.models import CallbackRow
from app.platform.runtime import Runtime
from app.trade import orders
from app.web import callbacks
from tests.factories import Scene
from tests.trade import purchase

PATH = "/callbacks/payments/sandbox"
AMOUNT = 12_900
ANSWER = tuple[int, dict[str, str]]
TAKEN: ANSWER = (200, {"code": "SUCCESS"})


def failed(status: int, reason: str) -> ANSWER:
    return status, {"code": "FAIL", "message": reason}


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    async with purchase.client_of(Starlette(routes=callbacks.routes(runtime))) as client:
        yield client


@pytest.fixture
async def started(runtime: Runtime, scene: Scene) -> tuple[UUID, str]:
    """An order whose payment waits for its callback: order id and payment number."""
    buyer = await purchase.make_buyer(runtime.database, scene.brand)
    order_id = await purchase.make_order(runtime.database, scene, buyer)
    return order_id, await purchase.start_charge(runtime, scene.brand, buyer, order_id)


async def send(
    client: httpx.AsyncClient, runtime: Runtime, body: bytes, at: datetime | None = None, **headers: str
) -> ANSWER:
    answer = await client.post(PATH, content=body, headers={**purchase.signed(runtime, body, at), **headers})
    return answer.status_code, answer.json()


async def trace_count(database: Database) -> int:
    async with database.directory() as session:
        return (await session.execute(sa.select(sa.func.count()).select_from(CallbackRow))).scalar_one()


async def test_genuine_callback_pays_the_order(
    runtime: Runtime, client: httpx.AsyncClient, scene: Scene, started: tuple[UUID, str]
) -> None:
    order_id, number = started
    assert await send(client, runtime, purchase.notice(number, AMOUNT)) == TAKEN
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PAID"
    assert await purchase.traces(runtime.database, number) == [("ACCEPTED", "")]


async def test_same_event_again_is_a_duplicate_and_another_event_of_it_is_harmless(
    runtime: Runtime, client: httpx.AsyncClient, scene: Scene, started: tuple[UUID, str]
) -> None:
    _, number = started
    body = purchase.notice(number, AMOUNT)
    assert await send(client, runtime, body) == TAKEN
    before = await purchase.footprint(runtime.database, scene.brand)
    assert await send(client, runtime, body) == TAKEN
    assert await send(client, runtime, purchase.notice(number, AMOUNT)) == TAKEN
    assert await purchase.footprint(runtime.database, scene.brand) == before
    assert await purchase.traces(runtime.database, number) == [("ACCEPTED", ""), ("DUPLICATE", ""), ("ACCEPTED", "")]


async def test_twenty_copies_at_once_book_once(
    runtime: Runtime, client: httpx.AsyncClient, scene: Scene, started: tuple[UUID, str]
) -> None:
    order_id, number = started
    body = purchase.notice(number, AMOUNT)
    answers = await asyncio.gather(*(send(client, runtime, body) for _ in range(20)))
    assert answers == [TAKEN] * 20
    outcomes = sorted(outcome for outcome, _ in await purchase.traces(runtime.database, number))
    assert outcomes == ["ACCEPTED"] + ["DUPLICATE"] * 19
    assert await purchase.events(runtime.database, scene.brand, "OrderPaid") == 1
    assert await purchase.stock_of(runtime.database, scene.brand, scene.sku_id) == (99, 0)
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PAID"
    await purchase.assert_sound(runtime.database, scene.brand)


@pytest.mark.parametrize(
    "headers",
    [
        {"sandbox-signature": "0" * 64},
        {"sandbox-signature": ""},
        {"sandbox-nonce": "another"},
        {"sandbox-timestamp": str(int(datetime.now(UTC).timestamp()) + 1)},
        {"sandbox-key-id": "other"},
        {"sandbox-signature": "é".encode("latin-1").decode("latin-1")},
    ],
)
async def test_wrong_signature_is_refused_and_traced_without_believing_its_number(
    runtime: Runtime,
    client: httpx.AsyncClient,
    scene: Scene,
    started: tuple[UUID, str],
    headers: dict[str, str],
) -> None:
    order_id, number = started
    before, traced = await purchase.footprint(runtime.database, scene.brand), await trace_count(runtime.database)
    body = purchase.notice(number, AMOUNT)
    given: Any = {**purchase.signed(runtime, body), **headers}
    answer = await client.post(PATH, content=body, headers={k: v.encode("latin-1") for k, v in given.items()})
    assert (answer.status_code, answer.json()) == failed(401, "SIGNATURE")
    assert await purchase.footprint(runtime.database, scene.brand) == before
    assert await trace_count(runtime.database) == traced + 1
    assert await purchase.traces(runtime.database, number) == []
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PENDING_PAYMENT"


async def test_body_changed_after_signing_is_refused(
    runtime: Runtime, client: httpx.AsyncClient, scene: Scene, started: tuple[UUID, str]
) -> None:
    order_id, number = started
    headers = purchase.signed(runtime, purchase.notice(number, 1))
    answer = await client.post(PATH, content=purchase.notice(number, AMOUNT), headers=headers)
    assert answer.status_code == 401
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PENDING_PAYMENT"


@pytest.mark.parametrize("seconds", [-302, 302, -86_400])
async def test_old_or_future_timestamp_is_refused_though_signed(
    runtime: Runtime, client: httpx.AsyncClient, scene: Scene, started: tuple[UUID, str], seconds: int
) -> None:
    order_id, number = started
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    assert await send(client, runtime, purchase.notice(number, AMOUNT), at) == failed(401, "TIMESTAMP")
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PENDING_PAYMENT"


async def test_timestamp_inside_the_tolerance_is_believed(
    runtime: Runtime, client: httpx.AsyncClient, scene: Scene, started: tuple[UUID, str]
) -> None:
    order_id, number = started
    at = datetime.now(UTC) - timedelta(seconds=290)
    assert await send(client, runtime, purchase.notice(number, AMOUNT), at) == TAKEN
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PAID"


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"amount_minor": AMOUNT - 1}, failed(400, "AMOUNT")),
        ({"amount_minor": AMOUNT + 1}, failed(400, "AMOUNT")),
        ({"currency": "USD"}, failed(400, "CURRENCY")),
    ],
)
async def test_wrong_amount_or_currency_is_refused_and_traced(
    runtime: Runtime,
    client: httpx.AsyncClient,
    scene: Scene,
    started: tuple[UUID, str],
    changes: dict[str, Any],
    answer: ANSWER,
) -> None:
    order_id, number = started
    before = await purchase.footprint(runtime.database, scene.brand)
    body = purchase.notice(number, changes.pop("amount_minor", AMOUNT), **changes)
    assert await send(client, runtime, body) == answer
    assert await purchase.footprint(runtime.database, scene.brand) == before
    assert await purchase.traces(runtime.database, number) == [("REFUSED", answer[1]["message"])]
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PENDING_PAYMENT"
    # The refusal is no acceptance: the right word afterwards counts.
    assert await send(client, runtime, purchase.notice(number, AMOUNT)) == TAKEN
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PAID"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"id": "1"}',
        orjson.dumps({"id": "1", "type": ["CHARGE.PAID"], "charge": {}}),
        purchase.notice("n", "12900"),  # type: ignore[arg-type]
        purchase.notice("n", AMOUNT, transaction_id=None),
        purchase.notice("n", AMOUNT, kind="CHARGE.EXPLODED"),
        purchase.notice("n" * 65, AMOUNT),
        purchase.notice("n", AMOUNT, id=7),
    ],
)
async def test_malformed_body_is_refused_though_signed(
    runtime: Runtime, client: httpx.AsyncClient, body: bytes
) -> None:
    traced = await trace_count(runtime.database)
    assert await send(client, runtime, body) == failed(400, "MALFORMED")
    assert await trace_count(runtime.database) == traced + 1


async def test_callback_before_its_order_is_refused_and_traced(runtime: Runtime, client: httpx.AsyncClient) -> None:
    number = f"early{uuid4().hex[:12]}"
    assert await send(client, runtime, purchase.notice(number, AMOUNT)) == failed(404, "NUMBER")
    assert await purchase.traces(runtime.database, number) == [("REFUSED", "NUMBER")]


async def test_unknown_provider_and_huge_body_are_refused(runtime: Runtime, client: httpx.AsyncClient) -> None:
    for name in ("nobody", "wechat-pay", "SANDBOX2"):
        answer = await client.post(f"/callbacks/payments/{name}", content=b"{}")
        assert (answer.status_code, answer.json()) == failed(404, "PROVIDER")
    huge = b" " * (64 * 1024 + 1)
    assert await send(client, runtime, huge) == failed(413, "BODY")
    assert (await client.get(PATH)).status_code == 405


async def test_failure_lets_the_customer_try_again_and_success_overtakes_it(
    runtime: Runtime, client: httpx.AsyncClient, scene: Scene, started: tuple[UUID, str]
) -> None:
    order_id, number = started
    assert await send(client, runtime, purchase.notice(number, AMOUNT, kind="CHARGE.FAILED")) == TAKEN
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PENDING_PAYMENT"
    assert await send(client, runtime, purchase.notice(number, AMOUNT)) == TAKEN
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PAID"


async def test_failure_that_arrives_after_the_success_changes_nothing(
    runtime: Runtime, client: httpx.AsyncClient, scene: Scene, started: tuple[UUID, str]
) -> None:
    order_id, number = started
    assert await send(client, runtime, purchase.notice(number, AMOUNT)) == TAKEN
    before = await purchase.footprint(runtime.database, scene.brand)
    assert await send(client, runtime, purchase.notice(number, AMOUNT, kind="CHARGE.FAILED")) == TAKEN
    assert await purchase.footprint(runtime.database, scene.brand) == before
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PAID"
    await purchase.assert_sound(runtime.database, scene.brand)


async def test_callback_after_cancellation_leads_to_one_refund(
    runtime: Runtime, client: httpx.AsyncClient, scene: Scene
) -> None:
    database = runtime.database
    buyer = await purchase.make_buyer(database, scene.brand)
    order_id = await purchase.make_order(database, scene, buyer)
    number = await purchase.start_charge(runtime, scene.brand, buyer, order_id)
    async with database.transaction(scene.brand) as session:
        await orders.cancel(session, buyer, order_id=order_id, now=session.now)
    body = purchase.notice(number, AMOUNT)
    answers = await asyncio.gather(*(send(client, runtime, body) for _ in range(5)))
    assert answers == [TAKEN] * 5
    assert await purchase.events(database, scene.brand, "RefundRequested") == 1
    assert await purchase.state_of(database, scene.brand, order_id) == "CANCELLED"
    await purchase.assert_sound(database, scene.brand)
