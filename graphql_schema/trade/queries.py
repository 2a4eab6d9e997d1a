"""Root fields over baskets and orders."""

from typing import Annotated

import strawberry

from app.platform import messages
from app.platform.db import Brand
from app.platform.errors import NotFound, UserFault
from app.platform.money import Money as Amount
from app.products import reads, stock_reads
from app.products.shops import SHOP_SLUG
from app.products.values import StockLine
from app.trade import orders
from app.trade.basket import Basket, BasketLine, checked_lines
from app.trade.values import FulfilmentMethod
from graphql_schema.context import Info
from graphql_schema.employees.types import After, First, to_store
from graphql_schema.errors import BadUserInput
from graphql_schema.money import to_money
from graphql_schema.paging import Connection
from graphql_schema.permissions import ANYBODY, EMPLOYEES, MANAGERS, Requires
from graphql_schema.trade import loaders
from graphql_schema.trade.inputs import (
    OrderFilter,
    OrderQuoteInput,
    PickupStoresInput,
    to_coupons,
    to_lines,
    to_pickup_store,
    to_region,
)
from graphql_schema.trade.types import Order, PickupStore, Quote, QuoteAdjustment, QuoteLine


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
        # Only who names coupons has to be known.
        customer_id = (await info.context.actor()).customer_id if input.coupon_ids else None
        try:
            async with info.context.reading(brand) as session:
                method = FulfilmentMethod.DELIVERY if input.fulfilment is None else input.fulfilment.method
                shop = await reads.shop_facts(session, found[1])
                if shop is None:
                    raise NotFound("shop", path=("shopSlug",))
                basket = await orders.quote(
                    session,
                    shop=shop,
                    lines=to_lines(input.lines),
                    method=method,
                    pickup_store_id=to_pickup_store(input.fulfilment),
                    customer_id=customer_id,
                    coupon_ids=to_coupons(input.coupon_ids),
                    region=to_region(input.fulfilment),
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

    @strawberry.field(
        description="Paid orders that wait to be sent from the stores of the caller's store or branch, the oldest "
        "first; for headquarters and the owner from everywhere. For any employee. More than 10,000 are not counted.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def orders_to_ship(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        stranded_only: Annotated[
            bool | None,
            strawberry.argument(description="Only those that no place would send, which wait for headquarters."),
        ] = False,
    ) -> Connection[Order]:
        return await loaders.sending_connection(info, first, after, is_stranded=bool(stranded_only))

    @strawberry.field(
        description="The brand's stores, those that have every piece of a basket first, then by name; at most 500. "
        "For anybody.",
        extensions=[Requires(ANYBODY)],
    )
    async def pickup_stores(
        self, info: Info, input: Annotated[PickupStoresInput, strawberry.argument(description="The basket.")]
    ) -> list[PickupStore]:
        found = await info.context.runtime.database.resolve(SHOP_SLUG, input.shop_slug)
        if found is None:
            raise BadUserInput("There is no such shop.", argument="shopSlug")
        brand = info.context.enter_brand(found[0])
        try:
            lines = checked_lines(to_lines(input.lines))
            async with info.context.reading(brand) as session:
                offers = await stock_reads.store_offers(
                    session, [StockLine(line.sku_id, line.quantity) for line in lines]
                )
        except UserFault as fault:
            text = messages.text(fault.key, info.context.language, **fault.facts)
            raise BadUserInput(text, argument=".".join(fault.path)) from fault
        return [
            PickupStore(store=to_store(offer.store_id, name=offer.name, city=offer.city), has_all=offer.has_all)
            for offer in offers
        ]


def _to_quote(info: Info, basket: Basket, brand: Brand) -> Quote:
    currency, totals = brand.currency, basket.totals
    return Quote(
        lines=[_to_line(line, currency) for line in basket.lines],
        adjustments=[*_reductions(basket, currency), _freight(info, basket, currency)],
        subtotal=to_money(totals.subtotal_minor, currency),
        discount=to_money(totals.discount_minor, currency),
        freight=to_money(totals.freight_minor, currency),
        is_freight_estimate=basket.freight.is_estimate,
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


def _reductions(basket: Basket, currency: str) -> list[QuoteAdjustment]:
    """What each coupon takes off, in the order of application."""
    return [QuoteAdjustment(label=one.title, amount=to_money(-one.amount_minor, currency)) for one in basket.reductions]


def _freight(info: Info, basket: Basket, currency: str) -> QuoteAdjustment:
    language, free_from_minor = info.context.language, basket.freight.free_from_minor
    if basket.freight.is_estimate:
        label = messages.text("freight_estimate", language)
    elif basket.totals.freight_minor or free_from_minor is None:
        label = messages.text("freight_flat", language)
    else:
        amount = Amount(free_from_minor, currency).display
        label = messages.text("freight_free", language, amount=amount)
    return QuoteAdjustment(label=label, amount=to_money(basket.totals.freight_minor, currency))
