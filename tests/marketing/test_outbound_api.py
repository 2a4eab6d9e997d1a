"""Messages to customers over the API: sent or not, with the reason, and the rules that say so."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.customers import consents
from app.customers.consents import Consent
from app.customers.values import ConsentPurpose
from app.marketing.models import OutboundMessageRow
from app.platform import clock
from app.platform.actor import ActorKind
from app.platform.runtime import Runtime
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene, key
from tests.marketing.api import Api
from tests.marketing.walk import Walk

SEND = """
mutation ($input: CustomerMessageSendInput!) { customerMessageSend(input: $input) {
  ... on CustomerMessageSendPayload {
    outboundMessage { id channel kind text subjectId state reason dueAt againAt sentAt } }
  ... on UserError { code message path } } }
"""
SET = """
mutation ($input: OutboundRuleSetInput!) { outboundRuleSet(input: $input) {
  ... on OutboundRuleSetPayload { rule { channel most period days quietFrom quietUntil setAt } }
  ... on UserError { code message path } } }
"""
LIST = """
query ($id: ID!, $after: String) { node(id: $id) { ... on Customer {
  outboundMessages(first: 1, after: $after) { totalCount pageInfo { endCursor hasNextPage }
    edges { node { state reason text } } }
  sms: maySend(channel: SMS, kind: CARE) { state reason dueAt againAt }
  push: maySend(channel: SUBSCRIPTION, kind: CARE) { state reason } } } }
"""


@pytest.fixture
def api(http: httpx.AsyncClient) -> Api:
    return Api(http)


@pytest.fixture
async def guide(runtime: Runtime, scene: Scene) -> str:
    return await factories.token_for(runtime, scene.brand, scene.guide.employee_id)


@pytest.fixture
async def owner(runtime: Runtime, scene: Scene) -> str:
    return await factories.token_for(runtime, scene.brand, scene.owner_id)


@pytest.fixture
async def customer(runtime: Runtime, scene: Scene) -> str:
    """The global id of a customer of the guide's who said yes to marketing."""
    walk = Walk(runtime.database, scene.brand)
    customer_id = await walk.make_customer()
    async with runtime.database.transaction(scene.brand) as session:
        yes = Consent(ConsentPurpose.MARKETING, "1", granted=True)
        await consents.record(session, customer_id=customer_id, consents=[yes], now=session.now - timedelta(hours=1))
    await walk.scan(scene.guide.token, by=customer_id)
    return encode_global_id("Customer", customer_id)


async def send(api: Api, token: str, customer: str, **more: Any) -> Any:
    fields = {
        "idempotencyKey": key(),
        "customerId": customer,
        "channel": "SMS",
        "kind": "CARE",
        "text": "上新了",
        **more,
    }
    answer = await api.post(SEND, {"input": fields}, token=token)
    return answer["data"]["customerMessageSend"]


async def set_rule(api: Api, token: str, **fields: Any) -> Any:
    answer = await api.post(SET, {"input": {"idempotencyKey": key(), "channel": "SMS", **fields}}, token=token)
    return answer["data"]["outboundRuleSet"]


async def awake(api: Api, owner: str) -> None:
    assert (await set_rule(api, owner, quietFrom="00:00", quietUntil="00:00"))["rule"]["quietFrom"] == "00:00"


async def test_message_is_sent_once_a_key_and_the_second_is_told_when_again(
    api: Api, scene: Scene, guide: str, owner: str, customer: str
) -> None:
    await awake(api, owner)
    product = encode_global_id("Product", scene.product_id)
    fields = {"idempotencyKey": key(), "subjectId": product}
    first = (await send(api, guide, customer, **fields))["outboundMessage"]
    assert (await send(api, guide, customer, **fields))["outboundMessage"] == first
    assert {name: first[name] for name in ("state", "reason", "text", "subjectId", "dueAt", "againAt", "sentAt")} == {
        "state": "ALLOWED",
        "reason": None,
        "text": "上新了",
        "subjectId": product,
        "dueAt": None,
        "againAt": None,
        "sentAt": None,
    }
    other = await send(api, guide, customer, idempotencyKey=fields["idempotencyKey"], text="别的")
    assert other["code"] == "IDEMPOTENCY_CONFLICT"
    second = (await send(api, guide, customer))["outboundMessage"]
    assert (second["state"], second["reason"]) == ("REFUSED", "OVER_BUDGET") and second["againAt"] is not None
    page = (await api.post(LIST, {"id": customer}, token=guide))["data"]["node"]
    assert page["outboundMessages"]["totalCount"] == 2 and page["outboundMessages"]["pageInfo"]["hasNextPage"]
    assert page["outboundMessages"]["edges"][0]["node"]["reason"] == "OVER_BUDGET"
    assert page["sms"]["againAt"] == second["againAt"] and page["push"]["reason"] == "NO_SUBSCRIPTION"
    rest = await api.post(
        LIST, {"id": customer, "after": page["outboundMessages"]["pageInfo"]["endCursor"]}, token=guide
    )
    [edge] = rest["data"]["node"]["outboundMessages"]["edges"]
    assert edge["node"] == {"state": "ALLOWED", "reason": None, "text": "上新了"}


async def test_night_of_the_brand_makes_messages_wait(api: Api, guide: str, owner: str, customer: str) -> None:
    # A night of 23 hours that began an hour ago.
    now = clock.utc_now() + timedelta(hours=8)
    hours = {"quietFrom": f"{(now.hour - 1) % 24:02d}:00", "quietUntil": f"{(now.hour - 2) % 24:02d}:00"}
    assert (await set_rule(api, owner, **hours))["rule"]["quietFrom"] == hours["quietFrom"]
    made = (await send(api, guide, customer))["outboundMessage"]
    assert (made["state"], made["reason"], made["againAt"]) == ("WAITING", "QUIET_HOURS", None)
    assert made["dueAt"].endswith(":00:00.000Z")


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"text": " "}, ["text"]),
        ({"text": "长" * 501}, ["text"]),
        ({"text": "【银行】转账"}, ["text"]),
        ({"kind": "DELIVERY"}, ["kind"]),
        ({"customerId": "x"}, ["customerId"]),
        ({"subjectId": "x"}, ["subjectId"]),
        ({"subjectId": encode_global_id("Customer", UUID(int=1))}, ["subjectId"]),
        ({"idempotencyKey": "short"}, ["idempotencyKey"]),
    ],
)
async def test_bad_input_is_named_and_leaves_nothing(
    api: Api, runtime: Runtime, scene: Scene, guide: str, customer: str, fields: dict[str, Any], path: list[str]
) -> None:
    refused = await send(api, guide, customer, **fields)
    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", path) and refused["message"]
    assert await Walk(runtime.database, scene.brand).count(OutboundMessageRow) == 0


async def test_rules_are_read_by_staff_and_set_within_bounds(
    api: Api, scene: Scene, runtime: Runtime, guide: str, owner: str
) -> None:
    query = "{ outboundRules { channel most period days quietFrom quietUntil setAt } }"
    before = (await api.post(query, token=guide))["data"]["outboundRules"]
    night = {"quietFrom": "21:00", "quietUntil": "09:00", "setAt": None}
    assert before == [
        {"channel": "OFFICIAL_ACCOUNT", "most": 4, "period": "MONTH", "days": None, **night},
        {"channel": "SMS", "most": 1, "period": "DAYS", "days": 60, **night},
        {"channel": "MAIL", "most": 1, "period": "DAYS", "days": 60, **night},
        {"channel": "WECOM", "most": 1, "period": "DAYS", "days": 1, **night},
        {"channel": "SUBSCRIPTION", "most": 1, "period": "GRANTS", "days": None, **night},
    ]
    for fields, path in (
        ({"channel": "WECOM", "most": 2}, ["most"]),
        ({"channel": "OFFICIAL_ACCOUNT", "days": 10}, ["days"]),
        ({"quietFrom": "9am"}, ["quietFrom"]),
        ({"days": 0}, ["days"]),
    ):
        assert (await set_rule(api, owner, **fields))["path"] == path
    made = (await set_rule(api, owner, most=2, days=90))["rule"]
    assert made["setAt"] is not None
    assert {**made, "setAt": None} == {"channel": "SMS", "most": 2, "period": "DAYS", "days": 90, **night}
    after = (await api.post(query, token=guide))["data"]["outboundRules"]
    assert after == [made if rule["channel"] == "SMS" else rule for rule in before]


async def test_another_customer_finds_nothing_and_sends_nothing(
    api: Api, runtime: Runtime, scene: Scene, guide: str, customer: str
) -> None:
    await send(api, guide, customer)
    walk = Walk(runtime.database, scene.brand)
    stranger = await factories.token_for(runtime, scene.brand, await walk.make_customer(), ActorKind.CUSTOMER.value)
    assert (await api.post(LIST, {"id": customer}, token=stranger))["data"]["node"] is None
    fields = {"idempotencyKey": key(), "customerId": customer, "channel": "SMS", "kind": "CARE", "text": "好"}
    assert await api.codes(SEND, {"input": fields}, token=stranger) == ["FORBIDDEN"]
    assert await walk.count(OutboundMessageRow) == 1
