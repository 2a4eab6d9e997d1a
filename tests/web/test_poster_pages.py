"""`/guide/posters` without a script, and the cards that chats show of links to shops and products."""

import io
import re

import pytest
import zxingcpp
from PIL import Image

from app.marketing import poster_works
from app.marketing.poster_models import PosterRow
from app.platform.actor import Actor, ActorKind
from app.platform.db import Database
from app.platform.runtime import Runtime
from app.platform.storage import Storage
from app.products import catalogue, shelf
from app.products.values import PriceChange, ShelfChange
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene
from tests.marketing.poster_desk import away
from tests.marketing.walk import Walk
from tests.web.browser import Browser
from tests.web.staffing import come_in


async def test_a_guide_draws_a_poster_by_the_form_and_it_is_read_as_the_own_code(
    browser: Browser, scene: Scene, database: Database
) -> None:
    await come_in(browser, scene.brand, scene.guide.employee_id)
    page = await browser.open("/guide/posters")
    assert "商品海报·暖纸" in page.text and "羊绒围巾" in page.text
    product = encode_global_id("Product", scene.product_id)
    drawn = await browser.submit(page, "/guide/posters", product=product)
    assert drawn.status == 200
    assert "长按图片保存" in drawn.text
    [shown] = re.findall(r'<img class="poster" src="([^"]+)"', drawn.text)
    picture = await browser.client.get(shown)
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.content)))
    there = await browser.open(found.text.removeprefix("http://127.0.0.1:8000"))
    assert there.path == f"/s/{scene.guide.slug}/p/{product}"
    # The same again is the same poster.
    again = await browser.submit(page, "/guide/posters", product=product)
    assert again.path == drawn.path
    assert await Walk(database, scene.brand).count(PosterRow) == 1


async def test_what_is_wrong_is_said_beside_its_field(browser: Browser, scene: Scene, database: Database) -> None:
    await come_in(browser, scene.brand, scene.guide.employee_id)
    page = await browser.open("/guide/posters")
    without = await browser.submit(page, "/guide/posters", product="")
    assert (without.status, "这个模板要选一件商品。" in without.text) == (422, True)
    nothing = await browser.submit(page, "/guide/posters", template="x")
    assert (nothing.status, "选一个模板。" in nothing.text) == (422, True)
    wrong = await browser.submit(page, "/guide/posters", product="x")
    assert wrong.status == 422
    assert await Walk(database, scene.brand).count(PosterRow) == 0


async def test_a_poster_still_under_way_says_so_and_a_colleagues_is_not_shown(
    browser: Browser, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await come_in(browser, scene.brand, scene.guide.employee_id)
    page = await browser.open("/guide/posters")
    with monkeypatch.context() as patch:
        patch.setattr(Storage, "put", away)
        waiting = await browser.submit(page, "/guide/posters", product=encode_global_id("Product", scene.product_id))
    assert "还在画" in waiting.text
    assert 'class="poster"' not in waiting.text
    await come_in(browser, scene.brand, scene.other_guide.employee_id)
    assert "还在画" not in (await browser.open(waiting.path)).text


async def test_links_to_shop_and_product_carry_a_card_five_to_four(
    browser: Browser, scene: Scene, database: Database, runtime: Runtime
) -> None:
    product = encode_global_id("Product", scene.product_id)
    base = runtime.settings.base_url
    for path, card in (
        (f"/s/{scene.guide.slug}", f"/cards/{scene.guide.slug}.jpg"),
        (f"/s/{scene.guide.slug}/p/{product}", f"/cards/{scene.guide.slug}/{product}.jpg"),
    ):
        text = (await browser.open(path)).text
        assert f'<meta property="og:image" content="{base}{card}">' in text
        assert f'<meta property="og:url" content="{base}{path}">' in text
        answer = await browser.client.get(card)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        shown = Image.open(io.BytesIO(answer.content))
        assert shown.width * 4 == shown.height * 5
        assert zxingcpp.read_barcodes(shown) == []
        same = await browser.client.get(card, headers={"if-none-match": answer.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
    assert "¥129.00" in text


async def test_a_card_is_drawn_once_and_anew_when_the_price_changes(
    browser: Browser, scene: Scene, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    make = poster_works.make

    async def counted(*given: object) -> object:
        drawn.append(given)
        return await make(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(poster_works, "make", counted)
    card = f"/cards/{scene.guide.slug}/{encode_global_id('Product', scene.product_id)}.jpg"
    first = await browser.client.get(card)
    assert (await browser.client.get(card)).content == first.content
    assert len(drawn) == 1
    async with database.transaction(scene.brand) as session:
        await catalogue.update_product(
            session,
            factories.SYSTEM,
            product_id=scene.product_id,
            prices=[PriceChange(scene.sku_id, 9_900)],
            now=session.now,
        )
    assert (await browser.client.get(card)).content != first.content
    assert len(drawn) == 2


async def test_a_card_of_what_is_not_on_the_shelf_is_missing(
    browser: Browser, scene: Scene, database: Database
) -> None:
    product = encode_global_id("Product", scene.product_id)
    assert scene.guide.shop_id is not None
    async with database.transaction(scene.brand) as session:
        guide = Actor(kind=ActorKind.EMPLOYEE, employee_id=scene.guide.employee_id, shop_id=scene.guide.shop_id)
        change = ShelfChange(is_hidden=True)
        await shelf.change_item(
            session, guide, shop_id=scene.guide.shop_id, product_id=scene.product_id, change=change, now=session.now
        )
    for path in (f"{scene.guide.slug}/{product}", f"{scene.guide.slug}/x", "nobody99", "..", "A"):
        assert (await browser.client.get(f"/cards/{path}.jpg")).status_code == 404
