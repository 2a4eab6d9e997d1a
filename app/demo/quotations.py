"""Quotations of the demo's last day: one that is open, one that was accepted and paid, one whose time is over."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.customers import reads as customers
from app.demo.brand_setup import DemoGuide, Setup
from app.employees.values import PostalAddress
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession
from app.trade import quotation_reads, quotations
from app.trade.values import LineRequest

MADE, ACCEPTED, PAID = timedelta(hours=9, minutes=12), timedelta(hours=13, minutes=5), timedelta(hours=13, minutes=8)
"""When on the last day."""
_SHORT: Final = timedelta(hours=8)
_ADDRESS: Final = PostalAddress("顾客", "19900001001", "上海市", "上海市", "静安区", "南京西路 1266 号")


async def make(session: BrandSession, setup: Setup) -> dict[str, Any]:
    """The first guide with a customer quotes three times; gives what the one to be accepted needs, or nothing."""
    served = await _served(session, setup)
    if served is None:
        return {}
    guide, customer_id = served
    actor = Actor(kind=ActorKind.EMPLOYEE, employee_id=guide.employee_id, role="GUIDE", shop_id=guide.shop_id)
    first, second, third = (skus[0] for skus in setup.skus[:3])

    async def quote(lines: list[tuple[UUID, int]], note: str, until: datetime | None = None, **more: Any) -> UUID:
        return await quotations.create(
            session,
            actor,
            lines=[LineRequest(*line) for line in lines],
            note=note,
            expires_at=until,
            now=session.now,
            **more,
        )

    await quote([(third, 1)], "昨天聊到的这款，今天下单还是这个价。", session.now + _SHORT)
    await quote([(first, 2), (second, 1)], "按您说的搭好了一套，七天内都是这个价。", customer_id=customer_id)
    accepted = await quote([(second, 1)], "给您留的，点一下就能下单。", customer_id=customer_id)
    view = (await quotation_reads.by_id(session, actor, [accepted]))[accepted]
    return {"customer_id": customer_id, "token": view.token}


async def accept(session: BrandSession, made: dict[str, Any]) -> dict[str, Any]:
    """Its customer accepts the last one."""
    customer = Actor(kind=ActorKind.CUSTOMER, customer_id=UUID(str(made["customer_id"])))
    order_id = await quotations.accept(session, customer, token=str(made["token"]), address=_ADDRESS, now=session.now)
    return {"order_id": order_id}


async def _served(session: BrandSession, setup: Setup) -> tuple[DemoGuide, UUID] | None:
    """The first guide with a customer who was bound before now, and that customer."""
    for guide in setup.guides:
        for facts in await customers.guide_customers(session, guide_id=guide.employee_id, limit=1):
            if facts.binding is not None and facts.binding.bound_at < session.now:
                return guide, facts.customer_id
    return None
