"""What must hold for quotations at any time; each check is one read and gives what breaks it."""

from collections.abc import Awaitable, Callable

import sqlalchemy as sa

from app.commission.models import SaleRow
from app.marketing.models import CodeRow
from app.marketing.values import CodeKind
from app.platform.db import BrandSession
from app.trade.models import OrderLineRow, OrderRow
from app.trade.quotation_models import QuotationLineRow, QuotationRow
from app.trade.quotation_rules import LONGEST_VALIDITY
from app.trade.values import QuotationState


async def quotations_are_their_lines(session: BrandSession) -> list[str]:
    """Every quotation has lines, and they come to its goods; it is good for no longer than can be promised."""
    lines = (
        sa.select(sa.func.sum(QuotationLineRow.quantity * QuotationLineRow.unit_price_minor))
        .where(QuotationLineRow.brand_id == session.brand_id, QuotationLineRow.quotation_id == QuotationRow.id)
        .scalar_subquery()
    )
    rows = await session.execute(
        sa.select(QuotationRow.id, QuotationRow.subtotal_minor, lines).where(
            QuotationRow.brand_id == session.brand_id,
            sa.or_(
                QuotationRow.subtotal_minor.is_distinct_from(sa.cast(lines, sa.BigInteger)),
                QuotationRow.expires_at - QuotationRow.created_at > LONGEST_VALIDITY,
            ),
        )
    )
    return [f"quotation {row[0]}: goods {row[1]}, lines {row[2]}, or good for too long" for row in rows]


async def quotations_end_in_time(session: BrandSession) -> list[str]:
    """An open quotation has no end; any other ended after it was made and before its time was over.

    EXPIRED is never written down.
    """
    is_open = QuotationRow.state == QuotationState.OPEN.value
    is_wrong = sa.or_(
        QuotationRow.state == QuotationState.EXPIRED.value,
        is_open != QuotationRow.ended_at.is_(None),
        QuotationRow.ended_at < QuotationRow.created_at,
        QuotationRow.ended_at >= QuotationRow.expires_at,
    )
    rows = await session.execute(
        sa.select(QuotationRow.id, QuotationRow.state, QuotationRow.ended_at).where(
            QuotationRow.brand_id == session.brand_id, is_wrong
        )
    )
    return [f"quotation {row[0]}: {row[1]}, ended at {row[2]}" for row in rows]


async def quotations_have_their_codes(session: BrandSession) -> list[str]:
    """A quotation's code leads to it, in the shop of the guide who made it; no other code leads to a quotation."""
    quoted = (
        sa.select(QuotationRow.id, QuotationRow.code_id, QuotationRow.guide_id, QuotationRow.shop_id)
        .where(QuotationRow.brand_id == session.brand_id)
        .subquery("quoted")
    )
    code = (
        sa.select(CodeRow.id, CodeRow.target_id, CodeRow.guide_id, CodeRow.shop_id)
        .where(CodeRow.brand_id == session.brand_id, CodeRow.kind == CodeKind.QUOTATION.value)
        .subquery("code_of_quotation")
    )
    rows = await session.execute(
        sa.select(quoted.c.id, code.c.id)
        .select_from(quoted)
        .outerjoin(code, code.c.id == quoted.c.code_id, full=True)
        .where(
            sa.or_(
                quoted.c.id.is_distinct_from(code.c.target_id),
                quoted.c.guide_id.is_distinct_from(code.c.guide_id),
                quoted.c.shop_id.is_distinct_from(code.c.shop_id),
            )
        )
    )
    return [f"quotation {row[0]}: its code is {row[1]}" for row in rows]


async def accepted_quotations_are_their_orders(session: BrandSession) -> list[str]:
    """What was accepted is one order of that customer in that shop, with the promised pieces and prices and no others.

    No coupon took anything off, and the sale was decided with the quotation's guide as evidence.
    """
    brand_id = session.brand_id
    promised = (
        sa.select(
            QuotationRow.order_id,
            QuotationLineRow.sku_id,
            QuotationLineRow.quantity,
            QuotationLineRow.unit_price_minor,
        )
        .join(
            QuotationLineRow,
            sa.and_(QuotationLineRow.brand_id == brand_id, QuotationLineRow.quotation_id == QuotationRow.id),
        )
        .where(QuotationRow.brand_id == brand_id, QuotationRow.state == QuotationState.ACCEPTED.value)
        .subquery("promised")
    )
    ordered = (
        sa.select(OrderLineRow.order_id, OrderLineRow.sku_id, OrderLineRow.quantity, OrderLineRow.unit_price_minor)
        .join(QuotationRow, sa.and_(QuotationRow.brand_id == brand_id, QuotationRow.order_id == OrderLineRow.order_id))
        .where(OrderLineRow.brand_id == brand_id)
        .subquery("ordered")
    )
    lines = await session.execute(
        sa.select(sa.func.coalesce(promised.c.order_id, ordered.c.order_id))
        .select_from(promised)
        .outerjoin(
            ordered,
            sa.and_(ordered.c.order_id == promised.c.order_id, ordered.c.sku_id == promised.c.sku_id),
            full=True,
        )
        .where(
            sa.or_(
                promised.c.quantity.is_distinct_from(ordered.c.quantity),
                promised.c.unit_price_minor.is_distinct_from(ordered.c.unit_price_minor),
            )
        )
        .distinct()
    )
    return [f"order {row[0]}: not what was quoted" for row in lines] + await _orders_of_others(session)


async def _orders_of_others(session: BrandSession) -> list[str]:
    brand_id = session.brand_id
    made_by = SaleRow.evidence["facts"]["quotation"]["guide_id"].astext
    rows = await session.execute(
        sa.select(QuotationRow.id, OrderRow.number)
        .outerjoin(OrderRow, sa.and_(OrderRow.brand_id == brand_id, OrderRow.id == QuotationRow.order_id))
        .outerjoin(SaleRow, sa.and_(SaleRow.brand_id == brand_id, SaleRow.id == QuotationRow.order_id))
        .where(
            QuotationRow.brand_id == brand_id,
            QuotationRow.state == QuotationState.ACCEPTED.value,
            sa.or_(
                OrderRow.shop_id.is_distinct_from(QuotationRow.shop_id),
                OrderRow.code_id.is_distinct_from(QuotationRow.code_id),
                OrderRow.subtotal_minor.is_distinct_from(QuotationRow.subtotal_minor),
                OrderRow.discount_minor.is_distinct_from(0),
                OrderRow.customer_id != QuotationRow.customer_id,
                made_by.is_distinct_from(sa.cast(QuotationRow.guide_id, sa.Text)),
            ),
        )
    )
    return [f"quotation {row[0]}: order {row[1]} is not what was accepted" for row in rows]


CHECKS: dict[str, Callable[[BrandSession], Awaitable[list[str]]]] = {
    "quotations are their lines": quotations_are_their_lines,
    "quotations end in time": quotations_end_in_time,
    "quotations have their codes": quotations_have_their_codes,
    "accepted quotations are their orders": accepted_quotations_are_their_orders,
}
