"""A customer is bound to one guide at a time, by rule, and nobody loses a customer early."""

from datetime import datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customers.rules import decide_binding
from app.customers.values import (
    BindingCandidate,
    BindingDecision,
    BindingMode,
    BindingOutcome,
    BindingReason,
    BindingState,
    BindingTrigger,
    BindOn,
    LiveBinding,
    PolicyTerms,
    RenewOn,
    Takeover,
)
from tests.customers.sample_bindings import (
    ANNA,
    BO,
    NORTH,
    NOW,
    SOUTH,
    USUAL,
    bound_to,
    candidate,
    days,
    guides,
    policies,
)


def kept(live: LiveBinding, reason: BindingReason) -> BindingDecision:
    return BindingDecision(
        outcome=BindingOutcome.KEEP,
        reason=reason,
        guide_id=live.guide_id,
        store_id=live.store_id,
        protected_until=live.protected_until,
        expires_at=live.expires_at,
    )


@pytest.mark.parametrize(
    ("ago", "state"),
    [
        (0, BindingState.ACTIVE_PROTECTED),
        (29.999, BindingState.ACTIVE_PROTECTED),
        (30, BindingState.ACTIVE_OPEN),
        (179.999, BindingState.ACTIVE_OPEN),
        (180, BindingState.EXPIRED),
        (500, BindingState.EXPIRED),
    ],
)
def test_state_follows_from_the_time_and_an_end_belongs_to_what_comes_after(ago: float, state: BindingState) -> None:
    assert bound_to(ago=ago).state_at(NOW) is state


def test_suspended_binding_reads_suspended_until_it_runs_out() -> None:
    assert bound_to(ago=1, is_suspended=True).state_at(NOW) is BindingState.SUSPENDED
    assert bound_to(ago=180, is_suspended=True).state_at(NOW) is BindingState.EXPIRED


@pytest.mark.parametrize(
    ("bind_on", "trigger", "binds"),
    [
        (BindOn.SCAN, BindingTrigger.SCAN, True),
        (BindOn.SCAN, BindingTrigger.SIGN_IN, True),
        (BindOn.SCAN, BindingTrigger.ORDER, False),
        (BindOn.SCAN, BindingTrigger.VISIT, False),
        (BindOn.SIGN_IN, BindingTrigger.SCAN, True),
        (BindOn.SIGN_IN, BindingTrigger.SIGN_IN, True),
        (BindOn.SIGN_IN, BindingTrigger.ORDER, False),
        (BindOn.SIGN_IN, BindingTrigger.VISIT, False),
        (BindOn.FIRST_ORDER, BindingTrigger.SCAN, False),
        (BindOn.FIRST_ORDER, BindingTrigger.SIGN_IN, False),
        (BindOn.FIRST_ORDER, BindingTrigger.ORDER, True),
        (BindOn.FIRST_ORDER, BindingTrigger.VISIT, False),
    ],
)
def test_binding_begins_only_where_the_policy_says(bind_on: BindOn, trigger: BindingTrigger, binds: bool) -> None:
    terms = PolicyTerms(bind_on=bind_on)
    decision = decide_binding(None, candidate(BO), trigger, terms, NOW)
    if binds:
        assert decision == BindingDecision(
            outcome=BindingOutcome.BIND,
            reason=BindingReason.UNBOUND,
            guide_id=BO,
            store_id=NORTH,
            touchpoint_id=UUID(int=77),
            protected_until=NOW + days(30),
            expires_at=NOW + days(180),
        )
    else:
        assert decision == BindingDecision(BindingOutcome.KEEP, BindingReason.NOT_DUE)
    open_binding = bound_to(ANNA, ago=60)
    taken = decide_binding(open_binding, candidate(BO), trigger, terms, NOW)
    assert taken.outcome is (BindingOutcome.TAKE_OVER if binds else BindingOutcome.KEEP)


def test_permanent_binding_never_expires_and_zero_protection_protects_nobody() -> None:
    permanent = PolicyTerms(binding_mode=BindingMode.PERMANENT, validity_days=None, protection_days=0)
    decision = decide_binding(None, candidate(BO), BindingTrigger.SCAN, permanent, NOW)
    assert (decision.expires_at, decision.protected_until) == (None, None)


def test_mode_and_validity_must_both_name_an_end() -> None:
    assert PolicyTerms(binding_mode=BindingMode.PERMANENT).expires_at(NOW) is None
    assert PolicyTerms(validity_days=None).expires_at(NOW) is None
    assert PolicyTerms(validity_days=7).expires_at(NOW) == NOW + days(7)


def test_expired_binding_is_no_obstacle_for_anybody() -> None:
    for terms in (USUAL, PolicyTerms(takeover=Takeover.NEVER)):
        decision = decide_binding(bound_to(ANNA, ago=180), candidate(BO), BindingTrigger.SCAN, terms, NOW)
        assert (decision.outcome, decision.reason) == (BindingOutcome.BIND, BindingReason.BINDING_EXPIRED)
        assert decision.guide_id == BO


@pytest.mark.parametrize(
    ("takeover", "ago", "reason"),
    [
        (Takeover.ANY_TIME, 0, None),
        (Takeover.ANY_TIME, 60, None),
        (Takeover.AFTER_PROTECTION, 0, BindingReason.PROTECTED),
        (Takeover.AFTER_PROTECTION, 29.999, BindingReason.PROTECTED),
        (Takeover.AFTER_PROTECTION, 30, None),
        (Takeover.NEVER, 0, BindingReason.NEVER_TAKEN_OVER),
        (Takeover.NEVER, 179, BindingReason.NEVER_TAKEN_OVER),
    ],
)
def test_scan_of_another_guide_takes_over_only_where_takeover_and_protection_allow(
    takeover: Takeover, ago: float, reason: BindingReason | None
) -> None:
    live = bound_to(ANNA, ago=ago)
    terms = PolicyTerms(takeover=takeover)
    decision = decide_binding(live, candidate(BO, SOUTH), BindingTrigger.SCAN, terms, NOW)
    if reason is not None:
        assert decision == kept(live, reason)
    else:
        assert (decision.outcome, decision.reason) == (BindingOutcome.TAKE_OVER, BindingReason.TAKEOVER_ALLOWED)
        assert (decision.guide_id, decision.store_id) == (BO, SOUTH)
        assert decision.expires_at == NOW + days(180)


def test_inactive_guide_neither_binds_nor_takes_over_nor_renews() -> None:
    gone = candidate(BO, active=False)
    for live in (bound_to(ANNA, ago=60), bound_to(BO, ago=60)):
        assert decide_binding(live, gone, BindingTrigger.SCAN, USUAL, NOW) == kept(live, BindingReason.GUIDE_INACTIVE)
    assert decide_binding(None, gone, BindingTrigger.SCAN, USUAL, NOW).outcome is BindingOutcome.KEEP


def test_nobody_is_bound_to_himself_nor_takes_himself_over() -> None:
    own = BindingCandidate(BO, NORTH, UUID(int=77), is_self=True)
    for live in (bound_to(ANNA, ago=60), bound_to(BO, ago=60)):
        assert decide_binding(live, own, BindingTrigger.SCAN, USUAL, NOW) == kept(live, BindingReason.SELF)
    assert decide_binding(None, own, BindingTrigger.SCAN, USUAL, NOW).reason is BindingReason.SELF


def test_suspended_binding_waits_for_its_handover() -> None:
    live = bound_to(ANNA, ago=60, is_suspended=True)
    anything = PolicyTerms(takeover=Takeover.ANY_TIME)
    for guide in (ANNA, BO):
        decision = decide_binding(live, candidate(guide), BindingTrigger.SCAN, anything, NOW)
        assert decision == kept(live, BindingReason.SUSPENDED)


def test_store_without_guide_binds_the_unbound_but_takes_nobody() -> None:
    store = candidate(None, SOUTH)
    bound = decide_binding(None, store, BindingTrigger.SCAN, USUAL, NOW)
    assert (bound.outcome, bound.guide_id, bound.store_id) == (BindingOutcome.BIND, None, SOUTH)
    live = bound_to(ANNA, ago=60)
    anything = PolicyTerms(takeover=Takeover.ANY_TIME)
    decision = decide_binding(live, store, BindingTrigger.SCAN, anything, NOW)
    assert decision == kept(live, BindingReason.STORE_TAKES_NOBODY)


def test_customer_without_guide_goes_to_any_guide_of_the_owning_store_but_not_past_it() -> None:
    live = bound_to(None, ago=1)
    inside = decide_binding(live, candidate(BO, NORTH), BindingTrigger.SCAN, USUAL, NOW)
    assert (inside.outcome, inside.guide_id, inside.store_id) == (BindingOutcome.TAKE_OVER, BO, NORTH)
    outside = decide_binding(live, candidate(BO, SOUTH), BindingTrigger.SCAN, USUAL, NOW)
    assert outside == kept(live, BindingReason.PROTECTED)


@pytest.mark.parametrize(
    ("renew_on", "trigger", "renews"),
    [(renew_on, trigger, False) for renew_on in (RenewOn.NONE,) for trigger in BindingTrigger]
    + [(RenewOn.VISIT, trigger, trigger is not BindingTrigger.ORDER) for trigger in BindingTrigger]
    + [(RenewOn.ORDER, trigger, trigger is BindingTrigger.ORDER) for trigger in BindingTrigger],
)
def test_same_guide_renews_only_where_the_policy_says(renew_on: RenewOn, trigger: BindingTrigger, renews: bool) -> None:
    live = bound_to(ANNA, ago=100)
    decision = decide_binding(live, candidate(ANNA, SOUTH), trigger, PolicyTerms(renew_on=renew_on), NOW)
    if renews:
        assert decision == BindingDecision(
            outcome=BindingOutcome.RENEW,
            reason=BindingReason.RENEWAL_DUE,
            guide_id=ANNA,
            store_id=NORTH,  # the owning store stays, wherever the guide works now
            touchpoint_id=UUID(int=77),
            protected_until=NOW + days(30),
            expires_at=NOW + days(180),
        )
    else:
        assert decision == kept(live, BindingReason.SAME_GUIDE)


def test_store_that_serves_a_customer_alone_renews_its_own_binding_and_no_other_store_does() -> None:
    live = bound_to(None, ago=100)
    visit = PolicyTerms(renew_on=RenewOn.VISIT)
    own = decide_binding(live, candidate(None, NORTH), BindingTrigger.SCAN, visit, NOW)
    assert (own.outcome, own.guide_id, own.store_id) == (BindingOutcome.RENEW, None, NORTH)
    other = decide_binding(live, candidate(None, SOUTH), BindingTrigger.SCAN, visit, NOW)
    assert other == kept(live, BindingReason.STORE_TAKES_NOBODY)
    guided = bound_to(ANNA, ago=100)
    decision = decide_binding(guided, candidate(ANNA, SOUTH), BindingTrigger.SCAN, visit, NOW)
    assert decision.outcome is BindingOutcome.RENEW


def test_renewal_that_would_change_nothing_writes_nothing() -> None:
    permanent = PolicyTerms(binding_mode=BindingMode.PERMANENT, validity_days=None, takeover=Takeover.NEVER)
    live = bound_to(ANNA, ago=100, terms=permanent)
    decision = decide_binding(live, candidate(ANNA), BindingTrigger.ORDER, permanent, NOW)
    assert decision == kept(live, BindingReason.SAME_GUIDE)


def test_renewal_of_an_expired_binding_is_a_new_binding_or_nothing() -> None:
    live = bound_to(ANNA, ago=180)
    ordered = decide_binding(live, candidate(ANNA), BindingTrigger.ORDER, USUAL, NOW)
    assert ordered == kept(live, BindingReason.NOT_DUE)
    again = decide_binding(live, candidate(ANNA), BindingTrigger.SCAN, USUAL, NOW)
    assert (again.outcome, again.reason) == (BindingOutcome.BIND, BindingReason.BINDING_EXPIRED)


candidates = st.builds(
    BindingCandidate,
    guide_id=guides | st.none(),
    store_id=st.sampled_from([NORTH, SOUTH]),
    touchpoint_id=st.just(UUID(int=77)),
    guide_is_active=st.booleans(),
)
steps = st.lists(
    st.tuples(candidates, st.sampled_from(BindingTrigger), st.floats(0, 90), policies), min_size=1, max_size=25
)


def apply(live: LiveBinding | None, decision: BindingDecision, now: datetime) -> LiveBinding | None:
    if not decision.is_change:
        return live
    renewed = decision.outcome is BindingOutcome.RENEW and live is not None
    return LiveBinding(
        binding_id=UUID(int=99),
        guide_id=decision.guide_id,
        store_id=decision.store_id,
        bound_at=live.bound_at if renewed and live else now,
        protected_until=decision.protected_until,
        expires_at=decision.expires_at,
    )


@given(events=steps)
def test_whatever_happens_a_living_binding_is_lost_only_by_an_allowed_takeover(
    events: list[tuple[BindingCandidate, BindingTrigger, float, PolicyTerms]],
) -> None:
    """Policies change on the way: no step may break what a former policy promised by an instant."""
    live: LiveBinding | None = None
    now = NOW
    for other, trigger, pause, terms in events:
        now += days(pause)
        decision = decide_binding(live, other, trigger, terms, now)
        after = apply(live, decision, now)
        alive = live is not None and live.state_at(now) is not BindingState.EXPIRED
        if decision.is_change:
            assert other.guide_is_active
            assert decision.touchpoint_id == other.touchpoint_id
        if live is not None and alive:
            assert after is not None
            assert decision.outcome is not BindingOutcome.BIND
            if after.guide_id != live.guide_id:
                assert decision.outcome is BindingOutcome.TAKE_OVER
                assert terms.takeover is not Takeover.NEVER or live.guide_id is None
                assert trigger is not BindingTrigger.VISIT
                if terms.takeover is Takeover.AFTER_PROTECTION and live.guide_id is not None:
                    assert live.state_at(now) is BindingState.ACTIVE_OPEN
            if decision.outcome is BindingOutcome.RENEW:
                assert after.guide_id == live.guide_id
                assert after.store_id == live.store_id
                assert after.expires_at is None or (live.expires_at is not None and after.expires_at >= live.expires_at)
        else:
            assert decision.outcome in (BindingOutcome.BIND, BindingOutcome.KEEP)
        if after is not None and decision.is_change:
            assert after.state_at(now) in (BindingState.ACTIVE_OPEN, BindingState.ACTIVE_PROTECTED)
        live = after


@given(
    ago=st.floats(0, 29.99), other=candidates, trigger=st.sampled_from(BindingTrigger), bind_on=st.sampled_from(BindOn)
)
def test_protected_customer_is_never_lost(
    ago: float, other: BindingCandidate, trigger: BindingTrigger, bind_on: BindOn
) -> None:
    live = bound_to(ANNA, ago=ago)
    decision = decide_binding(live, other, trigger, PolicyTerms(bind_on=bind_on), NOW)
    assert decision.guide_id == ANNA
    assert decision.outcome in (BindingOutcome.KEEP, BindingOutcome.RENEW)
