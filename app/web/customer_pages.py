"""One customer for the guide who serves: who it is, what was bought, what was written, and writing once more."""

from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from app.customers import reads as customers
from app.customers.reads import CustomerFacts
from app.marketing import outbound, outbound_reads
from app.marketing.outbound import LONGEST_TEXT
from app.marketing.values import OutboundChannel, OutboundKind
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, NotFound, UserFault
from app.platform.idempotency import Result
from app.trade import reads as orders
from app.web import answers, customer_views, forms, guide_pages, guide_views, lists, order_views, views
from app.web.answers import Refused
from app.web.forms import Form
from app.web.readers import StaffReader

CUSTOMERS: Final = "/guide/customers"
ORDERS: Final = "/guide/orders"
LATEST_ORDERS: Final = 5
KINDS: Final = (OutboundKind.CARE, OutboundKind.SHARE, OutboundKind.COUPON, OutboundKind.CAMPAIGN)


async def show_customer(reader: StaffReader) -> Response:
    """`GET /guide/customers/{customer_id}`: for the serving guide, and a manager of the branch."""
    return await _page(reader)


async def send_message(reader: StaffReader) -> Response:
    """`POST /guide/customers/{customer_id}`: a message by a channel; what becomes of it stands in the list."""
    guide_pages.require_guide(reader)
    form = await reader.form()
    customer_id = _id(reader)
    channel = next((one for one in OutboundChannel if one.value == form.text("channel")), None)
    kind = next((one for one in KINDS if one.value == form.text("kind")), None)
    if channel is None or kind is None:
        errors = {"channel" if channel is None else "kind": reader.say("message_channel_required")}
        return await _page(reader, errors=errors, typed=form, status=422)

    async def act(session: BrandSession) -> Result:
        made = await outbound.request(
            session,
            reader.actor,
            customer_id=customer_id,
            channel=channel,
            kind=kind,
            text=form.text("text"),
            now=session.now,
        )
        return {"message_id": str(made.message_id)}

    body = [str(customer_id), channel.value, kind.value, form.text("text")]
    done = await reader.change("customerMessageSend", act, key=form.text("key"), body=body)
    if not isinstance(done, UserFault):
        return answers.see(f"{reader.request.url.path}#messages")
    if isinstance(done, NotFound):
        raise _missing(reader)
    if isinstance(done, InvalidInput) and done.path and done.path[-1] == "text":
        return await _page(reader, errors={"text": reader.explain(done)}, typed=form, status=422)
    return await _page(reader, notice=reader.explain(done), typed=form, status=409)


async def _page(
    reader: StaffReader,
    *,
    notice: str | None = None,
    errors: dict[str, str] | None = None,
    typed: Form | None = None,
    status: int = 200,
) -> Response:
    guide_pages.require_guide(reader)
    customer_id, say = _id(reader), reader.say
    asked = lists.read(reader.request, "page_customer_messages", (UUID,))
    async with reader.reading() as session:
        facts = (await customers.visible_customers(session, reader.actor, [customer_id])).get(customer_id)
        if facts is None:
            raise _missing(reader)
        about = await _about(session, reader, facts)
        possible = await outbound_reads.answers(session, customer_id, OutboundKind.CARE, now=session.now)
        found = await outbound_reads.messages_of_customer(
            session, customer_id, limit=asked.limit, after=None if asked.after is None else asked.after[0]
        )
    listed = asked.listed(found, lambda one: (one.message_id,))
    channels = customer_views.channel_lines(possible, say)
    chosen = next((line.value for line in channels if line.is_possible), "")
    values = about | {
        "action": reader.request.url.path,
        "channels": channels,
        "channel": typed.text("channel") if typed is not None and typed.text("channel") else chosen,
        "can_send": bool(chosen),
        "kinds": [(kind.value, say(f"message_for_{kind.lower()}")) for kind in KINDS],
        "kind": "" if typed is None else typed.text("kind"),
        "text": "" if typed is None else typed.text("text"),
        "longest": LONGEST_TEXT,
        "messages": [customer_views.message_line(one, say) for one in listed.rows],
        "listed": listed,
        "key": forms.new_key(),
        "notice": notice,
        "errors": errors or {},
    }
    return reader.show("guide_customer.html", values, status=status)


async def _about(session: BrandSession, reader: StaffReader, facts: CustomerFacts) -> dict[str, Any]:
    """Who it is and what was bought. Four statements."""
    customer_id, say = facts.customer_id, reader.say
    sales = await orders.customer_sales(session, [customer_id])
    touches = await customers.last_touches(session, [customer_id])
    bought = await orders.orders_of_customer(session, reader.actor, customer_id=customer_id, limit=LATEST_ORDERS)
    lines = await orders.lines_of_orders(session, [order.id for order in bought])
    touched = touches.get(customer_id)
    return {
        "who": guide_views.customer_line(
            facts, sales.get(customer_id), None if touched is None else say.day(touched), say
        ),
        "orders": [
            order_views.order_line(order, lines[order.id], path=ORDERS, is_named=False, say=say) for order in bought
        ],
    }


def _id(reader: StaffReader) -> UUID:
    customer_id = views.id_in(reader.request.path_params["customer_id"], "Customer")
    if customer_id is None:
        raise _missing(reader)
    return customer_id


def _missing(reader: StaffReader) -> Refused:
    return Refused(answers.missing("customer", say=reader.say, href=CUSTOMERS, label=reader.say("customers")))
