"""A quotation binds: what was promised is what is ordered, once, by whom it is for, and for the guide who made it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.customers import bindings
from app.marketing.models import CodeRow
from app.marketing.values import CodeKind
from app.platform.actor import SYSTEM
from app.platform.db import BrandSession
from app.platform.errors import (
    Forbidden,
    InsufficientStock,
    InvalidInput,
    NotFound,
    PriceChanged,
    UserFault,
    WrongState,
)
from app.platform.runtime import Runtime
from app.products import catalogue, locations
from app.trade import orders, quotation_reads
from app.trade.models import OrderLineRow, OrderRow
from app.trade.quotation_models import QuotationLineRow, QuotationRow
from app.trade.values import FulfilmentMethod, QuotationSight, QuotationState
from tests import factories
from tests.factories import Scene
from tests.trade import fulfilling, purchase, quoting
from tests.trade.fulfilling import Staffed

S = QuotationState


@pytest.fixture
async def staffed(runtime: Runtime, scene: Scene) -> Staffed:
    return await fulfilling.staff(runtime.database, scene)


async def goods_of(session: BrandSession, order_id: UUID) -> list[tuple[UUID, int, int, int]]:
    rows = await session.execute(
        sa.select(
            OrderLineRow.sku_id, OrderLineRow.quantity, OrderLineRow.unit_price_minor, OrderLineRow.total_minor
        ).where(OrderLineRow.brand_id == session.brand_id, OrderLineRow.order_id == order_id)
    )
    return [tuple(row) for row in rows]  # type: ignore[misc]


async def test_accepted_quotation_is_an_order_of_its_guide_at_its_prices(runtime: Runtime, staffed: Staffed) -> None:
    database, scene = runtime.database, staffed.scene
    quotation_id = await quoting.quote(database, scene, staffed.guide, note="给您留了两条")
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (100, 0)
    await quoting.reprice(database, scene, 19_900)
    with purchase.counted(database) as seen:
        order_id = await quoting.accept(database, scene.brand, staffed.buyer, quotation_id)
    assert len(seen) == 1 + 14, "\n\n".join(seen)
    async with database.reading(scene.brand) as session:
        order = await purchase.order_row(session, order_id)
        assert await goods_of(session, order_id) == [(scene.sku_id, 2, 12_900, 25_800)]
        view = (await quotation_reads.by_id(session, staffed.guide, [quotation_id]))[quotation_id]
    assert (order.state, order.shop_id, order.guide_id) == ("PENDING_PAYMENT", scene.guide.shop_id, view.guide_id)
    assert (order.subtotal_minor, order.discount_minor, order.freight_minor) == (25_800, 0, 0)
    assert (order.code_id, order.customer_id) == (view.code_id, staffed.buyer.customer_id)
    assert (view.state, view.order_id, view.order_number) == (S.ACCEPTED, order_id, order.number)
    assert (view.note, view.is_named, view.customer_id) == ("给您留了两条", False, staffed.buyer.customer_id)
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (100, 2)
    rule, winner, reasons = await quoting.why(database, scene.brand, order_id)
    assert (rule, winner, reasons) == ("QUOTATION", view.guide_id, {view.guide_id: "QUOTATION"})
    await purchase.assert_sound(database, scene.brand)


async def test_price_that_fell_is_not_taken_either_and_freight_is_of_today(runtime: Runtime, staffed: Staffed) -> None:
    database, scene = runtime.database, staffed.scene
    quotation_id = await quoting.quote(database, scene, staffed.guide, lines=[(scene.sku_id, 1)])
    await quoting.reprice(database, scene, 100)
    fault = await quoting.refused(
        database,
        scene.brand,
        quoting.accept(database, scene.brand, staffed.buyer, quotation_id, expected_total_minor=1_100),
    )
    assert isinstance(fault, PriceChanged)
    assert fault.total_minor == 12_900
    order_id = await quoting.accept(
        database,
        scene.brand,
        staffed.buyer,
        quotation_id,
        fulfilment=FulfilmentMethod.PICKUP,
        pickup_store_id=staffed.west_store_id,
        address=None,
        expected_total_minor=12_900,
    )
    async with database.reading(scene.brand) as session:
        order = await purchase.order_row(session, order_id)
    assert (order.total_minor, order.pickup_store_id) == (12_900, staffed.west_store_id)
    cheap = await quoting.quote(database, scene, staffed.guide, lines=[(scene.sku_id, 3)])
    sent = await quoting.accept(database, scene.brand, staffed.buyer, cheap)
    async with database.reading(scene.brand) as session:
        order = await purchase.order_row(session, sent)
    assert (order.subtotal_minor, order.freight_minor, order.total_minor) == (300, 1_000, 1_300)
    await purchase.assert_sound(database, scene.brand)


async def test_quoting_guide_wins_over_a_protected_binding_which_stays(runtime: Runtime, staffed: Staffed) -> None:
    database, scene = runtime.database, staffed.scene
    await quoting.bind(database, scene.brand, staffed.buyer, scene.other_guide)
    quotation_id = await quoting.quote(database, scene, staffed.guide)
    order_id = await quoting.accept(database, scene.brand, staffed.buyer, quotation_id)
    other_id = scene.other_guide.employee_id
    assert await quoting.why(database, scene.brand, order_id) == (
        "QUOTATION",
        scene.guide.employee_id,
        {scene.guide.employee_id: "QUOTATION", other_id: "OUTRANKED_BY_QUOTATION"},
    )
    payment_id = await purchase.start(database, scene.brand, staffed.buyer, order_id)
    await purchase.pay(database, scene.brand, payment_id)
    assert staffed.buyer.customer_id is not None
    async with database.reading(scene.brand) as session:
        binding = await bindings.live(session, customer_id=staffed.buyer.customer_id)
        order = await purchase.order_row(session, order_id)
    assert binding is not None
    assert (binding.guide_id, order.guide_id, order.state) == (other_id, scene.guide.employee_id, "PAID")
    await purchase.assert_sound(database, scene.brand)


async def test_promise_of_a_guide_who_left_holds_and_the_sale_goes_by_the_other_rules(
    runtime: Runtime, staffed: Staffed
) -> None:
    database, scene = runtime.database, staffed.scene
    quotation_id = await quoting.quote(database, scene, staffed.guide)
    await quoting.reprice(database, scene, 19_900)
    await quoting.resign(database, scene.brand, scene.guide.employee_id)
    order_id = await quoting.accept(database, scene.brand, staffed.buyer, quotation_id)
    async with database.reading(scene.brand) as session:
        assert await goods_of(session, order_id) == [(scene.sku_id, 2, 12_900, 25_800)]
        order = await purchase.order_row(session, order_id)
    assert (order.guide_id, order.store_id) == (None, scene.store_id)
    gone = {scene.guide.employee_id: "QUOTATION_GUIDE_GONE"}
    assert await quoting.why(database, scene.brand, order_id) == ("STORE", None, gone)
    await purchase.assert_sound(database, scene.brand)


async def test_second_acceptance_by_the_same_customer_gives_the_same_order(runtime: Runtime, staffed: Staffed) -> None:
    database, scene = runtime.database, staffed.scene
    quotation_id = await quoting.quote(database, scene, staffed.guide)
    order_id = await quoting.accept(database, scene.brand, staffed.buyer, quotation_id)
    later = staffed.buyer, quotation_id
    async with database.reading(scene.brand) as session:
        over = session.now + timedelta(days=40)
    assert await quoting.accept(database, scene.brand, *later) == order_id
    assert await quoting.accept(database, scene.brand, *later, at=over) == order_id
    async with database.transaction(scene.brand) as session:
        await orders.cancel(session, staffed.buyer, order_id=order_id, now=session.now)
    assert await quoting.accept(database, scene.brand, *later) == order_id
    stranger = await purchase.make_buyer(database, scene.brand)
    fault = await quoting.refused(database, scene.brand, quoting.accept(database, scene.brand, stranger, quotation_id))
    assert isinstance(fault, WrongState)
    assert fault.state == S.ACCEPTED
    async with database.reading(scene.brand) as session:
        assert await purchase.count(session, OrderRow) == 1
    await purchase.assert_sound(database, scene.brand)


@pytest.mark.parametrize("end", ["decline", "withdraw", "expire"])
async def test_ended_quotation_makes_no_order(runtime: Runtime, staffed: Staffed, end: str) -> None:
    database, brand = runtime.database, staffed.brand
    quotation_id = await quoting.quote(database, staffed.scene, staffed.guide)
    made = await quoting.row(database, brand, quotation_id)
    at, expected = None, {"decline": S.DECLINED, "withdraw": S.WITHDRAWN, "expire": S.EXPIRED}[end]
    if end == "decline":
        assert await quoting.decline(database, brand, staffed.buyer, quotation_id) == quotation_id
    elif end == "withdraw":
        await quoting.withdraw(database, brand, staffed.guide, quotation_id)
    else:
        at = made.expires_at
    tries = [
        quoting.accept(database, brand, staffed.buyer, quotation_id, at=at),
        quoting.decline(database, brand, staffed.buyer, quotation_id, at=at),
        quoting.withdraw(database, brand, staffed.guide, quotation_id, at=at),
    ]
    faults = [await quoting.refused(database, brand, one) for one in tries]
    assert [(type(one), getattr(one, "state", None)) for one in faults] == [(WrongState, expected)] * 3
    row = await quoting.row(database, brand, quotation_id)
    by = {"decline": staffed.buyer.principal, "withdraw": staffed.guide.principal, "expire": None}[end]
    assert (row.state, row.ended_by, row.order_id) == ("OPEN" if at else expected, by, None)
    if at is not None:
        order_id = await quoting.accept(database, brand, staffed.buyer, quotation_id, at=at - timedelta(microseconds=1))
        assert (await quoting.row(database, brand, quotation_id)).order_id == order_id
    await purchase.assert_sound(database, brand)


async def test_named_quotation_is_its_customers_alone(runtime: Runtime, staffed: Staffed) -> None:
    database, scene = runtime.database, staffed.scene
    customer_id = staffed.buyer.customer_id
    await quoting.bind(database, scene.brand, staffed.buyer, scene.guide)
    quotation_id = await quoting.quote(database, scene, staffed.guide, customer_id=customer_id)
    stranger = await purchase.make_buyer(database, scene.brand)
    for step in (quoting.accept, quoting.decline):
        fault = await quoting.refused(database, scene.brand, step(database, scene.brand, stranger, quotation_id))
        assert (type(fault), fault.path) == (NotFound, ("token",))
    for who in (staffed.guide, staffed.owner):
        with pytest.raises(Forbidden):
            await quoting.accept(database, scene.brand, who, quotation_id)
    async with database.reading(scene.brand) as session:
        token = await quoting.token_of(session, quotation_id)
        for actor, sight in ((stranger, QuotationSight.HIDDEN), (staffed.buyer, QuotationSight.SHOWN)):
            seen = await quotation_reads.opened(session, actor, token)
            assert seen is not None
            assert (seen.sight, seen.view is not None) == (sight, sight is QuotationSight.SHOWN)
        own = await quotation_reads.by_id(session, staffed.buyer, [quotation_id])
        assert (list(own), await quotation_reads.by_id(session, stranger, [quotation_id])) == ([quotation_id], {})
    await quoting.accept(database, scene.brand, staffed.buyer, quotation_id)
    await purchase.assert_sound(database, scene.brand)


async def test_short_stock_leaves_the_quotation_open_and_nothing_written(runtime: Runtime, staffed: Staffed) -> None:
    database, scene = runtime.database, staffed.scene
    async with database.transaction(scene.brand) as session:
        other_id, (other_sku,) = await factories.make_product(session, stock=1)
    lines = [(scene.sku_id, 1), (other_sku, 2)]
    quotation_id = await quoting.quote(database, scene, staffed.guide, lines=lines)
    fault = await quoting.refused(
        database, scene.brand, quoting.accept(database, scene.brand, staffed.buyer, quotation_id)
    )
    assert isinstance(fault, InsufficientStock)
    assert [(one.sku_id, one.requested, one.available) for one in fault.shortages] == [(other_sku, 2, 1)]
    assert (await quoting.row(database, scene.brand, quotation_id)).state == "OPEN"
    async with database.transaction(scene.brand) as session:
        await factories.fill(session, await locations.shipping_location(session), other_sku, pieces=1)
    await quoting.accept(database, scene.brand, staffed.buyer, quotation_id)
    withdrawn = await quoting.quote(database, scene, staffed.guide, lines=[(other_sku, 1)])
    async with database.transaction(scene.brand) as session:
        await catalogue.update_product(session, SYSTEM, product_id=other_id, state="WITHDRAWN", now=session.now)
    fault = await quoting.refused(
        database, scene.brand, quoting.accept(database, scene.brand, staffed.buyer, withdrawn)
    )
    assert fault.key == "sku_not_for_sale"
    await purchase.assert_sound(database, scene.brand)


async def test_two_browsers_at_once_make_one_order(runtime: Runtime, staffed: Staffed) -> None:
    database, scene = runtime.database, staffed.scene
    quotation_id = await quoting.quote(database, scene, staffed.guide)
    others = [await purchase.make_buyer(database, scene.brand) for _ in range(2)]

    async def tried(buyer: Any) -> UUID | str:
        async def work(session: BrandSession) -> UUID:
            return await quoting.accept_in(session, buyer, quotation_id)

        try:
            return await database.run(scene.brand, work)
        except WrongState as fault:
            return fault.state

    async def take_back() -> str:
        try:
            await quoting.withdraw(database, scene.brand, staffed.guide, quotation_id)
        except WrongState as fault:
            return fault.state
        return "WITHDRAWN"

    buyers = [staffed.buyer, staffed.buyer, *others]
    *found, taken_back = await asyncio.gather(*(tried(buyer) for buyer in buyers), take_back())
    made = {one for one in found if isinstance(one, UUID)}
    async with database.reading(scene.brand) as session:
        assert await purchase.count(session, OrderRow) == len(made)
    state = (await quoting.row(database, scene.brand, quotation_id)).state
    if taken_back == "WITHDRAWN":
        assert (state, made) == ("WITHDRAWN", set())
    else:
        assert (state, taken_back, len(made)) == ("ACCEPTED", "ACCEPTED", 1)
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (100, 2 * len(made))
    await purchase.assert_sound(database, scene.brand)


@pytest.mark.parametrize(
    ("wrong", "fault", "path"),
    [
        ({"lines": []}, InvalidInput, ("lines",)),
        ({"lines": "nothing"}, InvalidInput, ("lines", "0", "quantity")),
        ({"lines": "less"}, InvalidInput, ("lines", "0", "quantity")),
        ({"lines": "huge"}, InvalidInput, ("lines", "0", "quantity")),
        ({"lines": "foreign"}, NotFound, ("lines", "0", "skuId")),
        ({"lines": "withdrawn"}, InvalidInput, ("lines", "0", "skuId")),
        ({"ahead": timedelta(days=-1)}, InvalidInput, ("expiresAt",)),
        ({"ahead": timedelta(minutes=59)}, InvalidInput, ("expiresAt",)),
        ({"ahead": timedelta(days=30, seconds=1)}, InvalidInput, ("expiresAt",)),
        ({"customer": True}, NotFound, ("customerId",)),
        ({"note": "长" * 501}, InvalidInput, ("note",)),
    ],
)
async def test_what_cannot_be_promised_is_refused_and_leaves_nothing(
    runtime: Runtime, staffed: Staffed, wrong: dict[str, Any], fault: type[UserFault], path: tuple[str, ...]
) -> None:
    database, scene = runtime.database, staffed.scene
    pieces = {"nothing": 0, "less": -1, "huge": 100}
    kind = wrong.get("lines")
    if isinstance(kind, str) and kind in pieces:
        wrong = {"lines": [(scene.sku_id, pieces[kind])]}
    elif kind == "foreign":
        wrong = {"lines": [((await factories.make_scene(database)).sku_id, 1)]}
    elif kind == "withdrawn":
        wrong = {"lines": [(scene.sku_id, 1)]}
        async with database.transaction(scene.brand) as session:
            await catalogue.update_product(
                session, SYSTEM, product_id=scene.product_id, state="WITHDRAWN", now=session.now
            )
    elif "customer" in wrong:
        await quoting.bind(database, scene.brand, staffed.buyer, scene.other_guide)
        wrong = {"customer_id": staffed.buyer.customer_id}
    if "ahead" in wrong:
        async with database.reading(scene.brand) as session:
            wrong = {"expires_at": session.now + wrong["ahead"]}
    with pytest.raises(fault) as caught:
        await quoting.quote(database, scene, staffed.guide, **wrong)
    assert caught.value.path == path
    async with database.reading(scene.brand) as session:
        counts = [await purchase.count(session, kind) for kind in (QuotationRow, QuotationLineRow)]
        codes_made = await purchase.count(session, CodeRow, CodeRow.kind == CodeKind.QUOTATION.value)
    assert (counts, codes_made) == ([0, 0], 0)
