"""Live: the boss sees each order as it is paid or refunded."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from app.boss import dashboard, scopes
from app.boss.pulses import SaleMoved, read_moved
from app.platform.bus import sales_channel
from graphql_schema.boss.types import SalesPulse, to_today
from graphql_schema.commission.enums import PulseKind
from graphql_schema.commission.subscriptions import check_session
from graphql_schema.context import Info
from graphql_schema.permissions import MANAGERS, Requires
from graphql_schema.trade.loaders import order_by_id


@strawberry.type
class BossSubscription:
    @strawberry.subscription(
        description="An event soon after each order that is paid or refunded: in the brand for owner and headquarters, "
        "in the own branch for managers. What happened while nobody listened is not repeated: read `dashboard`.",
        extensions=[Requires(MANAGERS)],
    )
    async def sales_pulse(self, info: Info) -> AsyncGenerator[SalesPulse, None]:
        context = info.context
        brand = await context.brand()
        async with aclosing(context.runtime.bus.listen(sales_channel(brand.id))) as messages:
            async for message in messages:
                # What one event showed is not shown again: the next reads anew.
                context.loaded.clear()
                await check_session(info)
                pulse = await _shown(info, read_moved(message))
                if pulse is not None:
                    yield pulse


async def _shown(info: Info, moved: SaleMoved) -> SalesPulse | None:
    """What the viewer may see of it: nothing of an order outside the own branch."""
    order = await order_by_id(info, moved.order_id)
    if order is None:
        return None
    actor = await info.context.actor()
    async with info.context.reading() as session:
        today = await dashboard.today(session, await scopes.scope_of(session, actor))
        currency = session.brand.currency
    return SalesPulse(as_of=today.as_of, kind=PulseKind(moved.kind), order=order, today=to_today(today, currency))
