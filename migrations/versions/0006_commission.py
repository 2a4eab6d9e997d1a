"""Tables of commission."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.platform import tenancy

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "commission_plan",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hold_days", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "version", name=op.f("pk_commission_plan")),
        sa.UniqueConstraint("brand_id", "id", name=op.f("uq_commission_plan_brand_id_id")),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "commission_plan", append_only=True)
    op.create_table(
        "sale",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("guide_id", sa.Uuid(), nullable=True),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("is_self_purchase", sa.Boolean(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_sale")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_sale_guide", "sale", ["brand_id", "guide_id", "id"], unique=False)
    tenancy.secure_tenant_table(op, "sale", append_only=True)
    op.create_table(
        "commission_entry",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Uuid(), nullable=True),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("party_kind", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("performance_bp", sa.Integer(), nullable=False),
        sa.Column("performance_minor", sa.BigInteger(), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "reverses_id"],
            ["commission_entry.brand_id", "commission_entry.id"],
            name=op.f("fk_commission_entry_brand_id_reverses_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "sale_id"], ["sale.brand_id", "sale.id"], name=op.f("fk_commission_entry_brand_id_sale_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_commission_entry")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_commission_entry_party", "commission_entry", ["brand_id", "party_id", "id"], unique=False)
    op.create_index("ix_commission_entry_sale", "commission_entry", ["brand_id", "sale_id"], unique=False)
    tenancy.secure_tenant_table(op, "commission_entry", append_only=True)
    op.create_table(
        "sale_candidate",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("sale_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("touchpoint_id", sa.Uuid(), nullable=True),
        sa.Column("binding_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["brand_id", "sale_id"], ["sale.brand_id", "sale.id"], name=op.f("fk_sale_candidate_brand_id_sale_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "sale_id", "position", name=op.f("pk_sale_candidate")),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "sale_candidate", append_only=True)
    op.create_table(
        "sale_line",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("sale_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "sale_id"], ["sale.brand_id", "sale.id"], name=op.f("fk_sale_line_brand_id_sale_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "sale_id", "line_id", name=op.f("pk_sale_line")),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "sale_line", append_only=True)
    op.create_table(
        "commission_rule",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("org_unit_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["brand_id", "category_id"],
            ["category.brand_id", "category.id"],
            name=op.f("fk_commission_rule_brand_id_category_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "org_unit_id"],
            ["org_unit.brand_id", "org_unit.id"],
            name=op.f("fk_commission_rule_brand_id_org_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "plan_version"],
            ["commission_plan.brand_id", "commission_plan.version"],
            name=op.f("fk_commission_rule_brand_id_plan_version"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "product_id"],
            ["product.brand_id", "product.id"],
            name=op.f("fk_commission_rule_brand_id_product_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_commission_rule")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_commission_rule_plan", "commission_rule", ["brand_id", "plan_version"], unique=False)
    tenancy.secure_tenant_table(op, "commission_rule", append_only=True)
    op.create_table(
        "ledger_transfer",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("debit_account", sa.Text(), nullable=False),
        sa.Column("debit_party_id", sa.Uuid(), nullable=False),
        sa.Column("credit_account", sa.Text(), nullable=False),
        sa.Column("credit_party_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_ledger_transfer_amount")),
        sa.CheckConstraint(
            "debit_account <> credit_account OR debit_party_id <> credit_party_id",
            name=op.f("ck_ledger_transfer_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "entry_id"],
            ["commission_entry.brand_id", "commission_entry.id"],
            name=op.f("fk_ledger_transfer_brand_id_entry_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_ledger_transfer")),
        sa.UniqueConstraint("brand_id", "entry_id", "cause", name=op.f("uq_ledger_transfer_brand_id_entry_id_cause")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index(
        "ix_ledger_credit",
        "ledger_transfer",
        ["brand_id", "credit_party_id", "credit_account"],
        unique=False,
        postgresql_include=["amount_minor"],
    )
    op.create_index(
        "ix_ledger_debit",
        "ledger_transfer",
        ["brand_id", "debit_party_id", "debit_account"],
        unique=False,
        postgresql_include=["amount_minor"],
    )
    tenancy.secure_tenant_table(op, "ledger_transfer", append_only=True)


def downgrade() -> None:
    op.drop_table("ledger_transfer")
    op.drop_table("commission_rule")
    op.drop_table("sale_line")
    op.drop_table("sale_candidate")
    op.drop_table("commission_entry")
    op.drop_table("sale")
    op.drop_table("commission_plan")
