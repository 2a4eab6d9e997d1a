"""Tables of freight: templates by region and weight, and by which rate an order was charged."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.tables import Base, Tenant, TenantBase, tenant_args, tenant_key


class FreightTemplateRow(Tenant, Base):
    """A version of the brand's freight template. In force: the highest version that has begun. Append-only.

    `rates`: as `freight_values.FreightRate` says, one of them without regions. Amounts: minor units.
    """

    __tablename__ = "freight_template"
    __table_args__ = tenant_args(
        sa.UniqueConstraint("brand_id", "version"),
        sa.CheckConstraint("piece_grams > 0", name="piece"),
        append_only=True,
    )
    version: Mapped[int] = mapped_column(sa.Integer)
    name: Mapped[str]
    charged_by: Mapped[str]
    piece_grams: Mapped[int] = mapped_column(sa.Integer)
    rates: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    starts_at: Mapped[datetime]
    published_at: Mapped[datetime]
    published_by: Mapped[str]


class OrderFreightRow(TenantBase, Base):
    """By which rate of which template an order's freight was charged, for how many grams or pieces. Append-only."""

    __tablename__ = "order_freight"
    __table_args__ = tenant_args(
        tenant_key("order_id", "orders"),
        tenant_key("template_id", "freight_template"),
        sa.CheckConstraint("units > 0", name="units"),
        append_only=True,
    )
    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    template_id: Mapped[UUID]
    rate: Mapped[int] = mapped_column(sa.Integer)
    units: Mapped[int]
