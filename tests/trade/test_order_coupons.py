"""Orders with coupons: priced line by line, locked when placed, used when paid, given back when it came to nothing."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app.marketing.values import CouponKind, CouponTerms
from app.platform import clock
from app.platform.actor import Actor
from app.platform.db import Database
from app.platform.errors import InvalidInput, NotFound, PriceChanged, UserFault
from app.platform.runtime import Runtime
from app.products.reads import shop_facts_by_slug
from app.trade import orders
from app.trade.basket import Basket
from app.trade.models import OrderDiscountRow, OrderLineRow
from app.trade.payments import Booking
from app.trade.values import FulfilmentMethod, LineRequest, OrderState
from tests import factories
from tests.factories import Scene
from tests.marketing import couponing
from tests.marketing.couponing import coupon_for, history, state_of, terms
from tests.trade import purchase, returns

LATER = timedelta(days=8)


class Market:
    """A scene with a second product, a buyer, and coupons for the asking."""

    def __init__(self, database: Database, scene: Scene) -> None:
        self.database, self.scene, self.brand = database, scene, scene.brand

    async def open(self) -> "Market":
        self.buyer = await purchase.make_buyer(self.database, self.brand)
        async with self.database.transaction(self.brand) as session:
            self.scarf, skus = await factories.make_product(session, title="围巾", price_minor=5_050, skus=1)
        self.scarf_sku = skus[0]
        return self

    @property
    def lines(self) -> list[tuple[UUID, int]]:
        """129.00 and 2 × 50.50: 230.00 in all."""
        return [(self.scene.sku_id, 1), (self.scarf_sku, 2)]

    async def coupon(self, of: CouponTerms | None = None, **more: Any) -> UUID:
        return await coupon_for(self.database, self.brand, self.buyer, of, **more)

    async def quote(self, coupon_ids: Sequence[UUID], *, buyer: Actor | None = None, **more: Any) -> Basket:
        lines = more.pop("lines", None) or self.lines
        async with self.database.reading(self.brand, now=more.pop("now", None)) as session:
            shop = await shop_facts_by_slug(session, str(self.scene.guide.slug))
            assert shop is not None
            return await orders.quote(
                session,
                shop=shop,
                lines=[LineRequest(*line) for line in lines],
                customer_id=(buyer or self.buyer).customer_id,
                coupon_ids=coupon_ids,
                **more,
            )

    async def order(self, *coupon_ids: UUID, **more: Any) -> UUID:
        async with self.database.transaction(self.brand, now=more.pop("at", None)) as session:
            return await purchase.place(
                session,
                self.scene,
                more.pop("buyer", self.buyer),
                lines=more.pop("lines", self.lines),
                coupon_ids=coupon_ids,
                **more,
            )

    async def states(self, *coupon_ids: UUID) -> list[str]:
        return [await state_of(self.database, self.brand, coupon_id) for coupon_id in coupon_ids]

    async def cancel(self, order_id: UUID, *, at: Any = None) -> None:
        async with self.database.transaction(self.brand, now=at) as session:
            await orders.cancel(session, self.buyer, order_id=order_id, now=session.now)

    async def assert_sound(self) -> None:
        await purchase.assert_sound(self.database, self.brand)
        assert await couponing.violations(self.database, self.brand) == []


@pytest.fixture
async def market(database: Database, scene: Scene) -> Market:
    return await Market(database, scene).open()


# --- quotes


async def test_quote_says_what_each_coupon_takes_off_which_line(market: Market) -> None:
    exchange = await market.coupon(
        terms(CouponKind.EXCHANGE, product_ids=frozenset({market.scarf})), title="围巾兑换券"
    )
    percent = await market.coupon(terms(CouponKind.PERCENT, percent_bp=1_500), title="八五折")
    quoted = await market.quote([percent, exchange])
    assert [(one.title, one.amount_minor) for one in quoted.reductions] == [("围巾兑换券", 5_050), ("八五折", 2_692)]
    # 15 % of 179.50 is 26.925, half to even 26.92; 129.00 : 50.50 of it is 19.346… and 7.573….
    assert [line.priced.discount_minor for line in quoted.lines] == [1_935, 5_050 + 757]
    totals = quoted.totals
    assert (totals.subtotal_minor, totals.discount_minor, totals.freight_minor) == (23_000, 7_742, 0)
    assert totals.total_minor == 15_258
    assert await market.states(exchange, percent) == ["CLAIMED", "CLAIMED"]


async def test_freight_is_free_by_the_goods_after_discounts(market: Market) -> None:
    coupon = await market.coupon(terms(amount_minor=3_001))
    lines = [(market.scene.sku_id, 1)]
    assert (await market.quote([], lines=lines)).totals.freight_minor == 0
    quoted = await market.quote([coupon], lines=lines)
    assert (quoted.totals.freight_minor, quoted.totals.total_minor) == (1_000, 12_900 - 3_001 + 1_000)
    fetched = await market.quote([coupon], lines=lines, method=FulfilmentMethod.PICKUP)
    assert fetched.totals.freight_minor == 0


async def test_coupon_worth_more_than_the_goods_leaves_one_cent(market: Market) -> None:
    coupon = await market.coupon(terms(amount_minor=99_900))
    quoted = await market.quote([coupon], method=FulfilmentMethod.PICKUP)
    assert quoted.totals.total_minor == 1
    assert sum(line.priced.total_minor for line in quoted.lines) == 1


# --- refusals


async def refusal(market: Market, *coupon_ids: UUID, **more: Any) -> tuple[str, tuple[str, ...]]:
    """Why quote and order refuse these coupons, the same; nothing was written."""
    before = await purchase.footprint(market.database, market.brand)
    now = more.pop("at", None)
    with pytest.raises(UserFault) as quoted:
        await market.quote(coupon_ids, now=now, **more)
    with pytest.raises(UserFault) as placed:
        await market.order(*coupon_ids, at=now, **more)
    assert (quoted.value.key, quoted.value.path) == (placed.value.key, placed.value.path)
    assert await purchase.footprint(market.database, market.brand) == before
    return placed.value.key, placed.value.path


async def test_coupons_that_cannot_be_used_are_refused_by_name(market: Market) -> None:
    coupon = await market.coupon()
    assert await refusal(market, coupon, uuid4()) == ("not_found", ("couponIds", "1"))
    stranger = await purchase.make_buyer(market.database, market.brand)
    assert await refusal(market, coupon, buyer=stranger) == ("not_found", ("couponIds", "0"))
    assert await refusal(market, coupon, coupon) == ("coupon_twice", ("couponIds",))
    assert await refusal(market, coupon, at=clock.utc_now() + LATER) == ("coupon_is_expired", ("couponIds", "0"))
    rich = await market.coupon(terms(minimum_spend_minor=23_001))
    assert await refusal(market, rich) == ("coupon_minimum", ("couponIds", "0"))
    other = await market.coupon(terms(product_ids=frozenset({market.scarf})))
    assert await refusal(market, other, lines=[(market.scene.sku_id, 1)]) == ("coupon_no_goods", ("couponIds", "0"))
    percent = await market.coupon(terms(CouponKind.PERCENT))
    key, _ = await refusal(market, coupon, percent)
    assert key == "coupon_not_together"
    assert await market.states(coupon, rich, other, percent) == ["CLAIMED"] * 4


async def test_coupon_held_or_used_by_an_order_is_no_others(market: Market) -> None:
    coupon = await market.coupon()
    order_id = await market.order(coupon)
    assert await refusal(market, coupon) == ("coupon_is_locked", ("couponIds", "0"))
    await pay(market, order_id)
    assert await refusal(market, coupon) == ("coupon_is_used", ("couponIds", "0"))
    await market.assert_sound()


async def test_expected_total_counts_with_the_coupons(market: Market) -> None:
    coupon = await market.coupon()
    with pytest.raises(PriceChanged) as caught:
        await market.order(coupon, expected_total_minor=23_000)
    assert caught.value.total_minor == 21_000
    assert await market.states(coupon) == ["CLAIMED"]
    await market.order(coupon, expected_total_minor=21_000)


async def test_importers_prices_take_no_coupons_of_somebody_else(market: Market) -> None:
    with pytest.raises(NotFound):
        await market.order(uuid4(), prices={market.scene.sku_id: 1, market.scarf_sku: 1})


# --- the life of an order


async def pay(market: Market, order_id: UUID) -> Booking:
    payment_id = await purchase.start(market.database, market.brand, market.buyer, order_id)
    return await purchase.pay(market.database, market.brand, payment_id)


async def test_order_keeps_what_coupons_took_off_and_its_payment_uses_them(market: Market) -> None:
    coupon = await market.coupon(title="满减券")
    order_id = await market.order(coupon)
    assert await market.states(coupon) == ["LOCKED"]
    async with market.database.reading(market.brand) as session:
        rows = await session.execute(
            sa.select(OrderDiscountRow.coupon_id, OrderDiscountRow.label, OrderDiscountRow.amount_minor).where(
                OrderDiscountRow.brand_id == market.brand.id, OrderDiscountRow.order_id == order_id
            )
        )
        assert [tuple(row) for row in rows] == [(coupon, "满减券", 2_000)]
        lines = await session.execute(
            sa.select(OrderLineRow.discount_minor, OrderLineRow.total_minor)
            .where(OrderLineRow.brand_id == market.brand.id, OrderLineRow.order_id == order_id)
            .order_by(OrderLineRow.position)
        )
        assert [tuple(row) for row in lines] == [(1_122, 11_778), (878, 9_222)]
        assert (await purchase.order_row(session, order_id)).total_minor == 21_000
    await market.assert_sound()
    assert await pay(market, order_id) is Booking.PAID
    assert await history(market.database, market.brand, coupon) == ["ISSUE", "CLAIM", "LOCK", "USE"]
    await market.assert_sound()


async def test_cancelled_order_gives_its_coupon_back_and_another_can_have_it(market: Market) -> None:
    coupon = await market.coupon()
    await market.cancel(await market.order(coupon))
    assert await market.states(coupon) == ["CLAIMED"]
    order_id = await market.order(coupon)
    assert await history(market.database, market.brand, coupon) == ["ISSUE", "CLAIM", "LOCK", "RELEASE", "LOCK"]
    assert await pay(market, order_id) is Booking.PAID
    await market.assert_sound()


async def test_coupon_whose_time_ran_out_in_the_order_comes_back_expired(runtime: Runtime, market: Market) -> None:
    coupon = await market.coupon()
    almost = clock.utc_now() + timedelta(days=7) - timedelta(minutes=5)
    late = await market.order(coupon, at=almost)
    await market.cancel(late, at=almost + timedelta(minutes=10))
    assert await market.states(coupon) == ["EXPIRED"]
    assert (await history(market.database, market.brand, coupon))[-1] == "EXPIRE"
    await market.assert_sound()


async def test_order_past_its_time_gives_its_coupon_back(runtime: Runtime, market: Market) -> None:
    coupon = await market.coupon()
    order_id = await market.order(coupon, at=clock.utc_now() - timedelta(minutes=31))
    assert await orders.cancel_due(runtime, market.brand) == 1
    assert await purchase.state_of(market.database, market.brand, order_id) == "CANCELLED"
    assert await market.states(coupon) == ["CLAIMED"]
    await market.assert_sound()


async def test_money_that_comes_after_the_cancellation_uses_no_coupon(market: Market) -> None:
    coupon = await market.coupon()
    order_id = await market.order(coupon)
    payment_id = await purchase.start(market.database, market.brand, market.buyer, order_id)
    await market.cancel(order_id)
    assert await purchase.pay(market.database, market.brand, payment_id) is Booking.LATE
    assert await market.states(coupon) == ["CLAIMED"]
    # It pays for another order meanwhile, and that one alone.
    second = await market.order(coupon)
    assert await pay(market, second) is Booking.PAID
    await market.assert_sound()


async def test_word_of_payment_twice_uses_the_coupon_once(market: Market) -> None:
    coupon = await market.coupon()
    order_id = await market.order(coupon)
    payment_id = await purchase.start(market.database, market.brand, market.buyer, order_id)
    booked = [await purchase.pay(market.database, market.brand, payment_id) for _ in range(2)]
    assert booked == [Booking.PAID, Booking.REPEATED]
    assert (await history(market.database, market.brand, coupon)).count("USE") == 1


@pytest.mark.parametrize("state", [OrderState.PAID, OrderState.DELIVERED])
async def test_whole_refund_gives_the_coupon_back_and_a_part_does_not(
    runtime: Runtime, scene: Scene, state: OrderState
) -> None:
    market = await Market(runtime.database, scene).open()
    coupon = await market.coupon(terms(amount_minor=1_000))
    sold = await returns.sell_and(runtime, scene, state, quantity=3, buyer=market.buyer, coupon_ids=[coupon])
    kind = returns.RETURN if state is OrderState.DELIVERED else returns.REFUND_ONLY

    async def refund(pieces: int) -> None:
        after_sale_id = await sold.request(pieces, kind)
        await sold.decide(after_sale_id)
        if kind is returns.RETURN:
            await sold.receive(after_sale_id)
        await sold.pay_back()

    await refund(1)
    assert await market.states(coupon) == ["USED"]
    await refund(2)
    assert await purchase.state_of(market.database, market.brand, sold.order_id) == "CLOSED"
    assert await market.states(coupon) == ["CLAIMED"]
    async with market.database.reading(market.brand) as session:
        order = await purchase.order_row(session, sold.order_id)
        assert order.refunded_minor == order.total_minor == 3 * 12_900 - 1_000
    await market.assert_sound()


# --- races


async def test_two_orders_at_once_cannot_hold_one_coupon(market: Market) -> None:
    coupon = await market.coupon()

    async def one() -> str:
        try:
            await market.order(coupon, lines=[(market.scene.sku_id, 1)])
        except InvalidInput as fault:
            return fault.key
        return "PLACED"

    assert sorted(await asyncio.gather(*(one() for _ in range(4)))) == ["PLACED", *["coupon_is_locked"] * 3]
    await market.assert_sound()


async def test_payment_against_cancellation_leaves_the_coupon_where_the_order_is(market: Market) -> None:
    for _ in range(4):
        coupon = await market.coupon()
        order_id = await market.order(coupon, lines=[(market.scene.sku_id, 1)])
        payment_id = await purchase.start(market.database, market.brand, market.buyer, order_id)
        await asyncio.gather(
            purchase.pay(market.database, market.brand, payment_id), market.cancel(order_id), return_exceptions=True
        )
        order = await purchase.state_of(market.database, market.brand, order_id)
        assert await market.states(coupon) == ["USED" if order == "PAID" else "CLAIMED"]
    await market.assert_sound()


# --- what it costs


async def test_coupons_cost_two_statements_and_none_costs_none(market: Market) -> None:
    one, two = (
        await market.coupon(),
        await market.coupon(terms(CouponKind.EXCHANGE, product_ids=frozenset({market.scarf}))),
    )
    await market.order()
    with purchase.counted(market.database) as without:
        await market.order()
    with purchase.counted(market.database) as with_two:
        await market.order(one, two)
    assert len(with_two) == len(without) + 2
