"""Tables of marketing online: personal codes; coupon templates, coupons with their history, limits and transfers."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.tables import Base, Tenant, TenantBase, tenant_args, tenant_key


class CodeRow(Tenant, Base):
    """A personal code: guide × target × channel. Its token leads to the brand through `directory`."""

    __tablename__ = "code"
    __table_args__ = tenant_args(
        sa.UniqueConstraint("brand_id", "token"),
        tenant_key("guide_id", "employee"),
        tenant_key("shop_id", "shop"),
        tenant_key("store_id", "store"),
        sa.Index("ix_code_guide", "brand_id", "guide_id"),
        sa.Index("uq_code_personal", "brand_id", "guide_id", unique=True, postgresql_where=sa.text("is_personal")),
    )
    token: Mapped[str]
    kind: Mapped[str]
    guide_id: Mapped[UUID | None]
    shop_id: Mapped[UUID | None]
    store_id: Mapped[UUID | None]
    target_id: Mapped[UUID | None]
    channel: Mapped[str | None]
    label: Mapped[str | None]
    is_personal: Mapped[bool]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class CouponTemplateRow(Tenant, Base):
    """What coupons of a kind take off, who can have one and until when. Amounts: minor units.

    `issued_count` is what the budget `quantity` counts: coupons claimed or given, those that came by a transfer not
    again. `claimed_count`: those of them that their customers took. Both are moved by the claim's own statement.
    """

    __tablename__ = "coupon_template"
    __table_args__ = tenant_args(
        sa.Index("ix_coupon_template_claimable", "brand_id", "claim_until"),
        sa.CheckConstraint("issued_count BETWEEN 0 AND quantity", name="budget"),
        sa.CheckConstraint("claimed_count BETWEEN 0 AND issued_count", name="claimed"),
        sa.CheckConstraint("claim_from < claim_until", name="window"),
        sa.CheckConstraint("per_person > 0 AND valid_days > 0 AND minimum_spend_minor >= 0", name="limits"),
        sa.CheckConstraint("percent_bp BETWEEN 1 AND 10000", name="percent"),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
    )
    title: Mapped[str]
    kind: Mapped[str]
    amount_minor: Mapped[int | None]
    percent_bp: Mapped[int | None] = mapped_column(sa.Integer)
    minimum_spend_minor: Mapped[int]
    quantity: Mapped[int]
    per_person: Mapped[int]
    claim_from: Mapped[datetime]
    claim_until: Mapped[datetime]
    valid_days: Mapped[int]
    is_listed: Mapped[bool]
    issued_count: Mapped[int]
    claimed_count: Mapped[int]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    revoked_at: Mapped[datetime | None]


class CouponProductRow(TenantBase, Base):
    """A product that a template's coupons are good for; a template without any is good for all. Append-only."""

    __tablename__ = "coupon_product"
    __table_args__ = tenant_args(
        tenant_key("template_id", "coupon_template"), tenant_key("product_id", "product"), append_only=True
    )
    template_id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(primary_key=True)


class CouponRow(Tenant, Base):
    """A coupon of a customer. `guide_id` and `branch`: by whom it came to him; it names nobody as an order's winner.

    `expires_at`: of an ISSUED one until when it can be accepted, else until when it can be used. `order_id`: the order
    that holds it or has used it. `from_coupon_id`: the friend's coupon that it was. `steps`: moves made so far.
    """

    __tablename__ = "coupon"
    __table_args__ = tenant_args(
        tenant_key("template_id", "coupon_template"),
        tenant_key("customer_id", "customer"),
        tenant_key("guide_id", "employee"),
        tenant_key("code_id", "code"),
        tenant_key("from_coupon_id", "coupon"),
        sa.UniqueConstraint("brand_id", "from_coupon_id"),
        sa.Index("ix_coupon_customer", "brand_id", "customer_id", "id"),
        sa.Index("ix_coupon_template", "brand_id", "template_id", "state"),
        sa.Index("ix_coupon_order", "brand_id", "order_id", postgresql_where=sa.text("order_id IS NOT NULL")),
        sa.Index("ix_coupon_due", "brand_id", "expires_at", postgresql_where=sa.text("state IN ('ISSUED', 'CLAIMED')")),
        sa.CheckConstraint("(order_id IS NOT NULL) = (state IN ('LOCKED', 'USED'))", name="held"),
    )
    template_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    state: Mapped[str]
    steps: Mapped[int] = mapped_column(sa.Integer)
    guide_id: Mapped[UUID | None]
    branch: Mapped[str]
    code_id: Mapped[UUID | None]
    from_coupon_id: Mapped[UUID | None]
    order_id: Mapped[UUID | None]
    issued_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    cared_at: Mapped[datetime | None]


class CouponMoveRow(TenantBase, Base):
    """A step of a coupon's life: from, to, by whom, with which order. Append-only."""

    __tablename__ = "coupon_move"
    __table_args__ = tenant_args(tenant_key("coupon_id", "coupon"), append_only=True)
    coupon_id: Mapped[UUID] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    event: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    order_id: Mapped[UUID | None]
    actor: Mapped[str]
    at: Mapped[datetime]


class CouponHolderRow(TenantBase, Base):
    """How many coupons of a template a customer has been given: the lock and the count of the limit per person."""

    __tablename__ = "coupon_holder"
    __table_args__ = tenant_args(
        tenant_key("template_id", "coupon_template"),
        tenant_key("customer_id", "customer"),
        sa.CheckConstraint("taken > 0", name="taken"),
    )
    template_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    taken: Mapped[int]


class CouponTransferRow(Tenant, Base):
    """An offer of a coupon to a friend, under a token made of its id; one for each coupon, open until it is taken."""

    __tablename__ = "coupon_transfer"
    __table_args__ = tenant_args(
        tenant_key("coupon_id", "coupon"),
        tenant_key("new_coupon_id", "coupon"),
        sa.UniqueConstraint("brand_id", "coupon_id"),
        sa.CheckConstraint("(taken_at IS NULL) = (new_coupon_id IS NULL)", name="taken"),
    )
    coupon_id: Mapped[UUID]
    offered_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    new_coupon_id: Mapped[UUID | None]
