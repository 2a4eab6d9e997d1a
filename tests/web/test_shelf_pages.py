"""Arranging a shelf, what headquarters decides, the counter, and what makes pages installable; all without a script."""

import io
import re
from uuid import UUID

import httpx
import orjson
import pytest
import zxingcpp
from PIL import Image

from app.marketing.values import CouponKind
from app.platform.db import Database
from app.products import shelf_reads
from app.web.code_pictures import code_picture
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene, key
from tests.marketing import couponing
from tests.trade import purchase
from tests.web.browser import Browser, Page
from tests.web.staffing import come_in

PRODUCT = "/guide/shelf/{}"


def post_form(page: Page) -> dict[str, list[str]]:
    """The hidden fields that every form of the page carries."""
    token = re.findall(r'name="form" value="([^"]+)"', page.text)[0]
    return {"form": [token], "key": [key()]}


def product_of(scene: Scene) -> str:
    return encode_global_id("Product", scene.product_id)


async def test_a_guide_arranges_the_shelf_and_the_shop_shows_it_at_once(browser: Browser, scene: Scene) -> None:
    await come_in(browser, scene.brand, scene.guide.employee_id)
    shop = f"/s/{scene.guide.slug}"
    page = await browser.open("/guide/shelf")
    assert page.status == 200 and "羊绒围巾" in page.text and list(page.faults()) == []
    made = await browser.submit(page, "/guide/shelf", name="本周<新品>", do="section")
    assert "本周&lt;新品&gt;" in made.text and "本周<新品>" not in made.text
    item = await browser.open(PRODUCT.format(product_of(scene)))
    [section] = re.findall(r'<option value="([^"]+)">本周', item.text)
    changed = await browser.submit(
        item, item.path, words="摸着<b>舒服</b>", section=section, badge="新", featured="yes"
    )
    assert changed.status == 200 and list(changed.faults()) == []
    seen = await browser.open(shop)
    assert "本周&lt;新品&gt;" in seen.text and "摸着&lt;b&gt;舒服&lt;/b&gt;" in seen.text
    assert "<b>舒服" not in seen.text and "店主推荐" in seen.text
    one = await browser.open(f"{shop}/p/{product_of(scene)}")
    assert "摸着&lt;b&gt;舒服&lt;/b&gt;" in one.text and "129" in one.text
    other = await browser.open(f"/s/{scene.other_guide.slug}")
    assert "舒服" not in other.text and "本周" not in other.text
    too_long = await browser.submit(await browser.open(item.path), item.path, words="字" * 81)
    assert too_long.status == 422 and "字" * 81 in too_long.text
    assert (await browser.open("/guide/shelf/none")).status == 404


async def test_a_guides_own_picture_is_uploaded_by_a_plain_form(
    browser: Browser, scene: Scene, database: Database
) -> None:
    await come_in(browser, scene.brand, scene.guide.employee_id)
    path = PRODUCT.format(product_of(scene))
    token = (await browser.open(path)).form().fields["form"][0]
    drawn = io.BytesIO()
    Image.new("RGB", (40, 30), "#1b6852").save(drawn, format="PNG")

    async def send(data: bytes, form: str) -> httpx.Response:
        return await browser.client.post(
            f"{path}/picture", data={"form": form}, files={"file": ("a.png", data, "image/png")}
        )

    assert (await send(drawn.getvalue(), "x")).status_code == 403
    assert (await send(b"no picture", token)).status_code == 422
    assert (await send(drawn.getvalue(), token)).status_code == 303
    async with database.reading(scene.brand) as session:
        [said] = await shelf_reads.said_page(session, limit=2)
        [url] = shelf_reads.picture_urls(said.picture_keys)
    shown = await browser.open(f"/s/{scene.guide.slug}/p/{product_of(scene)}")
    assert f'src="{url}"' in shown.text and (await browser.client.get(url)).status_code == 200
    # Unticked it goes.
    await browser.submit(await browser.open(path), path, picture=[])
    assert url not in (await browser.open(f"/s/{scene.guide.slug}/p/{product_of(scene)}")).text


async def test_headquarters_forbids_pins_and_takes_down(browser: Browser, scene: Scene) -> None:
    shop = f"/s/{scene.guide.slug}"
    await come_in(browser, scene.brand, scene.guide.employee_id)
    item = await browser.open(PRODUCT.format(product_of(scene)))
    await browser.submit(item, item.path, words="包治百病")
    assert (await browser.open("/boss/shelf")).status == 403
    await come_in(browser, scene.brand, scene.owner_id)
    page = await browser.open("/boss/shelf")
    assert "包治百病" in page.text and list(page.faults()) == []
    gone = await browser.send(
        "/boss/shelf",
        {
            **post_form(page),
            "do": ["take_down"],
            "shop": [encode_global_id("Shop", UUID(str(scene.guide.shop_id)))],
            "product": [product_of(scene)],
            "reason": ["夸大功效"],
        },
    )
    assert gone.status == 200 and "夸大功效" in gone.text
    assert "包治百病" not in (await browser.open(shop)).text
    form = post_form(await browser.open("/boss/shelf"))
    ban = {
        **form,
        "do": ["create"],
        "kind": ["FORBID"],
        "product": [product_of(scene)],
        "unit": [""],
        "key": ["k" * 20],
    }
    wrong = await browser.send("/boss/shelf", {**ban, "reason": ["召回"], "unit": ["x"], "key": ["u" * 20]})
    assert wrong.status == 422
    silent = await browser.send("/boss/shelf", {**ban, "reason": [" "], "key": ["s" * 20]})
    assert silent.status == 422 and "请写明原因" in silent.text
    assert "羊绒围巾" in (await browser.open(shop)).text
    assert (await browser.send("/boss/shelf", {**ban, "reason": ["召回"]})).status == 200
    assert "羊绒围巾" not in (await browser.open(shop)).text
    assert (await browser.open(f"{shop}/p/{product_of(scene)}")).status == 404
    await come_in(browser, scene.brand, scene.guide.employee_id)
    told = await browser.open("/guide/shelf")
    assert "召回" in told.text and "羊绒围巾" in told.text


async def test_a_coupon_shown_in_the_store_is_redeemed_once(browser: Browser, scene: Scene, database: Database) -> None:
    async with database.transaction(scene.brand) as session:
        await factories.fill(session, scene.store_id, scene.sku_id)
    buyer = await purchase.make_buyer(database, scene.brand)
    of = couponing.terms(CouponKind.EXCHANGE, product_ids=frozenset({scene.product_id}))
    coupon_id = await couponing.coupon_for(database, scene.brand, buyer, of)
    async with database.reading(scene.brand) as session:
        code = str((await couponing.coupon_row(session, coupon_id)).code)
    await come_in(browser, scene.brand, scene.guide.employee_id)
    page = await browser.open(f"/guide/redeem?code={code}")
    assert code in page.text
    found = await browser.submit(page, "/guide/redeem", do="look")
    assert found.status == 200 and "羊绒围巾" in found.text and list(found.faults()) == []
    done = await browser.submit(found, "/guide/redeem", do="redeem")
    assert "已核销，抵 ¥129.00。" in done.text
    again = await browser.submit(found, "/guide/redeem", do="redeem")  # the same form: the same answer
    assert "已核销，抵 ¥129.00。" in again.text
    late = await browser.submit(await browser.open("/guide/redeem"), "/guide/redeem", code=code, do="look")
    assert late.status == 422 and "核销" in late.text
    wrong = await browser.submit(await browser.open("/guide/redeem"), "/guide/redeem", code="0" * 16, do="look")
    assert wrong.status == 422 and "没有这个码" in wrong.text


def test_a_picture_of_a_code_leads_staff_to_the_counter() -> None:
    drawn = code_picture("http://127.0.0.1:8000", "1234 5678")
    side = int(re.findall(r'viewBox="0 0 (\d+)', drawn)[0])
    picture = Image.new("L", (side, side), 255)
    for column, line, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", drawn):
        for at in range(int(length)):
            picture.putpixel((int(column) + at, int(line)), 0)
    [found] = zxingcpp.read_barcodes(picture.resize((side * 6, side * 6), Image.Resampling.NEAREST))
    assert found.text == "http://127.0.0.1:8000/guide/redeem?code=12345678"


@pytest.mark.parametrize("entrance", ["shop", "guide", "boss"])
async def test_each_entrance_has_a_manifest_with_icons_that_are_there(
    browser: Browser, scene: Scene, entrance: str
) -> None:
    start = f"/s/{scene.guide.slug}" if entrance == "shop" else f"/{entrance}"
    path = f"{start}/app.webmanifest" if entrance == "shop" else f"{start}.webmanifest"
    answer = await browser.client.get(path)
    assert answer.headers["content-type"] == "application/manifest+json"
    manifest = orjson.loads(answer.content)
    assert (manifest["start_url"], manifest["display"]) == (start, "standalone")
    assert start.startswith(manifest["scope"]) and manifest["name"] and len(manifest["short_name"]) <= 12
    if entrance == "shop":
        assert manifest["name"] == scene.brand.name
    assert [icon["purpose"] for icon in manifest["icons"]] == ["any", "any", "maskable"]
    for icon in manifest["icons"]:
        shown = await browser.client.get(icon["src"])
        size = Image.open(io.BytesIO(shown.content)).size
        assert (shown.headers["content-type"], f"{size[0]}x{size[1]}") == ("image/png", icon["sizes"])
        assert len(shown.content) < 8_192


async def test_pages_name_the_manifest_of_their_entrance(browser: Browser, scene: Scene) -> None:
    await come_in(browser, scene.brand, scene.owner_id)
    for path, named in (
        (f"/s/{scene.guide.slug}/cart", f"/s/{scene.guide.slug}/app.webmanifest"),
        ("/boss", "/boss.webmanifest"),
        ("/sign-in", None),
    ):
        page = await browser.open(path)
        assert re.findall(r'<link rel="manifest" href="([^"]+)"', page.text) == ([named] if named else [])
        assert "manifest-src 'self'" in page.response.headers["content-security-policy"]
    assert (await browser.client.get("/s/aaaaaaaaaa/app.webmanifest")).status_code == 404
