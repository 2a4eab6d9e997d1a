"""The boss's phone: today live, a period beside the one before, its trend, and tables that lead down to a guide."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from app.boss import breakdowns, comparison_rules, dashboard, scopes
from app.boss.breakdowns import MOST_ROWS, BreakdownRow
from app.boss.scopes import Scope
from app.boss.values import BreakdownBy, Period, PeriodPreset
from app.employees import reads as employees
from app.employees.rules import may_reach
from app.employees.values import Role
from app.platform.db import BrandSession
from app.platform.errors import Forbidden, NotFound
from app.web import answers, boss_views, desks, short_amounts, views
from app.web.answers import Refused
from app.web.boss_views import Ranking, TrendShown
from app.web.readers import StaffReader
from graphql_schema.paging import encode_global_id

FIRST_ROWS: Final = 10
HOURS: Final = tuple(range(24))
_HEADERS: Final = {
    **answers.KEPT_NOWHERE,
    "Content-Security-Policy": f"{answers.HEADERS['Content-Security-Policy']}; script-src 'self'; connect-src 'self'",
}
"""These pages run one script of ours, which fetches the live figures anew."""
_TYPES: Final = {"unit": "OrgUnit", "store": "Store", "guide": "Guide"}


@dataclass(frozen=True, slots=True)
class Place:
    """What a page is about: its scope, its name, the way down to it as links, and the query that leads here."""

    scope: Scope
    name: str
    trail: tuple[tuple[str, str], ...]
    query: dict[str, str]


async def show_board(reader: StaffReader) -> Response:
    """`GET /boss`: `?period=` by name, `?unit=`, `?store=` or `?guide=` as ids of the API, `?all=` for whole tables."""
    desks.require_boss(reader)
    preset = _preset(reader)
    is_whole = reader.request.query_params.get("all") == "yes"
    by_store = reader.request.query_params.get("by") == "store"
    say = reader.say
    async with reader.reading() as session:
        place = await _place(session, reader)
        live = await _live(session, reader, place)
        period = dashboard.period_of(session, preset=preset, first=None, last=None)
        before = comparison_rules.previous_of(preset, period)
        now_figures = await dashboard.figures(session, place.scope, period)
        # What runs since this morning is compared by the hour, in the live card; all of yesterday would be no match.
        is_fair = preset is not PeriodPreset.TODAY
        before_figures = await dashboard.figures(session, place.scope, before) if is_fair else None
        trend = await _trend(session, reader, place, preset, period, before)
        limit = MOST_ROWS if is_whole else FIRST_ROWS
        teams = await _teams(
            session, reader, place, period, before if is_fair else None, limit=limit, by_store=by_store
        )
        guides = await _guides(session, reader, place, period, limit=limit)
        products = await _products(session, reader, place, period, limit=limit)
    net = now_figures.net_minor
    net_change = live["change"] if before_figures is None else boss_views.change(net, before_figures.net_minor, say)
    values = {
        **desks.boss_values(reader),
        "place": place,
        "live": live,
        "periods": [
            (here(reader, place, period=one.value), say(f"period_{one}"), one is preset) for one in PeriodPreset
        ],
        "period_words": say(f"period_{preset}"),
        "days": _days(reader, period),
        "as_of": now_figures.as_of,
        "net": short_amounts.short(net, say),
        "net_change": net_change,
        "compared": say(f"compared_{preset}") if is_fair else live["compared"],
        "is_fair": is_fair,
        "tiles": boss_views.tiles(now_figures, before_figures, say),
        "commission": boss_views.commission_lines(now_figures, say),
        "trend": trend,
        "teams": teams,
        "by_store": by_store,
        "by_other": here(reader, place, by="" if by_store else "store"),
        "guides": guides,
        "products": products,
        "limit": FIRST_ROWS,
        "is_whole": is_whole,
        "whole_href": here(reader, place, all="" if is_whole else "yes"),
        "reload": here(reader, place),
        "has_day": reader.actor.role == Role.MANAGER,
        "script": answers.static_url("live.js"),
    }
    return reader.show("boss.html", values, headers=_HEADERS)


async def show_live(reader: StaffReader) -> Response:
    """`GET /boss/live`: the card of the running day alone, for the script."""
    desks.require_boss(reader)
    async with reader.reading() as session:
        place = await _place(session, reader)
        live = await _live(session, reader, place)
    return reader.show("boss_live.html", {"live": live, "reload": here(reader, place)})


def here(reader: StaffReader, place: Place, **changed: str) -> str:
    """The address of this page with something changed; what is empty is left out."""
    given = reader.request.query_params
    kept = {name: given[name] for name in ("period", "by", "all") if name in given}
    query = {name: text for name, text in {**kept, **place.query, **changed}.items() if text}
    return "/boss" + (f"?{urlencode(query)}" if query else "")


def _preset(reader: StaffReader) -> PeriodPreset:
    given = reader.request.query_params.get("period")
    return next((one for one in PeriodPreset if one.value == given), PeriodPreset.LAST_30_DAYS)


async def _place(session: BrandSession, reader: StaffReader) -> Place:
    """What the address asks about, within what the reader may see. Four statements at most. Raises: Refused."""
    given = reader.request.query_params
    named = {name: views.id_in(given[name], kind) for name, kind in _TYPES.items() if given.get(name)}
    if None in named.values():
        raise _missing(reader)
    try:
        scope = await scopes.scope_of(
            session,
            reader.actor,
            org_unit_id=named.get("unit"),
            store_id=named.get("store"),
            guide_id=named.get("guide"),
        )
    except NotFound:
        raise _missing(reader) from None
    except Forbidden:
        reader.require(is_allowed=False)
        raise
    trail = await _trail(session, reader, named)
    query = {name: str(encode_global_id(_TYPES[name], key)) for name, key in named.items() if key is not None}
    return Place(scope, trail[-1][1], tuple(trail[:-1]), query)


async def _trail(session: BrandSession, reader: StaffReader, named: dict[str, UUID | None]) -> list[tuple[str, str]]:
    """From the whole down to what is shown: address and name of each, only what the reader may see."""
    own = scopes.own_unit(reader.actor)
    units = await employees.units_by_id(session, [one for one in (own, named.get("unit")) if one is not None])
    top = reader.brand.name if own is None else units[own].name
    trail = [(_address(reader), top)]
    unit_id, store_id, guide_id = (named.get(name) for name in _TYPES)
    if unit_id is not None and unit_id != own:
        trail.append((_address(reader, unit=encode_global_id("OrgUnit", unit_id)), units[unit_id].name))
    if store_id is not None:
        store = (await employees.stores_by_id(session, [store_id]))[store_id]
        trail.append((_address(reader, store=encode_global_id("Store", store_id)), store.name))
    if guide_id is not None:
        guide = (await employees.employees_by_id(session, [guide_id]))[guide_id]
        trail.append((_address(reader, guide=encode_global_id("Guide", guide_id)), guide.display_name))
    return trail


def _address(reader: StaffReader, **query: str) -> str:
    """The board of something, in the period that is looked at."""
    period = reader.request.query_params.get("period")
    given = {"period": period, **query} if period else query
    return "/boss" + (f"?{urlencode(given)}" if given else "")


async def _live(session: BrandSession, reader: StaffReader, place: Place) -> dict[str, Any]:
    """The running day, beside the same full hours of yesterday. Three statements."""
    say = reader.say
    today = dashboard.period_of(session, preset=PeriodPreset.TODAY, first=None, last=None)
    yesterday = dashboard.period_of(session, preset=PeriodPreset.YESTERDAY, first=None, last=None)
    figures = await dashboard.figures(session, place.scope, today)
    hour = say.hour(session.now)
    sums = []
    for period in (today, yesterday):
        rows = await breakdowns.breakdown(session, place.scope, period, BreakdownBy.HOUR, first=len(HOURS))
        sums.append(sum(row.net_minor for row in rows[:hour]))
    return {
        "as_of": figures.as_of,
        "at": say.clock(figures.as_of),
        "net": short_amounts.short(figures.net_minor, say),
        "change": boss_views.change(sums[0], sums[1], say),
        "compared": say("compared_today", time=f"{hour}:00") if hour else say("compared_today_not_yet"),
        "figures": figures,
        "href": "/boss/live" + (f"?{urlencode(place.query)}" if place.query else ""),
    }


async def _trend(
    session: BrandSession,
    reader: StaffReader,
    place: Place,
    preset: PeriodPreset,
    period: Period,
    before: Period,
) -> TrendShown | None:
    """Net sales by day, of one day by hour. Two statements."""
    is_hourly = period.days == 1
    by = BreakdownBy.HOUR if is_hourly else BreakdownBy.DAY
    rows = await breakdowns.breakdown(session, place.scope, period, by, first=MOST_ROWS)
    earlier = await breakdowns.breakdown(session, place.scope, before, by, first=MOST_ROWS)
    is_open = period.last == session.brand.day_of(session.now)
    if is_hourly and is_open:
        rows = rows[: reader.say.hour(session.now) + 1]
    return boss_views.trend(
        rows,
        earlier,
        slots=HOURS if is_hourly else comparison_rules.days_of(period),
        is_open=is_open,
        period_words=reader.say(f"period_{preset}"),
        say=reader.say,
    )


async def _teams(
    session: BrandSession,
    reader: StaffReader,
    place: Place,
    period: Period,
    before: Period | None,
    *,
    limit: int,
    by_store: bool,
) -> tuple[Ranking, bool] | None:
    """Units below the scope's, or stores; whether they are stores. Two statements, one more for the links."""
    scope = place.scope
    if scope.store_id is not None or scope.guide_id is not None:
        return None
    by, rows = BreakdownBy.STORE, []
    if not by_store:
        by = BreakdownBy.ORG_UNIT
        rows = await breakdowns.breakdown(session, scope, period, by, first=limit)
        if all(row.key == scope.unit_id for row in rows):
            # Nothing hangs below: the stores themselves are the next step down.
            by = BreakdownBy.STORE
    if by is BreakdownBy.STORE:
        rows = await breakdowns.breakdown(session, scope, period, by, first=limit)
    before_net: dict[object, int] | None = None
    if before is not None:
        earlier = await breakdowns.breakdown(session, scope, before, by, first=MOST_ROWS)
        before_net = {row.key: row.net_minor for row in earlier}
    is_store = by is BreakdownBy.STORE
    paths = await _paths(session, [row.key for row in rows if isinstance(row.key, UUID)], is_store=is_store)
    name, kind = ("store", "Store") if is_store else ("unit", "OrgUnit")

    def label(row: BreakdownRow) -> str:
        if row.label is None:
            return reader.say("no_store")
        is_itself = not is_store and row.key == scope.unit_id
        return reader.say("directly", name=row.label) if is_itself else row.label

    def reaches(key: UUID) -> bool:
        return may_reach(role=reader.actor.role, branch=reader.actor.branch, path=paths.get(key, ""))

    def href(row: BreakdownRow) -> str | None:
        if not isinstance(row.key, UUID) or row.key == scope.unit_id or not reaches(row.key):
            return None
        return _address(reader, **{name: encode_global_id(kind, row.key)})

    found = boss_views.ranking(rows, label=label, href=href, before=before_net, say=reader.say)
    return found, is_store


async def _paths(session: BrandSession, keys: list[UUID], *, is_store: bool) -> dict[UUID, str]:
    """Where units or stores are now, for the links. One statement."""
    if is_store:
        return {key: store.unit.path for key, store in (await employees.stores_by_id(session, keys)).items()}
    return {key: unit.path for key, unit in (await employees.units_by_id(session, keys)).items()}


async def _guides(
    session: BrandSession, reader: StaffReader, place: Place, period: Period, *, limit: int
) -> Ranking | None:
    """Guides by net sales. Two statements."""
    if place.scope.guide_id is not None:
        return None
    rows = await breakdowns.breakdown(session, place.scope, period, BreakdownBy.GUIDE, first=limit)
    people = await employees.employees_by_id(session, [row.key for row in rows if isinstance(row.key, UUID)])
    seen = {key: one for key, one in people.items() if employees.may_see(reader.actor, one)}

    def href(row: BreakdownRow) -> str | None:
        if not isinstance(row.key, UUID) or row.key not in seen:
            return None
        return _address(reader, guide=encode_global_id("Guide", row.key))

    def detail(row: BreakdownRow) -> str:
        person = seen.get(row.key) if isinstance(row.key, UUID) else None
        store = None if person is None or person.store is None else person.store.name
        return " · ".join(part for part in (store, reader.say("orders_of", count=f"{row.orders:,}")) if part)

    return boss_views.ranking(
        rows, label=lambda row: row.label or reader.say("no_guide"), href=href, detail=detail, say=reader.say
    )


async def _products(session: BrandSession, reader: StaffReader, place: Place, period: Period, *, limit: int) -> Ranking:
    rows = await breakdowns.breakdown(session, place.scope, period, BreakdownBy.PRODUCT, first=limit)
    return boss_views.ranking(rows, label=lambda row: row.label or "", href=lambda row: None, say=reader.say)


def _days(reader: StaffReader, period: Period) -> str:
    first, last = reader.say.on(period.first), reader.say.on(period.last)
    return first if period.days == 1 else f"{first}–{last}"


def _missing(reader: StaffReader) -> Refused:
    return Refused(answers.missing("scope", say=reader.say, href="/boss", label=reader.say("board")))
