"""After-sales by id and in pages, all within the caller's scope."""

from collections.abc import Sequence
from uuid import UUID

from app.trade import after_sale_reads
from graphql_schema.context import Info
from graphql_schema.paging import Connection, build_connection, is_asked_for, read_page
from graphql_schema.trade.after_sale_types import AfterSale, to_after_sale
from graphql_schema.trade.enums import AfterSaleState


async def after_sale_by_id(info: Info, *ids: UUID) -> AfterSale | None:
    """An after-sale that the caller may see; one statement."""
    if len(ids) != 1:
        return None
    actor = await info.context.actor()
    async with info.context.reading() as session:
        view = (await after_sale_reads.after_sales_by_id(session, actor, ids)).get(ids[0])
    return None if view is None else to_after_sale(view, await info.context.brand())


async def after_sale_connection(
    info: Info, first: int | None, after: str | None, states: Sequence[AfterSaleState] | None
) -> Connection[AfterSale]:
    """After-sales of the caller's scope in these states, the latest first. One statement, two with the count."""
    page = read_page(first, after, "after_sales", (UUID,), default=50)
    actor, brand = await info.context.actor(), await info.context.brand()
    key = None if page.after is None else page.after[0]
    async with info.context.reading() as session:
        rows = await after_sale_reads.after_sale_page(
            session, actor, states=states, limit=page.limit, after=key if isinstance(key, UUID) else None
        )
        total = None
        if is_asked_for(info, "totalCount"):
            total = await after_sale_reads.after_sale_count(session, actor, states=states)
    return build_connection(
        rows, page, to_node=lambda view: to_after_sale(view, brand), to_key=lambda view: (view.id,), total_count=total
    )
