"""A customer on a phone claims a coupon by a guide's code, uses it, and hands another on; the guide gives one."""

import pytest
from playwright.async_api import Browser

from app.marketing import codes
from app.marketing.values import CodeKind, CouponKind
from tests import factories
from tests.browser.phone import Phone, open_phone
from tests.browser.test_customer_walk import LABELS, press, read, sign_in
from tests.browser.test_staff_walk import come_in
from tests.factories import Scene
from tests.flows.servers import Installation
from tests.marketing.couponing import guide_actor, make_template, terms
from tests.web.test_order_pages import ADDRESS

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one installation for all of them


async def test_coupon_is_claimed_by_a_code_used_and_another_handed_on(
    browser: Browser, phone: Phone, site: Installation, shop: Scene
) -> None:
    async with site.runtime.database.transaction(shop.brand) as session:
        percent = terms(CouponKind.PERCENT, percent_bp=1_200, amount_minor=5_000)
        private = await make_template(session, percent, title="林知夏的新客券", is_listed=False)
        big = terms(amount_minor=3_000, minimum_spend_minor=30_000)
        await make_template(session, big, title="满 300 减 30", per_person=2)
        gift = terms(CouponKind.EXCHANGE, product_ids=frozenset({shop.product_id}))
        await make_template(session, gift, title="到店兑换礼")
        code = await codes.create_code(
            session, guide_actor(shop), kind=CodeKind.CAMPAIGN, target_id=private, now=session.now
        )
    await phone.goto(f"/q/{code.token}")
    assert "林知夏的新客券" in await read(phone)
    await phone.look_every_way("coupon")
    await press(phone, "领取")
    await sign_in(phone, site, shop, factories.next_phone())
    await press(phone, "领取")
    assert "领到了" in await read(phone)
    await phone.look_every_way("coupons")
    for title in ("到店兑换礼", "满 300 减 30"):
        await phone.page.get_by_role("button", name=f"领取 {title}").click()
        await phone.weigh()

    await phone.goto(f"/s/{shop.guide.slug}")
    await phone.page.click("a.item")
    await phone.weigh()
    await press(phone, "加购物袋")
    await press(phone, "去结算")
    assert "减 ¥15.48" in await read(phone)
    await phone.look_every_way("checkout-coupons")
    for name, label in LABELS.items():
        await phone.page.get_by_label(label, exact=True).fill(ADDRESS[name])
    await press(phone, "提交订单")
    assert "¥113.52" in await read(phone)

    await phone.goto(f"/s/{shop.guide.slug}/coupons")
    await phone.page.locator("a.plain", has_text="到店兑换礼").click()
    await phone.weigh()
    await press(phone, "生成转赠链接")
    await phone.look_every_way("my-coupon")
    link = await phone.page.get_by_label("转赠链接").input_value()
    async with open_phone(browser, site.base_url) as friend:
        await friend.goto(link.removeprefix(site.base_url))
        await friend.look("gift")
        await press(friend, "收下这张券")
        await sign_in(friend, site, shop, factories.next_phone())
        await press(friend, "收下这张券")
        assert "到店兑换礼" in await read(friend)
        friend.assert_sound()

    async with open_phone(browser, site.base_url) as guide:
        await come_in(guide, site, shop, shop.guide.employee_id)
        await guide.goto("/guide/coupons")
        await guide.look_every_way("guide-coupons")
        await guide.goto("/guide/customers")
        await guide.look("guide-customers-coupons")
        await guide.page.locator("a", has_text="送券").first.click()
        await guide.weigh()
        await guide.page.get_by_role("button", name="送出 满 300 减 30").click()
        await guide.weigh()
        assert "已送出" in await read(guide)
        await guide.look_every_way("guide-give")
        guide.assert_sound()
