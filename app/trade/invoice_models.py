"""Tables of invoices: terms, requests, documents with their lines."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.tables import Base, Tenant, tenant_args, tenant_key


class InvoiceTermsRow(Tenant, Base):
    """A version of who sells and at which rate of tax; the highest is in force. Append-only."""

    __tablename__ = "invoice_terms"
    __table_args__ = tenant_args(
        sa.UniqueConstraint("brand_id", "version"),
        sa.CheckConstraint("tax_rate_bp BETWEEN 0 AND 10000", name="rate"),
        append_only=True,
    )
    version: Mapped[int] = mapped_column(sa.Integer)
    seller_name: Mapped[str]
    seller_tax_number: Mapped[str | None]
    tax_rate_bp: Mapped[int] = mapped_column(sa.Integer)
    published_at: Mapped[datetime]
    published_by: Mapped[str]


class InvoiceRow(Tenant, Base):
    """A customer's request for an invoice of an order, and its lock; an order has one that lives.

    Title, tax number, mail, phone and finance's `reason` are sealed. `failure`: the provider's word for why not.
    """

    __tablename__ = "invoice"
    __table_args__ = tenant_args(
        tenant_key("order_id", "orders"),
        tenant_key("customer_id", "customer"),
        sa.Index(
            "uq_invoice_live",
            "brand_id",
            "order_id",
            unique=True,
            postgresql_where=sa.text("state IN ('REQUESTED', 'ISSUING', 'ISSUED')"),
        ),
        sa.Index("ix_invoice_order", "brand_id", "order_id", "id"),
        sa.Index("ix_invoice_state", "brand_id", "state", "id"),
        sa.CheckConstraint("(title_kind = 'COMPANY') = (tax_number IS NOT NULL)", name="tax_number"),
        sa.CheckConstraint("email IS NOT NULL OR phone IS NOT NULL", name="recipient"),
        sa.CheckConstraint("(state = 'ISSUED') = (issued_at IS NOT NULL)", name="issued"),
    )
    order_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    state: Mapped[str]
    title_kind: Mapped[str]
    title: Mapped[bytes]
    tax_number: Mapped[bytes | None]
    email: Mapped[bytes | None]
    phone: Mapped[bytes | None]
    reason: Mapped[bytes | None]
    failure: Mapped[str | None]
    requested_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    issued_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class InvoiceDocumentRow(Tenant, Base):
    """An invoice as the provider issues it: blue for the order, red for an after-sale. Amounts: minor units.

    `number` is ours and makes the provider issue it once; a red one that the provider failed gets another.
    `official_number` is the provider's. `settled`: the after-sales whose refunds a blue one left out already.
    `due_at`: when the provider is asked next; `tries`: how often it was.
    """

    __tablename__ = "invoice_document"
    __table_args__ = tenant_args(
        tenant_key("invoice_id", "invoice"),
        tenant_key("order_id", "orders"),
        tenant_key("after_sale_id", "after_sale"),
        sa.UniqueConstraint("brand_id", "number"),
        sa.UniqueConstraint("brand_id", "official_number"),
        sa.Index(
            "uq_invoice_document_blue",
            "brand_id",
            "order_id",
            unique=True,
            postgresql_where=sa.text("kind = 'BLUE' AND state <> 'FAILED'"),
        ),
        sa.Index(
            "uq_invoice_document_red",
            "brand_id",
            "after_sale_id",
            unique=True,
            postgresql_where=sa.text("kind = 'RED'"),
        ),
        sa.Index("ix_invoice_document_invoice", "brand_id", "invoice_id", "id"),
        sa.Index("ix_invoice_document_due", "brand_id", "due_at", postgresql_where=sa.text("state = 'SENDING'")),
        sa.CheckConstraint("gross_minor > 0 AND tax_minor >= 0", name="amount"),
        sa.CheckConstraint("gross_minor = net_minor + tax_minor", name="sum"),
        sa.CheckConstraint("(kind = 'RED') = (after_sale_id IS NOT NULL)", name="kind"),
        sa.CheckConstraint("(due_at IS NULL) = (state <> 'SENDING')", name="due"),
        sa.CheckConstraint("(state = 'ISSUED') = (official_number IS NOT NULL)", name="issued"),
        sa.CheckConstraint("state <> 'FAILED' OR kind = 'BLUE'", name="failed"),
    )
    invoice_id: Mapped[UUID]
    order_id: Mapped[UUID]
    after_sale_id: Mapped[UUID | None]
    kind: Mapped[str]
    state: Mapped[str]
    number: Mapped[str]
    official_number: Mapped[str | None]
    settled: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()))
    gross_minor: Mapped[int]
    net_minor: Mapped[int]
    tax_minor: Mapped[int]
    terms_version: Mapped[int] = mapped_column(sa.Integer)
    seller_name: Mapped[str]
    seller_tax_number: Mapped[str | None]
    tries: Mapped[int] = mapped_column(sa.Integer)
    failure: Mapped[str | None]
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    issued_at: Mapped[datetime | None]


class InvoiceLineRow(Tenant, Base):
    """A line of a document; without an order's line it is the freight. Append-only. Amounts: minor units."""

    __tablename__ = "invoice_line"
    __table_args__ = tenant_args(
        tenant_key("document_id", "invoice_document"),
        tenant_key("order_line_id", "order_line"),
        sa.UniqueConstraint("brand_id", "document_id", "position"),
        sa.CheckConstraint("quantity >= 0", name="quantity"),
        sa.CheckConstraint("gross_minor > 0 AND tax_minor >= 0", name="amount"),
        sa.CheckConstraint("gross_minor = net_minor + tax_minor", name="sum"),
        append_only=True,
    )
    document_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(sa.Integer)
    order_line_id: Mapped[UUID | None]
    name: Mapped[str]
    quantity: Mapped[int]
    gross_minor: Mapped[int]
    net_minor: Mapped[int]
    tax_minor: Mapped[int]
    tax_rate_bp: Mapped[int] = mapped_column(sa.Integer)
