"""Coupons: templates, coupons with their history, limits and transfers; what coupons took off orders."""

import sqlalchemy as sa
from alembic import op

from app.platform import tenancy

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _templates()
    _coupons()
    _trails()


def _templates() -> None:
    op.create_table(
        "coupon_template",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("percent_bp", sa.Integer(), nullable=True),
        sa.Column("minimum_spend_minor", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("per_person", sa.BigInteger(), nullable=False),
        sa.Column("claim_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_days", sa.BigInteger(), nullable=False),
        sa.Column("is_listed", sa.Boolean(), nullable=False),
        sa.Column("issued_count", sa.BigInteger(), nullable=False),
        sa.Column("claimed_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_coupon_template_amount")),
        sa.CheckConstraint("claim_from < claim_until", name=op.f("ck_coupon_template_window")),
        sa.CheckConstraint("claimed_count BETWEEN 0 AND issued_count", name=op.f("ck_coupon_template_claimed")),
        sa.CheckConstraint("issued_count BETWEEN 0 AND quantity", name=op.f("ck_coupon_template_budget")),
        sa.CheckConstraint(
            "per_person > 0 AND valid_days > 0 AND minimum_spend_minor >= 0", name=op.f("ck_coupon_template_limits")
        ),
        sa.CheckConstraint("percent_bp BETWEEN 1 AND 10000", name=op.f("ck_coupon_template_percent")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_coupon_template")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_coupon_template_claimable", "coupon_template", ["brand_id", "claim_until"], unique=False)
    tenancy.secure_tenant_table(op, "coupon_template")
    op.create_table(
        "coupon_holder",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("taken > 0", name=op.f("ck_coupon_holder_taken")),
        sa.ForeignKeyConstraint(
            ["brand_id", "customer_id"],
            ["customer.brand_id", "customer.id"],
            name=op.f("fk_coupon_holder_brand_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "template_id"],
            ["coupon_template.brand_id", "coupon_template.id"],
            name=op.f("fk_coupon_holder_brand_id_template_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "template_id", "customer_id", name=op.f("pk_coupon_holder")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "coupon_holder")
    op.create_table(
        "coupon_product",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "product_id"],
            ["product.brand_id", "product.id"],
            name=op.f("fk_coupon_product_brand_id_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "template_id"],
            ["coupon_template.brand_id", "coupon_template.id"],
            name=op.f("fk_coupon_product_brand_id_template_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "template_id", "product_id", name=op.f("pk_coupon_product")),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "coupon_product", append_only=True)


def _coupons() -> None:
    op.create_table(
        "coupon",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=True),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("code_id", sa.Uuid(), nullable=True),
        sa.Column("from_coupon_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cared_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(order_id IS NOT NULL) = (state IN ('LOCKED', 'USED'))", name=op.f("ck_coupon_held")),
        sa.ForeignKeyConstraint(
            ["brand_id", "code_id"], ["code.brand_id", "code.id"], name=op.f("fk_coupon_brand_id_code_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "customer_id"],
            ["customer.brand_id", "customer.id"],
            name=op.f("fk_coupon_brand_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "from_coupon_id"],
            ["coupon.brand_id", "coupon.id"],
            name=op.f("fk_coupon_brand_id_from_coupon_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "guide_id"], ["employee.brand_id", "employee.id"], name=op.f("fk_coupon_brand_id_guide_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "template_id"],
            ["coupon_template.brand_id", "coupon_template.id"],
            name=op.f("fk_coupon_brand_id_template_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_coupon")),
        sa.UniqueConstraint("brand_id", "from_coupon_id", name=op.f("uq_coupon_brand_id_from_coupon_id")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_coupon_customer", "coupon", ["brand_id", "customer_id", "id"], unique=False)
    op.create_index(
        "ix_coupon_due",
        "coupon",
        ["brand_id", "expires_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('ISSUED', 'CLAIMED')"),
    )
    op.create_index(
        "ix_coupon_order",
        "coupon",
        ["brand_id", "order_id"],
        unique=False,
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_index("ix_coupon_template", "coupon", ["brand_id", "template_id", "state"], unique=False)
    tenancy.secure_tenant_table(op, "coupon")


def _trails() -> None:
    op.create_table(
        "coupon_move",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "coupon_id"], ["coupon.brand_id", "coupon.id"], name=op.f("fk_coupon_move_brand_id_coupon_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "coupon_id", "step", name=op.f("pk_coupon_move")),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "coupon_move", append_only=True)
    op.create_table(
        "coupon_transfer",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("new_coupon_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(taken_at IS NULL) = (new_coupon_id IS NULL)", name=op.f("ck_coupon_transfer_taken")),
        sa.ForeignKeyConstraint(
            ["brand_id", "coupon_id"],
            ["coupon.brand_id", "coupon.id"],
            name=op.f("fk_coupon_transfer_brand_id_coupon_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "new_coupon_id"],
            ["coupon.brand_id", "coupon.id"],
            name=op.f("fk_coupon_transfer_brand_id_new_coupon_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_coupon_transfer")),
        sa.UniqueConstraint("brand_id", "coupon_id", name=op.f("uq_coupon_transfer_brand_id_coupon_id")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "coupon_transfer")
    op.create_table(
        "order_discount",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_order_discount_amount")),
        sa.ForeignKeyConstraint(
            ["brand_id", "coupon_id"],
            ["coupon.brand_id", "coupon.id"],
            name=op.f("fk_order_discount_brand_id_coupon_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "order_id"], ["orders.brand_id", "orders.id"], name=op.f("fk_order_discount_brand_id_order_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_order_discount")),
        sa.UniqueConstraint(
            "brand_id", "order_id", "coupon_id", name=op.f("uq_order_discount_brand_id_order_id_coupon_id")
        ),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "order_discount", append_only=True)


def downgrade() -> None:
    for table in (
        "order_discount",
        "coupon_transfer",
        "coupon_move",
        "coupon",
        "coupon_product",
        "coupon_holder",
        "coupon_template",
    ):
        op.drop_table(table)
