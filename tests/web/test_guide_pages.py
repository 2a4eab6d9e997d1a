"""`/guide`: the day, the money with its reasons, codes, customers."""

import re
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from app.commission import holds, plans, reversals
from app.commission.plans import NewRule
from app.commission.values import ShareRole
from app.marketing.models import CodeRow
from app.platform import clock
from app.platform.actor import SYSTEM
from app.platform.db import Database
from app.trade import orders, reads
from graphql_schema.paging import encode_cursor, encode_global_id
from tests import factories
from tests.commission.market import customer_actor, order_goods, pay, scan
from tests.factories import Scene
from tests.trade import purchase
from tests.web.browser import Browser
from tests.web.staffing import come_in

PAGES = (
    *("/guide", "/guide/code", "/guide/toolbox", "/guide/shares"),
    *("/guide/customers", "/guide/commission", "/guide/orders"),
)
TWO_PLACES = ("/guide/orders", "/guide/code", "/guide/toolbox", "/guide/shares")
"""Pages that stand in a row of their own beside their place in the dock."""
BYTES = 150 * 1024


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await factories.make_scene(database, price_minor=10_000)


async def sale(
    database: Database,
    scene: Scene,
    *,
    quantity: int = 1,
    is_paid: bool = True,
    name: str = "王小明",
    at: datetime | None = None,
) -> tuple[UUID, UUID]:
    """An order in the guide's shop of a customer who is bound to the guide: order and customer."""
    async with database.transaction(scene.brand, now=at) as session:
        customer_id = await factories.make_customer(session, name=name)
        await scan(session, customer_id, scene.guide)
    async with database.transaction(scene.brand, now=at) as session:
        order_id = await order_goods(
            session, customer_id=customer_id, sku_id=scene.sku_id, shop_of=scene.guide, quantity=quantity
        )
        if is_paid:
            await pay(session, order_id=order_id, customer_id=customer_id, total_minor=quantity * 10_000)
    return order_id, customer_id


async def line_of(database: Database, scene: Scene, order_id: UUID) -> UUID:
    async with database.reading(scene.brand) as session:
        return (await reads.lines_of_orders(session, [order_id]))[order_id][0].id


async def test_every_page_is_sound_small_and_kept_nowhere(browser: Browser, scene: Scene, database: Database) -> None:
    await sale(database, scene)
    await come_in(browser, scene.brand, scene.guide.employee_id)
    for path in PAGES:
        for language in ("zh-CN", "en"):
            page = await browser.open(path, **{"accept-language": language})
            assert page.status == 200 and list(page.faults()) == [], path
            assert f'<html lang="{language}">' in page.text
            assert page.response.headers["cache-control"] == "no-store"
            policy = page.response.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; style-src 'self'") and "script-src" not in policy
            assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page.text)
            assert len(page.response.content) < BYTES
            assert page.text.count('aria-current="page"') == (2 if path in TWO_PLACES else 1)


async def test_whoever_is_not_signed_in_is_led_there_and_back(browser: Browser, scene: Scene) -> None:
    for path in PAGES:
        answer = await browser.client.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/sign-in?next={path.replace('/', '%2F')}"
    await browser.sign_in(f"/s/{scene.guide.slug}/sign-in", scene.brand, factories.next_phone())
    assert (await browser.client.get("/guide")).headers["location"].startswith("/sign-in")


async def test_owner_and_headquarters_have_no_day_of_a_guide(
    browser: Browser, scene: Scene, database: Database
) -> None:
    async with database.transaction(scene.brand) as session:
        headquarters = await factories.make_employee(session, role="HEADQUARTERS", org_unit_id=scene.area_id)
        manager = await factories.make_employee(session, role="MANAGER", store_id=scene.store_id)
    for employee_id in (scene.owner_id, headquarters.employee_id):
        await come_in(browser, scene.brand, employee_id)
        for path in (*PAGES, f"/guide/orders/{encode_global_id('Order', scene.product_id)}"):
            page = await browser.open(path)
            assert page.status == 403 and "这一页不是给你的" in page.text
    await come_in(browser, scene.brand, manager.employee_id)
    for path in PAGES:
        assert (await browser.open(path)).status == 200
    assert "/boss" in (await browser.open("/guide")).links


async def test_a_new_guide_reads_zeros_and_what_to_do_next(browser: Browser, scene: Scene) -> None:
    await come_in(browser, scene.brand, scene.guide.employee_id)
    home = await browser.open("/guide")
    assert "知夏，" in home.text and "人民广场店 · " in home.text and "来自 0 单" in home.text
    assert home.text.count("<i>¥</i>0<i>.00</i>") == 3 and "还没有佣金" in home.text
    assert "新佣金" not in home.text and f"/s/{scene.guide.slug}" in home.links
    for path, words in (
        ("/guide/customers", "还没有顾客"),
        ("/guide/orders", "还没有订单"),
        ("/guide/commission", "还没有佣金"),
    ):
        page = await browser.open(path)
        assert words in page.text and "/guide/code" in page.links and not page.has_form("/guide/customers")


async def test_the_day_and_the_money_move_with_a_payment(browser: Browser, scene: Scene, database: Database) -> None:
    await sale(database, scene, quantity=2)
    await sale(database, scene, is_paid=False)
    await come_in(browser, scene.brand, scene.guide.employee_id)
    home = await browser.open("/guide")
    for words in (
        "来自 1 单",
        "<i>¥</i>200<i>.00</i>",  # net sales
        "<i>¥</i>20<i>.00</i>",  # commission of the day
        "2 人",
        "截至 ",
    ):
        assert words in home.text
    assert re.search(r"冻结中.*?¥20\.00.*?预计.*?¥10\.00.*?已发放.*?¥0\.00.*?欠款.*?¥0\.00", home.text, re.S)
    # The latest entry is not paid for: nothing is told as news.
    assert "新佣金" not in home.text
    other = await come_in(browser, scene.brand, scene.other_guide.employee_id)
    assert "来自 0 单" in (await other.open("/guide")).text


async def test_commission_just_earned_is_news_with_the_way_to_the_reason(
    browser: Browser, scene: Scene, database: Database
) -> None:
    order_id, _ = await sale(database, scene, quantity=2)
    async with database.reading(scene.brand) as session:
        day = scene.brand.day_of(session.now + timedelta(days=7))
    await come_in(browser, scene.brand, scene.guide.employee_id)
    home = await browser.open("/guide")
    assert "新佣金 ¥20.00" in home.text and f"王**付款 ¥200.00。最早 {day.month}月{day.day}日 可提。" in home.text
    assert f"/guide/orders/{encode_global_id('Order', order_id)}#why" in home.links


async def test_commission_of_two_hours_ago_is_no_news(browser: Browser, scene: Scene, database: Database) -> None:
    await sale(database, scene, at=clock.utc_now() - timedelta(hours=2))
    await come_in(browser, scene.brand, scene.guide.employee_id)
    home = await browser.open("/guide")
    assert "新佣金" not in home.text and "+<i>¥</i>10<i>.00</i>" in home.text


async def test_each_entry_says_its_rule_rate_sum_state_and_date(
    browser: Browser, scene: Scene, database: Database
) -> None:
    async with database.transaction(scene.brand) as session:
        manager = await factories.make_employee(session, role="MANAGER", store_id=scene.store_id)
        rules = [
            NewRule(ShareRole.SELLER, 1_000),
            NewRule(ShareRole.SELLER, 550, product_id=scene.product_id),
            NewRule(ShareRole.MANAGER, 33, org_unit_id=scene.area_id),
        ]
        await plans.publish(session, SYSTEM, hold_days=10, rules=rules, now=session.now)
    order_id, _ = await sale(database, scene, quantity=2)
    unpaid_id, buyer = await sale(database, scene, is_paid=False)
    await come_in(browser, scene.brand, scene.guide.employee_id)
    async with database.reading(scene.brand) as session:
        day = scene.brand.day_of(session.now + timedelta(days=10))
    page = await browser.open("/guide/commission")
    assert "共 2 笔" in page.text and page.text.count("羊绒围巾") == 2
    assert "销售 · 按商品 5.5% × ¥200.00。顾客带着你的码下单" not in page.text  # the code was scanned, then bound
    assert "销售 · 按商品 5.5% × ¥200.00。顾客绑定给你" in page.text
    assert f"最早 {day.month}月{day.day}日 可提" in page.text and "+<i>¥</i>11<i>.00</i>" in page.text
    assert "等顾客付款" in page.text and f"/guide/orders/{encode_global_id('Order', order_id)}" in page.links
    english = await browser.open("/guide/commission", **{"accept-language": "en"})
    assert "Sale · Product 5.5% × ¥200.00. The customer is bound to you" in english.text

    async with database.transaction(scene.brand) as session:
        await orders.cancel(session, customer_actor(buyer), order_id=unpaid_id, now=session.now)
    page = await browser.open("/guide/commission")
    assert "已作废" in page.text and "没有付款，订单取消了" in page.text and "等顾客付款" not in page.text
    assert '<s class="soft nowrap">¥5.50</s>' in page.text

    await come_in(browser, scene.brand, manager.employee_id)
    page = await browser.open("/guide/commission")
    assert "店长提成 · 按华东的全部商品 0.33% × ¥200.00。本店成交" in page.text
    assert "+<i>¥</i>0<i>.66</i>" in page.text


async def test_after_sales_pause_and_refunds_take_back_in_rows_of_their_own(
    browser: Browser, scene: Scene, database: Database
) -> None:
    order_id, _ = await sale(database, scene, quantity=2)
    line_id = await line_of(database, scene, order_id)
    async with database.transaction(scene.brand) as session:
        await holds.pause(session, sale_id=order_id, line_id=line_id)
    await come_in(browser, scene.brand, scene.guide.employee_id)
    paused = await browser.open("/guide/commission")
    assert "冻结中，售后未完" in paused.text and "售后结束才会转可提" in paused.text and "最早" not in paused.text
    async with database.transaction(scene.brand) as session:
        await reversals.reverse(
            session,
            sale_id=order_id,
            line_id=line_id,
            after_sale_id=session.new_id(),
            refund_minor=6_666,
            now=session.now,
        )
        await holds.resume(session, sale_id=order_id, line_id=line_id)
    page = await browser.open("/guide/commission")
    assert "共 2 笔" in page.text and "羊绒围巾 退款" in page.text and "已收回" in page.text
    assert "退款 ¥66.66，按比例收回当时的 10%" in page.text
    assert "−<i>¥</i>6<i>.67</i>" in page.text and "+<i>¥</i>20<i>.00</i>" in page.text
    assert "最早" in page.text and re.search(r"冻结中.*?¥13\.33", page.text, re.S)
    assert page.text.index("羊绒围巾 退款") < page.text.rindex("羊绒围巾</b>")


async def test_dates_become_certain_with_the_receipt(browser: Browser, scene: Scene, database: Database) -> None:
    long_ago = clock.utc_now() - timedelta(days=9)
    order_id, _ = await sale(database, scene, at=long_ago)
    await come_in(browser, scene.brand, scene.guide.employee_id)
    assert "等顾客收货，七天后可提" in (await browser.open("/guide/commission")).text
    async with database.transaction(scene.brand) as session:
        until = session.now + timedelta(days=7)
        await holds.received(session, sale_id=order_id, return_until=until, now=session.now)
    day = scene.brand.day_of(until)
    page = await browser.open("/guide/commission")
    assert f" {day.month}月{day.day}日 可提" in page.text and "最早" not in page.text
    async with database.transaction(scene.brand, now=until + timedelta(minutes=1)) as session:
        assert await holds.release(session) == 1
    page = await browser.open("/guide/commission")
    assert '<span class="tag on">可提现</span>' in page.text and "退货期 " in page.text
    assert '<span class="price big"><i>¥</i>10<i>.00</i></span>' in page.text


async def test_commission_is_paged_and_every_entry_shows_once(
    browser: Browser, scene: Scene, database: Database
) -> None:
    async with database.transaction(scene.brand) as session:
        customer_id = await factories.make_customer(session)
        for number in range(43):
            _, skus = await factories.make_product(session, title=f"商品{number:02d}号", price_minor=10_000)
            await order_goods(session, customer_id=customer_id, sku_id=skus[0], shop_of=scene.guide)
    await come_in(browser, scene.brand, scene.guide.employee_id)
    page, seen, pages = await browser.open("/guide/commission"), [], 0
    while True:
        seen += re.findall(r"商品(\d\d)号", page.text)
        pages += 1
        following = [link for link in page.links if "after=" in link]
        if not following:
            break
        page = await browser.open(following[0])
    assert pages == 3 and seen == [f"{number:02d}" for number in reversed(range(43))]
    assert "/guide/commission" in page.links and "共 43 笔" in page.text


@pytest.mark.parametrize(
    "query",
    [
        "after=",
        "after=%00",
        "after=" + "A" * 3_000,
        "after=../../etc",
        f"after={encode_cursor('page_shelf', (True,))}",
        f"after={encode_cursor('page_entries', (True,))}",
        "after=x&after=y&q=%E2%80",
        "code=%F0%9F%92%A9",
    ],
)
async def test_odd_queries_show_the_start(browser: Browser, scene: Scene, query: str) -> None:
    await come_in(browser, scene.brand, scene.guide.employee_id)
    for path in PAGES:
        page = await browser.open(f"{path}?{query}")
        assert page.status == 200 and list(page.faults()) == [], path


async def test_customers_are_found_by_name_and_tail_and_never_shown_whole(
    browser: Browser, scene: Scene, database: Database
) -> None:
    await sale(database, scene, quantity=3, name="欧阳小满")
    async with database.transaction(scene.brand) as session:
        others = await factories.make_customer(session, name="只属于别人", phone="19900007777")
        await scan(session, others, scene.other_guide)
        mine = await factories.make_customer(session, name="周女士", phone="19900000316")
        await scan(session, mine, scene.guide)
    await come_in(browser, scene.brand, scene.guide.employee_id)
    page = await browser.open("/guide/customers")
    assert "共 2 位" in page.text and "199****0316" in page.text and "还没买过" in page.text
    assert "1 单" in page.text and "¥300.00" in page.text and "欧**" in page.text
    for secret in ("欧阳小满", "周女士", "19900000316", "199****7777", "只**"):
        assert secret not in page.text
    assert page.form("/guide/customers").method == "get"
    tail = await browser.open("/guide/customers?q=0316")
    assert "共 1 位" in tail.text and "周**" in tail.text and 'value="0316"' in tail.text
    assert "欧**" in (await browser.open("/guide/customers?q=小满")).text
    for query in ("7777", "别人", "19900000316"):
        nobody = await browser.open(f"/guide/customers?q={query}")
        assert "没有找到" in nobody.text and "**" not in nobody.text
    long = await browser.open("/guide/customers?q=" + "长" * 61)
    assert long.status == 422 and 'aria-invalid="true"' in long.text and list(long.faults()) == []


async def test_customers_are_paged_within_a_search(browser: Browser, scene: Scene, database: Database) -> None:
    async with database.transaction(scene.brand) as session:
        for number in range(25):
            customer_id = await factories.make_customer(session, name="钱多多" if number % 5 else "孙小姐")
            await scan(session, customer_id, scene.guide)
    await come_in(browser, scene.brand, scene.guide.employee_id)
    page = await browser.open("/guide/customers")
    assert "共 25 位" in page.text and page.text.count("**</b></a>") == 20
    following = next(link for link in page.links if "after=" in link)
    assert (await browser.open(following)).text.count("**</b></a>") == 5
    found = await browser.open("/guide/customers?q=孙小姐")
    assert (
        "共 5 位" in found.text
        and found.text.count("孙**</b></a>") == 5
        and not any("after=" in x for x in found.links)
    )


async def test_the_own_code_is_a_picture_with_its_link(browser: Browser, scene: Scene) -> None:
    await come_in(browser, scene.brand, scene.guide.employee_id)
    page = await browser.open("/guide/code")
    link = f"{browser.runtime.settings.base_url}/q/{scene.guide.token}"
    assert f'value="{link}"' in page.text and f'src="/codes/{scene.guide.token}.svg"' in page.text
    assert 'download="林知夏-我的专属码.png"' in page.text
    for kind, media in (("svg", "image/svg+xml"), ("png", "image/png")):
        picture = await browser.client.get(f"/codes/{scene.guide.token}.{kind}")
        assert picture.status_code == 200 and picture.headers["content-type"].startswith(media)
    other = await browser.open(f"/guide/code?code={encode_global_id('Code', scene.other_guide.code_id or UUID(int=0))}")
    assert f"/codes/{scene.guide.token}.svg" in other.text and (scene.other_guide.token or "") not in other.text


async def test_a_code_for_a_channel_is_made_once_however_often_it_is_sent(
    browser: Browser, scene: Scene, database: Database
) -> None:
    await come_in(browser, scene.brand, scene.guide.employee_id)
    page = await browser.open("/guide/code")
    assert len(page.form("/guide/code").choices["channel"]) == 12
    made = await browser.submit(page, "/guide/code", channel="POSTER", label="收银台")
    assert made.path.startswith("/guide/code?code=") and "收银台" in made.text and "海报 · 扫过 0 次" in made.text
    again = await browser.submit(page, "/guide/code", channel="POSTER", label="收银台")
    assert again.path == made.path
    changed = await browser.submit(page, "/guide/code", channel="SMS", label="收银台")
    assert changed.status == 422 and list(changed.faults()) == []
    async with database.reading(scene.brand) as session:
        mine = CodeRow.guide_id == scene.guide.employee_id
        assert await purchase.count(session, CodeRow, mine) == 2
        assert await purchase.count(session, CodeRow, mine, CodeRow.channel == "POSTER", CodeRow.kind == "SHOP") == 1


async def test_a_code_that_cannot_be_made_says_why_and_keeps_what_was_typed(
    browser: Browser, other_browser: Browser, scene: Scene, database: Database
) -> None:
    await come_in(browser, scene.brand, scene.guide.employee_id)
    page = await browser.open("/guide/code")
    for fields, words in (
        ({"channel": "MOON", "label": "月亮"}, "选一个地方。"),
        ({"channel": None, "label": "月亮"}, "选一个地方。"),
        ({"channel": "SMS", "label": "长" * 41}, "aria-invalid"),
        ({"channel": "SMS", "label": "短", "key": "x"}, "aria-invalid"),
    ):
        refused = await browser.submit(page, "/guide/code", **fields)
        assert refused.status == 422 and words in refused.text and list(refused.faults()) == []
        assert f'value="{fields["label"]}"' in refused.text
    await come_in(other_browser, scene.brand, scene.other_guide.employee_id)
    forged = await other_browser.send("/guide/code", page.form("/guide/code").fields | {"channel": ["SMS"]})
    assert forged.status == 403
    async with database.reading(scene.brand) as session:
        assert await purchase.count(session, CodeRow) == 2


async def test_another_brands_guide_sees_nothing_of_this_one(
    browser: Browser, scene: Scene, database: Database
) -> None:
    await sale(database, scene, quantity=2)
    other = await factories.make_scene(database)
    await come_in(browser, other.brand, other.guide.employee_id)
    for path in PAGES:
        page = await browser.open(path)
        assert page.status == 200 and "王**" not in page.text and "¥200.00" not in page.text
        assert (scene.guide.token or "") not in page.text and (scene.guide.slug or "") not in page.text
