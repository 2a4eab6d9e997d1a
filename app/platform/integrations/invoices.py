"""What the product asks of a provider that issues invoices, whichever it is.

Calls reach outside: never make one inside a transaction. An invoice is known by its number, which is ours: asked for
twice under one number, it is issued once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class IssueState(StrEnum):
    """An invoice as the provider sees it. UNKNOWN: it has none of that number; ISSUED and FAILED are for ever."""

    UNKNOWN = "UNKNOWN"
    ACCEPTED = "ACCEPTED"
    ISSUED = "ISSUED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class IssueLine:
    """A line of an invoice. Amounts: minor units, never negative; rates: basis points."""

    name: str
    quantity: int
    net_minor: int
    tax_minor: int
    tax_rate_bp: int


@dataclass(frozen=True, slots=True)
class IssueRequest:
    """An invoice to issue. Amounts: minor units, never negative. `seller`: the brand's account with the provider.

    `original`: the official number of the blue invoice of which a red one takes a part back; None: a blue one.
    `email`, `phone`: where the buyer gets it.
    """

    number: str
    seller: str
    seller_name: str
    seller_tax_number: str | None
    title: str
    tax_number: str | None
    email: str | None
    phone: str | None
    currency: str
    gross_minor: int
    tax_minor: int
    lines: Sequence[IssueLine]
    original: str | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """How an invoice stands. `official_number` once it is ISSUED; `reason`, the provider's word, once it is FAILED."""

    number: str
    state: IssueState
    official_number: str | None = None
    reason: str | None = None


class InvoiceProvider(Protocol):
    """A provider of invoices. Every method may raise `payments.ProviderUnavailable`: no answer in time."""

    async def issue(self, request: IssueRequest) -> Issued:
        """Ask for an invoice; gives how it stands. Asked again under the same number it gives the first one.

        Raises: ProviderUnavailable (it may have been accepted or not), ProviderRefused (nothing was accepted by this
        request: its number is another invoice's).
        """
        ...

    async def query(self, number: str) -> Issued:
        """How an invoice stands. Raises: ProviderUnavailable."""
        ...
