"""Plain values of marketing online: kinds of code, campaign and material, and the channels they travel by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

# Touchpoints know the channel too, so it stands with them.
from app.customers.values import Channel as Channel


class CodeKind(StrEnum):
    """What a code leads to. CAMPAIGN codes are not issued yet."""

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
