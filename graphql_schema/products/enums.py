"""Enums of products online, as clients see them: the same classes that the services use."""

import strawberry

from app.marketing.values import CampaignKind
from app.products.values import LocationKind, ProductState, TransferState

strawberry.enum(ProductState, description="Only what is PUBLISHED is on shelves and can be ordered.")
strawberry.enum(CampaignKind, description="What a campaign is. New values may be added.")
strawberry.enum(
    LocationKind,
    description="SHIPPING: where online orders are sent from first. STORE: a store. New values may be added.",
)
strawberry.enum(
    TransferState,
    name="StockTransferState",
    description="Where a transfer stands: REQUESTED until it is SENT or CANCELLED, SENT until it is RECEIVED.",
)

__all__ = ["CampaignKind", "LocationKind", "ProductState", "TransferState"]
