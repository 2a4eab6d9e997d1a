"""Plain values of marketing online: kinds of code, campaign and material, the channels they travel by, and coupons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

# Touchpoints know the channel too, so it stands with them.
from app.customers.values import Channel as Channel


class CodeKind(StrEnum):
    """What a code leads to; CAMPAIGN: a coupon template's page; QUOTATION: that of the quotation it was made for."""

    SHOP = "SHOP"
    PRODUCT = "PRODUCT"
    MATERIAL = "MATERIAL"
    CAMPAIGN = "CAMPAIGN"
    STORE = "STORE"
    QUOTATION = "QUOTATION"


class CampaignKind(StrEnum):
    COUPON = "COUPON"
    GROUP_BUY = "GROUP_BUY"
    CHAIN_ORDER = "CHAIN_ORDER"
    RED_PACKET = "RED_PACKET"
    DRAW = "DRAW"


class MaterialKind(StrEnum):
    """What a material of the toolbox is."""

    NAME_CARD = "NAME_CARD"
    COMPANY = "COMPANY"
    NEWS = "NEWS"
    BROCHURE = "BROCHURE"
    PRODUCT = "PRODUCT"
    QUOTATION = "QUOTATION"
    CASE = "CASE"
    FILE = "FILE"
    VIDEO = "VIDEO"
    TESTIMONIAL = "TESTIMONIAL"


@dataclass(frozen=True, slots=True)
class MaterialContent:
    """What one version of a material says. `script`: the words that go with a share, with placeholders."""

    title: str
    body: str | None = None
    cover_url: str | None = None
    attachment_urls: tuple[str, ...] = ()
    script: str | None = None
    product_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class ScriptFacts:
    """What the placeholders of a script stand for."""

    guide: str
    store: str
    customer: str
    link: str


@dataclass(frozen=True, slots=True)
class ContentProblem:
    """Why a content is refused: a message's key with its facts, and the input field at fault."""

    key: str
    path: tuple[str, ...]
    facts: Mapping[str, object] = field(default_factory=dict)


class CouponKind(StrEnum):
    """AMOUNT: so much off. PERCENT: such a part off. EXCHANGE: one piece of one of its products for nothing."""

    AMOUNT = "AMOUNT"
    PERCENT = "PERCENT"
    EXCHANGE = "EXCHANGE"


class CouponState(StrEnum):
    """ISSUED: given by a guide and not yet accepted. LOCKED: an unpaid order holds it."""

    ISSUED = "ISSUED"
    CLAIMED = "CLAIMED"
    LOCKED = "LOCKED"
    USED = "USED"
    TRANSFERRED = "TRANSFERRED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


class CouponEvent(StrEnum):
    """What happens to a coupon. RELEASE: its order was given up; RESTORE: its order was refunded whole.

    REDEEM: a store took it, without an order.
    """

    ISSUE = "ISSUE"
    CLAIM = "CLAIM"
    LOCK = "LOCK"
    USE = "USE"
    REDEEM = "REDEEM"
    RELEASE = "RELEASE"
    RESTORE = "RESTORE"
    TRANSFER = "TRANSFER"
    EXPIRE = "EXPIRE"
    REVOKE = "REVOKE"


class CouponRefusal(StrEnum):
    """Why a coupon cannot be had."""

    NOT_YET = "NOT_YET"
    OVER = "OVER"
    SOLD_OUT = "SOLD_OUT"
    LIMIT_REACHED = "LIMIT_REACHED"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"


class CouponProblem(StrEnum):
    """Why a coupon takes nothing off a basket."""

    NO_GOODS = "NO_GOODS"
    MINIMUM = "MINIMUM"
    NOT_TOGETHER = "NOT_TOGETHER"


class ForbiddenCouponMove(ValueError):
    """The declared table knows no such step from that state."""


@dataclass(frozen=True, slots=True)
class CouponTerms:
    """What a coupon takes off. `product_ids` empty: any product. Amounts: minor units.

    `amount_minor`: of AMOUNT what it takes off; of PERCENT the most that it takes off, None: no such bound.
    """

    kind: CouponKind
    amount_minor: int | None
    percent_bp: int | None
    minimum_spend_minor: int
    product_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class CouponToUse:
    """A coupon as a basket sees it; `title` is the template's."""

    coupon_id: UUID
    title: str
    terms: CouponTerms


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """A line of a basket as coupons see it. Amounts: minor units."""

    sku_id: UUID
    product_id: UUID
    quantity: int
    unit_price_minor: int


@dataclass(frozen=True, slots=True)
class Reduction:
    """What one coupon takes off, and the SKUs whose lines share it. Amounts: minor units, above zero."""

    coupon_id: UUID
    title: str
    amount_minor: int
    sku_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Refused:
    """A coupon that takes nothing off this basket, and why. `short_minor`: what its minimum spend lacks."""

    coupon_id: UUID
    problem: CouponProblem
    short_minor: int = 0


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """What a claim is decided by, as it stood when it was looked at; the guarded writes decide again."""

    claim_from: datetime
    claim_until: datetime
    quantity: int
    issued: int
    per_person: int
    taken: int
    is_revoked: bool
    is_listed: bool
    is_invited: bool


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
