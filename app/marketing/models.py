"""Tables of marketing online: personal codes."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from app.platform.tables import Base, Tenant, tenant_args, tenant_key


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
