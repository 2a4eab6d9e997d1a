"""An order is attributed once, with its evidence, and its commission stands on the ledger."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission import invariants, ledger, plans, policies, reads, sales
from app.commission.models import SaleLineRow, ShareRow, TransferRow
from app.commission.plans import NewRule
from app.commission.values import (
    AccountKind,
    AttributionReason,
    AttributionRule,
    CandidateOutcome,
    CommissionState,
    ForbiddenMove,
    PartyKind,
    ShareRole,
)
from app.customers.values import BindingMode, PolicyTerms, SelfPurchase, Takeover
from app.platform.actor import SYSTEM
from app.platform.db import BrandSession, Database
from app.platform.models import OutboxRow
from app.products import reads as products
from app.products.reads import ShopFacts
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
from tests.statements import count_statements


@pytest.fixture
async def market(database: Database) -> Market:
    return await make_market(database)


async def rows_of(session: BrandSession, table: type, **where: object) -> int:
    conditions = [getattr(table, name) == value for name, value in where.items()]
    found = await session.execute(
        sa.select(sa.func.count()).select_from(table).where(table.brand_id == session.brand_id, *conditions)  # type: ignore[attr-defined]
    )
    return int(found.scalar_one())


async def states(session: BrandSession, party_id: UUID) -> list[CommissionState]:
    return [entry.state for entry in await reads.entries(session, party_id=party_id, limit=100)]


async def test_order_without_history_is_the_shop_guides_and_stands_on_estimated(
    database: Database, market: Market
) -> None:
    guide = market.guides[0]
    async with database.transaction(market.brand) as session:
        customer_id = await make_customer(session)
        order_id, attributed = await buy(
            session, market, customer_id=customer_id, shop_of=guide, amounts=(10_000, 5_005)
        )
    assert (attributed.guide_id, attributed.store_id) == (guide.employee_id, market.stores[0])
    assert attributed.rule is AttributionRule.SHOP_GUIDE
    assert attributed.policy.version == 1
    async with database.reading(market.brand) as session:
        found = (await reads.attributions(session, [order_id]))[order_id]
        balance = (await reads.balances(session, [guide.employee_id]))[guide.employee_id]
        assert await rows_of(session, SaleLineRow, sale_id=order_id) == 2
        assert await rows_of(session, ShareRow, sale_id=order_id) == 2
        assert await rows_of(session, TransferRow) == 2
        await assert_books_are_sound(session)
    assert attributed.branch == found.branch
    assert found.branch.endswith("/")
    assert [(one.guide_id, one.outcome) for one in found.candidates] == [(guide.employee_id, CandidateOutcome.WON)]
    assert found.shares == (
        reads.Share(ShareRole.SELLER, PartyKind.EMPLOYEE, guide.employee_id, 10_000, 15_005, 1_500),
    )
    # 10 % of each line: 1,000 and half to even of 500.5, which is 500.
    assert (balance.estimated_minor, balance.held_minor, balance.payable_minor) == (1_500, 0, 0)
    assert (balance.paid_minor, balance.debt_minor) == (0, 0)


async def test_attribution_takes_four_reads_and_one_write(database: Database, market: Market) -> None:
    first, second, third, _ = market.guides
    async with database.transaction(market.brand) as session:
        customer_id = await make_customer(session)
        for guide in (first, second, third):
            await scan(session, customer_id, guide)
    async with database.transaction(market.brand) as session:
        shop = await shop_of(session, first)
        line = sales.SaleLine(session.new_id(), market.goods[0].product_id, None, None, 1, 990)
        async with count_statements(database) as seen:
            await sales.attribute(
                session,
                order_id=session.new_id(),
                number="N1",
                customer_id=customer_id,
                shop=shop,
                code=None,
                lines=[line, replace(line, line_id=session.new_id())],
                now=session.now,
            )
    assert len(seen) == 5, seen


async def shop_of(session: BrandSession, guide: factories.Staff) -> ShopFacts:
    assert guide.shop_id is not None
    found = await products.shop_facts(session, guide.shop_id)
    assert found is not None
    return found


async def test_payment_holds_and_cancellation_voids_only_their_own_sale(database: Database, market: Market) -> None:
    guide = market.guides[0]
    async with database.transaction(market.brand) as session:
        customer_id = await make_customer(session)
        paid, _ = await buy(session, market, customer_id=customer_id, shop_of=guide, amounts=(10_000,))
        given_up, _ = await buy(session, market, customer_id=customer_id, shop_of=guide, amounts=(20_000,))
        open_, _ = await buy(session, market, customer_id=customer_id, shop_of=guide, amounts=(40_000,))
    async with database.transaction(market.brand) as session:
        assert await sales.book_paid(session, order_id=paid, now=session.now) == 1
        assert await sales.book_cancelled(session, order_id=given_up, now=session.now) == 1
    async with database.reading(market.brand) as session:
        balance = (await reads.balances(session, [guide.employee_id]))[guide.employee_id]
        brand_side = (await ledger.balances(session, party_ids=[market.brand.id]))[market.brand.id]
        own = (await ledger.balances(session, party_ids=[guide.employee_id]))[guide.employee_id]
        entries = await reads.entries(session, party_id=guide.employee_id, limit=10)
        kinds = (
            await session.execute(sa.select(OutboxRow.kind).where(OutboxRow.brand_id == market.brand.id))
        ).scalars()
        assert sorted(kind for kind in kinds if kind.startswith("Commission")) == ["CommissionHeld"]
        await assert_books_are_sound(session)
    assert (balance.held_minor, balance.estimated_minor) == (1_000, 4_000)
    assert own[AccountKind.VOIDED] == 2_000
    assert brand_side == {AccountKind.COMMISSION_EXPENSE: -7_000}
    by_sale = {entry.sale_id: entry for entry in entries}
    assert by_sale[paid].state is CommissionState.HELD
    assert by_sale[given_up].state is CommissionState.VOIDED
    assert by_sale[open_].state is CommissionState.ESTIMATED
    assert by_sale[open_].payable_at is None
    assert by_sale[given_up].payable_at is None


async def test_held_entry_is_payable_days_of_hold_after_its_payment(database: Database, market: Market) -> None:
    guide = market.guides[0]
    async with database.transaction(market.brand) as session:
        order_id, _ = await buy(session, market, customer_id=await make_customer(session), shop_of=guide)
    async with database.transaction(market.brand) as session:
        paid_at = session.now
        await sales.book_paid(session, order_id=order_id, now=paid_at)
        await plans.publish(session, SYSTEM, hold_days=30, rules=[NewRule(ShareRole.SELLER, 100)], now=paid_at)
    async with database.reading(market.brand) as session:
        [entry] = await reads.entries(session, party_id=guide.employee_id, limit=10)
    assert entry.payable_at == paid_at + timedelta(days=7)
    assert entry.amount_minor == 1_000


async def test_second_booking_of_a_payment_is_refused_and_moves_nothing(database: Database, market: Market) -> None:
    guide = market.guides[0]
    async with database.transaction(market.brand) as session:
        order_id, _ = await buy(session, market, customer_id=await make_customer(session), shop_of=guide)
        await sales.book_paid(session, order_id=order_id, now=session.now)
    for book in (sales.book_paid, sales.book_cancelled):
        with pytest.raises(ForbiddenMove):
            async with database.transaction(market.brand) as session:
                await book(session, order_id=order_id, now=session.now)
    async with database.reading(market.brand) as session:
        assert await states(session, guide.employee_id) == [CommissionState.HELD]
        assert await rows_of(session, TransferRow) == 2
        await assert_books_are_sound(session)


async def test_rebinding_between_order_and_payment_moves_nothing(database: Database, market: Market) -> None:
    first, other = market.guides[0], market.guides[2]
    async with database.transaction(market.brand) as session:
        await policies.publish(session, SYSTEM, terms=PolicyTerms(takeover=Takeover.ANY_TIME), now=session.now)
        customer_id = await make_customer(session)
        await scan(session, customer_id, first)
    async with database.transaction(market.brand) as session:
        order_id, attributed = await buy(session, market, customer_id=customer_id, shop_of=other)
    assert attributed.rule is AttributionRule.LIVE_BINDING
    assert attributed.guide_id == first.employee_id
    async with database.transaction(market.brand) as session:
        await scan(session, customer_id, other, now=session.now + timedelta(minutes=1))
    async with database.transaction(market.brand) as session:
        before = (await reads.attributions(session, [order_id]))[order_id]
        await sales.book_paid(session, order_id=order_id, now=session.now)
        assert (await reads.attributions(session, [order_id]))[order_id] == before
        # The next order shows that the customer really was taken over.
        _, later = await buy(session, market, customer_id=customer_id, shop_of=first)
    assert later.guide_id == other.employee_id
    async with database.reading(market.brand) as session:
        balances = await reads.balances(session, [first.employee_id, other.employee_id])
        assert balances[first.employee_id].held_minor == 1_000
        assert balances[other.employee_id].held_minor == 0
        await assert_books_are_sound(session)


async def test_code_loses_to_a_protected_binding_and_says_so(database: Database, market: Market) -> None:
    bound, with_code, shop_guide, _ = market.guides
    async with database.transaction(market.brand) as session:
        customer_id = await make_customer(session)
        await scan(session, customer_id, bound)
    async with database.transaction(market.brand) as session:
        order_id, attributed = await buy(
            session, market, customer_id=customer_id, shop_of=shop_guide, code_of=with_code
        )
        found = (await reads.attributions(session, [order_id]))[order_id]
    assert attributed.rule is AttributionRule.LIVE_BINDING
    assert {one.guide_id: one.reason for one in found.candidates} == {
        bound.employee_id: AttributionReason.BINDING_LIVE,
        with_code.employee_id: AttributionReason.BINDING_PROTECTED,
        shop_guide.employee_id: AttributionReason.OUTRANKED_BY_LIVE_BINDING,
    }


async def test_code_wins_where_nothing_stands_against_it_and_names_its_touch(
    database: Database, market: Market
) -> None:
    with_code, shop_guide = market.guides[1], market.guides[2]
    async with database.transaction(market.brand) as session:
        await policies.publish(session, SYSTEM, terms=PolicyTerms(bind_on="FIRST_ORDER"), now=session.now)  # type: ignore[arg-type]
        customer_id = await make_customer(session)
        await scan(session, customer_id, with_code)
    async with database.transaction(market.brand) as session:
        order_id, attributed = await buy(
            session, market, customer_id=customer_id, shop_of=shop_guide, code_of=with_code
        )
        found = (await reads.attributions(session, [order_id]))[order_id]
    assert attributed.rule is AttributionRule.EXPLICIT_CODE
    assert attributed.store_id == market.stores[0]
    assert found.policy_version == 2
    assert found.candidates[0].touchpoint_id is not None
    assert found.candidates[1].reason is AttributionReason.OUTRANKED_BY_EXPLICIT_CODE


async def test_code_of_a_guide_who_left_wins_nothing(database: Database, market: Market) -> None:
    gone, shop_guide = market.guides[1], market.guides[2]
    async with database.transaction(market.brand) as session:
        await leave(session, gone)
        order_id, attributed = await buy(
            session, market, customer_id=await make_customer(session), shop_of=shop_guide, code_of=gone
        )
        found = (await reads.attributions(session, [order_id]))[order_id]
    assert attributed.guide_id == shop_guide.employee_id
    assert found.candidates[1].reason is AttributionReason.CODE_GUIDE_GONE


async def test_order_in_the_shop_of_a_guide_who_left_is_the_stores(database: Database, market: Market) -> None:
    gone = market.guides[3]
    async with database.transaction(market.brand) as session:
        await leave(session, gone)
        order_id, attributed = await buy(session, market, customer_id=await make_customer(session), shop_of=gone)
        found = (await reads.attributions(session, [order_id]))[order_id]
    assert (attributed.guide_id, attributed.store_id) == (None, market.stores[1])
    assert attributed.rule is AttributionRule.STORE
    assert [(one.guide_id, one.reason) for one in found.candidates] == [
        (gone.employee_id, AttributionReason.SHOP_GUIDE_GONE)
    ]
    assert found.shares == (reads.Share(ShareRole.SELLER, PartyKind.STORE, market.stores[1], 10_000, 10_000, 1_000),)


async def test_own_purchase_is_marked_and_earns_only_where_the_policy_says_so(
    database: Database, market: Market
) -> None:
    phone = factories.next_phone()
    async with database.transaction(market.brand) as session:
        guide = await factories.make_employee(session, store_id=market.stores[0], phone=phone)
        customer_id = await make_customer(session, phone=phone)
        unpaid_id, unpaid = await buy(session, market, customer_id=customer_id, shop_of=guide)
        await policies.publish(
            session, SYSTEM, terms=PolicyTerms(self_purchase=SelfPurchase.COMMISSION), now=session.now
        )
        paid_id, paid = await buy(session, market, customer_id=customer_id, shop_of=guide)
        found = await reads.attributions(session, [unpaid_id, paid_id])
        moved = await sales.book_paid(session, order_id=unpaid_id, now=session.now)
        await assert_books_are_sound(session)
    assert (unpaid.is_self_purchase, paid.is_self_purchase) == (True, True)
    assert found[unpaid_id].candidates[0].reason is AttributionReason.SELF_PURCHASE
    assert [(share.performance_minor, share.commission_minor) for share in found[unpaid_id].shares] == [(10_000, 0)]
    assert [(share.performance_minor, share.commission_minor) for share in found[paid_id].shares] == [(10_000, 1_000)]
    assert moved == 0


async def test_most_specific_rule_is_read_from_the_database(database: Database, market: Market) -> None:
    tea, wear = market.goods
    guide, elsewhere = market.guides[0], market.guides[2]
    async with database.transaction(market.brand) as session:
        manager = await factories.make_employee(session, role="MANAGER", store_id=market.stores[0])
        drinks = UUID(hex=tea.category_path.split("/")[1])
        unit = (await shop_of(session, guide)).branch
        team = UUID(hex=unit.split("/")[-2])
        await plans.publish(
            session,
            SYSTEM,
            hold_days=7,
            rules=[
                NewRule(ShareRole.SELLER, 100),
                NewRule(ShareRole.SELLER, 200, category_id=drinks),
                NewRule(ShareRole.SELLER, 300, category_id=tea.category_id),
                NewRule(ShareRole.SELLER, 400, product_id=wear.product_id),
                NewRule(ShareRole.SELLER, 500, category_id=tea.category_id, org_unit_id=team),
                NewRule(ShareRole.STORE, 50, org_unit_id=team),
                NewRule(ShareRole.MANAGER, 25, category_id=wear.category_id),
            ],
            now=session.now,
        )
        customer_id = await make_customer(session)
        inside, _ = await buy(session, market, customer_id=customer_id, shop_of=guide, amounts=(10_000, 20_000))
        outside, _ = await buy(session, market, customer_id=customer_id, shop_of=elsewhere, amounts=(10_000, 20_000))
        found = await reads.attributions(session, [inside, outside])
        lines = (await reads.shares_of_lines(session, [inside]))[inside]
        await assert_books_are_sound(session)
    assert {(share.role, share.party_id): share.commission_minor for share in found[inside].shares} == {
        (ShareRole.SELLER, guide.employee_id): 500 + 800,
        (ShareRole.STORE, market.stores[0]): 50 + 100,
        (ShareRole.MANAGER, manager.employee_id): 50,
    }
    assert {(share.role, share.party_id): share.commission_minor for share in found[outside].shares} == {
        (ShareRole.SELLER, elsewhere.employee_id): 300 + 800,
    }
    assert sorted(len(shares) for shares in lines.values()) == [2, 3]
    for shares in lines.values():
        assert sum(share.performance_bp for share in shares) == 10_000


async def test_new_plan_and_policy_count_for_new_orders_only(database: Database, market: Market) -> None:
    guide = market.guides[0]
    async with database.transaction(market.brand) as session:
        customer_id = await make_customer(session)
        old, _ = await buy(session, market, customer_id=customer_id, shop_of=guide)
        await plans.publish(session, SYSTEM, hold_days=14, rules=[NewRule(ShareRole.SELLER, 2_000)], now=session.now)
        new, _ = await buy(session, market, customer_id=customer_id, shop_of=guide)
        await sales.book_paid(session, order_id=old, now=session.now)
        await sales.book_paid(session, order_id=new, now=session.now)
        amounts = {
            entry.sale_id: entry.amount_minor
            for entry in await reads.entries(session, party_id=guide.employee_id, limit=10)
        }
    assert amounts == {old: 1_000, new: 2_000}


async def test_guide_without_a_store_keeps_the_sale_and_a_dead_shop_without_store_sells_nothing(
    database: Database, market: Market
) -> None:
    async with database.transaction(market.brand) as session:
        free = await factories.make_employee(session, org_unit_id=market.area_id)
        _, attributed = await buy(session, market, customer_id=await make_customer(session), shop_of=free)
        assert (attributed.guide_id, attributed.store_id) == (free.employee_id, None)
        assert attributed.branch.endswith(f"/{market.area_id.hex}/")
        await leave(session, free)
        with pytest.raises(Exception, match="shop_without_seller"):
            await buy(session, market, customer_id=await make_customer(session), shop_of=free)


async def test_permanent_binding_that_nobody_may_take_keeps_the_customer(database: Database, market: Market) -> None:
    first, other = market.guides[0], market.guides[2]
    terms = PolicyTerms(binding_mode=BindingMode.PERMANENT, validity_days=None, takeover=Takeover.NEVER)
    async with database.transaction(market.brand) as session:
        await policies.publish(session, SYSTEM, terms=terms, now=session.now)
        customer_id = await make_customer(session)
        await scan(session, customer_id, first)
        later = session.now + timedelta(days=400)
        await scan(session, customer_id, other, now=later)
        _, attributed = await buy(
            session, market, customer_id=customer_id, shop_of=other, code_of=other, now=later + timedelta(hours=1)
        )
    assert (attributed.guide_id, attributed.rule) == (first.employee_id, AttributionRule.LIVE_BINDING)


async def test_invariants_hold_after_orders_of_every_outcome(database: Database, market: Market) -> None:
    async with database.transaction(market.brand) as session:
        customer_id = await make_customer(session)
        orders = [
            (await buy(session, market, customer_id=customer_id, shop_of=guide, amounts=(999, 1, 0)))[0]
            for guide in market.guides
        ]
        await sales.book_paid(session, order_id=orders[0], now=session.now)
        await sales.book_cancelled(session, order_id=orders[1], now=session.now)
    async with database.reading(market.brand) as session:
        for name, check in invariants.CHECKS.items():
            assert await check(session) == [], name
