"""Invoices on pages: a customer asks at the order, finance issues or rejects; freight by region is told at checkout."""

from typing import Any

import sqlalchemy as sa

from app.platform.actor import SYSTEM
from app.platform.runtime import Runtime
from app.trade import freight
from app.trade.freight_values import ChargedBy, FreightRate, FreightTerms
from app.trade.invoice_models import InvoiceRow
from app.trade.models import OrderRow
from tests.factories import Scene
from tests.trade import invoicing
from tests.web.browser import Browser
from tests.web.staffing import come_in
from tests.web.test_after_sale_pages import order_path, sold_to_reader
from tests.web.test_order_pages import ADDRESS, to_checkout

COMPANY = {"kind": "COMPANY", "title": "上海某某商贸有限公司", "tax_number": "9135 0100 M000 100Y43"}


async def states(runtime: Runtime, scene: Scene) -> list[str]:
    async with runtime.database.reading(scene.brand) as session:
        own = sa.select(InvoiceRow.state).where(InvoiceRow.brand_id == scene.brand.id).order_by(InvoiceRow.id)
        return list(await session.scalars(own))


async def test_customer_asks_takes_back_and_asks_again_and_finance_issues(
    browser: Browser, scene: Scene, runtime: Runtime
) -> None:
    sold = await sold_to_reader(browser, scene)
    path = f"{order_path(sold)}/invoice"
    order = await browser.open(order_path(sold))
    assert path in order.links and "申请发票" in order.text
    form = await browser.open(path)
    assert list(form.faults()) == []
    for wrong in ({"tax_number": "9135 0100 M000 100Y44"}, {"tax_number": ""}, {"title": ""}):
        refused = await browser.submit(form, **{**COMPANY, "email": "fapiao@example.com", **wrong})
        assert refused.status == 422 and list(refused.faults()) == [], wrong
        assert refused.form(path).fields["email"] == ["fapiao@example.com"]
    unreachable = await browser.submit(form, **COMPANY)
    assert unreachable.status == 422 and await states(runtime, scene) == []
    asked = await browser.submit(form, **COMPANY, email="fapiao@example.com")
    assert (asked.status, asked.path) == (200, path) and list(asked.faults()) == []
    for text in ("待开票", "企业", "上海某某商贸有限公司", "91350100M000100Y43", "387.00"):
        assert text in asked.text
    twice = await browser.submit(form, **COMPANY, email="other@example.com", key="k" * 20)
    assert twice.status == 409 and await states(runtime, scene) == ["REQUESTED"]
    given_up = await browser.send(path, {**asked.form(path).fields, "do": ["withdraw"]})
    assert "已撤回" in given_up.text and given_up.form(path).fields["title"] == [""]
    again = await browser.submit(given_up, kind="PERSONAL", title="王小明", phone="13800138000")
    assert "待开票" in again.text and await states(runtime, scene) == ["WITHDRAWN", "REQUESTED"]

    await come_in(browser, scene.brand, scene.guide.employee_id)
    assert (await browser.open("/boss/invoices")).status in (403, 404)
    await come_in(browser, scene.brand, scene.owner_id)
    listed = await browser.open("/boss/invoices")
    assert list(listed.faults()) == [] and "王小明" in listed.text
    [where] = [link for link in listed.links if link.startswith("/boss/invoices/")]
    one = await browser.open(where)
    assert list(one.faults()) == [] and "王小明" in one.text
    unsaid = await browser.submit(one, where, button=("decision", "REJECT"), reason=" ")
    assert (unsaid.status, unsaid.path) == (422, where)
    assert await states(runtime, scene) == ["WITHDRAWN", "REQUESTED"]
    done = await browser.submit(one, where)
    assert done.path == "/boss/invoices" and "王小明" not in done.text
    await invoicing.relay(sold)
    issued = await browser.open(where)
    assert "已开票" in issued.text and "44.52" in issued.text and not issued.has_form(where)
    assert "王小明" in (await browser.open("/boss/invoices?list=all")).text


async def test_a_rejected_request_says_why_to_its_customer(browser: Browser, scene: Scene, runtime: Runtime) -> None:
    sold = await sold_to_reader(browser, scene)
    invoice_id = await invoicing.ask(sold)
    async with runtime.database.transaction(scene.brand) as session:
        await invoicing.invoices.reject(
            session, sold.owner, invoice_id=invoice_id, reason="税号与名称不符", now=session.now
        )
    page = await browser.open(f"{order_path(sold)}/invoice")
    assert "未开票" in page.text and "税号与名称不符" in page.text and list(page.faults()) == []
    assert page.form(f"{order_path(sold)}/invoice").fields["title"] == [""]


async def test_checkout_reckons_the_freight_of_the_address(browser: Browser, scene: Scene, runtime: Runtime) -> None:
    rates = (FreightRate((), True, 10, 800), FreightRate(("新疆",), True, 10, 2_200), FreightRate(("台湾",), False))
    async with runtime.database.transaction(scene.brand) as session:
        terms = FreightTerms(ChargedBy.PIECE, 1, rates)
        await freight.publish(session, SYSTEM, name="全国", terms=terms, now=session.now)
    page = await to_checkout(browser, scene)
    assert "填写地址后确定" in page.text and page.form("/checkout").fields["expected"] == ["13700"]

    async def send(**more: Any) -> Any:
        fields = {name: [value] for name, value in {**ADDRESS, **more}.items()}
        return await browser.send(page.path.partition("?")[0], {**page.form("/checkout").fields, **fields})

    nowhere = await send(province="台湾", do="freight")
    assert nowhere.status == 200 and "填写地址后确定" in nowhere.text and list(nowhere.faults()) == []
    assert (await send(province="台湾")).status == 422
    reckoned = await send(province="新疆", city="喀什", do="freight")
    assert reckoned.form("/checkout").fields["expected"] == ["15100"] and "填写地址后确定" not in reckoned.text
    incomplete = await send(province="新疆", city="喀什", phone="12")
    assert incomplete.status == 422 and incomplete.form("/checkout").fields["expected"] == ["15100"]
    told = await send(province="新疆", city="喀什")
    assert told.status == 422 and told.form("/checkout").fields["expected"] == ["15100"]
    async with runtime.database.reading(scene.brand) as session:
        orders = sa.select(OrderRow.total_minor).where(OrderRow.brand_id == scene.brand.id)
        assert list(await session.scalars(orders)) == []
    order = await browser.submit(told, "/checkout")
    assert "/orders/" in order.path and order.has_form("/pay")
    async with runtime.database.reading(scene.brand) as session:
        assert list(await session.scalars(orders)) == [15_100]
