"""Reads of a shop's shelf: every published product, in the order that its guide gave it.

The order: featured first, then by position (none last), then the newest product, by id. Few products have a row of the
guide's own, so a page is put together of two ordered parts: what the guide featured or placed, found by those rows; and
after it everything else, read from the product index no further than the page goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.platform.db import BrandSession
from app.products.models import ProductRow, ShelfItemRow
from app.products.reads import IS_FOUND, PRODUCT_COLUMNS, ProductView, search_parameters
from app.products.values import ProductState

LAST = 2**31 - 1
"""Stands for no position in the order; real ones are smaller."""


@dataclass(frozen=True, slots=True)
class ShelfKey:
    """Where an item stands in a shelf's order."""

    is_featured: bool
    position: int | None
    created_at: datetime
    product_id: UUID

    @property
    def is_placed(self) -> bool:
        """Whether the item is in the shelf's first part, which the guide put in order."""
        return self.is_featured or self.position is not None


@dataclass(frozen=True, slots=True)
class ShelfItem:
    """A product on a shop's shelf, with what the guide made of it."""

    shop_id: UUID
    is_featured: bool
    is_hidden: bool
    position: int | None
    badge: str | None
    product: ProductView

    @property
    def key(self) -> ShelfKey:
        return ShelfKey(self.is_featured, self.position, self.product.created_at, self.product.product_id)


@dataclass(frozen=True, slots=True)
class ShelfPage:
    """Items of a shelf in order; `total_count` of the whole shelf, None where it was not asked for."""

    items: list[ShelfItem]
    total_count: int | None


async def shelf_page(
    session: BrandSession,
    *,
    shop_id: UUID,
    limit: int,
    after: ShelfKey | None = None,
    has_hidden: bool = False,
    has_count: bool = True,
    search: str | None = None,
) -> ShelfPage:
    """Up to `limit` items after a key, and how many the shelf holds; one statement.

    `has_hidden`: with the items that the guide hid, which only the guide sees. `search`: only, and only counted, what
    has every word in its title; in the shelf's order all the same.
    """
    part = None if after is None else _part(after)
    parameters: dict[str, Any] = {"brand": session.brand_id, "shop": shop_id, "limit": limit}
    if after is not None:
        parameters |= {"created_at": after.created_at, "product": after.product_id}
        if after.is_placed:
            parameters["position"] = LAST if after.position is None else after.position
    wanted = search_parameters(session, search)
    statement = _page(part, has_hidden=has_hidden, has_count=has_count, is_search=wanted is not None)
    found = await session.execute(statement, parameters | (wanted or {}))
    rows = found.all()
    # The count's row is there on an empty page too, with nothing beside it.
    return ShelfPage([_item(shop_id, row) for row in rows if row.id is not None], rows[0].total_count)


async def shelf_item(
    session: BrandSession, *, shop_id: UUID, product_id: UUID, has_hidden: bool = False
) -> ShelfItem | None:
    """One item of a shop's shelf; None when there is no such shop or product, or it is not published, or hidden."""
    found = await session.execute(
        _one(has_hidden=has_hidden), {"brand": session.brand_id, "shop": shop_id, "product": product_id}
    )
    row = found.first()
    return None if row is None else _item(shop_id, row)


async def shelf_items(session: BrandSession, *, shop_id: UUID, product_ids: Sequence[UUID]) -> list[ShelfItem]:
    """Those of these products that the shop's shelf shows, in the order given. One statement, none for no ids."""
    if not product_ids:
        return []
    rows = await session.execute(
        _several(), {"brand": session.brand_id, "shop": shop_id, "products": list(product_ids)}
    )
    found = {row.id: _item(shop_id, row) for row in rows}
    return [found[product_id] for product_id in product_ids if product_id in found]


# --- the statements: made once each, as making them takes longer than running them

_product = cast("sa.Table", ProductRow.__table__)
_place = cast("sa.Table", ShelfItemRow.__table__)
_BRAND = sa.bindparam("brand", type_=sa.Uuid())
_CREATED_AT = sa.bindparam("created_at", type_=sa.DateTime(timezone=True))
_PRODUCT_ID = sa.bindparam("product", type_=sa.Uuid())
_OLDER = sa.tuple_(_product.c.created_at, _product.c.id) < sa.tuple_(_CREATED_AT, _PRODUCT_ID)
_LIMIT = sa.bindparam("limit", type_=sa.BigInteger())
_PLACE = sa.and_(
    _place.c.brand_id == _BRAND,
    _place.c.shop_id == sa.bindparam("shop", type_=sa.Uuid()),
    _place.c.product_id == _product.c.id,
)
_PUBLISHED = sa.and_(_product.c.brand_id == _BRAND, _product.c.state == ProductState.PUBLISHED.value)


class _Part(Enum):
    """In which part of the shelf a page begins."""

    FEATURED = "FEATURED"
    PLACED = "PLACED"
    REST = "REST"


def _part(key: ShelfKey) -> _Part:
    if key.is_featured:
        return _Part.FEATURED
    return _Part.REST if key.position is None else _Part.PLACED


@lru_cache
def _page(part: _Part | None, *, has_hidden: bool, has_count: bool, is_search: bool) -> sa.Select[Any]:
    """A page that begins in a part, behind a key; None: at the start."""
    wanted = (IS_FOUND,) if is_search else ()
    parts = [_rest(part, has_hidden=has_hidden).where(*wanted)]
    if part is not _Part.REST:
        parts.append(_placed(part, has_hidden=has_hidden).where(*wanted))
    both = sa.union_all(*parts).subquery("item") if len(parts) > 1 else parts[0].subquery("item")
    page = sa.select(both).order_by(*_order(both.c)).limit(_LIMIT).subquery("page")
    count = _count(*wanted, has_hidden=has_hidden) if has_count else sa.null()
    whole = sa.select(count.label("total_count")).subquery("whole")
    return sa.select(whole.c.total_count, page).select_from(whole.outerjoin(page, sa.true())).order_by(*_order(page.c))


@lru_cache
def _one(*, has_hidden: bool) -> sa.Select[Any]:
    return _named(_product.c.id == _PRODUCT_ID, has_hidden=has_hidden)


@lru_cache
def _several() -> sa.Select[Any]:
    return _named(_product.c.id == sa.any_(sa.bindparam("products", type_=ARRAY(sa.Uuid()))), has_hidden=False)


def _named(is_wanted: sa.ColumnElement[bool], *, has_hidden: bool) -> sa.Select[Any]:
    """Items by their products."""
    is_featured, is_hidden = (sa.func.coalesce(column, False) for column in (_place.c.is_featured, _place.c.is_hidden))
    return (
        sa.select(*_columns(is_featured, is_hidden))
        .select_from(_product.outerjoin(_place, _PLACE))
        .where(_PUBLISHED, is_wanted, *_shown(has_hidden=has_hidden))
    )


def _placed(part: _Part | None, *, has_hidden: bool) -> sa.Select[Any]:
    """The first part: what the guide featured or gave a position."""
    query = (
        sa.select(*_columns(_place.c.is_featured, _place.c.is_hidden))
        .select_from(_product.join(_place, _PLACE))
        .where(
            _PUBLISHED,
            _place.c.brand_id == _BRAND,
            sa.or_(_place.c.is_featured, _place.c.position.is_not(None)),
            *_shown(has_hidden=has_hidden),
        )
        .order_by(
            _place.c.is_featured.desc(),
            sa.func.coalesce(_place.c.position, LAST),
            _product.c.created_at.desc(),
            _product.c.id.desc(),
        )
        .limit(_LIMIT)
    )
    if part is None:
        return query
    own = sa.bindparam("position", type_=sa.Integer())
    position = sa.func.coalesce(_place.c.position, LAST)
    in_rank = sa.or_(position > own, sa.and_(position == own, _OLDER))
    if part is _Part.FEATURED:
        return query.where(sa.or_(sa.not_(_place.c.is_featured), in_rank))
    return query.where(sa.not_(_place.c.is_featured), in_rank)


def _rest(part: _Part | None, *, has_hidden: bool) -> sa.Select[Any]:
    """The second part: the newest first, without what stands in the first."""
    query = (
        sa.select(*_columns(sa.literal(False), sa.func.coalesce(_place.c.is_hidden, False)))
        .select_from(_product.outerjoin(_place, _PLACE))
        .where(
            _PUBLISHED,
            _place.c.is_featured.is_not(True),
            _place.c.position.is_(None),
            *_shown(has_hidden=has_hidden),
        )
        .order_by(_product.c.created_at.desc(), _product.c.id.desc())
        .limit(_LIMIT)
    )
    return query.where(_OLDER) if part is _Part.REST else query


def _count(*wanted: sa.ColumnElement[bool], has_hidden: bool) -> sa.ColumnElement[int]:
    """How many the shelf holds of what is wanted: what is published, less the few that the guide hid."""
    published = sa.select(sa.func.count()).select_from(_product).where(_PUBLISHED, *wanted).scalar_subquery()
    if has_hidden:
        return published
    hidden = (
        sa.select(sa.func.count())
        .select_from(_product.join(_place, _PLACE))
        .where(_PUBLISHED, _place.c.brand_id == _BRAND, _place.c.is_hidden, *wanted)
        .scalar_subquery()
    )
    return published - hidden


def _columns(is_featured: sa.ColumnElement[bool], is_hidden: sa.ColumnElement[bool]) -> tuple[Any, ...]:
    return (
        *(_product.c[column.key] for column in PRODUCT_COLUMNS),
        is_featured.label("is_featured"),
        is_hidden.label("is_hidden"),
        _place.c.position,
        _place.c.badge,
    )


def _shown(*, has_hidden: bool) -> tuple[sa.ColumnElement[bool], ...]:
    return () if has_hidden else (_place.c.is_hidden.is_not(True),)


def _order(columns: Any) -> tuple[sa.ColumnElement[Any], ...]:
    return (
        columns.is_featured.desc(),
        sa.func.coalesce(columns.position, LAST),
        columns.created_at.desc(),
        columns.id.desc(),
    )


def _item(shop_id: UUID, row: Any) -> ShelfItem:
    product = ProductView(
        product_id=row.id,
        category_id=row.category_id,
        title=row.title,
        description=row.description,
        cover_url=row.cover_url,
        state=row.state,
        created_at=row.created_at,
    )
    return ShelfItem(shop_id, row.is_featured, row.is_hidden, row.position, row.badge, product)
