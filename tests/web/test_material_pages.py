"""The page of a shared material and the name card, over HTTP: what they show, what they record, what they refuse."""

from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from app.boss.founding import root_and_owner
from app.marketing import codes
from app.marketing.models import MaterialReadingRow
from app.marketing.values import MaterialKind
from app.platform import clock
from app.platform.actor import SYSTEM
from app.platform.db import Database
from app.platform.runtime import Runtime
from app.products import price_lists, shelf
from app.products.values import ListedPrice, ShelfChange
from app.web.material_pages import sealed_visit
from app.web.vcards import NameCard, vcard
from tests import factories
from tests.factories import Scene
from tests.marketing.toolbox import Toolbox, branch_of
from tests.marketing.walk import Walk
from tests.web.browser import Browser, Page


@pytest.fixture
async def box(database: Database, scene: Scene) -> Toolbox:
    async with database.reading(scene.brand) as session:
        root_id, _ = await root_and_owner(session)
    return Toolbox(Walk(database, scene.brand), scene, branch_of(scene, root_id))


def visit_of(page: Page) -> str:
    return page.text.partition('data-visit="')[2].partition('"')[0]


async def tell(site: httpx.AsyncClient, path: str, visit: str, seconds: object, **headers: str) -> int:
    answer = await site.post(f"{path}/reading", data={"visit": visit, "seconds": str(seconds)}, headers=headers)
    return answer.status_code


async def test_a_code_leads_to_the_newest_version_with_the_guide_and_the_goods(
    browser: Browser, box: Toolbox, scene: Scene
) -> None:
    made = await box.put(
        "羊绒怎么洗",
        kind=MaterialKind.PRODUCT,
        body="冷水，\n平铺。" + "长" * 100,
        cover_url="/media/demo/a.png",
        attachment_urls=("/media/demo/film.mp4", "https://files.example/%E6%B4%97%E6%B3%95.pdf"),
        product_ids=(scene.product_id,),
    )
    share = await box.share(made)
    await box.change(made, title="羊绒怎么洗，新版")
    page = await browser.open(f"/q/{share.token}")
    assert page.path == f"/s/{scene.guide.slug}/m/{share.token}" and page.status == 200
    assert list(page.faults()) == []
    assert "<h1>羊绒怎么洗，新版</h1>" in page.text and "林知夏" in page.text and "冷水，\n平铺。" in page.text
    for name, content in (
        ("og:title", "羊绒怎么洗，新版"),
        ("og:type", "article"),
        ("og:url", f"http://127.0.0.1:8000{page.path}"),
        ("og:image", "http://127.0.0.1:8000/media/demo/a.png"),
    ):
        assert f'<meta property="{name}" content="{content}">' in page.text
    assert '<video class="film" controls preload="none" src="/media/demo/film.mp4"' in page.text
    assert "洗法.pdf" in page.text and "film.mp4<" not in page.text
    assert any(f"/s/{scene.guide.slug}/p/" in link for link in page.links) and "羊绒围巾" in page.text
    assert page.response.headers["cache-control"] == "no-store"
    assert await box.walk.counts() == {"touchpoints": 1, "visitors": 1, "touch_heads": 1}
    assert browser.cookies["code"] == share.token
    assert (await box.figures(share)).opens == 1


async def test_a_page_that_is_passed_on_counts_for_the_same_share(
    browser: Browser, other_browser: Browser, box: Toolbox
) -> None:
    share = await box.share(await box.put())
    mine = await browser.open(f"/q/{share.token}")
    theirs = await other_browser.open(mine.path)
    assert visit_of(mine) != visit_of(theirs)
    figures = await box.figures(share)
    assert (figures.opens, figures.visitors) == (2, 2)
    assert other_browser.cookies["code"] == share.token


async def test_a_link_preview_sees_the_page_and_leaves_no_trace(site: httpx.AsyncClient, box: Toolbox) -> None:
    share = await box.share(await box.put())
    for _ in range(2):
        answer = await site.get(f"/q/{share.token}", headers={"user-agent": "WhatsApp/2.23"}, follow_redirects=True)
        assert answer.status_code == 200 and "og:title" in answer.text
        assert "<script" not in answer.text and "set-cookie" not in answer.headers
    assert await box.walk.counts() == {} and (await box.figures(share)).opens == 0


async def test_a_withdrawn_material_says_so_and_leads_into_the_shop(
    browser: Browser, box: Toolbox, scene: Scene
) -> None:
    made = await box.put("旧闻", body="旧文", product_ids=(scene.product_id,))
    share = await box.share(made)
    await box.withdraw(made)
    page = await browser.open(f"/q/{share.token}")
    assert page.status == 410 and "已经下架" in page.text and "林知夏" in page.text
    assert "旧闻" not in page.text and "旧文" not in page.text and "羊绒围巾" not in page.text
    assert f"/s/{scene.guide.slug}" in page.links and list(page.faults()) == []
    assert (await browser.open(f"/s/{scene.guide.slug}")).status == 200


async def test_codes_of_other_things_lead_where_they_lead(browser: Browser, box: Toolbox, scene: Scene) -> None:
    share = await box.share(await box.put())
    elsewhere = await browser.open(f"/s/{scene.other_guide.slug}/m/{share.token}")
    assert elsewhere.path == f"/s/{scene.guide.slug}/m/{share.token}"
    shop = await browser.open(f"/s/{scene.guide.slug}/m/{scene.guide.token}")
    assert shop.path == f"/s/{scene.guide.slug}"
    for token in ("x", "x" * 20, share.token[:-1] + ("A" if share.token[-1] != "A" else "B")):
        missing = await browser.open(f"/s/{scene.guide.slug}/m/{token}")
        assert missing.status == 404 and f"/s/{scene.guide.slug}" in missing.links
    async with box.walk.database.transaction(scene.brand) as session:
        await codes.revoke(session, box.guide(), code_id=share.code_id, now=session.now)
    for path in (f"/q/{share.token}", f"/s/{scene.guide.slug}/m/{share.token}"):
        assert (await browser.open(path)).path == f"/s/{scene.guide.slug}"


async def test_another_brands_share_is_not_shown_here(browser: Browser, box: Toolbox, database: Database) -> None:
    other = await factories.make_scene(database)
    share = await box.share(await box.put())
    assert (await browser.open(f"/s/{other.guide.slug}/m/{share.token}")).status == 404


async def test_goods_that_are_hidden_or_gone_are_left_out(browser: Browser, box: Toolbox, scene: Scene) -> None:
    async with box.walk.database.transaction(scene.brand) as session:
        second, _ = await factories.make_product(session, title="亚麻床单")
        change = ShelfChange(is_hidden=True)
        shop_id = scene.guide.shop_id
        assert shop_id is not None
        await shelf.change_item(
            session, box.guide(), shop_id=shop_id, product_id=scene.product_id, change=change, now=session.now
        )
    share = await box.share(await box.put(product_ids=(scene.product_id, second)))
    page = await browser.open(f"/q/{share.token}")
    assert "亚麻床单" in page.text and "羊绒围巾" not in page.text


async def test_goods_cost_what_they_cost_in_the_shops_branch(browser: Browser, box: Toolbox, scene: Scene) -> None:
    share = await box.share(await box.put(product_ids=(scene.product_id,)))
    page = await browser.open(f"/q/{share.token}")
    assert "<i>¥</i>129<i>.00</i>" in page.text
    async with box.walk.database.transaction(scene.brand) as session:
        prices = [ListedPrice(scene.sku_id, 8_800)]
        await price_lists.publish(
            session, SYSTEM, org_unit_id=scene.area_id, name="华东价", prices=prices, now=session.now
        )
    page = await browser.open(f"/q/{share.token}")
    assert "<i>¥</i>88<i>.00</i>" in page.text and "<i>¥</i>129<i>.00</i>" not in page.text


async def test_reading_is_told_for_the_own_visit_alone(
    browser: Browser, site: httpx.AsyncClient, runtime: Runtime, box: Toolbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = await box.share(await box.put())
    page = await browser.open(f"/q/{share.token}")
    path, visit = urlsplit(page.path).path, visit_of(page)
    other = await box.walk.scan(share.token)
    forged = f"{other.touchpoint_id.hex}.{visit.partition('.')[2]}"
    foreign = sealed_visit(runtime, other.touchpoint_id, other.touchpoint_id)
    for wrong in ("", "x", visit[:-1] + ("A" if visit[-1] != "A" else "B"), forged, foreign, f"{visit}x", "字.字"):
        assert await tell(site, path, wrong, 20) == 403
    assert await tell(site, path, visit, 20, origin="https://evil.example") == 403
    assert await tell(site, "/s/none/m/x", visit, 20) == 403
    assert await box.walk.count(MaterialReadingRow) == 0
    later = clock.utc_now() + timedelta(seconds=90)
    monkeypatch.setattr(clock, "utc_now", lambda: later)
    for seconds in ("x", "-3", "0"):
        assert await tell(site, path, visit, seconds) == 204
    assert (await box.figures(share)).reading_seconds == 0
    for seconds in (20, 10, 10**11):
        assert await tell(site, path, visit, seconds) == 204
    assert 88 <= (await box.figures(share)).reading_seconds <= 91
    assert await box.violations() == []


async def test_name_card_shows_guide_store_code_and_file(browser: Browser, box: Toolbox, scene: Scene) -> None:
    share = await box.share(await box.put("名片", kind=MaterialKind.NAME_CARD))
    material = await browser.open(f"/q/{share.token}")
    card_path = f"/s/{scene.guide.slug}/card"
    assert card_path in material.links
    card = await browser.open(card_path)
    assert card.status == 200 and list(card.faults()) == []
    assert "林知夏" in card.text and "人民广场店" in card.text and f"/codes/{scene.guide.token}.svg" in card.text
    file = await browser.client.get(f"{card_path}.vcf")
    assert file.headers["content-type"] == "text/vcard; charset=utf-8"
    assert file.headers["content-disposition"].startswith('attachment; filename="card.vcf"')
    assert "FN:林知夏\r\n" in file.text and "URL:http://127.0.0.1:8000/s/" in file.text
    assert "TEL" not in file.text


def test_a_card_escapes_and_folds() -> None:
    card = NameCard(
        name="林;知,夏\\",
        brand="样板" * 30,
        store=None,
        title="一\n二",
        street=None,
        city="上海",
        url="https://a.example",
        photo_url=None,
    )
    text = vcard(card)
    assert text.startswith("BEGIN:VCARD\r\nVERSION:3.0\r\n") and text.endswith("END:VCARD\r\n")
    assert "FN:林\\;知\\,夏\\\\\r\n" in text and "TITLE:一\\n二\r\n" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert f"ORG:{'样板' * 30}" in text.replace("\r\n ", "")
