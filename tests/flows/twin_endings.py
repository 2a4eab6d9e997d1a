"""How the twins' stories go on once an order is paid."""

from typing import TYPE_CHECKING

import sqlalchemy as sa

from app.boss import rollups
from app.commission import holds, reversals
from app.commission.models import LineHoldRow
from app.platform.db import BrandSession
from app.platform.runtime import Runtime
from app.trade import reads as trade

if TYPE_CHECKING:
    from tests.flows.twins import Tale


async def release(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """The goods of the paid order are with the customer, a little was refunded, and its days of hold are over."""
    now, ids = session.now, tale.ids
    [line, *_] = (await trade.lines_of_orders(session, [ids["paid"]]))[ids["paid"]]
    ids["after_sale"] = session.new_id()
    await reversals.reverse(
        session, sale_id=ids["paid"], line_id=line.id, after_sale_id=ids["after_sale"], refund_minor=1_000, now=now
    )
    await session.execute(sa.update(LineHoldRow).where(LineHoldRow.brand_id == session.brand_id).values(due_at=now))
    assert await holds.release(session) >= 1


async def roll_up(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """What the boss reads is made of all that was; the events of it still wait."""
    made = await rollups.rebuild(session)
    assert all(made.values()), made
