"""Checkout, payment and orders on pages: what is asked, what is refused, what is done once."""

import asyncio
import re

import httpx
import pytest
import sqlalchemy as sa

from app.customers import profiles
from app.customers.models import BindingRow, ConsentRow
from app.platform.db import Database
from app.platform.integrations import sandbox_bank
from app.platform.integrations.payments import ProviderUnavailable
from app.platform.integrations.sandbox_pay import SandboxPay
from app.platform.runtime import Runtime
from app.trade import orders
from app.trade.models import OrderRow, PaymentRow
from app.trade.values import OrderState
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene
from tests.trade import purchase
from tests.web.browser import Browser, Page, newest_code
from tests.web.test_cart_pages import adjust, put_in, reprice, shop_path

ADDRESS = {
    "recipient": "周女士",
    "phone": "19900000316",
    "province": "浙江省",
    "city": "杭州市",
    "district": "滨江区",
    "street": "江南大道 1 号 2 单元",
}


async def order_rows(database: Database, scene: Scene) -> list[OrderRow]:
    async with database.reading(scene.brand) as session:
        rows = sa.select(OrderRow).where(OrderRow.brand_id == scene.brand.id).order_by(OrderRow.id)
        return list((await session.execute(rows)).scalars())


async def count(database: Database, scene: Scene, kind: type) -> int:
    async with database.reading(scene.brand) as session:
        return await purchase.count(session, kind)


async def to_checkout(browser: Browser, scene: Scene, quantity: int = 1) -> Page:
    """A signed-in customer with a bag, at the checkout."""
    await put_in(browser, scene, quantity)
    await browser.sign_in(f"{shop_path(scene)}/sign-in", scene.brand, factories.next_phone())
    return await browser.open(f"{shop_path(scene)}/checkout")


async def ordered(browser: Browser, scene: Scene, quantity: int = 1) -> Page:
    return await browser.submit(await to_checkout(browser, scene, quantity), "/checkout", **ADDRESS)


async def test_from_code_to_paid_order(browser: Browser, scene: Scene, database: Database) -> None:
    await browser.open(f"/q/{scene.guide.token}")
    await put_in(browser, scene, 2)
    phone = factories.next_phone()
    asked = await browser.open(f"{shop_path(scene)}/checkout")
    assert asked.path.startswith(f"{shop_path(scene)}/sign-in?next=")
    code_step = await browser.submit(asked, phone=phone)
    page = await browser.submit(code_step, code=await newest_code(browser.runtime, scene.brand, phone))
    assert page.path.startswith(f"{shop_path(scene)}/checkout?order=") and list(page.faults()) == []
    assert "<i>¥</i>258<i>.00</i>" in page.text and "免运费" in page.text
    order_page = await browser.submit(page, "/checkout", note="放门口", **ADDRESS)
    assert re.fullmatch(rf"{shop_path(scene)}/orders/[\w=-]+", order_page.path) and list(order_page.faults()) == []
    for text in ("等你付款", "请在", "¥258.00", "周**", "199****0316", "浙江省 杭州市 滨江区 江南大道****", "林知夏"):
        assert text in order_page.text
    assert "19900000316" not in order_page.text and "周女士" not in order_page.text and "cart" not in browser.cookies
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (100, 2)
    paying = await browser.submit(order_page, "/pay")
    assert "演示付款" in paying.text and "不会动用真钱" in paying.text and list(paying.faults()) == []
    assert paying.path.startswith(f"{shop_path(scene)}/pay/")
    paid = await browser.submit(paying)
    assert paid.path == f"{order_page.path}?from=pay" and "付好了，¥258.00 已收到。" in paid.text
    assert "已付款，等发货" in paid.text and not paid.has_form("/pay") and not paid.has_form("/cancel")
    (order,) = await order_rows(database, scene)
    assert (order.state, order.code_id, order.guide_id) == ("PAID", scene.guide.code_id, scene.guide.employee_id)
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (98, 0)
    assert await count(database, scene, BindingRow) == 1
    listed = await browser.open(f"{shop_path(scene)}/orders")
    assert "已付款，等发货" in listed.text and "羊绒围巾" in listed.text and list(listed.faults()) == []
    again = await browser.open(paying.path)
    assert again.path == paid.path


async def test_form_sent_twice_places_one_order(browser: Browser, scene: Scene, database: Database) -> None:
    page = await to_checkout(browser, scene)
    answers = await asyncio.gather(*(browser.submit(page, "/checkout", follow=False, **ADDRESS) for _ in range(3)))
    assert len({answer.response.headers["location"] for answer in answers}) == 1
    assert len(await order_rows(database, scene)) == 1
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (100, 1)
    back = await browser.open(page.path)
    assert "没有要结算的商品" in back.text  # the bag is empty, and the address keeps the key
    other = await browser.submit(page, "/checkout", **(ADDRESS | {"street": "别处 9 号"}))
    assert other.status == 409 and "没有重复下单" in other.text and len(await order_rows(database, scene)) == 1


async def test_bought_at_once_leaves_the_bag_alone(browser: Browser, scene: Scene, database: Database) -> None:
    async with database.transaction(scene.brand) as session:
        product_id, (sku_id,) = await factories.make_product(session, title="马克杯", price_minor=6_800)
    page = await to_checkout(browser, scene)
    product = await browser.open(f"{shop_path(scene)}/p/{encode_global_id('Product', product_id)}")
    page = await browser.submit(product, "/cart", button=("do", "buy"), quantity=1)
    assert "马克杯" in page.text and "羊绒围巾" not in page.text and "<i>¥</i>78<i>.00</i>" in page.text
    assert page.path == (await browser.open(page.path)).path
    await browser.submit(page, "/checkout", **ADDRESS)
    assert await purchase.stock_of(database, scene.brand, sku_id) == (100, 1)
    assert "羊绒围巾" in (await browser.open(f"{shop_path(scene)}/cart")).text


async def test_what_was_typed_stays_where_something_is_missing(
    browser: Browser, scene: Scene, database: Database
) -> None:
    page = await to_checkout(browser, scene)
    wrong = await browser.submit(
        page, "/checkout", **(ADDRESS | {"phone": "12345", "note": '"><script>'}), MARKETING="yes"
    )
    assert wrong.status == 422 and list(wrong.faults()) == []
    form = wrong.form("/checkout")
    assert form.fields["phone"] == ["12345"] and form.fields["street"] == [ADDRESS["street"]]
    assert form.fields["MARKETING"] == ["yes"] and "PROFILING" not in form.fields
    assert form.fields["key"] == page.form("/checkout").fields["key"]
    assert 'aria-describedby="e-phone"' in wrong.text and "还差一点" in wrong.text and "<script>" not in wrong.text
    for name in ("recipient", "province", "city", "street"):
        refused = await browser.submit(page, "/checkout", **(ADDRESS | {name: " "}))
        assert refused.status == 422 and f'aria-describedby="e-{name}"' in refused.text
    long = await browser.submit(page, "/checkout", **ADDRESS, note="长" * 201)
    assert long.status == 422 and 'aria-describedby="e-note"' in long.text
    assert await order_rows(database, scene) == [] and await count(database, scene, ConsentRow) == 0
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (100, 0)
    done = await browser.submit(wrong, "/checkout", phone=ADDRESS["phone"], note="")
    assert "等你付款" in done.text and len(await order_rows(database, scene)) == 1


async def test_price_and_stock_that_changed_are_said_before_anything_is_ordered(
    browser: Browser, scene: Scene, database: Database
) -> None:
    page = await to_checkout(browser, scene, 3)
    await reprice(database, scene, 12_600)
    changed = await browser.submit(page, "/checkout", **ADDRESS)
    assert changed.status == 422 and "价格变了：合计现在是 ¥378.00，请再看一眼。" in changed.text
    await adjust(database, scene, -98)
    short = await browser.submit(changed, "/checkout")
    assert short.status == 422 and "没有下单，也没有扣钱" in short.text and "只有 2 件了" in short.text
    assert await order_rows(database, scene) == []
    for expected in ("", "x", "-1", "12600"):
        refused = await browser.submit(page, "/checkout", **(ADDRESS | {"expected": expected}))
        assert refused.status == 422
    assert await order_rows(database, scene) == []


async def test_consent_is_asked_once_and_is_no_condition(browser: Browser, scene: Scene, database: Database) -> None:
    page = await to_checkout(browser, scene)
    form = page.form("/checkout")
    assert {"MARKETING", "PROFILING"} <= set(form.choices) and "MARKETING" not in form.fields
    await browser.submit(page, "/checkout", **ADDRESS, PROFILING="yes")
    async with database.reading(scene.brand) as session:
        rows = await session.execute(
            sa.select(ConsentRow.purpose, ConsentRow.granted).where(ConsentRow.brand_id == scene.brand.id)
        )
    assert {tuple(row) for row in rows} == {("MARKETING", False), ("PROFILING", True)}
    await put_in(browser, scene)
    assert "MARKETING" not in (await browser.open(f"{shop_path(scene)}/checkout")).text


@pytest.mark.parametrize(
    "line", ["", "x", "x.1.1", "{sku}.0.1", "{sku}.100.1", "{sku}.1e1.1", "{other}.1.1", "{sku}.٣.1", "{sku}"]
)
async def test_odd_lines_order_nothing(browser: Browser, scene: Scene, database: Database, line: str) -> None:
    page = await to_checkout(browser, scene)
    other = await factories.make_scene(database)
    text = line.format(sku=encode_global_id("Sku", scene.sku_id), other=encode_global_id("Sku", other.sku_id))
    answer = await browser.submit(page, "/checkout", **(ADDRESS | {"line": text}))
    assert answer.status == 422 and await order_rows(database, scene) == []
    shown = await browser.client.get(f"{shop_path(scene)}/checkout", params={"line": text, "order": "k" * 20})
    assert shown.status_code == 200 and "没有要结算的商品" in shown.text


async def test_others_see_and_move_nothing(
    browser: Browser, other_browser: Browser, scene: Scene, database: Database
) -> None:
    page = await ordered(browser, scene)
    paying = await browser.submit(page, "/pay")
    anonymous = await other_browser.client.get(page.path)
    assert (anonymous.status_code, "/sign-in?next=" in anonymous.headers["location"]) == (303, True)
    await other_browser.sign_in(f"{shop_path(scene)}/sign-in", scene.brand, factories.next_phone())
    token = (await other_browser.open(f"{shop_path(scene)}/orders")).form("/sign-out").fields["form"]
    for path in (page.path, paying.path):
        answer = await other_browser.open(path)
        assert answer.status == 404 and "没有找到这个订单" in answer.text
    for path in (f"{page.path}/cancel", f"{page.path}/pay", paying.path):
        assert (await other_browser.send(path, {"form": token, "key": ["k" * 20]})).status == 404
    assert "还没有订单" in (await other_browser.open(f"{shop_path(scene)}/orders")).text
    (order,) = await order_rows(database, scene)
    assert order.state == "PENDING_PAYMENT" and await count(database, scene, PaymentRow) == 1
    other = await factories.make_scene(database)
    name = f"customer-{other.brand.code}"
    browser.client.cookies.set(name, browser.cookies[f"customer-{scene.brand.code}"])
    ending = page.path.removeprefix(shop_path(scene))
    elsewhere = await browser.client.get(f"/s/{other.guide.slug}{ending}")
    assert elsewhere.status_code == 303 and "/sign-in" in elsewhere.headers["location"]


async def test_ids_of_other_things_are_no_orders(browser: Browser, scene: Scene) -> None:
    await browser.sign_in(f"{shop_path(scene)}/sign-in", scene.brand, factories.next_phone())
    for order_id in ("x", encode_global_id("Shop", scene.sku_id), encode_global_id("Order", scene.sku_id), "%00"):
        assert (await browser.open(f"{shop_path(scene)}/orders/{order_id}")).status == 404
        assert (await browser.open(f"{shop_path(scene)}/pay/{order_id}")).status == 404


async def test_cancelled_order_sets_its_stock_free_and_says_so(
    browser: Browser, scene: Scene, database: Database
) -> None:
    page = await ordered(browser, scene, 2)
    gone = await browser.submit(page, "/cancel")
    assert "已取消" in gone.text and "没有扣钱" in gone.text and list(gone.faults()) == []
    assert not gone.has_form("/pay") and not gone.has_form("/cancel")
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (100, 0)
    again = await browser.submit(page, "/cancel")  # the same form: the same answer
    assert again.status == 200 and "已取消" in again.text
    late = await browser.submit(page, "/pay")
    assert late.status == 409 and "当前状态不允许这样做" in late.text
    assert await count(database, scene, PaymentRow) == 0


async def test_failed_payment_says_that_no_money_went_and_can_be_tried_again(
    browser: Browser, scene: Scene, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await ordered(browser, scene)
    monkeypatch.setattr(sandbox_bank, "falls_on", lambda _: True)
    failed = await browser.submit(await browser.submit(page, "/pay"))
    assert "没付成。钱没有扣，订单还在，可以再试一次。" in failed.text and "再付一次" in failed.text
    assert 'role="alert"' in failed.text
    monkeypatch.undo()
    paid = await browser.submit(await browser.submit(failed, "/pay"))
    assert "付好了" in paid.text
    (order,) = await order_rows(database, scene)
    assert order.state == "PAID" and await count(database, scene, PaymentRow) == 2


async def test_silent_provider_leaves_order_and_money_alone(
    browser: Browser, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await ordered(browser, scene)

    async def silent(*_: object) -> None:
        raise ProviderUnavailable("gone")

    monkeypatch.setattr(SandboxPay, "create", silent)
    answer = await browser.submit(page, "/pay")
    assert answer.status == 503 and "支付平台没有回应。没有扣钱" in answer.text and answer.has_form("/pay")
    monkeypatch.undo()
    paying = await browser.submit(page, "/pay")  # the same form goes on where it broke off
    monkeypatch.setattr(SandboxPay, "query", silent)
    waiting = await browser.submit(paying)
    assert "正在等支付平台确认。已经付了就不用再付" in waiting.text and "等你付款" in waiting.text
    monkeypatch.undo()
    assert "付好了" in (await browser.submit(paying)).text


async def test_payment_of_an_order_that_was_cancelled_meanwhile_goes_back(
    browser: Browser, scene: Scene, database: Database, runtime: Runtime
) -> None:
    page = await ordered(browser, scene)
    paying = await browser.submit(page, "/pay")
    await browser.submit(page, "/cancel")
    async with database.reading(scene.brand) as session:
        payment_id = (
            await session.execute(sa.select(PaymentRow.id).where(PaymentRow.brand_id == scene.brand.id))
        ).scalar_one()
    back = await browser.submit(paying)
    assert "已取消" in back.text
    async with database.reading(scene.brand) as session:
        state = (await purchase.payment_row(session, payment_id)).state
    assert state in ("SUCCEEDED", "REFUNDED") and ("正在原路退回" in back.text or "已经原路退回" in back.text)


async def test_overdue_order_cannot_be_paid_and_says_why(
    browser: Browser, scene: Scene, database: Database, runtime: Runtime
) -> None:
    page = await ordered(browser, scene)
    async with database.transaction(scene.brand) as session:
        await session.execute(
            sa.update(OrderRow)
            .where(OrderRow.brand_id == scene.brand.id)
            .values(pay_by=session.now)
            .execution_options(synchronize_session=False)
        )
    shown = await browser.open(page.path)
    assert "付款时间已过" in shown.text and not shown.has_form("/pay") and shown.has_form("/cancel")
    await orders.cancel_due(runtime, scene.brand)
    assert "已取消" in (await browser.open(page.path)).text


async def test_orders_are_paged_latest_first(browser: Browser, scene: Scene, database: Database) -> None:
    phone = factories.next_phone()
    await browser.sign_in(f"{shop_path(scene)}/sign-in", scene.brand, phone)
    async with database.reading(scene.brand) as session:
        customer_id = await profiles.customer_id_by_phone(session, f"+86{phone}")
    assert customer_id is not None
    for _ in range(21):
        await purchase.make_order(database, scene, purchase.customer_actor(customer_id))
    first = await browser.open(f"{shop_path(scene)}/orders")
    hrefs = [link for link in first.links if "/orders/" in link]
    assert len(set(hrefs)) == 20
    onward = next(link for link in first.links if "after=" in link)
    second = await browser.open(onward)
    rest = {link for link in second.links if "/orders/" in link}
    assert len(rest) == 1 and not rest & set(hrefs)
    assert (await browser.open(f"{shop_path(scene)}/orders?after=broken")).status == 200


async def test_faults_of_ours_say_so_with_a_reference(
    browser: Browser, scene: Scene, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    page = await to_checkout(browser, scene)

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(orders, "place", broken)
    answer = await browser.submit(page, "/checkout", **ADDRESS)
    assert answer.status == 500 and "这一页出了问题" in answer.text and "不会重复下单" in answer.text
    assert re.search(r"编号 [0-9a-f]{16}，告诉导购就能查到。", answer.text) and "secret" not in answer.text
    assert await order_rows(database, scene) == [] and list(answer.faults()) == []


async def test_pages_are_small_strict_and_kept_nowhere(browser: Browser, scene: Scene) -> None:
    checkout = await to_checkout(browser, scene)
    order = await browser.submit(checkout, "/checkout", **ADDRESS)
    paying = await browser.submit(order, "/pay")
    pages = [checkout, order, paying, await browser.open(f"{shop_path(scene)}/orders")]
    for page in pages:
        assert page.response.headers["cache-control"] == "no-store"
        policy = page.response.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "form-action 'self'" in policy and "unsafe" not in policy
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page.text) and len(page.response.content) < 40_000
    link = re.search(r'rel="stylesheet" href="([^"]+)"', order.text)
    assert link is not None
    sheet: httpx.Response = await browser.client.get(link[1])
    assert sheet.status_code == 200 and len(sheet.content) <= 20 * 1024


async def test_english_readers_are_spoken_to_in_english(browser: Browser, scene: Scene) -> None:
    browser.client.headers["accept-language"] = "en"
    page = await ordered(browser, scene)
    assert '<html lang="en">' in page.text and "Waiting for payment" in page.text and list(page.faults()) == []
    assert page.response.headers["vary"] == "Accept-Language"


def test_states_have_words() -> None:
    from app.web.texts import TEXTS  # noqa: PLC0415

    assert [state for state in OrderState if f"order_{state}" not in TEXTS] == []


async def test_consents_are_given_and_taken_back_at_any_time(
    browser: Browser, scene: Scene, database: Database
) -> None:
    await browser.sign_in(f"{shop_path(scene)}/sign-in", scene.brand, factories.next_phone())
    path = f"{shop_path(scene)}/consents"
    page = await browser.open(path)
    assert list(page.faults()) == [] and "MARKETING" not in page.form("/consents").fields
    page = await browser.submit(page, "/consents", MARKETING="yes")
    assert "已保存" in page.text and page.form("/consents").fields["MARKETING"] == ["yes"]
    await browser.submit(page, "/consents", MARKETING="yes")  # nothing changed, nothing recorded
    page = await browser.submit(page, "/consents", MARKETING=None)
    assert "MARKETING" not in page.form("/consents").fields
    assert await count(database, scene, ConsentRow) == 2
