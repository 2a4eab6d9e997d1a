"""Enums of commission, as clients see them: the same classes that the services use."""

from enum import StrEnum

import strawberry

from app.commission.values import (
    CandidateOutcome,
    CommissionKind,
    CommissionState,
    Decision,
    ShareRole,
    WithdrawalState,
)
from app.customers.values import BindingMode, BindOn, RenewOn, SelfPurchase, Takeover

strawberry.enum(BindOn, description="When a customer is bound to a guide: at a scan, at sign-in, at the first order.")
strawberry.enum(RenewOn, description="What begins a live binding's time anew.")
strawberry.enum(BindingMode, description="Whether a binding lives for ever or for a number of days.")
strawberry.enum(Takeover, description="Whether another guide may win a bound customer (抢客).")
strawberry.enum(SelfPurchase, description="What a guide earns on the own purchase.")
strawberry.enum(CandidateOutcome, description="Whether a candidate won the order.")
strawberry.enum(
    ShareRole, description="What a party earns for. SELLER takes the performance, the others earn beside it."
)
strawberry.enum(CommissionKind, description="What an entry is: an order's, or a correction. New values may be added.")
strawberry.enum(
    CommissionState,
    description="The account that the money stands on. ESTIMATED: ordered; HELD: paid, the return window is open; "
    "PAYABLE: it can be drawn; VOIDED: taken back. New values may be added.",
)
strawberry.enum(Decision, description="What somebody who decides says.")
strawberry.enum(
    WithdrawalState,
    description="Where a withdrawal stands. APPROVED: about to be sent; IN_PAYOUT: the provider was asked; FAILED: it "
    "was not paid, and the money can be asked for again. New values may be added.",
)


@strawberry.enum(description="What happened to an order. New values may be added.")
class PulseKind(StrEnum):
    PAID = "PAID"
    REFUNDED = "REFUNDED"


__all__ = [
    "BindOn",
    "BindingMode",
    "CandidateOutcome",
    "CommissionKind",
    "CommissionState",
    "Decision",
    "PulseKind",
    "RenewOn",
    "SelfPurchase",
    "ShareRole",
    "Takeover",
    "WithdrawalState",
]
