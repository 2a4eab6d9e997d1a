"""A customer scans a guide's code and looks around, in both colour schemes and on a narrow screen."""

import pytest
from playwright.async_api import Browser

from tests.browser.phone import Phone, open_phone
from tests.factories import Scene
from tests.flows.servers import Installation

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one installation for all of them


async def test_a_scanned_code_leads_to_the_shop_and_on_to_a_product(phone: Phone, shop: Scene) -> None:
    await phone.goto(f"/q/{shop.guide.token}")
    assert phone.page.url.endswith(f"/s/{shop.guide.slug}")
    assert "林知夏" in await phone.page.inner_text("main")
    await phone.look("shop")
    await phone.page.click("a.item")
    await phone.weigh()
    assert "/p/" in phone.page.url
    await phone.look("product")


@pytest.mark.parametrize(("scheme", "width"), [("dark", 390), ("light", 320)])
async def test_the_shop_is_sound_in_the_dark_and_on_a_narrow_screen(
    browser: Browser, site: Installation, shop: Scene, scheme: str, width: int
) -> None:
    async with open_phone(browser, site.base_url, scheme=scheme, width=width) as phone:  # type: ignore[arg-type]
        await phone.goto(f"/s/{shop.guide.slug}")
        await phone.look(f"shop-{scheme}-{width}")
        phone.assert_sound()


async def test_an_unknown_code_is_no_dead_end(phone: Phone) -> None:
    response = await phone.page.goto(f"{phone.origin}/q/nothing")
    assert response is not None
    assert response.status == 404
    await phone.look("unknown-code")
    phone.problems = [problem for problem in phone.problems if "404" not in problem]


async def test_the_shop_can_be_put_on_the_home_screen(phone: Phone, shop: Scene) -> None:
    await phone.goto(f"/s/{shop.guide.slug}")
    tools = await phone.page.context.new_cdp_session(phone.page)
    manifest = await tools.send("Page.getAppManifest")
    assert manifest["url"].endswith(f"/s/{shop.guide.slug}/app.webmanifest") and manifest["errors"] == []
    found = await tools.send("Page.getInstallabilityErrors")
    # The browser's contexts of tests are all private ones, which install nothing.
    assert [one["errorId"] for one in found["installabilityErrors"]] in ([], ["in-incognito"])
