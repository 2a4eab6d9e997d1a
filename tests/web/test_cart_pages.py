"""A product's buy bar and the shopping bag, over HTTP."""

from uuid import UUID

import pytest
import sqlalchemy as sa

from app.customers.models import VisitorRow
from app.platform.actor import SYSTEM
from app.platform.db import Database
from app.products import catalogue, stock
from app.products.models import SkuRow
from app.products.values import ProductState
from app.web import cart
from app.web.cart import CartLine
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene
from tests.web.browser import Browser, Page


def shop_path(scene: Scene) -> str:
    return f"/s/{scene.guide.slug}"


async def product_page(browser: Browser, scene: Scene, product_id: UUID | None = None) -> Page:
    return await browser.open(f"{shop_path(scene)}/p/{encode_global_id('Product', product_id or scene.product_id)}")


async def put_in(browser: Browser, scene: Scene, quantity: int = 1) -> Page:
    page = await product_page(browser, scene)
    return await browser.submit(page, "/cart", button=("do", "add"), quantity=quantity)


async def reprice(database: Database, scene: Scene, price_minor: int) -> None:
    async with database.transaction(scene.brand) as session:
        await session.execute(
            sa.update(SkuRow)
            .where(SkuRow.brand_id == scene.brand.id, SkuRow.id == scene.sku_id)
            .values(price_minor=price_minor)
            .execution_options(synchronize_session=False)
        )


async def adjust(database: Database, scene: Scene, change: int) -> None:
    async with database.transaction(scene.brand) as session:
        await stock.adjust(session, SYSTEM, sku_id=scene.sku_id, change=change, reason="盘点", now=session.now)


async def test_product_shows_variants_guide_and_what_one_costs(
    browser: Browser, scene: Scene, database: Database
) -> None:
    async with database.transaction(scene.brand) as session:
        product_id, skus = await factories.make_product(session, title="亚麻四件套", price_minor=8_900, skus=3)
        await stock.adjust(session, SYSTEM, sku_id=skus[0], change=-100, reason="盘点", now=session.now)
    page = await product_page(browser, scene, product_id)
    assert page.status == 200 and list(page.faults()) == []
    form = page.form("/cart")
    assert form.choices["sku"] == [encode_global_id("Sku", sku) for sku in skus[1:]]
    assert form.fields["sku"] == [encode_global_id("Sku", skus[1])]
    assert form.choices["quantity"] == [str(number) for number in range(1, 11)]
    for text in (
        "规格0（缺货）",
        "林知夏",
        "七天无理由退货",
        "¥89.00",
        "运费，满 ¥99.00 免",
        "¥10.00",
        "<i>¥</i>99<i>.00</i>",
    ):
        assert text in page.text
    assert {name for name, _ in form.buttons} == {"do"}


async def test_sold_out_product_offers_nothing_to_press(browser: Browser, scene: Scene, database: Database) -> None:
    await adjust(database, scene, -100)
    page = await product_page(browser, scene)
    assert not page.has_form("/cart") and '<button class="btn" disabled>暂时缺货，到货后可以再买</button>' in page.text


async def test_bag_adds_up_changes_and_empties(browser: Browser, scene: Scene, database: Database) -> None:
    page = await put_in(browser, scene, 2)
    assert page.path == f"{shop_path(scene)}/cart" and list(page.faults()) == []
    page = await put_in(browser, scene)
    sku = encode_global_id("Sku", scene.sku_id)
    assert page.form("/cart").fields[f"quantity-{sku}"] == ["3"]
    assert "<i>¥</i>387<i>.00</i>" in page.text and "免运费" in page.text
    page = await browser.submit(page, "/cart", **{f"quantity-{sku}": 5})
    assert page.form("/cart").fields[f"quantity-{sku}"] == ["5"]
    for odd, kept in (("x", "5"), ("-1", "5"), ("", "5"), ("1000", "99"), ("1e3", "99")):
        page = await browser.submit(page, "/cart", **{f"quantity-{sku}": odd})
        assert page.form("/cart").fields[f"quantity-{sku}"] == [kept]
    page = await browser.submit(page, "/cart", button=("remove", sku))
    assert "购物袋是空的" in page.text and "cart" not in browser.cookies
    assert list(page.faults()) == []
    async with database.reading(scene.brand) as session:
        rows = sa.select(sa.func.count()).select_from(VisitorRow).where(VisitorRow.brand_id == scene.brand.id)
        assert (await session.execute(rows)).scalar_one() == 1  # the product's visit; the bag records nobody


async def test_quantity_zero_takes_a_line_out(browser: Browser, scene: Scene) -> None:
    page = await put_in(browser, scene)
    page = await browser.submit(page, "/cart", **{f"quantity-{encode_global_id('Sku', scene.sku_id)}": 0})
    assert "购物袋是空的" in page.text


async def test_what_has_changed_is_said_plainly(browser: Browser, scene: Scene, database: Database) -> None:
    page = await put_in(browser, scene, 4)
    assert any(link.endswith("/checkout") for link in page.links)
    await reprice(database, scene, 13_900)
    page = await browser.open(page.path)
    assert "价格变了：原来 ¥129.00，现在 ¥139.00。" in page.text and "<i>¥</i>556<i>.00</i>" in page.text
    page = await browser.submit(page, "/cart")
    assert "价格变了" not in page.text
    await adjust(database, scene, -98)
    page = await browser.open(page.path)
    assert "只有 2 件了，请改少一些。" in page.text and "先处理上面标出的商品" in page.text
    assert not any(link.endswith("/checkout") for link in page.links) and list(page.faults()) == []
    await adjust(database, scene, -2)
    assert "暂时缺货，请拿出来或过几天再来。" in (await browser.open(page.path)).text
    async with database.transaction(scene.brand) as session:
        await catalogue.update_product(
            session, SYSTEM, product_id=scene.product_id, state=ProductState.WITHDRAWN, now=session.now
        )
    assert "已经下架，请拿出来。" in (await browser.open(page.path)).text


async def test_bag_is_one_shops_and_nobody_else_can_fill_it(browser: Browser, scene: Scene, database: Database) -> None:
    page = await put_in(browser, scene, 2)
    value = browser.cookies["cart"]
    assert "购物袋是空的" in (await browser.open(f"/s/{scene.other_guide.slug}/cart")).text
    other = await factories.make_scene(database)
    for shop in (f"/s/{scene.other_guide.slug}", shop_path(other)):
        assert "购物袋是空的" in (await browser.open(f"{shop}/cart", cookie=f"cart={value}")).text
    seal, _, body = value.partition(".")
    browser.client.cookies.clear()
    for forged in (body, f".{body}", f"{seal}.{body}0", f"{'x' * 43}.{body}", "x" * 3_000, f"{seal}.", "%00"):
        page = await browser.open(f"{shop_path(scene)}/cart", cookie=f"cart={forged}")
        assert page.status == 200 and "购物袋是空的" in page.text
    assert "羊绒围巾" in (await browser.open(f"{shop_path(scene)}/cart", cookie=f"cart={value}")).text


@pytest.mark.parametrize("sku", ["", "x", "other"])
async def test_what_the_brand_does_not_sell_is_not_found(
    browser: Browser, scene: Scene, database: Database, sku: str
) -> None:
    page = await product_page(browser, scene)
    if sku == "other":
        sku = encode_global_id("Sku", (await factories.make_scene(database)).sku_id)
    answer = await browser.submit(page, "/cart", button=("do", "add"), sku=sku)
    assert answer.status == 404 and "cart" not in browser.cookies


async def test_cookie_of_the_bag_is_for_the_shop_alone(browser: Browser, scene: Scene) -> None:
    page = await product_page(browser, scene)
    answer = await browser.submit(page, "/cart", button=("do", "add"), follow=False)
    (cookie,) = [line for line in answer.response.headers.get_list("set-cookie") if line.startswith("cart=")]
    for part in ("HttpOnly", "SameSite=lax", f"Path={shop_path(scene)}", "Max-Age=2592000"):
        assert part in cookie


def test_bag_holds_fifty_lines_and_ninety_nine_pieces() -> None:
    lines: list[CartLine] = []
    for number in range(50):
        grown = cart.added(lines, CartLine(UUID(int=number), 60, 100))
        assert grown is not None
        lines = grown
    assert cart.added(lines, CartLine(UUID(int=99), 1, 100)) is None
    again = cart.added(lines, CartLine(UUID(int=7), 60, 200))
    assert again is not None and [line for line in again if line.sku_id.int == 7] == [CartLine(UUID(int=7), 99, 200)]


async def test_form_of_another_site_puts_nothing_in(browser: Browser, scene: Scene) -> None:
    page = await product_page(browser, scene)
    fields = page.form("/cart").fields | {"do": ["add"]}
    answer = await browser.send(f"{shop_path(scene)}/cart", fields, origin="https://evil.example")
    assert answer.status == 403 and "cart" not in browser.cookies
