"""Two brands whose rows have the same ids: neither sees nor touches the other's, by RLS or by the filters."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app.boss import founding
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.db import Brand, BrandSession, Database, register
from app.platform.runtime import Runtime
from app.products import catalogue, invariants, reads, rules, shelf, shelf_reads, stock, versions
from app.products.models import LocationRow, ProductRow, ShopRow, SkuRow, StockMovementRow, StockRow
from app.products.shops import SHOP_SLUG
from app.products.values import PriceChange, ShelfChange, StockLine
from tests import factories
from tests.factories import next_number
from tests.products.conftest import stock_of


@dataclass(frozen=True, slots=True)
class Twins:
    """Two brands; product, SKU and shop have the same ids in both. 甲: 12,900 and 100 pieces; 乙: 77 and 7 pieces."""

    first: Brand
    second: Brand
    product_id: UUID
    sku_id: UUID
    shop_id: UUID


@pytest.fixture(params=["row level security", "filters alone"])
async def both(request: pytest.FixtureRequest, runtime: Runtime) -> AsyncIterator[Database]:
    """The database as the serving role, and as a role that row level security does not stop."""
    if request.param == "row level security":
        yield runtime.database
        return
    bypass = Database(request.getfixturevalue("bypass_url"), runtime.settings, runtime.secrets, pool_size=3)
    yield bypass
    await bypass.close()


@pytest.fixture
async def twins(database: Database) -> Twins:
    scene, second = await factories.make_scene(database), await factories.make_brand(database)
    assert scene.guide.shop_id is not None
    ids = Twins(scene.brand, second, scene.product_id, scene.sku_id, scene.guide.shop_id)
    async with database.transaction(second) as session:
        await write_second(session, ids)
    return ids


async def write_second(session: BrandSession, ids: Twins) -> None:
    now, slug = session.now, f"twin{next_number()}"
    place = sa.select(LocationRow.id).where(LocationRow.brand_id == session.brand_id)
    location_id = (await session.execute(place)).scalar_one()
    _, owner_id = await founding.root_and_owner(session)
    stocked = {"sku_id": ids.sku_id, "location_id": location_id}
    product = {"id": ids.product_id, "title": "乙", "state": "PUBLISHED", "published_at": now}
    product |= {"search_text": "乙", "search_grams": rules.search_grams(session.brand_id, "乙")}
    sku = {"id": ids.sku_id, "product_id": ids.product_id, "position": 0, "name": "乙", "code": "乙", "price_minor": 77}
    shop = {"id": ids.shop_id, "employee_id": owner_id, "slug": slug, "name": "乙", "version": 1}
    moved = {"id": uuid4(), "change": 7, "kind": "INITIAL", "actor": "system", "at": now}
    rows: list[tuple[Any, dict[str, Any]]] = [
        (ProductRow, product | {"created_at": now}),
        (SkuRow, sku | {"created_at": now}),
        (StockRow, stocked | {"on_hand": 7, "reserved": 0}),
        (StockMovementRow, stocked | moved),
        (ShopRow, shop | {"created_at": now}),
    ]
    for row, values in rows:
        await session.execute(sa.insert(row).values(brand_id=session.brand_id, **values))
    await session.execute(register(session, SHOP_SLUG, slug, ids.shop_id))


async def test_each_brand_reads_its_own(both: Database, twins: Twins) -> None:
    for brand, title, price, pieces in ((twins.first, "羊绒围巾", 12_900, 100), (twins.second, "乙", 77, 7)):
        async with both.reading(brand) as session:
            assert [view.title for view in (await reads.products_by_id(session, [twins.product_id])).values()] == [
                title
            ]
            assert [view.title for view in await reads.product_page(session, limit=9)] == [title]
            assert await reads.product_count(session) == 1
            assert await reads.sku_ids_of(session, twins.product_id) == [twins.sku_id]
            [sku] = (await reads.skus_of_products(session, [twins.product_id]))[twins.product_id]
            assert (sku.price_minor, sku.available) == (price, pieces)
            assert (await reads.skus_by_id(session, [twins.sku_id]))[twins.sku_id] == sku
            facts = (await reads.price_facts(session, [twins.sku_id]))[twins.sku_id]
            assert (facts.title, facts.price_minor, facts.available) == (title, price, pieces)
            page = await shelf_reads.shelf_page(session, shop_id=twins.shop_id, branch="", limit=9)
            assert ([item.product.title for item in page.items], page.total_count) == ([title], 1)
            shop = await reads.shop_facts(session, twins.shop_id)
            assert shop is not None and (shop.name == "乙") is (brand == twins.second)


async def test_each_brand_changes_its_own(both: Database, twins: Twins) -> None:
    owner = Actor(kind=ActorKind.EMPLOYEE, employee_id=uuid4(), role="OWNER", shop_id=twins.shop_id)
    sold, released = uuid4(), uuid4()
    async with both.transaction(twins.second) as session:
        now, line = session.now, [StockLine(twins.sku_id, 2)]
        for order_id in (sold, released):
            await stock.reserve(session, order_id=order_id, lines=line, now=now)
        assert await stock.sell(session, order_id=sold, now=now) == line
        assert await stock.release(session, order_id=released, now=now) == line
        await stock.adjust(session, owner, sku_id=twins.sku_id, change=10, reason="盘点", now=now)
        await catalogue.update_product(
            session,
            SYSTEM,
            product_id=twins.product_id,
            title="乙新",
            prices=[PriceChange(twins.sku_id, price_minor=88)],
            now=now,
        )
        place = await shelf.change_item(
            session,
            owner,
            shop_id=twins.shop_id,
            product_id=twins.product_id,
            change=ShelfChange(is_featured=True),
            now=now,
        )
        assert place.is_featured
        await versions.touch_catalogue(session)
        assert await stock_of(session, twins.sku_id) == (15, 0)
    async with both.reading(twins.first) as session:
        facts = (await reads.price_facts(session, [twins.sku_id]))[twins.sku_id]
        assert (facts.title, facts.price_minor, facts.available) == ("羊绒围巾", 12_900, 100)
        [item] = (await shelf_reads.shelf_page(session, shop_id=twins.shop_id, branch="", limit=9)).items
        assert not item.is_featured
        shop = await reads.shop_facts(session, twins.shop_id)
        assert shop is not None and shop.version == 2
        assert await stock_of(session, twins.sku_id) == (100, 0)
    for brand in (twins.first, twins.second):
        async with both.reading(brand) as session:
            for name, check in invariants.CHECKS.items():
                assert await check(session) == [], name


async def test_a_violation_is_told_of_its_own_brand_only(both: Database, twins: Twins) -> None:
    async with both.transaction(twins.second) as session:
        await session.execute(
            sa.update(StockRow)
            .where(StockRow.brand_id == session.brand_id)
            .values(on_hand=StockRow.on_hand + 1)
            .execution_options(synchronize_session=False)
        )
        assert len(await invariants.stock_equals_movements(session)) == 1
    async with both.reading(twins.first) as session:
        assert await invariants.stock_equals_movements(session) == []
