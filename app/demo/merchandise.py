"""How the demo's goods are shown and priced beyond their covers: options, second pictures, a branch's own prices."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.demo import covers
from app.demo.goods import GOODS
from app.platform import media, storage
from app.platform.actor import SYSTEM
from app.platform.db import Brand, BrandSession
from app.platform.media import Upload
from app.platform.storage import Storage
from app.products import options, pictures, price_lists, reads
from app.products.pictures import NewPicture
from app.products.values import ListedPrice, ProductOption

OPTIONS = {0: ("颜色", "尺寸"), 1: ("颜色", "尺寸"), 7: ("颜色",), 8: ("颜色",), 10: ("颜色",)}
"""Of some goods, by number: what the words of their variants are."""
SHOWN_TWICE = (0, 1, 7, 10, 13, 20)
"""Goods with a picture in another colour."""
LISTED = 8
OFF_PERCENT = 10
_SVG = "image/svg+xml"
_SIDE = 640


def second_picture(brand: Brand, number: int) -> Upload:
    """The good in another colour."""
    data = covers.cover(GOODS[number].shape, number + 3).encode()
    return Upload(storage.content_key(brand.id, data, media_type=_SVG), data, _SVG, _SIDE, _SIDE)


async def keep_pictures(kept: Storage, brand: Brand) -> None:
    """Draw the second pictures; those that are there stay as they are."""
    for number in SHOWN_TWICE:
        upload = second_picture(brand, number)
        await kept.put(upload.key, upload.data, media_type=upload.media_type)


async def dress(session: BrandSession, product_ids: Sequence[UUID]) -> dict[str, Any]:
    """Options and second pictures of the goods, whose products are given in their order."""
    for number, names in OPTIONS.items():
        skus = (await reads.skus_of_products(session, [product_ids[number]]))[product_ids[number]]
        chosen = {sku.sku_id: tuple(sku.name.split(" ", len(names) - 1)) for sku in skus}
        own = [
            ProductOption(name, tuple(dict.fromkeys(values[at] for values in chosen.values())))
            for at, name in enumerate(names)
        ]
        await options.set_options(
            session, SYSTEM, product_id=product_ids[number], options=own, choices=chosen, now=session.now
        )
    for number in SHOWN_TWICE:
        upload = second_picture(session.brand, number)
        await media.register(session, SYSTEM.principal, upload)
        shown = [NewPicture(upload.url, f"{GOODS[number].title}，另一种颜色")]
        await pictures.set_pictures(session, SYSTEM, product_id=product_ids[number], pictures=shown, now=session.now)
    return {}


async def price_branch(session: BrandSession, unit_id: UUID, sku_ids: Sequence[Sequence[UUID]]) -> dict[str, Any]:
    """A branch sells the first goods cheaper for a month."""
    skus = await reads.skus_by_id(session, [sku_id for of_product in sku_ids[:LISTED] for sku_id in of_product])
    prices = [
        ListedPrice(sku.sku_id, sku.price_minor * (100 - OFF_PERCENT) // 100, sku.price_minor) for sku in skus.values()
    ]
    list_id = await price_lists.publish(
        session,
        SYSTEM,
        org_unit_id=unit_id,
        name="换季会员价",
        ends_at=session.now + timedelta(days=30),
        prices=prices,
        now=session.now,
    )
    return {"price_list_id": list_id}
