"""The hot-product report against plain Python: the rule over any facts, and the statement over real sales and stock."""

from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.boss import hot_products, rollups, scopes
from app.boss.hot_product_rules import ProductFacts
from app.boss.hot_product_rules import hot_products as report_of
from app.boss.scopes import Scope
from app.boss.values import Period
from app.platform.db import Database
from app.platform.errors import Forbidden, InvalidInput
from app.trade.values import FulfilmentMethod
from tests import factories
from tests.factories import Scene
from tests.trade import fulfilling, purchase

FACTS = st.lists(
    st.builds(
        ProductFacts,
        product_id=st.uuids(),
        title=st.just("货"),
        quantity=st.integers(0, 50),
        net_minor=st.integers(-500, 10_000),
        stock=st.integers(0, 100),
    ),
    unique_by=lambda one: one.product_id,
    max_size=60,
)


@given(FACTS, st.integers(1, 400))
def test_report_is_what_plain_sums_say(facts: list[ProductFacts], days: int) -> None:
    found = report_of(facts, days=days)
    total = sum(one.net_minor for one in facts)
    assert (found.products, found.net_minor) == (len(facts), total)
    assert found.sold_products == len([one for one in facts if one.quantity])
    by_sales = sorted((one.net_minor for one in facts), reverse=True)
    top = -(-len(facts) // 25)
    assert (found.top_count, found.top_net_minor) == (top, sum(by_sales[:top]))
    if total > 0:
        assert found.top_share_bp is not None
        assert abs(Fraction(found.top_share_bp, 10_000) - Fraction(found.top_net_minor, total)) <= Fraction(1, 20_000)
    else:
        assert found.top_share_bp is None
    assert {row.facts for row in found.hottest} == {one for one in facts if one.quantity}
    assert [row.facts.net_minor for row in found.hottest] == sorted(
        (row.facts.net_minor for row in found.hottest), reverse=True
    )
    for row in found.running_out:
        one, left = row.facts, row.days_left
        # So many days' sales are still there, and not one day more.
        assert left is not None and left * one.quantity <= one.stock * days < (left + 1) * one.quantity
    lefts = [row.days_left or 0 for row in found.running_out]
    assert lefts == sorted(lefts) and len(lefts) == found.sold_products
    assert {row.facts for row in found.idle} == {one for one in facts if one.stock and not one.quantity}
    assert report_of(facts[::-1], days=days) == found


@given(st.integers(1, 60))
def test_shares_of_equal_products_add_up(number: int) -> None:
    facts = [ProductFacts(UUID(int=at), "货", 1, 100, 0) for at in range(number)]
    found = report_of(facts, days=1)
    assert found.hottest[-1].cumulative_bp == 10_000
    assert abs(sum(row.share_bp or 0 for row in found.hottest) - 10_000) <= number


async def test_report_reads_sales_and_stock_of_the_scope(database: Database, scene: Scene) -> None:
    staffed = await fulfilling.staff(database, scene)
    async with database.transaction(scene.brand) as session:
        idle_id, (idle_sku,) = await factories.make_product(session, title="滞销", stock=7)
        await factories.make_product(session, title="没有货", stock=0)
        await factories.fill(session, staffed.west_store_id, idle_sku, pieces=3)
    await fulfilling.paid(database, staffed, lines=[(scene.sku_id, 3)])
    await fulfilling.paid(database, staffed, fulfilment=FulfilmentMethod.IN_STORE, lines=[(scene.sku_id, 1)])
    await purchase.make_order(database, scene, staffed.buyer, lines=[(scene.sku_id, 5)])
    async with database.transaction(scene.brand) as session:
        await rollups.rebuild(session)
    today = scene.brand.day_of(session.now)
    period = Period(today, today)
    async with database.reading(scene.brand) as session:
        whole = await hot_products.report(session, Scope(), period)
        [hot] = whole.hottest
        # 300 pieces came, 4 are sold, 5 are held by an order that nobody has paid yet.
        assert (hot.facts.product_id, hot.facts.quantity, hot.facts.stock) == (scene.product_id, 4, 291)
        assert (hot.facts.net_minor, hot.share_bp, hot.days_left) == (4 * 12_900, 10_000, 72)
        assert (whole.products, whole.sold_products, whole.top_count, whole.top_share_bp) == (3, 1, 1, 10_000)
        assert [(row.facts.product_id, row.facts.stock) for row in whole.idle] == [(idle_id, 10)]
        east = await hot_products.report(session, await scopes.scope_of(session, staffed.manager), period)
        assert [(row.facts.quantity, row.facts.stock) for row in east.hottest] == [(4, 99)]
        assert east.idle == ()
        west = await hot_products.report(session, await scopes.scope_of(session, staffed.west_manager), period)
        assert west.hottest == () and west.net_minor == 0 and west.top_share_bp is None
        assert [row.facts.stock for row in west.idle] == [100, 3]
        store = await scopes.scope_of(session, staffed.owner, store_id=scene.store_id)
        assert await hot_products.report(session, store, period) == east
        for actor in (staffed.guide, staffed.buyer):
            with pytest.raises(Forbidden):
                await scopes.scope_of(session, actor)
        of_guide = await scopes.scope_of(session, staffed.owner, guide_id=scene.guide.employee_id)
        with pytest.raises(InvalidInput):
            await hot_products.report(session, of_guide, period)
