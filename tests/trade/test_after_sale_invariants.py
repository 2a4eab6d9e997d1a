"""Each invariant of after-sales finds what breaks it, and nothing else does."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa

from app.commission.models import LineHoldRow, ShareRow
from app.platform.db import BrandSession
from app.platform.runtime import Runtime
from app.products.models import StockMovementRow
from app.trade import invariants
from app.trade.models import AfterSaleMoveRow, AfterSaleRow, DifferenceRow, OrderRow, RefundRow
from app.trade.values import OrderState
from tests.factories import Scene
from tests.trade.returns import RETURN, Sold, sell, sell_and

Break = Callable[[BrandSession, Sold], Awaitable[None]]

FIT = "after-sales fit their lines"
INSTANTS = "after-sales have the instants of their state"
PATH = "moves of after-sales are a path"
GOODS = "refunded goods are those of after-sales"
REFUNDS = "refunds are those of after-sales"
REVERSALS = "reversals are the refunded goods"
PAUSES = "open after-sales pause their lines"
CLOSED = "orders are closed when all went back"
STOCK = "stock came back as after-sales say"
BOOKS = "our book and the providers' agree"
SHOWN = "orders show what went back"
SUM = "refunds add up"


def changed(table: Any, before: str | None = None, /, **values: Any) -> Break:
    """A change behind the services' backs to the after-sale in a state, or to the order's one row of another table."""

    async def work(session: BrandSession, sold: Sold) -> None:
        column = {LineHoldRow: LineHoldRow.sale_id, OrderRow: OrderRow.id}.get(table) or table.order_id
        conditions = [table.brand_id == session.brand_id, column == sold.order_id]
        if before is not None:
            conditions.append(table.state == before)
        done = await session.execute(
            sa.update(table).where(*conditions).values(**values).execution_options(synchronize_session=False)
        )
        assert done.rowcount == 1  # type: ignore[attr-defined]

    return work


async def add_a_move(session: BrandSession, sold: Sold) -> None:
    its = sa.select(AfterSaleRow.id).where(AfterSaleRow.brand_id == session.brand_id, AfterSaleRow.state == "REQUESTED")
    values = {"event": "APPROVE", "from_state": "REQUESTED", "to_state": "APPROVED", "actor": "nobody"}
    await session.execute(
        sa.insert(AfterSaleMoveRow).values(
            brand_id=session.brand_id,
            id=session.new_id(),
            after_sale_id=(await session.execute(its)).scalar_one(),
            step=2,
            at=session.now,
            **values,
        )
    )


async def add_a_reversal(session: BrandSession, sold: Sold) -> None:
    of_kind = sa.select(ShareRow.__table__).where(ShareRow.brand_id == session.brand_id, ShareRow.kind == "REVERSAL")
    row = dict((await session.execute(of_kind.limit(1))).mappings().one())
    await session.execute(sa.insert(ShareRow).values(row | {"id": session.new_id(), "amount_minor": 0}))


async def add_a_movement(session: BrandSession, sold: Sold) -> None:
    of_kind = sa.select(StockMovementRow.__table__).where(
        StockMovementRow.brand_id == session.brand_id, StockMovementRow.kind == "RETURN"
    )
    row = dict((await session.execute(of_kind)).mappings().one())
    await session.execute(sa.insert(StockMovementRow).values(row | {"id": session.new_id()}))


async def add_a_difference(session: BrandSession, sold: Sold) -> None:
    words = {"provider": "SANDBOX", "subject": "CHARGE", "number": "1", "kind": "AMOUNT", "ours": "1", "theirs": "2"}
    await session.execute(
        sa.insert(DifferenceRow).values(brand_id=session.brand_id, id=session.new_id(), found_at=session.now, **words)
    )


BREAKS: list[tuple[Break, set[str]]] = [
    (changed(AfterSaleRow, "REQUESTED", share_minor=12_901), {FIT}),
    (changed(AfterSaleRow, "REQUESTED", quantity=2), {FIT}),
    (changed(AfterSaleRow, "REQUESTED", due_at=None), {INSTANTS}),
    (changed(AfterSaleRow, "REFUNDED", ended_at=None), {INSTANTS}),
    (changed(AfterSaleRow, "REFUNDED", refunded_at=None), {INSTANTS}),
    (changed(AfterSaleRow, "REFUNDED", refund_on=None), {INSTANTS}),
    (changed(AfterSaleRow, "REFUNDED", received_at=None), {INSTANTS}),
    (changed(AfterSaleRow, "REFUNDED", decided_by=None), {INSTANTS}),
    (changed(AfterSaleRow, "REQUESTED", is_restocked=True), {INSTANTS, STOCK}),
    (changed(AfterSaleRow, "REQUESTED", steps=2), {PATH}),
    (changed(AfterSaleRow, "REQUESTED", kind="REFUND_ONLY"), set()),
    (changed(AfterSaleRow, "REQUESTED", state="RECEIVED"), {INSTANTS, PATH}),
    (changed(AfterSaleRow, "REQUESTED", state="WITHDRAWN"), {INSTANTS, PATH, PAUSES}),
    (add_a_move, {PATH}),
    (changed(OrderRow, refunded_goods_minor=1), {GOODS}),
    (changed(AfterSaleRow, "REFUNDED", freight_minor=1), {GOODS, REFUNDS}),
    (changed(RefundRow, amount_minor=12_899), {REFUNDS, SHOWN}),
    (changed(RefundRow, state="FAILED", due_at=sa.func.now()), {REFUNDS, SHOWN}),
    (add_a_reversal, {REVERSALS}),
    (changed(LineHoldRow, refunded_minor=1), {REVERSALS}),
    (changed(LineHoldRow, pauses=2), {PAUSES}),
    (changed(OrderRow, state="CLOSED"), {CLOSED, "moves are a path of the state machine"}),
    (add_a_movement, {STOCK}),
    (add_a_difference, {BOOKS}),
]


async def found(session: BrandSession) -> dict[str, int]:
    return {name: len(lines) for name, check in invariants.CHECKS.items() if (lines := await check(session))}


@pytest.mark.parametrize(("spoil", "names"), BREAKS)
async def test_each_break_is_found_once_by_the_checks_that_it_concerns(
    runtime: Runtime, scene: Scene, spoil: Break, names: set[str]
) -> None:
    sold = await sell_and(runtime, scene, OrderState.DELIVERED, quantity=2)
    returned = await sold.request(kind=RETURN)
    await sold.decide(returned)
    await sold.receive(returned)
    await sold.pay_back()
    await sold.request(kind=RETURN)
    async with runtime.database.reading(scene.brand) as session:
        # Never committed: only this session sees what is broken.
        assert await found(session) == {}
        await spoil(session, sold)
        assert await found(session) == dict.fromkeys(names, 1)
    await sold.assert_sound()


async def test_order_whose_pieces_all_went_back_is_not_left_open(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene)
    await sold.decide(await sold.request())
    await sold.pay_back()
    async with runtime.database.reading(scene.brand) as session:
        await changed(OrderRow, "CLOSED", state="PAID")(session, sold)
        assert set(await found(session)) == {CLOSED, "moves are a path of the state machine"}
