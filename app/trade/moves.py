"""The only way in which orders and payments change their state: by the declared state machines.

An order is locked, moved and its step written down; a payment is moved by one guarded statement.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.employees.models import OrgUnitRow, StoreRow
from app.platform.db import BrandSession
from app.platform.errors import WrongState
from app.trade.models import OrderMoveRow, OrderRow, PaymentRow
from app.trade.rules import PAYMENT_MOVES, move
from app.trade.values import ForbiddenMove, FulfilmentMethod, OrderEvent, OrderState, PaymentEvent


@dataclass(frozen=True, slots=True)
class LockedOrder:
    """An order whose row this transaction holds. Amounts: minor units; a discount is what its coupons took off.

    `location_branch`: path of the unit of the store whose stock it has, as it is now; None at the shipping location.
    """

    id: UUID
    number: str
    state: OrderState
    customer_id: UUID
    guide_id: UUID | None
    store_id: UUID | None
    branch: str
    method: FulfilmentMethod
    pickup_store_id: UUID | None
    location_id: UUID
    location_branch: str | None
    is_stranded: bool
    discount_minor: int
    total_minor: int
    pay_by: datetime
    shipped_at: datetime | None
    delivered_at: datetime | None


async def lock_order(
    session: BrandSession, *conditions: sa.ColumnElement[bool], skip_locked: bool = False
) -> LockedOrder | None:
    """Hold the one order that meets the conditions until the transaction ends; None where there is none.

    Whoever changes an order, its payments or its refunds takes this lock first, so that they never wait in a circle.
    `skip_locked`: an order that somebody else holds counts as none.
    """
    # A store's location has the store's id.
    branch = (
        sa.select(OrgUnitRow.path)
        .join(StoreRow, sa.and_(StoreRow.brand_id == session.brand_id, StoreRow.org_unit_id == OrgUnitRow.id))
        .where(OrgUnitRow.brand_id == session.brand_id, StoreRow.id == OrderRow.location_id)
        .scalar_subquery()
    )
    row = (
        await session.execute(
            sa.select(
                OrderRow.id,
                OrderRow.number,
                OrderRow.state,
                OrderRow.customer_id,
                OrderRow.guide_id,
                OrderRow.store_id,
                OrderRow.branch,
                OrderRow.fulfilment,
                OrderRow.pickup_store_id,
                OrderRow.location_id,
                branch.label("location_branch"),
                OrderRow.is_stranded,
                OrderRow.discount_minor,
                OrderRow.total_minor,
                OrderRow.pay_by,
                OrderRow.shipped_at,
                OrderRow.delivered_at,
            )
            .where(OrderRow.brand_id == session.brand_id, *conditions)
            .with_for_update(skip_locked=skip_locked, of=OrderRow)
        )
    ).one_or_none()
    if row is None:
        return None
    return LockedOrder(
        id=row.id,
        number=row.number,
        state=OrderState(row.state),
        customer_id=row.customer_id,
        guide_id=row.guide_id,
        store_id=row.store_id,
        branch=row.branch,
        method=FulfilmentMethod(row.fulfilment),
        pickup_store_id=row.pickup_store_id,
        location_id=row.location_id,
        location_branch=row.location_branch,
        is_stranded=row.is_stranded,
        discount_minor=row.discount_minor,
        total_minor=row.total_minor,
        pay_by=row.pay_by,
        shipped_at=row.shipped_at,
        delivered_at=row.delivered_at,
    )


async def move_order(
    session: BrandSession, order: LockedOrder, event: OrderEvent, *, actor: str, now: datetime, **columns: Any
) -> LockedOrder:
    """Take a locked order one step on, with what else changes by it. Two statements. Raises: WrongState."""
    try:
        state = move(order.state, event)
    except ForbiddenMove:
        raise WrongState(order.state) from None
    moved = await session.execute(
        sa.update(OrderRow)
        .where(OrderRow.brand_id == session.brand_id, OrderRow.id == order.id, OrderRow.state == order.state.value)
        .values(state=state.value, **columns)
        .returning(OrderRow.id)
        .execution_options(synchronize_session=False)
    )
    moved.one()
    await session.execute(
        sa.insert(OrderMoveRow).values(
            move_values(session, order.id, event, from_state=order.state, to_state=state, actor=actor, now=now)
        )
    )
    return replace(order, state=state)


def move_values(
    session: BrandSession,
    order_id: UUID,
    event: OrderEvent,
    *,
    from_state: OrderState | None,
    to_state: OrderState,
    actor: str,
    now: datetime,
) -> dict[str, Any]:
    """The history's row of one step; `from_state` None: the order came into being."""
    return {
        "brand_id": session.brand_id,
        "id": session.new_id(),
        "order_id": order_id,
        "event": event.value,
        "from_state": None if from_state is None else from_state.value,
        "to_state": to_state.value,
        "actor": actor,
        "at": now,
    }


async def move_payment(
    session: BrandSession,
    payment_id: UUID,
    event: PaymentEvent,
    *,
    now: datetime,
    amount_minor: int | None = None,
    **columns: Any,
) -> bool:
    """Take a payment one step on, with what else changes by it; False when that changes nothing any more.

    `amount_minor`: the step is taken only if the payment is of this amount. One statement: of two that come at once,
    the second waits for the first and then finds nothing to change.
    """
    changes = {before: after for (before, known), after in PAYMENT_MOVES.items() if known is event and before != after}
    (after,) = set(changes.values())
    guarded = [PaymentRow.brand_id == session.brand_id, PaymentRow.id == payment_id]
    if amount_minor is not None:
        guarded.append(PaymentRow.amount_minor == amount_minor)
    moved = await session.execute(
        sa.update(PaymentRow)
        .where(*guarded, PaymentRow.state.in_([before.value for before in changes]))
        .values(state=after.value, ended_at=now, **columns)
        .returning(PaymentRow.id)
        .execution_options(synchronize_session=False)
    )
    return moved.scalar_one_or_none() is not None
