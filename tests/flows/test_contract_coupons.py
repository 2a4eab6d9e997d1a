"""The clients' documents over coupons, as a journey: made, claimed by a code, quoted, used; and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from app.platform.runtime import Runtime
from graphql_schema.paging import decode_global_id
from tests import factories
from tests.documents import Client
from tests.factories import ADDRESS, Scene, key
from tests.flows.test_contract import pay, signed_in
from tests.marketing import couponing

FIGURES = """query ($id: ID!, $by: CouponFiguresBy!) {
  couponFigures(couponTemplateId: $id, by: $by) { label issued claimed shared transferred used }
}"""
GIVE = """mutation ($input: CouponGiveInput!) {
  couponGive(input: $input) { ... on CouponGivePayload { coupon { id state } } ... on UserError { code message } }
}"""
OFFER = """mutation ($input: CouponTransferOfferInput!) {
  couponTransferOffer(input: $input) { ... on CouponTransferOfferPayload { transfer { token } } }
}"""
TAKE = """mutation ($input: CouponTransferTakeInput!) {
  couponTransferTake(input: $input) {
    ... on CouponTransferTakePayload { coupon { id state } }
    ... on CouponUnavailable { reason message }
    ... on NotFound { path }
  }
}"""
REVOKE = """mutation ($input: CouponTemplateRevokeInput!) {
  couponTemplateRevoke(input: $input) { ... on CouponTemplateRevokePayload { couponTemplate { isRevoked } } }
}"""


def template(**more: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "idempotencyKey": key(),
        "title": "满百减十",
        "kind": "AMOUNT",
        "amountMinor": 1_000,
        "minimumSpendMinor": 10_000,
        "quantity": 2,
        "perPerson": 1,
        "claimFrom": (now - timedelta(days=1)).isoformat(),
        "claimUntil": (now + timedelta(days=30)).isoformat(),
        "validDays": 7,
        **more,
    }


async def test_coupon_is_made_claimed_by_a_guides_code_quoted_and_used(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    owner = Client(http, await factories.token_for(runtime, scene.brand, scene.owner_id))
    guide = Client(http, await factories.token_for(runtime, scene.brand, scene.guide.employee_id))
    given = template()
    made = (await owner.do("CouponTemplateCreate", **given))["couponTemplate"]
    assert (await owner.do("CouponTemplateCreate", **given))["couponTemplate"] == made
    assert (made["title"], made["kind"], made["quantity"]) == ("满百减十", "AMOUNT", 2)
    assert (made["claimedCount"], made["usedCount"]) == (0, 0)
    code = (await guide.do("CodeCreate", idempotencyKey=key(), kind="CAMPAIGN", targetId=made["id"]))["issuedCode"]
    customer, _ = await signed_in(http, runtime, scene.brand, factories.next_phone())

    wanted = {"idempotencyKey": key(), "couponTemplateId": made["id"], "code": code["token"]}
    claimed = await customer.do("CouponClaim", **wanted)
    assert (await customer.do("CouponClaim", **wanted)) == claimed
    coupon = claimed["coupon"]
    assert (coupon["state"], coupon["template"]) == ("CLAIMED", {"id": made["id"], "title": "满百减十"})
    left = datetime.fromisoformat(coupon["expiresAt"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
    again = await customer.do("CouponClaim", **{**wanted, "idempotencyKey": key()})
    assert (again["__typename"], again["reason"]) == ("CouponUnavailable", "LIMIT_REACHED")

    lines = [{"skuId": couponing.global_id("Sku", scene.sku_id), "quantity": 1}]
    basket = {"shopSlug": scene.guide.slug, "lines": lines, "couponIds": [coupon["id"]]}
    quote = (await customer.data("OrderQuote", input=basket))["orderQuote"]
    assert [(one["label"], one["amount"]["minor"]) for one in quote["adjustments"]] == [
        ("满百减十", -1_000),
        ("满 ¥99.00 免运费", 0),
    ]
    assert (quote["lines"][0]["discount"]["minor"], quote["total"]["minor"]) == (1_000, 11_900)
    order = (
        await customer.do(
            "OrderPlace",
            idempotencyKey=key(),
            fulfilment={"method": "DELIVERY", "address": ADDRESS},
            expectedTotalMinor=11_900,
            **basket,
        )
    )["order"]
    assert (order["discount"]["minor"], order["total"]["minor"]) == (1_000, 11_900)
    assert await states(customer) == ["LOCKED"]
    begun = await customer.do("PaymentStart", idempotencyKey=key(), orderId=order["id"], provider="SANDBOX")
    await pay(http, runtime, begun["payment"])
    assert await states(customer) == ["USED"]
    assert await states(customer, ["CLAIMED", "LOCKED"]) == []
    for by, label in (("GUIDE", "林知夏"), ("ORG_UNIT", "华东")):
        rows = (await owner.query(FIGURES, id=made["id"], by=by))["data"]["couponFigures"]
        assert rows == [{"label": label, "issued": 1, "claimed": 1, "shared": 0, "transferred": 0, "used": 1}]


async def states(customer: Client, wanted: list[str] | None = None) -> list[str]:
    coupons = (await customer.data("MyCoupons", states=wanted))["viewer"]["customer"]["coupons"]
    assert coupons["totalCount"] == len(coupons["edges"])
    return [edge["node"]["state"] for edge in coupons["edges"]]


async def test_gift_and_transfer_reach_customer_and_friend(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    owner = Client(http, await factories.token_for(runtime, scene.brand, scene.owner_id))
    guide = Client(http, await factories.token_for(runtime, scene.brand, scene.guide.employee_id))
    made = (await owner.do("CouponTemplateCreate", **template(isListed=False)))["couponTemplate"]
    customer, entered = await signed_in(http, runtime, scene.brand, factories.next_phone())
    friend, _ = await signed_in(http, runtime, scene.brand, factories.next_phone())
    refused = await customer.do("CouponClaim", idempotencyKey=key(), couponTemplateId=made["id"])
    assert refused["reason"] == "NOT_ELIGIBLE"

    give = {"couponTemplateId": made["id"], "customerId": entered["viewer"]["customer"]["id"]}
    not_yet = (await guide.query(GIVE, input={"idempotencyKey": key(), **give}))["data"]["couponGive"]
    assert not_yet["code"] == "NOT_FOUND"
    await customer.do("CodeScan", code=scene.guide.token, idempotencyKey=key())
    gift = (await guide.query(GIVE, input={"idempotencyKey": key(), **give}))["data"]["couponGive"]["coupon"]
    assert gift["state"] == "ISSUED"
    accepted = (await customer.do("CouponClaim", idempotencyKey=key(), couponTemplateId=made["id"]))["coupon"]
    assert (accepted["id"], accepted["state"]) == (gift["id"], "CLAIMED")

    offered = await customer.query(OFFER, input={"idempotencyKey": key(), "couponId": accepted["id"]})
    token = offered["data"]["couponTransferOffer"]["transfer"]["token"]
    own = (await customer.query(TAKE, input={"idempotencyKey": key(), "token": token}))["data"]["couponTransferTake"]
    assert own["reason"] == "NOT_ELIGIBLE"
    forged = await friend.query(TAKE, input={"idempotencyKey": key(), "token": token[::-1]})
    assert forged["data"]["couponTransferTake"] == {"path": ["token"]}
    taken = (await friend.query(TAKE, input={"idempotencyKey": key(), "token": token}))["data"]["couponTransferTake"]
    assert taken["coupon"]["state"] == "CLAIMED"
    assert (await states(customer), await states(friend)) == (["TRANSFERRED"], ["CLAIMED"])
    rows = (await owner.query(FIGURES, id=made["id"], by="GUIDE"))["data"]["couponFigures"]
    assert rows == [{"label": "林知夏", "issued": 1, "claimed": 1, "shared": 1, "transferred": 1, "used": 0}]

    ended = await owner.query(REVOKE, input={"idempotencyKey": key(), "couponTemplateId": made["id"]})
    assert ended["data"]["couponTemplateRevoke"]["couponTemplate"]["isRevoked"] is True
    assert await states(friend) == ["REVOKED"]


async def test_templates_and_coupons_out_of_bounds_are_refused_by_their_field(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    owner = Client(http, await factories.token_for(runtime, scene.brand, scene.owner_id))
    now = datetime.now(UTC)
    wrong: list[tuple[dict[str, Any], list[str]]] = [
        ({"amountMinor": -1}, ["amountMinor"]),
        ({"amountMinor": None}, ["amountMinor"]),
        ({"kind": "PERCENT", "amountMinor": None, "percentBp": 10_001}, ["percentBp"]),
        ({"kind": "EXCHANGE", "amountMinor": None}, ["productIds"]),
        ({"productIds": ["x"]}, ["productIds", "0"]),
        ({"quantity": 0}, ["quantity"]),
        ({"quantity": -5}, ["quantity"]),
        ({"perPerson": 3}, ["perPerson"]),
        ({"claimUntil": (now - timedelta(days=2)).isoformat()}, ["claimUntil"]),
        ({"validDays": 0}, ["validDays"]),
        ({"title": ""}, ["title"]),
    ]
    for changed, path in wrong:
        refused = await owner.do("CouponTemplateCreate", **template(**changed))
        assert (refused["__typename"], refused["path"]) == ("InvalidInput", path), changed
    made = (await owner.do("CouponTemplateCreate", **template()))["couponTemplate"]
    customer, _ = await signed_in(http, runtime, scene.brand, factories.next_phone())
    forged = await customer.do("CouponClaim", idempotencyKey=key(), couponTemplateId=made["id"], code="A" * 20)
    assert (forged["__typename"], forged["path"]) == ("NotFound", ["code"])
    assert await states(customer) == []
    stranger, _ = await signed_in(http, runtime, scene.brand, factories.next_phone())
    coupon = (await stranger.do("CouponClaim", idempotencyKey=key(), couponTemplateId=made["id"]))["coupon"]
    lines = [{"skuId": couponing.global_id("Sku", scene.sku_id), "quantity": 1}]
    place = {
        "idempotencyKey": key(),
        "shopSlug": scene.guide.slug,
        "lines": lines,
        "couponIds": [coupon["id"]],
        "fulfilment": {"method": "DELIVERY", "address": ADDRESS},
    }
    refused = await customer.do("OrderPlace", **place)
    assert (refused["__typename"], refused["path"]) == ("NotFound", ["couponIds", "0"])
    assert await customer.code_of_error(
        "OrderQuote", input={key: place[key] for key in ("shopSlug", "lines", "couponIds")}
    ) == ("BAD_USER_INPUT")
    assert await couponing.state_of(runtime.database, scene.brand, decode_global_id(coupon["id"]).uuids[0]) == "CLAIMED"
