"""The schema, put together: each package gives `<Package>Query`, `<Package>Mutation` and its `NODES`."""

from typing import Annotated

import strawberry
from graphql import print_schema
from strawberry.schema.config import StrawberryConfig

from graphql_schema.boss.hot_products import HotProductQuery
from graphql_schema.boss.queries import BossQuery
from graphql_schema.boss.subscriptions import BossSubscription
from graphql_schema.commission import loaders as commission_loaders
from graphql_schema.commission.mutations import CommissionMutation
from graphql_schema.commission.queries import CommissionQuery
from graphql_schema.commission.subscriptions import CommissionSubscription
from graphql_schema.commission.withdrawal_loaders import NODES as WITHDRAWAL_NODES
from graphql_schema.commission.withdrawal_mutations import WithdrawalMutation, WithdrawalQuery
from graphql_schema.context import Info
from graphql_schema.customers import loaders as customers_loaders
from graphql_schema.customers.session_mutations import SessionMutation
from graphql_schema.employees import loaders as employees_loaders
from graphql_schema.employees.mutations import EmployeesMutation
from graphql_schema.employees.queries import EmployeesQuery
from graphql_schema.marketing import loaders as marketing_loaders
from graphql_schema.marketing.care import NODES as CARE_NODES
from graphql_schema.marketing.care import CareMutation, CareQuery
from graphql_schema.marketing.coupon_loaders import NODES as COUPON_NODES
from graphql_schema.marketing.coupon_mutations import CouponMutation
from graphql_schema.marketing.coupon_queries import CouponQuery
from graphql_schema.marketing.mutations import MarketingMutation
from graphql_schema.marketing.outbound_loaders import NODES as OUTBOUND_NODES
from graphql_schema.marketing.outbound_mutations import OutboundMutation, OutboundQuery
from graphql_schema.marketing.poster_loaders import NODES as POSTER_NODES
from graphql_schema.marketing.poster_mutations import PosterMutation, PosterQuery
from graphql_schema.marketing.subscriptions import SubscriptionMutation, SubscriptionQuery
from graphql_schema.marketing.toolbox_loaders import NODES as TOOLBOX_NODES
from graphql_schema.marketing.toolbox_mutations import ToolboxMutation, ToolboxQuery
from graphql_schema.paging import Node, decode_global_id
from graphql_schema.permissions import SIGNED_IN, Requires
from graphql_schema.plain_fields import PlainFieldsContext
from graphql_schema.products import loaders as products_loaders
from graphql_schema.products.catalogue_mutations import CatalogueMutation
from graphql_schema.products.list_types import NODES as PRICE_LIST_NODES
from graphql_schema.products.mutations import ProductsMutation
from graphql_schema.products.queries import ProductsQuery
from graphql_schema.products.shelf_mutations import ShelfMutation, ShelfQuery
from graphql_schema.products.transfers import NODES as TRANSFER_NODES
from graphql_schema.products.transfers import TransfersMutation, TransfersQuery
from graphql_schema.scalars import SCALARS
from graphql_schema.trade import loaders as trade_loaders
from graphql_schema.trade.after_sale_mutations import AfterSaleMutation
from graphql_schema.trade.after_sale_queries import AfterSaleQuery
from graphql_schema.trade.freight import NODES as FREIGHT_NODES
from graphql_schema.trade.freight import FreightMutation, FreightQuery
from graphql_schema.trade.fulfilment_mutations import FulfilmentMutation
from graphql_schema.trade.invoice_mutations import NODES as INVOICE_NODES
from graphql_schema.trade.invoice_mutations import InvoiceMutation, InvoiceQuery
from graphql_schema.trade.mutations import TradeMutation
from graphql_schema.trade.queries import TradeQuery
from graphql_schema.trade.quotation_loaders import NODES as QUOTATION_NODES
from graphql_schema.trade.quotation_mutations import QuotationMutation, QuotationQuery
from graphql_schema.trade.redemptions import RedemptionMutation, RedemptionQuery
from graphql_schema.trade.routing_mutations import RoutingMutation

NODES = {
    **employees_loaders.NODES,
    **products_loaders.NODES,
    **TRANSFER_NODES,
    **PRICE_LIST_NODES,
    **customers_loaders.NODES,
    **marketing_loaders.NODES,
    **POSTER_NODES,
    **OUTBOUND_NODES,
    **COUPON_NODES,
    **CARE_NODES,
    **TOOLBOX_NODES,
    **trade_loaders.NODES,
    **FREIGHT_NODES,
    **INVOICE_NODES,
    **QUOTATION_NODES,
    **commission_loaders.NODES,
    **WITHDRAWAL_NODES,
}
"""Global id type name → `fetch(info, *uuids)`: the object, or None where it is missing or not the caller's."""


async def find_node(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="A global id.")]
) -> Node | None:
    """The thing of a global id, by the fetch of its package, which checks that the caller may see it."""
    decoded = decode_global_id(id)
    fetch = NODES.get(decoded.type_name)
    return None if fetch is None else await fetch(info, *decoded.uuids)


@strawberry.type(description="What can be read.")
class Query(
    BossQuery,
    HotProductQuery,
    AfterSaleQuery,
    QuotationQuery,
    TradeQuery,
    FreightQuery,
    InvoiceQuery,
    RedemptionQuery,
    WithdrawalQuery,
    CommissionQuery,
    PosterQuery,
    OutboundQuery,
    SubscriptionQuery,
    CareQuery,
    TransfersQuery,
    CouponQuery,
    ToolboxQuery,
    ShelfQuery,
    ProductsQuery,
    EmployeesQuery,
):
    node: Node | None = strawberry.field(
        resolver=find_node,
        description="Anything with a global id that is yours to see; null else.",
        extensions=[Requires(SIGNED_IN)],
    )


@strawberry.type(description="What can be changed. Every mutation is one transaction.")
class Mutation(
    TradeMutation,
    FreightMutation,
    InvoiceMutation,
    WithdrawalMutation,
    FulfilmentMutation,
    RoutingMutation,
    QuotationMutation,
    RedemptionMutation,
    AfterSaleMutation,
    CommissionMutation,
    PosterMutation,
    ToolboxMutation,
    MarketingMutation,
    OutboundMutation,
    SubscriptionMutation,
    CareMutation,
    CouponMutation,
    SessionMutation,
    TransfersMutation,
    ProductsMutation,
    ShelfMutation,
    CatalogueMutation,
    EmployeesMutation,
):
    pass


@strawberry.type(description="What can be watched, over graphql-transport-ws.")
class Subscription(CommissionSubscription, BossSubscription):
    pass


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map=SCALARS),
    execution_context_class=PlainFieldsContext,
)


def print_sdl() -> str:
    """The schema as SDL, as it is checked in."""
    return print_schema(schema._schema) + "\n"
