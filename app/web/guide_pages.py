"""The guide's phone: the day and the money, codes, customers, and commission with a reason for each entry."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from starlette.responses import Response

from app.boss import guide_days
from app.commission import grounds
from app.commission import reads as commission
from app.commission.reads import Entry
from app.commission.values import CommissionKind, CommissionState
from app.customers import reads as customers
from app.employees import reads as employees
from app.employees.reads import EmployeeFacts
from app.employees.values import Role
from app.marketing import care_reads, codes
from app.marketing import reads as code_reads
from app.marketing.reads import CodeCard
from app.marketing.values import CareState, Channel, CodeKind
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, UserFault
from app.platform.idempotency import Result
from app.products import reads as products
from app.trade import reads as orders
from app.web import answers, care_views, forms, guide_views, lists
from app.web.guide_views import EntryLine
from app.web.readers import StaffReader
from graphql_schema.paging import encode_global_id

LATEST: Final = 3
MOST_CODES: Final = 100
NEWS: Final = timedelta(hours=1)
"""How long an order's commission is told as news."""
_NOON, _EVENING = 12, 18


async def show_home(reader: StaffReader) -> Response:
    """`GET /guide`: the running business day, who is to be cared for, the balances, the latest three entries."""
    employee_id = require_guide(reader)
    async with reader.reading() as session:
        me = await who(session, employee_id)
        day = (await guide_days.of_guides(session, [employee_id], now=session.now))[employee_id]
        balance = (await commission.balances(session, [employee_id]))[employee_id]
        latest = await commission.entries(session, party_id=employee_id, limit=LATEST)
        lines = await entry_lines(session, reader, latest)
        news = await _news(session, reader, latest)
        shop = await products.shop_of_employee(session, employee_id)
        care = await care_reads.task_page(
            session,
            reader.actor,
            state=CareState.OPEN,
            base_url=reader.runtime.settings.base_url,
            limit=LATEST,
            served_by=employee_id,
        )
        now = session.now
    say = reader.say
    values = {
        "me": me,
        "greeting": say(_greeting(say.hour(now)), name=_first_name(me.display_name)),
        "place": " · ".join(
            part
            for part in (
                None if me.store is None else me.store.name,
                f"{say.on(day.day)} {say.weekday(day.day)}",
            )
            if part
        ),
        "now": now,
        "day": day,
        "day_commission": say.money(day.commission_minor),
        "day_net_sales": say.money(day.net_sales_minor),
        "balance": balance,
        "entries": lines,
        "care": [care_views.task_line(one, say) for one in care],
        "news": news,
        "shop_href": None if shop is None else f"/s/{shop.slug}",
        "sees_figures": reader.actor.role == Role.MANAGER,
    }
    return reader.show("guide_home.html", values)


async def show_code(reader: StaffReader) -> Response:
    """`GET /guide/code`: the personal code, or another of the own ones by `?code=`, as a picture with its link."""
    return await _code_page(reader)


async def make_code(reader: StaffReader) -> Response:
    """`POST /guide/code`: a code of the own shop for one channel."""
    require_guide(reader)
    form = await reader.form()
    channel = next((one for one in Channel if one.value == form.text("channel")), None)
    label = form.text("label")
    if channel is None:
        return await _code_page(
            reader, errors={"channel": reader.say("code_channel_required")}, label=label, status=422
        )

    async def act(session: BrandSession) -> Result:
        made = await codes.create_code(
            session, reader.actor, kind=CodeKind.SHOP, channel=channel, label=label or None, now=session.now
        )
        return {"code_id": str(made.code_id)}

    body = {"channel": channel.value, "label": label}
    made = await reader.change("codeCreate", act, key=form.text("key"), body=body)
    if isinstance(made, UserFault):
        where = made.path[-1] if made.path and made.path[-1] in ("label", "channel") else "label"
        errors = {where: reader.explain(made)}
        return await _code_page(reader, errors=errors, label=label, channel=channel.value, status=422)
    return answers.see(f"/guide/code?code={encode_global_id('Code', UUID(made['code_id']))}")


async def show_customers(reader: StaffReader) -> Response:
    """`GET /guide/customers`: who is bound to the guide, the newest first; `?q=` searches."""
    employee_id = require_guide(reader)
    query = reader.request.query_params.get("q", "").strip()
    asked = lists.read(reader.request, "page_customers", (datetime, UUID), q=query)
    found: list[customers.CustomerFacts] = []
    total, errors = 0, {}
    async with reader.reading() as session:
        try:
            found = await customers.guide_customers(
                session, guide_id=employee_id, search=query or None, limit=asked.limit, after=asked.after
            )
            total = await customers.count_guide_customers(session, guide_id=employee_id, search=query or None)
        except InvalidInput as fault:
            errors = {"q": reader.explain(fault)}
        ids = [one.customer_id for one in found]
        sales = await orders.customer_sales(session, ids)
        touches = await customers.last_touches(session, ids)
    listed = asked.listed(found, _customer_key)
    say = reader.say
    lines = [
        guide_views.customer_line(
            one,
            sales.get(one.customer_id),
            say.day(touches[one.customer_id]) if one.customer_id in touches else None,
            say,
        )
        for one in listed.rows
    ]
    values = {"query": query[:60], "customers": lines, "total": total, "listed": listed, "errors": errors}
    return reader.show("guide_customers.html", values, status=422 if errors else 200)


async def show_commission(reader: StaffReader) -> Response:
    """`GET /guide/commission`: every entry that ever was, the newest first, each with its reason."""
    employee_id = require_guide(reader)
    asked = lists.read(reader.request, "page_entries", (UUID,))
    async with reader.reading() as session:
        balance = (await commission.balances(session, [employee_id]))[employee_id]
        after = None if asked.after is None else asked.after[0]
        found = await commission.entries(session, party_id=employee_id, limit=asked.limit, after=after)
        total = await commission.count_entries(session, party_id=employee_id)
        listed = asked.listed(found, lambda entry: (entry.entry_id,))
        lines = await entry_lines(session, reader, list(listed.rows))
    values = {"balance": balance, "entries": lines, "total": total, "listed": listed}
    return reader.show("guide_commission.html", values)


def require_guide(reader: StaffReader) -> UUID:
    """The id of a guide or manager. Raises: Refused for whoever has no day of a guide: owner and headquarters."""
    reader.require(is_allowed=reader.actor.role in (Role.GUIDE, Role.MANAGER))
    if reader.actor.employee_id is None:
        raise LookupError("an employee without an id")
    return reader.actor.employee_id


async def who(session: BrandSession, employee_id: UUID) -> EmployeeFacts:
    return (await employees.employees_by_id(session, [employee_id]))[employee_id]


async def entry_lines(session: BrandSession, reader: StaffReader, entries: list[Entry]) -> list[EntryLine]:
    """Entries as rows, with their reasons. One statement."""
    found = await grounds.of_entries(session, [entry.entry_id for entry in entries])
    return [
        guide_views.entry_line(entry, found.get(entry.entry_id), now=session.now, say=reader.say) for entry in entries
    ]


async def _news(session: BrandSession, reader: StaffReader, latest: list[Entry]) -> dict[str, str] | None:
    """The commission of an order that was just paid, over all its lines; None when the latest entry is older."""
    first = latest[0] if latest else None
    if first is None or first.kind is not CommissionKind.ORDER or first.state is not CommissionState.HELD:
        return None
    if first.sale_id is None or first.payable_at is None or session.now - first.booked_at > NEWS:
        return None
    order = (await orders.orders_by_id(session, reader.actor, [first.sale_id])).get(first.sale_id)
    if order is None:
        return None
    entries = await commission.entries_of_sale(session, party_id=first.party_id, sale_id=first.sale_id)
    earned_minor = sum(entry.amount_minor for entry in entries if entry.kind is CommissionKind.ORDER)
    say = reader.say
    return {
        "amount": say("new_commission", amount=say.money(earned_minor).text),
        "text": say(
            "new_commission_text",
            name=order.customer_name,
            paid=say.money(order.total_minor).text,
            day=say.day(first.payable_at),
        ),
        "href": f"{guide_views.order_path(encode_global_id('Order', order.id))}#why",
    }


async def _code_page(
    reader: StaffReader,
    *,
    errors: dict[str, str] | None = None,
    label: str = "",
    channel: str = "",
    status: int = 200,
) -> Response:
    employee_id = require_guide(reader)
    async with reader.reading() as session:
        me = await who(session, employee_id)
        cards = await code_reads.codes_of_guide(session, employee_id, limit=MOST_CODES)
    wanted = reader.request.query_params.get("code", "")
    shown = next((card for card in cards if encode_global_id("Code", card.code_id) == wanted), None)
    shown = shown or (cards[0] if cards else None)
    say = reader.say
    values = {
        "me": me,
        "shown": shown,
        "shown_line": None if shown is None else guide_views.code_line(shown, say),
        "link": "" if shown is None else codes.link_of(shown.token, reader.runtime.settings.base_url),
        "others": [guide_views.code_line(card, say) for card in cards if card is not shown],
        "channels": _channels(reader, cards),
        "has_shop": me.shop_id is not None,
        "label": label,
        "channel": channel,
        "key": forms.new_key(),
        "errors": errors or {},
    }
    return reader.show("guide_code.html", values, status=status)


def _channels(reader: StaffReader, cards: list[CodeCard]) -> list[tuple[str, str]]:
    """Where a code can be put, those first that have none yet."""
    used = {card.channel for card in cards}
    ordered = sorted(Channel, key=lambda one: one in used)
    return [(one.value, reader.say(f"channel_{one.lower()}")) for one in ordered]


def _customer_key(facts: customers.CustomerFacts) -> tuple[datetime, UUID]:
    if facts.binding is None:
        raise LookupError(f"customer {facts.customer_id} is bound to nobody")
    return facts.binding.bound_at, facts.customer_id


def _greeting(hour: int) -> str:
    return "morning" if hour < _NOON else "noon" if hour < _EVENING else "evening"


def _first_name(name: str) -> str:
    """How a colleague says it: without the family name, where that is one character of three."""
    return name[1:] if len(name) == 3 and not name.isascii() else name
