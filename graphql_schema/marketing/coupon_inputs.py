"""Inputs of the mutations over coupons."""

from datetime import datetime

import strawberry

from graphql_schema.marketing.enums import CouponKind
from graphql_schema.scalars import Long

_KEY = "16 to 64 characters; the same key gives the same answer."


@strawberry.input(description="A coupon template to make.")
class CouponTemplateCreateInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    title: str = strawberry.field(description="Up to 60 characters: what customers read.")
    kind: CouponKind = strawberry.field(description="What its coupons do.")
    amount_minor: Long | None = strawberry.field(
        default=None,
        description="Minor units, 1 to 100,000,000. AMOUNT: what it takes off, needed. PERCENT: the most that it takes "
        "off. EXCHANGE: none.",
    )
    percent_bp: int | None = strawberry.field(
        default=None, description="PERCENT: what it takes off, 1 to 10,000 basis points, needed. Else none."
    )
    product_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The products that it is good for, at most 200; EXCHANGE needs them. Left out: all."
    )
    minimum_spend_minor: Long | None = strawberry.field(
        default=None, description="What its products must come to at least: 0 to 100,000,000; left out: 0."
    )
    quantity: int = strawberry.field(description="Coupons that there are in all: 1 to 10,000,000.")
    per_person: int = strawberry.field(description="Coupons that one person can have: 1 to 1,000.")
    claim_from: datetime = strawberry.field(description="From when on they can be claimed.")
    claim_until: datetime = strawberry.field(description="Until when; later than `claimFrom`, and in the future.")
    valid_days: int = strawberry.field(description="How long a coupon can be used after its claim: 1 to 3,650 days.")
    is_listed: bool = strawberry.field(
        default=True, description="Whether anybody can claim it; else it takes one of its own codes, or a guide's hand."
    )
    care_script: str | None = strawberry.field(
        default=None,
        description="A guide's opening words to whom an unused one is about to run out: up to 500 characters, with "
        "{customer}, {guide}, {store} and {link}. Left out: a sentence of ours.",
    )


@strawberry.input(description="A coupon template to end.")
class CouponTemplateRevokeInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    coupon_template_id: strawberry.ID = strawberry.field(description="The template.")


@strawberry.input(description="A coupon to claim.")
class CouponClaimInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    coupon_template_id: strawberry.ID = strawberry.field(description="The template.")
    code: str | None = strawberry.field(
        default=None, description="Token of the code or link that led here; an unknown one is refused."
    )


@strawberry.input(description="A coupon to give to a customer.")
class CouponGiveInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    coupon_template_id: strawberry.ID = strawberry.field(description="The template.")
    customer_id: strawberry.ID = strawberry.field(description="A customer whom the guide serves.")


@strawberry.input(description="A coupon to take back.")
class CouponRevokeInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    coupon_id: strawberry.ID = strawberry.field(description="A coupon that no order holds or has used.")


@strawberry.input(description="A coupon to hand on.")
class CouponTransferOfferInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    coupon_id: strawberry.ID = strawberry.field(description="An own coupon that can be used.")


@strawberry.input(description="A coupon to take from a friend.")
class CouponTransferTakeInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    token: str = strawberry.field(description="The token of the friend's offer.")
