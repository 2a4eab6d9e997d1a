"""Payouts: whatever the provider does and whoever dies where, each withdrawal is paid once or not at all."""

import asyncio
from typing import Any

import pytest

from app.commission import payouts, withdrawals
from app.commission.payout_providers import confirm_in_sandbox
from app.commission.values import AccountKind, WithdrawalState
from app.commission.withdrawal_rules import MOST_TRIES
from app.platform import faults
from app.platform.integrations.payments import ProviderRefused, ProviderUnavailable
from app.platform.integrations.payouts import Payout, PayoutRequest, PayoutState
from app.platform.integrations.sandbox_payout import SandboxPayout
from app.worker import make_relay
from tests.commission import wages
from tests.commission.wages import Office, Watch, look, send

PAYABLE, IN_PAYOUT, PAID, DEBT = AccountKind.PAYABLE, AccountKind.IN_PAYOUT, AccountKind.PAID, AccountKind.DEBT
State = WithdrawalState


async def test_relay_pays_an_approved_withdrawal_out(office: Office) -> None:
    await wages.earn(office, 10_000, 3_000)
    withdrawal_id = await wages.approved(office, 1_100)
    await make_relay(office.runtime).drain(office.market.brand)
    found = await wages.row(office, withdrawal_id)
    assert (found.state, found.tries, found.query_at, found.failure_reason) == ("PAID", 1, None, None)
    assert found.transaction_id is not None and found.ended_at >= found.started_at >= found.decided_at
    assert await wages.sent(office) == {found.number: 1_100}
    assert await wages.balance(office) == {PAYABLE: 200, PAID: 1_100}
    assert await wages.history(office, withdrawal_id) == ["REQUEST", "APPROVE", "SEND", "PAY"]
    causes = [one["cause"] for one in await wages.events(office, "LedgerMoved") if one["occasion_id"] == str(found.id)]
    assert causes == ["PAYOUT_STARTED", "PAYOUT_DONE"]
    await wages.assert_sound(office)


async def test_event_delivered_again_and_at_once_sends_nothing_again(office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 1_000)
    done = await asyncio.gather(*(send(office, withdrawal_id) for _ in range(4)))
    assert sorted(done) == [False, False, False, True]
    assert not await send(office, withdrawal_id)
    assert await look(office) == 0
    assert (await wages.row(office, withdrawal_id)).tries == 1
    assert list((await wages.sent(office)).values()) == [1_000]
    assert await wages.balance(office) == {PAID: 1_000}
    await wages.assert_sound(office)


async def test_request_alone_is_never_sent(office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.ask(office, 1_000)
    assert not await send(office, withdrawal_id)
    assert await look(office) == 0
    assert (await wages.sent(office), await wages.state(office, withdrawal_id)) == ({}, State.REQUESTED)


async def test_refused_payout_gives_the_money_back_and_a_new_withdrawal_can_be_asked_for(office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 1_000)
    assert await send(office, withdrawal_id, refused_percent=100)
    found = await wages.row(office, withdrawal_id)
    assert (found.state, found.failure_reason, found.transaction_id) == ("FAILED", "RECIPIENT_REFUSED", None)
    assert await wages.balance(office) == {PAYABLE: 1_000}
    assert await wages.history(office, withdrawal_id) == ["REQUEST", "APPROVE", "SEND", "FAIL"]
    again = await wages.approved(office, 1_000)
    assert await send(office, again)
    assert await wages.balance(office) == {PAID: 1_000}
    assert (await wages.row(office, again)).number != found.number
    await wages.assert_sound(office)


async def test_payout_that_takes_its_time_is_asked_about_until_it_ends(office: Office, watch: Watch) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 1_000)
    assert not await send(office, withdrawal_id, delay_seconds=300)
    assert await wages.balance(office) == {IN_PAYOUT: 1_000}
    watch.turn(200)
    assert await look(office) == 0
    assert await wages.state(office, withdrawal_id) is State.IN_PAYOUT
    watch.turn(101)
    assert await look(office) == 1
    assert await wages.balance(office) == {PAID: 1_000}
    assert (await wages.row(office, withdrawal_id)).tries == 1


async def test_call_done_without_an_answer_is_found_out_and_not_sent_again(office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 1_000)
    assert not await send(office, withdrawal_id, unanswered_percent=100)
    assert await wages.state(office, withdrawal_id) is State.IN_PAYOUT
    assert await wages.balance(office) == {IN_PAYOUT: 1_000}
    assert await look(office, unreached_percent=100) == 0
    assert await look(office) == 1
    assert await wages.history(office, withdrawal_id) == ["REQUEST", "APPROVE", "SEND", "PAY"]
    assert await wages.balance(office) == {PAID: 1_000}


async def test_call_that_got_lost_is_sent_again_only_once_it_cannot_be_accepted_any_more(
    office: Office, watch: Watch
) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 1_000)
    assert not await send(office, withdrawal_id, unreached_percent=100)
    for _ in range(3):
        assert await look(office) == 0
    assert (await wages.row(office, withdrawal_id)).tries == 1
    assert await wages.sent(office) == {}
    watch.turn(office.runtime.settings.payout_acceptance_seconds + 1)
    assert await look(office) == 1
    found = await wages.row(office, withdrawal_id)
    assert (found.state, found.tries) == ("PAID", 2)
    assert await wages.sent(office) == {found.number: 1_000}
    assert await wages.history(office, withdrawal_id) == ["REQUEST", "APPROVE", "SEND", "SEND_AGAIN", "PAY"]
    await wages.assert_sound(office)


async def test_payout_that_never_reaches_its_provider_fails_after_the_last_try(office: Office, watch: Watch) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 1_000)
    deaf = SandboxPayout.send

    async def lose(self: SandboxPayout, request: PayoutRequest) -> Payout:
        raise ProviderUnavailable("no answer")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SandboxPayout, "send", lose)
        assert not await send(office, withdrawal_id)
        for tries in range(1, MOST_TRIES + 1):
            assert (await wages.row(office, withdrawal_id)).tries == tries
            watch.turn(office.runtime.settings.payout_acceptance_seconds + 1)
            assert await look(office) == (tries == MOST_TRIES)
    assert SandboxPayout.send is deaf
    found = await wages.row(office, withdrawal_id)
    assert (found.state, found.failure_reason, found.tries) == ("FAILED", "NOT_ACCEPTED", MOST_TRIES)
    assert (await wages.balance(office), await wages.sent(office)) == ({PAYABLE: 1_000}, {})
    await wages.assert_sound(office)


async def test_sender_that_slept_over_its_time_is_refused_and_pays_nothing_twice(
    office: Office, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process wakes up after another has found the payout lost and sent it again."""
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 1_000)
    asleep, woken = asyncio.Event(), asyncio.Event()

    async def sleep(point: str) -> None:
        if point == "payout_recorded" and not asleep.is_set():
            asleep.set()
            await woken.wait()

    monkeypatch.setattr(faults, "pause_point", sleep)
    sleeper = asyncio.create_task(send(office, withdrawal_id))
    await asleep.wait()
    watch.turn(office.runtime.settings.payout_acceptance_seconds + 1)
    assert await look(office, refused_percent=100) == 1
    woken.set()
    assert not await sleeper
    found = await wages.row(office, withdrawal_id)
    assert (found.state, found.tries) == ("FAILED", 2)
    assert await wages.balance(office) == {PAYABLE: 1_000}
    assert list(await wages.sent(office)) == [found.number]
    await wages.assert_sound(office)


async def test_late_sender_is_refused_by_the_provider_even_when_it_knows_nothing(office: Office, watch: Watch) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 1_000)
    assert not await send(office, withdrawal_id, unreached_percent=100)
    found = await wages.row(office, withdrawal_id)
    watch.turn(office.runtime.settings.payout_acceptance_seconds + 1)
    request = PayoutRequest(
        found.number, str(office.market.brand.id), str(found.employee_id), 1_000, "CNY", found.accept_by
    )
    with pytest.raises(ProviderRefused):
        await SandboxPayout(office.database, office.runtime.settings).send(request)
    assert await wages.sent(office) == {}


POINTS = ("payout_recorded", "payout_called")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("outcome", [{}, {"refused_percent": 100}, {"delay_seconds": 1}])
async def test_death_between_the_steps_is_made_good_by_the_job(
    office: Office, watch: Watch, monkeypatch: pytest.MonkeyPatch, point: str, outcome: dict[str, Any]
) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 1_000)

    async def die(reached: str) -> None:
        if reached == point:
            raise asyncio.CancelledError(reached)

    with monkeypatch.context() as patched:
        patched.setattr(faults, "pause_point", die)
        with pytest.raises(asyncio.CancelledError):
            await send(office, withdrawal_id, **outcome)
    assert await wages.state(office, withdrawal_id) is State.IN_PAYOUT
    assert await wages.balance(office) == {IN_PAYOUT: 1_000}
    # The relay brings the event again, and finds that somebody is at it.
    assert not await send(office, withdrawal_id)
    was_reached = point == "payout_called"
    watch.turn(office.runtime.settings.payout_acceptance_seconds + 1)
    with monkeypatch.context() as patched:
        patched.setattr(faults, "pause_point", die_at(patched, "payout_queried"))
        assert await look_dying(office) == 0
    assert await look(office) == 1
    found = await wages.row(office, withdrawal_id)
    is_refused = was_reached and "refused_percent" in outcome
    assert (found.state, found.tries) == ("FAILED" if is_refused else "PAID", 1 if was_reached else 2)
    assert await wages.balance(office) == ({PAYABLE: 1_000} if is_refused else {PAID: 1_000})
    assert await wages.sent(office) == {found.number: 1_000}
    await wages.assert_sound(office)


def die_at(patched: pytest.MonkeyPatch, point: str) -> Any:
    async def die(reached: str) -> None:
        if reached == point:
            raise asyncio.CancelledError(reached)

    return die


async def look_dying(office: Office) -> int:
    try:
        return await look(office)
    except asyncio.CancelledError:
        return 0


async def test_booking_that_dies_leaves_nothing_half_done(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 1_000)
    book = withdrawals.book_paid

    async def book_and_die(*args: Any, **more: Any) -> bool:
        await book(*args, **more)
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(withdrawals, "book_paid", book_and_die)
        with pytest.raises(asyncio.CancelledError):
            await send(office, withdrawal_id)
    assert await wages.history(office, withdrawal_id) == ["REQUEST", "APPROVE", "SEND"]
    assert await wages.balance(office) == {IN_PAYOUT: 1_000}
    assert await look(office) == 1
    assert await wages.balance(office) == {PAID: 1_000}
    await wages.assert_sound(office)


async def test_approved_withdrawal_whose_event_is_lost_is_sent_by_the_job(office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 1_000)
    assert await payouts.look_after(office.runtime, office.market.brand) == 0
    assert await look(office) == 1
    assert await wages.state(office, withdrawal_id) is State.PAID
    await make_relay(office.runtime).drain(office.market.brand)
    assert (await wages.row(office, withdrawal_id)).tries == 1


async def test_recipient_who_confirms_is_paid_and_one_who_does_not_gets_the_money_back_after_a_day(
    office: Office, watch: Watch
) -> None:
    await wages.earn(office, 10_000, 10_000)
    taken, missed = await wages.approved(office, 900), await wages.approved(office, 1_100)
    for withdrawal_id in (taken, missed):
        assert not await send(office, withdrawal_id, waiting_percent=100)
    watch.turn(86_000)
    assert await look(office) == 0
    assert await confirm_in_sandbox(office.runtime, (await wages.row(office, taken)).number) is PayoutState.PAID
    assert await look(office) == 1
    assert await wages.balance(office) == {PAID: 900, IN_PAYOUT: 1_100}
    watch.turn(400)
    assert await look(office) == 1
    found = await wages.row(office, missed)
    assert (found.state, found.failure_reason, found.tries) == ("FAILED", "NOT_CONFIRMED", 1)
    assert await wages.balance(office) == {PAID: 900, PAYABLE: 1_100}
    await wages.assert_sound(office)
