"""A sale has one winner, found by one order of rules, and everybody else is told why not."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commission.rules import decide_attribution
from app.commission.values import (
    AttributionCandidate,
    AttributionDecision,
    AttributionFacts,
    AttributionReason,
    AttributionRule,
    CandidateOutcome,
    GuideClaim,
    LiveBinding,
    PolicyTerms,
    SaleSource,
    SelfPurchase,
    TouchClaim,
)
from app.customers.values import Takeover

NOW = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
ANNA, BO, CHEN, DAN, EVE = (UUID(int=number) for number in range(1, 6))
NORTH, SOUTH = UUID(int=11), UUID(int=12)
USUAL = PolicyTerms()
Rule, Reason = AttributionRule, AttributionReason
WON, LOST = CandidateOutcome.WON, CandidateOutcome.LOST


def bound(guide: UUID | None = ANNA, *, ago: float = 1, is_suspended: bool = False) -> LiveBinding:
    since = NOW - timedelta(days=ago)
    return LiveBinding(
        binding_id=UUID(int=99),
        guide_id=guide,
        store_id=NORTH,
        bound_at=since,
        protected_until=USUAL.protected_until(since),
        expires_at=USUAL.expires_at(since),
        is_suspended=is_suspended,
    )


def touched(guide: UUID, *, ago: float, active: bool = True) -> TouchClaim:
    return TouchClaim(guide, SOUTH, UUID(int=guide.int + 100), NOW - timedelta(days=ago), active)


def facts(**changes: object) -> AttributionFacts:
    fields: dict[str, object] = {"source": SaleSource.ONLINE, "at": NOW, "store_id": NORTH}
    return AttributionFacts(**(fields | changes))  # type: ignore[arg-type]


def told(decision: AttributionDecision) -> list[tuple[UUID | None, CandidateOutcome, AttributionReason]]:
    return [(candidate.guide_id, candidate.outcome, candidate.reason) for candidate in decision.candidates]


EVERYTHING = {
    "explicit_code": GuideClaim(BO, SOUTH, touchpoint_id=UUID(int=500)),
    "binding": bound(ANNA, ago=60),
    "touches": (touched(CHEN, ago=1), touched(DAN, ago=2)),
    "shop": GuideClaim(EVE, NORTH),
}


def test_rules_are_tried_in_their_order_online() -> None:
    left = dict(EVERYTHING)
    winners = []
    for name in ("explicit_code", "binding", "touches", "shop", None):
        decision = decide_attribution(facts(**left), USUAL)
        winners.append((decision.rule, decision.guide_id, decision.store_id))
        left.pop(name or "", None)
    assert winners == [
        (Rule.EXPLICIT_CODE, BO, SOUTH),
        (Rule.LIVE_BINDING, ANNA, NORTH),
        (Rule.LAST_TOUCH, CHEN, SOUTH),
        (Rule.SHOP_GUIDE, EVE, NORTH),
        (Rule.STORE, None, NORTH),
    ]


def test_every_candidate_is_told_once_why_it_won_or_lost() -> None:
    decision = decide_attribution(facts(**EVERYTHING), USUAL)
    assert told(decision) == [
        (BO, WON, Reason.EXPLICIT_CODE),
        (ANNA, LOST, Reason.OUTRANKED_BY_EXPLICIT_CODE),
        (CHEN, LOST, Reason.OUTRANKED_BY_EXPLICIT_CODE),
        (DAN, LOST, Reason.OUTRANKED_BY_EXPLICIT_CODE),
        (EVE, LOST, Reason.OUTRANKED_BY_EXPLICIT_CODE),
    ]
    assert [candidate.rule for candidate in decision.candidates] == [
        Rule.EXPLICIT_CODE,
        Rule.LIVE_BINDING,
        Rule.LAST_TOUCH,
        Rule.LAST_TOUCH,
        Rule.SHOP_GUIDE,
    ]
    assert [candidate.touchpoint_id for candidate in decision.candidates] == [
        UUID(int=500),
        None,
        UUID(int=103),
        UUID(int=104),
        None,
    ]
    assert [candidate.binding_id for candidate in decision.candidates] == [None, UUID(int=99), None, None, None]


def test_store_that_wins_is_the_only_candidate_without_a_guide() -> None:
    decision = decide_attribution(facts(shop=GuideClaim(EVE, NORTH, is_active=False)), USUAL)
    assert told(decision) == [(None, WON, Reason.STORE), (EVE, LOST, Reason.SHOP_GUIDE_GONE)]
    assert (decision.rule, decision.store_id, decision.is_self_purchase) == (Rule.STORE, NORTH, False)


@pytest.mark.parametrize(
    ("takeover", "bound_days_ago", "reason"),
    [
        (Takeover.ANY_TIME, 0, None),
        (Takeover.AFTER_PROTECTION, 0, Reason.BINDING_PROTECTED),
        (Takeover.AFTER_PROTECTION, 29.999, Reason.BINDING_PROTECTED),
        (Takeover.AFTER_PROTECTION, 30, None),
        (Takeover.NEVER, 0, Reason.BINDING_NEVER_TAKEN_OVER),
        (Takeover.NEVER, 179, Reason.BINDING_NEVER_TAKEN_OVER),
        (Takeover.NEVER, 180, None),  # the binding has run out: nothing is taken over
    ],
)
def test_code_of_another_guide_wins_only_where_takeover_is_allowed(
    takeover: Takeover, bound_days_ago: float, reason: AttributionReason | None
) -> None:
    decision = decide_attribution(
        facts(binding=bound(ANNA, ago=bound_days_ago), explicit_code=GuideClaim(BO, SOUTH)),
        PolicyTerms(takeover=takeover),
    )
    if reason is None:
        assert (decision.rule, decision.guide_id) == (Rule.EXPLICIT_CODE, BO)
    else:
        assert told(decision) == [(ANNA, WON, Reason.BINDING_LIVE), (BO, LOST, reason)]


def test_code_of_the_bound_guide_always_wins() -> None:
    for takeover in Takeover:
        decision = decide_attribution(
            facts(binding=bound(ANNA, ago=1), explicit_code=GuideClaim(ANNA, SOUTH)), PolicyTerms(takeover=takeover)
        )
        assert (decision.rule, decision.store_id) == (Rule.EXPLICIT_CODE, SOUTH)
        assert told(decision) == [(ANNA, WON, Reason.EXPLICIT_CODE)]


def test_refused_code_loses_to_the_binding_even_if_its_guide_owns_the_shop() -> None:
    claim = GuideClaim(BO, SOUTH)
    decision = decide_attribution(
        facts(binding=bound(ANNA), explicit_code=claim, touches=(touched(BO, ago=0),), shop=claim), USUAL
    )
    assert told(decision) == [(ANNA, WON, Reason.BINDING_LIVE), (BO, LOST, Reason.BINDING_PROTECTED)]


def test_code_of_a_guide_who_left_wins_nothing() -> None:
    decision = decide_attribution(
        facts(explicit_code=GuideClaim(BO, SOUTH, is_active=False), shop=GuideClaim(EVE, NORTH)), USUAL
    )
    assert told(decision) == [(EVE, WON, Reason.SHOP_GUIDE), (BO, LOST, Reason.CODE_GUIDE_GONE)]


@pytest.mark.parametrize(
    ("binding", "is_active", "reason"),
    [
        (bound(ANNA, ago=180), True, Reason.BINDING_EXPIRED),
        (bound(ANNA, is_suspended=True), True, Reason.BINDING_SUSPENDED),
        (bound(ANNA), False, Reason.BINDING_GUIDE_GONE),
    ],
)
def test_binding_that_no_longer_counts_neither_wins_nor_stops_a_code(
    binding: LiveBinding, is_active: bool, reason: AttributionReason
) -> None:
    never = PolicyTerms(takeover=Takeover.NEVER)
    known = facts(binding=binding, binding_guide_is_active=is_active, shop=GuideClaim(EVE, NORTH))
    assert told(decide_attribution(known, never)) == [(EVE, WON, Reason.SHOP_GUIDE), (ANNA, LOST, reason)]
    coded = facts(binding=binding, binding_guide_is_active=is_active, explicit_code=GuideClaim(BO, SOUTH))
    assert told(decide_attribution(coded, never)) == [(BO, WON, Reason.EXPLICIT_CODE), (ANNA, LOST, reason)]


def test_expired_binding_is_the_reason_told_even_if_the_guide_also_owns_the_shop() -> None:
    decision = decide_attribution(
        facts(binding=bound(ANNA, ago=200), explicit_code=GuideClaim(BO), shop=GuideClaim(ANNA)), USUAL
    )
    assert told(decision) == [(BO, WON, Reason.EXPLICIT_CODE), (ANNA, LOST, Reason.BINDING_EXPIRED)]


def test_guide_with_an_expired_binding_may_win_by_another_claim() -> None:
    decision = decide_attribution(facts(binding=bound(ANNA, ago=200), shop=GuideClaim(ANNA)), USUAL)
    assert told(decision) == [(ANNA, WON, Reason.SHOP_GUIDE)]


@pytest.mark.parametrize(
    ("last_touch_days", "ago", "wins"),
    [(30, 0, True), (30, 29.999, True), (30, 30, False), (30, 31, False), (1, 0.5, True), (0, 0, False)],
)
def test_touch_counts_only_inside_its_window(last_touch_days: int, ago: float, wins: bool) -> None:
    decision = decide_attribution(
        facts(touches=(touched(CHEN, ago=ago),)), PolicyTerms(last_touch_days=last_touch_days)
    )
    if wins:
        assert told(decision) == [(CHEN, WON, Reason.LAST_TOUCH)]
    else:
        assert told(decision) == [(None, WON, Reason.STORE), (CHEN, LOST, Reason.TOUCH_TOO_OLD)]


def test_newest_touch_of_an_active_guide_wins_and_a_touch_after_the_sale_is_no_evidence() -> None:
    decision = decide_attribution(
        facts(
            touches=(
                touched(EVE, ago=-0.1),
                touched(BO, ago=0, active=False),
                touched(CHEN, ago=3),
                touched(DAN, ago=4),
            )
        ),
        USUAL,
    )
    assert told(decision) == [
        (CHEN, WON, Reason.LAST_TOUCH),
        (BO, LOST, Reason.TOUCH_GUIDE_GONE),
        (DAN, LOST, Reason.OUTRANKED_BY_LAST_TOUCH),
    ]


def test_customer_of_a_store_without_guide_is_won_by_the_owning_store() -> None:
    decision = decide_attribution(facts(store_id=SOUTH, binding=bound(None), shop=GuideClaim(EVE, SOUTH)), USUAL)
    assert (decision.rule, decision.guide_id, decision.store_id) == (Rule.LIVE_BINDING, None, NORTH)
    assert told(decision) == [(None, WON, Reason.BINDING_LIVE), (EVE, LOST, Reason.OUTRANKED_BY_LIVE_BINDING)]


def test_cashier_choice_beats_the_binding_on_a_till_even_if_the_guide_has_left_since() -> None:
    for is_active in (True, False):
        decision = decide_attribution(
            facts(source=SaleSource.TILL, cashier=GuideClaim(BO, SOUTH, is_active=is_active), binding=bound(ANNA)),
            PolicyTerms(takeover=Takeover.NEVER),
        )
        assert (decision.rule, decision.store_id) == (Rule.CASHIER_CHOICE, SOUTH)
        assert told(decision) == [
            (BO, WON, Reason.CASHIER_CHOICE),
            (ANNA, LOST, Reason.OUTRANKED_BY_CASHIER_CHOICE),
        ]


def test_till_line_without_a_name_goes_to_the_binding_and_else_to_the_store() -> None:
    online = {"explicit_code": GuideClaim(BO), "touches": (touched(CHEN, ago=1),), "shop": GuideClaim(EVE)}
    named_by_nobody = decide_attribution(facts(source=SaleSource.TILL, binding=bound(ANNA), **online), USUAL)
    assert told(named_by_nobody) == [(ANNA, WON, Reason.BINDING_LIVE)]
    unbound = decide_attribution(facts(source=SaleSource.TILL, **online), USUAL)
    assert told(unbound) == [(None, WON, Reason.STORE)]


def test_purchase_for_oneself_is_won_and_marked_and_the_policy_decides_whether_it_earns() -> None:
    known = facts(explicit_code=GuideClaim(BO, SOUTH), shop=GuideClaim(EVE), buyer_employee_id=BO)
    unpaid = decide_attribution(known, PolicyTerms(self_purchase=SelfPurchase.NONE))
    assert (unpaid.guide_id, unpaid.is_self_purchase, unpaid.unpaid_employee_id) == (BO, True, BO)
    assert told(unpaid)[0] == (BO, WON, Reason.SELF_PURCHASE)
    assert unpaid.rule is Rule.EXPLICIT_CODE
    paid = decide_attribution(known, PolicyTerms(self_purchase=SelfPurchase.COMMISSION))
    assert (paid.guide_id, paid.is_self_purchase, paid.unpaid_employee_id) == (BO, True, None)


def test_employee_who_buys_from_a_colleague_is_an_ordinary_customer() -> None:
    decision = decide_attribution(facts(explicit_code=GuideClaim(BO, SOUTH), buyer_employee_id=EVE), USUAL)
    assert (decision.is_self_purchase, decision.unpaid_employee_id) == (False, None)
    assert told(decision) == [(BO, WON, Reason.EXPLICIT_CODE)]


@pytest.mark.parametrize("takeover", Takeover)
def test_quotation_wins_over_any_code_and_binding_and_the_others_are_told(takeover: Takeover) -> None:
    known = facts(**{**EVERYTHING, "binding": bound(ANNA, ago=1)}, quotation=GuideClaim(DAN, SOUTH))
    decision = decide_attribution(known, PolicyTerms(takeover=takeover))
    assert (decision.rule, decision.guide_id, decision.store_id) == (Rule.QUOTATION, DAN, SOUTH)
    losers = [(one.guide_id, one.reason) for one in decision.candidates[1:]]
    outranked = Reason.OUTRANKED_BY_QUOTATION
    kept = {Takeover.NEVER: Reason.BINDING_NEVER_TAKEN_OVER, Takeover.AFTER_PROTECTION: Reason.BINDING_PROTECTED}
    assert losers == [(BO, kept.get(takeover, outranked)), (ANNA, outranked), (CHEN, outranked), (EVE, outranked)]


def test_quotation_of_a_guide_who_left_wins_nothing_and_counts_on_no_till() -> None:
    gone = GuideClaim(DAN, SOUTH, is_active=False)
    decision = decide_attribution(facts(quotation=gone, explicit_code=gone, shop=GuideClaim(EVE, NORTH)), USUAL)
    assert told(decision) == [(EVE, WON, Reason.SHOP_GUIDE), (DAN, LOST, Reason.QUOTATION_GUIDE_GONE)]
    till = decide_attribution(facts(source=SaleSource.TILL, quotation=GuideClaim(DAN, SOUTH)), USUAL)
    assert told(till) == [(None, WON, Reason.STORE)]


guides = st.sampled_from([ANNA, BO, CHEN, DAN])
claims = st.none() | st.builds(
    GuideClaim, guide_id=guides, store_id=st.sampled_from([NORTH, SOUTH, None]), is_active=st.booleans()
)
sales = st.builds(
    AttributionFacts,
    source=st.sampled_from(SaleSource),
    at=st.just(NOW),
    store_id=st.just(NORTH),
    cashier=claims,
    quotation=claims,
    explicit_code=claims,
    binding=st.none() | st.builds(bound, guides | st.none(), ago=st.integers(0, 400), is_suspended=st.booleans()),
    binding_guide_is_active=st.booleans(),
    touches=st.lists(
        st.tuples(guides, st.integers(-2, 60), st.booleans()).map(lambda t: touched(t[0], ago=t[1], active=t[2])),
        max_size=6,
    ).map(lambda found: tuple(sorted(found, key=lambda touch: touch.occurred_at, reverse=True))),
    shop=claims,
    buyer_employee_id=st.none() | guides,
)
policies = st.builds(
    PolicyTerms,
    takeover=st.sampled_from(Takeover),
    last_touch_days=st.integers(0, 60),
    self_purchase=st.sampled_from(SelfPurchase),
)


@given(known=sales, terms=policies)
def test_there_is_one_winner_each_guide_appears_once_and_reasons_fit_outcomes(
    known: AttributionFacts, terms: PolicyTerms
) -> None:
    decision = decide_attribution(known, terms)
    assert decision == decide_attribution(known, terms)
    assert [candidate.outcome for candidate in decision.candidates].count(WON) == 1
    winner, losers = decision.candidates[0], decision.candidates[1:]
    assert winner.outcome is WON
    assert (winner.guide_id, winner.store_id, winner.rule) == (decision.guide_id, decision.store_id, decision.rule)
    who = [candidate.guide_id for candidate in decision.candidates]
    assert len(who) == len(set(who))
    for loser in losers:
        assert loser.reason.endswith(("_GONE", "_TOO_OLD", "_EXPIRED", "_SUSPENDED", "_PROTECTED", "_OVER")) or (
            loser.reason == f"OUTRANKED_BY_{decision.rule}"
        )
    assert decision.is_self_purchase == (decision.guide_id is not None and decision.guide_id == known.buyer_employee_id)
    assert (decision.unpaid_employee_id is not None) == (
        decision.is_self_purchase and terms.self_purchase is SelfPurchase.NONE
    )


@given(known=sales, terms=policies)
def test_winner_is_never_outranked_by_a_stronger_claim_that_stood(known: AttributionFacts, terms: PolicyTerms) -> None:
    """Written against the sentence of the policy, not against the code."""
    decision = decide_attribution(known, terms)
    binding = known.binding
    counts = (
        binding is not None
        and not binding.is_suspended
        and (binding.expires_at is None or known.at < binding.expires_at)
        and known.binding_guide_is_active
    )
    if known.source is SaleSource.TILL:
        expected = Rule.CASHIER_CHOICE if known.cashier else (Rule.LIVE_BINDING if counts else Rule.STORE)
        assert decision.rule is expected
        return
    code = known.explicit_code
    free = not counts or binding is None or code is None or code.guide_id == binding.guide_id
    if not free and binding is not None and code is not None:
        inside = binding.guide_id is None and (code.store_id or known.store_id) == binding.store_id
        is_over = binding.protected_until is None or known.at >= binding.protected_until
        allowed = terms.takeover is Takeover.ANY_TIME or (terms.takeover is Takeover.AFTER_PROTECTION and is_over)
        free = inside or allowed
    in_window = [
        touch
        for touch in known.touches
        if touch.is_active and timedelta(0) <= known.at - touch.occurred_at < timedelta(days=terms.last_touch_days)
    ]
    if known.quotation is not None and known.quotation.is_active:
        assert (decision.rule, decision.guide_id) == (Rule.QUOTATION, known.quotation.guide_id)
    elif code is not None and code.is_active and free:
        assert (decision.rule, decision.guide_id) == (Rule.EXPLICIT_CODE, code.guide_id)
    elif counts and binding is not None:
        assert (decision.rule, decision.guide_id) == (Rule.LIVE_BINDING, binding.guide_id)
    elif in_window:
        assert (decision.rule, decision.guide_id) == (Rule.LAST_TOUCH, in_window[0].guide_id)
    elif known.shop is not None and known.shop.is_active:
        assert (decision.rule, decision.guide_id) == (Rule.SHOP_GUIDE, known.shop.guide_id)
    else:
        assert decision.candidates[0] == AttributionCandidate(None, NORTH, Rule.STORE, WON, Reason.STORE)
