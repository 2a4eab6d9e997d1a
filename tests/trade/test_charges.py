"""What happens between a payment and its provider: opened once, asked about when silent, closed with its order."""

import dataclasses
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.platform import faults
from app.platform.actor import Actor
from app.platform.db import Brand, Database
from app.platform.integrations.payments import ChargeState
from app.platform.models import SandboxChargeRow, SandboxDeliveryRow
from app.platform.runtime import Runtime
from app.trade import charges, orders
from app.trade.events import OrderCancelled
from app.trade.models import PaymentRow
from tests.factories import Scene
from tests.trade import purchase


def with_settings(runtime: Runtime, **changes: Any) -> Runtime:
    return dataclasses.replace(runtime, settings=runtime.settings.model_copy(update=changes))


async def make_payment(database: Database, scene: Scene) -> tuple[Actor, UUID, UUID]:
    buyer = await purchase.make_buyer(database, scene.brand)
    order_id = await purchase.make_order(database, scene, buyer)
    return buyer, order_id, await purchase.start(database, scene.brand, buyer, order_id)


async def payment(database: Database, brand: Brand, payment_id: UUID) -> Any:
    async with database.reading(brand) as session:
        return await purchase.payment_row(session, payment_id)


async def age(database: Database, brand: Brand, payment_id: UUID, seconds: int) -> None:
    async with database.transaction(brand) as session:
        await session.execute(
            sa.update(PaymentRow)
            .where(PaymentRow.brand_id == brand.id, PaymentRow.id == payment_id)
            .values(started_at=session.now - timedelta(seconds=seconds))
            .execution_options(synchronize_session=False)
        )


async def charge_count(database: Database, number: str) -> int:
    async with database.directory() as session:
        query = sa.select(sa.func.count()).where(SandboxChargeRow.number == number)
        return (await session.execute(query)).scalar_one()


async def lose_callbacks(database: Database, number: str) -> None:
    async with database.directory() as session:
        await session.execute(sa.delete(SandboxDeliveryRow).where(SandboxDeliveryRow.number == number))


async def cancel(database: Database, brand: Brand, buyer: Actor, order_id: UUID) -> None:
    async with database.transaction(brand) as session:
        await orders.cancel(session, buyer, order_id=order_id, now=session.now)


async def test_charge_is_opened_once_and_leads_the_customer_to_confirm(runtime: Runtime, scene: Scene) -> None:
    _, _, payment_id = await make_payment(runtime.database, scene)
    for _ in range(2):
        assert await charges.open_charge(runtime, scene.brand, payment_id)
    row = await payment(runtime.database, scene.brand, payment_id)
    url = f"{runtime.settings.base_url}/sandbox/payments/{row.number}/confirm"
    assert row.client_parameters == {"confirmUrl": url}
    assert await charge_count(runtime.database, row.number) == 1
    charge = await purchase.bank_of(runtime).find(row.number)
    assert (charge.state, charge.amount_minor, charge.currency) == (ChargeState.OPEN, 12_900, "CNY")


async def test_crash_between_provider_and_booking_is_resumed_by_the_same_payment(
    runtime: Runtime, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, payment_id = await make_payment(runtime.database, scene)

    async def die(point: str) -> None:
        raise SystemExit(point)

    with monkeypatch.context() as patched:
        patched.setattr(faults, "pause_point", die)
        with pytest.raises(SystemExit, match="provider_called"):
            await charges.open_charge(runtime, scene.brand, payment_id)
    row = await payment(runtime.database, scene.brand, payment_id)
    assert (row.client_parameters, await charge_count(runtime.database, row.number)) == (None, 1)
    assert await charges.open_charge(runtime, scene.brand, payment_id)
    row = await payment(runtime.database, scene.brand, payment_id)
    assert row.client_parameters is not None
    assert await charge_count(runtime.database, row.number) == 1


async def test_silent_provider_is_tried_three_times_then_the_customer_may_try_again(
    runtime: Runtime, scene: Scene
) -> None:
    _, _, payment_id = await make_payment(runtime.database, scene)
    silent = with_settings(runtime, sandbox_payment_timeout_percent=100)
    assert not any([await charges.open_charge(silent, scene.brand, payment_id) for _ in range(3)])
    row = await payment(runtime.database, scene.brand, payment_id)
    assert (row.state, row.client_parameters) == ("STARTED", None)
    assert await charges.open_charge(runtime, scene.brand, payment_id)
    assert await charge_count(runtime.database, row.number) == 1


async def test_lost_callback_is_made_good_after_a_minute(runtime: Runtime, scene: Scene) -> None:
    database = runtime.database
    _, order_id, payment_id = await make_payment(database, scene)
    await charges.open_charge(runtime, scene.brand, payment_id)
    number = await purchase.number_of(database, scene.brand, payment_id)
    await purchase.bank_of(runtime).confirm(number)
    await lose_callbacks(database, number)
    await age(database, scene.brand, payment_id, 55)
    assert await charges.query_started(runtime, scene.brand) == 0
    assert await purchase.state_of(database, scene.brand, order_id) == "PENDING_PAYMENT"
    await age(database, scene.brand, payment_id, 60)
    assert await charges.query_started(runtime, scene.brand) == 1
    assert await charges.query_started(runtime, scene.brand) == 0
    assert await purchase.state_of(database, scene.brand, order_id) == "PAID"
    await purchase.assert_sound(database, scene.brand)


async def test_open_charge_of_a_waiting_order_is_left_alone(runtime: Runtime, scene: Scene) -> None:
    _, _, opened_id = await make_payment(runtime.database, scene)
    await charges.open_charge(runtime, scene.brand, opened_id)
    _, _, unopened_id = await make_payment(runtime.database, scene)
    for payment_id in (opened_id, unopened_id):
        await age(runtime.database, scene.brand, payment_id, 600)
    assert await charges.query_started(runtime, scene.brand) == 0
    for payment_id in (opened_id, unopened_id):
        assert (await payment(runtime.database, scene.brand, payment_id)).state == "STARTED"


async def test_failed_charge_without_callback_lets_the_customer_start_again(runtime: Runtime, scene: Scene) -> None:
    database = runtime.database
    buyer, order_id, payment_id = await make_payment(database, scene)
    await charges.open_charge(runtime, scene.brand, payment_id)
    number = await purchase.number_of(database, scene.brand, payment_id)
    await purchase.bank_of(with_settings(runtime, sandbox_payment_failure_percent=100)).confirm(number)
    await lose_callbacks(database, number)
    await age(database, scene.brand, payment_id, 60)
    assert await charges.query_started(runtime, scene.brand) == 1
    assert (await payment(database, scene.brand, payment_id)).state == "FAILED"
    assert await purchase.start(database, scene.brand, buyer, order_id) != payment_id


async def test_cancelling_closes_the_charge_so_that_nobody_pays_it(runtime: Runtime, scene: Scene) -> None:
    database = runtime.database
    buyer, order_id, payment_id = await make_payment(database, scene)
    await charges.open_charge(runtime, scene.brand, payment_id)
    await cancel(database, scene.brand, buyer, order_id)
    deliver = charges.closer(runtime)
    for _ in range(2):
        await deliver(scene.brand, OrderCancelled(order_id), order_id)
    row = await payment(database, scene.brand, payment_id)
    assert row.state == "CLOSED"
    assert (await purchase.bank_of(runtime).find(row.number)).state is ChargeState.CLOSED
    assert (await purchase.bank_of(runtime).confirm(row.number)).value == "CLOSED"
    await purchase.assert_sound(database, scene.brand)


async def test_closing_a_charge_that_was_paid_meanwhile_books_the_money_for_its_way_back(
    runtime: Runtime, scene: Scene
) -> None:
    database = runtime.database
    buyer, order_id, payment_id = await make_payment(database, scene)
    await charges.open_charge(runtime, scene.brand, payment_id)
    number = await purchase.number_of(database, scene.brand, payment_id)
    await cancel(database, scene.brand, buyer, order_id)
    await purchase.bank_of(runtime).confirm(number)
    await lose_callbacks(database, number)
    await charges.closer(runtime)(scene.brand, OrderCancelled(order_id), order_id)
    assert (await payment(database, scene.brand, payment_id)).state == "SUCCEEDED"
    assert await purchase.events(database, scene.brand, "RefundRequested") == 1
    await purchase.assert_sound(database, scene.brand)


async def test_charge_that_the_provider_never_heard_of_is_closed_by_the_job(runtime: Runtime, scene: Scene) -> None:
    database = runtime.database
    buyer, order_id, payment_id = await make_payment(database, scene)
    await cancel(database, scene.brand, buyer, order_id)
    await charges.closer(runtime)(scene.brand, OrderCancelled(order_id), order_id)
    assert (await payment(database, scene.brand, payment_id)).state == "STARTED"
    await age(database, scene.brand, payment_id, 60)
    assert await charges.query_started(runtime, scene.brand) == 1
    assert (await payment(database, scene.brand, payment_id)).state == "CLOSED"


async def test_payments_that_cannot_be_settled_keep_no_other_waiting_for_ever(
    runtime: Runtime, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = runtime.database
    monkeypatch.setattr(charges, "QUERIED_AT_ONCE", 1)
    paid: list[tuple[UUID, str]] = []
    for _ in range(2):
        _, order_id, payment_id = await make_payment(database, scene)
        await charges.open_charge(runtime, scene.brand, payment_id)
        number = await purchase.number_of(database, scene.brand, payment_id)
        await purchase.bank_of(runtime).confirm(number)
        await lose_callbacks(database, number)
        await age(database, scene.brand, payment_id, 100 - len(paid))
        paid.append((order_id, number))
    async with database.directory() as session:
        wrong = sa.update(SandboxChargeRow).where(SandboxChargeRow.number == paid[0][1])
        await session.execute(wrong.values(amount_minor=1))
    # One payment a run, by chance: the older one, which cannot be settled, would be the first for ever by age.
    assert sum([await charges.query_started(runtime, scene.brand) for _ in range(40)]) == 1
    assert await purchase.state_of(database, scene.brand, paid[0][0]) == "PENDING_PAYMENT"
    assert await purchase.state_of(database, scene.brand, paid[1][0]) == "PAID"
