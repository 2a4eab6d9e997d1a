"""Tables of marketing online: personal codes, messages that go out and their rules."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.tables import Base, Tenant, TenantBase, tenant_args, tenant_key


class CodeRow(Tenant, Base):
    """A personal code: guide × target × channel. Its token leads to the brand through `directory`."""

    __tablename__ = "code"
    __table_args__ = tenant_args(
        sa.UniqueConstraint("brand_id", "token"),
        tenant_key("guide_id", "employee"),
        tenant_key("shop_id", "shop"),
        tenant_key("store_id", "store"),
        sa.Index("ix_code_guide", "brand_id", "guide_id"),
        sa.Index("uq_code_personal", "brand_id", "guide_id", unique=True, postgresql_where=sa.text("is_personal")),
    )
    token: Mapped[str]
    kind: Mapped[str]
    guide_id: Mapped[UUID | None]
    shop_id: Mapped[UUID | None]
    store_id: Mapped[UUID | None]
    target_id: Mapped[UUID | None]
    channel: Mapped[str | None]
    label: Mapped[str | None]
    is_personal: Mapped[bool]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class OutboundRuleRow(Tenant, Base):
    """A channel's rule as somebody set it. Append-only: the latest row of a channel counts, without one the default.

    `quiet_from`, `quiet_until`: minutes of the brand's day.
    """

    __tablename__ = "outbound_rule"
    __table_args__ = tenant_args(
        sa.Index("ix_outbound_rule_channel", "brand_id", "channel", "id"),
        append_only=True,
    )
    channel: Mapped[str]
    most: Mapped[int] = mapped_column(sa.Integer)
    days: Mapped[int | None] = mapped_column(sa.Integer)
    quiet_from: Mapped[int] = mapped_column(sa.Integer)
    quiet_until: Mapped[int] = mapped_column(sa.Integer)
    set_at: Mapped[datetime]
    set_by: Mapped[str]


class OutboundHeadRow(TenantBase, Base):
    """The one row that the decisions about a customer's messages are locked by."""

    __tablename__ = "outbound_head"
    __table_args__ = tenant_args(tenant_key("customer_id", "customer"))
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)


class OutboundMessageRow(Tenant, Base):
    """A message that somebody wanted to send to a customer, and what became of it.

    `text` is sealed, and None once it is forgotten. `counts_at`: when a marketing message counts in the budget, in the
    future for one that waits; None: it does not count. `begun_at`: when it was first handed to its carrier; from then
    on nothing takes it back. `rule_…`: the rule in force when it was decided.
    """

    __tablename__ = "outbound_message"
    __table_args__ = tenant_args(
        tenant_key("customer_id", "customer"),
        sa.Index("ix_outbound_message_customer", "brand_id", "customer_id", "id"),
        sa.Index("ix_outbound_message_due", "brand_id", "due_at", postgresql_where=sa.text("state = 'WAITING'")),
        sa.Index("ix_outbound_message_text", "brand_id", "decided_at", postgresql_where=sa.text("text IS NOT NULL")),
    )
    customer_id: Mapped[UUID]
    channel: Mapped[str]
    kind: Mapped[str]
    subject_kind: Mapped[str | None]
    subject_id: Mapped[UUID | None]
    text: Mapped[bytes | None]
    granted: Mapped[int] = mapped_column(sa.Integer)
    state: Mapped[str]
    reason: Mapped[str | None]
    again_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    counts_at: Mapped[datetime | None]
    requested_at: Mapped[datetime]
    decided_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    actor: Mapped[str]
    rule_most: Mapped[int] = mapped_column(sa.Integer)
    rule_period: Mapped[str]
    rule_days: Mapped[int | None] = mapped_column(sa.Integer)
    rule_quiet_from: Mapped[int] = mapped_column(sa.Integer)
    rule_quiet_until: Mapped[int] = mapped_column(sa.Integer)


class OutboundMoveRow(Tenant, Base):
    """A step of a message, the request among them. Append-only."""

    __tablename__ = "outbound_move"
    __table_args__ = tenant_args(
        tenant_key("message_id", "outbound_message"),
        sa.Index("ix_outbound_move_message", "brand_id", "message_id", "id"),
        append_only=True,
    )
    message_id: Mapped[UUID]
    state: Mapped[str]
    reason: Mapped[str | None]
    again_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    at: Mapped[datetime]
    actor: Mapped[str]
