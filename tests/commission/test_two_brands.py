"""Rows of another brand with the very same ids change no figure: by row level security, and by the filters alone."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.boss import guide_days
from app.commission import invariants, ledger, plans, pulses, reads, sales, terms
from app.commission.models import CandidateRow, SaleLineRow, SaleRow, ShareRow, TransferRow
from app.commission.plans import NewRule
from app.commission.values import ShareRole
from app.platform.actor import SYSTEM
from app.platform.db import Database
from app.platform.runtime import Runtime
from tests import factories
from tests.commission.market import Market, buy, make_customer, make_market, scan

HELD_AT = factories.at("2026-03-02T00:00:00+00:00")
TABLES = (SaleRow, CandidateRow, SaleLineRow, ShareRow, TransferRow)


@pytest.fixture(params=["row level security", "filters alone"])
async def guarded(request: pytest.FixtureRequest, runtime: Runtime) -> AsyncIterator[Database]:
    """The database as it is served, and through a role that row level security does not stop."""
    if request.param == "row level security":
        yield runtime.database
        return
    database = Database(request.getfixturevalue("bypass_url"), runtime.settings, runtime.secrets)
    yield database
    await database.close()


async def copy_sales(database: Database, market: Market, twin: Market) -> int:
    """Write every row of a brand's sales into another brand, ids and all, with amounts of ten times as much."""
    copied = 0
    async with database.transaction(market.brand) as session:
        found = {
            table: (
                await session.execute(sa.select(table.__table__).where(table.__table__.c.brand_id == market.brand.id))
            ).mappings()
            for table in TABLES
        }
        rows = {table: [dict(row) for row in mappings] for table, mappings in found.items()}
    async with database.transaction(twin.brand) as session:
        for table, values in rows.items():
            for row in values:
                row["brand_id"] = twin.brand.id
                for name in ("amount_minor", "performance_minor", "base_minor"):
                    if name in row:
                        row[name] *= 10
            await session.execute(sa.insert(table), values)
            copied += len(values)
    return copied


async def figures(database: Database, market: Market, order_id: UUID) -> list[object]:
    guide_id = market.guides[0].employee_id
    goods = market.goods[0]
    async with database.reading(market.brand) as session:
        now = session.now
        balance = (await reads.balances(session, [guide_id], at=now + timedelta(days=1)))[guide_id]
        return [
            (balance.estimated_minor, balance.held_minor),
            await reads.entries(session, party_id=guide_id, limit=10),
            await reads.count_entries(session, party_id=guide_id),
            await reads.attributions(session, [order_id]),
            await reads.shares_of_lines(session, [order_id]),
            await pulses.pulses_of(session, sale_id=order_id, held_at=HELD_AT),
            await ledger.trial_balance(session),
            await guide_days.of_guides(session, [guide_id], now=now),
            await plans.current(session),
            await terms.in_force(session, product_ids=[goods.product_id], category_ids=[goods.category_id]),
            [await check(session) for check in invariants.CHECKS.values()],
        ]


async def test_equal_ids_in_another_brand_change_no_figure(guarded: Database, runtime: Runtime) -> None:
    market, twin = await make_market(runtime.database), await make_market(runtime.database)
    guide = market.guides[0]
    async with runtime.database.transaction(market.brand) as session:
        customer_id = await make_customer(session)
        await scan(session, customer_id, guide)
    async with runtime.database.transaction(market.brand) as session:
        orders = [
            (await buy(session, market, customer_id=customer_id, shop_of=guide, amounts=(1_000, 2_000)))[0]
            for _ in range(2)
        ]
        await sales.book_paid(session, order_id=orders[0], now=session.now)
    before = await figures(guarded, market, orders[0])
    # Two sales of one candidate, two lines, two entries with one estimate each; two entries were held.
    assert await copy_sales(guarded, market, twin) == 2 + 2 + 4 + 4 + 4 + 2
    async with runtime.database.transaction(twin.brand) as session:
        await plans.publish(session, SYSTEM, hold_days=300, rules=[NewRule(ShareRole.SELLER, 9_999)], now=session.now)
    assert await figures(guarded, market, orders[0]) == before
    async with guarded.transaction(twin.brand) as session:
        assert await sales.book_paid(session, order_id=orders[1], now=session.now) == 2
    assert await figures(guarded, market, orders[0]) == before
    async with guarded.transaction(market.brand) as session:
        assert await sales.book_cancelled(session, order_id=orders[1], now=session.now) == 2
