"""An employee asks for payable commission, finance decides, and the money moves once, entry by entry."""

import asyncio
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app.commission import ledger, payees, withdrawal_invariants, withdrawals
from app.commission.models import TransferRow, WithdrawalRow
from app.commission.values import AccountKind, Decision, LedgerEvent, WithdrawalState
from app.platform.actor import ANONYMOUS
from app.platform.errors import AmountTooLarge, Forbidden, InvalidInput, NotFound, WrongState
from tests.commission import wages
from tests.commission.wages import Office

PAYABLE, IN_PAYOUT, DEBT = AccountKind.PAYABLE, AccountKind.IN_PAYOUT, AccountKind.DEBT
State = WithdrawalState


async def transfers(office: Office, withdrawal_id: UUID) -> list[tuple[str, int]]:
    async with office.database.reading(office.market.brand) as session:
        rows = await session.execute(
            sa.select(TransferRow.cause, TransferRow.amount_minor)
            .where(TransferRow.brand_id == session.brand_id, TransferRow.occasion_id == withdrawal_id)
            .order_by(TransferRow.id)
        )
        return [(found.cause, found.amount_minor) for found in rows]


async def count(office: Office) -> int:
    async with office.database.reading(office.market.brand) as session:
        rows = sa.select(sa.func.count()).select_from(WithdrawalRow).where(WithdrawalRow.brand_id == session.brand_id)
        return (await session.execute(rows)).scalar_one()


async def test_request_claims_its_part_and_moves_no_money(office: Office) -> None:
    await wages.earn(office, 10_000, 5_000)
    first = await wages.ask(office, 900)
    found = await wages.row(office, first)
    assert (found.state, found.amount_minor, found.employee_id) == ("REQUESTED", 900, office.guide.employee_id)
    assert (found.tries, found.decided_at, found.query_at, len(found.number)) == (0, None, None, 24)
    assert await wages.balance(office) == {PAYABLE: 1_500}
    with pytest.raises(AmountTooLarge) as refused:
        await wages.ask(office, 601)
    assert refused.value.limit_minor == 600
    await wages.ask(office, 600)
    with pytest.raises(AmountTooLarge) as refused:
        await wages.ask(office, 100)
    assert (refused.value.limit_minor, await count(office)) == (0, 2)
    assert await wages.history(office, first) == ["REQUEST"]
    assert await wages.events(office, "WithdrawalApproved") == []
    await wages.assert_sound(office)


@pytest.mark.parametrize("amount", [99, 1, 0, -5])
async def test_less_than_the_least_amount_is_refused(office: Office, amount: int) -> None:
    await wages.earn(office, 10_000)
    with pytest.raises(InvalidInput) as refused:
        await wages.ask(office, amount)
    assert (refused.value.key, refused.value.path, refused.value.facts) == (
        "withdrawal_minimum",
        ("amountMinor",),
        {"amount": "¥1.00"},
    )
    assert await count(office) == 0


@pytest.mark.parametrize("amount", [1_001, 2**62])
async def test_held_money_and_others_money_cannot_be_drawn(office: Office, amount: int) -> None:
    await wages.earn(office, 10_000)
    await wages.earn(office, 70_000, guide=1)
    await wages.sell(office, 50_000)
    with pytest.raises(AmountTooLarge) as refused:
        await wages.ask(office, amount)
    assert refused.value.limit_minor == 1_000


async def test_two_requests_at_once_claim_no_more_than_there_is(office: Office) -> None:
    await wages.earn(office, 10_000)
    done = await asyncio.gather(*(wages.ask(office, 400) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(one, UUID) for one in done) == 2
    assert {type(one) for one in done} == {UUID, AmountTooLarge}
    await wages.assert_sound(office)


async def test_approval_moves_the_oldest_money_splits_the_last_entry_and_asks_for_the_payout(office: Office) -> None:
    for amount in (3_000, 5_000, 20_000):
        await wages.earn(office, amount)
    withdrawal_id = await wages.ask(office, 1_000)
    await wages.decide(office, withdrawal_id, comment="  好的 ")
    assert await wages.balance(office) == {PAYABLE: 1_800, IN_PAYOUT: 1_000}
    assert await transfers(office, withdrawal_id) == [("PAYOUT_STARTED", part) for part in (300, 500, 200)]
    found = await wages.row(office, withdrawal_id)
    assert (found.state, found.decided_by, found.comment) == ("APPROVED", office.finance.employee_id, "好的")
    assert found.query_at > found.decided_at
    assert await wages.events(office, "WithdrawalApproved") == [{"withdrawal_id": str(withdrawal_id)}]
    moved = {"occasion_id": str(withdrawal_id), "cause": "PAYOUT_STARTED"}
    assert moved in await wages.events(office, "LedgerMoved")
    assert await wages.history(office, withdrawal_id) == ["REQUEST", "APPROVE"]
    await wages.assert_sound(office)


async def test_rejection_keeps_the_money_payable_and_says_why(office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.ask(office, 1_000)
    await wages.decide(office, withdrawal_id, Decision.REJECT, comment="请先补全资料")
    found = await wages.row(office, withdrawal_id)
    assert (found.state, found.comment, found.ended_at) == ("REJECTED", "请先补全资料", found.decided_at)
    assert await wages.balance(office) == {PAYABLE: 1_000}
    assert await transfers(office, withdrawal_id) == []
    assert await wages.events(office, "WithdrawalApproved") == []
    await wages.ask(office, 1_000)
    await wages.assert_sound(office)


async def test_only_finance_and_the_owner_decide_and_never_on_the_own(office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.ask(office, 500)
    assert office.guide.employee_id is not None
    own = wages.employee(office.guide.employee_id, role="HEADQUARTERS", functions=frozenset({"FINANCE"}))
    for actor in (
        office.guide,
        own,
        office.guide_actor(1, role="MANAGER"),
        wages.employee(uuid4(), role="HEADQUARTERS", functions=frozenset({"SERVICE", "IT"})),
        wages.employee(office.guide.employee_id, role="OWNER"),
        ANONYMOUS,
    ):
        for decision in Decision:
            with pytest.raises(Forbidden):
                await wages.decide(office, withdrawal_id, decision, actor=actor)
    assert await wages.state(office, withdrawal_id) is State.REQUESTED
    await wages.decide(office, withdrawal_id, actor=office.market.owner)
    assert await wages.state(office, withdrawal_id) is State.APPROVED


async def test_nobody_asks_without_being_employed(office: Office) -> None:
    with pytest.raises(Forbidden):
        await wages.ask(office, 500, actor=ANONYMOUS)


async def test_second_decision_and_an_unknown_withdrawal_are_refused(office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 400)
    for decision in Decision:
        with pytest.raises(WrongState):
            await wages.decide(office, withdrawal_id, decision)
    with pytest.raises(NotFound):
        await wages.decide(office, uuid4())
    assert await wages.balance(office) == {PAYABLE: 600, IN_PAYOUT: 400}


@pytest.mark.parametrize("comment", ["x" * 501, "a\x00b"])
async def test_comment_that_nobody_could_store_is_refused(office: Office, comment: str) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.ask(office, 400)
    with pytest.raises(InvalidInput):
        await wages.decide(office, withdrawal_id, Decision.REJECT, comment=comment)
    assert await wages.state(office, withdrawal_id) is State.REQUESTED


async def test_of_two_decisions_at_once_one_counts(office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.ask(office, 1_000)
    done = await asyncio.gather(
        *(wages.decide(office, withdrawal_id, decision) for decision in (*Decision, *Decision)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["NoneType", *["WrongState"] * 3]
    await wages.assert_sound(office)


async def test_refund_before_the_approval_leaves_too_little_and_changes_nothing(office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.ask(office, 1_000)
    await wages.refund(office, office.lines[0], 3_000)
    with pytest.raises(AmountTooLarge) as refused:
        await wages.decide(office, withdrawal_id)
    assert refused.value.limit_minor == 700
    assert await wages.state(office, withdrawal_id) is State.REQUESTED
    assert await transfers(office, withdrawal_id) == []
    assert await wages.balance(office) == {PAYABLE: 700, AccountKind.VOIDED: 300}
    await wages.decide(office, withdrawal_id, Decision.REJECT)
    await wages.approved(office, 700)
    assert await wages.balance(office) == {IN_PAYOUT: 700, AccountKind.VOIDED: 300}
    await wages.assert_sound(office)


async def test_approval_and_refund_at_once_lose_no_cent(office: Office) -> None:
    await wages.earn(office, 10_000, 10_000)
    withdrawal_id = await wages.ask(office, 2_000)
    await asyncio.gather(
        wages.decide(office, withdrawal_id),
        *(wages.refund(office, line, 5_000) for line in office.lines),
        return_exceptions=True,
    )
    found = await wages.balance(office)
    if await wages.state(office, withdrawal_id) is State.APPROVED:
        assert found == {IN_PAYOUT: 2_000, DEBT: -1_000, AccountKind.VOIDED: 1_000}
    else:
        assert found == {PAYABLE: 1_000, AccountKind.VOIDED: 1_000}
    await wages.assert_sound(office)


async def test_production_approves_nothing_that_nobody_could_pay(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.ask(office, 1_000)
    production = office.runtime.settings.model_copy(update={"environment": "production"})
    monkeypatch.setattr(withdrawals, "load_settings", lambda: production)
    with pytest.raises(InvalidInput) as refused:
        await wages.decide(office, withdrawal_id)
    assert refused.value.key == "payouts_not_offered"
    await wages.decide(office, withdrawal_id, Decision.REJECT)
    assert await wages.balance(office) == {PAYABLE: 1_000}


# --- the invariants find what is wrong


async def spoil(office: Office, withdrawal_id: UUID, **columns: object) -> None:
    async with office.database.transaction(office.market.brand) as session:
        await session.execute(
            sa.update(WithdrawalRow)
            .where(WithdrawalRow.brand_id == session.brand_id, WithdrawalRow.id == withdrawal_id)
            .values(**columns)
            .execution_options(synchronize_session=False)
        )


async def wrong(office: Office) -> set[str]:
    async with office.database.reading(office.market.brand) as session:
        return {name for name, check in withdrawal_invariants.CHECKS.items() if await check(session)}


MONEY, TRANSFERS = "money on its way and paid is that of withdrawals", "transfers are those of the withdrawals"
MOVES = "withdrawals follow the table of moves"


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"amount_minor": 401}, {MONEY, TRANSFERS}),
        ({"state": "PAID"}, {MONEY, TRANSFERS, MOVES}),
        ({"state": "IN_PAYOUT"}, {MOVES}),
        ({"state": "REQUESTED"}, {MONEY, TRANSFERS, MOVES}),
        ({"query_at": None}, {MOVES}),
    ],
)
async def test_damaged_withdrawal_is_found(office: Office, columns: dict[str, object], found: set[str]) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 400)
    assert await wrong(office) == set()
    await spoil(office, withdrawal_id, **columns)
    assert await wrong(office) == found


async def test_money_that_went_out_without_a_withdrawal_or_with_anothers_name_is_found(office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.approved(office, 400)
    await spoil(office, withdrawal_id, employee_id=office.market.guides[1].employee_id)
    assert await wrong(office) == {MONEY, TRANSFERS}
    await spoil(office, withdrawal_id, employee_id=office.market.guides[0].employee_id)
    async with office.database.transaction(office.market.brand) as session:
        guide_id = office.market.guides[0].employee_id
        [(entry_id, _)] = await ledger.payable(session, guide_id)
        await ledger.post(
            session,
            ledger.postings_for(
                session,
                LedgerEvent.PAYOUT_STARTED,
                entry_id=entry_id,
                party_id=guide_id,
                standing=PAYABLE,
                amount_minor=100,
                occasion_id=session.new_id(),
            ),
            now=session.now,
        )
    assert await wrong(office) == {MONEY, TRANSFERS}


async def test_debt_beside_payable_money_is_found(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await wages.earn(office, 10_000)
    await wages.approved(office, 1_000)
    await wages.earn(office, 2_000)

    async def forget(*_: object, **__: object) -> dict[UUID, int]:
        return {}

    with monkeypatch.context() as patched:
        patched.setattr(payees, "settle_debts", forget)
        await wages.refund(office, office.lines[0], 5_000)
    assert await wages.balance(office) == {PAYABLE: 200, IN_PAYOUT: 1_000, DEBT: -500, AccountKind.VOIDED: 500}
    assert await wrong(office) == {"nobody owes and is owed"}
