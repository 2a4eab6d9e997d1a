"""Inputs of mutations over stock, its places and its transfers, that an allowed caller may send."""

from typing import Any

from app.platform.actor import SYSTEM
from app.products import transfers
from graphql_schema.paging import decode_global_id
from tests.factories import key
from tests.graphql.stage import Stage

Input = dict[str, Any]


async def stock(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key(), "skuId": stage.ids["hidden_sku"], "change": 1, "reason": "盘点"}


async def store_stock(stage: Stage, caller: str) -> Input:
    return await stock(stage, caller) | {"locationId": stage.ids["east_store"]}


async def location(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key(), "locationId": stage.ids["east_location"], "shipsOrders": True}


async def transfer(stage: Stage, caller: str) -> Input:
    lines = [{"skuId": stage.ids["sku"], "quantity": 1}]
    ends = {"fromLocationId": stage.ids["east_location"], "toLocationId": stage.ids["west_store"]}
    return {"idempotencyKey": key(), "lines": lines} | ends


async def asked_transfer(stage: Stage, caller: str) -> Input:
    made = await stage.as_("owner").query(
        "mutation ($input: StockTransferRequestInput!) { stockTransferRequest(input: $input) "
        "{ ... on StockTransferRequestPayload { transfer { id } } } }",
        input=await transfer(stage, caller),
    )
    return {"idempotencyKey": key(), "transferId": made["data"]["stockTransferRequest"]["transfer"]["id"]}


async def sent_transfer(stage: Stage, caller: str) -> Input:
    made = await asked_transfer(stage, caller)
    transfer_id = decode_global_id(made["transferId"]).uuids[0]
    async with stage.runtime.database.transaction(stage.brand) as session:
        await transfers.send(session, SYSTEM, transfer_id=transfer_id, now=session.now)
    return made
