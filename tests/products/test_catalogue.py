"""Categories, products and prices."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from app.platform.actor import SYSTEM, Actor
from app.platform.db import BrandSession, Database
from app.platform.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.products import catalogue, invariants, reads
from app.products.models import CategoryRow, ProductRow, SkuRow, StockMovementRow, StockRow
from app.products.values import NewProduct, NewSku, PriceChange
from tests.factories import Scene, next_number
from tests.products.conftest import Counted, guide_of

SKU = NewSku("均码", "CAT-1", "6901234567892", 12_900, 15_900, 10)


async def count(session: BrandSession, row: type[Any]) -> int:
    found = await session.execute(sa.select(sa.func.count()).select_from(row).where(row.brand_id == session.brand_id))
    return int(found.scalar_one())


async def sizes(session: BrandSession) -> list[int]:
    return [await count(session, row) for row in (ProductRow, SkuRow, StockRow, StockMovementRow)]


async def test_a_product_is_published_with_its_skus_in_order_and_their_first_stock(
    session: BrandSession, scene: Scene, owner: Actor, counted: Counted
) -> None:
    category_id = await catalogue.create_category(session, owner, name=" 围巾 ", now=session.now)
    before, version = await sizes(session), (await reads.shop_facts(session, scene.guide.shop_id or scene.sku_id))
    with counted() as statements:
        product_id = await catalogue.create_product(
            session,
            owner,
            title=" 羊绒围巾 ",
            description="第一行\n第二行",
            cover_url="/media/demo/1.png",
            category_id=category_id,
            skus=[SKU, NewSku("加长", "CAT-0", None, 9_900, None, 0)],
            now=session.now,
        )
    assert len(statements) == 7, statements
    product = (await reads.products_by_id(session, [product_id]))[product_id]
    assert (product.title, product.description, product.cover_url) == (
        "羊绒围巾",
        "第一行\n第二行",
        "/media/demo/1.png",
    )
    assert (product.category_id, product.is_published) == (category_id, True)
    skus = (await reads.skus_of_products(session, [product_id]))[product_id]
    assert [
        (sku.name, sku.code, sku.barcode, sku.price_minor, sku.market_price_minor, sku.available) for sku in skus
    ] == [
        ("均码", "CAT-1", "6901234567892", 12_900, 15_900, 10),
        ("加长", "CAT-0", None, 9_900, None, 0),
    ]
    # A SKU that begins with nothing has a stock row and no movement.
    assert [after - was for after, was in zip(await sizes(session), before, strict=True)] == [1, 2, 2, 1]
    later = await reads.shop_facts(session, scene.guide.shop_id or scene.sku_id)
    assert version is not None and later is not None and later.version == version.version + 1
    assert await invariants.stock_equals_movements(session) == []


@pytest.mark.parametrize(
    ("product", "path"),
    [
        (NewProduct(" ", (SKU,)), ("title",)),
        (NewProduct("名" * 121, (SKU,)), ("title",)),
        (NewProduct("a\nb", (SKU,)), ("title",)),
        (NewProduct("围巾", (SKU,), description="x" * 5_001), ("description",)),
        (NewProduct("围巾", (SKU,), description="a\x00b"), ("description",)),
        (NewProduct("围巾", (SKU,), cover_url="http://a.cn/a.png"), ("coverUrl",)),
        (NewProduct("围巾", ()), ("skus",)),
        (NewProduct("围巾", tuple(replace(SKU, code=f"C{n}", barcode=None) for n in range(101))), ("skus",)),
        (NewProduct("围巾", (replace(SKU, name=""),)), ("skus", "0", "name")),
        (NewProduct("围巾", (SKU, replace(SKU, code="?"))), ("skus", "1", "code")),
        (NewProduct("围巾", (replace(SKU, barcode="123"),)), ("skus", "0", "barcode")),
        (NewProduct("围巾", (replace(SKU, price_minor=0),)), ("skus", "0", "priceMinor")),
        (NewProduct("围巾", (replace(SKU, market_price_minor=12_899),)), ("skus", "0", "marketPriceMinor")),
        (NewProduct("围巾", (replace(SKU, stock=-1),)), ("skus", "0", "stock")),
    ],
)
async def test_a_product_with_bad_input_is_not_made(
    session: BrandSession, owner: Actor, product: NewProduct, path: tuple[str, ...]
) -> None:
    before = await sizes(session)
    with pytest.raises(InvalidInput) as caught:
        await catalogue.create_products(session, owner, products=[product], now=session.now)
    assert caught.value.path == ("products", "0", *path)
    assert await sizes(session) == before


@pytest.mark.parametrize(
    ("second", "path"),
    [
        (replace(SKU, barcode=None), ("skus", "1", "code")),
        (replace(SKU, code="CAT-2"), ("skus", "1", "barcode")),
    ],
)
@pytest.mark.parametrize("is_same_input", [True, False])
async def test_a_code_or_barcode_is_the_brands_only_one(
    database: Database, scene: Scene, owner: Actor, second: NewSku, path: tuple[str, ...], is_same_input: bool
) -> None:
    async with database.transaction(scene.brand) as session:
        if not is_same_input:
            await catalogue.create_product(session, owner, title="甲", skus=[SKU], now=session.now)
        before = await sizes(session)
    first = SKU if is_same_input else replace(SKU, code="OTHER", barcode=None)
    with pytest.raises(Conflict) as caught:
        async with database.transaction(scene.brand) as session:
            await catalogue.create_product(session, owner, title="乙", skus=[first, second], now=session.now)
    assert caught.value.path == path
    async with database.reading(scene.brand) as session:
        assert await sizes(session) == before


async def test_another_brand_may_use_the_same_codes(database: Database, scene: Scene, owner: Actor) -> None:
    from tests.factories import make_scene  # noqa: PLC0415

    other = await make_scene(database)
    for brand in (scene.brand, other.brand):
        async with database.transaction(brand) as session:
            await catalogue.create_product(session, SYSTEM, title="围巾", skus=[SKU], now=session.now)
            assert await count(session, SkuRow) == 2


async def test_many_products_are_made_in_as_few_statements_as_one(
    session: BrandSession, owner: Actor, counted: Counted
) -> None:
    number = next_number()
    products = [
        NewProduct(f"商品{n}", (replace(SKU, code=f"M{number}-{n}", barcode=None, stock=n),)) for n in range(50)
    ]
    with counted() as statements:
        ids = await catalogue.create_products(session, owner, products=products, now=session.now)
    assert len(statements) == 6
    found = await reads.products_by_id(session, ids)
    assert [found[product_id].title for product_id in ids] == [f"商品{n}" for n in range(50)]
    skus = await reads.skus_of_products(session, ids)
    assert [skus[product_id][0].available for product_id in ids] == list(range(50))


async def test_only_headquarters_and_the_owner_change_the_catalogue(session: BrandSession, scene: Scene) -> None:
    guide, before = guide_of(scene.guide), await sizes(session)
    with pytest.raises(Forbidden):
        await catalogue.create_product(session, guide, title="围巾", skus=[SKU], now=session.now)
    with pytest.raises(Forbidden):
        await catalogue.create_category(session, guide, name="围巾", now=session.now)
    with pytest.raises(Forbidden):
        await catalogue.update_product(session, guide, product_id=scene.product_id, title="新", now=session.now)
    assert (await sizes(session), await count(session, CategoryRow)) == (before, 0)


async def test_a_category_is_unique_among_its_siblings_only(session: BrandSession, owner: Actor) -> None:
    top = await catalogue.create_category(session, owner, name="女装", now=session.now)
    inner = await catalogue.create_category(session, owner, name="女装", parent_id=top, now=session.now)
    for parent_id in (None, top):
        with pytest.raises(Conflict) as caught:
            await catalogue.create_category(session, owner, name="女装 ", parent_id=parent_id, now=session.now)
        assert caught.value.path == ("name",)
    found = await reads.categories_by_id(session, [top, inner])
    assert found[inner].path == f"{found[top].path}{inner.hex}/" == f"/{top.hex}/{inner.hex}/"
    assert await count(session, CategoryRow) == 2


async def test_categories_go_five_levels_deep(session: BrandSession, scene: Scene, owner: Actor) -> None:
    parent_id = None
    for level in range(5):
        parent_id = await catalogue.create_category(
            session, owner, name=f"第{level}级", parent_id=parent_id, now=session.now
        )
    with pytest.raises(InvalidInput) as caught:
        await catalogue.create_category(session, owner, name="第六级", parent_id=parent_id, now=session.now)
    assert caught.value.path == ("parentId",)
    with pytest.raises(NotFound):
        await catalogue.create_category(session, owner, name="甲", parent_id=scene.product_id, now=session.now)
    assert await count(session, CategoryRow) == 5


async def test_prices_change_sku_by_sku_and_nothing_else_does(session: BrandSession, owner: Actor) -> None:
    product_id = await catalogue.create_product(
        session, owner, title="围巾", skus=[SKU, replace(SKU, code="CAT-2", barcode=None)], now=session.now
    )
    first, second = await reads.sku_ids_of(session, product_id)
    was = (await reads.products_by_id(session, [product_id]))[product_id]
    await catalogue.update_product(
        session,
        owner,
        product_id=product_id,
        prices=[PriceChange(first, price_minor=9_900), PriceChange(second, market_price_minor=None)],
        now=session.now,
    )
    skus = (await reads.skus_of_products(session, [product_id]))[product_id]
    assert [(sku.price_minor, sku.market_price_minor) for sku in skus] == [(9_900, 15_900), (12_900, None)]
    assert (await reads.products_by_id(session, [product_id]))[product_id] == was


async def test_a_price_above_the_market_price_that_stays_is_refused(
    session: BrandSession, scene: Scene, owner: Actor
) -> None:
    product_id = await catalogue.create_product(session, owner, title="围巾", skus=[SKU], now=session.now)
    [sku_id] = await reads.sku_ids_of(session, product_id)
    for prices, kind, path in (
        ([PriceChange(sku_id, price_minor=15_901)], InvalidInput, ("skus", "0", "marketPriceMinor")),
        ([PriceChange(scene.sku_id, price_minor=1)], NotFound, ("skus", "0", "skuId")),
        ([PriceChange(sku_id), PriceChange(sku_id)], InvalidInput, ("skus",)),
    ):
        with pytest.raises(kind) as caught:
            await catalogue.update_product(session, owner, product_id=product_id, prices=prices, now=session.now)
        assert caught.value.path == path
    facts = await reads.price_facts(session, [sku_id, scene.sku_id])
    assert (facts[sku_id].price_minor, facts[scene.sku_id].price_minor) == (12_900, 12_900)


async def test_an_update_changes_what_it_names_empties_what_is_none_and_keeps_the_rest(
    session: BrandSession, owner: Actor
) -> None:
    category_id = await catalogue.create_category(session, owner, name="围巾", now=session.now)
    product_id = await catalogue.create_product(
        session,
        owner,
        title="围巾",
        description="旧",
        cover_url="/media/a.png",
        category_id=category_id,
        skus=[SKU],
        now=session.now,
    )
    await catalogue.update_product(session, owner, product_id=product_id, title="披肩", cover_url=None, now=session.now)
    product = (await reads.products_by_id(session, [product_id]))[product_id]
    assert (product.title, product.description, product.cover_url) == ("披肩", "旧", None)
    assert (product.category_id, product.is_published) == (category_id, True)
    with pytest.raises(NotFound) as caught:
        await catalogue.update_product(session, owner, product_id=product_id, category_id=product_id, now=session.now)
    assert caught.value.path == ("categoryId",)
    with pytest.raises(NotFound) as caught:
        await catalogue.update_product(session, owner, product_id=category_id, title="无", now=session.now)
    assert caught.value.path == ("productId",)


async def test_what_is_withdrawn_cannot_be_ordered_until_it_is_published_again(
    session: BrandSession, scene: Scene, owner: Actor
) -> None:
    for state, is_sellable in (("WITHDRAWN", False), ("DRAFT", False), ("PUBLISHED", True)):
        await catalogue.update_product(session, owner, product_id=scene.product_id, state=state, now=session.now)
        facts = (await reads.price_facts(session, [scene.sku_id]))[scene.sku_id]
        assert (facts.is_sellable, facts.available) == (is_sellable, 100)


async def test_price_facts_leave_unknown_skus_out_and_take_one_statement(
    session: BrandSession, scene: Scene, owner: Actor, counted: Counted
) -> None:
    top = await catalogue.create_category(session, owner, name="女装", now=session.now)
    inner = await catalogue.create_category(session, owner, name="围巾", parent_id=top, now=session.now)
    await catalogue.update_product(session, owner, product_id=scene.product_id, category_id=inner, now=session.now)
    with counted() as statements:
        facts = await reads.price_facts(session, [scene.sku_id, scene.product_id])
    assert len(statements) == 1
    assert list(facts) == [scene.sku_id]
    fact = facts[scene.sku_id]
    assert (fact.product_id, fact.category_id, fact.category_path) == (
        scene.product_id,
        inner,
        f"/{top.hex}/{inner.hex}/",
    )
    assert (fact.title, fact.price_minor, fact.is_sellable, fact.available) == ("羊绒围巾", 12_900, True, 100)


async def test_products_are_found_by_a_part_of_the_title_and_nothing_is_a_wildcard(
    session: BrandSession, owner: Actor
) -> None:
    titles = ["羊绒围巾 100% 纯", "羊绒手套", "Cotton_Shirt", "COTTON socks"]
    number = next_number()
    for at, title in enumerate(titles):
        sku = replace(SKU, code=f"F{number}-{at}", barcode=None)
        await catalogue.create_product(session, owner, title=title, skus=[sku], now=session.now)
    for search, expected in (
        ("羊绒", ["羊绒手套", "羊绒围巾 100% 纯", "羊绒围巾"]),
        ("cotton", ["COTTON socks", "Cotton_Shirt"]),
        ("%", ["羊绒围巾 100% 纯"]),
        ("_", ["Cotton_Shirt"]),
        ("\\", []),
    ):
        found = await reads.product_page(session, limit=10, search=search)
        assert [product.title for product in found] == expected
        assert await reads.product_count(session, search=search) == len(expected)


async def test_pages_of_products_show_each_once_newest_first(session: BrandSession, owner: Actor) -> None:
    number = next_number()
    products = [NewProduct(f"商品{n}", (replace(SKU, code=f"P{number}-{n}", barcode=None),)) for n in range(7)]
    ids = await catalogue.create_products(session, owner, products=products, now=session.now)
    seen, after = [], None
    while page := await reads.product_page(session, limit=3, after=after):
        seen += [product.product_id for product in page]
        after = page[-1].product_id
    assert seen[:7] == sorted(ids, reverse=True)
    assert len(seen) == len(set(seen)) == await reads.product_count(session) == 8
