"""One brand with everybody and everything that permissions speak of, and callers who ask for it over HTTP."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import sqlalchemy as sa

from app.boss import founding
from app.commission.models import ShareRow
from app.employees import organisation
from app.employees.values import OpeningHours
from app.marketing import coupons, materials
from app.platform.actor import SYSTEM
from app.platform.db import Brand, BrandSession
from app.platform.runtime import Runtime
from app.products import catalogue, price_lists, transfers
from app.products.values import ListedPrice, StockLine
from graphql_schema.paging import decode_global_id, encode_global_id
from tests import factories
from tests.commission.wages import grant
from tests.documents import Client
from tests.factories import ADDRESS, key
from tests.graphql.stage_invoices import ask_for_an_invoice
from tests.marketing import couponing
from tests.trade import purchase

CALLERS = (
    "anonymous",
    "visitor",
    "customer",
    "other_customer",
    "guide",
    "colleague",
    "guide_elsewhere",
    "manager",
    "manager_elsewhere",
    "headquarters",
    "owner",
    "owner_of_other_brand",
)
"""Who asks, in the order of every table's columns. The visitor carries the cookie of an earlier scan."""


@dataclass(slots=True)
class Stage:
    """East: a store with guide and colleague, and a manager of the area without a shop. West: another area, its store
    with a guide, and a manager who has a shop there. The customer is bound to the guide and bought from him; the other
    customer is bound to nobody and bought in the shop of the guide elsewhere.

    `ids` are global ids by name, `people` employees and customers by caller, `slugs` and `codes` of shops by guide,
    `facts` what else tells this stage from another.
    """

    brand: Brand
    other_brand: Brand
    mark: str
    price_minor: int
    http: httpx.AsyncClient
    runtime: Runtime
    people: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    slugs: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    visitor_token: str = ""
    hold_days: int = 0

    def name(self, global_id: str, type_name: str, *uuids: UUID) -> None:
        self.ids[global_id] = encode_global_id(type_name, *uuids)

    def uuid(self, name: str) -> UUID:
        return decode_global_id(self.ids[name]).uuids[0]

    def as_(self, caller: str) -> Client:
        return Client(self.http, self.tokens.get(caller))

    async def ask(self, caller: str, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer to one caller."""
        headers = {"Accept-Language": "en"}
        if caller in self.tokens:
            headers["Authorization"] = f"Bearer {self.tokens[caller]}"
        if caller == "visitor":
            headers["Cookie"] = f"visitor={self.visitor_token}"
        answer = await self.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        body: dict[str, Any] = answer.json()
        return body

    def basket(self, quantity: int = 1) -> list[dict[str, Any]]:
        return [{"skuId": self.ids["sku"], "quantity": quantity}]

    def order_input(self, shop_of: str = "guide", **more: Any) -> dict[str, Any]:
        return {
            "idempotencyKey": key(),
            "shopSlug": self.slugs[shop_of],
            "lines": self.basket(),
            "fulfilment": {"method": "DELIVERY", "address": ADDRESS},
        } | more


async def build(
    runtime: Runtime, http: httpx.AsyncClient, *, mark: str = "甲", price_minor: int = 12_900, hold_days: int = 8
) -> Stage:
    """The stage, most of it made by the API. `mark` begins every name; the ids do not depend on it."""
    database = runtime.database
    brand, other = await factories.make_brand(database), await factories.make_brand(database)
    stage = Stage(brand, other, mark, price_minor, http, runtime)
    async with database.transaction(brand) as session:
        await _organise(stage, session)
        await _stock(stage, session)
        for who in ("customer", "other_customer"):
            stage.people[who] = await factories.make_customer(session, name=f"{mark}小明")
            stage.name(who, "Customer", stage.people[who])
    for who, principal_id in stage.people.items():
        audience = "CUSTOMER" if "customer" in who else "EMPLOYEE"
        stage.tokens[who] = await factories.token_for(runtime, brand, principal_id, audience)
    async with database.reading(other) as session:
        _, stranger_id = await founding.root_and_owner(session)
    stage.people["owner_of_other_brand"] = stranger_id
    stage.tokens["owner_of_other_brand"] = await factories.token_for(runtime, other, stranger_id)
    await _publish(stage, hold_days)
    await _arrange(stage)
    await _trade(stage)
    await _withdraw(stage)
    await _draw(stage)
    await _give_coupons(stage)
    await _fill_toolbox(stage)
    await _write(stage)
    await ask_for_an_invoice(stage)
    return stage


async def _organise(stage: Stage, session: BrandSession) -> None:
    mark, now = stage.mark, session.now
    root_id, stage.people["owner"] = await founding.root_and_owner(session)
    stage.name("brand", "Brand", stage.brand.id)
    stage.name("root", "OrgUnit", root_id)
    stores: dict[str, UUID] = {}
    areas: dict[str, UUID] = {}
    for side in ("east", "west"):
        areas[side] = await organisation.create_unit(
            session, SYSTEM, code=side.upper(), name=f"{mark}{side}", kind="AREA", parent_id=root_id, now=now
        )
        stores[side] = await organisation.create_store(
            session,
            SYSTEM,
            code=f"{side}-1",
            name=f"{mark}{side}店",
            org_unit_id=areas[side],
            operator="FRANCHISE",
            legal_entity=f"{mark}有限公司",
            territory=f"{mark}全市",
            city="上海",
            address="人民大道 1 号",
            opening_hours=[OpeningHours(1, "10:00", "21:30")],
            now=now,
        )
        stage.name(side, "OrgUnit", areas[side])
        stage.name(f"{side}_store", "Store", stores[side])
    for who, role, place in (
        ("guide", "GUIDE", {"store_id": stores["east"]}),
        ("colleague", "GUIDE", {"store_id": stores["east"]}),
        # Hired at the root, posted in the west: his branch is the store's, not the whole brand.
        ("guide_elsewhere", "GUIDE", {"store_id": stores["west"], "org_unit_id": root_id}),
        ("manager", "MANAGER", {"org_unit_id": areas["east"]}),
        ("manager_elsewhere", "MANAGER", {"store_id": stores["west"]}),
        ("headquarters", "HEADQUARTERS", {"org_unit_id": root_id}),
    ):
        made = await factories.make_employee(session, role=role, display_name=f"{mark}{who}", **place)
        stage.people[who] = made.employee_id
        if made.shop_id is not None:
            assert made.slug is not None and made.code_id is not None and made.token is not None
            stage.name(f"shop_of_{who}", "Shop", made.shop_id)
            stage.name(f"code_of_{who}", "Code", made.code_id)
            stage.name(f"public_{who}", "Guide", made.employee_id)
            stage.slugs[who], stage.codes[who] = made.slug, made.token
    for who, employee_id in stage.people.items():
        stage.name(who, "Employee", employee_id)


async def _stock(stage: Stage, session: BrandSession) -> None:
    mark, now = stage.mark, session.now
    top_id = await catalogue.create_category(session, SYSTEM, name=f"{mark}服装", now=now)
    category_id = await catalogue.create_category(session, SYSTEM, name=f"{mark}围巾", parent_id=top_id, now=now)
    stage.name("category", "Category", category_id)
    for name in ("product", "hidden", "withdrawn"):
        product_id, [sku_id] = await factories.make_product(
            session, title=f"{mark}{name}", price_minor=stage.price_minor, category_id=category_id, stock=1_000
        )
        stage.name(name, "Product", product_id)
        stage.name("sku" if name == "product" else f"{name}_sku", "Sku", sku_id)
        shop_id = stage.uuid("shop_of_guide")
        for side in ("east", "west"):
            await factories.fill(session, stage.uuid(f"{side}_store"), sku_id, pieces=500)
        stage.name("item" if name == "product" else f"{name}_item", "ShelfItem", shop_id, product_id)
    transfer_id = await transfers.request(
        session,
        SYSTEM,
        from_id=stage.uuid("east_store"),
        to_id=stage.uuid("west_store"),
        lines=[StockLine(stage.uuid("sku"), 2)],
        note=f"{mark}补货",
        now=now,
    )
    stage.name("transfer", "StockTransfer", transfer_id)
    stage.name("east_location", "Location", stage.uuid("east_store"))
    withdrawn_id = stage.uuid("withdrawn")
    await catalogue.update_product(session, SYSTEM, product_id=withdrawn_id, state="WITHDRAWN", now=now)
    prices = [ListedPrice(stage.uuid("withdrawn_sku"), 1)]
    unit_id = stage.uuid("west")
    list_id = await price_lists.publish(session, SYSTEM, org_unit_id=unit_id, name=mark, prices=prices, now=now)
    stage.name("price_list", "PriceList", list_id)


async def _publish(stage: Stage, hold_days: int) -> None:
    """Rules of the stage's own: the store earns beside the seller."""
    owner = stage.as_("owner")
    rules = [{"rateBp": 1_000, "role": "SELLER"}, {"rateBp": 200, "role": "STORE"}]
    plan = await owner.do("CommissionPlanPublish", idempotencyKey=key(), holdDays=hold_days, rules=rules)
    assert plan["plan"]["version"] == 2
    terms = {"bindOn": "SIGN_IN", "renewOn": "ORDER", "bindingMode": "TIMED", "validityDays": 100 + hold_days}
    takeover = {"takeover": "AFTER_PROTECTION", "protectionDays": 30, "lastTouchDays": 30, "selfPurchase": "NONE"}
    policy = await owner.do("AttributionPolicyPublish", idempotencyKey=key(), **terms, **takeover)
    assert policy["policy"]["version"] == 2
    stage.hold_days = hold_days
    current = await owner.query("{ commissionPlan { id } attributionPolicy { id } }")
    stage.ids["plan"] = current["data"]["commissionPlan"]["id"]
    stage.ids["policy"] = current["data"]["attributionPolicy"]["id"]


async def _arrange(stage: Stage) -> None:
    """Scans of a visitor and of the customer, a hidden item, and a code of the store."""
    first = await Client(stage.http).do("CodeScan", code=stage.codes["guide"], idempotencyKey=key())
    stage.visitor_token = first["visitorToken"]
    stage.ids["touch_of_visitor"] = first["touchpoint"]["id"]
    scan = await stage.as_("customer").do("CodeScan", code=stage.codes["guide"], idempotencyKey=key())
    stage.ids["touch"], stage.ids["binding"] = scan["touchpoint"]["id"], scan["binding"]["id"]
    hidden = await stage.as_("guide").do("ShelfItemUpdate", shelfItemId=stage.ids["hidden_item"], isHidden=True)
    assert hidden["shelfItem"]["isHidden"] is True
    made = await stage.as_("guide").do("CodeCreate", idempotencyKey=key(), kind="STORE")
    stage.ids["code_of_store"], stage.codes["store"] = made["issuedCode"]["id"], made["issuedCode"]["token"]


async def _trade(stage: Stage) -> None:
    """A paid order, one that the guide won against the guide elsewhere, and one of a customer bound to nobody."""
    customer, database = stage.as_("customer"), stage.runtime.database
    order = (await customer.do("OrderPlace", **stage.order_input()))["order"]
    stage.ids["order"], stage.ids["line"] = order["id"], order["lines"][0]["id"]
    stage.facts["order"] = order["number"]
    begun = await customer.do("PaymentStart", idempotencyKey=key(), orderId=order["id"], provider="SANDBOX")
    stage.ids["payment"] = begun["payment"]["id"]
    stage.facts["confirm_url"] = begun["payment"]["clientParameters"]["confirmUrl"]
    await purchase.pay(database, stage.brand, stage.uuid("payment"))
    entries = (await stage.as_("guide").data("GuideCommission"))["viewer"]["employee"]["commissionEntries"]
    stage.ids["entry"] = entries["edges"][0]["node"]["id"]
    async with database.reading(stage.brand) as session:
        rows = sa.select(ShareRow.id).where(
            ShareRow.brand_id == stage.brand.id,
            ShareRow.party_id == stage.uuid("east_store"),
            ShareRow.sale_id == stage.uuid("order"),
        )
        stage.name("entry_of_store", "CommissionEntry", (await session.execute(rows)).scalar_one())
    scan = await customer.do("CodeScan", code=stage.codes["guide_elsewhere"], idempotencyKey=key())
    stage.ids["touch_elsewhere"] = scan["touchpoint"]["id"]
    contested = await customer.do("OrderPlace", **stage.order_input(code=stage.codes["guide_elsewhere"]))
    stage.ids["contested"], stage.facts["contested"] = contested["order"]["id"], contested["order"]["number"]
    assert contested["order"]["guide"]["displayName"] == f"{stage.mark}guide"
    loose = await stage.as_("other_customer").do("OrderPlace", **stage.order_input("guide_elsewhere"))
    stage.ids["loose"], stage.facts["loose"] = loose["order"]["id"], loose["order"]["number"]
    await _leave_to_fetch(stage)
    await _ask_for_a_refund(stage)


async def order_to_fetch(stage: Stage) -> str:
    """A paid order of the other customer's, sold in the west and fetched in the east; gives its global id."""
    fetch = {"method": "PICKUP", "pickupStoreId": stage.ids["east_store"]}
    buyer = stage.as_("other_customer")
    placed = await buyer.do("OrderPlace", **stage.order_input("guide_elsewhere", fulfilment=fetch))
    return await pay(stage, "other_customer", placed["order"])


async def pay(stage: Stage, buyer: str, order: dict[str, Any]) -> str:
    """Pay an order as its buyer; gives its global id."""
    begun = await stage.as_(buyer).do("PaymentStart", idempotencyKey=key(), orderId=order["id"], provider="SANDBOX")
    payment_id = decode_global_id(begun["payment"]["id"]).uuids[0]
    await purchase.pay(stage.runtime.database, stage.brand, payment_id)
    return str(order["id"])


async def _ask_for_a_refund(stage: Stage) -> None:
    """An order that the colleague sold to the other customer, who does not want it any more."""
    buyer = stage.as_("other_customer")
    placed = await buyer.do("OrderPlace", **stage.order_input("colleague"))
    stage.ids["unwanted"] = await pay(stage, "other_customer", placed["order"])
    asked = await buyer.do(
        "AfterSaleRequest",
        idempotencyKey=key(),
        orderLineId=placed["order"]["lines"][0]["id"],
        quantity=1,
        kind="REFUND_ONLY",
        reason=f"{stage.mark}不合适",
    )
    stage.ids["after_sale"], stage.facts["unwanted"] = asked["afterSale"]["id"], placed["order"]["number"]


async def _leave_to_fetch(stage: Stage) -> None:
    """An order that waits for the other customer in the east's store."""
    stage.ids["fetched"] = await order_to_fetch(stage)
    ready = await stage.as_("colleague").query(
        "mutation ($input: OrderMakeReadyInput!) { orderMakeReady(input: $input) "
        "{ ... on OrderMakeReadyPayload { order { number state } } } }",
        input={"idempotencyKey": key(), "orderId": stage.ids["fetched"]},
    )
    order = ready["data"]["orderMakeReady"]["order"]
    assert order["state"] == "READY_FOR_PICKUP"
    stage.facts["fetched"] = order["number"]


async def _give_coupons(stage: Stage) -> None:
    """The customer, whom the guide serves, has a coupon of a template that anybody may claim."""
    async with stage.runtime.database.transaction(stage.brand) as session:
        template_id = await couponing.make_template(
            session, title=f"{stage.mark}礼券", quantity=1_000_000, care_script="您好"
        )
        customer = purchase.customer_actor(stage.people["customer"])
        coupon_id = await coupons.claim(session, customer, template_id=template_id, now=session.now)
        task_id = await couponing.make_task(session, coupon_id, stage.people["customer"])
    stage.name("care_task", "CareTask", task_id)
    stage.name("template", "CouponTemplate", template_id)
    stage.name("coupon", "Coupon", coupon_id)


async def _withdraw(stage: Stage) -> None:
    """The manager has earned something, and asks for it."""
    async with stage.runtime.database.transaction(stage.brand) as session:
        await grant(session, stage.people["manager"], stage.price_minor // 10)
    asked = await stage.as_("manager").do(
        "WithdrawalRequest", idempotencyKey=key(), amountMinor=stage.price_minor // 10
    )
    stage.ids["withdrawal"] = asked["withdrawal"]["id"]


async def _draw(stage: Stage) -> None:
    """A poster of the guide's, and a batch that no worker has begun."""
    templates = (await stage.as_("guide").data("PosterTemplates"))["posterTemplates"]["edges"]
    stage.ids["poster_template"] = templates[0]["node"]["id"]
    sent = {"templateId": stage.ids["poster_template"], "productId": stage.ids["product"]}
    drawn = await stage.as_("guide").do("PosterRender", idempotencyKey=key(), **sent)
    stage.ids["poster"] = drawn["poster"]["id"]
    stage.facts["poster_code"] = drawn["poster"]["issuedCode"]["token"]
    begun = await stage.as_("owner").query(
        "mutation ($input: PosterBatchStartInput!) { posterBatchStart(input: $input) "
        "{ ... on PosterBatchStartPayload { posterBatch { id } } } }",
        input={"idempotencyKey": key(), **sent},
    )
    stage.ids["poster_batch"] = begun["data"]["posterBatchStart"]["posterBatch"]["id"]


async def _fill_toolbox(stage: Stage) -> None:
    """A material for everybody, one for the east's guides, one that is withdrawn; the guide's share, once opened."""
    owner = stage.as_("owner")
    for name, more in (
        ("material", {"script": "{customer}，{link}"}),
        ("material_of_east", {"audience": {"orgUnitIds": [stage.ids["east"]], "roles": ["GUIDE"]}}),
        ("withdrawn_material", {}),
    ):
        made = await owner.do("MaterialCreate", idempotencyKey=key(), kind="NEWS", title=f"{stage.mark}{name}", **more)
        stage.ids[name] = made["material"]["id"]
    async with stage.runtime.database.transaction(stage.brand) as session:
        withdrawn_id = stage.uuid("withdrawn_material")
        await materials.withdraw(session, SYSTEM, material_id=withdrawn_id, now=session.now)
    shared = await stage.as_("guide").do(
        "MaterialShare", idempotencyKey=key(), materialId=stage.ids["material"], channel="WECHAT_CHAT"
    )
    stage.ids["share"] = shared["share"]["id"]
    stage.codes["share"] = shared["share"]["issuedCode"]["token"]
    await stage.as_("customer").do("CodeScan", code=stage.codes["share"], idempotencyKey=key())


async def _write(stage: Stage) -> None:
    """The guide wants to write to the customer, who has not agreed to that."""
    sent = await stage.as_("guide").query(
        "mutation ($input: CustomerMessageSendInput!) { customerMessageSend(input: $input) "
        "{ ... on CustomerMessageSendPayload { outboundMessage { id state } } } }",
        input={
            "idempotencyKey": key(),
            "customerId": stage.ids["customer"],
            "channel": "SMS",
            "kind": "CARE",
            "text": f"{stage.mark}上新",
        },
    )
    message = sent["data"]["customerMessageSend"]["outboundMessage"]
    assert message["state"] == "REFUSED"
    stage.ids["message"] = message["id"]
