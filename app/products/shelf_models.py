"""Tables of shelves beside the changed items: a shop's sections, and headquarters' rules for every shop of a branch."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.tables import Base, Tenant, tenant_args, tenant_key


class ShelfSectionRow(Tenant, Base):
    """A named group of products on a guide's shelf (分区), by position; a product is in one at most."""

    __tablename__ = "shelf_section"
    __table_args__ = tenant_args(
        tenant_key("shop_id", "shop"),
        sa.UniqueConstraint("brand_id", "shop_id", "name"),
    )
    shop_id: Mapped[UUID]
    name: Mapped[str]
    position: Mapped[int] = mapped_column(sa.Integer)
    created_at: Mapped[datetime]


class ShelfRuleRow(Tenant, Base):
    """What headquarters decides for the shelves of a branch, `org_unit_id` None: of all, from `starts_at` on.

    It ends before `ends_at`, None: when it is ended; an end is set once, and nothing else of it ever changes. A rule
    that forbids or silences says why.
    """

    __tablename__ = "shelf_rule"
    __table_args__ = tenant_args(
        tenant_key("org_unit_id", "org_unit"),
        tenant_key("product_id", "product"),
        sa.Index("ix_shelf_rule_kind", "brand_id", "kind"),
        sa.CheckConstraint("(kind = 'NO_WORDS') = (product_id IS NULL)", name="product"),
        sa.CheckConstraint("kind = 'PIN' OR reason IS NOT NULL", name="reason"),
        sa.CheckConstraint("ends_at >= starts_at", name="period"),
    )
    kind: Mapped[str]
    org_unit_id: Mapped[UUID | None]
    product_id: Mapped[UUID | None]
    position: Mapped[int | None] = mapped_column(sa.Integer)
    reason: Mapped[str | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
