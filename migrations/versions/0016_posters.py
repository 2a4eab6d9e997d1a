"""Templates of posters with their versions, posters, and batches of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.platform import tenancy

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "poster_template",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("needs_product", sa.Boolean(), nullable=False),
        sa.Column("preview_key", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_poster_template_version")),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_poster_template")),
        sa.UniqueConstraint("brand_id", "title", name=op.f("uq_poster_template_brand_id_title")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "poster_template")
    op.create_table(
        "poster_template_version",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("layout", postgresql.JSONB(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "template_id"],
            ["poster_template.brand_id", "poster_template.id"],
            name=op.f("fk_poster_template_version_brand_id_template_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "template_id", "version", name=op.f("pk_poster_template_version")),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "poster_template_version", append_only=True)
    op.create_table(
        "poster_code",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("code_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "code_id"], ["code.brand_id", "code.id"], name=op.f("fk_poster_code_brand_id_code_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "guide_id"],
            ["employee.brand_id", "employee.id"],
            name=op.f("fk_poster_code_brand_id_guide_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "guide_id", "kind", "target_id", name=op.f("pk_poster_code")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "poster_code")
    op.create_table(
        "poster",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("template_version", sa.BigInteger(), nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=False),
        sa.Column("code_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("content_key", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("image_key", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'FAILED') = (failure IS NOT NULL)", name=op.f("ck_poster_failure")),
        sa.CheckConstraint("(state = 'READY') = (image_key IS NOT NULL)", name=op.f("ck_poster_picture")),
        sa.ForeignKeyConstraint(
            ["brand_id", "code_id"], ["code.brand_id", "code.id"], name=op.f("fk_poster_brand_id_code_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "guide_id"], ["employee.brand_id", "employee.id"], name=op.f("fk_poster_brand_id_guide_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "product_id"], ["product.brand_id", "product.id"], name=op.f("fk_poster_brand_id_product_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "template_id", "template_version"],
            [
                "poster_template_version.brand_id",
                "poster_template_version.template_id",
                "poster_template_version.version",
            ],
            name=op.f("fk_poster_brand_id_template_id_template_version"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_poster")),
        sa.UniqueConstraint("brand_id", "content_key", name=op.f("uq_poster_brand_id_content_key")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index(
        "ix_poster_due", "poster", ["brand_id", "due_at"], unique=False, postgresql_where=sa.text("state = 'RENDERING'")
    )
    op.create_index("ix_poster_guide", "poster", ["brand_id", "guide_id", "id"], unique=False)
    tenancy.secure_tenant_table(op, "poster")
    op.create_table(
        "poster_batch",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("template_version", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["brand_id", "product_id"],
            ["product.brand_id", "product.id"],
            name=op.f("fk_poster_batch_brand_id_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "template_id", "template_version"],
            [
                "poster_template_version.brand_id",
                "poster_template_version.template_id",
                "poster_template_version.version",
            ],
            name=op.f("fk_poster_batch_brand_id_template_id_template_version"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_poster_batch")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index(
        "ix_poster_batch_running",
        "poster_batch",
        ["brand_id", "id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    tenancy.secure_tenant_table(op, "poster_batch")
    op.create_table(
        "poster_batch_guide",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("guide_id", sa.Uuid(), nullable=False),
        sa.Column("poster_id", sa.Uuid(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["brand_id", "batch_id"],
            ["poster_batch.brand_id", "poster_batch.id"],
            name=op.f("fk_poster_batch_guide_brand_id_batch_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "guide_id"],
            ["employee.brand_id", "employee.id"],
            name=op.f("fk_poster_batch_guide_brand_id_guide_id"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "poster_id"],
            ["poster.brand_id", "poster.id"],
            name=op.f("fk_poster_batch_guide_brand_id_poster_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "batch_id", "guide_id", name=op.f("pk_poster_batch_guide")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index(
        "ix_poster_batch_guide_waiting",
        "poster_batch_guide",
        ["brand_id", "batch_id", "guide_id"],
        unique=False,
        postgresql_where=sa.text("poster_id IS NULL AND problem IS NULL"),
    )
    tenancy.secure_tenant_table(op, "poster_batch_guide")


def downgrade() -> None:
    op.drop_table("poster_batch_guide")
    op.drop_table("poster_batch")
    op.drop_table("poster")
    op.drop_table("poster_code")
    op.drop_table("poster_template_version")
    op.drop_table("poster_template")
