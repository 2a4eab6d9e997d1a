"""Tables of boss online; a touchpoint and a customer's first sign-in keep the branch they happened in."""

import sqlalchemy as sa
from alembic import op

from app.platform import tenancy

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _uuid(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _day(name: str = "day") -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=False)


def _place() -> list[sa.Column[object]]:
    return [_text("branch"), _uuid("store_id")]


def _make(name: str, keys: list[sa.Column[object]], values: list[sa.Column[object]]) -> None:
    """A tenant table whose primary key is the brand and `keys`; a rebuild may empty it."""
    op.create_table(
        name,
        _uuid("brand_id"),
        *keys,
        *values,
        sa.PrimaryKeyConstraint("brand_id", *(key.name for key in keys), name=op.f(f"pk_{name}")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, name, deletable=True)


def upgrade() -> None:
    sales = ["orders", "shared_orders", "quantity", "shared_quantity", "gross_minor", "refunds_minor"]

    _make(
        "rollup_sales",
        [
            _day(),
            sa.Column("hour", sa.Integer(), nullable=False),
            *_place(),
            _uuid("guide_id"),
            sa.Column("is_self_purchase", sa.Boolean(), nullable=False),
        ],
        [_number(name) for name in sales],
    )
    _make(
        "rollup_product",
        [_day(), *_place(), _uuid("guide_id"), _uuid("product_id")],
        [_number(name) for name in sales],
    )
    _make(
        "rollup_buyer",
        [_day(), _uuid("customer_id"), *_place(), _uuid("guide_id")],
        [_number("orders"), _number("shared_orders")],
    )
    _make(
        "rollup_first_order",
        [_uuid("customer_id")],
        [
            _uuid("order_id"),
            sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
            _day(),
            *_place(),
            sa.Column("guide_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        ],
    )
    _make(
        "rollup_commission",
        [_day(), *_place(), _uuid("party_id"), _text("account")],
        [_number("amount_minor")],
    )
    _make(
        "rollup_visit",
        [_day(), *_place(), _uuid("shop_id"), _uuid("person_id")],
        [_uuid("guide_id"), _number("visits")],
    )
    op.create_index("ix_rollup_visit_person", "rollup_visit", ["brand_id", "person_id", "shop_id", "day"])
    _make(
        "rollup_newcomer",
        [_day(), *_place(), _uuid("guide_id")],
        [_number("customers")],
    )
    _make("rollup_fact", [_text("kind"), _uuid("subject_id")], [])
    op.create_table(
        "rollup_state",
        _uuid("brand_id"),
        sa.Column("rebuilt_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("brand_id", name=op.f("pk_rollup_state")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "rollup_state")
    op.execute("INSERT INTO rollup_state (brand_id) SELECT id FROM brand")
    op.add_column("touchpoint", sa.Column("branch", sa.Text(), nullable=True))
    op.add_column("customer", sa.Column("first_guide_id", sa.Uuid(), nullable=True))
    op.add_column("customer", sa.Column("first_store_id", sa.Uuid(), nullable=True))
    op.add_column("customer", sa.Column("first_branch", sa.Text(), nullable=True))
    for statement in _BACKFILL:
        op.execute(statement)


_BACKFILL = (
    """
    UPDATE touchpoint t SET branch = coalesce(
        (SELECT u.path FROM store s JOIN org_unit u ON u.brand_id = s.brand_id AND u.id = s.org_unit_id
         WHERE s.brand_id = t.brand_id AND s.id = t.store_id),
        (SELECT u.path FROM employee e JOIN org_unit u ON u.brand_id = e.brand_id AND u.id = e.org_unit_id
         WHERE e.brand_id = t.brand_id AND e.id = t.guide_id)
    )
    """,
    """
    UPDATE customer c SET first_guide_id = b.guide_id, first_store_id = b.store_id
    FROM binding b
    WHERE b.brand_id = c.brand_id AND b.customer_id = c.id AND b.id = (
        SELECT f.id FROM binding f
        WHERE f.brand_id = c.brand_id AND f.customer_id = c.id AND f.bound_at <= c.first_sign_in_at
        ORDER BY f.bound_at DESC, f.id DESC LIMIT 1
    )
    """,
    """
    UPDATE customer c SET first_branch = coalesce(
        (SELECT u.path FROM store s JOIN org_unit u ON u.brand_id = s.brand_id AND u.id = s.org_unit_id
         WHERE s.brand_id = c.brand_id AND s.id = c.first_store_id),
        (SELECT u.path FROM employee e JOIN org_unit u ON u.brand_id = e.brand_id AND u.id = e.org_unit_id
         WHERE e.brand_id = c.brand_id AND e.id = c.first_guide_id)
    )
    WHERE c.first_guide_id IS NOT NULL
    """,
)
"""Rows from before: the place of today is the best that is known."""


def downgrade() -> None:
    for name in ("first_branch", "first_store_id", "first_guide_id"):
        op.drop_column("customer", name)
    op.drop_column("touchpoint", "branch")
    for name in (
        "rollup_state",
        "rollup_fact",
        "rollup_newcomer",
        "rollup_visit",
        "rollup_commission",
        "rollup_first_order",
        "rollup_buyer",
        "rollup_product",
        "rollup_sales",
    ):
        op.drop_table(name)
