"""Reads of a shop's shelf: every published product that headquarters does not forbid its branch, in the guide's order.

The order: what headquarters pinned, then what the guide featured, then the rest; each by position (none last), then the
newest product, by id. The statements are in `shelf_statements`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from app.platform import storage
from app.platform.db import BrandSession
from app.products import shelf_statements
from app.products.branch_decisions import LAST
from app.products.models import ProductRow, ShelfItemRow, ShopRow
from app.products.reads import ProductView, search_parameters
from app.products.shelf_models import ShelfSectionRow
from app.products.shelf_statements import RANKS, Part, Within

PINNED: Final = RANKS[Part.PINNED]
FEATURED: Final = RANKS[Part.FEATURED]


@dataclass(frozen=True, slots=True)
class ShelfKey:
    """Where an item stands in a shelf's order. `rank`: 2 pinned, 1 featured, 0 neither."""

    rank: int
    position: int | None
    created_at: datetime
    product_id: UUID


@dataclass(frozen=True, slots=True)
class ShelfItem:
    """A product on a shop's shelf, with what the guide made of it.

    `key`: where it stands. `words` and `picture_keys`: the guide's own, whether or not they may be shown;
    `taken_down_reason`: headquarters took them down; `is_silent`: it lets the branch's guides say nothing.
    """

    shop_id: UUID
    key: ShelfKey
    is_featured: bool
    is_hidden: bool
    position: int | None
    badge: str | None
    section_id: UUID | None
    words: str | None
    picture_keys: tuple[str, ...]
    taken_down_reason: str | None
    is_silent: bool
    product: ProductView

    @property
    def is_pinned(self) -> bool:
        return self.key.rank == PINNED

    @property
    def is_said(self) -> bool:
        """Whether customers see what the guide says of it."""
        return self.taken_down_reason is None and not self.is_silent

    @property
    def words_shown(self) -> str | None:
        return self.words if self.is_said else None

    @property
    def pictures_shown(self) -> tuple[str, ...]:
        """Keys of the guide's pictures that customers see."""
        return self.picture_keys if self.is_said else ()


@dataclass(frozen=True, slots=True)
class ShelfPage:
    """Items of a shelf in order; `total_count` of all that were asked for, None where it was not asked for."""

    items: list[ShelfItem]
    total_count: int | None


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section of a shop's shelf. `position` is among the shop's, from 1."""

    section_id: UUID
    shop_id: UUID
    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Strip:
    """A section with its first items, of `item_count` that customers see."""

    section_id: UUID
    name: str
    items: list[ShelfItem]
    item_count: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a guide says of a product, for those who watch over it."""

    shop_id: UUID
    product_id: UUID
    shop_name: str
    title: str
    words: str | None
    picture_keys: tuple[str, ...]
    taken_down_reason: str | None
    changed_at: datetime


async def shelf_page(
    session: BrandSession,
    *,
    shop_id: UUID,
    branch: str,
    limit: int,
    after: ShelfKey | None = None,
    has_hidden: bool = False,
    has_count: bool = True,
    search: str | None = None,
    section_id: UUID | None = None,
    is_outside: bool = False,
) -> ShelfPage:
    """Up to `limit` items after a key, and how many there are; one statement. `branch`: the shop's, a unit's path.

    `has_hidden`: with the items that the guide hid, which only the guide sees. `search`: only, and only counted, what
    has every word in its title. `section_id`: only of this section; `is_outside`: only of no section, and what is
    pinned. In the shelf's order all the same.
    """
    part = None if after is None else _part(after)
    parameters = _parameters(session, shop_id, branch, limit=limit)
    if after is not None:
        parameters |= {"created_at": after.created_at, "product": after.product_id}
        if part is not Part.REST:
            parameters["position"] = LAST if after.position is None else after.position
    within = Within.SECTION if section_id is not None else Within.OUTSIDE if is_outside else Within.ALL
    if section_id is not None:
        parameters["section"] = section_id
    wanted = search_parameters(session, search)
    statement = shelf_statements.page(
        part, within=within, has_hidden=has_hidden, has_count=has_count, is_search=wanted is not None
    )
    found = await session.execute(statement, parameters | (wanted or {}))
    rows = found.all()
    # The count's row is there on an empty page too, with nothing beside it.
    return ShelfPage([_item(shop_id, row) for row in rows if row.id is not None], rows[0].total_count)


async def shelf_item(
    session: BrandSession, *, shop_id: UUID, branch: str, product_id: UUID, has_hidden: bool = False
) -> ShelfItem | None:
    """One item of a shop's shelf; None when there is no such shop or product, or it is not published, or hidden."""
    found = await session.execute(
        shelf_statements.one(has_hidden=has_hidden), _parameters(session, shop_id, branch, product=product_id)
    )
    row = found.first()
    return None if row is None else _item(shop_id, row)


async def shelf_items(
    session: BrandSession, *, shop_id: UUID, branch: str, product_ids: Sequence[UUID]
) -> list[ShelfItem]:
    """Those of these products that the shop's shelf shows, in the order given. One statement, none for no ids."""
    if not product_ids:
        return []
    rows = await session.execute(
        shelf_statements.several(), _parameters(session, shop_id, branch, products=list(product_ids))
    )
    found = {row.id: _item(shop_id, row) for row in rows}
    return [found[product_id] for product_id in product_ids if product_id in found]


async def strips(session: BrandSession, *, shop_id: UUID, branch: str, limit: int) -> list[Strip]:
    """The shop's sections in their order, each with up to `limit` of the items that customers see. One statement."""
    found: dict[UUID, Strip] = {}
    for row in await session.execute(shelf_statements.strips(), _parameters(session, shop_id, branch, limit=limit)):
        strip = found.setdefault(row.strip_id, Strip(row.strip_id, row.strip_name, [], row.item_count or 0))
        if row.id is not None:
            strip.items.append(_item(shop_id, row))
    return list(found.values())


async def sections_of_shop(session: BrandSession, shop_id: UUID) -> list[SectionView]:
    """The sections of a shop in their order, with items or without. One statement."""
    rows = await session.execute(
        sa.select(ShelfSectionRow.id, ShelfSectionRow.shop_id, ShelfSectionRow.name, ShelfSectionRow.position)
        .where(ShelfSectionRow.brand_id == session.brand_id, ShelfSectionRow.shop_id == shop_id)
        .order_by(ShelfSectionRow.position, ShelfSectionRow.id)
    )
    return [SectionView(*row) for row in rows]


async def said_page(session: BrandSession, *, limit: int, shop_id: UUID | None = None) -> list[Said]:
    """What guides say of products in words and pictures of their own, the latest first. One statement."""
    query = (
        sa.select(
            ShelfItemRow.shop_id,
            ShelfItemRow.product_id,
            ShopRow.name,
            ProductRow.title,
            ShelfItemRow.words,
            ShelfItemRow.picture_keys,
            ShelfItemRow.taken_down_reason,
            ShelfItemRow.changed_at,
        )
        .join(ShopRow, sa.and_(ShopRow.brand_id == session.brand_id, ShopRow.id == ShelfItemRow.shop_id))
        .join(ProductRow, sa.and_(ProductRow.brand_id == session.brand_id, ProductRow.id == ShelfItemRow.product_id))
        .where(
            ShelfItemRow.brand_id == session.brand_id,
            sa.or_(ShelfItemRow.words.is_not(None), ShelfItemRow.picture_keys != sa.text("'{}'")),
        )
        .order_by(ShelfItemRow.changed_at.desc(), ShelfItemRow.shop_id, ShelfItemRow.product_id)
        .limit(limit)
    )
    if shop_id is not None:
        query = query.where(ShelfItemRow.shop_id == shop_id)
    return [
        Said(row[0], row[1], row[2], row[3], row[4], tuple(row[5]), row[6], row[7])
        for row in await session.execute(query)
    ]


def picture_urls(keys: Sequence[str]) -> list[str]:
    """Where a guide's pictures are shown."""
    return [storage.media_url(key) for key in keys]


def _parameters(session: BrandSession, shop_id: UUID, branch: str, **more: Any) -> dict[str, Any]:
    return {"brand": session.brand_id, "shop": shop_id, "branch": branch, "now": session.now, **more}


def _part(key: ShelfKey) -> Part:
    if key.rank == PINNED:
        return Part.PINNED
    if key.rank == FEATURED:
        return Part.FEATURED
    return Part.REST if key.position is None else Part.PLACED


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
    return ShelfItem(
        shop_id=shop_id,
        key=ShelfKey(row.rank, row.order_position, row.created_at, row.id),
        is_featured=row.is_featured,
        is_hidden=row.is_hidden and row.rank != PINNED,
        position=row.position,
        badge=row.badge,
        section_id=row.section_id,
        words=row.words,
        picture_keys=tuple(row.picture_keys or ()),
        taken_down_reason=row.taken_down_reason,
        is_silent=row.is_silent,
        product=product,
    )
