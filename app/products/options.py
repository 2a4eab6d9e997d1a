"""Options of products, and the SKUs that stand for their combinations."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import NotFound
from app.products import catalogue, guards, option_rules, rules, stock, versions
from app.products.models import ProductOptionRow, SkuRow
from app.products.option_writing import checked_options, insert_options
from app.products.values import NewSku, ProductOption, StockLine


async def set_options(
    session: BrandSession,
    actor: Actor,
    *,
    product_id: UUID,
    options: Sequence[ProductOption],
    choices: Mapping[UUID, Sequence[str]],
    new_skus: Sequence[NewSku] = (),
    is_told: bool = True,
    now: datetime,
) -> None:
    """Give a product these options instead of those it had: each of its SKUs its values, and SKUs that are new.

    New SKUs come after those that are there, with their first stock. Orders keep what they were placed for. `is_told`
    as for `catalogue.update_product`.
    Raises: Forbidden, NotFound (the product, a SKU of another product), InvalidInput (a SKU without a value, a value
    without a SKU, two SKUs alike, more than 100 SKUs), Conflict (a new SKU's code or barcode).
    """
    guards.headquarters_only(actor)
    checked = checked_options(options, ())
    await catalogue.lock_product(session, product_id)
    there = await _sku_ids(session, product_id)
    for at, sku_id in enumerate(choices):
        if sku_id not in there:
            raise NotFound("sku", path=("skus", str(at), "skuId"))
    added = [catalogue.checked_sku(sku, ("newSkus", str(at))) for at, sku in enumerate(new_skus)]
    guards.refuse(rules.sku_count_problem(len(there) + len(added), ()))
    given = {sku_id: at for at, sku_id in enumerate(choices)}
    all_choices = [tuple(choices.get(sku_id, ())) for sku_id in there] + [sku.choices for sku in added]
    paths = [("skus", str(given.get(sku_id, len(given)))) for sku_id in there]
    paths += [("newSkus", str(at)) for at in range(len(added))]
    guards.refuse(option_rules.matrix_problem(checked, all_choices, paths))
    await session.execute(
        sa.delete(ProductOptionRow).where(
            ProductOptionRow.brand_id == session.brand_id, ProductOptionRow.product_id == product_id
        )
    )
    await insert_options(session, {product_id: checked})
    await _choose(session, product_id, dict(zip(there, all_choices, strict=False)))
    if added:
        places = [(product_id, len(there) + at, sku) for at, sku in enumerate(added)]
        ids = await catalogue.insert_skus(session, places, paths[len(there) :], now=now)
        lines = [StockLine(sku_id, sku.stock) for sku_id, sku in zip(ids, added, strict=True)]
        await stock.put_initial(session, actor, lines=lines, now=now)
    if is_told:
        await versions.touch_catalogue(session)


async def options_of_products(session: BrandSession, product_ids: Collection[UUID]) -> dict[UUID, list[ProductOption]]:
    """The options of each product, in their order; every product asked for has an entry. One statement."""
    found: dict[UUID, list[ProductOption]] = {product_id: [] for product_id in product_ids}
    rows = await session.execute(
        sa.select(ProductOptionRow.product_id, ProductOptionRow.name, ProductOptionRow.values)
        .where(ProductOptionRow.brand_id == session.brand_id, ProductOptionRow.product_id.in_(found))
        .order_by(ProductOptionRow.product_id, ProductOptionRow.position)
    )
    for product_id, name, values in rows:
        found[product_id].append(ProductOption(name, tuple(values)))
    return found


async def _sku_ids(session: BrandSession, product_id: UUID) -> list[UUID]:
    """The product's SKUs in their order, locked in key order."""
    found = await session.execute(
        sa.select(SkuRow.id, SkuRow.position)
        .where(SkuRow.brand_id == session.brand_id, SkuRow.product_id == product_id)
        .order_by(SkuRow.id)
        .with_for_update(key_share=True)
    )
    return [row.id for row in sorted(found, key=lambda row: (row.position, row.id))]


async def _choose(session: BrandSession, product_id: UUID, choices: Mapping[UUID, Sequence[str]]) -> None:
    """Write the SKUs' values. All are taken away first: two may change places, which the unique key sees row by row."""
    await session.execute(
        sa.update(SkuRow)
        .where(SkuRow.brand_id == session.brand_id, SkuRow.product_id == product_id)
        .values(choices=None)
        .execution_options(synchronize_session=False)
    )
    rows = [
        {"brand": session.brand_id, "sku": sku_id, "chosen": list(chosen)}
        for sku_id, chosen in choices.items()
        if chosen
    ]
    if rows:
        await session.execute(_CHOOSE, rows)


_sku = cast("sa.Table", SkuRow.__table__)
_CHOOSE: sa.Update = (
    sa.update(_sku)
    .where(_sku.c.brand_id == sa.bindparam("brand"), _sku.c.id == sa.bindparam("sku"))
    .values(choices=sa.bindparam("chosen", type_=ARRAY(sa.Text())))
)
