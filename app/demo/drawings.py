"""The demo's withdrawals: of the guides with the most to draw one is paid, one waits for finance, one is sent back."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from app.commission import reads, withdrawals
from app.commission.values import Decision
from app.demo.brand_setup import Setup
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession
from app.platform.settings import load_settings

ASKED, DECIDED = timedelta(hours=21, minutes=50), timedelta(hours=22, minutes=20)
"""Times of the brand's day, before it is closed: then the relay pays what was approved."""
_STORIES = (("paid", 100), ("waiting", 60), ("rejected", 100))
"""What becomes of each request, and how much of the payable commission it is for, in percent."""
_COMMENT = "本月已有退款申请待处理，请待售后完结后再提现。"


async def ask(session: BrandSession, setup: Setup) -> dict[str, Any]:
    """The requests; gives the withdrawals by what becomes of them. Where nobody has anything to draw there are none."""
    found = await reads.balances(session, [guide.employee_id for guide in setup.guides])
    richest = sorted(found, key=lambda guide_id: (-found[guide_id].payable_minor, guide_id))
    least = load_settings().withdrawal_minimum_minor
    made: dict[str, Any] = {}
    for guide_id, (story, percent) in zip(richest, _STORIES, strict=False):
        amount_minor = found[guide_id].payable_minor * percent // 100
        if amount_minor >= least:
            guide = Actor(kind=ActorKind.EMPLOYEE, employee_id=guide_id, role="GUIDE")
            made[story] = await withdrawals.request(session, guide, amount_minor=amount_minor, now=session.now)
    return made


async def decide(session: BrandSession, setup: Setup, asked: dict[str, Any]) -> dict[str, Any]:
    """Headquarters' finance approves one and sends one back with a comment; the third is left to whoever looks."""
    finance = Actor(
        kind=ActorKind.EMPLOYEE,
        employee_id=setup.service_id,
        role="HEADQUARTERS",
        functions=frozenset({"FINANCE"}),
    )
    for story, decision, comment in (("paid", Decision.APPROVE, None), ("rejected", Decision.REJECT, _COMMENT)):
        if story in asked:
            await withdrawals.decide(
                session,
                finance,
                withdrawal_id=UUID(str(asked[story])),
                decision=decision,
                comment=comment,
                now=session.now,
            )
    return {}
