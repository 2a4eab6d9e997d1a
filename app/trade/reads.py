"""Reads of orders, lines and payments, and who may see them. Each is one statement; lists come newest first."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.commission.models import CandidateRow
from app.customers import profiles
from app.customers.models import CustomerRow
from app.employees.models import EmployeeRow, StoreRow
from app.employees.rules import is_inside, may_reach
from app.employees.values import Role
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.products.models import ProductRow, ShopRow, SkuRow
from app.trade.models import OrderLineRow, OrderRow, PaymentRow
from app.trade.values import FulfilmentMethod, OrderState, PaymentState, ProviderName


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as it is shown. Amounts: minor units. `branch`: path of the attributed store's unit, as it was.

    Guide, shop, store and customer come with what lists show of them, as they are now; the customer's name is masked.
    `is_overdue`: its time to be paid is over.
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
    subtotal_minor: int
    discount_minor: int
    freight_minor: int
    total_minor: int
    refunded_minor: int
    placed_at: datetime
    pay_by: datetime
    shipped_at: datetime | None
    completed_at: datetime | None
    guide_name: str | None
    guide_title: str | None
    guide_avatar_url: str | None
    shop_slug: str
    shop_name: str
    shop_announcement: str | None
    store_name: str | None
    store_city: str | None
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
class PaymentView:
    """A payment as its customer sees it. Amounts: minor units."""

    id: UUID
    order_id: UUID
    provider: ProviderName
    state: PaymentState
    amount_minor: int
    client_parameters: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class CustomerSales:
    """What a customer has bought: paid orders, and goods after discounts and refunds, in minor units."""

    orders: int
    net_sales_minor: int


NO_SALES = CustomerSales(0, 0)

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
    OrderRow.subtotal_minor,
    OrderRow.discount_minor,
    OrderRow.freight_minor,
    OrderRow.total_minor,
    OrderRow.refunded_minor,
    OrderRow.placed_at,
    OrderRow.pay_by,
    OrderRow.shipped_at,
    OrderRow.completed_at,
    EmployeeRow.display_name,
    EmployeeRow.title,
    EmployeeRow.avatar_url,
    ShopRow.slug,
    ShopRow.name,
    ShopRow.announcement,
    StoreRow.name,
    StoreRow.city,
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


def may_see_customer(actor: Actor, order: OrderView) -> bool:
    """Whether a viewer of the order also learns whose it is: the buyer, the guide who won it, the branch above do.

    A guide who lost the order sees it to learn why, and not who bought.
    """
    if actor.is_customer:
        return actor.customer_id == order.customer_id
    if not actor.is_employee:
        return False
    return actor.employee_id == order.guide_id or may_reach(role=actor.role, branch=actor.branch, path=order.branch)


def may_see_winner(actor: Actor, order: OrderView) -> bool:
    """Whether a viewer of the order learns which guide won it: a guide who lost it only of one of the own branch."""
    return may_see_customer(actor, order) or (actor.is_employee and is_inside(order.branch, actor.branch))


def may_see_shop(actor: Actor, order: OrderView) -> bool:
    """Whether a viewer of the order learns in whose shop it was placed: a guide who lost it, only of the own shop."""
    return may_see_customer(actor, order) or (actor.is_employee and actor.shop_id == order.shop_id)


async def orders_by_id(session: BrandSession, actor: Actor, order_ids: Collection[UUID]) -> dict[UUID, OrderView]:
    """Those of these orders that the actor may see."""
    scope = _scope(session, actor)
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
    return await _page(session, actor, OrderRow.customer_id == customer_id, limit=limit, after=after)


async def orders_of_guide(
    session: BrandSession, actor: Actor, *, guide_id: UUID, limit: int, after: UUID | None = None
) -> list[OrderView]:
    """The orders attributed to a guide, as far as the actor may see them, after the order `after`."""
    return await _page(session, actor, OrderRow.guide_id == guide_id, limit=limit, after=after)


async def count_of_customer(session: BrandSession, actor: Actor, *, customer_id: UUID) -> int:
    """How many orders `orders_of_customer` walks through."""
    return await _count(session, actor, OrderRow.customer_id == customer_id)


async def count_of_guide(session: BrandSession, actor: Actor, *, guide_id: UUID) -> int:
    """How many orders `orders_of_guide` walks through."""
    return await _count(session, actor, OrderRow.guide_id == guide_id)


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


async def payments_by_id(session: BrandSession, actor: Actor, payment_ids: Collection[UUID]) -> dict[UUID, PaymentView]:
    """Those of these payments that are the customer's own; nobody else sees one."""
    if not payment_ids or not actor.is_customer:
        return {}
    rows = await session.execute(
        sa.select(
            PaymentRow.id,
            PaymentRow.order_id,
            PaymentRow.provider,
            PaymentRow.state,
            PaymentRow.amount_minor,
            PaymentRow.client_parameters,
        )
        .join(OrderRow, sa.and_(OrderRow.brand_id == session.brand_id, OrderRow.id == PaymentRow.order_id))
        .where(
            PaymentRow.brand_id == session.brand_id,
            PaymentRow.id.in_(payment_ids),
            OrderRow.customer_id == actor.customer_id,
        )
    )
    return {
        row[0]: PaymentView(row[0], row[1], ProviderName(row[2]), PaymentState(row[3]), row[4], row[5]) for row in rows
    }


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


async def _page(
    session: BrandSession, actor: Actor, condition: sa.ColumnElement[bool], *, limit: int, after: UUID | None
) -> list[OrderView]:
    scope = _scope(session, actor)
    if scope is None:
        return []
    query = _orders().where(condition, scope).order_by(OrderRow.id.desc()).limit(limit)
    if after is not None:
        query = query.where(OrderRow.id < after)
    return [_order(session, row) for row in await session.execute(query, {"brand": session.brand_id})]


async def _count(session: BrandSession, actor: Actor, condition: sa.ColumnElement[bool]) -> int:
    scope = _scope(session, actor)
    if scope is None:
        return 0
    query = (
        sa.select(sa.func.count()).select_from(OrderRow).where(OrderRow.brand_id == session.brand_id, condition, scope)
    )
    return (await session.execute(query)).scalar_one()


def _line(row: Any) -> LineView:
    return LineView(*row)


def _order(session: BrandSession, row: Any) -> OrderView:
    values: list[Any] = list(row)
    values[2], values[8] = OrderState(values[2]), FulfilmentMethod(values[8])
    buyer = _Buyer(id=values[3], brand_id=session.brand_id, phone=values.pop(), name=values.pop())
    values += [profiles.display_name(session.vault, buyer), row.pay_by <= session.now]
    return OrderView(*values)


def _scope(session: BrandSession, actor: Actor) -> sa.ColumnElement[bool] | None:
    """The orders an actor may see: one's own, those one sold or lost, the branch's, or all. None: no order at all."""
    if actor.is_customer:
        return OrderRow.customer_id == actor.customer_id
    if not actor.is_employee:
        return None
    if actor.sees_whole_brand:
        return sa.true()
    ways: list[sa.ColumnElement[bool]] = [
        OrderRow.guide_id == actor.employee_id,
        sa.exists().where(
            CandidateRow.brand_id == session.brand_id,
            CandidateRow.sale_id == OrderRow.id,
            CandidateRow.guide_id == actor.employee_id,
        ),
    ]
    if actor.role == Role.MANAGER and actor.branch:
        ways.append(OrderRow.branch.startswith(actor.branch, autoescape=True))
    return sa.or_(*ways)


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
    """Orders with what lists show of guide, shop, store and customer."""
    return (
        sa.select(*_ORDER_COLUMNS)
        .select_from(OrderRow)
        .join(ShopRow, sa.and_(ShopRow.brand_id == _BRAND, ShopRow.id == OrderRow.shop_id))
        .join(CustomerRow, sa.and_(CustomerRow.brand_id == _BRAND, CustomerRow.id == OrderRow.customer_id))
        .outerjoin(EmployeeRow, sa.and_(EmployeeRow.brand_id == _BRAND, EmployeeRow.id == OrderRow.guide_id))
        .outerjoin(StoreRow, sa.and_(StoreRow.brand_id == _BRAND, StoreRow.id == OrderRow.store_id))
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
