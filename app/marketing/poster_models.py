"""Tables of posters: templates with their versions, codes, posters, batches of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.tables import Base, Tenant, TenantBase, tenant_args, tenant_key


class PosterTemplateRow(Tenant, Base):
    """A template of posters; what its versions say stands in `poster_template_version`. `preview_key`: a picture."""

    __tablename__ = "poster_template"
    __table_args__ = tenant_args(
        sa.UniqueConstraint("brand_id", "title"), sa.CheckConstraint("version > 0", name="version")
    )
    title: Mapped[str]
    version: Mapped[int]
    needs_product: Mapped[bool]
    preview_key: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class PosterTemplateVersionRow(TenantBase, Base):
    """What a template said in one version: a checked JSON document. Append-only."""

    __tablename__ = "poster_template_version"
    __table_args__ = tenant_args(tenant_key("template_id", "poster_template"), append_only=True)
    template_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    layout: Mapped[dict[str, Any]] = mapped_column(JSONB)
    actor: Mapped[str]
    created_at: Mapped[datetime]


class PosterCodeRow(TenantBase, Base):
    """The code that a guide's posters of one target carry, so that the same poster is the same picture."""

    __tablename__ = "poster_code"
    __table_args__ = tenant_args(tenant_key("guide_id", "employee"), tenant_key("code_id", "code"))
    guide_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    target_id: Mapped[UUID] = mapped_column(primary_key=True)
    code_id: Mapped[UUID]


class PosterRow(Tenant, Base):
    """A poster of a guide. `content_key` names what it shows; `facts` are what is drawn. Never shown before READY.

    `due_at`: when a worker takes over from whoever is drawing. `image_key`: where the picture is kept.
    """

    __tablename__ = "poster"
    __table_args__ = tenant_args(
        sa.UniqueConstraint("brand_id", "content_key"),
        tenant_key(["template_id", "template_version"], "poster_template_version", "template_id", "version"),
        tenant_key("guide_id", "employee"),
        tenant_key("code_id", "code"),
        tenant_key("product_id", "product"),
        sa.CheckConstraint("(state = 'READY') = (image_key IS NOT NULL)", name="picture"),
        sa.CheckConstraint("(state = 'FAILED') = (failure IS NOT NULL)", name="failure"),
        sa.Index("ix_poster_guide", "brand_id", "guide_id", "id"),
        sa.Index("ix_poster_due", "brand_id", "due_at", postgresql_where=sa.text("state = 'RENDERING'")),
    )
    template_id: Mapped[UUID]
    template_version: Mapped[int]
    guide_id: Mapped[UUID]
    code_id: Mapped[UUID]
    product_id: Mapped[UUID | None]
    content_key: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str]
    failure: Mapped[str | None]
    image_key: Mapped[str | None]
    tries: Mapped[int] = mapped_column(sa.Integer)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class PosterBatchRow(Tenant, Base):
    """The same poster for every guide of the brand, each with the guide's own code. `total`: guides when it began."""

    __tablename__ = "poster_batch"
    __table_args__ = tenant_args(
        tenant_key(["template_id", "template_version"], "poster_template_version", "template_id", "version"),
        tenant_key("product_id", "product"),
        sa.Index("ix_poster_batch_running", "brand_id", "id", postgresql_where=sa.text("ended_at IS NULL")),
    )
    template_id: Mapped[UUID]
    template_version: Mapped[int]
    product_id: Mapped[UUID | None]
    total: Mapped[int]
    actor: Mapped[str]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class PosterBatchGuideRow(TenantBase, Base):
    """One guide of a batch: waiting, then with a poster, or with the problem that there is none for this guide."""

    __tablename__ = "poster_batch_guide"
    __table_args__ = tenant_args(
        tenant_key("batch_id", "poster_batch"),
        tenant_key("guide_id", "employee"),
        tenant_key("poster_id", "poster"),
        sa.Index(
            "ix_poster_batch_guide_waiting",
            "brand_id",
            "batch_id",
            "guide_id",
            postgresql_where=sa.text("poster_id IS NULL AND problem IS NULL"),
        ),
    )
    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    guide_id: Mapped[UUID] = mapped_column(primary_key=True)
    poster_id: Mapped[UUID | None]
    problem: Mapped[str | None]
