"""Options as they are kept: checked texts, and their rows. For catalogue and options, which both write them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from app.platform import texts
from app.platform.db import BrandSession
from app.products import guards, option_rules
from app.products.models import ProductOptionRow
from app.products.values import ProductOption


def checked_options(options: Sequence[ProductOption], path: tuple[str, ...]) -> tuple[ProductOption, ...]:
    """The options as they are kept. Raises: InvalidInput."""
    checked = []
    for at, option in enumerate(options):
        own = (*path, "options", str(at))
        name = texts.line(option.name, *own, "name", longest=option_rules.LONGEST_OPTION)
        values = tuple(
            texts.line(value, *own, "values", str(number), longest=option_rules.LONGEST_VALUE)
            for number, value in enumerate(option.values)
        )
        checked.append(ProductOption(name, values))
    guards.refuse(option_rules.options_problem(checked, path))
    return tuple(checked)


async def insert_options(session: BrandSession, options: Mapping[UUID, Sequence[ProductOption]]) -> None:
    """Write the options of products that have none."""
    rows = [
        {
            "brand_id": session.brand_id,
            "product_id": product_id,
            "position": position,
            "name": option.name,
            "values": list(option.values),
        }
        for product_id, own in options.items()
        for position, option in enumerate(own)
    ]
    if rows:
        await session.execute(sa.insert(ProductOptionRow), rows)
