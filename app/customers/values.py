"""Plain values of customers online: the policy's terms, touches, bindings, and what follows from them and a time
alone.

A binding's state is never stored: it follows from its instants. An instant that ends something no longer belongs to
it, so N days are [start, start + N days).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

Problem = tuple[str, str]
"""A field's name and why its value is refused: a pair that the caller turns into a path and a message."""


class TouchpointKind(StrEnum):
    SCAN = "SCAN"
    OPEN = "OPEN"
    SHARE = "SHARE"
    COUPON = "COUPON"
    POS = "POS"
    SIGN_IN = "SIGN_IN"


class Channel(StrEnum):
    IN_STORE = "IN_STORE"
    WECHAT_CHAT = "WECHAT_CHAT"
    WECHAT_MOMENTS = "WECHAT_MOMENTS"
    WECOM = "WECOM"
    OFFICIAL_ACCOUNT = "OFFICIAL_ACCOUNT"
    SMS = "SMS"
    POSTER = "POSTER"
    PACKAGE = "PACKAGE"
    SCREEN = "SCREEN"
    ALLIANCE = "ALLIANCE"
    LINK = "LINK"
    OTHER = "OTHER"


class ConsentPurpose(StrEnum):
    MARKETING = "MARKETING"
    PROFILING = "PROFILING"
    LOCATION = "LOCATION"


class BindOn(StrEnum):
    """When a binding begins. Nobody can be bound before signing in, so SCAN binds an unknown visitor at sign-in
    too."""

    SCAN = "SCAN"
    SIGN_IN = "SIGN_IN"
    FIRST_ORDER = "FIRST_ORDER"


class RenewOn(StrEnum):
    NONE = "NONE"
    VISIT = "VISIT"
    ORDER = "ORDER"


class BindingMode(StrEnum):
    PERMANENT = "PERMANENT"
    TIMED = "TIMED"


class Takeover(StrEnum):
    """Whether another guide may take a bound customer (抢客)."""

    ANY_TIME = "ANY_TIME"
    AFTER_PROTECTION = "AFTER_PROTECTION"
    NEVER = "NEVER"


class SelfPurchase(StrEnum):
    """What a guide earns on the own purchase."""

    NONE = "NONE"
    COMMISSION = "COMMISSION"


class BindingState(StrEnum):
    """PENDING, TAKEN_OVER, HANDED_OVER and RELEASED are facts of the past; the other four follow from the time."""

    PENDING = "PENDING"
    ACTIVE_PROTECTED = "ACTIVE_PROTECTED"
    ACTIVE_OPEN = "ACTIVE_OPEN"
    EXPIRED = "EXPIRED"
    TAKEN_OVER = "TAKEN_OVER"
    HANDED_OVER = "HANDED_OVER"
    RELEASED = "RELEASED"
    SUSPENDED = "SUSPENDED"


class BindingTrigger(StrEnum):
    """What happened: a code scanned, a sign-in, an order that the candidate won, or a visit to the candidate's
    shop."""

    SCAN = "SCAN"
    SIGN_IN = "SIGN_IN"
    ORDER = "ORDER"
    VISIT = "VISIT"


class BindingOutcome(StrEnum):
    BIND = "BIND"
    TAKE_OVER = "TAKE_OVER"
    RENEW = "RENEW"
    KEEP = "KEEP"


class BindingReason(StrEnum):
    """Why a binding decision fell as it did. The first four go with a change, the others with KEEP."""

    UNBOUND = "UNBOUND"
    BINDING_EXPIRED = "BINDING_EXPIRED"
    TAKEOVER_ALLOWED = "TAKEOVER_ALLOWED"
    RENEWAL_DUE = "RENEWAL_DUE"
    NOT_DUE = "NOT_DUE"
    SAME_GUIDE = "SAME_GUIDE"
    GUIDE_INACTIVE = "GUIDE_INACTIVE"
    SELF = "SELF"
    PROTECTED = "PROTECTED"
    NEVER_TAKEN_OVER = "NEVER_TAKEN_OVER"
    STORE_TAKES_NOBODY = "STORE_TAKES_NOBODY"
    SUSPENDED = "SUSPENDED"


@dataclass(frozen=True, slots=True)
class LiveBinding:
    """The binding that a customer's head points to; it may have run out. `expires_at` None: permanent.

    `protected_until` None: no protection. A guide's id is the employee's id; None: the store alone serves the
    customer. Suspended: the guide is leaving, and the handover alone decides who comes next.
    """

    binding_id: UUID
    guide_id: UUID | None
    store_id: UUID | None
    bound_at: datetime
    protected_until: datetime | None = None
    expires_at: datetime | None = None
    is_suspended: bool = False

    def state_at(self, now: datetime) -> BindingState:
        """EXPIRED, SUSPENDED, ACTIVE_PROTECTED or ACTIVE_OPEN, the first that fits.

        ACTIVE_PROTECTED means that a protection period runs; under a policy without one (ANY_TIME, NEVER) a live
        binding reads ACTIVE_OPEN, and the policy alone says whether it can be lost.
        """
        if self.expires_at is not None and self.expires_at <= now:
            return BindingState.EXPIRED
        if self.is_suspended:
            return BindingState.SUSPENDED
        if self.protected_until is not None and now < self.protected_until:
            return BindingState.ACTIVE_PROTECTED
        return BindingState.ACTIVE_OPEN


@dataclass(frozen=True, slots=True)
class PolicyTerms:
    """The settings of one policy version; the defaults are those of a new brand.

    Validity, protection and takeover are separate. `validity_days` None: PERMANENT. `protection_days` counts only
    under AFTER_PROTECTION. `last_touch_days` 0: no touch wins an order. Shares: basis points.
    """

    bind_on: BindOn = BindOn.SIGN_IN
    renew_on: RenewOn = RenewOn.ORDER
    binding_mode: BindingMode = BindingMode.TIMED
    validity_days: int | None = 180
    takeover: Takeover = Takeover.AFTER_PROTECTION
    protection_days: int | None = 30
    last_touch_days: int = 30
    self_purchase: SelfPurchase = SelfPurchase.NONE
    offline_split_bp: int = 5_000
    fulfilment_store_bp: int = 0

    def expires_at(self, start: datetime) -> datetime | None:
        """The end of a binding that begins at `start`; None: never."""
        if self.binding_mode is BindingMode.PERMANENT or self.validity_days is None:
            return None
        return start + timedelta(days=self.validity_days)

    def protected_until(self, start: datetime) -> datetime | None:
        """The end of the protection that begins at `start`; None where the policy knows no protection period."""
        if self.takeover is not Takeover.AFTER_PROTECTION or not self.protection_days:
            return None
        return start + timedelta(days=self.protection_days)

    def takeover_refusal(
        self, live: LiveBinding, *, guide_id: UUID | None, store_id: UUID | None, now: datetime
    ) -> BindingReason | None:
        """Why this guide may not win the customer of a binding that has not run out, or None if it may.

        A store alone takes no bound customer. A customer whom no guide serves goes to any guide of the owning store;
        guides of other stores stand under the policy.
        """
        if guide_id is None:
            return BindingReason.STORE_TAKES_NOBODY
        if guide_id == live.guide_id or (live.guide_id is None and store_id == live.store_id):
            return None
        if self.takeover is Takeover.NEVER:
            return BindingReason.NEVER_TAKEN_OVER
        if self.takeover is Takeover.AFTER_PROTECTION and live.state_at(now) is BindingState.ACTIVE_PROTECTED:
            return BindingReason.PROTECTED
        return None


@dataclass(frozen=True, slots=True)
class BindingCandidate:
    """Whom a customer could be bound to. `guide_id` None: a store without a guide. `is_self`: it is the customer."""

    guide_id: UUID | None
    store_id: UUID | None
    touchpoint_id: UUID | None = None
    guide_is_active: bool = True
    is_self: bool = False


@dataclass(frozen=True, slots=True)
class BindingTouch:
    """A visitor's touchpoint, as a candidate for the binding at sign-in."""

    candidate: BindingCandidate
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class BindingDecision:
    """What to do with a customer's binding, and how it stands afterwards.

    Guide, store and instants are those of the binding that lives afterwards (KEEP: the present one's, or None without
    one). `touchpoint_id` is the touch behind a change, None for KEEP.
    """

    outcome: BindingOutcome
    reason: BindingReason
    guide_id: UUID | None = None
    store_id: UUID | None = None
    touchpoint_id: UUID | None = None
    protected_until: datetime | None = None
    expires_at: datetime | None = None

    @property
    def is_change(self) -> bool:
        """Whether anything has to be written."""
        return self.outcome is not BindingOutcome.KEEP


@dataclass(frozen=True, slots=True)
class TouchChoice:
    """The touch that binds at sign-in, with its decision (never KEEP)."""

    touch: BindingTouch
    decision: BindingDecision
