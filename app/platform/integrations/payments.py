"""What the product asks of a payment provider, whichever it is.

Calls reach outside: never make one inside a transaction. Every call is safe to repeat: a charge is known by the
payment's number, a refund by the refund's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class ChargeState(StrEnum):
    """A charge as the provider sees it. UNKNOWN: the provider has no charge of that number."""

    UNKNOWN = "UNKNOWN"
    OPEN = "OPEN"
    PAID = "PAID"
    FAILED = "FAILED"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """What a customer is to pay. Amounts: minor units. The provider may close a charge not paid by `expires_at`.

    `account`: whose money it will be, as the provider knows the brand.
    """

    number: str
    account: str
    amount_minor: int
    currency: str
    description: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Charge:
    """The provider's answer about one charge. `transaction_id` is the provider's own number, once money has moved."""

    number: str
    state: ChargeState
    amount_minor: int = 0
    currency: str = ""
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money to send back. `number` is ours and makes it happen once. Amounts: minor units."""

    number: str
    charge_number: str
    amount_minor: int
    charge_amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A genuine callback: the provider says how a charge ended. `event_id` is the provider's id of this notice."""

    event_id: str
    charge: Charge


class BookedKind(StrEnum):
    """Money that came, or money that went back."""

    CHARGE = "CHARGE"
    REFUND = "REFUND"


@dataclass(frozen=True, slots=True)
class Booked:
    """An entry of the provider's book: a charge that was paid or a refund that was made. Amounts: minor units."""

    kind: BookedKind
    number: str
    amount_minor: int
    currency: str
    booked_at: datetime
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class BookedPage:
    """Some entries, the oldest first; `next_cursor` leads to those that follow, None after the last."""

    entries: tuple[Booked, ...]
    next_cursor: str | None


class ProviderUnavailable(Exception):
    """No answer in time: the call may have worked or not. Ask again, with the same number."""


class ProviderRefused(Exception):
    """The provider will not do it, now or later; `reason` is its word for why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CallbackRefused(Exception):
    """A callback that is not to be believed. `status` is the HTTP status that answers it."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class PaymentProvider(Protocol):
    """A provider of payments."""

    async def create(self, request: ChargeRequest) -> dict[str, Any]:
        """Open a charge; gives what the customer's phone pays with. Raises: ProviderUnavailable, ProviderRefused."""
        ...

    async def query(self, number: str) -> Charge:
        """How a charge stands. Raises: ProviderUnavailable."""
        ...

    async def close(self, number: str) -> ChargeState:
        """Take an open charge back; gives the state it has afterwards (PAID: too late). Raises: ProviderUnavailable."""
        ...

    async def refund(self, request: RefundRequest) -> None:
        """Send money back; returns when the provider has done so. Raises: ProviderUnavailable, ProviderRefused."""
        ...

    async def booked(self, account: str, *, since: datetime, until: datetime, cursor: str | None = None) -> BookedPage:
        """What was booked for an account from `since` to before `until`, page by page. Raises: ProviderUnavailable."""
        ...

    def read_callback(
        self, headers: Mapping[str, str], body: bytes, *, now: datetime, tolerance_seconds: int
    ) -> Notice:
        """Check signature and age of a callback, then read it. Header names are lower case. Raises: CallbackRefused."""
        ...
