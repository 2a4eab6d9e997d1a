"""After-sales on pages: asked for per line, followed, sent back, given up; and what is refused."""

import re
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from app.commission.values import Decision
from app.customers import profiles
from app.employees.models import StoreRow
from app.employees.organisation import RETURN_ADDRESS
from app.platform.actor import Actor
from app.platform.db import Database
from app.trade.models import AfterSaleRow
from app.trade.values import OrderState
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene
from tests.trade import purchase
from tests.trade.returns import Sold, make_overdue, sell_and
from tests.web.browser import Browser, Page
from tests.web.test_cart_pages import shop_path

RETURN_TO = {
    "recipient": "滨江一店",
    "phone": "+8619900000099",
    "province": "浙江省",
    "city": "杭州市",
    "district": "滨江区",
    "street": "江南大道 228 号",
}
REASON = "比想的薄，想退两件"


async def buyer(browser: Browser, scene: Scene, database: Database) -> Actor:
    """Somebody who signs in, as the services know him."""
    phone = factories.next_phone()
    await browser.sign_in(f"{shop_path(scene)}/sign-in", scene.brand, phone)
    async with database.reading(scene.brand) as session:
        customer_id = await profiles.customer_id_by_phone(session, f"+86{phone}")
    assert customer_id is not None
    return purchase.customer_actor(customer_id)


async def sold_to_reader(
    browser: Browser, scene: Scene, state: OrderState = OrderState.DELIVERED, quantity: int = 3
) -> Sold:
    who = await buyer(browser, scene, browser.runtime.database)
    return await sell_and(browser.runtime, scene, state, quantity=quantity, buyer=who)


def order_path(sold: Sold) -> str:
    return f"{shop_path(sold.scene)}/orders/{encode_global_id('Order', sold.order_id)}"


def line_path(sold: Sold) -> str:
    return f"{order_path(sold)}/lines/{encode_global_id('OrderLine', sold.lines[0])}/after-sale"


def after_sale_id(page: Page) -> UUID:
    from app.web.views import id_in  # noqa: PLC0415

    found = id_in(page.path.rpartition("/")[2], "AfterSale")
    assert found is not None
    return found


async def rows(sold: Sold) -> int:
    async with sold.runtime.database.reading(sold.brand) as session:
        return await purchase.count(session, AfterSaleRow)


async def test_return_from_request_to_refund(browser: Browser, scene: Scene, database: Database) -> None:
    async with database.transaction(scene.brand) as session:
        address = orjson.dumps(RETURN_TO).decode()
        await session.execute(
            sa.update(StoreRow)
            .where(StoreRow.brand_id == scene.brand.id, StoreRow.id == scene.store_id)
            .values(return_address=session.vault.seal(scene.brand.id, RETURN_ADDRESS, address))
            .execution_options(synchronize_session=False)
        )
    sold = await sold_to_reader(browser, scene)
    order = await browser.open(order_path(sold))
    assert line_path(sold) in order.links and "申请售后" in order.text and list(order.faults()) == []
    form = await browser.open(line_path(sold))
    assert list(form.faults()) == [] and form.form().fields["kind"] == ["RETURN_AND_REFUND"]
    assert form.form().fields["quantity"] == ["3"] and "3 件一共 ¥387.00" in form.text
    page = await browser.submit(form, quantity=2, reason=REASON)
    assert page.path.startswith(f"{shop_path(scene)}/after-sales/") and list(page.faults()) == []
    for text in ("等店里答复", "过时自动同意", REASON, "¥258.00", "退货退款", "林知夏"):
        assert text in page.text
    assert await sold.order() and (await sold.after_sale(after_sale_id(page))).goods_minor == 25_800
    again = await browser.submit(form, quantity=2, reason=REASON)
    assert again.path == page.path and await rows(sold) == 1
    await sold.decide(after_sale_id(page), comment="好的，寄回来吧")
    page = await browser.open(page.path)
    for text in ("同意退货，等你寄回", "江南大道 228 号", "好的，寄回来吧", "过时自动撤回"):
        assert text in page.text
    wrong = await browser.submit(page, "/return", carrier="顺丰", trackingNumber=" ")
    assert wrong.status == 422 and wrong.form("/return").fields["carrier"] == ["顺丰"]
    assert 'aria-describedby="e-trackingNumber"' in wrong.text and list(wrong.faults()) == []
    page = await browser.submit(wrong, "/return", trackingNumber="SF1000000001")
    assert "寄回的路上" in page.text and "顺丰 SF1000000001" in page.text and not page.has_form("/withdraw")
    await sold.receive(after_sale_id(page))
    page = await browser.open(page.path)
    assert "正在退款" in page.text and "¥258.00 正在原路退回" in page.text and "已经原路退回" not in page.text
    await sold.pay_back()
    page = await browser.open(page.path)
    assert "已退款" in page.text and "¥258.00 已经原路退回。" in page.text and list(page.faults()) == []
    order = await browser.open(order_path(sold))
    assert "已退款" in order.text and page.path in order.links and line_path(sold) in order.links
    await sold.assert_sound()


async def test_unshipped_order_is_refunded_with_its_freight(browser: Browser, scene: Scene) -> None:
    sold = await sold_to_reader(browser, scene, OrderState.PAID, quantity=1)
    form = await browser.open(line_path(sold))
    assert form.form().choices["kind"] == ["REFUND_ONLY"]
    page = await browser.submit(form, reason="不想要了")
    await sold.decide(after_sale_id(page))
    await sold.pay_back()
    page = await browser.open(page.path)
    assert "已退款" in page.text
    order = await browser.open(order_path(sold))
    assert "已全额退款" in order.text and "全额退款，订单关闭" in order.text and list(order.faults()) == []


async def test_rejected_request_shows_the_answer_and_can_be_made_again(browser: Browser, scene: Scene) -> None:
    sold = await sold_to_reader(browser, scene, quantity=1)
    page = await browser.submit(await browser.open(line_path(sold)), reason="不喜欢")
    assert "都申请过了" in (await browser.open(line_path(sold))).text
    await sold.decide(after_sale_id(page), Decision.REJECT, comment="穿过了，抱歉")
    page = await browser.open(page.path)
    assert "没有同意" in page.text and "穿过了，抱歉" in page.text and not page.has_form("/withdraw")
    assert (await browser.open(line_path(sold))).form().fields["quantity"] == ["1"]


async def test_withdrawn_in_two_taps_and_free_again(browser: Browser, scene: Scene) -> None:
    sold = await sold_to_reader(browser, scene, quantity=1)
    page = await browser.submit(await browser.open(line_path(sold)), reason="点错了")
    gone = await browser.submit(page, "/withdraw")
    assert "已撤回" in gone.text and not gone.has_form("/withdraw")
    again = await browser.submit(page, "/withdraw")
    assert again.status == 200 and "已撤回" in again.text
    assert await sold.state(after_sale_id(page)) == "WITHDRAWN"
    assert line_path(sold) in (await browser.open(order_path(sold))).links


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "4"}, "quantity"),
        ({"quantity": "x"}, "quantity"),
        ({"reason": " "}, "reason"),
        ({"reason": "长" * 501}, "reason"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "12.345"}, "amount"),
        ({"amount": "387.01"}, "amount"),
        ({"amount": "٣"}, "amount"),
    ],
)
async def test_what_cannot_be_asked_for_is_said_at_its_field(
    browser: Browser, scene: Scene, typed: dict[str, str], field: str
) -> None:
    sold = await sold_to_reader(browser, scene)
    form = await browser.open(line_path(sold))
    answer = await browser.submit(form, **({"reason": REASON, "amount": "100"} | typed))
    assert answer.status == 422 and f'aria-describedby="e-{field}"' in answer.text and list(answer.faults()) == []
    if field != "reason":
        assert REASON in answer.text
    assert await rows(sold) == 0


@pytest.mark.parametrize(("typed", "minor"), [("12.5", 1_250), ("¥ 1,00.07", 10_007), ("387", 38_700), ("", 38_700)])
async def test_amounts_are_read_to_the_cent(browser: Browser, scene: Scene, typed: str, minor: int) -> None:
    sold = await sold_to_reader(browser, scene)
    page = await browser.submit(await browser.open(line_path(sold)), reason=REASON, amount=typed)
    assert (await sold.after_sale(after_sale_id(page))).goods_minor == minor


async def test_after_the_days_for_returns_nothing_is_offered(
    browser: Browser, scene: Scene, database: Database
) -> None:
    sold = await sold_to_reader(browser, scene)
    form = await browser.open(line_path(sold))
    async with database.transaction(scene.brand) as session:
        await session.execute(
            sa.text("UPDATE orders SET delivered_at = delivered_at - interval '8 days' WHERE brand_id = :brand"),
            {"brand": scene.brand.id},
        )
    assert line_path(sold) not in (await browser.open(order_path(sold))).links
    late = await browser.submit(form, reason=REASON)
    assert late.status == 422 and "已超过无理由退货的期限" in late.text and await rows(sold) == 0


async def test_others_see_and_move_nothing(
    browser: Browser, other_browser: Browser, scene: Scene, database: Database
) -> None:
    sold = await sold_to_reader(browser, scene)
    page = await browser.submit(await browser.open(line_path(sold)), reason=REASON)
    await buyer(other_browser, scene, database)
    token = (await other_browser.open(f"{shop_path(scene)}/orders")).form("/sign-out").fields["form"]
    assert (await other_browser.open(page.path)).status == 404
    assert (await other_browser.open(line_path(sold))).status == 404
    typed = {"form": token, "key": ["k" * 20], "quantity": ["1"], "reason": ["x"], "kind": ["REFUND_ONLY"]}
    for path in (f"{page.path}/withdraw", f"{page.path}/return", line_path(sold)):
        assert (await other_browser.send(path, typed)).status == 404
    assert await sold.state(after_sale_id(page)) == "REQUESTED" and await rows(sold) == 1
    other_line = f"{order_path(sold)}/lines/{encode_global_id('OrderLine', sold.order_id)}/after-sale"
    assert (await browser.open(other_line)).status == 404
    forged = {"form": ["x"], "key": ["k" * 20]}
    assert (await browser.send(f"{page.path}/withdraw", forged)).status == 403
    assert await sold.state(after_sale_id(page)) == "REQUESTED"


async def test_refund_that_failed_is_said_honestly(browser: Browser, scene: Scene, database: Database) -> None:
    sold = await sold_to_reader(browser, scene, OrderState.PAID, quantity=1)
    page = await browser.submit(await browser.open(line_path(sold)), reason=REASON)
    async with database.transaction(scene.brand) as session:
        await session.execute(
            sa.update(AfterSaleRow)
            .where(AfterSaleRow.brand_id == scene.brand.id)
            .values(state="REFUND_FAILED", due_at=None)
            .execution_options(synchronize_session=False)
        )
    page = await browser.open(page.path)
    assert "退款没成功" in page.text and "钱还没回来" in page.text and not page.has_form("/withdraw")


async def test_overdue_request_says_when_it_goes_on_by_itself(
    browser: Browser, scene: Scene, database: Database
) -> None:
    sold = await sold_to_reader(browser, scene)
    page = await browser.submit(await browser.open(line_path(sold)), reason=REASON)
    async with database.transaction(scene.brand) as session:
        await make_overdue(session, after_sale_id(page))
    assert re.search(r"最晚 \d+月\d+日 \d\d:\d\d 答复", (await browser.open(page.path)).text)
