"""Codes at the counter (核销): what each is, redeemed once, in its store, and not by guessing."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.marketing import coupon_templates, coupon_transfers, coupons
from app.marketing.coupon_rules import worth_at_till
from app.marketing.models import CouponRedemptionRow, CouponRow
from app.marketing.values import CouponKind, CouponState
from app.platform import clock
from app.platform.actor import SYSTEM, Actor
from app.platform.db import BrandSession, Database
from app.platform.errors import Forbidden, InsufficientStock, NotFound, RateLimited, UserFault
from app.products import catalogue, pins_and_bans
from app.products.models import StockMovementRow, StockRow
from app.products.values import NewSku, ShelfRuleKind
from app.trade import coupon_invariants, pickups, redemptions
from app.trade.redemptions import Redeemable, Redeemed
from app.trade.values import OrderState
from tests import factories
from tests.factories import Scene
from tests.marketing import couponing
from tests.trade import fulfilling, purchase
from tests.trade.fulfilling import Staffed


@pytest.fixture
async def staffed(database: Database, scene: Scene) -> Staffed:
    return await fulfilling.staff(database, scene)


async def code_of(database: Database, staffed: Staffed, coupon_id: UUID) -> str:
    async with database.reading(staffed.brand) as session:
        return str((await couponing.coupon_row(session, coupon_id)).code)


async def coupon(database: Database, staffed: Staffed, kind: CouponKind = CouponKind.AMOUNT, **more: Any) -> str:
    """The code of a coupon that the buyer has claimed."""
    if kind is CouponKind.EXCHANGE:
        more.setdefault("product_ids", frozenset({staffed.scene.product_id}))
    of = couponing.terms(kind, **more)
    return await code_of(database, staffed, await couponing.coupon_for(database, staffed.brand, staffed.buyer, of))


async def redeem(database: Database, staffed: Staffed, code: str, actor: Actor | None = None, **more: Any) -> Any:
    """What it did, or the refusal, raised or returned."""
    try:
        async with database.transaction(staffed.brand, now=more.pop("at", None)) as session:
            return await redemptions.redeem(session, actor or staffed.guide, code=code, now=session.now, **more)
    except UserFault as fault:
        return fault


async def look(database: Database, staffed: Staffed, code: str, actor: Actor | None = None, **more: Any) -> Any:
    try:
        async with database.transaction(staffed.brand) as session:
            return await redemptions.look(session, actor or staffed.guide, code=code, **more)
    except UserFault as fault:
        return fault


def key(found: Any) -> str:
    assert isinstance(found, UserFault), found
    return found.key


async def redeemed_rows(session: BrandSession) -> list[Any]:
    rows = await session.scalars(sa.select(CouponRedemptionRow).where(CouponRedemptionRow.brand_id == session.brand_id))
    return list(rows)


async def on_hand(session: BrandSession, store_id: UUID, sku_id: UUID) -> int:
    found = await session.execute(
        sa.select(StockRow.on_hand).where(
            StockRow.brand_id == session.brand_id, StockRow.sku_id == sku_id, StockRow.location_id == store_id
        )
    )
    return found.scalar_one()


async def broken(database: Database, staffed: Staffed) -> dict[str, list[str]]:
    async with database.reading(staffed.brand) as session:
        return {name: found for name, check in coupon_invariants.CHECKS.items() if (found := await check(session))}


# --- rules


@given(
    spend=st.integers(0, 10**9),
    amount=st.none() | st.integers(1, 10**8),
    percent=st.integers(1, 10_000),
    is_percent=st.booleans(),
)
def test_a_coupon_takes_off_no_more_than_there_is(
    spend: int, amount: int | None, percent: int, *, is_percent: bool
) -> None:
    kind = CouponKind.PERCENT if is_percent else CouponKind.AMOUNT
    of = couponing.terms(kind, amount_minor=amount if is_percent else amount or 1)
    of = replace(of, percent_bp=percent if is_percent else None)
    worth = worth_at_till(of, spend)
    assert 0 <= worth <= spend
    if of.amount_minor is not None:
        assert worth <= of.amount_minor
    if is_percent and amount is None:
        assert abs(worth - spend * percent / 10_000) <= 1


def test_a_code_is_read_out_of_what_is_typed_or_scanned() -> None:
    token = "a" * 20 + "-_" + "b" * 14
    for text, code in (
        (" 1234 5678 ", "12345678"),
        ("1234-5678-9012-3456", "1234567890123456"),
        ("https://shop.example/guide/redeem?code=12345678", "12345678"),
        (f"http://127.0.0.1:8000/s/abcdefghjk/gifts/{token}", token),
        (f"/s/abcdefghjk/gifts/{token}/", token),
        ("http://[", "http://["),
        ("１２３４５６７８", "１２３４５６７８"),
    ):
        assert redemptions.read_code(text) == code


# --- pickups


async def test_a_pickup_code_hands_its_order_over_once(database: Database, staffed: Staffed) -> None:
    order_id = await fulfilling.paid_pickup(database, staffed, staffed.scene.store_id)
    code = pickups.code_for(database.vault, staffed.brand.id, order_id)
    assert key(await redeem(database, staffed, code)) == "redeem_unknown"  # it is not laid out yet
    await fulfilling.make_ready(database, staffed.brand, staffed.owner, order_id)
    found = await look(database, staffed, code)
    assert isinstance(found, Redeemable) and (found.order_id, found.coupon) == (order_id, None)
    elsewhere = await redeem(database, staffed, code, staffed.west_guide)
    assert key(elsewhere) == "redeem_elsewhere" and "store" in elsewhere.facts
    done = await asyncio.gather(*(redeem(database, staffed, code) for _ in range(2)))
    assert sorted(isinstance(one, Redeemed) for one in done) == [False, True]
    again = await redeem(database, staffed, f"{code[:4]} {code[4:]}")
    assert key(again) == "redeem_used_pickup"
    async with database.reading(staffed.brand) as session:
        assert [step[:2] for step in await fulfilling.steps(session, order_id)][-1] == (
            "HAND_OVER",
            OrderState.DELIVERED,
        )


# --- coupons


async def test_a_coupon_takes_its_amount_off_at_the_till_once(database: Database, staffed: Staffed) -> None:
    code = await coupon(database, staffed, minimum_spend_minor=5_000)
    found = await look(database, staffed, code)
    assert (found.order_id, found.coupon.title, found.choices) == (None, "开业礼券", ())
    assert key(await redeem(database, staffed, code)) == "redeem_spend"
    assert key(await redeem(database, staffed, code, spend_minor=4_999)) == "redeem_minimum"
    assert key(await redeem(database, staffed, code, spend_minor=-1)) == "number_range"
    done = await redeem(database, staffed, code, spend_minor=9_900, receipt=" POS-7 ")
    assert (done.worth_minor, done.store_id, done.order_id) == (2_000, staffed.scene.store_id, None)
    for actor in (staffed.guide, staffed.west_guide):
        assert key(await redeem(database, staffed, code, actor, spend_minor=9_900)) == "redeem_used_in_store"
    async with database.reading(staffed.brand) as session:
        [row] = await redeemed_rows(session)
        assert (row.spend_minor, row.worth_minor, row.receipt, row.sku_id) == (9_900, 2_000, "POS-7", None)
        assert row.employee_id == staffed.guide.employee_id
        held = await couponing.coupon_row(session, row.coupon_id)
        assert (held.state, held.used_in_store_id, held.order_id) == ("USED", staffed.scene.store_id, None)
    assert await broken(database, staffed) == {}


async def test_an_exchange_coupon_gives_one_piece_out_of_the_stores_stock(database: Database, staffed: Staffed) -> None:
    store_id, sku_id = staffed.scene.store_id, staffed.scene.sku_id
    async with database.transaction(staffed.brand) as session:
        before = await on_hand(session, store_id, sku_id)
        other_id = await catalogue.create_product(
            session, SYSTEM, title="赠品", skus=[NewSku("均码", "GIFT-1", None, 500, None, 3)], now=session.now
        )
    both = frozenset({staffed.scene.product_id, other_id})
    code = await coupon(database, staffed, CouponKind.EXCHANGE, product_ids=both)
    found = await look(database, staffed, code)
    assert [one.sku_id for one in found.choices] == [sku_id]  # the other lies at the warehouse alone
    assert key(await redeem(database, staffed, code, sku_id=other_id)) == "redeem_sku"
    done = await redeem(database, staffed, code)
    assert (done.sku_id, done.worth_minor) == (sku_id, 12_900)
    async with database.reading(staffed.brand) as session:
        assert await on_hand(session, store_id, sku_id) == before - 1
        moved = await session.execute(
            sa.select(StockMovementRow.change, StockMovementRow.actor, StockMovementRow.order_id).where(
                StockMovementRow.brand_id == session.brand_id, StockMovementRow.kind == "REDEEMED"
            )
        )
        assert [tuple(row) for row in moved] == [(-1, f"employee:{staffed.guide.employee_id}", None)]
    assert await broken(database, staffed) == {}


async def test_what_the_branch_may_not_sell_or_the_store_has_not_is_not_given(
    database: Database, staffed: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = await coupon(database, staffed, CouponKind.EXCHANGE)
    found = await look(database, staffed, code)
    async with database.transaction(staffed.brand) as session:
        await session.execute(
            sa.update(StockRow)
            .where(StockRow.brand_id == session.brand_id, StockRow.location_id == staffed.scene.store_id)
            .values(reserved=StockRow.on_hand)
        )
    assert key(await redeem(database, staffed, code)) == "redeem_sku"

    async def seen_before(*_: Any) -> Any:
        return found.choices

    with monkeypatch.context() as patch:
        patch.setattr(redemptions, "_choices", seen_before)
        assert isinstance(await redeem(database, staffed, code), InsufficientStock)
    async with database.transaction(staffed.brand) as session:
        assert await redeemed_rows(session) == []
        await session.execute(
            sa.update(StockRow)
            .where(StockRow.brand_id == session.brand_id, StockRow.location_id == staffed.scene.store_id)
            .values(reserved=0)
        )
        await pins_and_bans.decide(
            session,
            SYSTEM,
            kind=ShelfRuleKind.FORBID,
            product_id=staffed.scene.product_id,
            org_unit_id=staffed.scene.area_id,
            reason="召回",
            now=session.now,
        )
    assert key(await redeem(database, staffed, code)) == "redeem_sku"


async def test_what_is_not_in_its_customers_hands_is_not_taken(database: Database, staffed: Staffed) -> None:
    brand, buyer = staffed.brand, staffed.buyer
    template_id = await couponing.template(database, brand, per_person=9)
    ids = [await couponing.claim(database, brand, buyer, template_id) for _ in range(4)]
    used, handed_on, revoked, late = [await code_of(database, staffed, one) for one in ids]
    order_id = await purchase.make_order(database, staffed.scene, buyer, coupon_ids=[ids[0]])
    assert key(await redeem(database, staffed, used, spend_minor=9_000)) == "coupon_is_locked"
    await purchase.pay(database, brand, await purchase.start(database, brand, buyer, order_id))
    friend = await purchase.make_buyer(database, brand)
    async with database.transaction(brand) as session:
        offer = await coupon_transfers.offer(session, buyer, coupon_id=ids[1], now=session.now)
        token = coupon_transfers.token_of(session.vault, brand.id, offer)
        await coupons.revoke(session, SYSTEM, coupon_id=ids[2], now=session.now)
    assert key(await redeem(database, staffed, f"https://x.example/s/a/gifts/{token}")) == "redeem_gift"
    async with database.transaction(brand) as session:
        own_id = await coupon_transfers.take(session, friend, token=token, now=session.now)
    assert key(await look(database, staffed, token)) == "redeem_gift_taken"
    after = {"at": late_time(database), "spend_minor": 9_000}
    assert key(await redeem(database, staffed, late, **after)) == "redeem_expired"
    for code, why in (
        (used, "redeem_used_in_order"),
        (handed_on, "coupon_is_transferred"),
        (revoked, "coupon_is_revoked"),
    ):
        assert key(await redeem(database, staffed, code, spend_minor=9_000)) == why
    own = await code_of(database, staffed, own_id)
    assert own not in (used, handed_on, revoked, late)
    assert (await redeem(database, staffed, own, spend_minor=9_000)).worth_minor == 2_000
    async with database.transaction(brand) as session:
        await coupon_templates.revoke(session, SYSTEM, template_id=template_id, now=session.now)
    assert key(await redeem(database, staffed, late, spend_minor=9_000)) == "coupon_is_revoked"
    assert await broken(database, staffed) == {}


def late_time(database: Database) -> Any:
    return clock.utc_now() + timedelta(days=40)


async def test_of_two_who_take_one_coupon_one_does(database: Database, staffed: Staffed) -> None:
    code = await coupon(database, staffed)
    done = await asyncio.gather(
        *(redeem(database, staffed, code, actor, spend_minor=9_000) for actor in (staffed.guide, staffed.west_guide))
    )
    [fault] = [one for one in done if isinstance(one, UserFault)]
    [taken] = [one for one in done if isinstance(one, Redeemed)]
    assert (fault.key, taken.worth_minor) == ("redeem_used_in_store", 2_000)
    async with database.reading(staffed.brand) as session:
        assert len(await redeemed_rows(session)) == 1


# --- who, where, and how often


async def test_a_counter_is_ones_own_stores(database: Database, staffed: Staffed) -> None:
    code, west = await coupon(database, staffed), staffed.west_store_id
    for actor, more in (
        (staffed.guide, {"store_id": west}),
        (staffed.west_manager, {"store_id": staffed.scene.store_id}),
        (staffed.headquarters, {"store_id": west}),
    ):
        assert isinstance(await look(database, staffed, code, actor, **more), NotFound)
    for actor in (staffed.owner, staffed.service):
        assert key(await look(database, staffed, code, actor)) == "redeem_store"
        assert isinstance(await look(database, staffed, code, actor, store_id=west), Redeemable)
    assert isinstance(await look(database, staffed, code, staffed.west_manager, store_id=west), Redeemable)
    with pytest.raises(Forbidden):
        await look(database, staffed, code, staffed.buyer)
    other = await fulfilling.staff(database, await factories.make_scene(database))
    assert key(await redeem(database, other, code)) == "redeem_unknown"


async def test_who_types_codes_that_nothing_has_is_stopped(database: Database, staffed: Staffed) -> None:
    code = await coupon(database, staffed)
    assert key(await redeem(database, staffed, "123")) == "redeem_code_form"
    for number in range(redemptions.TRIES_PER_HOUR):
        wrong = ("00000000", "0" * 16, "x" * 36)[number % 3]
        assert key(await (look if number % 2 else redeem)(database, staffed, wrong)) == "redeem_unknown"
        if number == 5:  # a code that something has is no guess
            assert isinstance(await look(database, staffed, code), Redeemable)
    for attempt in (look, redeem):
        assert isinstance(await attempt(database, staffed, code), RateLimited)
    assert isinstance(await look(database, staffed, code, staffed.colleague), Redeemable)


async def test_planted_faults_of_redemptions_are_found(database: Database, staffed: Staffed) -> None:
    code = await coupon(database, staffed, CouponKind.EXCHANGE)
    await redeem(database, staffed, code)
    async with database.transaction(staffed.brand) as session:
        await session.execute(
            sa.update(CouponRow)
            .where(CouponRow.brand_id == session.brand_id, CouponRow.code == code)
            .values(used_in_store_id=staffed.west_store_id)
        )
        await session.execute(
            sa.update(CouponRow)
            .where(CouponRow.brand_id == session.brand_id, CouponRow.state == CouponState.CLAIMED.value)
            .values(used_at=None)
        )
    assert list(await broken(database, staffed)) == ["redemptions are of coupons that stores took"]
