"""Shipping, receipt, pickup and staff orders over the API, with the contract's documents where it has them."""

import asyncio
from typing import Any

import pytest

from app.platform.runtime import Runtime
from app.trade import pickups
from app.trade.models import ShipmentRow
from graphql_schema.paging import decode_global_id, encode_global_id
from tests import factories
from tests.employees.api import Api
from tests.factories import Scene
from tests.trade import fulfilling, purchase
from tests.trade.calls import Callers, an_order, basket, place, start

READY = """mutation ($input: OrderMakeReadyInput!) { orderMakeReady(input: $input) { __typename
  ... on OrderMakeReadyPayload { order { id state } } ... on UserError { code message path } } }"""
HAND_OVER = """mutation ($input: OrderHandOverInput!) { orderHandOver(input: $input) { __typename
  ... on OrderHandOverPayload { order { id state deliveredAt } }
  ... on RateLimited { retryAfterSeconds } ... on UserError { code message path } } }"""
FETCHED = """query ($id: ID!) { node(id: $id) { ... on Order {
  state fulfilment freight { minor } pickupCode pickupStore { id name city } store { name } allowedActions } } }"""
PICKUPS = "query ($search: String) { pickups(search: $search) { totalCount edges { node { number state } } } }"


@pytest.fixture(autouse=True)
async def store_stock(runtime: Runtime, scene: Scene) -> None:
    async with runtime.database.transaction(scene.brand) as session:
        await factories.fill(session, scene.store_id, scene.sku_id)


def keyed(**fields: Any) -> dict[str, Any]:
    return {"idempotencyKey": factories.key(), **fields}


async def paid(api: Api, runtime: Runtime, scene: Scene, callers: Callers, **more: Any) -> dict[str, Any]:
    order = await place(api, scene, callers.customer, **more)
    payment = await start(api, callers.customer, order["id"])
    await purchase.pay(runtime.database, scene.brand, decode_global_id(payment["id"]).uuids[0])
    return order


async def fetched(api: Api, runtime: Runtime, scene: Scene, callers: Callers) -> dict[str, Any]:
    store = encode_global_id("Store", scene.store_id)
    return await paid(api, runtime, scene, callers, fulfilment={"method": "PICKUP", "pickupStoreId": store})


async def mine(api: Api, callers: Callers, order: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = await api.data("MyOrder", {"id": order["id"]}, token=callers.customer)
    return found


async def test_order_is_shipped_once_per_key_tracked_and_confirmed(
    api: Api, runtime: Runtime, scene: Scene, callers: Callers
) -> None:
    order = await paid(api, runtime, scene, callers)
    given = keyed(orderId=order["id"], carrier="顺丰", trackingNumber="SF100")
    answers = await asyncio.gather(*(api.mutate("OrderShip", callers.guide, **given) for _ in range(5)))
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0]["__typename"], answers[0]["order"]["state"]) == ("OrderShipPayload", "SHIPPED")
    assert answers[0]["order"]["shippedAt"] is not None
    other = await api.mutate("OrderShip", callers.guide, **given | {"carrier": "中通"})
    assert other["__typename"] == "IdempotencyConflict"
    again = await api.mutate("OrderShip", callers.owner, **keyed(orderId=order["id"]))
    assert (again["__typename"], again["code"]) == ("WrongState", "WRONG_STATE")
    async with runtime.database.reading(scene.brand) as session:
        assert await purchase.count(session, ShipmentRow) == 1

    seen = await mine(api, callers, order)
    assert seen["allowedActions"] == ["CONFIRM_RECEIPT", "REQUEST_AFTER_SALE"]
    assert seen["shipments"] == [
        {"carrier": "顺丰", "trackingNumber": "SF100", "shippedAt": answers[0]["order"]["shippedAt"]}
    ]
    receipt = keyed(orderId=order["id"])
    for _ in range(2):
        confirmed = await api.mutate("OrderConfirmReceipt", callers.customer, **receipt)
        assert confirmed["order"]["state"] == "COMPLETED"
        assert confirmed["order"]["completedAt"] is not None
    twice = await api.mutate("OrderConfirmReceipt", callers.customer, **keyed(orderId=order["id"]))
    assert twice["__typename"] == "WrongState"
    # A repeat of the shipper's key is answered after the order is over, too.
    repeated = await api.mutate("OrderShip", callers.guide, **given)
    assert repeated["order"]["state"] == "COMPLETED"
    await purchase.assert_sound(runtime.database, scene.brand)


async def test_actions_are_honest_for_each_caller_and_each_state(
    api: Api, runtime: Runtime, scene: Scene, callers: Callers
) -> None:
    query = "query ($id: ID!) { node(id: $id) { ... on Order { allowedActions } } }"

    async def actions(order: dict[str, Any], token: str) -> Any:
        node = (await api.send(query, {"id": order["id"]}, token=token))["data"]["node"]
        return None if node is None else node["allowedActions"]

    order = await place(api, scene, callers.customer)
    assert await actions(order, callers.customer) == ["PAY", "CANCEL"]
    assert await actions(order, callers.owner) == []
    payment = await start(api, callers.customer, order["id"])
    await purchase.pay(runtime.database, scene.brand, decode_global_id(payment["id"]).uuids[0])
    for token in (callers.guide, callers.other_guide):
        assert await actions(order, token) == ["SHIP"]
    assert await actions(order, callers.owner) == ["SHIP", "REFUSE", "REROUTE"]
    assert await actions(order, callers.customer) == ["REQUEST_AFTER_SALE"]
    line_id = order["lines"][0]["id"]
    asked = await api.mutate(
        "AfterSaleRequest",
        callers.customer,
        **keyed(orderLineId=line_id, quantity=1, kind="REFUND_ONLY", reason="拍错了"),
    )
    for token in (callers.customer, callers.owner):
        assert await actions(order, token) == []
    refused = await api.mutate("OrderShip", callers.owner, **keyed(orderId=order["id"]))
    assert refused["__typename"] == "WrongState"
    await api.mutate("AfterSaleWithdraw", callers.customer, **keyed(afterSaleId=asked["afterSale"]["id"]))
    await api.mutate("OrderShip", callers.other_guide, **keyed(orderId=order["id"]))
    assert await actions(order, callers.customer) == ["CONFIRM_RECEIPT", "REQUEST_AFTER_SALE"]
    for token in (callers.guide, callers.owner):
        assert await actions(order, token) == []


@pytest.mark.parametrize(
    ("changes", "kind", "path"),
    [
        ({"orderId": "x"}, "InvalidInput", ["orderId"]),
        ({"carrier": "顺" * 61}, "InvalidInput", ["carrier"]),
        ({"trackingNumber": "\u0007"}, "InvalidInput", ["trackingNumber"]),
        ({"idempotencyKey": "short"}, "InvalidInput", ["idempotencyKey"]),
    ],
)
async def test_bad_parcel_names_its_field(
    api: Api, runtime: Runtime, scene: Scene, callers: Callers, changes: dict[str, Any], kind: str, path: list[str]
) -> None:
    order = await paid(api, runtime, scene, callers)
    refused = await api.mutate("OrderShip", callers.owner, **keyed(orderId=order["id"]) | changes)
    assert (refused["__typename"], refused["path"]) == (kind, path)
    assert (await mine(api, callers, order))["state"] == "PAID"


async def test_pickup_is_quoted_ordered_laid_out_and_handed_over_by_its_code(
    api: Api, runtime: Runtime, callers: Callers, scene: Scene
) -> None:
    store = encode_global_id("Store", scene.store_id)
    fetch = {"method": "PICKUP", "pickupStoreId": store}
    quoted = await api.data(
        "OrderQuote", {"input": {"shopSlug": scene.guide.slug, "lines": basket(scene), "fulfilment": fetch}}
    )
    assert quoted["freight"]["minor"] == 0
    order = await fetched(api, runtime, scene, callers)

    async def seen(token: str) -> Any:
        return (await api.send(FETCHED, {"id": order["id"]}, token=token))["data"]["node"]

    assert await seen(callers.customer) == {
        "state": "PAID",
        "fulfilment": "PICKUP",
        "freight": {"minor": 0},
        "pickupCode": None,
        "pickupStore": {"id": store, "name": "人民广场店", "city": "上海"},
        "store": {"name": "人民广场店"},
        "allowedActions": ["REQUEST_AFTER_SALE"],
    }
    waiting = (await api.send(PICKUPS, {"search": order["number"]}, token=callers.other_guide))["data"]["pickups"]
    assert waiting == {"totalCount": 1, "edges": [{"node": {"number": order["number"], "state": "PAID"}}]}
    assert (await seen(callers.other_guide))["allowedActions"] == ["MAKE_READY"]
    shipped = await api.mutate("OrderShip", callers.guide, **keyed(orderId=order["id"]))
    assert shipped["__typename"] == "WrongState"
    ready = (await api.send(READY, {"input": keyed(orderId=order["id"])}, token=callers.other_guide))["data"]
    assert ready["orderMakeReady"]["order"] == {"id": order["id"], "state": "READY_FOR_PICKUP"}

    order_id = decode_global_id(order["id"]).uuids[0]
    code = pickups.code_for(runtime.database.vault, scene.brand.id, order_id)
    assert (await seen(callers.customer))["pickupCode"] == code
    for token in (callers.guide, callers.other_guide, callers.owner):
        assert ((await seen(token))["pickupCode"], (await seen(token))["allowedActions"]) == (None, ["HAND_OVER"])

    async def hand_over(shown: str, **more: Any) -> Any:
        given = keyed(orderId=order["id"], code=shown) | more
        return (await api.send(HAND_OVER, {"input": given}, token=callers.other_guide))["data"]["orderHandOver"]

    wrong = fulfilling.wrong_code(runtime.database, scene.brand, order_id)
    key = factories.key()
    refused = await hand_over(wrong, idempotencyKey=key)
    assert refused == {
        "__typename": "InvalidInput",
        "code": "INVALID_INPUT",
        "message": "This is not the order's pickup code.",
        "path": ["code"],
    }
    # A refused try leaves its key free: the same one hands over with the right code, and answers so again.
    done = await hand_over(code, idempotencyKey=key)
    assert done["order"] | {"deliveredAt": None} == {"id": order["id"], "state": "DELIVERED", "deliveredAt": None}
    assert await hand_over(code, idempotencyKey=key) == done
    assert (await hand_over(code))["__typename"] == "WrongState"
    assert ((await seen(callers.customer))["pickupCode"], (await seen(callers.customer))["allowedActions"]) == (
        None,
        ["CONFIRM_RECEIPT", "REQUEST_AFTER_SALE"],
    )
    left = (await api.send(PICKUPS, {}, token=callers.other_guide))["data"]["pickups"]
    assert left == {"totalCount": 0, "edges": []}
    await purchase.assert_sound(runtime.database, scene.brand)


async def test_sixth_guess_is_told_to_wait(api: Api, runtime: Runtime, scene: Scene, callers: Callers) -> None:
    order = await fetched(api, runtime, scene, callers)
    await api.send(READY, {"input": keyed(orderId=order["id"])}, token=callers.owner)
    wrong = fulfilling.wrong_code(runtime.database, scene.brand, decode_global_id(order["id"]).uuids[0])
    kinds = []
    for _ in range(6):
        given = {"input": keyed(orderId=order["id"], code=wrong)}
        kinds.append((await api.send(HAND_OVER, given, token=callers.owner))["data"]["orderHandOver"])
    assert [kind["__typename"] for kind in kinds] == ["InvalidInput"] * 5 + ["RateLimited"]
    assert 3_500 < kinds[-1]["retryAfterSeconds"] <= 3_601


async def test_pickup_of_no_store_of_ours_is_refused(api: Api, scene: Scene, callers: Callers) -> None:
    for store, kind in (
        (None, "InvalidInput"),
        ("x", "InvalidInput"),
        (encode_global_id("Store", scene.area_id), "NotFound"),
    ):
        fulfilment = {"method": "PICKUP", "pickupStoreId": store}
        refused = await api.mutate("OrderPlace", callers.customer, **an_order(scene, fulfilment=fulfilment))
        assert (refused["__typename"], refused["path"]) == (kind, ["fulfilment", "pickupStoreId"])


async def test_staff_list_is_filtered_and_searched_and_bad_filters_are_told(
    api: Api, runtime: Runtime, scene: Scene, callers: Callers
) -> None:
    sent, waiting = await paid(api, runtime, scene, callers), await place(api, scene, callers.customer)
    await api.mutate("OrderShip", callers.owner, **keyed(orderId=sent["id"]))
    listed = await api.data("StaffOrders", {"filter": {"states": ["SHIPPED", "PAID"]}}, token=callers.owner)
    [edge] = listed["edges"]
    assert listed["totalCount"] == 1
    assert (edge["node"]["number"], edge["node"]["customer"]["displayName"]) == (sent["number"], "王**")
    assert (edge["node"]["guide"]["displayName"], edge["node"]["store"]["name"]) == ("林知夏", "人民广场店")
    narrowed = {
        "search": waiting["number"],
        "storeId": encode_global_id("Store", scene.store_id),
        "guideId": encode_global_id("Guide", scene.guide.employee_id),
        "placedFrom": "2020-01-01T00:00:00Z",
        "placedTo": "2100-01-01T00:00:00Z",
    }
    found = await api.data("StaffOrders", {"filter": narrowed}, token=callers.owner)
    assert [edge["node"]["number"] for edge in found["edges"]] == [waiting["number"]]
    pages, after = [], None
    for _ in range(2):
        page = await api.data("StaffOrders", {"first": 1, "after": after}, token=callers.owner)
        pages += [edge["node"]["number"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    assert (pages, page["pageInfo"]["hasNextPage"]) == ([waiting["number"], sent["number"]], False)
    text = "query ($filter: OrderFilter, $after: String) { orders(filter: $filter, after: $after) { totalCount } }"
    for variables, argument in (
        ({"filter": {"search": "王"}}, "filter.search"),
        ({"filter": {"storeId": "x"}}, "filter.storeId"),
        ({"filter": {"guideId": encode_global_id("Store", scene.store_id)}}, "filter.guideId"),
        ({"after": "x"}, "after"),
    ):
        [error] = (await api.send(text, variables, token=callers.owner))["errors"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": argument}
    assert await api.codes(text, {}, token=callers.guide) == ["FORBIDDEN"]
    assert await api.codes(text, {}, token=callers.customer) == ["FORBIDDEN"]
    assert await api.codes(text, {}) == ["UNAUTHENTICATED"]
