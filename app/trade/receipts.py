"""Receipts: the customer has the goods; from here runs the time in which they may go back, and then the order is over.

Whoever says nothing is taken to be content: a shipped order counts as received after a while, a received one is
completed after another. An open after-sale holds both up.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from app.commission import holds
from app.platform.actor import SYSTEM, Actor
from app.platform.db import Brand, BrandSession
from app.platform.errors import NotFound, WrongState
from app.platform.runtime import Runtime
from app.platform.settings import Settings, load_settings
from app.trade import after_sale_reads, moves, rules
from app.trade.models import OrderRow
from app.trade.moves import LockedOrder
from app.trade.values import OrderEvent, OrderState

log = logging.getLogger(__name__)

DUE_AT_ONCE = 200
"""Orders of either kind that one run of the job takes on."""


async def confirm(session: BrandSession, actor: Actor, *, order_id: UUID, now: datetime) -> None:
    """A customer has what was ordered, and the order is over.

    Raises: NotFound for anybody else's order; WrongState for one that is neither on its way nor delivered, and while
    an after-sale is open.
    """
    order = await moves.lock_order(session, OrderRow.id == order_id, OrderRow.customer_id == actor.customer_id)
    if order is None:
        raise NotFound("Order", path=("orderId",))
    if order.state not in (OrderState.SHIPPED, OrderState.DELIVERED):
        raise WrongState(order.state)
    if await after_sale_reads.has_open_after_sale(session, order.id):
        raise WrongState(order.state)
    if order.state is OrderState.SHIPPED:
        order = await receive(session, order, OrderEvent.DELIVER, actor=actor, now=now)
    await _complete(session, order, actor=actor, now=now)


async def receive(
    session: BrandSession, order: LockedOrder, event: OrderEvent, *, actor: Actor, now: datetime
) -> LockedOrder:
    """The goods of a locked order are with the customer, by DELIVER, HAND_OVER or TAKE: the time to return them begins.

    Raises: WrongState.
    """
    order = await moves.move_order(session, order, event, actor=actor.principal, now=now, delivered_at=now)
    return_until = rules.return_until(now, window_seconds=load_settings().return_window_seconds)
    await holds.received(session, sale_id=order.id, return_until=return_until, now=now)
    return order


async def carry_on_due(runtime: Runtime, brand: Brand) -> int:
    """Receive and complete the orders whose time has come, one transaction each; gives how many took a step. A job.

    Orders that somebody is changing at this moment are left to the next run; one that fails stops no other.
    """
    settings = runtime.settings
    due: list[UUID] = []
    async with runtime.database.reading(brand) as session:
        for state, since, ttl_seconds in (
            (OrderState.SHIPPED, OrderRow.shipped_at, settings.order_receipt_ttl_seconds),
            (OrderState.DELIVERED, OrderRow.delivered_at, settings.order_completion_ttl_seconds),
        ):
            due += await session.scalars(
                sa.select(OrderRow.id)
                .where(
                    OrderRow.brand_id == brand.id,
                    OrderRow.state == state.value,
                    since <= session.now - timedelta(seconds=ttl_seconds),
                    sa.not_(after_sale_reads.is_paused(session)),
                )
                .order_by(since)
                .limit(DUE_AT_ONCE)
            )
    done = 0
    for order_id in due:

        async def work(session: BrandSession, order_id: UUID = order_id) -> int:
            return await _carry_on_if_due(session, order_id, settings)

        try:
            done += await runtime.database.run(brand, work)
        except Exception:
            log.exception("order not carried on", extra={"order": str(order_id)})
    return done


async def _carry_on_if_due(session: BrandSession, order_id: UUID, settings: Settings) -> int:
    order = await moves.lock_order(session, OrderRow.id == order_id, skip_locked=True)
    if order is None:
        return 0
    step = rules.automatic_step(
        order.state,
        shipped_at=order.shipped_at,
        delivered_at=order.delivered_at,
        receipt_ttl_seconds=settings.order_receipt_ttl_seconds,
        completion_ttl_seconds=settings.order_completion_ttl_seconds,
    )
    if step is None or step[1] > session.now or await after_sale_reads.has_open_after_sale(session, order.id):
        return 0
    if step[0] is OrderEvent.DELIVER:
        await receive(session, order, OrderEvent.DELIVER, actor=SYSTEM, now=session.now)
    else:
        await _complete(session, order, actor=SYSTEM, now=session.now)
    return 1


async def _complete(session: BrandSession, order: LockedOrder, *, actor: Actor, now: datetime) -> None:
    await moves.move_order(session, order, OrderEvent.COMPLETE, actor=actor.principal, now=now, completed_at=now)
