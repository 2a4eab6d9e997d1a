"""Callbacks to a running server: refused or harmless unless genuine, each with its trace, none booked twice."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission.models import TransferRow
from app.platform.models import CallbackRow, SandboxDeliveryRow
from app.trade.models import OrderRow, PaymentRow
from app.verify import checks
from tests import factories
from tests.factories import Scene
from tests.flows.clients import (
    Caller,
    Line,
    a_payment,
    an_order,
    line_to,
    number_of,
    place,
    sign_in,
    start_payment,
    uuid_of,
)
from tests.flows.servers import Installation, until
from tests.trade import purchase

SANDBOX = "/callbacks/payments/sandbox"
ANSWER = tuple[int, dict[str, str]]
TAKEN: ANSWER = (200, {"code": "SUCCESS"})


def refused(status: int, reason: str) -> ANSWER:
    return status, {"code": "FAIL", "message": reason}


@dataclass(frozen=True)
class Waiting:
    """A started payment that waits for its callback."""

    running: Installation
    line: Line
    scene: Scene
    order_id: UUID
    number: str
    amount_minor: int

    def notice(self, **changes: Any) -> bytes:
        return purchase.notice(self.number, changes.pop("amount_minor", self.amount_minor), **changes)

    async def send(
        self, body: bytes, *, at: datetime | None = None, to: str = SANDBOX, signature: str | None = None
    ) -> ANSWER:
        headers = purchase.signed(self.running.runtime, body, at)
        if signature is not None:
            headers["sandbox-signature"] = signature
        answer = await self.line.http.post(to, content=body, headers=headers)
        return answer.status_code, answer.json()

    async def traces(self) -> list[tuple[str, str]]:
        return await purchase.traces(self.running.runtime.database, self.number)

    async def footprint(self) -> dict[str, int]:
        return await purchase.footprint(self.running.runtime.database, self.scene.brand)

    async def state(self) -> str:
        return await purchase.state_of(self.running.runtime.database, self.scene.brand, self.order_id)

    async def assert_paid_once(self) -> None:
        database, brand = self.running.runtime.database, self.scene.brand
        assert await self.state() == "PAID"
        assert await purchase.stock_of(database, brand, self.scene.sku_id) == (99, 0)
        async with database.reading(brand) as session:
            assert await purchase.count(session, PaymentRow, PaymentRow.state == "SUCCEEDED") == 1
            assert await purchase.count(session, TransferRow, TransferRow.cause == "PAID") == 1
        assert [lines for lines in (await checks.violations(self.running.runtime, brand)).values() if lines] == []


@pytest.fixture
async def waiting(running: Installation, line: Line) -> Waiting:
    scene = await factories.make_scene(running.runtime.database)
    [caller] = await sign_in(running.runtime, scene.brand, line, 1)
    order = await place(caller, scene)
    payment = await start_payment(caller, order["id"])
    return Waiting(running, line, scene, uuid_of(order["id"]), number_of(payment), order["total"]["minor"])


async def traces_of_nobody(running: Installation, reason: str) -> int:
    """Refusals of callbacks that were not believed, so that their number was not kept."""
    async with running.runtime.database.directory() as session:
        rows = await session.execute(
            sa.select(sa.func.count())
            .select_from(CallbackRow)
            .where(CallbackRow.number.is_(None), CallbackRow.outcome == "REFUSED", CallbackRow.reason == reason)
        )
        return rows.scalar_one()


async def test_wrong_signature_old_timestamp_and_other_provider_are_refused_and_traced(waiting: Waiting) -> None:
    before, body = await waiting.footprint(), waiting.notice()
    old = datetime.now(UTC) - timedelta(seconds=waiting.running.settings.callback_tolerance_seconds + 5)
    for reason, expected, sending in (
        ("SIGNATURE", refused(401, "SIGNATURE"), waiting.send(body, signature="0" * 64)),
        ("TIMESTAMP", refused(401, "TIMESTAMP"), waiting.send(body, at=old)),
        ("PROVIDER", refused(404, "PROVIDER"), waiting.send(body, to="/callbacks/payments/wechat-pay")),
    ):
        traced = await traces_of_nobody(waiting.running, reason)
        assert await sending == expected
        assert await traces_of_nobody(waiting.running, reason) == traced + 1
    assert await waiting.send(body, to="/callbacks/payments/nobody") == refused(404, "PROVIDER")
    assert await waiting.traces() == []
    assert (await waiting.footprint(), await waiting.state()) == (before, "PENDING_PAYMENT")
    assert await waiting.send(body) == TAKEN
    await waiting.assert_paid_once()


async def test_wrong_amount_currency_and_number_are_refused_and_traced_and_the_right_one_is_booked(
    waiting: Waiting,
) -> None:
    before = await waiting.footprint()
    assert await waiting.send(waiting.notice(amount_minor=waiting.amount_minor - 1)) == refused(400, "AMOUNT")
    assert await waiting.send(waiting.notice(currency="USD")) == refused(400, "CURRENCY")
    # As a callback before its order: nobody knows the number yet.
    early = f"early{factories.next_number()}"
    assert await waiting.send(purchase.notice(early, waiting.amount_minor)) == refused(404, "NUMBER")
    assert await purchase.traces(waiting.running.runtime.database, early) == [("REFUSED", "NUMBER")]
    assert (await waiting.footprint(), await waiting.state()) == (before, "PENDING_PAYMENT")
    assert await waiting.send(waiting.notice()) == TAKEN
    assert await waiting.traces() == [("REFUSED", "AMOUNT"), ("REFUSED", "CURRENCY"), ("ACCEPTED", "")]
    await waiting.assert_paid_once()


async def test_forty_copies_at_once_another_event_and_a_late_failure_are_booked_once(waiting: Waiting) -> None:
    body = waiting.notice()
    assert await asyncio.gather(*(waiting.send(body) for _ in range(40))) == [TAKEN] * 40
    assert Counter(await waiting.traces()) == {("ACCEPTED", ""): 1, ("DUPLICATE", ""): 39}
    before = await waiting.footprint()
    assert await waiting.send(waiting.notice()) == TAKEN
    assert await waiting.send(waiting.notice(kind="CHARGE.FAILED")) == TAKEN
    assert await waiting.footprint() == before
    await waiting.assert_paid_once()


async def test_late_repeated_reordered_and_lost_callbacks_of_the_sandbox_book_each_order_once(
    running: Installation,
) -> None:
    database = running.runtime.database
    scene = await factories.make_scene(database)
    odd = {
        "sandbox_payment_delay_seconds": 0.5,
        "sandbox_payment_duplicates": 3,
        "sandbox_payment_reorder": True,
        "sandbox_payment_timeout_percent": 30,
    }
    async with running.another_server(**odd) as (base_url, _), line_to(base_url) as line:
        callers = await sign_in(running.runtime, scene.brand, line, 8)

        async def buy(caller: Caller) -> str:
            order = (await caller.insist("OrderPlace", **an_order(scene)))["order"]
            payment = (await caller.insist("PaymentStart", **a_payment(order["id"])))["payment"]
            assert await caller.confirm(payment) == (200, "PAID")
            return number_of(payment)

        numbers = await asyncio.gather(*map(buy, callers))

        async def all_delivered() -> bool:
            async with database.directory() as session:
                rows = await session.execute(
                    sa.select(sa.func.count())
                    .select_from(SandboxDeliveryRow)
                    .where(SandboxDeliveryRow.number.in_(numbers), SandboxDeliveryRow.delivered_at.is_(None))
                )
                return rows.scalar_one() == 0

        await until(all_delivered, "every callback taken", seconds=60)
    assert len(set(numbers)) == 8
    for number in numbers:
        traces = Counter(await purchase.traces(database, number))
        assert traces.pop(("ACCEPTED", "")) == 1
        assert set(traces) == {("DUPLICATE", "")} and traces.total() >= 3
    async with database.reading(scene.brand) as session:
        assert await purchase.count(session, OrderRow) == await purchase.count(session, PaymentRow) == 8
        assert await purchase.count(session, OrderRow, OrderRow.state == "PAID") == 8
        assert await purchase.count(session, TransferRow, TransferRow.cause == "PAID") == 8
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (92, 0)
    assert [lines for lines in (await checks.violations(running.runtime, scene.brand)).values() if lines] == []
