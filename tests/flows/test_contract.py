"""The clients' documents over HTTP: all validate that can, and those of today's product work as journeys."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from graphql import parse, validate

from app.platform import tokens
from app.platform.integrations import sandbox_pay
from app.platform.runtime import Runtime
from app.worker import make_relay
from graphql_schema.context import Context
from graphql_schema.schema import schema
from tests import factories
from tests.documents import OPERATIONS, Client
from tests.factories import ADDRESS, Scene, key
from tests.trade.purchase import bank_of

LATER = {
    # Issue 5: training.
    **{name: 5 for name, operation in OPERATIONS.items() if operation.file == "training.graphql"},
    # Later still: leaving, tills, replay.
    **dict.fromkeys(["EmployeeResign", "PosTicketsImport", "AttributionReplayStart", "AttributionReplayResult"], 6),
}
"""Operations without their content yet, with the number of the plan's step that brings it."""

EMPTY = {"Inbox", "MyAssignment"}
"""Those of them whose types are there already: they answer with empty lists."""

NOW = sorted((set(OPERATIONS) - set(LATER)) | EMPTY)


def test_the_contract_has_71_operations_and_each_is_either_answered_or_named_as_later() -> None:
    assert len(OPERATIONS) == 71
    assert set(LATER) <= set(OPERATIONS)


@pytest.mark.parametrize("name", NOW)
def test_document_validates(name: str) -> None:
    assert validate(schema._schema, parse(OPERATIONS[name].text)) == []


@pytest.mark.parametrize("name", sorted(set(LATER) - EMPTY))
def test_document_named_as_later_is_not_answered_yet(name: str) -> None:
    """When one begins to validate, it moves from LATER into a journey."""
    assert validate(schema._schema, parse(OPERATIONS[name].text)) != []


async def signed_in(
    http: httpx.AsyncClient, runtime: Runtime, brand: Any, phone: str, **more: Any
) -> tuple[Client, dict[str, Any]]:
    """Sign in as a customer does: ask for a code, read it where the sandbox writes it, send it."""
    anonymous = Client(http)
    asked = await anonymous.do(
        "SignInCodeRequest", brandCode=brand.code, phone=phone, audience=more.get("audience", "CUSTOMER")
    )
    assert asked["__typename"] == "SignInCodeRequestPayload", asked
    await make_relay(runtime).drain(brand)
    lines = (runtime.settings.sandbox_dir / "sms.jsonl").read_text().splitlines()
    sent = next(line for line in map(json.loads, reversed(lines)) if line["to"].endswith(phone))
    entered = await anonymous.do(
        "SignIn", brandCode=brand.code, phone=phone, code=sent["code"], **{"audience": "CUSTOMER", **more}
    )
    assert entered["__typename"] == "SignInPayload", entered
    return Client(http, entered["session"]["accessToken"]), entered


async def test_customer_scans_signs_in_orders_pays_and_the_guide_sees_the_money(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    phone, guide_token = (
        factories.next_phone(),
        await factories.token_for(runtime, scene.brand, scene.guide.employee_id),
    )
    visitor, guide = Client(http), Client(http, guide_token)

    scan = await visitor.do("CodeScan", code=scene.guide.token, idempotencyKey=key(), channel="IN_STORE")
    assert scan["touchpoint"]["channel"] == "IN_STORE"
    assert scan["touchpoint"]["guide"]["displayName"] == "林知夏"
    assert scan["binding"] is None
    page = (await visitor.data("ShopPage", slug=scan["shop"]["slug"]))["shop"]
    assert page["guide"]["displayName"] == "林知夏"
    sku = page["shelf"]["edges"][0]["node"]["product"]["skus"][0]
    assert sku["price"]["minor"] == 12_900
    assert sku["isInStock"] is True

    consents = [{"purpose": "MARKETING", "textVersion": "v1", "granted": True}]
    customer, entered = await signed_in(
        http, runtime, scene.brand, phone, visitorToken=scan["visitorToken"], consents=consents
    )
    assert entered["viewer"]["brand"]["code"] == scene.brand.code
    assert entered["viewer"]["customer"]["guide"]["displayName"] == "林知夏"

    lines = [{"skuId": sku["id"], "quantity": 2}]
    quote = (await customer.data("OrderQuote", input={"shopSlug": scan["shop"]["slug"], "lines": lines}))["orderQuote"]
    assert (quote["subtotal"]["minor"], quote["freight"]["minor"], quote["total"]["minor"]) == (25_800, 0, 25_800)
    place = {
        "idempotencyKey": key(),
        "shopSlug": scan["shop"]["slug"],
        "lines": lines,
        "fulfilment": {"method": "DELIVERY", "address": ADDRESS},
        "expectedTotalMinor": quote["total"]["minor"],
        "code": scene.guide.token,
    }
    order = (await customer.do("OrderPlace", **place))["order"]
    again = (await customer.do("OrderPlace", **place))["order"]
    assert again == order
    assert order["state"] == "PENDING_PAYMENT"
    assert order["guide"]["displayName"] == "林知夏"

    before = (await guide.data("GuideHome"))["viewer"]["employee"]
    assert before["commission"]["estimated"]["minor"] == 2_580
    assert before["commission"]["held"]["minor"] == 0

    payment = (await customer.do("PaymentStart", idempotencyKey=key(), orderId=order["id"], provider="SANDBOX"))[
        "payment"
    ]
    assert payment["amount"]["minor"] == 25_800
    await pay(http, runtime, payment)

    mine = (await customer.data("MyOrder", id=order["id"]))["node"]
    assert mine["state"] == "PAID"
    assert mine["lines"][0]["quantity"] == 2
    assert (await customer.data("MyOrders"))["viewer"]["customer"]["orders"]["totalCount"] == 1
    home = (await guide.data("GuideHome"))["viewer"]["employee"]
    assert home["commission"]["held"]["minor"] == 2_580
    assert home["commission"]["estimated"]["minor"] == 0
    assert home["today"] | {"visits": 0} == {
        "visits": 0,
        "newCustomers": 1,
        "orders": 1,
        "netSales": {"minor": 25_800, "currency": "CNY", "display": "¥258.00"},
        "commission": {"minor": 2_580, "currency": "CNY", "display": "¥25.80"},
    }
    assert home["trainingAssignments"] == {"totalCount": 0, "edges": []}
    await see_as_guide(guide, order, phone)
    owner = Client(http, await factories.token_for(runtime, scene.brand, scene.owner_id))
    seen = (await owner.data("OrderAttribution", id=order["id"]))["node"]
    assert seen["attribution"]["rule"] == "EXPLICIT_CODE"
    assert [candidate["outcome"] for candidate in seen["attribution"]["candidates"]] == ["WON"]
    assert seen["attribution"]["shares"][0]["performance"]["minor"] == 25_800
    assert seen["attribution"]["shares"][0]["party"]["__typename"] == "Employee"


async def pay(http: httpx.AsyncClient, runtime: Runtime, payment: dict[str, Any]) -> None:
    """Confirm with the sandbox provider, and carry its signed callback as its own loop would, over HTTP."""
    confirmed = await http.post(payment["clientParameters"]["confirmUrl"])
    assert confirmed.status_code < 300, confirmed.text
    # Other tests' callbacks may still be due in this worker's database; they go first and change nothing here.
    while await sandbox_pay.deliver_due(runtime, bank_of(runtime), http):
        pass


async def see_as_guide(guide: Client, order: dict[str, Any], phone: str) -> None:
    customers = (await guide.data("GuideCustomers", search=phone[-4:]))["viewer"]["employee"]["customers"]
    assert customers["totalCount"] == 1
    found = customers["edges"][0]["node"]
    assert found["phoneMasked"] == f"{phone[:3]}****{phone[-4:]}"
    assert found["binding"]["state"] == "ACTIVE_PROTECTED"
    assert (found["orderCount"], found["netSales"]["minor"]) == (1, 25_800)
    orders = (await guide.data("GuideOrders"))["viewer"]["employee"]["orders"]
    assert [edge["node"]["number"] for edge in orders["edges"]] == [order["number"]]
    entries = (await guide.data("GuideCommission"))["viewer"]["employee"]["commissionEntries"]
    assert [(e["node"]["state"], e["node"]["amount"]["minor"], e["node"]["role"]) for e in entries["edges"]] == [
        ("HELD", 2_580, "SELLER")
    ]
    why = (await guide.data("MyAttribution", orderId=order["id"]))["node"]["attribution"]
    assert (why["myOutcome"], why["shares"][0]["commission"]["minor"]) == ("WON", 2_580)
    assert why["explanation"]
    assert why["myReason"]


async def test_customer_cancels_before_payment_and_nothing_stays_booked(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    customer, _ = await signed_in(http, runtime, scene.brand, factories.next_phone())
    guide = Client(http, await factories.token_for(runtime, scene.brand, scene.guide.employee_id))
    page = (await customer.data("ShopPage", slug=scene.guide.slug))["shop"]
    sku = page["shelf"]["edges"][0]["node"]["product"]["skus"][0]["id"]
    placed = await customer.do(
        "OrderPlace",
        idempotencyKey=key(),
        shopSlug=scene.guide.slug,
        lines=[{"skuId": sku, "quantity": 1}],
        fulfilment={"method": "DELIVERY", "address": ADDRESS},
    )
    order = placed["order"]
    cancelled = await customer.do("OrderCancel", idempotencyKey=key(), orderId=order["id"])
    assert cancelled["order"]["state"] == "CANCELLED"
    refused = await customer.do("OrderCancel", idempotencyKey=key(), orderId=order["id"])
    assert refused["__typename"] == "WrongState"
    late = await customer.do("PaymentStart", idempotencyKey=key(), orderId=order["id"], provider="SANDBOX")
    assert late["__typename"] == "WrongState"
    home = (await guide.data("GuideHome"))["viewer"]["employee"]
    assert home["commission"]["estimated"]["minor"] == 0


async def test_session_is_refreshed_once_and_signed_out(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    customer, entered = await signed_in(http, runtime, scene.brand, factories.next_phone())
    anonymous = Client(http)
    refreshed = await anonymous.do("SessionRefresh", refreshToken=entered["session"]["refreshToken"])
    assert refreshed["__typename"] == "SessionRefreshPayload"
    fresh = Client(http, refreshed["session"]["accessToken"])
    assert (await fresh.do("SignOut", everywhere=False))["endedSessions"] == 1
    assert await customer.code_of_error("MyOrders") == "UNAUTHENTICATED"
    assert (await anonymous.do("SessionRefresh", refreshToken=refreshed["session"]["refreshToken"]))[
        "__typename"
    ] == "SignInRefused"


async def test_guide_makes_a_code_and_arranges_the_shelf(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    guide = Client(http, await factories.token_for(runtime, scene.brand, scene.guide.employee_id))
    made = (await guide.do("CodeCreate", idempotencyKey=key(), kind="SHOP", channel="POSTER", label="橱窗"))[
        "issuedCode"
    ]
    assert (made["kind"], made["label"], made["scanCount"]) == ("SHOP", "橱窗", 0)
    assert (await http.get(made["imageUrl"])).headers["content-type"] == "image/png"
    item = (await guide.data("GuideShelf"))["viewer"]["employee"]["shop"]["shelf"]["edges"][0]["node"]
    changed = (await guide.do("ShelfItemUpdate", shelfItemId=item["id"], isHidden=True, badge="新品"))["shelfItem"]
    assert (changed["isHidden"], changed["badge"]) == (True, "新品")
    assert (await Client(http).data("ShopPage", slug=scene.guide.slug))["shop"]["shelf"]["totalCount"] == 0
    shelf = (await guide.data("GuideShelf"))["viewer"]["employee"]["shop"]["shelf"]
    assert shelf["totalCount"] == 1
    later = await guide.do("CodeCreate", idempotencyKey=key(), kind="CAMPAIGN")
    assert later["__typename"] == "InvalidInput"


async def test_headquarters_builds_a_branch_hires_and_sells(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    owner = Client(http, await factories.token_for(runtime, scene.brand, scene.owner_id))
    units = (await owner.data("OrgUnits"))["orgUnits"]
    root = next(edge["node"] for edge in units["edges"] if edge["node"]["parent"] is None)
    area = await owner.do(
        "OrgUnitCreate", idempotencyKey=key(), code="WEST", name="西区", kind="AREA", parentId=root["id"]
    )
    hours = [{"weekday": 1, "opens": "10:00", "closes": "21:30"}]
    store = await owner.do(
        "StoreCreate",
        idempotencyKey=key(),
        code="CD9",
        name="春熙路店",
        orgUnitId=area["orgUnit"]["id"],
        operator="FRANCHISE",
        city="成都",
        openingHours=hours,
        returnAddress=ADDRESS,
    )
    hired = await owner.do(
        "EmployeeCreate",
        idempotencyKey=key(),
        displayName="秦望舒",
        phone=factories.next_phone(),
        role="GUIDE",
        orgUnitId=area["orgUnit"]["id"],
        storeId=store["store"]["id"],
        employeeNumber="G900",
    )
    assert hired["employee"]["shop"]["slug"]
    category = await owner.do("CategoryCreate", idempotencyKey=key(), name="围巾")
    sku = {
        "name": "驼色",
        "code": "SC-1",
        "barcode": "6900000000017",
        "priceMinor": 19_900,
        "marketPriceMinor": 25_900,
        "stock": 5,
    }
    made = await owner.do(
        "ProductCreate", idempotencyKey=key(), title="羊绒长围巾", categoryId=category["category"]["id"], skus=[sku]
    )
    product = made["product"]
    assert (product["state"], product["skus"][0]["stock"]) == ("PUBLISHED", 5)
    adjusted = await owner.do(
        "StockAdjust", idempotencyKey=key(), skuId=product["skus"][0]["id"], change=-2, reason="盘点"
    )
    assert adjusted["sku"]["stock"] == 3
    page = (await Client(http).data("ShopPage", slug=hired["employee"]["shop"]["slug"]))["shop"]
    assert "羊绒长围巾" in [edge["node"]["product"]["title"] for edge in page["shelf"]["edges"]]
    assert page["guide"]["store"]["city"] == "成都"
    # Prices and title change on every shelf at once.
    dearer = {"skuId": product["skus"][0]["id"], "priceMinor": 20_900}
    await owner.do("ProductUpdate", idempotencyKey=key(), productId=product["id"], title="山羊绒长围巾", skus=[dearer])
    found = (await owner.data("StaffProducts", search="山羊绒"))["products"]["edges"][0]["node"]
    assert (found["skus"][0]["price"]["minor"], found["category"]["name"]) == (20_900, "围巾")
    stores = (await owner.data("StaffStores"))["stores"]["edges"]
    assert [edge["node"]["openingHours"] for edge in stores if edge["node"]["code"] == "CD9"] == [hours]
    people = (await owner.data("StaffEmployees", orgUnitId=area["orgUnit"]["id"]))["employees"]["edges"]
    assert [edge["node"]["employeeNumber"] for edge in people] == ["G900"]


async def test_owner_publishes_rules_and_they_are_the_current_ones(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    owner = Client(http, await factories.token_for(runtime, scene.brand, scene.owner_id))
    first = await owner.data("CurrentRules")
    assert (first["attributionPolicy"]["version"], first["commissionPlan"]["version"]) == (1, 1)
    policy = {
        "bindOn": "SCAN",
        "renewOn": "VISIT",
        "bindingMode": "TIMED",
        "validityDays": 90,
        "takeover": "AFTER_PROTECTION",
        "protectionDays": 15,
        "lastTouchDays": 7,
        "selfPurchase": "COMMISSION",
        "offlineSplitBp": 4_000,
        "fulfilmentStoreBp": 500,
    }
    published = await owner.do("AttributionPolicyPublish", idempotencyKey=key(), **policy)
    assert published["policy"]["version"] == 2
    rules = [{"rateBp": 800, "role": "SELLER"}, {"rateBp": 100, "role": "STORE"}]
    plan = await owner.do("CommissionPlanPublish", idempotencyKey=key(), holdDays=10, rules=rules)
    assert plan["plan"]["version"] == 2
    short = await owner.do("CommissionPlanPublish", idempotencyKey=key(), holdDays=6, rules=rules)
    assert (short["__typename"], short["path"]) == ("InvalidInput", ["holdDays"])
    now = await owner.data("CurrentRules")
    assert now["attributionPolicy"] | policy == now["attributionPolicy"]
    assert [(rule["rateBp"], rule["role"]) for rule in now["commissionPlan"]["rules"]] == [
        (800, "SELLER"),
        (100, "STORE"),
    ]


async def test_guide_pulse_shows_the_money_after_payment(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    """The subscription resolver itself; the socket around it is tested with real servers."""
    token = await factories.token_for(runtime, scene.brand, scene.guide.employee_id)
    context = Context(runtime=runtime, claims=tokens.read_access_token(runtime.secrets.signing, token))
    stream = await schema.subscribe(OPERATIONS["GuidePulse"].text, context_value=context)
    waiting = asyncio.create_task(anext(aiter(stream)))
    await asyncio.sleep(0.3)
    customer, _ = await signed_in(http, runtime, scene.brand, factories.next_phone())
    page = (await customer.data("ShopPage", slug=scene.guide.slug))["shop"]
    sku = page["shelf"]["edges"][0]["node"]["product"]["skus"][0]["id"]
    order = (
        await customer.do(
            "OrderPlace",
            idempotencyKey=key(),
            shopSlug=scene.guide.slug,
            lines=[{"skuId": sku, "quantity": 1}],
            fulfilment={"method": "DELIVERY", "address": ADDRESS},
        )
    )["order"]
    payment = (await customer.do("PaymentStart", idempotencyKey=key(), orderId=order["id"], provider="SANDBOX"))[
        "payment"
    ]
    await pay(http, runtime, payment)
    await make_relay(runtime).drain(scene.brand)
    result = await asyncio.wait_for(waiting, 5)
    pulse = result.data["guidePulse"]
    assert (pulse["kind"], pulse["order"]["number"], pulse["commission"]["minor"]) == ("PAID", order["number"], 1_290)
    await stream.aclose()
