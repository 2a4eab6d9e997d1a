"""Tables of employees online: organisation units, stores, employees and their postings, sessions, sign-in codes."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.tables import Base, Tenant, tenant_args, tenant_key


class OrgUnitRow(Tenant, Base):
    """A unit of the organisation tree. `path` is `/<root>/…/<own id>/` of hex ids, so a branch is a prefix."""

    __tablename__ = "org_unit"
    __table_args__ = tenant_args(
        sa.UniqueConstraint("brand_id", "code"),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"]),
        tenant_key("parent_id", "org_unit"),
        sa.Index("ix_org_unit_path", "brand_id", "path"),
    )
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    parent_id: Mapped[UUID | None]
    path: Mapped[str]
    created_at: Mapped[datetime]


class StoreRow(Tenant, Base):
    """A store; it hangs on an organisation unit. `return_address` is sealed JSON."""

    __tablename__ = "store"
    __table_args__ = tenant_args(sa.UniqueConstraint("brand_id", "code"), tenant_key("org_unit_id", "org_unit"))
    code: Mapped[str]
    name: Mapped[str]
    org_unit_id: Mapped[UUID]
    operator: Mapped[str]
    legal_entity: Mapped[str | None]
    territory: Mapped[str | None]
    city: Mapped[str | None]
    address: Mapped[str | None]
    opening_hours: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    return_address: Mapped[bytes | None]
    created_at: Mapped[datetime]


class EmployeeRow(Tenant, Base):
    """A person who works for the brand. The posting of today is repeated here; the history is in `posting`."""

    __tablename__ = "employee"
    __table_args__ = tenant_args(
        sa.UniqueConstraint("brand_id", "phone_hash"),
        sa.UniqueConstraint("brand_id", "employee_number"),
        tenant_key("org_unit_id", "org_unit"),
        tenant_key("store_id", "store"),
        sa.Index("ix_employee_unit", "brand_id", "org_unit_id"),
        sa.Index("ix_employee_store", "brand_id", "store_id"),
    )
    employee_number: Mapped[str | None]
    display_name: Mapped[str]
    title: Mapped[str | None]
    avatar_url: Mapped[str | None]
    phone: Mapped[bytes]
    phone_hash: Mapped[str]
    role: Mapped[str]
    functions: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    state: Mapped[str]
    org_unit_id: Mapped[UUID]
    store_id: Mapped[UUID | None]
    created_at: Mapped[datetime]


class PostingRow(Tenant, Base):
    """Where an employee worked and as what, from when to when: yesterday's report keeps yesterday's store."""

    __tablename__ = "posting"
    __table_args__ = tenant_args(
        tenant_key("employee_id", "employee"),
        tenant_key("org_unit_id", "org_unit"),
        tenant_key("store_id", "store"),
        sa.Index("ix_posting_employee", "brand_id", "employee_id", "valid_from"),
    )
    employee_id: Mapped[UUID]
    org_unit_id: Mapped[UUID]
    store_id: Mapped[UUID | None]
    role: Mapped[str]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


class SessionRow(Tenant, Base):
    """A sign-in of a customer or an employee: the family of its refresh tokens."""

    __tablename__ = "session"
    __table_args__ = tenant_args(sa.Index("ix_session_principal", "brand_id", "principal_id"))
    audience: Mapped[str]
    principal_id: Mapped[UUID]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]


class RefreshTokenRow(Tenant, Base):
    """One refresh token; used once. A second use ends the session. The token is in no table, its hash in directory."""

    __tablename__ = "refresh_token"
    __table_args__ = tenant_args(tenant_key("session_id", "session"))
    session_id: Mapped[UUID]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInCodeRow(Tenant, Base):
    """A one-time code: six digits made from the row's id by a keyed HMAC, so that it is stored nowhere."""

    __tablename__ = "sign_in_code"
    __table_args__ = tenant_args(sa.Index("ix_sign_in_code_phone", "brand_id", "phone_hash", "audience", "created_at"))
    audience: Mapped[str]
    phone: Mapped[bytes]
    phone_hash: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    attempts_left: Mapped[int] = mapped_column(sa.Integer)
    used_at: Mapped[datetime | None]
