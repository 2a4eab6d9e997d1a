"""Reads of payments: a customer's own, and nobody else's."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.trade.models import OrderRow, PaymentRow
from app.trade.values import PaymentState, ProviderName


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment as its customer sees it. Amounts: minor units."""

    id: UUID
    order_id: UUID
    provider: ProviderName
    state: PaymentState
    amount_minor: int
    client_parameters: dict[str, Any] | None


async def payments_by_id(session: BrandSession, actor: Actor, payment_ids: Collection[UUID]) -> dict[UUID, PaymentView]:
    """Those of these payments that are the customer's own; nobody else sees one."""
    if not payment_ids or not actor.is_customer:
        return {}
    rows = await session.execute(
        sa.select(
            PaymentRow.id,
            PaymentRow.order_id,
            PaymentRow.provider,
            PaymentRow.state,
            PaymentRow.amount_minor,
            PaymentRow.client_parameters,
        )
        .join(OrderRow, sa.and_(OrderRow.brand_id == session.brand_id, OrderRow.id == PaymentRow.order_id))
        .where(
            PaymentRow.brand_id == session.brand_id,
            PaymentRow.id.in_(payment_ids),
            OrderRow.customer_id == actor.customer_id,
        )
    )
    return {
        row[0]: PaymentView(row[0], row[1], ProviderName(row[2]), PaymentState(row[3]), row[4], row[5]) for row in rows
    }
