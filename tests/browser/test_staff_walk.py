"""A guide's and a boss's phone: every page sound in both schemes, and a payment that moves what they look at."""

from uuid import UUID

import pytest
from playwright.async_api import Browser, expect

from app.web import signed_in
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.browser.phone import Phone, open_phone
from tests.commission.market import order_goods, pay, scan
from tests.factories import Scene
from tests.flows.servers import Installation
from tests.web.staffing import key_of

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one installation for all of them

GUIDE_PAGES = (
    "",
    "/code",
    "/customers",
    "/orders",
    "/orders?list=pickup",
    "/commission",
    "/withdrawals",
    "/shelf",
    "/redeem",
)
BOSS_PAGES = ("", "?period=TODAY", "?by=store", "/orders", "/orders?list=all", "/after-sales", "/withdrawals", "/shelf")


async def come_in(phone: Phone, site: Installation, shop: Scene, employee_id: UUID) -> None:
    key = await key_of(site.runtime, shop.brand, employee_id)
    await phone.page.context.add_cookies([{"name": signed_in.STAFF, "value": key, "url": site.base_url}])


async def sell(site: Installation, shop: Scene, *, quantity: int = 1) -> UUID:
    """A paid order of the first guide's, whose events the worker relays."""
    database = site.runtime.database
    async with database.transaction(shop.brand) as session:
        customer_id = await factories.make_customer(session)
        await scan(session, customer_id, shop.guide)
    async with database.transaction(shop.brand) as session:
        order_id = await order_goods(
            session, customer_id=customer_id, sku_id=shop.sku_id, shop_of=shop.guide, quantity=quantity
        )
        await pay(session, order_id=order_id, customer_id=customer_id, total_minor=quantity * 12_900)
    return order_id


async def test_the_boss_sees_a_payment_without_touching_the_page(phone: Phone, site: Installation, shop: Scene) -> None:
    await come_in(phone, site, shop, shop.owner_id)
    await phone.goto("/boss")
    huge = phone.page.locator("[data-live] data.huge")
    await expect(huge).to_have_attribute("value", "0")
    await sell(site, shop, quantity=80)
    await expect(huge).to_have_attribute("value", "1032000", timeout=20_000)
    assert "1.03 万" in (await huge.inner_text()).replace("\n", "")
    await phone.goto("/boss")
    await phone.look("boss")
    await phone.page.click("text=华东")
    await phone.weigh()
    assert "unit=" in phone.page.url
    await phone.look("boss-unit")


async def test_every_page_of_guide_and_boss_is_sound(phone: Phone, site: Installation, shop: Scene) -> None:
    order_id = encode_global_id("Order", await sell(site, shop, quantity=2))
    for desk, employee_id, pages in (
        ("guide", shop.guide.employee_id, GUIDE_PAGES),
        ("boss", shop.owner_id, BOSS_PAGES),
    ):
        await come_in(phone, site, shop, employee_id)
        for number, path in enumerate((*pages, f"/orders/{order_id}")):
            await phone.goto(f"/{desk}{path}")
            await phone.look_every_way(f"{desk}-{number}")


async def test_without_scripts_the_figures_move_with_a_link(browser: Browser, site: Installation, shop: Scene) -> None:
    async with open_phone(browser, site.base_url, java_script_enabled=False) as phone:
        await come_in(phone, site, shop, shop.owner_id)
        await phone.goto("/boss")
        await sell(site, shop)
        for _ in range(40):
            await phone.page.locator("[data-live]").get_by_text("刷新").click()
            if await phone.page.locator("[data-live] data.huge").get_attribute("value") == "12900":
                break
            await phone.page.wait_for_timeout(250)
        assert await phone.page.locator("[data-live] data.huge").get_attribute("value") == "12900"
        phone.assert_sound()
