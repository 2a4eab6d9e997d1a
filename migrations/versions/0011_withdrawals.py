"""Withdrawals with their history, and the sandbox payout provider's book."""

import sqlalchemy as sa
from alembic import op

from app.platform import tenancy

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "withdrawal",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accept_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("query_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("transaction_id", sa.Text(), nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_withdrawal_amount")),
        sa.ForeignKeyConstraint(
            ["brand_id", "decided_by"],
            ["employee.brand_id", "employee.id"],
            name=op.f("fk_withdrawal_brand_id_decided_by"),
        ),
        sa.ForeignKeyConstraint(
            ["brand_id", "employee_id"],
            ["employee.brand_id", "employee.id"],
            name=op.f("fk_withdrawal_brand_id_employee_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_withdrawal")),
        sa.UniqueConstraint("brand_id", "number", name=op.f("uq_withdrawal_brand_id_number")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_withdrawal_employee", "withdrawal", ["brand_id", "employee_id", "id"], unique=False)
    op.create_index(
        "ix_withdrawal_query",
        "withdrawal",
        ["brand_id", "query_at"],
        unique=False,
        postgresql_where=sa.text("query_at IS NOT NULL"),
    )
    op.create_index("ix_withdrawal_state", "withdrawal", ["brand_id", "state", "id"], unique=False)
    tenancy.secure_tenant_table(op, "withdrawal")
    op.create_table(
        "withdrawal_move",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("withdrawal_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "withdrawal_id"],
            ["withdrawal.brand_id", "withdrawal.id"],
            name=op.f("fk_withdrawal_move_brand_id_withdrawal_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_withdrawal_move")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index(
        "ix_withdrawal_move_withdrawal", "withdrawal_move", ["brand_id", "withdrawal_id", "id"], unique=False
    )
    tenancy.secure_tenant_table(op, "withdrawal_move", append_only=True)
    op.create_table(
        "sandbox_payout",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("is_refused", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirm_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_sandbox_payout")),
    )
    op.create_index("ix_sandbox_payout_payer", "sandbox_payout", ["payer", "created_at"], unique=False)
    tenancy.grant(op, "sandbox_payout")


def downgrade() -> None:
    op.drop_table("sandbox_payout")
    op.drop_table("withdrawal_move")
    op.drop_table("withdrawal")
