"""The sandbox provider keeps its own book and sends its callbacks until they are taken."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.platform import clock
from app.platform.integrations import sandbox_pay
from app.platform.integrations.payments import ChargeRequest, ChargeState, ProviderRefused, RefundRequest
from app.platform.integrations.sandbox_bank import GIVE_UP_AFTER, SandboxBank
from app.platform.models import SandboxDeliveryRow
from app.platform.runtime import Runtime
from app.platform.settings import Settings
from app.trade import providers
from app.trade.values import ProviderName
from app.web import callbacks, sandbox
from tests.factories import Scene
from tests.trade import purchase


def bank_with(runtime: Runtime, **changes: Any) -> SandboxBank:
    return SandboxBank(runtime.database, runtime.settings.model_copy(update=changes))


def charge_request(number: str, amount_minor: int = 500) -> ChargeRequest:
    return ChargeRequest(number, "account", amount_minor, "CNY", "测试", clock.utc_now() + timedelta(minutes=30))


async def open_charge(bank: SandboxBank, amount_minor: int = 500) -> str:
    number = uuid4().hex
    await bank.open(charge_request(number, amount_minor))
    return number


async def deliveries(runtime: Runtime, number: str) -> list[Any]:
    async with runtime.database.directory() as session:
        query = sa.select(SandboxDeliveryRow).where(SandboxDeliveryRow.number == number)
        return list((await session.execute(query.order_by(SandboxDeliveryRow.id))).scalars())


async def hurry(runtime: Runtime, number: str) -> None:
    """Let a charge's callbacks fall due now."""
    async with runtime.database.directory() as session:
        late = sa.update(SandboxDeliveryRow).where(
            SandboxDeliveryRow.number == number, SandboxDeliveryRow.delivered_at.is_(None)
        )
        await session.execute(late.values(due_at=clock.utc_now() - timedelta(seconds=1)))


async def put_others_by(runtime: Runtime, number: str) -> None:
    """Take what other tests left to be sent out of the way, so that answers and pauses are this charge's own."""
    async with runtime.database.directory() as session:
        others = sa.update(SandboxDeliveryRow).where(
            SandboxDeliveryRow.number != number, SandboxDeliveryRow.delivered_at.is_(None)
        )
        await session.execute(others.values(delivered_at=clock.utc_now()))


async def deliver(runtime: Runtime, bank: SandboxBank, client: httpx.AsyncClient) -> None:
    """Send everything that is due, whoever it belongs to."""
    while await sandbox_pay.deliver_due(runtime, bank, client):
        pass


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[*callbacks.routes(runtime), *sandbox.routes(runtime)])
    async with purchase.client_of(app) as client:
        yield client


async def start(runtime: Runtime, scene: Scene) -> tuple[UUID, str]:
    buyer = await purchase.make_buyer(runtime.database, scene.brand)
    order_id = await purchase.make_order(runtime.database, scene, buyer)
    return order_id, await purchase.start_charge(runtime, scene.brand, buyer, order_id)


async def test_confirming_over_http_pays_the_order_by_a_signed_callback(
    runtime: Runtime, client: httpx.AsyncClient, scene: Scene
) -> None:
    order_id, number = await start(runtime, scene)
    url = f"/sandbox/payments/{number}/confirm"
    answers = [await client.post(url) for _ in range(2)]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"state": "PAID"})] * 2
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PENDING_PAYMENT"
    assert len(await deliveries(runtime, number)) == 1
    await deliver(runtime, purchase.bank_of(runtime), client)
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PAID"
    assert await purchase.traces(runtime.database, number) == [("ACCEPTED", "")]
    (delivery,) = await deliveries(runtime, number)
    assert delivery.delivered_at is not None
    await purchase.assert_sound(runtime.database, scene.brand)


async def test_confirming_what_nobody_opened_is_not_found_and_needs_post(client: httpx.AsyncClient) -> None:
    answer = await client.post("/sandbox/payments/nothing/confirm")
    assert (answer.status_code, answer.json()) == (404, {"state": "UNKNOWN"})
    assert (await client.get("/sandbox/payments/nothing/confirm")).status_code == 405


async def test_closed_charge_is_paid_only_by_a_customer_who_was_too_late(
    runtime: Runtime, client: httpx.AsyncClient
) -> None:
    number = await open_charge(purchase.bank_of(runtime))
    assert await purchase.bank_of(runtime).close(number) is ChargeState.CLOSED
    url = f"/sandbox/payments/{number}/confirm"
    answer = await client.post(url)
    assert (answer.status_code, answer.json()) == (409, {"state": "CLOSED"})
    assert await deliveries(runtime, number) == []
    answer = await client.post(url, params={"late": "true"})
    assert (answer.status_code, answer.json()) == (200, {"state": "PAID"})
    assert len(await deliveries(runtime, number)) == 1
    assert await purchase.bank_of(runtime).close(number) is ChargeState.PAID


async def test_duplicates_and_failures_come_on_demand(
    runtime: Runtime, client: httpx.AsyncClient, scene: Scene
) -> None:
    order_id, number = await start(runtime, scene)
    assert (await bank_with(runtime, sandbox_payment_failure_percent=100).confirm(number)).value == "FAILED"
    assert (await bank_with(runtime, sandbox_payment_duplicates=3).confirm(number)).value == "PAID"
    sent = await deliveries(runtime, number)
    assert len(sent) == 1 + 4
    assert len({delivery.body for delivery in sent}) == 2
    await deliver(runtime, purchase.bank_of(runtime), client)
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PAID"
    outcomes = sorted(outcome for outcome, _ in await purchase.traces(runtime.database, number))
    assert outcomes == ["ACCEPTED", "ACCEPTED", "DUPLICATE", "DUPLICATE", "DUPLICATE"]
    await purchase.assert_sound(runtime.database, scene.brand)


async def test_delayed_and_reordered_callbacks_fall_due_later(runtime: Runtime) -> None:
    bank = bank_with(
        runtime, sandbox_payment_delay_seconds=30, sandbox_payment_duplicates=10, sandbox_payment_reorder=True
    )
    number = await open_charge(bank)
    before = clock.utc_now()
    await bank.confirm(number)
    due = [(delivery.due_at - before).total_seconds() for delivery in await deliveries(runtime, number)]
    assert len(due) == 11
    assert all(30 <= seconds < 33 for seconds in due)
    assert len(set(due)) > 1


async def test_callback_that_is_refused_or_unanswered_is_sent_again_after_a_growing_pause(runtime: Runtime) -> None:
    bank = purchase.bank_of(runtime)
    number = await open_charge(bank)
    await bank.confirm(number)
    await put_others_by(runtime, number)
    answers = iter([Response(status_code=500), JSONResponse({"code": "FAIL"}, status_code=404), Response("not JSON")])

    async def answer(_: Request) -> Response:
        return next(answers, JSONResponse({"code": "SUCCESS"}))

    route = Route("/callbacks/payments/sandbox", answer, methods=["POST"])
    async with purchase.client_of(Starlette(routes=[route])) as client:
        for attempts, pause in ((1, 1), (2, 2), (3, 4)):
            await hurry(runtime, number)
            began = clock.utc_now()
            assert await sandbox_pay.deliver_due(runtime, bank, client) == 1
            (delivery,) = await deliveries(runtime, number)
            assert (delivery.attempts, delivery.delivered_at) == (attempts, None)
            assert pause <= (delivery.due_at - began).total_seconds() < pause + 1
        await hurry(runtime, number)
        await deliver(runtime, bank, client)
    (delivery,) = await deliveries(runtime, number)
    assert delivery.delivered_at is not None
    async with runtime.database.directory() as session:
        worn = sa.update(SandboxDeliveryRow).where(SandboxDeliveryRow.number == number)
        await session.execute(worn.values(attempts=GIVE_UP_AFTER, delivered_at=None, due_at=clock.utc_now()))
    assert [due.id for due in await bank.due(100) if due.id == delivery.id] == []


async def test_answer_lost_on_the_way_makes_the_provider_send_again(
    runtime: Runtime, client: httpx.AsyncClient, scene: Scene
) -> None:
    order_id, number = await start(runtime, scene)
    await purchase.bank_of(runtime).confirm(number)
    deaf = dataclasses.replace(
        runtime, settings=runtime.settings.model_copy(update={"sandbox_payment_timeout_percent": 100})
    )
    await deliver(deaf, purchase.bank_of(runtime), client)
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PAID"
    await hurry(runtime, number)
    await deliver(runtime, purchase.bank_of(runtime), client)
    assert await purchase.traces(runtime.database, number) == [("ACCEPTED", ""), ("DUPLICATE", "")]


async def test_two_senders_share_the_callbacks_without_sending_one_twice(runtime: Runtime) -> None:
    bank = purchase.bank_of(runtime)
    numbers = [await open_charge(bank) for _ in range(10)]
    for number in numbers:
        await bank.confirm(number)
    claimed = [delivery.id for batch in await asyncio.gather(bank.due(8), bank.due(8)) for delivery in batch]
    claimed += [delivery.id for delivery in await bank.due(100)]
    assert len(claimed) == len(set(claimed))
    assert {row.id for number in numbers for row in await deliveries(runtime, number)} <= set(claimed)


async def test_charge_is_opened_once_and_never_for_another_amount(runtime: Runtime) -> None:
    bank = purchase.bank_of(runtime)
    number = await open_charge(bank)
    await bank.open(charge_request(number))
    with pytest.raises(ProviderRefused):
        await bank.open(charge_request(number, 501))
    assert (await bank.find(number)).amount_minor == 500
    assert (await bank.find("nothing")).state is ChargeState.UNKNOWN
    assert await bank.close("nothing") is ChargeState.UNKNOWN


async def test_refund_needs_a_paid_charge_happens_once_and_never_exceeds_it(runtime: Runtime) -> None:
    bank = purchase.bank_of(runtime)
    number = await open_charge(bank)

    def refund(own: str, amount_minor: int) -> RefundRequest:
        return RefundRequest(f"{number}{own}", number, amount_minor, 500, "CNY")

    with pytest.raises(ProviderRefused, match="NOT_PAID"):
        await bank.refund(refund("a", 500))
    await bank.confirm(number)
    for _ in range(2):
        await bank.refund(refund("a", 300))
    with pytest.raises(ProviderRefused, match="ANOTHER_AMOUNT"):
        await bank.refund(refund("a", 200))
    with pytest.raises(ProviderRefused, match="MORE_THAN_WAS_PAID"):
        await bank.refund(refund("b", 201))
    await bank.refund(refund("b", 200))


def test_production_offers_no_sandbox_and_nobody_offers_wechat_yet(settings: Settings) -> None:
    production = settings.model_copy(update={"environment": "production"})
    assert providers.is_offered(settings, ProviderName.SANDBOX)
    assert not providers.is_offered(production, ProviderName.SANDBOX)
    assert not providers.is_offered(settings, ProviderName.WECHAT_PAY)
