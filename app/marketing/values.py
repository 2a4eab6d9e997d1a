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


class OutboundChannel(StrEnum):
    """By what a message reaches a customer. SUBSCRIPTION: a mini-program's message, one for each grant."""

    OFFICIAL_ACCOUNT = "OFFICIAL_ACCOUNT"
    SMS = "SMS"
    MAIL = "MAIL"
    WECOM = "WECOM"
    SUBSCRIPTION = "SUBSCRIPTION"


class OutboundKind(StrEnum):
    """What a message is for. The first four are owed to the customer; the others are marketing."""

    SIGN_IN = "SIGN_IN"
    PAYMENT = "PAYMENT"
    DELIVERY = "DELIVERY"
    AFTER_SALE = "AFTER_SALE"
    SHARE = "SHARE"
    COUPON = "COUPON"
    CARE = "CARE"
    CAMPAIGN = "CAMPAIGN"

    @property
    def is_marketing(self) -> bool:
        return self in MARKETING_KINDS


MARKETING_KINDS = frozenset({OutboundKind.SHARE, OutboundKind.COUPON, OutboundKind.CARE, OutboundKind.CAMPAIGN})


class OutboundState(StrEnum):
    """WAITING: for the morning. ALLOWED: on its way. SENT and REFUSED are the ends."""

    WAITING = "WAITING"
    ALLOWED = "ALLOWED"
    SENT = "SENT"
    REFUSED = "REFUSED"


class OutboundReason(StrEnum):
    """Why a message waits or was not sent."""

    QUIET_HOURS = "QUIET_HOURS"
    OVER_BUDGET = "OVER_BUDGET"
    NO_CONSENT = "NO_CONSENT"
    NO_ADDRESS = "NO_ADDRESS"
    NO_SUBSCRIPTION = "NO_SUBSCRIPTION"


class BudgetPeriod(StrEnum):
    """What a budget is counted over: a calendar month, so many days in a row, or the grants of subscriptions."""

    MONTH = "MONTH"
    DAYS = "DAYS"
    GRANTS = "GRANTS"
