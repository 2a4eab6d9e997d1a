"""Subscriptions (订阅消息): a customer says yes to one more message, which then comes once.

Each message of the SUBSCRIPTION channel uses up one, at the decision that lets it go; `outbound` counts them.
"""

from datetime import datetime

import sqlalchemy as sa

from app.marketing import outbound, outbound_reads
from app.marketing.models import SubscriptionGrantRow
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import Forbidden, InvalidInput

MOST_AT_ONCE = 3
"""What one answer to the mini-program's question can carry."""
MOST_LEFT = 20


async def grant(session: BrandSession, actor: Actor, *, messages: int, now: datetime) -> None:
    """The customer subscribes to so many more messages: 1 to 3 at once, at most 20 that have not come yet.

    Raises: Forbidden, InvalidInput.
    """
    if not actor.is_customer or actor.customer_id is None:
        raise Forbidden
    if not 1 <= messages <= MOST_AT_ONCE:
        raise InvalidInput("number_range", path=("messages",), least=1, most=MOST_AT_ONCE)
    # The head orders this with the decisions that use subscriptions up, and with other grants.
    await outbound.lock(session, actor.customer_id)
    if await outbound_reads.subscriptions_left(session, actor.customer_id) + messages > MOST_LEFT:
        raise InvalidInput("subscriptions_enough", path=("messages",), most=MOST_LEFT)
    await session.execute(
        sa.insert(SubscriptionGrantRow).values(
            brand_id=session.brand_id,
            id=session.new_id(),
            customer_id=actor.customer_id,
            messages=messages,
            granted_at=now,
        )
    )
