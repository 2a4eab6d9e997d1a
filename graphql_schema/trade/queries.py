"""Root fields over baskets."""

from typing import Annotated

import strawberry

from app.platform import messages
from app.platform.db import Brand
from app.platform.errors import UserFault
from app.platform.money import Money as Amount
from app.products.shops import SHOP_SLUG
from app.trade import orders
from app.trade.basket import Basket, BasketLine
from app.trade.values import FulfilmentMethod
from graphql_schema.context import Info
from graphql_schema.errors import BadUserInput
from graphql_schema.money import to_money
from graphql_schema.permissions import ANYBODY, Requires
from graphql_schema.trade.inputs import OrderQuoteInput, to_coupons, to_lines
from graphql_schema.trade.types import Quote, QuoteAdjustment, QuoteLine


@strawberry.type
class TradeQuery:
    @strawberry.field(
        description="What a basket would cost now, line by line, for anybody. Holds neither price nor stock.",
        extensions=[Requires(ANYBODY)],
    )
    async def order_quote(
        self, info: Info, input: Annotated[OrderQuoteInput, strawberry.argument(description="The basket.")]
    ) -> Quote:
        found = await info.context.runtime.database.resolve(SHOP_SLUG, input.shop_slug)
        if found is None:
            raise BadUserInput("There is no such shop.", argument="shopSlug")
        brand = info.context.enter_brand(found[0])
        try:
            async with info.context.reading(brand) as session:
                basket = await orders.quote(
                    session,
                    lines=to_lines(input.lines),
                    method=FulfilmentMethod.DELIVERY if input.fulfilment is None else input.fulfilment.method,
                    coupon_ids=to_coupons(input.coupon_ids),
                )
        except UserFault as fault:
            text = messages.text(fault.key, info.context.language, **fault.facts)
            raise BadUserInput(text, argument=".".join(fault.path)) from fault
        return _to_quote(info, basket, brand)


def _to_quote(info: Info, basket: Basket, brand: Brand) -> Quote:
    currency, totals = brand.currency, basket.totals
    return Quote(
        lines=[_to_line(line, currency) for line in basket.lines],
        adjustments=[_freight(info, basket, currency)],
        subtotal=to_money(totals.subtotal_minor, currency),
        discount=to_money(totals.discount_minor, currency),
        freight=to_money(totals.freight_minor, currency),
        total=to_money(totals.total_minor, currency),
    )


def _to_line(line: BasketLine, currency: str) -> QuoteLine:
    return QuoteLine(
        sku_id=line.priced.sku_id,
        sku_name=line.sku.sku_name,
        quantity=line.priced.quantity,
        unit_price=to_money(line.priced.unit_price_minor, currency),
        discount=to_money(line.priced.discount_minor, currency),
        total=to_money(line.priced.total_minor, currency),
        is_available=line.is_available,
    )


def _freight(info: Info, basket: Basket, currency: str) -> QuoteAdjustment:
    language = info.context.language
    if basket.totals.freight_minor:
        label = messages.text("freight_flat", language)
    else:
        amount = Amount(basket.free_from_minor, currency).display
        label = messages.text("freight_free", language, amount=amount)
    return QuoteAdjustment(label=label, amount=to_money(basket.totals.freight_minor, currency))
