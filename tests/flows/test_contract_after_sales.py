"""The clients' documents over after-sales, as journeys: refunded before it left, returned, rejected, given up."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from app.platform.runtime import Runtime
from app.trade.values import OrderState
from app.worker import make_relay
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.documents import Client
from tests.factories import Scene, key
from tests.trade import returns
from tests.trade.returns import Sold


class Journey:
    """A customer with a paid order of three pieces, and the owner."""

    def __init__(self, sold: Sold, customer: Client, owner: Client) -> None:
        self.sold, self.customer, self.owner = sold, customer, owner

    @property
    def order_id(self) -> str:
        return encode_global_id("Order", self.sold.order_id)

    async def request(self, quantity: int, kind: str = "REFUND_ONLY", **more: Any) -> dict[str, Any]:
        line_id = encode_global_id("OrderLine", self.sold.lines[0])
        given = {"orderLineId": line_id, "quantity": quantity, "kind": kind, "reason": "尺码不合适", **more}
        asked = await self.customer.do("AfterSaleRequest", idempotencyKey=key(), **given)
        assert asked["__typename"] == "AfterSaleRequestPayload", asked
        after_sale: dict[str, Any] = asked["afterSale"]
        return after_sale

    async def mine(self) -> dict[str, Any]:
        order: dict[str, Any] = (await self.customer.data("MyOrder", id=self.order_id))["node"]
        return order

    async def listed(self, *states: str) -> list[dict[str, Any]]:
        page = (await self.owner.data("StaffAfterSales", **({"states": list(states)} if states else {})))["afterSales"]
        assert page["totalCount"] == len(page["edges"])
        return [edge["node"] for edge in page["edges"]]


@pytest.fixture
async def customer_id(runtime: Runtime, scene: Scene) -> UUID:
    async with runtime.database.transaction(scene.brand) as session:
        return await factories.make_customer(session)


async def journey(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene, customer_id: UUID, state: OrderState
) -> Journey:
    buyer = returns.purchase.customer_actor(customer_id)
    sold = await returns.sell_and(runtime, scene, state, quantity=3, buyer=buyer)
    tokens = [
        await factories.token_for(runtime, scene.brand, customer_id, "CUSTOMER"),
        await factories.token_for(runtime, scene.brand, scene.owner_id),
    ]
    return Journey(sold, *(Client(http, token) for token in tokens))


async def test_pieces_that_never_left_are_refunded_step_by_step_until_the_order_is_closed(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene, customer_id: UUID
) -> None:
    walk = await journey(http, runtime, scene, customer_id, OrderState.PAID)
    before = await walk.mine()
    assert "REQUEST_AFTER_SALE" in before["allowedActions"]
    assert (before["afterSales"], before["lines"][0]["refundableQuantity"]) == ([], 3)
    first = await walk.request(1)
    assert (first["state"], first["quantity"], first["refund"]["minor"]) == ("REQUESTED", 1, 12_900)
    assert (await walk.mine())["lines"][0]["refundableQuantity"] == 2
    [listed] = await walk.listed("REQUESTED")
    assert (listed["id"], listed["reason"], listed["order"]["id"]) == (first["id"], "尺码不合适", walk.order_id)
    assert listed["line"]["id"] == encode_global_id("OrderLine", walk.sold.lines[0])

    decide = {"idempotencyKey": key(), "afterSaleId": first["id"], "decision": "APPROVE"}
    decided = await walk.owner.do("AfterSaleDecide", **decide)
    assert (decided["afterSale"]["state"], decided["afterSale"]["refund"]["minor"]) == ("REFUNDING", 12_900)
    assert await walk.owner.do("AfterSaleDecide", **decide) == decided
    again = await walk.owner.do("AfterSaleDecide", **{**decide, "idempotencyKey": key()})
    assert (again["__typename"], again["code"]) == ("WrongState", "WRONG_STATE")
    await make_relay(runtime).drain(scene.brand)
    after = await walk.mine()
    assert (after["state"], after["refunded"]["minor"]) == ("PAID", 12_900)
    assert [(one["state"], one["refund"]["minor"]) for one in after["afterSales"]] == [("REFUNDED", 12_900)]

    rest = await walk.request(2)
    await walk.owner.do("AfterSaleDecide", idempotencyKey=key(), afterSaleId=rest["id"], decision="APPROVE")
    await make_relay(runtime).drain(scene.brand)
    closed = await walk.mine()
    assert (closed["state"], closed["refunded"]["minor"], closed["allowedActions"]) == ("CLOSED", 38_700, [])
    assert closed["lines"][0]["refundableQuantity"] == 0
    assert [one["state"] for one in closed["afterSales"]] == ["REFUNDED"] * 2
    assert await walk.listed("REQUESTED", "REFUNDING") == []
    guide = Client(http, await factories.token_for(runtime, scene.brand, scene.guide.employee_id))
    balance = (await guide.data("GuideHome"))["viewer"]["employee"]["commission"]
    assert balance["held"]["minor"] == 0
    await walk.sold.assert_sound()


async def test_goods_are_sent_back_received_and_refunded(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene, customer_id: UUID
) -> None:
    walk = await journey(http, runtime, scene, customer_id, OrderState.DELIVERED)
    asked = await walk.request(2, "RETURN_AND_REFUND", evidenceUrls=["/media/evidence/1.jpg"], amountMinor=20_000)
    keyed = {"afterSaleId": asked["id"]}
    early = await walk.customer.do(
        "AfterSaleReturnShip", idempotencyKey=key(), **keyed, carrier="顺丰", trackingNumber="SF1"
    )
    assert (early["__typename"], early["code"]) == ("WrongState", "WRONG_STATE")
    approved = await walk.owner.do(
        "AfterSaleDecide", idempotencyKey=key(), **keyed, decision="APPROVE", comment="请寄回"
    )
    assert approved["afterSale"]["state"] == "APPROVED"
    sent = await walk.customer.do(
        "AfterSaleReturnShip", idempotencyKey=key(), **keyed, carrier="顺丰", trackingNumber="SF1"
    )
    assert sent["afterSale"]["state"] == "RETURNING"
    received = await walk.owner.do("AfterSaleReceive", idempotencyKey=key(), **keyed, restock=True)
    assert received["afterSale"]["state"] == "REFUNDING"
    await make_relay(runtime).drain(scene.brand)
    order = await walk.mine()
    assert (order["state"], order["refunded"]["minor"]) == ("DELIVERED", 20_000)
    assert [(one["state"], one["quantity"]) for one in order["afterSales"]] == [("REFUNDED", 2)]
    assert await walk.sold.stock() == (99, 0)
    await walk.sold.assert_sound()


async def test_request_is_rejected_with_a_reason_or_given_up(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene, customer_id: UUID
) -> None:
    walk = await journey(http, runtime, scene, customer_id, OrderState.SHIPPED)
    rejected, withdrawn = await walk.request(1), await walk.request(1)
    reject = {"idempotencyKey": key(), "afterSaleId": rejected["id"], "decision": "REJECT"}
    silent = await walk.owner.do("AfterSaleDecide", **reject)
    assert (silent["__typename"], silent["path"]) == ("InvalidInput", ["comment"])
    answer = await walk.owner.do("AfterSaleDecide", **reject, comment="商品已使用")
    assert answer["afterSale"]["state"] == "REJECTED"
    gone = await walk.customer.do("AfterSaleWithdraw", idempotencyKey=key(), afterSaleId=withdrawn["id"])
    assert gone["afterSale"]["state"] == "WITHDRAWN"
    order = await walk.mine()
    assert [one["state"] for one in order["afterSales"]] == ["WITHDRAWN", "REJECTED"]
    assert (order["lines"][0]["refundableQuantity"], order["refunded"]["minor"]) == (3, 0)
    await walk.sold.assert_sound()
