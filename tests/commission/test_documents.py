"""The clients' documents of commission: rules, publications, attribution, the guide's money, live."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from app.commission import plans, policies
from app.customers.policies import current_policy
from app.customers.values import BindOn, PolicyTerms
from app.platform.actor import SYSTEM
from app.platform.runtime import Runtime
from graphql_schema.paging import decode_global_id, encode_global_id
from tests import factories
from tests.commission.market import leave, order_goods, scan
from tests.commission.sold import Sale, cny, pay_for
from tests.commission.wire import ask, code_of, send
from tests.statements import count_statements

POLICY = {
    "bindOn": "SCAN",
    "renewOn": "VISIT",
    "bindingMode": "PERMANENT",
    "takeover": "NEVER",
    "selfPurchase": "COMMISSION",
}


async def test_current_rules_are_read_in_two_statements_beside_the_caller(
    runtime: Runtime, http: httpx.AsyncClient, sale: Sale
) -> None:
    # The brand's row is kept for some seconds: the first request may read it.
    await ask(http, "headquarters", "CurrentRules", token=sale.guide)
    async with count_statements(runtime.database) as seen:
        answer = await ask(http, "headquarters", "CurrentRules", token=sale.guide)
    assert "errors" not in answer
    policy, plan = answer["data"]["attributionPolicy"], answer["data"]["commissionPlan"]
    assert policy.pop("publishedAt").endswith("Z")
    assert plan.pop("publishedAt").endswith("Z")
    assert policy == {
        "version": 1,
        "bindOn": "SIGN_IN",
        "renewOn": "ORDER",
        "bindingMode": "TIMED",
        "validityDays": 180,
        "takeover": "AFTER_PROTECTION",
        "protectionDays": 30,
        "lastTouchDays": 30,
        "selfPurchase": "NONE",
        "offlineSplitBp": 5000,
        "fulfilmentStoreBp": 0,
    }
    rule = {"rateBp": 1000, "role": "SELLER", "productId": None, "categoryId": None, "orgUnitId": None}
    assert plan == {"version": 1, "holdDays": 7, "rules": [rule]}
    assert len(seen) == 3, seen


async def test_policy_is_published_once_for_a_key(runtime: Runtime, http: httpx.AsyncClient, sale: Sale) -> None:
    given = {"input": {**POLICY, "idempotencyKey": factories.key()}}
    first = await ask(http, "headquarters", "AttributionPolicyPublish", given, token=sale.owner)
    again = await ask(http, "headquarters", "AttributionPolicyPublish", given, token=sale.owner)
    given["input"]["takeover"] = "ANY_TIME"
    other = await ask(http, "headquarters", "AttributionPolicyPublish", given, token=sale.owner)
    made = first["data"]["attributionPolicyPublish"]
    assert made["__typename"] == "AttributionPolicyPublishPayload"
    assert made["policy"]["version"] == 2
    assert again == first
    assert other["data"]["attributionPolicyPublish"]["code"] == "IDEMPOTENCY_CONFLICT"
    async with runtime.database.reading(sale.scene.brand) as session:
        policy = await current_policy(session)
    assert (policy.version, policy.takeover, policy.validity_days) == (2, "NEVER", None)
    # What was left out is as in a new brand.
    assert (policy.last_touch_days, policy.offline_split_bp, policy.fulfilment_store_bp) == (30, 5_000, 0)
    assert policy.published_by == f"employee:{sale.scene.owner_id}"


async def test_policy_with_a_fault_names_the_field_in_the_callers_language(
    runtime: Runtime, http: httpx.AsyncClient, sale: Sale
) -> None:
    given = {"input": {**POLICY, "validityDays": 3, "idempotencyKey": factories.key()}}
    refused = [
        (await ask(http, "headquarters", "AttributionPolicyPublish", given, token=sale.owner, language=language))[
            "data"
        ]["attributionPolicyPublish"]
        for language in ("zh-CN", "en")
    ]
    assert [(one["code"], one["path"]) for one in refused] == [("INVALID_INPUT", ["validityDays"])] * 2
    assert refused[0]["message"] == "永久绑定不能设置有效天数。"
    assert refused[1]["message"] == "A permanent binding has no days of validity."
    async with runtime.database.reading(sale.scene.brand) as session:
        assert (await current_policy(session)).version == 1


async def test_only_the_owner_publishes(runtime: Runtime, http: httpx.AsyncClient, sale: Sale) -> None:
    async with runtime.database.transaction(sale.scene.brand) as session:
        root_id = decode_global_id(encode_global_id("OrgUnit", sale.scene.area_id)).uuids[0]
        office = await factories.make_employee(session, role="HEADQUARTERS", org_unit_id=root_id)
    headquarters = await factories.token_for(runtime, sale.scene.brand, office.employee_id)
    customer = await factories.token_for(runtime, sale.scene.brand, sale.customer_id, "CUSTOMER")
    plan = {"holdDays": 7, "rules": [{"rateBp": 1, "role": "SELLER"}]}
    for operation, fields in (("AttributionPolicyPublish", POLICY), ("CommissionPlanPublish", plan)):
        given = {"input": {**fields, "idempotencyKey": factories.key()}}
        for token in (headquarters, sale.guide, customer):
            assert code_of(await ask(http, "headquarters", operation, given, token=token)) == "FORBIDDEN"
        assert code_of(await ask(http, "headquarters", operation, given)) == "UNAUTHENTICATED"
    assert code_of(await ask(http, "headquarters", "CurrentRules", token=customer)) == "FORBIDDEN"
    async with runtime.database.reading(sale.scene.brand) as session:
        assert (await current_policy(session)).version == 1
        assert (await plans.current(session)).version == 1


async def test_plan_is_published_with_its_goods_and_read_back(
    runtime: Runtime, http: httpx.AsyncClient, sale: Sale
) -> None:
    product = encode_global_id("Product", sale.scene.product_id)
    unit = encode_global_id("OrgUnit", sale.scene.area_id)
    rules = [
        {"rateBp": 500, "role": "SELLER"},
        {"rateBp": 700, "role": "SELLER", "productId": product, "orgUnitId": unit},
        {"rateBp": 20, "role": "MANAGER"},
    ]
    given = {"input": {"holdDays": 15, "rules": rules, "idempotencyKey": factories.key()}}
    made = await ask(http, "headquarters", "CommissionPlanPublish", given, token=sale.owner)
    assert made["data"]["commissionPlanPublish"]["plan"]["version"] == 2
    shown = (await ask(http, "headquarters", "CurrentRules", token=sale.owner))["data"]["commissionPlan"]
    assert shown["holdDays"] == 15
    assert shown["rules"] == [{"productId": None, "categoryId": None, "orgUnitId": None, **rule} for rule in rules]


@pytest.mark.parametrize(
    ("rules", "hold_days", "code", "path"),
    [
        ([{"rateBp": 1, "role": "SELLER"}], 6, "INVALID_INPUT", ["holdDays"]),
        ([], 7, "INVALID_INPUT", ["rules"]),
        ([{"rateBp": 10_001, "role": "SELLER"}], 7, "INVALID_INPUT", ["rules", "0", "rateBp"]),
        ([{"rateBp": 1, "role": "SELLER", "productId": "?"}], 7, "INVALID_INPUT", ["rules", "0", "productId"]),
        ([{"rateBp": 1, "role": "SELLER"}] * 2, 7, "CONFLICT", ["rules", "1"]),
    ],
)
async def test_plan_with_a_fault_names_the_field(
    http: httpx.AsyncClient, sale: Sale, rules: list[dict[str, Any]], hold_days: int, code: str, path: list[str]
) -> None:
    given = {"input": {"holdDays": hold_days, "rules": rules, "idempotencyKey": factories.key()}}
    answer = await ask(http, "headquarters", "CommissionPlanPublish", given, token=sale.owner)
    refused = answer["data"]["commissionPlanPublish"]
    assert (refused["code"], refused["path"]) == (code, path)


async def test_product_id_where_a_unit_is_due_is_refused(http: httpx.AsyncClient, sale: Sale) -> None:
    rule = {"rateBp": 1, "role": "SELLER", "orgUnitId": encode_global_id("Product", sale.scene.product_id)}
    given = {"input": {"holdDays": 7, "rules": [rule], "idempotencyKey": factories.key()}}
    answer = await ask(http, "headquarters", "CommissionPlanPublish", given, token=sale.owner)
    assert answer["data"]["commissionPlanPublish"]["path"] == ["rules", "0", "orgUnitId"]


async def test_owner_sees_every_candidate_and_share(http: httpx.AsyncClient, sale: Sale) -> None:
    answer = await ask(http, "boss", "OrderAttribution", {"id": sale.node}, token=sale.owner)
    assert "errors" not in answer
    found = answer["data"]["node"]["attribution"]
    assert (found["policyVersion"], found["rule"]) == (1, "LIVE_BINDING")
    assert found["explanation"] == "顾客与一位导购的绑定有效，订单归这位导购。归属规则第 1 版。"
    guide, other = sale.scene.guide.employee_id, sale.scene.other_guide.employee_id
    assert [(one["guide"]["id"], one["outcome"], one["reason"]) for one in found["candidates"]] == [
        (encode_global_id("Guide", guide), "WON", "顾客与该导购的绑定有效"),
        (encode_global_id("Guide", other), "LOST", "有效绑定的导购优先"),
    ]
    assert found["candidates"][0]["guide"]["displayName"] == "林知夏"
    assert found["shares"] == [
        {
            "role": "SELLER",
            "performanceBp": 10_000,
            "performance": cny(20_000, "¥200.00"),
            "commission": cny(2_000, "¥20.00"),
            "party": {
                "__typename": "Employee",
                "id": encode_global_id("Employee", guide),
                "displayName": "林知夏",
            },
        }
    ]


async def test_binding_to_a_guide_who_left_loses_to_the_shop(
    runtime: Runtime, http: httpx.AsyncClient, sale: Sale
) -> None:
    async with runtime.database.transaction(sale.scene.brand) as session:
        await leave(session, sale.scene.guide)
        order_id = await order_goods(
            session, customer_id=sale.customer_id, sku_id=sale.scene.sku_id, shop_of=sale.scene.other_guide
        )
    given = {"id": encode_global_id("Order", order_id)}
    answer = await ask(http, "boss", "OrderAttribution", given, token=sale.owner, language="en")
    found = answer["data"]["node"]["attribution"]
    assert found["rule"] == "SHOP_GUIDE"
    assert [one["reason"] for one in found["candidates"]] == [
        "The order came from this guide's shop",
        "The guide of the binding had left",
    ]


async def test_candidate_of_a_code_shows_the_meeting(runtime: Runtime, http: httpx.AsyncClient, sale: Sale) -> None:
    guide, other = sale.scene.guide, sale.scene.other_guide
    async with runtime.database.transaction(sale.scene.brand) as session:
        customer_id = await factories.make_customer(session)
        await policies.publish(session, SYSTEM, terms=PolicyTerms(bind_on=BindOn.FIRST_ORDER), now=session.now)
        await scan(session, customer_id, guide)
    async with runtime.database.transaction(sale.scene.brand) as session:
        order_id = await order_goods(session, customer_id=customer_id, sku_id=sale.scene.sku_id, shop_of=other)
    given = {"id": encode_global_id("Order", order_id)}
    found = (await ask(http, "boss", "OrderAttribution", given, token=sale.owner))["data"]["node"]["attribution"]
    assert found["rule"] == "LAST_TOUCH"
    assert [(one["outcome"], one["touchpoint"] and one["touchpoint"]["kind"]) for one in found["candidates"]] == [
        ("WON", "SCAN"),
        ("LOST", None),
    ]


async def test_winner_and_loser_each_learn_their_own_reason_and_money(http: httpx.AsyncClient, sale: Sale) -> None:
    winner = await ask(http, "guide", "MyAttribution", {"orderId": sale.node}, token=sale.guide)
    loser = await ask(http, "guide", "MyAttribution", {"orderId": sale.node}, token=sale.other, language="en")
    won, lost = winner["data"]["node"]["attribution"], loser["data"]["node"]["attribution"]
    assert (won["myOutcome"], won["myReason"]) == ("WON", "顾客与该导购的绑定有效")
    assert won["shares"] == [{"role": "SELLER", "commission": cny(2_000, "¥20.00")}]
    assert (lost["myOutcome"], lost["rule"]) == ("LOST", "LIVE_BINDING")
    assert lost["myReason"] == "The guide whom the customer is bound to comes first"
    assert lost["explanation"].startswith("The customer was bound to a guide")
    # What somebody else earns is nobody's business.
    assert lost["shares"] == []


async def test_order_of_others_is_not_there_for_a_guide_who_was_no_candidate(
    http: httpx.AsyncClient, sale: Sale
) -> None:
    answer = await ask(http, "guide", "MyAttribution", {"orderId": sale.node}, token=sale.stranger)
    assert answer["data"] == {"node": None}


async def test_shares_of_a_line_are_seen_as_far_as_those_of_the_order(http: httpx.AsyncClient, sale: Sale) -> None:
    query = """query ($id: ID!) { node(id: $id) { ... on Order { lines { shares { role performanceBp } } } } }"""
    seen = [
        (await send(http, query, {"id": sale.node}, token=token))["data"]["node"]["lines"]
        for token in (sale.owner, sale.guide, sale.other)
    ]
    share = {"role": "SELLER", "performanceBp": 10_000}
    assert seen == [[{"shares": [share]}], [{"shares": [share]}], [{"shares": []}]]


async def test_guides_entries_page_with_state_and_date(runtime: Runtime, http: httpx.AsyncClient, sale: Sale) -> None:
    paid_at = await pay_for(runtime, sale)
    async with runtime.database.transaction(sale.scene.brand) as session:
        await order_goods(session, customer_id=sale.customer_id, sku_id=sale.scene.sku_id, shop_of=sale.scene.guide)
    first = await ask(http, "guide", "GuideCommission", {"first": 1}, token=sale.guide)
    assert "errors" not in first
    page = first["data"]["viewer"]["employee"]["commissionEntries"]
    assert page["totalCount"] == 2
    assert page["pageInfo"]["hasNextPage"] is True
    newest = page["edges"][0]["node"]
    assert (newest["state"], newest["payableAt"], newest["amount"]["minor"]) == ("ESTIMATED", None, 1_000)
    after = {"first": 1, "after": page["pageInfo"]["endCursor"]}
    second = await ask(http, "guide", "GuideCommission", after, token=sale.guide)
    rest = second["data"]["viewer"]["employee"]["commissionEntries"]
    assert rest["pageInfo"]["hasNextPage"] is False
    entry = rest["edges"][0]["node"]
    assert (entry["kind"], entry["state"], entry["role"], entry["reverses"]) == ("ORDER", "HELD", "SELLER", None)
    assert entry["amount"] == cny(2_000, "¥20.00")
    assert entry["order"]["id"] == sale.node
    due = datetime.fromisoformat(entry["payableAt"])
    assert abs(due - paid_at - timedelta(days=7)) < timedelta(milliseconds=1)


async def test_guides_home_shows_day_and_balance(runtime: Runtime, http: httpx.AsyncClient, sale: Sale) -> None:
    before = (await ask(http, "guide", "GuideHome", token=sale.guide))["data"]["viewer"]["employee"]
    await pay_for(runtime, sale)
    after = (await ask(http, "guide", "GuideHome", token=sale.guide))["data"]["viewer"]["employee"]
    assert (before["today"]["orders"], before["commission"]["estimated"]["minor"]) == (0, 2_000)
    assert after["today"] == {
        "visits": 1,
        "newCustomers": 1,
        "orders": 1,
        "netSales": cny(20_000, "¥200.00"),
        "commission": cny(2_000, "¥20.00"),
    }
    assert after["commission"].pop("asOf").endswith("Z")
    zero = cny(0, "¥0.00")
    held = cny(2_000, "¥20.00")
    assert after["commission"] == {"estimated": zero, "held": held, "payable": zero, "paid": zero, "debt": zero}


async def test_nodes_of_commission_are_seen_by_whom_they_concern(http: httpx.AsyncClient, sale: Sale) -> None:
    entries = await ask(http, "guide", "GuideCommission", token=sale.guide)
    entry_id = entries["data"]["viewer"]["employee"]["commissionEntries"]["edges"][0]["node"]["id"]
    query = "query ($id: ID!) { node(id: $id) { __typename id } }"
    for token, is_seen in ((sale.guide, True), (sale.owner, True), (sale.other, False), (sale.stranger, False)):
        answer = await send(http, query, {"id": entry_id}, token=token)
        assert (answer["data"]["node"] is not None) is is_seen
    rules = await send(http, "{ attributionPolicy { id } commissionPlan { id } }", token=sale.stranger)
    for field, name in (("attributionPolicy", "AttributionPolicy"), ("commissionPlan", "CommissionPlan")):
        found = await send(http, query, {"id": rules["data"][field]["id"]}, token=sale.stranger)
        assert found["data"]["node"]["__typename"] == name
