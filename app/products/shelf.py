"""A guide's shelf: what the guide changes about single products. A row exists only while something is changed."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.platform import media, storage, texts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, NotFound, WrongState
from app.platform.models import MediaRow
from app.products import arrangement_rules, shelf_reads, shelf_sections, versions
from app.products.guards import promoters_only, refuse
from app.products.models import ShelfItemRow
from app.products.shelf_reads import ShelfItem
from app.products.values import KEEP, ShelfChange, ShelfPlace, ShelfStep, TakenDown


async def change_item(
    session: BrandSession, actor: Actor, *, shop_id: UUID, product_id: UUID, change: ShelfChange, now: datetime
) -> ShelfPlace:
    """Feature, hide, place or badge a product on the own shelf, put it into a section, or say something of it.

    Gives how it stands there now. Position: 1 to 9,999; badge: up to 12 characters; words: one line of up to 80; up to
    three pictures, which are uploads; a blank text is none. What ends as headquarters published it has no row.
    Raises: NotFound for another's shop, and a product that is not published or forbidden in the branch; InvalidInput,
    also for what headquarters' rules do not let a guide do.
    """
    change = _checked(change)
    # The shop's row is locked first, so that two changes of one shelf cannot overwrite each other.
    if actor.shop_id != shop_id or not await versions.touch_shop(session, shop_id):
        raise NotFound("shelf item", path=("shelfItemId",))
    item, before = await _find_place(session, actor, shop_id, product_id)
    keys = () if change.picture_urls is KEEP else await _held_pictures(session, change.picture_urls, before)
    after = arrangement_rules.changed_place(before, change, keys)
    refuse(arrangement_rules.refuse_change(before, after, is_pinned=item.is_pinned, is_silent=item.is_silent))
    if after.section_id is not None and after.section_id != before.section_id:
        await shelf_sections.check_room(session, shop_id=shop_id, section_id=after.section_id)
    if after != before:
        await _write_place(session, shop_id, product_id, after, now)
    return after


async def move_item(
    session: BrandSession, actor: Actor, *, shop_id: UUID, product_id: UUID, step: ShelfStep, now: datetime
) -> None:
    """Move a product of the own shelf one place up or down, or to the first, among those featured as it is, or not.

    What it passes is numbered with it. Raises: NotFound as `change_item` does; InvalidInput for what headquarters has
    pinned, and for what stands behind the first 200.
    """
    if actor.shop_id != shop_id or not await versions.touch_shop(session, shop_id):
        raise NotFound("shelf item", path=("shelfItemId",))
    item, _ = await _find_place(session, actor, shop_id, product_id)
    if item.is_pinned:
        raise InvalidInput("shelf_item_pinned", path=("position",))
    page = await shelf_reads.shelf_page(
        session,
        shop_id=shop_id,
        branch=actor.branch,
        limit=arrangement_rules.MOST_ARRANGED,
        has_hidden=True,
        has_count=False,
    )
    beside = [(one.product.product_id, one.position) for one in page.items if one.key.rank == item.key.rank]
    if all(one != product_id for one, _ in beside):
        raise InvalidInput("shelf_item_far", path=("shelfItemId",), most=arrangement_rules.MOST_ARRANGED)
    moved = arrangement_rules.rearranged(beside, product_id, step)
    if moved:
        await _write_positions(session, shop_id, moved, now)


async def take_down(
    session: BrandSession, actor: Actor, *, shop_id: UUID, product_id: UUID, reason: str, now: datetime
) -> None:
    """Headquarters shows a guide's words and pictures of a product no more; `reason`: up to 100 characters, the guide's
    to read.

    Raises: Forbidden; NotFound where the guide says nothing of it; WrongState for what is down already; InvalidInput.
    """
    promoters_only(actor)
    why = texts.line(reason, "reason", longest=arrangement_rules.LONGEST_REASON)
    if not await versions.touch_shop(session, shop_id):
        raise NotFound("shelf item", path=("shelfItemId",))
    before = await _row(session, shop_id, product_id)
    if before.words is None and not before.picture_keys:
        raise NotFound("shelf item", path=("shelfItemId",))
    if before.taken_down is not None:
        raise WrongState("TAKEN_DOWN", path=("shelfItemId",))
    await session.execute(
        sa.update(ShelfItemRow)
        .where(*_is(session, shop_id, product_id))
        .values(taken_down_at=now, taken_down_reason=why, taken_down_by=actor.principal)
        .execution_options(synchronize_session=False)
    )


async def named_media(session: BrandSession, keys: Collection[str]) -> set[str]:
    """Which of these keys of uploaded files a guide shows on a shelf. One statement."""
    rows = await session.scalars(
        sa.select(ShelfItemRow.picture_keys).where(
            ShelfItemRow.brand_id == session.brand_id, ShelfItemRow.picture_keys.overlap(list(keys))
        )
    )
    return {key for held in rows for key in held} & set(keys)


def _checked(change: ShelfChange) -> ShelfChange:
    """The change with its texts as they are kept. Raises: InvalidInput."""
    badge, words = change.badge, change.words
    if badge is not KEEP:
        badge = texts.optional_line(badge, "badge", longest=arrangement_rules.LONGEST_BADGE)
    if words is not KEEP:
        words = texts.optional_line(words, "words", longest=arrangement_rules.LONGEST_WORDS)
    refuse(None if change.position is KEEP else arrangement_rules.position_problem(change.position))
    if change.picture_urls is not KEEP:
        refuse(arrangement_rules.pictures_problem(len(change.picture_urls)))
    return ShelfChange(
        change.is_featured, change.is_hidden, change.position, badge, change.section_id, words, change.picture_urls
    )


async def _held_pictures(session: BrandSession, urls: tuple[str, ...], before: ShelfPlace) -> tuple[str, ...]:
    """The keys of uploaded pictures, which are held from now on. Raises: InvalidInput (path pictureUrls, 0)."""
    keys = [storage.key_of(url.strip()) or "" for url in urls]
    held = await media.hold(session, [key for key in keys if key and key not in before.picture_keys])
    pictures = set(
        await session.scalars(
            sa.select(MediaRow.key).where(
                MediaRow.brand_id == session.brand_id, MediaRow.key.in_(held), MediaRow.width.is_not(None)
            )
        )
    )
    for at, key in enumerate(keys):
        if key not in pictures and key not in before.picture_keys:
            raise InvalidInput("media_unknown", path=("pictureUrls", str(at)))
        if key in keys[:at]:
            raise InvalidInput("picture_repeated", path=("pictureUrls", str(at)))
    return tuple(keys)


async def _find_place(
    session: BrandSession, actor: Actor, shop_id: UUID, product_id: UUID
) -> tuple[ShelfItem, ShelfPlace]:
    """A product on the shelf, and what the guide made of it. Raises: NotFound."""
    item = await shelf_reads.shelf_item(
        session, shop_id=shop_id, branch=actor.branch, product_id=product_id, has_hidden=True
    )
    if item is None:
        raise NotFound("shelf item", path=("shelfItemId",))
    return item, await _row(session, shop_id, product_id)


async def _row(session: BrandSession, shop_id: UUID, product_id: UUID) -> ShelfPlace:
    """What the guide made of a product; whoever calls holds the shop's row."""
    row = (
        await session.execute(
            sa.select(ShelfItemRow).where(*_is(session, shop_id, product_id)).execution_options(populate_existing=True)
        )
    ).scalar_one_or_none()
    if row is None:
        return ShelfPlace()
    taken_down = None
    if row.taken_down_at is not None:
        taken_down = TakenDown(row.taken_down_at, row.taken_down_reason or "", row.taken_down_by or "")
    return ShelfPlace(
        row.is_featured,
        row.is_hidden,
        row.position,
        row.badge,
        row.section_id,
        row.words,
        tuple(row.picture_keys),
        taken_down,
    )


async def _write_place(
    session: BrandSession, shop_id: UUID, product_id: UUID, place: ShelfPlace, now: datetime
) -> None:
    if arrangement_rules.is_untouched(place):
        await session.execute(
            sa.delete(ShelfItemRow)
            .where(*_is(session, shop_id, product_id))
            .execution_options(synchronize_session=False)
        )
        return
    down = place.taken_down
    values = {
        "is_featured": place.is_featured,
        "is_hidden": place.is_hidden,
        "position": place.position,
        "badge": place.badge,
        "section_id": place.section_id,
        "words": place.words,
        "picture_keys": list(place.picture_keys),
        "taken_down_at": None if down is None else down.at,
        "taken_down_reason": None if down is None else down.reason,
        "taken_down_by": None if down is None else down.by,
        "changed_at": now,
    }
    row = insert(ShelfItemRow).values(brand_id=session.brand_id, shop_id=shop_id, product_id=product_id, **values)
    await session.execute(
        row.on_conflict_do_update(
            index_elements=[ShelfItemRow.brand_id, ShelfItemRow.shop_id, ShelfItemRow.product_id],
            set_={name: row.excluded[name] for name in values},
        )
    )


async def _write_positions(session: BrandSession, shop_id: UUID, positions: Mapping[UUID, int], now: datetime) -> None:
    """Give products their positions; those without a row get one. One statement."""
    row = insert(ShelfItemRow).values(
        [
            {
                "brand_id": session.brand_id,
                "shop_id": shop_id,
                "product_id": product_id,
                "is_featured": False,
                "is_hidden": False,
                "position": position,
                "badge": None,
                "section_id": None,
                "words": None,
                "picture_keys": [],
                "taken_down_at": None,
                "taken_down_reason": None,
                "taken_down_by": None,
                "changed_at": now,
            }
            for product_id, position in sorted(positions.items())
        ]
    )
    await session.execute(
        row.on_conflict_do_update(
            index_elements=[ShelfItemRow.brand_id, ShelfItemRow.shop_id, ShelfItemRow.product_id],
            set_={"position": row.excluded.position},
        )
    )


def _is(session: BrandSession, shop_id: UUID, product_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ShelfItemRow.brand_id == session.brand_id,
        ShelfItemRow.shop_id == shop_id,
        ShelfItemRow.product_id == product_id,
    )
