"""What mutations over coupons, the toolbox and posters are sent, for the table of mutations."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from app.marketing import coupon_transfers, coupons, poster_layouts
from graphql_schema.paging import decode_global_id, encode_global_id
from tests.factories import key, make_customer, next_number
from tests.graphql.stage import Stage
from tests.marketing import couponing
from tests.trade import purchase

Input = dict[str, Any]


async def code_of_material(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key(), "kind": "MATERIAL", "targetId": stage.ids["material_of_east"]}


async def material(stage: Stage, caller: str) -> Input:
    more = {"productIds": [stage.ids["product"]], "audience": {"orgUnitIds": [stage.ids["east"]]}}
    return {"idempotencyKey": key(), "kind": "CASE", "title": "案例", **more}


async def material_change(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key(), "materialId": stage.ids["material"], "body": f"第{next_number()}版"}


async def material_to_withdraw(stage: Stage, caller: str) -> Input:
    made = await stage.as_("owner").do("MaterialCreate", idempotencyKey=key(), kind="NEWS", title="旧闻")
    return {"idempotencyKey": key(), "materialId": made["material"]["id"]}


def share(material: str, **more: str) -> Callable[[Stage, str], Awaitable[Input]]:
    async def make(stage: Stage, caller: str) -> Input:
        given = {name: stage.ids[value] for name, value in more.items()}
        return {"idempotencyKey": key(), "materialId": stage.ids[material], "channel": "LINK", **given}

    return make


async def template(stage: Stage, caller: str) -> Input:
    now = datetime.now(UTC)
    return {
        "idempotencyKey": key(),
        "title": "礼券",
        "kind": "AMOUNT",
        "amountMinor": 100,
        "quantity": 10,
        "perPerson": 1,
        "claimFrom": now.isoformat(),
        "claimUntil": (now + timedelta(days=1)).isoformat(),
        "validDays": 1,
    }


async def own_template(stage: Stage, *, holder: str = "") -> tuple[str, str]:
    """A template of this attempt's own, and a coupon of it that somebody has claimed; global ids."""
    coupon = ""
    async with stage.runtime.database.transaction(stage.brand) as session:
        template_id = await couponing.make_template(session)
        if holder:
            buyer = purchase.customer_actor(stage.people[holder])
            claimed = await coupons.claim(session, buyer, template_id=template_id, now=session.now)
            coupon = encode_global_id("Coupon", claimed)
    return encode_global_id("CouponTemplate", template_id), coupon


async def template_to_use(stage: Stage, caller: str) -> Input:
    template, _ = await own_template(stage)
    return {"idempotencyKey": key(), "couponTemplateId": template}


async def coupon_to_give(stage: Stage, caller: str) -> Input:
    return await template_to_use(stage, caller) | {"customerId": stage.ids["customer"]}


async def customers_coupon(stage: Stage, caller: str) -> Input:
    _, coupon = await own_template(stage, holder="customer")
    return {"idempotencyKey": key(), "couponId": coupon}


async def offer(stage: Stage, caller: str) -> Input:
    """A coupon that nobody of the stage offers to a friend."""
    async with stage.runtime.database.transaction(stage.brand) as session:
        template_id = await couponing.make_template(session)
        buyer = purchase.customer_actor(await make_customer(session))
        claimed = await coupons.claim(session, buyer, template_id=template_id, now=session.now)
        offered = await coupon_transfers.offer(session, buyer, coupon_id=claimed, now=session.now)
        return {
            "idempotencyKey": key(),
            "token": coupon_transfers.token_of(session.vault, session.brand_id, offered),
        }


async def poster_template(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key(), "title": f"海报{next_number()}", "layout": poster_layouts.SHOP}


async def poster_template_change(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key(), "templateId": stage.ids["poster_template"], "title": f"海报{next_number()}"}


async def poster(stage: Stage, caller: str) -> Input:
    sent = {"templateId": stage.ids["poster_template"], "productId": stage.ids["product"]}
    return {"idempotencyKey": key(), **sent}


async def care_task(stage: Stage, caller: str) -> Input:
    """A task of the guide's customer for a coupon of this attempt's own."""
    _, coupon = await own_template(stage, holder="customer")
    async with stage.runtime.database.transaction(stage.brand) as session:
        task = await couponing.make_task(session, decode_global_id(coupon).uuids[0], stage.people["customer"])
    return {"idempotencyKey": key(), "careTaskId": encode_global_id("CareTask", task), "isDone": True}
