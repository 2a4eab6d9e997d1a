"""What mutations over goods and stock are sent, for the table of mutations: inputs that may be sent."""

from typing import Any

from app.platform import media
from app.platform.actor import SYSTEM
from app.platform.media import Upload
from app.platform.storage import content_key
from app.products import price_lists, transfers
from app.products.values import ListedPrice
from app.trade import routing
from graphql_schema.paging import decode_global_id, encode_global_id
from tests.factories import key, next_number
from tests.graphql.stage import Stage, pay

Input = dict[str, Any]


async def product(stage: Stage, caller: str) -> Input:
    sku = {"name": "均码", "code": f"N{next_number()}", "priceMinor": 100, "stock": 1}
    return {"idempotencyKey": key(), "title": "新品", "categoryId": stage.ids["category"], "skus": [sku]}


async def product_change(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key(), "productId": stage.ids["withdrawn"], "description": f"第{next_number()}版"}


async def pictures(stage: Stage, caller: str) -> Input:
    data = f"a drawing {next_number()}".encode()
    upload = Upload(content_key(stage.brand.id, data, media_type="image/jpeg"), data, "image/jpeg", 4, 3)
    async with stage.runtime.database.transaction(stage.brand) as session:
        assert await media.register(session, "system", upload) == 0
    return {"idempotencyKey": key(), "productId": stage.ids["withdrawn"], "pictures": [{"url": upload.url}]}


async def options(stage: Stage, caller: str) -> Input:
    value = f"红{next_number()}"
    skus = [{"skuId": stage.ids["withdrawn_sku"], "choices": [value]}]
    options = [{"name": "颜色", "values": [value]}]
    return {"idempotencyKey": key(), "productId": stage.ids["withdrawn"], "options": options, "skus": skus}


async def price_list(stage: Stage, caller: str) -> Input:
    prices = [{"skuId": stage.ids["withdrawn_sku"], "priceMinor": 2}]
    return {"idempotencyKey": key(), "orgUnitId": stage.ids["west"], "name": "西区", "prices": prices}


async def price_list_end(stage: Stage, caller: str) -> Input:
    prices = [ListedPrice(stage.uuid("withdrawn_sku"), 3)]
    async with stage.runtime.database.transaction(stage.brand) as session:
        list_id = await price_lists.publish(
            session, SYSTEM, org_unit_id=stage.uuid("west"), name="西区", prices=prices, now=session.now
        )
    return {"idempotencyKey": key(), "priceListId": encode_global_id("PriceList", list_id)}


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


async def ship(stage: Stage, caller: str) -> Input:
    placed = await stage.as_("customer").do("OrderPlace", **stage.order_input())
    return {"idempotencyKey": key(), "orderId": await pay(stage, "customer", placed["order"])}


async def reroute(stage: Stage, caller: str) -> Input:
    return await ship(stage, caller) | {"locationId": stage.ids["east_store"], "reason": "就近发货"}


async def refuse(stage: Stage, caller: str) -> Input:
    made = await ship(stage, caller)
    order_id, place_id = decode_global_id(made["orderId"]).uuids[0], stage.uuid("east_store")
    async with stage.runtime.database.transaction(stage.brand) as session:
        await routing.reroute(
            session, SYSTEM, order_id=order_id, location_id=place_id, reason="就近发货", now=session.now
        )
    return made | {"reason": "缺货"}
