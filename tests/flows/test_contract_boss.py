"""The boss's documents as journeys: the dashboard before and after a sale, and the sale as it happens."""

import asyncio
from typing import Any

import httpx

from app.platform import tokens
from app.platform.runtime import Runtime
from app.worker import make_relay
from graphql_schema.context import Context
from graphql_schema.paging import encode_global_id
from graphql_schema.schema import schema
from tests import factories
from tests.documents import OPERATIONS, Client
from tests.factories import ADDRESS, Scene, key
from tests.flows.test_contract import pay, signed_in

TODAY = {"preset": "TODAY"}


async def test_boss_sees_the_sale_as_it_happens_and_in_every_figure_of_the_day(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    token = await factories.token_for(runtime, scene.brand, scene.owner_id)
    owner = Client(http, token)
    before = (await owner.data("BossDashboard", input=TODAY))["dashboard"]
    assert before["sales"] | {"netSales": 0} == {
        "orders": 0,
        "customers": 0,
        "grossSales": money(0),
        "refunds": money(0),
        "netSales": 0,
        "averageOrderValue": None,
        "repeatPurchaseRate": None,
    }
    assert before["traffic"]["conversionRate"] is None
    assert [row["orders"] for row in before["days"]["rows"]] == [0]
    assert (before["teams"]["rows"], before["guides"]["rows"], before["products"]["rows"]) == ([], [], [])

    context = Context(runtime=runtime, claims=tokens.read_access_token(runtime.secrets.signing, token))
    stream: Any = await schema.subscribe(OPERATIONS["SalesPulse"].text, context_value=context)
    waiting = asyncio.create_task(anext(aiter(stream)))
    await asyncio.sleep(0.3)
    scan = await Client(http).do("CodeScan", code=scene.guide.token, idempotencyKey=key())
    customer, _ = await signed_in(http, runtime, scene.brand, factories.next_phone(), visitorToken=scan["visitorToken"])
    sku = encode_global_id("Sku", scene.sku_id)
    order = (
        await customer.do(
            "OrderPlace",
            idempotencyKey=key(),
            shopSlug=scene.guide.slug,
            lines=[{"skuId": sku, "quantity": 2}],
            fulfilment={"method": "DELIVERY", "address": ADDRESS},
        )
    )["order"]
    payment = (await customer.do("PaymentStart", idempotencyKey=key(), orderId=order["id"], provider="SANDBOX"))[
        "payment"
    ]
    await pay(http, runtime, payment)
    await make_relay(runtime).drain(scene.brand)
    pulse = (await asyncio.wait_for(waiting, 5)).data["salesPulse"]
    assert (pulse["kind"], pulse["order"]["number"]) == ("PAID", order["number"])
    assert pulse["today"] == {"orders": 1, "netSales": money(25_800)}
    await stream.aclose()

    after = (await owner.data("BossDashboard", input=TODAY))["dashboard"]
    assert after["asOf"] >= before["asOf"]
    assert after["sales"] == {
        "orders": 1,
        "customers": 1,
        "grossSales": money(25_800),
        "refunds": money(0),
        "netSales": money(25_800),
        "averageOrderValue": money(25_800),
        "repeatPurchaseRate": 0.0,
    }
    assert after["traffic"] == {"visits": 1, "visitors": 1, "newCustomers": 1, "conversionRate": 1.0}
    assert after["commission"] == {
        "held": money(2_580),
        "payable": money(0),
        "paid": money(0),
        "debt": money(0),
    }
    day = scene.brand.day_of(factories.at(after["asOf"]))
    row = {"orders": 1, "netSales": money(25_800)}
    assert after["period"] == {"from": day.isoformat(), "to": day.isoformat()}
    assert after["days"]["rows"] == [{"key": day.isoformat(), "label": day.isoformat(), **row}]
    assert after["teams"]["rows"] == [{"key": encode_global_id("OrgUnit", scene.area_id), "label": "华东", **row}]
    guide = encode_global_id("Guide", scene.guide.employee_id)
    assert after["guides"]["rows"] == [{"key": guide, "label": "林知夏", **row}]
    product = {"key": encode_global_id("Product", scene.product_id), "label": "羊绒围巾", "quantity": 2}
    assert after["products"]["rows"] == [{**product, "netSales": money(25_800)}]
    home = (
        await Client(http, await factories.token_for(runtime, scene.brand, scene.guide.employee_id)).data("GuideHome")
    )["viewer"]["employee"]["today"]
    assert (home["orders"], home["netSales"], home["visits"]) == (1, money(25_800), after["traffic"]["visits"])


def money(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "CNY", "display": f"¥{minor / 100:.2f}"}
