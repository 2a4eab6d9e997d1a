"""kill -9 of whatever runs, under load and at named points: what was acknowledged is there once."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from app.platform import clock, outbox
from app.platform.models import CronSlotRow, SandboxChargeRow, SandboxRefundRow
from app.trade.models import OrderRow, PaymentRow, RefundRow
from app.verify import checks
from tests import factories
from tests.factories import Scene
from tests.flows.clients import (
    Caller,
    Line,
    Unanswered,
    a_payment,
    an_order,
    line_to,
    number_of,
    place,
    sign_in,
    start_payment,
    uuid_of,
)
from tests.flows.load import Load, load
from tests.flows.servers import PAUSED, Installation, Process, installed, until
from tests.trade import purchase, returns

CALLBACK = "/callbacks/payments/sandbox"
KILLS = 20
LONGEST_SECONDS = 480.0


@pytest.fixture(scope="module")
async def breakable() -> AsyncIterator[Installation]:
    """An installation that its tests break; its server runs when the first one begins."""
    async with installed() as installation:
        await installation.start_server()
        yield installation


@asynccontextmanager
async def held_at(point: str, breakable: Installation) -> AsyncIterator[tuple[Process, Caller]]:
    """A server that stops at a named point, and a visitor's line to it."""
    async with (
        breakable.another_server(pause_at=f"{point}:120") as (base_url, process),
        line_to(base_url) as line,
    ):
        yield process, Caller(line)


async def kill_at_the_point(process: Process, request: Awaitable[Any]) -> None:
    """Send a request, kill the server that stops in its midst, and see that nobody answered."""
    sent = asyncio.ensure_future(request)
    await process.has_written(PAUSED, seconds=30)
    process.kill()
    with pytest.raises((Unanswered, httpx.HTTPError)):
        await sent


async def count(breakable: Installation, scene: Scene, kind: type, *conditions: sa.ColumnElement[bool]) -> int:
    async with breakable.runtime.database.reading(scene.brand) as session:
        return await purchase.count(session, kind, *conditions)


async def numbers(breakable: Installation, kind: Any, *conditions: sa.ColumnElement[bool]) -> int:
    """Rows of a table that no brand owns."""
    async with breakable.runtime.database.directory() as session:
        rows = await session.execute(sa.select(sa.func.count()).select_from(kind).where(*conditions))
        return rows.scalar_one()


async def violations(breakable: Installation, scene: Scene) -> dict[str, list[str]]:
    found = await checks.violations(breakable.runtime, scene.brand)
    return {name: lines for name, lines in found.items() if lines}


async def test_server_killed_at_its_named_points_leaves_one_order_one_charge_and_one_booking(
    breakable: Installation,
) -> None:
    database = breakable.runtime.database
    scene = await factories.make_scene(database)
    async with AsyncExitStack() as stack:
        line = await stack.enter_async_context(line_to(breakable.base_url))
        first, second, third = await sign_in(breakable.runtime, scene.brand, line, 3)
        begun = await place(second, scene)
        waiting = await place(third, scene)
        number = number_of(await start_payment(third, waiting["id"]))
        notice = purchase.notice(number, waiting["total"]["minor"])
        held = [held_at(point, breakable) for point in ("after_commit", "provider_called", "before_booking")]
        (committing, one), (calling, two), (booking, three) = await asyncio.gather(
            *(stack.enter_async_context(server) for server in held)
        )
        wanted, payment = an_order(scene), a_payment(begun["id"])
        await asyncio.gather(
            kill_at_the_point(committing, Caller(one.line, first.token).ask("OrderPlace", **wanted)),
            kill_at_the_point(calling, Caller(two.line, second.token).ask("PaymentStart", **payment)),
            kill_at_the_point(booking, deliver(breakable, three.line, notice)),
        )
        # What the killed servers had committed is there, what they had not is not.
        assert await count(breakable, scene, OrderRow, OrderRow.customer_id == first.customer_id) == 1
        assert await count(breakable, scene, PaymentRow, PaymentRow.client_parameters.is_(None)) == 1
        assert await purchase.traces(database, number) == []

        order = (await first.ask("OrderPlace", **wanted))["order"]
        assert order["state"] == "PENDING_PAYMENT"
        started = (await second.ask("PaymentStart", **payment))["payment"]
        assert await second.confirm(started) == (200, "PAID")
        answers = [await deliver(breakable, line, notice) for _ in range(2)]
        assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"code": "SUCCESS"})] * 2
        assert await purchase.traces(database, number) == [("ACCEPTED", ""), ("DUPLICATE", "")]

        async def both_paid() -> bool:
            return await count(breakable, scene, OrderRow, OrderRow.state == "PAID") == 2

        await until(both_paid, "the two paid orders")
    assert await count(breakable, scene, OrderRow) == 3 and await count(breakable, scene, PaymentRow) == 2
    assert await numbers(breakable, SandboxChargeRow, SandboxChargeRow.number == number_of(started)) == 1
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (98, 1)
    assert await violations(breakable, scene) == {}


async def test_worker_killed_at_its_named_points_and_valkey_flushed_send_each_message_and_refund_once(
    breakable: Installation,
) -> None:
    database = breakable.runtime.database
    scene = await factories.make_scene(database)
    phone, other_phone = factories.next_phone(), factories.next_phone()
    async with line_to(breakable.base_url) as line:
        [caller] = await sign_in(breakable.runtime, scene.brand, line, 1)
        order = await place(caller, scene)
        payment = await start_payment(caller, order["id"])
        relaying = await breakable.start_worker(pause_at="relay:120")
        await ask_for_code(line, scene, phone)
        await relaying.has_written(PAUSED, seconds=30)
        relaying.kill()
        # Nobody is there to hear of this one, and then Valkey forgets that there was a call.
        await ask_for_code(line, scene, other_phone)
        await breakable.flush_valkey()
        assert sent_to(breakable, phone) == sent_to(breakable, other_phone) == []

        # The next worker sends both messages and is itself killed between the provider's refund and its booking.
        refunding = await breakable.start_worker(pause_at="refund_called:120")
        cancelled = await caller.ask("OrderCancel", idempotencyKey=factories.key(), orderId=order["id"])
        assert cancelled["order"]["state"] == "CANCELLED"
        assert await caller.confirm(payment, late=True) == (200, "PAID")
        await refunding.has_written(PAUSED, seconds=30)

        refunding.kill()
        its_refunds = SandboxRefundRow.charge_number == number_of(payment)
        assert await numbers(breakable, SandboxRefundRow, its_refunds) == 1
        assert await count(breakable, scene, RefundRow, RefundRow.state == "REQUESTED") == 1

        await breakable.start_worker()

        async def are_sent() -> bool:
            return bool(sent_to(breakable, phone) and sent_to(breakable, other_phone))

        await until(are_sent, "the text messages")

        async def is_refunded() -> bool:
            return await count(breakable, scene, PaymentRow, PaymentRow.state == "REFUNDED") == 1

        await until(is_refunded, "the booked refund")
        await until(partial(is_drained, breakable, scene), "an empty outbox")
    assert len(sent_to(breakable, phone)) == len(sent_to(breakable, other_phone)) == 1
    assert await numbers(breakable, SandboxRefundRow, its_refunds) == 1
    assert await count(breakable, scene, RefundRow) == await count(breakable, scene, PaymentRow) == 1
    assert await purchase.state_of(database, scene.brand, uuid_of(order["id"])) == "CANCELLED"
    assert await violations(breakable, scene) == {}


async def test_worker_killed_between_the_provider_and_the_booking_refunds_an_after_sale_once(
    breakable: Installation,
) -> None:
    database = breakable.runtime.database
    scene = await factories.make_scene(database)
    sold = await returns.sell(breakable.runtime, scene)
    after_sale_id = await sold.request()
    if breakable.worker is not None:
        # The one that an earlier test left would do the work first.
        await breakable.worker.end()
    refunding = await breakable.start_worker(pause_at="refund_called:120")
    await sold.decide(after_sale_id)
    await refunding.has_written(PAUSED, seconds=30)
    refunding.kill()
    assert (await sold.sent_back(), await sold.state(after_sale_id)) == ([12_900], "REFUNDING")
    await breakable.start_worker()

    async def is_refunded() -> bool:
        return await sold.state(after_sale_id) == "REFUNDED"

    await until(is_refunded, "the booked refund", seconds=150)
    await until(partial(is_drained, breakable, scene), "an empty outbox")
    assert await sold.sent_back() == [12_900]
    assert (await sold.order()).state == "CLOSED"
    assert await sold.stock() == (100, 0)
    assert await violations(breakable, scene) == {}


async def ask_for_code(line: Line, scene: Scene, phone: str) -> None:
    asked = await Caller(line).ask("SignInCodeRequest", brandCode=scene.brand.code, phone=phone, audience="CUSTOMER")
    assert asked["__typename"] == "SignInCodeRequestPayload", asked


async def is_drained(breakable: Installation, scene: Scene) -> bool:
    async with breakable.runtime.database.reading(scene.brand) as session:
        waiting, parked, _ = await outbox.waiting(session)
    assert parked == 0
    return waiting == 0


def sent_to(breakable: Installation, phone: str) -> list[dict[str, Any]]:
    return [message for message in breakable.messages() if message["to"] == f"+86{phone}"]


async def deliver(breakable: Installation, line: Line, notice: bytes) -> httpx.Response:
    """A callback as the provider sends it."""
    return await line.http.post(CALLBACK, content=notice, headers=purchase.signed(breakable.runtime, notice))


async def kill_server(breakable: Installation) -> None:
    assert breakable.server is not None
    breakable.server.kill()
    await breakable.start_server()


async def kill_worker(breakable: Installation) -> None:
    assert breakable.worker is not None
    breakable.worker.kill()
    await breakable.start_worker()


async def kill_group(breakable: Installation) -> None:
    """Server and worker at one stroke; the embedded servers go on, and the next start finds them."""
    pids = (breakable.home.postgres_pid(), breakable.home.valkey_pid())
    breakable.kill_group()
    await breakable.start()
    assert (breakable.home.postgres_pid(), breakable.home.valkey_pid()) == pids


async def kill_postgres(breakable: Installation) -> None:
    """Server and worker live on without their database, and find it again by themselves."""
    await without_restart(breakable, breakable.kill_postgres)


async def kill_valkey(breakable: Installation) -> None:
    await without_restart(breakable, breakable.kill_valkey)


async def without_restart(breakable: Installation, kill: Callable[[], None]) -> None:
    server, worker = breakable.server, breakable.worker
    assert server is not None and worker is not None
    kill()
    await asyncio.sleep(0.5)
    await breakable.revive()
    await breakable.is_well(server, breakable.base_url)
    assert server.is_alive and worker.is_alive


async def kill_everything(breakable: Installation) -> None:
    """A power cut."""
    breakable.kill_postgres()
    breakable.kill_valkey()
    breakable.kill_group()
    await breakable.start()
    await breakable.runtime.database.close()


async def flush_valkey(breakable: Installation) -> None:
    await breakable.flush_valkey()


def kill_server_at(point: str) -> Callable[[Installation], Awaitable[None]]:
    async def kill(breakable: Installation) -> None:
        assert breakable.server is not None
        breakable.server.kill()
        server = await breakable.start_server(pause_at=f"{point}:120")
        await server.has_written(PAUSED, seconds=30)
        await kill_server(breakable)

    kill.__name__ = f"kill_server_at_{point}"
    return kill


async def kill_worker_at_relay(breakable: Installation) -> None:
    assert breakable.worker is not None
    breakable.worker.kill()
    worker = await breakable.start_worker(pause_at="relay:120")
    await worker.has_written(PAUSED, seconds=30)
    await kill_worker(breakable)


async def start_what_is_missing(breakable: Installation) -> None:
    if breakable.server is None or not breakable.server.is_alive:
        await breakable.start_server()
    if breakable.worker is None or not breakable.worker.is_alive:
        await breakable.start_worker()


async def assert_jobs_run(breakable: Installation) -> None:
    """The scheduler is at work: a job's slot that begins from now on is taken and finished."""
    now = clock.utc_now()

    async def is_finished() -> bool:
        finished = (CronSlotRow.job == "cancel_unpaid_orders", CronSlotRow.finished_at > now)
        return await numbers(breakable, CronSlotRow, *finished) > 0

    await until(is_finished, "a finished run of a job", seconds=30)


async def assert_verified(breakable: Installation, running: Load) -> None:
    """What customers were told is so, and `verify` finds nothing wrong in any brand."""
    await running.assert_nothing_is_lost_or_doubled()
    status, output = await breakable.command("verify")
    assert status == 0 and f"{running.scene.brand.code}: " in output, output


@pytest.mark.full
async def test_kills_under_load_lose_and_double_nothing(breakable: Installation) -> None:
    await start_what_is_missing(breakable)
    async with asyncio.timeout(180), load(breakable) as running:
        await running.goes_on()
        for kill in (kill_group, kill_postgres, kill_server, kill_valkey, kill_worker, flush_valkey):
            await kill(breakable)
            await running.goes_on()
    assert len(running.paid) >= 28
    await assert_verified(breakable, running)


@pytest.mark.full
async def test_twenty_random_kills_under_load_lose_and_double_nothing(breakable: Installation) -> None:
    seed = int(os.environ.get("FAULT_SEED", str(random.randrange(10**6))))
    chance = random.Random(seed)
    kinds: list[Callable[[Installation], Awaitable[None]]] = [
        kill_server,
        kill_worker,
        kill_group,
        kill_postgres,
        kill_valkey,
        kill_everything,
        flush_valkey,
        kill_server_at("after_commit"),
        kill_server_at("provider_called"),
        kill_server_at("before_booking"),
        kill_worker_at_relay,
    ]
    # Every kind once, the rest by chance.
    kills = kinds + chance.choices(kinds, k=KILLS - len(kinds))
    chance.shuffle(kills)
    await start_what_is_missing(breakable)
    began, done = time.monotonic(), []
    async with load(breakable) as running:
        for kill in kills:
            if time.monotonic() - began > LONGEST_SECONDS:
                break
            await asyncio.sleep(chance.random() * 3)
            done.append(kill.__name__)
            await kill(breakable)
            await running.goes_on(purchases=1)
    await assert_jobs_run(breakable)
    print(f"seed {seed}: {len(done)} kills in {time.monotonic() - began:.0f} s, {len(running.orders)} orders: {done}")
    assert len(done) >= 10, f"seed {seed}: only {done}"
    await assert_verified(breakable, running)
