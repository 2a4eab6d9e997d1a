"""The guide's orders: the list, and one with its amounts, its way, and why it is whose it is."""

from uuid import UUID

from starlette.responses import Response

from app.commission import reads as commission
from app.commission.values import PartyKind
from app.employees import reads as employees
from app.platform.db import BrandSession
from app.trade import order_scopes, staff_view
from app.trade import reads as orders
from app.trade.reads import OrderView
from app.web import answers, guide_pages, lists, order_views, views
from app.web.order_views import Why
from app.web.readers import StaffReader

PATH = "/guide/orders"


async def show_orders(reader: StaffReader) -> Response:
    """`GET /guide/orders`: the orders that are the guide's, the newest first."""
    employee_id = guide_pages.require_guide(reader)
    asked = lists.read(reader.request, "page_guide_orders", (UUID,))
    async with reader.reading() as session:
        after = None if asked.after is None else asked.after[0]
        found = await orders.orders_of_guide(
            session, reader.actor, guide_id=employee_id, limit=asked.limit, after=after
        )
        total = await orders.count_of_guide(session, reader.actor, guide_id=employee_id)
        listed = asked.listed(found, lambda order: (order.id,))
        lines = await orders.lines_of_orders(session, [order.id for order in listed.rows])
    rows = [
        order_views.order_line(order, lines[order.id], path=PATH, is_named=True, say=reader.say)
        for order in listed.rows
    ]
    return reader.show("guide_orders.html", {"orders": rows, "total": total, "listed": listed})


async def show_order(reader: StaffReader) -> Response:
    """`GET /guide/orders/{order_id}`: one that is the guide's, or that the guide may see for another reason."""
    employee_id = guide_pages.require_guide(reader)
    order_id = order_id_of(reader)
    async with reader.reading() as session:
        order = await find(session, reader, order_id)
        lines = (await orders.lines_of_orders(session, [order.id]))[order.id]
        moves = await staff_view.steps_of_order(session, order.id)
        entries = await commission.entries_of_sale(session, party_id=employee_id, sale_id=order.id)
        entry_lines = await guide_pages.entry_lines(session, reader, entries)
        why = await why_of(session, reader, order)
    say = reader.say
    values = {
        "order": order,
        "state": order_views.state_words(order.state, say),
        "tag": order_views.state_tag(order.state),
        "steps_of": order_views.steps(order, moves, say),
        "amounts": order_views.amounts(order, say),
        "total": (say("total"), say.money(order.total_minor)),
        "lines": lines,
        "entries": entry_lines,
        "why": why,
        "customer": order.customer_name
        if order_scopes.may_see_customer(reader.actor, order, order.pickup_branch)
        else None,
        "orders_href": PATH,
    }
    return reader.show("guide_order.html", values)


def order_id_of(reader: StaffReader) -> UUID:
    """The order that the address names. Raises: Refused."""
    order_id = views.id_in(reader.request.path_params["order_id"], "Order")
    if order_id is None:
        raise missing(reader)
    return order_id


async def find(session: BrandSession, reader: StaffReader, order_id: UUID) -> OrderView:
    """An order that the reader may see. One statement. Raises: Refused."""
    order = (await orders.orders_by_id(session, reader.actor, [order_id])).get(order_id)
    if order is None:
        raise missing(reader)
    return order


def missing(reader: StaffReader) -> answers.Refused:
    return answers.Refused(answers.missing("staff_order", say=reader.say))


async def why_of(session: BrandSession, reader: StaffReader, order: OrderView) -> Why | None:
    """Whose the order is and why, as far as the reader may know. Five statements at most."""
    whole = (await commission.attributions(session, [order.id])).get(order.id)
    if whole is None:
        return None
    shown = commission.seen_by(whole, reader.actor)
    people = {one.guide_id for one in shown.candidates}
    people |= {share.party_id for share in shown.shares if share.party_kind is PartyKind.EMPLOYEE}
    stores = {share.party_id for share in shown.shares if share.party_kind is PartyKind.STORE}
    knows_winner = order_scopes.may_see_winner(reader.actor, order)
    return order_views.why(
        shown,
        reader.actor,
        winner=(order.guide_name or order.store_name) if knows_winner else None,
        people=await employees.employees_by_id(session, people),
        stores=await employees.stores_by_id(session, stores) if stores else {},
        say=reader.say,
    )
