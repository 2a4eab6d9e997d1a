"""Freight templates and what orders were charged by; invoices: terms, requests, documents with their lines."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.platform import tenancy

revision = "0020"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sku", sa.Column("weight_grams", sa.Integer(), nullable=True))
    op.create_check_constraint(op.f("ck_sku_weight"), "sku", "weight_grams > 0")
    _create_freight()
    _create_requests()
    _create_documents()
    _create_lines()


def downgrade() -> None:
    for table in ("sandbox_invoice", "invoice_line", "invoice_document", "invoice", "invoice_terms"):
        op.drop_table(table)
    op.drop_table("order_freight")
    op.drop_table("freight_template")
    op.drop_constraint(op.f("ck_sku_weight"), "sku", type_="check")
    op.drop_column("sku", "weight_grams")


def _create_freight() -> None:
    op.create_table(
        "freight_template",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("charged_by", sa.Text(), nullable=False),
        sa.Column("piece_grams", sa.Integer(), nullable=False),
        sa.Column("rates", postgresql.JSONB(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.CheckConstraint("piece_grams > 0", name=op.f("ck_freight_template_piece")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_freight_template")),
        sa.UniqueConstraint("brand_id", "version", name=op.f("uq_freight_template_brand_id_version")),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "freight_template", append_only=True)

    op.create_table(
        "order_freight",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("units > 0", name=op.f("ck_order_freight_units")),
        sa.ForeignKeyConstraint(
            ["brand_id", "order_id"], ["orders.brand_id", "orders.id"], name=op.f("fk_order_freight_brand_id_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "template_id"],
            ["freight_template.brand_id", "freight_template.id"],
            name=op.f("fk_order_freight_brand_id_template_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "order_id", name=op.f("pk_order_freight")),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "order_freight", append_only=True)


def _create_requests() -> None:
    op.create_table(
        "invoice_terms",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("seller_name", sa.Text(), nullable=False),
        sa.Column("seller_tax_number", sa.Text(), nullable=True),
        sa.Column("tax_rate_bp", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.CheckConstraint("tax_rate_bp BETWEEN 0 AND 10000", name=op.f("ck_invoice_terms_rate")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_invoice_terms")),
        sa.UniqueConstraint("brand_id", "version", name=op.f("uq_invoice_terms_brand_id_version")),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "invoice_terms", append_only=True)

    op.create_table(
        "invoice",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("title_kind", sa.Text(), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("tax_number", sa.LargeBinary(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'ISSUED') = (issued_at IS NOT NULL)", name=op.f("ck_invoice_issued")),
        sa.CheckConstraint("(title_kind = 'COMPANY') = (tax_number IS NOT NULL)", name=op.f("ck_invoice_tax_number")),
        sa.CheckConstraint("email IS NOT NULL OR phone IS NOT NULL", name=op.f("ck_invoice_recipient")),
        sa.ForeignKeyConstraint(
            ["brand_id", "customer_id"],
            ["customer.brand_id", "customer.id"],
            name=op.f("fk_invoice_brand_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "order_id"], ["orders.brand_id", "orders.id"], name=op.f("fk_invoice_brand_id_order_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_invoice")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_invoice_order", "invoice", ["brand_id", "order_id", "id"], unique=False)
    op.create_index("ix_invoice_state", "invoice", ["brand_id", "state", "id"], unique=False)
    op.create_index(
        "uq_invoice_live",
        "invoice",
        ["brand_id", "order_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('REQUESTED', 'ISSUING', 'ISSUED')"),
    )
    tenancy.secure_tenant_table(op, "invoice")


def _create_documents() -> None:
    op.create_table(
        "invoice_document",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("after_sale_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("official_number", sa.Text(), nullable=True),
        sa.Column("settled", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("terms_version", sa.Integer(), nullable=False),
        sa.Column("seller_name", sa.Text(), nullable=False),
        sa.Column("seller_tax_number", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(due_at IS NULL) = (state <> 'SENDING')", name=op.f("ck_invoice_document_due")),
        sa.CheckConstraint("(kind = 'RED') = (after_sale_id IS NOT NULL)", name=op.f("ck_invoice_document_kind")),
        sa.CheckConstraint(
            "(state = 'ISSUED') = (official_number IS NOT NULL)", name=op.f("ck_invoice_document_issued")
        ),
        sa.CheckConstraint("state <> 'FAILED' OR kind = 'BLUE'", name=op.f("ck_invoice_document_failed")),
        sa.CheckConstraint("gross_minor = net_minor + tax_minor", name=op.f("ck_invoice_document_sum")),
        sa.CheckConstraint("gross_minor > 0 AND tax_minor >= 0", name=op.f("ck_invoice_document_amount")),
        sa.ForeignKeyConstraint(
            ["brand_id", "after_sale_id"],
            ["after_sale.brand_id", "after_sale.id"],
            name=op.f("fk_invoice_document_brand_id_after_sale_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "invoice_id"],
            ["invoice.brand_id", "invoice.id"],
            name=op.f("fk_invoice_document_brand_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "order_id"],
            ["orders.brand_id", "orders.id"],
            name=op.f("fk_invoice_document_brand_id_order_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_invoice_document")),
        sa.UniqueConstraint("brand_id", "number", name=op.f("uq_invoice_document_brand_id_number")),
        sa.UniqueConstraint("brand_id", "official_number", name=op.f("uq_invoice_document_brand_id_official_number")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index(
        "ix_invoice_document_due",
        "invoice_document",
        ["brand_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'SENDING'"),
    )
    op.create_index("ix_invoice_document_invoice", "invoice_document", ["brand_id", "invoice_id", "id"], unique=False)
    op.create_index(
        "uq_invoice_document_blue",
        "invoice_document",
        ["brand_id", "order_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'BLUE' AND state <> 'FAILED'"),
    )
    op.create_index(
        "uq_invoice_document_red",
        "invoice_document",
        ["brand_id", "after_sale_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'RED'"),
    )
    tenancy.secure_tenant_table(op, "invoice_document")


def _create_lines() -> None:
    op.create_table(
        "invoice_line",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate_bp", sa.Integer(), nullable=False),
        sa.CheckConstraint("gross_minor = net_minor + tax_minor", name=op.f("ck_invoice_line_sum")),
        sa.CheckConstraint("gross_minor > 0 AND tax_minor >= 0", name=op.f("ck_invoice_line_amount")),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_invoice_line_quantity")),
        sa.ForeignKeyConstraint(
            ["brand_id", "document_id"],
            ["invoice_document.brand_id", "invoice_document.id"],
            name=op.f("fk_invoice_line_brand_id_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "order_line_id"],
            ["order_line.brand_id", "order_line.id"],
            name=op.f("fk_invoice_line_brand_id_order_line_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_invoice_line")),
        sa.UniqueConstraint(
            "brand_id", "document_id", "position", name=op.f("uq_invoice_line_brand_id_document_id_position")
        ),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "invoice_line", append_only=True)

    op.create_table(
        "sandbox_invoice",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("seller", sa.Text(), nullable=False),
        sa.Column("original", sa.Text(), nullable=True),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("official_number", sa.Text(), nullable=False),
        sa.Column("is_refused", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_sandbox_invoice")),
        sa.UniqueConstraint("official_number", name=op.f("uq_sandbox_invoice_official_number")),
    )
    tenancy.grant(op, "sandbox_invoice")
