"""What mutations over shelves and at the counter are sent, for the table of mutations: inputs that may be sent."""

from typing import Any

from app.marketing import coupon_reads, coupons
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.products import pins_and_bans, shelf, shelf_reads, shelf_sections
from app.products.values import ShelfChange, ShelfRuleKind
from graphql_schema.paging import decode_global_id, encode_global_id
from tests.factories import key, next_number
from tests.graphql.stage import Stage
from tests.marketing import couponing
from tests.trade import purchase

Input = dict[str, Any]


def _guide(stage: Stage) -> Actor:
    shop_id, _ = decode_global_id(stage.ids["item"]).uuids
    return Actor(kind=ActorKind.EMPLOYEE, employee_id=stage.people["guide"], role="GUIDE", shop_id=shop_id)


async def section(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key(), "name": f"区{next_number()}"}


async def section_to_delete(stage: Stage, caller: str) -> Input:
    """A section of the guide's; where there are many, one that is there."""
    async with stage.runtime.database.transaction(stage.brand) as session:
        shop_id = _guide(stage).shop_id
        assert shop_id is not None
        there = await shelf_reads.sections_of_shop(session, shop_id)
        if there:
            made = there[0].section_id
        else:
            made = await shelf_sections.save(session, _guide(stage), name=f"区{next_number()}", now=session.now)
    return {"idempotencyKey": key(), "sectionId": encode_global_id("ShelfSection", made)}


async def words(stage: Stage, caller: str) -> Input:
    """What the guide says of the item now."""
    shop_id, product_id = decode_global_id(stage.ids["item"]).uuids
    async with stage.runtime.database.transaction(stage.brand) as session:
        change = ShelfChange(words=f"第{next_number()}句")
        await shelf.change_item(
            session, _guide(stage), shop_id=shop_id, product_id=product_id, change=change, now=session.now
        )
    return {"idempotencyKey": key(), "shelfItemId": stage.ids["item"], "reason": "夸大"}


async def rule(stage: Stage, caller: str) -> Input:
    named = {"productId": stage.ids["withdrawn"], "orgUnitId": stage.ids["west"]}
    return {"idempotencyKey": key(), "kind": "PIN", **named}


async def rule_to_end(stage: Stage, caller: str) -> Input:
    async with stage.runtime.database.transaction(stage.brand) as session:
        rule_id = await pins_and_bans.decide(
            session, SYSTEM, kind=ShelfRuleKind.PIN, product_id=stage.uuid("withdrawn"), now=session.now
        )
    return {"idempotencyKey": key(), "ruleId": encode_global_id("ShelfRule", rule_id)}


async def coupon(stage: Stage, caller: str) -> Input:
    """A coupon of this attempt's own, shown in the east store."""
    async with stage.runtime.database.transaction(stage.brand) as session:
        template_id = await couponing.make_template(session)
        buyer = purchase.customer_actor(stage.people["customer"])
        coupon_id = await coupons.claim(session, buyer, template_id=template_id, now=session.now)
        code = (await coupon_reads.coupons_by_id(session, [coupon_id]))[coupon_id].code
    return {"idempotencyKey": key(), "code": code, "spendMinor": 9_000, "storeId": stage.ids["east_store"]}
