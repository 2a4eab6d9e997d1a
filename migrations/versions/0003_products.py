"""Tables of products."""

import sqlalchemy as sa
from alembic import op

from app.platform import tenancy

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalogue",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", name=op.f("pk_catalogue")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "catalogue")
    op.create_table(
        "category",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "parent_id"], ["category.brand_id", "category.id"], name=op.f("fk_category_brand_id_parent_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_category")),
        sa.UniqueConstraint(
            "brand_id",
            "parent_id",
            "name",
            name=op.f("uq_category_brand_id_parent_id_name"),
            postgresql_nulls_not_distinct=True,
        ),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "category")
    op.create_table(
        "product",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("cover_url", sa.Text(), nullable=True),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "category_id"],
            ["category.brand_id", "category.id"],
            name=op.f("fk_product_brand_id_category_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_product")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_product_shelf", "product", ["brand_id", "state", "created_at", "id"], unique=False)
    tenancy.secure_tenant_table(op, "product")
    op.create_table(
        "sku",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("barcode", sa.Text(), nullable=True),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("market_price_minor", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_sku_price")),
        sa.ForeignKeyConstraint(
            ["brand_id", "product_id"], ["product.brand_id", "product.id"], name=op.f("fk_sku_brand_id_product_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_sku")),
        sa.UniqueConstraint("brand_id", "barcode", name=op.f("uq_sku_brand_id_barcode")),
        sa.UniqueConstraint("brand_id", "code", name=op.f("uq_sku_brand_id_code")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_sku_product", "sku", ["brand_id", "product_id", "position"], unique=False)
    tenancy.secure_tenant_table(op, "sku")
    op.create_table(
        "location",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "store_id"], ["store.brand_id", "store.id"], name=op.f("fk_location_brand_id_store_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_location")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index(
        "uq_location_shipping", "location", ["brand_id"], unique=True, postgresql_where=sa.text("kind = 'SHIPPING'")
    )
    tenancy.secure_tenant_table(op, "location")
    op.create_table(
        "shop",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("announcement", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "employee_id"], ["employee.brand_id", "employee.id"], name=op.f("fk_shop_brand_id_employee_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_shop")),
        sa.UniqueConstraint("brand_id", "employee_id", name=op.f("uq_shop_brand_id_employee_id")),
        sa.UniqueConstraint("brand_id", "slug", name=op.f("uq_shop_brand_id_slug")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "shop")
    op.create_table(
        "stock",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("on_hand >= reserved", name=op.f("ck_stock_on_hand")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_stock_reserved")),
        sa.ForeignKeyConstraint(
            ["brand_id", "location_id"],
            ["location.brand_id", "location.id"],
            name=op.f("fk_stock_brand_id_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "sku_id"], ["sku.brand_id", "sku.id"], name=op.f("fk_stock_brand_id_sku_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "sku_id", "location_id", name=op.f("pk_stock")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "stock")
    op.create_table(
        "reservation",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_reservation_quantity")),
        sa.ForeignKeyConstraint(
            ["brand_id", "sku_id", "location_id"],
            ["stock.brand_id", "stock.sku_id", "stock.location_id"],
            name=op.f("fk_reservation_brand_id_sku_id_location_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "order_id", "sku_id", "location_id", name=op.f("pk_reservation")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "reservation")
    op.create_table(
        "shelf_item",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("is_featured", sa.Boolean(), nullable=False),
        sa.Column("is_hidden", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("badge", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "product_id"],
            ["product.brand_id", "product.id"],
            name=op.f("fk_shelf_item_brand_id_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "shop_id"], ["shop.brand_id", "shop.id"], name=op.f("fk_shelf_item_brand_id_shop_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "shop_id", "product_id", name=op.f("pk_shelf_item")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "shelf_item", deletable=True)
    op.create_table(
        "stock_movement",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "sku_id", "location_id"],
            ["stock.brand_id", "stock.sku_id", "stock.location_id"],
            name=op.f("fk_stock_movement_brand_id_sku_id_location_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_stock_movement")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_stock_movement_sku", "stock_movement", ["brand_id", "sku_id", "location_id"], unique=False)
    tenancy.secure_tenant_table(op, "stock_movement", append_only=True)


def downgrade() -> None:
    op.drop_table("stock_movement")
    op.drop_table("shelf_item")
    op.drop_table("reservation")
    op.drop_table("stock")
    op.drop_table("shop")
    op.drop_table("location")
    op.drop_table("sku")
    op.drop_table("product")
    op.drop_table("category")
    op.drop_table("catalogue")
