"""Commission of a paid line becomes payable when the goods are with the customer for good, and not before."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission import holds, ledger, payees, plans, reads, reversals, sales
from app.commission.models import LineHoldRow, SaleLineRow
from app.commission.plans import NewRule
from app.commission.values import AccountKind, CommissionState, LedgerEvent, ShareRole
from app.platform.actor import SYSTEM
from app.platform.db import BrandSession, Database
from app.platform.models import OutboxRow
from app.platform.runtime import Runtime
from tests.commission.market import Market, assert_books_are_sound, buy, make_customer, make_market

DAY = timedelta(days=1)


@pytest.fixture
async def market(database: Database) -> Market:
    return await make_market(database)


async def paid_order(
    database: Database, market: Market, *, amounts: tuple[int, ...] = (10_000,)
) -> tuple[UUID, list[UUID], datetime]:
    """An order of the first guide's shop, paid: its id, its lines in the order of `amounts`, the instant."""
    async with database.transaction(market.brand) as session:
        customer_id = await make_customer(session)
        order_id, _ = await buy(session, market, customer_id=customer_id, shop_of=market.guides[0], amounts=amounts)
        await sales.book_paid(session, order_id=order_id, now=session.now)
        return order_id, await lines_of(session, order_id), session.now


async def lines_of(session: BrandSession, order_id: UUID) -> list[UUID]:
    rows = await session.execute(
        sa.select(SaleLineRow.line_id)
        .where(SaleLineRow.brand_id == session.brand_id, SaleLineRow.sale_id == order_id)
        .order_by(SaleLineRow.line_id)
    )
    return list(rows.scalars())


async def hold_of(session: BrandSession, line_id: UUID) -> LineHoldRow:
    rows = sa.select(LineHoldRow).where(LineHoldRow.brand_id == session.brand_id, LineHoldRow.line_id == line_id)
    return (await session.execute(rows)).scalar_one()


async def receive(database: Database, market: Market, order_id: UUID, at: datetime) -> None:
    async with database.transaction(market.brand, now=at) as session:
        await holds.received(session, sale_id=order_id, return_until=at + 7 * DAY, now=at)


async def release(database: Database, market: Market, at: datetime) -> int:
    async with database.transaction(market.brand, now=at) as session:
        released = await holds.release(session)
        await assert_books_are_sound(session)
        return released


async def balance(database: Database, market: Market, *, guide: int = 0) -> dict[AccountKind, int]:
    party_id = market.guides[guide].employee_id
    async with database.reading(market.brand) as session:
        found = (await ledger.balances(session, party_ids=[party_id])).get(party_id, {})
    return {account: amount for account, amount in found.items() if amount}


async def test_paid_line_is_held_for_the_days_of_its_own_plan(database: Database, market: Market) -> None:
    async with database.transaction(market.brand) as session:
        rules = [NewRule(ShareRole.SELLER, 1_000)]
        await plans.publish(session, SYSTEM, hold_days=12, rules=rules, now=session.now)
    order_id, (first, second), paid_at = await paid_order(database, market, amounts=(10_000, 0))
    async with database.reading(market.brand) as session:
        for line_id in (first, second):
            hold = await hold_of(session, line_id)
            assert hold.held_until == paid_at + 12 * DAY
            assert (hold.due_at, hold.pauses, hold.refunded_minor, hold.released_at) == (None, 0, 0, None)
        [entry] = await reads.entries(session, party_id=market.guides[0].employee_id, limit=10)
        assert (entry.state, entry.payable_at, entry.is_paused) == (CommissionState.HELD, paid_at + 12 * DAY, False)
    async with database.transaction(market.brand) as session:
        with pytest.raises(sa.exc.IntegrityError):
            await holds.begin(session, sale_id=order_id, now=session.now)


@pytest.mark.parametrize(("received_after", "due_after"), [(0, 7), (1, 8), (30, 37)])
async def test_due_is_the_later_of_the_plans_days_and_the_return_window(
    database: Database, market: Market, received_after: int, due_after: int
) -> None:
    order_id, [line_id], paid_at = await paid_order(database, market)
    await receive(database, market, order_id, paid_at + received_after * DAY)
    await receive(database, market, order_id, paid_at + 99 * DAY)
    async with database.reading(market.brand) as session:
        assert (await hold_of(session, line_id)).due_at == paid_at + due_after * DAY
    due_at = paid_at + due_after * DAY
    assert await release(database, market, due_at - timedelta(microseconds=1)) == 0
    assert await balance(database, market) == {AccountKind.HELD: 1_000}
    assert await release(database, market, due_at) == 1
    assert await balance(database, market) == {AccountKind.PAYABLE: 1_000}
    assert await release(database, market, due_at + DAY) == 0
    async with database.reading(market.brand) as session:
        [entry] = await reads.entries(session, party_id=market.guides[0].employee_id, limit=10)
        assert (entry.state, entry.payable_at) == (CommissionState.PAYABLE, None)


async def test_goods_that_never_arrive_are_never_released(database: Database, market: Market) -> None:
    _, _, paid_at = await paid_order(database, market)
    assert await release(database, market, paid_at + 400 * DAY) == 0
    assert await balance(database, market) == {AccountKind.HELD: 1_000}


async def test_open_after_sale_pauses_its_line_only_and_each_one_counts(database: Database, market: Market) -> None:
    order_id, [paused, other], paid_at = await paid_order(database, market, amounts=(10_000, 20_000))
    await receive(database, market, order_id, paid_at)
    async with database.transaction(market.brand) as session:
        for _ in range(2):
            await holds.pause(session, sale_id=order_id, line_id=paused)
    async with database.reading(market.brand) as session:
        entries = await reads.entries(session, party_id=market.guides[0].employee_id, limit=10)
        assert {entry.amount_minor: entry.is_paused for entry in entries} == {1_000: True, 2_000: False}
    assert await release(database, market, paid_at + 8 * DAY) == 1
    assert await balance(database, market) == {AccountKind.HELD: 1_000, AccountKind.PAYABLE: 2_000}
    for left in (1, 0):
        async with database.transaction(market.brand) as session:
            await holds.resume(session, sale_id=order_id, line_id=paused)
        assert await release(database, market, paid_at + 8 * DAY) == (0 if left else 1)
    assert await balance(database, market) == {AccountKind.PAYABLE: 3_000}
    async with database.reading(market.brand) as session:
        assert (await hold_of(session, other)).pauses == 0


async def test_pauses_of_nothing_and_below_nothing_are_refused(database: Database, market: Market) -> None:
    order_id, [line_id], _ = await paid_order(database, market)
    with pytest.raises(LookupError):
        async with database.transaction(market.brand) as session:
            await holds.pause(session, sale_id=order_id, line_id=order_id)
    with pytest.raises(sa.exc.IntegrityError):
        async with database.transaction(market.brand) as session:
            await holds.resume(session, sale_id=order_id, line_id=line_id)


async def test_what_is_left_after_a_partial_refund_is_released(database: Database, market: Market) -> None:
    order_id, [line_id], paid_at = await paid_order(database, market)
    await receive(database, market, order_id, paid_at)
    async with database.transaction(market.brand) as session:
        after_sale_id = session.new_id()
        await reversals.reverse(
            session,
            sale_id=order_id,
            line_id=line_id,
            after_sale_id=after_sale_id,
            refund_minor=2_500,
            now=session.now,
        )
    assert await release(database, market, paid_at + 8 * DAY) == 1
    assert await balance(database, market) == {AccountKind.PAYABLE: 750, AccountKind.VOIDED: 250}


async def test_job_releases_each_line_once_whoever_runs_it(runtime: Runtime, market: Market) -> None:
    database = runtime.database
    order_id, lines, paid_at = await paid_order(database, market, amounts=(100, 200, 300, 400))
    await receive(database, market, order_id, paid_at - 8 * DAY)
    async with database.transaction(market.brand) as session:
        await session.execute(
            sa.update(LineHoldRow).where(LineHoldRow.brand_id == market.brand.id).values(due_at=paid_at)
        )
    done = await asyncio.gather(*(holds.release_due(runtime, market.brand) for _ in range(4)))
    assert sum(done) == len(lines)
    assert await balance(database, market) == {AccountKind.PAYABLE: 100}
    async with database.reading(market.brand) as session:
        moved = await session.execute(
            sa.select(sa.func.count()).where(
                OutboxRow.brand_id == market.brand.id,
                OutboxRow.kind == "LedgerMoved",
                OutboxRow.payload["cause"].astext == LedgerEvent.RELEASED.value,
            )
        )
        assert moved.scalar_one() == sum(count > 0 for count in done)


async def test_locking_payees_makes_them_once_and_in_order(database: Database, market: Market) -> None:
    parties = [guide.employee_id for guide in market.guides]

    async def hold(order: list[UUID]) -> None:
        async with database.transaction(market.brand) as session:
            await payees.lock(session, order)
            await asyncio.sleep(0.01)

    await asyncio.gather(*(hold(parties if number % 2 else parties[::-1]) for number in range(8)))
