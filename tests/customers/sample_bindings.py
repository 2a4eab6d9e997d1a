"""Bindings and touches to test with: ANNA's customer at the store NORTH, other guides, and policies of every kind."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from app.customers.values import (
    BindingCandidate,
    BindingMode,
    BindingTouch,
    BindOn,
    LiveBinding,
    PolicyTerms,
    RenewOn,
    Takeover,
)

NOW = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
ANNA, BO, CHEN = UUID(int=1), UUID(int=2), UUID(int=3)
NORTH, SOUTH = UUID(int=11), UUID(int=12)
USUAL = PolicyTerms()


def days(count: float) -> timedelta:
    return timedelta(days=count)


def bound_to(
    guide: UUID | None = ANNA, *, ago: float = 1, terms: PolicyTerms = USUAL, **changes: object
) -> LiveBinding:
    since = NOW - days(ago)
    fields: dict[str, object] = {
        "binding_id": UUID(int=99),
        "guide_id": guide,
        "store_id": NORTH,
        "bound_at": since,
        "protected_until": terms.protected_until(since),
        "expires_at": terms.expires_at(since),
    }
    return LiveBinding(**(fields | changes))  # type: ignore[arg-type]


def candidate(guide: UUID | None = BO, store: UUID = NORTH, *, active: bool = True) -> BindingCandidate:
    return BindingCandidate(guide_id=guide, store_id=store, touchpoint_id=UUID(int=77), guide_is_active=active)


def touch(guide: UUID | None, *, ago: float, active: bool = True) -> BindingTouch:
    return BindingTouch(candidate(guide, active=active), NOW - days(ago))


policies = st.builds(
    PolicyTerms,
    bind_on=st.sampled_from(BindOn),
    renew_on=st.sampled_from(RenewOn),
    binding_mode=st.just(BindingMode.TIMED),
    validity_days=st.integers(30, 3650),
    takeover=st.sampled_from(Takeover),
    protection_days=st.integers(0, 30),
    last_touch_days=st.integers(0, 365),
) | st.builds(
    PolicyTerms,
    bind_on=st.sampled_from(BindOn),
    renew_on=st.sampled_from(RenewOn),
    binding_mode=st.just(BindingMode.PERMANENT),
    validity_days=st.none(),
    takeover=st.sampled_from(Takeover),
    protection_days=st.integers(0, 3650) | st.none(),
)
guides = st.sampled_from([ANNA, BO, CHEN])
