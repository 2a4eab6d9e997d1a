"""How goods reach a customer on pages: parcels and receipt, pickup and its code."""

import re

import pytest
import sqlalchemy as sa

from app.employees.models import EmployeeRow
from app.platform.actor import Actor, ActorKind
from app.platform.db import Database
from app.trade import pickups, shipments
from app.trade.values import OrderState
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene
from tests.trade import purchase
from tests.web.browser import Browser, Page
from tests.web.test_cart_pages import shop_path
from tests.web.test_order_pages import order_rows, ordered, to_checkout


async def paid(browser: Browser, page: Page) -> Page:
    """The order's page, paid for."""
    return await browser.submit(await browser.submit(page, "/pay"))


def owner(scene: Scene) -> Actor:
    return Actor(kind=ActorKind.EMPLOYEE, employee_id=scene.owner_id, role="OWNER")


async def to_pickup(browser: Browser, scene: Scene) -> Page:
    """At the checkout, on the way to fetch the goods."""
    page = await to_checkout(browser, scene)
    return await browser.open(next(link for link in page.links if "method=PICKUP" in link))


async def test_parcel_is_followed_and_receipt_confirmed(browser: Browser, scene: Scene, database: Database) -> None:
    page = await paid(browser, await ordered(browser, scene))
    (order,) = await order_rows(database, scene)
    async with database.transaction(scene.brand) as session:
        await shipments.ship(
            session, owner(scene), order_id=order.id, carrier="顺丰", tracking_number="SF123", now=session.now
        )
    page = await browser.open(page.path)
    assert "在路上" in page.text and "顺丰 SF123" in page.text and list(page.faults()) == []
    done = await browser.submit(page, "/receipt")
    assert "已完成" in done.text and not done.has_form("/receipt")
    again = await browser.submit(page, "/receipt")  # the same form, the same answer
    assert again.status == 200 and await purchase.state_of(database, scene.brand, order.id) == "COMPLETED"


async def test_receipt_of_what_was_not_sent_is_refused(browser: Browser, scene: Scene, database: Database) -> None:
    page = await paid(browser, await ordered(browser, scene))
    assert not page.has_form("/receipt")
    token = (await browser.open(f"{shop_path(scene)}/orders")).form("/sign-out").fields["form"]
    path = page.path.partition("?")[0]
    answer = await browser.send(f"{path}/receipt", {"form": token, "key": ["k" * 20]})
    assert answer.status == 409 and "当前状态不允许这样做" in answer.text
    (order,) = await order_rows(database, scene)
    assert order.state == "PAID"


async def test_pickup_costs_no_freight_and_shows_its_code_when_ready(
    browser: Browser, scene: Scene, database: Database
) -> None:
    async with database.transaction(scene.brand) as session:
        _, (sku_id,) = await factories.make_product(session, title="马克杯", price_minor=6_800)
        other = await factories.make_store(session, org_unit_id=scene.area_id, name="另一家店")
        await factories.fill(session, other, sku_id)
    await browser.sign_in(f"{shop_path(scene)}/sign-in", scene.brand, factories.next_phone())
    line = f"{encode_global_id('Sku', sku_id)}.1.6800"
    delivery = await browser.open(f"{shop_path(scene)}/checkout?line={line}")
    assert "<i>¥</i>78<i>.00</i>" in delivery.text
    page = await browser.open(next(link for link in delivery.links if "method=PICKUP" in link))
    assert "<i>¥</i>68<i>.00</i>" in page.text and "到店自提，不收运费" in page.text and list(page.faults()) == []
    form = page.form("/checkout")
    assert form.fields["store"] == [encode_global_id("Store", other)] and len(form.choices["store"]) == 2
    assert form.fields["key"] == delivery.form("/checkout").fields["key"] and "street" not in form.fields
    placed = await browser.submit(page, "/checkout", store=encode_global_id("Store", other))
    assert "在另一家店取" in placed.text and "收货地址" not in placed.text and "big-code" not in placed.text
    page = await paid(browser, placed)
    (order,) = await order_rows(database, scene)
    assert (order.fulfilment, order.pickup_store_id, order.freight_minor, order.address) == ("PICKUP", other, 0, None)
    async with database.transaction(scene.brand) as session:
        await pickups.make_ready(session, owner(scene), order_id=order.id, now=session.now)
    page = await browser.open(page.path)
    code = pickups.code_for(database.vault, scene.brand.id, order.id)
    assert f"{code[:4]} {code[4:]}" in page.text and "可以去取了" in page.text and list(page.faults()) == []
    async with database.transaction(scene.brand) as session:
        assert await pickups.hand_over(session, owner(scene), order_id=order.id, code=code, now=session.now) is None
    fetched = await browser.open(page.path)
    assert code[:4] + " " + code[4:] not in fetched.text and "已签收" in fetched.text
    assert await purchase.state_of(database, scene.brand, order.id) == OrderState.DELIVERED


@pytest.mark.parametrize("store", ["", "x", "other"])
async def test_pickup_at_no_store_of_the_brand_is_refused(
    browser: Browser, scene: Scene, database: Database, store: str
) -> None:
    page = await to_pickup(browser, scene)
    if store == "other":
        store = encode_global_id("Store", (await factories.make_scene(database)).store_id)
    answer = await browser.submit(page, "/checkout", store=store)
    assert answer.status == 422 and await order_rows(database, scene) == [] and list(answer.faults()) == []
    assert re.search(r'role="alert"|class="err"', answer.text)


async def test_total_of_another_way_is_not_taken(browser: Browser, scene: Scene, database: Database) -> None:
    async with database.transaction(scene.brand) as session:
        _, (sku_id,) = await factories.make_product(session, title="马克杯", price_minor=6_800)
    await browser.sign_in(f"{shop_path(scene)}/sign-in", scene.brand, factories.next_phone())
    page = await browser.open(
        f"{shop_path(scene)}/checkout?line={encode_global_id('Sku', sku_id)}.1.6800&method=PICKUP"
    )
    forged = await browser.submit(page, "/checkout", method="DELIVERY", street="江南大道 1 号", city="杭州市")
    assert forged.status == 422 and await order_rows(database, scene) == []


async def test_what_is_taken_at_once_is_the_customers_when_it_is_paid(
    browser: Browser, scene: Scene, database: Database
) -> None:
    async with database.transaction(scene.brand) as session:
        await factories.fill(session, scene.store_id, scene.sku_id)
    page = await to_checkout(browser, scene)
    page = await browser.open(next(link for link in page.links if "method=IN_STORE" in link))
    assert list(page.faults()) == []
    page = await paid(browser, await browser.submit(page, "/checkout"))
    (order,) = await order_rows(database, scene)
    assert (order.state, order.freight_minor) == ("DELIVERED", 0)
    assert order.delivered_at is not None and order.location_id == scene.store_id


async def test_shop_whose_guide_has_no_store_any_more_offers_to_send_instead(
    browser: Browser, scene: Scene, database: Database
) -> None:
    page = await to_checkout(browser, scene)
    way = next(link for link in page.links if "method=IN_STORE" in link)
    async with database.transaction(scene.brand) as session:
        await session.execute(
            sa.update(EmployeeRow)
            .where(EmployeeRow.brand_id == session.brand_id, EmployeeRow.id == scene.guide.employee_id)
            .values(store_id=None)
        )
    page = await browser.open(way)
    assert page.status == 200 and list(page.faults()) == []
    assert page.form("/checkout").fields["method"] == ["DELIVERY"]
    assert not any("method=IN_STORE" in link for link in page.links)
