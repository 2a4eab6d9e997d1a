"""The sandbox payout provider keeps its own book: a number is paid once, and never accepted after its time."""

import asyncio
import dataclasses
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from app.platform.integrations.payments import ProviderRefused, ProviderUnavailable
from app.platform.integrations.payouts import PayoutRequest, PayoutState
from app.platform.integrations.sandbox_payout import SandboxPayout
from app.platform.models import SandboxPayoutRow
from app.platform.runtime import Runtime
from tests.commission.wages import Watch

State = PayoutState


def provider(runtime: Runtime, **faults: Any) -> SandboxPayout:
    faults = {f"sandbox_payout_{name}": value for name, value in faults.items()}
    return SandboxPayout(runtime.database, runtime.settings.model_copy(update=faults))


def request(watch: Watch, **changes: Any) -> PayoutRequest:
    fields = {
        "number": uuid4().hex,
        "payer": uuid4().hex,
        "recipient": "guide",
        "amount_minor": 1_234,
        "currency": "CNY",
        "accept_by": watch() + timedelta(seconds=60),
    }
    return PayoutRequest(**fields | changes)  # type: ignore[arg-type]


async def rows(runtime: Runtime, number: str) -> int:
    async with runtime.database.directory() as session:
        query = sa.select(sa.func.count()).select_from(SandboxPayoutRow).where(SandboxPayoutRow.number == number)
        return (await session.execute(query)).scalar_one()


async def test_payout_is_paid_once_under_its_number(runtime: Runtime, watch: Watch) -> None:
    sandbox, asked = provider(runtime), request(watch)
    assert (await sandbox.query(asked.number)).state is State.UNKNOWN
    first, again = await sandbox.send(asked), await sandbox.send(asked)
    for later in (again, await sandbox.query(asked.number)):
        assert dataclasses.replace(later, at=first.at) == first
    assert (first.state, first.amount_minor, first.currency) == (State.PAID, 1_234, "CNY")
    assert first.transaction_id is not None and first.reason is None
    assert await rows(runtime, asked.number) == 1


@pytest.mark.parametrize("change", [{"amount_minor": 1}, {"recipient": "other"}, {"currency": "USD"}, {"payer": "x"}])
async def test_number_of_another_payout_is_refused(runtime: Runtime, watch: Watch, change: dict[str, Any]) -> None:
    sandbox, asked = provider(runtime), request(watch)
    await sandbox.send(asked)
    with pytest.raises(ProviderRefused, match="NUMBER_USED"):
        await sandbox.send(request(watch, number=asked.number, **{"payer": asked.payer} | change))
    assert (await sandbox.query(asked.number)).amount_minor == 1_234


async def test_request_that_comes_after_its_time_is_never_accepted(runtime: Runtime, watch: Watch) -> None:
    sandbox, asked = provider(runtime), request(watch)
    watch.turn(60.1)
    with pytest.raises(ProviderRefused, match="ACCEPTANCE"):
        await sandbox.send(asked)
    found = await sandbox.query(asked.number)
    assert (found.state, found.at > asked.accept_by) == (State.UNKNOWN, True)
    assert await rows(runtime, asked.number) == 0


async def test_query_waits_for_an_acceptance_that_is_under_way(runtime: Runtime, watch: Watch) -> None:
    """Accepted in the last moment, it is there for every query that the clock has passed."""
    sandbox, asked = provider(runtime), request(watch)
    held = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(asked.number, 0)))
    async with runtime.database.directory() as session:
        await session.execute(held)
        sending = asyncio.create_task(sandbox.send(asked))
        await asyncio.sleep(0.1)
        asking = asyncio.create_task(sandbox.query(asked.number))
        await asyncio.sleep(0.1)
        assert not sending.done() and not asking.done()
    assert (await sending).state is (await asking).state is State.PAID


async def test_payout_takes_its_time(runtime: Runtime, watch: Watch) -> None:
    sandbox, asked = provider(runtime, delay_seconds=30), request(watch)
    accepted = await sandbox.send(asked)
    assert (accepted.state, accepted.transaction_id) == (State.ACCEPTED, None)
    watch.turn(29)
    assert (await sandbox.query(asked.number)).state is State.ACCEPTED
    watch.turn(1)
    assert (await sandbox.query(asked.number)).state is State.PAID


async def test_refused_payout_is_failed_for_ever_with_its_reason(runtime: Runtime, watch: Watch) -> None:
    asked = request(watch)
    refused = await provider(runtime, refused_percent=100).send(asked)
    assert (refused.state, refused.reason, refused.transaction_id) == (State.FAILED, "RECIPIENT_REFUSED", None)
    assert (await provider(runtime).send(asked)).state is State.FAILED


async def test_unanswered_call_was_carried_out_and_unreached_call_was_not(runtime: Runtime, watch: Watch) -> None:
    sandbox = provider(runtime)
    done, lost = request(watch), request(watch)
    with pytest.raises(ProviderUnavailable):
        await provider(runtime, unanswered_percent=100).send(done)
    assert (await sandbox.query(done.number)).state is State.PAID
    deaf = provider(runtime, unreached_percent=100)
    with pytest.raises(ProviderUnavailable):
        await deaf.send(lost)
    with pytest.raises(ProviderUnavailable):
        await deaf.query(lost.number)
    with pytest.raises(ProviderUnavailable):
        await deaf.accepted(payer=lost.payer, since=watch(), until=watch())
    assert (await sandbox.query(lost.number)).state is State.UNKNOWN


async def test_recipient_confirms_within_a_day_or_the_payout_is_closed(runtime: Runtime, watch: Watch) -> None:
    sandbox = provider(runtime, waiting_percent=100)
    taken, missed = request(watch), request(watch)
    for asked in (taken, missed):
        assert (await sandbox.send(asked)).state is State.WAITING_CONFIRMATION
    watch.turn(86_399)
    assert [await sandbox.confirm(taken.number) for _ in range(2)] == [State.PAID, State.PAID]
    watch.turn(1)
    assert await sandbox.confirm(missed.number) is State.FAILED
    assert await sandbox.confirm("nothing") is State.UNKNOWN
    assert (await sandbox.query(taken.number)).state is State.PAID
    closed = await sandbox.query(missed.number)
    assert (closed.state, closed.reason) == (State.FAILED, "NOT_CONFIRMED")


async def test_list_has_the_payers_own_payouts_of_the_time(runtime: Runtime, watch: Watch) -> None:
    sandbox, start, sent = provider(runtime), watch(), []
    for _ in range(3):
        asked = request(watch, payer="payer of this test" if not sent else sent[0].payer)
        sent.append(asked)
        await sandbox.send(asked)
        watch.turn(10)
    await sandbox.send(request(watch))
    found = await sandbox.accepted(payer=sent[0].payer, since=start, until=start + timedelta(seconds=20))
    assert [payout.number for payout in found] == [asked.number for asked in sent[:2]]
