"""A customer on a phone: from the scanned code to the paid order, without a script on any page."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser

from app.commission.values import Decision
from app.platform.actor import Actor, ActorKind
from app.products import stock
from app.trade import after_sale_decisions, pickups, shipments
from app.web.views import id_in
from tests import factories
from tests.browser.phone import Phone, open_phone
from tests.browser.test_staff_walk import come_in
from tests.factories import Scene
from tests.flows.servers import Installation
from tests.marketing.couponing import make_template, terms
from tests.web.browser import newest_code
from tests.web.test_order_pages import ADDRESS

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one installation for all of them

LABELS = {
    "recipient": "收货人",
    "phone": "手机号",
    "province": "省份",
    "city": "城市",
    "district": "区县",
    "street": "街道和门牌",
}


async def press(phone: Phone, words: str) -> None:
    """Press a button or follow a link by its words; what comes is weighed."""
    await phone.page.locator("button, a").get_by_text(words, exact=True).locator("visible=true").last.click()
    await phone.weigh()


async def read(phone: Phone) -> str:
    return await phone.page.inner_text("main")


async def sign_in(phone: Phone, site: Installation, shop: Scene, number: str) -> None:
    await phone.page.get_by_label("手机号").fill(number)
    await press(phone, "发验证码")
    await phone.look("code")
    await phone.page.get_by_label("验证码").fill(await newest_code(site.runtime, shop.brand, number))
    await press(phone, "登录")


async def order(phone: Phone, site: Installation, shop: Scene) -> None:
    """Scan, look, put in the bag, sign in, fill in the address, order."""
    await phone.goto(f"/q/{shop.guide.token}")
    await phone.page.click("a.item")
    await phone.weigh()
    await phone.look("product")
    await phone.page.get_by_label("数量").select_option("2")
    await press(phone, "加购物袋")
    await phone.look("cart")
    await press(phone, "去结算")
    await phone.look("sign-in")
    await sign_in(phone, site, shop, factories.next_phone())
    assert await phone.page.locator("h1").inner_text() == "确认订单"
    await phone.look("checkout")
    for name, label in LABELS.items():
        await phone.page.get_by_label(label, exact=True).fill(ADDRESS[name])
    await press(phone, "提交订单")
    assert "等你付款" in await read(phone)
    await phone.look("order")


@pytest.mark.parametrize(("scheme", "has_scripts"), [("light", True), ("dark", True), ("light", False)])
async def test_customer_scans_buys_and_pays(
    browser: Browser, site: Installation, shop: Scene, scheme: Any, has_scripts: bool
) -> None:
    async with open_phone(browser, site.base_url, scheme=scheme, java_script_enabled=has_scripts) as phone:
        await order(phone, site, shop)
        await press(phone, "去付款")
        assert "不会动用真钱" in await read(phone)
        await phone.look("sandbox-pay")
        await press(phone, "付款（演示）")
        assert "付好了，¥258.00 已收到。" in await read(phone)
        await phone.look("order-paid")
        await press(phone, "我的订单")
        assert "已付款，等发货" in await read(phone)
        await phone.look("orders")
        phone.assert_sound()


async def test_going_back_after_ordering_orders_nothing_again(phone: Phone, site: Installation, shop: Scene) -> None:
    await order(phone, site, shop)
    placed = phone.page.url
    await phone.page.go_back()
    if await phone.page.locator("button", has_text="提交订单").count():
        await press(phone, "提交订单")
        assert phone.page.url == placed
    else:
        assert "没有要结算的商品" in await read(phone)
    await phone.goto(f"/s/{shop.guide.slug}/orders")
    assert await phone.page.locator("main a.card").count() == 1
    await phone.look("orders-one")


async def test_cancelling_takes_two_taps(phone: Phone, site: Installation, shop: Scene) -> None:
    await order(phone, site, shop)
    await phone.page.locator("summary", has_text="取消订单").click()
    await press(phone, "确定取消")
    assert "订单已取消，没有扣钱。" in await read(phone)
    await phone.look("order-cancelled")


async def test_bought_received_and_sent_back(phone: Phone, site: Installation, shop: Scene) -> None:
    owner = Actor(kind=ActorKind.EMPLOYEE, employee_id=shop.owner_id, role="OWNER")
    database = site.runtime.database
    await order(phone, site, shop)
    await press(phone, "去付款")
    await press(phone, "付款（演示）")
    placed = phone.page.url.partition("?")[0].removeprefix(phone.origin)
    order_id = id_in(placed.rpartition("/")[2], "Order")
    assert order_id is not None
    async with database.transaction(shop.brand) as session:
        await shipments.ship(session, owner, order_id=order_id, carrier="顺丰", tracking_number="SF1", now=session.now)
    await phone.goto(placed)
    await phone.look("order-shipped")
    await press(phone, "确认收货")
    assert "已完成" in await read(phone)
    await press(phone, "申请售后")
    await phone.look("after-sale-request")
    await phone.page.get_by_label("退几件").fill("1")
    await phone.page.get_by_label("为什么").fill("比想的薄，退一件")
    await press(phone, "提交")
    assert "等店里答复" in await read(phone)
    await phone.look("after-sale")
    after_sale_id = id_in(phone.page.url.rpartition("/")[2], "AfterSale")
    assert after_sale_id is not None
    async with database.transaction(shop.brand) as session:
        await after_sale_decisions.decide(
            session, owner, after_sale_id=after_sale_id, decision=Decision.APPROVE, comment="好的", now=session.now
        )
    await phone.page.reload()
    assert "同意退货，等你寄回" in await read(phone)
    await phone.look("after-sale-approved")
    async with database.transaction(shop.brand) as session:
        await after_sale_decisions.receive(
            session, owner, after_sale_id=after_sale_id, is_restocked=True, now=session.now
        )
    for _ in range(60):
        await phone.page.reload()
        if "¥129.00 已经原路退回。" in await read(phone):
            break
        await asyncio.sleep(0.5)
    assert "已退款" in await read(phone)
    await phone.look("after-sale-refunded")


async def test_goods_are_bought_with_a_coupon_and_fetched_with_a_code(
    browser: Browser, phone: Phone, site: Installation, shop: Scene
) -> None:
    owner = Actor(kind=ActorKind.EMPLOYEE, employee_id=shop.owner_id, role="OWNER")
    async with site.runtime.database.transaction(shop.brand) as session:
        await stock.adjust(
            session, owner, sku_id=shop.sku_id, change=3, reason="到货", location_id=shop.store_id, now=session.now
        )
        await make_template(session, terms(amount_minor=900), title="新客立减")
    await phone.goto(f"/q/{shop.guide.token}")
    await phone.goto(f"/s/{shop.guide.slug}/coupons")
    await press(phone, "领取")
    await sign_in(phone, site, shop, factories.next_phone())
    await press(phone, "领取")
    await phone.goto(f"/s/{shop.guide.slug}")
    await phone.page.click("a.item")
    await press(phone, "立即购买")
    await press(phone, "到店自提")
    assert "减 ¥9.00" in await read(phone)
    await phone.look("checkout-pickup")
    await press(phone, "提交订单")
    await press(phone, "去付款")
    await press(phone, "付款（演示）")
    placed = phone.page.url.partition("?")[0].removeprefix(phone.origin)
    order_id = id_in(placed.rpartition("/")[2], "Order")
    assert order_id is not None
    async with site.runtime.database.transaction(shop.brand) as session:
        await pickups.make_ready(session, owner, order_id=order_id, now=session.now)
    await phone.goto(placed)
    code = pickups.code_for(site.runtime.database.vault, shop.brand.id, order_id)
    assert f"{code[:4]} {code[4:]}" in await read(phone)
    await phone.look("order-pickup")
    async with open_phone(browser, site.base_url) as guide:
        await come_in(guide, site, shop, shop.guide.employee_id)
        await guide.goto("/guide/redeem")
        await guide.page.get_by_label("顾客出示的码").fill(code)
        await press(guide, "查一查")
        await guide.look_every_way("guide-redeem")
        await press(guide, "交给顾客")
        guide.assert_sound()
    await phone.goto(placed)
    assert "已签收" in await read(phone)
