"""Orders, lines and payments by id, and the pages of orders, all within the caller's scope."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from app.platform import messages
from app.platform.db import BrandSession
from app.platform.errors import UserFault
from app.trade import payment_reads, reads, staff_orders
from app.trade.reads import OrderView
from app.trade.staff_orders import OrderPage
from graphql_schema.context import Info
from graphql_schema.errors import BadUserInput
from graphql_schema.paging import Connection, Page, build_connection, is_asked_for, read_page
from graphql_schema.selections import asked_fields
from graphql_schema.trade import batches
from graphql_schema.trade.after_sale_loaders import after_sale_by_id
from graphql_schema.trade.inputs import OrderFilter
from graphql_schema.trade.types import Order, OrderLine, Payment, to_line, to_order, to_payment


async def order_by_id(info: Info, order_id: UUID) -> Order | None:
    """An order that the caller may see; read in one statement with what else is asked for at once."""
    view = await batches.orders(info.context).load(order_id)
    return None if view is None else to_order(view, await info.context.brand())


async def order_in_answer(info: Info, order_id: UUID) -> Order | None:
    """The caller's order for a mutation's answer, its lines with it where the answer's `order` asks for them."""
    actor = await info.context.actor()
    async with info.context.reading() as session:
        view = (await reads.orders_by_id(session, actor, [order_id])).get(order_id)
        if view is not None and "lines" in asked_fields(info, "order"):
            lines = await reads.lines_of_orders(session, [order_id])
            batches.lines(info.context).prime(order_id, lines[order_id])
    return None if view is None else to_order(view, await info.context.brand())


async def customer_orders(info: Info, customer_id: UUID, first: int | None, after: str | None) -> Connection[Order]:
    """A customer's orders as far as the caller may see them, the latest first. One statement, two with the count."""
    page = read_page(first, after, "customer_orders", (UUID,))
    actor = await info.context.actor()
    async with info.context.reading() as session:
        rows = await reads.orders_of_customer(
            session, actor, customer_id=customer_id, limit=page.limit, after=_after(page)
        )
        total = None
        if is_asked_for(info, "totalCount"):
            total = await reads.count_of_customer(session, actor, customer_id=customer_id)
    return await _connection(info, rows, page, total)


async def employee_orders(info: Info, employee_id: UUID, first: int | None, after: str | None) -> Connection[Order]:
    """The orders attributed to a guide, the latest first. One statement, two with the count."""
    page = read_page(first, after, "employee_orders", (UUID,))
    actor = await info.context.actor()
    async with info.context.reading() as session:
        rows = await reads.orders_of_guide(session, actor, guide_id=employee_id, limit=page.limit, after=_after(page))
        total = None
        if is_asked_for(info, "totalCount"):
            total = await reads.count_of_guide(session, actor, guide_id=employee_id)
    return await _connection(info, rows, page, total)


async def staff_connection(
    info: Info, first: int | None, after: str | None, narrowed: OrderFilter | None
) -> Connection[Order]:
    """Orders of the brand or of a manager's branch, the latest first. One statement, and one for the total."""

    async def read(session: BrandSession, page: Page) -> OrderPage:
        return await staff_orders.page(
            session,
            await info.context.actor(),
            narrowed=staff_orders.ALL if narrowed is None else narrowed.to_value(),
            limit=page.limit,
            after=_after(page),
            is_counted=is_asked_for(info, "totalCount"),
        )

    return await _listed(info, read_page(first, after, "orders", (UUID,), default=50), read)


async def pickup_connection(info: Info, first: int | None, after: str | None, search: str | None) -> Connection[Order]:
    """Orders that wait to be fetched where the caller works, the oldest first. One statement, and one for the total."""

    async def read(session: BrandSession, page: Page) -> OrderPage:
        return await staff_orders.pickup_page(
            session,
            await info.context.actor(),
            search=search,
            limit=page.limit,
            after=_after(page),
            is_counted=is_asked_for(info, "totalCount"),
        )

    return await _listed(info, read_page(first, after, "pickups", (UUID,), default=50), read)


async def sending_connection(
    info: Info, first: int | None, after: str | None, *, is_stranded: bool
) -> Connection[Order]:
    """Orders that wait to be sent where the caller works, the oldest first. One statement, and one for the total."""

    async def read(session: BrandSession, page: Page) -> OrderPage:
        return await staff_orders.sending_page(
            session,
            await info.context.actor(),
            is_stranded=is_stranded,
            limit=page.limit,
            after=_after(page),
            is_counted=is_asked_for(info, "totalCount"),
        )

    return await _listed(info, read_page(first, after, "orders_to_ship", (UUID,), default=50), read)


async def _listed(
    info: Info, page: Page, read: Callable[[BrandSession, Page], Awaitable[OrderPage]]
) -> Connection[Order]:
    """The connection of a staff list. Raises: BadUserInput for an argument that the list refuses."""
    # Who asks is read in a session of its own, before this one is opened.
    await info.context.actor()
    try:
        async with info.context.reading() as session:
            found = await read(session, page)
    except UserFault as fault:
        text = messages.text(fault.key, info.context.language, **fault.facts)
        raise BadUserInput(text, argument=".".join(fault.path)) from fault
    return await _connection(info, found.orders, page, found.total)


async def _connection(info: Info, rows: list[OrderView], page: Page, total: int | None) -> Connection[Order]:
    brand = await info.context.brand()
    return build_connection(
        rows, page, to_node=lambda view: to_order(view, brand), to_key=lambda view: (view.id,), total_count=total
    )


def _after(page: Page) -> UUID | None:
    key = None if page.after is None else page.after[0]
    return key if isinstance(key, UUID) else None


async def _order(info: Info, *ids: UUID) -> Order | None:
    return await order_by_id(info, ids[0]) if len(ids) == 1 else None


async def line_by_id(info: Info, *ids: UUID) -> OrderLine | None:
    """A line of an order that the caller may see."""
    if len(ids) != 1:
        return None
    actor = await info.context.actor()
    async with info.context.reading() as session:
        found = await reads.line_by_id(session, actor, ids[0])
    return None if found is None else to_line(*found, await info.context.brand())


async def payment_by_id(info: Info, *ids: UUID) -> Payment | None:
    """An own payment."""
    if len(ids) != 1:
        return None
    actor = await info.context.actor()
    async with info.context.reading() as session:
        found = (await payment_reads.payments_by_id(session, actor, ids)).get(ids[0])
    return None if found is None else to_payment(found, await info.context.brand())


NODES = {"Order": _order, "OrderLine": line_by_id, "Payment": payment_by_id, "AfterSale": after_sale_by_id}
"""What `node` fetches by the type in a global id."""
