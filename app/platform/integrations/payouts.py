"""What the product asks of a provider that pays people out, whichever it is.

Calls reach outside: never make one inside a transaction. A payout is known by its number, which is ours: sent twice
under one number, it is paid once. Each request says until when it may be accepted, so that once the provider's own
clock is past that instant, a number that it does not know was never accepted and never will be by that request.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class PayoutState(StrEnum):
    """A payout as the provider sees it. UNKNOWN: it has none of that number; PAID and FAILED are for ever.

    WAITING_CONFIRMATION: the recipient has to agree, and the provider closes it (FAILED) if nobody does in time.
    """

    UNKNOWN = "UNKNOWN"
    ACCEPTED = "ACCEPTED"
    WAITING_CONFIRMATION = "WAITING_CONFIRMATION"
    PAID = "PAID"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class PayoutRequest:
    """Money to send to one person. Amounts: minor units. Not accepted after `accept_by`, by the provider's clock.

    `payer` names the account it is paid from, `recipient` the person as the provider knows him.
    """

    number: str
    payer: str
    recipient: str
    amount_minor: int
    currency: str
    accept_by: datetime


@dataclass(frozen=True, slots=True)
class Payout:
    """The provider's answer about one payout, as it stood `at` by the provider's own clock.

    `transaction_id` once it is PAID; `reason`, the provider's word for why, once it is FAILED.
    """

    number: str
    state: PayoutState
    at: datetime
    amount_minor: int = 0
    currency: str = ""
    transaction_id: str | None = None
    reason: str | None = None


class PayoutProvider(Protocol):
    """A provider of payouts. Every method may raise `payments.ProviderUnavailable`: no answer in time."""

    async def send(self, request: PayoutRequest) -> Payout:
        """Ask for a payout; gives how it stands. Sent again under the same number it gives the first one.

        Raises: ProviderUnavailable (it may have been accepted or not), ProviderRefused (nothing was accepted by this
        request: it came too late, or its number is another payout's).
        """
        ...

    async def query(self, number: str) -> Payout:
        """How a payout stands; calls about one number are answered one after another. Raises: ProviderUnavailable."""
        ...

    async def accepted(self, *, payer: str, since: datetime, until: datetime) -> list[Payout]:
        """The payouts of an account that were accepted from `since` to before `until`. Raises: ProviderUnavailable."""
        ...
