"""Whether a message may go to a customer now: the frequency budget (触达频控), consent and quiet hours.

Sign-in codes, payment, delivery and after-sale messages are owed to the customer: they are sent by their own packages,
never count here and wait for nothing. All days and clock times are those of the brand's time zone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.marketing.values import BudgetPeriod, OutboundChannel, OutboundKind, OutboundReason, OutboundState

LONGEST_PERIOD_DAYS = 366
_DAY_MINUTES = 24 * 60
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class OutboundRule:
    """A channel's budget: at most `most` messages a customer in the period, none in quiet hours.

    `days`: the length of a DAYS period; None for the others. Quiet hours: minutes of the day, the end not among them;
    both the same: none. GRANTS: `most` is the messages that one grant carries.
    """

    channel: OutboundChannel
    most: int
    period: BudgetPeriod
    days: int | None = None
    quiet_from: int = 21 * 60
    quiet_until: int = 9 * 60


DEFAULT_RULES = {
    rule.channel: rule
    for rule in (
        OutboundRule(OutboundChannel.OFFICIAL_ACCOUNT, 4, BudgetPeriod.MONTH),
        OutboundRule(OutboundChannel.SMS, 1, BudgetPeriod.DAYS, 60),
        OutboundRule(OutboundChannel.MAIL, 1, BudgetPeriod.DAYS, 60),
        OutboundRule(OutboundChannel.WECOM, 1, BudgetPeriod.DAYS, 1),
        OutboundRule(OutboundChannel.SUBSCRIPTION, 1, BudgetPeriod.GRANTS),
    )
}
"""Those of a brand that has set nothing."""

MOST_OF_ALL = {
    OutboundChannel.OFFICIAL_ACCOUNT: 4,
    OutboundChannel.SMS: 31,
    OutboundChannel.MAIL: 31,
    OutboundChannel.WECOM: 1,
    OutboundChannel.SUBSCRIPTION: 1,
}
"""What no brand may set more than; official account and WeCom: what the platform lets through."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A customer as a decision sees one.

    `counted`: when each marketing message of the channel counts, sent or waiting. `granted`: the subscriptions that the
    customer has given so far.
    """

    has_address: bool
    has_consent: bool
    counted: Sequence[datetime] = ()
    granted: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """ALLOWED, WAITING until `due_at`, or REFUSED with the reason; `again_at`: from when on it would be possible."""

    state: OutboundState
    reason: OutboundReason | None = None
    due_at: datetime | None = None
    again_at: datetime | None = None

    @property
    def is_possible(self) -> bool:
        return self.state is not OutboundState.REFUSED


ALLOWED = Verdict(OutboundState.ALLOWED)


def decide(kind: OutboundKind, rule: OutboundRule, standing: Standing, *, now: datetime, time_zone: str) -> Verdict:
    """What becomes of a message that somebody wants to send now; a waiting one is decided again when it is due.

    At night the budget is judged as of the morning, when the message would go.
    """
    if not kind.is_marketing:
        return ALLOWED
    if not standing.has_address:
        return _refused(OutboundReason.NO_ADDRESS)
    if not standing.has_consent:
        return _refused(OutboundReason.NO_CONSENT)
    zone = ZoneInfo(time_zone)
    goes_at = loud_from(rule, now, zone)
    if rule.period is BudgetPeriod.GRANTS:
        if len(standing.counted) >= rule.most * standing.granted:
            return _refused(OutboundReason.NO_SUBSCRIPTION)
    elif is_over(rule, standing.counted, goes_at, zone):
        return _refused(OutboundReason.OVER_BUDGET, again_from(rule, standing.counted, goes_at, zone))
    if goes_at > now:
        return Verdict(OutboundState.WAITING, OutboundReason.QUIET_HOURS, due_at=goes_at)
    return ALLOWED


def is_over(rule: OutboundRule, counted: Sequence[datetime], at: datetime, zone: ZoneInfo) -> bool:
    """Whether the budget of the period that holds `at` is used up. Not for GRANTS."""
    today = _day(at, zone)
    days = [_day(one, zone) for one in counted]
    if rule.period is BudgetPeriod.MONTH:
        used = sum((day.year, day.month) == (today.year, today.month) for day in days)
    else:
        # One that waits may count on a later day than today; it is not forgotten for that.
        used = sum(day > today - timedelta(days=rule.days or 1) for day in days)
    return used >= rule.most


def again_from(rule: OutboundRule, counted: Sequence[datetime], at: datetime, zone: ZoneInfo) -> datetime | None:
    """The first instant after a budget used up at `at` that is in budget and not in quiet hours; None: never."""
    if rule.most < 1:
        return None
    days = sorted((_day(one, zone) for one in counted), reverse=True)
    while is_over(rule, counted, at, zone):
        today = _day(at, zone)
        if rule.period is BudgetPeriod.MONTH:
            free = _next_month(today)
        else:
            free = days[rule.most - 1] + timedelta(days=rule.days or 1)
        at = loud_from(rule, _first_instant(free, zone), zone)
    return at


def is_quiet(rule: OutboundRule, at: datetime, zone: ZoneInfo) -> bool:
    """Whether nothing may go at this instant."""
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    if rule.quiet_from <= rule.quiet_until:
        return rule.quiet_from <= minute < rule.quiet_until
    return minute >= rule.quiet_from or minute < rule.quiet_until


def loud_from(rule: OutboundRule, at: datetime, zone: ZoneInfo) -> datetime:
    """`at`, or the end of the quiet hours that hold it. A clock time that is skipped in spring comes an hour later."""
    while is_quiet(rule, at, zone):
        at = _next_clock(rule.quiet_until, at, zone)
    return at


def problem_of(rule: OutboundRule) -> tuple[str, str, dict[str, int]] | None:
    """What is wrong with a rule that somebody sets: its field, a message's key and facts; None: nothing."""
    most = MOST_OF_ALL[rule.channel]
    if not 0 <= rule.most <= most:
        return "most", "number_range", {"least": 0, "most": most}
    if rule.period is BudgetPeriod.DAYS and not 1 <= (rule.days or 0) <= LONGEST_PERIOD_DAYS:
        return "days", "number_range", {"least": 1, "most": LONGEST_PERIOD_DAYS}
    if rule.period is not BudgetPeriod.DAYS and rule.days is not None:
        return "days", "outbound_days_fixed", {}
    return None


def read_clock(text: str) -> int | None:
    """A clock time such as 21:00 as a minute of the day; None for anything else."""
    found = _CLOCK.fullmatch(text)
    return None if found is None else int(found[1]) * 60 + int(found[2])


def write_clock(minute: int) -> str:
    """A minute of the day as 21:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _refused(reason: OutboundReason, again_at: datetime | None = None) -> Verdict:
    return Verdict(OutboundState.REFUSED, reason, again_at=again_at)


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _first_instant(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _next_clock(minute: int, after: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after `after` at which the brand's clocks show this minute of the day."""
    day = _day(after, zone)
    shown = time(minute % _DAY_MINUTES // 60, minute % 60)
    while True:
        for fold in (0, 1):
            at = datetime.combine(day, shown.replace(fold=fold), zone).astimezone(UTC)
            if at > after:
                return at
        day += timedelta(days=1)
