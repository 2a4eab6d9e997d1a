"""Tables of customers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.platform import tenancy

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attribution_policy",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("bind_on", sa.Text(), nullable=False),
        sa.Column("renew_on", sa.Text(), nullable=False),
        sa.Column("binding_mode", sa.Text(), nullable=False),
        sa.Column("validity_days", sa.Integer(), nullable=True),
        sa.Column("takeover", sa.Text(), nullable=False),
        sa.Column("protection_days", sa.Integer(), nullable=True),
        sa.Column("last_touch_days", sa.Integer(), nullable=False),
        sa.Column("self_purchase", sa.Text(), nullable=False),
        sa.Column("offline_split_bp", sa.Integer(), nullable=False),
        sa.Column("fulfilment_store_bp", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "version", name=op.f("pk_attribution_policy")),
        sa.UniqueConstraint("brand_id", "id", name=op.f("uq_attribution_policy_brand_id_id")),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "attribution_policy", append_only=True)
    op.create_table(
        "customer",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_code", sa.Text(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("name_grams", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("phone_hash", sa.Text(), nullable=True),
        sa.Column("phone_tail_hash", sa.Text(), nullable=True),
        sa.Column("first_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_customer")),
        sa.UniqueConstraint("brand_id", "member_code", name=op.f("uq_customer_brand_id_member_code")),
        sa.UniqueConstraint("brand_id", "phone_hash", name=op.f("uq_customer_brand_id_phone_hash")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_customer_grams", "customer", ["name_grams"], unique=False, postgresql_using="gin")
    op.create_index("ix_customer_tail", "customer", ["brand_id", "phone_tail_hash"], unique=False)
    tenancy.secure_tenant_table(op, "customer")
    op.create_table(
        "touch_head",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("touchpoint_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "subject_id", "source_id", name=op.f("pk_touch_head")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "touch_head")
    op.create_table(
        "consent",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "customer_id"],
            ["customer.brand_id", "customer.id"],
            name=op.f("fk_consent_brand_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_consent")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_consent_customer", "consent", ["brand_id", "customer_id", "purpose", "at"], unique=False)
    tenancy.secure_tenant_table(op, "consent", append_only=True)
    op.create_table(
        "visitor",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "customer_id"],
            ["customer.brand_id", "customer.id"],
            name=op.f("fk_visitor_brand_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_visitor")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_visitor_customer", "visitor", ["brand_id", "customer_id"], unique=False)
    tenancy.secure_tenant_table(op, "visitor")
    op.create_table(
        "touchpoint",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visitor_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("guide_id", sa.Uuid(), nullable=True),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column("code_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "customer_id"],
            ["customer.brand_id", "customer.id"],
            name=op.f("fk_touchpoint_brand_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "visitor_id"],
            ["visitor.brand_id", "visitor.id"],
            name=op.f("fk_touchpoint_brand_id_visitor_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_touchpoint")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_touchpoint_code", "touchpoint", ["brand_id", "code_id"], unique=False)
    op.create_index("ix_touchpoint_customer", "touchpoint", ["brand_id", "customer_id", "id"], unique=False)
    op.create_index("ix_touchpoint_shop", "touchpoint", ["brand_id", "shop_id", "id"], unique=False)
    op.create_index("ix_touchpoint_visitor", "touchpoint", ["brand_id", "visitor_id", "id"], unique=False)
    tenancy.secure_tenant_table(op, "touchpoint", append_only=True)
    op.create_table(
        "binding",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("touchpoint_id", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("protected_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["brand_id", "customer_id"],
            ["customer.brand_id", "customer.id"],
            name=op.f("fk_binding_brand_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "guide_id"], ["employee.brand_id", "employee.id"], name=op.f("fk_binding_brand_id_guide_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "store_id"], ["store.brand_id", "store.id"], name=op.f("fk_binding_brand_id_store_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_binding")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_binding_customer", "binding", ["brand_id", "customer_id", "bound_at"], unique=False)
    op.create_index("ix_binding_guide", "binding", ["brand_id", "guide_id", "bound_at"], unique=False)
    tenancy.secure_tenant_table(op, "binding", append_only=True)
    op.create_table(
        "binding_end",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("binding_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "binding_id"],
            ["binding.brand_id", "binding.id"],
            name=op.f("fk_binding_end_brand_id_binding_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "binding_id", name=op.f("pk_binding_end")),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "binding_end", append_only=True)
    op.create_table(
        "binding_head",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("binding_id", sa.Uuid(), nullable=True),
        sa.Column("guide_id", sa.Uuid(), nullable=True),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("protected_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["brand_id", "binding_id"],
            ["binding.brand_id", "binding.id"],
            name=op.f("fk_binding_head_brand_id_binding_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "customer_id"],
            ["customer.brand_id", "customer.id"],
            name=op.f("fk_binding_head_brand_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "customer_id", name=op.f("pk_binding_head")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_binding_head_guide", "binding_head", ["brand_id", "guide_id", "bound_at"], unique=False)
    tenancy.secure_tenant_table(op, "binding_head")
    op.create_table(
        "binding_renewal",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("binding_id", sa.Uuid(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("protected_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["brand_id", "binding_id"],
            ["binding.brand_id", "binding.id"],
            name=op.f("fk_binding_renewal_brand_id_binding_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_binding_renewal")),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "binding_renewal", append_only=True)


def downgrade() -> None:
    op.drop_table("binding_renewal")
    op.drop_table("binding_head")
    op.drop_table("binding_end")
    op.drop_table("binding")
    op.drop_table("touchpoint")
    op.drop_table("visitor")
    op.drop_table("consent")
    op.drop_table("touch_head")
    op.drop_table("customer")
    op.drop_table("attribution_policy")
