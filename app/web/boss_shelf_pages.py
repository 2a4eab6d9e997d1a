"""Headquarters' page of shelves: what is pinned and forbidden, and what guides say in words of their own."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from app.employees import reads as employees
from app.platform.db import BrandSession
from app.platform.errors import NotFound, UserFault
from app.platform.idempotency import Result
from app.products import pins_and_bans, reads, shelf, shelf_reads
from app.products.arrangement_rules import LONGEST_REASON
from app.products.pins_and_bans import ShelfRule
from app.products.rules import LONGEST_SEARCH
from app.products.values import ProductState, ShelfRuleKind
from app.web import answers, desks, forms, views
from app.web.forms import Form
from app.web.readers import StaffReader
from graphql_schema.paging import encode_global_id

PATH: Final = "/boss/shelf"
MOST_RULES: Final = 200
MOST_SAID: Final = 50
MOST_PRODUCTS: Final = 50
MOST_UNITS: Final = 100
MOST_DAYS: Final = 3_650
_WORDS: Final = {
    ShelfRuleKind.PIN: "rule_pin",
    ShelfRuleKind.FORBID: "rule_forbid",
    ShelfRuleKind.NO_WORDS: "rule_no_words",
}


async def show_rules(reader: StaffReader) -> Response:
    """`GET /boss/shelf`: what counts, a form for more with `?q=` finding products, and what guides say."""
    return await _page(reader)


async def act(reader: StaffReader) -> Response:
    """`POST /boss/shelf`: `do` is create, end (a rule), or take_down (a guide's words)."""
    _require(reader)
    form = await reader.form()
    what = form.text("do")

    async def work(session: BrandSession) -> Result:
        await _act(session, reader, what, form)
        return {}

    names = ("kind", "product", "unit", "position", "reason", "days", "rule", "shop")
    body = [what, *(form.text(name) for name in names)]
    done = await reader.change("shelfRule", work, key=form.text("key"), body=body)
    if isinstance(done, UserFault):
        return await _page(reader, notice=reader.explain(done), typed=form, status=422)
    return answers.see(f"{PATH}?done=yes")


async def _act(session: BrandSession, reader: StaffReader, what: str, form: Form) -> None:
    now, product_id = session.now, views.id_in(form.text("product"), "Product")
    match what:
        case "create":
            days = form.number("days")
            kind = next((one for one in ShelfRuleKind if one.value == form.text("kind")), ShelfRuleKind.PIN)
            await pins_and_bans.decide(
                session,
                reader.actor,
                kind=kind,
                product_id=product_id,
                org_unit_id=_unit_id(form.text("unit")),
                position=form.number("position"),
                reason=form.text("reason"),
                ends_at=None if days is None else now + timedelta(days=min(days, MOST_DAYS)),
                now=now,
            )
        case "end":
            rule_id = views.id_in(form.text("rule"), "ShelfRule")
            if rule_id is None:
                raise NotFound("shelf rule")
            await pins_and_bans.end(session, reader.actor, rule_id=rule_id, now=now)
        case "take_down":
            shop_id = views.id_in(form.text("shop"), "Shop")
            if shop_id is None or product_id is None:
                raise NotFound("shelf item")
            await shelf.take_down(
                session, reader.actor, shop_id=shop_id, product_id=product_id, reason=form.text("reason"), now=now
            )
        case _:
            raise NotFound("shelf rule")


async def _page(
    reader: StaffReader, *, notice: str | None = None, typed: Form | None = None, status: int = 200
) -> Response:
    _require(reader)
    say = reader.say
    wanted = reader.request.query_params.get("q", "").strip()[:LONGEST_SEARCH]
    async with reader.reading() as session:
        rules = await pins_and_bans.page(session, is_live=True, limit=MOST_RULES)
        products = await reads.product_page(session, limit=MOST_PRODUCTS, search=wanted)
        units = await employees.unit_page(session, reader.actor, limit=MOST_UNITS, after=None)
        said = await shelf_reads.said_page(session, limit=MOST_SAID)
    kinds = [(one.value, say(_WORDS[one])) for one in ShelfRuleKind]
    values: dict[str, Any] = {
        **desks.boss_values(reader),
        "rules": [_line(one, reader) for one in rules],
        "kinds": kinds,
        "products": [("", say("rule_no_product"))]
        + [
            (encode_global_id("Product", one.product_id), one.title)
            for one in products
            if one.state == ProductState.PUBLISHED
        ],
        "units": [("", say("rule_everywhere"))] + [(encode_global_id("OrgUnit", one.id), one.name) for one in units],
        "said": [
            {
                "shop": encode_global_id("Shop", one.shop_id),
                "product": encode_global_id("Product", one.product_id),
                "shop_name": one.shop_name,
                "title": one.title,
                "words": one.words,
                "pictures": shelf_reads.picture_urls(one.picture_keys),
                "taken_down": one.taken_down_reason,
            }
            for one in said
        ],
        "query": wanted,
        "typed": {name: "" if typed is None else typed.text(name) for name in ("kind", "unit", "position", "days")},
        "product": "" if typed is None else typed.text("product"),
        "reason": "" if typed is None else typed.text("reason"),
        "longest_reason": LONGEST_REASON,
        "done": reader.request.query_params.get("done") == "yes",
        "notice": notice,
        "key": forms.new_key(),
    }
    return reader.show("boss_shelf.html", values, status=status)


def _unit_id(text: str) -> UUID | None:
    """The unit of a field; none for all shops. Raises: NotFound for any other text."""
    unit_id = views.id_in(text, "OrgUnit")
    if text and unit_id is None:
        raise NotFound("unit", path=("orgUnitId",))
    return unit_id


def _line(rule: ShelfRule, reader: StaffReader) -> dict[str, Any]:
    say = reader.say
    until = say("rule_open") if rule.ends_at is None else say("rule_until", time=say.moment(rule.ends_at))
    where = rule.unit_name or say("rule_everywhere")
    return {
        "id": encode_global_id("ShelfRule", rule.rule_id),
        "kind": say(_WORDS[rule.kind]),
        "tag": "on" if rule.kind is ShelfRuleKind.PIN else "bad",
        "title": rule.product_title,
        "detail": " · ".join(part for part in (where, until, rule.reason) if part),
    }


def _require(reader: StaffReader) -> UUID:
    """Raises: Refused for whoever does not decide for all shops."""
    actor = reader.actor
    reader.require(is_allowed=pins_and_bans.may_decide(actor))
    if actor.employee_id is None:
        raise LookupError("an employee without an id")
    return actor.employee_id
