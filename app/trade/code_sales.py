"""What was bought with a code: the orders that came with it, for whoever shared it."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.platform.db import BrandSession
from app.trade.models import OrderRow


@dataclass(frozen=True, slots=True)
class CodeSales:
    """Paid orders that came with a code, and their net sales: goods after discounts and refunds, in minor units."""

    orders: int = 0
    net_sales_minor: int = 0


NO_CODE_SALES = CodeSales()


async def sales_of_codes(session: BrandSession, code_ids: Collection[UUID]) -> dict[UUID, CodeSales]:
    """What was bought with each code; one with which nobody bought is left out (NO_CODE_SALES). One statement."""
    if not code_ids:
        return {}
    goods = OrderRow.subtotal_minor - OrderRow.discount_minor - OrderRow.refunded_goods_minor
    rows = await session.execute(
        sa.select(OrderRow.code_id, sa.func.count(), sa.cast(sa.func.sum(goods), sa.BigInteger))
        .where(
            OrderRow.brand_id == session.brand_id,
            OrderRow.code_id.in_(list(code_ids)),
            OrderRow.paid_on.is_not(None),
        )
        .group_by(OrderRow.code_id)
    )
    return {row[0]: CodeSales(row[1], row[2]) for row in rows if row[0] is not None}
