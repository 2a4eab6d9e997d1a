"""The statements behind the reads of shelves: made once each, as making them takes longer than running them.

A shelf is put together of ordered parts: what headquarters pinned; what the guide featured or placed, found by the rows
that say so; and after them everything else, read from the product index no further than the page goes.
"""

from enum import Enum
from functools import lru_cache
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.products.branch_decisions import FORBIDDEN, IS_SILENT, LAST, PINNED
from app.products.models import ProductRow, ShelfItemRow
from app.products.reads import IS_FOUND, PRODUCT_COLUMNS
from app.products.shelf_models import ShelfSectionRow
from app.products.values import ProductState

_product = cast("sa.Table", ProductRow.__table__)
_place = cast("sa.Table", ShelfItemRow.__table__)
_section = cast("sa.Table", ShelfSectionRow.__table__)
_BRAND = sa.bindparam("brand", type_=sa.Uuid())
_SHOP = sa.bindparam("shop", type_=sa.Uuid())
_SECTION = sa.bindparam("section", type_=sa.Uuid())
_PRODUCT_ID = sa.bindparam("product", type_=sa.Uuid())
_OLDER = sa.tuple_(_product.c.created_at, _product.c.id) < sa.tuple_(
    sa.bindparam("created_at", type_=sa.DateTime(timezone=True)), _PRODUCT_ID
)
_LIMIT = sa.bindparam("limit", type_=sa.BigInteger())
_PLACE = sa.and_(_place.c.brand_id == _BRAND, _place.c.shop_id == _SHOP, _place.c.product_id == _product.c.id)
_ON_SHELVES = sa.and_(
    _product.c.brand_id == _BRAND,
    _product.c.state == ProductState.PUBLISHED.value,
    _product.c.id.not_in(FORBIDDEN),
)
_pin = PINNED.subquery("pin")
_NOT_PINNED = _product.c.id.not_in(sa.select(PINNED.subquery("pinned").c.product_id))


class Part(Enum):
    """In which part of the shelf a page begins."""

    PINNED = "PINNED"
    FEATURED = "FEATURED"
    PLACED = "PLACED"
    REST = "REST"


class Within(Enum):
    """Which items of the shelf: all, those of one section, or those of none and what is pinned."""

    ALL = "ALL"
    SECTION = "SECTION"
    OUTSIDE = "OUTSIDE"


RANKS = {Part.PINNED: 2, Part.FEATURED: 1, Part.PLACED: 0, Part.REST: 0}
"""The first thing that the order goes by, the highest first."""


@lru_cache
def page(part: Part | None, *, within: Within, has_hidden: bool, has_count: bool, is_search: bool) -> sa.Select[Any]:
    """A page that begins in a part, behind a key; None: at the start."""
    wanted = (IS_FOUND,) if is_search else ()
    parts = [_rest(part, within, has_hidden=has_hidden).where(*wanted)]
    if part is not Part.REST:
        parts.append(_placed(part, within, has_hidden=has_hidden).where(*wanted))
    if part in (None, Part.PINNED):
        parts.append(_pinned(part, within).where(*wanted))
    all_parts = sa.union_all(*parts).subquery("item") if len(parts) > 1 else parts[0].subquery("item")
    found = sa.select(all_parts).order_by(*_order(all_parts.c)).limit(_LIMIT).subquery("page")
    count = _count(within, *wanted, has_hidden=has_hidden) if has_count else sa.null()
    whole = sa.select(count.label("total_count")).subquery("whole")
    return (
        sa.select(whole.c.total_count, found).select_from(whole.outerjoin(found, sa.true())).order_by(*_order(found.c))
    )


@lru_cache
def one(*, has_hidden: bool) -> sa.Select[Any]:
    """An item by its product."""
    return _named(_product.c.id == _PRODUCT_ID, has_hidden=has_hidden)


@lru_cache
def several() -> sa.Select[Any]:
    """Items by their products."""
    return _named(_product.c.id == sa.any_(sa.bindparam("products", type_=ARRAY(sa.Uuid()))), has_hidden=False)


@lru_cache
def strips() -> sa.Select[Any]:
    """Every section of a shop with its first items, and how many it has; a section without any is one row."""
    item = _named(_place.c.section_id.is_not(None), has_hidden=False).subquery("item")
    in_order = sa.select(
        item,
        sa.func.row_number().over(partition_by=item.c.section_id, order_by=_order(item.c)).label("number"),
        sa.func.count().over(partition_by=item.c.section_id).label("item_count"),
    ).subquery("in_order")
    return (
        sa.select(_section.c.id.label("strip_id"), _section.c.name.label("strip_name"), in_order)
        .select_from(
            _section.outerjoin(in_order, sa.and_(in_order.c.section_id == _section.c.id, in_order.c.number <= _LIMIT))
        )
        .where(_section.c.brand_id == _BRAND, _section.c.shop_id == _SHOP)
        .order_by(_section.c.position, _section.c.id, in_order.c.number)
    )


def _named(is_wanted: sa.ColumnElement[bool], *, has_hidden: bool) -> sa.Select[Any]:
    is_pinned = _pin.c.product_id.is_not(None)
    rank = sa.case(
        (is_pinned, RANKS[Part.PINNED]),
        (_place.c.is_featured, RANKS[Part.FEATURED]),
        else_=RANKS[Part.REST],
    )
    position = sa.case((is_pinned, sa.func.nullif(_pin.c.position, LAST)), else_=_place.c.position)
    joined = _product.outerjoin(_place, _PLACE).outerjoin(_pin, _pin.c.product_id == _product.c.id)
    query = sa.select(*_columns(rank, position)).select_from(joined).where(_ON_SHELVES, is_wanted)
    return query if has_hidden else query.where(sa.or_(is_pinned, _place.c.is_hidden.is_not(True)))


def _pinned(part: Part | None, within: Within) -> sa.Select[Any]:
    """What headquarters put first; a guide cannot hide it."""
    query = (
        sa.select(
            *_columns(sa.literal(RANKS[Part.PINNED], sa.Integer()), sa.func.nullif(_pin.c.position, LAST)),
        )
        .select_from(_product.join(_pin, _pin.c.product_id == _product.c.id).outerjoin(_place, _PLACE))
        .where(_ON_SHELVES)
        .order_by(_pin.c.position, _product.c.created_at.desc(), _product.c.id.desc())
        .limit(_LIMIT)
    )
    if within is Within.SECTION:
        query = query.where(_place.c.section_id == _SECTION)
    return query.where(_is_behind(_pin.c.position)) if part is Part.PINNED else query


def _placed(part: Part | None, within: Within, *, has_hidden: bool) -> sa.Select[Any]:
    """What the guide featured or gave a position."""
    position = sa.func.coalesce(_place.c.position, LAST)
    query = (
        sa.select(
            *_columns(
                sa.case((_place.c.is_featured, RANKS[Part.FEATURED]), else_=RANKS[Part.PLACED]), _place.c.position
            )
        )
        .select_from(_product.join(_place, _PLACE))
        .where(
            _ON_SHELVES,
            _NOT_PINNED,
            _place.c.brand_id == _BRAND,
            sa.or_(_place.c.is_featured, _place.c.position.is_not(None)),
            *_shown(within, has_hidden=has_hidden),
        )
        .order_by(_place.c.is_featured.desc(), position, _product.c.created_at.desc(), _product.c.id.desc())
        .limit(_LIMIT)
    )
    if part in (None, Part.PINNED):
        return query
    if part is Part.FEATURED:
        return query.where(sa.or_(sa.not_(_place.c.is_featured), _is_behind(position)))
    return query.where(sa.not_(_place.c.is_featured), _is_behind(position))


def _rest(part: Part | None, within: Within, *, has_hidden: bool) -> sa.Select[Any]:
    """Everything else: the newest first."""
    query = (
        sa.select(*_columns(sa.literal(RANKS[Part.REST], sa.Integer()), sa.null()))
        .select_from(_product.outerjoin(_place, _PLACE))
        .where(
            _ON_SHELVES,
            _NOT_PINNED,
            _place.c.is_featured.is_not(True),
            _place.c.position.is_(None),
            *_shown(within, has_hidden=has_hidden),
        )
        .order_by(_product.c.created_at.desc(), _product.c.id.desc())
        .limit(_LIMIT)
    )
    return query.where(_OLDER) if part is Part.REST else query


def _is_behind(position: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    own = sa.bindparam("position", type_=sa.Integer())
    return sa.or_(position > own, sa.and_(position == own, _OLDER))


def _count(within: Within, *wanted: sa.ColumnElement[bool], has_hidden: bool) -> sa.ColumnElement[int]:
    """How many items there are of what is wanted: those of one section, else what is published less the few others."""
    changed = _product.join(_place, _PLACE)
    if within is Within.SECTION:
        is_shown = sa.true() if has_hidden else sa.or_(sa.not_(_place.c.is_hidden), sa.not_(_NOT_PINNED))
        return _number(changed, _ON_SHELVES, _place.c.section_id == _SECTION, is_shown, *wanted)
    published = _number(_product, _ON_SHELVES, *wanted)
    missing: list[sa.ColumnElement[bool]] = [] if has_hidden else [_place.c.is_hidden]
    if within is Within.OUTSIDE:
        missing.append(_place.c.section_id.is_not(None))
    if not missing:
        return published
    return published - _number(changed, _ON_SHELVES, _NOT_PINNED, sa.or_(*missing), *wanted)


def _number(joined: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.select(sa.func.count()).select_from(joined).where(*conditions).scalar_subquery()


def _columns(rank: sa.ColumnElement[Any], order_position: sa.ColumnElement[Any]) -> tuple[Any, ...]:
    """`rank` and `order_position` are what the order goes by; the rest is the product and what the guide made of it."""
    return (
        *(_product.c[column.key] for column in PRODUCT_COLUMNS),
        sa.cast(rank, sa.Integer()).label("rank"),
        sa.cast(order_position, sa.Integer()).label("order_position"),
        sa.func.coalesce(_place.c.is_featured, False).label("is_featured"),
        sa.func.coalesce(_place.c.is_hidden, False).label("is_hidden"),
        _place.c.position,
        _place.c.badge,
        _place.c.section_id,
        _place.c.words,
        _place.c.picture_keys,
        _place.c.taken_down_reason,
        IS_SILENT.label("is_silent"),
    )


def _shown(within: Within, *, has_hidden: bool) -> tuple[sa.ColumnElement[bool], ...]:
    shown: list[sa.ColumnElement[bool]] = [] if has_hidden else [_place.c.is_hidden.is_not(True)]
    if within is Within.SECTION:
        shown.append(_place.c.section_id == _SECTION)
    if within is Within.OUTSIDE:
        shown.append(_place.c.section_id.is_(None))
    return tuple(shown)


def _order(columns: Any) -> tuple[sa.ColumnElement[Any], ...]:
    return (
        columns.rank.desc(),
        sa.func.coalesce(columns.order_position, LAST),
        columns.created_at.desc(),
        columns.id.desc(),
    )
