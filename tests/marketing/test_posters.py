"""Posters by the clients' documents: templates, drawing at once, what is the same poster, and what is refused."""

import asyncio
import io
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
import zxingcpp
from PIL import Image

from app.marketing import poster_drawing, poster_layouts
from app.marketing.models import CodeRow
from app.marketing.poster_drawing import Unfit
from app.marketing.poster_models import PosterCodeRow, PosterRow, PosterTemplateRow, PosterTemplateVersionRow
from app.marketing.poster_values import PosterFailure
from app.platform.runtime import Runtime
from app.platform.storage import Storage, key_of
from app.products import catalogue
from graphql_schema.paging import decode_global_id, encode_global_id
from tests import factories
from tests.documents import Client
from tests.factories import Scene, key
from tests.marketing import poster_samples
from tests.marketing.poster_desk import UPDATE, Desk

TITLE = {"kind": "TEXT", "box": [40, 40, 400, 60], "text": "{product}", "size": 32}


@pytest.fixture
async def desk(http: Any, runtime: Runtime, scene: Scene) -> Desk:
    return await Desk(http, runtime, scene).open()


async def picture_at(desk: Desk, url: str) -> Image.Image:
    answer = await desk.http.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert "immutable" in answer.headers["cache-control"]
    return Image.open(io.BytesIO(answer.content))


async def test_a_guide_draws_a_poster_and_its_code_leads_to_the_product(desk: Desk) -> None:
    poster = await desk.poster()
    assert poster["state"] == "READY"
    shown = await picture_at(desk, poster["imageUrl"])
    assert shown.size == (1080, 1660)
    assert [found.text for found in zxingcpp.read_barcodes(shown)] == [poster["issuedCode"]["url"]]
    answer = await desk.http.get(poster["issuedCode"]["url"], headers={"accept": "text/html"})
    assert answer.headers["location"] == f"/s/{desk.scene.guide.slug}/p/{desk.product_id}"
    assert await desk.broken() == []


async def test_a_poster_of_the_shop_needs_no_product_and_leads_to_the_shelf(desk: Desk) -> None:
    poster = await desk.poster("小店名片")
    assert poster["state"] == "READY"
    answer = await desk.http.get(poster["issuedCode"]["url"], headers={"accept": "text/html"})
    assert answer.headers["location"] == f"/s/{desk.scene.guide.slug}"


async def test_the_price_on_the_poster_is_the_one_on_the_shops_page(desk: Desk) -> None:
    await desk.reprice(1_234_50)
    poster = await desk.poster()
    async with desk.runtime.database.reading(desk.scene.brand) as session:
        facts = (
            await session.execute(
                sa.select(PosterRow.facts).where(
                    PosterRow.brand_id == desk.scene.brand.id,
                    PosterRow.id == decode_global_id(poster["id"], "Poster").uuids[0],
                )
            )
        ).scalar_one()
    page = (await Client(desk.http).data("ShopPage", slug=desk.scene.guide.slug))["shop"]["shelf"]["edges"][0]["node"]
    assert facts["price"] == page["product"]["skus"][0]["price"]["display"] == "¥1,234.50"
    assert facts["is_from"] is False


async def test_the_same_content_is_the_same_poster_and_no_second_picture(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    make = poster_drawing.make

    def counted(*given: Any) -> Any:
        drawn.append(1)
        return make(*given)

    monkeypatch.setattr(poster_drawing, "make", counted)
    sent = key()
    first = await desk.poster(idempotencyKey=sent)
    again, other_key = await desk.poster(idempotencyKey=sent), await desk.poster()
    assert first == again == other_key
    assert (len(drawn), await desk.count(PosterRow), await desk.count(PosterCodeRow)) == (1, 1, 1)
    # A new price, another template, a new version, another guide: each is another poster. The code stays the guide's.
    await desk.reprice(15_900)
    dearer = await desk.poster()
    large = await desk.poster("商品海报·大图")
    assert len({first["imageUrl"], dearer["imageUrl"], large["imageUrl"]}) == 3
    assert len({one["issuedCode"]["token"] for one in (first, dearer, large)}) == 1
    await desk.reprice(12_900)
    assert await desk.poster() == first
    layout = poster_layouts.PRODUCT | {"background": "sunken"}
    changed = await desk.owner.query(
        UPDATE,
        input={"idempotencyKey": key(), "templateId": desk.templates["商品海报·暖纸"], "layout": layout},
    )
    assert changed["data"]["posterTemplateUpdate"]["posterTemplate"]["version"] == 2
    newer = await desk.poster()
    assert newer["imageUrl"] != first["imageUrl"]
    assert (await desk.http.get(first["imageUrl"])).status_code == 200
    colleague = Client(
        desk.http, await factories.token_for(desk.runtime, desk.scene.brand, desk.scene.other_guide.employee_id)
    )
    theirs = await desk.poster(client=colleague)
    assert theirs["issuedCode"]["token"] != newer["issuedCode"]["token"]
    assert (await desk.count(PosterRow), await desk.count(PosterTemplateVersionRow)) == (5, 4)
    assert await desk.broken() == []


async def test_a_revoked_code_stands_on_no_new_poster(desk: Desk) -> None:
    first = await desk.poster()
    revoke = "mutation ($input: CodeRevokeInput!) { codeRevoke(input: $input) { __typename } }"
    async with desk.runtime.database.reading(desk.scene.brand) as session:
        code_id = (
            await session.execute(
                sa.select(CodeRow.id).where(
                    CodeRow.brand_id == desk.scene.brand.id, CodeRow.token == first["issuedCode"]["token"]
                )
            )
        ).scalar_one()
    await desk.guide.query(revoke, input={"idempotencyKey": key(), "codeId": encode_global_id("Code", code_id)})
    second = await desk.poster()
    assert second["issuedCode"]["token"] != first["issuedCode"]["token"]
    assert (await desk.poster()) == second


async def test_ten_askers_at_once_get_one_poster_with_one_code(desk: Desk) -> None:
    posters = await asyncio.gather(*(desk.poster() for _ in range(10)))
    assert len({(one["id"], one["issuedCode"]["token"]) for one in posters}) == 1
    assert (await desk.count(PosterRow), await desk.count(PosterCodeRow)) == (1, 1)


@pytest.mark.parametrize("name", [poster_samples.RARE, "\U00020bb7野家"])
async def test_a_rare_name_is_drawn(desk: Desk, name: str) -> None:
    async with desk.runtime.database.transaction(desk.scene.brand) as session:
        guide = await factories.make_employee(session, store_id=desk.scene.store_id, display_name=name)
    client = Client(desk.http, await factories.token_for(desk.runtime, desk.scene.brand, guide.employee_id))
    assert (await desk.poster("小店名片", client=client))["state"] == "READY"


async def test_a_sign_that_no_font_has_is_refused_and_nothing_is_kept(desk: Desk) -> None:
    async with desk.runtime.database.transaction(desk.scene.brand) as session:
        product_id, _ = await factories.make_product(session, title="围巾 𓀀")
    codes = await desk.count(CodeRow)
    refused = await desk.render(productId=encode_global_id("Product", product_id))
    assert (refused["__typename"], refused["code"]) == ("InvalidInput", "INVALID_INPUT")
    assert "𓀀" in refused["message"]
    assert (await desk.count(PosterRow), await desk.count(CodeRow)) == (0, codes)


async def test_what_a_poster_needs_is_named(desk: Desk) -> None:
    without = await desk.render(productId=None)
    assert (without["__typename"], without["path"]) == ("InvalidInput", ["productId"])
    unknown = await desk.render(productId=encode_global_id("Product", UUID(int=7)))
    assert (unknown["__typename"], unknown["path"]) == ("NotFound", ["productId"])
    wrong = await desk.render(productId=encode_global_id("Sku", desk.scene.sku_id))
    assert (wrong["__typename"], wrong["path"]) == ("InvalidInput", ["productId"])
    material = await desk.render("小店名片", materialId=encode_global_id("Material", UUID(int=7)))
    assert (material["__typename"], material["path"]) == ("NotFound", ["materialId"])
    template = await desk.render(templateId=encode_global_id("PosterTemplate", UUID(int=7)))
    assert (template["__typename"], template["path"]) == ("NotFound", ["templateId"])
    assert await desk.count(PosterRow) == 0


async def test_a_material_of_the_toolbox_is_drawn_and_its_code_leads_to_it(desk: Desk) -> None:
    made = []
    for title, audience in (("新品说明", {}), ("店长须知", {"roles": ["MANAGER"]})):
        sent = {"kind": "NEWS", "title": title, "audience": audience}
        made.append((await desk.owner.do("MaterialCreate", idempotencyKey=key(), **sent))["material"]["id"])
    codes = await desk.count(CodeRow)
    priced = await desk.render(productId=None, materialId=made[0])
    assert (priced["__typename"], priced["path"]) == ("InvalidInput", ["productId"])
    both = await desk.render(materialId=made[0])
    assert (both["__typename"], both["path"]) == ("InvalidInput", ["materialId"])
    not_mine = await desk.render("小店名片", materialId=made[1])
    assert (not_mine["__typename"], not_mine["path"]) == ("NotFound", ["materialId"])
    assert (await desk.count(PosterRow), await desk.count(CodeRow)) == (0, codes)

    layout = poster_layouts.SHOP | {"layers": [*poster_layouts.SHOP["layers"], TITLE]}
    titled = (await desk.create(layout=layout))["posterTemplate"]["id"]
    drawn = await desk.poster("小店名片", templateId=titled, materialId=made[0])
    assert drawn["state"] == "READY"
    assert await desk.poster("小店名片", templateId=titled, materialId=made[0]) == drawn
    async with desk.runtime.database.reading(desk.scene.brand) as session:
        facts = (
            await session.execute(sa.select(PosterRow.facts).where(PosterRow.brand_id == session.brand_id))
        ).scalar_one()
    assert (facts["title"], facts["price"], facts["link"]) == ("新品说明", "", drawn["issuedCode"]["url"])
    opened = await desk.http.get(f"/q/{drawn['issuedCode']['token']}")
    assert opened.headers["location"].startswith(f"/s/{desk.scene.guide.slug}/m/")
    assert (await desk.count(PosterCodeRow), await desk.count(CodeRow), await desk.broken()) == (1, codes + 1, [])


async def test_a_template_of_another_brand_is_not_there(desk: Desk, http: Any, runtime: Runtime) -> None:
    elsewhere = await Desk(http, runtime, await factories.make_scene(runtime.database)).open()
    refused = await desk.render(templateId=elsewhere.templates["商品海报·暖纸"])
    assert (refused["__typename"], refused["path"]) == ("NotFound", ["templateId"])
    changed = await desk.owner.query(
        UPDATE, input={"idempotencyKey": key(), "templateId": elsewhere.templates["小店名片"], "title": "我的"}
    )
    assert changed["data"]["posterTemplateUpdate"]["__typename"] == "NotFound"
    theirs = await elsewhere.poster()
    seen = await desk.owner.query("query ($id: ID!) { node(id: $id) { id } }", id=theirs["id"])
    assert seen["data"] == {"node": None}


async def test_owner_makes_a_template_with_a_preview_and_a_guide_uses_it(desk: Desk) -> None:
    made = (await desk.create())["posterTemplate"]
    assert (made["title"], made["version"], made["needsProduct"]) == ("自己的", 1, False)
    assert [found.text for found in zxingcpp.read_barcodes(await picture_at(desk, made["previewUrl"]))] == [
        desk.runtime.settings.base_url
    ]
    assert (await desk.poster("小店名片", templateId=made["id"]))["state"] == "READY"
    taken = await desk.create()
    assert (taken["__typename"], taken["path"]) == ("Conflict", ["title"])
    listed = (await desk.guide.data("PosterTemplates", first=2))["posterTemplates"]
    assert (listed["totalCount"], listed["pageInfo"]["hasNextPage"]) == (4, True)
    rest = await desk.guide.data("PosterTemplates", first=2, after=listed["pageInfo"]["endCursor"])
    assert [edge["node"]["title"] for edge in rest["posterTemplates"]["edges"]] == ["小店名片", "自己的"]


async def test_a_withdrawn_template_makes_no_posters_until_it_is_offered_again(desk: Desk) -> None:
    template_id = desk.templates["小店名片"]
    for is_withdrawn, kind, offered in ((True, "NotFound", 2), (False, "PosterRenderPayload", 3)):
        sent = {"idempotencyKey": key(), "templateId": template_id, "isWithdrawn": is_withdrawn}
        changed = (await desk.owner.query(UPDATE, input=sent))["data"]["posterTemplateUpdate"]["posterTemplate"]
        assert (changed["isWithdrawn"], changed["version"]) == (is_withdrawn, 1)
        assert (await desk.render("小店名片"))["__typename"] == kind
        assert (await desk.guide.data("PosterTemplates"))["posterTemplates"]["totalCount"] == offered


@pytest.mark.parametrize(
    ("layout", "path"),
    [
        (poster_layouts.SHOP | {"shadow": True}, ["layout", "shadow"]),
        (poster_layouts.SHOP | {"width": 20_000}, ["layout", "width"]),
        (
            {"width": 600, "height": 400, "layers": [{"kind": "VIDEO", "box": [0, 0, 9, 9]}]},
            ["layout", "layers", "0", "kind"],
        ),
        ("<svg/>", ["layout"]),
        (7, ["layout"]),
        (
            {
                "width": 600,
                "height": 400,
                "layers": [
                    {"kind": "TEXT", "box": [300, 0, 300, 100], "text": "𓀀", "size": 30},
                    {"kind": "CODE", "box": [0, 0, 225, 225]},
                ],
            },
            ["layout"],
        ),
    ],
)
async def test_a_wrong_template_is_refused_with_its_path(desk: Desk, layout: Any, path: list[str]) -> None:
    refused = await desk.create(layout=layout)
    assert (refused["__typename"], refused["path"]) == ("InvalidInput", path)
    changed = await desk.owner.query(
        UPDATE, input={"idempotencyKey": key(), "templateId": desk.templates["小店名片"], "layout": layout}
    )
    assert changed["data"]["posterTemplateUpdate"]["path"] == path
    assert await desk.count(PosterTemplateRow) == 3


async def test_a_poster_whose_code_cannot_be_read_is_failed_and_never_shown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def unfit(*_: Any) -> Any:
            raise Unfit(PosterFailure.UNREADABLE)

        patch.setattr(poster_drawing, "make", unfit)
        failed = await desk.poster()
        assert (failed["state"], failed["imageUrl"]) == ("FAILED", None)
    asked = "query ($id: ID!) { node(id: $id) { ... on Poster { state failure imageUrl } } }"
    node = (await desk.guide.query(asked, id=failed["id"]))["data"]["node"]
    assert node == {"state": "FAILED", "failure": "UNREADABLE", "imageUrl": None}
    # Asked for again it is drawn again.
    again = await desk.poster()
    assert (again["id"], again["state"]) == (failed["id"], "READY")


async def test_covers_are_taken_from_our_own_store_and_never_from_another_server(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    get = Storage.get

    async def noted(self: Storage, name: str) -> Any:
        asked.append(name)
        return await get(self, name)

    monkeypatch.setattr(Storage, "get", noted)
    own = f"/media/demo/{factories.next_number()}.svg"
    png = io.BytesIO()
    Image.new("RGB", (64, 64), "#cc0000").save(png, "PNG")
    await desk.runtime.storage.put(
        f"{str(key_of(own)).removesuffix('.svg')}.png", png.getvalue(), media_type="image/png"
    )
    seen = []
    for url in (own, "https://169.254.169.254/latest/meta-data", "https://elsewhere.example/a.jpg"):
        async with desk.runtime.database.transaction(desk.scene.brand) as session:
            await catalogue.update_product(
                session, factories.SYSTEM, product_id=desk.scene.product_id, cover_url=url, now=session.now
            )
        shown = await picture_at(desk, (await desk.poster())["imageUrl"])
        seen.append(shown.convert("RGB").getpixel((500, 500)))
    assert [pixel[0] > 190 and pixel[1] < 20 for pixel in seen if isinstance(pixel, tuple)] == [True, False, False]
    assert not [name for name in asked if "169.254" in name or "elsewhere" in name]
