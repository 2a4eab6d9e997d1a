"""Quotes, orders with their lines, payments.

An order is read with what lists show of its guide, shop, store and customer, a line with what they show of SKU and
product; only who asks for more causes a statement.
"""

from datetime import datetime
from functools import partial
from uuid import UUID

import strawberry

from app.platform.db import Brand
from app.trade import after_sale_reads, order_scopes, pickups
from app.trade.after_sale_rules import taken_pieces
from app.trade.payment_reads import PaymentView
from app.trade.reads import LineView, OrderView, ShipmentView
from app.trade.rules import PAUSABLE, allowed_actions, is_paid
from graphql_schema.addresses import PostalAddress, to_address
from graphql_schema.commission.loaders import attribution_of_order, shares_of_line
from graphql_schema.commission.types import Attribution, AttributionShare
from graphql_schema.context import Info
from graphql_schema.customers.types import Customer, to_named_customer
from graphql_schema.employees import loaders as employees
from graphql_schema.employees.types import Guide, Store, to_store
from graphql_schema.money import Money, to_money
from graphql_schema.paging import Node, encode_global_id
from graphql_schema.permissions import EMPLOYEES, Requires
from graphql_schema.products import loaders as products
from graphql_schema.products.enums import ProductState
from graphql_schema.products.types import Product, Shop, Sku
from graphql_schema.scalars import JSON
from graphql_schema.selections import is_enough, only
from graphql_schema.trade import batches
from graphql_schema.trade.after_sale_types import AfterSale, to_after_sale
from graphql_schema.trade.enums import FulfilmentMethod, OrderAction, OrderState, PaymentState
from graphql_schema.trade.invoice_types import Invoice, to_invoice
from graphql_schema.trade.quotation_types import Quotation, to_quotation


@strawberry.type(description="A line of a quote.")
class QuoteLine:
    quantity: int = strawberry.field(description="Pieces, over all lines of the SKU that were asked about.")
    unit_price: Money = strawberry.field(description="Of one piece, now.")
    discount: Money = strawberry.field(description="What is taken off the line; 0 or more.")
    total: Money = strawberry.field(description="Quantity times unit price, less the discount.")
    is_available: bool = strawberry.field(description="Whether so many pieces can be ordered now.")
    sku_id: strawberry.Private[UUID]
    sku_name: strawberry.Private[str]

    @strawberry.field(description="What it is of.")
    async def sku(self, info: Info) -> Sku:
        if is_enough(info, "id", "name"):
            return only(Sku, id=encode_global_id("Sku", self.sku_id), name=self.sku_name)
        return await _whole_sku(info, self.sku_id)


@strawberry.type(description="Why a quote comes to more or less than its goods.")
class QuoteAdjustment:
    label: str = strawberry.field(description="The reason, in the language of Accept-Language.")
    amount: Money = strawberry.field(description="What it adds; negative for what it takes off, 0 for what is waived.")


@strawberry.type(description="What a basket would cost now. It holds neither price nor stock.")
class Quote:
    lines: list[QuoteLine] = strawberry.field(description="1 to 50, equal SKUs merged, in the order asked about.")
    adjustments: list[QuoteAdjustment] = strawberry.field(
        description="What each coupon takes off, by its title, then freight; at most 11."
    )
    subtotal: Money = strawberry.field(description="The goods before discounts.")
    discount: Money = strawberry.field(description="All discounts; 0 or more.")
    freight: Money = strawberry.field(description="0 or more.")
    is_freight_estimate: bool = strawberry.field(
        description="Whether the freight is that of most of the country, as no address was given and it matters."
    )
    total: Money = strawberry.field(description="Subtotal less discount, plus freight.")


@strawberry.type(description="A store, as far as a basket is concerned.")
class PickupStore:
    store: Store = strawberry.field(description="The store.")
    has_all: bool = strawberry.field(description="Whether it has every piece of the basket now.")


@strawberry.type(description="A parcel on its way.")
class Shipment:
    carrier: str | None = strawberry.field(description="Who carries it, up to 60 characters.")
    tracking_number: str | None = strawberry.field(description="The carrier's number, up to 60 characters.")
    shipped_at: datetime = strawberry.field(description="When it was handed to the carrier.")


@strawberry.type(description="A line as it was ordered.")
class OrderLine(Node):
    quantity: int = strawberry.field(description="Pieces.")
    unit_price: Money = strawberry.field(description="Of one piece, when the order was placed.")
    total: Money = strawberry.field(description="After discounts.")
    view: strawberry.Private[LineView]
    order_state: strawberry.Private[OrderState]

    @strawberry.field(description="Pieces that are in no after-sale yet, of a paid order.")
    async def refundable_quantity(self, info: Info) -> int:
        if not is_paid(self.order_state):
            return 0
        found = await batches.after_sales(info.context).load(self.view.order_id)
        return (
            self.view.quantity
            - taken_pieces((one.line_id, one.state, one.quantity) for one in found or ())[self.view.id]
        )

    @strawberry.field(description="The SKU as it is now.")
    async def sku(self, info: Info) -> Sku:
        if is_enough(info, "id", "name", "code", "barcode"):
            return only(
                Sku,
                id=encode_global_id("Sku", self.view.sku_id),
                name=self.view.sku_name,
                code=self.view.sku_code,
                barcode=self.view.sku_barcode,
            )
        return await _whole_sku(info, self.view.sku_id)

    @strawberry.field(description="The product as it is now.")
    async def product(self, info: Info) -> Product:
        if is_enough(info, "id", "title", "description", "coverUrl", "state"):
            return only(
                Product,
                id=encode_global_id("Product", self.view.product_id),
                title=self.view.product_title,
                description=self.view.product_description,
                cover_url=self.view.product_cover_url,
                state=ProductState(self.view.product_state),
            )
        found = await products.product_of(info, self.view.product_id)
        if found is None:
            raise LookupError(f"product {self.view.product_id} is gone")
        return found

    @strawberry.field(
        description="For employees: each party's share of the line, as far as the caller may see it.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def shares(self, info: Info) -> list[AttributionShare]:
        return await shares_of_line(info, self.view.order_id, self.view.id)


@strawberry.type(
    description="An order: for its customer, the guide whose sale it is, guides who lost it, managers of the branch, "
    "headquarters and the owner; from its payment on for the people of the store whose sale it is, and of the store "
    "where it is fetched."
)
class Order(Node):
    number: str = strawberry.field(description="Twelve digits, the last a check digit; unique in the brand.")
    state: OrderState = strawberry.field(description="Where it stands.")
    placed_at: datetime = strawberry.field(description="When it was placed.")
    pay_by: datetime | None = strawberry.field(
        description="While it waits for payment: when it is cancelled if nobody pays."
    )
    fulfilment: FulfilmentMethod = strawberry.field(description="How the goods reach the customer.")
    shipped_at: datetime | None = strawberry.field(description="When the goods left.")
    delivered_at: datetime | None = strawberry.field(
        description="When the customer had the goods: said so, fetched them, or let ten days go by."
    )
    completed_at: datetime | None = strawberry.field(description="When the goods were received for good.")
    subtotal: Money = strawberry.field(description="The goods before discounts.")
    discount: Money = strawberry.field(description="All discounts; 0 or more.")
    freight: Money = strawberry.field(description="0 or more.")
    total: Money = strawberry.field(description="Subtotal less discount, plus freight.")
    refunded: Money = strawberry.field(
        description="What went back of it; of a cancelled order, what came too late and went back by itself."
    )
    view: strawberry.Private[OrderView]

    @strawberry.field(description="1 to 50 as customers order; imported baskets may have more.")
    async def lines(self, info: Info) -> list[OrderLine]:
        brand = await info.context.brand()
        views = await batches.lines(info.context).load(self.view.id)
        return [to_line(line, self.view, brand) for line in views or ()]

    @strawberry.field(
        description="The guide whose sale it is; null where the store won, and for a guide of another branch who lost "
        "the order."
    )
    async def guide(self, info: Info) -> Guide | None:
        view = self.view
        if view.guide_id is None or not order_scopes.may_see_winner(await info.context.actor(), view):
            return None
        if is_enough(info, "id", "displayName", "title", "avatarUrl"):
            return only(
                Guide,
                id=encode_global_id("Guide", view.guide_id),
                display_name=view.guide_name,
                title=view.guide_title,
                avatar_url=view.guide_avatar_url,
            )
        return await employees.guide_of(info, view.guide_id)

    @strawberry.field(
        description="The shop it was placed in; null for a guide who lost the order, but in the own shop, and for who "
        "only sends it or hands it over."
    )
    async def shop(self, info: Info) -> Shop | None:
        if not order_scopes.may_see_shop(await info.context.actor(), self.view, self.view.shop_id):
            return None
        if is_enough(info, "id", "slug", "name", "announcement"):
            return only(
                Shop,
                id=encode_global_id("Shop", self.view.shop_id),
                slug=self.view.shop_slug,
                name=self.view.shop_name,
                announcement=self.view.shop_announcement,
            )
        return await products.shop_of(info, self.view.shop_id)

    @strawberry.field(description="Who bought; null for a guide who lost the order, and for one who only sends it.")
    async def customer(self, info: Info) -> Customer | None:
        actor, view = await info.context.actor(), self.view
        if not order_scopes.may_see_customer(actor, view, view.pickup_branch):
            return None
        return to_named_customer(self.view.customer_id, self.view.customer_name)

    @strawberry.field(description="The store whose sale it is.")
    async def store(self) -> Store | None:
        if self.view.store_id is None:
            return None
        return to_store(self.view.store_id, name=self.view.store_name or "", city=self.view.store_city)

    @strawberry.field(description="For PICKUP and IN_STORE: the store where the goods are fetched or taken.")
    async def pickup_store(self) -> Store | None:
        view = self.view
        if view.pickup_store_id is None:
            return None
        return to_store(view.pickup_store_id, name=view.pickup_store_name or "", city=view.pickup_store_city)

    @strawberry.field(
        description="For the buyer, while the goods wait: the eight digits to show in the store, good for once."
    )
    async def pickup_code(self, info: Info) -> str | None:
        if not await self._is_buyers(info) or self.view.state is not OrderState.READY_FOR_PICKUP:
            return None
        brand = await info.context.brand()
        return pickups.code_for(info.context.runtime.database.vault, brand.id, self.view.id)

    @strawberry.field(
        description="For DELIVERY: where the goods go to. For the buyer, and until they arrive for those who may send "
        "them; null for everybody else."
    )
    async def delivery_address(self, info: Info) -> PostalAddress | None:
        view = self.view
        is_sent = view.state in (OrderState.PAID, OrderState.FULFILLING, OrderState.SHIPPED)
        may_know = await self._is_buyers(info) or (is_sent and order_scopes.may_ship(await info.context.actor(), view))
        address = await batches.addresses(info.context).load(view.id) if may_know else None
        return None if address is None else to_address(address)

    @strawberry.field(
        description="For employees: the place whose stock the order has, and which sends it; its name only.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def stock_place(self) -> str | None:
        return self.view.location_name

    @strawberry.field(
        description="For employees: no place is left that would send it, so headquarters decides.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def is_stranded(self) -> bool | None:
        return self.view.is_stranded

    @strawberry.field(description="Parcels in the order of sending; empty before the goods leave.")
    async def shipments(self, info: Info) -> list[Shipment]:
        if self.view.shipped_at is None:
            return []
        return [to_shipment(parcel) for parcel in await batches.shipments(info.context).load(self.view.id) or ()]

    @strawberry.field(
        description="Returns and refunds, the latest first; but for those without effect at most one a piece. Empty "
        "for who sees the order without its customer."
    )
    async def after_sales(self, info: Info) -> list[AfterSale]:
        if not (is_paid(self.view.state) or self.view.state is OrderState.CLOSED):
            return []
        actor, brand = await info.context.actor(), await info.context.brand()
        views = await batches.after_sales(info.context).load(self.view.id)
        return [to_after_sale(view, brand) for view in views or () if after_sale_reads.may_see(actor, view)]

    @strawberry.field(description="The latest request for an invoice: for the customer, finance and the owner.")
    async def invoice(self, info: Info) -> Invoice | None:
        view = await batches.invoices(info.context).load(self.view.id)
        return None if view is None else to_invoice(view, await info.context.brand())

    @strawberry.field(
        description="The quotation that it was; null for an order of another kind, and as for `Quotation`."
    )
    async def quotation(self, info: Info) -> Quotation | None:
        view = await batches.quotations_of_orders(info.context).load(self.view.id)
        return None if view is None else to_quotation(view, await info.context.brand())

    @strawberry.field(description="What the caller may do with it now.")
    async def allowed_actions(self, info: Info) -> list[OrderAction]:
        actor, view = await info.context.actor(), self.view
        actions = partial(
            allowed_actions,
            view.state,
            is_buyer=await self._is_buyers(info),
            may_ship=order_scopes.may_ship(actor, view),
            may_make_ready=order_scopes.may_make_ready(actor, view, view.pickup_branch),
            may_hand_over=order_scopes.may_hand_over(actor, view, view.pickup_branch),
            may_refuse=not view.is_stranded and order_scopes.may_refuse(actor, view),
            may_reroute=order_scopes.may_reroute(actor),
            is_overdue=view.is_overdue,
            method=view.method,
        )
        found = actions(has_refundable_lines=True)
        if (PAUSABLE | {OrderAction.REQUEST_AFTER_SALE}).isdisjoint(found):
            return list(found)
        standing = await batches.standings(info.context).load(view.id)
        if standing is None:
            return list(actions())
        return list(actions(has_refundable_lines=standing.is_refundable, has_open_after_sale=standing.is_paused))

    async def _is_buyers(self, info: Info) -> bool:
        actor = await info.context.actor()
        return actor.is_customer and actor.customer_id == self.view.customer_id

    @strawberry.field(
        description="For employees: whose it is and why, as it was decided when it was placed.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def attribution(self, info: Info) -> Attribution | None:
        return await attribution_of_order(info, self.view.id)


@strawberry.type(description="A try to pay an order, for its customer.")
class Payment(Node):
    state: PaymentState = strawberry.field(description="Where it stands.")
    amount: Money = strawberry.field(description="The order's total.")
    client_parameters: JSON | None = strawberry.field(
        description='What the provider\'s client needs. SANDBOX: {"confirmUrl": …}, a POST there pays. Null until the '
        "provider has answered."
    )


async def _whole_sku(info: Info, sku_id: UUID) -> Sku:
    found = await products.sku_of(info, sku_id)
    if found is None:
        raise LookupError(f"SKU {sku_id} is gone")
    return found


def to_order(view: OrderView, brand: Brand) -> Order:
    currency = brand.currency
    return Order(
        id=encode_global_id("Order", view.id),
        number=view.number,
        state=view.state,
        placed_at=view.placed_at,
        pay_by=view.pay_by if view.state is OrderState.PENDING_PAYMENT else None,
        fulfilment=view.method,
        shipped_at=view.shipped_at,
        delivered_at=view.delivered_at,
        completed_at=view.completed_at,
        subtotal=to_money(view.subtotal_minor, currency),
        discount=to_money(view.discount_minor, currency),
        freight=to_money(view.freight_minor, currency),
        total=to_money(view.total_minor, currency),
        refunded=to_money(view.refunded_minor, currency),
        view=view,
    )


def to_line(view: LineView, order: OrderView, brand: Brand) -> OrderLine:
    return OrderLine(
        id=encode_global_id("OrderLine", view.id),
        quantity=view.quantity,
        unit_price=to_money(view.unit_price_minor, brand.currency),
        total=to_money(view.total_minor, brand.currency),
        view=view,
        order_state=order.state,
    )


def to_shipment(view: ShipmentView) -> Shipment:
    return Shipment(carrier=view.carrier, tracking_number=view.tracking_number, shipped_at=view.shipped_at)


def to_payment(view: PaymentView, brand: Brand) -> Payment:
    parameters = view.client_parameters
    return Payment(
        id=encode_global_id("Payment", view.id),
        state=view.state,
        amount=to_money(view.amount_minor, brand.currency),
        client_parameters=None if parameters is None else JSON(parameters),
    )
