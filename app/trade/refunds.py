"""Refunds: money on its way back. Recorded with its cause, done by the provider outside, booked when it is done."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from app.platform import faults
from app.platform.db import Brand, BrandSession
from app.platform.integrations.payments import ProviderRefused, ProviderUnavailable, RefundRequest
from app.platform.runtime import Runtime
from app.trade import moves, numbers
from app.trade.events import RefundRequested
from app.trade.models import OrderRow, PaymentRow, RefundRow
from app.trade.providers import required_provider
from app.trade.values import OrderState, PaymentEvent, RefundCause, RefundState

log = logging.getLogger(__name__)

RETRY_AFTER = timedelta(seconds=60)
"""How long a refund stays with its first handler, or rests after a failure, before the job asks again."""
RETRIED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class _Open:
    provider: str
    state: RefundState
    request: RefundRequest


async def request(
    session: BrandSession,
    *,
    payment_id: UUID,
    order_id: UUID,
    cause: RefundCause,
    amount_minor: int,
    now: datetime,
) -> UUID:
    """Record that money goes back; a payment is refunded once for one cause. Emits: RefundRequested."""
    refund_id = session.new_id()
    await session.execute(
        sa.insert(RefundRow).values(
            brand_id=session.brand_id,
            id=refund_id,
            payment_id=payment_id,
            order_id=order_id,
            cause=cause.value,
            number=numbers.random_number(),
            state=RefundState.REQUESTED.value,
            amount_minor=amount_minor,
            requested_at=now,
        )
    )
    session.emit(RefundRequested(refund_id))
    return refund_id


def refunder(runtime: Runtime) -> Callable[[Brand, RefundRequested, UUID], Awaitable[None]]:
    """The delivery of RefundRequested: asks the provider, outside any transaction."""

    async def deliver(brand: Brand, event: RefundRequested, _: UUID) -> None:
        await pay_back(runtime, brand, event.refund_id)

    return deliver


async def retry_failed(runtime: Runtime, brand: Brand) -> int:
    """Ask again for refunds that failed, or that nobody answered for a minute; gives how many are done. A job.

    The one that rested longest comes first, and one that cannot be settled stops no other.
    """
    rested_from = sa.func.coalesce(RefundRow.ended_at, RefundRow.requested_at)
    async with runtime.database.reading(brand) as session:
        since = session.now - RETRY_AFTER
        waiting = (
            await session.scalars(
                sa.select(RefundRow.id)
                .where(
                    RefundRow.brand_id == brand.id,
                    RefundRow.state.in_([RefundState.REQUESTED.value, RefundState.FAILED.value]),
                    rested_from <= since,
                )
                .order_by(rested_from, RefundRow.id)
                .limit(RETRIED_AT_ONCE)
            )
        ).all()
    done = 0
    for refund_id in waiting:
        try:
            done += await pay_back(runtime, brand, refund_id)
        except Exception:
            log.exception("refund not settled", extra={"refund": str(refund_id)})
    return done


async def pay_back(runtime: Runtime, brand: Brand, refund_id: UUID) -> bool:
    """Have the provider send the money back, then book it; done twice it is done once. False: it failed, ask again."""
    async with runtime.database.reading(brand) as session:
        found = await _find(session, refund_id)
    if found.state is RefundState.SUCCEEDED:
        return True
    try:
        await required_provider(runtime, found.provider).refund(found.request)
        is_done = True
    except (ProviderUnavailable, ProviderRefused) as error:
        log.warning("refund failed, it is asked again", extra={"refund": str(refund_id), "error": repr(error)})
        is_done = False
    await faults.pause_point("refund_called")

    async def work(session: BrandSession) -> None:
        if is_done:
            await book_success(session, refund_id=refund_id, now=session.now)
        else:
            await _change(session, refund_id, RefundState.FAILED, session.now)

    await runtime.database.run(brand, work)
    return is_done


async def book_success(session: BrandSession, *, refund_id: UUID, now: datetime) -> bool:
    """The money has gone back: refund SUCCEEDED, payment REFUNDED. False when that was booked before.

    A cancelled order shows what came late and went back as refunded, up to its total. One that is paid shows nothing:
    its own money is still here, and what went back was never its due.
    """
    its_order = sa.select(RefundRow.order_id).where(RefundRow.brand_id == session.brand_id, RefundRow.id == refund_id)
    order = await moves.lock_order(session, OrderRow.id == its_order.scalar_subquery())
    refund = await _change(session, refund_id, RefundState.SUCCEEDED, now)
    if order is None or refund is None:
        return False
    payment_id, amount_minor = refund
    await moves.move_payment(session, payment_id, PaymentEvent.REFUND, now=now)
    if order.state is OrderState.CANCELLED:
        await session.execute(
            sa.update(OrderRow)
            .where(OrderRow.brand_id == session.brand_id, OrderRow.id == order.id)
            .values(refunded_minor=sa.func.least(OrderRow.total_minor, OrderRow.refunded_minor + amount_minor))
            .execution_options(synchronize_session=False)
        )
    return True


async def _change(session: BrandSession, refund_id: UUID, state: RefundState, now: datetime) -> tuple[UUID, int] | None:
    """Set the state of a refund that is not done yet; gives its payment and amount, None when it is done."""
    changed = await session.execute(
        sa.update(RefundRow)
        .where(
            RefundRow.brand_id == session.brand_id,
            RefundRow.id == refund_id,
            RefundRow.state != RefundState.SUCCEEDED.value,
        )
        .values(state=state.value, ended_at=now)
        .returning(RefundRow.payment_id, RefundRow.amount_minor)
        .execution_options(synchronize_session=False)
    )
    row = changed.one_or_none()
    return None if row is None else (row.payment_id, row.amount_minor)


async def _find(session: BrandSession, refund_id: UUID) -> _Open:
    row = (
        await session.execute(
            sa.select(
                PaymentRow.provider,
                RefundRow.state,
                RefundRow.number,
                PaymentRow.number.label("charge_number"),
                RefundRow.amount_minor,
                PaymentRow.amount_minor.label("charge_amount_minor"),
            )
            .join(PaymentRow, sa.and_(PaymentRow.brand_id == session.brand_id, PaymentRow.id == RefundRow.payment_id))
            .where(RefundRow.brand_id == session.brand_id, RefundRow.id == refund_id)
        )
    ).one()
    return _Open(
        provider=row.provider,
        state=RefundState(row.state),
        request=RefundRequest(
            number=row.number,
            charge_number=row.charge_number,
            amount_minor=row.amount_minor,
            charge_amount_minor=row.charge_amount_minor,
            currency=session.brand.currency,
        ),
    )
