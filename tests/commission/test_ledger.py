"""Whatever happens to orders, the books balance and every figure is a sum over the ledger."""

import random
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission import invariants, ledger, plans, policies, reads, sales
from app.commission.ledger import Posting
from app.commission.models import TransferRow
from app.commission.plans import NewRule
from app.commission.values import Account, AccountKind, ForbiddenMove, LedgerEvent, ShareRole, Transfer
from app.customers.values import BindOn, PolicyTerms, SelfPurchase, Takeover
from app.platform.actor import SYSTEM
from app.platform.db import BrandSession, Database
from tests import factories
from tests.commission.market import (
    Market,
    assert_books_are_sound,
    buy,
    leave,
    make_customer,
    make_market,
    scan,
)


@pytest.mark.parametrize("seed", range(4))
async def test_books_are_sound_after_any_history(database: Database, seed: int) -> None:
    """Random scans, orders, payments, cancellations, publications and leavings; sums kept beside them by hand."""
    dice = random.Random(seed)
    market = await make_market(database)
    estimated, held, voided = 0, 0, 0
    open_orders: list[tuple[UUID, int]] = []
    async with database.transaction(market.brand) as session:
        phone = factories.next_phone()
        market.guides.append(await factories.make_employee(session, store_id=market.stores[0], phone=phone))
        await factories.make_employee(session, role="MANAGER", store_id=market.stores[1])
        customers = [await make_customer(session) for _ in range(3)] + [await make_customer(session, phone=phone)]
        start = session.now
    for step in range(30):
        now = start + timedelta(hours=17 * step)
        async with database.transaction(market.brand, now=now) as session:
            action = dice.choice(
                ["scan", "scan", "order", "order", "order", "pay", "pay", "cancel", "publish", "leave"]
            )
            customer_id, guide = dice.choice(customers), dice.choice(market.guides)
            if action == "scan":
                await scan(session, customer_id, guide)
            elif action == "order":
                amounts = [dice.choice([0, 1, 99, 12_345, 999_999]) for _ in range(dice.randint(1, 4))]
                code_of = dice.choice([None, dice.choice(market.guides)])
                order_id, _ = await buy(
                    session, market, customer_id=customer_id, shop_of=guide, code_of=code_of, amounts=amounts
                )
                [found] = (await reads.attributions(session, [order_id])).values()
                commission = sum(share.commission_minor for share in found.shares)
                assert sum(share.performance_minor for share in found.shares) == sum(amounts)
                estimated += commission
                open_orders.append((order_id, commission))
            elif action in ("pay", "cancel") and open_orders:
                order_id, commission = open_orders.pop(dice.randrange(len(open_orders)))
                estimated -= commission
                if action == "pay":
                    await sales.book_paid(session, order_id=order_id, now=now)
                    held += commission
                else:
                    await sales.book_cancelled(session, order_id=order_id, now=now)
                    voided += commission
            elif action == "publish":
                await _publish(session, market, dice)
            elif action == "leave" and len(market.guides) > 3 and dice.random() < 0.4:
                await leave(session, guide)
            await assert_books_are_sound(session)
    async with database.reading(market.brand) as session:
        for name, check in invariants.CHECKS.items():
            assert await check(session) == [], name
        assert await _sums(session) == {
            kind: amount
            for kind, amount in {
                AccountKind.COMMISSION_EXPENSE: -estimated - held - voided,
                AccountKind.ESTIMATED: estimated,
                AccountKind.HELD: held,
                AccountKind.VOIDED: voided,
            }.items()
            if amount
        }


async def _publish(session: BrandSession, market: Market, dice: random.Random) -> None:
    terms = PolicyTerms(
        bind_on=dice.choice(list(BindOn)),
        takeover=dice.choice(list(Takeover)),
        last_touch_days=dice.choice([0, 1, 30]),
        self_purchase=dice.choice(list(SelfPurchase)),
    )
    await policies.publish(session, SYSTEM, terms=terms, now=session.now)
    rules = [
        NewRule(ShareRole.SELLER, dice.choice([0, 333, 1_000])),
        NewRule(ShareRole.STORE, dice.choice([0, 77])),
        NewRule(ShareRole.MANAGER, 33, org_unit_id=market.area_id),
        NewRule(ShareRole.SELLER, 777, category_id=market.goods[0].category_id),
    ]
    await plans.publish(session, SYSTEM, hold_days=7, rules=rules, now=session.now)


async def _sums(session: BrandSession) -> dict[AccountKind, int]:
    """Balances by account, summed in another way than the ledger's own."""
    rows = (
        await session.execute(
            sa.select(TransferRow.debit_account, TransferRow.credit_account, TransferRow.amount_minor).where(
                TransferRow.brand_id == session.brand_id
            )
        )
    ).all()
    sums: dict[AccountKind, int] = {}
    for debit, credit, amount in rows:
        sums[AccountKind(debit)] = sums.get(AccountKind(debit), 0) - amount
        sums[AccountKind(credit)] = sums.get(AccountKind(credit), 0) + amount
    return {kind: amount for kind, amount in sums.items() if amount}


async def test_balance_of_a_past_instant_leaves_out_what_came_later(database: Database) -> None:
    market = await make_market(database)
    guide = market.guides[0]
    async with database.transaction(market.brand) as session:
        order_id, _ = await buy(session, market, customer_id=await make_customer(session), shop_of=guide)
        placed_at = session.now
    paid_at = placed_at + timedelta(hours=1)
    async with database.transaction(market.brand, now=paid_at) as session:
        await sales.book_paid(session, order_id=order_id, now=paid_at)
    async with database.reading(market.brand) as session:
        instants = (placed_at, paid_at, paid_at + timedelta(seconds=1), None)
        found = [await reads.balances(session, [guide.employee_id], at=at) for at in instants]
    before, between, after, now = (balances[guide.employee_id] for balances in found)
    assert (before.estimated_minor, before.held_minor) == (0, 0)
    assert (between.estimated_minor, between.held_minor, between.as_of) == (1_000, 0, paid_at)
    assert (after.estimated_minor, after.held_minor) == (0, 1_000)
    assert (now.estimated_minor, now.held_minor) == (0, 1_000)


async def test_entries_come_newest_first_and_page_by_key(database: Database) -> None:
    market = await make_market(database)
    guide = market.guides[0]
    async with database.transaction(market.brand) as session:
        customer_id = await make_customer(session)
        for amount in (100, 200, 0, 300):
            await buy(session, market, customer_id=customer_id, shop_of=guide, amounts=(amount,))
    async with database.reading(market.brand) as session:
        first = await reads.entries(session, party_id=guide.employee_id, limit=2)
        rest = await reads.entries(session, party_id=guide.employee_id, limit=2, after=first[-1].entry_id)
        count = await reads.count_entries(session, party_id=guide.employee_id)
        by_id = await reads.entries_by_id(session, [first[0].entry_id])
    assert [entry.amount_minor for entry in first + rest] == [30, 20, 10]
    assert count == 3
    assert by_id == {first[0].entry_id: first[0]}


async def test_transfers_cannot_be_changed_or_taken_away(database: Database) -> None:
    market = await make_market(database)
    async with database.transaction(market.brand) as session:
        await buy(session, market, customer_id=await make_customer(session), shop_of=market.guides[0])
    for statement in (
        "UPDATE ledger_transfer SET amount_minor = 1 WHERE brand_id = :brand",
        "DELETE FROM ledger_transfer WHERE brand_id = :brand",
    ):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            async with database.transaction(market.brand) as session:
                await session.execute(sa.text(statement), {"brand": market.brand.id})
    async with database.reading(market.brand) as session:
        await assert_books_are_sound(session)


async def test_cause_is_booked_once_for_an_entry(database: Database) -> None:
    market = await make_market(database)
    guide = market.guides[0]
    async with database.transaction(market.brand) as session:
        await buy(session, market, customer_id=await make_customer(session), shop_of=guide)
        [entry] = await reads.entries(session, party_id=guide.employee_id, limit=10)
    again = Posting(
        entry.entry_id,
        LedgerEvent.PLACED,
        Transfer(
            Account(AccountKind.COMMISSION_EXPENSE, market.brand.id), Account(AccountKind.ESTIMATED, entry.party_id), 1
        ),
    )
    with pytest.raises(sa.exc.IntegrityError):
        async with database.transaction(market.brand) as session:
            await ledger.post(session, [again], now=session.now)


async def test_money_on_two_accounts_is_found(database: Database) -> None:
    """The checks see what a faulty program could write: half of an entry's money moved."""
    market = await make_market(database)
    guide = market.guides[0]
    async with database.transaction(market.brand) as session:
        order_id, _ = await buy(session, market, customer_id=await make_customer(session), shop_of=guide)
        [entry] = await reads.entries(session, party_id=guide.employee_id, limit=10)
        half = Transfer(
            Account(AccountKind.ESTIMATED, entry.party_id), Account(AccountKind.PAYABLE, entry.party_id), 500
        )
        await ledger.post(session, [Posting(entry.entry_id, LedgerEvent.PAID, half)], now=session.now)
    async with database.reading(market.brand) as session:
        found = await ledger.trial_balance(session)
        assert found.astray_entry_ids == (entry.entry_id,)
        assert not found.is_zero
        broken = {name for name, check in invariants.CHECKS.items() if await check(session)}
        assert broken == {"the trial balance is zero", "transfers follow the table of moves"}
        with pytest.raises(ForbiddenMove):
            await sales.book_paid(session, order_id=order_id, now=session.now)
