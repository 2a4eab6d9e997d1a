"""Tables of the messages that go out: rules, the customer's lock, messages with their steps."""

import sqlalchemy as sa
from alembic import op

from app.platform import tenancy

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbound_rule",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("quiet_from", sa.Integer(), nullable=False),
        sa.Column("quiet_until", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_outbound_rule")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_outbound_rule_channel", "outbound_rule", ["brand_id", "channel", "id"], unique=False)
    tenancy.secure_tenant_table(op, "outbound_rule", append_only=True)

    op.create_table(
        "outbound_head",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "customer_id"],
            ["customer.brand_id", "customer.id"],
            name=op.f("fk_outbound_head_brand_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "customer_id", name=op.f("pk_outbound_head")),
        info={"tenant": True, "append_only": False},
    )
    tenancy.secure_tenant_table(op, "outbound_head")
    _create_messages()


def _create_messages() -> None:
    op.create_table(
        "outbound_message",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("rule_most", sa.Integer(), nullable=False),
        sa.Column("rule_period", sa.Text(), nullable=False),
        sa.Column("rule_days", sa.Integer(), nullable=True),
        sa.Column("rule_quiet_from", sa.Integer(), nullable=False),
        sa.Column("rule_quiet_until", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "customer_id"],
            ["customer.brand_id", "customer.id"],
            name=op.f("fk_outbound_message_brand_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_outbound_message")),
        info={"tenant": True, "append_only": False},
    )
    op.create_index("ix_outbound_message_customer", "outbound_message", ["brand_id", "customer_id", "id"], unique=False)
    op.create_index(
        "ix_outbound_message_due",
        "outbound_message",
        ["brand_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'WAITING'"),
    )
    op.create_index(
        "ix_outbound_message_text",
        "outbound_message",
        ["brand_id", "decided_at"],
        unique=False,
        postgresql_where=sa.text("text IS NOT NULL"),
    )
    tenancy.secure_tenant_table(op, "outbound_message")

    op.create_table(
        "outbound_move",
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id", "message_id"],
            ["outbound_message.brand_id", "outbound_message.id"],
            name=op.f("fk_outbound_move_brand_id_message_id"),
        ),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_outbound_move")),
        info={"tenant": True, "append_only": True},
    )
    op.create_index("ix_outbound_move_message", "outbound_move", ["brand_id", "message_id", "id"], unique=False)
    tenancy.secure_tenant_table(op, "outbound_move", append_only=True)


def downgrade() -> None:
    op.drop_table("outbound_move")
    op.drop_table("outbound_message")
    op.drop_table("outbound_head")
    op.drop_table("outbound_rule")
