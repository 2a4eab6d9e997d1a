"""A guide shares on the phone; a customer's camera reads the poster's code, and the way leads to goods in hand."""

import io

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser

from app.customers.values import BindOn
from app.marketing import materials
from app.marketing.values import MaterialContent, MaterialKind
from app.platform.actor import SYSTEM
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.browser.phone import Phone, open_phone
from tests.browser.test_customer_walk import LABELS, press, read, sign_in
from tests.browser.test_staff_walk import come_in
from tests.factories import Scene
from tests.flows.servers import Installation
from tests.marketing.walk import Walk
from tests.web.test_order_pages import ADDRESS

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one installation for all of them

FRAMED = 140
"""Levels of grey that a photographed code keeps: a screen in daylight."""


async def photographed(guide: Phone, picture: str) -> str:
    """What a phone's camera reads off the picture as the page shows it: smaller, paler, compressed once more."""
    answer = await guide.page.request.get(picture if picture.startswith("http") else f"{guide.origin}{picture}")
    assert answer.ok
    shown = Image.open(io.BytesIO(await answer.body())).convert("RGB")
    small = shown.resize((shown.width // 2, shown.height // 2)).point(lambda level: level * FRAMED // 255 + 60)
    kept = io.BytesIO()
    small.save(kept, "JPEG", quality=60)
    [found] = zxingcpp.read_barcodes(Image.open(kept))
    return found.text


async def test_a_guide_makes_a_poster_and_who_photographs_it_buys_from_that_guide(
    browser: Browser, phone: Phone, site: Installation, shop: Scene
) -> None:
    await Walk(site.runtime.database, shop.brand).publish(bind_on=BindOn.SCAN)
    async with open_phone(browser, site.base_url) as guide:
        await come_in(guide, site, shop, shop.guide.employee_id)
        await guide.goto("/guide/posters")
        await guide.look_every_way("guide-posters")
        await guide.page.locator("select[name=product]").select_option(label="羊绒围巾")
        await press(guide, "画海报")
        await guide.look_every_way("guide-poster")
        picture = await guide.page.locator("section img.poster").first.get_attribute("src")
        await press(guide, "海报")
        await guide.page.get_by_label("小店名片").check()
        await press(guide, "画海报")
        await guide.goto("/guide/posters")
        await guide.look("guide-posters-latest")
        assert picture is not None
        read_off = await photographed(guide, picture)
        guide.assert_sound()

    path = read_off.partition("/q/")[2]
    await phone.goto(f"/q/{path}")
    product = encode_global_id("Product", shop.product_id)
    assert phone.page.url.endswith(f"/s/{shop.guide.slug}/p/{product}")
    await press(phone, "立即购买")
    await sign_in(phone, site, shop, factories.next_phone())
    for name, label in LABELS.items():
        await phone.page.get_by_label(label, exact=True).fill(ADDRESS[name])
    await press(phone, "提交订单")
    await press(phone, "去付款")
    await press(phone, "付款（演示）")
    assert "付好了，¥129.00 已收到。" in await read(phone)
    async with open_phone(browser, site.base_url) as guide:
        await come_in(guide, site, shop, shop.guide.employee_id)
        await guide.goto("/guide/orders?list=all")
        assert "¥129.00" in await read(guide)
        guide.assert_sound()


async def test_a_shared_material_is_opened_by_its_code_and_leaves_its_trail(
    browser: Browser, phone: Phone, site: Installation, shop: Scene
) -> None:
    async with site.runtime.database.transaction(shop.brand) as session:
        await materials.create(
            session,
            SYSTEM,
            kind=MaterialKind.PRODUCT,
            content=MaterialContent("围巾怎么围", body="三种围法。", product_ids=(shop.product_id,)),
            audience=None,
            now=session.now,
        )
    async with open_phone(browser, site.base_url) as guide:
        await come_in(guide, site, shop, shop.guide.employee_id)
        await guide.goto("/guide/toolbox")
        await guide.look_every_way("guide-toolbox")
        await press(guide, "围巾怎么围")
        await guide.look_every_way("guide-material")
        await press(guide, "生成链接和话术")
        await guide.look_every_way("guide-share")
        assert "还没有人打开" in await read(guide)
        link = await photographed(guide, await guide.page.locator("a[download]").get_attribute("href") or "")
        shared = guide.page.url.removeprefix(guide.origin)

        await phone.goto(f"/q/{link.partition('/q/')[2]}")
        assert "三种围法。" in await read(phone)
        await phone.look_every_way("material")
        await phone.goto(f"/s/{shop.guide.slug}/card")
        await phone.look_every_way("card")

        await guide.goto(shared)
        assert "访客" in await read(guide)
        await guide.look_every_way("guide-share-opened")
        await guide.goto("/guide/shares")
        await guide.look_every_way("guide-shares")
        guide.assert_sound()
