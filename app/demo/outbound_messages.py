"""Messages of the demo's last day, by the guides who serve: one sent, one beyond the budget, one without consent, and
one of the late evening, which waits for the morning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from app.customers import reads as customers
from app.demo.brand_setup import DemoGuide
from app.marketing import outbound, outbound_reads, outbound_sending
from app.marketing.values import OutboundChannel, OutboundKind
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession

_LOOKED_AT: Final = 20


@dataclass(frozen=True, slots=True)
class Story:
    """A message at a time of the last day, to a customer who has agreed to messages, or has not."""

    name: str
    at: timedelta
    channel: OutboundChannel
    kind: OutboundKind
    text: str
    is_agreed: bool = True
    is_carried: bool = False


STORIES: Final = (
    Story(
        "sent",
        timedelta(hours=11),
        OutboundChannel.SMS,
        OutboundKind.CARE,
        "您上次看中的羊绒围巾到了新颜色，给您留了一条。",
        is_carried=True,
    ),
    Story("refused-budget", timedelta(hours=15), OutboundChannel.SMS, OutboundKind.SHARE, "本周新品上架，来看看。"),
    Story(
        "refused-consent",
        timedelta(hours=16),
        OutboundChannel.WECOM,
        OutboundKind.COUPON,
        "送您一张新客券。",
        is_agreed=False,
    ),
    Story("waiting", timedelta(hours=22, minutes=30), OutboundChannel.WECOM, OutboundKind.CARE, "明天降温，记得加衣。"),
)


async def tell(session: BrandSession, *, guides: Sequence[DemoGuide], story: Story) -> dict[str, Any]:
    """Tell one story in one transaction; gives the message's id, or nothing where there is no customer for it.

    What was carried long ago is only booked: the sandbox's file tells of today.
    """
    found = await _served(session, guides, is_agreed=story.is_agreed)
    if found is None:
        return {}
    guide_id, customer_id = found
    made = await outbound.request(
        session,
        Actor(kind=ActorKind.EMPLOYEE, employee_id=guide_id, role="GUIDE"),
        customer_id=customer_id,
        channel=story.channel,
        kind=story.kind,
        text=story.text,
        now=session.now,
    )
    if story.is_carried and await outbound_sending.begin(session, made.message_id) is not None:
        await outbound_sending.mark_sent(session, made.message_id)
    return {"message_id": made.message_id}


async def _served(session: BrandSession, guides: Sequence[DemoGuide], *, is_agreed: bool) -> tuple[UUID, UUID] | None:
    """The first guide with such a customer who was bound before now: both ids."""
    for guide in guides:
        for facts in await customers.guide_customers(session, guide_id=guide.employee_id, limit=_LOOKED_AT):
            is_known = facts.binding is not None and facts.binding.bound_at < session.now
            if is_known and await outbound_reads.has_consent(session, facts.customer_id) is is_agreed:
                return guide.employee_id, facts.customer_id
    return None
