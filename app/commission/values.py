"""Plain values of commission: attribution facts and decisions, plans and shares, accounts and transfers.

Amounts: minor units. Rates and shares of performance: basis points. A guide's id is the employee's id.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

# Rules import their own package's values only, so what they need of customers is handed on here.
from app.customers.values import BindingReason as BindingReason
from app.customers.values import BindingState as BindingState
from app.customers.values import LiveBinding as LiveBinding
from app.customers.values import PolicyTerms as PolicyTerms
from app.customers.values import Problem as Problem
from app.customers.values import SelfPurchase as SelfPurchase


class SaleSource(StrEnum):
    ONLINE = "ONLINE"
    TILL = "TILL"


class AttributionRule(StrEnum):
    """How a sale can be won, the strongest first."""

    CASHIER_CHOICE = "CASHIER_CHOICE"
    QUOTATION = "QUOTATION"
    EXPLICIT_CODE = "EXPLICIT_CODE"
    LIVE_BINDING = "LIVE_BINDING"
    LAST_TOUCH = "LAST_TOUCH"
    SHOP_GUIDE = "SHOP_GUIDE"
    STORE = "STORE"


class CandidateOutcome(StrEnum):
    WON = "WON"
    LOST = "LOST"


class AttributionReason(StrEnum):
    """Why a candidate won (the first group) or lost: by the own claim (the second), or to a stronger one (the third).

    SELF_PURCHASE: won, and the winner is the buyer.
    """

    CASHIER_CHOICE = "CASHIER_CHOICE"
    QUOTATION = "QUOTATION"
    EXPLICIT_CODE = "EXPLICIT_CODE"
    BINDING_LIVE = "BINDING_LIVE"
    LAST_TOUCH = "LAST_TOUCH"
    SHOP_GUIDE = "SHOP_GUIDE"
    STORE = "STORE"
    SELF_PURCHASE = "SELF_PURCHASE"

    QUOTATION_GUIDE_GONE = "QUOTATION_GUIDE_GONE"
    CODE_GUIDE_GONE = "CODE_GUIDE_GONE"
    BINDING_PROTECTED = "BINDING_PROTECTED"
    BINDING_NEVER_TAKEN_OVER = "BINDING_NEVER_TAKEN_OVER"
    BINDING_EXPIRED = "BINDING_EXPIRED"
    BINDING_SUSPENDED = "BINDING_SUSPENDED"
    BINDING_GUIDE_GONE = "BINDING_GUIDE_GONE"
    TOUCH_TOO_OLD = "TOUCH_TOO_OLD"
    TOUCH_GUIDE_GONE = "TOUCH_GUIDE_GONE"
    SHOP_GUIDE_GONE = "SHOP_GUIDE_GONE"

    OUTRANKED_BY_CASHIER_CHOICE = "OUTRANKED_BY_CASHIER_CHOICE"
    OUTRANKED_BY_QUOTATION = "OUTRANKED_BY_QUOTATION"
    OUTRANKED_BY_EXPLICIT_CODE = "OUTRANKED_BY_EXPLICIT_CODE"
    OUTRANKED_BY_LIVE_BINDING = "OUTRANKED_BY_LIVE_BINDING"
    OUTRANKED_BY_LAST_TOUCH = "OUTRANKED_BY_LAST_TOUCH"
    OUTRANKED_BY_SHOP_GUIDE = "OUTRANKED_BY_SHOP_GUIDE"


@dataclass(frozen=True, slots=True)
class GuideClaim:
    """A guide who may have won a sale by a quotation, a code, the shop or the cashier's word.

    `is_active`: still with the brand.
    """

    guide_id: UUID
    store_id: UUID | None = None
    is_active: bool = True
    touchpoint_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TouchClaim:
    """A guide whom the customer met before the sale."""

    guide_id: UUID
    store_id: UUID | None
    touchpoint_id: UUID
    occurred_at: datetime
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class AttributionFacts:
    """What is known when a sale is placed (a till: per line). Kept with the sale, it decides the same for ever.

    `store_id`: the store it falls to when no guide wins: the shop's, or the till's; None where the shop's guide works
    in none. `quotation`: who made the quotation that was accepted. `touches`: newest first.
    `binding_guide_is_active`: whether the bound guide still works for the brand. `buyer_employee_id`: the customer as
    an employee, where he is one.
    """

    source: SaleSource
    at: datetime
    store_id: UUID | None
    cashier: GuideClaim | None = None
    explicit_code: GuideClaim | None = None
    binding: LiveBinding | None = None
    binding_guide_is_active: bool = True
    touches: tuple[TouchClaim, ...] = ()
    shop: GuideClaim | None = None
    buyer_employee_id: UUID | None = None
    quotation: GuideClaim | None = None


@dataclass(frozen=True, slots=True)
class AttributionCandidate:
    """One candidate with the strongest claim, won or lost. `guide_id` None: the store itself."""

    guide_id: UUID | None
    store_id: UUID | None
    rule: AttributionRule
    outcome: CandidateOutcome
    reason: AttributionReason
    touchpoint_id: UUID | None = None
    binding_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class AttributionDecision:
    """Who won a sale. `candidates`: the winner first, each guide once.

    `guide_id` None: the store won. `store_id` None: a guide of no store won; without a guide, nobody could.
    `is_self_purchase`: the winner bought for himself; such a sale is in no ranking.
    `unpaid_employee_id`: that winner, where the policy pays no commission on the own purchase.
    """

    rule: AttributionRule
    guide_id: UUID | None
    store_id: UUID | None
    is_self_purchase: bool
    unpaid_employee_id: UUID | None
    candidates: tuple[AttributionCandidate, ...]


class ShareRole(StrEnum):
    SELLER = "SELLER"
    STORE = "STORE"
    MANAGER = "MANAGER"


class PartyKind(StrEnum):
    EMPLOYEE = "EMPLOYEE"
    STORE = "STORE"


class CommissionKind(StrEnum):
    ORDER = "ORDER"
    REVERSAL = "REVERSAL"
    ADJUSTMENT = "ADJUSTMENT"
    BONUS = "BONUS"


class CommissionState(StrEnum):
    ESTIMATED = "ESTIMATED"
    HELD = "HELD"
    PAYABLE = "PAYABLE"
    IN_PAYOUT = "IN_PAYOUT"
    PAID = "PAID"
    VOIDED = "VOIDED"
    DISPUTED = "DISPUTED"


class Decision(StrEnum):
    """What somebody says to a request."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"


@dataclass(frozen=True, slots=True)
class PlanRule:
    """A rate of one role, for one product or one category with all below it, in one branch. None: everywhere."""

    rule_id: UUID
    rate_bp: int
    role: ShareRole
    product_id: UUID | None = None
    category_id: UUID | None = None
    org_unit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A version of the commission plan."""

    hold_days: int
    rules: tuple[PlanRule, ...]


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A sold line. `base_minor`: after all discounts, without freight. `category_path`: nearest first."""

    line_id: UUID
    base_minor: int
    product_id: UUID
    category_path: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class SaleContext:
    """Where a sale was made, as it was then. `org_path`: units of the seller's store, nearest first.

    `fulfilment_store_id`: the store that hands the goods over, with its share `fulfilment_store_bp` of the base by
    policy.
    """

    org_path: tuple[UUID, ...] = ()
    manager_id: UUID | None = None
    fulfilment_store_id: UUID | None = None
    fulfilment_store_bp: int = 0


@dataclass(frozen=True, slots=True)
class LineShare:
    """One party's share of one line. `rule_id` None: no rule of the plan (rate 0), or the policy's fulfilment share."""

    line_id: UUID
    role: ShareRole
    party_kind: PartyKind
    party_id: UUID
    performance_bp: int
    performance_minor: int
    rate_bp: int
    rule_id: UUID | None
    commission_minor: int


@dataclass(frozen=True, slots=True)
class ReversalPart:
    """What a refund takes back of one share. Both amounts >= 0."""

    share: LineShare
    performance_minor: int
    commission_minor: int


class AccountKind(StrEnum):
    """COMMISSION_EXPENSE is the brand's, the others belong to a party. DEBT is in debit: what the party owes."""

    COMMISSION_EXPENSE = "COMMISSION_EXPENSE"
    ESTIMATED = "ESTIMATED"
    HELD = "HELD"
    DISPUTED = "DISPUTED"
    PAYABLE = "PAYABLE"
    IN_PAYOUT = "IN_PAYOUT"
    PAID = "PAID"
    VOIDED = "VOIDED"
    DEBT = "DEBT"


class LedgerEvent(StrEnum):
    """What moves commission. REVERSED is booked with the reversing entry, everything else with the entry itself."""

    PLACED = "PLACED"
    PAID = "PAID"
    CANCELLED = "CANCELLED"
    RELEASED = "RELEASED"
    DISPUTED = "DISPUTED"
    DISPUTE_ENDED = "DISPUTE_ENDED"
    PAYOUT_STARTED = "PAYOUT_STARTED"
    PAYOUT_FAILED = "PAYOUT_FAILED"
    PAYOUT_DONE = "PAYOUT_DONE"
    REVERSED = "REVERSED"
    OFFSET = "OFFSET"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the ledger. The party of COMMISSION_EXPENSE is the brand."""

    kind: AccountKind
    party_id: UUID


@dataclass(frozen=True, slots=True)
class Transfer:
    """An amount > 0 moved from the debit to the credit account, another one. Raises: ValueError."""

    debit: Account
    credit: Account
    amount_minor: int

    def __post_init__(self) -> None:
        if self.amount_minor <= 0:
            raise ValueError("a transfer moves more than nothing")
        if self.debit == self.credit:
            raise ValueError("a transfer needs two accounts")


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """Commission about to be moved: whose, how much (>= 0) and where the money stands now."""

    brand_id: UUID
    party_id: UUID
    standing: AccountKind
    amount_minor: int


class ForbiddenMove(ValueError):
    """The declared table knows no such step from there."""

    def __init__(self, state: str | None, event: str) -> None:
        super().__init__(f"{event} is not allowed from {state}")
        self.state = state
        self.event = event


class WithdrawalState(StrEnum):
    """APPROVED: the money is on its way out of the books; IN_PAYOUT: a provider was asked to send it."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    IN_PAYOUT = "IN_PAYOUT"
    PAID = "PAID"
    FAILED = "FAILED"


class WithdrawalEvent(StrEnum):
    """REQUEST: it comes into being. SEND_AGAIN: the provider has never seen the try before, and never will."""

    REQUEST = "REQUEST"
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    SEND = "SEND"
    SEND_AGAIN = "SEND_AGAIN"
    PAY = "PAY"
    FAIL = "FAIL"
