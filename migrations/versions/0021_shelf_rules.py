"""Sections and the guide's own words on shelves, headquarters' rules for them, and coupons taken in stores."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.platform import tenancy

revision = "0021"
down_revision = "0019"
branch_labels = None
depends_on = None

coupon = sa.table("coupon", sa.column("code", sa.Text()))


def _random_half() -> sa.ColumnElement[str]:
    """Eight random digits: the last of the first 48 bits of a random UUID."""
    return sa.literal_column(
        "lpad((('x' || left(replace(gen_random_uuid()::text, '-', ''), 12))::bit(48)::bigint % 100000000)::text, 8, '0')",
        sa.Text(),
    )


def upgrade() -> None:
    _shelves()
    _coupons()


def _shelves() -> None:
    op.create_table(
        "shelf_section",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "shop_id"], ["shop.brand_id", "shop.id"], name=op.f("fk_shelf_section_brand_id_shop_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_shelf_section")),
        sa.UniqueConstraint("brand_id", "shop_id", "name", name=op.f("uq_shelf_section_brand_id_shop_id_name")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "shelf_section", deletable=True)
    op.create_table(
        "shelf_rule",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("org_unit_id", sa.Uuid(), nullable=True),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'NO_WORDS') = (product_id IS NULL)", name=op.f("ck_shelf_rule_product")),
        sa.CheckConstraint("kind = 'PIN' OR reason IS NOT NULL", name=op.f("ck_shelf_rule_reason")),
        sa.CheckConstraint("ends_at >= starts_at", name=op.f("ck_shelf_rule_period")),
        sa.ForeignKeyConstraint(
            ["brand_id", "org_unit_id"],
            ["org_unit.brand_id", "org_unit.id"],
            name=op.f("fk_shelf_rule_brand_id_org_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "product_id"],
            ["product.brand_id", "product.id"],
            name=op.f("fk_shelf_rule_brand_id_product_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_shelf_rule")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_shelf_rule_kind", "shelf_rule", ["brand_id", "kind"], unique=False)
    tenancy.secure_tenant_table(op, "shelf_rule")
    op.add_column("shelf_item", sa.Column("section_id", sa.Uuid(), nullable=True))
    op.add_column("shelf_item", sa.Column("words", sa.Text(), nullable=True))
    op.add_column("shelf_item", sa.Column("picture_keys", postgresql.ARRAY(sa.Text()), nullable=True))
    op.add_column("shelf_item", sa.Column("taken_down_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("shelf_item", sa.Column("taken_down_reason", sa.Text(), nullable=True))
    op.add_column("shelf_item", sa.Column("taken_down_by", sa.Text(), nullable=True))
    op.execute("UPDATE shelf_item SET picture_keys = '{}'")
    op.alter_column("shelf_item", "picture_keys", nullable=False)
    op.create_foreign_key(
        op.f("fk_shelf_item_brand_id_section_id"),
        "shelf_item",
        "shelf_section",
        ["brand_id", "section_id"],
        ["brand_id", "id"],
    )
    op.create_check_constraint(
        op.f("ck_shelf_item_taken_down"), "shelf_item", "(taken_down_at IS NULL) = (taken_down_reason IS NULL)"
    )
    op.create_index(
        "ix_shelf_item_section",
        "shelf_item",
        ["brand_id", "section_id"],
        unique=False,
        postgresql_where=sa.text("section_id IS NOT NULL"),
    )
    op.create_index(
        "ix_shelf_item_said",
        "shelf_item",
        ["brand_id", "changed_at"],
        unique=False,
        postgresql_where=sa.text("words IS NOT NULL OR picture_keys <> '{}'"),
    )


def _coupons() -> None:
    op.add_column("coupon", sa.Column("code", sa.Text(), nullable=True))
    op.add_column("coupon", sa.Column("used_in_store_id", sa.Uuid(), nullable=True))
    op.execute(sa.update(coupon).values(code=_random_half().op("||")(_random_half())))
    op.alter_column("coupon", "code", nullable=False)
    op.create_unique_constraint(op.f("uq_coupon_brand_id_code"), "coupon", ["brand_id", "code"])
    op.create_foreign_key(
        op.f("fk_coupon_brand_id_used_in_store_id"),
        "coupon",
        "store",
        ["brand_id", "used_in_store_id"],
        ["brand_id", "id"],
    )
    op.drop_constraint(op.f("ck_coupon_held"), "coupon", type_="check")
    op.create_check_constraint(
        op.f("ck_coupon_held"),
        "coupon",
        "(order_id IS NOT NULL)::int + (used_in_store_id IS NOT NULL)::int = (state IN ('LOCKED', 'USED'))::int",
    )
    op.create_check_constraint(op.f("ck_coupon_used_in_store"), "coupon", "used_in_store_id IS NULL OR state = 'USED'")
    op.create_table(
        "coupon_redemption",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("sku_id", sa.Uuid(), nullable=True),
        sa.Column("spend_minor", sa.BigInteger(), nullable=True),
        sa.Column("worth_minor", sa.BigInteger(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sku_id IS NOT NULL OR spend_minor IS NOT NULL", name=op.f("ck_coupon_redemption_what")),
        sa.CheckConstraint("worth_minor > 0", name=op.f("ck_coupon_redemption_worth")),
        sa.ForeignKeyConstraint(
            ["brand_id", "coupon_id"],
            ["coupon.brand_id", "coupon.id"],
            name=op.f("fk_coupon_redemption_brand_id_coupon_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "employee_id"],
            ["employee.brand_id", "employee.id"],
            name=op.f("fk_coupon_redemption_brand_id_employee_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "sku_id"], ["sku.brand_id", "sku.id"], name=op.f("fk_coupon_redemption_brand_id_sku_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "store_id"],
            ["store.brand_id", "store.id"],
            name=op.f("fk_coupon_redemption_brand_id_store_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "coupon_id", name=op.f("pk_coupon_redemption")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_coupon_redemption_store", "coupon_redemption", ["brand_id", "store_id", "at"], unique=False)
    tenancy.secure_tenant_table(op, "coupon_redemption", append_only=True)


def downgrade() -> None:
    op.drop_table("coupon_redemption")
    op.drop_constraint(op.f("ck_coupon_used_in_store"), "coupon", type_="check")
    op.drop_constraint(op.f("ck_coupon_held"), "coupon", type_="check")
    op.create_check_constraint(
        op.f("ck_coupon_held"), "coupon", "(order_id IS NOT NULL) = (state IN ('LOCKED', 'USED'))"
    )
    op.drop_column("coupon", "used_in_store_id")
    op.drop_column("coupon", "code")
    for name in ("section_id", "words", "picture_keys", "taken_down_at", "taken_down_reason", "taken_down_by"):
        op.drop_column("shelf_item", name)
    op.drop_table("shelf_rule")
    op.drop_table("shelf_section")
