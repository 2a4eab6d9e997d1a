"""Reads of orders with their lines and shipments. Each is one statement; lists come newest first."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from app.customers import profiles
from app.customers.models import CustomerRow
from app.employees.models import EmployeeRow, OrgUnitRow, StoreRow
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.products.models import LocationRow, ProductRow, ShopRow, SkuRow
from app.trade.models import OrderLineRow, OrderRow, ShipmentRow
from app.trade.order_scopes import visible_orders
from app.trade.values import FulfilmentMethod, OrderState


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as it is shown. Amounts: minor units. `branch`: path of the attributed store's unit, as it was.

    Guide, shop, stores and customer come with what lists show of them, as they are now; the customer's name is masked.
    `pickup_branch`, `location_branch`: paths of the units of the pickup store, and of the store whose stock it has, as
    they are now; the latter is None at the shipping location. `is_overdue`: its time to be paid is over.
    """

    id: UUID
    number: str
    state: OrderState
    customer_id: UUID
    shop_id: UUID
    guide_id: UUID | None
    store_id: UUID | None
    branch: str
    method: FulfilmentMethod
    pickup_store_id: UUID | None
    location_id: UUID
    is_stranded: bool
    subtotal_minor: int
    discount_minor: int
    freight_minor: int
    total_minor: int
    refunded_minor: int
    placed_at: datetime
    pay_by: datetime
    shipped_at: datetime | None
    delivered_at: datetime | None
    completed_at: datetime | None
    guide_name: str | None
    guide_title: str | None
    guide_avatar_url: str | None
    shop_slug: str
    shop_name: str
    shop_announcement: str | None
    store_name: str | None
    store_city: str | None
    pickup_store_name: str | None
    pickup_store_city: str | None
    pickup_branch: str | None
    location_name: str
    location_branch: str | None
    customer_name: str
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class LineView:
    """A line as it was ordered, with its SKU and product as they are now. Amounts: minor units."""

    id: UUID
    order_id: UUID
    sku_id: UUID
    product_id: UUID
    ordered_title: str
    ordered_sku_name: str
    quantity: int
    unit_price_minor: int
    discount_minor: int
    total_minor: int
    sku_name: str
    sku_code: str
    sku_barcode: str | None
    sku_price_minor: int
    sku_market_price_minor: int | None
    product_title: str
    product_description: str | None
    product_cover_url: str | None
    product_state: str


@dataclass(frozen=True, slots=True)
class ShipmentView:
    """A parcel on its way."""

    carrier: str | None
    tracking_number: str | None
    shipped_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerSales:
    """What a customer has bought: paid orders, and goods after discounts and refunds, in minor units."""

    orders: int
    net_sales_minor: int


NO_SALES = CustomerSales(0, 0)

_PickupStore = aliased(StoreRow)
_PickupUnit = aliased(OrgUnitRow)
_SendingStore = aliased(StoreRow)
_SendingUnit = aliased(OrgUnitRow)

_ORDER_COLUMNS: tuple[Any, ...] = (
    OrderRow.id,
    OrderRow.number,
    OrderRow.state,
    OrderRow.customer_id,
    OrderRow.shop_id,
    OrderRow.guide_id,
    OrderRow.store_id,
    OrderRow.branch,
    OrderRow.fulfilment,
    OrderRow.pickup_store_id,
    OrderRow.location_id,
    OrderRow.is_stranded,
    OrderRow.subtotal_minor,
    OrderRow.discount_minor,
    OrderRow.freight_minor,
    OrderRow.total_minor,
    OrderRow.refunded_minor,
    OrderRow.placed_at,
    OrderRow.pay_by,
    OrderRow.shipped_at,
    OrderRow.delivered_at,
    OrderRow.completed_at,
    EmployeeRow.display_name,
    EmployeeRow.title,
    EmployeeRow.avatar_url,
    ShopRow.slug,
    ShopRow.name,
    ShopRow.announcement,
    StoreRow.name,
    StoreRow.city,
    _PickupStore.name,
    _PickupStore.city,
    _PickupUnit.path,
    sa.func.coalesce(_SendingStore.name, LocationRow.name),
    _SendingUnit.path,
    CustomerRow.name,
    CustomerRow.phone,
)
_LINE_COLUMNS: tuple[Any, ...] = (
    OrderLineRow.id,
    OrderLineRow.order_id,
    OrderLineRow.sku_id,
    OrderLineRow.product_id,
    OrderLineRow.title,
    OrderLineRow.sku_name,
    OrderLineRow.quantity,
    OrderLineRow.unit_price_minor,
    OrderLineRow.discount_minor,
    OrderLineRow.total_minor,
    SkuRow.name,
    SkuRow.code,
    SkuRow.barcode,
    SkuRow.price_minor,
    SkuRow.market_price_minor,
    ProductRow.title,
    ProductRow.description,
    ProductRow.cover_url,
    ProductRow.state,
)


@dataclass(frozen=True, slots=True)
class _Buyer:
    """What `profiles.display_name` opens."""

    id: UUID
    brand_id: UUID
    name: bytes | None
    phone: bytes | None


async def orders_by_id(session: BrandSession, actor: Actor, order_ids: Collection[UUID]) -> dict[UUID, OrderView]:
    """Those of these orders that the actor may see."""
    scope = visible_orders(session, actor)
    if not order_ids or scope is None:
        return {}
    if actor.is_customer:
        own = {"brand": session.brand_id, "ids": list(order_ids), "customer": actor.customer_id}
        rows = await session.execute(_own_orders(), own)
    else:
        rows = await session.execute(_orders().where(OrderRow.id.in_(order_ids), scope), {"brand": session.brand_id})
    return {row[0]: _order(session, row) for row in rows}


async def orders_of_customer(
    session: BrandSession, actor: Actor, *, customer_id: UUID, limit: int, after: UUID | None = None
) -> list[OrderView]:
    """A customer's orders that the actor may see, after the order `after`."""
    scope = visible_orders(session, actor)
    return await page(session, scope, OrderRow.customer_id == customer_id, limit=limit, after=after)


async def orders_of_guide(
    session: BrandSession, actor: Actor, *, guide_id: UUID, limit: int, after: UUID | None = None
) -> list[OrderView]:
    """The orders attributed to a guide, as far as the actor may see them, after the order `after`."""
    scope = visible_orders(session, actor)
    return await page(session, scope, OrderRow.guide_id == guide_id, limit=limit, after=after)


async def count_of_customer(session: BrandSession, actor: Actor, *, customer_id: UUID) -> int | None:
    """How many orders `orders_of_customer` walks through."""
    return await count(session, visible_orders(session, actor), OrderRow.customer_id == customer_id)


async def count_of_guide(session: BrandSession, actor: Actor, *, guide_id: UUID) -> int | None:
    """How many orders `orders_of_guide` walks through."""
    return await count(session, visible_orders(session, actor), OrderRow.guide_id == guide_id)


async def lines_of_orders(session: BrandSession, order_ids: Collection[UUID]) -> dict[UUID, list[LineView]]:
    """The lines of each order, in their order; every order asked for has an entry."""
    found: dict[UUID, list[LineView]] = {order_id: [] for order_id in order_ids}
    if not found:
        return found
    rows = await session.execute(_lines_of_orders(), {"brand": session.brand_id, "ids": list(found)})
    for row in rows:
        found[row[1]].append(_line(row))
    return found


async def line_by_id(session: BrandSession, actor: Actor, line_id: UUID) -> tuple[LineView, OrderView] | None:
    """A line whose order the actor may see, with the order. Two statements."""
    its = await session.execute(_lines().where(OrderLineRow.id == line_id), {"brand": session.brand_id})
    row = its.one_or_none()
    if row is None:
        return None
    line = _line(row)
    order = (await orders_by_id(session, actor, [line.order_id])).get(line.order_id)
    return None if order is None else (line, order)


async def shipments_of_orders(session: BrandSession, order_ids: Collection[UUID]) -> dict[UUID, list[ShipmentView]]:
    """The parcels of each order in the order of sending, whoever asks; one without a parcel is left out."""
    found: dict[UUID, list[ShipmentView]] = {}
    rows = await session.execute(
        sa.select(ShipmentRow.order_id, ShipmentRow.carrier, ShipmentRow.tracking_number, ShipmentRow.shipped_at)
        .where(ShipmentRow.brand_id == session.brand_id, ShipmentRow.order_id.in_(order_ids))
        .order_by(ShipmentRow.id)
    )
    for row in rows:
        found.setdefault(row[0], []).append(ShipmentView(row[1], row[2], row[3]))
    return found


async def customer_sales(session: BrandSession, customer_ids: Iterable[UUID]) -> dict[UUID, CustomerSales]:
    """What each customer has bought; whoever bought nothing is left out (NO_SALES)."""
    wanted = list(set(customer_ids))
    if not wanted:
        return {}
    goods = OrderRow.subtotal_minor - OrderRow.discount_minor - OrderRow.refunded_goods_minor
    rows = await session.execute(
        sa.select(OrderRow.customer_id, sa.func.count(), sa.cast(sa.func.sum(goods), sa.BigInteger))
        .where(
            OrderRow.brand_id == session.brand_id,
            OrderRow.customer_id.in_(wanted),
            OrderRow.paid_on.is_not(None),
        )
        .group_by(OrderRow.customer_id)
    )
    return {row[0]: CustomerSales(row[1], row[2]) for row in rows}


async def page(
    session: BrandSession,
    scope: sa.ColumnElement[bool] | None,
    *conditions: sa.ColumnElement[bool],
    limit: int,
    after: UUID | None = None,
    is_oldest_first: bool = False,
) -> list[OrderView]:
    """The orders that meet the conditions, within a scope that `order_scopes` gives, after the order `after`."""
    if scope is None:
        return []
    by_age = OrderRow.id if is_oldest_first else OrderRow.id.desc()
    query = _orders().where(*conditions, scope).order_by(by_age).limit(limit)
    if after is not None:
        query = query.where(OrderRow.id > after if is_oldest_first else OrderRow.id < after)
    return [_order(session, row) for row in await session.execute(query, {"brand": session.brand_id})]


async def count(
    session: BrandSession,
    scope: sa.ColumnElement[bool] | None,
    *conditions: sa.ColumnElement[bool],
    up_to: int | None = None,
) -> int | None:
    """How many orders `page` walks through; None: more than `up_to`."""
    if scope is None:
        return 0
    found = sa.select(OrderRow.id).where(OrderRow.brand_id == session.brand_id, *conditions, scope)
    if up_to is not None:
        found = found.limit(up_to + 1)
    number = (await session.execute(sa.select(sa.func.count()).select_from(found.subquery()))).scalar_one()
    return None if up_to is not None and number > up_to else number


def _line(row: Any) -> LineView:
    return LineView(*row)


def _order(session: BrandSession, row: Any) -> OrderView:
    values: list[Any] = list(row)
    values[2], values[8] = OrderState(values[2]), FulfilmentMethod(values[8])
    buyer = _Buyer(id=values[3], brand_id=session.brand_id, phone=values.pop(), name=values.pop())
    values += [profiles.display_name(session.vault, buyer), row.pay_by <= session.now]
    return OrderView(*values)


# --- the statements, each made once, as making them takes longer than running them; the brand is their parameter

_BRAND = sa.bindparam("brand", type_=sa.Uuid())
_IDS = sa.any_(sa.bindparam("ids", type_=ARRAY(sa.Uuid())))


@cache
def _own_orders() -> sa.Select[*tuple[Any, ...]]:
    """A customer's own orders by id."""
    return _orders().where(OrderRow.id == _IDS, OrderRow.customer_id == sa.bindparam("customer", type_=sa.Uuid()))


@cache
def _lines_of_orders() -> sa.Select[*tuple[Any, ...]]:
    return _lines().where(OrderLineRow.order_id == _IDS).order_by(OrderLineRow.order_id, OrderLineRow.position)


@cache
def _orders() -> sa.Select[*tuple[Any, ...]]:
    """Orders with what lists show of guide, shop, stores and customer."""
    return (
        sa.select(*_ORDER_COLUMNS)
        .select_from(OrderRow)
        .join(ShopRow, sa.and_(ShopRow.brand_id == _BRAND, ShopRow.id == OrderRow.shop_id))
        .join(CustomerRow, sa.and_(CustomerRow.brand_id == _BRAND, CustomerRow.id == OrderRow.customer_id))
        .outerjoin(EmployeeRow, sa.and_(EmployeeRow.brand_id == _BRAND, EmployeeRow.id == OrderRow.guide_id))
        .outerjoin(StoreRow, sa.and_(StoreRow.brand_id == _BRAND, StoreRow.id == OrderRow.store_id))
        .outerjoin(_PickupStore, sa.and_(_PickupStore.brand_id == _BRAND, _PickupStore.id == OrderRow.pickup_store_id))
        .outerjoin(_PickupUnit, sa.and_(_PickupUnit.brand_id == _BRAND, _PickupUnit.id == _PickupStore.org_unit_id))
        .join(LocationRow, sa.and_(LocationRow.brand_id == _BRAND, LocationRow.id == OrderRow.location_id))
        # A store's location has the store's id.
        .outerjoin(_SendingStore, sa.and_(_SendingStore.brand_id == _BRAND, _SendingStore.id == OrderRow.location_id))
        .outerjoin(_SendingUnit, sa.and_(_SendingUnit.brand_id == _BRAND, _SendingUnit.id == _SendingStore.org_unit_id))
        .where(OrderRow.brand_id == _BRAND)
    )


@cache
def _lines() -> sa.Select[*tuple[Any, ...]]:
    """Lines with their SKUs and products, whatever has become of them."""
    return (
        sa.select(*_LINE_COLUMNS)
        .select_from(OrderLineRow)
        .join(SkuRow, sa.and_(SkuRow.brand_id == _BRAND, SkuRow.id == OrderLineRow.sku_id))
        .join(ProductRow, sa.and_(ProductRow.brand_id == _BRAND, ProductRow.id == OrderLineRow.product_id))
        .where(OrderLineRow.brand_id == _BRAND)
    )
