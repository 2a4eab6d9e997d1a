"""Shops and shelves over the API: the contract's documents, and who sees what."""

from app.platform.actor import SYSTEM
from app.platform.db import Database
from app.products import catalogue, shelf
from app.products.values import NewProduct, NewSku, ShelfChange
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.employees.api import Api
from tests.factories import Scene, next_number
from tests.products.conftest import Counted, Keys, guide_of, item_id

HIDDEN = "query ($slug: String!) { shop(slug: $slug) { shelf(includeHidden: true) { edges { node { isHidden } } } } }"


async def test_a_shop_page_shows_guide_shelf_and_prices_in_four_statements(
    api: Api, database: Database, scene: Scene, counted: Counted
) -> None:
    number = next_number()
    async with database.transaction(scene.brand) as session:
        products = [
            NewProduct(
                f"商品{at}",
                (
                    NewSku("大", f"L{number}-{at}", None, 2_000, 9_900, 0),
                    NewSku("小", f"S{number}-{at}", None, 1_000 + at, 5_000, at % 2),
                ),
                cover_url=f"/media/{at}.png",
            )
            for at in range(30)
        ]
        ids = await catalogue.create_products(session, SYSTEM, products=products, now=session.now)
        await shelf.change_item(
            session,
            guide_of(scene.guide),
            shop_id=scene.guide.shop_id or scene.sku_id,
            product_id=scene.product_id,
            change=ShelfChange(is_featured=True, position=1, badge="主推"),
            now=session.now,
        )
    with counted() as statements:
        shop = await api.data("ShopPage", {"slug": scene.guide.slug})
    assert len(statements) <= 4, statements
    with counted() as statements:
        assert await api.data("ShopPage", {"slug": scene.guide.slug}) == shop
    assert len(statements) == 3, statements
    assert shop["guide"] | {"id": ""} == {
        "id": "",
        "displayName": "林知夏",
        "title": None,
        "avatarUrl": None,
        "store": {"id": encode_global_id("Store", scene.store_id), "name": "人民广场店", "city": "上海"},
    }
    assert (shop["slug"], shop["campaigns"]) == (scene.guide.slug, {"edges": []})
    assert shop["shelf"]["totalCount"] == 31
    first, second, *_ = [edge["node"] for edge in shop["shelf"]["edges"]]
    assert (first["isFeatured"], first["position"], first["badge"]) == (True, 1, "主推")
    assert first["product"]["id"] == encode_global_id("Product", scene.product_id)
    newest = second["product"]
    assert (newest["title"], newest["coverUrl"]) == ("商品29", "/media/29.png")
    assert newest["price"] == {"minor": 1_029, "currency": "CNY", "display": "¥10.29"}
    assert newest["marketPrice"]["minor"] == 5_000
    assert [(sku["name"], sku["price"]["minor"], sku["isInStock"]) for sku in newest["skus"]] == [
        ("大", 2_000, False),
        ("小", 1_029, True),
    ]
    seen, after = [], None
    while True:
        page = (await api.data("ShopPage", {"slug": scene.guide.slug, "first": 10, "after": after}))["shelf"]
        seen += [edge["node"]["product"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    expected = [scene.product_id, *sorted(ids, reverse=True)]
    assert seen == [encode_global_id("Product", product_id) for product_id in expected]


async def test_a_slug_that_leads_nowhere_is_null_and_bad_arguments_are_told(api: Api, scene: Scene) -> None:
    assert await api.data("ShopPage", {"slug": "nowhere"}) is None
    shelf_page = """query ($slug: String!, $first: Int, $after: String) {
      shop(slug: $slug) { shelf(first: $first, after: $after) { totalCount } } }"""
    for bad in ({"first": 0}, {"first": 101}, {"after": "x"}):
        assert await api.codes(shelf_page, {"slug": scene.guide.slug} | bad) == ["BAD_USER_INPUT"]
    fine = await api.send(shelf_page, {"slug": scene.guide.slug, "first": None})
    assert fine["data"]["shop"]["shelf"] == {"totalCount": 1}


async def test_a_shop_of_another_brand_is_not_read_with_a_key_of_this_one(
    api: Api, database: Database, keys: Keys
) -> None:
    other = await factories.make_scene(database)
    query = "query ($slug: String!) { shop(slug: $slug) { name } }"
    assert await api.codes(query, {"slug": other.guide.slug}, token=keys.owner) == ["BAD_USER_INPUT"]


async def test_what_is_hidden_is_for_the_own_guide_alone(api: Api, scene: Scene, keys: Keys) -> None:
    slug = {"slug": scene.guide.slug}
    update = {"shelfItemId": item_id(scene.guide.shop_id, scene.product_id), "isHidden": True}
    changed = await api.mutate("ShelfItemUpdate", keys.guide, **update)
    assert changed["shelfItem"]["isHidden"] is True
    assert (await api.data("ShopPage", slug))["shelf"]["totalCount"] == 0
    assert (await api.data("ShopPage", {"slug": scene.other_guide.slug}))["shelf"]["totalCount"] == 1
    own = await api.send(HIDDEN, slug, token=keys.guide)
    assert own["data"]["shop"]["shelf"]["edges"] == [{"node": {"isHidden": True}}]
    assert await api.codes(HIDDEN, slug) == ["UNAUTHENTICATED"]
    for key in (keys.other_guide, keys.owner, keys.customer):
        assert await api.codes(HIDDEN, slug, token=key) == ["FORBIDDEN"]


async def test_a_guide_sees_the_own_shelf_with_what_is_hidden(api: Api, scene: Scene, keys: Keys) -> None:
    await api.mutate(
        "ShelfItemUpdate", keys.guide, shelfItemId=item_id(scene.guide.shop_id, scene.product_id), isHidden=True
    )
    viewer = await api.data("GuideShelf", token=keys.guide)
    page = viewer["employee"]["shop"]["shelf"]
    assert page["totalCount"] == 1
    [edge] = page["edges"]
    assert edge["node"] | {"product": None} == {
        "id": item_id(scene.guide.shop_id, scene.product_id),
        "position": None,
        "isFeatured": False,
        "isHidden": True,
        "badge": None,
        "product": None,
    }


async def test_a_guide_changes_the_own_shelf_and_nobody_elses(api: Api, scene: Scene, keys: Keys) -> None:
    own = item_id(scene.guide.shop_id, scene.product_id)
    made = await api.mutate("ShelfItemUpdate", keys.guide, shelfItemId=own, isFeatured=True, position=3, badge="新")
    assert made["shelfItem"] == {"id": own, "position": 3, "isFeatured": True, "isHidden": False, "badge": "新"}
    made = await api.mutate("ShelfItemUpdate", keys.guide, shelfItemId=own, position=None, isFeatured=None)
    assert made["shelfItem"] == {"id": own, "position": None, "isFeatured": True, "isHidden": False, "badge": "新"}
    for wrong, kind in (
        (item_id(scene.other_guide.shop_id, scene.product_id), "NotFound"),
        (item_id(scene.guide.shop_id, scene.sku_id), "NotFound"),
        (encode_global_id("ShelfItem", scene.product_id), "InvalidInput"),
        (encode_global_id("Product", scene.product_id), "InvalidInput"),
        ("?", "InvalidInput"),
    ):
        answer = await api.mutate("ShelfItemUpdate", keys.guide, shelfItemId=wrong, isHidden=True)
        assert (answer["__typename"], answer["path"]) == (kind, ["shelfItemId"])
    answer = await api.mutate("ShelfItemUpdate", keys.guide, shelfItemId=own, position=10_000)
    assert (answer["__typename"], answer["path"]) == ("InvalidInput", ["position"])
    [edge] = (await api.data("ShopPage", {"slug": scene.guide.slug}))["shelf"]["edges"]
    assert (edge["node"]["isFeatured"], edge["node"]["position"], edge["node"]["badge"]) == (True, None, "新")
