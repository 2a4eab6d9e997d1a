"""Uploaded media, pictures and options of products, price lists of branches, search in titles."""

import hashlib
import unicodedata
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from app.platform import tenancy

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _column(name: str, kind: sa.types.TypeEngine[object], *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _key(table: str, columns: list[str], target: str, remote: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["brand_id", *columns],
        [f"{target}.brand_id", f"{target}.{remote}"],
        name=op.f(f"fk_{table}_brand_id_{'_'.join(columns)}"),
    )


def upgrade() -> None:
    _media()
    _parts_of_products()
    _price_lists()
    op.add_column("sku", sa.Column("choices", ARRAY(sa.Text()), nullable=True))
    op.create_index(
        "uq_sku_choices",
        "sku",
        ["brand_id", "product_id", "choices"],
        unique=True,
        postgresql_where=sa.text("choices IS NOT NULL"),
    )
    op.add_column("product", sa.Column("search_text", sa.Text(), nullable=True))
    op.add_column("product", sa.Column("search_grams", ARRAY(sa.BigInteger()), nullable=True))
    _fill_search()
    op.alter_column("product", "search_text", nullable=False)
    op.alter_column("product", "search_grams", nullable=False)


def _media() -> None:
    op.create_table(
        "media",
        _column("brand_id", sa.Uuid()),
        _column("key", sa.Text()),
        _column("media_type", sa.Text()),
        _column("width", sa.Integer(), nullable=True),
        _column("height", sa.Integer(), nullable=True),
        _column("size", sa.BigInteger()),
        _column("uploaded_by", sa.Text()),
        _instant("seen_at"),
        _instant("removing_at", nullable=True),
        sa.PrimaryKeyConstraint("brand_id", "key", name=op.f("pk_media")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_media_age", "media", ["brand_id", "seen_at"], unique=False)
    tenancy.secure_tenant_table(op, "media", deletable=True)


def _parts_of_products() -> None:
    op.create_table(
        "product_picture",
        _column("brand_id", sa.Uuid()),
        _column("product_id", sa.Uuid()),
        _column("position", sa.Integer()),
        _column("media_key", sa.Text()),
        _column("alt", sa.Text(), nullable=True),
        _key("product_picture", ["product_id"], "product"),
        _key("product_picture", ["media_key"], "media", "key"),
        sa.PrimaryKeyConstraint("brand_id", "product_id", "position", name=op.f("pk_product_picture")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_product_picture_media", "product_picture", ["brand_id", "media_key"], unique=False)
    tenancy.secure_tenant_table(op, "product_picture", deletable=True)
    op.create_table(
        "product_option",
        _column("brand_id", sa.Uuid()),
        _column("product_id", sa.Uuid()),
        _column("position", sa.Integer()),
        _column("name", sa.Text()),
        _column("values", ARRAY(sa.Text())),
        _key("product_option", ["product_id"], "product"),
        sa.PrimaryKeyConstraint("brand_id", "product_id", "position", name=op.f("pk_product_option")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "product_option", deletable=True)


def _price_lists() -> None:
    op.create_table(
        "price_list",
        _column("brand_id", sa.Uuid()),
        _column("id", sa.Uuid()),
        _column("org_unit_id", sa.Uuid()),
        _column("name", sa.Text()),
        _instant("starts_at"),
        _instant("ends_at", nullable=True),
        _column("published_by", sa.Text()),
        _instant("created_at"),
        sa.CheckConstraint("ends_at >= starts_at", name=op.f("ck_price_list_period")),
        _key("price_list", ["org_unit_id"], "org_unit"),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_price_list")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_price_list_org_unit", "price_list", ["brand_id", "org_unit_id"], unique=False)
    tenancy.secure_tenant_table(op, "price_list")
    op.create_table(
        "price_list_item",
        _column("brand_id", sa.Uuid()),
        _column("sku_id", sa.Uuid()),
        _column("price_list_id", sa.Uuid()),
        _column("price_minor", sa.BigInteger()),
        _column("market_price_minor", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("price_minor > 0", name=op.f("ck_price_list_item_price")),
        _key("price_list_item", ["sku_id"], "sku"),
        _key("price_list_item", ["price_list_id"], "price_list"),
        sa.PrimaryKeyConstraint("brand_id", "sku_id", "price_list_id", name=op.f("pk_price_list_item")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_price_list_item_list", "price_list_item", ["brand_id", "price_list_id"], unique=False)
    tenancy.secure_tenant_table(op, "price_list_item", append_only=True)


def _fill_search() -> None:
    """Write the folded titles and their parts of the products that are there, as the catalogue does for new ones."""
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT brand_id, id, title FROM product")).all()
    changes = [
        {"brand": row.brand_id, "id": row.id, "text": (text := _folded(row.title)), "grams": _grams(row.brand_id, text)}
        for row in rows
    ]
    if changes:
        connection.execute(
            sa.text(
                "UPDATE product SET search_text = :text, search_grams = :grams WHERE brand_id = :brand AND id = :id"
            ).bindparams(
                sa.bindparam("brand", type_=sa.Uuid()),
                sa.bindparam("id", type_=sa.Uuid()),
                sa.bindparam("grams", type_=ARRAY(sa.BigInteger())),
            ),
            changes,
        )


def _folded(title: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())


def _grams(brand_id: UUID, text: str) -> list[int]:
    parts = {word[at : at + size] for word in text.split() for size in (1, 2) for at in range(len(word) - size + 1)}
    return sorted(
        int.from_bytes(hashlib.blake2b(part.encode(), digest_size=8, key=brand_id.bytes).digest(), "big", signed=True)
        for part in parts
    )


def downgrade() -> None:
    op.drop_column("product", "search_grams")
    op.drop_column("product", "search_text")
    op.drop_index("uq_sku_choices", table_name="sku")
    op.drop_column("sku", "choices")
    for name in ("price_list_item", "price_list", "product_option", "product_picture", "media"):
        op.drop_table(name)
