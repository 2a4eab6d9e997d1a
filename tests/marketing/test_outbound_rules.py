"""The frequency budget as pure rules: quiet hours, months, days, changes of clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.marketing import outbound_rules as rules
from app.marketing.outbound_rules import DEFAULT_RULES, OutboundRule, Standing, decide
from app.marketing.values import (
    MARKETING_KINDS,
    BudgetPeriod,
    OutboundChannel,
    OutboundKind,
    OutboundReason,
    OutboundState,
)

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/Havana", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC")
SMS, WECOM = DEFAULT_RULES[OutboundChannel.SMS], DEFAULT_RULES[OutboundChannel.WECOM]
ACCOUNT, SUBSCRIPTION = (
    DEFAULT_RULES[OutboundChannel.OFFICIAL_ACCOUNT],
    DEFAULT_RULES[OutboundChannel.SUBSCRIPTION],
)
CARE = OutboundKind.CARE

EPOCH = datetime(2012, 1, 1, tzinfo=UTC)
instants = st.integers(0, 18 * 365 * 86_400).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
minutes = st.integers(0, 24 * 60 - 1)


@st.composite
def budgets(draw: st.DrawFn) -> OutboundRule:
    channel = draw(st.sampled_from([OutboundChannel.OFFICIAL_ACCOUNT, OutboundChannel.SMS]))
    period = DEFAULT_RULES[channel].period
    days = draw(st.integers(1, 90)) if period is BudgetPeriod.DAYS else None
    return OutboundRule(channel, draw(st.integers(1, 4)), period, days, draw(minutes), draw(minutes))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


def judge(rule: OutboundRule, now: datetime, *counted: datetime, **more: object) -> rules.Verdict:
    standing = Standing(**{"has_address": True, "has_consent": True, "counted": counted, **more})  # type: ignore[arg-type]
    return decide(CARE, rule, standing, now=now, time_zone="Asia/Shanghai")


# --- one by one


@pytest.mark.parametrize("kind", [kind for kind in OutboundKind if kind not in MARKETING_KINDS])
def test_what_is_owed_goes_at_night_without_consent_and_over_any_budget(kind: OutboundKind) -> None:
    night = shanghai("2026-03-02T23:00")
    standing = Standing(has_address=False, has_consent=False, counted=(night,) * 9)
    assert decide(kind, SMS, standing, now=night, time_zone="Asia/Shanghai") == rules.ALLOWED


def test_reasons_come_in_order_address_consent_grant_budget_night() -> None:
    night = shanghai("2026-03-02T23:00")
    for more, reason in (
        ({"has_address": False, "has_consent": False}, OutboundReason.NO_ADDRESS),
        ({"has_consent": False}, OutboundReason.NO_CONSENT),
        ({}, OutboundReason.OVER_BUDGET),
    ):
        found = judge(SMS, night, night - timedelta(days=1), **more)
        assert (found.state, found.reason) == (OutboundState.REFUSED, reason)
    assert judge(SMS, night).reason is OutboundReason.QUIET_HOURS


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-02T20:59:59.999999", None),
        ("2026-03-02T21:00", "2026-03-03T09:00"),
        ("2026-03-03T00:00", "2026-03-03T09:00"),
        ("2026-03-03T08:59:59.999999", "2026-03-03T09:00"),
        ("2026-03-03T09:00", None),
        ("2026-12-31T21:00", "2027-01-01T09:00"),
    ],
)
def test_night_ends_at_nine(now: str, due: str | None) -> None:
    found = judge(SMS, shanghai(now))
    assert found.due_at == (None if due is None else shanghai(due))
    assert found.state is (OutboundState.ALLOWED if due is None else OutboundState.WAITING)


def test_account_carries_four_in_a_calendar_month() -> None:
    sent = [shanghai(f"2026-02-{day:02d}T12:00") for day in (1, 2, 27, 28)]
    assert judge(ACCOUNT, shanghai("2026-02-28T20:00"), *sent[:3]).state is OutboundState.ALLOWED
    over = judge(ACCOUNT, shanghai("2026-02-28T20:00"), *sent)
    # The first of the month is night until nine.
    assert (over.reason, over.again_at) == (OutboundReason.OVER_BUDGET, shanghai("2026-03-01T09:00"))
    assert judge(ACCOUNT, shanghai("2026-03-01T09:00"), *sent).state is OutboundState.ALLOWED


def test_budget_is_that_of_the_morning_for_what_is_asked_at_night() -> None:
    sent = [shanghai(f"2026-01-{day:02d}T12:00") for day in (1, 2, 3, 4)]
    found = judge(ACCOUNT, shanghai("2026-01-31T22:00"), *sent)
    assert (found.state, found.due_at) == (OutboundState.WAITING, shanghai("2026-02-01T09:00"))
    waits = shanghai("2026-03-03T09:00")
    second = judge(WECOM, shanghai("2026-03-02T22:00"), waits)
    assert (second.reason, second.again_at) == (OutboundReason.OVER_BUDGET, shanghai("2026-03-04T09:00"))


def test_text_message_comes_again_on_the_sixtieth_day() -> None:
    sent = shanghai("2026-01-01T20:00")
    over = judge(SMS, shanghai("2026-03-01T20:59"), sent)
    assert over.again_at == shanghai("2026-03-02T09:00")
    assert judge(SMS, shanghai("2026-03-02T09:00"), sent).state is OutboundState.ALLOWED


def test_subscription_carries_one_message_a_grant() -> None:
    day = shanghai("2026-03-02T12:00")
    sent = (day - timedelta(days=400), day - timedelta(days=1))
    assert judge(SUBSCRIPTION, day).reason is OutboundReason.NO_SUBSCRIPTION
    assert judge(SUBSCRIPTION, day, *sent, granted=2).reason is OutboundReason.NO_SUBSCRIPTION
    assert judge(SUBSCRIPTION, day, *sent, granted=3).state is OutboundState.ALLOWED


def test_closed_channel_is_never_possible_again() -> None:
    closed = OutboundRule(OutboundChannel.SMS, 0, BudgetPeriod.DAYS, 60)
    found = judge(closed, shanghai("2026-03-02T12:00"))
    assert (found.reason, found.again_at) == (OutboundReason.OVER_BUDGET, None)


def test_clock_times_that_are_skipped_or_shown_twice() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    rule = OutboundRule(OutboundChannel.SMS, 1, BudgetPeriod.DAYS, 60, 0, 150)
    # 29 March 2026: 02:00 is 03:00. 25 October: 03:00 is 02:00 once more.
    assert rules.loud_from(rule, at("2026-03-29T00:30+01:00"), berlin) == at("2026-03-29T03:30+02:00")
    assert rules.loud_from(rule, at("2026-10-25T00:30+02:00"), berlin) == at("2026-10-25T02:30+02:00")
    assert rules.loud_from(rule, at("2026-10-25T02:10+01:00"), berlin) == at("2026-10-25T02:30+01:00")


@pytest.mark.parametrize(
    ("channel", "most", "days", "problem"),
    [
        ("SMS", 31, 366, None),
        ("SMS", 32, 60, "most"),
        ("SMS", -1, 60, "most"),
        ("SMS", 1, 0, "days"),
        ("SMS", 1, 367, "days"),
        ("WECOM", 2, 1, "most"),
        ("OFFICIAL_ACCOUNT", 5, None, "most"),
        ("OFFICIAL_ACCOUNT", 4, 30, "days"),
        ("SUBSCRIPTION", 2, None, "most"),
        ("OFFICIAL_ACCOUNT", 0, None, None),
    ],
)
def test_brand_may_be_stricter_than_a_platform_and_not_laxer(
    channel: str, most: int, days: int | None, problem: str | None
) -> None:
    kind = OutboundChannel(channel)
    found = rules.problem_of(OutboundRule(kind, most, DEFAULT_RULES[kind].period, days))
    assert (found and found[0]) == problem
    assert all(rules.problem_of(rule) is None for rule in DEFAULT_RULES.values())


@pytest.mark.parametrize("text", ["24:00", "9:00", "09:60", "0900", "", "09:00:00", "０９:00"])
def test_no_clock_time(text: str) -> None:
    assert rules.read_clock(text) is None


@given(minutes)
def test_clock_times_are_read_as_they_are_written(minute: int) -> None:
    assert rules.read_clock(rules.write_clock(minute)) == minute


# --- whatever the rule, the zone and the hour


@given(budgets(), instants, st.sampled_from(ZONES))
def test_night_ends_within_two_days_and_in_no_night(rule: OutboundRule, now: datetime, zone_name: str) -> None:
    zone = ZoneInfo(zone_name)
    end = rules.loud_from(rule, now, zone)
    assert not rules.is_quiet(rule, end, zone)
    assert now <= end <= now + timedelta(hours=50)
    assert (end == now) is not rules.is_quiet(rule, now, zone)


@given(budgets(), instants, st.lists(st.integers(0, 200 * 24 * 60), max_size=12), st.sampled_from(ZONES))
def test_again_is_the_first_moment_that_is_possible(
    rule: OutboundRule, now: datetime, ages: list[int], zone_name: str
) -> None:
    zone = ZoneInfo(zone_name)
    counted = tuple(now - timedelta(minutes=age) for age in ages)
    standing = Standing(has_address=True, has_consent=True, counted=counted)

    def state(moment: datetime) -> OutboundState:
        return decide(CARE, rule, standing, now=moment, time_zone=zone_name).state

    found = decide(CARE, rule, standing, now=now, time_zone=zone_name)
    if found.state is OutboundState.REFUSED:
        assert found.again_at is not None and found.again_at > now
        assert state(found.again_at) is OutboundState.ALLOWED
        assert state(found.again_at - timedelta(microseconds=1)) is not OutboundState.ALLOWED
    elif found.state is OutboundState.WAITING:
        assert found.due_at is not None and state(found.due_at) is OutboundState.ALLOWED
    else:
        assert not rules.is_quiet(rule, now, zone)


@given(budgets(), st.lists(st.integers(1, 40 * 24 * 60), min_size=1, max_size=40), st.sampled_from(ZONES))
def test_whoever_asks_as_often_as_he_likes_stays_in_budget(rule: OutboundRule, gaps: list[int], zone_name: str) -> None:
    zone, now, sent = ZoneInfo(zone_name), datetime(2024, 1, 1, tzinfo=UTC), []
    for gap in gaps:
        now += timedelta(minutes=gap)
        standing = Standing(has_address=True, has_consent=True, counted=tuple(sent))
        if decide(CARE, rule, standing, now=now, time_zone=zone_name).state is OutboundState.ALLOWED:
            sent.append(now)
    days = [one.astimezone(zone).date() for one in sent]
    for last in days:
        if rule.period is BudgetPeriod.MONTH:
            together = [day for day in days if (day.year, day.month) == (last.year, last.month)]
        else:
            together = [day for day in days if last - timedelta(days=rule.days or 0) < day <= last]
        assert len(together) <= rule.most
