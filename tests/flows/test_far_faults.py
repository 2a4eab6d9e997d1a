"""kill -9 of real processes on the later stretches: payouts at their named points, orders on the way to their end."""

import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from app.commission.values import AccountKind, WithdrawalState
from tests.commission import wages
from tests.flows.far_load import far_load
from tests.flows.servers import PAUSED, Installation, Process, installed, until

pytestmark = pytest.mark.full

AMOUNT_MINOR = 1_000
KILLS = 14


@pytest.fixture
async def breakable() -> AsyncIterator[Installation]:
    async with installed() as installation:
        await installation.start_server()
        yield installation


async def test_worker_killed_at_each_point_of_a_payout_pays_it_once(breakable: Installation) -> None:
    office = await wages.make_office(breakable.runtime)
    await wages.earn(office, 3 * 10 * AMOUNT_MINOR)
    points = (("payout_recorded", 0), ("payout_called", 0), ("payout_queried", 2))
    for paid, (point, delay) in enumerate(points):
        worker = await breakable.start_worker(
            pause_at=f"{point}:120", payout_acceptance_seconds=3, sandbox_payout_delay_seconds=delay
        )
        withdrawal_id = await wages.approved(office, AMOUNT_MINOR)
        await stopped_at(worker, point, office)
        worker.kill()
        known = set(await wages.sent(office))
        assert len(known) == paid + (point != "payout_recorded")
        assert await wages.state(office, withdrawal_id) is WithdrawalState.IN_PAYOUT

        next_worker = await breakable.start_worker(payout_acceptance_seconds=3)

        async def is_paid(withdrawal_id: object = withdrawal_id) -> bool:
            await wages.let_look(office)
            return await wages.state(office, withdrawal_id) is WithdrawalState.PAID  # type: ignore[arg-type]

        await until(is_paid, f"the payout that was cut at {point}", seconds=150)
        await next_worker.end()
        found = await wages.row(office, withdrawal_id)
        assert found.tries == (2 if point == "payout_recorded" else 1)
        assert sorted((await wages.sent(office)).values()) == [AMOUNT_MINOR] * (paid + 1)
        assert (await wages.balance(office))[AccountKind.PAID] == (paid + 1) * AMOUNT_MINOR
    await wages.assert_sound(office)


async def stopped_at(worker: Process, point: str, office: wages.Office) -> None:
    """The worker has reached the point; a query comes by the job, which looks at what is due."""
    if point == "payout_queried":

        async def is_stopped() -> bool:
            await wages.let_look(office)
            return PAUSED in worker.text()

        await until(is_stopped, point, seconds=90)
    else:
        await worker.has_written(PAUSED, seconds=60)


async def kill_server(breakable: Installation) -> None:
    assert breakable.server is not None
    breakable.server.kill()
    await breakable.start_server()


async def kill_worker(breakable: Installation) -> None:
    assert breakable.worker is not None
    breakable.worker.kill()
    await breakable.start_worker()


async def kill_worker_between_refund_and_booking(breakable: Installation) -> None:
    assert breakable.worker is not None
    breakable.worker.kill()
    worker = await breakable.start_worker(pause_at="refund_called:120")
    await worker.has_written(PAUSED, seconds=90)
    await kill_worker(breakable)


async def kill_server_before_it_answers(breakable: Installation) -> None:
    assert breakable.server is not None
    breakable.server.kill()
    server = await breakable.start_server(pause_at="after_commit:120")
    await server.has_written(PAUSED, seconds=60)
    await kill_server(breakable)


async def kill_group(breakable: Installation) -> None:
    breakable.kill_group()
    await breakable.start()


async def kill_postgres(breakable: Installation) -> None:
    server = breakable.server
    assert server is not None
    breakable.kill_postgres()
    await breakable.revive()
    await breakable.is_well(server, breakable.base_url)


async def flush_valkey(breakable: Installation) -> None:
    await breakable.flush_valkey()


async def test_random_kills_on_the_way_to_the_end_lose_and_double_nothing(breakable: Installation) -> None:
    seed = int(os.environ.get("FAULT_SEED", str(random.randrange(10**6))))
    chance = random.Random(seed)
    kinds: list[Callable[[Installation], Awaitable[None]]] = [
        kill_server,
        kill_worker,
        kill_worker_between_refund_and_booking,
        kill_server_before_it_answers,
        kill_group,
        kill_postgres,
        flush_valkey,
    ]
    kills = kinds + chance.choices(kinds, k=KILLS - len(kinds))
    chance.shuffle(kills)
    await breakable.start_worker()
    async with far_load(breakable) as running:
        await running.goes_on()
        for kill in kills:
            await kill(breakable)
            await running.goes_on()
    print(f"seed {seed}: {len(kills)} kills, {len(running.kept)} kept, {len(running.given_back)} given back")
    assert min(len(running.kept), len(running.given_back)) >= 5
    await running.assert_every_order_ended_once()
    status, output = await breakable.command("verify")
    assert status == 0 and f"{running.scene.brand.code}: " in output, output
