"""Materials and shares by id and in pages, all within the caller's scope."""

from collections.abc import Sequence
from uuid import UUID

from strawberry.dataloader import DataLoader

from app.employees.reads import may_see
from app.marketing import material_reads, share_reads
from app.marketing.reads import CodeCard
from app.marketing.share_reads import NO_FIGURES, Opener, ShareView
from app.marketing.values import CodeKind, MaterialKind
from app.platform.db import BrandSession
from app.trade import code_sales
from app.trade.code_sales import NO_CODE_SALES
from graphql_schema.context import Info
from graphql_schema.employees import batches as employee_batches
from graphql_schema.marketing.toolbox_types import Material, Share, to_material, to_share
from graphql_schema.marketing.types import Code, to_code
from graphql_schema.paging import Connection, build_connection, is_asked_for, read_page


async def material_connection(
    info: Info,
    first: int | None,
    after: str | None,
    kinds: list[MaterialKind] | None,
    *,
    with_withdrawn: bool,
) -> Connection[Material]:
    """The caller's toolbox, the newest material first. One statement, two with the count."""
    scope = f"materials:{','.join(sorted(set(kinds or ())))}:{with_withdrawn}"
    page = read_page(first, after, scope, (UUID,))
    key = None if page.after is None else page.after[0]
    actor = await info.context.actor()
    async with info.context.reading() as session:
        rows = await material_reads.page(
            session,
            actor,
            kinds=kinds,
            with_withdrawn=with_withdrawn,
            limit=page.limit,
            after=key if isinstance(key, UUID) else None,
        )
        total = None
        if is_asked_for(info, "totalCount"):
            total = await material_reads.count(session, actor, kinds=kinds, with_withdrawn=with_withdrawn)
    return build_connection(rows, page, to_node=to_material, to_key=lambda view: (view.material_id,), total_count=total)


async def share_connection(info: Info, guide_id: UUID, first: int | None, after: str | None) -> Connection[Share]:
    """A guide's shares, the latest first; the caller has checked who asks. Three statements, four with the count."""
    page = read_page(first, after, "shares", (UUID,))
    key = None if page.after is None else page.after[0]
    async with info.context.reading() as session:
        rows = await share_reads.page(
            session, guide_id=guide_id, limit=page.limit, after=key if isinstance(key, UUID) else None
        )
        shares = await shares_of(session, rows[: page.first], info.context.runtime.settings.base_url)
        total = await share_reads.count(session, guide_id=guide_id) if is_asked_for(info, "totalCount") else None
    return build_connection(
        rows,
        page,
        to_node=lambda view: shares[view.share_id],
        to_key=lambda view: (view.share_id,),
        total_count=total,
    )


async def shares_of(session: BrandSession, views: Sequence[ShareView], base_url: str) -> dict[UUID, Share]:
    """Shares with what became of them. Two statements, however many they are."""
    code_ids = [view.code_id for view in views]
    figures = await share_reads.figures_of_codes(session, code_ids)
    sales = await code_sales.sales_of_codes(session, code_ids)
    found = {}
    for view in views:
        told = figures.get(view.code_id, NO_FIGURES)
        code = _code_of(view, told.opens, base_url)
        found[view.share_id] = to_share(
            view, code, told, sales.get(view.code_id, NO_CODE_SALES), session.brand.currency
        )
    return found


async def share_in(session: BrandSession, share_id: UUID, base_url: str) -> Share:
    """A share as a transaction sees it, for a mutation's answer. Three statements."""
    views = await share_reads.by_id(session, [share_id])
    return (await shares_of(session, [views[share_id]], base_url))[share_id]


async def material_in(session: BrandSession, material_id: UUID) -> Material:
    """A material as a transaction sees it, for a mutation's answer. One statement."""
    view = await material_reads.by_id(session, material_id)
    if view is None:
        raise LookupError(f"material {material_id} is gone")
    return to_material(view)


async def openers_of(info: Info, code_id: UUID) -> list[Opener]:
    """Who opened a share; asked for of several at once, they are read in one statement."""

    async def load(code_ids: list[UUID]) -> list[list[Opener]]:
        async with info.context.reading() as session:
            found = await share_reads.openers_of_codes(session, code_ids)
        return [found[one] for one in code_ids]

    key = "marketing.openers"
    if key not in info.context.loaded:
        info.context.loaded[key] = DataLoader(load_fn=load)
    loader: DataLoader[UUID, list[Opener]] = info.context.loaded[key]
    return await loader.load(code_id)


def _code_of(view: ShareView, scan_count: int, base_url: str) -> Code:
    card = CodeCard(
        code_id=view.code_id,
        token=view.token,
        kind=CodeKind.MATERIAL,
        label=None,
        channel=view.channel,
        is_personal=False,
        guide_id=view.guide_id,
        store_id=None,
        is_revoked=view.is_revoked,
        scan_count=scan_count,
    )
    return to_code(card, base_url)


async def _fetch_material(info: Info, *keys: UUID) -> Material | None:
    """A material of the caller's toolbox; a withdrawn one is for whoever fills it."""
    if len(keys) != 1:
        return None
    actor = await info.context.actor()
    async with info.context.reading() as session:
        view = (await material_reads.visible(session, actor, keys)).get(keys[0])
    return None if view is None else to_material(view)


async def _fetch_share(info: Info, *keys: UUID) -> Share | None:
    """A share of the caller's own, or of a guide whom the caller may see."""
    actor = await info.context.actor()
    if len(keys) != 1 or not actor.is_employee:
        return None
    async with info.context.reading() as session:
        view = (await share_reads.by_id(session, keys)).get(keys[0])
    if view is None:
        return None
    guide = await employee_batches.employees(info.context).load(view.guide_id)
    if guide is None or not may_see(actor, guide):
        return None
    async with info.context.reading() as session:
        return (await shares_of(session, [view], info.context.runtime.settings.base_url))[view.share_id]


NODES = {"Material": _fetch_material, "Share": _fetch_share}
"""What `node` fetches by the type in a global id."""
