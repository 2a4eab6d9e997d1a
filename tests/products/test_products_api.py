"""Products over the API: the contract's documents, and who may ask for what."""

from typing import Any
from uuid import UUID

from app.platform.actor import SYSTEM
from app.platform.db import Database
from app.products import catalogue, invariants, reads
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.employees.api import Api
from tests.factories import Scene, next_number
from tests.products.conftest import Counted, Keys, item_id, stock_of

STOCK = "query ($slug: String!) { shop(slug: $slug) { shelf { edges { node { product { skus { stock } } } } } } }"
NODE = """query ($id: ID!) { node(id: $id) { __typename id ... on Product { title state } ... on Sku { code }
  ... on ShelfItem { isHidden product { id } } ... on Category { name parent { name } } ... on Shop { slug } } }"""


def a_product(**more: Any) -> dict[str, Any]:
    number = next_number()
    sku = {"name": "均码", "code": f"API-{number}", "barcode": f"69{number:011d}", "priceMinor": 12_900, "stock": 5}
    return {"idempotencyKey": factories.key(), "title": "真丝衬衫", "skus": [sku]} | more


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
