"""`/s/{slug}` and the product page, over HTTP."""

import re
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.responses import HTMLResponse

from app.customers import visitors
from app.customers.models import BindingRenewalRow, TouchpointRow
from app.customers.values import RenewOn
from app.employees.models import EmployeeRow
from app.platform.actor import SYSTEM
from app.platform.db import Database
from app.platform.runtime import Runtime
from app.products import catalogue, shelf, stock
from app.products.values import PriceChange, ShelfChange
from app.web import answers
from app.web.kept_pages import KeptPages
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene
from tests.marketing.walk import Walk, employee


@pytest.fixture
def walk(database: Database, scene: Scene) -> Walk:
    return Walk(database, scene.brand)


async def test_the_shop_shows_guide_store_and_shelf(site: httpx.AsyncClient, scene: Scene) -> None:
    answer = await site.get(f"/s/{scene.guide.slug}")
    assert answer.status_code == 200
    page = answer.text
    assert '<html lang="zh-CN">' in page and page.count("<h1") == 1
    for text in ("林知夏", "人民广场店", "上海", "羊绒围巾", "货架", "共 1 件"):
        assert text in page
    assert '<span class="price"><i>¥</i>129<i>.00</i></span>' in page
    assert "暂时缺货" not in page


async def test_pages_carry_strict_headers_and_no_script_or_style(site: httpx.AsyncClient, scene: Scene) -> None:
    product = encode_global_id("Product", scene.product_id)
    for path in (f"/s/{scene.guide.slug}", f"/s/{scene.guide.slug}/p/{product}", "/s/unknownslug", "/q/x"):
        answer = await site.get(path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'") and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy and answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", answer.text)


async def test_the_stylesheet_that_pages_name_is_served_and_may_be_kept(site: httpx.AsyncClient, scene: Scene) -> None:
    page = (await site.get(f"/s/{scene.guide.slug}")).text
    links = re.findall(r'<link [^>]*href="([^"]+)"', page)
    assert len(links) == 4 and links.count(f"/s/{scene.guide.slug}/app.webmanifest") == 1
    for link in (one for one in links if one.startswith("/static/")):
        answer = await site.get(link)
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
    assert (await site.get("/static/old/pages.css")).headers["cache-control"] == "no-cache"
    assert (await site.get("/static/x/..%2fpages.py")).status_code == 404


async def test_opening_a_shop_is_one_touchpoint_in_thirty_minutes(
    site: httpx.AsyncClient, walk: Walk, scene: Scene
) -> None:
    for _ in range(3):
        await site.get(f"/s/{scene.guide.slug}")
    product = encode_global_id("Product", scene.product_id)
    await site.get(f"/s/{scene.guide.slug}/p/{product}")
    assert await walk.counts() == {"touchpoints": 1, "visitors": 1, "touch_heads": 1}
    await site.get(f"/s/{scene.other_guide.slug}")
    assert await walk.counts() == {"touchpoints": 2, "visitors": 1, "touch_heads": 2}
    kinds = await walk.count(TouchpointRow, TouchpointRow.kind == "OPEN", TouchpointRow.channel == "LINK")
    assert kinds == 2


async def test_looks_by_programs_record_nothing(site: httpx.AsyncClient, walk: Walk, scene: Scene) -> None:
    path = f"/s/{scene.guide.slug}"
    assert (await site.head(path)).status_code == 200
    for headers in ({"user-agent": "Googlebot/2.1"}, {"sec-purpose": "prefetch"}):
        answer = await site.get(path, headers=headers)
        assert answer.status_code == 200 and "羊绒围巾" in answer.text and "set-cookie" not in answer.headers
    assert await walk.counts() == {}


async def test_a_forged_cookie_makes_a_new_visitor(site: httpx.AsyncClient, walk: Walk, scene: Scene) -> None:
    answer = await site.get(f"/s/{scene.guide.slug}", headers={"cookie": f"visitor={'x' * 3_000}"})
    assert answer.status_code == 200 and len(site.cookies["visitor"]) == 43
    assert await walk.counts() == {"touchpoints": 1, "visitors": 1, "touch_heads": 1}


async def test_an_unchanged_page_is_not_sent_again_but_the_visit_counts(
    site: httpx.AsyncClient, walk: Walk, scene: Scene
) -> None:
    tag = (await site.get(f"/s/{scene.guide.slug}")).headers["etag"]
    site.cookies.clear()
    again = await site.get(f"/s/{scene.guide.slug}", headers={"if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await walk.counts())["touchpoints"] == 2
    async with walk.database.transaction(walk.brand) as session:
        await factories.make_product(session, title="新到的毛衣")
    fresh = await site.get(f"/s/{scene.guide.slug}", headers={"if-none-match": tag})
    assert fresh.status_code == 200 and "新到的毛衣" in fresh.text and fresh.headers["etag"] != tag


def prices_of(page: str) -> list[str]:
    """The large prices of a page, without their symbols."""
    return [units + cents for units, cents in re.findall(r'class="price[^"]*"><i>[^<]*</i>([^<]+)<i>([^<]+)</i>', page)]


async def test_a_page_is_rendered_once_and_anew_on_the_request_after_a_price_change(
    site: httpx.AsyncClient, walk: Walk, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = []
    page = answers.page

    def counted(template: str, *given: Any, **more: Any) -> Any:
        rendered.append(template)
        return page(template, *given, **more)

    monkeypatch.setattr(answers, "page", counted)
    path = f"/s/{scene.guide.slug}"
    first = await site.get(path)
    site.cookies.clear()
    again = await site.get(path)
    assert again.text == first.text
    assert prices_of(first.text) == ["129.00"]
    assert {k: v for k, v in again.headers.items() if k != "set-cookie"} == {
        k: v for k, v in first.headers.items() if k != "set-cookie"
    }
    assert site.cookies["visitor"] and again.headers["set-cookie"] != first.headers["set-cookie"]
    assert rendered == ["shop.html"]
    await site.get(path, headers={"accept-language": "en"})
    async with walk.database.transaction(walk.brand) as session:
        await catalogue.update_product(
            session,
            SYSTEM,
            product_id=scene.product_id,
            prices=[PriceChange(scene.sku_id, 9_900)],
            now=session.now,
        )
    after = await site.get(path)
    assert prices_of(after.text) == ["99.00"]
    assert after.headers["etag"] != first.headers["etag"]
    assert rendered == ["shop.html"] * 3
    await site.get(path, params={"q": "围巾"})
    await site.get(path, params={"q": "围巾"})
    assert rendered == ["shop.html"] * 5


def test_no_more_pages_are_kept_than_there_is_room_for_and_the_one_asked_for_last_stays() -> None:
    kept = KeptPages(most_bytes=25)
    for tag in ("a", "b"):
        kept.keep(tag, HTMLResponse(tag * 10))
    assert kept.get("a") is not None
    kept.keep("c", HTMLResponse("c" * 10))
    kept.keep("d", HTMLResponse("d" * 26))
    found = {tag: kept.get(tag) for tag in "abcd"}
    assert {tag: page and bytes(page.body) for tag, page in found.items()} == {
        "a": b"a" * 10,
        "b": None,
        "c": b"c" * 10,
        "d": None,
    }


async def test_what_is_sold_out_says_so_in_words(site: httpx.AsyncClient, walk: Walk, scene: Scene) -> None:
    async with walk.database.transaction(walk.brand) as session:
        await stock.adjust(session, SYSTEM, sku_id=scene.sku_id, change=-100, reason="盘点", now=session.now)
    product = encode_global_id("Product", scene.product_id)
    for path in (f"/s/{scene.guide.slug}", f"/s/{scene.guide.slug}/p/{product}"):
        page = (await site.get(path)).text
        assert '<span class="tag">暂时缺货</span>' in page and " gone" in page


async def test_the_shelf_is_paged_by_links_and_each_product_shows_once(
    site: httpx.AsyncClient, walk: Walk, scene: Scene
) -> None:
    async with walk.database.transaction(walk.brand) as session:
        for number in range(59):
            await factories.make_product(session, title=f"商品{number:02d}号")
    seen: list[str] = []
    path: str | None = f"/s/{scene.guide.slug}"
    sizes = []
    while path is not None:
        page = (await site.get(path)).text
        titles = re.findall(r'<span class="t">([^<]+)</span>', page)
        sizes.append(len(titles))
        seen += titles
        onward = re.search(r'<a class="btn" href="([^"]+)" rel="next">', page)
        path = onward[1] if onward else None
    assert sizes == [24, 24, 12] and len(set(seen)) == 60
    broken = await site.get(f"/s/{scene.guide.slug}?after=broken")
    assert broken.status_code == 200 and len(re.findall('<span class="t">', broken.text)) == 24


async def test_what_the_guide_features_leads_and_hides_is_gone(
    site: httpx.AsyncClient, walk: Walk, scene: Scene
) -> None:
    guide = employee(scene.guide.employee_id, shop_id=scene.guide.shop_id)
    async with walk.database.transaction(walk.brand) as session:
        hidden, _ = await factories.make_product(session, title="藏起来的")
        for product_id, change in (
            (hidden, ShelfChange(is_hidden=True)),
            (scene.product_id, ShelfChange(is_featured=True, badge="本周到货")),
        ):
            assert scene.guide.shop_id
            await shelf.change_item(
                session, guide, shop_id=scene.guide.shop_id, product_id=product_id, change=change, now=session.now
            )
    page = (await site.get(f"/s/{scene.guide.slug}")).text
    assert "林知夏主推" in page and "本周到货" in page and "藏起来的" not in page
    assert (await site.get(f"/s/{scene.guide.slug}/p/{encode_global_id('Product', hidden)}")).status_code == 404
    assert "藏起来的" in (await site.get(f"/s/{scene.other_guide.slug}")).text


async def test_names_are_text_and_never_markup(site: httpx.AsyncClient, walk: Walk, scene: Scene) -> None:
    async with walk.database.transaction(walk.brand) as session:
        await factories.make_product(session, title='<img src=x onerror="alert(1)">')
    page = (await site.get(f"/s/{scene.guide.slug}")).text
    assert "<img src=x" not in page and "&lt;img src=x" in page


async def test_a_guide_who_left_is_replaced_by_the_store(site: httpx.AsyncClient, walk: Walk, scene: Scene) -> None:
    async with walk.database.transaction(walk.brand) as session:
        await session.execute(
            sa.update(EmployeeRow)
            .where(EmployeeRow.brand_id == walk.brand.id, EmployeeRow.id == scene.guide.employee_id)
            .values(state="RESIGNED")
            .execution_options(synchronize_session=False)
        )
    answer = await site.get(f"/s/{scene.guide.slug}")
    assert answer.status_code == 200 and "现在由人民广场店照顾这个货架" in answer.text and "羊绒围巾" in answer.text


@pytest.mark.parametrize("slug", ["x", "unknown234", "x" * 5_000, "UPPER2345", "%00%00%00%00%00%00%00%00"])
async def test_unknown_shops_show_what_to_do(site: httpx.AsyncClient, slug: str) -> None:
    answer = await site.get(f"/s/{slug}")
    assert answer.status_code == 404 and "没有找到这家小店" in answer.text


async def test_unknown_products_lead_back_to_the_shop(
    site: httpx.AsyncClient, walk: Walk, scene: Scene, database: Database
) -> None:
    other = await factories.make_scene(database)
    for product in (
        "x",
        encode_global_id("Shop", scene.product_id),
        encode_global_id("Product", other.product_id),
        encode_global_id("Product", scene.product_id, scene.product_id),
    ):
        answer = await site.get(f"/s/{scene.guide.slug}/p/{product}")
        assert answer.status_code == 404 and f'href="/s/{scene.guide.slug}"' in answer.text


async def test_a_recognised_customers_visit_renews_where_visits_do(
    site: httpx.AsyncClient, walk: Walk, scene: Scene
) -> None:
    await walk.publish(renew_on=RenewOn.VISIT)
    await site.get(f"/q/{scene.guide.token}")
    async with walk.database.reading(walk.brand) as session:
        visitor = await visitors.find(session, site.cookies["visitor"])
    assert visitor is not None
    customer_id = await walk.sign_in(factories.next_phone(), visitor.visitor_id)
    before = await walk.live(customer_id)
    await site.get(f"/s/{scene.other_guide.slug}")
    assert await walk.live(customer_id) == before and await walk.count(BindingRenewalRow) == 0
    await site.get(f"/s/{scene.guide.slug}")
    after = await walk.live(customer_id)
    assert before is not None and after is not None and before.expires_at and after.expires_at
    assert after.binding_id == before.binding_id and after.expires_at > before.expires_at
    assert await walk.count(BindingRenewalRow) == 1 and await walk.violations() == []


async def test_other_addresses_get_a_page_or_json_as_asked_for(site: httpx.AsyncClient) -> None:
    page = await site.get("/nothing", headers={"accept": "text/html"})
    assert page.status_code == 404 and "没有这个页面" in page.text
    assert (await site.get("/nothing", headers={"accept": "application/json"})).json() == {"error": 404}
    wrong = await site.post("/s/abcdefgh23")
    assert wrong.status_code == 405 and wrong.json() == {"error": 405}
    assert (await site.get("/media/none.jpg")).status_code == 404


async def test_pictures_of_this_installation_are_served_inert(site: httpx.AsyncClient, runtime: Runtime) -> None:
    path = runtime.settings.app_home / "media" / "test" / "a.svg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    answer = await site.get("/media/test/a.svg")
    assert answer.status_code == 200 and "default-src 'none'" in answer.headers["content-security-policy"]
    assert (await site.get("/media/..%2f..%2fsecrets/signing.key")).status_code == 404


async def test_films_are_given_in_ranges(site: httpx.AsyncClient, runtime: Runtime) -> None:
    path = runtime.settings.app_home / "media" / "test" / "film.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(range(100)))
    whole = await site.get("/media/test/film.mp4")
    assert (whole.status_code, whole.headers["accept-ranges"], len(whole.content)) == (200, "bytes", 100)
    for asked, said, first, last in (
        ("bytes=0-1", "bytes 0-1/100", 0, 2),
        ("bytes=90-", "bytes 90-99/100", 90, 100),
        ("bytes=90-500", "bytes 90-99/100", 90, 100),
        ("bytes=-7", "bytes 93-99/100", 93, 100),
        ("bytes=-700", "bytes 0-99/100", 0, 100),
    ):
        part = await site.get("/media/test/film.mp4", headers={"range": asked, "if-range": whole.headers["etag"]})
        assert (part.status_code, part.headers["content-range"]) == (206, said), asked
        assert part.content == bytes(range(first, last)) and part.headers["content-type"] == "video/mp4"
        assert part.headers["content-length"] == str(last - first)
    for beyond in ("bytes=100-", "bytes=100-200", "bytes=-0"):
        none = await site.get("/media/test/film.mp4", headers={"range": beyond})
        assert (none.status_code, none.headers["content-range"], none.content) == (416, "bytes */100", b""), beyond
    for unheeded in ("bytes=0-1,5-6", "bytes=5-2", "lines=0-1", "bytes=-", "bytes=x-1"):
        assert (await site.get("/media/test/film.mp4", headers={"range": unheeded})).status_code == 200, unheeded
    other = await site.get("/media/test/film.mp4", headers={"range": "bytes=0-1", "if-range": '"other"'})
    assert other.status_code == 200 and len(other.content) == 100
