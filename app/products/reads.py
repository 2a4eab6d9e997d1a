"""Reads of products online: shops with their guides, products, SKUs with stock, categories. Each is one statement."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.employees.models import EmployeeRow, OrgUnitRow, StoreRow
from app.employees.values import EmployeeState
from app.platform.db import BrandSession
from app.products.models import CatalogueRow, CategoryRow, ProductRow, ShopRow, SkuRow, StockRow
from app.products.values import ProductState


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
    """What an order needs to know of a SKU. Prices: minor units; `available`: pieces that can be ordered now.

    `is_sellable`: its product is published. `category_path` holds the category and all above it, empty without one.
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


@dataclass(frozen=True, slots=True)
class SkuView:
    """A SKU as it is shown. Prices: minor units; `available`: pieces on hand that no order holds."""

    sku_id: UUID
    product_id: UUID
    name: str
    code: str
    barcode: str | None
    price_minor: int
    market_price_minor: int | None
    available: int


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
    return _only(await _shops(session, ShopRow.slug == slug))


async def shop_facts(session: BrandSession, shop_id: UUID) -> ShopFacts | None:
    return _only(await _shops(session, ShopRow.id == shop_id))


async def shop_of_employee(session: BrandSession, employee_id: UUID) -> ShopFacts | None:
    return _only(await _shops(session, ShopRow.employee_id == employee_id))


async def shops_by_id(session: BrandSession, shop_ids: Collection[UUID]) -> dict[UUID, ShopFacts]:
    return {shop.shop_id: shop for shop in await _shops(session, _among(ShopRow.id, shop_ids))}


async def shops_of_employees(session: BrandSession, employee_ids: Collection[UUID]) -> dict[UUID, ShopFacts]:
    """Shops by the employee that they belong to."""
    return {shop.employee_id: shop for shop in await _shops(session, _among(ShopRow.employee_id, employee_ids))}


async def price_facts(session: BrandSession, sku_ids: Collection[UUID]) -> dict[UUID, SkuFacts]:
    """What an order needs to know of its SKUs; unknown ids are left out. What is available may be gone in a moment."""
    rows = await session.execute(
        sa.select(
            SkuRow.id,
            SkuRow.product_id,
            ProductRow.category_id,
            sa.func.coalesce(CategoryRow.path, ""),
            ProductRow.title,
            SkuRow.name,
            SkuRow.price_minor,
            ProductRow.state == ProductState.PUBLISHED.value,
            _available(session),
        )
        .join(ProductRow, sa.and_(ProductRow.brand_id == SkuRow.brand_id, ProductRow.id == SkuRow.product_id))
        .outerjoin(
            CategoryRow,
            sa.and_(CategoryRow.brand_id == session.brand_id, CategoryRow.id == ProductRow.category_id),
        )
        .where(SkuRow.brand_id == session.brand_id, ProductRow.brand_id == session.brand_id, _among(SkuRow.id, sku_ids))
    )
    return {row[0]: SkuFacts(*row) for row in rows}


async def skus_by_id(session: BrandSession, sku_ids: Collection[UUID]) -> dict[UUID, SkuView]:
    return {sku.sku_id: sku for sku in await _skus(session, _among(SkuRow.id, sku_ids))}


async def skus_of_products(session: BrandSession, product_ids: Collection[UUID]) -> dict[UUID, list[SkuView]]:
    """The SKUs of each product, in their order; every product asked for has an entry."""
    found: dict[UUID, list[SkuView]] = {product_id: [] for product_id in product_ids}
    for sku in await _skus(session, _among(SkuRow.product_id, product_ids)):
        found[sku.product_id].append(sku)
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
    rows = await session.execute(
        sa.select(*PRODUCT_COLUMNS).where(ProductRow.brand_id == session.brand_id, _among(ProductRow.id, product_ids))
    )
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
    rows = await session.execute(
        sa.select(CategoryRow.id, CategoryRow.parent_id, CategoryRow.name, CategoryRow.path).where(
            CategoryRow.brand_id == session.brand_id, _among(CategoryRow.id, category_ids)
        )
    )
    return {row[0]: CategoryView(*row) for row in rows}


def _only(found: Sequence[ShopFacts]) -> ShopFacts | None:
    return found[0] if found else None


async def _shops(session: BrandSession, condition: sa.ColumnElement[bool]) -> list[ShopFacts]:
    brand_id = session.brand_id
    rows: Any = await session.execute(
        sa.select(
            ShopRow.id,
            ShopRow.slug,
            ShopRow.name,
            ShopRow.announcement,
            ShopRow.version + sa.func.coalesce(CatalogueRow.version, 0),
            EmployeeRow.id,
            EmployeeRow.display_name,
            EmployeeRow.title,
            EmployeeRow.avatar_url,
            EmployeeRow.state == EmployeeState.ACTIVE.value,
            StoreRow.id,
            StoreRow.name,
            StoreRow.city,
            OrgUnitRow.path,
            StoreRow.code,
        )
        .join(EmployeeRow, sa.and_(EmployeeRow.brand_id == brand_id, EmployeeRow.id == ShopRow.employee_id))
        .outerjoin(StoreRow, sa.and_(StoreRow.brand_id == brand_id, StoreRow.id == EmployeeRow.store_id))
        .join(
            OrgUnitRow,
            sa.and_(
                OrgUnitRow.brand_id == brand_id,
                OrgUnitRow.id == sa.func.coalesce(StoreRow.org_unit_id, EmployeeRow.org_unit_id),
            ),
        )
        .outerjoin(CatalogueRow, CatalogueRow.brand_id == brand_id)
        .where(ShopRow.brand_id == brand_id, condition)
    )
    return [ShopFacts(*row) for row in rows]


async def _skus(session: BrandSession, condition: sa.ColumnElement[bool]) -> list[SkuView]:
    rows = await session.execute(
        sa.select(
            SkuRow.id,
            SkuRow.product_id,
            SkuRow.name,
            SkuRow.code,
            SkuRow.barcode,
            SkuRow.price_minor,
            SkuRow.market_price_minor,
            _available(session),
        )
        .where(SkuRow.brand_id == session.brand_id, condition)
        .order_by(SkuRow.product_id, SkuRow.position, SkuRow.id)
    )
    return [SkuView(*row) for row in rows]


def _among(column: sa.SQLColumnExpression[UUID], ids: Collection[UUID]) -> sa.ColumnElement[bool]:
    """Whether the column is one of `ids`: an array, so that the statement is the same for any number of them."""
    return column == sa.any_(sa.literal(list(ids), ARRAY(sa.Uuid())))


def _available(session: BrandSession) -> sa.ColumnElement[int]:
    """Pieces of the row's SKU that no order holds, over all locations."""
    return (
        sa.select(sa.cast(sa.func.coalesce(sa.func.sum(StockRow.on_hand - StockRow.reserved), 0), sa.BigInteger))
        .where(StockRow.brand_id == session.brand_id, StockRow.sku_id == SkuRow.id)
        .scalar_subquery()
    )


def _found(session: BrandSession, search: str | None) -> list[sa.ColumnElement[bool]]:
    conditions: list[Any] = [ProductRow.brand_id == session.brand_id]
    if search:
        conditions.append(ProductRow.title.icontains(search, autoescape=True))
    return conditions
