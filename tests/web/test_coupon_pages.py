"""Coupons on pages: the centre, a campaign code's page, the checkout's choice, a friend's gift, a guide's hand."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.marketing import codes
from app.marketing.models import CouponRow
from app.marketing.values import CodeKind, CouponKind
from app.platform.runtime import Runtime
from app.trade.models import OrderRow
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import ADDRESS, Scene
from tests.marketing import couponing
from tests.marketing.couponing import guide_actor, template, terms
from tests.trade import purchase
from tests.web.browser import Browser, Page
from tests.web.staffing import come_in
from tests.web.test_cart_pages import put_in, shop_path


async def enter(browser: Browser, scene: Scene) -> str:
    phone = factories.next_phone()
    await browser.sign_in(f"{shop_path(scene)}/sign-in", scene.brand, phone)
    return phone


async def states(runtime: Runtime, scene: Scene) -> list[str]:
    async with runtime.database.reading(scene.brand) as session:
        found = await session.scalars(
            sa.select(CouponRow.state).where(CouponRow.brand_id == scene.brand.id).order_by(CouponRow.id)
        )
        return list(found)


async def campaign_code(runtime: Runtime, scene: Scene, template_id: UUID) -> str:
    async with runtime.database.transaction(scene.brand) as session:
        made = await codes.create_code(
            session, guide_actor(scene), kind=CodeKind.CAMPAIGN, target_id=template_id, now=session.now
        )
    return made.token


async def check_out(browser: Browser, scene: Scene, page: Page, **more: Any) -> Page:
    address = {name: ADDRESS[name] for name in ("recipient", "phone", "province", "city", "district", "street")}
    [order] = [form for form in page._reader.forms if form.method == "post" and form.action.endswith("/checkout")]
    return await browser.send(
        order.action, {**order.fields, **{name: [text] for name, text in address.items()}, **more}
    )


async def test_centre_offers_what_can_be_claimed_and_the_checkout_uses_the_best(
    browser: Browser, scene: Scene, runtime: Runtime
) -> None:
    small = await template(runtime.database, scene.brand, terms(amount_minor=500), title="五元券")
    await template(runtime.database, scene.brand, terms(CouponKind.PERCENT, percent_bp=1_500), title="八五折券")
    await template(runtime.database, scene.brand, terms(minimum_spend_minor=99_900), title="大额券")
    await template(runtime.database, scene.brand, title="不公开的券", is_listed=False)
    centre = await browser.open(f"{shop_path(scene)}/coupons")
    assert list(centre.faults()) == []
    for words in ("五元券", "¥5.00", "八五折券", "8.5 折", "大额券", "满 ¥999.00 可用"):
        assert words in centre.text
    assert "不公开的券" not in centre.text
    small_id = encode_global_id("CouponTemplate", small)
    door = await browser.submit(centre, f"/coupons/{small_id}")
    assert "/sign-in" in door.path
    await enter(browser, scene)
    centre = await browser.open(f"{shop_path(scene)}/coupons")
    for form in [one for one in centre._reader.forms if "/coupons/" in one.action]:
        claimed = await browser.send(form.action, form.fields)
        assert claimed.path.endswith("claimed=yes") and "领到了" in claimed.text
    assert await states(runtime, scene) == ["CLAIMED"] * 3
    assert not [form for form in claimed._reader.forms if "/coupons/" in form.action]

    await put_in(browser, scene)
    page = await browser.open(f"{shop_path(scene)}/checkout")
    assert list(page.faults()) == []
    assert "减 ¥19.35" in page.text and "还差 ¥870.00" in page.text and "−¥19.35" in page.text
    [choice] = [form for form in page._reader.forms if form.method == "get"]
    assert len(choice.fields["coupon"]) == 1 and len(choice.choices["coupon"]) == 2
    ordered = await check_out(browser, scene, page)
    assert ordered.status == 200 and "/orders/" in ordered.path
    async with runtime.database.reading(scene.brand) as session:
        order = (await session.execute(sa.select(OrderRow).where(OrderRow.brand_id == scene.brand.id))).scalar_one()
        assert (order.discount_minor, order.total_minor) == (1_935, 12_900 - 1_935)
    assert sorted(await states(runtime, scene)) == ["CLAIMED", "CLAIMED", "LOCKED"]


async def test_checkout_keeps_what_was_chosen_and_says_what_does_not_go_together(
    browser: Browser, scene: Scene, runtime: Runtime
) -> None:
    await enter(browser, scene)
    for number in range(2):
        made = await template(runtime.database, scene.brand, terms(amount_minor=500 + number), title=f"券{number}")
        page = await browser.open(f"{shop_path(scene)}/coupons/{encode_global_id('CouponTemplate', made)}")
        assert list(page.faults()) == []
        await browser.submit(page, encode_global_id("CouponTemplate", made))
    await put_in(browser, scene)
    page = await browser.open(f"{shop_path(scene)}/checkout")
    [choice] = [form for form in page._reader.forms if form.method == "get"]
    best, other = choice.fields["coupon"][0], choice.choices["coupon"][1]
    fixed = f"order={choice.fields['order'][0]}&method=DELIVERY&coupons=chosen"
    none = await browser.open(f"{shop_path(scene)}/checkout?{fixed}")
    assert "−¥5" not in none.text
    both = await browser.open(f"{shop_path(scene)}/checkout?{fixed}&coupon={best}&coupon={other}")
    assert "不能与所选的其他优惠券同时使用" in both.text and "−¥5" not in both.text
    second = await browser.open(f"{shop_path(scene)}/checkout?{fixed}&coupon={other}")
    assert "−¥5.00" in second.text
    pickup = next(href for href in second.links if "method=PICKUP" in href)
    assert f"coupon={other}" in pickup
    # The coupon is used up elsewhere before the order comes: nothing is ordered, and the page says why.
    ordered = await check_out(browser, scene, second)
    assert "/orders/" in ordered.path
    await put_in(browser, scene)
    again = await browser.open(f"{shop_path(scene)}/checkout")
    refused = await check_out(browser, scene, again, coupon=[other])
    assert refused.status == 422 and "正用于另一笔待支付的订单" in refused.text


async def test_campaign_code_leads_to_its_coupon_and_counts_for_its_guide(
    browser: Browser, scene: Scene, runtime: Runtime
) -> None:
    hidden = await template(runtime.database, scene.brand, title="导购专享", is_listed=False)
    path = f"{shop_path(scene)}/coupons/{encode_global_id('CouponTemplate', hidden)}"
    assert "扫导购的券码领取" in (await browser.open(path)).text
    page = await browser.open(f"/q/{await campaign_code(runtime, scene, hidden)}")
    assert page.path == path and "导购专享" in page.text and "林知夏" in page.text
    await enter(browser, scene)
    claimed = await browser.submit(await browser.open(path), path)
    assert "领到了" in claimed.text
    async with runtime.database.reading(scene.brand) as session:
        row = (await session.execute(sa.select(CouponRow).where(CouponRow.brand_id == scene.brand.id))).scalar_one()
        assert (row.guide_id, row.state) == (scene.guide.employee_id, "CLAIMED")
    own = await browser.open(next(href for href in claimed.links if "/my-coupons/" in href))
    assert "林知夏送给你的" in own.text and list(own.faults()) == []


async def test_coupon_goes_to_a_friend_by_a_link(browser: Browser, scene: Scene, runtime: Runtime) -> None:
    await enter(browser, scene)
    made = encode_global_id("CouponTemplate", await template(runtime.database, scene.brand, title="转赠券"))
    page = await browser.submit(await browser.open(f"{shop_path(scene)}/coupons/{made}"), made)
    own = await browser.open(next(href for href in page.links if "/my-coupons/" in href))
    own = await browser.submit(own, own.path)
    [link] = [given["value"] for given in own._reader.fields if given.get("name") == "link"]
    path = link.removeprefix(runtime.settings.base_url)
    mine = await browser.open(path)
    assert not mine.has_form(path)
    await browser.submit(await browser.open(f"{shop_path(scene)}/orders"), "/sign-out")
    await enter(browser, scene)
    gift = await browser.open(path)
    assert "朋友送你一张券" in gift.text and list(gift.faults()) == []
    assert "领到了" in (await browser.submit(gift, path)).text
    gone = await browser.open(path)
    assert "已经被领走" in gone.text and not gone.has_form(path)
    assert await states(runtime, scene) == ["TRANSFERRED", "CLAIMED"]
    assert (await browser.open(path[:-1] + "_")).status == 404


async def test_guide_gives_a_coupon_and_the_customer_accepts_it(
    browser: Browser, other_browser: Browser, scene: Scene, runtime: Runtime
) -> None:
    await browser.open(f"/q/{scene.guide.token}")
    await enter(browser, scene)
    made = await template(runtime.database, scene.brand, title="见面礼", is_listed=False, quantity=5)
    guide = await come_in(other_browser, scene.brand, scene.guide.employee_id)
    customers = await guide.open("/guide/customers")
    page = await guide.open(
        next(href for href in customers.links if href.endswith("/coupons") and "/customers/" in href)
    )
    assert "见面礼" in page.text and "剩 5 张" in page.text and list(page.faults()) == []
    given = await guide.submit(page, "/coupons")
    assert "已送出" in given.text and "待领取" in given.text and "已领到上限" in given.text
    assert await states(runtime, scene) == ["ISSUED"]
    centre = await browser.open(f"{shop_path(scene)}/coupons")
    assert "见面礼" in centre.text
    accepted = await browser.submit(centre, encode_global_id("CouponTemplate", made))
    assert "领到了" in accepted.text
    assert await states(runtime, scene) == ["CLAIMED"]
    code = await guide.submit(await guide.open("/guide/coupons"), "/guide/coupons")
    assert code.path.startswith("/guide/code?code=") and list(code.faults()) == []


async def test_others_coupons_and_customers_are_not_found(
    browser: Browser, other_browser: Browser, scene: Scene, runtime: Runtime
) -> None:
    stranger = await purchase.make_buyer(runtime.database, scene.brand)
    coupon_id = await couponing.coupon_for(runtime.database, scene.brand, stranger)
    await enter(browser, scene)
    path = f"{shop_path(scene)}/my-coupons/{encode_global_id('Coupon', coupon_id)}"
    assert (await browser.open(path)).status == 404
    guide = await come_in(other_browser, scene.brand, scene.guide.employee_id)
    assert stranger.customer_id is not None
    there = f"/guide/customers/{encode_global_id('Customer', stranger.customer_id)}/coupons"
    assert (await guide.open(there)).status == 404


async def test_customer_asks_to_be_reminded_once(browser: Browser, scene: Scene, runtime: Runtime) -> None:
    await template(runtime.database, scene.brand, title="五元券")
    await enter(browser, scene)
    path = f"{shop_path(scene)}/coupons"
    page = await browser.open(path)
    assert "到期前提醒" not in page.text
    [claiming] = [one for one in page._reader.forms if "/coupons/" in one.action]
    page = await browser.send(claiming.action, claiming.fields)
    [asking] = [one for one in page._reader.forms if one.action == path]
    for _ in range(2):
        page = await browser.send(asking.action, asking.fields)
        assert page.status == 200 and list(page.faults()) == [] and "还会提醒你 1 次" in page.text
