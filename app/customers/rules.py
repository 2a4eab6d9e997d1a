"""Rules of bindings: when one begins, is renewed, is taken over, or stays. Pure: plain values in, a decision out.

Only a signed-in customer can be bound; the caller asks for nobody else. The three settings stay apart: validity says
how long a binding lives, protection how long it is safe, takeover whether it can be lost at all.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.customers.values import (
    BindingCandidate,
    BindingDecision,
    BindingMode,
    BindingOutcome,
    BindingReason,
    BindingState,
    BindingTouch,
    BindingTrigger,
    BindOn,
    LiveBinding,
    PolicyTerms,
    Problem,
    RenewOn,
    SelfPurchase,
    Takeover,
    TouchChoice,
)

LONGEST_VALIDITY_DAYS = 3_650
LONGEST_TOUCH_DAYS = 365
WHOLE_BP = 10_000

_BEGINS = {
    BindOn.SCAN: frozenset({BindingTrigger.SCAN, BindingTrigger.SIGN_IN}),
    BindOn.SIGN_IN: frozenset({BindingTrigger.SCAN, BindingTrigger.SIGN_IN}),
    BindOn.FIRST_ORDER: frozenset({BindingTrigger.ORDER}),
}
"""What begins a binding or takes one over. A signed-in customer's scan counts under SIGN_IN too: he has signed in."""

_RENEWS = {
    RenewOn.NONE: frozenset[BindingTrigger](),
    RenewOn.VISIT: frozenset({BindingTrigger.VISIT, BindingTrigger.SCAN, BindingTrigger.SIGN_IN}),
    RenewOn.ORDER: frozenset({BindingTrigger.ORDER}),
}
"""What renews a binding. Whoever scans the guide's code, or signs in after having done so, visits the guide."""


def decide_binding(
    live: LiveBinding | None, candidate: BindingCandidate, trigger: BindingTrigger, terms: PolicyTerms, now: datetime
) -> BindingDecision:
    """What a scan, sign-in, order or visit does to a signed-in customer's binding.

    Without a binding, or with one that has run out: BIND where `bind_on` says so. With the same guide: RENEW where
    `renew_on` says so and something gets longer. With another guide: TAKE_OVER at the same triggers that begin a
    binding, if takeover and protection allow it. A visit neither binds nor takes over. Everything else: KEEP, with
    the reason.
    """
    if not candidate.guide_is_active:
        return _keep(live, BindingReason.GUIDE_INACTIVE)
    if candidate.is_self:
        return _keep(live, BindingReason.SELF)
    begins = trigger in _BEGINS[terms.bind_on]
    if live is None or live.state_at(now) is BindingState.EXPIRED:
        if not begins:
            return _keep(live, BindingReason.NOT_DUE)
        reason = BindingReason.UNBOUND if live is None else BindingReason.BINDING_EXPIRED
        return _begin(BindingOutcome.BIND, reason, candidate, terms, now)
    if live.is_suspended:
        return _keep(live, BindingReason.SUSPENDED)
    if candidate.guide_id == live.guide_id and (live.guide_id is not None or candidate.store_id == live.store_id):
        return _renew(live, candidate, trigger, terms, now)
    if not begins:
        return _keep(live, BindingReason.NOT_DUE)
    refusal = terms.takeover_refusal(live, guide_id=candidate.guide_id, store_id=candidate.store_id, now=now)
    if refusal is not None:
        return _keep(live, refusal)
    return _begin(BindingOutcome.TAKE_OVER, BindingReason.TAKEOVER_ALLOWED, candidate, terms, now)


def choose_touch_to_bind(
    touches_newest_first: Sequence[BindingTouch], live: LiveBinding | None, terms: PolicyTerms, now: datetime
) -> TouchChoice | None:
    """The touch of a visitor that binds when he signs in: the latest eligible one, or None.

    A touch of the guide who serves the customer ends the search: whoever came before that guide is history. So does
    one from before the present binding, and one older than a whole validity (its binding would have run out by now).
    A touch made while the customer was protected takes nobody over, even if protection ends before the sign-in.
    """
    present = None if live is None or live.state_at(now) is BindingState.EXPIRED else live
    for touch in touches_newest_first:
        if terms.validity_days is not None and touch.occurred_at + timedelta(days=terms.validity_days) <= now:
            return None
        if present is not None and touch.occurred_at <= present.bound_at:
            return None
        candidate = touch.candidate
        decision = decide_binding(live, candidate, BindingTrigger.SIGN_IN, terms, now)
        if decision.reason is BindingReason.SAME_GUIDE:
            return None
        if present is not None and decision.outcome is BindingOutcome.TAKE_OVER:
            refusal = terms.takeover_refusal(
                present, guide_id=candidate.guide_id, store_id=candidate.store_id, now=touch.occurred_at
            )
            if refusal is not None:
                continue
        if decision.is_change:
            return TouchChoice(touch, decision)
    return None


def policy_terms(
    *,
    bind_on: BindOn,
    renew_on: RenewOn,
    binding_mode: BindingMode,
    takeover: Takeover,
    self_purchase: SelfPurchase,
    validity_days: int | None = None,
    protection_days: int | None = None,
    last_touch_days: int | None = None,
    offline_split_bp: int | None = None,
    fulfilment_store_bp: int | None = None,
) -> PolicyTerms:
    """The terms of a policy as it is published: a window or share left out is that of a new brand.

    Validity and protection have no such default, as leaving them out may be an oversight: `validate_policy` asks for
    them.
    """
    usual = PolicyTerms()
    return PolicyTerms(
        bind_on=bind_on,
        renew_on=renew_on,
        binding_mode=binding_mode,
        validity_days=validity_days,
        takeover=takeover,
        protection_days=protection_days,
        last_touch_days=usual.last_touch_days if last_touch_days is None else last_touch_days,
        self_purchase=self_purchase,
        offline_split_bp=usual.offline_split_bp if offline_split_bp is None else offline_split_bp,
        fulfilment_store_bp=usual.fulfilment_store_bp if fulfilment_store_bp is None else fulfilment_store_bp,
    )


def validate_policy(terms: PolicyTerms) -> list[Problem]:
    """Every field of a policy that cannot be published, with REQUIRED, FORBIDDEN, OUT_OF_RANGE or
    LONGER_THAN_VALIDITY.

    TIMED needs a validity of 1 to 3,650 days, PERMANENT forbids one. AFTER_PROTECTION needs a protection of at least
    0 days, no longer than the validity. Touches: 0 to 365 days. Shares: 0 to 10,000 bp. Empty: publishable.
    """
    problems: list[Problem] = []
    validity, protection = terms.validity_days, terms.protection_days
    if terms.binding_mode is BindingMode.PERMANENT:
        if validity is not None:
            problems.append(("validity_days", "FORBIDDEN"))
    elif validity is None:
        problems.append(("validity_days", "REQUIRED"))
    elif not 1 <= validity <= LONGEST_VALIDITY_DAYS:
        problems.append(("validity_days", "OUT_OF_RANGE"))
    if protection is None:
        if terms.takeover is Takeover.AFTER_PROTECTION:
            problems.append(("protection_days", "REQUIRED"))
    elif not 0 <= protection <= LONGEST_VALIDITY_DAYS:
        problems.append(("protection_days", "OUT_OF_RANGE"))
    elif terms.takeover is Takeover.AFTER_PROTECTION and validity is not None and protection > validity >= 1:
        problems.append(("protection_days", "LONGER_THAN_VALIDITY"))
    if not 0 <= terms.last_touch_days <= LONGEST_TOUCH_DAYS:
        problems.append(("last_touch_days", "OUT_OF_RANGE"))
    for field in ("offline_split_bp", "fulfilment_store_bp"):
        if not 0 <= getattr(terms, field) <= WHOLE_BP:
            problems.append((field, "OUT_OF_RANGE"))
    return problems


def _begin(
    outcome: BindingOutcome, reason: BindingReason, candidate: BindingCandidate, terms: PolicyTerms, now: datetime
) -> BindingDecision:
    return BindingDecision(
        outcome=outcome,
        reason=reason,
        guide_id=candidate.guide_id,
        store_id=candidate.store_id,
        touchpoint_id=candidate.touchpoint_id,
        protected_until=terms.protected_until(now),
        expires_at=terms.expires_at(now),
    )


def _renew(
    live: LiveBinding, candidate: BindingCandidate, trigger: BindingTrigger, terms: PolicyTerms, now: datetime
) -> BindingDecision:
    """Validity and protection begin anew; neither gets shorter, even where the policy did. The owning store stays."""
    if trigger not in _RENEWS[terms.renew_on]:
        return _keep(live, BindingReason.SAME_GUIDE)
    anew = terms.expires_at(now)
    expires_at = None if live.expires_at is None or anew is None else max(live.expires_at, anew)
    ends = [end for end in (live.protected_until, terms.protected_until(now)) if end is not None]
    protected_until = max(ends, default=None)
    if (protected_until, expires_at) == (live.protected_until, live.expires_at):
        return _keep(live, BindingReason.SAME_GUIDE)
    return BindingDecision(
        outcome=BindingOutcome.RENEW,
        reason=BindingReason.RENEWAL_DUE,
        guide_id=live.guide_id,
        store_id=live.store_id,
        touchpoint_id=candidate.touchpoint_id,
        protected_until=protected_until,
        expires_at=expires_at,
    )


def _keep(live: LiveBinding | None, reason: BindingReason) -> BindingDecision:
    if live is None:
        return BindingDecision(BindingOutcome.KEEP, reason)
    return BindingDecision(
        outcome=BindingOutcome.KEEP,
        reason=reason,
        guide_id=live.guide_id,
        store_id=live.store_id,
        protected_until=live.protected_until,
        expires_at=live.expires_at,
    )
