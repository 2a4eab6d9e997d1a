"""Enums of products online, as clients see them: the same classes that the services use."""

import strawberry

from app.marketing.values import CampaignKind
from app.products.values import LocationKind, ProductState, ShelfRuleKind, TransferState

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

strawberry.enum(
    ShelfRuleKind,
    description="PIN: a product stands first. FORBID: a product is on no shelf and cannot be ordered. NO_WORDS: "
    "guides' own words and pictures are not shown. New values may be added.",
)

__all__ = ["CampaignKind", "LocationKind", "ProductState", "ShelfRuleKind", "TransferState"]
