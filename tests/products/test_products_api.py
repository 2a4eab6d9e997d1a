"""Products over the API: the contract's documents, and who may ask for what."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from app.platform.actor import SYSTEM
from app.platform.db import Database
from app.platform.runtime import Runtime
from app.products import catalogue, invariants, reads, shelf
from app.products.values import NewProduct, NewSku, ShelfChange
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.employees.api import Api, make_api
from tests.factories import Scene, next_number
from tests.products.conftest import Counted, guide_of, stock_of

HIDDEN = "query ($slug: String!) { shop(slug: $slug) { shelf(includeHidden: true) { edges { node { isHidden } } } } }"
STOCK = "query ($slug: String!) { shop(slug: $slug) { shelf { edges { node { product { skus { stock } } } } } } }"
NODE = """query ($id: ID!) { node(id: $id) { __typename id ... on Product { title state } ... on Sku { code }
  ... on ShelfItem { isHidden product { id } } ... on Category { name parent { name } } ... on Shop { slug } } }"""


@dataclass(frozen=True, slots=True)
class Keys:
    """Access tokens of the scene's people."""

    owner: str
    guide: str
    other_guide: str
    customer: str


@pytest.fixture
async def api(runtime: Runtime) -> Api:
    return make_api(runtime)


@pytest.fixture
async def keys(runtime: Runtime, database: Database, scene: Scene) -> Keys:
    async with database.transaction(scene.brand) as session:
        customer_id = await factories.make_customer(session)

    async def key(principal_id: UUID, audience: str = "EMPLOYEE") -> str:
        return await factories.token_for(runtime, scene.brand, principal_id, audience)

    return Keys(
        owner=await key(scene.owner_id),
        guide=await key(scene.guide.employee_id),
        other_guide=await key(scene.other_guide.employee_id),
        customer=await key(customer_id, "CUSTOMER"),
    )


def a_product(**more: Any) -> dict[str, Any]:
    number = next_number()
    sku = {"name": "均码", "code": f"API-{number}", "barcode": f"69{number:011d}", "priceMinor": 12_900, "stock": 5}
    return {"idempotencyKey": factories.key(), "title": "真丝衬衫", "skus": [sku]} | more


def item_id(shop_id: UUID | None, product_id: UUID) -> str:
    assert shop_id is not None
    return encode_global_id("ShelfItem", shop_id, product_id)


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


async def test_how_much_there_is_is_for_staff(api: Api, scene: Scene, keys: Keys) -> None:
    slug = {"slug": scene.guide.slug}
    assert await api.codes(STOCK, slug) == ["UNAUTHENTICATED"]
    assert await api.codes(STOCK, slug, token=keys.customer) == ["FORBIDDEN"]
    shown = await api.send(STOCK, slug, token=keys.other_guide)
    assert shown["data"]["shop"]["shelf"]["edges"] == [{"node": {"product": {"skus": [{"stock": 100}]}}}]


async def test_staff_find_products_of_every_state_in_few_statements(
    api: Api, database: Database, scene: Scene, keys: Keys, counted: Counted
) -> None:
    async with database.transaction(scene.brand) as session:
        top = await catalogue.create_category(session, SYSTEM, name="围巾", now=session.now)
        await catalogue.update_product(
            session, SYSTEM, product_id=scene.product_id, category_id=top, state="WITHDRAWN", now=session.now
        )
        for _ in range(5):
            await factories.make_product(session, title="手套")
    with counted() as statements:
        page = await api.data("StaffProducts", token=keys.guide)
    # Brand, session, page, count, SKUs, categories.
    assert len(statements) == 6, statements
    assert (page["totalCount"], len(page["edges"])) == (6, 6)
    last = page["edges"][-1]["node"]
    assert (last["title"], last["state"], last["category"]["name"]) == ("羊绒围巾", "WITHDRAWN", "围巾")
    assert [sku["stock"] for sku in last["skus"]] == [100]
    found = await api.data("StaffProducts", {"search": "手套", "first": 2}, token=keys.owner)
    assert (found["totalCount"], len(found["edges"]), found["pageInfo"]["hasNextPage"]) == (5, 2, True)
    query = "query ($search: String) { products(search: $search) { totalCount } }"
    assert await api.codes(query) == ["UNAUTHENTICATED"]
    assert await api.codes(query, token=keys.customer) == ["FORBIDDEN"]
    assert await api.codes(query, {"search": "x" * 101}, token=keys.owner) == ["BAD_USER_INPUT"]


async def test_headquarters_makes_a_category_and_a_product_which_is_on_every_shelf_at_once(
    api: Api, scene: Scene, keys: Keys
) -> None:
    made = await api.mutate("CategoryCreate", keys.owner, idempotencyKey=factories.key(), name="衬衫")
    below = await api.mutate(
        "CategoryCreate", keys.owner, idempotencyKey=factories.key(), name="真丝", parentId=made["category"]["id"]
    )
    assert (made["category"]["name"], below["category"]["name"]) == ("衬衫", "真丝")
    given = a_product(categoryId=below["category"]["id"])
    product = (await api.mutate("ProductCreate", keys.owner, **given))["product"]
    assert (product["title"], product["state"]) == ("真丝衬衫", "PUBLISHED")
    assert [(sku["code"], sku["stock"]) for sku in product["skus"]] == [(given["skus"][0]["code"], 5)]
    for staff in (scene.guide, scene.other_guide):
        page = (await api.data("ShopPage", {"slug": staff.slug}))["shelf"]
        assert page["edges"][0]["node"]["product"]["id"] == product["id"]


async def test_the_same_key_makes_one_product_and_another_input_is_a_conflict(
    api: Api, database: Database, scene: Scene, keys: Keys
) -> None:
    given = a_product()
    first = await api.mutate("ProductCreate", keys.owner, **given)
    assert await api.mutate("ProductCreate", keys.owner, **given) == first
    other = await api.mutate("ProductCreate", keys.owner, **(given | {"title": "别的"}))
    assert (other["__typename"], other["code"]) == ("IdempotencyConflict", "IDEMPOTENCY_CONFLICT")
    async with database.reading(scene.brand) as session:
        assert await reads.product_count(session) == 2


async def test_what_is_wrong_with_a_product_is_named_by_its_path(
    api: Api, database: Database, scene: Scene, keys: Keys
) -> None:
    taken = a_product()
    await api.mutate("ProductCreate", keys.owner, **taken)
    [sku] = taken["skus"]
    for change, kind, path in (
        ({"title": " "}, "InvalidInput", ["title"]),
        ({"coverUrl": "javascript:1"}, "InvalidInput", ["coverUrl"]),
        ({"skus": []}, "InvalidInput", ["skus"]),
        ({"skus": [sku | {"priceMinor": 0}]}, "InvalidInput", ["skus", "0", "priceMinor"]),
        ({"skus": [sku | {"marketPriceMinor": 1}]}, "InvalidInput", ["skus", "0", "marketPriceMinor"]),
        ({"skus": [sku]}, "Conflict", ["skus", "0", "code"]),
        ({"skus": [sku | {"code": "FREE"}]}, "Conflict", ["skus", "0", "barcode"]),
        ({"categoryId": "nonsense"}, "InvalidInput", ["categoryId"]),
        ({"categoryId": encode_global_id("Category", scene.sku_id)}, "NotFound", ["categoryId"]),
        ({"idempotencyKey": "short"}, "InvalidInput", ["idempotencyKey"]),
    ):
        answer = await api.mutate("ProductCreate", keys.owner, **(a_product() | change))
        assert (answer["__typename"], answer["path"]) == (kind, path)
        assert answer["message"]
    async with database.reading(scene.brand) as session:
        assert await reads.product_count(session) == 2


async def test_an_update_changes_prices_and_takes_a_product_off_the_shelves(api: Api, scene: Scene, keys: Keys) -> None:
    given = a_product(description="旧", coverUrl="/media/a.png")
    product = (await api.mutate("ProductCreate", keys.owner, **given))["product"]
    [sku] = product["skus"]
    change = {"idempotencyKey": factories.key(), "productId": product["id"]}
    changed = await api.mutate(
        "ProductUpdate", keys.owner, **change, title="新名", skus=[{"skuId": sku["id"], "priceMinor": 9_900}]
    )
    assert changed["product"]["title"] == "新名"
    assert [sku["price"]["minor"] for sku in changed["product"]["skus"]] == [9_900]
    look = "query ($id: ID!) { node(id: $id) { ... on Product { description coverUrl } } }"
    kept = await api.send(look, {"id": product["id"]}, token=keys.customer)
    assert kept["data"]["node"] == {"description": "旧", "coverUrl": "/media/a.png"}
    again = change | {"idempotencyKey": factories.key()}
    off = await api.mutate("ProductUpdate", keys.owner, **again, state="WITHDRAWN", description=None, coverUrl=None)
    assert off["product"]["state"] == "WITHDRAWN"
    emptied = await api.send(look, {"id": product["id"]}, token=keys.owner)
    assert emptied["data"]["node"] == {"description": None, "coverUrl": None}
    assert (await api.data("ShopPage", {"slug": scene.guide.slug}))["shelf"]["totalCount"] == 1
    wrong = change | {"idempotencyKey": factories.key(), "skus": [{"skuId": "x", "priceMinor": 1}]}
    assert (await api.mutate("ProductUpdate", keys.owner, **wrong))["path"] == ["skus", "0", "skuId"]
    foreign = encode_global_id("Sku", scene.sku_id)
    wrong = change | {"idempotencyKey": factories.key(), "skus": [{"skuId": foreign, "priceMinor": 1}]}
    answer = await api.mutate("ProductUpdate", keys.owner, **wrong)
    assert (answer["__typename"], answer["path"]) == ("NotFound", ["skus", "0", "skuId"])


async def test_stock_is_corrected_once_a_key(api: Api, database: Database, scene: Scene, keys: Keys) -> None:
    given = {"idempotencyKey": factories.key(), "skuId": encode_global_id("Sku", scene.sku_id), "reason": "盘点"}
    for _ in range(3):
        made = await api.mutate("StockAdjust", keys.owner, **given, change=-30)
        assert made["sku"] == {"id": given["skuId"], "stock": 70}
    for change, place in ((0, ["change"]), (-71, ["change"])):
        answer = await api.mutate(
            "StockAdjust", keys.owner, **(given | {"idempotencyKey": factories.key()}), change=change
        )
        assert (answer["__typename"], answer["path"]) == ("InvalidInput", place)
    elsewhere = {"idempotencyKey": factories.key(), "locationId": encode_global_id("Location", scene.sku_id)}
    answer = await api.mutate("StockAdjust", keys.owner, **(given | elsewhere), change=1)
    assert (answer["__typename"], answer["path"]) == ("NotFound", ["locationId"])
    async with database.reading(scene.brand) as session:
        assert await stock_of(session, scene.sku_id) == (70, 0)
        assert await invariants.stock_equals_movements(session) == []


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


async def test_only_headquarters_and_the_owner_may_change_the_catalogue(api: Api, scene: Scene, keys: Keys) -> None:
    inputs = {
        "categoryCreate": ("CategoryCreateInput", {"idempotencyKey": factories.key(), "name": "甲"}),
        "productCreate": ("ProductCreateInput", a_product()),
        "productUpdate": (
            "ProductUpdateInput",
            {"idempotencyKey": factories.key(), "productId": encode_global_id("Product", scene.product_id)},
        ),
        "stockAdjust": (
            "StockAdjustInput",
            {
                "idempotencyKey": factories.key(),
                "skuId": encode_global_id("Sku", scene.sku_id),
                "change": 1,
                "reason": "盘点",
            },
        ),
    }
    for field, (kind, given) in inputs.items():
        query = f"mutation ($input: {kind}!) {{ {field}(input: $input) {{ __typename }} }}"
        assert await api.codes(query, {"input": given}) == ["UNAUTHENTICATED"]
        for key in (keys.guide, keys.customer):
            assert await api.codes(query, {"input": given}, token=key) == ["FORBIDDEN"]
    update = "mutation ($input: ShelfItemUpdateInput!) { shelfItemUpdate(input: $input) { __typename } }"
    given = {"shelfItemId": item_id(scene.guide.shop_id, scene.product_id), "isHidden": True}
    for key in (keys.owner, keys.customer):
        assert await api.codes(update, {"input": given}, token=key) == ["FORBIDDEN"]


async def test_node_shows_customers_what_is_published_and_nobody_what_is_anothers(
    api: Api, database: Database, scene: Scene, keys: Keys
) -> None:
    other = await factories.make_scene(database)
    async with database.transaction(scene.brand) as session:
        top = await catalogue.create_category(session, SYSTEM, name="女装", now=session.now)
        inner = await catalogue.create_category(session, SYSTEM, name="围巾", parent_id=top, now=session.now)

    async def node(key: str, kind: str, *ids: UUID | None) -> Any:
        given = encode_global_id(kind, *[one for one in ids if one is not None])
        body = await api.send(NODE, {"id": given}, token=key)
        assert "errors" not in body, body
        found = body["data"]["node"]
        assert found is None or (found["__typename"], found["id"]) == (kind, given)
        return found

    for key in (keys.customer, keys.guide):
        assert (await node(key, "Product", scene.product_id))["state"] == "PUBLISHED"
        assert await node(key, "Sku", scene.sku_id) is not None
        assert (await node(key, "Category", inner))["parent"] == {"name": "女装"}
        assert (await node(key, "Shop", scene.guide.shop_id))["slug"] == scene.guide.slug
        assert (await node(key, "ShelfItem", scene.guide.shop_id, scene.product_id))["isHidden"] is False
        for kind, ids in (
            ("Product", (other.product_id,)),
            ("Sku", (other.sku_id,)),
            ("Shop", (other.guide.shop_id,)),
            ("ShelfItem", (other.guide.shop_id, other.product_id)),
            ("ShelfItem", (other.guide.shop_id, scene.product_id)),
            ("ShelfItem", (scene.guide.shop_id,)),
            ("Product", (scene.product_id, scene.product_id)),
            ("Category", (scene.product_id,)),
        ):
            assert await node(key, kind, *ids) is None
    own = item_id(scene.guide.shop_id, scene.product_id)
    await api.mutate("ShelfItemUpdate", keys.guide, shelfItemId=own, isHidden=True)
    shown = [await node(key, "ShelfItem", scene.guide.shop_id, scene.product_id) for key in (keys.guide, keys.customer)]
    assert [item and item["isHidden"] for item in shown] == [True, None]
    async with database.transaction(scene.brand) as session:
        await catalogue.update_product(session, SYSTEM, product_id=scene.product_id, state="WITHDRAWN", now=session.now)
    assert (await node(keys.guide, "Product", scene.product_id))["state"] == "WITHDRAWN"
    assert [await node(keys.customer, "Product", scene.product_id), await node(keys.customer, "Sku", scene.sku_id)] == [
        None,
        None,
    ]
    assert await node(keys.guide, "ShelfItem", scene.guide.shop_id, scene.product_id) is None
