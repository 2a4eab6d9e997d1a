"""Tables of marketing."""

import sqlalchemy as sa
from alembic import op

from app.platform import tenancy

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "code",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=True),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("is_personal", sa.Boolean(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "guide_id"], ["employee.brand_id", "employee.id"], name=op.f("fk_code_brand_id_guide_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "shop_id"], ["shop.brand_id", "shop.id"], name=op.f("fk_code_brand_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "store_id"], ["store.brand_id", "store.id"], name=op.f("fk_code_brand_id_store_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_code")),
        sa.UniqueConstraint("brand_id", "token", name=op.f("uq_code_brand_id_token")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_code_guide", "code", ["brand_id", "guide_id"], unique=False)
    op.create_index(
        "uq_code_personal", "code", ["brand_id", "guide_id"], unique=True, postgresql_where=sa.text("is_personal")
    )
    tenancy.secure_tenant_table(op, "code")


def downgrade() -> None:
    op.drop_table("code")
