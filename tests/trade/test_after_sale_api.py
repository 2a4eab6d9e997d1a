"""After-sales over the API: what is refused says why, in the caller's language; details for the customer's page."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.employees import organisation
from app.employees.models import StoreRow
from app.employees.values import PostalAddress
from app.platform.integrations.payments import ProviderRefused
from app.platform.runtime import Runtime
from app.trade.values import OrderState
from graphql_schema.paging import encode_global_id
from tests.employees.api import Api
from tests.factories import ADDRESS, Scene, key
from tests.trade import purchase, returns
from tests.trade.calls import Callers

DETAILS = """query ($id: ID!) { node(id: $id) { ... on AfterSale {
  state kind quantity reason evidenceUrls comment requestedAt dueAt decidedAt refundedAt returnCarrier
  returnTrackingNumber allowedActions refund { minor } order { id number state } line { id quantity }
  returnAddress { recipient phone province city district street } } } }"""


@pytest.fixture
async def sold(runtime: Runtime, scene: Scene, callers: Callers) -> returns.Sold:
    buyer = purchase.customer_actor(callers.customer_id)
    return await returns.sell_and(runtime, scene, OrderState.SHIPPED, quantity=2, buyer=buyer)


def asking(sold: returns.Sold, **more: Any) -> dict[str, Any]:
    line_id = encode_global_id("OrderLine", sold.lines[0])
    given = {"orderLineId": line_id, "quantity": 1, "kind": "RETURN_AND_REFUND", "reason": "不合适"}
    return {"idempotencyKey": key()} | given | more


@pytest.mark.parametrize(
    ("changes", "kind", "code", "path"),
    [
        ({"quantity": 0}, "InvalidInput", "INVALID_INPUT", ["quantity"]),
        ({"quantity": 3}, "InvalidInput", "INVALID_INPUT", ["quantity"]),
        ({"amountMinor": 12_901}, "InvalidInput", "INVALID_INPUT", ["amountMinor"]),
        ({"reason": ""}, "InvalidInput", "INVALID_INPUT", ["reason"]),
        ({"evidenceUrls": ["ftp://x"]}, "InvalidInput", "INVALID_INPUT", ["evidenceUrls", "0"]),
        ({"orderLineId": "nonsense"}, "InvalidInput", "INVALID_INPUT", ["orderLineId"]),
        ({"idempotencyKey": "short"}, "InvalidInput", "INVALID_INPUT", ["idempotencyKey"]),
    ],
)
async def test_wrong_request_names_its_field(
    api: Api, sold: returns.Sold, callers: Callers, changes: dict[str, Any], kind: str, code: str, path: list[str]
) -> None:
    refused = await api.mutate("AfterSaleRequest", callers.customer, **asking(sold, **changes))
    assert (refused["__typename"], refused["code"], refused["path"]) == (kind, code, path)
    assert refused["message"]


async def test_request_after_the_days_for_returns_is_refused_as_too_late(
    api: Api, runtime: Runtime, sold: returns.Sold, callers: Callers
) -> None:
    await sold.go(*returns.ROAD[1:], now=datetime.now(UTC) - timedelta(days=8))
    refused = await api.mutate("AfterSaleRequest", callers.customer, **asking(sold))
    assert (refused["__typename"], refused["code"]) == ("DeadlinePassed", "DEADLINE_PASSED")
    assert refused["message"] == "The days for returns are over."
    mine = await api.data("MyOrder", {"id": encode_global_id("Order", sold.order_id)}, token=callers.customer)
    assert mine["allowedActions"] == []
    assert mine["lines"][0]["refundableQuantity"] == 2


async def test_customer_follows_a_return_and_is_told_where_to_send_it(
    api: Api, runtime: Runtime, scene: Scene, sold: returns.Sold, callers: Callers
) -> None:
    async with runtime.database.transaction(scene.brand) as session:
        sealed = organisation._sealed(session, PostalAddress(**{**ADDRESS, "phone": "+8619900001001"}))
        store = sa.update(StoreRow).where(StoreRow.brand_id == scene.brand.id, StoreRow.id == scene.store_id)
        await session.execute(store.values(return_address=sealed).execution_options(synchronize_session=False))
    pictures = ["https://cdn.example.com/1.jpg"]
    asked = await api.mutate("AfterSaleRequest", callers.customer, **asking(sold, evidenceUrls=pictures))
    after_sale_id = asked["afterSale"]["id"]

    async def shown(token: str) -> Any:
        return (await api.send(DETAILS, {"id": after_sale_id}, token=token))["data"]["node"]

    first = await shown(callers.customer)
    assert (first["state"], first["returnAddress"], first["comment"]) == ("REQUESTED", None, None)
    assert (first["evidenceUrls"], first["allowedActions"]) == (pictures, ["WITHDRAW"])
    assert (first["order"]["state"], first["line"]["quantity"]) == ("SHIPPED", 2)
    assert (await shown(callers.owner))["allowedActions"] == ["DECIDE"]
    assert (await shown(callers.guide))["allowedActions"] == []
    for stranger in (callers.other_customer, callers.other_guide, callers.stranger):
        assert await shown(stranger) is None
    keyed = {"idempotencyKey": key(), "afterSaleId": after_sale_id}
    await api.mutate("AfterSaleDecide", callers.owner, **keyed, decision="APPROVE", comment="请寄回")
    second = await shown(callers.customer)
    assert (second["state"], second["comment"], second["allowedActions"]) == (
        *("APPROVED", "请寄回"),
        ["WITHDRAW", "SHIP_RETURN"],
    )
    assert second["returnAddress"] == {**ADDRESS, "phone": "+8619900001001"}
    assert second["dueAt"] > second["decidedAt"]
    await api.mutate(
        "AfterSaleReturnShip",
        callers.customer,
        **{**keyed, "idempotencyKey": key()},
        carrier="顺丰",
        trackingNumber="SF1",
    )
    third = await shown(callers.owner)
    assert (third["returnCarrier"], third["returnTrackingNumber"], third["allowedActions"]) == (
        *("顺丰", "SF1"),
        ["RECEIVE"],
    )
    await api.mutate("AfterSaleReceive", callers.owner, **{**keyed, "idempotencyKey": key()}, restock=False)
    await sold.pay_back()
    last = await shown(callers.customer)
    assert (last["state"], last["returnAddress"], last["allowedActions"]) == ("REFUNDED", None, [])
    assert last["refundedAt"]


async def test_list_of_staff_pages_by_state_and_one_key_is_one_request(
    api: Api, runtime: Runtime, sold: returns.Sold, callers: Callers
) -> None:
    wanted = asking(sold)
    first = await api.mutate("AfterSaleRequest", callers.customer, **wanted)
    assert await api.mutate("AfterSaleRequest", callers.customer, **wanted) == first
    other = await api.mutate("AfterSaleRequest", callers.customer, **{**wanted, "quantity": 2})
    assert other["__typename"] == "IdempotencyConflict"
    second = await api.mutate("AfterSaleRequest", callers.customer, **asking(sold))
    seen, after = [], None
    for _ in range(2):
        page = await api.data("StaffAfterSales", {"first": 1, "after": after}, token=callers.owner)
        assert page["totalCount"] == 2
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    assert seen == [second["afterSale"]["id"], first["afterSale"]["id"]]
    assert not page["pageInfo"]["hasNextPage"]
    none = await api.data("StaffAfterSales", {"states": ["REFUNDED"]}, token=callers.owner)
    assert (none["totalCount"], none["edges"]) == (0, [])


async def test_refund_that_the_provider_refused_is_tried_again_by_staff(
    api: Api, sold: returns.Sold, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    after_sale_id = await sold.request()
    retry = """mutation ($input: AfterSaleRefundRetryInput!) { afterSaleRefundRetry(input: $input) { __typename
      ... on AfterSaleRefundRetryPayload { afterSale { state } } ... on WrongState { state } } }"""

    async def tried() -> Any:
        given = {"idempotencyKey": key(), "afterSaleId": encode_global_id("AfterSale", after_sale_id)}
        answer = await api.send(retry, {"input": given}, token=callers.owner)
        return answer["data"]["afterSaleRefundRetry"]

    assert await tried() == {"__typename": "WrongState", "state": "REQUESTED"}
    await sold.decide(after_sale_id)
    with monkeypatch.context() as patch:
        patch.setattr("app.platform.integrations.sandbox_bank.SandboxBank.refund", refuse)
        await sold.pay_back()
    assert await tried() == {"__typename": "AfterSaleRefundRetryPayload", "afterSale": {"state": "REFUNDING"}}
    await sold.pay_back()
    await sold.assert_sound()


async def refuse(*_: Any) -> None:
    raise ProviderRefused("NOT_ENOUGH_BALANCE")
