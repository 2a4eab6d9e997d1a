"""Payloads and results of the mutations over coupons, and the refusal of one that cannot be had."""

from typing import Annotated, Any

import strawberry

from app.marketing.values import CouponRefusal
from app.platform import errors
from app.platform.db import BrandSession
from graphql_schema.marketing.coupon_types import Coupon, CouponTemplate, CouponTransfer
from graphql_schema.user_errors import IdempotencyConflict, InvalidInput, NotFound, UserError, WrongState, converts


@strawberry.type(description="The coupon cannot be had.")
class CouponUnavailable(UserError):
    reason: CouponRefusal = strawberry.field(description="Why.")


@converts(errors.CouponUnavailable)
async def _unavailable(session: BrandSession, fault: errors.CouponUnavailable, fields: dict[str, Any]) -> UserError:
    return CouponUnavailable(**fields, reason=CouponRefusal(fault.reason))


@strawberry.type(description="The template is made.")
class CouponTemplateCreatePayload:
    coupon_template: CouponTemplate = strawberry.field(description="The template.")


@strawberry.type(description="The template is ended: none of its coupons can be claimed or used any more.")
class CouponTemplateRevokePayload:
    coupon_template: CouponTemplate = strawberry.field(description="The template as it is now.")


@strawberry.type(description="The coupon is the customer's.")
class CouponClaimPayload:
    coupon: Coupon = strawberry.field(description="The coupon.")


@strawberry.type(description="The coupon waits for its customer to accept it.")
class CouponGivePayload:
    coupon: Coupon = strawberry.field(description="The coupon.")


@strawberry.type(description="The coupon is taken back.")
class CouponRevokePayload:
    coupon: Coupon = strawberry.field(description="The coupon as it is now.")


@strawberry.type(description="The coupon is offered; offered twice it is the same offer.")
class CouponTransferOfferPayload:
    transfer: CouponTransfer = strawberry.field(description="The offer.")


@strawberry.type(description="The coupon is the friend's now, and the giver's no more.")
class CouponTransferTakePayload:
    coupon: Coupon = strawberry.field(description="The friend's own coupon.")


CouponTemplateCreateResult = Annotated[
    CouponTemplateCreatePayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("CouponTemplateCreateResult", description="The template, or why it was not made."),
]
CouponTemplateRevokeResult = Annotated[
    CouponTemplateRevokePayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("CouponTemplateRevokeResult", description="The template, or why it was not ended."),
]
CouponClaimResult = Annotated[
    CouponClaimPayload | CouponUnavailable | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("CouponClaimResult", description="The coupon, or why it was not had."),
]
CouponGiveResult = Annotated[
    CouponGivePayload | CouponUnavailable | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("CouponGiveResult", description="The coupon, or why it was not given."),
]
CouponRevokeResult = Annotated[
    CouponRevokePayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("CouponRevokeResult", description="The coupon, or why it was not taken back."),
]
CouponTransferOfferResult = Annotated[
    CouponTransferOfferPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("CouponTransferOfferResult", description="The offer, or why there is none."),
]
CouponTransferTakeResult = Annotated[
    CouponTransferTakePayload | CouponUnavailable | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("CouponTransferTakeResult", description="The coupon, or why it was not taken."),
]
