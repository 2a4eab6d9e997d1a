"""Money now: as an order is paid or refunded each guide with a share is told, on whatever process he listens."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.commission import reversals
from app.commission.events import CommissionHeld, CommissionReversed
from app.commission.models import PlanRow, SaleRow, ShareRow
from app.commission.values import CommissionKind, PartyKind
from app.platform.bus import guide_channel
from app.platform.db import Brand, BrandSession
from app.platform.outbox import Delivery
from app.platform.runtime import Runtime

PAID = "PAID"
REFUNDED = "REFUNDED"


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a guide's phone shows. `commission_minor`: the guide's own, over all lines and roles, 0 where none is paid.

    Of a payment it is what is held, and `payable_on` the first business day on which it can be drawn, if the goods
    arrive and nothing comes back. Of a refund it is what was taken back, 0 or more, and there is no such day.
    """

    at: datetime
    kind: str
    order_id: UUID
    number: str
    commission_minor: int
    rule: str
    payable_on: date | None

    def as_message(self) -> dict[str, Any]:
        """What travels on the bus: ids and amounts."""
        return {
            "at": self.at.isoformat(),
            "kind": self.kind,
            "order_id": str(self.order_id),
            "number": self.number,
            "commission_minor": self.commission_minor,
            "rule": self.rule,
            "payable_on": None if self.payable_on is None else self.payable_on.isoformat(),
        }


def read_pulse(message: dict[str, Any]) -> Pulse:
    """The pulse in a message of the bus."""
    return Pulse(
        at=datetime.fromisoformat(message["at"]),
        kind=message["kind"],
        order_id=UUID(message["order_id"]),
        number=message["number"],
        commission_minor=message["commission_minor"],
        rule=message["rule"],
        payable_on=None if message["payable_on"] is None else date.fromisoformat(message["payable_on"]),
    )


def publisher(runtime: Runtime) -> Delivery:
    """The handler of CommissionHeld: one message to each guide with a share. A repeat says the same again."""

    async def publish(brand: Brand, event: CommissionHeld, event_id: UUID) -> None:
        async with runtime.database.reading(brand) as session:
            pulses = await pulses_of(session, sale_id=event.sale_id, held_at=event.held_at)
        await _publish(runtime, brand, pulses)

    return publish


def refund_publisher(runtime: Runtime) -> Delivery:
    """The handler of CommissionReversed: one message to each guide who lost a share. A repeat says the same again."""

    async def publish(brand: Brand, event: CommissionReversed, event_id: UUID) -> None:
        async with runtime.database.reading(brand) as session:
            pulses = await pulses_of_refund(
                session, sale_id=event.sale_id, after_sale_id=event.after_sale_id, reversed_at=event.reversed_at
            )
        await _publish(runtime, brand, pulses)

    return publish


async def _publish(runtime: Runtime, brand: Brand, pulses: dict[UUID, Pulse]) -> None:
    for guide_id, pulse in pulses.items():
        await runtime.bus.publish(guide_channel(brand.id, guide_id), pulse.as_message())


async def pulses_of(session: BrandSession, *, sale_id: UUID, held_at: datetime) -> dict[UUID, Pulse]:
    """The pulse of each employee with a share of a sale paid at `held_at`. One statement."""
    rows = await session.execute(
        sa.select(
            ShareRow.party_id,
            SaleRow.number,
            SaleRow.rule,
            PlanRow.hold_days,
            sa.func.sum(ShareRow.amount_minor).label("commission_minor"),
        )
        .join(SaleRow, sa.and_(SaleRow.brand_id == ShareRow.brand_id, SaleRow.id == ShareRow.sale_id))
        .join(PlanRow, sa.and_(PlanRow.brand_id == SaleRow.brand_id, PlanRow.version == SaleRow.plan_version))
        .where(
            ShareRow.brand_id == session.brand_id,
            SaleRow.brand_id == session.brand_id,
            PlanRow.brand_id == session.brand_id,
            ShareRow.sale_id == sale_id,
            ShareRow.kind == CommissionKind.ORDER.value,
            ShareRow.party_kind == PartyKind.EMPLOYEE.value,
        )
        .group_by(ShareRow.party_id, SaleRow.number, SaleRow.rule, PlanRow.hold_days)
    )
    return {
        row.party_id: Pulse(
            at=held_at,
            kind=PAID,
            order_id=sale_id,
            number=row.number,
            commission_minor=int(row.commission_minor),
            rule=row.rule,
            payable_on=session.brand.day_of(held_at + timedelta(days=row.hold_days)),
        )
        for row in rows
    }


async def pulses_of_refund(
    session: BrandSession, *, sale_id: UUID, after_sale_id: UUID, reversed_at: datetime
) -> dict[UUID, Pulse]:
    """The pulse of each employee from whose share of a sale a refund took its part. Two statements."""
    taken_minor = await reversals.taken_back(session, after_sale_id)
    rows = await session.execute(
        sa.select(ShareRow.party_id, SaleRow.number, SaleRow.rule)
        .distinct()
        .join(SaleRow, sa.and_(SaleRow.brand_id == ShareRow.brand_id, SaleRow.id == ShareRow.sale_id))
        .where(
            ShareRow.brand_id == session.brand_id,
            SaleRow.brand_id == session.brand_id,
            ShareRow.sale_id == sale_id,
            ShareRow.kind == CommissionKind.REVERSAL.value,
            ShareRow.party_kind == PartyKind.EMPLOYEE.value,
            ShareRow.booked_at == reversed_at,
        )
    )
    return {
        row.party_id: Pulse(
            at=reversed_at,
            kind=REFUNDED,
            order_id=sale_id,
            number=row.number,
            commission_minor=taken_minor.get(row.party_id, 0),
            rule=row.rule,
            payable_on=None,
        )
        for row in rows
    }
