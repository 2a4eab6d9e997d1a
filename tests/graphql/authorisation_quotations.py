"""Quotations for the tables of permissions: the stage's own, and what mutations over them are sent."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from app.platform.actor import Actor, ActorKind
from app.platform.runtime import Runtime
from app.trade import quotations
from app.trade.values import LineRequest
from graphql_schema.paging import encode_global_id
from tests.factories import ADDRESS, key
from tests.graphql.stage import Stage, build
from tests.trade import quoting

Input = dict[str, Any]


async def promise(stage: Stage, *, is_named: bool = True) -> tuple[str, str]:
    """An open quotation of the guide's, for the customer unless it is for anybody; its global id and token."""
    guide = Actor(
        kind=ActorKind.EMPLOYEE,
        employee_id=stage.people["guide"],
        role="GUIDE",
        store_id=stage.uuid("east_store"),
        shop_id=stage.uuid("shop_of_guide"),
    )
    async with stage.runtime.database.transaction(stage.brand) as session:
        made = await quotations.create(
            session,
            guide,
            lines=[LineRequest(stage.uuid("sku"), 1)],
            customer_id=stage.people["customer"] if is_named else None,
            note=f"{stage.mark}报价",
            now=session.now,
        )
        return encode_global_id("Quotation", made), await quoting.token_of(session, made)


async def built(runtime: Runtime, http: httpx.AsyncClient, **more: Any) -> Stage:
    """The stage, on which the guide has promised the customer something."""
    stage = await build(runtime, http, **more)
    stage.ids["quotation"], stage.codes["quotation"] = await promise(stage)
    return stage


async def quotation(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key(), "lines": stage.basket()}


async def quotation_for_customer(stage: Stage, caller: str) -> Input:
    return await quotation(stage, caller) | {"customerId": stage.ids["customer"]}


async def to_withdraw(stage: Stage, caller: str) -> Input:
    made, _ = await promise(stage)
    return {"idempotencyKey": key(), "quotationId": made}


def to_accept(*, is_named: bool) -> Callable[[Stage, str], Awaitable[Input]]:
    async def make(stage: Stage, caller: str) -> Input:
        _, token = await promise(stage, is_named=is_named)
        sent = {"method": "DELIVERY", "address": ADDRESS}
        return {"idempotencyKey": key(), "token": token, "fulfilment": sent}

    return make


async def to_decline(stage: Stage, caller: str) -> Input:
    _, token = await promise(stage)
    return {"idempotencyKey": key(), "token": token}
