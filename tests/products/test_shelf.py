"""Shops and shelves: every published product, in the guide's order, without a row a product."""

import random
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.platform.actor import Actor
from app.platform.db import BrandSession, Database
from app.platform.errors import InvalidInput, NotFound
from app.products import catalogue, reads, shelf, shelf_reads, shops
from app.products.models import ShelfItemRow
from app.products.values import NewProduct, NewSku, ShelfChange
from tests import factories
from tests.factories import Scene, Staff, next_number
from tests.products.conftest import Counted, guide_of


def shop_of(staff: Staff) -> UUID:
    assert staff.shop_id is not None
    return staff.shop_id


async def put_on(session: BrandSession, owner: Actor, number: int) -> list[UUID]:
    tag = next_number()
    products = [
        NewProduct(f"商品{at}", (NewSku("均码", f"H{tag}-{at}", None, 1_000, None, 1),)) for at in range(number)
    ]
    return await catalogue.create_products(session, owner, products=products, now=session.now)


async def walk(session: BrandSession, shop_id: UUID, *, limit: int = 100, has_hidden: bool = False) -> list[Any]:
    """The whole shelf, page by page."""
    items: list[Any] = []
    after = None
    while True:
        page = await shelf_reads.shelf_page(
            session, shop_id=shop_id, branch="", limit=limit, after=after, has_hidden=has_hidden
        )
        items += page.items
        assert len(page.items) <= limit
        assert page.total_count is not None and len(items) <= page.total_count
        if len(page.items) < limit:
            assert len(items) == page.total_count
            return items
        after = items[-1].key


async def rows(session: BrandSession) -> int:
    found = await session.execute(
        sa.select(sa.func.count()).select_from(ShelfItemRow).where(ShelfItemRow.brand_id == session.brand_id)
    )
    return found.scalar_one()


async def change(session: BrandSession, staff: Staff, product_id: UUID, **what: Any) -> Any:
    return await shelf.change_item(
        session,
        guide_of(staff),
        shop_id=shop_of(staff),
        product_id=product_id,
        change=ShelfChange(**what),
        now=session.now,
    )


async def test_a_published_product_is_on_every_shelf_at_once_without_a_row(
    session: BrandSession, scene: Scene, owner: Actor
) -> None:
    ids = await put_on(session, owner, 3)
    for staff in (scene.guide, scene.other_guide):
        items = await walk(session, shop_of(staff))
        assert [item.product.product_id for item in items] == [*sorted(ids, reverse=True), scene.product_id]
        assert {(item.is_featured, item.is_hidden, item.position, item.badge) for item in items} == {
            (False, False, None, None)
        }
    assert await rows(session) == 0


async def test_what_is_not_published_is_on_no_shelf(session: BrandSession, scene: Scene, owner: Actor) -> None:
    await change(session, scene.guide, scene.product_id, is_featured=True)
    await catalogue.update_product(session, owner, product_id=scene.product_id, state="WITHDRAWN", now=session.now)
    for staff in (scene.guide, scene.other_guide):
        assert await walk(session, shop_of(staff), has_hidden=True) == []
    assert (
        await shelf_reads.shelf_item(session, shop_id=shop_of(scene.guide), branch="", product_id=scene.product_id)
        is None
    )
    with pytest.raises(NotFound):
        await change(session, scene.guide, scene.product_id, is_hidden=True)
    await catalogue.update_product(session, owner, product_id=scene.product_id, state="PUBLISHED", now=session.now)
    [item] = await walk(session, shop_of(scene.guide))
    assert item.is_featured


@pytest.mark.parametrize("seed", range(8))
async def test_every_item_comes_once_in_the_guides_order_whatever_was_changed(
    session: BrandSession, scene: Scene, owner: Actor, seed: int
) -> None:
    chance = random.Random(seed)
    ids = [scene.product_id, *await put_on(session, owner, chance.randint(0, 40))]
    for product_id in ids:
        if chance.random() < 0.6:
            await change(
                session,
                scene.guide,
                product_id,
                is_featured=chance.random() < 0.4,
                is_hidden=chance.random() < 0.3,
                position=chance.choice([None, None, 1, 2, 2, 9_999]),
                badge=chance.choice([None, "新品"]),
            )
    hidden = {item.product.product_id: item for item in await walk(session, shop_of(scene.guide), has_hidden=True)}
    assert set(hidden) == set(ids)

    def place(item: Any) -> tuple[Any, ...]:
        product = item.product
        return (
            not item.is_featured,
            item.position is None,
            item.position or 0,
            -product.created_at.timestamp(),
            -product.product_id.int,
        )

    expected = sorted(hidden.values(), key=place)
    for limit in (1, 2, 3, 7, 100):
        assert await walk(session, shop_of(scene.guide), limit=limit, has_hidden=True) == expected
        shown = await walk(session, shop_of(scene.guide), limit=limit)
        assert shown == [item for item in expected if not item.is_hidden]
    assert len(await walk(session, shop_of(scene.other_guide))) == len(ids)


async def test_a_page_after_the_last_item_is_empty_and_still_counts(session: BrandSession, scene: Scene) -> None:
    page = await shelf_reads.shelf_page(session, shop_id=shop_of(scene.guide), branch="", limit=5)
    beyond = await shelf_reads.shelf_page(
        session, shop_id=shop_of(scene.guide), branch="", limit=5, after=page.items[-1].key
    )
    assert (beyond.items, beyond.total_count) == ([], 1)
    uncounted = await shelf_reads.shelf_page(session, shop_id=shop_of(scene.guide), branch="", limit=5, has_count=False)
    assert (uncounted.items, uncounted.total_count) == (page.items, None)


async def test_a_page_is_one_statement(session: BrandSession, scene: Scene, owner: Actor, counted: Counted) -> None:
    await put_on(session, owner, 30)
    with counted() as statements:
        await shelf_reads.shelf_page(session, shop_id=shop_of(scene.guide), branch="", limit=25)
    assert len(statements) == 1


async def test_a_change_keeps_what_it_does_not_name_and_stays_on_its_shelf(session: BrandSession, scene: Scene) -> None:
    version = (
        (await reads.shop_facts(session, shop_of(scene.guide))),
        await reads.shop_facts(session, shop_of(scene.other_guide)),
    )
    await change(session, scene.guide, scene.product_id, is_featured=True, position=7)
    place = await change(session, scene.guide, scene.product_id, badge=" 主推 ")
    assert (place.is_featured, place.is_hidden, place.position, place.badge) == (True, False, 7, "主推")
    item = await shelf_reads.shelf_item(session, shop_id=shop_of(scene.guide), branch="", product_id=scene.product_id)
    assert item is not None
    assert (item.is_featured, item.is_hidden, item.position, item.badge) == (True, False, 7, "主推")
    [other] = await walk(session, shop_of(scene.other_guide))
    assert (other.is_featured, other.position, other.badge) == (False, None, None)
    later = [await reads.shop_facts(session, shop_of(staff)) for staff in (scene.guide, scene.other_guide)]
    grown = [after.version - before.version for after, before in zip(later, version, strict=True) if after and before]
    assert grown == [2, 0]


async def test_what_is_changed_back_has_no_row(session: BrandSession, scene: Scene) -> None:
    await change(session, scene.guide, scene.product_id, is_featured=False, badge=" ")
    assert await rows(session) == 0
    await change(session, scene.guide, scene.product_id, position=3)
    assert await rows(session) == 1
    await change(session, scene.guide, scene.product_id, position=None)
    assert await rows(session) == 0


async def test_what_is_hidden_is_seen_only_with_the_hidden(session: BrandSession, scene: Scene) -> None:
    await change(session, scene.guide, scene.product_id, is_hidden=True)
    shop_id = shop_of(scene.guide)
    assert (await walk(session, shop_id), len(await walk(session, shop_id, has_hidden=True))) == ([], 1)
    assert await shelf_reads.shelf_item(session, shop_id=shop_id, branch="", product_id=scene.product_id) is None
    hidden = await shelf_reads.shelf_item(
        session, shop_id=shop_id, branch="", product_id=scene.product_id, has_hidden=True
    )
    assert hidden is not None and hidden.is_hidden
    assert len(await walk(session, shop_of(scene.other_guide))) == 1


@pytest.mark.parametrize(
    ("what", "path"),
    [({"position": 0}, "position"), ({"position": 10_000}, "position"), ({"badge": "字" * 13}, "badge")],
)
async def test_places_and_badges_have_bounds(
    session: BrandSession, scene: Scene, what: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await change(session, scene.guide, scene.product_id, **what)
    assert (caught.value.path, await rows(session)) == ((path,), 0)


async def test_nobody_changes_another_shelf(
    database: Database, session: BrandSession, scene: Scene, owner: Actor
) -> None:
    other = await factories.make_scene(database)
    for actor in (guide_of(scene.other_guide), guide_of(other.guide), owner):
        with pytest.raises(NotFound):
            await shelf.change_item(
                session,
                actor,
                shop_id=shop_of(scene.guide),
                product_id=scene.product_id,
                change=ShelfChange(is_hidden=True),
                now=session.now,
            )
    with pytest.raises(NotFound):
        await change(session, scene.guide, other.product_id, is_hidden=True)
    assert await rows(session) == 0


async def test_a_slug_leads_to_brand_and_shop(database: Database, scene: Scene, counted: Counted) -> None:
    assert scene.guide.slug is not None
    found = await database.resolve(shops.SHOP_SLUG, scene.guide.slug)
    assert found is not None
    assert (found[0].id, found[1]) == (scene.brand.id, scene.guide.shop_id)
    async with database.reading(scene.brand) as session:
        with counted() as statements:
            shop = await reads.shop_facts_by_slug(session, scene.guide.slug)
        assert len(statements) == 1
        assert shop is not None
        assert (shop.shop_id, shop.employee_id) == (scene.guide.shop_id, scene.guide.employee_id)
        assert (shop.store_id, shop.store_city, shop.guide_is_active) == (scene.store_id, "上海", True)
        assert shop.branch.endswith(f"/{scene.area_id.hex}/")
        assert await reads.shop_facts(session, shop_of(scene.guide)) == shop
        assert await reads.shops_of_employees(session, [shop.employee_id, scene.owner_id]) == {shop.employee_id: shop}
        assert await reads.shop_facts_by_slug(session, "nowhere") is None


async def test_the_page_tag_changes_with_guide_and_catalogue_and_else_stays(
    session: BrandSession, scene: Scene, owner: Actor
) -> None:
    async def tag() -> str:
        shop = await reads.shop_facts(session, shop_of(scene.guide))
        assert shop is not None
        return shop.page_tag

    tags = [await tag(), await tag()]
    await change(session, scene.other_guide, scene.product_id, is_hidden=True)
    tags.append(await tag())
    assert len(set(tags)) == 1
    await catalogue.update_product(session, owner, product_id=scene.product_id, title="新名", now=session.now)
    tags.append(await tag())
    await session.execute(
        sa.text("UPDATE employee SET title = '资深顾问' WHERE brand_id = :brand AND id = :id"),
        {"brand": session.brand_id, "id": scene.guide.employee_id},
    )
    tags.append(await tag())
    assert len(set(tags)) == 3
