"""Versions: counters that grow with every change a shop page shows, so that an unchanged page is told by its number.

What headquarters or stock change counts once for the brand, what a guide changes counts on the shop. A page's version
is the sum of both, which no change leaves as it was.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.platform.db import BrandSession
from app.products.models import CatalogueRow, ShopRow


async def touch_catalogue(session: BrandSession) -> None:
    """Count a change that every page of the brand may show. Call it last: the row stays locked until the commit."""
    first = insert(CatalogueRow).values(brand_id=session.brand_id, version=1)
    await session.execute(
        first.on_conflict_do_update(
            index_elements=[CatalogueRow.brand_id], set_={"version": CatalogueRow.version + first.excluded.version}
        )
    )


async def touch_shop(session: BrandSession, shop_id: UUID) -> bool:
    """Count a change of one shop, whose row stays locked until the commit; whether there is such a shop."""
    touched = await session.execute(
        sa.update(ShopRow)
        .where(ShopRow.brand_id == session.brand_id, ShopRow.id == shop_id)
        .values(version=ShopRow.version + 1)
        .returning(ShopRow.id)
        .execution_options(synchronize_session=False)
    )
    return touched.first() is not None
