"""The clients' documents of fulfilment over HTTP: an order is found by staff, shipped, tracked and received."""

from typing import Any

import httpx

from app.platform.runtime import Runtime
from app.trade.payments import Booking
from graphql_schema.paging import decode_global_id
from tests import factories
from tests.documents import Client
from tests.factories import ADDRESS, Scene, key
from tests.trade import purchase


async def paid_order(runtime: Runtime, scene: Scene, customer: Client) -> dict[str, Any]:
    page = (await customer.data("ShopPage", slug=scene.guide.slug))["shop"]
    sku = page["shelf"]["edges"][0]["node"]["product"]["skus"][0]["id"]
    placed = await customer.do(
        "OrderPlace",
        idempotencyKey=key(),
        shopSlug=scene.guide.slug,
        lines=[{"skuId": sku, "quantity": 2}],
        fulfilment={"method": "DELIVERY", "address": ADDRESS},
    )
    order: dict[str, Any] = placed["order"]
    begun = await customer.do("PaymentStart", idempotencyKey=key(), orderId=order["id"], provider="SANDBOX")
    payment_id = decode_global_id(begun["payment"]["id"]).uuids[0]
    assert await purchase.pay(runtime.database, scene.brand, payment_id) is Booking.PAID
    return order


async def test_staff_find_an_order_ship_it_and_the_customer_confirms(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    phone = factories.next_phone()
    async with runtime.database.transaction(scene.brand) as session:
        customer_id = await factories.make_customer(session, phone=phone)
    customer = Client(http, await factories.token_for(runtime, scene.brand, customer_id, "CUSTOMER"))
    owner = Client(http, await factories.token_for(runtime, scene.brand, scene.owner_id))
    guide = Client(http, await factories.token_for(runtime, scene.brand, scene.guide.employee_id))
    order = await paid_order(runtime, scene, customer)

    to_send = (await owner.data("StaffOrders", filter={"states": ["PAID"], "search": phone[-4:]}))["orders"]
    assert to_send["totalCount"] == 1
    found = to_send["edges"][0]["node"]
    assert (found["number"], found["state"], found["allowedActions"]) == (
        order["number"],
        "PAID",
        ["SHIP", "REFUSE", "REROUTE"],
    )
    assert (found["guide"]["displayName"], found["store"]["name"]) == ("林知夏", "人民广场店")
    assert await guide.code_of_error("StaffOrders") == "FORBIDDEN"

    shipped = await guide.do(
        "OrderShip", idempotencyKey=key(), orderId=order["id"], carrier="顺丰", trackingNumber="SF100200"
    )
    assert shipped["order"]["state"] == "SHIPPED"
    mine = (await customer.data("MyOrder", id=order["id"]))["node"]
    assert (mine["state"], mine["allowedActions"]) == ("SHIPPED", ["CONFIRM_RECEIPT", "REQUEST_AFTER_SALE"])
    assert mine["shipments"] == [
        {"carrier": "顺丰", "trackingNumber": "SF100200", "shippedAt": shipped["order"]["shippedAt"]}
    ]
    received = await customer.do("OrderConfirmReceipt", idempotencyKey=key(), orderId=order["id"])
    assert received["order"]["state"] == "COMPLETED"
    assert received["order"]["completedAt"] is not None
    again = await customer.do("OrderConfirmReceipt", idempotencyKey=key(), orderId=order["id"])
    assert (again["__typename"], again["code"]) == ("WrongState", "WRONG_STATE")
    assert (await owner.data("StaffOrders", filter={"states": ["PAID"]}))["orders"]["totalCount"] == 0
    await purchase.assert_sound(runtime.database, scene.brand)
