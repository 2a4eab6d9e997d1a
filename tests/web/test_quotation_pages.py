"""Quotations on pages: a guide makes one on the phone, the customer opens its link, accepts and goes on to pay."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.platform.actor import SYSTEM
from app.platform.runtime import Runtime
from app.trade import freight
from app.trade.freight_values import ChargedBy, FreightRate, FreightTerms
from app.trade.models import OrderRow
from app.trade.quotation_models import QuotationRow
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import ADDRESS, Scene
from tests.marketing.couponing import guide_actor
from tests.trade import purchase, quoting
from tests.web.browser import Browser
from tests.web.staffing import come_in
from tests.web.test_cart_pages import shop_path

NEW = "/guide/quotations/new"
SENT_TO = {name: [text] for name, text in ADDRESS.items()}


async def quoted(runtime: Runtime, scene: Scene, **more: Any) -> tuple[UUID, str]:
    """A quotation of the first guide's, and its token."""
    quotation_id = await quoting.quote(runtime.database, scene, guide_actor(scene), **more)
    async with runtime.database.reading(scene.brand) as session:
        return quotation_id, await quoting.token_of(session, quotation_id)


async def enter(browser: Browser, scene: Scene, phone: str | None = None) -> None:
    await browser.sign_in(f"{shop_path(scene)}/sign-in", scene.brand, phone or factories.next_phone())


async def test_guide_puts_one_together_without_a_script_and_takes_it_back(
    browser: Browser, scene: Scene, runtime: Runtime
) -> None:
    await come_in(browser, scene.brand, scene.guide.employee_id)
    sku = encode_global_id("Sku", scene.sku_id)
    empty = await browser.open("/guide/quotations")
    assert "还没有报价单" in empty.text and list(empty.faults()) == []
    page = await browser.open(NEW)
    assert list(page.faults()) == [] and "羊绒围巾" in page.text
    form = page.form().fields
    found = await browser.send(NEW, {**form, "do": ["search"], "q": ["没有的东西"]})
    assert "没有找到在售的商品" in found.text
    chosen = await browser.send(NEW, {**form, "add": [sku]})
    assert list(chosen.faults()) == [] and chosen.form().fields["sku"] == [sku]
    more = await browser.send(NEW, {**chosen.form().fields, f"quantity-{sku}": ["3"], "do": ["update"]})
    assert "387.00" in more.text.replace("<i>.", ".").replace("</i>", "")
    taken_out = await browser.send(NEW, {**more.form().fields, "remove": [sku]})
    assert "还没有选商品" in taken_out.text
    refused = await browser.send(NEW, {**taken_out.form().fields, "do": ["make"]})
    assert refused.status == 422 and "至少" in refused.text
    fields = {**more.form().fields, "do": ["make"], "days": ["3"], "note": ["给您留的"]}
    made = await browser.send(NEW, fields)
    again = await browser.send(NEW, fields)
    assert made.status == 200 and made.path == again.path and list(made.faults()) == []
    for words in ("有效", "不指定顾客", "给您留的", "/q/", "撤回"):
        assert words in made.text
    async with runtime.database.reading(scene.brand) as session:
        row = (
            await session.execute(sa.select(QuotationRow).where(QuotationRow.brand_id == scene.brand.id))
        ).scalar_one()
    assert (row.subtotal_minor, (row.expires_at - row.created_at).days) == (38_700, 3)
    listed = await browser.open("/guide/quotations?state=OPEN")
    assert "羊绒围巾 · 3 件" in listed.text and list(listed.faults()) == []
    copied = await browser.open(f"{NEW}?copy={encode_global_id('Quotation', row.id)}")
    assert copied.form().fields[f"quantity-{sku}"] == ["3"] and "给您留的" in copied.text
    gone = await browser.submit(made, made.path)
    assert "已撤回" in gone.text and "/q/" not in gone.text
    assert "没有这样的报价单" in (await browser.open("/guide/quotations?state=OPEN")).text
    await come_in(browser, scene.brand, scene.other_guide.employee_id)
    assert (await browser.open(made.path)).status == 404


async def test_customer_opens_the_link_accepts_and_comes_to_pay(
    browser: Browser, scene: Scene, runtime: Runtime
) -> None:
    quotation_id, token = await quoted(runtime, scene, note="两条一起更划算")
    await quoting.reprice(runtime.database, scene, 99_900)
    page = await browser.open(f"/q/{token}")
    assert page.path == f"{shop_path(scene)}/quotations/{token}" and list(page.faults()) == []
    for words in ("林知夏 给你的报价", "两条一起更划算", "¥129.00 × 2", "登录后接受", "前按此价成交"):
        assert words in page.text
    assert not page.has_form("/decline") and "999.00" not in page.text
    await enter(browser, scene)
    page = await browser.open(page.path)
    assert list(page.faults()) == []
    short = await browser.send(page.path, {**page.form(f"/quotations/{token}").fields, "phone": ["12"]})
    assert short.status == 422 and short.has_form("/decline")
    assert (await quoting.row(runtime.database, scene.brand, quotation_id)).state == "OPEN"
    order = await browser.send(page.path, {**page.form(f"/quotations/{token}").fields, **SENT_TO})
    assert order.status == 200 and "/orders/" in order.path and order.has_form("/pay")
    assert (await browser.open(page.path)).path == order.path
    async with runtime.database.reading(scene.brand) as session:
        row = (await session.execute(sa.select(OrderRow).where(OrderRow.brand_id == scene.brand.id))).scalar_one()
    assert (row.total_minor, row.guide_id) == (25_800, scene.guide.employee_id)
    await come_in(browser, scene.brand, scene.guide.employee_id)
    seen = await browser.open(f"/guide/quotations/{encode_global_id('Quotation', quotation_id)}")
    assert "已成交" in seen.text and row.number in seen.text and "被打开 1 次" in seen.text
    await purchase.assert_sound(runtime.database, scene.brand)


async def test_freight_of_the_address_is_told_before_it_is_accepted(
    browser: Browser, scene: Scene, runtime: Runtime
) -> None:
    rates = (FreightRate((), True, 10, 800), FreightRate(("新疆",), True, 10, 2_200), FreightRate(("台湾",), False))
    async with runtime.database.transaction(scene.brand) as session:
        terms = FreightTerms(ChargedBy.PIECE, 1, rates)
        await freight.publish(session, SYSTEM, name="全国", terms=terms, now=session.now)
    quotation_id, token = await quoted(runtime, scene)
    await enter(browser, scene)
    path = f"{shop_path(scene)}/quotations/{token}"
    page = await browser.open(path)
    assert "填写地址后确定" in page.text and page.form(f"/{token}").fields["expected"] == ["26600"]
    nowhere = await browser.send(
        path, {**page.form(f"/{token}").fields, **SENT_TO, "province": ["台湾"], "do": ["freight"]}
    )
    assert nowhere.status == 200 and "填写地址后确定" in nowhere.text and "台湾" in nowhere.text
    assert list(nowhere.faults()) == []
    far = {**SENT_TO, "province": ["新疆"], "city": ["喀什"]}
    told = await browser.send(path, {**page.form(f"/{token}").fields, **far})
    assert told.status == 422 and "填写地址后确定" not in told.text and list(told.faults()) == []
    assert (await quoting.row(runtime.database, scene.brand, quotation_id)).state == "OPEN"
    reckoned = await browser.send(path, {**page.form(f"/{token}").fields, **far, "do": ["freight"]})
    assert reckoned.status == 200
    fields = reckoned.form(f"/{token}").fields
    assert fields["expected"] == told.form(f"/{token}").fields["expected"] == ["28000"]
    order = await browser.send(path, fields)
    assert "/orders/" in order.path and order.has_form("/pay")
    await purchase.assert_sound(runtime.database, scene.brand)


async def test_fetched_in_a_store_it_asks_for_the_store(browser: Browser, scene: Scene, runtime: Runtime) -> None:
    _, token = await quoted(runtime, scene)
    async with runtime.database.transaction(scene.brand) as session:
        await factories.fill(session, scene.store_id, scene.sku_id)
    await enter(browser, scene)
    path = f"{shop_path(scene)}/quotations/{token}"
    page = await browser.open(f"{path}?method=PICKUP")
    assert "人民广场店" in page.text and list(page.faults()) == []
    order = await browser.send(path, page.form(f"/quotations/{token}").fields)
    assert "/orders/" in order.path and "人民广场店" in order.text


async def test_named_quotation_tells_nobody_else_whose_it_is(browser: Browser, scene: Scene, runtime: Runtime) -> None:
    phone = factories.next_phone()
    async with runtime.database.transaction(scene.brand) as session:
        customer_id = await factories.make_customer(session, phone=phone, name="欧阳修远")
    buyer = purchase.customer_actor(customer_id)
    await quoting.bind(runtime.database, scene.brand, buyer, scene.guide)
    _, token = await quoted(runtime, scene, customer_id=customer_id, note="欧阳先生您好")
    path = f"{shop_path(scene)}/quotations/{token}"
    page = await browser.open(path)
    assert page.status == 200 and "这张报价单是给指定顾客的" in page.text and list(page.faults()) == []
    assert "欧阳" not in page.text and "129.00" not in page.text
    await enter(browser, scene)
    other = await browser.open(path)
    assert other.path == shop_path(scene) and "欧阳" not in other.text
    browser.client.cookies.clear()
    await enter(browser, scene, phone)
    own = await browser.open(path)
    assert "欧阳先生您好" in own.text and own.has_form("/decline")
    declined = await browser.submit(own, "/decline")
    assert declined.status == 410 and "这张报价单已谢绝" in declined.text


async def test_what_is_over_says_so_kindly_and_leads_into_the_shop(
    browser: Browser, scene: Scene, runtime: Runtime
) -> None:
    quotation_id, token = await quoted(runtime, scene)
    path = f"{shop_path(scene)}/quotations/{token}"
    await quoting.withdraw(runtime.database, scene.brand, guide_actor(scene), quotation_id)
    gone = await browser.open(f"/q/{token}")
    assert (gone.path, gone.status) == (path, 410) and list(gone.faults()) == []
    assert "这张报价单已撤回" in gone.text and shop_path(scene) in gone.links and "129.00" not in gone.text
    late_id, late = await quoted(runtime, scene)
    async with runtime.database.transaction(scene.brand) as session:
        own = sa.update(QuotationRow).where(QuotationRow.brand_id == scene.brand.id, QuotationRow.id == late_id)
        past = {"created_at": session.now.replace(year=2020), "expires_at": session.now.replace(year=2021)}
        await session.execute(own.values(past).execution_options(synchronize_session=False))
    assert "这张报价单已过期" in (await browser.open(f"/q/{late}")).text
    taken_id, taken = await quoted(runtime, scene)
    buyer = await purchase.make_buyer(runtime.database, scene.brand)
    await quoting.accept(runtime.database, scene.brand, buyer, taken_id)
    assert "这张报价单已被接受" in (await browser.open(f"/q/{taken}")).text
    kept_id, kept = await quoted(runtime, scene)
    await quoting.resign(runtime.database, scene.brand, scene.guide.employee_id)
    left = await browser.open(f"/q/{kept}")
    assert left.status == 200 and "人民广场店 给你的报价" in left.text and "129.00" in left.text
    assert (await quoting.row(runtime.database, scene.brand, kept_id)).state == "OPEN"
    missing = await browser.open(f"{shop_path(scene)}/quotations/{scene.guide.token}")
    assert missing.status == 404 and "没有找到这张报价单" in missing.text
