"""Receipt and completion: by the customer, by time, never while an after-sale is open."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission import holds
from app.commission.models import LineHoldRow
from app.platform.db import Brand, BrandSession, Database
from app.platform.errors import NotFound, WrongState
from app.platform.runtime import Runtime
from app.trade import after_sale_reads, moves, receipts
from app.trade.models import OrderRow
from tests import factories
from tests.factories import Scene
from tests.trade import fulfilling, purchase
from tests.trade.fulfilling import Staffed

DAY = timedelta(days=1)


@pytest.fixture
async def staffed(database: Database, scene: Scene) -> Staffed:
    return await fulfilling.staff(database, scene)


async def shipped(database: Database, staffed: Staffed, *, days_ago: float = 0) -> UUID:
    order_id = await fulfilling.paid(database, staffed)
    async with database.reading(staffed.brand) as session:
        now = session.now
    await fulfilling.ship(database, staffed.brand, staffed.guide, order_id, now=now - days_ago * DAY)
    return order_id


async def rows(database: Database, brand: Brand, order_id: UUID) -> tuple[Any, list[str], list[datetime | None]]:
    """The order, its steps by event and actor, and when its commission falls due."""
    async with database.reading(brand) as session:
        order = await purchase.order_row(session, order_id)
        steps = [f"{event} {actor}" for event, _, actor in await fulfilling.steps(session, order_id)]
        return order, steps, await fulfilling.due_ats(session, order_id)


async def test_customer_confirms_a_shipped_order_and_it_is_over(database: Database, staffed: Staffed) -> None:
    order_id = await shipped(database, staffed)
    await fulfilling.confirm(database, staffed.brand, staffed.buyer, order_id)
    order, steps, due = await rows(database, staffed.brand, order_id)
    buyer = f"customer:{staffed.buyer.customer_id}"
    assert order.state == "COMPLETED"
    assert steps[2:] == [f"DELIVER {buyer}", f"COMPLETE {buyer}"]
    assert order.delivered_at == order.completed_at is not None
    # Paid today and received today: both end in seven days; the later counts.
    assert due == [order.delivered_at + 7 * DAY]
    await purchase.assert_sound(database, staffed.brand)


async def test_commission_falls_due_seven_days_after_receipt_however_late_that_is(
    database: Database, staffed: Staffed
) -> None:
    order_id = await shipped(database, staffed)
    async with database.reading(staffed.brand) as session:
        late = session.now + 9 * DAY
    await fulfilling.confirm(database, staffed.brand, staffed.buyer, order_id, now=late)
    _, _, due = await rows(database, staffed.brand, order_id)
    assert due == [late + 7 * DAY]
    async with database.transaction(staffed.brand, now=late + 7 * DAY - timedelta(seconds=1)) as session:
        assert await holds.release(session) == 0
    async with database.transaction(staffed.brand, now=late + 7 * DAY) as session:
        assert await holds.release(session) == 1
    async with database.reading(staffed.brand) as session:
        released = sa.select(LineHoldRow.released_at).where(LineHoldRow.brand_id == staffed.brand.id)
        assert list(await session.scalars(released)) == [late + 7 * DAY]


async def test_only_the_buyer_confirms_and_only_what_is_on_its_way(database: Database, staffed: Staffed) -> None:
    brand, stranger = staffed.brand, await purchase.make_buyer(database, staffed.brand)
    paid_id, shipped_id = await fulfilling.paid(database, staffed), await shipped(database, staffed)
    for actor in (stranger, staffed.owner, staffed.guide):
        with pytest.raises(NotFound):
            await fulfilling.confirm(database, brand, actor, shipped_id)
    with pytest.raises(WrongState) as caught:
        await fulfilling.confirm(database, brand, staffed.buyer, paid_id)
    assert caught.value.state == "PAID"
    await fulfilling.confirm(database, brand, staffed.buyer, shipped_id)
    before = await rows(database, brand, shipped_id)
    with pytest.raises(WrongState) as caught:
        await fulfilling.confirm(database, brand, staffed.buyer, shipped_id)
    assert caught.value.state == "COMPLETED"
    after = await rows(database, brand, shipped_id)
    assert (before[1], before[2]) == (after[1], after[2])


async def test_open_after_sale_pauses_the_confirmation(
    database: Database, staffed: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await shipped(database, staffed)
    with monkeypatch.context() as patch:
        fulfilling.open_after_sales(patch, order_id)
        with pytest.raises(WrongState) as caught:
            await fulfilling.confirm(database, staffed.brand, staffed.buyer, order_id)
    assert caught.value.state == "SHIPPED"
    order, _, due = await rows(database, staffed.brand, order_id)
    assert (order.delivered_at, due) == (None, [None])
    await fulfilling.confirm(database, staffed.brand, staffed.buyer, order_id)


# --- by itself


async def test_shipped_order_is_received_after_ten_days_and_completed_seven_days_later(
    runtime: Runtime, staffed: Staffed
) -> None:
    database, brand = runtime.database, staffed.brand
    young, old = await shipped(database, staffed, days_ago=9.99), await shipped(database, staffed, days_ago=10)
    assert await receipts.carry_on_due(runtime, brand) == 1
    order, steps, due = await rows(database, brand, old)
    assert (order.state, order.completed_at) == ("DELIVERED", None)
    assert steps[2:] == ["DELIVER system"]
    assert due == [order.delivered_at + 7 * DAY]
    assert await purchase.state_of(database, brand, young) == "SHIPPED"
    assert await receipts.carry_on_due(runtime, brand) == 0
    await turn_back(database, brand, old, delivered_at=order.delivered_at - 6.99 * DAY)
    assert await receipts.carry_on_due(runtime, brand) == 0
    await turn_back(database, brand, old, delivered_at=order.delivered_at - 7 * DAY)
    assert await receipts.carry_on_due(runtime, brand) == 1
    order, steps, due_now = await rows(database, brand, old)
    assert (order.state, steps[3:]) == ("COMPLETED", ["COMPLETE system"])
    assert due_now == due
    assert await receipts.carry_on_due(runtime, brand) == 0


async def turn_back(database: Database, brand: Brand, order_id: UUID, **columns: datetime) -> None:
    async with database.transaction(brand) as session:
        await session.execute(
            sa.update(OrderRow)
            .where(OrderRow.brand_id == brand.id, OrderRow.id == order_id)
            .values(**columns)
            .execution_options(synchronize_session=False)
        )


async def test_open_after_sale_holds_up_the_clock_of_its_order_alone(
    runtime: Runtime, staffed: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, brand = runtime.database, staffed.brand
    paused, free = [await shipped(database, staffed, days_ago=11) for _ in range(2)]
    with monkeypatch.context() as patch:
        fulfilling.open_after_sales(patch, paused)
        assert await receipts.carry_on_due(runtime, brand) == 1
    assert await purchase.state_of(database, brand, paused) == "SHIPPED"
    assert await purchase.state_of(database, brand, free) == "DELIVERED"
    # What is known to be paused does not even stand in the way of the others.
    monkeypatch.setattr(receipts, "DUE_AT_ONCE", 1)
    with monkeypatch.context() as patch:
        patch.setattr(after_sale_reads, "is_paused", lambda _: OrderRow.id == paused)
        assert await receipts.carry_on_due(runtime, brand) == 0
    assert await receipts.carry_on_due(runtime, brand) == 1


async def test_one_orders_fault_stops_no_other_and_a_batch_is_bounded(
    runtime: Runtime, staffed: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, brand = runtime.database, staffed.brand
    ids = [await shipped(database, staffed, days_ago=12 - number / 10) for number in range(4)]
    whole = receipts.receive

    async def broken(session: BrandSession, order: Any, *args: Any, **more: Any) -> Any:
        if order.id == ids[0]:
            raise RuntimeError("no")
        return await whole(session, order, *args, **more)

    monkeypatch.setattr(receipts, "DUE_AT_ONCE", 3)
    with monkeypatch.context() as patch:
        patch.setattr(receipts, "receive", broken)
        assert await receipts.carry_on_due(runtime, brand) == 2
    states = [await purchase.state_of(database, brand, order_id) for order_id in ids]
    assert states == ["SHIPPED", "DELIVERED", "DELIVERED", "SHIPPED"]
    assert await receipts.carry_on_due(runtime, brand) == 2


async def test_order_that_somebody_holds_is_left_to_the_next_run(runtime: Runtime, staffed: Staffed) -> None:
    database, brand = runtime.database, staffed.brand
    order_id = await shipped(database, staffed, days_ago=11)
    async with database.transaction(brand) as session:
        assert await moves.lock_order(session, OrderRow.id == order_id) is not None
        assert await receipts.carry_on_due(runtime, brand) == 0
    assert await receipts.carry_on_due(runtime, brand) == 1


async def test_job_of_one_brand_leaves_another_brands_orders(runtime: Runtime, staffed: Staffed) -> None:
    database = runtime.database
    other = await fulfilling.staff(database, await factories.make_scene(database))
    ids = [(one.brand, await shipped(database, one, days_ago=11)) for one in (staffed, other)]
    assert await receipts.carry_on_due(runtime, staffed.brand) == 1
    assert [await purchase.state_of(database, brand, order_id) for brand, order_id in ids] == ["DELIVERED", "SHIPPED"]
