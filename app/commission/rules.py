"""Who wins a sale. Pure: the facts of the moment and the policy's terms in, the decision with every candidate out.

Online: the guide whose quotation was accepted, if active; else the explicit code if its guide is active and takeover is
allowed; else the live binding; else the last touch inside `last_touch_days`; else the guide of the shop; else the
store. On a till: the guide named on the line, whatever
he did since; else the live binding; else the till's store.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.commission.values import (
    AttributionCandidate,
    AttributionDecision,
    AttributionFacts,
    AttributionReason,
    AttributionRule,
    BindingReason,
    BindingState,
    CandidateOutcome,
    GuideClaim,
    PolicyTerms,
    SaleSource,
    SelfPurchase,
)


@dataclass(frozen=True, slots=True)
class _Claim:
    rule: AttributionRule
    guide_id: UUID | None
    store_id: UUID | None
    refusal: AttributionReason | None
    touchpoint_id: UUID | None = None
    binding_id: UUID | None = None


_WON = {
    AttributionRule.CASHIER_CHOICE: AttributionReason.CASHIER_CHOICE,
    AttributionRule.QUOTATION: AttributionReason.QUOTATION,
    AttributionRule.EXPLICIT_CODE: AttributionReason.EXPLICIT_CODE,
    AttributionRule.LIVE_BINDING: AttributionReason.BINDING_LIVE,
    AttributionRule.LAST_TOUCH: AttributionReason.LAST_TOUCH,
    AttributionRule.SHOP_GUIDE: AttributionReason.SHOP_GUIDE,
    AttributionRule.STORE: AttributionReason.STORE,
}
_OUTRANKED = {
    AttributionRule.CASHIER_CHOICE: AttributionReason.OUTRANKED_BY_CASHIER_CHOICE,
    AttributionRule.QUOTATION: AttributionReason.OUTRANKED_BY_QUOTATION,
    AttributionRule.EXPLICIT_CODE: AttributionReason.OUTRANKED_BY_EXPLICIT_CODE,
    AttributionRule.LIVE_BINDING: AttributionReason.OUTRANKED_BY_LIVE_BINDING,
    AttributionRule.LAST_TOUCH: AttributionReason.OUTRANKED_BY_LAST_TOUCH,
    AttributionRule.SHOP_GUIDE: AttributionReason.OUTRANKED_BY_SHOP_GUIDE,
}
_TAKEOVER_REFUSED = {
    BindingReason.PROTECTED: AttributionReason.BINDING_PROTECTED,
    BindingReason.NEVER_TAKEN_OVER: AttributionReason.BINDING_NEVER_TAKEN_OVER,
}


def decide_attribution(facts: AttributionFacts, terms: PolicyTerms) -> AttributionDecision:
    """The winner of a sale and why everybody else lost.

    Each guide is a candidate once: the winner with the claim that won, the others with their strongest claim and what
    stood against it. The store is listed only if it wins. A purchase for oneself is won like any other and marked;
    SelfPurchase.NONE names the winner as unpaid.
    """
    claims = _claims(facts, terms)
    store = _Claim(AttributionRule.STORE, None, facts.store_id, refusal=None)
    winner = next((claim for claim in claims if claim.refusal is None), store)
    is_self_purchase = winner.guide_id is not None and winner.guide_id == facts.buyer_employee_id
    won = AttributionReason.SELF_PURCHASE if is_self_purchase else _WON[winner.rule]
    candidates = {winner.guide_id: _candidate(winner, CandidateOutcome.WON, won)}
    for claim in claims:
        if claim.guide_id not in candidates:
            lost = claim.refusal or _OUTRANKED[winner.rule]
            candidates[claim.guide_id] = _candidate(claim, CandidateOutcome.LOST, lost)
    return AttributionDecision(
        rule=winner.rule,
        guide_id=winner.guide_id,
        store_id=winner.store_id,
        is_self_purchase=is_self_purchase,
        unpaid_employee_id=winner.guide_id if is_self_purchase and terms.self_purchase is SelfPurchase.NONE else None,
        candidates=tuple(candidates.values()),
    )


def _claims(facts: AttributionFacts, terms: PolicyTerms) -> list[_Claim]:
    """Every claim, the strongest rule first; a refused claim says why."""
    if facts.source is SaleSource.TILL:
        return _cashier_claims(facts) + _binding_claims(facts)
    claims = _quotation_claims(facts) + _code_claims(facts, terms) + _binding_claims(facts)
    claims += _touch_claims(facts, terms)
    if facts.shop is not None:
        gone = None if facts.shop.is_active else AttributionReason.SHOP_GUIDE_GONE
        claims.append(_Claim(AttributionRule.SHOP_GUIDE, facts.shop.guide_id, _store(facts, facts.shop), gone))
    return claims


def _cashier_claims(facts: AttributionFacts) -> list[_Claim]:
    named = facts.cashier
    if named is None:
        return []
    return [_Claim(AttributionRule.CASHIER_CHOICE, named.guide_id, _store(facts, named), refusal=None)]


def _quotation_claims(facts: AttributionFacts) -> list[_Claim]:
    """Like the guide whom a cashier names: no binding stands against it, but unlike there nobody who has left wins."""
    made_by = facts.quotation
    if made_by is None:
        return []
    gone = None if made_by.is_active else AttributionReason.QUOTATION_GUIDE_GONE
    return [_Claim(AttributionRule.QUOTATION, made_by.guide_id, _store(facts, made_by), gone, made_by.touchpoint_id)]


def _code_claims(facts: AttributionFacts, terms: PolicyTerms) -> list[_Claim]:
    code = facts.explicit_code
    if code is None:
        return []
    refusal: AttributionReason | None = None
    if not code.is_active:
        refusal = AttributionReason.CODE_GUIDE_GONE
    elif facts.binding is not None and _binding_refusal(facts) is None:
        takeover = terms.takeover_refusal(
            facts.binding, guide_id=code.guide_id, store_id=_store(facts, code), now=facts.at
        )
        refusal = None if takeover is None else _TAKEOVER_REFUSED[takeover]
    return [_Claim(AttributionRule.EXPLICIT_CODE, code.guide_id, _store(facts, code), refusal, code.touchpoint_id)]


def _binding_claims(facts: AttributionFacts) -> list[_Claim]:
    binding = facts.binding
    if binding is None:
        return []
    return [
        _Claim(
            rule=AttributionRule.LIVE_BINDING,
            guide_id=binding.guide_id,
            store_id=binding.store_id or facts.store_id,
            refusal=_binding_refusal(facts),
            binding_id=binding.binding_id,
        )
    ]


def _binding_refusal(facts: AttributionFacts) -> AttributionReason | None:
    """Why the binding does not count: it has run out, waits for its handover, or its guide has left."""
    if facts.binding is None:
        return None
    match facts.binding.state_at(facts.at):
        case BindingState.EXPIRED:
            return AttributionReason.BINDING_EXPIRED
        case BindingState.SUSPENDED:
            return AttributionReason.BINDING_SUSPENDED
        case _:
            return None if facts.binding_guide_is_active else AttributionReason.BINDING_GUIDE_GONE


def _touch_claims(facts: AttributionFacts, terms: PolicyTerms) -> list[_Claim]:
    """The touches before the sale, newest first: the first without a refusal is the last touch that counts."""
    claims = []
    for touch in facts.touches:
        if touch.occurred_at > facts.at:
            continue
        refusal: AttributionReason | None = None
        if facts.at - touch.occurred_at >= timedelta(days=terms.last_touch_days):
            refusal = AttributionReason.TOUCH_TOO_OLD
        elif not touch.is_active:
            refusal = AttributionReason.TOUCH_GUIDE_GONE
        store_id = touch.store_id or facts.store_id
        claims.append(_Claim(AttributionRule.LAST_TOUCH, touch.guide_id, store_id, refusal, touch.touchpoint_id))
    return claims


def _store(facts: AttributionFacts, claim: GuideClaim) -> UUID | None:
    return claim.store_id or facts.store_id


def _candidate(claim: _Claim, outcome: CandidateOutcome, reason: AttributionReason) -> AttributionCandidate:
    return AttributionCandidate(
        guide_id=claim.guide_id,
        store_id=claim.store_id,
        rule=claim.rule,
        outcome=outcome,
        reason=reason,
        touchpoint_id=claim.touchpoint_id,
        binding_id=claim.binding_id,
    )
