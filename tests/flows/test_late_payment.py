"""Money that comes after the order was given up goes back whole by itself; the order stays cancelled."""

import asyncio
from collections import Counter
from typing import Any

import sqlalchemy as sa

from app.commission.models import TransferRow
from app.platform.models import SandboxRefundRow
from app.trade.models import OrderRow, PaymentRow, RefundRow
from app.verify import checks
from tests import factories
from tests.employees.api import documents
from tests.factories import Scene
from tests.flows.clients import Caller, Line, line_to, number_of, place, sign_in, start_payment
from tests.flows.servers import Installation, until
from tests.trade import purchase


async def payment_states(running: Installation, scene: Scene) -> list[tuple[str, str]]:
    """State of each payment beside that of its order."""
    async with running.runtime.database.reading(scene.brand) as session:
        rows = await session.execute(
            sa.select(OrderRow.state, PaymentRow.state)
            .join(PaymentRow, sa.and_(PaymentRow.brand_id == scene.brand.id, PaymentRow.order_id == OrderRow.id))
            .where(OrderRow.brand_id == scene.brand.id)
        )
        return [(row[0], row[1]) for row in rows]


async def reach(running: Installation, scene: Scene, *wanted: tuple[str, str]) -> None:
    """Wait until orders and payments have these states."""

    async def is_so() -> bool:
        return sorted(await payment_states(running, scene)) == sorted(wanted)

    await until(is_so, f"{wanted}", seconds=40)


async def order_as_seen(caller: Caller, order_id: str) -> dict[str, Any]:
    """The order in its customer's eyes."""
    body = {"query": documents()["MyOrder"], "variables": {"id": order_id}}
    answer = await caller.line.http.post("/graphql", json=body, headers={"Authorization": f"Bearer {caller.token}"})
    order: dict[str, Any] = answer.json()["data"]["node"]
    return order


async def assert_given_back(running: Installation, scene: Scene, payment: dict[str, Any]) -> None:
    """One refund of the whole amount, once at the provider too; nothing held, nothing sold."""
    database, brand = running.runtime.database, scene.brand
    async with database.reading(brand) as session:
        refunds = await session.execute(
            sa.select(RefundRow.state, RefundRow.cause, RefundRow.amount_minor).where(RefundRow.brand_id == brand.id)
        )
        assert [tuple(row) for row in refunds] == [("SUCCEEDED", "ORDER_CANCELLED", payment["amount"]["minor"])]
        assert await purchase.count(session, TransferRow, TransferRow.credit_account == "HELD") == 0
        assert await purchase.count(session, TransferRow, TransferRow.cause == "CANCELLED") == 1
    async with database.directory() as outside:
        sent = await outside.scalars(
            sa.select(SandboxRefundRow.amount_minor).where(SandboxRefundRow.charge_number == number_of(payment))
        )
        assert list(sent) == [payment["amount"]["minor"]]
    assert await purchase.stock_of(database, brand, scene.sku_id) == (100, 0)
    assert [lines for lines in (await checks.violations(running.runtime, brand)).values() if lines] == []


async def cancel(caller: Caller, order: dict[str, Any]) -> dict[str, Any]:
    return await caller.ask("OrderCancel", idempotencyKey=factories.key(), orderId=order["id"])


async def test_order_that_expired_while_its_customer_was_paying_is_refunded_whole(running: Installation) -> None:
    scene = await factories.make_scene(running.runtime.database)
    async with running.another_server(order_payment_ttl_seconds=5) as (base_url, _), line_to(base_url) as line:
        [caller] = await sign_in(running.runtime, scene.brand, line, 1)
        order = await place(caller, scene)
        payment = await start_payment(caller, order["id"])
        await reach(running, scene, ("CANCELLED", "CLOSED"))
        assert await caller.confirm(payment) == (409, "CLOSED")
        assert await caller.confirm(payment, late=True) == (200, "PAID")
        await reach(running, scene, ("CANCELLED", "REFUNDED"))
        seen = await order_as_seen(caller, order["id"])
    assert (seen["state"], seen["allowedActions"]) == ("CANCELLED", [])
    assert seen["refunded"] == seen["total"] == order["total"]
    await assert_given_back(running, scene, payment)


async def test_payment_in_the_moment_of_cancelling_is_refunded_whole(running: Installation, line: Line) -> None:
    scene = await factories.make_scene(running.runtime.database)
    [caller] = await sign_in(running.runtime, scene.brand, line, 1)
    order = await place(caller, scene)
    payment = await start_payment(caller, order["id"])
    assert (await cancel(caller, order))["order"]["state"] == "CANCELLED"
    assert await caller.confirm(payment, late=True) == (200, "PAID")
    await reach(running, scene, ("CANCELLED", "REFUNDED"))
    await assert_given_back(running, scene, payment)
    assert (await order_as_seen(caller, order["id"]))["refunded"] == order["total"]


async def test_payment_whose_callback_comes_after_the_cancelling_is_refunded_once(running: Installation) -> None:
    scene = await factories.make_scene(running.runtime.database)
    slow = running.another_server(sandbox_payment_delay_seconds=2, sandbox_payment_duplicates=2)
    async with slow as (base_url, _), line_to(base_url) as line:
        [caller] = await sign_in(running.runtime, scene.brand, line, 1)
        order = await place(caller, scene)
        payment = await start_payment(caller, order["id"])
        assert await caller.confirm(payment) == (200, "PAID")
        # The provider has the money, the shop does not know yet.
        assert (await cancel(caller, order))["order"]["state"] == "CANCELLED"
        await reach(running, scene, ("CANCELLED", "REFUNDED"))

        async def all_came() -> bool:
            return len(await purchase.traces(running.runtime.database, number_of(payment))) == 3

        await until(all_came, "three callbacks")
    assert await payment_states(running, scene) == [("CANCELLED", "REFUNDED")]
    await assert_given_back(running, scene, payment)


async def test_charge_of_a_cancelled_order_is_closed_and_nobody_pays_it(running: Installation, line: Line) -> None:
    scene = await factories.make_scene(running.runtime.database)
    [caller] = await sign_in(running.runtime, scene.brand, line, 1)
    order = await place(caller, scene)
    payment = await start_payment(caller, order["id"])
    await cancel(caller, order)
    await reach(running, scene, ("CANCELLED", "CLOSED"))
    assert await caller.confirm(payment) == (409, "CLOSED")
    async with running.runtime.database.reading(scene.brand) as session:
        assert await purchase.count(session, RefundRow) == 0
    assert await purchase.traces(running.runtime.database, number_of(payment)) == []


async def test_thirty_orders_paid_and_cancelled_at_once_are_each_paid_or_given_back(
    running: Installation, line: Line
) -> None:
    database = running.runtime.database
    scene = await factories.make_scene(database)
    callers = await sign_in(running.runtime, scene.brand, line, 30)
    orders = await asyncio.gather(*(place(caller, scene) for caller in callers))
    payments = await asyncio.gather(
        *(start_payment(caller, order["id"]) for caller, order in zip(callers, orders, strict=True))
    )

    async def struggle(caller: Caller, order: dict[str, Any], payment: dict[str, Any]) -> None:
        _, answer = await asyncio.gather(caller.confirm(payment, late=True), cancel(caller, order))
        assert answer["__typename"] in ("OrderCancelPayload", "WrongState"), answer

    await asyncio.gather(*map(struggle, callers, orders, payments))

    async def are_settled() -> bool:
        return set(await payment_states(running, scene)) <= {("PAID", "SUCCEEDED"), ("CANCELLED", "REFUNDED")}

    await until(are_settled, "each order paid, or cancelled and refunded", seconds=40)
    ends = Counter(await payment_states(running, scene))
    assert ends.total() == 30
    assert await purchase.stock_of(database, scene.brand, scene.sku_id) == (100 - ends[("PAID", "SUCCEEDED")], 0)
    async with database.reading(scene.brand) as session:
        assert await purchase.count(session, RefundRow) == ends[("CANCELLED", "REFUNDED")]
    assert [lines for lines in (await checks.violations(running.runtime, scene.brand)).values() if lines] == []
    assert line.faults() == {}
