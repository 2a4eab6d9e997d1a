"""The platform's own tables: brands, directory, outbox, idempotency keys, rate buckets, cron slots, callbacks."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.tables import Base, Tenant, TenantBase, tenant_args


class BrandRow(Base):
    """A brand: the directory of tenants, without row level security."""

    __tablename__ = "brand"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    currency: Mapped[str]
    time_zone: Mapped[str]
    simulated_now: Mapped[datetime | None]
    created_at: Mapped[datetime]


class DirectoryRow(Base):
    """What leads to a brand without naming it: shop slug, code token, refresh and visitor token, payment number.

    `key` is the thing itself where it is public, else its SHA-256. Written with the tenant row; no foreign keys.
    """

    __tablename__ = "directory"
    __table_args__ = (
        sa.Index("ix_directory_refresh_token", "target_id", postgresql_where=sa.text("kind = 'REFRESH_TOKEN'")),
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    brand_id: Mapped[UUID]
    target_id: Mapped[UUID]


class OutboxRow(Tenant, Base):
    """A fact that others act on after the commit: ids, never personal data. `done_by`: the subscribers that did."""

    __tablename__ = "outbox"
    __table_args__ = tenant_args(
        # Parked events too, which are few: `waiting` counts them for every look at the metrics.
        sa.Index("ix_outbox_waiting", "brand_id", "due_at", postgresql_where=sa.text("done_at IS NULL")),
    )
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(sa.Integer)
    done_by: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text))
    done_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    last_error: Mapped[str | None]


class IdempotencyRow(TenantBase, Base):
    """The first answer to a key: what it made, as type and ids, never the answer's text. Kept seven days."""

    __tablename__ = "idempotency"
    __table_args__ = tenant_args(sa.Index("ix_idempotency_age", "brand_id", "created_at"))
    principal: Mapped[str] = mapped_column(primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[datetime]


class RateBucketRow(TenantBase, Base):
    """Tries of one kind by one subject (a hash) since `window_started_at`."""

    __tablename__ = "rate_bucket"
    __table_args__ = tenant_args()
    kind: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    window_started_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(sa.Integer)


class MediaRow(TenantBase, Base):
    """A picture or file that somebody uploaded; the bytes lie in the storage under the key, which names them.

    `seen_at`: when it was uploaded, or last found to be named. `removing_at`: nothing has named it for a day, so the
    file is being taken away; the row goes when the file has gone. Width and height: pixels of a picture.
    """

    __tablename__ = "media"
    __table_args__ = tenant_args(sa.Index("ix_media_age", "brand_id", "seen_at"))
    key: Mapped[str] = mapped_column(primary_key=True)
    media_type: Mapped[str]
    width: Mapped[int | None] = mapped_column(sa.Integer)
    height: Mapped[int | None] = mapped_column(sa.Integer)
    size: Mapped[int]
    uploaded_by: Mapped[str]
    seen_at: Mapped[datetime]
    removing_at: Mapped[datetime | None]


class CronSlotRow(Base):
    """A cron slot that one worker took; the others find the row and leave it."""

    __tablename__ = "cron_slot"
    job: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class CallbackRow(Base):
    """Every callback of an outside party that came in, accepted or refused. Holds no personal data and no body."""

    __tablename__ = "callback"
    __table_args__ = (sa.Index("ix_callback_provider_number", "provider", "number"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider: Mapped[str]
    number: Mapped[str | None]
    event_id: Mapped[str | None]
    outcome: Mapped[str]
    reason: Mapped[str]
    received_at: Mapped[datetime]


class SandboxChargeRow(Base):
    """The sandbox payment provider's own book: it plays an outside party, so nothing else reads or writes it."""

    __tablename__ = "sandbox_charge"
    __table_args__ = (sa.Index("ix_sandbox_charge_account", "account", "confirmed_at"),)
    number: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    state: Mapped[str]
    transaction_id: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class SandboxRefundRow(Base):
    """A refund in the sandbox provider's book; the merchant's number makes it happen once."""

    __tablename__ = "sandbox_refund"
    __table_args__ = (
        sa.Index("ix_sandbox_refund_account", "account", "created_at"),
        sa.Index("ix_sandbox_refund_charge", "charge_number"),
    )
    number: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    charge_number: Mapped[str]
    amount_minor: Mapped[int]
    created_at: Mapped[datetime]


class SandboxDeliveryRow(Base):
    """A callback that the sandbox provider still has to send; it retries as a real provider does."""

    __tablename__ = "sandbox_delivery"
    __table_args__ = (sa.Index("ix_sandbox_delivery_due", "due_at", postgresql_where=sa.text("delivered_at IS NULL")),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    body: Mapped[str]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(sa.Integer)
    delivered_at: Mapped[datetime | None]


class SandboxInvoiceRow(Base):
    """An invoice in the sandbox invoice provider's own book; how it stands follows from the row and the time."""

    __tablename__ = "sandbox_invoice"
    __table_args__ = (sa.UniqueConstraint("official_number"),)
    number: Mapped[str] = mapped_column(primary_key=True)
    seller: Mapped[str]
    original: Mapped[str | None]
    gross_minor: Mapped[int]
    tax_minor: Mapped[int]
    official_number: Mapped[str]
    is_refused: Mapped[bool]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class SandboxPayoutRow(Base):
    """A payout in the sandbox payout provider's own book; how it stands follows from the row and the time."""

    __tablename__ = "sandbox_payout"
    __table_args__ = (sa.Index("ix_sandbox_payout_payer", "payer", "created_at"),)
    number: Mapped[str] = mapped_column(primary_key=True)
    payer: Mapped[str]
    recipient: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    transaction_id: Mapped[str]
    is_refused: Mapped[bool]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    confirm_by: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
