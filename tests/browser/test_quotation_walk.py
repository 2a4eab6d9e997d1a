"""A quotation on two phones: the guide makes it, the customer opens its link, accepts and comes to pay."""

import pytest
from playwright.async_api import Browser

from tests import factories
from tests.browser.phone import Phone, open_phone
from tests.browser.test_customer_walk import LABELS, press, read, sign_in
from tests.browser.test_staff_walk import come_in
from tests.factories import Scene
from tests.flows.servers import Installation
from tests.web.test_order_pages import ADDRESS

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one installation for all of them


async def test_a_guide_quotes_and_the_customer_accepts_and_pays(
    browser: Browser, phone: Phone, site: Installation, shop: Scene
) -> None:
    async with open_phone(browser, site.base_url) as guide:
        await come_in(guide, site, shop, shop.guide.employee_id)
        await guide.goto("/guide/quotations")
        await guide.look("quotations-none")
        await press(guide, "开报价单")
        await guide.look_every_way("quotation-new-empty")
        await guide.page.get_by_role("button", name="加入").first.click()
        await guide.page.locator("input[type=number]").fill("2")
        await press(guide, "更新数量")
        await guide.page.get_by_label("给顾客的话").fill("按您说的搭好了，七天内都是这个价。")
        await guide.look_every_way("quotation-new")
        await press(guide, "生成报价单")
        await guide.look_every_way("quotation-made")
        link = await guide.page.locator("input[name=link]").input_value()
        await guide.goto("/guide/quotations")
        await guide.look_every_way("quotations")
        guide.assert_sound()

    await phone.goto(f"/q/{link.partition('/q/')[2]}")
    assert "/quotations/" in phone.page.url
    await phone.look_every_way("quotation")
    await press(phone, "登录后接受")
    await sign_in(phone, site, shop, factories.next_phone())
    await phone.look_every_way("quotation-accept")
    for name, label in LABELS.items():
        await phone.page.get_by_label(label, exact=True).fill(ADDRESS[name])
    await press(phone, "接受并下单")
    await press(phone, "去付款")
    await press(phone, "付款（演示）")
    assert "付好了，¥258.00 已收到。" in await read(phone)
    async with open_phone(browser, site.base_url) as guide:
        await come_in(guide, site, shop, shop.guide.employee_id)
        await guide.goto("/guide/quotations?state=ACCEPTED")
        await guide.page.locator("main ul a.row").first.click()
        await guide.weigh()
        assert "已成交" in await read(guide)
        await guide.look("quotation-accepted")
        guide.assert_sound()
