"""Root fields over baskets and orders."""

from typing import Annotated

import strawberry

from app.platform import messages
from app.platform.db import Brand
from app.platform.errors import NotFound, UserFault
from app.platform.money import Money as Amount
from app.products import reads
from app.products.shops import SHOP_SLUG
from app.trade import orders
from app.trade.basket import Basket, BasketLine
from app.trade.values import FulfilmentMethod
from graphql_schema.context import Info
from graphql_schema.employees.types import After, First
from graphql_schema.errors import BadUserInput
from graphql_schema.money import to_money
from graphql_schema.paging import Connection
from graphql_schema.permissions import ANYBODY, EMPLOYEES, MANAGERS, Requires
from graphql_schema.trade import loaders
from graphql_schema.trade.inputs import OrderFilter, OrderQuoteInput, to_coupons, to_lines, to_pickup_store
from graphql_schema.trade.types import Order, Quote, QuoteAdjustment, QuoteLine


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
                shop = await reads.shop_facts(session, found[1])
                if shop is None:
                    raise NotFound("shop", path=("shopSlug",))
                basket = await orders.quote(
                    session,
                    shop=shop,
                    lines=to_lines(input.lines),
                    method=FulfilmentMethod.DELIVERY if input.fulfilment is None else input.fulfilment.method,
                    pickup_store_id=to_pickup_store(input.fulfilment),
                    coupon_ids=to_coupons(input.coupon_ids),
                )
        except UserFault as fault:
            text = messages.text(fault.key, info.context.language, **fault.facts)
            raise BadUserInput(text, argument=".".join(fault.path)) from fault
        return _to_quote(info, basket, brand)

    @strawberry.field(
        description="Orders by their sale, the latest first. For headquarters and the owner; a manager sees the own "
        "branch. More than 10,000 are not counted.",
        extensions=[Requires(MANAGERS)],
    )
    async def orders(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        filter: Annotated[
            OrderFilter | None, strawberry.argument(description="What to narrow the list to; null: nothing.")
        ] = None,
    ) -> Connection[Order]:
        return await loaders.staff_connection(info, first, after, filter)

    @strawberry.field(
        description="Paid orders that wait to be laid out or handed over in the caller's store, branch or brand, the "
        "oldest first. For any employee. More than 10,000 are not counted.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def pickups(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="The beginning of an order number, a customer's whole phone, or its last four digits."
            ),
        ] = None,
    ) -> Connection[Order]:
        return await loaders.pickup_connection(info, first, after, search)


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
