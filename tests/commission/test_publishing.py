"""Policies and plans are published as versions: validated, never lost to a race, read with all their rules."""

import asyncio
from uuid import uuid4

import pytest

from app.commission import plans, policies
from app.commission.plans import NewRule
from app.commission.terms import in_force
from app.commission.values import ShareRole
from app.customers.policies import current_policy
from app.customers.values import BindingMode, PolicyTerms, Takeover
from app.platform.actor import SYSTEM
from app.platform.db import Brand, BrandSession, Database
from app.platform.errors import Conflict, InvalidInput
from tests.commission.market import make_market

SELLER = NewRule(ShareRole.SELLER, 1_000)


async def test_new_brand_has_the_documented_policy_and_plan(database: Database, brand: Brand) -> None:
    async with database.reading(brand) as session:
        policy, plan = await current_policy(session), await plans.current(session)
    assert policy.version == 1
    assert all(getattr(policy, name) == getattr(PolicyTerms(), name) for name in PolicyTerms.__dataclass_fields__)
    assert (plan.version, plan.hold_days) == (1, 7)
    assert [(rule.role, rule.rate_bp) for rule in plan.rules] == [(ShareRole.SELLER, 1_000)]
    assert plan.published_by == "system"


async def test_two_policies_published_at_once_become_two_versions(database: Database, brand: Brand) -> None:
    async def publish(days: int) -> int:
        async with database.transaction(brand) as session:
            version = await policies.publish(session, SYSTEM, terms=PolicyTerms(validity_days=days), now=session.now)
            # Hold the transaction open, so that the others meet an uncommitted version.
            await asyncio.sleep(0.05)
            return version

    made = await asyncio.gather(*(publish(40 + number) for number in range(6)))
    assert sorted(made) == [2, 3, 4, 5, 6, 7]
    async with database.reading(brand) as session:
        newest = await current_policy(session)
    assert newest.version == 7
    assert newest.validity_days == 40 + made.index(7)


async def test_two_plans_published_at_once_keep_their_own_rules(database: Database, brand: Brand) -> None:
    async def publish(rate_bp: int) -> int:
        async with database.transaction(brand) as session:
            version = await plans.publish(
                session, SYSTEM, hold_days=7, rules=[NewRule(ShareRole.SELLER, rate_bp)], now=session.now
            )
            await asyncio.sleep(0.05)
            return version

    made = await asyncio.gather(publish(100), publish(200), publish(300))
    assert sorted(made) == [2, 3, 4]
    async with database.reading(brand) as session:
        plan = await plans.current(session)
    assert plan.version == 4
    assert [rule.rate_bp for rule in plan.rules] == [[100, 200, 300][made.index(4)]]


@pytest.mark.parametrize(
    ("terms", "path"),
    [
        (PolicyTerms(validity_days=0, protection_days=0), ("validityDays",)),
        (PolicyTerms(validity_days=10, protection_days=11), ("protectionDays",)),
        (PolicyTerms(binding_mode=BindingMode.PERMANENT, validity_days=3), ("validityDays",)),
        (PolicyTerms(takeover=Takeover.AFTER_PROTECTION, protection_days=None), ("protectionDays",)),
        (PolicyTerms(last_touch_days=-1), ("lastTouchDays",)),
        (PolicyTerms(offline_split_bp=10_001), ("offlineSplitBp",)),
    ],
)
async def test_policy_that_makes_no_sense_is_refused_at_its_field(
    database: Database, brand: Brand, terms: PolicyTerms, path: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        async with database.transaction(brand) as session:
            await policies.publish(session, SYSTEM, terms=terms, now=session.now)
    assert refused.value.path == path
    async with database.reading(brand) as session:
        assert (await current_policy(session)).version == 1


@pytest.mark.parametrize(
    ("hold_days", "rules", "path"),
    [
        (6, [SELLER], ("holdDays",)),
        (366, [SELLER], ("holdDays",)),
        (7, [], ("rules",)),
        (7, [NewRule(ShareRole.SELLER, -1)], ("rules", "0", "rateBp")),
        (7, [SELLER, NewRule(ShareRole.STORE, 10_001, org_unit_id=uuid4())], ("rules", "1", "rateBp")),
        (7, [SELLER, NewRule(ShareRole.STORE, 100, product_id=uuid4())], ("rules", "1", "productId")),
        (7, [SELLER, NewRule(ShareRole.STORE, 100, category_id=uuid4())], ("rules", "1", "categoryId")),
        (7, [SELLER, NewRule(ShareRole.STORE, 100, org_unit_id=uuid4())], ("rules", "1", "orgUnitId")),
        (7, [SELLER, NewRule(ShareRole.STORE, 9_001)], ("rules",)),
    ],
)
async def test_plan_that_makes_no_sense_is_refused_at_its_field(
    database: Database, brand: Brand, hold_days: int, rules: list[NewRule], path: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        async with database.transaction(brand) as session:
            await plans.publish(session, SYSTEM, hold_days=hold_days, rules=rules, now=session.now)
    assert refused.value.path == path
    async with database.reading(brand) as session:
        assert (await plans.current(session)).version == 1


async def test_two_rules_of_one_name_are_a_conflict(database: Database, brand: Brand) -> None:
    with pytest.raises(Conflict) as refused:
        async with database.transaction(brand) as session:
            await plans.publish(session, SYSTEM, hold_days=7, rules=[SELLER, SELLER], now=session.now)
    assert refused.value.path == ("rules", "1")


async def test_goods_of_another_brand_cannot_be_named(database: Database, brand: Brand) -> None:
    market = await make_market(database)
    rule = NewRule(ShareRole.SELLER, 100, product_id=market.goods[0].product_id)
    with pytest.raises(InvalidInput):
        async with database.transaction(brand) as session:
            await plans.publish(session, SYSTEM, hold_days=7, rules=[rule], now=session.now)


async def test_rules_in_force_are_those_that_can_touch_the_goods(database: Database) -> None:
    market = await make_market(database)
    tea, wear = market.goods

    async def rates(session: BrandSession, *, with_wear: bool) -> list[int]:
        goods = wear if with_wear else tea
        found = await in_force(session, product_ids=[goods.product_id], category_ids=[goods.category_id])
        assert (found.policy.version, found.plan.version) == (1, 2)
        return [rule.rate_bp for rule in found.plan.rules]

    async with database.transaction(market.brand) as session:
        await plans.publish(
            session,
            SYSTEM,
            hold_days=9,
            rules=[
                SELLER,
                NewRule(ShareRole.SELLER, 200, product_id=tea.product_id),
                NewRule(ShareRole.SELLER, 300, category_id=wear.category_id, org_unit_id=market.area_id),
            ],
            now=session.now,
        )
        assert await rates(session, with_wear=False) == [1_000, 200]
        assert await rates(session, with_wear=True) == [1_000, 300]
        nothing = await in_force(session, product_ids=[], category_ids=[])
    assert [rule.rate_bp for rule in nothing.plan.rules] == [1_000]
    assert nothing.plan.hold_days == 9
