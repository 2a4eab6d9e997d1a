"""Where it is decided that an after-sale's money goes back: booked once, whatever the provider does with it later."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.commission import reversals
from app.platform.db import BrandSession
from app.products import stock_returns
from app.products.values import StockLine
from app.trade import after_sale_moves, refunds
from app.trade import after_sale_rules as rules
from app.trade.after_sale_moves import LockedAfterSale
from app.trade.models import AfterSaleRow, OrderLineRow, OrderRow, PaymentRow, RefundRow
from app.trade.moves import LockedOrder
from app.trade.reroutes import NOTHING, Missing, missing_pieces
from app.trade.values import AfterSaleEvent, PaymentState, RefundCause


async def start(
    session: BrandSession,
    order: LockedOrder,
    after_sale: LockedAfterSale,
    *,
    actor: str,
    is_back: bool,
    location_id: UUID | None = None,
    now: datetime,
) -> LockedAfterSale:
    """The refund of an approved or received after-sale is decided. Eight to ten statements.

    From here on the goods count as refunded and the commission of their share is taken back. `is_back`: the pieces go
    into stock again, at `location_id` or where they were sold; pieces that never left do so in any case. Where nothing
    was paid for them the after-sale ends at once. Raises: WrongState. Emits: RefundRequested, CommissionReversed.
    """
    is_unshipped = rules.never_left(order.state)
    is_restocked = is_back or is_unshipped
    started = await after_sale_moves.move(
        session,
        after_sale,
        AfterSaleEvent.START_REFUND,
        actor=actor,
        now=now,
        freight_minor=await _freight(session, after_sale) if is_unshipped else 0,
        is_restocked=is_restocked,
        refund_on=session.brand.day_of(now),
    )
    if started.goods_minor:
        await session.execute(
            sa.update(OrderRow)
            .where(OrderRow.brand_id == session.brand_id, OrderRow.id == order.id)
            .values(refunded_goods_minor=OrderRow.refunded_goods_minor + started.goods_minor)
            .execution_options(synchronize_session=False)
        )
    if started.refund_minor:
        await refunds.request(
            session,
            payment_id=await _payment(session, order.id),
            order_id=order.id,
            cause=RefundCause.AFTER_SALE,
            after_sale_id=started.id,
            amount_minor=started.refund_minor,
            now=now,
        )
    if is_restocked:
        # Pieces that never left lie where they were sold from, whoever decides, unless they are not there at all.
        lost = await missing_pieces(session, order_id=order.id) if is_unshipped and order.is_stranded else NOTHING
        await _put_back(session, started, None if is_unshipped else location_id, lost=lost, now=now)
    if started.goods_minor:
        await reversals.reverse(
            session,
            sale_id=order.id,
            line_id=started.line_id,
            after_sale_id=started.id,
            refund_minor=started.goods_minor,
            now=now,
        )
    if not started.refund_minor:
        return await after_sale_moves.end_refunded(session, order, started, actor=actor, now=now)
    return started


async def _put_back(
    session: BrandSession,
    after_sale: LockedAfterSale,
    location_id: UUID | None,
    *,
    lost: Missing,
    now: datetime,
) -> None:
    sku_id = await session.scalar(
        sa.select(OrderLineRow.sku_id).where(
            OrderLineRow.brand_id == session.brand_id, OrderLineRow.id == after_sale.line_id
        )
    )
    if sku_id is None:
        raise LookupError(f"line {after_sale.line_id} is gone")
    lines = [StockLine(sku_id, after_sale.quantity)]
    await stock_returns.put_back(
        session,
        order_id=after_sale.order_id,
        lines=lines,
        location_id=location_id,
        lost=lost.pieces,
        lost_because=lost.reason,
        now=now,
    )


async def _freight(session: BrandSession, after_sale: LockedAfterSale) -> int:
    """The order's freight where this is the last of its pieces to be decided, less what has gone back of it."""
    pieces = sa.select(sa.func.sum(OrderLineRow.quantity)).where(
        OrderLineRow.brand_id == session.brand_id, OrderLineRow.order_id == after_sale.order_id
    )
    decided = (
        sa.select(
            sa.func.coalesce(sa.func.sum(AfterSaleRow.quantity), 0).label("pieces"),
            sa.func.coalesce(sa.func.sum(AfterSaleRow.freight_minor), 0).label("freight_minor"),
        )
        .where(
            AfterSaleRow.brand_id == session.brand_id,
            AfterSaleRow.order_id == after_sale.order_id,
            AfterSaleRow.state.in_([state.value for state in rules.DECIDED]),
        )
        .subquery()
    )
    row = (
        await session.execute(
            sa.select(
                OrderRow.freight_minor,
                pieces.scalar_subquery().label("order_pieces"),
                decided.c.pieces,
                decided.c.freight_minor.label("given_minor"),
            )
            .join(decided, sa.true())
            .where(OrderRow.brand_id == session.brand_id, OrderRow.id == after_sale.order_id)
        )
    ).one()
    return rules.freight_due(
        row.freight_minor,
        order_pieces=int(row.order_pieces),
        decided_pieces=int(row.pieces) + after_sale.quantity,
        given_minor=int(row.given_minor),
    )


async def _payment(session: BrandSession, order_id: UUID) -> UUID:
    """The payment that a paid order keeps: the one that does not go back by itself."""
    goes_back = sa.exists().where(
        RefundRow.brand_id == session.brand_id,
        RefundRow.payment_id == PaymentRow.id,
        RefundRow.after_sale_id.is_(None),
    )
    found = await session.execute(
        sa.select(PaymentRow.id).where(
            PaymentRow.brand_id == session.brand_id,
            PaymentRow.order_id == order_id,
            PaymentRow.state == PaymentState.SUCCEEDED.value,
            ~goes_back,
        )
    )
    return found.scalar_one()
