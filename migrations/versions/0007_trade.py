"""Tables of trade."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.platform import tenancy

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=True),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("code_id", sa.Uuid(), nullable=True),
        sa.Column("fulfilment", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("freight_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pay_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("refunded_minor BETWEEN 0 AND total_minor", name=op.f("ck_orders_refunded")),
        sa.CheckConstraint(
            "total_minor = subtotal_minor - discount_minor + freight_minor", name=op.f("ck_orders_total")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "customer_id"],
            ["customer.brand_id", "customer.id"],
            name=op.f("fk_orders_brand_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "shop_id"], ["shop.brand_id", "shop.id"], name=op.f("fk_orders_brand_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "store_id"], ["store.brand_id", "store.id"], name=op.f("fk_orders_brand_id_store_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_orders")),
        sa.UniqueConstraint("brand_id", "number", name=op.f("uq_orders_brand_id_number")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_order_customer", "orders", ["brand_id", "customer_id", "id"], unique=False)
    op.create_index("ix_order_guide", "orders", ["brand_id", "guide_id", "id"], unique=False)
    op.create_index("ix_order_paid_on", "orders", ["brand_id", "paid_on"], unique=False)
    op.create_index(
        "ix_order_unpaid",
        "orders",
        ["brand_id", "pay_by"],
        unique=False,
        postgresql_where=sa.text("state = 'PENDING_PAYMENT'"),
    )
    tenancy.secure_tenant_table(op, "orders")
    op.create_table(
        "order_line",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sku_name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_line_quantity")),
        sa.ForeignKeyConstraint(
            ["brand_id", "order_id"], ["orders.brand_id", "orders.id"], name=op.f("fk_order_line_brand_id_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "product_id"],
            ["product.brand_id", "product.id"],
            name=op.f("fk_order_line_brand_id_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "sku_id"], ["sku.brand_id", "sku.id"], name=op.f("fk_order_line_brand_id_sku_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_order_line")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_order_line_order", "order_line", ["brand_id", "order_id", "position"], unique=False)
    tenancy.secure_tenant_table(op, "order_line", append_only=True)
    op.create_table(
        "order_move",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "order_id"], ["orders.brand_id", "orders.id"], name=op.f("fk_order_move_brand_id_order_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_order_move")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_order_move_order", "order_move", ["brand_id", "order_id", "id"], unique=False)
    tenancy.secure_tenant_table(op, "order_move", append_only=True)
    op.create_table(
        "payment",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("client_parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("transaction_id", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["brand_id", "order_id"], ["orders.brand_id", "orders.id"], name=op.f("fk_payment_brand_id_order_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_payment")),
        sa.UniqueConstraint("brand_id", "number", name=op.f("uq_payment_brand_id_number")),
        sa.UniqueConstraint(
            "brand_id", "provider", "transaction_id", name=op.f("uq_payment_brand_id_provider_transaction_id")
        ),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_payment_order", "payment", ["brand_id", "order_id"], unique=False)
    op.create_index(
        "ix_payment_started",
        "payment",
        ["brand_id", "started_at"],
        unique=False,
        postgresql_where=sa.text("state = 'STARTED'"),
    )
    tenancy.secure_tenant_table(op, "payment")
    op.create_table(
        "refund",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_amount")),
        sa.ForeignKeyConstraint(
            ["brand_id", "order_id"], ["orders.brand_id", "orders.id"], name=op.f("fk_refund_brand_id_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "payment_id"], ["payment.brand_id", "payment.id"], name=op.f("fk_refund_brand_id_payment_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_refund")),
        sa.UniqueConstraint("brand_id", "number", name=op.f("uq_refund_brand_id_number")),
        sa.UniqueConstraint("brand_id", "payment_id", "cause", name=op.f("uq_refund_brand_id_payment_id_cause")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "refund")


def downgrade() -> None:
    op.drop_table("refund")
    op.drop_table("payment")
    op.drop_table("order_move")
    op.drop_table("order_line")
    op.drop_table("orders")
