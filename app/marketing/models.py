"""Tables of marketing online: personal codes; coupons; the toolbox; messages that go out and their rules."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
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

    `care_script`: headquarters' words for whom an unused one is about to run out, with a script's placeholders.
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
    care_script: Mapped[str | None]
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
    that holds it or has used it; `used_in_store_id`: the store that has taken it, without an order. `code`: 16 digits
    that its customer shows there. `from_coupon_id`: the friend's coupon that it was. `steps`: moves made so far.
    """

    __tablename__ = "coupon"
    __table_args__ = tenant_args(
        tenant_key("template_id", "coupon_template"),
        tenant_key("customer_id", "customer"),
        tenant_key("guide_id", "employee"),
        tenant_key("code_id", "code"),
        tenant_key("from_coupon_id", "coupon"),
        sa.UniqueConstraint("brand_id", "from_coupon_id"),
        tenant_key("used_in_store_id", "store"),
        sa.UniqueConstraint("brand_id", "code"),
        sa.Index("ix_coupon_customer", "brand_id", "customer_id", "id"),
        sa.Index("ix_coupon_template", "brand_id", "template_id", "state"),
        sa.Index("ix_coupon_order", "brand_id", "order_id", postgresql_where=sa.text("order_id IS NOT NULL")),
        sa.Index("ix_coupon_due", "brand_id", "expires_at", postgresql_where=sa.text("state IN ('ISSUED', 'CLAIMED')")),
        sa.CheckConstraint(
            "(order_id IS NOT NULL)::int + (used_in_store_id IS NOT NULL)::int = (state IN ('LOCKED', 'USED'))::int",
            name="held",
        ),
        sa.CheckConstraint("used_in_store_id IS NULL OR state = 'USED'", name="used_in_store"),
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
    code: Mapped[str]
    used_in_store_id: Mapped[UUID | None]


class CouponRedemptionRow(TenantBase, Base):
    """A coupon taken in a store without an order (核销): where, by whom, and what it was worth. Amounts: minor units.

    `sku_id`: the piece that an EXCHANGE coupon was given for. `spend_minor`: what its goods came to at the till.
    `worth_minor`: what it took off there, or the piece's price. Append-only.
    """

    __tablename__ = "coupon_redemption"
    __table_args__ = tenant_args(
        tenant_key("coupon_id", "coupon"),
        tenant_key("store_id", "store"),
        tenant_key("employee_id", "employee"),
        tenant_key("sku_id", "sku"),
        sa.Index("ix_coupon_redemption_store", "brand_id", "store_id", "at"),
        sa.CheckConstraint("sku_id IS NOT NULL OR spend_minor IS NOT NULL", name="what"),
        sa.CheckConstraint("worth_minor > 0", name="worth"),
        append_only=True,
    )
    coupon_id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[UUID]
    employee_id: Mapped[UUID]
    sku_id: Mapped[UUID | None]
    spend_minor: Mapped[int | None]
    worth_minor: Mapped[int]
    receipt: Mapped[str | None]
    at: Mapped[datetime]


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


class MaterialRow(Tenant, Base):
    """A material of the toolbox: what never changes, its newest version's number, and whom it is for.

    `unit_ids`, `roles` and `employee_ids` keep a StaffAudience. This row is the lock that makes versions follow one
    another.
    """

    __tablename__ = "material"
    __table_args__ = tenant_args()
    kind: Mapped[str]
    version: Mapped[int] = mapped_column(sa.Integer)
    unit_ids: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()))
    roles: Mapped[list[str]] = mapped_column(ARRAY(sa.Text()))
    employee_ids: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()))
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]


class MaterialVersionRow(TenantBase, Base):
    """What a material said from one change to the next. Append-only; versions count from 1 without a gap."""

    __tablename__ = "material_version"
    __table_args__ = tenant_args(tenant_key("material_id", "material"), append_only=True)
    material_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    title: Mapped[str]
    body: Mapped[str | None]
    cover_url: Mapped[str | None]
    attachment_urls: Mapped[list[str]] = mapped_column(ARRAY(sa.Text()))
    script: Mapped[str | None]
    product_ids: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()))
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class ShareRow(Tenant, Base):
    """A guide shared a version of a material by a code of its own. Append-only.

    `text`: the script filled in, sealed as it may name the customer whom it was written for.
    """

    __tablename__ = "share"
    __table_args__ = tenant_args(
        sa.UniqueConstraint("brand_id", "code_id"),
        tenant_key("guide_id", "employee"),
        tenant_key(["material_id", "version"], "material_version", "material_id", "version"),
        tenant_key("code_id", "code"),
        tenant_key("customer_id", "customer"),
        sa.Index("ix_share_guide", "brand_id", "guide_id", "id"),
        append_only=True,
    )
    guide_id: Mapped[UUID]
    material_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(sa.Integer)
    code_id: Mapped[UUID]
    channel: Mapped[str]
    customer_id: Mapped[UUID | None]
    text: Mapped[bytes | None]
    shared_at: Mapped[datetime]


class MaterialReadingRow(TenantBase, Base):
    """How long the page that a touchpoint opened was read, as its browser told us; it only grows, up to the bound."""

    __tablename__ = "material_reading"
    __table_args__ = tenant_args(
        tenant_key("touchpoint_id", "touchpoint"), sa.CheckConstraint("seconds BETWEEN 1 AND 1800", name="seconds")
    )
    touchpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    seconds: Mapped[int] = mapped_column(sa.Integer)
    told_at: Mapped[datetime]


class OutboundRuleRow(Tenant, Base):
    """A channel's rule as somebody set it. Append-only: the latest row of a channel counts, without one the default.

    `quiet_from`, `quiet_until`: minutes of the brand's day.
    """

    __tablename__ = "outbound_rule"
    __table_args__ = tenant_args(
        sa.Index("ix_outbound_rule_channel", "brand_id", "channel", "id"),
        append_only=True,
    )
    channel: Mapped[str]
    most: Mapped[int] = mapped_column(sa.Integer)
    days: Mapped[int | None] = mapped_column(sa.Integer)
    quiet_from: Mapped[int] = mapped_column(sa.Integer)
    quiet_until: Mapped[int] = mapped_column(sa.Integer)
    set_at: Mapped[datetime]
    set_by: Mapped[str]


class OutboundHeadRow(TenantBase, Base):
    """The one row that the decisions about a customer's messages are locked by."""

    __tablename__ = "outbound_head"
    __table_args__ = tenant_args(tenant_key("customer_id", "customer"))
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)


class SubscriptionGrantRow(Tenant, Base):
    """A customer subscribed to so many messages, each of which comes once. Append-only."""

    __tablename__ = "subscription_grant"
    __table_args__ = tenant_args(
        tenant_key("customer_id", "customer"),
        sa.Index("ix_subscription_grant_customer", "brand_id", "customer_id"),
        sa.CheckConstraint("messages > 0", name="messages"),
        append_only=True,
    )
    customer_id: Mapped[UUID]
    messages: Mapped[int] = mapped_column(sa.Integer)
    granted_at: Mapped[datetime]


class OutboundMessageRow(Tenant, Base):
    """A message that somebody wanted to send to a customer, and what became of it.

    `text` is sealed, and None once it is forgotten. `counts_at`: when a marketing message counts in the budget, in the
    future for one that waits; None: it does not count. `granted`: the subscriptions that there were at the decision.
    `begun_at`: when it was first handed to its carrier; from then on no change of mind takes it back. `rule_…`: the
    rule in force when it was decided.
    """

    __tablename__ = "outbound_message"
    __table_args__ = tenant_args(
        tenant_key("customer_id", "customer"),
        sa.Index("ix_outbound_message_customer", "brand_id", "customer_id", "id"),
        sa.Index("ix_outbound_message_due", "brand_id", "due_at", postgresql_where=sa.text("state = 'WAITING'")),
        sa.Index(
            "ix_outbound_message_allowed", "brand_id", "decided_at", postgresql_where=sa.text("state = 'ALLOWED'")
        ),
        sa.Index("ix_outbound_message_text", "brand_id", "decided_at", postgresql_where=sa.text("text IS NOT NULL")),
    )
    customer_id: Mapped[UUID]
    channel: Mapped[str]
    kind: Mapped[str]
    subject_kind: Mapped[str | None]
    subject_id: Mapped[UUID | None]
    text: Mapped[bytes | None]
    granted: Mapped[int] = mapped_column(sa.Integer)
    state: Mapped[str]
    reason: Mapped[str | None]
    again_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    counts_at: Mapped[datetime | None]
    requested_at: Mapped[datetime]
    decided_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    actor: Mapped[str]
    rule_most: Mapped[int] = mapped_column(sa.Integer)
    rule_period: Mapped[str]
    rule_days: Mapped[int | None] = mapped_column(sa.Integer)
    rule_quiet_from: Mapped[int] = mapped_column(sa.Integer)
    rule_quiet_until: Mapped[int] = mapped_column(sa.Integer)


class OutboundMoveRow(Tenant, Base):
    """A step of a message, the request among them. Append-only."""

    __tablename__ = "outbound_move"
    __table_args__ = tenant_args(
        tenant_key("message_id", "outbound_message"),
        sa.Index("ix_outbound_move_message", "brand_id", "message_id", "id"),
        append_only=True,
    )
    message_id: Mapped[UUID]
    state: Mapped[str]
    reason: Mapped[str | None]
    again_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    at: Mapped[datetime]
    actor: Mapped[str]
