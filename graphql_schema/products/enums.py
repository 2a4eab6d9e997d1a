"""Enums of products online, as clients see them: the same classes that the services use."""

import strawberry

from app.marketing.values import CampaignKind
from app.products.values import ProductState

strawberry.enum(ProductState, description="Only what is PUBLISHED is on shelves and can be ordered.")
strawberry.enum(CampaignKind, description="What a campaign is. New values may be added.")

__all__ = ["CampaignKind", "ProductState"]
