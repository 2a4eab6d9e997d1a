"""Orders for employees: lists, and one with its amounts, its way, why it is whose it is, and what there is to do.

The guide's pages and the boss's show the same; who may see an order, and carry it on, is for `order_scopes` to say.
"""

from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from app.commission import reads as commission
from app.commission.values import PartyKind
from app.employees import reads as employees
from app.employees.values import Role
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, NotFound, RateLimited, UserFault
from app.platform.idempotency import Result
from app.products.values import StockLine
from app.trade import after_sale_reads, order_scopes, pickups, routing, shipments, staff_orders, staff_view
from app.trade import reads as orders
from app.trade.reads import LineView, OrderView
from app.trade.rules import allowed_actions
from app.trade.staff_orders import OrderFilter
from app.trade.values import OrderAction, OrderState
from app.web import answers, desks, forms, guide_pages, lists, order_views, staff_after_sale_pages, views
from app.web.answers import Refused
from app.web.forms import Form
from app.web.lists import Asked
from app.web.order_views import ReturnLine, Why
from app.web.readers import StaffReader
from graphql_schema.paging import encode_global_id

GUIDE: Final = "/guide/orders"
BOSS: Final = "/boss/orders"
TO_SEND: Final = (OrderState.PAID, OrderState.FULFILLING)
LONGEST_SEARCH: Final = 20
_LISTS: Final = ("send", "pickup", "all")


async def show_guide_orders(reader: StaffReader) -> Response:
    """`GET /guide/orders`: those that are the guide's, the newest first; `?list=`: the store's to fetch, or to send."""
    employee_id = guide_pages.require_guide(reader)
    given = reader.request.query_params.get("list", "")
    chosen = given if given in ("send", "pickup") else ""
    asked = lists.read(reader.request, f"page_guide_orders_{chosen}", (UUID,), list=chosen)
    async with reader.reading() as session:
        if chosen:
            read = staff_orders.pickup_page if chosen == "pickup" else staff_orders.sending_page
            page = await read(session, reader.actor, limit=asked.limit, after=_after(asked), is_counted=True)
            found, total = page.orders, page.total
        else:
            found = await orders.orders_of_guide(
                session, reader.actor, guide_id=employee_id, limit=asked.limit, after=_after(asked)
            )
            total = await orders.count_of_guide(session, reader.actor, guide_id=employee_id)
        values = await _list_values(session, reader, asked, found, path=GUIDE)
    say = reader.say
    links = [(GUIDE, say("orders_mine"), not chosen)]
    links += [(f"{GUIDE}?list={one}", say(f"orders_{one}"), one == chosen) for one in ("send", "pickup")]
    values |= {"total": total, "links": links, "desk": "guide", "search": None, "chosen": chosen}
    return reader.show("staff_orders.html", values)


async def show_boss_orders(reader: StaffReader) -> Response:
    """`GET /boss/orders`: `?list=` to send (the usual one), to fetch, or all; `?q=` searches the list."""
    desks.require_boss(reader)
    given = reader.request.query_params
    chosen = given.get("list", "") if given.get("list") in _LISTS else "send"
    query = given.get("q", "").strip()
    asked = lists.read(reader.request, f"page_boss_orders_{chosen}", (UUID,), list=chosen, q=query)
    page, errors = staff_orders.OrderPage([], 0), {}
    async with reader.reading() as session:
        try:
            page = await _boss_page(session, reader, asked, chosen, query)
        except InvalidInput as fault:
            errors = {"q": reader.explain(fault)}
        values = await _list_values(session, reader, asked, page.orders, path=BOSS)
    values |= {
        "total": page.total,
        **desks.boss_values(reader),
        "links": [(f"{BOSS}?list={one}", reader.say(f"orders_{one}"), one == chosen) for one in _LISTS],
        "search": query[:LONGEST_SEARCH],
        "chosen": chosen,
        "errors": errors,
    }
    return reader.show("staff_orders.html", values, status=422 if errors else 200)


async def show_order(reader: StaffReader) -> Response:
    """`GET /guide/orders/{order_id}`, `GET /boss/orders/{order_id}`."""
    _require(reader)
    return await _order_page(reader)


async def act_on_order(reader: StaffReader) -> Response:
    """`POST` to an order: `step` is ship, ready (the goods wait in the store), hand_over (with the code), or refuse."""
    _require(reader)
    form = await reader.form()
    order_id, step = _order_id(reader), form.text("step")

    async def act(session: BrandSession) -> Result | UserFault:
        refused = await _act(session, reader, order_id, step, form)
        return {"order_id": str(order_id)} if refused is None else refused

    body = [
        str(order_id),
        step,
        form.text("carrier"),
        form.text("tracking_number"),
        form.text("code"),
        form.text("reason"),
    ]
    body += [*form.all("missing_sku"), *form.all("missing")]
    done = await reader.change("orderStep", act, key=form.text("key"), body=body)
    if not isinstance(done, UserFault):
        # Whoever would not send an order may see it no more.
        return answers.see(f"{_path(reader)}?list=send" if step == "refuse" else reader.request.url.path)
    if isinstance(done, NotFound):
        raise _missing(reader)
    field = _FIELDS.get(done.path[-1]) if isinstance(done, InvalidInput) and done.path else None
    if field is not None:
        return await _order_page(reader, errors={field: reader.explain(done)}, typed=form, status=422)
    status = 429 if isinstance(done, RateLimited) else 409
    return await _order_page(reader, notice=reader.explain(done), typed=form, status=status)


_LONGEST_COUNT: Final = 4
_FIELDS: Final = {"carrier": "carrier", "trackingNumber": "tracking_number", "code": "code", "reason": "reason"}


async def _act(session: BrandSession, reader: StaffReader, order_id: UUID, step: str, form: Form) -> UserFault | None:
    now = session.now
    match step:
        case "ship":
            await shipments.ship(
                session,
                reader.actor,
                order_id=order_id,
                carrier=form.text("carrier") or None,
                tracking_number=form.text("tracking_number") or None,
                now=now,
            )
        case "ready":
            await pickups.make_ready(session, reader.actor, order_id=order_id, now=now)
        case "hand_over":
            return await pickups.hand_over(session, reader.actor, order_id=order_id, code=form.text("code"), now=now)
        case "refuse":
            await routing.refuse(
                session,
                reader.actor,
                order_id=order_id,
                reason=form.text("reason"),
                missing=_missing_pieces(form),
                now=now,
            )
        case _:
            raise NotFound("Order", path=("orderId",))
    return None


def _missing_pieces(form: Form) -> list[StockLine]:
    """What was counted as missing, SKU by SKU. Raises: InvalidInput for what is no number, or no SKU of ours."""
    found = []
    for index, (sku, counted) in enumerate(zip(form.all("missing_sku"), form.all("missing"), strict=False)):
        if counted.strip() in ("", "0"):
            continue
        sku_id = views.id_in(sku, "Sku")
        if sku_id is None or not counted.strip().isdecimal() or len(counted.strip()) > _LONGEST_COUNT:
            raise InvalidInput("missing_number", path=("missing", str(index)))
        found.append(StockLine(sku_id, int(counted)))
    return found


async def _boss_page(
    session: BrandSession, reader: StaffReader, asked: Asked, chosen: str, query: str
) -> staff_orders.OrderPage:
    after = _after(asked)
    if chosen == "pickup":
        return await staff_orders.pickup_page(
            session, reader.actor, search=query or None, limit=asked.limit, after=after, is_counted=True
        )
    narrowed = OrderFilter(states=TO_SEND if chosen == "send" else (), search=query or None)
    return await staff_orders.page(
        session, reader.actor, narrowed=narrowed, limit=asked.limit, after=after, is_counted=True
    )


async def _list_values(
    session: BrandSession, reader: StaffReader, asked: Asked, found: list[OrderView], *, path: str
) -> dict[str, Any]:
    listed = asked.listed(found, lambda order: (order.id,))
    lines = await orders.lines_of_orders(session, [order.id for order in listed.rows])
    rows = [
        order_views.order_line(
            order, lines[order.id], path=path, is_named=_sees_customer(reader, order), say=reader.say
        )
        for order in listed.rows
    ]
    return {"orders": rows, "listed": listed, "path": path}


async def _order_page(
    reader: StaffReader,
    *,
    notice: str | None = None,
    errors: dict[str, str] | None = None,
    typed: Form | None = None,
    status: int = 200,
) -> Response:
    order_id, actor, say = _order_id(reader), reader.actor, reader.say
    if actor.employee_id is None:
        raise LookupError("an employee without an id")
    async with reader.reading() as session:
        order = (await orders.orders_by_id(session, actor, [order_id])).get(order_id)
        if order is None:
            raise _missing(reader)
        lines = (await orders.lines_of_orders(session, [order.id]))[order.id]
        moves = await staff_view.steps_of_order(session, order.id)
        parcels = (await orders.shipments_of_orders(session, [order.id])).get(order.id, [])
        entries = await commission.entries_of_sale(session, party_id=actor.employee_id, sale_id=order.id)
        entry_lines = await guide_pages.entry_lines(session, reader, entries)
        why = await why_of(session, reader, order)
        may = await _may(session, reader, order)
        returns = await _returns(session, reader, order, lines)
        is_sender = _sees_customer(reader, order) or order_scopes.is_of_sending_store(actor, order)
        is_sent = OrderAction.SHIP in may and is_sender
        address = (await staff_view.addresses_of(session, [order.id])).get(order.id) if is_sent else None
    path = _path(reader)
    values = {
        "order": order,
        "state": order_views.state_words(order.state, say),
        "tag": order_views.state_tag(order.state),
        "steps_of": order_views.steps(order, moves, say),
        "parcels": parcels,
        "amounts": order_views.amounts(order, say),
        "total": (say("total"), say.money(order.total_minor)),
        "lines": lines,
        "entries": entry_lines,
        "returns": returns,
        "why": why,
        "customer": order.customer_name if _sees_customer(reader, order) else None,
        "address": address,
        "may": {action.value for action in may},
        "pieces": _countable(actor, order, lines),
        "orders_href": path,
        **({"desk": "guide"} if path == GUIDE else desks.boss_values(reader)),
        "action": reader.request.url.path,
        "key": forms.new_key(),
        "notice": notice,
        "errors": errors or {},
        "carrier": "" if typed is None else typed.text("carrier"),
        "tracking_number": "" if typed is None else typed.text("tracking_number"),
    }
    return reader.show("staff_order.html", values, status=status)


def _countable(actor: Actor, order: OrderView, lines: list[LineView]) -> list[tuple[str, str]]:
    """The SKUs of an order with their names, for who may say that pieces are not there."""
    if not order_scopes.may_write_off(actor, order):
        return []
    names = {line.sku_id: f"{line.ordered_title} {line.ordered_sku_name}" for line in lines}
    return [(encode_global_id("Sku", sku_id), name) for sku_id, name in names.items()]


async def _may(session: BrandSession, reader: StaffReader, order: OrderView) -> tuple[OrderAction, ...]:
    """What the reader may do with an order now. One statement."""
    actor = reader.actor
    return allowed_actions(
        order.state,
        is_buyer=False,
        may_ship=order_scopes.may_ship(actor, order),
        may_make_ready=order_scopes.may_make_ready(actor, order, order.pickup_branch),
        may_hand_over=order_scopes.may_hand_over(actor, order, order.pickup_branch),
        may_refuse=not order.is_stranded and order_scopes.may_refuse(actor, order),
        is_overdue=order.is_overdue,
        has_open_after_sale=bool(await after_sale_reads.orders_with_open_after_sale(session, [order.id])),
        method=order.method,
    )


async def _returns(
    session: BrandSession, reader: StaffReader, order: OrderView, lines: list[LineView]
) -> list[ReturnLine]:
    """The order's after-sales, the latest first, as far as the reader may know of them. One statement."""
    found = (await after_sale_reads.after_sales_of_orders(session, reader.actor, [order.id]))[order.id]
    titles = {line.id: line.ordered_title for line in lines}
    decides = reader.actor.role != Role.GUIDE
    say = reader.say
    return [
        ReturnLine(
            title=titles[one.line_id],
            state=say(f"return_{one.state}"),
            tag=staff_after_sale_pages.TAGS.get(one.state, ""),
            kind=say(f"return_kind_{one.kind}"),
            quantity=one.quantity,
            requested_at=one.requested_at,
            refund=say.money(one.goods_minor + one.freight_minor),
            href=f"{staff_after_sale_pages.PATH}/{encode_global_id('AfterSale', one.id)}" if decides else None,
        )
        for one in found
        if after_sale_reads.may_see(reader.actor, one)
    ]


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


def _require(reader: StaffReader) -> None:
    if _path(reader) == GUIDE:
        guide_pages.require_guide(reader)
    else:
        desks.require_boss(reader)


def _path(reader: StaffReader) -> str:
    """The list that the order was come to from."""
    return GUIDE if reader.request.url.path.startswith(GUIDE) else BOSS


def _sees_customer(reader: StaffReader, order: OrderView) -> bool:
    return order_scopes.may_see_customer(reader.actor, order, order.pickup_branch)


def _after(asked: Asked) -> UUID | None:
    return None if asked.after is None else asked.after[0]


def _order_id(reader: StaffReader) -> UUID:
    """The order that the address names. Raises: Refused."""
    order_id = views.id_in(reader.request.path_params["order_id"], "Order")
    if order_id is None:
        raise _missing(reader)
    return order_id


def _missing(reader: StaffReader) -> Refused:
    return Refused(answers.missing("staff_order", say=reader.say, href=_path(reader), label=reader.say("orders")))
