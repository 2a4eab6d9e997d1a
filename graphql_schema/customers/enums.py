"""Enums of customers online, as clients see them: the same classes that the services use."""

import strawberry

from app.customers.values import BindingState, Channel, TouchpointKind

strawberry.enum(TouchpointKind, description="How somebody met a guide. New values may be added.")
strawberry.enum(Channel, description="Where a code or link was met.")
strawberry.enum(
    BindingState,
    description="ACTIVE_PROTECTED: nobody may take the customer over; ACTIVE_OPEN: the policy's takeover decides; "
    "EXPIRED: its time is over; SUSPENDED: the guide is leaving. TAKEN_OVER, HANDED_OVER and RELEASED have ended.",
)

__all__ = ["BindingState", "Channel", "TouchpointKind"]
