"""Tables of the marketing toolbox: materials, their versions, shares, readings; orders are found by their code."""

import sqlalchemy as sa
from alembic import op

from app.platform import tenancy

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _list(name: str, kind: sa.types.TypeEngine[object]) -> sa.Column[object]:
    return sa.Column(name, sa.ARRAY(kind), nullable=False)


def upgrade() -> None:
    op.create_table(
        "material",
        _uuid("brand_id"),
        _uuid("id"),
        _text("kind"),
        _number("version"),
        _list("unit_ids", sa.Uuid()),
        _list("roles", sa.Text()),
        _list("employee_ids", sa.Uuid()),
        _instant("created_at"),
        _instant("withdrawn_at", nullable=True),
        _text("withdrawn_by", nullable=True),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_material")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "material")
    op.create_table(
        "material_version",
        _uuid("brand_id"),
        _uuid("material_id"),
        _number("version"),
        _text("title"),
        _text("body", nullable=True),
        _text("cover_url", nullable=True),
        _list("attachment_urls", sa.Text()),
        _text("script", nullable=True),
        _list("product_ids", sa.Uuid()),
        _instant("created_at"),
        _text("created_by"),
        sa.ForeignKeyConstraint(
            ["brand_id", "material_id"],
            ["material.brand_id", "material.id"],
            name=op.f("fk_material_version_brand_id_material_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "material_id", "version", name=op.f("pk_material_version")),
        info={"tenant": True, "append_only": True},
    )
    tenancy.secure_tenant_table(op, "material_version", append_only=True)
    op.create_table(
        "share",
        _uuid("brand_id"),
        _uuid("id"),
        _uuid("guide_id"),
        _uuid("material_id"),
        _number("version"),
        _uuid("code_id"),
        _text("channel"),
        _uuid("customer_id", nullable=True),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        _instant("shared_at"),
        sa.ForeignKeyConstraint(
            ["brand_id", "guide_id"], ["employee.brand_id", "employee.id"], name=op.f("fk_share_brand_id_guide_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "material_id", "version"],
            ["material_version.brand_id", "material_version.material_id", "material_version.version"],
            name=op.f("fk_share_brand_id_material_id_version"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "code_id"], ["code.brand_id", "code.id"], name=op.f("fk_share_brand_id_code_id")
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "customer_id"],
            ["customer.brand_id", "customer.id"],
            name=op.f("fk_share_brand_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_share")),
        sa.UniqueConstraint("brand_id", "code_id", name=op.f("uq_share_brand_id_code_id")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_share_guide", "share", ["brand_id", "guide_id", "id"], unique=False)
    tenancy.secure_tenant_table(op, "share", append_only=True)
    op.create_table(
        "material_reading",
        _uuid("brand_id"),
        _uuid("touchpoint_id"),
        _number("seconds"),
        _instant("told_at"),
        sa.CheckConstraint("seconds BETWEEN 1 AND 1800", name=op.f("ck_material_reading_seconds")),
        sa.ForeignKeyConstraint(
            ["brand_id", "touchpoint_id"],
            ["touchpoint.brand_id", "touchpoint.id"],
            name=op.f("fk_material_reading_brand_id_touchpoint_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "touchpoint_id", name=op.f("pk_material_reading")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "material_reading")
    op.create_index(
        "ix_order_code",
        "orders",
        ["brand_id", "code_id"],
        unique=False,
        postgresql_where=sa.text("code_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_order_code", table_name="orders")
    for table in ("material_reading", "share", "material_version", "material"):
        op.drop_table(table)
