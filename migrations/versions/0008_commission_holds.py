"""Holds of lines, payees, and occasions of the ledger: what happens to commission after the payment."""

import sqlalchemy as sa
from alembic import op

from app.platform import tenancy

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger_transfer", sa.Column("occasion_id", sa.Uuid(), nullable=True))
    op.drop_constraint("uq_ledger_transfer_brand_id_entry_id_cause", "ledger_transfer", type_="unique")
    op.create_unique_constraint(
        "uq_ledger_transfer_once",
        "ledger_transfer",
        ["brand_id", "entry_id", "cause", "occasion_id", "debit_account"],
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "ix_ledger_occasion",
        "ledger_transfer",
        ["brand_id", "occasion_id"],
        unique=False,
        postgresql_where=sa.text("occasion_id IS NOT NULL"),
    )
    op.create_index(
        "ix_commission_entry_reverses",
        "commission_entry",
        ["brand_id", "reverses_id"],
        unique=False,
        postgresql_where=sa.text("reverses_id IS NOT NULL"),
    )
    op.create_table(
        "line_hold",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("sale_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pauses", sa.Integer(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("pauses >= 0", name=op.f("ck_line_hold_pauses")),
        sa.CheckConstraint("refunded_minor >= 0", name=op.f("ck_line_hold_refunded")),
        sa.ForeignKeyConstraint(
            ["brand_id", "sale_id", "line_id"],
            ["sale_line.brand_id", "sale_line.sale_id", "sale_line.line_id"],
            name=op.f("fk_line_hold_brand_id_sale_id_line_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "sale_id", "line_id", name=op.f("pk_line_hold")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index(
        "ix_line_hold_due",
        "line_hold",
        ["brand_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("released_at IS NULL AND pauses = 0 AND due_at IS NOT NULL"),
    )
    tenancy.secure_tenant_table(op, "line_hold")
    op.create_table(
        "payee",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "party_id", name=op.f("pk_payee")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "payee")
    _hold_what_is_paid()


def _hold_what_is_paid() -> None:
    """Give lines that were paid before there were holds theirs: the payment plus the days of the sale's plan."""
    op.execute(
        """
        INSERT INTO line_hold (brand_id, sale_id, line_id, held_until, due_at, pauses, refunded_minor, released_at)
        SELECT line.brand_id, line.sale_id, line.line_id,
               orders.paid_at + plan.hold_days * interval '1 day', NULL, 0, 0, NULL
        FROM sale_line AS line
        JOIN sale ON sale.brand_id = line.brand_id AND sale.id = line.sale_id
        JOIN commission_plan AS plan ON plan.brand_id = sale.brand_id AND plan.version = sale.plan_version
        JOIN orders ON orders.brand_id = sale.brand_id AND orders.id = sale.id
        WHERE orders.paid_at IS NOT NULL
        """
    )


def downgrade() -> None:
    op.drop_table("payee")
    op.drop_table("line_hold")
    op.drop_index("ix_commission_entry_reverses", table_name="commission_entry")
    op.drop_index("ix_ledger_occasion", table_name="ledger_transfer")
    op.drop_constraint("uq_ledger_transfer_once", "ledger_transfer", type_="unique")
    op.create_unique_constraint(
        op.f("uq_ledger_transfer_brand_id_entry_id_cause"), "ledger_transfer", ["brand_id", "entry_id", "cause"]
    )
    op.drop_column("ledger_transfer", "occasion_id")
