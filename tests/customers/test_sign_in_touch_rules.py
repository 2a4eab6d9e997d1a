"""A visitor's touches bind at sign-in, the latest eligible first."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.customers.rules import choose_touch_to_bind, decide_binding
from app.customers.values import (
    BindingMode,
    BindingOutcome,
    BindingTrigger,
    BindOn,
    PolicyTerms,
    RenewOn,
    Takeover,
)
from tests.customers.sample_bindings import ANNA, BO, CHEN, NOW, USUAL, bound_to, days, guides, policies, touch


def test_sign_in_binds_the_latest_eligible_touch() -> None:
    touches = [touch(CHEN, ago=0.1, active=False), touch(BO, ago=1), touch(ANNA, ago=2)]
    choice = choose_touch_to_bind(touches, None, USUAL, NOW)
    assert choice is not None
    assert choice.touch is touches[1]
    assert (choice.decision.outcome, choice.decision.guide_id) == (BindingOutcome.BIND, BO)
    assert choice.decision.expires_at == NOW + days(180)


def test_sign_in_without_eligible_touch_binds_nobody() -> None:
    assert choose_touch_to_bind([], None, USUAL, NOW) is None
    assert choose_touch_to_bind([touch(BO, ago=1, active=False)], None, USUAL, NOW) is None
    assert choose_touch_to_bind([touch(BO, ago=180)], None, USUAL, NOW) is None
    assert choose_touch_to_bind([touch(BO, ago=1)], None, PolicyTerms(bind_on=BindOn.FIRST_ORDER), NOW) is None


def test_touch_binds_at_sign_in_even_where_no_touch_may_win_an_order() -> None:
    choice = choose_touch_to_bind([touch(BO, ago=1)], None, PolicyTerms(last_touch_days=0), NOW)
    assert choice is not None
    assert choice.decision.guide_id == BO


def test_old_touch_still_binds_under_a_permanent_policy() -> None:
    permanent = PolicyTerms(binding_mode=BindingMode.PERMANENT, validity_days=None)
    assert choose_touch_to_bind([touch(BO, ago=400)], None, permanent, NOW) is not None


def test_touch_of_the_bound_guide_stops_older_touches_of_others() -> None:
    live = bound_to(ANNA, ago=60)
    assert choose_touch_to_bind([touch(ANNA, ago=1), touch(BO, ago=2)], live, USUAL, NOW) is None
    taken = choose_touch_to_bind([touch(BO, ago=1), touch(ANNA, ago=2)], live, USUAL, NOW)
    assert taken is not None
    assert (taken.decision.outcome, taken.decision.guide_id) == (BindingOutcome.TAKE_OVER, BO)


def test_touch_from_before_the_binding_changes_nothing() -> None:
    live = bound_to(ANNA, ago=60)
    assert choose_touch_to_bind([touch(BO, ago=60)], live, USUAL, NOW) is None
    assert choose_touch_to_bind([touch(ANNA, ago=61)], live, PolicyTerms(renew_on=RenewOn.VISIT), NOW) is None


def test_touch_of_the_store_that_serves_a_customer_alone_renews_at_sign_in() -> None:
    live = bound_to(None, ago=60)
    choice = choose_touch_to_bind([touch(None, ago=1)], live, PolicyTerms(renew_on=RenewOn.VISIT), NOW)
    assert choice is not None
    assert (choice.decision.outcome, choice.decision.guide_id) == (BindingOutcome.RENEW, None)


def test_touch_at_the_instant_of_the_binding_is_no_later_one() -> None:
    live = bound_to(ANNA, ago=60)
    anything = PolicyTerms(takeover=Takeover.ANY_TIME)
    assert choose_touch_to_bind([touch(BO, ago=60)], live, anything, NOW) is None
    assert choose_touch_to_bind([touch(BO, ago=59.999)], live, anything, NOW) is not None


def test_touch_made_under_protection_takes_nobody_over_later() -> None:
    live = bound_to(ANNA, ago=40)
    for ago in (39, 20, 10.001):
        assert choose_touch_to_bind([touch(BO, ago=ago)], live, USUAL, NOW) is None
    free = choose_touch_to_bind([touch(BO, ago=10)], live, USUAL, NOW)
    assert free is not None
    assert free.decision.outcome is BindingOutcome.TAKE_OVER


@given(
    terms=policies,
    ages=st.lists(st.tuples(guides, st.floats(0, 400), st.booleans()), max_size=12),
    ago=st.none() | st.floats(0, 400),
)
def test_choice_at_sign_in_is_one_of_the_touches_and_a_change_that_the_rule_allows(
    terms: PolicyTerms, ages: list[tuple[UUID, float, bool]], ago: float | None
) -> None:
    live = None if ago is None else bound_to(ANNA, ago=ago, terms=terms)
    touches = [touch(guide, ago=age, active=active) for guide, age, active in sorted(ages, key=lambda item: item[1])]
    choice = choose_touch_to_bind(touches, live, terms, NOW)
    if choice is None:
        return
    assert choice.touch in touches
    assert choice.touch.candidate.guide_is_active
    assert choice.decision == decide_binding(live, choice.touch.candidate, BindingTrigger.SIGN_IN, terms, NOW)
    assert choice.decision.is_change
    if live is None:
        newest = next(item for item in touches if item.candidate.guide_is_active)
        assert choice.touch == newest
