"""Virtual shops: one a guide, reached by a slug that names no brand."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.platform import texts
from app.platform.db import BrandSession, register
from app.products import rules
from app.products.models import ShopRow

SHOP_SLUG = "SHOP_SLUG"
"""The kind of the directory's entries that lead from a slug to brand and shop."""
LONGEST_NAME = 60
LONGEST_ANNOUNCEMENT = 200


@dataclass(frozen=True, slots=True)
class ShopMade:
    """A new shop and the slug of its address."""

    shop_id: UUID
    slug: str


async def create_shop(
    session: BrandSession, *, employee_id: UUID, name: str, announcement: str | None = None, now: datetime
) -> ShopMade:
    """Open an employee's shop, named by 1 to 60 characters; it shows every published product at once.

    `announcement`: the owner's own words at its head, up to 200 characters.
    The slug is random, of ten letters and digits; among a hundred million shops the next one meets a taken slug once in
    eight million times, and then the transaction fails on the directory's key.
    """
    own_name = texts.line(name, "name", longest=LONGEST_NAME)
    shop_id, slug = session.new_id(), rules.slug_of(secrets.randbits(64))
    await session.execute(
        sa.insert(ShopRow).values(
            brand_id=session.brand_id,
            id=shop_id,
            employee_id=employee_id,
            slug=slug,
            name=own_name,
            announcement=texts.optional_block(announcement, "announcement", longest=LONGEST_ANNOUNCEMENT),
            version=1,
            created_at=now,
        )
    )
    await session.execute(register(session, SHOP_SLUG, slug, shop_id))
    return ShopMade(shop_id, slug)
