"""Money that no order waited for goes back whole, once, however often the provider has to be asked."""

import dataclasses
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.platform import faults
from app.platform.db import Brand, BrandSession, Database
from app.platform.models import SandboxRefundRow
from app.platform.outbox import Relay, Subscriptions
from app.platform.runtime import Runtime
from app.trade import charges, orders, refunds
from app.trade.events import OrderCancelled, RefundRequested
from app.trade.models import RefundRow
from tests.factories import Scene
from tests.trade import purchase


async def make_late_payment(runtime: Runtime, scene: Scene) -> tuple[UUID, UUID, str]:
    """An order that was cancelled, then paid: order id, payment id and number."""
    database = runtime.database
    buyer = await purchase.make_buyer(database, scene.brand)
    order_id = await purchase.make_order(database, scene, buyer)
    payment_id = await purchase.start(database, scene.brand, buyer, order_id)
    await charges.open_charge(runtime, scene.brand, payment_id)
    number = await purchase.number_of(database, scene.brand, payment_id)
    async with database.transaction(scene.brand) as session:
        await orders.cancel(session, buyer, order_id=order_id, now=session.now)
    await purchase.bank_of(runtime).confirm(number, is_late=True)
    await purchase.pay(database, scene.brand, payment_id)
    return order_id, payment_id, number


async def refund_of(database: Database, brand: Brand) -> Any:
    async with database.reading(brand) as session:
        return (await session.execute(sa.select(RefundRow).where(RefundRow.brand_id == brand.id))).scalar_one()


async def sent_back(database: Database, number: str) -> list[int]:
    async with database.directory() as session:
        query = sa.select(SandboxRefundRow.amount_minor).where(SandboxRefundRow.charge_number == number)
        return list(await session.scalars(query))


async def age(database: Database, brand: Brand) -> None:
    """Let every refund that is not done be due."""
    async with database.transaction(brand) as session:
        await session.execute(
            sa.update(RefundRow)
            .where(RefundRow.brand_id == brand.id, RefundRow.state != "SUCCEEDED")
            .values(due_at=session.now - timedelta(seconds=1))
            .execution_options(synchronize_session=False)
        )


async def test_relay_sends_late_money_back_and_shows_it_on_order_and_payment(runtime: Runtime, scene: Scene) -> None:
    database = runtime.database
    order_id, payment_id, number = await make_late_payment(runtime, scene)
    table = Subscriptions()
    table.delivery(OrderCancelled, "provider", charges.closer(runtime))
    table.delivery(RefundRequested, "provider", refunds.refunder(runtime))
    await Relay(database, table, runtime.settings).drain(scene.brand)
    async with database.reading(scene.brand) as session:
        order = await purchase.order_row(session, order_id)
        payment = await purchase.payment_row(session, payment_id)
    assert (order.state, order.refunded_minor, order.paid_on) == ("CANCELLED", 12_900, None)
    assert payment.state == "REFUNDED"
    assert (await refund_of(database, scene.brand)).state == "SUCCEEDED"
    assert await sent_back(database, number) == [12_900]
    await purchase.assert_sound(database, scene.brand)


async def test_refund_asked_for_twice_is_paid_once(runtime: Runtime, scene: Scene) -> None:
    database = runtime.database
    order_id, _, number = await make_late_payment(runtime, scene)
    refund = await refund_of(database, scene.brand)
    for _ in range(2):
        assert await refunds.pay_back(runtime, scene.brand, refund.id)
    assert await sent_back(database, number) == [12_900]
    async with database.reading(scene.brand) as session:
        assert (await purchase.order_row(session, order_id)).refunded_minor == 12_900
    await purchase.assert_sound(database, scene.brand)


async def test_crash_after_the_provider_paid_books_it_at_the_next_try(
    runtime: Runtime, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = runtime.database
    _, payment_id, number = await make_late_payment(runtime, scene)
    refund = await refund_of(database, scene.brand)

    async def die(point: str) -> None:
        raise SystemExit(point)

    with monkeypatch.context() as patched:
        patched.setattr(faults, "pause_point", die)
        with pytest.raises(SystemExit, match="refund_called"):
            await refunds.pay_back(runtime, scene.brand, refund.id)
    assert (await refund_of(database, scene.brand)).state == "REQUESTED"
    assert await sent_back(database, number) == [12_900]
    assert await refunds.retry_failed(runtime, scene.brand) == 0
    await age(database, scene.brand)
    assert await refunds.retry_failed(runtime, scene.brand) == 1
    assert await refunds.retry_failed(runtime, scene.brand) == 0
    async with database.reading(scene.brand) as session:
        assert (await purchase.payment_row(session, payment_id)).state == "REFUNDED"
    assert await sent_back(database, number) == [12_900]
    await purchase.assert_sound(database, scene.brand)


async def test_silent_provider_leaves_the_refund_open_and_the_job_asks_again(runtime: Runtime, scene: Scene) -> None:
    database = runtime.database
    _, payment_id, number = await make_late_payment(runtime, scene)
    refund = await refund_of(database, scene.brand)
    silent = dataclasses.replace(
        runtime, settings=runtime.settings.model_copy(update={"sandbox_payment_timeout_percent": 100})
    )
    # Half of the lost calls did reach the provider: whichever it is, the outcome is the same.
    assert not await refunds.pay_back(silent, scene.brand, refund.id)
    asked = await refund_of(database, scene.brand)
    assert (asked.state, asked.tries, asked.ended_at) == ("REQUESTED", 1, None)
    async with database.reading(scene.brand) as session:
        assert (await purchase.payment_row(session, payment_id)).state == "SUCCEEDED"
    await purchase.assert_sound(database, scene.brand)
    await age(database, scene.brand)
    assert await refunds.retry_failed(runtime, scene.brand) == 1
    assert (await refund_of(database, scene.brand)).state == "SUCCEEDED"
    assert await sent_back(database, number) == [12_900]
    await purchase.assert_sound(database, scene.brand)


async def test_refund_that_cannot_be_settled_stops_no_other(
    runtime: Runtime, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = runtime.database
    _, _, stuck_number = await make_late_payment(runtime, scene)
    stuck = await refund_of(database, scene.brand)
    _, _, number = await make_late_payment(runtime, scene)
    await age(database, scene.brand)
    book = refunds.book_success

    async def fail_once_booked(session: BrandSession, *, refund_id: UUID, now: datetime) -> bool:
        if refund_id == stuck.id:
            raise RuntimeError("cannot be booked")
        return await book(session, refund_id=refund_id, now=now)

    with monkeypatch.context() as patched:
        patched.setattr(refunds, "book_success", fail_once_booked)
        assert await refunds.retry_failed(runtime, scene.brand) == 1
    assert await sent_back(database, number) == [12_900]
    assert await refunds.retry_failed(runtime, scene.brand) == 1
    assert await sent_back(database, stuck_number) == [12_900]
    await purchase.assert_sound(database, scene.brand)


async def test_refund_by_a_provider_that_is_offered_no_more_waits_as_failed(runtime: Runtime, scene: Scene) -> None:
    database = runtime.database
    _, _, number = await make_late_payment(runtime, scene)
    refund = await refund_of(database, scene.brand)
    elsewhere = dataclasses.replace(runtime, settings=runtime.settings.model_copy(update={"environment": "production"}))
    assert not await refunds.pay_back(elsewhere, scene.brand, refund.id)
    assert (await refund_of(database, scene.brand)).state == "FAILED"
    assert await sent_back(database, number) == []
    # It rests, and does not stand before every other refund that is due.
    assert await refunds.retry_failed(elsewhere, scene.brand) == 0
    await age(database, scene.brand)
    assert await refunds.retry_failed(runtime, scene.brand) == 1
    assert await sent_back(database, number) == [12_900]
    await purchase.assert_sound(database, scene.brand)


async def test_late_word_of_failure_does_not_undo_a_refund_that_was_booked(runtime: Runtime, scene: Scene) -> None:
    database = runtime.database
    await make_late_payment(runtime, scene)
    refund = await refund_of(database, scene.brand)
    await refunds.pay_back(runtime, scene.brand, refund.id)
    before = await refund_of(database, scene.brand)
    assert await refunds.pay_back(runtime, scene.brand, refund.id)
    after = await refund_of(database, scene.brand)
    assert (after.state, after.ended_at) == ("SUCCEEDED", before.ended_at)
