"""Coupons in a story of two brands: made, claimed, given, handed on, held by an order, used and given back."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from app.marketing import (
    care_reads,
    care_tasks,
    coupon_care,
    coupon_figures,
    coupon_notices,
    coupon_orders,
    coupon_reads,
    coupon_transfers,
    coupons,
    outbound_reads,
    subscriptions,
)
from app.marketing import coupon_templates as templates
from app.marketing.codes import create_code
from app.marketing.coupon_figures import CouponFiguresBy
from app.marketing.events import CouponClaimed, CouponGiven, CouponUnused
from app.marketing.values import CodeKind, CouponKind, CouponTerms
from app.platform.db import BrandSession
from app.platform.runtime import Runtime
from app.products import reads as products
from app.trade import basket, orders, refunds
from app.trade.basket import Address
from app.trade.models import RefundRow
from app.trade.payments import start
from app.trade.values import AfterSaleKind, LineRequest, ProviderName
from tests import factories
from tests.flows import twin_returns
from tests.marketing import couponing

if TYPE_CHECKING:
    from tests.flows.twins import Tale


async def make(session: BrandSession, tale: "Tale", **more: Any) -> UUID:
    given: dict[str, Any] = {
        "title": f"{tale.mark}礼券",
        "terms": CouponTerms(CouponKind.AMOUNT, tale.price_minor // 10, None, 1, frozenset({tale.ids["product"]})),
        "quantity": tale.price_minor,
        "per_person": 900,
        "claim_from": session.now - timedelta(days=1),
        "claim_until": session.now + timedelta(days=9),
        "valid_days": 3,
    }
    return await templates.create(session, tale.owner, now=session.now, **{**given, **more})


async def hand_out(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """The customer claims by the guide's code, and has a gift; the member hands one on; an order holds one."""
    now, ids, tokens = session.now, tale.ids, tale.tokens
    guide = tale.employee("guide")
    ids["template"] = await make(session, tale)
    code = await create_code(session, guide, kind=CodeKind.CAMPAIGN, target_id=ids["template"], now=now)
    tokens["coupon_code"] = code.token
    for name in ("coupon", "held_coupon"):
        ids[name] = await claim(session, tale, "customer", code_token=code.token)
    ids["given_coupon"] = await coupons.give(
        session, guide, template_id=ids["template"], customer_id=ids["customer"], now=now
    )
    ids["handed_on"] = await claim(session, tale, "member")
    await hand_on(session, tale, ids["handed_on"])
    ids["task"] = await couponing.make_task(session, ids["coupon"], ids["customer"])
    await subscriptions.grant(session, tale.customer(), messages=tale.price_minor % 3 + 1, now=now)
    ids["with_coupon"] = await place(session, tale, ids["held_coupon"])


async def claim(session: BrandSession, tale: "Tale", who: str, template: str = "template", **more: Any) -> UUID:
    return await coupons.claim(session, tale.customer(who), template_id=tale.ids[template], now=session.now, **more)


async def hand_on(session: BrandSession, tale: "Tale", coupon_id: UUID) -> None:
    """From the member to the customer."""
    offered = await coupon_transfers.offer(session, tale.customer("member"), coupon_id=coupon_id, now=session.now)
    token = coupon_transfers.token_of(session.vault, session.brand_id, offered)
    tale.tokens["coupon_offer"] = token
    await coupon_transfers.take(session, tale.customer(), token=token, now=session.now)


async def place(session: BrandSession, tale: "Tale", coupon_id: UUID) -> UUID:
    shop = await products.shop_facts(session, tale.ids["shop_of_guide"])
    assert shop is not None
    return await orders.place(
        session,
        tale.customer(),
        shop=shop,
        lines=[LineRequest(tale.ids["sku_of_product"], 1)],
        address=Address(**factories.ADDRESS),
        coupon_ids=[coupon_id],
        now=session.now,
    )


async def goods(s: BrandSession, t: "Tale") -> Any:
    shop = await products.shop_facts(s, t.ids["shop_of_guide"])
    assert shop is not None
    return await basket.known_goods(s, [LineRequest(t.ids["sku_of_product"], 2)], branch=shop.branch)


async def taken_off(s: BrandSession, t: "Tale") -> Any:
    return await coupon_orders.reductions(
        s,
        customer_id=t.ids["customer"],
        coupon_ids=[t.ids["coupon"]],
        goods=await goods(s, t),
        is_locked=True,
    )


READS: dict[str, Callable[[BrandSession, "Tale"], Awaitable[Any]]] = {
    "coupon templates": lambda s, t: coupon_reads.template_page(s, is_claimable=False, limit=50),
    "coupon templates to claim": lambda s, t: coupon_reads.template_page(s, is_claimable=True, limit=50),
    "coupon templates by id": lambda s, t: coupon_reads.templates_by_id(s, [t.ids["template"]]),
    "coupons by id": lambda s, t: coupon_reads.coupons_by_id(s, [t.ids["coupon"], t.ids["handed_on"]]),
    "coupon that a customer sees": lambda s, t: coupon_reads.coupon_for(s, t.customer(), t.ids["coupon"]),
    "coupons of a customer": lambda s, t: coupon_reads.coupons_of_customer(s, t.ids["customer"], limit=50),
    "number of coupons": lambda s, t: coupon_reads.count_of_customer(s, t.ids["member"]),
    "coupons of templates": lambda s, t: coupon_reads.taken_by(s, t.ids["customer"], [t.ids["template"]]),
    "guide of a coupon": lambda s, t: coupons.guide_of(s, t.ids["coupon"]),
    "used coupons": lambda s, t: coupon_reads.used_counts(s, [t.ids["template"]]),
    "subscriptions": lambda s, t: outbound_reads.subscriptions_left(s, t.ids["customer"]),
    "care tasks": lambda s, t: care_reads.task_page(
        s, t.employee("guide"), state=None, base_url="https://shop", limit=50
    ),
    "care tasks by id": lambda s, t: care_reads.tasks_by_id(s, t.owner, [t.ids["task"]], base_url="https://shop"),
    "offer of a coupon": lambda s, t: coupon_transfers.offered(s, t.ids["handed_on"]),
    "what is offered": lambda s, t: coupon_transfers.look(s, t.tokens["coupon_offer"]),
    "goods for coupons": goods,
    "what a coupon takes off": taken_off,
    **{
        f"coupons by {by}": lambda s, t, by=by: coupon_figures.figures(  # type: ignore[misc]
            s, t.owner, template_id=t.ids["template"], by=by
        )
        for by in CouponFiguresBy
    },
}


async def judged(s: BrandSession, t: "Tale") -> Any:
    return await coupon_orders.judge(s, customer_id=t.ids["customer"], goods=await goods(s, t))


READS["usable coupons"] = judged


async def go_round(runtime: Runtime, tale: "Tale") -> None:
    """Everything that is done with coupons, once more."""
    async with runtime.database.transaction(tale.brand) as session:
        tale.ids["more_template"] = await make(session, tale, title="新券", valid_days=1)
        one, two, back, handed = [
            await claim(session, tale, who, "more_template") for who in ("customer", "customer", "customer", "member")
        ]
        await hand_on(session, tale, handed)
        given = await coupons.give(
            session,
            tale.employee("guide"),
            template_id=tale.ids["more_template"],
            customer_id=tale.ids["customer"],
            now=session.now,
        )
        await claim(session, tale, "customer", "more_template")
        await coupons.revoke(session, tale.owner, coupon_id=one, now=session.now)
        given_up = await place(session, tale, two)
        await orders.cancel(session, tale.customer(), order_id=given_up, now=session.now)
        await refund_whole(session, tale, await place(session, tale, back))
        await templates.revoke(session, tale.owner, template_id=tale.ids["more_template"], now=session.now)
        task = await couponing.make_task(session, handed, tale.ids["member"])
        await care_tasks.close(session, tale.owner, task_id=task, is_done=True, note=tale.mark, now=session.now)
        await couponing.make_task(session, one, tale.ids["customer"])
        await subscriptions.grant(session, tale.customer(), messages=1, now=session.now)
        for told, tell in (
            (CouponGiven(given), coupon_notices.tell_given),
            (CouponClaimed(handed), coupon_notices.tell_taken),
            (CouponUnused(two), coupon_notices.tell_unused),
        ):
            await tell(session, told, session.new_id())
        assert await care_tasks.lapse(session) == 1
    assert await coupon_care.look_after(runtime, tale.brand) >= 1


async def refund_whole(session: BrandSession, tale: "Tale", order_id: UUID) -> None:
    """Paid, and every piece refunded: the coupon comes back."""
    payment_id = await start(
        session, tale.customer(), order_id=order_id, provider=ProviderName.SANDBOX, now=session.now
    )
    await twin_returns.book(session, payment_id)
    tale.ids["refunded"] = order_id
    after_sale_id = await twin_returns.ask(session, tale, "refunded", AfterSaleKind.REFUND_ONLY)
    await twin_returns.decide(session, tale, after_sale_id)
    refund_id = await session.scalar(
        sa.select(RefundRow.id).where(RefundRow.brand_id == session.brand_id, RefundRow.after_sale_id == after_sale_id)
    )
    assert refund_id is not None
    await refunds.book_success(session, refund_id=refund_id, now=session.now)
