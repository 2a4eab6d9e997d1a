"""Withdrawals: a guide asks for payable commission; finance and the owner decide."""

import re
from typing import Final
from uuid import UUID

from starlette.responses import Response

from app.commission import reads as commission
from app.commission import withdrawal_reads, withdrawals
from app.commission.values import Decision, WithdrawalState
from app.commission.withdrawal_reads import WithdrawalView
from app.platform.db import BrandSession
from app.platform.errors import AmountTooLarge, Forbidden, InvalidInput, NotFound, UserFault
from app.platform.idempotency import Result
from app.platform.settings import load_settings
from app.web import answers, desks, forms, guide_pages, lists, views
from app.web.answers import Refused
from app.web.forms import Form
from app.web.readers import StaffReader
from graphql_schema.paging import encode_global_id

GUIDE: Final = "/guide/withdrawals"
BOSS: Final = "/boss/withdrawals"
_AMOUNT: Final = re.compile(r"(\d{1,9})(?:\.(\d{1,2}))?", re.ASCII)
_TAGS: Final = {
    WithdrawalState.REQUESTED: "warn",
    WithdrawalState.APPROVED: "on",
    WithdrawalState.IN_PAYOUT: "on",
    WithdrawalState.PAID: "on",
    WithdrawalState.REJECTED: "bad",
    WithdrawalState.FAILED: "bad",
}


async def show_own(reader: StaffReader) -> Response:
    """`GET /guide/withdrawals`: what can be drawn, and what was asked for before."""
    return await _own_page(reader)


async def request(reader: StaffReader) -> Response:
    """`POST /guide/withdrawals`: ask for an amount."""
    guide_pages.require_guide(reader)
    form = await reader.form()
    amount_minor = read_amount(form.text("amount"))
    if amount_minor is None:
        return await _own_page(reader, error=reader.say("draw_amount_form"), typed=form, status=422)

    async def act(session: BrandSession) -> Result:
        made = await withdrawals.request(session, reader.actor, amount_minor=amount_minor, now=session.now)
        return {"withdrawal_id": str(made)}

    done = await reader.change("withdrawalRequest", act, key=form.text("key"), body=amount_minor)
    if not isinstance(done, UserFault):
        return answers.see(GUIDE)
    words = reader.explain(done)
    if isinstance(done, AmountTooLarge):
        words = reader.say("draw_too_much", amount=reader.say.money(done.limit_minor).text)
    return await _own_page(reader, error=words, typed=form, status=422)


async def show_all(reader: StaffReader) -> Response:
    """`GET /boss/withdrawals`: those that wait for a decision; `?list=all`: all of them."""
    desks.require_finance(reader)
    is_all = reader.request.query_params.get("list") == "all"
    asked = lists.read(reader.request, f"page_withdrawals_{is_all}", (UUID,), list="all" if is_all else "")
    states = None if is_all else (WithdrawalState.REQUESTED,)
    async with reader.reading() as session:
        after = None if asked.after is None else asked.after[0]
        found = await withdrawal_reads.page(session, limit=asked.limit, after=after, states=states)
        total = await withdrawal_reads.count(session, states=states)
    say = reader.say
    values = {
        **desks.boss_values(reader),
        "listed": asked.listed(found, lambda one: (one.id,)),
        "total": total,
        "links": [(BOSS, say("draws_waiting"), not is_all), (f"{BOSS}?list=all", say("draws_all"), is_all)],
        "href": lambda one: f"{BOSS}/{encode_global_id('Withdrawal', one.id)}",
        "state": lambda one: say(f"draw_{one.state}"),
        "tag": lambda one: _TAGS[one.state],
        "is_all": is_all,
    }
    return reader.show("withdrawals.html", values)


async def show_one(reader: StaffReader) -> Response:
    """`GET /boss/withdrawals/{withdrawal_id}`."""
    desks.require_finance(reader)
    return await _one_page(reader)


async def decide(reader: StaffReader) -> Response:
    """`POST /boss/withdrawals/{withdrawal_id}`: `decision` is APPROVE or REJECT."""
    desks.require_finance(reader)
    form = await reader.form()
    withdrawal_id, given = _id(reader), form.text("decision")
    decision = next((one for one in Decision if one.value == given), None)
    if decision is None:
        raise _missing(reader)

    async def act(session: BrandSession) -> Result:
        await withdrawals.decide(
            session,
            reader.actor,
            withdrawal_id=withdrawal_id,
            decision=decision,
            comment=form.text("comment") or None,
            now=session.now,
        )
        return {"withdrawal_id": str(withdrawal_id)}

    body = [str(withdrawal_id), given, form.text("comment")]
    try:
        done = await reader.change("withdrawalDecide", act, key=form.text("key"), body=body)
    except Forbidden:
        return await _one_page(reader, notice=reader.say("draw_own"), status=403)
    if not isinstance(done, UserFault):
        return answers.see(BOSS)
    if isinstance(done, NotFound):
        raise _missing(reader)
    if isinstance(done, InvalidInput) and done.path and done.path[-1] == "comment":
        return await _one_page(reader, error=reader.explain(done), typed=form, status=422)
    return await _one_page(reader, notice=reader.explain(done), typed=form, status=409)


def read_amount(text: str) -> int | None:
    """An amount as people type it, in minor units: 12, 12.3 and 12.30; None for anything else."""
    found = _AMOUNT.fullmatch(text.replace(",", "").removeprefix("¥"))
    if found is None:
        return None
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


async def _own_page(
    reader: StaffReader, *, error: str | None = None, typed: Form | None = None, status: int = 200
) -> Response:
    employee_id = guide_pages.require_guide(reader)
    asked = lists.read(reader.request, "page_own_withdrawals", (UUID,))
    async with reader.reading() as session:
        balance = (await commission.balances(session, [employee_id]))[employee_id]
        after = None if asked.after is None else asked.after[0]
        found = await withdrawal_reads.page(session, limit=asked.limit, after=after, employee_id=employee_id)
        waiting = await withdrawal_reads.count(session, employee_id=employee_id, states=(WithdrawalState.REQUESTED,))
    say = reader.say
    least = say.money(load_settings().withdrawal_minimum_minor).text
    usual = f"{balance.payable_minor // 100}.{balance.payable_minor % 100:02d}"
    values = {
        "balance": balance,
        "listed": asked.listed(found, lambda one: (one.id,)),
        "state": lambda one: say(f"draw_{one.state}"),
        "tag": lambda one: _TAGS[one.state],
        "waiting": waiting,
        "amount": usual if typed is None else typed.text("amount")[:20],
        "least": least,
        "key": forms.new_key(),
        "errors": {"amount": error} if error else {},
    }
    return reader.show("guide_withdrawals.html", values, status=status)


async def _one_page(
    reader: StaffReader,
    *,
    notice: str | None = None,
    error: str | None = None,
    typed: Form | None = None,
    status: int = 200,
) -> Response:
    withdrawal_id, say = _id(reader), reader.say
    async with reader.reading() as session:
        one = await _find(session, reader, withdrawal_id)
        balance = (await commission.balances(session, [one.employee_id]))[one.employee_id]
    is_own = one.employee_id == reader.actor.employee_id
    values = {
        **desks.boss_values(reader),
        "one": one,
        "state": say(f"draw_{one.state}"),
        "tag": _TAGS[one.state],
        "balance": balance,
        "may_decide": one.state is WithdrawalState.REQUESTED and not is_own,
        "is_own": is_own and one.state is WithdrawalState.REQUESTED,
        "comment": "" if typed is None else typed.text("comment"),
        "key": forms.new_key(),
        "notice": notice,
        "errors": {"comment": error} if error else {},
        "action": reader.request.url.path,
    }
    return reader.show("withdrawal.html", values, status=status)


async def _find(session: BrandSession, reader: StaffReader, withdrawal_id: UUID) -> WithdrawalView:
    found = (await withdrawal_reads.by_id(session, [withdrawal_id])).get(withdrawal_id)
    if found is None or not withdrawal_reads.may_see(reader.actor, found.employee_id):
        raise _missing(reader)
    return found


def _id(reader: StaffReader) -> UUID:
    withdrawal_id = views.id_in(reader.request.path_params["withdrawal_id"], "Withdrawal")
    if withdrawal_id is None:
        raise _missing(reader)
    return withdrawal_id


def _missing(reader: StaffReader) -> Refused:
    return Refused(answers.missing("withdrawal", say=reader.say, href=BOSS, label=reader.say("draws")))
