"""A policy is published only if its settings make sense together."""

import pytest

from app.customers.rules import policy_terms, validate_policy
from app.customers.values import BindingMode, BindOn, PolicyTerms, RenewOn, SelfPurchase, Takeover

PERMANENT, TIMED = BindingMode.PERMANENT, BindingMode.TIMED


def test_policy_of_a_new_brand_is_publishable_and_as_documented() -> None:
    usual = PolicyTerms()
    assert validate_policy(usual) == []
    assert usual == PolicyTerms(
        bind_on=BindOn.SIGN_IN,
        renew_on=RenewOn.ORDER,
        binding_mode=TIMED,
        validity_days=180,
        takeover=Takeover.AFTER_PROTECTION,
        protection_days=30,
        last_touch_days=30,
        self_purchase=SelfPurchase.NONE,
        offline_split_bp=5_000,
        fulfilment_store_bp=0,
    )


@pytest.mark.parametrize(
    ("terms", "problems"),
    [
        (PolicyTerms(validity_days=None), [("validity_days", "REQUIRED")]),
        (PolicyTerms(validity_days=0, protection_days=0), [("validity_days", "OUT_OF_RANGE")]),
        (PolicyTerms(validity_days=3_651), [("validity_days", "OUT_OF_RANGE")]),
        (PolicyTerms(validity_days=3_650), []),
        (PolicyTerms(validity_days=1, protection_days=1), []),
        (PolicyTerms(binding_mode=PERMANENT), [("validity_days", "FORBIDDEN")]),
        (PolicyTerms(binding_mode=PERMANENT, validity_days=None), []),
        (PolicyTerms(binding_mode=PERMANENT, validity_days=None, protection_days=3_650), []),
        (PolicyTerms(protection_days=None), [("protection_days", "REQUIRED")]),
        (PolicyTerms(protection_days=0), []),
        (PolicyTerms(protection_days=-1), [("protection_days", "OUT_OF_RANGE")]),
        (PolicyTerms(protection_days=3_651), [("protection_days", "OUT_OF_RANGE")]),
        (PolicyTerms(protection_days=181), [("protection_days", "LONGER_THAN_VALIDITY")]),
        (PolicyTerms(protection_days=180), []),
        (PolicyTerms(validity_days=1, protection_days=2), [("protection_days", "LONGER_THAN_VALIDITY")]),
        (PolicyTerms(validity_days=0, protection_days=30), [("validity_days", "OUT_OF_RANGE")]),
        (PolicyTerms(takeover=Takeover.NEVER, protection_days=None), []),
        (PolicyTerms(takeover=Takeover.NEVER, validity_days=7, protection_days=30), []),
        (PolicyTerms(takeover=Takeover.ANY_TIME, protection_days=-1), [("protection_days", "OUT_OF_RANGE")]),
        (PolicyTerms(last_touch_days=-1), [("last_touch_days", "OUT_OF_RANGE")]),
        (PolicyTerms(last_touch_days=366), [("last_touch_days", "OUT_OF_RANGE")]),
        (PolicyTerms(last_touch_days=0), []),
        (PolicyTerms(last_touch_days=365), []),
        (PolicyTerms(offline_split_bp=10_001), [("offline_split_bp", "OUT_OF_RANGE")]),
        (PolicyTerms(offline_split_bp=10_000, fulfilment_store_bp=10_000), []),
        (
            PolicyTerms(validity_days=None, last_touch_days=999, fulfilment_store_bp=-1),
            [
                ("validity_days", "REQUIRED"),
                ("last_touch_days", "OUT_OF_RANGE"),
                ("fulfilment_store_bp", "OUT_OF_RANGE"),
            ],
        ),
    ],
)
def test_every_unusable_setting_is_named(terms: PolicyTerms, problems: list[tuple[str, str]]) -> None:
    assert validate_policy(terms) == problems


def test_published_policy_takes_windows_and_shares_left_out_from_the_usual_one() -> None:
    terms = policy_terms(
        bind_on=BindOn.SCAN,
        renew_on=RenewOn.NONE,
        binding_mode=PERMANENT,
        takeover=Takeover.NEVER,
        self_purchase=SelfPurchase.COMMISSION,
    )
    assert (terms.last_touch_days, terms.offline_split_bp, terms.fulfilment_store_bp) == (30, 5_000, 0)
    assert (terms.validity_days, terms.protection_days) == (None, None)
    assert validate_policy(terms) == []


def test_zero_given_is_not_taken_for_left_out() -> None:
    terms = policy_terms(
        bind_on=BindOn.SCAN,
        renew_on=RenewOn.VISIT,
        binding_mode=TIMED,
        takeover=Takeover.AFTER_PROTECTION,
        self_purchase=SelfPurchase.NONE,
        validity_days=30,
        protection_days=0,
        last_touch_days=0,
        offline_split_bp=0,
        fulfilment_store_bp=0,
    )
    assert (terms.last_touch_days, terms.offline_split_bp, terms.protection_days) == (0, 0, 0)
    assert validate_policy(terms) == []
