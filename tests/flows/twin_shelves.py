"""Shelves with sections and words, what headquarters decides for them, and the counter, in a story of two brands."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from app.marketing import coupon_reads, coupon_redemptions
from app.marketing.values import CouponKind, CouponTerms
from app.platform import storage
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput
from app.platform.runtime import Runtime
from app.products import pins_and_bans, shelf, shelf_reads, shelf_sections
from app.products.values import ShelfChange, ShelfRuleKind, ShelfStep
from app.trade import pickups, redemptions
from tests import factories
from tests.flows import twin_catalogue, twin_coupons, twin_goods

if TYPE_CHECKING:
    from tests.flows.twins import Tale


async def arrange(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """The guide has a section with a product of which something is said; one is pinned, and one forbidden."""
    ids, mark, now = tale.ids, tale.mark, session.now
    ids["section"] = await shelf_sections.save(session, tale.employee("guide"), name=f"{mark}区", now=now)
    picture = storage.media_url(twin_catalogue.KEY)
    change = ShelfChange(section_id=ids["section"], words=f"{mark}好用", picture_urls=(picture,))
    await shelf.change_item(
        session, tale.employee("guide"), shop_id=ids["shop_of_guide"], product_id=ids["product"], change=change, now=now
    )
    for name, kind, product, unit in (
        ("pin", ShelfRuleKind.PIN, "product", ids["area"]),
        ("ban", ShelfRuleKind.FORBID, "withdrawn", None),
    ):
        ids[name] = await pins_and_bans.decide(
            session, tale.owner, kind=kind, product_id=ids[product], org_unit_id=unit, reason=f"{mark}定", now=now
        )
    terms = CouponTerms(CouponKind.EXCHANGE, None, None, 0, frozenset({ids["other_product"]}))
    ids["exchange"] = await twin_coupons.make(session, tale, terms=terms)
    ids["redeemed"] = await twin_coupons.claim(session, tale, "member", "exchange")
    ids["to_redeem"] = await twin_coupons.claim(session, tale, "member", "exchange")
    await redemptions.redeem(
        session, tale.employee("guide"), code=await code_of(session, tale, "redeemed"), receipt=f"{mark}票", now=now
    )


async def code_of(session: BrandSession, tale: "Tale", name: str) -> str:
    return (await coupon_reads.coupons_by_id(session, [tale.ids[name]]))[tale.ids[name]].code


async def coupon_at_counter(s: BrandSession, t: "Tale") -> Any:
    return await coupon_redemptions.by_code(s, await code_of(s, t, "to_redeem"))


def branch_of(t: "Tale") -> str:
    return f"/{t.ids['root'].hex}/{t.ids['area'].hex}/"


READS: dict[str, Callable[[BrandSession, "Tale"], Awaitable[Any]]] = {
    "sections": lambda s, t: shelf_reads.sections_of_shop(s, t.ids["shop_of_guide"]),
    "sections with products": lambda s, t: shelf_reads.strips(s, shop_id=t.ids["shop_of_guide"], branch="", limit=4),
    "shelf of a section": lambda s, t: shelf_reads.shelf_page(
        s, shop_id=t.ids["shop_of_guide"], branch="", limit=9, section_id=t.ids["section"]
    ),
    "shelf outside sections": lambda s, t: shelf_reads.shelf_page(
        s, shop_id=t.ids["shop_of_guide"], branch="", limit=9, is_outside=True
    ),
    "what guides say": lambda s, t: shelf_reads.said_page(s, limit=9),
    "pictures that guides show": lambda s, t: shelf.named_media(s, [twin_catalogue.KEY, "x/y.png"]),
    "rules of shelves": lambda s, t: pins_and_bans.page(s, limit=9),
    "number of rules of shelves": lambda s, t: pins_and_bans.count(s),
    "rules of shelves by id": lambda s, t: pins_and_bans.rules_by_id(s, [t.ids["pin"], t.ids["ban"]]),
    "rules in force": lambda s, t: pins_and_bans.in_force(s, branch=branch_of(t)),
    "shelf with pins": lambda s, t: shelf_reads.shelf_page(
        s, shop_id=t.ids["shop_of_guide"], branch=branch_of(t), limit=1
    ),
    "coupon at the counter": coupon_at_counter,
}


async def change(runtime: Runtime, tale: "Tale") -> None:
    """Everything that is done with shelves and at the counter, once more; a code of the other brand is none."""
    guide, ids = tale.employee("guide"), tale.ids
    async with runtime.database.transaction(tale.brand) as session:
        now, number = session.now, factories.next_number()
        where: Any = {"shop_id": ids["shop_of_guide"], "now": now}
        section_id = await shelf_sections.save(session, guide, name=f"区{number}", position=1, now=now)
        for name in ("product", "other_product"):
            said = ShelfChange(section_id=section_id, words=f"第{number}句")
            await shelf.change_item(session, guide, product_id=ids[name], change=said, **where)
        await shelf.move_item(session, guide, product_id=ids["other_product"], step=ShelfStep.FIRST, **where)
        await shelf.take_down(session, tale.owner, product_id=ids["product"], reason=f"第{number}次", **where)
        await shelf_sections.delete(session, guide, section_id=section_id)
        rule_id = await pins_and_bans.decide(
            session, tale.owner, kind=ShelfRuleKind.NO_WORDS, reason="整改", org_unit_id=ids["area"], now=now
        )
        await pins_and_bans.end(session, tale.owner, rule_id=rule_id, now=now)
        await factories.fill(session, ids["store"], ids["sku_of_other_product"], pieces=5)
        coupon_id = await twin_coupons.claim(session, tale, "member", "exchange")
        ids["once_more"] = coupon_id
        code = await code_of(session, tale, "once_more")
        assert isinstance(await redemptions.look(session, guide, code=code), redemptions.Redeemable)
        assert isinstance(await redemptions.redeem(session, guide, code=code, now=now), redemptions.Redeemed)
        assert isinstance(await redemptions.look(session, guide, code="0" * 16), InvalidInput)
    async with runtime.database.transaction(tale.brand) as session:
        order_id = await twin_goods.buy_one(session, tale, "store")
        await pickups.make_ready(session, tale.owner, order_id=order_id, now=session.now)
        code = pickups.code_for(session.vault, session.brand_id, order_id)
        assert isinstance(await redemptions.redeem(session, guide, code=code, now=session.now), redemptions.Redeemed)
