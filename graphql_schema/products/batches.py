"""Batches: what several resolvers of one request ask for by id, read in one statement (products: two)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from app.platform.db import BrandSession
from app.products import price_lists, reads, stock_reads
from app.products.options import options_of_products
from app.products.pictures import PictureView, pictures_of_products
from app.products.reads import CategoryView, ProductView, ShopFacts, SkuView
from app.products.stock_reads import StockLevel
from app.products.values import ListedPrice, ProductOption
from graphql_schema.context import Context

T = TypeVar("T")
Read = Callable[[BrandSession, Sequence[UUID]], Awaitable[dict[UUID, T]]]
ProductWithSkus = tuple[ProductView, list[SkuView]]


def shops(context: Context) -> DataLoader[UUID, ShopFacts | None]:
    """Shops by id."""
    return _batch(context, "shops", reads.shops_by_id)


def shops_of_employees(context: Context) -> DataLoader[UUID, ShopFacts | None]:
    """Shops by the employee that they belong to."""
    return _batch(context, "shops_of_employees", reads.shops_of_employees)


def products(context: Context) -> DataLoader[UUID, ProductWithSkus | None]:
    """Products of any state, with their SKUs."""
    return _batch(context, "products", products_with_skus)


def skus(context: Context) -> DataLoader[UUID, SkuView | None]:
    """SKUs by id, of products of any state."""
    return _batch(context, "skus", reads.skus_by_id)


def stock_levels(context: Context) -> DataLoader[UUID, list[StockLevel] | None]:
    """What lies where, by SKU."""
    return _batch(context, "stock_levels", stock_reads.levels_of_skus)


def categories(context: Context) -> DataLoader[UUID, CategoryView | None]:
    """Categories by id."""
    return _batch(context, "categories", reads.categories_by_id)


def pictures(context: Context) -> DataLoader[UUID, list[PictureView] | None]:
    """The pictures of products."""
    return _batch(context, "pictures", pictures_of_products)


def options(context: Context) -> DataLoader[UUID, list[ProductOption] | None]:
    """The options of products."""
    return _batch(context, "options", options_of_products)


def prices_of_lists(context: Context) -> DataLoader[UUID, list[ListedPrice] | None]:
    """The prices on price lists."""
    return _batch(context, "prices_of_lists", price_lists.prices_of_lists)


async def products_with_skus(session: BrandSession, product_ids: Sequence[UUID]) -> dict[UUID, ProductWithSkus]:
    """Products by id with their SKUs; two statements."""
    found = await reads.products_by_id(session, product_ids)
    skus_of = await reads.skus_of_products(session, list(found))
    return {product_id: (product, skus_of[product_id]) for product_id, product in found.items()}


def _batch(context: Context, name: str, read: Read[T]) -> DataLoader[UUID, T | None]:
    async def load(ids: list[UUID]) -> list[T | None]:
        async with context.reading() as session:
            found = await read(session, ids)
        return [found.get(one) for one in ids]

    key = f"products.{name}"
    if key not in context.loaded:
        context.loaded[key] = DataLoader(load_fn=load)
    loader: DataLoader[UUID, T | None] = context.loaded[key]
    return loader
