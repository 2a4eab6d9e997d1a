"""The toolbox's documents over HTTP as a journey: headquarters fills it, a guide shares, a customer comes and buys."""

import httpx

from app.platform.runtime import Runtime
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.documents import Client
from tests.factories import ADDRESS, Scene, key
from tests.flows.test_contract import pay, signed_in

KINDS = "NAME_CARD COMPANY NEWS BROCHURE PRODUCT QUOTATION CASE FILE VIDEO TESTIMONIAL".split()


async def test_headquarters_fills_the_toolbox_a_guide_shares_and_a_customer_buys(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    owner = Client(http, await factories.token_for(runtime, scene.brand, scene.owner_id))
    guide = Client(http, await factories.token_for(runtime, scene.brand, scene.guide.employee_id))
    product_id = encode_global_id("Product", scene.product_id)
    for number, kind in enumerate(KINDS):
        made = await owner.do(
            "MaterialCreate",
            idempotencyKey=key(),
            kind=kind,
            title=f"第{number}份",
            body="好看，好用。",
            coverUrl="https://a.example/cover.png",
            attachmentUrls=["/media/demo/a.pdf"],
            script="我是{guide}，{link}",
            productIds=[product_id],
            audience={"orgUnitIds": [encode_global_id("OrgUnit", scene.area_id)], "roles": ["GUIDE"]},
        )
        assert made["material"] | {"id": ""} == {"id": "", "kind": kind, "title": f"第{number}份", "version": 1}
    toolbox = (await guide.data("GuideToolbox", first=4))["materials"]
    assert (toolbox["totalCount"], toolbox["pageInfo"]["hasNextPage"]) == (10, True)
    assert [edge["node"]["kind"] for edge in toolbox["edges"]] == KINDS[:5:-1]
    rest = (await guide.data("GuideToolbox", first=50, after=toolbox["pageInfo"]["endCursor"]))["materials"]
    assert [edge["node"]["kind"] for edge in rest["edges"]] == KINDS[5::-1]
    [cases] = (await guide.data("GuideToolbox", kinds=["CASE"]))["materials"]["edges"]
    assert cases["node"] | {"id": ""} == {
        "id": "",
        "kind": "CASE",
        "title": "第6份",
        "coverUrl": "https://a.example/cover.png",
        "version": 1,
    }

    asked = {"idempotencyKey": key(), "materialId": cases["node"]["id"], "channel": "WECHAT_CHAT"}
    share = (await guide.do("MaterialShare", **asked))["share"]
    assert (await guide.do("MaterialShare", **asked))["share"] == share
    code = share["issuedCode"]
    assert share["text"] == f"我是林知夏，{code['url']}" and code["url"].endswith(f"/q/{code['token']}")
    assert (await http.get(code["imageUrl"])).headers["content-type"] == "image/png"
    conflict = await guide.do("MaterialShare", **{**asked, "channel": "SMS"})
    assert conflict["code"] == "IDEMPOTENCY_CONFLICT"

    scan = await Client(http).do("CodeScan", code=code["token"], idempotencyKey=key())
    phone = factories.next_phone()
    customer, _ = await signed_in(http, runtime, scene.brand, phone, visitorToken=scan["visitorToken"])
    placed = await customer.do(
        "OrderPlace",
        idempotencyKey=key(),
        shopSlug=scene.guide.slug,
        lines=[{"skuId": encode_global_id("Sku", scene.sku_id), "quantity": 1}],
        fulfilment={"method": "DELIVERY", "address": ADDRESS},
        code=code["token"],
    )
    begun = await customer.do("PaymentStart", idempotencyKey=key(), orderId=placed["order"]["id"], provider="SANDBOX")
    await pay(http, runtime, begun["payment"])
    listed = (await guide.data("GuideShares"))["viewer"]["employee"]["shares"]
    assert listed["totalCount"] == 1
    node = listed["edges"][0]["node"]
    assert node["lastOpenedAt"] is not None and node["sharedAt"] <= node["lastOpenedAt"]
    assert node | {"sharedAt": "", "lastOpenedAt": ""} == {
        "id": share["id"],
        "material": {"id": cases["node"]["id"], "title": "第6份"},
        "channel": "WECHAT_CHAT",
        "sharedAt": "",
        "openCount": 1,
        "visitorCount": 1,
        "newCustomerCount": 1,
        "orderCount": 1,
        "netSales": {"minor": 12_900, "currency": "CNY", "display": "¥129.00"},
        "lastOpenedAt": "",
    }
    why = (await owner.data("OrderAttribution", id=placed["order"]["id"]))["node"]["attribution"]
    assert why["rule"] == "EXPLICIT_CODE"


async def test_what_breaks_a_rule_is_a_user_error(http: httpx.AsyncClient, runtime: Runtime, scene: Scene) -> None:
    owner = Client(http, await factories.token_for(runtime, scene.brand, scene.owner_id))
    guide = Client(http, await factories.token_for(runtime, scene.brand, scene.guide.employee_id))
    other = await factories.make_scene(runtime.database)
    foreign_unit = encode_global_id("OrgUnit", other.area_id)
    for fields, path in (
        ({"script": "{phone}"}, ["script"]),
        ({"coverUrl": "javascript:alert(1)"}, ["coverUrl"]),
        ({"attachmentUrls": ["/media/a.pdf", "data:x"]}, ["attachmentUrls", "1"]),
        ({"audience": {"orgUnitIds": [foreign_unit]}}, ["audience", "orgUnitIds"]),
        ({"audience": {"orgUnitIds": ["x"]}}, ["audience", "orgUnitIds", "0"]),
        ({"productIds": [encode_global_id("Product", other.product_id)]}, ["productIds"]),
        ({"title": " "}, ["title"]),
    ):
        given = {"kind": "NEWS", "title": "新品", **fields}
        refused = await owner.do("MaterialCreate", idempotencyKey=key(), **given)
        assert (refused["__typename"], refused["path"]) == ("InvalidInput", path)
        assert refused["message"]
    unknown = await owner.send("MaterialCreate", input={"idempotencyKey": key(), "kind": "SONG", "title": "歌"})
    assert unknown["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT" or unknown["errors"]
    assert (await owner.data("GuideToolbox"))["materials"]["totalCount"] == 0
    managers = await owner.do(
        "MaterialCreate", idempotencyKey=key(), kind="NEWS", title="店长", audience={"roles": ["MANAGER"]}
    )
    for material_id, kind in (
        (managers["material"]["id"], "NotFound"),
        (encode_global_id("Material", other.product_id), "NotFound"),
        ("x", "InvalidInput"),
    ):
        refused = await guide.do("MaterialShare", idempotencyKey=key(), materialId=material_id, channel="LINK")
        assert (refused["__typename"], refused["path"]) == (kind, ["materialId"])
    assert (await guide.data("GuideShares"))["viewer"]["employee"]["shares"]["totalCount"] == 0
