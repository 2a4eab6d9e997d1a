"""Tables of quotations: what a guide promises a customer, with its lines."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.tables import Base, Tenant, TenantBase, tenant_args, tenant_key


class QuotationRow(Tenant, Base):
    """A guide's quotation. `customer_id`: whom it is for; NULL: whoever accepts it first. Amounts: minor units.

    `state` is OPEN until somebody ends it, also after `expires_at`. `note`: the guide's words, sealed. `order_id`: what
    an accepted one became. `ended_at`, `ended_by`: when and by whom it was accepted, declined or withdrawn.
    """

    __tablename__ = "quotation"
    __table_args__ = tenant_args(
        tenant_key("guide_id", "employee"),
        tenant_key("shop_id", "shop"),
        tenant_key("code_id", "code"),
        tenant_key("customer_id", "customer"),
        tenant_key("order_id", "orders"),
        sa.UniqueConstraint("brand_id", "code_id"),
        sa.UniqueConstraint("brand_id", "order_id"),
        sa.Index("ix_quotation_guide", "brand_id", "guide_id", "id"),
        sa.Index(
            "ix_quotation_customer", "brand_id", "customer_id", postgresql_where=sa.text("customer_id IS NOT NULL")
        ),
        sa.CheckConstraint("(order_id IS NOT NULL) = (state = 'ACCEPTED')", name="order"),
        sa.CheckConstraint("(ended_at IS NULL) = (state = 'OPEN')", name="ended"),
        sa.CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name="ended_by"),
        sa.CheckConstraint("ended_at < expires_at", name="in_time"),
        sa.CheckConstraint("created_at < expires_at", name="validity"),
    )
    guide_id: Mapped[UUID]
    shop_id: Mapped[UUID]
    code_id: Mapped[UUID]
    customer_id: Mapped[UUID | None]
    state: Mapped[str]
    subtotal_minor: Mapped[int]
    note: Mapped[bytes | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    order_id: Mapped[UUID | None]


class QuotationLineRow(TenantBase, Base):
    """A line of a quotation: the price of one piece is promised. Title and name as they were. Amounts: minor units.

    Append-only.
    """

    __tablename__ = "quotation_line"
    __table_args__ = tenant_args(
        tenant_key("quotation_id", "quotation"),
        tenant_key("sku_id", "sku"),
        tenant_key("product_id", "product"),
        sa.UniqueConstraint("brand_id", "quotation_id", "sku_id"),
        sa.CheckConstraint("quantity > 0", name="quantity"),
        sa.CheckConstraint("unit_price_minor >= 0", name="unit_price"),
        append_only=True,
    )
    quotation_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    sku_id: Mapped[UUID]
    product_id: Mapped[UUID]
    title: Mapped[str]
    sku_name: Mapped[str]
    quantity: Mapped[int]
    unit_price_minor: Mapped[int]
