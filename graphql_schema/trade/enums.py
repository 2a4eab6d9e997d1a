"""Enums of trade, as clients see them: the same classes that the services use."""

import strawberry

from app.trade.values import (
    AfterSaleAction,
    AfterSaleKind,
    AfterSaleState,
    FulfilmentMethod,
    OrderAction,
    OrderState,
    PaymentState,
    ProviderName,
    QuotationState,
)

strawberry.enum(
    OrderState,
    description="Where an order stands. CANCELLED before payment, CLOSED after a full refund. New values may be added.",
)
strawberry.enum(OrderAction, description="What the caller may do with an order now. New values may be added.")
strawberry.enum(
    FulfilmentMethod,
    description="How the goods reach the customer. IN_STORE: paid on the phone in the store of the shop's guide, and "
    "taken there at once. New values may be added.",
)
strawberry.enum(ProviderName, name="PaymentProvider", description="Who takes the money. New values may be added.")
strawberry.enum(
    PaymentState,
    description="STARTED until the provider says how it ended; REFUNDED: all of it has gone back. "
    "New values may be added.",
)
strawberry.enum(AfterSaleKind, description="Whether the goods come back.")
strawberry.enum(AfterSaleState, description="Where an after-sale stands. New values may be added.")
strawberry.enum(AfterSaleAction, description="What the caller may do with an after-sale now. New values may be added.")
strawberry.enum(
    QuotationState,
    description="How a quotation stands now: OPEN until it is accepted, declined by the customer, withdrawn by the "
    "guide, or its time is over. New values may be added.",
)

__all__ = [
    "AfterSaleAction",
    "AfterSaleKind",
    "AfterSaleState",
    "FulfilmentMethod",
    "OrderAction",
    "OrderState",
    "PaymentState",
    "ProviderName",
    "QuotationState",
]
