"""Facts of trade that others act on: ids only."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OrderPaid:
    """An order was paid by this payment."""

    order_id: UUID
    payment_id: UUID


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    """An unpaid order was given up: its open charges are to be closed with their provider."""

    order_id: UUID


@dataclass(frozen=True, slots=True)
class OrderReadyForPickup:
    """The goods wait in the store: the customer is to be sent the code that fetches them."""

    order_id: UUID


@dataclass(frozen=True, slots=True)
class RefundRequested:
    """Money is to go back: the provider is to be asked."""

    refund_id: UUID


@dataclass(frozen=True, slots=True)
class OrderRefunded:
    """Money of a paid order has gone back for an after-sale."""

    order_id: UUID
    refund_id: UUID


@dataclass(frozen=True, slots=True)
class InvoiceToSend:
    """A document of an invoice is to be issued: the provider is to be asked."""

    document_id: UUID
