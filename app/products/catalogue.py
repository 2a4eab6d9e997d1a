"""The catalogue: categories, products and their SKUs. What is published is on every guide's shelf at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.platform import media, storage, texts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import Conflict, InvalidInput, NotFound
from app.products import option_rules, rules, stock, versions
from app.products.guards import headquarters_only, refuse
from app.products.models import CategoryRow, ProductRow, SkuRow
from app.products.option_writing import checked_options, insert_options
from app.products.values import KEEP, Kept, NewProduct, NewSku, PriceChange, ProductOption, ProductState, StockLine

__all__ = [
    "NewProduct",
    "NewSku",
    "PriceChange",
    "create_category",
    "create_product",
    "create_products",
    "update_product",
]


async def create_category(
    session: BrandSession, actor: Actor, *, name: str, parent_id: UUID | None = None, now: datetime
) -> UUID:
    """Make a category, at the top or below another; at most five levels deep. Name: 1 to 60 characters.

    Raises: Forbidden, InvalidInput, NotFound (the parent), Conflict (the name among its siblings).
    """
    headquarters_only(actor)
    own_name = texts.line(name, "name", longest=rules.LONGEST_NAME)
    parent_path = "/" if parent_id is None else await _path_of(session, parent_id, "parentId")
    if parent_path.count("/") > rules.DEEPEST_CATEGORY:
        raise InvalidInput("category_depth", path=("parentId",), most=rules.DEEPEST_CATEGORY)
    category_id = session.new_id()
    made = await session.execute(
        insert(CategoryRow)
        .values(
            brand_id=session.brand_id,
            id=category_id,
            name=own_name,
            parent_id=parent_id,
            path=f"{parent_path}{category_id.hex}/",
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(CategoryRow.id)
    )
    if made.first() is None:
        raise Conflict("category_name_taken", path=("name",))
    return category_id


async def create_product(
    session: BrandSession,
    actor: Actor,
    *,
    title: str,
    description: str | None = None,
    cover_url: str | None = None,
    category_id: UUID | None = None,
    options: Sequence[ProductOption] = (),
    skus: Sequence[NewSku],
    now: datetime,
) -> UUID:
    """Make a product, published at once, with its SKUs in the order given and their first stock. Prices: minor units.

    Title: 1 to 120 characters; description: up to 5,000; 1 to 100 SKUs, each with a value of every option.
    Raises: Forbidden, InvalidInput (paths such as skus, 0, priceMinor), NotFound (the category), Conflict (a SKU's code
    or barcode, which are unique in the brand).
    """
    product = NewProduct(title, tuple(skus), description, cover_url, category_id, tuple(options))
    [product_id] = await _create(session, actor, [product], [()], now=now)
    return product_id


async def create_products(
    session: BrandSession, actor: Actor, *, products: Sequence[NewProduct], now: datetime
) -> list[UUID]:
    """Make many products as `create_product` does, in as few statements; gives their ids in order.

    Failures' paths begin with products and the position.
    """
    return await _create(session, actor, products, [("products", str(at)) for at in range(len(products))], now=now)


async def update_product(
    session: BrandSession,
    actor: Actor,
    *,
    product_id: UUID,
    title: str | None = None,
    description: str | Kept | None = KEEP,
    cover_url: str | Kept | None = KEEP,
    category_id: UUID | Kept | None = KEEP,
    state: str | None = None,
    prices: Sequence[PriceChange] = (),
    is_told: bool = True,
    now: datetime,
) -> None:
    """Change a product and the prices and weights of its SKUs.

    Title and state of None stay; KEEP leaves the rest, None empties it.

    `is_told`: False leaves the catalogue's version to who changes many products and counts it once, last of all.
    Orders keep the prices that they were placed at. Raises: Forbidden, InvalidInput, NotFound (product, category, SKU).
    """
    headquarters_only(actor)
    changes: dict[str, Any] = {}
    if title is not None:
        changes |= _titled(session, texts.line(title, "title", longest=rules.LONGEST_TITLE))
    if description is not KEEP:
        changes["description"] = texts.optional_block(description, "description", longest=rules.LONGEST_DESCRIPTION)
    if cover_url is not KEEP:
        changes["cover_url"] = _cover(cover_url, ())
        await media.hold_urls(session, [(("coverUrl",), changes["cover_url"])])
    before = await lock_product(session, product_id)
    if category_id is not KEEP:
        if category_id is not None:
            await _path_of(session, category_id, "categoryId")
        changes["category_id"] = category_id
    if state is not None:
        changes["state"] = ProductState(state)
        if changes["state"] is ProductState.PUBLISHED and before.published_at is None:
            changes["published_at"] = now
    if changes:
        await session.execute(
            sa.update(ProductRow)
            .where(ProductRow.brand_id == session.brand_id, ProductRow.id == product_id)
            .values(changes)
            .execution_options(synchronize_session=False)
        )
    if prices:
        await _change_prices(session, product_id, prices)
    if is_told and (changes or prices):
        await versions.touch_catalogue(session)


async def _create(
    session: BrandSession,
    actor: Actor,
    products: Sequence[NewProduct],
    paths: Sequence[tuple[str, ...]],
    *,
    now: datetime,
) -> list[UUID]:
    headquarters_only(actor)
    if not products:
        return []
    checked = [checked_product(product, path) for product, path in zip(products, paths, strict=True)]
    await _check_categories(session, checked, paths)
    await _hold_covers(session, checked, paths)
    ids = [session.new_id() for _ in checked]
    await session.execute(
        sa.insert(ProductRow).execution_options(render_nulls=True),
        [
            {
                "brand_id": session.brand_id,
                "id": product_id,
                **_titled(session, product.title),
                "description": product.description,
                "cover_url": product.cover_url,
                "category_id": product.category_id,
                "state": product.state,
                "published_at": now if product.state is ProductState.PUBLISHED else None,
                "created_at": now,
            }
            for product_id, product in zip(ids, checked, strict=True)
        ],
    )
    await insert_options(
        session, {product_id: product.options for product_id, product in zip(ids, checked, strict=True)}
    )
    placed = [
        (product_id, position, sku)
        for product_id, product in zip(ids, checked, strict=True)
        for position, sku in enumerate(product.skus)
    ]
    own_paths = [
        (*path, "skus", str(position))
        for path, product in zip(paths, checked, strict=True)
        for position in range(len(product.skus))
    ]
    sku_ids = await insert_skus(session, placed, own_paths, now=now)
    first = [sku.stock for product in checked for sku in product.skus]
    lines = [StockLine(sku_id, pieces) for sku_id, pieces in zip(sku_ids, first, strict=True)]
    await stock.put_initial(session, actor, lines=lines, now=now)
    await versions.touch_catalogue(session)
    return ids


def _titled(session: BrandSession, title: str) -> dict[str, Any]:
    """A title with what it is found by."""
    text = rules.folded(title)
    return {"title": title, "search_text": text, "search_grams": rules.search_grams(session.brand_id, text)}


def checked_product(product: NewProduct, path: tuple[str, ...]) -> NewProduct:
    """The product as it is kept. Raises: InvalidInput for the first thing wrong, from the title to the last SKU."""
    title = texts.line(product.title, *path, "title", longest=rules.LONGEST_TITLE)
    description = texts.optional_block(product.description, *path, "description", longest=rules.LONGEST_DESCRIPTION)
    cover_url = _cover(product.cover_url, path)
    refuse(rules.sku_count_problem(len(product.skus), path))
    options = checked_options(product.options, path)
    paths = [(*path, "skus", str(at)) for at in range(len(product.skus))]
    skus = [checked_sku(given, own_path) for given, own_path in zip(product.skus, paths, strict=True)]
    refuse(option_rules.matrix_problem(options, [sku.choices for sku in skus], paths))
    return replace(
        product, title=title, skus=tuple(skus), description=description, cover_url=cover_url, options=options
    )


def checked_sku(given: NewSku, path: tuple[str, ...]) -> NewSku:
    """The SKU as it is kept. Raises: InvalidInput."""
    sku = replace(
        given,
        name=texts.line(given.name, *path, "name", longest=rules.LONGEST_NAME),
        code=given.code.strip(),
        barcode=(given.barcode or "").strip() or None,
        choices=tuple(choice.strip() for choice in given.choices),
    )
    refuse(rules.sku_problem(sku, path))
    return sku


def _cover(url: str | None, path: tuple[str, ...]) -> str | None:
    found = (url or "").strip() or None
    refuse(rules.cover_problem(found, path))
    return found


async def _hold_covers(session: BrandSession, products: Sequence[NewProduct], paths: Sequence[tuple[str, ...]]) -> None:
    """Hold the uploads that are covers. Raises: InvalidInput for one that is gone."""
    keys = [storage.key_of(product.cover_url or "") for product in products]
    uploads = {key for key in keys if key is not None and storage.is_of_content(key)}
    missing = uploads - await media.hold(session, uploads)
    for key, path in zip(keys, paths, strict=True):
        if key in missing:
            raise InvalidInput("media_unknown", path=(*path, "coverUrl"))


async def _check_categories(
    session: BrandSession, products: Sequence[NewProduct], paths: Sequence[tuple[str, ...]]
) -> None:
    wanted = {product.category_id for product in products} - {None}
    if not wanted:
        return
    found = await session.execute(
        sa.select(CategoryRow.id).where(CategoryRow.brand_id == session.brand_id, CategoryRow.id.in_(wanted))
    )
    known = {*found.scalars(), None}
    for product, path in zip(products, paths, strict=True):
        if product.category_id not in known:
            raise NotFound("category", path=(*path, "categoryId"))


async def insert_skus(
    session: BrandSession,
    placed: Sequence[tuple[UUID, int, NewSku]],
    own_paths: Sequence[tuple[str, ...]],
    *,
    now: datetime,
) -> list[UUID]:
    """Write SKUs of products at their positions; gives their ids in order. Raises: Conflict."""
    skus = [sku for _, _, sku in placed]
    _check_free(skus, own_paths, codes=(), barcodes=())
    ids = [session.new_id() for _ in placed]
    rows = [
        {
            "brand_id": session.brand_id,
            "id": sku_id,
            "product_id": product_id,
            "position": position,
            "name": sku.name,
            "code": sku.code,
            "barcode": sku.barcode,
            "price_minor": sku.price_minor,
            "market_price_minor": sku.market_price_minor,
            "created_at": now,
            "choices": list(sku.choices) or None,
            "weight_grams": sku.weight_grams,
        }
        for sku_id, (product_id, position, sku) in zip(ids, placed, strict=True)
    ]
    # In the order of codes, so that two inputs with the same codes wait for each other in one direction only.
    rows.sort(key=lambda row: cast("str", row["code"]))
    made = await session.execute(
        # Rows of one statement; without `render_nulls` those with and without a barcode would be parted.
        insert(SkuRow).on_conflict_do_nothing().returning(SkuRow.id).execution_options(render_nulls=True),
        rows,
    )
    if len(made.all()) < len(rows):
        await _refuse_taken(session, skus, own_paths, ids)
    return ids


async def _refuse_taken(
    session: BrandSession, skus: Sequence[NewSku], paths: Sequence[tuple[str, ...]], own_ids: Sequence[UUID]
) -> None:
    """Name the first SKU whose code or barcode another has. Raises: Conflict."""
    found = await session.execute(
        sa.select(SkuRow.code, SkuRow.barcode).where(
            SkuRow.brand_id == session.brand_id,
            SkuRow.id.not_in(own_ids),
            sa.or_(
                SkuRow.code.in_([sku.code for sku in skus]),
                SkuRow.barcode.in_([sku.barcode for sku in skus if sku.barcode is not None]),
            ),
        )
    )
    rows = found.all()
    _check_free(skus, paths, codes=[row.code for row in rows], barcodes=[row.barcode for row in rows if row.barcode])
    raise AssertionError("a SKU was not written, and nothing stands in its way")


def _check_free(
    skus: Sequence[NewSku], paths: Sequence[tuple[str, ...]], *, codes: Sequence[str], barcodes: Sequence[str]
) -> None:
    problem = rules.first_taken(skus, paths, codes=codes, barcodes=barcodes)
    if problem is not None:
        raise Conflict(problem.key, path=problem.path)


async def lock_product(session: BrandSession, product_id: UUID) -> sa.Row[datetime | None]:
    """Lock a product for a change. Raises: NotFound."""
    found = await session.execute(
        sa.select(ProductRow.published_at)
        .where(ProductRow.brand_id == session.brand_id, ProductRow.id == product_id)
        .with_for_update(key_share=True)
    )
    row = found.first()
    if row is None:
        raise NotFound("product", path=("productId",))
    return row


async def _path_of(session: BrandSession, category_id: UUID, argument: str) -> str:
    found = await session.execute(
        sa.select(CategoryRow.path).where(CategoryRow.brand_id == session.brand_id, CategoryRow.id == category_id)
    )
    path = found.scalar_one_or_none()
    if path is None:
        raise NotFound("category", path=(argument,))
    return path


async def _change_prices(session: BrandSession, product_id: UUID, prices: Sequence[PriceChange]) -> None:
    """Write new prices and weights in key order. Raises: NotFound for a SKU of another product, InvalidInput."""
    if len({change.sku_id for change in prices}) < len(prices):
        raise InvalidInput("sku_repeated", path=("skus",))
    found = await session.execute(
        sa.select(SkuRow.id, SkuRow.price_minor, SkuRow.market_price_minor, SkuRow.weight_grams)
        .where(SkuRow.brand_id == session.brand_id, SkuRow.product_id == product_id)
        .order_by(SkuRow.id)
        .with_for_update(key_share=True)
    )
    before = {row.id: row for row in found}
    rows = []
    for index, change in enumerate(prices):
        path = ("skus", str(index))
        if change.sku_id not in before:
            raise NotFound("sku", path=(*path, "skuId"))
        old = before[change.sku_id]
        price = old.price_minor if change.price_minor is None else change.price_minor
        market = old.market_price_minor if change.market_price_minor is KEEP else change.market_price_minor
        weight = old.weight_grams if change.weight_grams is KEEP else change.weight_grams
        refuse(rules.price_problem(price, market, path) or rules.weight_problem(weight, path))
        rows.append({"sku": change.sku_id, "price": price, "market": market, "weight": weight})
    await session.execute(_SET_PRICES, [{"brand": session.brand_id, **row} for row in rows])


_sku = cast("sa.Table", SkuRow.__table__)
_SET_PRICES = (
    sa.update(_sku)
    .where(_sku.c.brand_id == sa.bindparam("brand"), _sku.c.id == sa.bindparam("sku"))
    .values(
        price_minor=sa.bindparam("price"),
        market_price_minor=sa.bindparam("market"),
        weight_grams=sa.bindparam("weight"),
    )
)
