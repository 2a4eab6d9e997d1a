"""Templates of posters: headquarters makes them, changes them in versions, and withdraws them."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.marketing import poster_layouts
from app.marketing.poster_models import PosterTemplateRow, PosterTemplateVersionRow
from app.marketing.poster_rules import read_layout
from app.marketing.poster_values import Layout, LayoutProblem
from app.platform import media, texts
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.db import BrandSession, violated
from app.platform.errors import Conflict, Forbidden, InvalidInput, NotFound

LONGEST_TITLE = 40
_IMAGE_KEY = re.compile(r"[0-9a-f]{32}/[0-9a-f]{64}\.(?:jpg|png)", re.ASCII)


def checked(document: object) -> Layout:
    """The template in a JSON document. Raises: InvalidInput with the path to the field, such as layout, layers, 2."""
    try:
        return read_layout(document)
    except LayoutProblem as problem:
        raise InvalidInput(problem.key, path=problem.path, **problem.facts) from problem


async def create(
    session: BrandSession,
    actor: Actor,
    *,
    title: str,
    document: Mapping[str, Any],
    preview_key: str | None = None,
    now: datetime,
) -> UUID:
    """Make a template. Title: 1 to 40 characters, one of a kind in the brand; `preview_key`: a picture that is kept.

    Raises: Forbidden, InvalidInput (paths such as layout, layers, 2, colour), Conflict.
    """
    _headquarters_only(actor)
    line, layout, template_id = texts.line(title, "title", longest=LONGEST_TITLE), checked(document), session.new_id()
    try:
        await session.execute(
            sa.insert(PosterTemplateRow).values(
                brand_id=session.brand_id,
                id=template_id,
                title=line,
                version=1,
                needs_product=layout.needs_product,
                preview_key=preview_key,
                withdrawn_at=None,
                created_at=now,
                changed_at=now,
            )
        )
    except sa.exc.IntegrityError as error:
        raise _title_taken(error) from error
    await _keep_version(session, actor, template_id, 1, document, now)
    return template_id


async def change(
    session: BrandSession,
    actor: Actor,
    *,
    template_id: UUID,
    title: str | None = None,
    document: Mapping[str, Any] | None = None,
    preview_key: str | None = None,
    is_withdrawn: bool | None = None,
    now: datetime,
) -> None:
    """Change a template; what is None stays. Another layout is another version: posters made before keep theirs.

    A withdrawn template is offered to nobody and makes no new posters. Raises: Forbidden, InvalidInput, NotFound,
    Conflict.
    """
    _headquarters_only(actor)
    row = (
        await session.execute(
            sa.select(PosterTemplateRow.version, PosterTemplateRow.withdrawn_at)
            .where(PosterTemplateRow.brand_id == session.brand_id, PosterTemplateRow.id == template_id)
            .with_for_update()
        )
    ).first()
    if row is None:
        raise NotFound("PosterTemplate", path=("templateId",))
    changes: dict[str, Any] = {"changed_at": now}
    if title is not None:
        changes["title"] = texts.line(title, "title", longest=LONGEST_TITLE)
    if is_withdrawn is not None:
        changes["withdrawn_at"] = (row.withdrawn_at or now) if is_withdrawn else None
    if document is not None:
        layout, version = checked(document), row.version + 1
        await _keep_version(session, actor, template_id, version, document, now)
        changes |= {"version": version, "needs_product": layout.needs_product, "preview_key": preview_key}
    try:
        await session.execute(
            sa.update(PosterTemplateRow)
            .where(PosterTemplateRow.brand_id == session.brand_id, PosterTemplateRow.id == template_id)
            .values(**changes)
            .execution_options(synchronize_session=False)
        )
    except sa.exc.IntegrityError as error:
        raise _title_taken(error) from error


async def create_built_in(session: BrandSession, *, now: datetime) -> None:
    """Give a new brand the templates that every brand begins with; a worker draws their previews."""
    for title, document in poster_layouts.BUILT_IN:
        await create(session, SYSTEM, title=title, document=document, now=now)


async def keep_preview(session: BrandSession, *, template_id: UUID, version: int, image_key: str) -> None:
    """Note where the preview of a version is kept. Raises: ValueError for what is no key of a picture."""
    if _IMAGE_KEY.fullmatch(image_key) is None:
        raise ValueError(f"{image_key!r} is no picture of a template")
    await session.execute(
        sa.update(PosterTemplateRow)
        .where(
            PosterTemplateRow.brand_id == session.brand_id,
            PosterTemplateRow.id == template_id,
            PosterTemplateRow.version == version,
        )
        .values(preview_key=image_key)
        .execution_options(synchronize_session=False)
    )


async def _keep_version(
    session: BrandSession,
    actor: Actor,
    template_id: UUID,
    version: int,
    document: Mapping[str, Any],
    now: datetime,
) -> None:
    layers = enumerate(document["layers"])
    sources = [(("layout", "layers", str(at), "source"), layer.get("source")) for at, layer in layers]
    await media.hold_urls(session, sources)
    await session.execute(
        sa.insert(PosterTemplateVersionRow).values(
            brand_id=session.brand_id,
            template_id=template_id,
            version=version,
            layout=dict(document),
            actor=actor.principal,
            created_at=now,
        )
    )


def _headquarters_only(actor: Actor) -> None:
    if actor.kind is not ActorKind.SYSTEM and not actor.sees_whole_brand:
        raise Forbidden


def _title_taken(error: sa.exc.IntegrityError) -> Exception:
    if violated(error) == "uq_poster_template_brand_id_title":
        return Conflict("poster_title_taken", path=("title",))
    return error
