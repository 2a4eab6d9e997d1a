"""Stock of stores: their locations, transfers between them, where an order's stock lies and how it was routed."""

import sqlalchemy as sa
from alembic import op

from app.platform import tenancy

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _open_stores()
    _make_transfers()
    _place_orders()


def downgrade() -> None:
    op.drop_table("order_reroute")
    op.drop_constraint(op.f("ck_orders_pickup"), "orders", type_="check")
    op.create_check_constraint(
        op.f("ck_orders_pickup"), "orders", "(fulfilment = 'PICKUP') = (pickup_store_id IS NOT NULL)"
    )
    op.drop_index("ix_order_to_send", table_name="orders")
    op.drop_constraint(op.f("fk_orders_brand_id_location_id"), "orders", type_="foreignkey")
    op.drop_column("orders", "is_stranded")
    op.drop_column("orders", "location_id")
    op.drop_index("ix_stock_movement_return", table_name="stock_movement")
    op.drop_index("ix_stock_movement_transfer", table_name="stock_movement")
    op.drop_constraint(op.f("fk_stock_movement_brand_id_transfer_id"), "stock_movement", type_="foreignkey")
    op.drop_column("stock_movement", "transfer_id")
    op.drop_table("stock_transfer_line")
    op.drop_table("stock_transfer")
    op.drop_constraint(op.f("ck_location_own_id"), "location", type_="check")
    op.drop_constraint(op.f("ck_location_store"), "location", type_="check")
    op.drop_column("location", "ships_orders")


def _open_stores() -> None:
    op.add_column("location", sa.Column("ships_orders", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.alter_column("location", "ships_orders", server_default=None)
    op.create_check_constraint(op.f("ck_location_store"), "location", "(kind = 'STORE') = (store_id IS NOT NULL)")
    op.create_check_constraint(op.f("ck_location_own_id"), "location", "store_id = id")


def _make_transfers() -> None:
    op.create_table(
        "stock_transfer",
        _uuid("brand_id"),
        _uuid("id"),
        _uuid("from_location_id"),
        _uuid("to_location_id"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("difference_note", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        *(
            column
            for step in ("sent", "received", "cancelled")
            for column in (
                sa.Column(f"{step}_at", sa.DateTime(timezone=True), nullable=True),
                sa.Column(f"{step}_by", sa.Text(), nullable=True),
            )
        ),
        sa.CheckConstraint("from_location_id <> to_location_id", name=op.f("ck_stock_transfer_places")),
        sa.CheckConstraint(
            "(state IN ('SENT', 'RECEIVED')) = (sent_at IS NOT NULL)", name=op.f("ck_stock_transfer_sent")
        ),
        sa.CheckConstraint("(state = 'RECEIVED') = (received_at IS NOT NULL)", name=op.f("ck_stock_transfer_received")),
        *(_key("stock_transfer", f"{end}_location_id", "location") for end in ("from", "to")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_stock_transfer")),
        info={"tenant": True, "append_only": False},
    )
    for end in ("from", "to"):
        op.create_index(f"ix_stock_transfer_{end}", "stock_transfer", ["brand_id", f"{end}_location_id", "id"])
    tenancy.secure_tenant_table(op, "stock_transfer")
    op.create_table(
        "stock_transfer_line",
        _uuid("brand_id"),
        _uuid("transfer_id"),
        _uuid("sku_id"),
        sa.Column("requested", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=True),
        sa.Column("received", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("requested > 0", name=op.f("ck_stock_transfer_line_requested")),
        sa.CheckConstraint("sent BETWEEN 0 AND requested", name=op.f("ck_stock_transfer_line_sent")),
        sa.CheckConstraint("received BETWEEN 0 AND sent", name=op.f("ck_stock_transfer_line_received")),
        _key("stock_transfer_line", "transfer_id", "stock_transfer"),
        _key("stock_transfer_line", "sku_id", "sku"),
        sa.PrimaryKeyConstraint("brand_id", "transfer_id", "sku_id", name=op.f("pk_stock_transfer_line")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "stock_transfer_line")
    op.add_column("stock_movement", sa.Column("transfer_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_stock_movement_brand_id_transfer_id"),
        "stock_movement",
        "stock_transfer",
        ["brand_id", "transfer_id"],
        ["brand_id", "id"],
    )
    op.create_index(
        "ix_stock_movement_transfer",
        "stock_movement",
        ["brand_id", "transfer_id"],
        postgresql_where=sa.text("transfer_id IS NOT NULL"),
    )
    op.create_index(
        "ix_stock_movement_return",
        "stock_movement",
        ["brand_id", "order_id"],
        postgresql_where=sa.text("kind = 'RETURN'"),
    )


def _place_orders() -> None:
    op.add_column("orders", sa.Column("location_id", sa.Uuid(), nullable=True))
    # Until now every order was reserved at its brand's shipping location.
    op.execute(
        "UPDATE orders SET location_id = location.id FROM location "
        "WHERE location.brand_id = orders.brand_id AND location.kind = 'SHIPPING'"
    )
    op.alter_column("orders", "location_id", nullable=False)
    op.add_column("orders", sa.Column("is_stranded", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.alter_column("orders", "is_stranded", server_default=None)
    op.create_foreign_key(
        op.f("fk_orders_brand_id_location_id"), "orders", "location", ["brand_id", "location_id"], ["brand_id", "id"]
    )
    op.create_index(
        "ix_order_to_send",
        "orders",
        ["brand_id", "location_id", "id"],
        postgresql_where=sa.text("fulfilment = 'DELIVERY' AND state IN ('PAID', 'FULFILLING')"),
    )
    op.drop_constraint(op.f("ck_orders_pickup"), "orders", type_="check")
    op.create_check_constraint(
        op.f("ck_orders_pickup"), "orders", "(fulfilment = 'DELIVERY') = (pickup_store_id IS NULL)"
    )
    op.create_table(
        "order_reroute",
        _uuid("brand_id"),
        _uuid("id"),
        _uuid("order_id"),
        _uuid("from_location_id"),
        sa.Column("to_location_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("is_missing", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _key("order_reroute", "order_id", "orders"),
        *(_key("order_reroute", f"{end}_location_id", "location") for end in ("from", "to")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_order_reroute")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_order_reroute_order", "order_reroute", ["brand_id", "order_id", "id"])
    tenancy.secure_tenant_table(op, "order_reroute", append_only=True)


def _uuid(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["brand_id", column], [f"{target}.brand_id", f"{target}.id"], name=op.f(f"fk_{table}_brand_id_{column}")
    )
