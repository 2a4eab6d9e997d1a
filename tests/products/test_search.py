"""Search in titles: words of any length, width and case; in lists of products, on a shelf, on its page."""

from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.platform.actor import SYSTEM
from app.platform.db import BrandSession, Database
from app.products import catalogue, invariants, reads, rules, shelf, shelf_reads
from app.products.models import ProductRow
from app.products.values import ShelfChange
from tests import factories
from tests.employees.api import Api
from tests.factories import Scene
from tests.products.conftest import Counted, Keys, guide_of

TITLES = ["明前龙井 绿茶礼盒 250g", "正山小种 红茶", "白茶饼", "ＧＩＦＴ礼盒", "Tea Box 50%", "a_b 茶具"]
BRAND = UUID(int=5)


async def stocked(session: BrandSession) -> None:
    for title in TITLES:
        await factories.make_product(session, title=title)


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("茶", [5, 2, 1, 0]),
        ("绿茶", [0]),
        ("礼盒", [3, 0]),
        ("礼盒 茶", [0]),
        ("茶　礼盒", [0]),
        ("龙井绿", []),
        ("井龙", []),
        ("gift", [3]),
        ("ｔｅａ　ＢＯＸ", [4]),
        ("50%", [4]),
        ("%", [4]),
        ("_", [5]),
        ("ab", []),
        ("250G", [0]),
        ("250g 250g", [0]),
        ("正山小种", [1]),
        ("正山小红", []),
        ("𠀀", []),
        ("' OR 1=1 --", []),
    ],
)
async def test_titles_with_every_word_are_found_and_no_other(
    session: BrandSession, search: str, expected: list[int]
) -> None:
    await stocked(session)
    found = await reads.product_page(session, limit=10, search=search)
    assert [product.title for product in found] == [TITLES[at] for at in expected]
    assert await reads.product_count(session, search=search) == len(expected)


@given(st.text(max_size=12), st.text(min_size=1, max_size=3))
def test_no_title_that_holds_a_word_is_missed_by_its_parts(text: str, word: str) -> None:
    title, words = rules.folded(f"{text}{word}{text}"), rules.folded(word).split()
    if all(one in title for one in words):
        parts = rules.search_grams(BRAND, title)
        assert set(rules.wanted_grams(BRAND, words)) <= set(parts) and parts == sorted(set(parts))


def test_brands_share_no_part_of_the_index() -> None:
    assert not set(rules.search_grams(BRAND, "绿茶礼盒")) & set(rules.search_grams(UUID(int=6), "绿茶礼盒"))


async def test_new_title_is_found_and_the_old_one_is_not(session: BrandSession, scene: Scene) -> None:
    await catalogue.update_product(session, SYSTEM, product_id=scene.product_id, title="丝巾", now=session.now)
    assert await reads.product_page(session, limit=5, search="羊绒") == []
    assert [one.title for one in await reads.product_page(session, limit=5, search="丝")] == ["丝巾"]
    check = invariants.CHECKS["every title is found by its parts"]
    assert await check(session) == []
    await session.execute(
        sa.update(ProductRow).where(ProductRow.brand_id == session.brand_id).values(search_grams=[1, 2])
    )
    assert await check(session) == [f"product {scene.product_id} is not found by its title"]


async def test_search_finds_the_one_of_many(session: BrandSession, scene: Scene) -> None:
    sku = (await reads.skus_by_id(session, [scene.sku_id]))[scene.sku_id]
    products = [
        catalogue.NewProduct(
            f"第{number}号 围巾",
            (catalogue.NewSku("均码", f"{sku.code}-{number}", None, 100, None, 0),),
        )
        for number in range(400)
    ]
    await catalogue.create_products(session, SYSTEM, products=products, now=session.now)
    wanted = reads.search_parameters(session, "第77号")
    query = sa.select(ProductRow.title).where(ProductRow.brand_id == session.brand_id, reads.IS_FOUND)
    assert wanted is not None
    assert (await session.execute(query, wanted)).scalars().all() == ["第77号 围巾"]


async def test_shelf_keeps_its_order_pages_count_and_hidden_items(session: BrandSession, scene: Scene) -> None:
    await stocked(session)
    shop_id = scene.guide.shop_id
    assert shop_id is not None
    ids = {one.title: one.product_id for one in await reads.product_page(session, limit=10)}
    for title, change in (
        (TITLES[1], ShelfChange(is_featured=True)),
        (TITLES[0], ShelfChange(position=1)),
        (TITLES[5], ShelfChange(is_hidden=True)),
    ):
        await shelf.change_item(
            session, guide_of(scene.guide), shop_id=shop_id, product_id=ids[title], change=change, now=session.now
        )
    seen, key = [], None
    while True:
        page = await shelf_reads.shelf_page(session, shop_id=shop_id, branch="", limit=1, after=key, search="茶")
        assert page.total_count == 3
        if not page.items:
            break
        seen.append(page.items[0].product.title)
        key = page.items[0].key
    assert seen == [TITLES[1], TITLES[0], TITLES[2]]
    mine = await shelf_reads.shelf_page(session, shop_id=shop_id, branch="", limit=9, search="茶", has_hidden=True)
    assert mine.total_count == len(mine.items) == 4
    nothing = await shelf_reads.shelf_page(session, shop_id=shop_id, branch="", limit=9, search="咖啡")
    assert nothing == shelf_reads.ShelfPage([], 0)
    blank = await shelf_reads.shelf_page(session, shop_id=shop_id, branch="", limit=9, search=" 　")
    assert blank.total_count == 6


async def test_customers_search_a_shelf_over_the_api(
    api: Api, database: Database, scene: Scene, keys: Keys, counted: Counted
) -> None:
    async with database.transaction(scene.brand) as session:
        await stocked(session)
    query = """query ($slug: String!, $search: String) { shop(slug: $slug) { shelf(search: $search, first: 1) {
      totalCount pageInfo { hasNextPage } edges { node { product { title } } } } } }"""
    slug = str(scene.guide.slug)
    with counted() as plain:
        await api.send(query, {"slug": slug})
    with counted() as searched:
        found = await api.send(query, {"slug": slug, "search": "礼盒"})
    shelf_found = found["data"]["shop"]["shelf"]
    assert len(searched) == len(plain) - 1  # the slug's way is known by now
    assert (shelf_found["totalCount"], shelf_found["pageInfo"]["hasNextPage"]) == (2, True)
    assert [edge["node"]["product"]["title"] for edge in shelf_found["edges"]] == [TITLES[3]]
    assert await api.codes(query, {"slug": slug, "search": "长" * 101}) == ["BAD_USER_INPUT"]


async def test_shop_page_finds_goes_on_and_says_when_there_is_nothing(
    http: httpx.AsyncClient, database: Database, scene: Scene
) -> None:
    async with database.transaction(scene.brand) as session:
        for number in range(30):
            await factories.make_product(session, title=f"绿茶 {number}")
    path = f"/s/{scene.guide.slug}"
    found = await http.get(path, params={"q": "绿茶"})
    assert found.status_code == 200 and "共 30 件" in found.text and found.text.count('class="item') == 24
    assert 'value="绿茶"' in found.text and "羊绒围巾" not in found.text
    onward = found.text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert onward.startswith(f"{path}?q=%E7%BB%BF%E8%8C%B6&after=")
    rest = await http.get(onward)
    assert rest.text.count('class="item') == 6 and 'rel="next"' not in rest.text
    nothing = await http.get(path, params={"q": '<script>alert(1)</script>"'})
    assert nothing.status_code == 200 and "没有找到" in nothing.text and "<script>alert" not in nothing.text
    assert (await http.get(path, params={"q": "长" * 3_000})).status_code == 200
    whole = await http.get(path, params={"q": "  "})
    assert "共 31 件" in whole.text
