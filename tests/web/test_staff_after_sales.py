"""After-sales for those who decide them."""

from uuid import UUID

from app.boss import founding
from app.employees import organisation
from app.platform.actor import SYSTEM
from app.platform.runtime import Runtime
from app.trade.values import OrderState
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene
from tests.trade import purchase, returns
from tests.trade.returns import RETURN, Sold
from tests.web.browser import Browser, Page
from tests.web.staffing import come_in


def path(after_sale_id: UUID) -> str:
    return f"/boss/after-sales/{encode_global_id('AfterSale', after_sale_id)}"


async def read_as(browser: Browser, scene: Scene, employee_id: UUID, where: str) -> Page:
    await come_in(browser, scene.brand, employee_id)
    return await browser.open(where)


async def state_of(sold: Sold, after_sale_id: UUID) -> str:
    async with sold.runtime.database.reading(sold.brand) as session:
        row = await session.get(returns.AfterSaleRow, (sold.brand.id, after_sale_id))
        assert row is not None
        return str(row.state)


async def test_a_refund_is_approved_once_and_the_order_says_so(
    browser: Browser, scene: Scene, runtime: Runtime
) -> None:
    sold = await returns.sell_and(runtime, scene, OrderState.PAID)
    one = await sold.request()
    listed = await read_as(browser, scene, scene.owner_id, "/boss/after-sales")
    assert path(one) in listed.links and list(listed.faults()) == [] and "共 1 笔" in listed.text
    page = await browser.open(path(one))
    assert "只退款" in page.text and "尺码不合适" in page.text and list(page.faults()) == []
    assert f"/boss/orders/{encode_global_id('Order', sold.order_id)}" in page.links
    done = await browser.submit(page, path(one), button=("step", "APPROVE"))
    assert done.path == path(one) and "退款中" in done.text and 'value="APPROVE"' not in done.text
    again = await browser.submit(page, path(one), button=("step", "APPROVE"))
    assert again.status == 200 and await state_of(sold, one) == "REFUNDING"
    order = await browser.open(f"/boss/orders/{encode_global_id('Order', sold.order_id)}")
    assert path(one) in order.links and "退款中" in order.text
    guide = await read_as(
        browser, scene, scene.guide.employee_id, f"/guide/orders/{encode_global_id('Order', sold.order_id)}"
    )
    assert "退款中" in guide.text and path(one) not in guide.links and list(guide.faults()) == []


async def test_a_rejection_needs_a_reason(browser: Browser, scene: Scene, runtime: Runtime) -> None:
    sold = await returns.sell_and(runtime, scene, OrderState.PAID)
    one = await sold.request()
    page = await read_as(browser, scene, scene.owner_id, path(one))
    silent = await browser.submit(page, path(one), button=("step", "REJECT"))
    assert silent.status == 422 and 'aria-invalid="true"' in silent.text and list(silent.faults()) == []
    assert await state_of(sold, one) == "REQUESTED"
    long = await browser.submit(silent, path(one), comment="长" * 501, button=("step", "REJECT"))
    assert long.status == 422 and "长" * 501 in long.text
    done = await browser.submit(long, path(one), comment="已经拆封", button=("step", "REJECT"))
    assert "没有通过" in done.text and "已经拆封" in done.text and await state_of(sold, one) == "REJECTED"
    late = await browser.send(path(one), page.form(path(one)).fields | {"key": ["k" * 32], "step": ["APPROVE"]})
    assert late.status == 409 and await state_of(sold, one) == "REJECTED"


async def test_a_return_is_received_back_into_stock(browser: Browser, scene: Scene, runtime: Runtime) -> None:
    sold = await returns.sell_and(runtime, scene, OrderState.DELIVERED)
    one = await sold.request(kind=RETURN)
    await sold.decide(one)
    await sold.send(one)
    before = await purchase.stock_of(runtime.database, scene.brand, scene.sku_id)
    listed = await read_as(browser, scene, scene.owner_id, "/boss/after-sales?list=back")
    assert path(one) in listed.links
    page = await browser.open(path(one))
    assert "寄回 顺丰 SF1000000001" in page.text and list(page.faults()) == []
    done = await browser.submit(page, path(one), restock="yes", button=("step", "RECEIVE"))
    assert "退款中" in done.text and await state_of(sold, one) == "REFUNDING"
    after = await purchase.stock_of(runtime.database, scene.brand, scene.sku_id)
    assert after == (before[0] + 1, before[1])


async def test_only_the_branch_decides_and_nobody_what_he_gains_from(
    browser: Browser, other_browser: Browser, scene: Scene, runtime: Runtime
) -> None:
    sold = await returns.sell_and(runtime, scene, OrderState.PAID)
    one = await sold.request()
    async with runtime.database.transaction(scene.brand) as session:
        root_id, _ = await founding.root_and_owner(session)
        far_id = await organisation.create_unit(
            session, SYSTEM, code="FAR", name="西南", kind="AREA", parent_id=root_id, now=session.now
        )
        far = await factories.make_employee(session, role="MANAGER", org_unit_id=far_id)
        near = await factories.make_employee(session, role="MANAGER", org_unit_id=scene.area_id)
        plain = await factories.make_employee(session, role="HEADQUARTERS", org_unit_id=root_id)
    foreign = await read_as(browser, scene, far.employee_id, path(one))
    assert foreign.status == 404 and "尺码" not in foreign.text
    assert "没有售后" in (await browser.open("/boss/after-sales?list=all")).text
    for where in ("/boss/after-sales", path(one)):
        assert (await read_as(browser, scene, scene.guide.employee_id, where)).status == 403
    seen = await read_as(browser, scene, plain.employee_id, path(one))
    assert seen.status == 200 and not seen.has_form(path(one))
    token = (await browser.open("/boss")).form("/sign-out").fields["form"]
    forced = await browser.send(path(one), {"form": token, "key": ["k" * 32], "step": ["APPROVE"]})
    assert forced.status in (403, 404)
    other = await factories.make_scene(runtime.database)
    assert (await read_as(browser, other, other.owner_id, path(one))).status == 404
    assert await state_of(sold, one) == "REQUESTED"
    page = await read_as(other_browser, scene, near.employee_id, path(one))
    assert page.has_form(path(one))
    for fields in ({"step": ["FLY"]}, {"step": ["APPROVE"], "form": ["x"]}):
        answer = await other_browser.send(path(one), page.form(path(one)).fields | fields)
        assert answer.status in (403, 404)
    assert await state_of(sold, one) == "REQUESTED"


async def test_whoever_sold_it_does_not_decide(browser: Browser, scene: Scene, runtime: Runtime) -> None:
    async with runtime.database.transaction(scene.brand) as session:
        manager = await factories.make_employee(session, role="MANAGER", store_id=scene.store_id)
    sold = await returns.sell_and(runtime, scene, OrderState.PAID, shop_of=manager)
    one = await sold.request()
    page = await read_as(browser, scene, manager.employee_id, path(one))
    assert page.status == 200 and "要由别人处理" in page.text and not page.has_form(path(one))
    token = (await browser.open("/boss")).form("/sign-out").fields["form"]
    forced = await browser.send(path(one), {"form": token, "key": ["k" * 32], "step": ["APPROVE"]})
    assert forced.status == 403 and await state_of(sold, one) == "REQUESTED"


async def test_lists_are_empty_and_odd_queries_harmless_where_nothing_is(browser: Browser, scene: Scene) -> None:
    for query in ("", "?list=back", "?list=failed", "?list=all", "?list=%00", "?after=x", "?list=all&after=%F0"):
        page = await read_as(browser, scene, scene.owner_id, f"/boss/after-sales{query}")
        assert page.status == 200 and "没有售后" in page.text and list(page.faults()) == []
    for odd in ("x", "%00", encode_global_id("Order", scene.product_id)):
        assert (await browser.open(f"/boss/after-sales/{odd}")).status == 404
