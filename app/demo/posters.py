"""The demo's posters: the first guides each have one of every template, for the product that they put first."""

from typing import Any

from app.demo.brand_setup import Setup
from app.marketing import poster_reads, posters
from app.marketing.posters import Studio
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession
from app.products import reads, shelf_reads

GUIDES = 4


async def ask(session: BrandSession, *, setup: Setup, studio: Studio) -> dict[str, Any]:
    """Ask for the posters; whoever loads the demo has them drawn."""
    templates = await poster_reads.template_page(session, limit=10)
    for guide in setup.guides[:GUIDES]:
        actor = Actor(kind=ActorKind.EMPLOYEE, employee_id=guide.employee_id, role="GUIDE", shop_id=guide.shop_id)
        shop = await reads.shop_facts(session, guide.shop_id)
        page = await shelf_reads.shelf_page(
            session, shop_id=guide.shop_id, branch="" if shop is None else shop.branch, limit=1, has_count=False
        )
        for template in templates:
            await posters.request(
                session,
                actor,
                template_id=template.template_id,
                product_id=page.items[0].product.product_id if template.needs_product else None,
                studio=studio,
                due_at=session.now,
                now=session.now,
            )
    return {}
