"""`/boss`: the running day, a period beside the one before, tables that lead down, each only within the own branch."""

import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from app.boss import founding, rollups
from app.commission import reversals
from app.employees import organisation
from app.platform import clock
from app.platform.actor import SYSTEM
from app.platform.db import Database
from app.trade import reads
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.commission.market import order_goods, pay, scan
from tests.factories import Scene, Staff
from tests.web.browser import Browser, Page
from tests.web.staffing import come_in

PERIODS = ("TODAY", "YESTERDAY", "LAST_7_DAYS", "LAST_30_DAYS", "THIS_MONTH", "LAST_MONTH")
BYTES = 150 * 1024


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await factories.make_scene(database, price_minor=100_000)


async def sell(
    database: Database, scene: Scene, guide: Staff, *, quantity: int = 1, at: datetime | None = None
) -> UUID:
    """A paid order in a guide's shop, and the rollups made anew."""
    async with database.transaction(scene.brand, now=at) as session:
        customer_id = await factories.make_customer(session)
        await scan(session, customer_id, guide)
    async with database.transaction(scene.brand, now=at) as session:
        order_id = await order_goods(
            session, customer_id=customer_id, sku_id=scene.sku_id, shop_of=guide, quantity=quantity
        )
        await pay(session, order_id=order_id, customer_id=customer_id, total_minor=quantity * 100_000)
    await database.run(scene.brand, rollups.rebuild)
    return order_id


async def branch(database: Database, scene: Scene, *, name: str = "西南") -> tuple[UUID, Staff, Staff]:
    """Another area with a manager and a store with a guide: unit, manager, guide."""
    async with database.transaction(scene.brand) as session:
        root_id, _ = await founding.root_and_owner(session)
        area_id = await organisation.create_unit(
            session,
            SYSTEM,
            code=f"B{factories.next_number()}",
            name=name,
            kind="AREA",
            parent_id=root_id,
            now=session.now,
        )
        store_id = await factories.make_store(session, org_unit_id=area_id, name="春熙路店")
        manager = await factories.make_employee(session, role="MANAGER", org_unit_id=area_id, display_name="罗经理")
        guide = await factories.make_employee(session, store_id=store_id, display_name="何思远")
    return area_id, manager, guide


async def board(browser: Browser, scene: Scene, employee_id: UUID, query: str = "") -> Page:
    await come_in(browser, scene.brand, employee_id)
    return await browser.open(f"/boss{query}")


def value_of(page: Page, size: str) -> str:
    found = re.search(rf'<data class="price {size}" value="(-?\d+)">', page.text)
    assert found is not None
    return found[1]


async def test_a_brand_without_sales_reads_zeros_in_every_period(browser: Browser, scene: Scene) -> None:
    await come_in(browser, scene.brand, scene.owner_id)
    for period in PERIODS:
        for language in ("zh-CN", "en"):
            page = await browser.open(f"/boss?period={period}", **{"accept-language": language})
            assert page.status == 200 and list(page.faults()) == [] and len(page.response.content) < BYTES
            assert value_of(page, "huge") == value_of(page, "big") == "0"
            assert '<svg class="trend"' not in page.text and "<table" not in page.text
            assert page.text.count('aria-current="page"') == 2  # the period, the place in the dock
    page = await browser.open("/boss")
    assert "这段时间还没有成交" in page.text and "测试品牌" in page.text and "截至 " in page.text


async def test_only_owner_headquarters_and_managers_have_the_page(
    browser: Browser, scene: Scene, database: Database
) -> None:
    for path in ("/boss", "/boss/live"):
        answer = await browser.client.get(path)
        assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?next=%2Fboss")
    guide = await board(browser, scene, scene.guide.employee_id)
    assert guide.status == 403 and "这一页不是给你的" in guide.text
    assert (await browser.open("/boss/live")).status == 403
    async with database.transaction(scene.brand) as session:
        headquarters = await factories.make_employee(session, role="HEADQUARTERS", org_unit_id=scene.area_id)
    assert (await board(browser, scene, headquarters.employee_id)).status == 200
    browser.client.cookies.clear()
    await browser.sign_in(f"/s/{scene.guide.slug}/sign-in", scene.brand, factories.next_phone())
    assert (await browser.client.get("/boss")).headers["location"].startswith("/sign-in")


async def test_the_running_day_and_the_period_say_the_same_and_what_it_is_made_of(
    browser: Browser, scene: Scene, database: Database
) -> None:
    await sell(database, scene, scene.guide, quantity=12)
    await sell(database, scene, scene.other_guide)
    page = await board(browser, scene, scene.owner_id)
    assert value_of(page, "huge") == value_of(page, "big") == "1300000"
    assert "<i>¥</i>1.30<i> 万</i>" in page.text and "¥6,500.00" in page.text  # 2 orders
    rows = re.findall(r'<th scope="row"[^>]*>(?:<a href="[^"]+">)?([^<]+)', page.text)
    assert [name for name in rows if "月" not in name] == ["华东", "羊绒围巾"]
    assert re.findall(
        r'<b class="rank">(\d)</b><span class="grow">(\w+) <span class="tiny soft">([^<]+)', page.text
    ) == [
        ("1", "林知夏", "人民广场店 · 1 单"),
        ("2", "周予安", "人民广场店 · 1 单"),
    ]
    assert re.search(r"冻结中.*?¥1,300\.00.*?可提.*?¥0\.00.*?本期已发.*?¥0\.00.*?欠款.*?¥0\.00", page.text, re.S)
    today = await browser.open("/boss?period=TODAY")
    assert value_of(today, "big") == "1300000" and "比前期" not in today.text and "每小时净销售额" in today.text
    yesterday = await browser.open("/boss?period=YESTERDAY")
    assert value_of(yesterday, "big") == "0" and value_of(yesterday, "huge") == "1300000"


async def test_the_trend_has_words_numbers_and_a_hollow_today(
    browser: Browser, scene: Scene, database: Database
) -> None:
    await sell(database, scene, scene.guide, at=clock.utc_now() - timedelta(days=3))
    await sell(database, scene, scene.guide, quantity=2, at=clock.utc_now() - timedelta(days=9))
    page = await board(browser, scene, scene.owner_id, "?period=LAST_7_DAYS")
    svg = re.search(r"<svg class=\"trend\".*?</svg>", page.text, re.S)
    assert svg is not None and 'role="img" aria-labelledby="trend-t trend-d"' in svg[0]
    for part in (
        "<title",
        "<desc",
        'class="prev"',
        'class="now-l"',
        'class="now-l todo"',
        'class="dot"',
        'class="area"',
    ):
        assert svg[0].count(part) == 1, part
    day = scene.brand.day_of(clock.utc_now() - timedelta(days=3))
    assert f"近7天净销售额合计 ¥1,000.00。最高是 {day.month}月{day.day}日，¥1,000.00。" in svg[0]
    assert "未完，¥0.00。" in svg[0] and "▼ 50.0%" in page.text and "比前 7 天" in page.text
    table = re.search(r"<details>.*?</details>", page.text, re.S)
    assert table is not None and table[0].count("<tr>") == 8
    assert table[0].count("<td>1,000.00</td>") == 1 and table[0].count("<td>2,000.00</td>") == 1
    gone = await browser.open("/boss?period=YESTERDAY")
    assert 'class="trend"' not in gone.text


async def test_refunds_are_taken_off_and_fewer_are_better(browser: Browser, scene: Scene, database: Database) -> None:
    order_id = await sell(database, scene, scene.guide, quantity=2)
    async with database.transaction(scene.brand) as session:
        line = (await reads.lines_of_orders(session, [order_id]))[order_id][0]
        await reversals.reverse(
            session,
            sale_id=order_id,
            line_id=line.id,
            after_sale_id=session.new_id(),
            refund_minor=50_000,
            now=session.now,
        )
    await database.run(scene.brand, rollups.rebuild)
    page = await board(browser, scene, scene.owner_id)
    assert value_of(page, "big") == "150000"
    assert '<dt>退款</dt><dd><data value="50000">¥500.00</data></dd>' in page.text
    assert '<dt>付款额</dt><dd><data value="200000">¥2,000.00</data></dd>' in page.text


async def test_links_lead_from_the_brand_to_a_unit_a_store_and_a_guide(
    browser: Browser, scene: Scene, database: Database
) -> None:
    _, _, far = await branch(database, scene)
    await sell(database, scene, scene.guide, quantity=3)
    await sell(database, scene, far)
    page = await board(browser, scene, scene.owner_id, "?period=LAST_7_DAYS")
    unit = _link(page, "unit", encode_global_id("OrgUnit", scene.area_id))
    page = await browser.open(unit)
    assert page.status == 200 and list(page.faults()) == [] and value_of(page, "big") == "300000"
    assert "何思远" not in page.text and "春熙路店" not in page.text and ">测试品牌</a>" in page.text
    assert parse_qs(urlsplit(unit).query)["period"] == ["LAST_7_DAYS"]
    page = await browser.open(_link(page, "store", encode_global_id("Store", scene.store_id)))
    assert page.status == 200 and value_of(page, "huge") == "300000" and "<h1>人民广场店</h1>" in page.text
    page = await browser.open(_link(page, "guide", encode_global_id("Guide", scene.guide.employee_id)))
    assert page.status == 200 and "<h1>林知夏</h1>" in page.text and value_of(page, "big") == "300000"
    assert "导购排行" not in page.text and "羊绒围巾" in page.text and list(page.faults()) == []
    for query in ("by=store", "by=nonsense"):
        page = await browser.open(f"/boss?{query}")
        assert ("春熙路店</a>" in page.text) is (query == "by=store")


async def test_a_manager_sees_no_number_and_no_name_of_another_branch(
    browser: Browser, scene: Scene, database: Database
) -> None:
    area_id, manager, far = await branch(database, scene)
    await sell(database, scene, scene.guide, quantity=7)
    await sell(database, scene, far, quantity=2)
    page = await board(browser, scene, manager.employee_id)
    assert page.status == 200 and "<h1>西南</h1>" in page.text
    assert value_of(page, "huge") == value_of(page, "big") == "200000"
    for secret in ("华东", "人民广场店", "林知夏", "测试品牌", "700000", "900000", "7,000.00", "9,000.00"):
        assert secret not in page.text, secret
    assert "何思远" in page.text and "春熙路店" in page.text and "/guide" in page.links
    for name, kind, key in (
        ("unit", "OrgUnit", scene.area_id),
        ("store", "Store", scene.store_id),
        ("guide", "Guide", scene.guide.employee_id),
    ):
        for path in ("/boss", "/boss/live"):
            foreign = await browser.open(f"{path}?{name}={encode_global_id(kind, key)}")
            assert foreign.status == 404 and "没有找到这个范围" in foreign.text and "700000" not in foreign.text
    own = await browser.open(f"/boss?unit={encode_global_id('OrgUnit', area_id)}")
    assert own.status == 200 and value_of(own, "big") == "200000"


async def test_another_brands_boss_sees_nothing_of_this_one(browser: Browser, scene: Scene, database: Database) -> None:
    await sell(database, scene, scene.guide, quantity=7)
    other = await factories.make_scene(database)
    page = await board(browser, other, other.owner_id)
    assert value_of(page, "huge") == value_of(page, "big") == "0"
    for name, kind, key in (("unit", "OrgUnit", scene.area_id), ("guide", "Guide", scene.guide.employee_id)):
        assert (await browser.open(f"/boss?{name}={encode_global_id(kind, key)}")).status == 404


@pytest.mark.parametrize("query", ["unit=x", "store=%00", "guide=" + "A" * 500, "unit=../..", "store=%F0%9F%92%A9"])
async def test_an_odd_scope_is_not_found(browser: Browser, scene: Scene, query: str) -> None:
    page = await board(browser, scene, scene.owner_id, f"?{query}")
    assert page.status == 404 and list(page.faults()) == []


@pytest.mark.parametrize(
    "query", ["period=", "period=today", "period=%00&all=%27", "by=%F0", "all=yes&period=A&period=B", "unit="]
)
async def test_other_odd_queries_show_the_usual_board(browser: Browser, scene: Scene, query: str) -> None:
    page = await board(browser, scene, scene.owner_id, f"?{query}")
    assert page.status == 200 and "近30天的数字" in page.text and list(page.faults()) == []


async def test_the_live_card_stands_alone_for_the_one_script_of_ours(
    browser: Browser, scene: Scene, database: Database
) -> None:
    await sell(database, scene, scene.guide)
    guide_id = encode_global_id("Guide", scene.guide.employee_id)
    page = await board(browser, scene, scene.owner_id, f"?guide={guide_id}")
    policy = page.response.headers["content-security-policy"]
    assert "script-src 'self'; connect-src 'self'" in policy and "unsafe" not in policy
    assert re.findall(r"<script[^>]*>", page.text) == re.findall(
        r'<script src="/static/\w+/live\.js" defer>', page.text
    )
    assert not re.search(r"<style|\sstyle=|\son\w+=", page.text)
    script = await browser.client.get(re.findall(r'src="(/static/[^"]+)"', page.text)[0])
    assert script.status_code == 200 and script.headers["content-type"].startswith("text/javascript")
    where = re.search(r'data-live="([^"]+)"', page.text)
    assert where is not None
    card = await browser.client.get(where[1])
    assert card.status_code == 200 and card.headers["cache-control"] == "no-store"
    assert card.text.lstrip().startswith("<section") and "<html" not in card.text
    assert f'data-live="{where[1]}"' in card.text and 'value="100000"' in card.text
    assert "script-src" not in card.headers["content-security-policy"]


async def test_whole_tables_are_a_link_away(browser: Browser, scene: Scene, database: Database) -> None:
    async with database.transaction(scene.brand) as session:
        customer_id = await factories.make_customer(session)
        for number in range(12):
            _, skus = await factories.make_product(session, title=f"商品{number:02d}号", price_minor=100_000 + number)
            order_id = await order_goods(session, customer_id=customer_id, sku_id=skus[0], shop_of=scene.guide)
            await pay(session, order_id=order_id, customer_id=customer_id, total_minor=100_000 + number)
    await database.run(scene.brand, rollups.rebuild)
    page = await board(browser, scene, scene.owner_id)
    assert re.findall(r"商品(\d\d)号", page.text) == [f"{number:02d}" for number in range(11, 1, -1)]
    whole = await browser.open(next(link for link in page.links if "all=yes" in link and "period" not in link))
    assert len(re.findall(r"商品(\d\d)号", whole.text)) == 12 and "只看前几名" in whole.text


def _link(page: Page, name: str, key: str) -> str:
    """The one link of a page that leads to a scope."""
    found = {link for link in page.links if parse_qs(urlsplit(link).query).get(name) == [key] and "by=" not in link}
    assert found, (name, page.links)
    return sorted(found, key=len)[0]
