"""The clients' documents for one brand's story: each query with its callers, each mutation with what it sends."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from graphql import parse, validate

from graphql_schema.paging import encode_global_id
from graphql_schema.schema import NODES, schema
from tests import factories
from tests.documents import OPERATIONS, Client
from tests.factories import ADDRESS, key
from tests.flows.twins import Tale

Variables = Callable[[Tale], dict[str, Any]]
Mutation = Callable[[httpx.AsyncClient, Tale], Awaitable[Any]]

NODE = "query Node($id: ID!) { node(id: $id) { __typename id } }"
CALLERS = ("owner", "manager", "guide", "customer", "member")


def as_(http: httpx.AsyncClient, tale: Tale, caller: str | None) -> Client:
    """A client signed in as somebody of the story; None: nobody."""
    return Client(http, None if caller is None else tale.tokens[f"access_of_{caller}"])


def gid(type_name: str, tale: Tale, *names: str) -> str:
    return encode_global_id(type_name, *(tale.ids[name] for name in names))


def answered(kind: str) -> set[str]:
    """The operations of a kind that the schema answers today."""
    return {
        name
        for name, operation in OPERATIONS.items()
        if operation.kind == kind and validate(schema._schema, parse(operation.text)) == []
    }


def nothing(t: Tale) -> dict[str, Any]:
    return {}


def basket(t: Tale, quantity: int = 1) -> list[dict[str, Any]]:
    return [{"skuId": gid("Sku", t, "sku_of_product"), "quantity": quantity}]


QUERIES: list[tuple[str, str | None, Variables]] = [
    ("ShopPage", None, lambda t: {"slug": t.tokens["slug_of_guide"]}),
    ("ShopPage", "customer", lambda t: {"slug": t.tokens["slug_of_colleague"]}),
    ("OrderQuote", None, lambda t: {"input": {"shopSlug": t.tokens["slug_of_guide"], "lines": basket(t, 3)}}),
    ("MyOrders", "customer", nothing),
    ("MyOrders", "member", nothing),
    ("MyOrder", "customer", lambda t: {"id": gid("Order", t, "paid")}),
    ("MyOrder", "member", lambda t: {"id": gid("Order", t, "waiting")}),
    ("GuideHome", "guide", nothing),
    ("GuideHome", "manager", nothing),
    ("GuideCustomers", "guide", nothing),
    ("GuideCustomers", "guide", lambda t: {"search": "2222"}),
    ("GuideOrders", "guide", nothing),
    ("GuideCommission", "guide", nothing),
    ("GuideShelf", "guide", nothing),
    ("GuideShares", "guide", nothing),
    ("PosterTemplates", "guide", nothing),
    ("GuideToolbox", "guide", nothing),
    ("GuideToolbox", "owner", lambda t: {"kinds": ["BROCHURE"]}),
    ("MyAttribution", "guide", lambda t: {"orderId": gid("Order", t, "paid")}),
    ("OrderAttribution", "owner", lambda t: {"id": gid("Order", t, "waiting")}),
    ("OrderAttribution", "manager", lambda t: {"id": gid("Order", t, "paid")}),
    ("StaffAfterSales", "owner", nothing),
    ("StaffAfterSales", "manager", lambda t: {"states": ["REQUESTED", "APPROVED"]}),
    ("MyOrder", "customer", lambda t: {"id": gid("Order", t, "returned")}),
    ("BossDashboard", "owner", lambda t: {"input": {"preset": "LAST_7_DAYS"}}),
    ("BossDashboard", "manager", lambda t: {"input": {"preset": "LAST_7_DAYS", "guideId": gid("Guide", t, "guide")}}),
    ("OrgUnits", "owner", nothing),
    ("OrgUnits", "manager", nothing),
    ("StaffStores", "guide", nothing),
    ("StaffEmployees", "owner", nothing),
    ("StaffEmployees", "owner", lambda t: {"orgUnitId": gid("OrgUnit", t, "area")}),
    ("StaffOrders", "owner", nothing),
    ("StaffOrders", "manager", nothing),
    ("StaffOrders", "owner", lambda t: {"filter": {"search": "2222", "storeId": gid("Store", t, "store")}}),
    ("MyOrder", "customer", lambda t: {"id": gid("Order", t, "sent")}),
    ("StaffProducts", "guide", nothing),
    ("StaffProducts", "owner", lambda t: {"search": "other_product"}),
    ("StaffWithdrawals", "owner", nothing),
    ("StaffWithdrawals", "owner", lambda t: {"states": ["REQUESTED", "PAID"]}),
    ("CurrentRules", "guide", nothing),
    ("MyCoupons", "customer", nothing),
    ("MyCoupons", "member", lambda t: {"states": ["TRANSFERRED"]}),
    ("Inbox", "guide", nothing),
    ("MyAssignment", "guide", lambda t: {"id": gid("Order", t, "paid")}),
]


def nodes(t: Tale) -> dict[str, list[str]]:
    """Global ids of everything in the story, by type."""
    named = {
        "OrgUnit": ["root", "area"],
        "Store": ["store", "other_store"],
        "Guide": ["guide", "colleague"],
        "Employee": ["owner", "manager", "guide"],
        "Shop": ["shop_of_guide", "shop_of_manager"],
        "Product": ["product", "withdrawn"],
        "Sku": ["sku_of_product", "sku_of_other_product"],
        "Category": ["top_category", "category"],
        "Customer": ["customer", "member"],
        "Binding": ["binding"],
        "Touchpoint": ["touch"],
        "Code": ["code_of_guide", "product_code", "revoked_code"],
        "CouponTemplate": ["template"],
        "Coupon": ["coupon", "held_coupon", "handed_on"],
        "CareTask": ["task"],
        "Quotation": ["quotation", "accepted_quotation"],
        "Order": ["paid", "waiting", "late", "cancelled", "sent", "fetched"],
        "OrderLine": ["line"],
        "AfterSale": ["after_sale", "return", "asked"],
        "Payment": ["payment_of_paid", "payment_of_late"],
        "AttributionPolicy": ["policy"],
        "CommissionPlan": ["plan"],
        "CommissionEntry": ["entry"],
        "PosterTemplate": ["poster_template"],
        "Poster": ["poster"],
        "PosterBatch": ["poster_batch"],
        "StockTransfer": ["arrived_transfer", "transfer"],
        "Location": ["store", "other_store"],
        "Withdrawal": ["withdrawal", "rejected_withdrawal"],
        "FreightTemplate": ["freight_template"],
        "Invoice": ["invoice", "asked_invoice", "rejected_invoice"],
        "OutboundMessage": ["message", "refused_message"],
        "PriceList": ["price_list"],
        "Material": ["material"],
        "Share": ["share"],
    }
    found = {kind: [gid(kind, t, name) for name in names] for kind, names in named.items()}
    found["ShelfItem"] = [gid("ShelfItem", t, "shop_of_guide", "product")]
    found["Brand"] = [encode_global_id("Brand", t.brand.id)]
    assert set(found) == set(NODES)
    return found


async def ask_all(http: httpx.AsyncClient, tale: Tale) -> dict[str, Any]:
    """The answer to every query and to every id, by caller; the documents answer without errors."""
    found: dict[str, Any] = {}
    for number, (name, caller, variables) in enumerate(QUERIES):
        answer = await as_(http, tale, caller).send(name, **variables(tale))
        assert "errors" not in answer, (name, answer)
        found[f"{number} {name} of {caller}"] = answer
    for kind, ids in nodes(tale).items():
        seen = 0
        for number, global_id in enumerate(ids):
            for caller in CALLERS:
                answer = await as_(http, tale, caller).query(NODE, id=global_id)
                found[f"{kind} {number} of {caller}"] = answer
                seen += bool((answer.get("data") or {}).get("node"))
        assert seen, f"nobody sees a {kind}"
    return found


def do(operation: str, caller: str | None, fields: Variables) -> Mutation:
    async def send(http: httpx.AsyncClient, tale: Tale) -> Any:
        answer = await as_(http, tale, caller).do(operation, **fields(tale))
        assert answer["__typename"] == f"{operation}Payload", answer
        return answer

    return send


def keyed(**fields: Any) -> dict[str, Any]:
    return {"idempotencyKey": key(), **fields}


def order_fields(t: Tale) -> dict[str, Any]:
    return keyed(
        shopSlug=t.tokens["slug_of_guide"],
        lines=basket(t),
        fulfilment={"method": "DELIVERY", "address": ADDRESS},
        code=t.tokens["code_of_colleague"],
    )


async def buy_and_give_up(http: httpx.AsyncClient, t: Tale) -> None:
    customer = as_(http, t, "customer")
    order = (await customer.do("OrderPlace", **order_fields(t)))["order"]
    begun = await customer.do("PaymentStart", **keyed(orderId=order["id"], provider="SANDBOX"))
    assert begun["__typename"] == "PaymentStartPayload", begun
    gone = await customer.do("OrderCancel", **keyed(orderId=order["id"]))
    assert gone["__typename"] == "OrderCancelPayload", gone


async def ship_and_confirm(http: httpx.AsyncClient, t: Tale) -> None:
    """An order that was bought for it."""
    for operation, caller in (("OrderShip", "owner"), ("OrderConfirmReceipt", "customer")):
        done = await as_(http, t, caller).do(operation, **keyed(orderId=gid("Order", t, "to_send")))
        assert "message" not in done, (operation, done)


async def send_back(http: httpx.AsyncClient, t: Tale) -> None:
    """A return that is asked for, approved, sent and received, and one that is given up."""
    customer, owner = as_(http, t, "customer"), as_(http, t, "owner")
    line = (await customer.data("MyOrder", id=gid("Order", t, "returned")))["node"]["lines"][0]["id"]
    asked = {"orderLineId": line, "quantity": 1, "kind": "RETURN_AND_REFUND", "reason": "不合适"}
    ids = [(await customer.do("AfterSaleRequest", **keyed(**asked)))["afterSale"]["id"] for _ in range(2)]
    for client, operation, fields in (
        (owner, "AfterSaleDecide", {"afterSaleId": ids[0], "decision": "APPROVE"}),
        (customer, "AfterSaleReturnShip", {"afterSaleId": ids[0], "carrier": "顺丰", "trackingNumber": "SF1"}),
        (owner, "AfterSaleReceive", {"afterSaleId": ids[0], "restock": True}),
        (customer, "AfterSaleWithdraw", {"afterSaleId": ids[1]}),
    ):
        done = await client.do(operation, **keyed(**fields))
        assert done["__typename"] == f"{operation}Payload", done


async def come_and_go(http: httpx.AsyncClient, t: Tale) -> None:
    """A refresh, its repetition, which ends the session, and a sign-out everywhere."""
    refreshed = [await Client(http).do("SessionRefresh", refreshToken=t.tokens["refresh_of_member"]) for _ in range(2)]
    assert refreshed[-1]["__typename"] == "SignInRefused"
    brand, phone = t.brand.code, factories.next_phone()
    asked = await Client(http).do("SignInCodeRequest", brandCode=brand, phone=phone, audience="CUSTOMER")
    assert asked["__typename"] == "SignInCodeRequestPayload", asked
    refused = await Client(http).do("SignIn", brandCode=brand, phone=phone, audience="CUSTOMER", code="000000")
    assert refused["__typename"] == "SignInRefused"


async def ask_and_be_refused(http: httpx.AsyncClient, t: Tale) -> None:
    asked = await as_(http, t, "guide").do("WithdrawalRequest", **keyed(amountMinor=100))
    assert asked["__typename"] == "WithdrawalRequestPayload", asked
    fields = keyed(withdrawalId=asked["withdrawal"]["id"], decision="REJECT", comment="不行")
    refused = await as_(http, t, "owner").do("WithdrawalDecide", **fields)
    assert refused["__typename"] == "WithdrawalDecidePayload", refused


async def fill_and_share(http: httpx.AsyncClient, t: Tale) -> None:
    fields = keyed(kind="CASE", title="案例", productIds=[gid("Product", t, "product")])
    made = await as_(http, t, "owner").do("MaterialCreate", **fields)
    assert made["__typename"] == "MaterialCreatePayload", made
    fields = keyed(materialId=made["material"]["id"], channel="LINK")
    shared = await as_(http, t, "guide").do("MaterialShare", **fields)
    assert shared["__typename"] == "MaterialSharePayload", shared


def unit_fields(t: Tale) -> dict[str, Any]:
    return keyed(code=f"U{factories.next_number()}", name="西区", kind="AREA", parentId=gid("OrgUnit", t, "root"))


def store_fields(t: Tale) -> dict[str, Any]:
    number = factories.next_number()
    return keyed(
        code=f"S{number}", name="春熙路店", orgUnitId=gid("OrgUnit", t, "area"), operator="OWN", returnAddress=ADDRESS
    )


def person_fields(t: Tale) -> dict[str, Any]:
    return keyed(
        displayName="秦望舒",
        phone=factories.next_phone(),
        role="GUIDE",
        orgUnitId=gid("OrgUnit", t, "area"),
        storeId=gid("Store", t, "other_store"),
    )


def product_fields(t: Tale) -> dict[str, Any]:
    sku = {"name": "驼色", "code": f"P{factories.next_number()}", "priceMinor": 19_900, "stock": 5}
    return keyed(title="长围巾", categoryId=gid("Category", t, "category"), skus=[sku])


def policy_fields(t: Tale) -> dict[str, Any]:
    return keyed(
        bindOn="SCAN",
        renewOn="VISIT",
        bindingMode="TIMED",
        validityDays=90,
        takeover="AFTER_PROTECTION",
        protectionDays=10,
        lastTouchDays=15,
        selfPurchase="NONE",
        offlineSplitBp=5_000,
        fulfilmentStoreBp=0,
    )


def template_fields(t: Tale) -> dict[str, Any]:
    return keyed(
        title="新券",
        kind="EXCHANGE",
        productIds=[gid("Product", t, "product")],
        quantity=5,
        perPerson=1,
        claimFrom="2026-01-01T00:00:00Z",
        claimUntil="2099-01-01T00:00:00Z",
        validDays=3,
    )


MUTATIONS: dict[str, Mutation] = {
    "CodeScan": do("CodeScan", None, lambda t: keyed(code=t.tokens["code_of_guide"])),
    "CodeScan of a customer": do("CodeScan", "customer", lambda t: keyed(code=t.tokens["code_of_colleague"])),
    "OrderPlace PaymentStart OrderCancel": buy_and_give_up,
    "OrderShip OrderConfirmReceipt": ship_and_confirm,
    "AfterSaleRequest AfterSaleDecide AfterSaleReturnShip AfterSaleReceive AfterSaleWithdraw": send_back,
    "PosterRender": do(
        "PosterRender",
        "guide",
        lambda t: keyed(templateId=gid("PosterTemplate", t, "poster_template"), productId=gid("Product", t, "product")),
    ),
    "CodeCreate": do("CodeCreate", "guide", lambda t: keyed(kind="SHOP", channel="POSTER", label="橱窗")),
    "ShelfItemUpdate": do(
        "ShelfItemUpdate",
        "guide",
        lambda t: {
            "shelfItemId": gid("ShelfItem", t, "shop_of_guide", "product"),
            "badge": f"新{factories.next_number() % 1_000}",
        },
    ),
    "OrgUnitCreate": do("OrgUnitCreate", "owner", unit_fields),
    "StoreCreate": do("StoreCreate", "owner", store_fields),
    "EmployeeCreate": do("EmployeeCreate", "owner", person_fields),
    "CategoryCreate": do("CategoryCreate", "owner", lambda t: keyed(name=f"类{factories.next_number()}")),
    "ProductCreate": do("ProductCreate", "owner", product_fields),
    "ProductUpdate": do(
        "ProductUpdate",
        "owner",
        lambda t: keyed(productId=gid("Product", t, "product"), title=f"名{factories.next_number()}"),
    ),
    "StockAdjust": do(
        "StockAdjust", "owner", lambda t: keyed(skuId=gid("Sku", t, "sku_of_product"), change=30, reason="盘点")
    ),
    "AttributionPolicyPublish": do("AttributionPolicyPublish", "owner", policy_fields),
    "CommissionPlanPublish": do(
        "CommissionPlanPublish", "owner", lambda t: keyed(holdDays=9, rules=[{"rateBp": 800, "role": "SELLER"}])
    ),
    "CouponTemplateCreate": do("CouponTemplateCreate", "owner", template_fields),
    "CouponClaim": do(
        "CouponClaim",
        "customer",
        lambda t: keyed(couponTemplateId=gid("CouponTemplate", t, "template"), code=t.tokens["coupon_code"]),
    ),
    "WithdrawalRequest WithdrawalDecide": ask_and_be_refused,
    "MaterialCreate MaterialShare": fill_and_share,
    "SessionRefresh SignInCodeRequest SignIn": come_and_go,
    "SignOut": do("SignOut", "manager", lambda t: {"everywhere": True}),
}
"""What is done in one brand beside its twin. The last ones end sessions."""
