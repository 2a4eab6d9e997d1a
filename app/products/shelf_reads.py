"""Reads of a shop's shelf: every published product, in the order that its guide gave it.

The order: featured first, then by position (none last), then the newest product, by id. Few products have a row of the
guide's own, so a page is put together of two ordered parts: what the guide featured or placed, found by those rows; and
after it everything else, read from the product index no further than the page goes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.platform.db import BrandSession
from app.products.models import ProductRow, ShelfItemRow
from app.products.reads import PRODUCT_COLUMNS, ProductView
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
) -> ShelfPage:
    """Up to `limit` items after a key, and how many the shelf holds; one statement.

    `has_hidden`: with the items that the guide hid, which only the guide sees.
    """
    parts = [_rest(session, shop_id, after, has_hidden=has_hidden, limit=limit)]
    if after is None or after.is_placed:
        parts.append(_placed(session, shop_id, after, has_hidden=has_hidden, limit=limit))
    both = sa.union_all(*parts).subquery("item") if len(parts) > 1 else parts[0].subquery("item")
    page = sa.select(both).order_by(*_order(both.c)).limit(limit).subquery("page")
    count = _count(session, shop_id, has_hidden=has_hidden) if has_count else sa.null()
    whole = sa.select(count.label("total_count")).subquery("whole")
    rows = (
        await session.execute(
            sa.select(whole.c.total_count, page).select_from(whole.outerjoin(page, sa.true())).order_by(*_order(page.c))
        )
    ).all()
    # The count's row is there on an empty page too, with nothing beside it.
    return ShelfPage([_item(shop_id, row) for row in rows if row.id is not None], rows[0].total_count)


async def shelf_item(
    session: BrandSession, *, shop_id: UUID, product_id: UUID, has_hidden: bool = False
) -> ShelfItem | None:
    """One item of a shop's shelf; None when there is no such shop or product, or it is not published, or hidden."""
    columns = _columns(
        sa.func.coalesce(ShelfItemRow.is_featured, False),
        sa.func.coalesce(ShelfItemRow.is_hidden, False),
    )
    found = await session.execute(
        sa.select(*columns)
        .outerjoin(ShelfItemRow, _is_item_of(session, shop_id))
        .where(*_published(session), ProductRow.id == product_id, *_shown(has_hidden=has_hidden))
    )
    row = found.first()
    return None if row is None else _item(shop_id, row)


def _placed(
    session: BrandSession, shop_id: UUID, after: ShelfKey | None, *, has_hidden: bool, limit: int
) -> sa.Select[Any]:
    """The first part: what the guide featured or gave a position."""
    query = (
        sa.select(*_columns(ShelfItemRow.is_featured, ShelfItemRow.is_hidden))
        .join(ShelfItemRow, _is_item_of(session, shop_id))
        .where(
            *_published(session),
            ShelfItemRow.brand_id == session.brand_id,
            sa.or_(ShelfItemRow.is_featured, ShelfItemRow.position.is_not(None)),
            *_shown(has_hidden=has_hidden),
        )
        .order_by(
            ShelfItemRow.is_featured.desc(),
            sa.func.coalesce(ShelfItemRow.position, LAST),
            ProductRow.created_at.desc(),
            ProductRow.id.desc(),
        )
        .limit(limit)
    )
    if after is not None:
        position = sa.func.coalesce(ShelfItemRow.position, LAST)
        own = LAST if after.position is None else after.position
        in_rank = sa.or_(position > own, sa.and_(position == own, _older(after)))
        if after.is_featured:
            query = query.where(sa.or_(sa.not_(ShelfItemRow.is_featured), in_rank))
        else:
            query = query.where(sa.not_(ShelfItemRow.is_featured), in_rank)
    return query


def _rest(
    session: BrandSession, shop_id: UUID, after: ShelfKey | None, *, has_hidden: bool, limit: int
) -> sa.Select[Any]:
    """The second part: the newest first, without what stands in the first."""
    query = (
        sa.select(*_columns(sa.literal(False), sa.func.coalesce(ShelfItemRow.is_hidden, False)))
        .outerjoin(ShelfItemRow, _is_item_of(session, shop_id))
        .where(
            *_published(session),
            ShelfItemRow.is_featured.is_not(True),
            ShelfItemRow.position.is_(None),
            *_shown(has_hidden=has_hidden),
        )
        .order_by(ProductRow.created_at.desc(), ProductRow.id.desc())
        .limit(limit)
    )
    return query if after is None or after.is_placed else query.where(_older(after))


def _count(session: BrandSession, shop_id: UUID, *, has_hidden: bool) -> sa.ScalarSelect[int]:
    query = sa.select(sa.func.count()).select_from(ProductRow).where(*_published(session))
    if not has_hidden:
        query = query.outerjoin(ShelfItemRow, _is_item_of(session, shop_id)).where(*_shown(has_hidden=False))
    return query.scalar_subquery()


def _columns(is_featured: sa.SQLColumnExpression[bool], is_hidden: sa.SQLColumnExpression[bool]) -> tuple[Any, ...]:
    return (
        *PRODUCT_COLUMNS,
        is_featured.label("is_featured"),
        is_hidden.label("is_hidden"),
        ShelfItemRow.position,
        ShelfItemRow.badge,
    )


def _is_item_of(session: BrandSession, shop_id: UUID) -> sa.ColumnElement[bool]:
    return sa.and_(
        ShelfItemRow.brand_id == session.brand_id,
        ShelfItemRow.shop_id == shop_id,
        ShelfItemRow.product_id == ProductRow.id,
    )


def _published(session: BrandSession) -> tuple[sa.ColumnElement[bool], ...]:
    return ProductRow.brand_id == session.brand_id, ProductRow.state == ProductState.PUBLISHED.value


def _shown(*, has_hidden: bool) -> tuple[sa.ColumnElement[bool], ...]:
    return () if has_hidden else (ShelfItemRow.is_hidden.is_not(True),)


def _older(key: ShelfKey) -> sa.ColumnElement[bool]:
    return sa.tuple_(ProductRow.created_at, ProductRow.id) < (key.created_at, key.product_id)


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
