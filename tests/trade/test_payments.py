"""Money is booked once, for the order that waits for it; any other money goes back whole, by itself."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app.commission import policies, sales
from app.commission.models import TransferRow
from app.customers import bindings
from app.customers.models import BindingRow
from app.customers.values import BindOn, PolicyTerms
from app.marketing import codes
from app.platform.actor import SYSTEM, Actor
from app.platform.db import Brand, BrandSession, Database
from app.platform.errors import InvalidInput, NotFound, WrongState
from app.platform.runtime import Runtime
from app.trade import orders, payments, reads, refunds
from app.trade.models import OrderMoveRow, PaymentRow, RefundRow
from app.trade.payments import Booking
from app.trade.values import ProviderName
from tests.factories import Scene
from tests.trade import purchase


async def make_payment(database: Database, scene: Scene) -> tuple[Actor, UUID, UUID]:
    buyer = await purchase.make_buyer(database, scene.brand)
    order_id = await purchase.make_order(database, scene, buyer)
    return buyer, order_id, await purchase.start(database, scene.brand, buyer, order_id)


async def cancel(database: Database, brand: Brand, buyer: Actor, order_id: UUID) -> None:
    async with database.transaction(brand) as session:
        await orders.cancel(session, buyer, order_id=order_id, now=session.now)


async def test_payment_sells_the_goods_holds_commission_and_counts_on_its_business_day(
    database: Database, scene: Scene
) -> None:
    buyer, order_id, payment_id = await make_payment(database, scene)
    async with database.transaction(scene.brand) as session:
        now = session.now
        booking = await payments.book_success(
            session, payment_id=payment_id, transaction_id="t-1", amount_minor=12_900, now=now
        )
    assert booking is Booking.PAID
    async with database.reading(scene.brand) as session:
        order = await purchase.order_row(session, order_id)
        payment = await purchase.payment_row(session, payment_id)
        causes = (
            await session.execute(
                sa.select(TransferRow.cause, TransferRow.credit_account)
                .where(TransferRow.brand_id == scene.brand.id)
                .order_by(TransferRow.id)
            )
        ).all()
        sold = await reads.customer_sales(session, [buyer.customer_id, uuid4()] if buyer.customer_id else [])
    assert (order.state, order.paid_at, order.paid_on) == ("PAID", now, scene.brand.day_of(now))
    assert (payment.state, payment.transaction_id, payment.ended_at) == ("SUCCEEDED", "t-1", now)
    assert [tuple(row) for row in causes] == [("PLACED", "ESTIMATED"), ("PAID", "HELD")]
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (99, 0)
    assert await purchase.events(database, scene.brand, "OrderPaid") == 1
    assert sold == {buyer.customer_id: reads.CustomerSales(1, 12_900)}
    await purchase.assert_sound(database, scene.brand)


async def test_second_word_of_the_same_payment_changes_nothing(database: Database, scene: Scene) -> None:
    _, order_id, payment_id = await make_payment(database, scene)
    assert await purchase.pay(database, scene.brand, payment_id) is Booking.PAID
    before = await purchase.footprint(database, scene.brand)
    assert await purchase.pay(database, scene.brand, payment_id) is Booking.REPEATED
    async with database.transaction(scene.brand) as session:
        assert not await payments.book_failure(session, payment_id=payment_id, now=session.now)
        assert not await payments.book_closed(session, payment_id=payment_id, now=session.now)
    assert await purchase.footprint(database, scene.brand) == before
    assert await purchase.state_of(database, scene.brand, order_id) == "PAID"
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (99, 0)


async def test_wrong_amount_books_nothing(database: Database, scene: Scene) -> None:
    _, order_id, payment_id = await make_payment(database, scene)
    before = await purchase.footprint(database, scene.brand)
    for amount in (12_899, 12_901, 0):
        assert await purchase.pay(database, scene.brand, payment_id, amount_minor=amount) is Booking.WRONG_AMOUNT
    assert await purchase.footprint(database, scene.brand) == before
    assert await purchase.state_of(database, scene.brand, order_id) == "PENDING_PAYMENT"
    async with database.reading(scene.brand) as session:
        assert (await purchase.payment_row(session, payment_id)).state == "STARTED"


async def test_starting_again_is_the_same_payment_while_it_is_under_way(database: Database, scene: Scene) -> None:
    buyer, order_id, payment_id = await make_payment(database, scene)
    assert await purchase.start(database, scene.brand, buyer, order_id) == payment_id
    async with database.transaction(scene.brand) as session:
        assert await payments.book_failure(session, payment_id=payment_id, now=session.now)
    second_id = await purchase.start(database, scene.brand, buyer, order_id)
    assert second_id != payment_id
    async with database.reading(scene.brand) as session:
        assert await purchase.count(session, PaymentRow) == 2
    number = await purchase.number_of(database, scene.brand, second_id)
    assert len(number) == 24
    assert await database.resolve(payments.PAYMENT_NUMBER, number) == (scene.brand, second_id)


async def test_payment_is_started_only_for_an_own_unpaid_order_in_time(database: Database, scene: Scene) -> None:
    buyer, order_id, payment_id = await make_payment(database, scene)
    other = await purchase.make_buyer(database, scene.brand)
    async with database.transaction(scene.brand) as session:
        late_id = await purchase.place(session, scene, buyer, now=session.now - timedelta(minutes=30))
    with pytest.raises(NotFound):
        await purchase.start(database, scene.brand, other, order_id)
    with pytest.raises(WrongState):
        await purchase.start(database, scene.brand, buyer, late_id)
    with pytest.raises(InvalidInput) as caught:
        async with database.transaction(scene.brand) as session:
            await payments.start(session, buyer, order_id=order_id, provider=ProviderName.WECHAT_PAY, now=session.now)
    assert caught.value.path == ("provider",)
    await purchase.pay(database, scene.brand, payment_id)
    with pytest.raises(WrongState) as paid:
        await purchase.start(database, scene.brand, buyer, order_id)
    assert paid.value.state == "PAID"
    async with database.reading(scene.brand) as session:
        assert await purchase.count(session, PaymentRow) == 1


async def test_payment_after_cancellation_is_booked_and_its_refund_requested_whole(
    database: Database, scene: Scene
) -> None:
    buyer, order_id, payment_id = await make_payment(database, scene)
    await cancel(database, scene.brand, buyer, order_id)
    assert await purchase.pay(database, scene.brand, payment_id) is Booking.LATE
    assert await purchase.pay(database, scene.brand, payment_id) is Booking.REPEATED
    async with database.reading(scene.brand) as session:
        refund = (await session.execute(sa.select(RefundRow).where(RefundRow.brand_id == scene.brand.id))).scalar_one()
        assert (await purchase.payment_row(session, payment_id)).state == "SUCCEEDED"
        assert await purchase.count(session, OrderMoveRow) == 2
    assert (refund.state, refund.cause, refund.amount_minor) == ("REQUESTED", "ORDER_CANCELLED", 12_900)
    assert await purchase.events(database, scene.brand, "RefundRequested") == 1
    assert await purchase.events(database, scene.brand, "OrderPaid") == 0
    assert await purchase.state_of(database, scene.brand, order_id) == "CANCELLED"
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (100, 0)
    await purchase.assert_sound(database, scene.brand)


async def test_second_successful_payment_of_a_paid_order_goes_back(database: Database, scene: Scene) -> None:
    buyer, order_id, first_id = await make_payment(database, scene)
    async with database.transaction(scene.brand) as session:
        await payments.book_failure(session, payment_id=first_id, now=session.now)
    second_id = await purchase.start(database, scene.brand, buyer, order_id)
    assert await purchase.pay(database, scene.brand, second_id) is Booking.PAID
    assert await purchase.pay(database, scene.brand, first_id) is Booking.LATE
    async with database.transaction(scene.brand) as session:
        refund = (await session.execute(sa.select(RefundRow).where(RefundRow.brand_id == scene.brand.id))).scalar_one()
        assert (refund.payment_id, refund.cause) == (first_id, "PAID_TWICE")
        assert await refunds.book_success(session, refund_id=refund.id, now=session.now)
        assert not await refunds.book_success(session, refund_id=refund.id, now=session.now)
    async with database.reading(scene.brand) as session:
        order = await purchase.order_row(session, order_id)
        states = [(await purchase.payment_row(session, paid)).state for paid in (first_id, second_id)]
    assert (order.state, order.refunded_minor, states) == ("PAID", 0, ["REFUNDED", "SUCCEEDED"])
    assert await purchase.events(database, scene.brand, "OrderPaid") == 1
    await purchase.assert_sound(database, scene.brand)


async def test_rebinding_between_order_and_payment_moves_nothing(database: Database, scene: Scene) -> None:
    buyer, order_id, payment_id = await make_payment(database, scene)
    assert buyer.customer_id is not None and scene.other_guide.token is not None
    async with database.transaction(scene.brand) as session:
        await codes.scan(session, buyer, token=scene.other_guide.token, now=session.now)
    async with database.reading(scene.brand) as session:
        bound = await bindings.live(session, customer_id=buyer.customer_id)
    assert bound is not None and bound.guide_id == scene.other_guide.employee_id
    await purchase.pay(database, scene.brand, payment_id)
    async with database.reading(scene.brand) as session:
        parties = set(
            await session.scalars(sa.select(TransferRow.credit_party_id).where(TransferRow.brand_id == scene.brand.id))
        )
        order = await purchase.order_row(session, order_id)
        assert await purchase.count(session, BindingRow) == 1
    assert parties == {scene.guide.employee_id}
    assert order.guide_id == scene.guide.employee_id
    await purchase.assert_sound(database, scene.brand)


async def test_first_order_binds_at_its_payment_where_the_policy_says_so(database: Database, scene: Scene) -> None:

    async with database.transaction(scene.brand) as session:
        await policies.publish(session, SYSTEM, terms=PolicyTerms(bind_on=BindOn.FIRST_ORDER), now=session.now)
    buyer, _, payment_id = await make_payment(database, scene)
    assert buyer.customer_id is not None
    async with database.reading(scene.brand) as session:
        assert await bindings.live(session, customer_id=buyer.customer_id) is None
    await purchase.pay(database, scene.brand, payment_id)
    async with database.reading(scene.brand) as session:
        bound = await bindings.live(session, customer_id=buyer.customer_id)
    assert bound is not None and bound.guide_id == scene.guide.employee_id
    await purchase.assert_sound(database, scene.brand)


async def test_fault_while_booking_leaves_nothing_booked(
    database: Database, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, order_id, payment_id = await make_payment(database, scene)
    before = await purchase.footprint(database, scene.brand)

    async def fail(session: BrandSession, **_: object) -> int:
        raise RuntimeError("the ledger is broken")

    with monkeypatch.context() as patched:
        patched.setattr(sales, "book_paid", fail)
        with pytest.raises(RuntimeError):
            await purchase.pay(database, scene.brand, payment_id)
    assert await purchase.footprint(database, scene.brand) == before
    assert await purchase.state_of(database, scene.brand, order_id) == "PENDING_PAYMENT"
    assert await purchase.pay(database, scene.brand, payment_id) is Booking.PAID


async def test_unknown_payment_is_no_payment(runtime: Runtime, scene: Scene) -> None:
    async with runtime.database.transaction(scene.brand) as session:
        with pytest.raises(LookupError):
            await payments.book_success(
                session, payment_id=uuid4(), transaction_id="t", amount_minor=1, now=session.now
            )
