"""Live: the guide's money, the moment an order is paid."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from app.commission.pulses import Pulse, read_pulse
from app.employees import sessions
from app.platform.bus import guide_channel
from graphql_schema.commission.enums import PulseKind
from graphql_schema.commission.types import GuidePulse
from graphql_schema.context import Info
from graphql_schema.errors import Unauthenticated
from graphql_schema.money import to_money
from graphql_schema.permissions import EMPLOYEES, Requires
from graphql_schema.trade.loaders import order_by_id


@strawberry.type
class CommissionSubscription:
    @strawberry.subscription(
        description="The caller's own money: an event soon after each order paid (or refunded) with a share of his. "
        "For employees. What happened while nobody listened is not repeated: read `commissionEntries`.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def guide_pulse(self, info: Info) -> AsyncGenerator[GuidePulse, None]:
        context = info.context
        actor, brand = await context.actor(), await context.brand()
        if actor.employee_id is None:
            raise Unauthenticated
        channel = guide_channel(brand.id, actor.employee_id)
        async with aclosing(context.runtime.bus.listen(channel)) as messages:
            async for message in messages:
                # What one event showed is not shown again: the next reads anew.
                context.loaded.clear()
                await check_session(info)
                pulse = await _shown(info, read_pulse(message), brand.currency)
                if pulse is not None:
                    yield pulse


async def check_session(info: Info) -> None:
    """Who signed out or left hears nothing more, however long he listens. Raises: Unauthenticated."""
    context = info.context
    if context.claims is None:
        raise Unauthenticated
    async with context.reading() as session:
        if await sessions.load_actor(session, context.claims) is None:
            raise Unauthenticated("The session has ended.")


async def _shown(info: Info, pulse: Pulse, currency: str) -> GuidePulse | None:
    order = await order_by_id(info, pulse.order_id)
    if order is None:
        return None
    return GuidePulse(
        at=pulse.at,
        kind=PulseKind(pulse.kind),
        commission=to_money(pulse.commission_minor, currency),
        rule=pulse.rule,
        payable_on=pulse.payable_on,
        order=order,
    )
