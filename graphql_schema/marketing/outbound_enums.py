"""Enums of messages to customers, as clients see them: the same classes that the services use."""

import strawberry

from app.marketing.values import BudgetPeriod, OutboundChannel, OutboundKind, OutboundReason, OutboundState

strawberry.enum(
    OutboundChannel,
    description="By what a message reaches a customer. SUBSCRIPTION: a mini-program's, one for a grant.",
)
strawberry.enum(
    OutboundKind,
    description="What a message is for. SIGN_IN, PAYMENT, DELIVERY and AFTER_SALE are owed to the customer: they count "
    "in no budget and wait for nothing. The others are marketing.",
)
strawberry.enum(
    OutboundState,
    description="WAITING: for the morning, when it is decided again. ALLOWED: on its way. SENT and REFUSED: the ends.",
)
strawberry.enum(
    OutboundReason,
    description="Why a message waits or was not sent. NO_CONSENT: never given, or withdrawn. New values may be added.",
)
strawberry.enum(
    BudgetPeriod,
    description="MONTH: a calendar month. DAYS: so many days in a row. GRANTS: a grant of the customer's carries one.",
)

__all__ = ["BudgetPeriod", "OutboundChannel", "OutboundKind", "OutboundReason", "OutboundState"]
