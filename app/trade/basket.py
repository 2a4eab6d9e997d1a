"""A basket: the lines that somebody wants, checked and priced by the catalogue of this moment."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

import orjson

from app.commission.sales import SaleLine
from app.employees.phones import read_phone
from app.employees.values import PostalAddress
from app.platform import texts
from app.platform.db import BrandSession
from app.platform.errors import InsufficientStock, InvalidInput, NotFound, ShortageFact
from app.platform.settings import load_settings
from app.products import reads
from app.products.reads import SkuFacts
from app.products.stock import StockLine
from app.trade import rules
from app.trade.values import FulfilmentMethod, LineRequest, LineToPrice, OrderTotals, PricedLine

ADDRESS, NOTE = "order_address", "order_note"
"""The fields under which they are sealed."""
LONGEST_NOTE = 200
LONGEST_STREET = 200
LONGEST_PART = 60

Address = PostalAddress


@dataclass(frozen=True, slots=True)
class BasketLine:
    """A priced line with what the catalogue says of its SKU. `position` is where the SKU first stood in the request."""

    priced: PricedLine
    sku: SkuFacts
    position: int

    @property
    def is_available(self) -> bool:
        """Whether it could be ordered at this moment."""
        return self.sku.is_sellable and self.sku.available >= self.priced.quantity


@dataclass(frozen=True, slots=True)
class Basket:
    """Priced lines and what they come to. `free_from_minor`: goods from there on are shipped free."""

    lines: tuple[BasketLine, ...]
    totals: OrderTotals
    free_from_minor: int

    def refuse_unsellable(self) -> None:
        """Raises: InvalidInput for the first line that is not on sale."""
        for line in self.lines:
            if not line.sku.is_sellable:
                raise InvalidInput("sku_not_for_sale", path=("lines", str(line.position), "skuId"))

    def refuse_short(self) -> None:
        """Spare the stock rows an order that cannot be had anyway. Raises: InsufficientStock with every short SKU."""
        short = [
            ShortageFact(line.sku.sku_id, line.priced.quantity, max(line.sku.available, 0))
            for line in self.lines
            if line.sku.available < line.priced.quantity
        ]
        if short:
            raise InsufficientStock(short)

    def sale_lines(self, line_ids: Sequence[UUID]) -> list[SaleLine]:
        """The lines as commission sees them."""
        return [
            SaleLine(
                line_id=line_id,
                product_id=line.sku.product_id,
                category_id=line.sku.category_id,
                category_path=line.sku.category_path,
                quantity=line.priced.quantity,
                base_minor=line.priced.total_minor,
            )
            for line_id, line in zip(line_ids, self.lines, strict=True)
        ]

    def stock_lines(self) -> list[StockLine]:
        return [StockLine(line.priced.sku_id, line.priced.quantity) for line in self.lines]


def refuse_coupons(coupon_ids: Sequence[UUID]) -> None:
    """Raises: InvalidInput for coupons, which the API names but nobody can use yet."""
    if coupon_ids:
        raise InvalidInput("coupons_not_yet", path=("couponIds",))


async def price(
    session: BrandSession,
    lines: Sequence[LineRequest],
    *,
    branch: str,
    method: FulfilmentMethod,
    prices: Mapping[UUID, int] | None = None,
) -> Basket:
    """Check lines and price them as the branch does, equal SKUs merged; one statement.

    With `prices`, a total for each SKU, nothing is shipped.

    Raises: InvalidInput, NotFound.
    """
    _refuse(lines, is_limited=prices is None)
    skus = await reads.price_facts(session, sorted({line.sku_id for line in lines}), branch=branch)
    return priced(lines, skus, method=method, prices=prices)


def priced(
    lines: Sequence[LineRequest],
    skus: Mapping[UUID, SkuFacts],
    *,
    method: FulfilmentMethod,
    prices: Mapping[UUID, int] | None = None,
) -> Basket:
    """Checked lines by what the catalogue says of their SKUs. Raises: NotFound."""
    merged = rules.merge_lines(lines)
    positions: dict[UUID, int] = {}
    for position, line in enumerate(lines):
        positions.setdefault(line.sku_id, position)
        if line.sku_id not in skus:
            raise NotFound("Sku", path=("lines", str(position), "skuId"))
    with_prices = rules.price_lines(
        [
            LineToPrice(
                line.sku_id,
                line.quantity,
                skus[line.sku_id].price_minor,
                None if prices is None else prices[line.sku_id],
            )
            for line in merged
        ]
    )
    settings = load_settings()
    goods_minor = sum(line.total_minor for line in with_prices)
    freight_minor = (
        rules.freight_minor(
            goods_minor,
            flat_minor=settings.freight_flat_minor,
            free_from_minor=settings.freight_free_from_minor,
            method=method,
        )
        if prices is None
        else 0
    )
    return Basket(
        lines=tuple(BasketLine(line, skus[line.sku_id], positions[line.sku_id]) for line in with_prices),
        totals=rules.order_totals(with_prices, freight_minor),
        free_from_minor=settings.freight_free_from_minor,
    )


def seal_address(session: BrandSession, address: Address | None) -> bytes:
    """The checked address, sealed as JSON.

    Phone: 11 digits or +86…; street up to 200 characters, the other parts up to 60, the district may be empty.
    Raises: InvalidInput.
    """
    if address is None:
        raise InvalidInput("address_required", path=("fulfilment", "address"))
    at = ("fulfilment", "address")
    checked = Address(
        recipient=texts.line(address.recipient, *at, "recipient", longest=LONGEST_PART),
        phone=read_phone(address.phone, *at, "phone"),
        province=texts.line(address.province, *at, "province", longest=LONGEST_PART),
        city=texts.line(address.city, *at, "city", longest=LONGEST_PART),
        district=texts.optional_line(address.district, *at, "district", longest=LONGEST_PART) or "",
        street=texts.line(address.street, *at, "street", longest=LONGEST_STREET),
    )
    return session.vault.seal(session.brand_id, ADDRESS, orjson.dumps(asdict(checked)).decode())


def seal_note(session: BrandSession, note: str | None) -> bytes | None:
    """The customer's words to the shop, sealed; up to 200 characters. Raises: InvalidInput."""
    checked = texts.optional_line(note, "note", longest=LONGEST_NOTE)
    return None if checked is None else session.vault.seal(session.brand_id, NOTE, checked)


def _refuse(lines: Sequence[LineRequest], *, is_limited: bool) -> None:
    """Limits are for people; a basket that was really bought may hold any number of lines and pieces.

    Raises: InvalidInput for the first line that cannot be ordered.
    """
    most = rules.LARGEST_QUANTITY if is_limited else None
    for field, problem in rules.check_lines(lines, largest_quantity=most):
        if is_limited or problem != "TOO_MANY":
            raise InvalidInput(
                f"order_lines_{problem.lower()}",
                path=tuple(field.split(".")),
                lines=rules.MOST_LINES,
                pieces=rules.LARGEST_QUANTITY,
            )
