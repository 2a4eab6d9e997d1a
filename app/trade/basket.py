"""A basket: the lines that somebody wants, checked and priced by the catalogue of this moment."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from uuid import UUID

import orjson

from app.commission.sales import SaleLine
from app.employees.phones import read_phone
from app.employees.values import PostalAddress
from app.marketing import coupon_orders
from app.marketing.values import GoodsLine, Reduction
from app.platform import texts
from app.platform.db import BrandSession
from app.platform.errors import InsufficientStock, InvalidInput, NotFound, ShortageFact
from app.products import reads
from app.products.reads import SkuFacts
from app.products.stock import StockLine
from app.trade import freight, rules
from app.trade.freight_values import NO_FREIGHT, Freight, FreightTemplate, Load, Region
from app.trade.values import Discount, FulfilmentMethod, LineRequest, LineToPrice, OrderTotals, PricedLine, Quoted

ADDRESS, NOTE = "order_address", "order_note"
"""The fields under which they are sealed."""
LONGEST_NOTE = 200
LONGEST_STREET = 200
LONGEST_PART = 60

Address = PostalAddress


@dataclass(frozen=True, slots=True)
class Coupons:
    """Coupons that a customer wants to use. `is_locked`: held from now on, for an order that is being placed."""

    customer_id: UUID | None
    coupon_ids: Sequence[UUID]
    is_locked: bool = False


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
    """Priced lines and what they come to.

    `reductions`: what each coupon took off, in the order of application; together the lines' discounts.
    """

    lines: tuple[BasketLine, ...]
    totals: OrderTotals
    freight: Freight
    method: FulfilmentMethod
    reductions: tuple[Reduction, ...] = ()

    def refuse_unsellable(self) -> None:
        """Raises: InvalidInput for the first line that is not on sale, or that headquarters forbids the branch."""
        for line in self.lines:
            if not line.sku.is_sellable:
                key = "sku_forbidden_here" if line.sku.is_forbidden else "sku_not_for_sale"
                raise InvalidInput(key, path=("lines", str(line.position), "skuId"))

    def refuse_short(self) -> None:
        """Spare the stock rows an order that cannot be had anyway. Raises: InsufficientStock with every short SKU."""
        short = [
            ShortageFact(line.sku.sku_id, line.priced.quantity, max(line.sku.available, 0))
            for line in self.lines
            if line.sku.available < line.priced.quantity
        ]
        if short:
            raise InsufficientStock(short)

    @property
    def first_location_id(self) -> UUID | None:
        """Where the goods would come from first; None while no store is named."""
        return self.lines[0].sku.first_location_id

    @property
    def is_at_first(self) -> bool:
        """Whether the first place has all of it."""
        return all(line.sku.at_first >= line.priced.quantity for line in self.lines)

    def of_first_place(self) -> "Basket":
        """The same basket with what can be had of the first place alone."""
        return replace(
            self,
            lines=tuple(replace(line, sku=replace(line.sku, available=line.sku.at_first)) for line in self.lines),
        )

    def shortages_at_first(self) -> list[ShortageFact]:
        """What the first place has too little of."""
        return [
            ShortageFact(line.sku.sku_id, line.priced.quantity, max(line.sku.at_first, 0))
            for line in self.lines
            if line.sku.at_first < line.priced.quantity
        ]

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


def checked_lines(lines: Sequence[LineRequest]) -> list[LineRequest]:
    """The lines of a customer's basket, equal SKUs merged. Raises: InvalidInput."""
    _refuse(lines, is_limited=True)
    return rules.merge_lines(lines)


async def price(
    session: BrandSession,
    lines: Sequence[LineRequest],
    *,
    branch: str,
    method: FulfilmentMethod,
    store_id: UUID | None = None,
    prices: Mapping[UUID, int] | None = None,
    quoted: Quoted | None = None,
    coupons: Coupons | None = None,
    region: Region | None = None,
) -> Basket:
    """Check lines and price them as the branch does, equal SKUs merged; one statement, with coupons two.

    With `prices`, a total for each SKU, nothing is shipped. `quoted`: what a piece costs, whatever it costs now.
    `store_id`: where goods that are not sent are had; any store while none is named. `region`: where goods that are
    sent go; None: not known yet, so that freight by region is an estimate. Raises: InvalidInput (also where nothing is
    sent to), NotFound.
    """
    _refuse(lines, is_limited=prices is None)
    wanted = sorted({line.sku_id for line in lines})
    template = None
    if method.is_sent:
        skus, template = await freight.facts_to_send(session, wanted, branch=branch)
    else:
        skus = await reads.price_facts(session, wanted, branch=branch, is_sent=False, store_id=store_id)
    if quoted is not None:
        skus = {sku_id: replace(sku, price_minor=quoted.unit_prices[sku_id]) for sku_id, sku in skus.items()}
    reductions: Sequence[Reduction] = ()
    if coupons is not None and coupons.coupon_ids:
        _find(lines, skus)
        reductions = await coupon_orders.reductions(
            session,
            customer_id=coupons.customer_id,
            coupon_ids=coupons.coupon_ids,
            goods=goods_of(lines, skus),
            is_locked=coupons.is_locked,
        )
    return priced(lines, skus, method=method, prices=prices, reductions=reductions, template=template, region=region)


async def known_goods(session: BrandSession, lines: Sequence[LineRequest], *, branch: str) -> list[GoodsLine]:
    """The lines as coupons see them at the branch's prices, without what the brand does not have; one statement."""
    skus = await reads.price_facts(session, sorted({line.sku_id for line in lines}), branch=branch)
    return goods_of([line for line in lines if line.sku_id in skus], skus)


def goods_of(lines: Sequence[LineRequest], skus: Mapping[UUID, SkuFacts]) -> list[GoodsLine]:
    """The lines as coupons see them, at the prices of this moment."""
    return [
        GoodsLine(line.sku_id, skus[line.sku_id].product_id, line.quantity, skus[line.sku_id].price_minor)
        for line in rules.merge_lines(lines)
    ]


def priced(
    lines: Sequence[LineRequest],
    skus: Mapping[UUID, SkuFacts],
    *,
    method: FulfilmentMethod,
    prices: Mapping[UUID, int] | None = None,
    reductions: Sequence[Reduction] = (),
    template: FreightTemplate | None = None,
    region: Region | None = None,
) -> Basket:
    """Checked lines by what the catalogue says of their SKUs, less what coupons take off.

    `template`: that of freight, where the brand has one. Raises: NotFound, InvalidInput for where nothing is sent.
    """
    merged = rules.merge_lines(lines)
    positions = _find(lines, skus)
    with_prices = rules.price_lines(
        [
            LineToPrice(
                line.sku_id,
                line.quantity,
                skus[line.sku_id].price_minor,
                None if prices is None else prices[line.sku_id],
            )
            for line in merged
        ],
        [Discount(one.title, one.amount_minor, one.sku_ids) for one in reductions],
    )
    sending = NO_FREIGHT
    if method.is_sent and prices is None:
        sending = freight.charged(
            template,
            [Load(line.quantity, skus[line.sku_id].weight_grams) for line in with_prices],
            goods_minor=sum(line.total_minor for line in with_prices),
            region=region,
        )
    return Basket(
        lines=tuple(BasketLine(line, skus[line.sku_id], positions[line.sku_id]) for line in with_prices),
        totals=rules.order_totals(with_prices, sending.fee_minor),
        freight=sending,
        method=method,
        reductions=tuple(reductions),
    )


def _find(lines: Sequence[LineRequest], skus: Mapping[UUID, SkuFacts]) -> dict[UUID, int]:
    """Where each SKU first stands in the request. Raises: NotFound for the first that the brand does not have."""
    positions: dict[UUID, int] = {}
    for position, line in enumerate(lines):
        positions.setdefault(line.sku_id, position)
        if line.sku_id not in skus:
            raise NotFound("Sku", path=("lines", str(position), "skuId"))
    return positions


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
