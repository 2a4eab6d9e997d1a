"""Tables of employees."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.platform import tenancy

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_session")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_session_principal", "session", ["brand_id", "principal_id"], unique=False)
    tenancy.secure_tenant_table(op, "session")
    op.create_table(
        "sign_in_code",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("phone_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts_left", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_sign_in_code")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index(
        "ix_sign_in_code_phone", "sign_in_code", ["brand_id", "phone_hash", "audience", "created_at"], unique=False
    )
    tenancy.secure_tenant_table(op, "sign_in_code", deletable=True)
    op.create_table(
        "org_unit",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "parent_id"], ["org_unit.brand_id", "org_unit.id"], name=op.f("fk_org_unit_brand_id_parent_id")
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_org_unit_brand_id")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_org_unit")),
        sa.UniqueConstraint("brand_id", "code", name=op.f("uq_org_unit_brand_id_code")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_org_unit_path", "org_unit", ["brand_id", "path"], unique=False)
    tenancy.secure_tenant_table(op, "org_unit")
    op.create_table(
        "refresh_token",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["brand_id", "session_id"],
            ["session.brand_id", "session.id"],
            name=op.f("fk_refresh_token_brand_id_session_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_refresh_token")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "refresh_token", deletable=True)
    op.create_table(
        "store",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("org_unit_id", sa.Uuid(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("legal_entity", sa.Text(), nullable=True),
        sa.Column("territory", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("opening_hours", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("return_address", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "org_unit_id"],
            ["org_unit.brand_id", "org_unit.id"],
            name=op.f("fk_store_brand_id_org_unit_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_store")),
        sa.UniqueConstraint("brand_id", "code", name=op.f("uq_store_brand_id_code")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "store")
    op.create_table(
        "employee",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employee_number", sa.Text(), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("avatar_url", sa.Text(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("phone_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("functions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("org_unit_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "org_unit_id"],
            ["org_unit.brand_id", "org_unit.id"],
            name=op.f("fk_employee_brand_id_org_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "store_id"], ["store.brand_id", "store.id"], name=op.f("fk_employee_brand_id_store_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_employee")),
        sa.UniqueConstraint("brand_id", "employee_number", name=op.f("uq_employee_brand_id_employee_number")),
        sa.UniqueConstraint("brand_id", "phone_hash", name=op.f("uq_employee_brand_id_phone_hash")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_employee_store", "employee", ["brand_id", "store_id"], unique=False)
    op.create_index("ix_employee_unit", "employee", ["brand_id", "org_unit_id"], unique=False)
    tenancy.secure_tenant_table(op, "employee")
    op.create_table(
        "posting",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("org_unit_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["brand_id", "employee_id"],
            ["employee.brand_id", "employee.id"],
            name=op.f("fk_posting_brand_id_employee_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "org_unit_id"],
            ["org_unit.brand_id", "org_unit.id"],
            name=op.f("fk_posting_brand_id_org_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "store_id"], ["store.brand_id", "store.id"], name=op.f("fk_posting_brand_id_store_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_posting")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_posting_employee", "posting", ["brand_id", "employee_id", "valid_from"], unique=False)
    tenancy.secure_tenant_table(op, "posting")


def downgrade() -> None:
    op.drop_table("posting")
    op.drop_table("employee")
    op.drop_table("store")
    op.drop_table("refresh_token")
    op.drop_table("org_unit")
    op.drop_table("sign_in_code")
    op.drop_table("session")
