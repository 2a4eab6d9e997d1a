"""Reads of posters, their templates and batches."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.marketing.poster_models import (
    PosterBatchGuideRow,
    PosterBatchRow,
    PosterRow,
    PosterTemplateRow,
    PosterTemplateVersionRow,
)
from app.marketing.poster_values import BatchState, PosterFailure, PosterState
from app.platform.db import BrandSession


@dataclass(frozen=True, slots=True)
class TemplateView:
    """A template in its present version. `preview_key` None: the picture is still to be drawn."""

    template_id: UUID
    title: str
    version: int
    needs_product: bool
    preview_key: str | None
    is_withdrawn: bool


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """What a template says in one version."""

    template_id: UUID
    version: int
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PosterView:
    """A poster as its guide sees it. `image_key` only when READY; `failure` only when FAILED."""

    poster_id: UUID
    template_id: UUID
    guide_id: UUID
    code_id: UUID
    product_id: UUID | None
    state: PosterState
    failure: PosterFailure | None
    image_key: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PosterWork:
    """What drawing a poster takes."""

    content_key: str
    state: PosterState
    document: dict[str, Any]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch with how far it has come: `ready + failed + waiting == total`."""

    batch_id: UUID
    template_id: UUID
    product_id: UUID | None
    state: BatchState
    total: int
    ready: int
    failed: int
    waiting: int
    created_at: datetime
    ended_at: datetime | None


_TEMPLATE = (
    PosterTemplateRow.id,
    PosterTemplateRow.title,
    PosterTemplateRow.version,
    PosterTemplateRow.needs_product,
    PosterTemplateRow.preview_key,
    PosterTemplateRow.withdrawn_at.is_not(None),
)
_POSTER = (
    PosterRow.id,
    PosterRow.template_id,
    PosterRow.guide_id,
    PosterRow.code_id,
    PosterRow.product_id,
    PosterRow.state,
    PosterRow.failure,
    PosterRow.image_key,
    PosterRow.created_at,
)


async def template_page(session: BrandSession, *, limit: int, after: UUID | None = None) -> list[TemplateView]:
    """Templates that can be used, the oldest first, after the template `after`."""
    query = sa.select(*_TEMPLATE).where(*_offered(session)).order_by(PosterTemplateRow.id).limit(limit)
    if after is not None:
        query = query.where(PosterTemplateRow.id > after)
    return [TemplateView(*row) for row in await session.execute(query)]


async def template_count(session: BrandSession) -> int:
    """How many templates `template_page` walks through."""
    query = sa.select(sa.func.count()).select_from(PosterTemplateRow).where(*_offered(session))
    return (await session.execute(query)).scalar_one()


async def templates_by_id(session: BrandSession, template_ids: Iterable[UUID]) -> dict[UUID, TemplateView]:
    """These templates, withdrawn ones too."""
    rows = await session.execute(
        sa.select(*_TEMPLATE).where(
            PosterTemplateRow.brand_id == session.brand_id, PosterTemplateRow.id.in_(list(template_ids))
        )
    )
    return {row[0]: TemplateView(*row) for row in rows}


async def present_version(session: BrandSession, template_id: UUID) -> TemplateVersion | None:
    """What a template says now; None for one that is unknown or withdrawn."""
    row = (
        await session.execute(
            _versions()
            .where(*_offered(session), PosterTemplateVersionRow.version == PosterTemplateRow.version)
            .where(PosterTemplateRow.id == template_id)
        )
    ).first()
    return None if row is None else TemplateVersion(*row)


async def one_version(session: BrandSession, template_id: UUID, version: int) -> TemplateVersion | None:
    """What a template said in a version, also when it was changed or withdrawn since."""
    row = (
        await session.execute(
            _versions().where(
                PosterTemplateRow.brand_id == session.brand_id,
                PosterTemplateVersionRow.brand_id == session.brand_id,
                PosterTemplateRow.id == template_id,
                PosterTemplateVersionRow.version == version,
            )
        )
    ).first()
    return None if row is None else TemplateVersion(*row)


async def without_preview(session: BrandSession, *, limit: int) -> list[TemplateVersion]:
    """Templates that can be used and have no picture yet."""
    rows = await session.execute(
        _versions()
        .where(
            *_offered(session),
            PosterTemplateVersionRow.version == PosterTemplateRow.version,
            PosterTemplateRow.preview_key.is_(None),
        )
        .order_by(PosterTemplateRow.id)
        .limit(limit)
    )
    return [TemplateVersion(*row) for row in rows]


async def posters_by_id(session: BrandSession, poster_ids: Iterable[UUID]) -> dict[UUID, PosterView]:
    """These posters. One statement, without a row scope of its own."""
    rows = await session.execute(
        sa.select(*_POSTER).where(PosterRow.brand_id == session.brand_id, PosterRow.id.in_(list(poster_ids)))
    )
    return {row[0]: _poster(row) for row in rows}


async def posters_of_guide(
    session: BrandSession, guide_id: UUID, *, limit: int, after: UUID | None = None
) -> list[PosterView]:
    """A guide's posters, the newest first, after the poster `after`."""
    query = (
        sa.select(*_POSTER)
        .where(PosterRow.brand_id == session.brand_id, PosterRow.guide_id == guide_id)
        .order_by(PosterRow.id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(PosterRow.id < after)
    return [_poster(row) for row in await session.execute(query)]


async def count_posters_of_guide(session: BrandSession, guide_id: UUID) -> int:
    """How many posters `posters_of_guide` walks through."""
    query = (
        sa.select(sa.func.count())
        .select_from(PosterRow)
        .where(PosterRow.brand_id == session.brand_id, PosterRow.guide_id == guide_id)
    )
    return (await session.execute(query)).scalar_one()


async def work_of(session: BrandSession, poster_id: UUID) -> PosterWork:
    """What drawing a poster takes. One statement. Raises: LookupError."""
    row = (
        await session.execute(
            sa.select(
                PosterRow.content_key,
                PosterRow.state,
                PosterTemplateVersionRow.layout,
                PosterRow.facts,
            )
            .join(
                PosterTemplateVersionRow,
                sa.and_(
                    PosterTemplateVersionRow.brand_id == PosterRow.brand_id,
                    PosterTemplateVersionRow.template_id == PosterRow.template_id,
                    PosterTemplateVersionRow.version == PosterRow.template_version,
                ),
            )
            .where(PosterRow.brand_id == session.brand_id, PosterRow.id == poster_id)
        )
    ).first()
    if row is None:
        raise LookupError(f"there is no poster {poster_id}")
    return PosterWork(row[0], PosterState(row[1]), row[2], row[3])


async def batches_by_id(session: BrandSession, batch_ids: Iterable[UUID]) -> dict[UUID, BatchView]:
    """These batches with how far they have come. One statement."""
    of_batch = sa.and_(
        PosterBatchGuideRow.brand_id == session.brand_id, PosterBatchGuideRow.batch_id == PosterBatchRow.id
    )
    own = sa.and_(PosterRow.brand_id == session.brand_id, PosterRow.id == PosterBatchGuideRow.poster_id)
    is_failed = sa.or_(PosterBatchGuideRow.problem.is_not(None), PosterRow.state == PosterState.FAILED.value)
    rows = await session.execute(
        sa.select(
            PosterBatchRow.id,
            PosterBatchRow.template_id,
            PosterBatchRow.product_id,
            PosterBatchRow.total,
            PosterBatchRow.created_at,
            PosterBatchRow.ended_at,
            sa.func.count().filter(PosterRow.state == PosterState.READY.value).label("ready"),
            sa.func.count().filter(is_failed).label("failed"),
        )
        .outerjoin(PosterBatchGuideRow, of_batch)
        .outerjoin(PosterRow, own)
        .where(PosterBatchRow.brand_id == session.brand_id, PosterBatchRow.id.in_(list(batch_ids)))
        .group_by(PosterBatchRow.brand_id, PosterBatchRow.id)
    )
    return {
        row.id: BatchView(
            batch_id=row.id,
            template_id=row.template_id,
            product_id=row.product_id,
            state=BatchState.RUNNING if row.ended_at is None else BatchState.DONE,
            total=row.total,
            ready=row.ready,
            failed=row.failed,
            waiting=row.total - row.ready - row.failed,
            created_at=row.created_at,
            ended_at=row.ended_at,
        )
        for row in rows
    }


def _versions() -> sa.Select[tuple[UUID, int, dict[str, Any]]]:
    return sa.select(PosterTemplateRow.id, PosterTemplateVersionRow.version, PosterTemplateVersionRow.layout).join_from(
        PosterTemplateRow,
        PosterTemplateVersionRow,
        sa.and_(
            PosterTemplateVersionRow.brand_id == PosterTemplateRow.brand_id,
            PosterTemplateVersionRow.template_id == PosterTemplateRow.id,
        ),
    )


def _offered(session: BrandSession) -> tuple[sa.ColumnElement[bool], ...]:
    return PosterTemplateRow.brand_id == session.brand_id, PosterTemplateRow.withdrawn_at.is_(None)


def _poster(row: Any) -> PosterView:
    return PosterView(
        poster_id=row[0],
        template_id=row[1],
        guide_id=row[2],
        code_id=row[3],
        product_id=row[4],
        state=PosterState(row[5]),
        failure=None if row[6] is None else PosterFailure(row[6]),
        image_key=row[7],
        created_at=row[8],
    )
