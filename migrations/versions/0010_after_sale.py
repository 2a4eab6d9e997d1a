"""After-sales with their refunds; reconciliation with a provider's book."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.platform import tenancy

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _orders_and_payments()
    _after_sales()
    _refunds()
    _reconciliation()


def _orders_and_payments() -> None:
    op.add_column(
        "orders", sa.Column("refunded_goods_minor", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    )
    op.alter_column("orders", "refunded_goods_minor", server_default=None)
    op.create_check_constraint(
        op.f("ck_orders_refunded_goods"), "orders", "refunded_goods_minor BETWEEN 0 AND subtotal_minor - discount_minor"
    )
    op.add_column("payment", sa.Column("reconciled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_payment_unreconciled",
        "payment",
        ["brand_id", "ended_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('SUCCEEDED', 'REFUNDED') AND reconciled_at IS NULL"),
    )


def _after_sales() -> None:
    op.create_table(
        "after_sale",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("evidence_urls", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("share_minor", sa.BigInteger(), nullable=False),
        sa.Column("goods_minor", sa.BigInteger(), nullable=False),
        sa.Column("freight_minor", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("comment", sa.LargeBinary(), nullable=True),
        sa.Column("return_carrier", sa.Text(), nullable=True),
        sa.Column("return_tracking_number", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_restocked", sa.Boolean(), nullable=False),
        sa.Column("refund_on", sa.Date(), nullable=True),
        sa.Column("refunded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_after_sale_quantity")),
        sa.CheckConstraint("goods_minor BETWEEN 0 AND share_minor", name=op.f("ck_after_sale_goods")),
        sa.CheckConstraint("freight_minor >= 0", name=op.f("ck_after_sale_freight")),
        sa.ForeignKeyConstraint(
            ["brand_id", "order_id"], ["orders.brand_id", "orders.id"], name=op.f("fk_after_sale_brand_id_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "line_id"],
            ["order_line.brand_id", "order_line.id"],
            name=op.f("fk_after_sale_brand_id_line_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_after_sale")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_after_sale_order", "after_sale", ["brand_id", "order_id"], unique=False)
    op.create_index("ix_after_sale_state", "after_sale", ["brand_id", "state", "id"], unique=False)
    op.create_index(
        "ix_after_sale_due",
        "after_sale",
        ["brand_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    tenancy.secure_tenant_table(op, "after_sale")
    op.create_table(
        "after_sale_move",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("after_sale_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "after_sale_id"],
            ["after_sale.brand_id", "after_sale.id"],
            name=op.f("fk_after_sale_move_brand_id_after_sale_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_after_sale_move")),
        sa.UniqueConstraint(
            "brand_id", "after_sale_id", "step", name=op.f("uq_after_sale_move_brand_id_after_sale_id_step")
        ),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "after_sale_move", append_only=True)


def _refunds() -> None:
    op.add_column("refund", sa.Column("after_sale_id", sa.Uuid(), nullable=True))
    op.add_column("refund", sa.Column("tries", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.alter_column("refund", "tries", server_default=None)
    op.add_column("refund", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("refund", sa.Column("reconciled_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE refund SET due_at = coalesce(ended_at, requested_at) WHERE state <> 'SUCCEEDED'")
    op.create_check_constraint(op.f("ck_refund_due"), "refund", "(due_at IS NULL) = (state = 'SUCCEEDED')")
    op.create_check_constraint(
        op.f("ck_refund_cause"), "refund", "(cause = 'AFTER_SALE') = (after_sale_id IS NOT NULL)"
    )
    op.create_foreign_key(
        op.f("fk_refund_brand_id_after_sale_id"),
        "refund",
        "after_sale",
        ["brand_id", "after_sale_id"],
        ["brand_id", "id"],
    )
    op.drop_constraint("uq_refund_brand_id_payment_id_cause", "refund", type_="unique")
    op.create_index(
        "uq_refund_automatic",
        "refund",
        ["brand_id", "payment_id", "cause"],
        unique=True,
        postgresql_where=sa.text("after_sale_id IS NULL"),
    )
    op.create_index(
        "uq_refund_after_sale",
        "refund",
        ["brand_id", "after_sale_id"],
        unique=True,
        postgresql_where=sa.text("after_sale_id IS NOT NULL"),
    )
    op.create_index("ix_refund_payment", "refund", ["brand_id", "payment_id"], unique=False)
    op.create_index(
        "ix_refund_due",
        "refund",
        ["brand_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("state <> 'SUCCEEDED'"),
    )
    op.create_index(
        "ix_refund_unreconciled",
        "refund",
        ["brand_id", "ended_at"],
        unique=False,
        postgresql_where=sa.text("state = 'SUCCEEDED' AND reconciled_at IS NULL"),
    )


def _reconciliation() -> None:
    op.create_table(
        "reconciliation",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("read_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "provider", name=op.f("pk_reconciliation")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "reconciliation")
    op.create_table(
        "reconciliation_difference",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ours", sa.Text(), nullable=True),
        sa.Column("theirs", sa.Text(), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_reconciliation_difference")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index(
        "uq_reconciliation_difference_open",
        "reconciliation_difference",
        ["brand_id", "provider", "subject", "number"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    tenancy.secure_tenant_table(op, "reconciliation_difference")
    for table, at in (("sandbox_charge", "confirmed_at"), ("sandbox_refund", "created_at")):
        # What was booked before there were accounts stays nobody's.
        op.add_column(table, sa.Column("account", sa.Text(), nullable=False, server_default=""))
        op.alter_column(table, "account", server_default=None)
        op.create_index(f"ix_{table}_account", table, ["account", at], unique=False)
    op.create_index("ix_sandbox_refund_charge", "sandbox_refund", ["charge_number"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_sandbox_refund_charge", "sandbox_refund")
    for table in ("sandbox_charge", "sandbox_refund"):
        op.drop_index(f"ix_{table}_account", table)
        op.drop_column(table, "account")
    op.drop_table("reconciliation_difference")
    op.drop_table("reconciliation")
    for name in ("unreconciled", "due", "payment"):
        op.drop_index(f"ix_refund_{name}", "refund")
    for name in ("after_sale", "automatic"):
        op.drop_index(f"uq_refund_{name}", "refund")
    op.create_unique_constraint(
        op.f("uq_refund_brand_id_payment_id_cause"), "refund", ["brand_id", "payment_id", "cause"]
    )
    op.drop_constraint("fk_refund_brand_id_after_sale_id", "refund", type_="foreignkey")
    for name in ("cause", "due"):
        op.drop_constraint(f"ck_refund_{name}", "refund", type_="check")
    for column in ("reconciled_at", "due_at", "tries", "after_sale_id"):
        op.drop_column("refund", column)
    op.drop_table("after_sale_move")
    op.drop_table("after_sale")
    op.drop_index("ix_payment_unreconciled", "payment")
    op.drop_column("payment", "reconciled_at")
    op.drop_constraint("ck_orders_refunded_goods", "orders", type_="check")
    op.drop_column("orders", "refunded_goods_minor")
