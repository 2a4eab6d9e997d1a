"""How the twins' stories go on once commission is payable."""

from typing import TYPE_CHECKING

from app.boss import rollups
from app.commission import withdrawals
from app.commission.values import Decision
from app.platform.db import BrandSession
from app.platform.runtime import Runtime

if TYPE_CHECKING:
    from tests.flows.twins import Tale


async def withdraw(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """The guide asks three times: one is paid, one is rejected, one waits."""
    now, ids = session.now, tale.ids
    guide = tale.employee("guide")
    for name, amount_minor in (("withdrawal", 300), ("rejected_withdrawal", 150), ("open_withdrawal", 200)):
        ids[name] = await withdrawals.request(session, guide, amount_minor=amount_minor, now=now)
    for name, decision in (("withdrawal", Decision.APPROVE), ("rejected_withdrawal", Decision.REJECT)):
        await withdrawals.decide(
            session, tale.owner, withdrawal_id=ids[name], decision=decision, comment=f"{tale.mark}意见", now=now
        )
    await withdrawals.begin_sending(session, withdrawal_id=ids["withdrawal"], accept_by=now, after_tries=0, now=now)
    await withdrawals.book_paid(session, withdrawal_id=ids["withdrawal"], transaction_id="T", now=now)


async def roll_up(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """What the boss reads is made of all that was; the events of it still wait."""
    made = await rollups.rebuild(session)
    assert all(made.values()), made
