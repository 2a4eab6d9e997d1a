"""A refund takes its exact part back from every party, wherever the money stands; nothing is ever cut off."""

import random
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission import holds, invariants, ledger, payees, plans, reads, reversals, sales
from app.commission.models import ShareRow
from app.commission.plans import NewRule
from app.commission.values import AccountKind, CommissionKind, CommissionState, LedgerEvent, ShareRole
from app.platform.actor import SYSTEM
from app.platform.db import BrandSession, Database
from app.platform.models import OutboxRow
from app.platform.money import divide_half_even, portion_bp
from tests import factories
from tests.commission.market import Market, buy, make_customer, make_market
from tests.commission.test_holds import DAY, balance, paid_order, receive, release


@pytest.fixture
async def market(database: Database) -> Market:
    return await make_market(database)


async def reverse(database: Database, market: Market, order_id: UUID, line_id: UUID, refund_minor: int) -> UUID:
    async with database.transaction(market.brand) as session:
        after_sale_id = session.new_id()
        await reversals.reverse(
            session,
            sale_id=order_id,
            line_id=line_id,
            after_sale_id=after_sale_id,
            refund_minor=refund_minor,
            now=session.now,
        )
    return after_sale_id


async def pay_out(session: BrandSession, party_id: UUID, amount_minor: int, *events: LedgerEvent) -> UUID:
    """Move payable money on its way out by hand, the oldest first, as a withdrawal does."""
    withdrawal_id = session.new_id()
    standing = {LedgerEvent.PAYOUT_STARTED: AccountKind.PAYABLE}
    await payees.lock(session, [party_id])
    left, parts = amount_minor, []
    for entry_id, amount in await ledger.payable(session, party_id):
        parts.append((entry_id, min(left, amount)))
        left -= parts[-1][1]
    assert left == 0
    for event in events:
        postings = [
            posting
            for entry_id, amount in parts
            if amount
            for posting in ledger.postings_for(
                session,
                event,
                entry_id=entry_id,
                party_id=party_id,
                standing=standing.get(event, AccountKind.IN_PAYOUT),
                amount_minor=amount,
                occasion_id=withdrawal_id,
            )
        ]
        await ledger.post(session, postings, now=session.now)
    return withdrawal_id


async def assert_all_is_sound(database: Database, market: Market) -> None:
    async with database.reading(market.brand) as session:
        for name, check in invariants.CHECKS.items():
            assert await check(session) == [], name


async def test_three_partial_refunds_of_held_commission_sum_to_the_whole_for_every_party(
    database: Database, market: Market
) -> None:
    async with database.transaction(market.brand) as session:
        manager = await factories.make_employee(session, role="MANAGER", store_id=market.stores[0])
        rules = [NewRule(ShareRole.SELLER, 333), NewRule(ShareRole.STORE, 77), NewRule(ShareRole.MANAGER, 33)]
        await plans.publish(session, SYSTEM, hold_days=7, rules=rules, now=session.now)
    order_id, [line_id, other], _ = await paid_order(database, market, amounts=(9_999, 5_000))
    taken = [await reverse(database, market, order_id, line_id, amount) for amount in (3_333, 1, 6_665)]
    parties = {
        market.guides[0].employee_id: portion_bp(9_999, 333),
        market.stores[0]: portion_bp(9_999, 77),
        manager.employee_id: portion_bp(9_999, 33),
    }
    async with database.reading(market.brand) as session:
        back: dict[UUID, int] = dict.fromkeys(parties, 0)
        for after_sale_id in taken:
            for party_id, amount in (await reversals.taken_back(session, after_sale_id)).items():
                back[party_id] += amount
        assert back == parties
        performance = await session.scalar(
            sa.select(sa.func.sum(ShareRow.performance_minor)).where(
                ShareRow.brand_id == market.brand.id, ShareRow.kind == CommissionKind.REVERSAL.value
            )
        )
        assert performance == 9_999
        entries = await reads.entries(session, party_id=market.guides[0].employee_id, limit=10)
        states = {(entry.kind, entry.amount_minor): entry.state for entry in entries}
        assert states[CommissionKind.ORDER, portion_bp(9_999, 333)] is CommissionState.VOIDED
        assert states[CommissionKind.ORDER, portion_bp(5_000, 333)] is CommissionState.HELD
        reversing = [entry for entry in entries if entry.kind is CommissionKind.REVERSAL]
        assert {entry.state for entry in reversing} == {CommissionState.VOIDED}
        assert len({entry.reverses_id for entry in reversing}) == 1
        assert other != line_id
    assert await balance(database, market) == {
        AccountKind.HELD: portion_bp(5_000, 333),
        AccountKind.VOIDED: portion_bp(9_999, 333),
    }
    await assert_all_is_sound(database, market)


async def test_more_than_is_left_and_a_line_that_is_not_paid_are_refused_and_change_nothing(
    database: Database, market: Market
) -> None:
    order_id, [line_id], _ = await paid_order(database, market)
    await reverse(database, market, order_id, line_id, 6_000)
    before = await balance(database, market)
    with pytest.raises(ValueError, match="whole"):
        await reverse(database, market, order_id, line_id, 4_001)
    with pytest.raises(LookupError):
        await reverse(database, market, order_id, order_id, 1)
    assert await balance(database, market) == before
    await reverse(database, market, order_id, line_id, 4_000)
    assert await balance(database, market) == {AccountKind.VOIDED: 1_000}


async def test_a_reversal_is_told_once_by_its_after_sale(database: Database, market: Market) -> None:
    order_id, [line_id], _ = await paid_order(database, market)
    after_sale_id = await reverse(database, market, order_id, line_id, 1_000)
    async with database.reading(market.brand) as session:
        kinds = await session.execute(
            sa.select(OutboxRow.kind, OutboxRow.payload).where(OutboxRow.brand_id == market.brand.id)
        )
        events = [(kind, payload) for kind, payload in kinds if kind in ("CommissionReversed", "LedgerMoved")]
    assert sorted(kind for kind, _ in events) == ["CommissionReversed", "LedgerMoved"]
    assert {payload.get("after_sale_id") or payload["occasion_id"] for _, payload in events} == {str(after_sale_id)}


async def test_refund_after_payout_is_debt_and_the_next_release_pays_it_off(database: Database, market: Market) -> None:
    guide_id = market.guides[0].employee_id
    first, [line_id], paid_at = await paid_order(database, market)
    await receive(database, market, first, paid_at)
    await release(database, market, paid_at + 7 * DAY)
    async with database.transaction(market.brand) as session:
        await pay_out(session, guide_id, 1_000, LedgerEvent.PAYOUT_STARTED, LedgerEvent.PAYOUT_DONE)
    await reverse(database, market, first, line_id, 4_000)
    assert await balance(database, market) == {
        AccountKind.PAID: 1_000,
        AccountKind.DEBT: -400,
        AccountKind.VOIDED: 400,
    }
    await assert_all_is_sound(database, market)
    second, _, paid_again_at = await paid_order(database, market, amounts=(3_000,))
    await receive(database, market, second, paid_again_at)
    await release(database, market, paid_again_at + 7 * DAY)
    third, _, paid_last_at = await paid_order(database, market, amounts=(5_000,))
    assert await balance(database, market) == {
        AccountKind.PAID: 1_000,
        AccountKind.DEBT: -100,
        AccountKind.VOIDED: 400,
        AccountKind.HELD: 500,
    }
    await receive(database, market, third, paid_last_at)
    await release(database, market, paid_last_at + 7 * DAY)
    assert await balance(database, market) == {
        AccountKind.PAID: 1_000,
        AccountKind.VOIDED: 400,
        AccountKind.PAYABLE: 400,
    }
    async with database.reading(market.brand) as session:
        entries = await reads.entries(session, party_id=guide_id, limit=10)
        assert [(entry.amount_minor, entry.state) for entry in entries if entry.kind is CommissionKind.ORDER] == [
            (500, CommissionState.PAYABLE),
            (300, CommissionState.PAID),
            (1_000, CommissionState.PAID),
        ]
    await assert_all_is_sound(database, market)


async def test_debt_is_paid_at_once_with_what_is_payable_already(database: Database, market: Market) -> None:
    guide_id = market.guides[0].employee_id
    first, [line_id], paid_at = await paid_order(database, market)
    second, _, _ = await paid_order(database, market, amounts=(6_000,))
    for order_id in (first, second):
        await receive(database, market, order_id, paid_at)
    await release(database, market, paid_at + 8 * DAY)
    async with database.transaction(market.brand) as session:
        await pay_out(session, guide_id, 1_000, LedgerEvent.PAYOUT_STARTED, LedgerEvent.PAYOUT_DONE)
    await reverse(database, market, first, line_id, 10_000)
    assert await balance(database, market) == {
        AccountKind.PAID: 1_000,
        AccountKind.DEBT: -400,
        AccountKind.VOIDED: 1_000,
    }
    await assert_all_is_sound(database, market)


async def test_refund_of_an_entry_that_is_partly_paid_out_takes_the_rest_first(
    database: Database, market: Market
) -> None:
    order_id, [line_id], paid_at = await paid_order(database, market)
    await receive(database, market, order_id, paid_at)
    await release(database, market, paid_at + 8 * DAY)
    async with database.transaction(market.brand) as session:
        await pay_out(session, market.guides[0].employee_id, 700, LedgerEvent.PAYOUT_STARTED)
    await reverse(database, market, order_id, line_id, 5_000)
    assert await balance(database, market) == {
        AccountKind.IN_PAYOUT: 700,
        AccountKind.DEBT: -200,
        AccountKind.VOIDED: 500,
    }
    await assert_all_is_sound(database, market)


@pytest.mark.parametrize("seed", range(3))
async def test_any_history_of_refunds_releases_and_payouts_balances_to_the_cent(database: Database, seed: int) -> None:
    """A second book in plain Python says for each party what was earned, taken back and paid; the ledger must agree."""
    dice = random.Random(seed)
    market = await make_market(database)
    guide_id = market.guides[0].employee_id
    orders: list[tuple[UUID, list[UUID], dict[UUID, list[int]]]] = []
    earned, reversed_minor, paid_minor, at = 0, 0, 0, None
    for _ in range(25):
        action = dice.choice(["buy", "buy", "refund", "refund", "release", "pay out"])
        if action == "buy":
            amounts = tuple(dice.choice([0, 1, 333, 10_001, 77_777]) for _ in range(dice.randint(1, 3)))
            order_id, lines, paid_at = await paid_order(database, market, amounts=amounts)
            at = paid_at
            async with database.reading(market.brand) as session:
                bases = await _bases(session, order_id)
            orders.append((order_id, lines, {line_id: [bases[line_id], 0] for line_id in lines}))
            earned += sum(portion_bp(base, 1_000) for base in bases.values())
            if dice.random() < 0.8:
                await receive(database, market, order_id, paid_at)
        elif action == "refund" and orders:
            order_id, lines, books = dice.choice(orders)
            line_id = dice.choice(lines)
            base, before = books[line_id]
            part = dice.choice([base - before, (base - before) // 3])
            await reverse(database, market, order_id, line_id, part)
            books[line_id][1] += part
            share = portion_bp(base, 1_000)
            if base:
                reversed_minor += divide_half_even(share * (before + part), base) - divide_half_even(
                    share * before, base
                )
        elif action == "release" and at is not None:
            await release(database, market, at + timedelta(days=dice.choice([1, 8])))
        elif action == "pay out":
            payable = (await balance(database, market)).get(AccountKind.PAYABLE, 0)
            if payable:
                part = dice.randint(1, payable)
                async with database.transaction(market.brand) as session:
                    await pay_out(session, guide_id, part, LedgerEvent.PAYOUT_STARTED, LedgerEvent.PAYOUT_DONE)
                paid_minor += part
        found = await balance(database, market)
        assert found.get(AccountKind.VOIDED, 0) == reversed_minor
        assert found.get(AccountKind.PAID, 0) == paid_minor
        alive = sum(found.get(kind, 0) for kind in (AccountKind.HELD, AccountKind.PAYABLE, AccountKind.DEBT))
        assert alive == earned - reversed_minor - paid_minor
        await assert_all_is_sound(database, market)


async def _bases(session: BrandSession, order_id: UUID) -> dict[UUID, int]:
    rows = await session.execute(
        sa.select(ShareRow.line_id, ShareRow.performance_minor).where(
            ShareRow.brand_id == session.brand_id,
            ShareRow.sale_id == order_id,
            ShareRow.kind == CommissionKind.ORDER.value,
            ShareRow.role == ShareRole.SELLER.value,
        )
    )
    return {row.line_id: row.performance_minor for row in rows}


async def test_commission_of_an_unpaid_order_cannot_be_released_or_taken_back(
    database: Database, market: Market
) -> None:
    async with database.transaction(market.brand) as session:
        order_id, _ = await buy(session, market, customer_id=await make_customer(session), shop_of=market.guides[0])
        await holds.received(session, sale_id=order_id, return_until=session.now, now=session.now)
        assert await holds.release(session) == 0
    async with database.transaction(market.brand) as session:
        await sales.book_cancelled(session, order_id=order_id, now=session.now)
    assert await balance(database, market) == {AccountKind.VOIDED: 1_000}
    await assert_all_is_sound(database, market)
