"""The table of care tasks: whom a guide should remind, and what came of it."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from app.platform.tables import Base, Tenant, tenant_args, tenant_key


class CareTaskRow(Tenant, Base):
    """Something to do for a customer: whoever serves him has it, so that it goes with the binding. One for a coupon.

    `due_at`: when it is too late. `note`: what came of it, sealed as it may tell of the customer.
    """

    __tablename__ = "care_task"
    __table_args__ = tenant_args(
        tenant_key("customer_id", "customer"),
        tenant_key("coupon_id", "coupon"),
        sa.UniqueConstraint("brand_id", "coupon_id"),
        sa.Index("ix_care_task_customer", "brand_id", "customer_id"),
        sa.Index("ix_care_task_open", "brand_id", "due_at", "id", postgresql_where=sa.text("state = 'OPEN'")),
        sa.CheckConstraint("(closed_at IS NULL) = (state = 'OPEN')", name="closed"),
    )
    customer_id: Mapped[UUID]
    coupon_id: Mapped[UUID]
    reason: Mapped[str]
    state: Mapped[str]
    due_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    note: Mapped[bytes | None]
