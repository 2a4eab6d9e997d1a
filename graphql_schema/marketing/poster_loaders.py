"""Posters, their templates and batches: by id and in pages, within the caller's scope."""

from uuid import UUID

from app.marketing import poster_reads
from app.platform.db import BrandSession
from graphql_schema.context import Info
from graphql_schema.marketing.poster_types import Poster, PosterBatch, PosterTemplate, to_batch, to_poster, to_template
from graphql_schema.paging import Connection, build_connection, is_asked_for, read_page


async def template_connection(info: Info, first: int | None, after: str | None) -> Connection[PosterTemplate]:
    """Templates that can be used, the oldest first. One statement, two with the count."""
    page = read_page(first, after, "poster_templates", (UUID,))
    key = page.after[0] if page.after else None
    async with info.context.reading() as session:
        rows = await poster_reads.template_page(session, limit=page.limit, after=key if isinstance(key, UUID) else None)
        total = await poster_reads.template_count(session) if is_asked_for(info, "totalCount") else None
    base_url = info.context.runtime.settings.base_url
    return build_connection(
        rows,
        page,
        to_node=lambda view: to_template(view, base_url),
        to_key=lambda view: (view.template_id,),
        total_count=total,
    )


async def poster_connection(info: Info, guide_id: UUID, first: int | None, after: str | None) -> Connection[Poster]:
    """A guide's posters, the newest first. One statement, two with the count."""
    page = read_page(first, after, "posters", (UUID,))
    key = page.after[0] if page.after else None
    async with info.context.reading() as session:
        rows = await poster_reads.posters_of_guide(
            session, guide_id, limit=page.limit, after=key if isinstance(key, UUID) else None
        )
        total = None
        if is_asked_for(info, "totalCount"):
            total = await poster_reads.count_posters_of_guide(session, guide_id)
    base_url = info.context.runtime.settings.base_url
    return build_connection(
        rows,
        page,
        to_node=lambda view: to_poster(view, base_url),
        to_key=lambda view: (view.poster_id,),
        total_count=total,
    )


async def template_in(session: BrandSession, template_id: UUID, base_url: str) -> PosterTemplate:
    """A template as a transaction sees it, for a mutation's answer."""
    return to_template((await poster_reads.templates_by_id(session, [template_id]))[template_id], base_url)


async def poster_in(session: BrandSession, poster_id: UUID, base_url: str) -> Poster:
    """A poster as a transaction sees it, for a mutation's answer."""
    return to_poster((await poster_reads.posters_by_id(session, [poster_id]))[poster_id], base_url)


async def batch_in(session: BrandSession, batch_id: UUID) -> PosterBatch:
    """A batch as a transaction sees it, for a mutation's answer."""
    return to_batch((await poster_reads.batches_by_id(session, [batch_id]))[batch_id])


async def fetch_template(info: Info, *keys: UUID) -> PosterTemplate | None:
    """A template of the brand, for any employee."""
    actor = await info.context.actor()
    if len(keys) != 1 or not actor.is_employee:
        return None
    async with info.context.reading() as session:
        view = (await poster_reads.templates_by_id(session, keys)).get(keys[0])
    return None if view is None else to_template(view, info.context.runtime.settings.base_url)


async def fetch_poster(info: Info, *keys: UUID) -> Poster | None:
    """A poster of the caller's own; headquarters see everybody's."""
    actor = await info.context.actor()
    if len(keys) != 1 or not actor.is_employee:
        return None
    async with info.context.reading() as session:
        view = (await poster_reads.posters_by_id(session, keys)).get(keys[0])
    if view is None or not (actor.sees_whole_brand or view.guide_id == actor.employee_id):
        return None
    return to_poster(view, info.context.runtime.settings.base_url)


async def fetch_batch(info: Info, *keys: UUID) -> PosterBatch | None:
    """A batch, for headquarters."""
    actor = await info.context.actor()
    if len(keys) != 1 or not actor.is_employee or not actor.sees_whole_brand:
        return None
    async with info.context.reading() as session:
        view = (await poster_reads.batches_by_id(session, keys)).get(keys[0])
    return None if view is None else to_batch(view)


NODES = {"PosterTemplate": fetch_template, "Poster": fetch_poster, "PosterBatch": fetch_batch}
"""What `node` fetches by the type in a global id."""
