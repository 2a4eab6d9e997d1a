"""After-sales for those who decide them: what waits, and one with its order, its reason and what there is to do."""

from typing import Final
from uuid import UUID

from starlette.responses import Response

from app.commission.values import Decision
from app.platform.db import BrandSession
from app.platform.errors import Forbidden, InvalidInput, NotFound, UserFault
from app.platform.idempotency import Result
from app.trade import after_sale_decisions, after_sale_reads
from app.trade import reads as orders
from app.trade.after_sale_reads import AfterSaleView
from app.trade.reads import LineView
from app.trade.values import AfterSaleState
from app.web import answers, desks, forms, lists, views
from app.web.answers import Refused
from app.web.forms import Form
from app.web.readers import StaffReader
from graphql_schema.paging import encode_global_id

PATH: Final = "/boss/after-sales"
_S = AfterSaleState
_LISTS: Final[dict[str, tuple[AfterSaleState, ...] | None]] = {
    "decide": (_S.REQUESTED,),
    "back": (_S.APPROVED, _S.RETURNING, _S.RECEIVED),
    "failed": (_S.REFUND_FAILED,),
    "all": None,
}
TAGS: Final = {
    _S.REQUESTED: "warn",
    _S.APPROVED: "on",
    _S.RETURNING: "on",
    _S.RECEIVED: "on",
    _S.REFUNDING: "on",
    _S.REFUND_FAILED: "bad",
    _S.REJECTED: "bad",
}


async def show_all(reader: StaffReader) -> Response:
    """`GET /boss/after-sales`: `?list=` to decide (the usual one), on the way back, refund failed, or all."""
    desks.require_boss(reader)
    given = reader.request.query_params.get("list", "")
    chosen = given if given in _LISTS else "decide"
    asked = lists.read(reader.request, f"page_after_sales_{chosen}", (UUID,), list=chosen)
    async with reader.reading() as session:
        after = None if asked.after is None else asked.after[0]
        found = await after_sale_reads.after_sale_page(
            session, reader.actor, states=_LISTS[chosen], limit=asked.limit, after=after
        )
        total = await after_sale_reads.after_sale_count(session, reader.actor, states=_LISTS[chosen])
        listed = asked.listed(found, lambda one: (one.id,))
        lines = await lines_of(session, list(listed.rows))
    say = reader.say
    values = {
        **desks.boss_values(reader),
        "listed": listed,
        "total": total,
        "links": [(f"{PATH}?list={one}", say(f"returns_{one}"), one == chosen) for one in _LISTS],
        "title": lambda one: lines[one.line_id].ordered_title,
        "href": lambda one: f"{PATH}/{encode_global_id('AfterSale', one.id)}",
        "state": lambda one: say(f"return_{one.state}"),
        "tag": lambda one: TAGS.get(one.state, ""),
    }
    return reader.show("staff_after_sales.html", values)


async def show_one(reader: StaffReader) -> Response:
    """`GET /boss/after-sales/{after_sale_id}`."""
    desks.require_boss(reader)
    return await _page(reader)


async def act(reader: StaffReader) -> Response:
    """`POST /boss/after-sales/{after_sale_id}`: `step` is APPROVE, REJECT, RECEIVE or RETRY."""
    desks.require_boss(reader)
    form = await reader.form()
    after_sale_id, step = _id(reader), form.text("step")

    async def work(session: BrandSession) -> Result:
        await _act(session, reader, after_sale_id, step, form)
        return {"after_sale_id": str(after_sale_id)}

    body = [str(after_sale_id), step, form.text("comment"), form.has("restock")]
    try:
        done = await reader.change("afterSaleStep", work, key=form.text("key"), body=body)
    except Forbidden:
        return await _page(reader, notice=reader.say("return_own"), status=403)
    if not isinstance(done, UserFault):
        return answers.see(reader.request.url.path)
    if isinstance(done, NotFound):
        raise _missing(reader)
    if isinstance(done, InvalidInput) and done.path and done.path[-1] == "comment":
        return await _page(reader, error=reader.explain(done), typed=form, status=422)
    return await _page(reader, notice=reader.explain(done), typed=form, status=409)


async def lines_of(session: BrandSession, found: list[AfterSaleView]) -> dict[UUID, LineView]:
    """The lines of these after-sales. One statement."""
    lines = await orders.lines_of_orders(session, [one.order_id for one in found])
    return {line.id: line for of_order in lines.values() for line in of_order}


async def _act(session: BrandSession, reader: StaffReader, after_sale_id: UUID, step: str, form: Form) -> None:
    actor, now = reader.actor, session.now
    match step:
        case "APPROVE" | "REJECT":
            await after_sale_decisions.decide(
                session,
                actor,
                after_sale_id=after_sale_id,
                decision=Decision(step),
                comment=form.text("comment") or None,
                now=now,
            )
        case "RECEIVE":
            await after_sale_decisions.receive(
                session, actor, after_sale_id=after_sale_id, is_restocked=form.has("restock"), now=now
            )
        case "RETRY":
            await after_sale_decisions.retry_refund(session, actor, after_sale_id=after_sale_id, now=now)
        case _:
            raise NotFound("AfterSale", path=("afterSaleId",))


async def _page(
    reader: StaffReader,
    *,
    notice: str | None = None,
    error: str | None = None,
    typed: Form | None = None,
    status: int = 200,
) -> Response:
    after_sale_id, say = _id(reader), reader.say
    async with reader.reading() as session:
        one = (await after_sale_reads.after_sales_by_id(session, reader.actor, [after_sale_id])).get(after_sale_id)
        if one is None:
            raise _missing(reader)
        line = (await lines_of(session, [one]))[one.line_id]
    values = {
        **desks.boss_values(reader),
        "one": one,
        "line": line,
        "state": say(f"return_{one.state}"),
        "tag": TAGS.get(one.state, ""),
        "order_href": f"/boss/orders/{encode_global_id('Order', one.order_id)}",
        "may": {action.value for action in after_sale_reads.allowed_actions(reader.actor, one)},
        "comment": "" if typed is None else typed.text("comment"),
        "key": forms.new_key(),
        "notice": notice,
        "errors": {"comment": error} if error else {},
        "action": reader.request.url.path,
    }
    return reader.show("staff_after_sale.html", values, status=status)


def _id(reader: StaffReader) -> UUID:
    after_sale_id = views.id_in(reader.request.path_params["after_sale_id"], "AfterSale")
    if after_sale_id is None:
        raise _missing(reader)
    return after_sale_id


def _missing(reader: StaffReader) -> Refused:
    return Refused(answers.missing("return", say=reader.say, href=PATH, label=reader.say("returns")))
