"""Tables of quotations: what a guide promises a customer, with its lines."""

import sqlalchemy as sa
from alembic import op

from app.platform import tenancy

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quotation",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("code_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(order_id IS NOT NULL) = (state = 'ACCEPTED')", name=op.f("ck_quotation_order")),
        sa.CheckConstraint("(ended_at IS NULL) = (state = 'OPEN')", name=op.f("ck_quotation_ended")),
        sa.CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name=op.f("ck_quotation_ended_by")),
        sa.CheckConstraint("ended_at < expires_at", name=op.f("ck_quotation_in_time")),
        sa.CheckConstraint("created_at < expires_at", name=op.f("ck_quotation_validity")),
        sa.ForeignKeyConstraint(
            ["brand_id", "guide_id"], ["employee.brand_id", "employee.id"], name=op.f("fk_quotation_brand_id_guide_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "shop_id"], ["shop.brand_id", "shop.id"], name=op.f("fk_quotation_brand_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "code_id"], ["code.brand_id", "code.id"], name=op.f("fk_quotation_brand_id_code_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "customer_id"],
            ["customer.brand_id", "customer.id"],
            name=op.f("fk_quotation_brand_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "order_id"], ["orders.brand_id", "orders.id"], name=op.f("fk_quotation_brand_id_order_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_quotation")),
        sa.UniqueConstraint("brand_id", "code_id", name=op.f("uq_quotation_brand_id_code_id")),
        sa.UniqueConstraint("brand_id", "order_id", name=op.f("uq_quotation_brand_id_order_id")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_quotation_guide", "quotation", ["brand_id", "guide_id", "id"], unique=False)
    op.create_index(
        "ix_quotation_customer",
        "quotation",
        ["brand_id", "customer_id"],
        unique=False,
        postgresql_where=sa.text("customer_id IS NOT NULL"),
    )
    tenancy.secure_tenant_table(op, "quotation")
    _create_lines()


def _create_lines() -> None:
    op.create_table(
        "quotation_line",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("quotation_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sku_name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_quotation_line_quantity")),
        sa.CheckConstraint("unit_price_minor >= 0", name=op.f("ck_quotation_line_unit_price")),
        sa.ForeignKeyConstraint(
            ["brand_id", "quotation_id"],
            ["quotation.brand_id", "quotation.id"],
            name=op.f("fk_quotation_line_brand_id_quotation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "sku_id"], ["sku.brand_id", "sku.id"], name=op.f("fk_quotation_line_brand_id_sku_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "product_id"],
            ["product.brand_id", "product.id"],
            name=op.f("fk_quotation_line_brand_id_product_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "quotation_id", "position", name=op.f("pk_quotation_line")),
        sa.UniqueConstraint(
            "brand_id", "quotation_id", "sku_id", name=op.f("uq_quotation_line_brand_id_quotation_id_sku_id")
        ),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "quotation_line", append_only=True)


def downgrade() -> None:
    op.drop_table("quotation_line")
    op.drop_table("quotation")
