"""Money that has left: refunds after it, wrong words of the provider, and both books side by side."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission import payout_reconciliation, payouts, withdrawals
from app.commission.models import WithdrawalRow
from app.commission.payout_reconciliation import Difference, DifferenceKind, compare
from app.commission.values import AccountKind, WithdrawalState
from app.platform import clock
from app.platform.integrations.payments import ProviderRefused
from app.platform.integrations.payouts import Payout, PayoutRequest, PayoutState
from app.platform.integrations.sandbox_payout import SandboxPayout
from app.platform.runtime import Runtime
from app.worker import subscriptions
from tests.commission import wages
from tests.commission.wages import Office, look, send

PAYABLE, IN_PAYOUT, PAID, DEBT = AccountKind.PAYABLE, AccountKind.IN_PAYOUT, AccountKind.PAID, AccountKind.DEBT
State = WithdrawalState


# --- refunds after the money has left


async def test_refund_after_the_payout_becomes_debt_that_the_next_commission_pays_off(office: Office) -> None:
    await wages.earn(office, 10_000)
    await send(office, await wages.approved(office, 1_000))
    await wages.refund(office, office.lines[0], 6_000)
    assert await wages.balance(office) == {PAID: 1_000, DEBT: -600, AccountKind.VOIDED: 600}
    await wages.earn(office, 4_000)
    assert await wages.balance(office) == {PAID: 1_000, DEBT: -200, AccountKind.VOIDED: 600}
    await wages.earn(office, 5_000)
    assert await wages.balance(office) == {PAID: 1_000, PAYABLE: 300, AccountKind.VOIDED: 600}
    await send(office, await wages.approved(office, 300))
    assert await wages.balance(office) == {PAID: 1_300, AccountKind.VOIDED: 600}
    await wages.assert_sound(office)


@pytest.mark.parametrize(("refunds", "left"), [((4_000,), 600), ((10_000,), 0), ((3_000, 3_000, 4_000), 0)])
async def test_refund_while_in_payout_is_taken_from_what_a_failed_payout_gives_back(
    office: Office, refunds: tuple[int, ...], left: int
) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 1_000)
    assert not await send(office, withdrawal_id, delay_seconds=0.001, unanswered_percent=100, refused_percent=100)
    for refund_minor in refunds:
        await wages.refund(office, office.lines[0], refund_minor)
    owed = sum(refunds) // 10
    assert await wages.balance(office) == {IN_PAYOUT: 1_000, DEBT: -owed, AccountKind.VOIDED: owed}
    assert await look(office) == 1
    expected = {PAYABLE: left, AccountKind.VOIDED: owed}
    assert await wages.balance(office) == {account: amount for account, amount in expected.items() if amount}
    await wages.assert_sound(office)


async def test_refund_while_in_payout_of_money_that_then_is_paid_stays_debt(office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 1_000)
    await wages.refund(office, office.lines[0], 10_000)
    assert await send(office, withdrawal_id)
    assert await wages.balance(office) == {PAID: 1_000, DEBT: -1_000, AccountKind.VOIDED: 1_000}
    await wages.assert_sound(office)


# --- what is wrong on either side


@pytest.mark.parametrize("wrong", [{"amount_minor": 999}, {"currency": "USD"}, {"transaction_id": None}])
async def test_word_of_another_payment_is_not_booked_and_stops_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    await wages.earn(office, 10_000)
    stuck, other = await wages.approved(office, 400), await wages.approved(office, 600)
    for withdrawal_id in (stuck, other):
        await send(office, withdrawal_id, unanswered_percent=100)
    number, query = (await wages.row(office, stuck)).number, SandboxPayout.query

    async def spoiled(self: SandboxPayout, asked: str) -> Payout:
        fields = {"amount_minor": 400, "currency": "CNY", "transaction_id": "t"} | wrong
        return (
            Payout(asked, PayoutState.PAID, clock.utc_now(), **fields) if asked == number else await query(self, asked)
        )

    with monkeypatch.context() as patched:
        patched.setattr(SandboxPayout, "query", spoiled)
        assert await look(office) == 1
    assert await wages.balance(office) == {IN_PAYOUT: 400, PAID: 600}
    assert await look(office) == 1
    await wages.assert_sound(office)


async def test_job_leaves_what_it_looked_at_alone_for_a_pause(office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 400)
    await send(office, withdrawal_id, unreached_percent=100)
    assert await look(office) == 0
    async with office.database.transaction(office.market.brand) as session:
        assert await withdrawals.claim_due(session, limit=9, now=session.now) == []
        later = session.now + timedelta(hours=1)
        assert await withdrawals.claim_due(session, limit=9, now=later) == [withdrawal_id]
    assert (await wages.row(office, withdrawal_id)).query_at == later + timedelta(minutes=15)


async def test_two_workers_claim_each_withdrawal_once(office: Office) -> None:
    await wages.earn(office, 10_000)
    ids = {await wages.approved(office, 100) for _ in range(6)}
    await wages.let_look(office)

    async def claim() -> list[UUID]:
        async with office.database.transaction(office.market.brand) as session:
            found = await withdrawals.claim_due(session, limit=4, now=session.now)
            await asyncio.sleep(0.2)
            return found

    first, second = await asyncio.gather(claim(), claim())
    assert (len(first), len(second), {*first, *second}) in ((4, 2, ids), (2, 4, ids))


async def test_production_sends_nothing_and_writes_nothing_down(office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 400)
    production = office.runtime.settings.model_copy(update={"environment": "production"})
    with pytest.raises(ProviderRefused):
        await payouts.send(
            dataclasses.replace(office.runtime, settings=production),
            office.market.brand,
            withdrawal_id,
            after_tries=0,
        )
    assert await wages.state(office, withdrawal_id) is State.APPROVED


def test_worker_delivers_approvals_to_the_payout(runtime: Runtime) -> None:
    assert list(subscriptions(runtime).deliveries["WithdrawalApproved"]) == ["payout"]


# --- reconciliation


def payout(state: PayoutState, amount_minor: int = 100, currency: str = "CNY") -> Payout:
    return Payout("n", state, datetime.now(UTC), amount_minor, currency)


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        (None, payout(PayoutState.PAID), "UNKNOWN_HERE"),
        ((State.PAID, 100), payout(PayoutState.UNKNOWN, 0, ""), "MISSING_THERE"),
        ((State.PAID, 101), payout(PayoutState.PAID), "AMOUNT"),
        ((State.PAID, 100), payout(PayoutState.PAID, currency="USD"), "AMOUNT"),
        ((State.FAILED, 100), payout(PayoutState.PAID), "STATE"),
        ((State.REQUESTED, 100), payout(PayoutState.PAID), "STATE"),
        ((State.PAID, 100), payout(PayoutState.FAILED), "STATE"),
        ((State.PAID, 100), payout(PayoutState.ACCEPTED), "STATE"),
        ((State.PAID, 100), payout(PayoutState.PAID), None),
        ((State.FAILED, 100), payout(PayoutState.FAILED), None),
        ((State.IN_PAYOUT, 100), payout(PayoutState.PAID), None),
        ((State.IN_PAYOUT, 100), payout(PayoutState.FAILED), None),
        ((State.IN_PAYOUT, 100), payout(PayoutState.WAITING_CONFIRMATION), None),
    ],
)
def test_comparison_names_what_differs(ours: tuple[State, int] | None, theirs: Payout, kind: str | None) -> None:
    found = compare({} if ours is None else {"n": ours}, [theirs], "CNY")
    assert [one.kind for one in found] == ([] if kind is None else [kind])


async def test_reconciliation_finds_nothing_in_sound_books_and_each_thing_that_is_not(office: Office) -> None:
    await wages.earn(office, 10_000)
    for outcome in ({}, {"refused_percent": 100}, {"unanswered_percent": 100}):
        await send(office, await wages.approved(office, 100), **outcome)
    sandbox, brand = SandboxPayout(office.database, office.runtime.settings), office.market.brand
    assert await payout_reconciliation.reconcile(office.runtime, brand) == 0
    stray = PayoutRequest("stray" + str(brand.id), str(brand.id), "x", 7, "CNY", clock.utc_now() + timedelta(minutes=1))
    await sandbox.send(stray)
    async with office.database.transaction(brand) as session:
        missing = await withdrawals.request(session, office.guide, amount_minor=100, now=session.now)
        columns = {"state": "PAID", "ended_at": session.now}
        await session.execute(
            sa.update(WithdrawalRow)
            .where(WithdrawalRow.brand_id == brand.id, WithdrawalRow.id == missing)
            .values(**columns)
        )
    number = (await wages.row(office, missing)).number
    assert await payout_reconciliation.differences(office.runtime, brand) == [
        Difference(DifferenceKind.UNKNOWN_HERE, stray.number, None, 0, PayoutState.PAID, 7),
        Difference(DifferenceKind.MISSING_THERE, number, State.PAID, 100, PayoutState.UNKNOWN, 0),
    ]
    assert await payout_reconciliation.reconcile(office.runtime, brand) == 2
