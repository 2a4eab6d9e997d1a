"""Fulfilment: shipments, receipt, pickup at a store; indexes for staff lists and automatic steps."""

import sqlalchemy as sa
from alembic import op

from app.platform import tenancy

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NEW_INDEXES: tuple[tuple[str, list[str], str | None], ...] = (
    ("ix_order_store", ["brand_id", "store_id", "id"], None),
    ("ix_order_state", ["brand_id", "state", "id"], None),
    ("ix_order_pickup", ["brand_id", "pickup_store_id", "id"], "pickup_store_id IS NOT NULL"),
    ("ix_order_shipped", ["brand_id", "shipped_at"], "state = 'SHIPPED'"),
    ("ix_order_delivered", ["brand_id", "delivered_at"], "state = 'DELIVERED'"),
)


def upgrade() -> None:
    op.add_column("orders", sa.Column("pickup_store_id", sa.Uuid(), nullable=True))
    op.add_column("orders", sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_orders_brand_id_pickup_store_id"),
        "orders",
        "store",
        ["brand_id", "pickup_store_id"],
        ["brand_id", "id"],
    )
    op.create_check_constraint(
        op.f("ck_orders_pickup"), "orders", "(fulfilment = 'PICKUP') = (pickup_store_id IS NOT NULL)"
    )
    for name, columns, condition in NEW_INDEXES:
        op.create_index(
            name,
            "orders",
            columns,
            unique=False,
            postgresql_where=None if condition is None else sa.text(condition),
        )
    op.create_table(
        "shipment",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=True),
        sa.Column("tracking_number", sa.Text(), nullable=True),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shipped_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "order_id"], ["orders.brand_id", "orders.id"], name=op.f("fk_shipment_brand_id_order_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_shipment")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_shipment_order", "shipment", ["brand_id", "order_id"], unique=False)
    tenancy.secure_tenant_table(op, "shipment", append_only=True)


def downgrade() -> None:
    op.drop_table("shipment")
    for name, _, _ in reversed(NEW_INDEXES):
        op.drop_index(name, table_name="orders")
    op.drop_constraint(op.f("ck_orders_pickup"), "orders", type_="check")
    op.drop_constraint(op.f("fk_orders_brand_id_pickup_store_id"), "orders", type_="foreignkey")
    op.drop_column("orders", "delivered_at")
    op.drop_column("orders", "pickup_store_id")
