"""Facts of commission that others act on: ids and instants only."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CommissionHeld:
    """An order was paid at `held_at`, and its commission is held. A sale has its order's id."""

    sale_id: UUID
    held_at: datetime


@dataclass(frozen=True, slots=True)
class CommissionReversed:
    """A refund took its part of a sale's commission back at `reversed_at`."""

    sale_id: UUID
    after_sale_id: UUID
    reversed_at: datetime


@dataclass(frozen=True, slots=True)
class LedgerMoved:
    """Transfers of this cause and occasion were posted; a payment's are told by CommissionHeld."""

    occasion_id: UUID
    cause: str


@dataclass(frozen=True, slots=True)
class WithdrawalApproved:
    """Finance approved a withdrawal: a provider is to be asked to pay it."""

    withdrawal_id: UUID
