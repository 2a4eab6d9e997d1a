"""The money of an after-sale: refused, unanswered, answered twice and late; asked for again, taken back once."""

import dataclasses
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission.models import ShareRow
from app.platform import faults
from app.platform.errors import WrongState
from app.platform.integrations.payments import ProviderRefused
from app.platform.integrations.sandbox_bank import SandboxBank
from app.platform.models import OutboxRow
from app.platform.runtime import Runtime
from app.trade import charges, payments, refunds
from app.trade.models import PaymentRow, RefundRow
from app.trade.values import OrderState
from app.worker import make_relay
from tests.factories import Scene
from tests.trade import purchase
from tests.trade.returns import RETURN, Sold, sell, sell_and


async def decided(runtime: Runtime, scene: Scene) -> tuple[Sold, UUID]:
    sold = await sell_and(runtime, scene, OrderState.SHIPPED)
    after_sale_id = await sold.request()
    await sold.decide(after_sale_id)
    return sold, after_sale_id


async def reversals(sold: Sold) -> int:
    async with sold.runtime.database.reading(sold.brand) as session:
        return await purchase.count(session, ShareRow, ShareRow.kind == "REVERSAL")


async def make_due(sold: Sold) -> None:
    async with sold.runtime.database.transaction(sold.brand) as session:
        due = sa.update(RefundRow).where(RefundRow.brand_id == sold.brand.id, RefundRow.state != "SUCCEEDED")
        past = due.values(due_at=session.now - timedelta(seconds=1))
        await session.execute(past.execution_options(synchronize_session=False))


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    async def refuse(*_: Any) -> None:
        raise ProviderRefused("NOT_ENOUGH_BALANCE")

    monkeypatch.setattr(SandboxBank, "refund", refuse)
    return monkeypatch


async def test_refused_refund_fails_and_the_job_tries_it_again_with_the_same_number(
    runtime: Runtime, scene: Scene, refusing: pytest.MonkeyPatch
) -> None:
    sold, after_sale_id = await decided(runtime, scene)
    assert await sold.pay_back() == [False]
    assert await sold.state(after_sale_id) == "REFUND_FAILED"
    [failed] = await sold.refunds()
    assert (failed.state, failed.tries) == ("FAILED", 1)
    assert (await sold.order()).refunded_goods_minor == 12_900
    assert (await sold.order()).refunded_minor == 0
    await sold.assert_sound()
    # Refused again: the pause grows.
    assert await refunds.retry_failed(runtime, scene.brand) == 0
    await make_due(sold)
    assert await refunds.retry_failed(runtime, scene.brand) == 0
    [again] = await sold.refunds()
    assert (again.number, again.tries, again.due_at - again.ended_at) == (failed.number, 2, timedelta(minutes=2))
    refusing.undo()
    await make_due(sold)
    assert await refunds.retry_failed(runtime, scene.brand) == 1
    assert await sold.path(after_sale_id) == [
        *("REQUESTED", "APPROVED", "REFUNDING", "REFUND_FAILED"),
        *("REFUNDING", "REFUNDED"),
    ]
    assert (await reversals(sold), await sold.sent_back()) == (1, [12_900])
    assert (await sold.order()).state == "CLOSED"
    await sold.assert_sound()


async def test_staff_try_a_refused_refund_again_at_once(
    runtime: Runtime, scene: Scene, refusing: pytest.MonkeyPatch
) -> None:
    sold, after_sale_id = await decided(runtime, scene)
    await sold.pay_back()
    refusing.undo()
    await sold.retry(after_sale_id)
    assert (await sold.state(after_sale_id), (await sold.refunds())[0].state) == ("REFUNDING", "REQUESTED")
    with pytest.raises(WrongState):
        await sold.retry(after_sale_id)
    await sold.assert_sound()
    await make_relay(runtime).drain(scene.brand)
    assert await sold.state(after_sale_id) == "REFUNDED"
    with pytest.raises(WrongState):
        await sold.retry(after_sale_id)
    assert (await reversals(sold), await sold.sent_back(), len(await sold.refunds())) == (1, [12_900], 1)
    await sold.assert_sound()


async def test_silent_provider_leaves_the_outcome_open_and_is_asked_again(runtime: Runtime, scene: Scene) -> None:
    sold, after_sale_id = await decided(runtime, scene)
    silent = dataclasses.replace(
        runtime, settings=runtime.settings.model_copy(update={"sandbox_payment_timeout_percent": 100})
    )
    for tries in (1, 2, 3):
        assert await sold.pay_back(silent) == [False]
        [refund] = await sold.refunds()
        assert (refund.state, refund.tries, refund.ended_at) == ("REQUESTED", tries, None)
        assert await sold.state(after_sale_id) == "REFUNDING"
        await sold.assert_sound()
    await make_due(sold)
    assert await refunds.retry_failed(runtime, scene.brand) == 1
    assert (await sold.state(after_sale_id), await sold.sent_back()) == ("REFUNDED", [12_900])
    assert await reversals(sold) == 1
    await sold.assert_sound()


async def test_answer_that_comes_twice_is_booked_once(runtime: Runtime, scene: Scene) -> None:
    sold, after_sale_id = await decided(runtime, scene)
    [refund] = await sold.refunds()
    booked = []
    for _ in range(3):
        async with runtime.database.transaction(scene.brand) as session:
            booked.append(await refunds.book_success(session, refund_id=refund.id, now=session.now))
    assert booked == [True, False, False]
    order = await sold.order()
    assert (order.refunded_minor, order.state) == (12_900, "CLOSED")
    assert (await sold.path(after_sale_id)).count("REFUNDED") == 1
    await sold.assert_sound()


async def test_money_that_comes_back_after_a_refusal_is_booked_as_what_it_is(
    runtime: Runtime, scene: Scene, refusing: pytest.MonkeyPatch
) -> None:
    sold, after_sale_id = await decided(runtime, scene)
    await sold.pay_back()
    [refund] = await sold.refunds()
    async with runtime.database.transaction(scene.brand) as session:
        assert await refunds.book_success(session, refund_id=refund.id, now=session.now)
    assert (await sold.path(after_sale_id))[-3:] == ["REFUND_FAILED", "REFUNDING", "REFUNDED"]
    # A refusal that was said before and is heard now changes nothing any more.
    async with runtime.database.transaction(scene.brand) as session:
        await refunds._book_try(session, refund.id, refunds._Answer.REFUSED, session.now)
    assert await sold.state(after_sale_id) == "REFUNDED"
    assert await reversals(sold) == 1
    await sold.assert_sound()


async def test_silence_after_a_refusal_leaves_the_outcome_open(
    runtime: Runtime, scene: Scene, refusing: pytest.MonkeyPatch
) -> None:
    sold, after_sale_id = await decided(runtime, scene)
    await sold.pay_back()
    refusing.undo()
    silent = dataclasses.replace(
        runtime, settings=runtime.settings.model_copy(update={"sandbox_payment_timeout_percent": 100})
    )
    assert await sold.pay_back(silent) == [False]
    assert (await sold.state(after_sale_id), (await sold.refunds())[0].state) == ("REFUNDING", "REQUESTED")
    await sold.assert_sound()


async def test_crash_between_the_provider_and_the_booking_is_made_good(
    runtime: Runtime, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold, after_sale_id = await decided(runtime, scene)

    async def die(point: str) -> None:
        raise SystemExit(point)

    with monkeypatch.context() as patched:
        patched.setattr(faults, "pause_point", die)
        with pytest.raises(SystemExit, match="refund_called"):
            await sold.pay_back()
    assert (await sold.state(after_sale_id), await sold.sent_back()) == ("REFUNDING", [12_900])
    await sold.assert_sound()
    await make_due(sold)
    assert await refunds.retry_failed(runtime, scene.brand) == 1
    assert (await sold.state(after_sale_id), await sold.sent_back()) == ("REFUNDED", [12_900])
    await sold.assert_sound()


async def test_refund_is_of_the_payment_that_the_order_keeps(runtime: Runtime, scene: Scene) -> None:
    """Paid twice: the second payment goes back by itself, the after-sale's money comes from the first."""
    database = runtime.database
    sold = await sell(runtime, scene, quantity=2)
    async with database.transaction(scene.brand) as session:
        first = sa.select(PaymentRow.__table__).where(
            PaymentRow.brand_id == scene.brand.id, PaymentRow.id == sold.payment_id
        )
        row = dict((await session.execute(first)).mappings().one())
        other = {"id": session.new_id(), "number": f"second{session.new_id().hex}", "transaction_id": None}
        await session.execute(sa.insert(PaymentRow).values(row | other | {"state": "STARTED", "ended_at": None}))
    async with database.reading(scene.brand) as session:
        (facts,) = await payments.payment_facts(session, PaymentRow.number == other["number"])
    await purchase.bank_of(runtime).settle(charges.charge_request(scene.brand, facts))
    await purchase.pay(database, scene.brand, facts.id)
    after_sale_id = await sold.request(1)
    await sold.decide(after_sale_id)
    await sold.pay_back()
    assert await sold.sent_back() == [12_900]
    assert (await sold.payment()).state == "SUCCEEDED"
    order = await sold.order()
    assert (order.state, order.refunded_minor) == ("PAID", 12_900)
    async with database.reading(scene.brand) as session:
        assert (await purchase.payment_row(session, facts.id)).state == "REFUNDED"
    await sold.assert_sound()


async def test_payment_is_refunded_only_once_its_whole_amount_went_back(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene, quantity=3)
    for _ in range(3):
        assert (await sold.payment()).state == "SUCCEEDED"
        await sold.decide(await sold.request(1))
        await sold.pay_back()
        await sold.assert_sound()
    assert ((await sold.payment()).state, (await sold.order()).state) == ("REFUNDED", "CLOSED")
    assert await sold.stock() == (100, 0)


async def test_decision_tells_commission_and_provider_once(runtime: Runtime, scene: Scene) -> None:
    sold = await sell_and(runtime, scene, OrderState.DELIVERED)
    after_sale_id = await sold.request(kind=RETURN)
    await sold.decide(after_sale_id)
    await sold.receive(after_sale_id)
    await sold.pay_back()
    async with runtime.database.reading(scene.brand) as session:
        kinds = await session.scalars(sa.select(OutboxRow.kind).where(OutboxRow.brand_id == scene.brand.id))
        heard = sorted(kind for kind in kinds if kind in ("CommissionReversed", "RefundRequested"))
    assert heard == ["CommissionReversed", "RefundRequested"]
    await sold.assert_sound()
