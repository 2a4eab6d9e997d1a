"""Which uploaded files marketing names: covers and attachments of materials, pictures in layouts of posters.

Any version counts, as an old share shows the version that it was made of.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.marketing.models import MaterialVersionRow
from app.marketing.poster_models import PosterTemplateVersionRow
from app.platform import storage
from app.platform.db import BrandSession


async def named_media(session: BrandSession, keys: Collection[str]) -> set[str]:
    """Which of these keys of uploaded files a material or a template of posters names. Two statements."""
    urls = {storage.media_url(key): key for key in keys}
    asked = sa.cast(list(urls), ARRAY(sa.Text()))
    materials = await session.execute(
        sa.select(MaterialVersionRow.cover_url, MaterialVersionRow.attachment_urls).where(
            MaterialVersionRow.brand_id == session.brand_id,
            sa.or_(
                MaterialVersionRow.cover_url == sa.any_(asked),
                MaterialVersionRow.attachment_urls.bool_op("&&")(asked),
            ),
        )
    )
    layouts = await session.scalars(
        sa.select(PosterTemplateVersionRow.layout).where(PosterTemplateVersionRow.brand_id == session.brand_id)
    )
    named = {url for row in materials for url in (row.cover_url, *row.attachment_urls)}
    named |= {url for layout in layouts for url in _pictures(layout)}
    return {key for url, key in urls.items() if url in named}


def _pictures(layout: dict[str, Any]) -> set[str]:
    return {str(layer["source"]) for layer in layout.get("layers", ()) if "source" in layer}
