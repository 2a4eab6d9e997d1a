"""Reads of products online: shops with their guides, products, SKUs with stock, categories. Each is one statement."""

import hashlib
from collections.abc import Collection
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import LateralFromClause

from app.employees.models import EmployeeRow, OrgUnitRow, StoreRow
from app.employees.values import EmployeeState
from app.platform.db import BrandSession
from app.products.models import CatalogueRow, CategoryRow, LocationRow, ProductRow, ShopRow, SkuRow, StockRow
from app.products.values import LocationKind, ProductState


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """A shop with its guide and the guide's store. `branch` is the path of the store's unit, else of the guide's own.

    `version` grows with every change of the shelf, of products, prices, and of what is in stock.
    """

    shop_id: UUID
    slug: str
    name: str
    announcement: str | None
    version: int
    employee_id: UUID
    display_name: str
    title: str | None
    avatar_url: str | None
    guide_is_active: bool
    store_id: UUID | None
    store_name: str | None
    store_city: str | None
    branch: str
    store_code: str | None

    @property
    def page_tag(self) -> str:
        """What changes when anything on the shop's page does, guide and store too: an ETag without its quotes."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class SkuFacts:
    """What an order needs to know of a SKU. Prices: minor units.

    `available`: pieces that one place can give now, for the way of having them that was asked about; `at_first`: those
    of `first_location_id`, the place they would come from first. `is_sellable`: its product is published.
    `category_path` holds the category and all above it, empty without one.
    """

    sku_id: UUID
    product_id: UUID
    category_id: UUID | None
    category_path: str
    title: str
    sku_name: str
    price_minor: int
    is_sellable: bool
    available: int
    at_first: int
    first_location_id: UUID | None


@dataclass(frozen=True, slots=True)
class SkuView:
    """A SKU as it is shown. Prices: minor units; `available`: pieces on hand anywhere that no order holds.

    `to_send`: the most that one place could send; `stores`: how many stores have a piece to fetch.
    """

    sku_id: UUID
    product_id: UUID
    name: str
    code: str
    barcode: str | None
    price_minor: int
    market_price_minor: int | None
    available: int
    to_send: int
    stores: int

    @property
    def can_be_had(self) -> bool:
        """Whether at least one piece can be ordered, to be sent or fetched."""
        return self.to_send > 0 or self.stores > 0


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product as it is shown, without its SKUs."""

    product_id: UUID
    category_id: UUID | None
    title: str
    description: str | None
    cover_url: str | None
    state: str
    created_at: datetime

    @property
    def is_published(self) -> bool:
        return self.state == ProductState.PUBLISHED


@dataclass(frozen=True, slots=True)
class CategoryView:
    """A category; `path` is `/<root>/…/<own id>/` of hex ids."""

    category_id: UUID
    parent_id: UUID | None
    name: str
    path: str


PRODUCT_COLUMNS = (
    ProductRow.id,
    ProductRow.category_id,
    ProductRow.title,
    ProductRow.description,
    ProductRow.cover_url,
    ProductRow.state,
    ProductRow.created_at,
)


async def shop_facts_by_slug(session: BrandSession, slug: str) -> ShopFacts | None:
    found = await session.execute(_SHOP_BY_SLUG, {"brand": session.brand_id, "slug": slug})
    row = found.first()
    return None if row is None else ShopFacts(*row)


async def shop_facts(session: BrandSession, shop_id: UUID) -> ShopFacts | None:
    return (await shops_by_id(session, [shop_id])).get(shop_id)


async def shop_of_employee(session: BrandSession, employee_id: UUID) -> ShopFacts | None:
    return (await shops_of_employees(session, [employee_id])).get(employee_id)


async def shops_by_id(session: BrandSession, shop_ids: Collection[UUID]) -> dict[UUID, ShopFacts]:
    rows = await session.execute(_SHOPS, {"brand": session.brand_id, "ids": list(shop_ids)})
    return {row[0]: ShopFacts(*row) for row in rows}


async def shops_of_employees(session: BrandSession, employee_ids: Collection[UUID]) -> dict[UUID, ShopFacts]:
    """Shops by the employee that they belong to."""
    rows = await session.execute(_SHOPS_OF_EMPLOYEES, {"brand": session.brand_id, "ids": list(employee_ids)})
    shops = [ShopFacts(*row) for row in rows]
    return {shop.employee_id: shop for shop in shops}


async def price_facts(
    session: BrandSession, sku_ids: Collection[UUID], *, is_sent: bool = True, store_id: UUID | None = None
) -> dict[UUID, SkuFacts]:
    """What an order needs to know of its SKUs; unknown ids are left out. What is available may be gone in a moment.

    `is_sent`: from the shipping location or what else sends orders; else it is had in a store, any while none is named.
    """
    parameters = {"brand": session.brand_id, "ids": list(sku_ids)}
    if is_sent:
        rows = await session.execute(_FACTS_TO_SEND, parameters)
    else:
        rows = await session.execute(_FACTS_IN_STORE, {**parameters, "store": store_id})
    return {row[0]: SkuFacts(*row) for row in rows}


async def skus_by_id(session: BrandSession, sku_ids: Collection[UUID]) -> dict[UUID, SkuView]:
    rows = await session.execute(_SKUS, {"brand": session.brand_id, "ids": list(sku_ids)})
    return {row[0]: SkuView(*row) for row in rows}


async def skus_of_products(session: BrandSession, product_ids: Collection[UUID]) -> dict[UUID, list[SkuView]]:
    """The SKUs of each product, in their order; every product asked for has an entry."""
    found: dict[UUID, list[SkuView]] = {product_id: [] for product_id in product_ids}
    for row in await session.execute(_SKUS_OF_PRODUCTS, {"brand": session.brand_id, "ids": list(found)}):
        found[row[1]].append(SkuView(*row))
    return found


async def sku_ids_of(session: BrandSession, product_id: UUID) -> list[UUID]:
    """The ids of a product's SKUs, in their order."""
    found = await session.execute(
        sa.select(SkuRow.id)
        .where(SkuRow.brand_id == session.brand_id, SkuRow.product_id == product_id)
        .order_by(SkuRow.position, SkuRow.id)
    )
    return list(found.scalars())


async def products_by_id(session: BrandSession, product_ids: Collection[UUID]) -> dict[UUID, ProductView]:
    rows = await session.execute(_PRODUCTS, {"brand": session.brand_id, "ids": list(product_ids)})
    return {row[0]: ProductView(*row) for row in rows}


async def product_page(
    session: BrandSession, *, limit: int, after: UUID | None = None, search: str | None = None
) -> list[ProductView]:
    """Products of every state, newest first, after the product `after`; `search`: a part of the title, in any case."""
    query = sa.select(*PRODUCT_COLUMNS).where(*_found(session, search)).order_by(ProductRow.id.desc()).limit(limit)
    if after is not None:
        query = query.where(ProductRow.id < after)
    return [ProductView(*row) for row in await session.execute(query)]


async def product_count(session: BrandSession, *, search: str | None = None) -> int:
    """How many products `product_page` walks through."""
    return (
        await session.execute(sa.select(sa.func.count()).select_from(ProductRow).where(*_found(session, search)))
    ).scalar_one()


async def categories_by_id(session: BrandSession, category_ids: Collection[UUID]) -> dict[UUID, CategoryView]:
    rows = await session.execute(_CATEGORIES, {"brand": session.brand_id, "ids": list(category_ids)})
    return {row[0]: CategoryView(*row) for row in rows}


def _found(session: BrandSession, search: str | None) -> list[sa.ColumnElement[bool]]:
    conditions: list[Any] = [ProductRow.brand_id == session.brand_id]
    if search:
        conditions.append(ProductRow.title.icontains(search, autoescape=True))
    return conditions


# --- the statements that pages and orders wait for: made once, as making them takes longer than running them

_BRAND = sa.bindparam("brand", type_=sa.Uuid())
_IDS = sa.any_(sa.bindparam("ids", type_=ARRAY(sa.Uuid())))
"""An array, so that the statement is the same for any number of ids."""

_product = cast("sa.Table", ProductRow.__table__)
_sku = cast("sa.Table", SkuRow.__table__)
_stock = cast("sa.Table", StockRow.__table__)
_location = cast("sa.Table", LocationRow.__table__)
_category = cast("sa.Table", CategoryRow.__table__)
_shop = cast("sa.Table", ShopRow.__table__)
_employee = cast("sa.Table", EmployeeRow.__table__)
_store = cast("sa.Table", StoreRow.__table__)
_unit = cast("sa.Table", OrgUnitRow.__table__)
_catalogue = cast("sa.Table", CatalogueRow.__table__)

_free = _stock.c.on_hand - _stock.c.reserved
_is_shipping = _location.c.kind == LocationKind.SHIPPING.value
_is_store = _location.c.kind == LocationKind.STORE.value
_AT_PLACES = sa.and_(_location.c.brand_id == _BRAND, _location.c.id == _stock.c.location_id)
_OF_SKU = sa.and_(_stock.c.brand_id == _BRAND, _stock.c.sku_id == _sku.c.id)


def _pieces(number: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(sa.func.coalesce(number, 0), sa.BigInteger())


_EVERYWHERE = (
    sa.select(
        _pieces(sa.func.sum(_free)).label("available"),
        _pieces(sa.func.max(_free).filter(_location.c.ships_orders)).label("to_send"),
        sa.func.count().filter(_is_store, _free > 0).label("stores"),
    )
    .join_from(_stock, _location, _AT_PLACES)
    .where(_OF_SKU)
    .lateral("everywhere")
)
"""What of the row's SKU no order holds, and how it can be had."""
_TO_SEND = (
    sa.select(
        _pieces(sa.func.max(_free)).label("available"),
        _pieces(sa.func.max(_free).filter(_is_shipping)).label("at_first"),
    )
    .join_from(_stock, _location, _AT_PLACES)
    .where(_OF_SKU, _location.c.ships_orders)
    .lateral("to_send")
)
_STORE = sa.bindparam("store", type_=sa.Uuid())
_IN_STORE = (
    sa.select(_pieces(sa.func.max(_free)).label("available"), _pieces(sa.func.max(_free)).label("at_first"))
    .join_from(_stock, _location, _AT_PLACES)
    .where(_OF_SKU, sa.or_(_location.c.id == _STORE, sa.and_(_STORE.is_(None), _is_store)))
    .lateral("in_store")
)

_ALL_SHOPS = (
    sa.select(
        _shop.c.id,
        _shop.c.slug,
        _shop.c.name,
        _shop.c.announcement,
        _shop.c.version + sa.func.coalesce(_catalogue.c.version, 0),
        _employee.c.id,
        _employee.c.display_name,
        _employee.c.title,
        _employee.c.avatar_url,
        _employee.c.state == EmployeeState.ACTIVE.value,
        _store.c.id,
        _store.c.name,
        _store.c.city,
        _unit.c.path,
        _store.c.code,
    )
    .select_from(_shop)
    .join(_employee, sa.and_(_employee.c.brand_id == _BRAND, _employee.c.id == _shop.c.employee_id))
    .outerjoin(_store, sa.and_(_store.c.brand_id == _BRAND, _store.c.id == _employee.c.store_id))
    .join(
        _unit,
        sa.and_(
            _unit.c.brand_id == _BRAND, _unit.c.id == sa.func.coalesce(_store.c.org_unit_id, _employee.c.org_unit_id)
        ),
    )
    .outerjoin(_catalogue, _catalogue.c.brand_id == _BRAND)
    .where(_shop.c.brand_id == _BRAND)
)
_SHOPS = _ALL_SHOPS.where(_shop.c.id == _IDS)
_SHOPS_OF_EMPLOYEES = _ALL_SHOPS.where(_shop.c.employee_id == _IDS)
_SHOP_BY_SLUG = _ALL_SHOPS.where(_shop.c.slug == sa.bindparam("slug", type_=sa.Text()))

_SKU_COLUMNS: tuple[Any, ...] = (
    _sku.c.id,
    _sku.c.product_id,
    _sku.c.name,
    _sku.c.code,
    _sku.c.barcode,
    _sku.c.price_minor,
    _sku.c.market_price_minor,
    _EVERYWHERE.c.available,
    _EVERYWHERE.c.to_send,
    _EVERYWHERE.c.stores,
)
_ALL_SKUS = sa.select(*_SKU_COLUMNS).select_from(_sku.join(_EVERYWHERE, sa.true())).where(_sku.c.brand_id == _BRAND)
_SKUS = _ALL_SKUS.where(_sku.c.id == _IDS)
_SKUS_OF_PRODUCTS = _ALL_SKUS.where(_sku.c.product_id == _IDS).order_by(_sku.c.product_id, _sku.c.position, _sku.c.id)

_WAREHOUSE = sa.select(_location.c.id).where(_location.c.brand_id == _BRAND, _is_shipping).scalar_subquery()


def _facts(having: LateralFromClause, first: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """What an order needs to know of SKUs that are had in one way, and where they would come from first."""
    return (
        sa.select(
            _sku.c.id,
            _sku.c.product_id,
            _product.c.category_id,
            sa.func.coalesce(_category.c.path, ""),
            _product.c.title,
            _sku.c.name,
            _sku.c.price_minor,
            _product.c.state == ProductState.PUBLISHED.value,
            having.c.available,
            having.c.at_first,
            first,
        )
        .select_from(_sku)
        .join(having, sa.true())
        .join(_product, sa.and_(_product.c.brand_id == _BRAND, _product.c.id == _sku.c.product_id))
        .outerjoin(_category, sa.and_(_category.c.brand_id == _BRAND, _category.c.id == _product.c.category_id))
        .where(_sku.c.brand_id == _BRAND, _sku.c.id == _IDS)
    )


_FACTS_TO_SEND = _facts(_TO_SEND, _WAREHOUSE)
_FACTS_IN_STORE = _facts(_IN_STORE, _STORE)

_PRODUCTS = sa.select(*(_product.c[column.key] for column in PRODUCT_COLUMNS)).where(
    _product.c.brand_id == _BRAND, _product.c.id == _IDS
)
_CATEGORIES = sa.select(_category.c.id, _category.c.parent_id, _category.c.name, _category.c.path).where(
    _category.c.brand_id == _BRAND, _category.c.id == _IDS
)
