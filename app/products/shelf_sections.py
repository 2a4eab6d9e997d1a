"""Sections of a guide's shelf (分区): named groups of products, such as what is new this week, in the guide's order."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.platform import texts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, NotFound
from app.products import arrangement_rules, shelf_reads, versions
from app.products.guards import refuse
from app.products.models import ShelfItemRow
from app.products.shelf_models import ShelfSectionRow

_PATH = ("sectionId",)
_NOTHING_ELSE = (
    sa.not_(ShelfItemRow.is_featured),
    sa.not_(ShelfItemRow.is_hidden),
    ShelfItemRow.position.is_(None),
    ShelfItemRow.badge.is_(None),
    ShelfItemRow.words.is_(None),
    sa.func.cardinality(ShelfItemRow.picture_keys) == 0,
    ShelfItemRow.taken_down_at.is_(None),
)
UNCHANGED = (*_NOTHING_ELSE, ShelfItemRow.section_id.is_(None))
"""What no row may say: an item as headquarters published it."""


async def save(
    session: BrandSession,
    actor: Actor,
    *,
    section_id: UUID | None = None,
    name: str,
    position: int | None = None,
    now: datetime,
) -> UUID:
    """Make a section of the own shelf, or rename and place the one that is named; gives its id.

    Name: 1 to 20 characters, once in a shop. `position`: among the shop's, from 1; beyond the last is last; None: where
    it stands, a new one last. Raises: NotFound, InvalidInput (a name that is taken, a thirteenth section).
    """
    own_name = texts.line(name, "name", longest=arrangement_rules.LONGEST_SECTION)
    refuse(arrangement_rules.position_problem(position))
    shop_id = await _lock_own(session, actor)
    sections = await shelf_reads.sections_of_shop(session, shop_id)
    if section_id is not None and all(one.section_id != section_id for one in sections):
        raise NotFound("shelf section", path=_PATH)
    if section_id is None:
        refuse(arrangement_rules.section_problem(len(sections)))
    if any(one.name == own_name and one.section_id != section_id for one in sections):
        raise InvalidInput("shelf_section_taken", path=("name",))
    made_id = section_id or session.new_id()
    order = arrangement_rules.reordered([one.section_id for one in sections], made_id, position)
    row = insert(ShelfSectionRow).values(
        brand_id=session.brand_id, id=made_id, shop_id=shop_id, name=own_name, position=len(order), created_at=now
    )
    await session.execute(
        row.on_conflict_do_update(
            index_elements=[ShelfSectionRow.brand_id, ShelfSectionRow.id], set_={"name": row.excluded.name}
        )
    )
    await _number(session, shop_id, order)
    return made_id


async def delete(session: BrandSession, actor: Actor, *, section_id: UUID) -> None:
    """Take a section of the own shelf away; its products stand with the rest again. Raises: NotFound."""
    shop_id = await _lock_own(session, actor)
    sections = await shelf_reads.sections_of_shop(session, shop_id)
    if all(one.section_id != section_id for one in sections):
        raise NotFound("shelf section", path=_PATH)
    is_of_shop = (ShelfItemRow.brand_id == session.brand_id, ShelfItemRow.shop_id == shop_id)
    # What was changed in nothing else has no row any more.
    await session.execute(
        sa.delete(ShelfItemRow)
        .where(
            *is_of_shop,
            ShelfItemRow.section_id == section_id,
            *_NOTHING_ELSE,
        )
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        sa.update(ShelfItemRow)
        .where(*is_of_shop, ShelfItemRow.section_id == section_id)
        .values(section_id=None)
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        sa.delete(ShelfSectionRow)
        .where(ShelfSectionRow.brand_id == session.brand_id, ShelfSectionRow.id == section_id)
        .execution_options(synchronize_session=False)
    )
    await _number(session, shop_id, [one.section_id for one in sections if one.section_id != section_id])


async def check_room(session: BrandSession, *, shop_id: UUID, section_id: UUID) -> None:
    """Whether one more product fits into a section of the shop, whose row the caller holds.

    Raises: NotFound for a section that is not the shop's, InvalidInput for a full one.
    """
    is_in_it = sa.and_(ShelfItemRow.brand_id == session.brand_id, ShelfItemRow.section_id == ShelfSectionRow.id)
    found = await session.execute(
        sa.select(sa.func.count(ShelfItemRow.product_id))
        .select_from(ShelfSectionRow)
        .outerjoin(ShelfItemRow, is_in_it)
        .where(
            ShelfSectionRow.brand_id == session.brand_id,
            ShelfSectionRow.shop_id == shop_id,
            ShelfSectionRow.id == section_id,
        )
        .group_by(ShelfSectionRow.id)
    )
    items = found.scalar_one_or_none()
    if items is None:
        raise NotFound("shelf section", path=_PATH)
    refuse(arrangement_rules.filled_problem(items))


async def _lock_own(session: BrandSession, actor: Actor) -> UUID:
    """The actor's shop, whose row stays locked. Raises: NotFound for whoever has none."""
    if actor.shop_id is None or not await versions.touch_shop(session, actor.shop_id):
        raise NotFound("shop", path=_PATH)
    return actor.shop_id


async def _number(session: BrandSession, shop_id: UUID, order: list[UUID]) -> None:
    """Give the shop's sections their positions from 1 on; one statement, none for no sections."""
    if not order:
        return
    places = {section_id: number for number, section_id in enumerate(order, start=1)}
    await session.execute(
        sa.update(ShelfSectionRow)
        .where(ShelfSectionRow.brand_id == session.brand_id, ShelfSectionRow.shop_id == shop_id)
        .values(position=sa.case(places, value=ShelfSectionRow.id, else_=ShelfSectionRow.position))
        .execution_options(synchronize_session=False)
    )
