"""Trade over the API: the contract's documents as a customer and a guide send them, and who may see what."""

import asyncio
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from app.platform import faults
from app.platform.integrations import sandbox_pay
from app.platform.outbox import Relay, Subscriptions
from app.platform.runtime import Runtime
from app.trade import charges, refunds
from app.trade.events import OrderCancelled, RefundRequested
from app.trade.models import OrderRow, PaymentRow
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.employees.api import Api
from tests.factories import Scene
from tests.trade import purchase
from tests.trade.calls import Callers, an_order, basket, place, start


async def test_anybody_is_told_what_a_basket_costs_and_why(api: Api, scene: Scene) -> None:
    quote = await api.data("OrderQuote", {"input": {"shopSlug": scene.guide.slug, "lines": basket(scene, 2)}})
    assert quote["lines"] == [
        {
            "sku": {"id": encode_global_id("Sku", scene.sku_id)},
            "quantity": 2,
            "unitPrice": {"minor": 12_900, "currency": "CNY", "display": "¥129.00"},
            "discount": {"minor": 0, "currency": "CNY", "display": "¥0.00"},
            "total": {"minor": 25_800, "currency": "CNY", "display": "¥258.00"},
            "isAvailable": True,
        }
    ]
    assert quote["adjustments"] == [
        {"label": "Free freight from ¥99.00", "amount": {"minor": 0, "currency": "CNY", "display": "¥0.00"}}
    ]
    assert (quote["total"]["minor"], quote["freight"]["minor"]) == (25_800, 0)


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"shopSlug": "nowhere"}, "shopSlug"),
        ({"lines": []}, "lines"),
        ({"lines": [{"skuId": "x", "quantity": 1}]}, "lines.0.skuId"),
        ({"couponIds": ["x"]}, "couponIds.0"),
        ({"fulfilment": {"method": "PICKUP", "pickupStoreId": "x"}}, "fulfilment.pickupStoreId"),
    ],
)
async def test_quote_of_a_bad_basket_is_a_top_level_error(
    api: Api, scene: Scene, changes: dict[str, Any], argument: str
) -> None:
    query = "query ($input: OrderQuoteInput!) { orderQuote(input: $input) { total { minor } } }"
    given = {"shopSlug": scene.guide.slug, "lines": basket(scene)} | changes
    (error,) = (await api.send(query, {"input": given}))["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": argument}


async def test_customer_orders_pays_by_callback_and_reads_the_order(
    api: Api, outside: httpx.AsyncClient, runtime: Runtime, scene: Scene, callers: Callers
) -> None:
    order = await place(api, scene, callers.customer, expectedTotalMinor=12_900, code=scene.other_guide.token)
    assert order["state"] == "PENDING_PAYMENT"
    assert order["payBy"] is not None
    assert order["lines"][0]["sku"] == {"id": encode_global_id("Sku", scene.sku_id), "name": "规格0"}
    assert order["lines"][0]["product"]["title"] == "羊绒围巾"
    assert order["guide"] == {"id": encode_global_id("Guide", scene.other_guide.employee_id), "displayName": "周予安"}
    payment = await start(api, callers.customer, order["id"])
    assert (payment["state"], payment["amount"]["minor"]) == ("STARTED", 12_900)
    url = httpx.URL(payment["clientParameters"]["confirmUrl"])
    assert (await outside.post(url.path)).json() == {"state": "PAID"}
    while await sandbox_pay.deliver_due(runtime, purchase.bank_of(runtime), outside):
        pass  # callbacks of other tests may be due before this one
    mine = await api.data("MyOrder", {"id": order["id"]}, token=callers.customer)
    assert (mine["state"], mine["payBy"], mine["allowedActions"]) == ("PAID", None, ["REQUEST_AFTER_SALE"])
    assert (mine["lines"][0]["refundableQuantity"], mine["refunded"]["minor"]) == (1, 0)
    assert (mine["shipments"], mine["afterSales"]) == ([], [])
    listed = (await api.data("MyOrders", {}, token=callers.customer))["customer"]["orders"]
    assert [edge["node"]["number"] for edge in listed["edges"]] == [order["number"]]
    assert (listed["totalCount"], listed["edges"][0]["node"]["shop"]) == (1, {"slug": scene.guide.slug})
    of_guide = (await api.data("GuideOrders", {}, token=callers.other_guide))["employee"]["orders"]
    assert [edge["node"]["customer"]["displayName"] for edge in of_guide["edges"]] == ["王**"]
    assert (await api.data("GuideOrders", {}, token=callers.guide))["employee"]["orders"]["totalCount"] == 0


async def test_same_key_gives_the_same_order_and_another_body_is_refused(
    api: Api, runtime: Runtime, scene: Scene, callers: Callers
) -> None:
    given = an_order(scene)
    answers = await asyncio.gather(*(api.mutate("OrderPlace", callers.customer, **given) for _ in range(10)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["__typename"] == "OrderPlacePayload"
    other = await api.mutate("OrderPlace", callers.customer, **given | {"lines": basket(scene, 2)})
    assert (other["__typename"], other["code"]) == ("IdempotencyConflict", "IDEMPOTENCY_CONFLICT")
    assert await purchase.stock_of(runtime.database, scene.brand, scene.sku_id) == (100, 1)
    async with runtime.database.reading(scene.brand) as session:
        assert await purchase.count(session, OrderRow) == 1


async def test_refused_order_may_be_tried_again_under_the_same_key(
    api: Api, runtime: Runtime, scene: Scene, callers: Callers
) -> None:
    given = an_order(scene, lines=basket(scene, 99), expectedTotalMinor=1)
    changed = await api.mutate("OrderPlace", callers.customer, **given)
    assert (changed["__typename"], changed["code"]) == ("PriceChanged", "PRICE_CHANGED")
    assert (changed["total"]["minor"], changed["path"]) == (99 * 12_900, ["expectedTotalMinor"])
    placed = await api.mutate("OrderPlace", callers.customer, **given | {"expectedTotalMinor": 99 * 12_900})
    assert placed["__typename"] == "OrderPlacePayload"
    short = await api.mutate("OrderPlace", callers.other_customer, **an_order(scene, lines=basket(scene, 2)))
    assert (short["__typename"], short["message"]) == ("InsufficientStock", "Some items are short in stock.")
    assert short["shortages"] == [
        {"sku": {"id": encode_global_id("Sku", scene.sku_id)}, "requested": 2, "available": 1}
    ]
    assert await purchase.stock_of(runtime.database, scene.brand, scene.sku_id) == (100, 99)


@pytest.mark.parametrize(
    ("changes", "kind", "path"),
    [
        ({"shopSlug": "nowhere"}, "NotFound", ["shopSlug"]),
        ({"couponIds": ["Q291cG9u"]}, "InvalidInput", ["couponIds", "0"]),
        ({"fulfilment": {"method": "PICKUP"}}, "InvalidInput", ["fulfilment", "pickupStoreId"]),
        ({"fulfilment": {"method": "DELIVERY"}}, "InvalidInput", ["fulfilment", "address"]),
        ({"lines": []}, "InvalidInput", ["lines"]),
        ({"idempotencyKey": "short"}, "InvalidInput", ["idempotencyKey"]),
    ],
)
async def test_order_that_cannot_be_placed_says_which_field_is_at_fault(
    api: Api, scene: Scene, callers: Callers, changes: dict[str, Any], kind: str, path: list[str]
) -> None:
    refused = await api.mutate("OrderPlace", callers.customer, **an_order(scene, **changes))
    assert (refused["__typename"], refused["path"]) == (kind, path)


async def test_shop_of_another_brand_is_not_found(api: Api, runtime: Runtime, scene: Scene, callers: Callers) -> None:
    elsewhere = await factories.make_scene(runtime.database)
    refused = await api.mutate("OrderPlace", callers.customer, **an_order(scene, shopSlug=elsewhere.guide.slug))
    assert (refused["__typename"], refused["path"]) == ("NotFound", ["shopSlug"])


async def test_only_customers_order_pay_and_cancel(api: Api, scene: Scene, callers: Callers) -> None:
    order = await place(api, scene, callers.customer)
    query = "mutation ($input: OrderPlaceInput!) { orderPlace(input: $input) { __typename } }"
    start_query = "mutation ($input: PaymentStartInput!) { paymentStart(input: $input) { __typename } }"
    cancel_query = "mutation ($input: OrderCancelInput!) { orderCancel(input: $input) { __typename } }"
    key = {"idempotencyKey": factories.key(), "orderId": order["id"]}
    for text, given in (
        (query, an_order(scene)),
        (start_query, key | {"provider": "SANDBOX"}),
        (cancel_query, key),
    ):
        assert await api.codes(text, {"input": given}) == ["UNAUTHENTICATED"]
        for token in (callers.guide, callers.owner):
            assert await api.codes(text, {"input": given}, token=token) == ["FORBIDDEN"]


async def test_another_customers_order_is_not_there(api: Api, scene: Scene, callers: Callers) -> None:
    order = await place(api, scene, callers.customer)
    payment = await start(api, callers.customer, order["id"])
    key = {"idempotencyKey": factories.key(), "orderId": order["id"]}
    for operation, given in (("PaymentStart", key | {"provider": "SANDBOX"}), ("OrderCancel", key)):
        refused = await api.mutate(operation, callers.other_customer, **given)
        assert (refused["__typename"], refused["path"]) == ("NotFound", ["orderId"])
    query = "query ($id: ID!) { node(id: $id) { id } }"
    for node_id in (order["id"], order["lines"][0]["id"], payment["id"]):
        for token in (callers.other_customer, callers.stranger):
            assert await api.send(query, {"id": node_id}, token=token) == {"data": {"node": None}}
    # A payment is its customer's alone; the order is the staff's too.
    for token in (callers.guide, callers.owner):
        assert await api.send(query, {"id": payment["id"]}, token=token) == {"data": {"node": None}}
        for node_id in (order["id"], order["lines"][0]["id"]):
            assert await api.send(query, {"id": node_id}, token=token) == {"data": {"node": {"id": node_id}}}


async def test_attribution_and_shares_are_for_staff_and_the_loser_learns_why_but_not_who_bought(
    api: Api, scene: Scene, callers: Callers
) -> None:
    order = await place(api, scene, callers.customer, code=scene.other_guide.token)
    query = """query ($id: ID!) { node(id: $id) { ... on Order {
      customer { displayName } attribution { myOutcome } lines { shares { role } } } } }"""
    seen = {
        name: (await api.send(query, {"id": order["id"]}, token=getattr(callers, name)))["data"]["node"]
        for name in ("guide", "other_guide", "owner")
    }
    assert seen["other_guide"] == {
        "customer": {"displayName": "王**"},
        "attribution": {"myOutcome": "WON"},
        "lines": [{"shares": [{"role": "SELLER"}]}],
    }
    assert seen["guide"]["customer"] is None
    assert seen["guide"]["attribution"] == {"myOutcome": "LOST"}
    assert seen["owner"]["customer"] == {"displayName": "王**"}
    mine = "query ($id: ID!) { node(id: $id) { ... on Order { attribution { rule } } } }"
    assert await api.codes(mine, {"id": order["id"]}, token=callers.customer) == ["FORBIDDEN"]


async def test_losing_guide_reads_why_with_the_contracts_document(api: Api, scene: Scene, callers: Callers) -> None:
    order = await place(api, scene, callers.customer, code=scene.other_guide.token)
    lost = await api.data("MyAttribution", {"orderId": order["id"]}, token=callers.guide)
    assert (lost["number"], lost["attribution"]["myOutcome"]) == (order["number"], "LOST")
    boss = await api.data("OrderAttribution", {"id": order["id"]}, token=callers.owner)
    assert boss["attribution"]["shares"][0]["party"]["displayName"] == "周予安"


async def test_payment_start_is_one_payment_for_every_key_and_refuses_wechat(
    api: Api, runtime: Runtime, scene: Scene, callers: Callers
) -> None:
    order = await place(api, scene, callers.customer)
    first = await start(api, callers.customer, order["id"])
    again = await start(api, callers.customer, order["id"])
    assert first == again
    refused = await api.mutate(
        "PaymentStart",
        callers.customer,
        idempotencyKey=factories.key(),
        orderId=order["id"],
        provider="WECHAT_PAY",
    )
    assert (refused["__typename"], refused["path"]) == ("InvalidInput", ["provider"])
    async with runtime.database.reading(scene.brand) as session:
        assert await purchase.count(session, PaymentRow) == 1


async def test_key_of_a_start_that_crashed_after_the_provider_answered_finishes_it(
    api: Api, runtime: Runtime, scene: Scene, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await place(api, scene, callers.customer)
    given = {"idempotencyKey": factories.key(), "orderId": order["id"], "provider": "SANDBOX"}

    async def die(point: str) -> None:
        if point == "provider_called":
            raise RuntimeError(point)

    query = "mutation ($input: PaymentStartInput!) { paymentStart(input: $input) { __typename } }"
    with monkeypatch.context() as patched:
        patched.setattr(faults, "pause_point", die)
        assert await api.codes(query, {"input": given}, token=callers.customer) == ["INTERNAL"]
    async with runtime.database.reading(scene.brand) as session:
        kept = sa.select(PaymentRow.client_parameters).where(PaymentRow.brand_id == scene.brand.id)
        assert list(await session.scalars(kept)) == [None]
    answer = await api.mutate("PaymentStart", callers.customer, **given)
    assert answer["payment"]["clientParameters"]["confirmUrl"].endswith("/confirm")


async def test_cancelled_order_that_is_paid_too_late_shows_its_refund(
    api: Api, outside: httpx.AsyncClient, runtime: Runtime, scene: Scene, callers: Callers
) -> None:
    order = await place(api, scene, callers.customer)
    payment = await start(api, callers.customer, order["id"])
    key = {"idempotencyKey": factories.key(), "orderId": order["id"]}
    for _ in range(2):
        cancelled = await api.mutate("OrderCancel", callers.customer, **key)
        assert cancelled["order"] == {"id": order["id"], "state": "CANCELLED"}
    refused = await api.mutate("OrderCancel", callers.customer, **key | {"idempotencyKey": factories.key()})
    assert refused["__typename"] == "WrongState"
    table = Subscriptions()
    table.delivery(OrderCancelled, "provider", charges.closer(runtime))
    table.delivery(RefundRequested, "provider", refunds.refunder(runtime))
    relay = Relay(runtime.database, table, runtime.settings)
    await relay.drain(scene.brand)
    path = httpx.URL(payment["clientParameters"]["confirmUrl"]).path
    assert (await outside.post(path)).status_code == 409
    assert (await outside.post(path, params={"late": "true"})).status_code == 200
    while await sandbox_pay.deliver_due(runtime, purchase.bank_of(runtime), outside):
        pass  # callbacks of other tests may be due before this one
    await relay.drain(scene.brand)
    mine = await api.data("MyOrder", {"id": order["id"]}, token=callers.customer)
    assert (mine["state"], mine["refunded"]["minor"], mine["allowedActions"]) == ("CANCELLED", 12_900, [])
    query = "query ($id: ID!) { node(id: $id) { ... on Payment { state } } }"
    shown = await api.send(query, {"id": payment["id"]}, token=callers.customer)
    assert shown["data"]["node"] == {"state": "REFUNDED"}
    await purchase.assert_sound(runtime.database, scene.brand)


async def test_orders_are_paged_newest_first_without_gaps_or_repeats(api: Api, scene: Scene, callers: Callers) -> None:
    numbers = [(await place(api, scene, callers.customer))["number"] for _ in range(5)]
    seen: list[str] = []
    after = None
    for _ in range(3):
        page = (await api.data("MyOrders", {"first": 2, "after": after}, token=callers.customer))["customer"]["orders"]
        seen += [edge["node"]["number"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    assert seen == numbers[::-1]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (5, False)
