"""What mutations over freight and invoices are sent, for the table of mutations: inputs that may be sent."""

from typing import Any

from app.trade import invoices
from app.trade.invoice_values import TitleKind
from app.trade.invoices import Title
from graphql_schema.paging import decode_global_id, encode_global_id
from tests.factories import key
from tests.graphql.authorisation_goods import ship
from tests.graphql.stage import Stage
from tests.trade import purchase

Input = dict[str, Any]

TITLE = {"titleKind": "PERSONAL", "title": "王小明", "email": "a@example.com"}


async def template(stage: Stage, caller: str) -> Input:
    """As it is without one, so that nothing else on the stage costs more."""
    rate = {"regions": [], "firstUnits": 1_000_000, "firstFeeMinor": 1_000, "freeFromMinor": 9_900}
    return {"idempotencyKey": key(), "name": "全国", "chargedBy": "WEIGHT", "rates": [rate]}


async def terms(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key(), "sellerName": "甲公司", "taxRateBp": 1_300}


async def request(stage: Stage, caller: str) -> Input:
    return await ship(stage, caller) | TITLE


async def asked(stage: Stage, caller: str) -> Input:
    """An invoice that the customer has asked for."""
    order_id = decode_global_id((await ship(stage, caller))["orderId"]).uuids[0]
    async with stage.runtime.database.transaction(stage.brand) as session:
        buyer = purchase.customer_actor(stage.people["customer"])
        title = Title(TitleKind.PERSONAL, "王小明", email="a@example.com")
        made = await invoices.request(session, buyer, order_id=order_id, title=title, now=session.now)
    return {"idempotencyKey": key(), "invoiceId": encode_global_id("Invoice", made)}


async def rejected(stage: Stage, caller: str) -> Input:
    return await asked(stage, caller) | {"reason": "抬头不完整"}
