"""Pictures of products: files that the brand uploaded, in the order in which a product's page shows them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.platform import media, storage, texts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput
from app.platform.models import MediaRow
from app.products import guards, rules, versions
from app.products.catalogue import lock_product
from app.products.models import ProductPictureRow, ProductRow


@dataclass(frozen=True, slots=True)
class NewPicture:
    """An uploaded picture by its address, and what it shows in words, for those who do not see it."""

    url: str
    alt: str | None = None


@dataclass(frozen=True, slots=True)
class PictureView:
    """A picture as it is shown. Size in pixels."""

    product_id: UUID
    key: str
    width: int
    height: int
    alt: str | None

    @property
    def url(self) -> str:
        return storage.media_url(self.key)


async def set_pictures(
    session: BrandSession, actor: Actor, *, product_id: UUID, pictures: Sequence[NewPicture], now: datetime
) -> None:
    """Show these pictures, at most nine, in this order, instead of what was shown before; none takes all away.

    A product without a cover gets the first as its cover. Raises: Forbidden, NotFound (the product), InvalidInput
    (paths such as pictures, 0, url; pictures that are not the brand's uploads, or named twice).
    """
    guards.headquarters_only(actor)
    guards.refuse(rules.picture_count_problem(len(pictures)))
    await lock_product(session, product_id)
    rows = await _checked(session, product_id, pictures)
    await session.execute(
        sa.delete(ProductPictureRow).where(
            ProductPictureRow.brand_id == session.brand_id, ProductPictureRow.product_id == product_id
        )
    )
    if rows:
        await session.execute(sa.insert(ProductPictureRow).execution_options(render_nulls=True), rows)
        await session.execute(
            sa.update(ProductRow)
            .where(ProductRow.brand_id == session.brand_id, ProductRow.id == product_id, ProductRow.cover_url.is_(None))
            .values(cover_url=storage.media_url(rows[0]["media_key"]))
            .execution_options(synchronize_session=False)
        )
    await versions.touch_catalogue(session)


async def _checked(session: BrandSession, product_id: UUID, pictures: Sequence[NewPicture]) -> list[dict[str, Any]]:
    """The rows of these pictures, whose files are held from now on. Raises: InvalidInput."""
    keys = [storage.key_of(picture.url.strip()) or "" for picture in pictures]
    held = await media.hold(session, [key for key in keys if key])
    sizes = await session.execute(
        sa.select(MediaRow.key).where(
            MediaRow.brand_id == session.brand_id, MediaRow.key.in_(held), MediaRow.width.is_not(None)
        )
    )
    shown = set(sizes.scalars())
    rows: list[dict[str, Any]] = []
    for position, (key, picture) in enumerate(zip(keys, pictures, strict=True)):
        path = ("pictures", str(position))
        if key not in shown:
            raise InvalidInput("media_unknown", path=(*path, "url"))
        if key in keys[:position]:
            raise InvalidInput("picture_repeated", path=(*path, "url"))
        alt = texts.optional_line(picture.alt, *path, "alt", longest=rules.LONGEST_TITLE)
        rows.append(
            {
                "brand_id": session.brand_id,
                "product_id": product_id,
                "position": position,
                "media_key": key,
                "alt": alt,
            }
        )
    return rows


async def pictures_of_products(session: BrandSession, product_ids: Collection[UUID]) -> dict[UUID, list[PictureView]]:
    """The pictures of each product, in their order; every product asked for has an entry. One statement."""
    found: dict[UUID, list[PictureView]] = {product_id: [] for product_id in product_ids}
    rows = await session.execute(
        sa.select(ProductPictureRow.product_id, MediaRow.key, MediaRow.width, MediaRow.height, ProductPictureRow.alt)
        .join(
            MediaRow,
            sa.and_(MediaRow.brand_id == session.brand_id, MediaRow.key == ProductPictureRow.media_key),
        )
        .where(ProductPictureRow.brand_id == session.brand_id, ProductPictureRow.product_id.in_(found))
        .order_by(ProductPictureRow.product_id, ProductPictureRow.position)
    )
    for row in rows:
        found[row[0]].append(PictureView(row[0], row[1], row[2] or 0, row[3] or 0, row[4]))
    return found


async def named_media(session: BrandSession, keys: Collection[str]) -> set[str]:
    """Which of these keys a product's cover or pictures name."""
    urls = {storage.media_url(key): key for key in keys}
    pictures = await session.execute(
        sa.select(ProductPictureRow.media_key).where(
            ProductPictureRow.brand_id == session.brand_id, ProductPictureRow.media_key.in_(keys)
        )
    )
    covers = await session.execute(
        sa.select(ProductRow.cover_url).where(ProductRow.brand_id == session.brand_id, ProductRow.cover_url.in_(urls))
    )
    return set(pictures.scalars()) | {urls[url] for url in covers.scalars() if url is not None}
