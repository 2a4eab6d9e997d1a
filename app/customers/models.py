"""Tables of customers online: customers, visitors, consents, touchpoints, bindings with their head, the policy."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.tables import Base, Tenant, TenantBase, tenant_args, tenant_key


class CustomerRow(Tenant, Base):
    """A person known to the brand. Name and phone are sealed; hashes find them, whole or in part.

    `first_guide_id`, `first_store_id`, `first_branch`: whom the customer was bound to once the first sign-in was done,
    and that store's branch on that day; None for nobody.
    """

    __tablename__ = "customer"
    __table_args__ = tenant_args(
        sa.UniqueConstraint("brand_id", "phone_hash"),
        sa.UniqueConstraint("brand_id", "member_code"),
        sa.Index("ix_customer_tail", "brand_id", "phone_tail_hash"),
        sa.Index("ix_customer_grams", "name_grams", postgresql_using="gin"),
    )
    member_code: Mapped[str | None]
    name: Mapped[bytes | None]
    name_grams: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    phone: Mapped[bytes | None]
    phone_hash: Mapped[str | None]
    phone_tail_hash: Mapped[str | None]
    first_sign_in_at: Mapped[datetime | None]
    first_guide_id: Mapped[UUID | None]
    first_store_id: Mapped[UUID | None]
    first_branch: Mapped[str | None]
    created_at: Mapped[datetime]


class VisitorRow(Tenant, Base):
    """A browser or phone that came in before anybody signed in on it; joined to the customer who does."""

    __tablename__ = "visitor"
    __table_args__ = tenant_args(
        tenant_key("customer_id", "customer"), sa.Index("ix_visitor_customer", "brand_id", "customer_id")
    )
    customer_id: Mapped[UUID | None]
    joined_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ConsentRow(Tenant, Base):
    """A consent given or withdrawn, with the text's version. Append-only; the latest row of a purpose counts."""

    __tablename__ = "consent"
    __table_args__ = tenant_args(
        tenant_key("customer_id", "customer"),
        sa.Index("ix_consent_customer", "brand_id", "customer_id", "purpose", "at"),
        append_only=True,
    )
    customer_id: Mapped[UUID]
    purpose: Mapped[str]
    text_version: Mapped[str]
    granted: Mapped[bool]
    at: Mapped[datetime]


class TouchpointRow(Tenant, Base):
    """A customer or visitor met a guide's code, shop or link. Append-only.

    `branch`: path of the store's unit, else of the guide's, as it was then.
    """

    __tablename__ = "touchpoint"
    __table_args__ = tenant_args(
        tenant_key("visitor_id", "visitor"),
        tenant_key("customer_id", "customer"),
        sa.Index("ix_touchpoint_customer", "brand_id", "customer_id", "id"),
        sa.Index("ix_touchpoint_visitor", "brand_id", "visitor_id", "id"),
        sa.Index("ix_touchpoint_shop", "brand_id", "shop_id", "id"),
        sa.Index("ix_touchpoint_code", "brand_id", "code_id"),
        append_only=True,
    )
    visitor_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    guide_id: Mapped[UUID | None]
    store_id: Mapped[UUID | None]
    shop_id: Mapped[UUID | None]
    code_id: Mapped[UUID | None]
    kind: Mapped[str]
    channel: Mapped[str]
    occurred_at: Mapped[datetime]
    branch: Mapped[str | None]


class TouchHeadRow(TenantBase, Base):
    """The last touchpoint of one subject (customer or visitor) and source (code or shop): what makes repeats one."""

    __tablename__ = "touch_head"
    __table_args__ = tenant_args()
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    source_id: Mapped[UUID] = mapped_column(primary_key=True)
    touchpoint_id: Mapped[UUID]
    occurred_at: Mapped[datetime]


class BindingRow(Tenant, Base):
    """A customer was bound to a guide and an owning store. Append-only: its end stands in `binding_end`."""

    __tablename__ = "binding"
    __table_args__ = tenant_args(
        tenant_key("customer_id", "customer"),
        tenant_key("guide_id", "employee"),
        tenant_key("store_id", "store"),
        sa.Index("ix_binding_customer", "brand_id", "customer_id", "bound_at"),
        sa.Index("ix_binding_guide", "brand_id", "guide_id", "bound_at"),
        append_only=True,
    )
    customer_id: Mapped[UUID]
    guide_id: Mapped[UUID]
    store_id: Mapped[UUID | None]
    touchpoint_id: Mapped[UUID | None]
    replaces_id: Mapped[UUID | None]
    trigger: Mapped[str]
    policy_version: Mapped[int] = mapped_column(sa.Integer)
    bound_at: Mapped[datetime]
    protected_until: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class BindingRenewalRow(Tenant, Base):
    """A live binding's terms began anew. Append-only."""

    __tablename__ = "binding_renewal"
    __table_args__ = tenant_args(tenant_key("binding_id", "binding"), append_only=True)
    binding_id: Mapped[UUID]
    trigger: Mapped[str]
    renewed_at: Mapped[datetime]
    protected_until: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class BindingEndRow(TenantBase, Base):
    """A binding ended, once: TAKEN_OVER, EXPIRED (replaced after its time), HANDED_OVER or RELEASED. Append-only."""

    __tablename__ = "binding_end"
    __table_args__ = tenant_args(tenant_key("binding_id", "binding"), append_only=True)
    binding_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    ended_at: Mapped[datetime]


class BindingHeadRow(TenantBase, Base):
    """The one row a customer's bindings are locked by; it points to the live binding and holds its present terms."""

    __tablename__ = "binding_head"
    __table_args__ = tenant_args(
        tenant_key("customer_id", "customer"),
        tenant_key("binding_id", "binding"),
        sa.Index("ix_binding_head_guide", "brand_id", "guide_id", "bound_at"),
    )
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    binding_id: Mapped[UUID | None]
    guide_id: Mapped[UUID | None]
    store_id: Mapped[UUID | None]
    bound_at: Mapped[datetime | None]
    protected_until: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]


class BindingPolicyRow(TenantBase, Base):
    """The attribution policy, one row a version. It stands here because bindings need it; `commission` publishes it."""

    __tablename__ = "attribution_policy"
    __table_args__ = tenant_args(sa.UniqueConstraint("brand_id", "id"), append_only=True)
    version: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    id: Mapped[UUID]
    published_at: Mapped[datetime]
    published_by: Mapped[str]
    bind_on: Mapped[str]
    renew_on: Mapped[str]
    binding_mode: Mapped[str]
    validity_days: Mapped[int | None] = mapped_column(sa.Integer)
    takeover: Mapped[str]
    protection_days: Mapped[int | None] = mapped_column(sa.Integer)
    last_touch_days: Mapped[int] = mapped_column(sa.Integer)
    self_purchase: Mapped[str]
    offline_split_bp: Mapped[int] = mapped_column(sa.Integer)
    fulfilment_store_bp: Mapped[int] = mapped_column(sa.Integer)
