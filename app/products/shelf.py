"""A guide's shelf: what the guide changes about single products. A row exists only while something is changed."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.platform import texts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import NotFound
from app.products import rules, versions
from app.products.guards import refuse
from app.products.models import ProductRow, ShelfItemRow
from app.products.values import KEEP, UNTOUCHED, ProductState, ShelfChange, ShelfPlace


async def change_item(
    session: BrandSession, actor: Actor, *, shop_id: UUID, product_id: UUID, change: ShelfChange, now: datetime
) -> ShelfPlace:
    """Feature, hide, place or badge a product on the own shelf; gives how it stands there now.

    Position: 1 to 9,999; badge: up to 12 characters, a blank one is none. What ends as headquarters published it has no
    row. Raises: NotFound for another's shop and for a product that is not published; InvalidInput.
    """
    if change.badge is not KEEP:
        badge = texts.optional_line(change.badge, "badge", longest=rules.LONGEST_BADGE)
        change = ShelfChange(change.is_featured, change.is_hidden, change.position, badge)
    refuse(None if change.position is KEEP else rules.position_problem(change.position))
    # The shop's row is locked first, so that two changes of one shelf cannot overwrite each other.
    if actor.shop_id != shop_id or not await versions.touch_shop(session, shop_id):
        raise NotFound("shelf item", path=("shelfItemId",))
    before = await _find_place(session, shop_id, product_id)
    if before is None:
        raise NotFound("shelf item", path=("shelfItemId",))
    after = rules.changed_place(before, change)
    if after == UNTOUCHED:
        await session.execute(
            sa.delete(ShelfItemRow)
            .where(
                ShelfItemRow.brand_id == session.brand_id,
                ShelfItemRow.shop_id == shop_id,
                ShelfItemRow.product_id == product_id,
            )
            .execution_options(synchronize_session=False)
        )
    elif after != before:
        await _write_place(session, shop_id, product_id, after, now)
    return after


async def _find_place(session: BrandSession, shop_id: UUID, product_id: UUID) -> ShelfPlace | None:
    """How a published product stands on a shelf; None where there is no such product."""
    found = await session.execute(
        sa.select(
            ShelfItemRow.product_id,
            ShelfItemRow.is_featured,
            ShelfItemRow.is_hidden,
            ShelfItemRow.position,
            ShelfItemRow.badge,
        )
        .select_from(ProductRow)
        .outerjoin(
            ShelfItemRow,
            sa.and_(
                ShelfItemRow.brand_id == session.brand_id,
                ShelfItemRow.shop_id == shop_id,
                ShelfItemRow.product_id == ProductRow.id,
            ),
        )
        .where(
            ProductRow.brand_id == session.brand_id,
            ProductRow.id == product_id,
            ProductRow.state == ProductState.PUBLISHED.value,
        )
    )
    row = found.first()
    if row is None:
        return None
    return UNTOUCHED if row.product_id is None else ShelfPlace(row.is_featured, row.is_hidden, row.position, row.badge)


async def _write_place(
    session: BrandSession, shop_id: UUID, product_id: UUID, place: ShelfPlace, now: datetime
) -> None:
    values = {
        "is_featured": place.is_featured,
        "is_hidden": place.is_hidden,
        "position": place.position,
        "badge": place.badge,
        "changed_at": now,
    }
    row = insert(ShelfItemRow).values(brand_id=session.brand_id, shop_id=shop_id, product_id=product_id, **values)
    await session.execute(
        row.on_conflict_do_update(
            index_elements=[ShelfItemRow.brand_id, ShelfItemRow.shop_id, ShelfItemRow.product_id],
            set_={name: row.excluded[name] for name in values},
        )
    )
