"""What holds for every page there is: forged forms, strict headers, sound bones, no guessing of others' things."""

import re

import pytest
from starlette.routing import Route

from app.platform.runtime import Runtime
from app.web import manifests, pages
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene
from tests.web.browser import Browser
from tests.web.test_cart_pages import put_in, shop_path
from tests.web.test_order_pages import ordered

NAMES = {"order_id": "Order", "line_id": "OrderLine", "payment_id": "Payment", "after_sale_id": "AfterSale"}
NAMES |= {"template_id": "CouponTemplate", "coupon_id": "Coupon", "customer_id": "Customer"}


def page_routes(runtime: Runtime, method: str) -> list[str]:
    return [route.path for route in pages.routes(runtime) if isinstance(route, Route) and method in route.methods]


def filled(path: str, scene: Scene) -> str:
    """The path with ids that lead to nothing of the reader's."""
    given = {"slug": str(scene.guide.slug), "product_id": encode_global_id("Product", scene.product_id)}

    def value(found: re.Match[str]) -> str:
        name = found[1]
        return given.get(name) or encode_global_id(NAMES.get(name, "Order"), scene.owner_id)

    return re.sub(r"\{(\w+)\}", value, path)


async def test_no_form_is_believed_without_its_token(browser: Browser, scene: Scene, runtime: Runtime) -> None:
    await browser.sign_in(f"{shop_path(scene)}/sign-in", scene.brand, factories.next_phone())
    paths = [filled(path, scene) for path in page_routes(runtime, "POST")]
    assert len(paths) >= 10
    for path in paths:
        for fields in ({}, {"form": ["x" * 43]}):
            answer = await browser.send(path, {**fields, "key": ["k" * 20]}, follow=False)
            is_led_away = answer.status == 303 and "/sign-in" in answer.response.headers["location"]
            assert answer.status == 403 or is_led_away, path


async def test_forms_from_elsewhere_are_refused_with_their_token_too(
    browser: Browser, scene: Scene, runtime: Runtime
) -> None:
    await browser.sign_in(f"{shop_path(scene)}/sign-in", scene.brand, factories.next_phone())
    token = (await browser.open("/sign-in")).form().fields["form"]
    for path in page_routes(runtime, "POST"):
        answer = await browser.send(filled(path, scene), {"form": token}, follow=False, origin="https://evil.example")
        assert answer.status in (303, 403), path
        assert answer.status == 403 or "/sign-in" in answer.response.headers["location"], path


async def test_every_page_is_strict_sound_and_small(browser: Browser, scene: Scene, runtime: Runtime) -> None:
    await put_in(browser, scene)
    await browser.sign_in(f"{shop_path(scene)}/sign-in", scene.brand, factories.next_phone())
    files = ("/static", "/cards", "/codes", "/s/{slug}/card.vcf", manifests.SHOP, manifests.GUIDE, manifests.BOSS)
    paths = [filled(path, scene) for path in page_routes(runtime, "GET") if not path.startswith(files)]
    for path in paths:
        page = await browser.open(path, accept="text/html")
        assert page.status in (200, 404), path
        policy = page.response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "form-action 'self'" in policy, (
            path
        )
        assert page.response.headers["x-content-type-options"] == "nosniff", path
        assert page.response.headers["referrer-policy"] == "same-origin", path
        assert page.response.headers["x-frame-options"] == "DENY", path
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page.text), path
        assert list(page.faults()) == [], path
        assert len(page.response.content) < 100_000, path
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page.text), path


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_pages_are_whole_in_both_languages(browser: Browser, scene: Scene, language: str) -> None:
    browser.client.headers["accept-language"] = language
    page = await ordered(browser, scene)
    assert page.status == 200 and f'<html lang="{language}">' in page.text and list(page.faults()) == []
    for path in ("", "/cart", "/checkout", "/orders", "/consents", "/sign-in", "/orders/none"):
        shown = await browser.open(f"{shop_path(scene)}{path}")
        assert shown.status in (200, 404) and list(shown.faults()) == [], path
