"""Tables of marketing online: personal codes, materials with their versions, shares and how long they were read."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
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


class MaterialRow(Tenant, Base):
    """A material of the toolbox: what never changes, its newest version's number, and whom it is for.

    `unit_ids`, `roles` and `employee_ids` keep a StaffAudience. This row is the lock that makes versions follow one
    another.
    """

    __tablename__ = "material"
    __table_args__ = tenant_args()
    kind: Mapped[str]
    version: Mapped[int] = mapped_column(sa.Integer)
    unit_ids: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()))
    roles: Mapped[list[str]] = mapped_column(ARRAY(sa.Text()))
    employee_ids: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()))
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]


class MaterialVersionRow(TenantBase, Base):
    """What a material said from one change to the next. Append-only; versions count from 1 without a gap."""

    __tablename__ = "material_version"
    __table_args__ = tenant_args(tenant_key("material_id", "material"), append_only=True)
    material_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    title: Mapped[str]
    body: Mapped[str | None]
    cover_url: Mapped[str | None]
    attachment_urls: Mapped[list[str]] = mapped_column(ARRAY(sa.Text()))
    script: Mapped[str | None]
    product_ids: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()))
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class ShareRow(Tenant, Base):
    """A guide shared a version of a material by a code of its own. Append-only.

    `text`: the script filled in, sealed as it may name the customer whom it was written for.
    """

    __tablename__ = "share"
    __table_args__ = tenant_args(
        sa.UniqueConstraint("brand_id", "code_id"),
        tenant_key("guide_id", "employee"),
        tenant_key(["material_id", "version"], "material_version", "material_id", "version"),
        tenant_key("code_id", "code"),
        tenant_key("customer_id", "customer"),
        sa.Index("ix_share_guide", "brand_id", "guide_id", "id"),
        append_only=True,
    )
    guide_id: Mapped[UUID]
    material_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(sa.Integer)
    code_id: Mapped[UUID]
    channel: Mapped[str]
    customer_id: Mapped[UUID | None]
    text: Mapped[bytes | None]
    shared_at: Mapped[datetime]


class MaterialReadingRow(TenantBase, Base):
    """How long the page that a touchpoint opened was read, as its browser told us; it only grows, up to the bound."""

    __tablename__ = "material_reading"
    __table_args__ = tenant_args(
        tenant_key("touchpoint_id", "touchpoint"), sa.CheckConstraint("seconds BETWEEN 1 AND 1800", name="seconds")
    )
    touchpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    seconds: Mapped[int] = mapped_column(sa.Integer)
    told_at: Mapped[datetime]
