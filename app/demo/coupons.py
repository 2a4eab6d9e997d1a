"""The demo's coupons: three templates of headquarters, claimed by newcomers and used when they help."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from app.demo.month import DAYS, Visit
from app.marketing import coupon_orders, coupon_templates, coupons
from app.marketing.values import CouponKind, CouponTerms, Reduction
from app.platform.actor import SYSTEM, Actor
from app.platform.db import BrandSession
from app.trade import basket
from app.trade.values import LineRequest

CARE_SCRIPT: Final = "{customer}您好，我是{store}的{guide}。您的券快到期了，喜欢的款我先给您留着：{link}"


async def make(session: BrandSession, first_product_id: UUID) -> dict[str, Any]:
    """Money off, a percentage with a bound, and a piece for nothing; the last one by a guide's code or hand."""
    everything: frozenset[UUID] = frozenset()
    wanted = (
        ("满 300 减 30", CouponTerms(CouponKind.AMOUNT, 3_000, None, 30_000, everything), 500, True),
        ("新客 88 折", CouponTerms(CouponKind.PERCENT, 5_000, 1_200, 0, everything), 200, True),
        ("到店兑换礼", CouponTerms(CouponKind.EXCHANGE, None, None, 0, frozenset({first_product_id})), 50, False),
    )
    return {
        "ids": [
            str(
                await coupon_templates.create(
                    session,
                    SYSTEM,
                    title=title,
                    terms=terms,
                    quantity=quantity,
                    per_person=2,
                    claim_from=session.now,
                    claim_until=session.now + timedelta(days=DAYS + 30),
                    valid_days=DAYS,
                    is_listed=is_listed,
                    care_script=CARE_SCRIPT,
                    now=session.now,
                )
            )
            for title, terms, quantity, is_listed in wanted
        ]
    }


def is_claimed(visit: Visit) -> bool:
    """Whether the visitor claims a coupon on this visit."""
    return visit.is_first and visit.takes_marketing


async def claim(session: BrandSession, customer: Actor, template_ids: Sequence[UUID], visit: Visit) -> dict[str, Any]:
    """One of the two that anybody can have."""
    template_id = template_ids[visit.number % 2]
    return {"coupon_id": await coupons.claim(session, customer, template_id=template_id, now=session.now)}


async def best_for(session: BrandSession, customer: Actor, lines: Sequence[LineRequest], *, branch: str) -> list[UUID]:
    """The customer's coupon that takes most off these lines, if any does."""
    if customer.customer_id is None:
        return []
    goods = await basket.known_goods(session, lines, branch=branch)
    judged = await coupon_orders.judge(session, customer_id=customer.customer_id, goods=goods)
    helpful = [found for _, found in judged if isinstance(found, Reduction)]
    return [max(helpful, key=lambda found: found.amount_minor).coupon_id] if helpful else []
