"""What the guide's pages show of quotations, out of facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.platform.actor import Actor
from app.products.reads import ProductView, SkuView
from app.trade.quotation_reads import QuotationLineView, QuotationView
from app.trade.values import QuotationState
from app.web.amounts import Amount
from app.web.texts import Speech
from graphql_schema.paging import encode_global_id

_TAGS: Final = {QuotationState.OPEN: "on", QuotationState.ACCEPTED: "on"}


@dataclass(frozen=True, slots=True)
class QuotationShown:
    """A quotation as a row: for whom, of what, where it stands; `detail`: since when or until when, and by whom."""

    href: str
    goods: str
    customer: str
    state: str
    tag: str
    detail: str
    total: Amount


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """A SKU with its price of now, or as it was promised."""

    sku_id: str
    title: str
    sku_name: str
    cover_url: str | None
    price: Amount
    quantity: int
    total: Amount
    is_in_stock: bool = True


def quotation_shown(
    view: QuotationView, lines: Sequence[QuotationLineView], actor: Actor, say: Speech
) -> QuotationShown:
    pieces = sum(line.quantity for line in lines)
    goods = "quotation_goods_of" if len(lines) > 1 else "quotation_goods_one"
    when = say("quotation_created", time=say.moment(view.created_at))
    if view.state is QuotationState.OPEN:
        when = say("quotation_until", time=say.moment(view.expires_at))
    elif view.ended_at is not None:
        when = say("quotation_ended", time=say.moment(view.ended_at))
    by = None if view.guide_id == actor.employee_id else say("quotation_by", name=view.guide_name)
    return QuotationShown(
        href=path_of(view.id),
        goods=say(goods, title=lines[0].title, pieces=pieces),
        customer=view.customer_name or say("quotation_to_anybody"),
        state=say(f"quotation_state_{view.state}"),
        tag=_TAGS.get(view.state, ""),
        detail=" · ".join(part for part in (when, by) if part),
        total=say.money(view.subtotal_minor),
    )


def promised_line(line: QuotationLineView, say: Speech) -> GoodsLine:
    return GoodsLine(
        sku_id=encode_global_id("Sku", line.sku_id),
        title=line.title,
        sku_name=line.sku_name,
        cover_url=line.cover_url,
        price=say.money(line.unit_price_minor),
        quantity=line.quantity,
        total=say.money(line.total_minor),
    )


def goods_line(sku: SkuView, products: Mapping[UUID, ProductView], quantity: int, say: Speech) -> GoodsLine:
    product = products[sku.product_id]
    return GoodsLine(
        sku_id=encode_global_id("Sku", sku.sku_id),
        title=product.title,
        sku_name=sku.name,
        cover_url=product.cover_url,
        price=say.money(sku.price_minor),
        quantity=quantity,
        total=say.money(sku.price_minor * quantity),
        is_in_stock=sku.can_be_had,
    )


def path_of(quotation_id: UUID) -> str:
    return f"/guide/quotations/{encode_global_id('Quotation', quotation_id)}"
