"""Quotations by id, by token and in pages, all within the caller's scope."""

from collections.abc import Sequence
from uuid import UUID

from app.marketing.codes import CODE_TOKEN, is_genuine
from app.trade import quotation_reads
from graphql_schema.context import Info
from graphql_schema.paging import Connection, build_connection, is_asked_for, read_page
from graphql_schema.trade import batches
from graphql_schema.trade.enums import QuotationState
from graphql_schema.trade.quotation_types import Quotation, to_quotation


async def quotation_by_id(info: Info, *ids: UUID) -> Quotation | None:
    """A quotation that the caller may see; one statement."""
    view = await batches.quotations(info.context).load(ids[0]) if len(ids) == 1 else None
    return None if view is None else to_quotation(view, await info.context.brand())


async def quotation_by_token(info: Info, token: str) -> Quotation | None:
    """What the token of a quotation's code shows the caller; one statement beside who asks."""
    database = info.context.runtime.database
    found = await database.resolve(CODE_TOKEN, token) if is_genuine(database.vault, token) else None
    if found is None:
        return None
    brand = info.context.enter_brand(found[0])
    actor = await info.context.actor()
    async with info.context.reading(brand) as session:
        opened = await quotation_reads.opened(session, actor, token)
    return None if opened is None or opened.view is None else to_quotation(opened.view, brand)


async def quotation_connection(
    info: Info, first: int | None, after: str | None, states: Sequence[QuotationState] | None
) -> Connection[Quotation]:
    """Quotations of the caller's scope in these states, the latest first. One statement, two with the count."""
    scope = "quotations:" + ",".join(sorted(set(states or ())))
    page = read_page(first, after, scope, (UUID,))
    actor, brand = await info.context.actor(), await info.context.brand()
    key = None if page.after is None else page.after[0]
    async with info.context.reading() as session:
        rows = await quotation_reads.page(
            session, actor, states=states, limit=page.limit, after=key if isinstance(key, UUID) else None
        )
        total = None
        if is_asked_for(info, "totalCount"):
            total = await quotation_reads.count(session, actor, states=states)
    return build_connection(
        rows, page, to_node=lambda view: to_quotation(view, brand), to_key=lambda view: (view.id,), total_count=total
    )


NODES = {"Quotation": quotation_by_id}
"""What `node` fetches by the type in a global id."""
