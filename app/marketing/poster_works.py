"""Where posters become pictures: outside any transaction, in a thread; a worker draws what was cut short."""

import asyncio
import logging
import time
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from app.marketing import fonts, poster_drawing, poster_reads, poster_templates, posters
from app.marketing.fonts import Face
from app.marketing.poster_drawing import Drawn, Unfit
from app.marketing.poster_models import PosterRow
from app.marketing.poster_rules import all_words, picture_key, read_layout
from app.marketing.poster_values import COVER, Facts, LayerKind, Layout, PosterFailure, PosterState
from app.marketing.posters import Studio
from app.platform import storage
from app.platform.db import Brand, BrandSession
from app.platform.errors import InvalidInput
from app.platform.runtime import Runtime
from app.platform.storage import Storage, StorageUnreachable

log = logging.getLogger(__name__)

GRACE: Final = timedelta(seconds=60)
"""How long whoever asked for a poster has it alone; afterwards a worker draws it too."""
PATIENCE_SECONDS: Final = 8.0
"""How long whoever asked waits for the picture."""
MOST_TRIES: Final = 5
AT_ONCE: Final = 20
WORK_SECONDS: Final = 20.0
"""How long a job goes on before it leaves the rest to its next slot."""
_DRAWING: Final = asyncio.Semaphore(2)
"""Pictures that a process draws at once: more only take each other's processor."""
_ENDINGS: Final = {"image/jpeg": "jpg", "image/png": "png"}


async def open_studio(runtime: Runtime) -> Studio:
    """The fonts, read in a thread the first time, and the address of this server."""
    own = runtime.settings.poster_font
    faces = await asyncio.to_thread(fonts.faces, "" if own is None else str(own))
    return Studio(runtime.settings.base_url, faces)


async def draw(runtime: Runtime, brand: Brand, poster_id: UUID) -> None:
    """Draw a poster that is RENDERING and keep the picture; repeated, it does the same or nothing.

    Raises: StorageUnreachable, and whatever else went wrong: then the poster is RENDERING still.
    """
    async with runtime.database.reading(brand) as session:
        work = await poster_reads.work_of(session, poster_id)
    if work.state is not PosterState.RENDERING:
        return
    studio = await open_studio(runtime)
    image_key, failure = None, None
    try:
        drawn = await make(runtime.storage, read_layout(work.document), Facts(**work.facts), studio.faces)
        image_key = await keep(runtime.storage, brand, work.content_key, drawn)
    except Unfit as unfit:
        failure = unfit.failure
        log.warning("poster cannot be used", extra={"poster": str(poster_id), "failure": failure.value})
    await runtime.database.run(
        brand, lambda session: posters.finish(session, poster_id=poster_id, image_key=image_key, failure=failure)
    )


async def draw_now(runtime: Runtime, brand: Brand, poster_id: UUID) -> None:
    """Draw for somebody who waits; where the storage is away or the time is over, a worker does it after the grace."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await draw(runtime, brand, poster_id)
    except (StorageUnreachable, TimeoutError) as error:
        log.warning("poster left to a worker", extra={"poster": str(poster_id), "error": repr(error)})


async def make(kept: Storage, layout: Layout, facts: Facts, faces: tuple[Face, ...]) -> Drawn:
    """Draw with the pictures that are kept here; any other address leaves its place holder. Raises: Unfit."""
    sources = {}
    for url in _addresses(layout, facts):
        found = await _picture(kept, url)
        if found is not None:
            sources[url] = found
    async with _DRAWING:
        return await asyncio.to_thread(poster_drawing.make, layout, facts, sources, faces)


async def keep(kept: Storage, brand: Brand, name: str, drawn: Drawn) -> str:
    """Keep a picture under what it was made of, and give its key. Raises: StorageUnreachable."""
    key = f"{brand.id.hex}/{name}.{_ENDINGS[drawn.media_type]}"
    await kept.put(key, drawn.data, media_type=drawn.media_type)
    return key


async def preview(runtime: Runtime, brand: Brand, document: dict[str, Any]) -> str:
    """Draw a template as it would look, keep the picture at half its size, give its key. Its code leads to this server.

    Raises: InvalidInput for a template that is none, or whose code cannot be read; StorageUnreachable.
    """
    layout, studio = poster_templates.checked(document), await open_studio(runtime)
    facts = Facts(
        brand=brand.name, guide="林知夏", store="样板门店", link=studio.base_url, title="商品名称", price="¥129.00"
    )
    missing = fonts.missing_signs(all_words(layout, facts), studio.faces)
    if missing:
        raise InvalidInput("poster_sign_missing", path=("layout",), signs=" ".join(missing[:10]))
    try:
        drawn = await make(runtime.storage, layout, facts, studio.faces)
    except Unfit as unfit:
        raise InvalidInput("poster_unreadable", path=("layout",)) from unfit
    shown = await asyncio.to_thread(poster_drawing.halved, drawn)
    return await keep(runtime.storage, brand, picture_key(layout=document, facts=facts), shown)


async def draw_due(runtime: Runtime, brand: Brand) -> int:
    """Draw what is due: posters whose maker did not come back, and previews that are missing; gives how many."""
    done, end = 0, time.monotonic() + WORK_SECONDS
    while time.monotonic() < end and (claimed := await _claim(runtime, brand)):
        for poster_id, tries in claimed:
            done += await _try(runtime, brand, poster_id, tries)
    return done + await _previews(runtime, brand)


async def _try(runtime: Runtime, brand: Brand, poster_id: UUID, tries: int) -> int:
    """Draw one; its fault stops no other, and the last of its tries ends it. While the storage is away nothing ends."""
    try:
        await draw(runtime, brand, poster_id)
    except StorageUnreachable:
        log.warning("poster waits for the storage", extra={"poster": str(poster_id)})
        await runtime.database.run(brand, lambda session: _take_back_try(session, poster_id))
        return 0
    except Exception:
        log.exception("poster not drawn", extra={"poster": str(poster_id), "tries": tries})
        if tries >= MOST_TRIES:
            await runtime.database.run(
                brand, lambda session: posters.finish(session, poster_id=poster_id, failure=PosterFailure.FAULT)
            )
        return 0
    return 1


async def _take_back_try(session: BrandSession, poster_id: UUID) -> None:
    await session.execute(
        sa.update(PosterRow)
        .where(PosterRow.brand_id == session.brand_id, PosterRow.id == poster_id, PosterRow.tries > 0)
        .values(tries=PosterRow.tries - 1)
        .execution_options(synchronize_session=False)
    )


async def _claim(runtime: Runtime, brand: Brand) -> list[tuple[UUID, int]]:
    """Take posters that are due, for as long as the grace lasts; another worker takes others."""
    async with runtime.database.transaction(brand) as session:
        due = (
            sa.select(PosterRow.id)
            .where(
                PosterRow.brand_id == brand.id,
                PosterRow.state == PosterState.RENDERING.value,
                PosterRow.due_at <= session.now,
            )
            .order_by(PosterRow.due_at)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        rows = await session.execute(
            sa.update(PosterRow)
            .where(PosterRow.brand_id == brand.id, PosterRow.id.in_(due.scalar_subquery()))
            .values(due_at=session.now + GRACE, tries=PosterRow.tries + 1)
            .returning(PosterRow.id, PosterRow.tries)
            .execution_options(synchronize_session=False)
        )
        return [(row[0], row[1]) for row in rows]


async def _previews(runtime: Runtime, brand: Brand) -> int:
    async with runtime.database.reading(brand) as session:
        waiting = await poster_reads.without_preview(session, limit=AT_ONCE)
    done = 0
    for template in waiting:
        try:
            image_key = await preview(runtime, brand, template.document)
        except (InvalidInput, StorageUnreachable):
            log.exception("preview not drawn", extra={"template": str(template.template_id)})
            continue
        done += 1
        async with runtime.database.transaction(brand) as session:
            await poster_templates.keep_preview(
                session, template_id=template.template_id, version=template.version, image_key=image_key
            )
    return done


def _addresses(layout: Layout, facts: Facts) -> set[str]:
    """The addresses of the pictures that the layout shows."""
    wanted = set()
    for layer in layout.layers:
        if layer.kind is LayerKind.PICTURE:
            wanted.add(facts.cover if layer.source == COVER else layer.source)
        elif layer.kind is LayerKind.GUIDE_AVATAR:
            wanted.add(facts.avatar)
    return {url for url in wanted if url}


async def _picture(kept: Storage, url: str) -> bytes | None:
    """The bytes of a picture that is kept here. A drawing in SVG is stood in for by the PNG beside it.

    No other server is asked: an address that somebody typed would make this server call where it points.
    """
    key = storage.key_of(url)
    if key is None:
        return None
    found = await kept.get(f"{key.removesuffix('.svg')}.png" if key.endswith(".svg") else key)
    return found.data if found is not None and found.media_type.startswith("image/") else None
