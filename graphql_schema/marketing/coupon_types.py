"""Coupon templates, coupons, what became of them."""

from datetime import datetime

import strawberry

from app.marketing.coupon_figures import CouponFigures
from app.marketing.coupon_reads import CouponView, TemplateView
from graphql_schema.context import Info
from graphql_schema.marketing.enums import CouponKind, CouponState
from graphql_schema.money import Money, to_money
from graphql_schema.paging import Node, encode_global_id
from graphql_schema.permissions import CUSTOMERS, EMPLOYEES, Requires


@strawberry.type(description="What coupons of a kind take off, who can have one, and until when.")
class CouponTemplate(Node):
    title: str = strawberry.field(description="Up to 60 characters.")
    kind: CouponKind = strawberry.field(description="What its coupons do.")
    amount: Money | None = strawberry.field(
        description="AMOUNT: what it takes off. PERCENT: the most that it takes off, null: no such bound. EXCHANGE: "
        "null."
    )
    percent_bp: int | None = strawberry.field(description="PERCENT: what it takes off, in basis points; else null.")
    minimum_spend: Money = strawberry.field(
        description="What is to be paid for its products at least, after EXCHANGE coupons and before its own discount."
    )
    product_ids: list[strawberry.ID] = strawberry.field(
        description="The products that it is good for, at most 200; empty: all."
    )
    quantity: int = strawberry.field(description="Coupons that there are in all.")
    per_person: int = strawberry.field(description="Coupons that one person can have.")
    claim_from: datetime = strawberry.field(description="From when on they can be claimed.")
    claim_until: datetime = strawberry.field(description="Until when they can be claimed.")
    valid_days: int = strawberry.field(description="How long a coupon can be used after its claim.")
    is_listed: bool = strawberry.field(
        description="Whether anybody can claim it; else it takes one of its own codes, or a guide's hand."
    )
    is_revoked: bool = strawberry.field(description="Whether headquarters has ended it.")
    view: strawberry.Private[TemplateView]

    @strawberry.field(
        description="Coupons claimed or given, of `quantity`. For employees.", extensions=[Requires(EMPLOYEES)]
    )
    async def issued_count(self) -> int:
        return self.view.issued

    @strawberry.field(
        description="Coupons that customers have taken; handing on to a friend counts no second one. For employees.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def claimed_count(self) -> int:
        return self.view.claimed

    @strawberry.field(
        description="Coupons used by paid orders or in stores. For employees.", extensions=[Requires(EMPLOYEES)]
    )
    async def used_count(self) -> int:
        return self.view.used


@strawberry.type(description="A customer's coupon.")
class Coupon(Node):
    state: CouponState = strawberry.field(description="How it stands now.")
    claimed_at: datetime | None = strawberry.field(description="When it came into the customer's hands; null: ISSUED.")
    expires_at: datetime = strawberry.field(
        description="Until when it can be used; of an ISSUED one, until when it can be accepted."
    )
    template: CouponTemplate = strawberry.field(description="What it takes off.")
    view: strawberry.Private[CouponView]

    @strawberry.field(
        description="For its own customer, while it can be used: 16 digits to show in a store, which takes it once.",
        extensions=[Requires(CUSTOMERS)],
    )
    async def code(self, info: Info) -> str | None:
        is_own = (await info.context.actor()).customer_id == self.view.customer_id
        return self.view.code if is_own and self.view.state is CouponState.CLAIMED else None


@strawberry.type(description="A coupon offered to a friend. Until somebody takes it, it stays its giver's.")
class CouponTransfer:
    token: str = strawberry.field(
        description="36 characters; whoever has it can take the coupon: at /s/{slug}/gifts/{token} in any shop."
    )
    coupon: Coupon = strawberry.field(description="The coupon that is offered.")


@strawberry.type(description="What became of the coupons of one unit or guide.")
class CouponFiguresRow:
    key: strawberry.ID | None = strawberry.field(description="The unit or guide; null: coupons of nobody's.")
    label: str | None = strawberry.field(description="Its name.")
    issued: int = strawberry.field(description="Coupons claimed or given.")
    claimed: int = strawberry.field(description="Coupons that customers have taken.")
    shared: int = strawberry.field(description="Coupons offered to friends.")
    transferred: int = strawberry.field(description="Coupons that friends have taken.")
    used: int = strawberry.field(description="Coupons used by paid orders or in stores.")


def to_template(view: TemplateView, currency: str) -> CouponTemplate:
    terms = view.terms
    return CouponTemplate(
        id=encode_global_id("CouponTemplate", view.id),
        title=view.title,
        kind=terms.kind,
        amount=None if terms.amount_minor is None else to_money(terms.amount_minor, currency),
        percent_bp=terms.percent_bp,
        minimum_spend=to_money(terms.minimum_spend_minor, currency),
        product_ids=[encode_global_id("Product", product_id) for product_id in sorted(terms.product_ids)],
        quantity=view.quantity,
        per_person=view.per_person,
        claim_from=view.claim_from,
        claim_until=view.claim_until,
        valid_days=view.valid_days,
        is_listed=view.is_listed,
        is_revoked=view.is_revoked,
        view=view,
    )


def to_coupon(view: CouponView, currency: str) -> Coupon:
    return Coupon(
        id=encode_global_id("Coupon", view.id),
        state=view.state,
        claimed_at=view.claimed_at,
        expires_at=view.expires_at,
        template=to_template(view.template, currency),
        view=view,
    )


def to_figures(row: CouponFigures, type_name: str) -> CouponFiguresRow:
    return CouponFiguresRow(
        key=None if row.key is None else encode_global_id(type_name, row.key),
        label=row.label,
        issued=row.issued,
        claimed=row.claimed,
        shared=row.shared,
        transferred=row.transferred,
        used=row.used,
    )
