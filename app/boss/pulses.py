"""Sales now: after each payment and refund every boss who listens is told, once the rollups hold it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.commission.events import CommissionHeld, CommissionReversed
from app.commission.pulses import PAID, REFUNDED
from app.platform.bus import sales_channel
from app.platform.db import Brand
from app.platform.outbox import Delivery
from app.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class SaleMoved:
    """An order was paid or refunded. It says which: whoever listens reads what he may see of it."""

    kind: str
    order_id: UUID


def read_moved(message: dict[str, Any]) -> SaleMoved:
    """The news in a message of the bus."""
    return SaleMoved(message["kind"], UUID(message["order_id"]))


def payment_publisher(runtime: Runtime) -> Delivery:
    """The handler of CommissionHeld. A repeat says the same again."""

    async def publish(brand: Brand, event: CommissionHeld, event_id: UUID) -> None:
        await _publish(runtime, brand, SaleMoved(PAID, event.sale_id))

    return publish


def refund_publisher(runtime: Runtime) -> Delivery:
    """The handler of CommissionReversed. A repeat says the same again."""

    async def publish(brand: Brand, event: CommissionReversed, event_id: UUID) -> None:
        await _publish(runtime, brand, SaleMoved(REFUNDED, event.sale_id))

    return publish


async def _publish(runtime: Runtime, brand: Brand, moved: SaleMoved) -> None:
    message = {"kind": moved.kind, "order_id": str(moved.order_id)}
    await runtime.bus.publish(sales_channel(brand.id), message)
