"""Mutations over coupons. Answers are read after the commit: no reading prolongs a wait for a template's row."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

from app.marketing import coupon_templates, coupon_transfers, coupons
from app.marketing.values import CouponTerms
from app.platform.db import BrandSession
from graphql_schema.context import Info
from graphql_schema.global_ids import input_id
from graphql_schema.marketing.coupon_inputs import (
    CouponClaimInput,
    CouponGiveInput,
    CouponRevokeInput,
    CouponTemplateCreateInput,
    CouponTemplateRevokeInput,
    CouponTransferOfferInput,
    CouponTransferTakeInput,
)
from graphql_schema.marketing.coupon_loaders import coupon_by_id, template_by_id
from graphql_schema.marketing.coupon_payloads import (
    CouponClaimPayload,
    CouponClaimResult,
    CouponGivePayload,
    CouponGiveResult,
    CouponRevokePayload,
    CouponRevokeResult,
    CouponTemplateCreatePayload,
    CouponTemplateCreateResult,
    CouponTemplateRevokePayload,
    CouponTemplateRevokeResult,
    CouponTransferOfferPayload,
    CouponTransferOfferResult,
    CouponTransferTakePayload,
    CouponTransferTakeResult,
)
from graphql_schema.marketing.coupon_types import CouponTransfer
from graphql_schema.permissions import CUSTOMERS, GUIDES, PROMOTERS, Requires
from graphql_schema.transaction import Result, change
from graphql_schema.user_errors import UserError


@strawberry.type
class CouponMutation:
    @strawberry.mutation(
        description="Make a coupon template. For promotion, headquarters and the owner.",
        extensions=[Requires(PROMOTERS)],
    )
    async def coupon_template_create(
        self,
        info: Info,
        input: Annotated[CouponTemplateCreateInput, strawberry.argument(description="The template.")],
    ) -> CouponTemplateCreateResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            template_id = await coupon_templates.create(
                session,
                actor,
                title=input.title,
                terms=_terms(input),
                quantity=input.quantity,
                per_person=input.per_person,
                claim_from=input.claim_from,
                claim_until=input.claim_until,
                valid_days=input.valid_days,
                is_listed=input.is_listed,
                care_script=input.care_script,
                now=session.now,
            )
            return {"id": template_id}

        made = await change(info, "couponTemplateCreate", input, act)
        if isinstance(made, UserError):
            return cast("CouponTemplateCreateResult", made)
        return CouponTemplateCreatePayload(coupon_template=await template_by_id(info, UUID(made["id"])))

    @strawberry.mutation(
        description="End a coupon template at once. Orders that hold its coupons keep them. For promotion, "
        "headquarters and the owner.",
        extensions=[Requires(PROMOTERS)],
    )
    async def coupon_template_revoke(
        self,
        info: Info,
        input: Annotated[CouponTemplateRevokeInput, strawberry.argument(description="The template.")],
    ) -> CouponTemplateRevokeResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            template_id = input_id(input.coupon_template_id, "CouponTemplate", "couponTemplateId")
            await coupon_templates.revoke(session, actor, template_id=template_id, now=session.now)
            return {"id": template_id}

        made = await change(info, "couponTemplateRevoke", input, act)
        if isinstance(made, UserError):
            return cast("CouponTemplateRevokeResult", made)
        return CouponTemplateRevokePayload(coupon_template=await template_by_id(info, UUID(made["id"])))

    @strawberry.mutation(
        description="Claim a coupon, or accept one that a guide has given. For customers.",
        extensions=[Requires(CUSTOMERS)],
    )
    async def coupon_claim(
        self, info: Info, input: Annotated[CouponClaimInput, strawberry.argument(description="The coupon.")]
    ) -> CouponClaimResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            template_id = input_id(input.coupon_template_id, "CouponTemplate", "couponTemplateId")
            return {
                "id": await coupons.claim(
                    session, actor, template_id=template_id, code_token=input.code, now=session.now
                )
            }

        made = await change(info, "couponClaim", input, act)
        if isinstance(made, UserError):
            return cast("CouponClaimResult", made)
        return CouponClaimPayload(coupon=await coupon_by_id(info, UUID(made["id"])))

    @strawberry.mutation(
        description="Give a coupon to a customer whom the guide serves; it waits to be accepted. For guides.",
        extensions=[Requires(GUIDES)],
    )
    async def coupon_give(
        self, info: Info, input: Annotated[CouponGiveInput, strawberry.argument(description="The coupon.")]
    ) -> CouponGiveResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            template_id = input_id(input.coupon_template_id, "CouponTemplate", "couponTemplateId")
            customer_id = input_id(input.customer_id, "Customer", "customerId")
            return {
                "id": await coupons.give(
                    session, actor, template_id=template_id, customer_id=customer_id, now=session.now
                )
            }

        made = await change(info, "couponGive", input, act)
        if isinstance(made, UserError):
            return cast("CouponGiveResult", made)
        return CouponGivePayload(coupon=await coupon_by_id(info, UUID(made["id"])))

    @strawberry.mutation(
        description="Take one coupon back. For promotion, headquarters and the owner.",
        extensions=[Requires(PROMOTERS)],
    )
    async def coupon_revoke(
        self, info: Info, input: Annotated[CouponRevokeInput, strawberry.argument(description="The coupon.")]
    ) -> CouponRevokeResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            coupon_id = input_id(input.coupon_id, "Coupon", "couponId")
            await coupons.revoke(session, actor, coupon_id=coupon_id, now=session.now)
            return {"id": coupon_id}

        made = await change(info, "couponRevoke", input, act)
        if isinstance(made, UserError):
            return cast("CouponRevokeResult", made)
        return CouponRevokePayload(coupon=await coupon_by_id(info, UUID(made["id"])))

    @strawberry.mutation(
        description="Offer an own coupon to a friend, who takes it by the link. For customers.",
        extensions=[Requires(CUSTOMERS)],
    )
    async def coupon_transfer_offer(
        self,
        info: Info,
        input: Annotated[CouponTransferOfferInput, strawberry.argument(description="The coupon.")],
    ) -> CouponTransferOfferResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            coupon_id = input_id(input.coupon_id, "Coupon", "couponId")
            transfer_id = await coupon_transfers.offer(session, actor, coupon_id=coupon_id, now=session.now)
            return {"id": transfer_id, "coupon_id": coupon_id}

        made = await change(info, "couponTransferOffer", input, act)
        if isinstance(made, UserError):
            return cast("CouponTransferOfferResult", made)
        brand, vault = await info.context.brand(), info.context.runtime.database.vault
        token = coupon_transfers.token_of(vault, brand.id, UUID(made["id"]))
        return CouponTransferOfferPayload(
            transfer=CouponTransfer(
                token=token,
                coupon=await coupon_by_id(info, UUID(made["coupon_id"])),
            )
        )

    @strawberry.mutation(
        description="Take a coupon that a friend offers; whoever is first has it. For customers.",
        extensions=[Requires(CUSTOMERS)],
    )
    async def coupon_transfer_take(
        self,
        info: Info,
        input: Annotated[CouponTransferTakeInput, strawberry.argument(description="The offer.")],
    ) -> CouponTransferTakeResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            return {"id": await coupon_transfers.take(session, actor, token=input.token, now=session.now)}

        made = await change(info, "couponTransferTake", input, act)
        if isinstance(made, UserError):
            return cast("CouponTransferTakeResult", made)
        return CouponTransferTakePayload(coupon=await coupon_by_id(info, UUID(made["id"])))


def _terms(input: CouponTemplateCreateInput) -> CouponTerms:
    """What the coupons take off, unchecked. Raises: InvalidInput for an id that is none."""
    return CouponTerms(
        kind=input.kind,
        amount_minor=None if input.amount_minor is None else int(input.amount_minor),
        percent_bp=input.percent_bp,
        minimum_spend_minor=int(input.minimum_spend_minor or 0),
        product_ids=frozenset(
            input_id(product_id, "Product", "productIds", str(position))
            for position, product_id in enumerate(input.product_ids or ())
        ),
    )
