"""What must hold of stock and shelves at any time. Each check is one statement and gives a line for every violation."""

from collections.abc import Awaitable, Callable

import sqlalchemy as sa

from app.platform.db import BrandSession
from app.platform.models import DirectoryRow
from app.products import rules
from app.products.models import (
    ProductOptionRow,
    ProductRow,
    ReservationRow,
    ShelfItemRow,
    ShopRow,
    SkuRow,
    StockMovementRow,
    StockRow,
    StockTransferLineRow,
    StockTransferRow,
)
from app.products.shelf_models import ShelfSectionRow
from app.products.shelf_sections import UNCHANGED
from app.products.shops import SHOP_SLUG
from app.products.values import MovementKind, ReservationState, TransferState

_SOLD = (MovementKind.SALE.value, MovementKind.REROUTED.value)
"""What was sold from a place, less what another gave instead."""


async def stock_equals_movements(session: BrandSession) -> list[str]:
    """What is on hand is the sum of its movements."""
    moved = (
        sa.select(
            StockMovementRow.sku_id,
            StockMovementRow.location_id,
            sa.func.sum(StockMovementRow.change).label("pieces"),
        )
        .where(StockMovementRow.brand_id == session.brand_id)
        .group_by(StockMovementRow.sku_id, StockMovementRow.location_id)
        .subquery()
    )
    pieces = sa.func.coalesce(moved.c.pieces, 0)
    rows = await session.execute(
        sa.select(StockRow.sku_id, StockRow.on_hand, pieces)
        .outerjoin(moved, sa.and_(moved.c.sku_id == StockRow.sku_id, moved.c.location_id == StockRow.location_id))
        .where(StockRow.brand_id == session.brand_id, StockRow.on_hand != pieces)
        .order_by(StockRow.sku_id)
    )
    return [f"SKU {sku_id}: {on_hand} on hand, {moved} moved" for sku_id, on_hand, moved in rows]


async def reserved_equals_reservations(session: BrandSession) -> list[str]:
    """What is reserved is the sum of the reservations still held."""
    held = (
        sa.select(
            ReservationRow.sku_id, ReservationRow.location_id, sa.func.sum(ReservationRow.quantity).label("pieces")
        )
        .where(ReservationRow.brand_id == session.brand_id, ReservationRow.state == ReservationState.HELD.value)
        .group_by(ReservationRow.sku_id, ReservationRow.location_id)
        .subquery()
    )
    pieces = sa.func.coalesce(held.c.pieces, 0)
    rows = await session.execute(
        sa.select(StockRow.sku_id, StockRow.reserved, pieces)
        .outerjoin(held, sa.and_(held.c.sku_id == StockRow.sku_id, held.c.location_id == StockRow.location_id))
        .where(StockRow.brand_id == session.brand_id, StockRow.reserved != pieces)
        .order_by(StockRow.sku_id)
    )
    return [f"SKU {sku_id}: {reserved} reserved, {held} held" for sku_id, reserved, held in rows]


async def nothing_is_oversold(session: BrandSession) -> list[str]:
    """No stock is negative, and no more is reserved than there is."""
    rows = await session.execute(
        sa.select(StockRow.sku_id, StockRow.on_hand, StockRow.reserved)
        .where(
            StockRow.brand_id == session.brand_id,
            sa.or_(StockRow.on_hand < StockRow.reserved, StockRow.reserved < 0),
        )
        .order_by(StockRow.sku_id)
    )
    return [f"SKU {sku_id}: {on_hand} on hand, {reserved} reserved" for sku_id, on_hand, reserved in rows]


async def sales_equal_sold_reservations(session: BrandSession) -> list[str]:
    """Every reservation that was sold has its movement, of as many pieces, and no other has one."""
    sold = (
        sa.select(
            ReservationRow.order_id, ReservationRow.sku_id, sa.func.sum(ReservationRow.quantity).label("quantity")
        )
        .where(ReservationRow.brand_id == session.brand_id, ReservationRow.state == ReservationState.SOLD.value)
        .group_by(ReservationRow.order_id, ReservationRow.sku_id)
        .subquery()
    )
    moved = (
        sa.select(
            StockMovementRow.order_id,
            StockMovementRow.sku_id,
            sa.func.sum(-StockMovementRow.change).label("pieces"),
        )
        .where(StockMovementRow.brand_id == session.brand_id, StockMovementRow.kind.in_(_SOLD))
        .group_by(StockMovementRow.order_id, StockMovementRow.sku_id)
        .subquery()
    )
    order_id = sa.func.coalesce(sold.c.order_id, moved.c.order_id)
    rows = await session.execute(
        sa.select(order_id, sa.func.coalesce(sold.c.quantity, 0), sa.func.coalesce(moved.c.pieces, 0))
        .select_from(
            sold.outerjoin(
                moved, sa.and_(moved.c.order_id == sold.c.order_id, moved.c.sku_id == sold.c.sku_id), full=True
            )
        )
        .where(sold.c.quantity.is_distinct_from(moved.c.pieces))
        .order_by(order_id)
    )
    return [f"order {order_id}: {sold} sold, {moved} moved" for order_id, sold, moved in rows]


async def returns_are_of_sales(session: BrandSession) -> list[str]:
    """Of no order came more pieces back than were sold to it, wherever they came back to."""
    net = sa.func.sum(StockMovementRow.change)
    rows = await session.execute(
        sa.select(StockMovementRow.order_id, StockMovementRow.sku_id, net)
        .where(
            StockMovementRow.brand_id == session.brand_id,
            StockMovementRow.kind.in_([*_SOLD, MovementKind.RETURN.value]),
        )
        .group_by(StockMovementRow.order_id, StockMovementRow.sku_id)
        .having(sa.or_(net > 0, StockMovementRow.order_id.is_(None)))
        .order_by(StockMovementRow.order_id)
    )
    return [f"order {order_id}: {pieces} pieces of {sku_id} too many came back" for order_id, sku_id, pieces in rows]


async def transfers_move_what_they_say(session: BrandSession) -> list[str]:
    """What was sent left the one place, what was received came to the other, and nothing else moved for a transfer.

    So what was sent is what was received, the difference that was found, and what is under way.
    """
    line = (
        sa.select(
            StockTransferLineRow.transfer_id,
            StockTransferLineRow.sku_id,
            StockTransferRow.from_location_id,
            StockTransferRow.to_location_id,
            sa.func.coalesce(StockTransferLineRow.sent, 0).label("sent"),
            sa.func.coalesce(StockTransferLineRow.received, 0).label("received"),
        )
        .join(
            StockTransferRow,
            sa.and_(
                StockTransferRow.brand_id == session.brand_id,
                StockTransferRow.id == StockTransferLineRow.transfer_id,
            ),
        )
        .where(StockTransferLineRow.brand_id == session.brand_id)
        .subquery("line")
    )
    change = StockMovementRow.change
    moved = sa.func.coalesce(sa.func.sum(change), 0)
    is_out = StockMovementRow.kind == MovementKind.TRANSFER_OUT.value
    is_in = StockMovementRow.kind == MovementKind.TRANSFER_IN.value
    from_there = sa.and_(is_out, StockMovementRow.location_id == line.c.from_location_id)
    to_there = sa.and_(is_in, StockMovementRow.location_id == line.c.to_location_id)
    out = sa.func.coalesce(sa.func.sum(change).filter(from_there), 0)
    came = sa.func.coalesce(sa.func.sum(change).filter(to_there), 0)
    rows = await session.execute(
        sa.select(line.c.transfer_id, line.c.sku_id, line.c.sent, line.c.received)
        .select_from(line)
        .outerjoin(
            StockMovementRow,
            sa.and_(
                StockMovementRow.brand_id == session.brand_id,
                StockMovementRow.transfer_id == line.c.transfer_id,
                StockMovementRow.sku_id == line.c.sku_id,
            ),
        )
        .group_by(line.c.transfer_id, line.c.sku_id, line.c.sent, line.c.received)
        .having(sa.or_(out != -line.c.sent, came != line.c.received, moved != line.c.received - line.c.sent))
    )
    return [f"transfer {row[0]}: {row[2]} of {row[1]} sent and {row[3]} received, but not in stock" for row in rows]


async def transfers_stand_as_their_lines(session: BrandSession) -> list[str]:
    """Lines say what left if and only if their transfer was sent, and what came if and only if it was received."""
    is_sent = StockTransferRow.state.in_([TransferState.SENT.value, TransferState.RECEIVED.value])
    is_received = StockTransferRow.state == TransferState.RECEIVED.value
    rows = await session.execute(
        sa.select(StockTransferRow.id, StockTransferRow.state)
        .outerjoin(
            StockTransferLineRow,
            sa.and_(
                StockTransferLineRow.brand_id == session.brand_id,
                StockTransferLineRow.transfer_id == StockTransferRow.id,
            ),
        )
        .where(
            StockTransferRow.brand_id == session.brand_id,
            sa.or_(
                StockTransferLineRow.sku_id.is_(None),
                is_sent != StockTransferLineRow.sent.is_not(None),
                is_received != StockTransferLineRow.received.is_not(None),
            ),
        )
    )
    return [f"transfer {transfer_id}: {state}, and its lines say otherwise" for transfer_id, state in rows]


async def products_have_skus(session: BrandSession) -> list[str]:
    """Every product has a SKU, as its price is a SKU's."""
    has_sku = (
        sa.select(SkuRow.id).where(SkuRow.brand_id == session.brand_id, SkuRow.product_id == ProductRow.id).exists()
    )
    rows = await session.execute(
        sa.select(ProductRow.id).where(ProductRow.brand_id == session.brand_id, ~has_sku).order_by(ProductRow.id)
    )
    return [f"product {product_id} has no SKU" for product_id in rows.scalars()]


async def titles_are_found(session: BrandSession) -> list[str]:
    """What a product is searched by is that of its title."""
    rows = await session.execute(
        sa.select(ProductRow.id, ProductRow.title, ProductRow.search_text, ProductRow.search_grams)
        .where(ProductRow.brand_id == session.brand_id)
        .order_by(ProductRow.id)
    )
    return [
        f"product {row.id} is not found by its title"
        for row in rows
        if row.search_text != rules.folded(row.title)
        or row.search_grams != rules.search_grams(session.brand_id, row.search_text)
    ]


async def skus_stand_for_combinations(session: BrandSession) -> list[str]:
    """A SKU has a value of each option of its product, and one that the option knows."""
    options = (
        sa.select(
            ProductOptionRow.product_id,
            sa.func.count().label("number"),
        )
        .where(ProductOptionRow.brand_id == session.brand_id)
        .group_by(ProductOptionRow.product_id)
        .subquery()
    )
    chosen = SkuRow.choices[ProductOptionRow.position + 1]
    unknown = (
        sa.select(ProductOptionRow.position)
        .where(
            ProductOptionRow.brand_id == session.brand_id,
            ProductOptionRow.product_id == SkuRow.product_id,
            sa.func.coalesce(chosen != sa.all_(ProductOptionRow.values), True),
        )
        .exists()
    )
    number = sa.func.coalesce(options.c.number, 0)
    rows = await session.execute(
        sa.select(SkuRow.code)
        .outerjoin(options, options.c.product_id == SkuRow.product_id)
        .where(
            SkuRow.brand_id == session.brand_id,
            sa.or_(sa.func.coalesce(sa.func.cardinality(SkuRow.choices), 0) != number, unknown),
        )
        .order_by(SkuRow.code)
    )
    return [f"SKU {code} stands for no combination of its product's options" for code in rows.scalars()]


async def slugs_lead_to_shops(session: BrandSession) -> list[str]:
    """The directory leads from every shop's slug to the shop."""
    entry = (
        sa.select(DirectoryRow.key)
        .where(
            DirectoryRow.kind == SHOP_SLUG,
            DirectoryRow.key == ShopRow.slug,
            DirectoryRow.brand_id == session.brand_id,
            DirectoryRow.target_id == ShopRow.id,
        )
        .exists()
    )
    rows = await session.execute(
        sa.select(ShopRow.slug).where(ShopRow.brand_id == session.brand_id, ~entry).order_by(ShopRow.slug)
    )
    return [f"shop {slug} is not in the directory" for slug in rows.scalars()]


async def items_stand_in_sections_of_their_shop(session: BrandSession) -> list[str]:
    """The section of a shelf's item is one of the same shop."""
    rows = await session.execute(
        sa.select(ShelfItemRow.shop_id, ShelfItemRow.product_id)
        .join(
            ShelfSectionRow,
            sa.and_(ShelfSectionRow.brand_id == session.brand_id, ShelfSectionRow.id == ShelfItemRow.section_id),
        )
        .where(ShelfItemRow.brand_id == session.brand_id, ShelfSectionRow.shop_id != ShelfItemRow.shop_id)
    )
    return [f"shop {shop_id}: product {product_id} stands in another's section" for shop_id, product_id in rows]


async def shelf_items_are_changed(session: BrandSession) -> list[str]:
    """Whatever stands as headquarters published it has no row."""
    rows = await session.execute(
        sa.select(ShelfItemRow.shop_id, ShelfItemRow.product_id).where(
            ShelfItemRow.brand_id == session.brand_id, *UNCHANGED
        )
    )
    return [f"shop {shop_id}: product {product_id} is changed in nothing" for shop_id, product_id in rows]


CHECKS: dict[str, Callable[[BrandSession], Awaitable[list[str]]]] = {
    "stock equals its movements": stock_equals_movements,
    "reserved equals reservations held": reserved_equals_reservations,
    "nothing is oversold": nothing_is_oversold,
    "sales equal sold reservations": sales_equal_sold_reservations,
    "returns are of what was sold": returns_are_of_sales,
    "transfers move what they say": transfers_move_what_they_say,
    "transfers stand as their lines": transfers_stand_as_their_lines,
    "every product has a SKU": products_have_skus,
    "every title is found by its parts": titles_are_found,
    "SKUs stand for combinations": skus_stand_for_combinations,
    "every slug leads to its shop": slugs_lead_to_shops,
    "items stand in sections of their shop": items_stand_in_sections_of_their_shop,
    "an item of a shelf is changed in something": shelf_items_are_changed,
}
