"""What must hold of posters at any time: each check is a read that names every row that breaks it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from app.marketing.models import CodeRow
from app.marketing.poster_models import (
    PosterBatchGuideRow,
    PosterBatchRow,
    PosterRow,
    PosterTemplateRow,
    PosterTemplateVersionRow,
)
from app.marketing.poster_values import PosterState
from app.platform.db import BrandSession

LONGEST: Final = timedelta(hours=1)
"""A poster that is drawn longer is drawn by nobody."""


async def posters_carry_their_guides_code(session: BrandSession) -> list[str]:
    """The code on a poster counts for the guide whose poster it is, and its link ends in the code's token."""
    link = PosterRow.facts["link"].astext
    rows = await session.execute(
        sa.select(PosterRow.id)
        .join(CodeRow, sa.and_(CodeRow.brand_id == PosterRow.brand_id, CodeRow.id == PosterRow.code_id))
        .where(
            PosterRow.brand_id == session.brand_id,
            CodeRow.brand_id == session.brand_id,
            sa.or_(
                CodeRow.guide_id.is_distinct_from(PosterRow.guide_id),
                sa.func.right(link, sa.func.length(CodeRow.token)) != CodeRow.token,
            ),
        )
    )
    return [f"poster {row.id}: its code is another guide's" for row in rows]


async def posters_are_drawn(session: BrandSession) -> list[str]:
    """No poster waits for its picture for more than an hour."""
    rows = await session.execute(
        sa.select(PosterRow.id).where(
            PosterRow.brand_id == session.brand_id,
            PosterRow.state == PosterState.RENDERING.value,
            PosterRow.due_at < session.now - LONGEST,
        )
    )
    return [f"poster {row.id}: nobody draws it" for row in rows]


async def templates_have_their_present_version(session: BrandSession) -> list[str]:
    """A template's present version is the last one that is kept."""
    last = (
        sa.select(
            PosterTemplateVersionRow.brand_id,
            PosterTemplateVersionRow.template_id,
            sa.func.max(PosterTemplateVersionRow.version).label("version"),
        )
        .where(PosterTemplateVersionRow.brand_id == session.brand_id)
        .group_by(PosterTemplateVersionRow.brand_id, PosterTemplateVersionRow.template_id)
        .subquery("last")
    )
    rows = await session.execute(
        sa.select(PosterTemplateRow.id)
        .outerjoin(
            last,
            sa.and_(last.c.brand_id == PosterTemplateRow.brand_id, last.c.template_id == PosterTemplateRow.id),
        )
        .where(
            PosterTemplateRow.brand_id == session.brand_id,
            last.c.version.is_distinct_from(PosterTemplateRow.version),
        )
    )
    return [f"poster template {row.id}: its version is not kept" for row in rows]


async def batches_count_their_guides(session: BrandSession) -> list[str]:
    """A batch has a row for each of its guides, and none waits once it has ended."""
    waits = sa.and_(PosterBatchGuideRow.poster_id.is_(None), PosterBatchGuideRow.problem.is_(None))
    counted = (
        sa.select(
            PosterBatchGuideRow.brand_id,
            PosterBatchGuideRow.batch_id,
            sa.func.count().label("guides"),
            sa.func.count().filter(waits).label("waiting"),
        )
        .where(PosterBatchGuideRow.brand_id == session.brand_id)
        .group_by(PosterBatchGuideRow.brand_id, PosterBatchGuideRow.batch_id)
        .subquery("counted")
    )
    guides, waiting = sa.func.coalesce(counted.c.guides, 0), sa.func.coalesce(counted.c.waiting, 0)
    rows = await session.execute(
        sa.select(PosterBatchRow.id)
        .outerjoin(
            counted,
            sa.and_(counted.c.brand_id == PosterBatchRow.brand_id, counted.c.batch_id == PosterBatchRow.id),
        )
        .where(
            PosterBatchRow.brand_id == session.brand_id,
            sa.or_(guides != PosterBatchRow.total, sa.and_(PosterBatchRow.ended_at.is_not(None), waiting > 0)),
        )
    )
    return [f"poster batch {row.id}: its guides do not add up" for row in rows]


CHECKS: Final[dict[str, Callable[[BrandSession], Awaitable[list[str]]]]] = {
    "posters carry their guide's code": posters_carry_their_guides_code,
    "posters are drawn": posters_are_drawn,
    "templates of posters have their present version": templates_have_their_present_version,
    "batches of posters count their guides": batches_count_their_guides,
}
