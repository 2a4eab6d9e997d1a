"""Shops, products, SKUs, categories and shelf items by id, and the page of products."""

from collections.abc import Awaitable, Callable, Collection
from typing import Any
from uuid import UUID

from app.platform.db import BrandSession
from app.products import reads, rules, shelf_reads
from app.products.reads import ProductView
from app.products.shops import SHOP_SLUG
from graphql_schema.context import Info
from graphql_schema.errors import BadUserInput
from graphql_schema.paging import Connection, build_connection, is_asked_for, read_page
from graphql_schema.products import batches
from graphql_schema.products.types import (
    Category,
    Product,
    ShelfItem,
    Shop,
    Sku,
    category_of,
    to_product,
    to_shelf_item,
    to_shop,
    to_sku,
)

# --- one by id


async def shop_by_slug(info: Info, slug: str) -> Shop | None:
    """The shop of a slug, whose brand becomes the request's; None where it leads nowhere. Raises: BadUserInput."""
    found = await info.context.runtime.database.resolve(SHOP_SLUG, slug)
    if found is None:
        return None
    brand, shop_id = found
    async with info.context.reading(info.context.enter_brand(brand)) as session:
        facts = await reads.shop_facts(session, shop_id)
    return None if facts is None else to_shop(facts)


async def shop_of_employee(info: Info, employee_id: UUID) -> Shop | None:
    """An employee's shop; asked for by several resolvers at once, they are read in one statement."""
    facts = await batches.shops_of_employees(info.context).load(employee_id)
    return None if facts is None else to_shop(facts)


async def shop_of(info: Info, shop_id: UUID) -> Shop | None:
    """A shop by id, in a batch."""
    facts = await batches.shops(info.context).load(shop_id)
    return None if facts is None else to_shop(facts)


async def product_of(info: Info, product_id: UUID) -> Product | None:
    """A product of any state with its SKUs, in a batch of two statements: for what refers to it, such as an order."""
    found = await batches.products(info.context).load(product_id)
    return None if found is None else to_product(*found, await info.context.brand())


async def sku_of(info: Info, sku_id: UUID) -> Sku | None:
    """A SKU of a product of any state, in a batch: for what refers to it, such as an order."""
    view = await batches.skus(info.context).load(sku_id)
    return None if view is None else to_sku(view, await info.context.brand())


async def products_in(session: BrandSession, product_ids: Collection[UUID]) -> dict[UUID, Product]:
    """Products with their SKUs as a transaction sees them, for a mutation's answer; two statements."""
    found = await batches.products_with_skus(session, list(product_ids))
    return {product_id: to_product(*product, session.brand) for product_id, product in found.items()}


async def skus_in(session: BrandSession, sku_ids: Collection[UUID]) -> dict[UUID, Sku]:
    """SKUs as a transaction sees them, for a mutation's answer or a shortage; one statement."""
    return {sku_id: to_sku(sku, session.brand) for sku_id, sku in (await reads.skus_by_id(session, sku_ids)).items()}


async def shelf_item_in(
    session: BrandSession, *, shop_id: UUID, product_id: UUID, branch: str, has_hidden: bool
) -> ShelfItem | None:
    """An item of a shop's shelf at its branch's prices; two statements."""
    item = await shelf_reads.shelf_item(
        session, shop_id=shop_id, branch=branch, product_id=product_id, has_hidden=has_hidden
    )
    if item is None:
        return None
    skus = await reads.skus_of_products(session, [product_id], branch=branch)
    return to_shelf_item(item, skus[product_id], session.brand)


# --- what `node` shows: customers see what is published


async def fetch_product(info: Info, product_id: UUID) -> Product | None:
    """A product; one that is not published is for employees."""
    found = await batches.products(info.context).load(product_id)
    if found is None or not (found[0].is_published or (await info.context.actor()).is_employee):
        return None
    return to_product(*found, await info.context.brand())


async def fetch_sku(info: Info, sku_id: UUID) -> Sku | None:
    """A SKU; one of a product that is not published is for employees."""
    view = await batches.skus(info.context).load(sku_id)
    if view is None or await fetch_product(info, view.product_id) is None:
        return None
    return to_sku(view, await info.context.brand())


async def fetch_shelf_item(info: Info, shop_id: UUID, product_id: UUID) -> ShelfItem | None:
    """An item of a shelf; what is hidden is for the shop's own guide."""
    shop, actor = await shop_of(info, shop_id), await info.context.actor()
    if shop is None:
        return None
    async with info.context.reading() as session:
        return await shelf_item_in(
            session,
            shop_id=shop_id,
            product_id=product_id,
            branch=shop.facts.branch,
            has_hidden=actor.shop_id == shop_id,
        )


def _by(number: int, fetch: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """A fetcher that knows nothing by another number of keys, which an id made by hand may hold."""

    async def look(info: Info, *keys: UUID) -> Any:
        return await fetch(info, *keys) if len(keys) == number else None

    return look


async def fetch_category(info: Info, category_id: UUID) -> Category | None:
    return await category_of(info, category_id)


NODES = {
    "Shop": _by(1, shop_of),
    "Product": _by(1, fetch_product),
    "Sku": _by(1, fetch_sku),
    "Category": _by(1, fetch_category),
    "ShelfItem": _by(2, fetch_shelf_item),
}
"""What `node` fetches by the type in a global id."""


# --- lists


async def product_connection(
    info: Info, first: int | None, after: str | None, search: str | None
) -> Connection[Product]:
    """Products of every state, the newest first, with their SKUs; three statements with the count."""
    page = read_page(first, after, "products", (UUID,), default=50)
    wanted = (search or "").strip()
    if len(wanted) > rules.LONGEST_SEARCH:
        raise BadUserInput(f"search has at most {rules.LONGEST_SEARCH} characters.", argument="search")
    key = None if page.after is None else page.after[0]
    async with info.context.reading() as session:
        rows = await reads.product_page(
            session, limit=page.limit, after=key if isinstance(key, UUID) else None, search=wanted
        )
        total = await reads.product_count(session, search=wanted) if is_asked_for(info, "totalCount") else None
        skus = await reads.skus_of_products(session, [product.product_id for product in rows[: page.first]])
    brand = await info.context.brand()
    return build_connection(
        rows,
        page,
        to_node=lambda product: to_product(product, skus[product.product_id], brand),
        to_key=_product_key,
        total_count=total,
    )


def _product_key(product: ProductView) -> tuple[UUID]:
    return (product.product_id,)
