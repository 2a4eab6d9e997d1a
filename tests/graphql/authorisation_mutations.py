"""The expected table of mutations, written by hand, with inputs that an allowed caller may send.

O done · E done, in the caller's own brand alone · X NotFound · I InvalidInput · A AmountTooLarge ·
U UNAUTHENTICATED · F FORBIDDEN · B BAD_USER_INPUT (the request is of another brand). Columns: `stage.CALLERS`.
"""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from app.employees import sessions, sign_in_codes
from app.platform.actor import SYSTEM
from app.trade import pickups
from app.trade.values import OrderState
from graphql_schema.paging import decode_global_id, encode_global_id
from tests.commission.wages import grant
from tests.factories import Scene, Staff, key, next_number, next_phone
from tests.graphql import authorisation_goods as goods
from tests.graphql import authorisation_invoices as invoicing
from tests.graphql import authorisation_messages as messages
from tests.graphql import authorisation_promotions as promotions
from tests.graphql import authorisation_quotations as quoted
from tests.graphql import authorisation_shelves as shelves
from tests.graphql.stage import Stage, order_to_fetch
from tests.trade import purchase, returns
from tests.trade.returns import Sold

Input = dict[str, Any]


class Attempt(NamedTuple):
    """A mutation as each caller tries it. `prepare` gives a fresh input, making what it needs."""

    field: str
    about: str
    prepare: Callable[[Stage, str], Awaitable[Input]]
    outcomes: str


async def _ask_for_code(stage: Stage, caller: str) -> Input:
    return {"brandCode": stage.brand.code, "phone": next_phone(), "audience": "CUSTOMER"}


async def _sign_in(stage: Stage, caller: str) -> Input:
    phone = next_phone()
    async with stage.runtime.database.transaction(stage.brand) as session:
        asked = await sign_in_codes.request(
            session,
            phone=phone,
            audience="CUSTOMER",
            address=f"of {phone}",
            settings=stage.runtime.settings,
            now=session.now,
        )
        assert isinstance(asked, sign_in_codes.CodeRequested)
        code = sign_in_codes.code_for(session.vault, asked.sign_in_code_id)
    return {"brandCode": stage.brand.code, "phone": phone, "code": code, "audience": "CUSTOMER"} | _visitor(
        stage, caller
    )


async def _refresh(stage: Stage, caller: str) -> Input:
    async with stage.runtime.database.transaction(stage.brand) as session:
        opened = await sessions.open_session(
            session,
            audience="CUSTOMER",
            principal_id=stage.people["other_customer"],
            settings=stage.runtime.settings,
            signing=stage.runtime.secrets.signing,
            now=session.now,
        )
    return {"refreshToken": opened.refresh_token}


async def _sign_out(stage: Stage, caller: str) -> Input:
    return {"everywhere": False}


def _visitor(stage: Stage, caller: str) -> Input:
    return {"visitorToken": stage.visitor_token} if caller == "visitor" else {}


async def _scan(stage: Stage, caller: str) -> Input:
    return {"code": stage.codes["guide"], "idempotencyKey": key()} | _visitor(stage, caller)


async def _code_of_shop(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key(), "kind": "SHOP", "targetId": stage.ids["shop_of_guide"]}


async def _code_of_store(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key(), "kind": "STORE", "targetId": stage.ids["east_store"]}


async def _code_of_product(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key(), "kind": "PRODUCT", "targetId": stage.ids["product"]}


async def _revoke_of_guide(stage: Stage, caller: str) -> Input:
    made = await stage.as_("guide").do("CodeCreate", **await _code_of_shop(stage, "guide"))
    return {"idempotencyKey": key(), "codeId": made["issuedCode"]["id"]}


async def _revoke_of_store(stage: Stage, caller: str) -> Input:
    made = await stage.as_("guide").do("CodeCreate", **await _code_of_store(stage, "guide"))
    return {"idempotencyKey": key(), "codeId": made["issuedCode"]["id"]}


async def _order(stage: Stage, caller: str) -> Input:
    return stage.order_input(expectedTotalMinor=None)


async def _cancel(stage: Stage, caller: str) -> Input:
    placed = await stage.as_("customer").do("OrderPlace", **stage.order_input())
    return {"idempotencyKey": key(), "orderId": placed["order"]["id"]}


async def _pay(stage: Stage, caller: str) -> Input:
    return await _cancel(stage, caller) | {"provider": "SANDBOX"}


async def _confirm(stage: Stage, caller: str) -> Input:
    shipped = await goods.ship(stage, caller)
    await stage.as_("guide").do("OrderShip", **shipped)
    return shipped | {"idempotencyKey": key()}


async def _make_ready(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key(), "orderId": await order_to_fetch(stage)}


async def _hand_over(stage: Stage, caller: str) -> Input:
    made = await _make_ready(stage, caller)
    order_id = decode_global_id(made["orderId"]).uuids[0]
    async with stage.runtime.database.transaction(stage.brand) as session:
        await pickups.make_ready(session, SYSTEM, order_id=order_id, now=session.now)
        code = pickups.code_for(session.vault, stage.brand.id, order_id)
    return made | {"code": code}


async def _sold(stage: Stage) -> Sold:
    """A paid order of the customer in the guide's shop, which is on its way."""
    scene = Scene(
        brand=stage.brand,
        owner_id=stage.people["owner"],
        area_id=stage.uuid("east"),
        store_id=stage.uuid("east_store"),
        guide=Staff(stage.people["guide"], stage.uuid("shop_of_guide")),
        other_guide=Staff(stage.people["colleague"], stage.uuid("shop_of_colleague")),
        product_id=stage.uuid("product"),
        sku_id=stage.uuid("sku"),
    )
    buyer = purchase.customer_actor(stage.people["customer"])
    return await returns.sell_and(stage.runtime, scene, OrderState.SHIPPED, buyer=buyer)


async def _request(stage: Stage, caller: str) -> Input:
    sold = await _sold(stage)
    line_id = encode_global_id("OrderLine", sold.lines[0])
    return {"idempotencyKey": key(), "orderLineId": line_id, "quantity": 1, "kind": "REFUND_ONLY", "reason": "不合适"}


def _after_sale(state: str, **more: Any) -> Callable[[Stage, str], Awaitable[Input]]:
    """An after-sale of the customer's that stands there."""

    async def make(stage: Stage, caller: str) -> Input:
        sold = await _sold(stage)
        kind = returns.REFUND_ONLY if state == "REFUND_FAILED" else returns.RETURN
        after_sale_id = await sold.request(kind=kind)
        if state != "REQUESTED":
            await sold.decide(after_sale_id)
        if state == "REFUND_FAILED":
            elsewhere = stage.runtime.settings.model_copy(update={"environment": "production"})
            assert await sold.pay_back(dataclasses.replace(stage.runtime, settings=elsewhere)) == [False]
        assert await sold.state(after_sale_id) == state
        return {"idempotencyKey": key(), "afterSaleId": encode_global_id("AfterSale", after_sale_id), **more}

    return make


async def _shelf_item(stage: Stage, caller: str) -> Input:
    return {"shelfItemId": stage.ids["item"], "isFeatured": True, "badge": f"新{next_number() % 1_000}"}


def _hiring(role: str) -> Callable[[Stage, str], Awaitable[Input]]:
    async def hire(stage: Stage, caller: str) -> Input:
        place = {"orgUnitId": stage.ids["east"]}
        if role == "GUIDE":
            place["storeId"] = stage.ids["east_store"]
        return {"idempotencyKey": key(), "displayName": "新人", "phone": next_phone(), "role": role} | place

    return hire


def _named(**more: str) -> Callable[[Stage, str], Awaitable[Input]]:
    """Something new with a code and a name; `more` names the field that holds an id of the stage."""

    async def make(stage: Stage, caller: str) -> Input:
        number = next_number()
        made: Input = {"idempotencyKey": key(), "name": f"新{number}"}
        for field, value in more.items():
            made[field] = stage.ids.get(value, value)
        return made | ({"code": f"N{number}"} if "parentId" not in more or "kind" in more else {})

    return make


async def _policy(stage: Stage, caller: str) -> Input:
    terms = {"bindOn": "SIGN_IN", "renewOn": "ORDER", "bindingMode": "PERMANENT", "takeover": "NEVER"}
    return {"idempotencyKey": key(), "selfPurchase": "NONE", "lastTouchDays": 30} | terms


async def _plan(stage: Stage, caller: str) -> Input:
    rules = [{"rateBp": 1_000, "role": "SELLER"}, {"rateBp": 200, "role": "STORE"}]
    return {"idempotencyKey": key(), "holdDays": 9, "rules": rules}


async def _plan_for_product(stage: Stage, caller: str) -> Input:
    plan = await _plan(stage, caller)
    return plan | {"rules": [*plan["rules"], {"rateBp": 1, "role": "SELLER", "productId": stage.ids["product"]}]}


async def _withdrawal(stage: Stage, caller: str) -> Input:
    """One of the manager's, who alone has something to draw."""
    async with stage.runtime.database.transaction(stage.brand) as session:
        await grant(session, stage.people["manager"], 100)
    return {"idempotencyKey": key(), "amountMinor": 100}


async def _withdrawal_to_decide(stage: Stage, caller: str) -> Input:
    made = await stage.as_("manager").do("WithdrawalRequest", **await _withdrawal(stage, caller))
    return {"idempotencyKey": key(), "withdrawalId": made["withdrawal"]["id"], "decision": "APPROVE"}


#                     anonymous visitor customer other_customer guide colleague guide_elsewhere
#                     manager manager_elsewhere headquarters owner owner_of_other_brand
FOR_HEADQUARTERS = "   U U F F F F F F F O O X"
FOR_THE_CUSTOMER = "   U U O X F F F F F F F F"
FOR_DECIDERS = "       U U F F F F F O X F O X"
FOR_ANYBODY = "        O O O O O O O O O O O B"

ATTEMPTS = [
    Attempt("signInCodeRequest", "", _ask_for_code, FOR_ANYBODY),
    Attempt("signIn", "", _sign_in, FOR_ANYBODY),
    # Whoever has the refresh token is its owner: it leads to its brand by itself.
    Attempt("sessionRefresh", "", _refresh, "O O O O O O O O O O O O"),
    Attempt("signOut", "", _sign_out, "U U O O O O O O O O O E"),
    Attempt("codeScan", "", _scan, "O O O O O O O O O O O X"),
    Attempt("codeCreate", "the guide's shop", _code_of_shop, "U U F F O X X O X O O X"),
    Attempt("codeCreate", "the east store", _code_of_store, "U U F F O O X O X O O X"),
    Attempt("codeCreate", "a product in the own shop", _code_of_product, "U U F F O O O I O I I I"),
    Attempt("codeCreate", "a material of the east", promotions.code_of_material, "U U F F O O X I X I I I"),
    Attempt("codeRevoke", "the guide's", _revoke_of_guide, "U U F F O X X O X O O X"),
    Attempt("codeRevoke", "the east store's", _revoke_of_store, "U U F F X X X O X O O X"),
    Attempt("posterTemplateCreate", "", promotions.poster_template, "U U F F F F F F F O O E"),
    Attempt("posterTemplateUpdate", "", promotions.poster_template_change, FOR_HEADQUARTERS),
    Attempt("posterRender", "", promotions.poster, "U U F F O O O I O F F F"),
    Attempt("posterBatchStart", "", promotions.poster, FOR_HEADQUARTERS),
    Attempt("orderPlace", "", _order, "U U O O F F F F F F F F"),
    Attempt("orderCancel", "", _cancel, FOR_THE_CUSTOMER),
    Attempt("orderShip", "the guide's", goods.ship, "U U F F O O X O X O O X"),
    Attempt("orderConfirmReceipt", "", _confirm, FOR_THE_CUSTOMER),
    Attempt("orderMakeReady", "fetched in the east", _make_ready, "U U F F O O X O X O O X"),
    Attempt("orderHandOver", "fetched in the east", _hand_over, "U U F F O O X O X F O X"),
    Attempt("quotationCreate", "", quoted.quotation, "U U F F O O O I O F F F"),
    Attempt("quotationCreate", "the guide's customer", quoted.quotation_for_customer, "U U F F O X X I X F F F"),
    Attempt("quotationWithdraw", "the guide's", quoted.to_withdraw, "U U F F O X X X X F F F"),
    Attempt("quotationAccept", "the customer's", quoted.to_accept(is_named=True), FOR_THE_CUSTOMER),
    Attempt("quotationAccept", "anybody's", quoted.to_accept(is_named=False), "U U O O F F F F F F F F"),
    Attempt("quotationDecline", "the customer's", quoted.to_decline, FOR_THE_CUSTOMER),
    Attempt("paymentStart", "", _pay, FOR_THE_CUSTOMER),
    Attempt("afterSaleRequest", "", _request, FOR_THE_CUSTOMER),
    Attempt("afterSaleWithdraw", "", _after_sale("REQUESTED"), FOR_THE_CUSTOMER),
    Attempt("afterSaleReturnShip", "", _after_sale("APPROVED", carrier="顺丰", trackingNumber="SF1"), FOR_THE_CUSTOMER),
    Attempt("afterSaleDecide", "", _after_sale("REQUESTED", decision="REJECT", comment="已使用"), FOR_DECIDERS),
    Attempt("afterSaleReceive", "", _after_sale("APPROVED", restock=True), FOR_DECIDERS),
    Attempt("afterSaleRefundRetry", "", _after_sale("REFUND_FAILED"), FOR_DECIDERS),
    Attempt("shelfItemUpdate", "the guide's", _shelf_item, "U U F F O X X X X F F F"),
    Attempt("shelfSectionSave", "in the own shop", shelves.section, "U U F F O O O X O F F F"),
    Attempt("shelfSectionDelete", "the guide's", shelves.section_to_delete, "U U F F O X X X X F F F"),
    Attempt("shelfWordsTakeDown", "the guide's", shelves.words, FOR_HEADQUARTERS),
    Attempt("shelfRuleCreate", "", shelves.rule, FOR_HEADQUARTERS),
    Attempt("shelfRuleEnd", "", shelves.rule_to_end, FOR_HEADQUARTERS),
    Attempt("redeem", "in the east store", shelves.coupon, "U U F F O O X O X F O X"),
    Attempt("employeeCreate", "a guide in the east", _hiring("GUIDE"), "U U F F F F F O X O O X"),
    Attempt("employeeCreate", "a manager of the east", _hiring("MANAGER"), "U U F F F F F F F O O X"),
    Attempt("employeeCreate", "one of headquarters", _hiring("HEADQUARTERS"), "U U F F F F F F F O O X"),
    Attempt("employeeCreate", "an owner", _hiring("OWNER"), "U U F F F F F F F F O X"),
    Attempt("orgUnitCreate", "", _named(kind="AREA", parentId="root"), FOR_HEADQUARTERS),
    Attempt("storeCreate", "", _named(operator="OWN", orgUnitId="east"), FOR_HEADQUARTERS),
    Attempt("categoryCreate", "", _named(parentId="category"), FOR_HEADQUARTERS),
    Attempt("productCreate", "", goods.product, FOR_HEADQUARTERS),
    Attempt("productUpdate", "", goods.product_change, FOR_HEADQUARTERS),
    Attempt("productPicturesSet", "", goods.pictures, FOR_HEADQUARTERS),
    Attempt("productOptionsSet", "", goods.options, FOR_HEADQUARTERS),
    Attempt("priceListPublish", "", goods.price_list, FOR_HEADQUARTERS),
    Attempt("priceListEnd", "", goods.price_list_end, FOR_HEADQUARTERS),
    Attempt("stockAdjust", "", goods.stock, FOR_HEADQUARTERS),
    Attempt("stockAdjust", "in the east store", goods.store_stock, "U U F F F F F O X O O X"),
    Attempt("locationUpdate", "the east store's", goods.location, FOR_HEADQUARTERS),
    Attempt("stockTransferRequest", "from east to west", goods.transfer, "U U F F F F F O O O O X"),
    Attempt("stockTransferSend", "from east to west", goods.asked_transfer, "U U F F F F F O X O O X"),
    Attempt("stockTransferReceive", "from east to west", goods.sent_transfer, "U U F F F F F X O O O X"),
    Attempt("stockTransferCancel", "from east to west", goods.asked_transfer, "U U F F F F F O O O O X"),
    Attempt("orderRefuse", "to be sent from the east", goods.refuse, "U U F F O O X O X O O X"),
    Attempt("orderReroute", "to the east", goods.reroute, FOR_HEADQUARTERS),
    Attempt("freightTemplatePublish", "", invoicing.template, "U U F F F F F F F O O E"),
    Attempt("invoiceRequest", "", invoicing.request, FOR_THE_CUSTOMER),
    Attempt("invoiceWithdraw", "", invoicing.asked, FOR_THE_CUSTOMER),
    Attempt("invoiceIssue", "", invoicing.asked, "U U F F F F F F F F O X"),
    Attempt("invoiceReject", "", invoicing.rejected, "U U F F F F F F F F O X"),
    Attempt("invoiceTermsPublish", "", invoicing.terms, "U U F F F F F F F F O E"),
    Attempt("attributionPolicyPublish", "", _policy, "U U F F F F F F F F O E"),
    Attempt("couponTemplateCreate", "", promotions.template, "U U F F F F F F F O O E"),
    Attempt("couponTemplateRevoke", "", promotions.template_to_use, FOR_HEADQUARTERS),
    Attempt("couponClaim", "", promotions.template_to_use, "U U O O F F F F F F F F"),
    Attempt("couponGive", "the guide's customer", promotions.coupon_to_give, "U U F F O X X F X F F F"),
    Attempt("couponRevoke", "", promotions.customers_coupon, FOR_HEADQUARTERS),
    Attempt("couponTransferOffer", "the customer's", promotions.customers_coupon, FOR_THE_CUSTOMER),
    Attempt("couponTransferTake", "", promotions.offer, "U U O O F F F F F F F F"),
    Attempt("withdrawalRequest", "", _withdrawal, "U U F F A A A O A F F F"),
    Attempt("withdrawalDecide", "the manager's", _withdrawal_to_decide, "U U F F F F F F F F O X"),
    Attempt("customerMessageSend", "the guide's customer", messages.message, "U U F F O X X O X F O X"),
    Attempt("customerSubscriptionGrant", "", messages.subscription, "U U O O F F F F F F F F"),
    Attempt("careTaskClose", "the guide's customer", promotions.care_task, "U U F F O X X O X O O X"),
    Attempt("outboundRuleSet", "", messages.rule, "U U F F F F F F F O O E"),
    Attempt("commissionPlanPublish", "", _plan, "U U F F F F F F F F O E"),
    Attempt("commissionPlanPublish", "a product", _plan_for_product, "U U F F F F F F F F O I"),
    Attempt("materialCreate", "for the east", promotions.material, "U U F F F F F F F O O I"),
    Attempt("materialUpdate", "", promotions.material_change, FOR_HEADQUARTERS),
    Attempt("materialWithdraw", "", promotions.material_to_withdraw, FOR_HEADQUARTERS),
    Attempt("materialShare", "for everybody", promotions.share("material"), "U U F F O O O I O F F F"),
    Attempt("materialShare", "of the east", promotions.share("material_of_east"), "U U F F O O X I X F F F"),
    Attempt(
        "materialShare",
        "with the guide's customer",
        promotions.share("material", customerId="customer"),
        "U U F F O X X I X F F F",
    ),
]
