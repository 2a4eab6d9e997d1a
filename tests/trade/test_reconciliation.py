"""Our book against the provider's: what nobody told us is booked, what differs is written down until it agrees."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.main import _measure
from app.platform import clock, metrics
from app.platform.db import Brand
from app.platform.integrations import sandbox_bank
from app.platform.integrations.payments import BookedKind, RefundRequest
from app.platform.models import SandboxChargeRow, SandboxRefundRow
from app.platform.runtime import Runtime
from app.trade import charges, invariants, payments, reconciliation
from app.trade.models import DifferenceRow, PaymentRow, ReconciliationRow, RefundRow
from app.trade.values import OrderState
from tests import factories
from tests.factories import Scene
from tests.trade import purchase
from tests.trade.returns import Sold, sell, sell_and

HOUR = timedelta(hours=1)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The provider's clock as reconciliation sees it: `later(hours)` moves it on."""

    def move(hours: float) -> None:
        now = datetime.now(UTC) + timedelta(hours=hours)
        monkeypatch.setattr(reconciliation.clock, "utc_now", lambda: now)

    return move


async def unheard(runtime: Runtime, scene: Scene) -> tuple[Any, str]:
    """An order that was paid without our hearing of it: its id, and the payment's number."""
    buyer = await purchase.make_buyer(runtime.database, scene.brand)
    order_id = await purchase.make_order(runtime.database, scene, buyer)
    payment_id = await purchase.start(runtime.database, scene.brand, buyer, order_id)
    async with runtime.database.reading(scene.brand) as session:
        (facts,) = await payments.payment_facts(session, PaymentRow.id == payment_id)
    await purchase.bank_of(runtime).settle(charges.charge_request(scene.brand, facts))
    return order_id, facts.number


async def differences(runtime: Runtime, brand: Brand) -> list[tuple[Any, ...]]:
    async with runtime.database.reading(brand) as session:
        rows = await session.execute(
            sa.select(
                DifferenceRow.subject,
                DifferenceRow.kind,
                DifferenceRow.ours,
                DifferenceRow.theirs,
                DifferenceRow.resolved_at.is_not(None),
            )
            .where(DifferenceRow.brand_id == brand.id)
            .order_by(DifferenceRow.id)
        )
        return [tuple(row) for row in rows]


async def unreconciled(runtime: Runtime, brand: Brand) -> int:
    async with runtime.database.reading(brand) as session:
        return await purchase.count(session, PaymentRow, PaymentRow.reconciled_at.is_(None)) + await purchase.count(
            session, RefundRow, RefundRow.reconciled_at.is_(None)
        )


async def set_in_book(runtime: Runtime, its_number: str, /, **values: Any) -> None:
    async with runtime.database.directory() as session:
        await session.execute(sa.update(SandboxChargeRow).where(SandboxChargeRow.number == its_number).values(**values))


async def test_what_is_booked_alike_is_noted_once_and_nothing_differs(
    runtime: Runtime, scene: Scene, later: Any
) -> None:
    sold = await sell_and(runtime, scene, OrderState.SHIPPED, quantity=2)
    await sold.decide(await sold.request(1))
    await sold.pay_back()
    # Too young: its callback may be on the way.
    assert await reconciliation.reconcile(runtime, scene.brand) == 0
    assert await unreconciled(runtime, scene.brand) == 2
    later(1)
    assert await reconciliation.reconcile(runtime, scene.brand) == 0
    assert await unreconciled(runtime, scene.brand) == 0
    later(9)
    assert await reconciliation.reconcile(runtime, scene.brand) == 0
    assert await differences(runtime, scene.brand) == []
    await sold.assert_sound()


async def test_payment_that_nobody_told_us_of_is_booked_as_by_a_callback(
    runtime: Runtime, scene: Scene, later: Any
) -> None:
    order_id, number = await unheard(runtime, scene)
    later(1)
    assert await reconciliation.reconcile(runtime, scene.brand) == 1
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PAID"
    assert await purchase.stock_of(runtime.database, scene.brand, scene.sku_id) == (99, 0)
    assert await purchase.events(runtime.database, scene.brand, "OrderPaid") == 1
    assert await reconciliation.reconcile(runtime, scene.brand) == 0
    async with runtime.database.directory() as session:
        kept = await session.scalar(sa.select(SandboxChargeRow.transaction_id).where(SandboxChargeRow.number == number))
    async with runtime.database.reading(scene.brand) as session:
        ours = sa.select(PaymentRow.transaction_id).where(
            PaymentRow.brand_id == scene.brand.id, PaymentRow.number == number
        )
        assert await session.scalar(ours) == kept
    await purchase.assert_sound(runtime.database, scene.brand)


async def test_refund_that_we_did_not_hear_of_ends_its_after_sale(runtime: Runtime, scene: Scene, later: Any) -> None:
    sold = await sell_and(runtime, scene, OrderState.SHIPPED)
    after_sale_id = await sold.request()
    await sold.decide(after_sale_id)
    [refund] = await sold.refunds()
    await purchase.bank_of(runtime).refund(
        RefundRequest(refund.number, sold.number, refund.amount_minor, 12_900, scene.brand.currency)
    )
    later(1)
    assert await reconciliation.reconcile(runtime, scene.brand) == 1
    assert (await sold.state(after_sale_id), (await sold.order()).state) == ("REFUNDED", "CLOSED")
    assert await sold.sent_back() == [12_900]
    await sold.assert_sound()


@pytest.mark.parametrize(
    ("wrong", "kind", "theirs"),
    [({"amount_minor": 1}, "AMOUNT", "1 CNY"), ({"currency": "USD"}, "CURRENCY", "12900 USD")],
)
@pytest.mark.parametrize("is_heard", [False, True])
async def test_other_amount_or_currency_is_shown_until_both_sides_agree(
    runtime: Runtime, scene: Scene, later: Any, wrong: dict[str, Any], kind: str, theirs: str, is_heard: bool
) -> None:
    if is_heard:
        sold = await sell(runtime, scene)
        order_id, number = sold.order_id, sold.number
    else:
        order_id, number = await unheard(runtime, scene)
    await set_in_book(runtime, number, **wrong)
    state = "SUCCEEDED" if is_heard else "STARTED"
    for hours, new in ((1, 1), (2, 0), (30, 0)):
        later(hours)
        assert await reconciliation.reconcile(runtime, scene.brand) == new
    assert await differences(runtime, scene.brand) == [("CHARGE", kind, f"12900 CNY {state}", theirs, False)]
    expected = "PAID" if is_heard else "PENDING_PAYMENT"
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == expected
    async with runtime.database.reading(scene.brand) as session:
        assert len(await invariants.CHECKS["our book and the providers' agree"](session)) == 1
    await _measure(runtime)
    assert metrics.reconciliation_differences._value.get() >= 1
    await set_in_book(runtime, number, amount_minor=12_900, currency="CNY")
    later(31)
    await reconciliation.reconcile(runtime, scene.brand)
    assert [row[-1] for row in await differences(runtime, scene.brand)] == [True]
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PAID"
    await purchase.assert_sound(runtime.database, scene.brand)


async def test_what_stands_on_one_side_only_is_shown(runtime: Runtime, scene: Scene, later: Any) -> None:
    database, brand = runtime.database, scene.brand
    sold = await sell(runtime, scene)
    await set_in_book(runtime, sold.number, number=f"x{sold.number}")
    buyer = await purchase.make_buyer(database, brand)
    order_id = await purchase.make_order(database, scene, buyer)
    await purchase.pay(database, brand, await purchase.start(database, brand, buyer, order_id))
    later(1)
    assert await reconciliation.reconcile(runtime, brand) == 1
    assert await differences(runtime, brand) == [("CHARGE", "UNKNOWN_TO_US", None, "12900 CNY", False)]
    later(3)
    assert await reconciliation.reconcile(runtime, brand) == 2
    unknown = ("CHARGE", "UNKNOWN_TO_PROVIDER", "12900 CNY SUCCEEDED", None, False)
    assert (await differences(runtime, brand))[1:] == [unknown, unknown]
    await set_in_book(runtime, f"x{sold.number}", number=sold.number)
    later(4)
    await reconciliation.reconcile(runtime, brand)
    resolved = {row[:2]: row[-1] for row in await differences(runtime, brand)}
    # Its own number is there again; the one that was never ours cannot come to agree.
    assert resolved[("CHARGE", "UNKNOWN_TO_US")] is False
    assert sorted(row[-1] for row in await differences(runtime, brand)) == [False, False, True]


async def test_history_that_was_just_loaded_is_no_difference_unless_it_stays_so(
    runtime: Runtime, scene: Scene, later: Any
) -> None:
    """On the brand's clock the payment is days old, in the provider's book it is not even five minutes."""
    database, brand = runtime.database, scene.brand
    sold = await sell(runtime, scene)
    async with database.transaction(brand) as session:
        long_ago = sa.update(PaymentRow).where(PaymentRow.brand_id == brand.id, PaymentRow.id == sold.payment_id)
        await session.execute(long_ago.values(ended_at=session.now - timedelta(days=9)))
    assert await reconciliation.reconcile(runtime, brand) == 1
    async with database.reading(brand) as session:
        assert await reconciliation.open_differences(session) == 0
        assert await invariants.CHECKS["our book and the providers' agree"](session) == []
    await set_in_book(runtime, sold.number, number=f"x{sold.number}")
    later(3)
    async with database.reading(brand) as session:
        assert await reconciliation.open_differences(session) == 1
    await set_in_book(runtime, f"x{sold.number}", number=sold.number)
    assert await reconciliation.reconcile(runtime, brand) == 0
    assert [row[-1] for row in await differences(runtime, brand)] == [True]


async def test_refund_that_the_provider_does_not_know_is_shown(runtime: Runtime, scene: Scene, later: Any) -> None:
    sold = await sell_and(runtime, scene, OrderState.SHIPPED)
    await sold.decide(await sold.request())
    await sold.pay_back()
    async with runtime.database.directory() as session:
        gone = sa.update(SandboxRefundRow).where(SandboxRefundRow.charge_number == sold.number)
        await session.execute(gone.values(account="another"))
    later(3)
    assert await reconciliation.reconcile(runtime, scene.brand) == 1
    assert await differences(runtime, scene.brand) == [
        ("REFUND", "UNKNOWN_TO_PROVIDER", "12900 CNY SUCCEEDED", None, False)
    ]


async def test_long_book_is_read_page_by_page_and_on_from_where_the_last_run_stopped(
    runtime: Runtime, scene: Scene, later: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sales = [await sell(runtime, scene) for _ in range(7)]
    monkeypatch.setattr(sandbox_bank, "PAGE", 2)
    monkeypatch.setattr(reconciliation, "PAGES_AT_ONCE", 2)
    monkeypatch.setattr(reconciliation, "OVERLAP", timedelta(0))
    later(3)
    left = []
    for _ in range(4):
        assert await reconciliation.reconcile(runtime, scene.brand) == 0
        left.append(await unreconciled(runtime, scene.brand))
    # The last entry of a run is the first of the next.
    assert left == [3, 0, 0, 0]
    assert await differences(runtime, scene.brand) == []
    await sales[0].assert_sound()


async def test_entry_that_cannot_be_booked_is_read_again_by_the_next_run(
    runtime: Runtime, scene: Scene, later: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id, _ = await unheard(runtime, scene)
    other_id, _ = await unheard(runtime, scene)
    monkeypatch.setattr(reconciliation, "OVERLAP", timedelta(0))

    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("cannot be booked")

    later(5)
    with monkeypatch.context() as patched:
        patched.setattr(payments, "book_success", fail)
        assert await reconciliation.reconcile(runtime, scene.brand) == 0
    assert await differences(runtime, scene.brand) == []
    later(6)
    assert await reconciliation.reconcile(runtime, scene.brand) == 2
    for one in (order_id, other_id):
        assert await purchase.state_of(runtime.database, scene.brand, one) == "PAID"


async def test_silent_provider_is_asked_by_the_next_run(runtime: Runtime, scene: Scene, later: Any) -> None:
    order_id, _ = await unheard(runtime, scene)
    later(5)
    silent = dataclasses.replace(
        runtime, settings=runtime.settings.model_copy(update={"sandbox_payment_timeout_percent": 100})
    )
    assert await reconciliation.reconcile(silent, scene.brand) == 0
    async with runtime.database.reading(scene.brand) as session:
        assert await purchase.count(session, ReconciliationRow) == 0
    assert await purchase.state_of(runtime.database, scene.brand, order_id) == "PENDING_PAYMENT"
    assert await reconciliation.reconcile(runtime, scene.brand) == 1


async def test_brands_read_their_own_account_only(runtime: Runtime, scene: Scene, later: Any) -> None:
    other = await factories.make_scene(runtime.database)
    mine, theirs = await sell(runtime, scene), await sell(runtime, other)
    later(3)
    assert await reconciliation.reconcile(runtime, scene.brand) == 0
    assert (await unreconciled(runtime, scene.brand), await unreconciled(runtime, other.brand)) == (0, 1)
    bank, since = purchase.bank_of(runtime), clock.utc_now() - 9 * HOUR
    page = await bank.booked(charges.account_of(other.brand), since=since, until=since + 99 * HOUR)
    assert [(entry.kind, entry.number) for entry in page.entries] == [(BookedKind.CHARGE, theirs.number)]
    assert page.next_cursor is None
    await mine.assert_sound()


async def test_settled_charge_is_one_charge_and_never_another_amount(runtime: Runtime, scene: Scene) -> None:
    sold: Sold = await sell(runtime, scene)
    async with runtime.database.reading(scene.brand) as session:
        (facts,) = await payments.payment_facts(session, PaymentRow.id == sold.payment_id)
    request = charges.charge_request(scene.brand, facts)
    bank = purchase.bank_of(runtime)
    assert await bank.settle(request) == (await sold.payment()).transaction_id
    with pytest.raises(sandbox_bank.ProviderRefused):
        await bank.settle(dataclasses.replace(request, amount_minor=1))
