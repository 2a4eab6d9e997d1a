"""Plain values of marketing online: kinds of code and of campaign, and the channels they travel by."""

from enum import StrEnum

# Touchpoints know the channel too, so it stands with them.
from app.customers.values import Channel as Channel


class CodeKind(StrEnum):
    """What a code leads to. MATERIAL and CAMPAIGN codes are not issued yet."""

    SHOP = "SHOP"
    PRODUCT = "PRODUCT"
    MATERIAL = "MATERIAL"
    CAMPAIGN = "CAMPAIGN"
    STORE = "STORE"


class CampaignKind(StrEnum):
    COUPON = "COUPON"
    GROUP_BUY = "GROUP_BUY"
    CHAIN_ORDER = "CHAIN_ORDER"
    RED_PACKET = "RED_PACKET"
    DRAW = "DRAW"
