"""What the boss's pages show, out of figures: tiles with comparisons, the trend with its words, tables with bars."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from app.boss import comparison_rules
from app.boss.breakdowns import BreakdownRow
from app.boss.dashboard import Figures
from app.platform.money import WHOLE_BP, divide_half_even
from app.web import short_amounts, trends
from app.web.short_amounts import ShortAmount, Unit
from app.web.texts import Speech
from app.web.trends import Trend

NOT_KNOWN: Final = "—"
_MANIFOLD_BP: Final = 100_000
"""From eleven times as much on, how many times is said instead of a percentage."""


@dataclass(frozen=True, slots=True)
class Change:
    """How much more or less: `words` with the direction, `kind` is up for better, down for worse."""

    words: str
    kind: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure with its comparison. `exact`: minor units of an amount."""

    label: str
    value: str
    exact: int | None
    change: Change | None


@dataclass(frozen=True, slots=True)
class TrendShown:
    """The trend with everything that is said about it. `rows`: slot, this period, the period before."""

    geometry: Trend
    title: str
    description: str
    key: str
    unit: str
    tick_words: tuple[str, ...]
    label_words: tuple[str, ...]
    peak_words: str
    slot_words: str
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class RankRow:
    """A row of a table: name, share of the longest bar in percent, numbers. `href` None: it leads nowhere."""

    label: str
    href: str | None
    detail: str
    bar: float
    net: str
    exact: int
    orders: str
    quantity: str
    change: Change | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """A table in one unit."""

    rows: tuple[RankRow, ...]
    unit: Unit
    unit_words: str


def change(now: int, before: int | None, say: Speech, *, is_less_better: bool = False) -> Change | None:
    """▲ 9.4%; None where there is nothing to compare with."""
    bp = None if before is None else comparison_rules.change_bp(now, before)
    if bp is None:
        return None
    if bp >= _MANIFOLD_BP:
        times = divide_half_even(bp + WHOLE_BP, 1_000)
        return _change(
            times, say("times_more", number=f"{times // 10:,}.{times % 10}"), say, is_less_better=is_less_better
        )
    tenths = divide_half_even(bp, 10)
    number = f"{abs(tenths) // 10:,}.{abs(tenths) % 10}%"
    return _change(tenths, number, say, is_less_better=is_less_better)


def change_of_rate(now_bp: int | None, before_bp: int | None, say: Speech) -> Change | None:
    """▲ 1.2 points: rates are not divided by each other."""
    if now_bp is None or before_bp is None:
        return None
    tenths = divide_half_even(now_bp - before_bp, 10)
    return _change(tenths, say("points", number=f"{Decimal(abs(tenths)) / 10:.1f}"), say, is_less_better=False)


def percent(bp: int | None) -> str:
    """18.6%, — where it is not known."""
    if bp is None:
        return NOT_KNOWN
    tenths = divide_half_even(bp, 10)
    return f"{tenths // 10:,}.{tenths % 10}%"


def tiles(now: Figures, before: Figures | None, say: Speech) -> list[Tile]:
    """The figures of a period beside those of the one before, where there is a fair one."""

    def count(label: str, pick: Callable[[Figures], int]) -> Tile:
        compared = None if before is None else change(pick(now), pick(before), say)
        return Tile(say(label), f"{pick(now):,}", None, compared)

    def amount(label: str, pick: Callable[[Figures], int | None], *, is_less_better: bool = False) -> Tile:
        minor = pick(now)
        if minor is None:
            return Tile(say(label), NOT_KNOWN, None, None)
        compared = None if before is None else change(minor, pick(before), say, is_less_better=is_less_better)
        return Tile(say(label), short_amounts.short(minor, say).text, minor, compared)

    def rate(label: str, pick: Callable[[Figures], int | None]) -> Tile:
        compared = None if before is None else change_of_rate(pick(now), pick(before), say)
        return Tile(say(label), percent(pick(now)), None, compared)

    return [
        count("orders_word", lambda one: one.orders),
        count("customers_word", lambda one: one.customers),
        amount("average", lambda one: one.average_minor),
        count("visits", lambda one: one.visits),
        rate("conversion", lambda one: one.conversion_bp),
        count("newcomers", lambda one: one.new_customers),
        amount("gross_sales", lambda one: one.gross_minor),
        amount("refunds", lambda one: one.refunds_minor, is_less_better=True),
        rate("repeats", lambda one: one.repeat_rate_bp),
    ]


def commission_lines(now: Figures, say: Speech) -> list[tuple[str, str, ShortAmount]]:
    """Label, what it means, amount."""
    return [
        (say("commission_held"), say("commission_held_note"), short_amounts.short(now.held_minor, say)),
        (say("commission_payable"), say("balance_note"), short_amounts.short(now.payable_minor, say)),
        (say("commission_paid"), "", short_amounts.short(now.paid_minor, say)),
        (say("commission_debt"), say("commission_debt_note"), short_amounts.short(now.debt_minor, say)),
    ]


def slot_words(key: date | int | UUID | None, say: Speech) -> str:
    """A day or an hour of a trend in words."""
    if isinstance(key, int):
        return say("hour_of", hour=key)
    return say.on(key) if isinstance(key, date) else ""


def trend(
    rows: Sequence[BreakdownRow],
    before: Sequence[BreakdownRow],
    *,
    slots: Sequence[date | int],
    is_open: bool,
    period_words: str,
    say: Speech,
) -> TrendShown | None:
    """The trend of net sales; None where neither period sold anything. `rows`: up to what runs now."""
    values, earlier = [row.net_minor for row in rows], [row.net_minor for row in before][: len(slots)]
    if not any(values) and not any(earlier):
        return None
    geometry = trends.trend(values, earlier, slots=len(slots), is_open=is_open)
    unit = short_amounts.unit_for([*values, *earlier, *(tick.amount for tick in geometry.ticks)], say)
    is_hourly = isinstance(slots[0], int)
    last = slot_words(slots[len(values) - 1], say)
    return TrendShown(
        geometry=geometry,
        title=say("trend_hours" if is_hourly else "trend_days"),
        description=_described(values, slots, geometry, is_open=is_open, period_words=period_words, say=say),
        key=say("trend_key_open" if is_open else "trend_key", unit=short_amounts.named(unit, say), slot=last),
        unit=short_amounts.named(unit, say),
        tick_words=tuple(_tick(tick.amount, unit) for tick in geometry.ticks),
        label_words=tuple(slot_words(slots[mark.slot], say) for mark in geometry.labels),
        peak_words="" if geometry.peak is None else _in(values[geometry.peak.slot], unit),
        slot_words=say("hour" if is_hourly else "day"),
        rows=tuple(
            (
                slot_words(slot, say),
                short_amounts.in_unit(values[index], unit) if index < len(values) else NOT_KNOWN,
                short_amounts.in_unit(earlier[index], unit) if index < len(earlier) else NOT_KNOWN,
            )
            for index, slot in enumerate(slots)
        ),
    )


def ranking(
    rows: Sequence[BreakdownRow],
    *,
    label: Callable[[BreakdownRow], str],
    href: Callable[[BreakdownRow], str | None],
    detail: Callable[[BreakdownRow], str] = lambda row: "",
    before: Mapping[object, int] | None = None,
    say: Speech,
) -> Ranking:
    """A table of rows in one unit. `before`: the period before's net sales by key."""
    unit = short_amounts.unit_for([row.net_minor for row in rows], say)
    longest = max((row.net_minor for row in rows), default=0)
    return Ranking(
        rows=tuple(
            RankRow(
                label=label(row),
                href=href(row),
                detail=detail(row),
                bar=100 * max(row.net_minor, 0) / longest if longest > 0 else 0.0,
                net=short_amounts.in_unit(row.net_minor, unit),
                exact=row.net_minor,
                orders=f"{row.orders:,}",
                quantity=f"{row.quantity:,}",
                change=None if before is None else change(row.net_minor, before.get(row.key, 0), say),
            )
            for row in rows
        ),
        unit=unit,
        unit_words=short_amounts.named(unit, say),
    )


def _change(tenths: int, words: str, say: Speech, *, is_less_better: bool) -> Change:
    if tenths == 0:
        return Change(say("same_as_before"), "")
    is_better = (tenths > 0) is not is_less_better
    return Change(f"{'▲' if tenths > 0 else '▼'} {words}", "up" if is_better else "down")


def _described(
    values: Sequence[int],
    slots: Sequence[date | int],
    geometry: Trend,
    *,
    is_open: bool,
    period_words: str,
    say: Speech,
) -> str:
    """The trend in words, for whoever does not see it."""
    parts = [say("trend_sum", period=period_words, total=short_amounts.short(sum(values), say).text)]
    if geometry.peak is not None:
        highest = geometry.peak.slot
        amount = short_amounts.short(values[highest], say).text
        parts.append(say("trend_peak", slot=slot_words(slots[highest], say), amount=amount))
    if is_open:
        amount = short_amounts.short(values[-1], say).text
        parts.append(say("trend_open", slot=slot_words(slots[len(values) - 1], say), amount=amount))
    return ("" if say.language == "zh-CN" else " ").join(parts)


def _in(minor: int, unit: Unit) -> str:
    return f"{short_amounts.in_unit(minor, unit)}{unit.words}"


def _tick(amount: int, unit: Unit) -> str:
    """A number of the axis, as short as can be."""
    return short_amounts.in_unit(amount, unit).removesuffix(".00").replace(",", "")
