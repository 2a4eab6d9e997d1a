"""Time-outs on both sides: whoever is waited for too long has no say any more."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.commission.models import LineHoldRow, ShareRow
from app.platform.runtime import Runtime
from app.trade import after_sale_decisions, after_sale_reads
from app.trade.values import OrderState
from tests.factories import Scene
from tests.trade import purchase, returns
from tests.trade.returns import RETURN, Sold, sell, sell_and


async def overdue(sold: Sold, after_sale_id: UUID) -> int:
    """Let the time of whoever is waited for run out, and the job run."""
    assert await after_sale_decisions.act_when_due(sold.runtime, sold.brand) == 0
    async with sold.runtime.database.transaction(sold.brand) as session:
        await returns.make_overdue(session, after_sale_id)
    return await after_sale_decisions.act_when_due(sold.runtime, sold.brand)


async def test_request_that_nobody_decides_is_approved(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene)
    after_sale_id = await sold.request()
    assert await overdue(sold, after_sale_id) == 1
    row = await sold.after_sale(after_sale_id)
    assert (row.state, row.decided_by) == ("REFUNDING", "system")
    async with runtime.database.reading(scene.brand) as session:
        assert await purchase.count(session, ShareRow, ShareRow.kind == "REVERSAL", ShareRow.amount_minor == 1_290) == 1
    await sold.assert_sound()


async def test_approved_return_that_nobody_sends_is_withdrawn(runtime: Runtime, scene: Scene) -> None:
    sold = await sell_and(runtime, scene, OrderState.DELIVERED)
    after_sale_id = await sold.request(kind=RETURN)
    waited = await sold.after_sale(after_sale_id)
    assert waited.due_at - waited.requested_at == timedelta(days=5)
    await sold.decide(after_sale_id)
    assert await overdue(sold, after_sale_id) == 1
    assert await sold.state(after_sale_id) == "WITHDRAWN"
    async with runtime.database.reading(scene.brand) as session:
        assert await purchase.count(session, LineHoldRow, LineHoldRow.pauses == 0) == 1
    assert await sold.refunds() == []
    await sold.assert_sound()


async def test_return_that_nobody_receives_is_refunded_without_going_into_stock(runtime: Runtime, scene: Scene) -> None:
    sold = await sell_and(runtime, scene, OrderState.DELIVERED)
    after_sale_id = await sold.request(kind=RETURN)
    await sold.decide(after_sale_id)
    now = datetime.now(UTC)
    await sold.send(after_sale_id, now)
    assert (await sold.after_sale(after_sale_id)).due_at == now + timedelta(days=10)
    assert await overdue(sold, after_sale_id) == 1
    row = await sold.after_sale(after_sale_id)
    assert (row.state, row.is_restocked) == ("REFUNDING", False)
    assert await sold.stock() == (99, 0)
    assert await sold.pay_back() == [True]
    await sold.assert_sound()


async def test_after_sale_that_fails_to_go_on_stops_no_other(
    runtime: Runtime, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold = await sell(runtime, scene, quantity=2)
    broken, fine = await sold.request(1), await sold.request(1)
    async with runtime.database.transaction(scene.brand) as session:
        for one in (broken, fine):
            await returns.make_overdue(session, one)
    approve = after_sale_decisions._approve

    async def fail_once(session: Any, order: Any, after_sale: Any, **more: Any) -> None:
        if after_sale.id == broken:
            raise RuntimeError("cannot go on")
        await approve(session, order, after_sale, **more)

    monkeypatch.setattr(after_sale_decisions, "_approve", fail_once)
    assert await after_sale_decisions.act_when_due(runtime, scene.brand) == 1
    assert (await sold.state(broken), await sold.state(fine)) == ("REQUESTED", "REFUNDING")
    await sold.assert_sound()


async def test_open_after_sale_is_told_to_who_carries_the_order_on(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene, quantity=2)

    async def told() -> tuple[bool, bool]:
        async with runtime.database.reading(scene.brand) as session:
            return (
                await after_sale_reads.has_open_after_sale(session, sold.order_id),
                await after_sale_reads.has_pieces_left(session, sold.order_id),
            )

    assert await told() == (False, True)
    first = await sold.request(1)
    assert await told() == (True, True)
    await sold.decide(first)
    assert await told() == (True, True)
    await sold.pay_back()
    assert await told() == (False, True)
    await sold.decide(await sold.request(1))
    assert await told() == (True, False)
