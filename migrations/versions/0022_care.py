"""Subscriptions of customers, care tasks, what is missing of an order."""

import sqlalchemy as sa
from alembic import op

from app.platform import tenancy

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _subscriptions()
    _care_tasks()
    _missing_pieces()


def _missing_pieces() -> None:
    op.create_table(
        "order_missing",
        _uuid("brand_id"),
        _uuid("reroute_id"),
        _uuid("sku_id"),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_missing_quantity")),
        _key("order_missing", "reroute_id", "order_reroute"),
        _key("order_missing", "sku_id", "sku"),
        sa.PrimaryKeyConstraint("brand_id", "reroute_id", "sku_id", name=op.f("pk_order_missing")),
        info={"tenant": True, "append_only": True},
    )
    # Until now a place could only say it of all pieces.
    op.execute(
        "INSERT INTO order_missing (brand_id, reroute_id, sku_id, quantity) "
        "SELECT r.brand_id, r.id, l.sku_id, sum(l.quantity) FROM order_reroute r "
        "JOIN order_line l ON l.brand_id = r.brand_id AND l.order_id = r.order_id "
        "WHERE r.is_missing GROUP BY r.brand_id, r.id, l.sku_id"
    )
    tenancy.secure_tenant_table(op, "order_missing", append_only=True)
    op.drop_column("order_reroute", "is_missing")


def _subscriptions() -> None:
    op.create_table(
        "subscription_grant",
        _uuid("brand_id"),
        _uuid("id"),
        _uuid("customer_id"),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("messages > 0", name=op.f("ck_subscription_grant_messages")),
        _key("subscription_grant", "customer_id", "customer"),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_subscription_grant")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_subscription_grant_customer", "subscription_grant", ["brand_id", "customer_id"])
    tenancy.secure_tenant_table(op, "subscription_grant", append_only=True)
    op.create_index(
        "ix_outbound_message_allowed",
        "outbound_message",
        ["brand_id", "decided_at"],
        postgresql_where=sa.text("state = 'ALLOWED'"),
    )


def _care_tasks() -> None:
    op.create_table(
        "care_task",
        _uuid("brand_id"),
        _uuid("id"),
        _uuid("customer_id"),
        _uuid("coupon_id"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(closed_at IS NULL) = (state = 'OPEN')", name=op.f("ck_care_task_closed")),
        _key("care_task", "customer_id", "customer"),
        _key("care_task", "coupon_id", "coupon"),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_care_task")),
        sa.UniqueConstraint("brand_id", "coupon_id", name=op.f("uq_care_task_brand_id_coupon_id")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_care_task_customer", "care_task", ["brand_id", "customer_id"])
    op.create_index(
        "ix_care_task_open", "care_task", ["brand_id", "due_at", "id"], postgresql_where=sa.text("state = 'OPEN'")
    )
    tenancy.secure_tenant_table(op, "care_task")
    op.add_column("coupon_template", sa.Column("care_script", sa.Text(), nullable=True))
    # Nobody was told of them so far.
    op.execute("UPDATE coupon SET cared_at = NULL WHERE cared_at IS NOT NULL")


def _uuid(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["brand_id", column], [f"{target}.brand_id", f"{target}.id"], name=op.f(f"fk_{table}_brand_id_{column}")
    )
