"""`/q/{token}` and the pictures of codes, over HTTP."""

import io

import httpx
import pytest
import zxingcpp
from PIL import Image
from starlette.responses import Response

from app.customers import visitors
from app.customers.models import TouchpointRow, VisitorRow
from app.marketing import codes
from app.marketing.models import CodeRow
from app.marketing.rules import make_token
from app.marketing.values import CodeKind
from app.platform.actor import SYSTEM
from app.platform.db import Database
from app.platform.runtime import Runtime
from app.products import catalogue
from app.products.values import ProductState
from app.web import callers
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene
from tests.marketing.walk import Walk, employee

PREVIEWS = [
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Twitterbot/1.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.23.20.0",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 Mobile Safari/537.36 (compatible; Bytespider)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "SkypeUriPreview Preview/0.5",
]


@pytest.fixture
def walk(database: Database, scene: Scene) -> Walk:
    return Walk(database, scene.brand)


async def test_a_code_records_the_scan_and_leads_to_the_shop(site: httpx.AsyncClient, walk: Walk, scene: Scene) -> None:
    answer = await site.get(f"/q/{scene.guide.token}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/s/{scene.guide.slug}")
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"]
    for part in ("visitor=", "HttpOnly", "SameSite=lax", "Max-Age=15552000", "Path=/"):
        assert part in cookie
    assert "Secure" not in cookie
    assert await walk.counts() == {"touchpoints": 1, "visitors": 1, "touch_heads": 1}
    async with walk.database.reading(walk.brand) as session:
        found = await visitors.find(session, site.cookies["visitor"])
    assert found is not None and await walk.count(VisitorRow, VisitorRow.id == found.visitor_id) == 1


async def test_scanning_again_with_the_cookie_is_the_same_visitor_and_touchpoint(
    site: httpx.AsyncClient, walk: Walk, scene: Scene
) -> None:
    for _ in range(3):
        await site.get(f"/q/{scene.guide.token}")
    await site.get(f"/q/{scene.other_guide.token}")
    assert await walk.counts() == {"touchpoints": 2, "visitors": 1, "touch_heads": 2}


async def test_cookie_is_secure_where_the_public_address_is(runtime: Runtime) -> None:

    for url, is_secure in (("https://shop.example", True), ("http://127.0.0.1:8000", False)):
        response = Response()
        callers.keep_visitor(response, "t", runtime.settings.model_copy(update={"public_url": url}))
        assert ("Secure" in response.headers["set-cookie"]) is is_secure


async def test_head_and_link_previews_are_led_on_and_record_nothing(
    site: httpx.AsyncClient, walk: Walk, scene: Scene
) -> None:
    path = f"/q/{scene.guide.token}"
    answers = [await site.head(path)]
    answers += [await site.get(path, headers={"user-agent": agent}) for agent in PREVIEWS]
    for name, value in (
        ("purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("x-moz", "prefetch"),
        ("x-purpose", "preview"),
    ):
        answers.append(await site.get(path, headers={name: value}))
    assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {(303, f"/s/{scene.guide.slug}")}
    assert all("set-cookie" not in answer.headers for answer in answers)
    assert await walk.counts() == {}


@pytest.mark.parametrize("token", ["x", "x" * 20, "x" * 10_240, "%E7%A0%81", "a'b\"<script>"])
async def test_unknown_token_shows_a_page_that_says_what_to_do(
    site: httpx.AsyncClient, walk: Walk, scene: Scene, token: str
) -> None:
    answer = await site.get(f"/q/{token}")
    assert answer.status_code == 404 and answer.headers["content-type"].startswith("text/html")
    assert "认不出这个码" in answer.text and "再扫一次" in answer.text
    assert "<script>" not in answer.text and "set-cookie" not in answer.headers
    assert await walk.counts() == {}


async def test_a_forged_signature_is_unknown(site: httpx.AsyncClient, scene: Scene) -> None:
    assert scene.guide.token
    last = "A" if scene.guide.token[-1] != "A" else "B"
    assert (await site.get(f"/q/{scene.guide.token[:-1]}{last}")).status_code == 404
    assert (await site.get(f"/codes/{scene.guide.token[:-1]}{last}.png")).status_code == 404


async def test_a_genuine_token_that_no_code_has_is_unknown(
    site: httpx.AsyncClient, database: Database, scene: Scene
) -> None:

    token = make_token(b"\x07" * 16, database.vault.derived_keys("code")[0])
    assert codes.is_genuine(database.vault, token)
    for path in (f"/q/{token}", f"/codes/{token}.png"):
        assert (await site.get(path)).status_code == 404


async def test_a_revoked_code_leads_to_the_shop_all_the_same(site: httpx.AsyncClient, walk: Walk, scene: Scene) -> None:
    assert scene.guide.code_id
    async with walk.database.transaction(walk.brand) as session:
        await codes.revoke(session, SYSTEM, code_id=scene.guide.code_id, now=session.now)
    answer = await site.get(f"/q/{scene.guide.token}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/s/{scene.guide.slug}")
    assert await walk.count(TouchpointRow, TouchpointRow.guide_id.is_(None)) == 1


async def test_a_product_code_leads_to_the_product_while_it_is_on_the_shelf(
    site: httpx.AsyncClient, walk: Walk, scene: Scene
) -> None:

    guide = employee(scene.guide.employee_id, shop_id=scene.guide.shop_id, store_id=scene.store_id)
    async with walk.database.transaction(walk.brand) as session:
        made = await codes.create_code(
            session, guide, kind=CodeKind.PRODUCT, target_id=scene.product_id, now=session.now
        )
    product = encode_global_id("Product", scene.product_id)
    answer = await site.get(f"/q/{made.token}")
    assert answer.headers["location"] == f"/s/{scene.guide.slug}/p/{product}"
    assert (await site.get(answer.headers["location"])).status_code == 200
    async with walk.database.transaction(walk.brand) as session:
        await catalogue.update_product(
            session, SYSTEM, product_id=scene.product_id, state=ProductState.WITHDRAWN, now=session.now
        )
    assert (await site.get(f"/q/{made.token}")).headers["location"] == f"/s/{scene.guide.slug}"


async def test_a_stores_code_leads_to_a_shop_there_or_shows_the_store(
    site: httpx.AsyncClient, walk: Walk, scene: Scene
) -> None:
    async with walk.database.transaction(walk.brand) as session:
        empty = await factories.make_store(session, org_unit_id=scene.area_id, name="没有导购的店")
        made = [
            await codes.create_code(session, SYSTEM, kind=CodeKind.STORE, target_id=store, now=session.now)
            for store in (scene.store_id, empty)
        ]
    answer = await site.get(f"/q/{made[0].token}")
    assert answer.headers["location"] == f"/s/{scene.guide.slug}"
    answer = await site.get(f"/q/{made[1].token}")
    assert answer.status_code == 200 and "没有导购的店" in answer.text and "Content-Security-Policy" in answer.headers
    assert await walk.count(TouchpointRow, TouchpointRow.guide_id.is_(None)) == 2


async def test_png_and_svg_are_served_and_decode_to_the_codes_address(
    site: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    png = await site.get(f"/codes/{scene.guide.token}.png")
    assert (png.status_code, png.headers["content-type"]) == (200, "image/png")
    assert png.headers["cache-control"] == "public, max-age=86400"
    picture = Image.open(io.BytesIO(png.content))
    found = [read.text for read in zxingcpp.read_barcodes(picture.convert("L"))]
    assert found == [f"{runtime.settings.base_url}/q/{scene.guide.token}"]
    svg = await site.get(f"/codes/{scene.guide.token}.svg")
    assert svg.headers["content-type"] == "image/svg+xml" and svg.text.startswith("<svg ")
    again = await site.get(f"/codes/{scene.guide.token}.png", headers={"if-none-match": png.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert png.headers["etag"] != svg.headers["etag"]


@pytest.mark.parametrize("name", ["x.png", "x" * 20 + ".svg", ".png", "a.b.png"])
async def test_pictures_of_nothing_are_not_found(site: httpx.AsyncClient, scene: Scene, name: str) -> None:
    assert (await site.get(f"/codes/{name}")).status_code == 404


async def test_pictures_have_two_forms_only(site: httpx.AsyncClient, walk: Walk, scene: Scene) -> None:
    for name in (f"{scene.guide.token}", f"{scene.guide.token}.gif", f"{scene.guide.token}.png.svg"):
        assert (await site.get(f"/codes/{name}")).status_code == 404
    assert await walk.count(CodeRow) == 2
