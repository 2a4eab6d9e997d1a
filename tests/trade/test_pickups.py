"""Pickup: ordered for a store, laid out there, given to whoever shows the code, once."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app.commission.models import SaleRow
from app.employees import phones
from app.marketing.models import OutboundMessageRow
from app.marketing.outbound_reads import TEXT
from app.platform.db import Database
from app.platform.errors import InvalidInput, NotFound, RateLimited, WrongState
from app.platform.models import OutboxRow, RateBucketRow
from app.platform.personal_data import PersonalData
from app.platform.runtime import Runtime
from app.platform.secrets import KeyRing, Secrets
from app.products import reads as products
from app.trade import orders, pickups, rules
from app.trade.values import FulfilmentMethod, LineRequest
from app.worker import make_relay
from tests import factories
from tests.factories import Scene
from tests.trade import fulfilling, purchase
from tests.trade.fulfilling import Staffed

PICKUP = FulfilmentMethod.PICKUP


@pytest.fixture
async def staffed(database: Database, scene: Scene) -> Staffed:
    return await fulfilling.staff(database, scene)


async def ready(database: Database, staffed: Staffed) -> UUID:
    order_id = await fulfilling.paid_pickup(database, staffed)
    await fulfilling.make_ready(database, staffed.brand, staffed.west_guide, order_id)
    return order_id


# --- ordering


async def test_pickup_costs_no_freight_keeps_no_address_and_names_its_store(database: Database) -> None:
    scene = await factories.make_scene(database, price_minor=5_000)
    staffed = await fulfilling.staff(database, scene)
    order_id = await purchase.make_order(
        database, scene, staffed.buyer, fulfilment=PICKUP, pickup_store_id=staffed.west_store_id
    )
    async with database.reading(staffed.brand) as session:
        order = await purchase.order_row(session, order_id)
        [sale] = await session.scalars(sa.select(SaleRow).where(SaleRow.brand_id == staffed.brand.id))
        lines = [LineRequest(scene.sku_id, 1)]
        shop = await purchase.shop_of(session, scene)
        fetched = await orders.quote(
            session, shop=shop, lines=lines, method=PICKUP, pickup_store_id=staffed.west_store_id
        )
        anywhere = await orders.quote(session, shop=shop, lines=lines, method=PICKUP)
        sent = await orders.quote(session, shop=shop, lines=lines)
    assert (order.freight_minor, order.total_minor, order.address) == (0, 5_000, None)
    assert (order.fulfilment, order.pickup_store_id) == ("PICKUP", staffed.west_store_id)
    # The sale stays the first store's; the pickup store is kept with it as evidence.
    assert (order.store_id, sale.store_id) == (scene.store_id, scene.store_id)
    assert sale.evidence["fulfilment_store_id"] == str(staffed.west_store_id)
    assert [basket.totals.freight_minor for basket in (fetched, anywhere, sent)] == [0, 0, 1_000]
    await purchase.assert_sound(database, staffed.brand)


async def test_pickup_needs_a_store_of_the_brand(database: Database, staffed: Staffed) -> None:
    stranger = await factories.make_scene(database)
    before = await purchase.footprint(database, staffed.brand)
    with pytest.raises(InvalidInput) as caught:
        await purchase.make_order(database, staffed.scene, staffed.buyer, fulfilment=PICKUP)
    assert (caught.value.key, caught.value.path) == ("pickup_store_required", ("fulfilment", "pickupStoreId"))
    for store_id in (stranger.store_id, uuid4()):
        with pytest.raises(NotFound) as missing:
            await purchase.make_order(
                database, staffed.scene, staffed.buyer, fulfilment=PICKUP, pickup_store_id=store_id
            )
        assert missing.value.path == ("fulfilment", "pickupStoreId")
        async with database.reading(staffed.brand) as session:
            shop = await products.shop_facts_by_slug(session, str(staffed.scene.guide.slug))
            assert shop is not None
            with pytest.raises(NotFound):
                await orders.quote(
                    session,
                    shop=await purchase.shop_of(session, staffed.scene),
                    lines=[LineRequest(staffed.scene.sku_id, 1)],
                    method=PICKUP,
                    pickup_store_id=store_id,
                )
    assert await purchase.footprint(database, staffed.brand) == before


async def test_store_of_an_order_that_is_sent_is_not_kept(database: Database, staffed: Staffed) -> None:
    order_id = await purchase.make_order(database, staffed.scene, staffed.buyer, pickup_store_id=staffed.west_store_id)
    async with database.reading(staffed.brand) as session:
        assert (await purchase.order_row(session, order_id)).pickup_store_id is None


# --- laid out


async def test_laid_out_order_waits_and_its_customer_is_sent_the_code_once(runtime: Runtime, staffed: Staffed) -> None:
    database, brand = runtime.database, staffed.brand
    phone = factories.next_phone()
    async with database.transaction(brand) as session:
        buyer = purchase.customer_actor(await factories.make_customer(session, phone=phone))
    order_id = await purchase.make_order(
        database, staffed.scene, buyer, fulfilment=PICKUP, pickup_store_id=staffed.west_store_id
    )
    await purchase.pay(database, brand, await purchase.start(database, brand, buyer, order_id))
    await fulfilling.make_ready(database, brand, staffed.west_guide, order_id)
    async with database.reading(brand) as session:
        by = f"employee:{staffed.west_guide.employee_id}"
        assert await fulfilling.steps(session, order_id) == [
            ("FULFIL", "FULFILLING", by),
            ("MAKE_READY", "READY_FOR_PICKUP", by),
        ]
        assert await fulfilling.parcels(session, order_id) == []
        payloads = await session.scalars(
            sa.select(OutboxRow.payload).where(OutboxRow.brand_id == brand.id, OutboxRow.kind == "OrderReadyForPickup")
        )
        assert list(payloads) == [{"order_id": str(order_id)}]
        order = await purchase.order_row(session, order_id)
    for _ in range(2):
        await make_relay(runtime).drain(brand)
    texts = [json.loads(line) for line in (runtime.settings.sandbox_dir / "sms.jsonl").read_text().splitlines()]
    [sent] = [text for text in texts if text["to"] == phones.read_phone(phone)]
    code = pickups.code_for(database.vault, brand.id, order_id)
    assert code in sent["text"]
    async with database.reading(brand) as session:
        [row] = (await session.execute(outbound_states(brand.id))).all()
        assert (row.kind, row.state, row.counts_at, row.subject_id) == ("DELIVERY", "SENT", None, order_id)
        kept = session.vault.open(brand.id, TEXT, row.text)
        assert kept is not None and code not in kept and "********" in kept
    assert sent.get("code") is None
    assert sent["text"] == (
        f"【测试品牌】订单 {order.number} 已备好，请到春熙路店取货，取货码 {code}。请到店后再出示。"
    )
    await purchase.assert_sound(database, brand)


def outbound_states(brand_id: UUID) -> sa.Select[Any]:
    return sa.select(*OutboundMessageRow.__table__.columns).where(OutboundMessageRow.brand_id == brand_id)


async def test_code_is_not_sent_once_the_goods_are_gone(runtime: Runtime, staffed: Staffed) -> None:
    database, brand = runtime.database, staffed.brand
    order_id = await ready(database, staffed)
    async with database.reading(brand) as session:
        assert await pickups.fill_code(session, order_id, "********") is not None
    assert await fulfilling.hand_over(database, brand, staffed.west_guide, order_id) is None
    async with database.reading(brand) as session:
        assert await pickups.fill_code(session, order_id, "********") is None
    # The event comes late, or again: nothing is written that would tell of goods that are gone.
    await make_relay(runtime).drain(brand)
    async with database.reading(brand) as session:
        assert (await session.execute(outbound_states(brand.id))).all() == []


async def test_who_may_lay_out_is_the_pickup_store_its_branch_and_headquarters(
    database: Database, staffed: Staffed
) -> None:
    order_id = await fulfilling.paid_pickup(database, staffed)
    # The sale is theirs, the goods are not handed over there.
    for actor in (staffed.guide, staffed.colleague, staffed.manager, staffed.buyer):
        with pytest.raises(NotFound):
            await fulfilling.make_ready(database, staffed.brand, actor, order_id)
    assert await purchase.state_of(database, staffed.brand, order_id) == "PAID"
    for actor in (staffed.west_guide, staffed.west_manager, staffed.headquarters, staffed.service, staffed.owner):
        await fulfilling.make_ready(database, staffed.brand, actor, await fulfilling.paid_pickup(database, staffed))
    assert await purchase.events(database, staffed.brand, "OrderReadyForPickup") == 5


async def test_only_a_paid_pickup_is_laid_out_and_only_once(
    database: Database, staffed: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    brand, owner = staffed.brand, staffed.owner
    unpaid = await purchase.make_order(
        database, staffed.scene, staffed.buyer, fulfilment=PICKUP, pickup_store_id=staffed.west_store_id
    )
    waiting, contested = await ready(database, staffed), await fulfilling.paid_pickup(database, staffed)
    fulfilling.open_after_sales(monkeypatch, contested)
    for order_id, state in ((unpaid, "PENDING_PAYMENT"), (waiting, "READY_FOR_PICKUP"), (contested, "PAID")):
        with pytest.raises(WrongState) as caught:
            await fulfilling.make_ready(database, brand, owner, order_id)
        assert caught.value.state == state
    # An order that is sent is nobody's to lay out.
    with pytest.raises(NotFound):
        await fulfilling.make_ready(database, brand, owner, await fulfilling.paid(database, staffed))


# --- handed over


async def test_right_code_hands_over_once_and_the_return_window_begins(database: Database, staffed: Staffed) -> None:
    brand, order_id = staffed.brand, await ready(database, staffed)
    assert await fulfilling.hand_over(database, brand, staffed.west_guide, order_id) is None
    async with database.reading(brand) as session:
        order = await purchase.order_row(session, order_id)
        by = f"employee:{staffed.west_guide.employee_id}"
        assert (await fulfilling.steps(session, order_id))[2:] == [("HAND_OVER", "DELIVERED", by)]
        assert await fulfilling.due_ats(session, order_id) == [
            rules.return_until(order.delivered_at, window_seconds=7 * 86_400)
        ]
    assert (order.shipped_at, order.completed_at) == (None, None)
    with pytest.raises(WrongState) as caught:
        await fulfilling.hand_over(database, brand, staffed.west_guide, order_id)
    assert caught.value.state == "DELIVERED"
    await purchase.assert_sound(database, brand)
    await fulfilling.confirm(database, brand, staffed.buyer, order_id)
    async with database.reading(brand) as session:
        assert (await purchase.order_row(session, order_id)).state == "COMPLETED"
        assert await fulfilling.due_ats(session, order_id) == [
            rules.return_until(order.delivered_at, window_seconds=7 * 86_400)
        ]
    await purchase.assert_sound(database, brand)


async def test_who_may_hand_over_is_the_pickup_store_service_and_the_owner(
    database: Database, staffed: Staffed
) -> None:
    brand, order_id = staffed.brand, await ready(database, staffed)
    for actor in (staffed.guide, staffed.manager, staffed.headquarters, staffed.buyer):
        with pytest.raises(NotFound):
            await fulfilling.hand_over(database, brand, actor, order_id)
    async with database.reading(brand) as session:
        assert await purchase.count(session, RateBucketRow) == 0
    for actor in (staffed.west_guide, staffed.west_manager, staffed.service, staffed.owner):
        assert await fulfilling.hand_over(database, brand, actor, await ready(database, staffed)) is None


async def test_wrong_codes_are_counted_and_after_five_not_even_the_right_one_opens(
    database: Database, staffed: Staffed
) -> None:
    brand, order_id, guide = staffed.brand, await ready(database, staffed), staffed.west_guide
    other = await ready(database, staffed)
    wrong = fulfilling.wrong_code(database, brand, order_id)
    for _ in range(5):
        refused = await fulfilling.hand_over(database, brand, guide, order_id, code=wrong)
        assert isinstance(refused, InvalidInput)
        assert (refused.key, refused.path) == ("pickup_code_wrong", ("code",))
    for code in (wrong, None):
        limited = await fulfilling.hand_over(database, brand, guide, order_id, code=code)
        assert isinstance(limited, RateLimited)
        assert 3_500 < limited.retry_after_seconds <= 3_601
    assert await purchase.state_of(database, brand, order_id) == "READY_FOR_PICKUP"
    # Another order's code is not spent, and an hour later this one's opens again.
    assert await fulfilling.hand_over(database, brand, guide, other) is None
    async with database.reading(brand) as session:
        later = session.now + timedelta(hours=1)
    assert await fulfilling.hand_over(database, brand, guide, order_id, now=later) is None


@pytest.mark.parametrize("code", ["", "1234567", "123456789", "1234567a", "١٢٣٤٥٦٧٨", "1234 5678"])
async def test_what_is_no_code_costs_no_try(database: Database, staffed: Staffed, code: str) -> None:
    order_id = await ready(database, staffed)
    with pytest.raises(InvalidInput) as caught:
        await fulfilling.hand_over(database, staffed.brand, staffed.west_guide, order_id, code=code)
    assert (caught.value.key, caught.value.path) == ("pickup_code_form", ("code",))
    async with database.reading(staffed.brand) as session:
        assert await purchase.count(session, RateBucketRow) == 0


async def test_code_of_another_order_or_of_the_same_order_elsewhere_opens_nothing(
    database: Database, staffed: Staffed
) -> None:
    one, other = await ready(database, staffed), await ready(database, staffed)
    code = pickups.code_for(database.vault, staffed.brand.id, other)
    assert code != pickups.code_for(database.vault, staffed.brand.id, one)
    assert code != pickups.code_for(database.vault, uuid4(), other)
    refused = await fulfilling.hand_over(database, staffed.brand, staffed.west_guide, one, code=code)
    assert isinstance(refused, InvalidInput)


def test_code_has_eight_digits_and_one_sent_before_a_change_of_keys_still_opens() -> None:
    ring = KeyRing("a", {"a": b"a" * 32})
    before = PersonalData(Secrets(signing=ring, encryption=ring, hashing=ring))
    turned = KeyRing("b", {"a": b"a" * 32, "b": b"b" * 32})
    after = PersonalData(Secrets(signing=ring, encryption=ring, hashing=turned))
    for _ in range(50):
        brand_id, order_id = uuid4(), uuid4()
        code = pickups.code_for(before, brand_id, order_id)
        assert len(code) == 8 and code.isdigit()
        assert pickups._codes(after, brand_id, order_id)[1:] == [code]


async def test_open_after_sale_keeps_the_goods_in_the_store(
    database: Database, staffed: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await ready(database, staffed)
    with monkeypatch.context() as patch:
        fulfilling.open_after_sales(patch, order_id)
        with pytest.raises(WrongState):
            await fulfilling.hand_over(database, staffed.brand, staffed.west_guide, order_id)
    assert await purchase.state_of(database, staffed.brand, order_id) == "READY_FOR_PICKUP"
