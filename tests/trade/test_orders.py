"""Orders are priced by the catalogue, placed whole or not at all, and given up before payment only."""

from datetime import timedelta
from uuid import UUID, uuid4

import orjson
import pytest
import sqlalchemy as sa

from app.commission.models import SaleRow, TransferRow
from app.platform.actor import ANONYMOUS, SYSTEM, Actor, ActorKind
from app.platform.db import BrandSession, Database
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
from app.products import catalogue, reads
from app.products.models import ReservationRow
from app.trade import numbers, orders, rules
from app.trade.basket import Address
from app.trade.models import OrderLineRow, OrderMoveRow, OrderRow
from app.trade.values import FulfilmentMethod, LineRequest
from tests import factories
from tests.factories import Scene
from tests.trade import purchase


async def refusal(database: Database, scene: Scene, buyer: Actor, **more: object) -> UserFault:
    """The fault of an order that must leave nothing behind."""
    before = await purchase.footprint(database, scene.brand)
    with pytest.raises(UserFault) as caught:
        await purchase.make_order(database, scene, buyer, **more)
    assert await purchase.footprint(database, scene.brand) == before
    return caught.value


async def guides_shop(session: BrandSession, scene: Scene) -> reads.ShopFacts:
    shop = await reads.shop_facts_by_slug(session, str(scene.guide.slug))
    assert shop is not None
    return shop


async def test_quote_prices_each_line_and_says_what_can_be_had(database: Database, scene: Scene) -> None:
    async with database.reading(scene.brand) as session:
        shop = await guides_shop(session, scene)
        small = await orders.quote(session, shop=shop, lines=[LineRequest(scene.sku_id, 1)])
        many = await orders.quote(
            session, shop=shop, lines=[LineRequest(scene.sku_id, 50), LineRequest(scene.sku_id, 49)]
        )
    assert (small.totals.subtotal_minor, small.totals.freight_minor, small.totals.total_minor) == (12_900, 0, 12_900)
    assert [(line.priced.quantity, line.priced.total_minor, line.is_available) for line in many.lines] == [
        (99, 99 * 12_900, True)
    ]
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (100, 0)


async def test_quote_adds_flat_freight_below_the_limit_and_marks_what_is_short(database: Database) -> None:
    scene = await factories.make_scene(database, stock=2, price_minor=1_290)
    async with database.reading(scene.brand) as session:
        shop = await guides_shop(session, scene)
        quote = await orders.quote(session, shop=shop, lines=[LineRequest(scene.sku_id, 3)])
        with pytest.raises(NotFound):
            await orders.quote(session, shop=shop, lines=[LineRequest(uuid4(), 1)])
    assert (quote.totals.freight_minor, quote.totals.total_minor) == (1_000, 3 * 1_290 + 1_000)
    assert [line.is_available for line in quote.lines] == [False]


async def test_placed_order_holds_stock_is_attributed_and_waits_for_payment(database: Database, scene: Scene) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    async with database.transaction(scene.brand) as session:
        now = session.now
        order_id = await purchase.place(
            session,
            scene,
            buyer,
            lines=[(scene.sku_id, 2), (scene.sku_id, 1)],
            code_token=scene.other_guide.token,
            note="  请轻放  ",
            expected_total_minor=3 * 12_900,
        )
    async with database.reading(scene.brand) as session:
        order = await purchase.order_row(session, order_id)
        lines = (
            await session.execute(sa.select(OrderLineRow).where(OrderLineRow.brand_id == scene.brand.id))
        ).scalars()
        moves = (
            await session.execute(sa.select(OrderMoveRow).where(OrderMoveRow.brand_id == scene.brand.id))
        ).scalars()
        sale = (await session.execute(sa.select(SaleRow).where(SaleRow.brand_id == scene.brand.id))).scalar_one()
        opened = session.vault.open(scene.brand.id, "order_address", order.address)
        note = session.vault.open(scene.brand.id, "order_note", order.note)
    assert (order.state, order.customer_id, order.shop_id) == (
        "PENDING_PAYMENT",
        buyer.customer_id,
        scene.guide.shop_id,
    )
    assert (order.guide_id, order.store_id) == (scene.other_guide.employee_id, scene.store_id)
    assert (order.code_id, sale.id, sale.number) == (scene.other_guide.code_id, order_id, order.number)
    assert (order.subtotal_minor, order.discount_minor, order.freight_minor, order.total_minor) == (
        38_700,
        0,
        0,
        38_700,
    )
    assert order.pay_by == now + timedelta(minutes=30)
    assert rules.is_order_number(order.number)
    assert [(line.quantity, line.unit_price_minor, line.total_minor, line.title) for line in lines] == [
        (3, 12_900, 38_700, "羊绒围巾")
    ]
    assert [(move.event, move.from_state, move.to_state, move.actor) for move in moves] == [
        ("PLACE", None, "PENDING_PAYMENT", f"customer:{buyer.customer_id}")
    ]
    assert orjson.loads(opened or "") == {**factories.ADDRESS, "phone": "+8619900001001"}
    assert note == "请轻放"
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (100, 3)
    await purchase.assert_sound(database, scene.brand)


async def test_address_and_note_are_no_plain_text_in_the_table(database: Database, scene: Scene) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    order_id = await purchase.make_order(database, scene, buyer, note="门卫代收")
    async with database.reading(scene.brand) as session:
        order = await purchase.order_row(session, order_id)
    for secret in ("王小明", "19900001001", "门卫代收"):
        assert secret.encode() not in bytes(order.address) + bytes(order.note)


@pytest.mark.parametrize(
    ("more", "key", "path"),
    [
        ({"fulfilment": FulfilmentMethod.PICKUP}, "pickup_store_required", ("fulfilment", "pickupStoreId")),
        ({"coupon_ids": [UUID(int=1), UUID(int=1)]}, "coupon_twice", ("couponIds",)),
        ({"address": None}, "address_required", ("fulfilment", "address")),
        ({"note": "长" * 201}, "text_too_long", ("note",)),
    ],
)
async def test_what_cannot_be_ordered_is_refused_and_leaves_nothing(
    database: Database, scene: Scene, more: dict[str, object], key: str, path: tuple[str, ...]
) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    fault = await refusal(database, scene, buyer, **more)
    assert isinstance(fault, InvalidInput)
    assert (fault.key, fault.path) == (key, path)


@pytest.mark.parametrize(
    ("part", "text", "key"),
    [
        ("recipient", "  ", "text_required"),
        ("street", "路" * 201, "text_too_long"),
        ("city", "上\x00海", "text_form"),
        ("phone", "12345", "phone_form"),
    ],
)
async def test_address_that_nothing_can_be_sent_to_is_refused(
    database: Database, scene: Scene, part: str, text: str, key: str
) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    fault = await refusal(database, scene, buyer, address=Address(**{**factories.ADDRESS, part: text}))
    assert (fault.key, fault.path) == (key, ("fulfilment", "address", part))


@pytest.mark.parametrize(
    ("quantities", "key", "path"),
    [
        ([0], "order_lines_out_of_range", ("lines", "0", "quantity")),
        ([60, 40], "order_lines_out_of_range", ("lines", "0", "quantity")),
    ],
)
async def test_quantity_out_of_bounds_is_refused(
    database: Database, scene: Scene, quantities: list[int], key: str, path: tuple[str, ...]
) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    fault = await refusal(database, scene, buyer, lines=[(scene.sku_id, quantity) for quantity in quantities])
    assert (fault.key, fault.path) == (key, path)


async def test_changed_price_answers_the_new_total_and_places_nothing(database: Database, scene: Scene) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    fault = await refusal(database, scene, buyer, expected_total_minor=9_900)
    assert isinstance(fault, PriceChanged)
    assert fault.total_minor == 12_900


async def test_short_stock_names_every_shortage_and_holds_nothing(database: Database) -> None:
    scene = await factories.make_scene(database, stock=2)
    async with database.transaction(scene.brand) as session:
        _, (plenty, none) = await factories.make_product(session, stock=0, skus=2)
    buyer = await purchase.make_buyer(database, scene.brand)
    fault = await refusal(database, scene, buyer, lines=[(scene.sku_id, 2), (plenty, 1), (none, 4)])
    assert isinstance(fault, InsufficientStock)
    assert [(short.sku_id, short.requested, short.available) for short in fault.shortages] == [
        (plenty, 1, 0),
        (none, 4, 0),
    ]
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (2, 0)


async def test_withdrawn_product_cannot_be_ordered_and_unknown_one_is_not_found(
    database: Database, scene: Scene
) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    unknown = await refusal(database, scene, buyer, lines=[(scene.sku_id, 1), (uuid4(), 1)])
    assert isinstance(unknown, NotFound)
    assert unknown.path == ("lines", "1", "skuId")
    async with database.transaction(scene.brand) as session:
        await catalogue.update_product(session, SYSTEM, product_id=scene.product_id, state="WITHDRAWN", now=session.now)
    fault = await refusal(database, scene, buyer)
    assert (fault.key, fault.path) == ("sku_not_for_sale", ("lines", "0", "skuId"))


async def test_only_customers_order(database: Database, scene: Scene) -> None:
    employee = Actor(kind=ActorKind.EMPLOYEE, employee_id=scene.owner_id, role="OWNER", branch="/")
    before = await purchase.footprint(database, scene.brand)
    for actor in (ANONYMOUS, SYSTEM, employee):
        with pytest.raises(Forbidden):
            await purchase.make_order(database, scene, actor)
    assert await purchase.footprint(database, scene.brand) == before


async def test_code_that_nobody_knows_counts_for_nobody(database: Database, scene: Scene) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    order_id = await purchase.make_order(database, scene, buyer, code_token="no-such-code")
    async with database.reading(scene.brand) as session:
        order = await purchase.order_row(session, order_id)
    assert (order.code_id, order.guide_id) == (None, scene.guide.employee_id)


async def test_imported_basket_keeps_its_own_totals_without_freight_address_or_limits(
    database: Database,
) -> None:
    scene = await factories.make_scene(database, stock=10_000)
    async with database.transaction(scene.brand) as session:
        _, many = await factories.make_product(session, skus=60, price_minor=50)
    buyer = await purchase.make_buyer(database, scene.brand)
    prices = {scene.sku_id: 1_001, **dict.fromkeys(many, 33)}
    lines = [(scene.sku_id, 5_000), *((sku, 1) for sku in many)]
    order_id = await purchase.make_order(database, scene, buyer, lines=lines, prices=prices, address=None)
    async with database.reading(scene.brand) as session:
        order = await purchase.order_row(session, order_id)
    assert (order.total_minor, order.freight_minor, order.address) == (1_001 + 60 * 33, 0, None)
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (10_000, 5_000)
    await purchase.assert_sound(database, scene.brand)


async def test_placing_takes_at_most_nine_statements(database: Database, scene: Scene) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    async with database.transaction(scene.brand) as session:
        await purchase.place(session, scene, buyer)
    with purchase.counted(database) as seen:
        async with database.transaction(scene.brand) as session:
            await purchase.place(session, scene, buyer, code_token=scene.guide.token)
    # One of them reads the shop, which the caller of the service does.
    assert len(seen) == 10, "\n\n".join(seen)


async def test_taken_order_number_is_replaced_by_another(
    database: Database, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    first_id = await purchase.make_order(database, scene, buyer)
    async with database.reading(scene.brand) as session:
        taken = (await purchase.order_row(session, first_id)).number
    drawn = iter([taken, taken, "100000000017"])
    monkeypatch.setattr(numbers, "random_order_number", lambda: next(drawn))

    async def work(session: BrandSession) -> UUID:
        return await purchase.place(session, scene, buyer)

    second_id = await database.run(scene.brand, work)
    async with database.reading(scene.brand) as session:
        assert (await purchase.order_row(session, second_id)).number == "100000000017"
        assert await purchase.count(session, OrderRow) == 2
        assert await purchase.count(session, SaleRow) == 2
    await purchase.assert_sound(database, scene.brand)


async def test_cancelling_frees_stock_and_voids_commission_once(database: Database, scene: Scene) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    order_id = await purchase.make_order(database, scene, buyer)
    async with database.transaction(scene.brand) as session:
        await orders.cancel(session, buyer, order_id=order_id, now=session.now)
    async with database.reading(scene.brand) as session:
        accounts = (
            await session.execute(
                sa.select(TransferRow.cause, TransferRow.debit_account, TransferRow.credit_account)
                .where(TransferRow.brand_id == scene.brand.id)
                .order_by(TransferRow.id)
            )
        ).all()
    assert [tuple(row) for row in accounts] == [
        ("PLACED", "COMMISSION_EXPENSE", "ESTIMATED"),
        ("CANCELLED", "ESTIMATED", "VOIDED"),
    ]
    assert await purchase.state_of(database, scene.brand, order_id) == "CANCELLED"
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (100, 0)
    assert await purchase.events(database, scene.brand, "OrderCancelled") == 1
    before = await purchase.footprint(database, scene.brand)
    with pytest.raises(WrongState) as caught:
        async with database.transaction(scene.brand) as session:
            await orders.cancel(session, buyer, order_id=order_id, now=session.now)
    assert caught.value.state == "CANCELLED"
    assert await purchase.footprint(database, scene.brand) == before
    await purchase.assert_sound(database, scene.brand)


async def test_nobody_cancels_another_customers_order(database: Database, scene: Scene) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    other = await purchase.make_buyer(database, scene.brand)
    order_id = await purchase.make_order(database, scene, buyer)
    guide = Actor(kind=ActorKind.EMPLOYEE, employee_id=scene.guide.employee_id, role="GUIDE")
    for actor in (other, guide, ANONYMOUS):
        with pytest.raises(NotFound):
            async with database.transaction(scene.brand) as session:
                await orders.cancel(session, actor, order_id=order_id, now=session.now)
    assert await purchase.state_of(database, scene.brand, order_id) == "PENDING_PAYMENT"


async def test_unpaid_order_is_given_up_at_its_deadline_and_not_before(runtime: Runtime, scene: Scene) -> None:
    database = runtime.database
    buyer = await purchase.make_buyer(database, scene.brand)
    async with database.transaction(scene.brand) as session:
        due = [
            await purchase.place(session, scene, buyer, now=session.now - timedelta(minutes=30 + late))
            for late in (0, 5)
        ]
        young = await purchase.place(session, scene, buyer, now=session.now - timedelta(minutes=29))
    assert await orders.cancel_due(runtime, scene.brand) == 2
    assert await orders.cancel_due(runtime, scene.brand) == 0
    for order_id in due:
        assert await purchase.state_of(database, scene.brand, order_id) == "CANCELLED"
    assert await purchase.state_of(database, scene.brand, young) == "PENDING_PAYMENT"
    async with database.reading(scene.brand) as session:
        assert await purchase.count(session, OrderMoveRow, OrderMoveRow.event == "EXPIRE") == 2
        assert await purchase.count(session, ReservationRow, ReservationRow.state == "RELEASED") == 2
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (100, 1)
    await purchase.assert_sound(database, scene.brand)


async def test_order_that_somebody_holds_is_left_to_the_next_run(runtime: Runtime, scene: Scene) -> None:
    database = runtime.database
    buyer = await purchase.make_buyer(database, scene.brand)
    async with database.transaction(scene.brand) as session:
        held, free = [
            await purchase.place(session, scene, buyer, now=session.now - timedelta(hours=1)) for _ in range(2)
        ]
    async with database.transaction(scene.brand) as session:
        lock = sa.select(OrderRow.id).where(OrderRow.brand_id == scene.brand.id, OrderRow.id == held)
        await session.execute(lock.with_for_update())
        assert await orders.cancel_due(runtime, scene.brand) == 1
    assert await purchase.state_of(database, scene.brand, held) == "PENDING_PAYMENT"
    assert await purchase.state_of(database, scene.brand, free) == "CANCELLED"
    assert await orders.cancel_due(runtime, scene.brand) == 1
