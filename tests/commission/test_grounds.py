"""What an entry was earned on: the line, the rule that gave the rate, what a refund took back."""

from datetime import timedelta

import pytest

from app.commission import grounds, holds, plans, reads, reversals, sales
from app.commission.plans import NewRule
from app.commission.values import AttributionRule, CommissionKind, ShareRole
from app.platform.actor import SYSTEM
from app.platform.db import Database
from tests.commission.market import Market, buy, make_customer, make_market


@pytest.fixture
async def market(database: Database) -> Market:
    return await make_market(database)


async def test_grounds_name_line_rate_and_what_the_rule_is_for(database: Database, market: Market) -> None:
    guide = market.guides[0]
    async with database.transaction(market.brand) as session:
        rules = [
            NewRule(ShareRole.SELLER, 1_000),
            NewRule(ShareRole.SELLER, 500, category_id=market.goods[0].category_id),
            NewRule(ShareRole.SELLER, 700, product_id=market.goods[1].product_id, org_unit_id=market.area_id),
        ]
        await plans.publish(session, SYSTEM, hold_days=7, rules=rules, now=session.now)
    async with database.transaction(market.brand) as session:
        customer_id = await make_customer(session)
        order_id, _ = await buy(session, market, customer_id=customer_id, shop_of=guide, amounts=(10_000, 20_000))
    async with database.reading(market.brand) as session:
        entries = await reads.entries_of_sale(session, party_id=guide.employee_id, sale_id=order_id)
        found = await grounds.of_entries(session, [entry.entry_id for entry in entries])
        assert await grounds.of_entries(session, []) == {}
    tea, scarf = sorted((found[entry.entry_id] for entry in entries), key=lambda ground: ground.base_minor)
    assert (tea.rate_bp, tea.base_minor, tea.category_name, tea.is_for_product, tea.unit_name) == (
        500,
        10_000,
        "茶",
        False,
        None,
    )
    assert (scarf.rate_bp, scarf.base_minor, scarf.category_name, scarf.is_for_product, scarf.unit_name) == (
        700,
        20_000,
        None,
        True,
        "华东",
    )
    assert all(ground.has_rule and ground.attribution_rule is AttributionRule.SHOP_GUIDE for ground in (tea, scarf))
    assert not any(ground.is_paid or ground.is_received or ground.refunded_minor for ground in (tea, scarf))


async def test_grounds_of_a_reversal_name_the_goods_refunded(database: Database, market: Market) -> None:
    guide = market.guides[0]
    async with database.transaction(market.brand) as session:
        customer_id = await make_customer(session)
        order_id, _ = await buy(session, market, customer_id=customer_id, shop_of=guide, amounts=(10_000,))
        await sales.book_paid(session, order_id=order_id, now=session.now)
        line_id = next(iter((await reads.shares_of_lines(session, [order_id]))[order_id]))
        await holds.received(session, sale_id=order_id, return_until=session.now + timedelta(days=7), now=session.now)
        await reversals.reverse(
            session,
            sale_id=order_id,
            line_id=line_id,
            after_sale_id=session.new_id(),
            refund_minor=3_333,
            now=session.now,
        )
    async with database.reading(market.brand) as session:
        entries = await reads.entries_of_sale(session, party_id=guide.employee_id, sale_id=order_id)
        found = await grounds.of_entries(session, [entry.entry_id for entry in entries])
    by_kind = {entry.kind: found[entry.entry_id] for entry in entries}
    assert [entry.kind for entry in entries] == [CommissionKind.REVERSAL, CommissionKind.ORDER]
    assert by_kind[CommissionKind.REVERSAL].refunded_minor == 3_333
    assert by_kind[CommissionKind.ORDER].refunded_minor is None
    assert all(ground.is_paid and ground.is_received and ground.released_at is None for ground in by_kind.values())


async def test_another_brand_has_no_grounds(database: Database, market: Market) -> None:
    guide = market.guides[0]
    async with database.transaction(market.brand) as session:
        customer_id = await make_customer(session)
        order_id, _ = await buy(session, market, customer_id=customer_id, shop_of=guide)
        entries = await reads.entries_of_sale(session, party_id=guide.employee_id, sale_id=order_id)
    other = await make_market(database)
    async with database.reading(other.brand) as session:
        assert await grounds.of_entries(session, [entry.entry_id for entry in entries]) == {}
        assert await reads.entries_of_sale(session, party_id=guide.employee_id, sale_id=order_id) == []
