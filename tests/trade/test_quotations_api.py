"""Quotations over the API: made, opened by token, accepted once, declined, listed; and what is refused."""

from datetime import timedelta
from typing import Any

import pytest

from app.platform import clock
from app.platform.runtime import Runtime
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.employees.api import Api
from tests.factories import Scene
from tests.trade import purchase, quoting
from tests.trade.calls import Callers, basket, start

FIELDS = """id state isNamed note expiresAt endedAt subtotal { minor } guide { id displayName } shop { slug }
  customer { id displayName } lines { title skuName quantity unitPrice { minor } total { minor } sku { id } }"""
CREATE = f"""mutation ($input: QuotationCreateInput!) {{ quotationCreate(input: $input) {{ __typename
  ... on QuotationCreatePayload {{ quotation {{ {FIELDS} issuedCode {{ token url kind }} }} }}
  ... on UserError {{ code message path }} }} }}"""
OPEN = f"query ($token: String!) {{ quotation(token: $token) {{ {FIELDS} }} }}"
ACCEPT = """mutation ($input: QuotationAcceptInput!) { quotationAccept(input: $input) { __typename
  ... on QuotationAcceptPayload { order { id number state total { minor } guide { displayName } quotation { id state }
    lines { quantity unitPrice { minor } } } }
  ... on InsufficientStock { shortages { requested available } } ... on PriceChanged { total { minor } }
  ... on WrongState { state } ... on UserError { code message path } } }"""
DECLINE = """mutation ($input: QuotationDeclineInput!) { quotationDecline(input: $input) { __typename
  ... on QuotationDeclinePayload { quotation { state endedAt } } ... on WrongState { state } } }"""
WITHDRAW = """mutation ($input: QuotationWithdrawInput!) { quotationWithdraw(input: $input) { __typename
  ... on QuotationWithdrawPayload { quotation { state } } ... on WrongState { state } } }"""
LIST = """query ($first: Int, $after: String, $states: [QuotationState!]) {
  quotations(first: $first, after: $after, states: $states) { totalCount pageInfo { hasNextPage endCursor }
    edges { node { id state lines { quantity } order { number } issuedCode { token } } } } }"""
WHY = """query ($id: ID!) { node(id: $id) { ... on Order { quotation { id }
  attribution { rule explanation myOutcome myReason } } } }"""


async def ask(api: Api, document: str, variables: dict[str, Any], token: str | None = None) -> Any:
    """The only root field's answer to a query text, in Chinese; it must have no errors."""
    body = await api.send(document, variables, token=token, language="zh-CN")
    assert "errors" not in body, body
    [found] = body["data"].values()
    return found


async def send(api: Api, caller: str, document: str, **given: Any) -> dict[str, Any]:
    return dict(await ask(api, document, {"input": {"idempotencyKey": factories.key(), **given}}, caller))


async def made(api: Api, scene: Scene, callers: Callers, **more: Any) -> dict[str, Any]:
    answer = await send(api, callers.guide, CREATE, **{"lines": basket(scene, 2), **more})
    assert answer["__typename"] == "QuotationCreatePayload", answer
    return dict(answer["quotation"])


def delivered(token: str, **more: Any) -> dict[str, Any]:
    return {"token": token, "fulfilment": {"method": "DELIVERY", "address": factories.ADDRESS}} | more


async def test_quotation_is_opened_by_anybody_and_accepted_by_the_first(
    api: Api, scene: Scene, callers: Callers, runtime: Runtime
) -> None:
    quotation = await made(api, scene, callers, note="两条更划算")
    token = quotation.pop("issuedCode")
    assert token["kind"] == "QUOTATION" and token["url"].endswith(f"/q/{token['token']}")
    assert (quotation["state"], quotation["isNamed"], quotation["customer"]) == ("OPEN", False, None)
    assert quotation["lines"] == [
        {
            "title": "羊绒围巾",
            "skuName": "规格0",
            "quantity": 2,
            "unitPrice": {"minor": 12_900},
            "total": {"minor": 25_800},
            "sku": {"id": encode_global_id("Sku", scene.sku_id)},
        }
    ]
    await quoting.reprice(runtime.database, scene, 99_900)
    for who in (None, callers.customer, callers.other_customer):
        assert await ask(api, OPEN, {"token": token["token"]}, who) == quotation
    given = delivered(token["token"], expectedTotalMinor=25_800, idempotencyKey=factories.key())
    accepted = await send(api, callers.customer, ACCEPT, **given)
    assert accepted["__typename"] == "QuotationAcceptPayload", accepted
    order = accepted["order"]
    assert order["quotation"] == {"id": quotation["id"], "state": "ACCEPTED"}
    assert (order["total"]["minor"], order["guide"]["displayName"]) == (25_800, "林知夏")
    assert await send(api, callers.customer, ACCEPT, **given) == accepted
    assert (await send(api, callers.customer, ACCEPT, **delivered(token["token"])))["order"] == order
    late = await send(api, callers.other_customer, ACCEPT, **delivered(token["token"]))
    assert (late["__typename"], late["state"]) == ("WrongState", "ACCEPTED")
    opened = [await ask(api, OPEN, {"token": token["token"]}, who) for who in (None, callers.other_customer)]
    assert opened == [None, None]
    mine = await ask(api, OPEN, {"token": token["token"]}, callers.customer)
    assert (mine["state"], mine["customer"]["displayName"][:1]) == ("ACCEPTED", "王")
    assert (await start(api, callers.customer, order["id"]))["amount"]["minor"] == 25_800
    await purchase.assert_sound(runtime.database, scene.brand)


async def test_both_guides_read_why(api: Api, scene: Scene, callers: Callers, runtime: Runtime) -> None:
    buyer = purchase.customer_actor(callers.customer_id)
    await quoting.bind(runtime.database, scene.brand, buyer, scene.other_guide)
    quotation = await made(api, scene, callers)
    order = (await send(api, callers.customer, ACCEPT, **delivered(quotation["issuedCode"]["token"])))["order"]
    why = [await ask(api, WHY, {"id": order["id"]}, who) for who in (callers.guide, callers.other_guide)]
    assert [one["attribution"]["rule"] for one in why] == ["QUOTATION", "QUOTATION"]
    assert [one["attribution"]["myOutcome"] for one in why] == ["WON", "LOST"]
    reasons = [one["attribution"]["myReason"] for one in why]
    assert reasons == ["顾客接受了该导购的报价单", "顾客接受了其他导购的报价单"]
    assert "报价单" in why[1]["attribution"]["explanation"]
    assert [one["quotation"] for one in why] == [{"id": quotation["id"]}, None]


async def test_named_one_shows_itself_to_its_customer_alone_and_can_be_declined(
    api: Api, scene: Scene, callers: Callers, runtime: Runtime
) -> None:
    customer = encode_global_id("Customer", callers.customer_id)
    refused = await send(api, callers.guide, CREATE, lines=basket(scene), customerId=customer)
    assert (refused["__typename"], refused["path"]) == ("NotFound", ["customerId"])
    await quoting.bind(runtime.database, scene.brand, purchase.customer_actor(callers.customer_id), scene.guide)
    token = (await made(api, scene, callers, customerId=customer))["issuedCode"]["token"]
    seen = {
        who: await ask(api, OPEN, {"token": token}, who)
        for who in (None, callers.customer, callers.other_customer, callers.guide, callers.owner)
    }
    assert [who for who, found in seen.items() if found is not None] == [callers.customer]
    strange = await send(api, callers.other_customer, ACCEPT, **delivered(token))
    assert (strange["__typename"], strange["path"]) == ("NotFound", ["token"])
    declined = await send(api, callers.customer, DECLINE, token=token)
    assert declined["quotation"]["state"] == "DECLINED" and declined["quotation"]["endedAt"] is not None
    again = await send(api, callers.customer, DECLINE, token=token)
    assert (again["__typename"], again["state"]) == ("WrongState", "DECLINED")


async def test_list_is_paged_counted_and_narrowed(api: Api, scene: Scene, callers: Callers, runtime: Runtime) -> None:
    quotations = [await made(api, scene, callers) for _ in range(3)]
    withdrawn = await send(api, callers.guide, WITHDRAW, quotationId=quotations[1]["id"])
    assert withdrawn["quotation"]["state"] == "WITHDRAWN"
    await send(api, callers.customer, ACCEPT, **delivered(quotations[0]["issuedCode"]["token"]))
    with purchase.counted(runtime.database) as seen:
        first = await ask(api, LIST, {"first": 2}, callers.guide)
    assert len(seen) == 5, "\n\n".join(seen)
    rest = await ask(api, LIST, {"first": 2, "after": first["pageInfo"]["endCursor"]}, callers.guide)
    nodes = [edge["node"] for edge in (*first["edges"], *rest["edges"])]
    assert (first["totalCount"], rest["pageInfo"]["hasNextPage"]) == (3, False)
    assert [node["id"] for node in nodes] == [one["id"] for one in quotations[::-1]]
    assert [node["state"] for node in nodes] == ["OPEN", "WITHDRAWN", "ACCEPTED"]
    assert [node["order"] is not None for node in nodes] == [False, False, True]
    narrowed = await ask(api, LIST, {"states": ["ACCEPTED", "EXPIRED"]}, callers.owner)
    assert (narrowed["totalCount"], len(narrowed["edges"])) == (1, 1)
    assert (await ask(api, LIST, {}, callers.other_guide))["totalCount"] == 0


@pytest.mark.parametrize(
    ("given", "kind", "path"),
    [
        ({"lines": []}, "InvalidInput", ["lines"]),
        ({"lines": "none"}, "InvalidInput", ["lines", "0", "quantity"]),
        ({"lines": "huge"}, "InvalidInput", ["lines", "0", "quantity"]),
        ({"lines": "no id"}, "InvalidInput", ["lines", "0", "skuId"]),
        ({"expiresAt": -1}, "InvalidInput", ["expiresAt"]),
        ({"expiresAt": 31}, "InvalidInput", ["expiresAt"]),
        ({"customerId": "bm9ib2R5"}, "InvalidInput", ["customerId"]),
    ],
)
async def test_wrong_input_is_named(
    api: Api, scene: Scene, callers: Callers, given: dict[str, Any], kind: str, path: list[str]
) -> None:
    lines = {"none": basket(scene, 0), "huge": basket(scene, 2**31 - 1), "no id": [{"skuId": "x", "quantity": 1}]}
    if isinstance(given.get("lines"), str):
        given = {"lines": lines[given["lines"]]}
    if "expiresAt" in given:
        given = {"expiresAt": (clock.utc_now() + timedelta(days=given["expiresAt"])).isoformat()}
    answer = await send(api, callers.guide, CREATE, **{"lines": basket(scene), **given})
    assert (answer["__typename"], answer["path"]) == (kind, path)
    for token in ("", "x" * 20, scene.guide.token):
        assert await ask(api, OPEN, {"token": token}) is None
        accepted = await send(api, callers.customer, ACCEPT, **delivered(str(token)))
        assert (accepted["__typename"], accepted["path"]) == ("NotFound", ["token"])
