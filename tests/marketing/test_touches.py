"""What is read out of touchpoints: the latest ones, visits, customers newly bound; and that none is ever changed."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.customers import figures, touchpoints, visitors
from app.platform import ids
from app.platform.db import Brand, Database
from tests import factories
from tests.factories import Scene
from tests.marketing.walk import Walk

T0 = factories.at("2026-03-02T02:00:00+00:00")
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def walk(database: Database, scene: Scene) -> Walk:
    return Walk(database, scene.brand)


async def test_latest_touches_are_the_customers_own_and_those_of_joined_visitors(walk: Walk, scene: Scene) -> None:
    first = await walk.scan(scene.guide.token, now=T0)
    customer_id = await walk.sign_in(factories.next_phone(), first.visitor_id, now=T0 + MINUTE)
    second = await walk.scan(scene.other_guide.token, by=customer_id, now=T0 + 2 * MINUTE)
    stranger = await walk.make_customer()
    await walk.scan(scene.guide.token, by=stranger, now=T0 + 3 * MINUTE)
    async with walk.database.reading(walk.brand) as session:
        facts = await touchpoints.latest_touches(session, customer_id=customer_id)
        since = await touchpoints.latest_touches(session, customer_id=customer_id, since=T0 + MINUTE)
    assert [fact.touchpoint_id for fact in facts] == [second.touchpoint_id, first.touchpoint_id]
    assert [fact.touchpoint_id for fact in since] == [second.touchpoint_id]
    assert all(fact.guide_is_active and not fact.is_self for fact in facts)


async def test_visitors_of_equal_ids_in_two_brands_have_different_tokens(database: Database, brand: Brand) -> None:
    other, visitor_id = await factories.make_brand(database), ids.new_id(T0)
    tokens = {visitors.token_of(database.vault, one.id, visitor_id) for one in (brand, other)}
    assert len(tokens) == 2


async def test_visits_count_a_person_once_in_thirty_minutes(walk: Walk, scene: Scene) -> None:
    assert scene.guide.shop_id is not None
    first = await walk.scan(scene.guide.token, now=T0)
    token = visitors.token_of(walk.database.vault, walk.brand.id, first.visitor_id)
    customer_id = await walk.sign_in(factories.next_phone(), first.visitor_id, now=T0 + MINUTE)
    await walk.scan(scene.guide.token, visitor=token, now=T0 + 29 * MINUTE)
    await walk.scan(scene.guide.token, by=customer_id, now=T0 + 59 * MINUTE)
    await walk.scan(scene.guide.token, now=T0 + 60 * MINUTE)
    await walk.scan(scene.other_guide.token, by=customer_id, now=T0 + 61 * MINUTE)
    async with walk.database.reading(walk.brand) as session:
        shops = [scene.guide.shop_id]
        whole = await figures.shop_visits(session, shops, since=T0, until=T0 + DAY)
        late = await figures.shop_visits(session, shops, since=T0 + 29 * MINUTE, until=T0 + DAY)
        bound = await figures.newly_bound(session, [scene.guide.employee_id], since=T0, until=T0 + DAY)
    # The joined visitor's scans at 0 and 29 minutes are one visit, that at 59 a second; the stranger's is a third.
    assert whole == {scene.guide.shop_id: 3} and late == {scene.guide.shop_id: 2}
    assert bound == {scene.guide.employee_id: 1}


async def test_bindings_and_touchpoints_are_append_only_for_the_serving_role(walk: Walk, scene: Scene) -> None:
    customer_id = await walk.make_customer()
    await walk.scan(scene.guide.token, by=customer_id)
    for table in ("binding", "binding_renewal", "binding_end", "touchpoint"):
        for statement in (f"UPDATE {table} SET brand_id = brand_id", f"DELETE FROM {table}"):
            with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
                async with walk.database.transaction(walk.brand) as session:
                    await session.execute(
                        sa.text(f"{statement} WHERE {table}.brand_id = :brand"), {"brand": walk.brand.id}
                    )
    assert (await walk.counts())["bindings"] == 1
