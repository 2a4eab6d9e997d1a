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
from app.products import rules
from app.products.availability import EVERYWHERE, IN_STORE, STORE, TO_SEND, WAREHOUSE
from app.products.branch_decisions import FORBIDDEN, RULES_BEGUN
from app.products.branch_prices import MARKET_PRICE, PERIODS_BEGUN, PRICE, parameters, with_prices
from app.products.models import CatalogueRow, CategoryRow, ProductRow, ShopRow, SkuRow
from app.products.values import ProductState


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """A shop with its guide and the guide's store. `branch` is the path of the store's unit, else of the guide's own.

    `version` grows with every change of the shelf, of products, of prices and of what is in stock, and when a price
    list or a decision of headquarters begins or ends.
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
    of `first_location_id`, the place they would come from first. `is_sellable`: its product is published, and not
    forbidden in the branch, which `is_forbidden` says. `category_path` holds the category and all above it, empty
    without one.
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
    weight_grams: int | None
    is_forbidden: bool


@dataclass(frozen=True, slots=True)
class SkuView:
    """A SKU as it is shown. Prices: minor units; `available`: pieces on hand anywhere that no order holds.

    `to_send`: the most that one place could send; `stores`: how many stores have a piece to fetch. `choices`: a value
    of each option of its product, None where the product has no options.
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
    choices: list[str] | None
    weight_grams: int | None

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
    found = await session.execute(_SHOP_BY_SLUG, {"brand": session.brand_id, "now": session.now, "slug": slug})
    row = found.first()
    return None if row is None else ShopFacts(*row)


async def shop_facts(session: BrandSession, shop_id: UUID) -> ShopFacts | None:
    return (await shops_by_id(session, [shop_id])).get(shop_id)


async def shop_of_employee(session: BrandSession, employee_id: UUID) -> ShopFacts | None:
    return (await shops_of_employees(session, [employee_id])).get(employee_id)


async def shops_by_id(session: BrandSession, shop_ids: Collection[UUID]) -> dict[UUID, ShopFacts]:
    rows = await session.execute(_SHOPS, {"brand": session.brand_id, "now": session.now, "ids": list(shop_ids)})
    return {row[0]: ShopFacts(*row) for row in rows}


async def shops_of_employees(session: BrandSession, employee_ids: Collection[UUID]) -> dict[UUID, ShopFacts]:
    """Shops by the employee that they belong to."""
    rows = await session.execute(
        _SHOPS_OF_EMPLOYEES, {"brand": session.brand_id, "now": session.now, "ids": list(employee_ids)}
    )
    shops = [ShopFacts(*row) for row in rows]
    return {shop.employee_id: shop for shop in shops}


async def price_facts(
    session: BrandSession,
    sku_ids: Collection[UUID],
    *,
    branch: str = "",
    is_sent: bool = True,
    store_id: UUID | None = None,
) -> dict[UUID, SkuFacts]:
    """What an order in a branch needs to know of its SKUs; unknown ids are left out. No branch: the brand's prices.

    `is_sent`: from the shipping location or what else sends orders; else it is had in a store, any while none is named.
    What is available may be gone in a moment.
    """
    values = parameters(session, branch, ids=list(sku_ids))
    if is_sent:
        rows = await session.execute(_FACTS_TO_SEND, values)
    else:
        rows = await session.execute(_FACTS_IN_STORE, {**values, "store": store_id})
    return {row[0]: SkuFacts(*row) for row in rows}


async def price_facts_beside(
    session: BrandSession, statement: sa.Select[Any], sku_ids: Collection[UUID], *, branch: str
) -> tuple[dict[UUID, SkuFacts], Any]:
    """`price_facts` of goods that are sent, with what a statement of `facts_to_send` reads beside them."""
    rows = (await session.execute(statement, parameters(session, branch, ids=list(sku_ids)))).all()
    return {row[0]: SkuFacts(*row[:-1]) for row in rows}, rows[0][-1] if rows else None


async def skus_by_id(session: BrandSession, sku_ids: Collection[UUID], *, branch: str = "") -> dict[UUID, SkuView]:
    """SKUs with what they cost in a branch; no branch: the brand's prices."""
    rows = await session.execute(_SKUS, parameters(session, branch, ids=list(sku_ids)))
    return {row[0]: SkuView(*row) for row in rows}


async def skus_of_products(
    session: BrandSession, product_ids: Collection[UUID], *, branch: str = ""
) -> dict[UUID, list[SkuView]]:
    """The SKUs of each product in their order, at a branch's prices; every product asked for has an entry."""
    found: dict[UUID, list[SkuView]] = {product_id: [] for product_id in product_ids}
    for row in await session.execute(_SKUS_OF_PRODUCTS, parameters(session, branch, ids=list(found))):
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
    """Products of every state, newest first, after the product `after`; `search`: words that the title holds."""
    conditions, wanted = _found(session, search)
    query = sa.select(*PRODUCT_COLUMNS).where(*conditions).order_by(ProductRow.id.desc()).limit(limit)
    if after is not None:
        query = query.where(ProductRow.id < after)
    return [ProductView(*row) for row in await session.execute(query, wanted)]


async def product_count(session: BrandSession, *, search: str | None = None) -> int:
    """How many products `product_page` walks through."""
    conditions, wanted = _found(session, search)
    query = sa.select(sa.func.count()).select_from(ProductRow).where(*conditions)
    return (await session.execute(query, wanted)).scalar_one()


async def categories_by_id(session: BrandSession, category_ids: Collection[UUID]) -> dict[UUID, CategoryView]:
    rows = await session.execute(_CATEGORIES, {"brand": session.brand_id, "ids": list(category_ids)})
    return {row[0]: CategoryView(*row) for row in rows}


def _found(session: BrandSession, search: str | None) -> tuple[list[sa.ColumnElement[bool]], dict[str, Any]]:
    """The conditions of a search and their parameters."""
    own, wanted = ProductRow.brand_id == session.brand_id, search_parameters(session, search)
    return ([own], {}) if wanted is None else ([own, IS_FOUND], wanted)


def search_parameters(session: BrandSession, search: str | None) -> dict[str, Any] | None:
    """What IS_FOUND asks for: titles that hold every word of the search; None for a search without words."""
    words = rules.folded(search or "").split()
    if not words:
        return None
    escaped = [word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in words]
    return {"grams": rules.wanted_grams(session.brand_id, words), "patterns": [f"%{word}%" for word in escaped]}


# --- the statements that pages and orders wait for: made once, as making them takes longer than running them

_BRAND = sa.bindparam("brand", type_=sa.Uuid())
_IDS = sa.any_(sa.bindparam("ids", type_=ARRAY(sa.Uuid())))
"""An array, so that the statement is the same for any number of ids."""

_product = cast("sa.Table", ProductRow.__table__)
_sku = cast("sa.Table", SkuRow.__table__)
_category = cast("sa.Table", CategoryRow.__table__)
_shop = cast("sa.Table", ShopRow.__table__)
_employee = cast("sa.Table", EmployeeRow.__table__)
_store = cast("sa.Table", StoreRow.__table__)
_unit = cast("sa.Table", OrgUnitRow.__table__)
_catalogue = cast("sa.Table", CatalogueRow.__table__)

IS_FOUND = sa.and_(
    _product.c.search_grams.contains(sa.bindparam("grams", type_=ARRAY(sa.BigInteger()))),
    _product.c.search_text.like(sa.all_(sa.bindparam("patterns", type_=ARRAY(sa.Text())))),
)

_ALL_SHOPS = (
    sa.select(
        _shop.c.id,
        _shop.c.slug,
        _shop.c.name,
        _shop.c.announcement,
        _shop.c.version + sa.func.coalesce(_catalogue.c.version, 0) + PERIODS_BEGUN + RULES_BEGUN,
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
    PRICE,
    MARKET_PRICE,
    EVERYWHERE.c.available,
    EVERYWHERE.c.to_send,
    EVERYWHERE.c.stores,
    _sku.c.choices,
    _sku.c.weight_grams,
)
_ALL_SKUS = (
    sa.select(*_SKU_COLUMNS).select_from(with_prices(_sku).join(EVERYWHERE, sa.true())).where(_sku.c.brand_id == _BRAND)
)
_SKUS = _ALL_SKUS.where(_sku.c.id == _IDS)
_SKUS_OF_PRODUCTS = _ALL_SKUS.where(_sku.c.product_id == _IDS).order_by(_sku.c.product_id, _sku.c.position, _sku.c.id)


def _facts(having: LateralFromClause, first: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """What an order needs to know of SKUs that are had in one way, and where they would come from first."""
    goods = _sku.join(_product, sa.and_(_product.c.brand_id == _BRAND, _product.c.id == _sku.c.product_id)).outerjoin(
        _category, sa.and_(_category.c.brand_id == _BRAND, _category.c.id == _product.c.category_id)
    )
    return (
        sa.select(
            _sku.c.id,
            _sku.c.product_id,
            _product.c.category_id,
            sa.func.coalesce(_category.c.path, ""),
            _product.c.title,
            _sku.c.name,
            PRICE,
            sa.and_(_product.c.state == ProductState.PUBLISHED.value, _product.c.id.not_in(FORBIDDEN)),
            having.c.available,
            having.c.at_first,
            first,
            _sku.c.weight_grams,
            _product.c.id.in_(FORBIDDEN),
        )
        .select_from(with_prices(goods).join(having, sa.true()))
        .where(_sku.c.brand_id == _BRAND, _sku.c.id == _IDS)
    )


_FACTS_TO_SEND = _facts(TO_SEND, WAREHOUSE)


def facts_to_send(beside: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """The statement of goods that are sent, with a column of a package above, equal in every row; to be made once."""
    return _FACTS_TO_SEND.add_columns(beside)


_FACTS_IN_STORE = _facts(IN_STORE, STORE)

_PRODUCTS = sa.select(*(_product.c[column.key] for column in PRODUCT_COLUMNS)).where(
    _product.c.brand_id == _BRAND, _product.c.id == _IDS
)
_CATEGORIES = sa.select(_category.c.id, _category.c.parent_id, _category.c.name, _category.c.path).where(
    _category.c.brand_id == _BRAND, _category.c.id == _IDS
)
