"""`/guide/orders`: the own orders, and why each is whose it is, as far as the reader may know."""

import re
from uuid import UUID

import pytest

from app.boss import founding
from app.commission import reversals
from app.employees import organisation
from app.platform.actor import SYSTEM
from app.platform.db import Database
from app.trade import orders, reads
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.commission.market import customer_actor, order_goods, pay, scan
from tests.factories import Scene, Staff
from tests.trade import purchase
from tests.web.browser import Browser, Page
from tests.web.staffing import come_in


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await factories.make_scene(database, price_minor=10_000)


def path(order_id: UUID) -> str:
    return f"/guide/orders/{encode_global_id('Order', order_id)}"


async def won_by(
    database: Database, scene: Scene, guide: Staff, *, shop_of: Staff, quantity: int = 2, is_paid: bool = True
) -> tuple[UUID, UUID]:
    """An order in one guide's shop of a customer who is bound to another one: order and customer."""
    async with database.transaction(scene.brand) as session:
        customer_id = await factories.make_customer(session)
        await scan(session, customer_id, guide)
    async with database.transaction(scene.brand) as session:
        order_id = await order_goods(
            session, customer_id=customer_id, sku_id=scene.sku_id, shop_of=shop_of, quantity=quantity
        )
        if is_paid:
            await pay(session, order_id=order_id, customer_id=customer_id, total_minor=quantity * 10_000)
    return order_id, customer_id


async def read_as(browser: Browser, scene: Scene, employee_id: UUID, order_id: UUID) -> Page:
    await come_in(browser, scene.brand, employee_id)
    return await browser.open(path(order_id))


async def far_guide(database: Database, scene: Scene, *, name: str = "何思远") -> Staff:
    """A guide in a store of another branch."""
    async with database.transaction(scene.brand) as session:
        root_id, _ = await founding.root_and_owner(session)
        area_id = await organisation.create_unit(
            session, SYSTEM, code="FAR", name="西南", kind="AREA", parent_id=root_id, now=session.now
        )
        store_id = await factories.make_store(session, org_unit_id=area_id, name="春熙路店")
        return await factories.make_employee(session, store_id=store_id, display_name=name)


async def test_an_order_tells_goods_amounts_way_commission_and_reason(
    browser: Browser, scene: Scene, database: Database
) -> None:
    order_id, _ = await won_by(database, scene, scene.guide, shop_of=scene.other_guide)
    page = await read_as(browser, scene, scene.guide.employee_id, order_id)
    assert page.status == 200 and list(page.faults()) == []
    for words in (
        "王**",
        "人民广场店",
        "羊绒围巾",
        "规格0 · 2 件",
        "¥200.00",
        "为什么这一单归你",
        "顾客与一位导购的绑定有效，订单归这位导购。归属规则第 1 版。",
        "周予安",  # a colleague of the same branch, who lost
        "有效绑定的导购优先",
        '<td>¥200.00 <span class="tiny soft">100%</span></td><td>¥20.00</td>',
        "以后改绑定或规则，这一单不变。",
    ):
        assert words in page.text, words
    assert re.search(
        r'<li class="done"><b>下单</b>.*?<li class="done" aria-current="step"><b>付款</b>', page.text, re.S
    )
    assert page.text.count('<span class="tag on">胜出</span>') == 1
    assert page.text.count("+<i>¥</i>20<i>.00</i>") == 1


async def test_whoever_lost_it_learns_why_and_not_who_bought(
    browser: Browser, scene: Scene, database: Database
) -> None:
    order_id, _ = await won_by(database, scene, scene.guide, shop_of=scene.other_guide, is_paid=False)
    page = await read_as(browser, scene, scene.other_guide.employee_id, order_id)
    assert page.status == 200 and "为什么这一单没有归你" in page.text and "有效绑定的导购优先" in page.text
    assert "王**" not in page.text and "¥20.00" not in page.text and "这一单的佣金" not in page.text
    assert "林知夏" in page.text  # of the same branch
    home = await browser.open("/guide/orders")
    assert "还没有订单" in home.text


async def test_no_guide_of_another_branch_is_named(browser: Browser, scene: Scene, database: Database) -> None:
    far = await far_guide(database, scene)
    lost_id, _ = await won_by(database, scene, far, shop_of=scene.guide)
    page = await read_as(browser, scene, scene.guide.employee_id, lost_id)
    assert page.status == 200 and "为什么这一单没有归你" in page.text
    for secret in ("何思远", "王**", '"tag on">胜出', "¥20.00"):
        assert secret not in page.text, secret
    won_id, _ = await won_by(database, scene, scene.guide, shop_of=far)
    page = await read_as(browser, scene, scene.guide.employee_id, won_id)
    assert "为什么这一单归你" in page.text and "何思远" not in page.text and "未胜出" not in page.text


async def test_a_manager_reads_orders_of_the_own_branch_only(
    browser: Browser, scene: Scene, database: Database
) -> None:
    far = await far_guide(database, scene)
    async with database.transaction(scene.brand) as session:
        manager = await factories.make_employee(session, role="MANAGER", org_unit_id=scene.area_id)
    mine_id, _ = await won_by(database, scene, scene.guide, shop_of=scene.other_guide)
    theirs_id, _ = await won_by(database, scene, far, shop_of=far)
    page = await read_as(browser, scene, manager.employee_id, mine_id)
    assert "为什么这一单归林知夏" in page.text and "周予安" in page.text and "¥20.00" in page.text
    foreign = await browser.open(path(theirs_id))
    assert foreign.status == 404 and "没有找到这个订单" in foreign.text and "何思远" not in foreign.text


async def test_orders_that_are_not_the_guides_do_not_exist(browser: Browser, scene: Scene, database: Database) -> None:
    other = await factories.make_scene(database, price_minor=10_000)
    foreign_id, _ = await won_by(database, other, other.guide, shop_of=other.guide)
    far = await far_guide(database, scene)
    far_id, _ = await won_by(database, scene, far, shop_of=far)
    await come_in(browser, scene.brand, scene.guide.employee_id)
    for order_id in (foreign_id, far_id, scene.product_id):
        assert (await browser.open(path(order_id))).status == 404
    for odd in ("x", "%00", "A" * 500, encode_global_id("Product", far_id), encode_global_id("Order", far_id, far_id)):
        assert (await browser.open(f"/guide/orders/{odd}")).status == 404
    own_id, _ = await won_by(database, scene, scene.guide, shop_of=scene.guide)
    fields = (await browser.open(path(own_id))).form(path(own_id)).fields | {"step": ["ship"]}
    for order_id in (foreign_id, far_id):
        assert (await browser.send(path(order_id), fields)).status == 404
    assert await purchase.state_of(database, scene.brand, far_id) == "PAID"
    assert await purchase.state_of(database, other.brand, foreign_id) == "PAID"


async def test_the_list_shows_own_orders_newest_first_in_pages(
    browser: Browser, scene: Scene, database: Database
) -> None:
    async with database.transaction(scene.brand) as session:
        customer_id = await factories.make_customer(session)
        for number in range(23):
            _, skus = await factories.make_product(session, title=f"商品{number:02d}号", price_minor=10_000)
            await order_goods(session, customer_id=customer_id, sku_id=skus[0], shop_of=scene.guide, quantity=2)
        await order_goods(session, customer_id=customer_id, sku_id=scene.sku_id, shop_of=scene.other_guide)
    await come_in(browser, scene.brand, scene.guide.employee_id)
    page = await browser.open("/guide/orders")
    assert "共 23 单" in page.text and "商品22号 等 2 件" in page.text and "羊绒围巾" not in page.text
    assert page.text.count('<span class="tag warn">等付款</span>') == 20
    following = next(link for link in page.links if "after=" in link)
    last = await browser.open(following)
    titles = re.findall(r"商品(\d\d)号", page.text + last.text)
    assert titles == [f"{number:02d}" for number in reversed(range(23))]
    assert not any("after=" in link for link in last.links) and "/guide/orders" in last.links


async def test_cancelled_and_refunded_orders_say_so(browser: Browser, scene: Scene, database: Database) -> None:
    unpaid_id, buyer = await won_by(database, scene, scene.guide, shop_of=scene.guide, is_paid=False)
    paid_id, _ = await won_by(database, scene, scene.guide, shop_of=scene.guide)
    async with database.transaction(scene.brand) as session:
        await orders.cancel(session, customer_actor(buyer), order_id=unpaid_id, now=session.now)
        line = (await reads.lines_of_orders(session, [paid_id]))[paid_id][0]
        await reversals.reverse(
            session,
            sale_id=paid_id,
            line_id=line.id,
            after_sale_id=session.new_id(),
            refund_minor=20_000,
            now=session.now,
        )
    page = await read_as(browser, scene, scene.guide.employee_id, unpaid_id)
    assert "已取消" in page.text and "没有付款，订单取消了" in page.text and "收货" not in page.text
    page = await browser.open(path(paid_id))
    assert "−<i>¥</i>20<i>.00</i>" in page.text and "+<i>¥</i>20<i>.00</i>" in page.text
    assert page.text.count("已收回") == 2
