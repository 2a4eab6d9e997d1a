"""Visits: somebody opens a guide's shop in a browser."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.customers import bindings, policies, touchpoints, visitors
from app.customers.values import BindingCandidate, Channel, TouchpointKind
from app.platform.db import BrandSession
from app.products.reads import ShopFacts


@dataclass(frozen=True, slots=True)
class Visit:
    """Who visits, the token by which the browser is known again, and the touchpoint (a repeat's is the first one's)."""

    visitor_id: UUID
    visitor_token: str
    touchpoint_id: UUID


async def open_shop(
    session: BrandSession,
    *,
    shop: ShopFacts,
    visitor_token: str | None,
    channel: Channel = Channel.LINK,
    now: datetime,
) -> Visit:
    """Record that a visitor opened a shop, once in 30 minutes; a visitor who is not known is made.

    Where the visitor was joined to a customer of this guide, and the policy renews on visits, the binding is renewed.
    Nobody is bound by a visit.
    """
    visitor, token = await visitors.find(session, visitor_token), visitor_token
    if visitor is None or token is None:
        made = await visitors.create(session, now=now)
        visitor, token = visitors.Visitor(made.visitor_id, None), made.token
    touch = await touchpoints.record(
        session,
        visitor_id=visitor.visitor_id,
        customer_id=None,
        known_as=visitor.customer_id,
        guide_id=shop.employee_id,
        store_id=shop.store_id,
        shop_id=shop.shop_id,
        code_id=None,
        kind=TouchpointKind.OPEN,
        channel=channel,
        now=now,
    )
    if touch.is_new and visitor.customer_id is not None:
        await bindings.on_touch(
            session,
            customer_id=visitor.customer_id,
            candidate=BindingCandidate(
                guide_id=shop.employee_id,
                store_id=shop.store_id,
                touchpoint_id=touch.touchpoint_id,
                guide_is_active=shop.guide_is_active,
            ),
            is_signed_in=False,
            is_visit=True,
            policy=await policies.current_policy(session),
            now=now,
        )
    return Visit(visitor.visitor_id, token, touch.touchpoint_id)
