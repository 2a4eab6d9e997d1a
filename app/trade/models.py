"""Tables of trade: orders with lines, history, routes and parcels, payments, refunds, after-sales, reconciliation."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.tables import Base, Tenant, TenantBase, tenant_args, tenant_key


class OrderRow(Tenant, Base):
    """An order. `guide_id`, `store_id` and `branch` are the attributed ones, as they were when it was placed.

    `pickup_store_id`: where the customer fetches or takes the goods, whosever sale it is. `location_id`: where its
    stock is reserved or was sold. `is_stranded`: no place is left that would send it; headquarters decides.
    `delivered_at`: when the customer had the goods.
    `refunded_minor`: what really went back, freight with it; `refunded_goods_minor`: the goods whose refund is decided,
    which figures count. Amounts: minor units.
    """

    __tablename__ = "orders"
    __table_args__ = tenant_args(
        sa.UniqueConstraint("brand_id", "number"),
        tenant_key("customer_id", "customer"),
        tenant_key("shop_id", "shop"),
        tenant_key("store_id", "store"),
        tenant_key("pickup_store_id", "store"),
        tenant_key("location_id", "location"),
        sa.Index("ix_order_customer", "brand_id", "customer_id", "id"),
        sa.Index("ix_order_guide", "brand_id", "guide_id", "id"),
        sa.Index("ix_order_store", "brand_id", "store_id", "id"),
        sa.Index("ix_order_state", "brand_id", "state", "id"),
        sa.Index(
            "ix_order_pickup",
            "brand_id",
            "pickup_store_id",
            "id",
            postgresql_where=sa.text("pickup_store_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_order_to_send",
            "brand_id",
            "location_id",
            "id",
            postgresql_where=sa.text("fulfilment = 'DELIVERY' AND state IN ('PAID', 'FULFILLING')"),
        ),
        sa.Index("ix_order_unpaid", "brand_id", "pay_by", postgresql_where=sa.text("state = 'PENDING_PAYMENT'")),
        sa.Index("ix_order_shipped", "brand_id", "shipped_at", postgresql_where=sa.text("state = 'SHIPPED'")),
        sa.Index("ix_order_delivered", "brand_id", "delivered_at", postgresql_where=sa.text("state = 'DELIVERED'")),
        sa.Index("ix_order_paid_on", "brand_id", "paid_on"),
        sa.Index("ix_order_code", "brand_id", "code_id", postgresql_where=sa.text("code_id IS NOT NULL")),
        sa.CheckConstraint("total_minor = subtotal_minor - discount_minor + freight_minor", name="total"),
        sa.CheckConstraint("refunded_minor BETWEEN 0 AND total_minor", name="refunded"),
        sa.CheckConstraint("(fulfilment = 'DELIVERY') = (pickup_store_id IS NULL)", name="pickup"),
        sa.CheckConstraint("refunded_goods_minor BETWEEN 0 AND subtotal_minor - discount_minor", name="refunded_goods"),
    )
    number: Mapped[str]
    state: Mapped[str]
    customer_id: Mapped[UUID]
    shop_id: Mapped[UUID]
    guide_id: Mapped[UUID | None]
    store_id: Mapped[UUID | None]
    branch: Mapped[str]
    code_id: Mapped[UUID | None]
    fulfilment: Mapped[str]
    pickup_store_id: Mapped[UUID | None]
    location_id: Mapped[UUID]
    is_stranded: Mapped[bool]
    address: Mapped[bytes | None]
    note: Mapped[bytes | None]
    subtotal_minor: Mapped[int]
    discount_minor: Mapped[int]
    freight_minor: Mapped[int]
    total_minor: Mapped[int]
    refunded_minor: Mapped[int]
    refunded_goods_minor: Mapped[int]
    placed_at: Mapped[datetime]
    pay_by: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    paid_on: Mapped[date | None]
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class OrderLineRow(Tenant, Base):
    """A line of an order, with title and price as they were.

    Amounts: minor units.
    """

    __tablename__ = "order_line"
    __table_args__ = tenant_args(
        tenant_key("order_id", "orders"),
        tenant_key("sku_id", "sku"),
        tenant_key("product_id", "product"),
        sa.Index("ix_order_line_order", "brand_id", "order_id", "position"),
        sa.CheckConstraint("quantity > 0", name="quantity"),
        append_only=True,
    )
    order_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(sa.Integer)
    sku_id: Mapped[UUID]
    product_id: Mapped[UUID]
    title: Mapped[str]
    sku_name: Mapped[str]
    quantity: Mapped[int]
    unit_price_minor: Mapped[int]
    discount_minor: Mapped[int]
    total_minor: Mapped[int]


class OrderDiscountRow(Tenant, Base):
    """What a coupon took off an order, with the words that explained it, in the order of application. Append-only.

    Amounts: minor units.
    """

    __tablename__ = "order_discount"
    __table_args__ = tenant_args(
        tenant_key("order_id", "orders"),
        tenant_key("coupon_id", "coupon"),
        sa.UniqueConstraint("brand_id", "order_id", "coupon_id"),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        append_only=True,
    )
    order_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(sa.Integer)
    coupon_id: Mapped[UUID]
    label: Mapped[str]
    amount_minor: Mapped[int]


class OrderMoveRow(Tenant, Base):
    """A step of an order's life: from, to, by whom. Append-only."""

    __tablename__ = "order_move"
    __table_args__ = tenant_args(
        tenant_key("order_id", "orders"),
        sa.Index("ix_order_move_order", "brand_id", "order_id", "id"),
        append_only=True,
    )
    order_id: Mapped[UUID]
    event: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]


class ShipmentRow(Tenant, Base):
    """A parcel that was sent to the customer, and by whom. Append-only."""

    __tablename__ = "shipment"
    __table_args__ = tenant_args(
        tenant_key("order_id", "orders"),
        sa.Index("ix_shipment_order", "brand_id", "order_id"),
        append_only=True,
    )
    order_id: Mapped[UUID]
    carrier: Mapped[str | None]
    tracking_number: Mapped[str | None]
    shipped_at: Mapped[datetime]
    shipped_by: Mapped[str]


class RerouteRow(Tenant, Base):
    """A place that will not send an order, and where it was routed instead; none: headquarters decides. Append-only."""

    __tablename__ = "order_reroute"
    __table_args__ = tenant_args(
        tenant_key("order_id", "orders"),
        tenant_key("from_location_id", "location"),
        tenant_key("to_location_id", "location"),
        sa.Index("ix_order_reroute_order", "brand_id", "order_id", "id"),
        append_only=True,
    )
    order_id: Mapped[UUID]
    from_location_id: Mapped[UUID]
    to_location_id: Mapped[UUID | None]
    reason: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]


class MissingPieceRow(TenantBase, Base):
    """Pieces that were not there when an order was to be sent, so that they do not go into stock again. Append-only."""

    __tablename__ = "order_missing"
    __table_args__ = tenant_args(
        tenant_key("reroute_id", "order_reroute"),
        tenant_key("sku_id", "sku"),
        sa.CheckConstraint("quantity > 0", name="quantity"),
        append_only=True,
    )
    reroute_id: Mapped[UUID] = mapped_column(primary_key=True)
    sku_id: Mapped[UUID] = mapped_column(primary_key=True)
    quantity: Mapped[int]


class PaymentRow(Tenant, Base):
    """A try to pay an order. `number` is ours (in `directory`), `transaction_id` the provider's.

    Amounts: minor units. `reconciled_at`: when it was first found, equal, in the provider's book.
    """

    __tablename__ = "payment"
    __table_args__ = tenant_args(
        tenant_key("order_id", "orders"),
        sa.UniqueConstraint("brand_id", "number"),
        sa.UniqueConstraint("brand_id", "provider", "transaction_id"),
        sa.Index("ix_payment_order", "brand_id", "order_id"),
        sa.Index("ix_payment_started", "brand_id", "started_at", postgresql_where=sa.text("state = 'STARTED'")),
        sa.Index(
            "ix_payment_unreconciled",
            "brand_id",
            "ended_at",
            postgresql_where=sa.text("state IN ('SUCCEEDED', 'REFUNDED') AND reconciled_at IS NULL"),
        ),
    )
    order_id: Mapped[UUID]
    provider: Mapped[str]
    number: Mapped[str]
    state: Mapped[str]
    amount_minor: Mapped[int]
    client_parameters: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    transaction_id: Mapped[str | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reconciled_at: Mapped[datetime | None]


class RefundRow(Tenant, Base):
    """Money on its way back: REQUESTED, SUCCEEDED or FAILED. Its number makes the provider pay it once.

    `due_at`: when the provider is asked next, NULL once it has paid; `tries`: how often it did not pay when asked.
    """

    __tablename__ = "refund"
    __table_args__ = tenant_args(
        tenant_key("payment_id", "payment"),
        tenant_key("order_id", "orders"),
        tenant_key("after_sale_id", "after_sale"),
        sa.UniqueConstraint("brand_id", "number"),
        sa.Index(
            "uq_refund_automatic",
            "brand_id",
            "payment_id",
            "cause",
            unique=True,
            postgresql_where=sa.text("after_sale_id IS NULL"),
        ),
        sa.Index(
            "uq_refund_after_sale",
            "brand_id",
            "after_sale_id",
            unique=True,
            postgresql_where=sa.text("after_sale_id IS NOT NULL"),
        ),
        sa.Index("ix_refund_payment", "brand_id", "payment_id"),
        sa.Index("ix_refund_due", "brand_id", "due_at", postgresql_where=sa.text("state <> 'SUCCEEDED'")),
        sa.Index(
            "ix_refund_unreconciled",
            "brand_id",
            "ended_at",
            postgresql_where=sa.text("state = 'SUCCEEDED' AND reconciled_at IS NULL"),
        ),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.CheckConstraint("(cause = 'AFTER_SALE') = (after_sale_id IS NOT NULL)", name="cause"),
        sa.CheckConstraint("(due_at IS NULL) = (state = 'SUCCEEDED')", name="due"),
    )
    payment_id: Mapped[UUID]
    order_id: Mapped[UUID]
    after_sale_id: Mapped[UUID | None]
    cause: Mapped[str]
    number: Mapped[str]
    state: Mapped[str]
    amount_minor: Mapped[int]
    tries: Mapped[int] = mapped_column(sa.Integer)
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    reconciled_at: Mapped[datetime | None]


class AfterSaleRow(Tenant, Base):
    """A return or refund of pieces of one line. `reason` and `comment` are sealed: they are people's own words.

    Amounts: minor units. `share_minor`: what the pieces come to; `goods_minor`: what of it goes back; with
    `freight_minor` it is the refund. `refund_on`: the business day on which it was decided that the money goes back.
    `due_at`: when the after-sale goes on without who is waited for. `steps`: how many moves it has made.
    """

    __tablename__ = "after_sale"
    __table_args__ = tenant_args(
        tenant_key("order_id", "orders"),
        tenant_key("line_id", "order_line"),
        sa.Index("ix_after_sale_order", "brand_id", "order_id"),
        sa.Index("ix_after_sale_due", "brand_id", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
        sa.Index("ix_after_sale_state", "brand_id", "state", "id"),
        sa.CheckConstraint("quantity > 0", name="quantity"),
        sa.CheckConstraint("goods_minor BETWEEN 0 AND share_minor", name="goods"),
        sa.CheckConstraint("freight_minor >= 0", name="freight"),
    )
    order_id: Mapped[UUID]
    line_id: Mapped[UUID]
    kind: Mapped[str]
    state: Mapped[str]
    steps: Mapped[int] = mapped_column(sa.Integer)
    quantity: Mapped[int]
    reason: Mapped[bytes | None]
    evidence_urls: Mapped[list[str]] = mapped_column(JSONB)
    share_minor: Mapped[int]
    goods_minor: Mapped[int]
    freight_minor: Mapped[int]
    requested_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    comment: Mapped[bytes | None]
    return_carrier: Mapped[str | None]
    return_tracking_number: Mapped[str | None]
    received_at: Mapped[datetime | None]
    is_restocked: Mapped[bool]
    refund_on: Mapped[date | None]
    refunded_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]


class AfterSaleMoveRow(Tenant, Base):
    """A step of an after-sale's life: from, to, by whom. Append-only."""

    __tablename__ = "after_sale_move"
    __table_args__ = tenant_args(
        tenant_key("after_sale_id", "after_sale"),
        sa.UniqueConstraint("brand_id", "after_sale_id", "step"),
        append_only=True,
    )
    after_sale_id: Mapped[UUID]
    step: Mapped[int] = mapped_column(sa.Integer)
    event: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]


class ReconciliationRow(TenantBase, Base):
    """Up to where a provider's book of the brand has been read, on the provider's clock."""

    __tablename__ = "reconciliation"
    __table_args__ = tenant_args()
    provider: Mapped[str] = mapped_column(primary_key=True)
    read_until: Mapped[datetime]


class DifferenceRow(Tenant, Base):
    """A charge or refund about which our book and the provider's differ, each side in a few words for people.

    `booked_at`: when the provider booked it, on its own clock.
    """

    __tablename__ = "reconciliation_difference"
    __table_args__ = tenant_args(
        sa.Index(
            "uq_reconciliation_difference_open",
            "brand_id",
            "provider",
            "subject",
            "number",
            unique=True,
            postgresql_where=sa.text("resolved_at IS NULL"),
        ),
    )
    provider: Mapped[str]
    subject: Mapped[str]
    number: Mapped[str]
    kind: Mapped[str]
    ours: Mapped[str | None]
    theirs: Mapped[str | None]
    booked_at: Mapped[datetime | None]
    found_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
