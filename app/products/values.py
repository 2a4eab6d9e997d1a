"""Plain values of products online: what is sold and in which state, stock lines and transfers, a shelf's places."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from typing import Literal
from uuid import UUID


class ProductState(StrEnum):
    """Only what is PUBLISHED is on shelves and can be ordered. Any state may follow any other."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    WITHDRAWN = "WITHDRAWN"


class LocationKind(StrEnum):
    """SHIPPING is the brand's one warehouse for online orders; a STORE has a location of the store's own id."""

    SHIPPING = "SHIPPING"
    STORE = "STORE"


class MovementKind(StrEnum):
    """Why pieces came or went. REROUTED: sold from here, but another place gave them. REDEEMED: given for a coupon."""

    INITIAL = "INITIAL"
    ADJUSTMENT = "ADJUSTMENT"
    SALE = "SALE"
    REROUTED = "REROUTED"
    REDEEMED = "REDEEMED"
    RETURN = "RETURN"
    TRANSFER_OUT = "TRANSFER_OUT"
    TRANSFER_IN = "TRANSFER_IN"


class ReservationState(StrEnum):
    """Pieces are HELD for an order until it is paid (SOLD) or given up (RELEASED); neither is ever left again."""

    HELD = "HELD"
    SOLD = "SOLD"
    RELEASED = "RELEASED"


class TransferState(StrEnum):
    """Where a transfer between locations stands; RECEIVED and CANCELLED are never left again."""

    REQUESTED = "REQUESTED"
    SENT = "SENT"
    RECEIVED = "RECEIVED"
    CANCELLED = "CANCELLED"


class TransferEvent(StrEnum):
    """What happens to a transfer."""

    SEND = "SEND"
    RECEIVE = "RECEIVE"
    CANCEL = "CANCEL"


class ForbiddenTransferMove(ValueError):
    """The declared table knows no such step from that state."""


class Keep(Enum):
    """Tells "leave it as it is" from None, which empties a field."""

    KEEP = "KEEP"


KEEP = Keep.KEEP
Kept = Literal[Keep.KEEP]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an input is refused: the message's key and facts, and the input field, outermost first."""

    key: str
    path: tuple[str, ...]
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProductOption:
    """What a product's SKUs differ in, such as colour, with its values in the order in which they are shown."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewSku:
    """A variant to be made. Prices: minor units of the brand's currency; `stock`: pieces at the shipping location.

    `choices`: a value of each of the product's options, in their order. `weight_grams`: of one piece as it is sent.
    """

    name: str
    code: str
    barcode: str | None
    price_minor: int
    market_price_minor: int | None
    stock: int
    choices: tuple[str, ...] = ()
    weight_grams: int | None = None


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product to be made, its SKUs in the order in which they are shown."""

    title: str
    skus: tuple[NewSku, ...]
    description: str | None = None
    cover_url: str | None = None
    category_id: UUID | None = None
    options: tuple[ProductOption, ...] = ()
    state: ProductState = ProductState.PUBLISHED


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """A SKU's price on a price list, in minor units. No market price: the brand's, where it is not below the price."""

    sku_id: UUID
    price_minor: int
    market_price_minor: int | None = None


@dataclass(frozen=True, slots=True)
class PriceChange:
    """New prices of a SKU, in minor units, and its weight. A price of None stays; else None goes away, KEEP stays."""

    sku_id: UUID
    price_minor: int | None = None
    market_price_minor: int | Kept | None = KEEP
    weight_grams: int | Kept | None = KEEP


@dataclass(frozen=True, slots=True)
class StockLine:
    """So many pieces of a SKU."""

    sku_id: UUID
    quantity: int


class ShelfRuleKind(StrEnum):
    """What headquarters may decide for the shelves of a branch.

    PIN: a product stands before all others. FORBID: a product is on no shelf and cannot be ordered. NO_WORDS: what
    guides say of products in words and pictures of their own is not shown.
    """

    PIN = "PIN"
    FORBID = "FORBID"
    NO_WORDS = "NO_WORDS"


class ShelfStep(StrEnum):
    """Where an item of a shelf goes, among those that are featured as it is, or not."""

    UP = "UP"
    DOWN = "DOWN"
    FIRST = "FIRST"


@dataclass(frozen=True, slots=True)
class TakenDown:
    """Why headquarters shows a guide's words and pictures no more."""

    at: datetime
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class ShelfPlace:
    """What a guide made of one product on the own shelf; the pictures are keys of uploads."""

    is_featured: bool = False
    is_hidden: bool = False
    position: int | None = None
    badge: str | None = None
    section_id: UUID | None = None
    words: str | None = None
    picture_keys: tuple[str, ...] = ()
    taken_down: TakenDown | None = None


UNTOUCHED = ShelfPlace()
"""As headquarters published it; no row says so."""


@dataclass(frozen=True, slots=True)
class ShelfChange:
    """What a guide wants changed; KEEP leaves a field, None takes position, badge, section or words away.

    `picture_urls`: addresses of uploads, instead of those shown before.
    """

    is_featured: bool | Kept = KEEP
    is_hidden: bool | Kept = KEEP
    position: int | Kept | None = KEEP
    badge: str | Kept | None = KEEP
    section_id: UUID | Kept | None = KEEP
    words: str | Kept | None = KEEP
    picture_urls: tuple[str, ...] | Kept = KEEP
