"""The demo's shelves: sections and words of the first guides, a pin and a ban of headquarters, a coupon redeemed."""

from typing import Any, Final
from uuid import UUID

from app.customers import reads as customers
from app.demo.brand_setup import DemoGuide, Setup
from app.employees import reads as employees
from app.marketing import coupon_reads, coupons
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.db import BrandSession
from app.platform.errors import CouponUnavailable
from app.products import pins_and_bans, reads, shelf, shelf_reads, shelf_sections, stock
from app.products.values import ShelfChange, ShelfRuleKind
from app.trade import redemptions

GUIDES: Final = 3
SECTIONS: Final = ("本周新品", "我的推荐")
IN_A_SECTION: Final = 4
WORDS: Final = (
    "我家沙发上就是这条，猫也爱。",
    "洗了二十多次，没起球。",
    "料子比照片上还软，来店里摸摸。",
    "搬新家的朋友，我都送这个。",
)
_GIFT: Final = 2
"""The template of a piece for nothing, which guides give by hand."""


async def arrange(session: BrandSession, *, setup: Setup) -> dict[str, Any]:
    """The first guides sort their shelves and say something; headquarters pins one product and forbids another."""
    for guide in setup.guides[:GUIDES]:
        await _arrange_one(session, await _actor(session, guide), guide.shop_id)
    newest = await reads.product_page(session, limit=3)
    await pins_and_bans.decide(
        session, SYSTEM, kind=ShelfRuleKind.PIN, product_id=newest[0].product_id, position=1, now=session.now
    )
    await pins_and_bans.decide(
        session,
        SYSTEM,
        kind=ShelfRuleKind.FORBID,
        product_id=newest[2].product_id,
        org_unit_id=setup.branch_id,
        reason="这一批染色待复检，暂停销售",
        now=session.now,
    )
    return {}


async def redeem(session: BrandSession, *, setup: Setup) -> dict[str, Any]:
    """A customer comes by with a coupon that a guide gave, and takes a piece home."""
    for guide in setup.guides:
        actor = await _actor(session, guide)
        for customer in await customers.guide_customers(session, guide_id=guide.employee_id, limit=3):
            if await _redeem_for(session, actor, customer.customer_id, setup):
                return {"guide": str(guide.employee_id)}
    return {}


async def _redeem_for(session: BrandSession, actor: Actor, customer_id: UUID, setup: Setup) -> bool:
    template_id, now = setup.template_ids[_GIFT], session.now
    buyer = Actor(kind=ActorKind.CUSTOMER, customer_id=customer_id)
    try:
        await coupons.give(session, actor, template_id=template_id, customer_id=customer_id, now=now)
        coupon_id = await coupons.claim(session, buyer, template_id=template_id, now=now)
    except CouponUnavailable:
        return False
    sku_id = setup.skus[0][0]
    await stock.adjust(
        session, SYSTEM, sku_id=sku_id, change=3, reason="兑换礼到店", location_id=actor.store_id, now=now
    )
    code = (await coupon_reads.coupons_by_id(session, [coupon_id]))[coupon_id].code
    done = await redemptions.redeem(session, actor, code=code, sku_id=sku_id, now=now)
    return isinstance(done, redemptions.Redeemed)


async def _arrange_one(session: BrandSession, actor: Actor, shop_id: UUID) -> None:
    page = await shelf_reads.shelf_page(
        session, shop_id=shop_id, branch=actor.branch, limit=IN_A_SECTION * len(SECTIONS) + 1, has_count=False
    )
    products = [item.product.product_id for item in page.items if not item.is_featured]
    for at, name in enumerate(SECTIONS):
        section_id = await shelf_sections.save(session, actor, name=name, now=session.now)
        for number, product_id in enumerate(products[at * IN_A_SECTION : (at + 1) * IN_A_SECTION]):
            said = ShelfChange(section_id=section_id, words=WORDS[number % len(WORDS)] if at else None)
            await shelf.change_item(
                session, actor, shop_id=shop_id, product_id=product_id, change=said, now=session.now
            )


async def _actor(session: BrandSession, guide: DemoGuide) -> Actor:
    facts = (await employees.employees_by_id(session, [guide.employee_id]))[guide.employee_id]
    return Actor(
        kind=ActorKind.EMPLOYEE,
        employee_id=guide.employee_id,
        role="GUIDE",
        branch=facts.branch,
        store_id=None if facts.store is None else facts.store.id,
        shop_id=guide.shop_id,
    )
