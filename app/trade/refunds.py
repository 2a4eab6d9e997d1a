"""Refunds: money on its way back. Recorded with its cause, done by the provider outside, booked when it is done.

A provider that refuses leaves the refund FAILED, and its after-sale REFUND_FAILED; one that gives no answer leaves both
as they are, since it may have paid. Either way it is asked again, later each time, always with the same number.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from app.platform import faults
from app.platform.actor import SYSTEM
from app.platform.db import Brand, BrandSession
from app.platform.errors import WrongState
from app.platform.integrations.payments import ProviderRefused, ProviderUnavailable, RefundRequest
from app.platform.runtime import Runtime
from app.trade import after_sale_moves, moves, numbers
from app.trade.after_sale_moves import LockedAfterSale
from app.trade.after_sale_rules import retry_pause
from app.trade.events import OrderRefunded, RefundRequested
from app.trade.models import OrderRow, PaymentRow, RefundRow
from app.trade.moves import LockedOrder
from app.trade.providers import required_provider
from app.trade.values import AfterSaleEvent, AfterSaleState, OrderState, PaymentEvent, RefundCause, RefundState

log = logging.getLogger(__name__)

RETRIED_AT_ONCE = 100


class _Answer(StrEnum):
    """What the provider said. SILENT: nothing; it may have paid."""

    DONE = "DONE"
    REFUSED = "REFUSED"
    SILENT = "SILENT"


@dataclass(frozen=True, slots=True)
class _Open:
    provider: str
    state: RefundState
    request: RefundRequest


@dataclass(frozen=True, slots=True)
class _Locked:
    """A refund that is not done, with what is locked before it. Amounts: minor units."""

    order: LockedOrder
    after_sale: LockedAfterSale | None
    id: UUID
    payment_id: UUID
    amount_minor: int
    tries: int


async def request(
    session: BrandSession,
    *,
    payment_id: UUID,
    order_id: UUID,
    cause: RefundCause,
    amount_minor: int,
    after_sale_id: UUID | None = None,
    now: datetime,
) -> UUID:
    """Record that money goes back, once an after-sale; by itself a payment goes back once for a cause.

    Emits: RefundRequested.
    """
    refund_id = session.new_id()
    await session.execute(
        sa.insert(RefundRow).values(
            brand_id=session.brand_id,
            id=refund_id,
            payment_id=payment_id,
            order_id=order_id,
            after_sale_id=after_sale_id,
            cause=cause.value,
            number=numbers.random_number(),
            state=RefundState.REQUESTED.value,
            amount_minor=amount_minor,
            tries=0,
            requested_at=now,
            due_at=now + retry_pause(0),
        )
    )
    session.emit(RefundRequested(refund_id))
    return refund_id


async def ask_again(session: BrandSession, after_sale: LockedAfterSale, *, actor: str, now: datetime) -> None:
    """Take a locked after-sale's refund, which the provider had refused, up again. Raises: WrongState.

    Emits: RefundRequested.
    """
    if after_sale.state is not AfterSaleState.REFUND_FAILED:
        raise WrongState(after_sale.state)
    await after_sale_moves.move(session, after_sale, AfterSaleEvent.START_REFUND, actor=actor, now=now)
    taken_up = await session.execute(
        sa.update(RefundRow)
        .where(
            RefundRow.brand_id == session.brand_id,
            RefundRow.after_sale_id == after_sale.id,
            RefundRow.state == RefundState.FAILED.value,
        )
        .values(state=RefundState.REQUESTED.value, ended_at=None, due_at=now + retry_pause(0))
        .returning(RefundRow.id)
        .execution_options(synchronize_session=False)
    )
    session.emit(RefundRequested(taken_up.scalar_one()))


def refunder(runtime: Runtime) -> Callable[[Brand, RefundRequested, UUID], Awaitable[None]]:
    """The delivery of RefundRequested: asks the provider, outside any transaction."""

    async def deliver(brand: Brand, event: RefundRequested, _: UUID) -> None:
        await pay_back(runtime, brand, event.refund_id)

    return deliver


async def retry_failed(runtime: Runtime, brand: Brand) -> int:
    """Ask again for refunds that the provider refused or did not answer; gives how many are done. A job.

    The one that is due longest comes first, and one that cannot be settled stops no other.
    """
    async with runtime.database.reading(brand) as session:
        waiting = (
            await session.scalars(
                sa.select(RefundRow.id)
                .where(
                    RefundRow.brand_id == brand.id,
                    RefundRow.state != RefundState.SUCCEEDED.value,
                    RefundRow.due_at <= session.now,
                )
                .order_by(RefundRow.due_at, RefundRow.id)
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
    """Have the provider send the money back, then book it; done twice it is done once. False: ask again."""
    async with runtime.database.reading(brand) as session:
        found = await _find(session, refund_id)
    if found.state is RefundState.SUCCEEDED:
        return True
    answer = await _ask(runtime, found, refund_id)
    await faults.pause_point("refund_called")

    async def work(session: BrandSession) -> None:
        if answer is _Answer.DONE:
            await book_success(session, refund_id=refund_id, now=session.now)
        else:
            await _book_try(session, refund_id, answer, session.now)

    await runtime.database.run(brand, work)
    return answer is _Answer.DONE


async def _ask(runtime: Runtime, found: _Open, refund_id: UUID) -> _Answer:
    try:
        await required_provider(runtime, found.provider).refund(found.request)
        return _Answer.DONE
    except (ProviderUnavailable, ProviderRefused) as error:
        log.warning("refund not done, it is asked again", extra={"refund": str(refund_id), "error": repr(error)})
        return _Answer.REFUSED if isinstance(error, ProviderRefused) else _Answer.SILENT


async def book_success(session: BrandSession, *, refund_id: UUID, now: datetime) -> bool:
    """The money has gone back: refund SUCCEEDED, its after-sale REFUNDED. False when that was booked before.

    The payment is REFUNDED once its whole amount has gone back. The order shows what went back of its own money; a
    cancelled one what came late, up to its total. What had come a second time was never a paid order's due. Emits:
    OrderRefunded for an after-sale.
    """
    refund = await _lock(session, refund_id)
    if refund is None:
        return False
    await _change(session, refund, RefundState.SUCCEEDED, tries=refund.tries, due_at=None, ended_at=now)
    if await _is_whole(session, refund.payment_id):
        await moves.move_payment(session, refund.payment_id, PaymentEvent.REFUND, now=now)
    if refund.after_sale is not None or refund.order.state is OrderState.CANCELLED:
        await session.execute(
            sa.update(OrderRow)
            .where(OrderRow.brand_id == session.brand_id, OrderRow.id == refund.order.id)
            .values(refunded_minor=sa.func.least(OrderRow.total_minor, OrderRow.refunded_minor + refund.amount_minor))
            .execution_options(synchronize_session=False)
        )
    if refund.after_sale is not None:
        await after_sale_moves.end_refunded(session, refund.order, refund.after_sale, actor=SYSTEM.principal, now=now)
        session.emit(OrderRefunded(refund.order.id, refund_id))
    return True


async def _book_try(session: BrandSession, refund_id: UUID, answer: _Answer, now: datetime) -> None:
    """The provider did not pay: it is asked again later. What it refused is FAILED until then."""
    refund = await _lock(session, refund_id)
    if refund is None:
        return
    tries = refund.tries + 1
    due_at = now + retry_pause(tries)
    after_sale = refund.after_sale
    if answer is _Answer.SILENT:
        await _change(session, refund, RefundState.REQUESTED, tries=tries, due_at=due_at, ended_at=None)
        if after_sale is not None and after_sale.state is AfterSaleState.REFUND_FAILED:
            await after_sale_moves.move(
                session, after_sale, AfterSaleEvent.START_REFUND, actor=SYSTEM.principal, now=now
            )
        return
    await _change(session, refund, RefundState.FAILED, tries=tries, due_at=due_at, ended_at=now)
    if after_sale is not None and after_sale.state is AfterSaleState.REFUNDING:
        await after_sale_moves.move(session, after_sale, AfterSaleEvent.FAIL_REFUND, actor=SYSTEM.principal, now=now)


async def _lock(session: BrandSession, refund_id: UUID) -> _Locked | None:
    """Hold a refund's order, its after-sale and the refund itself, in this order; None when it is done already."""
    its = await session.execute(
        sa.select(RefundRow.order_id, RefundRow.after_sale_id).where(
            RefundRow.brand_id == session.brand_id, RefundRow.id == refund_id
        )
    )
    row = its.one()
    order = await moves.lock_order(session, OrderRow.id == row.order_id)
    if order is None:
        raise LookupError(f"the order of refund {refund_id} is gone")
    after_sale = None
    if row.after_sale_id is not None:
        after_sale = await after_sale_moves.lock_under_order(session, row.after_sale_id)
    found = await session.execute(
        sa.select(RefundRow.payment_id, RefundRow.amount_minor, RefundRow.tries)
        .where(
            RefundRow.brand_id == session.brand_id,
            RefundRow.id == refund_id,
            RefundRow.state != RefundState.SUCCEEDED.value,
        )
        .with_for_update()
    )
    refund = found.one_or_none()
    if refund is None:
        return None
    return _Locked(order, after_sale, refund_id, refund.payment_id, refund.amount_minor, refund.tries)


async def _change(
    session: BrandSession,
    refund: _Locked,
    state: RefundState,
    *,
    tries: int,
    due_at: datetime | None,
    ended_at: datetime | None,
) -> None:
    await session.execute(
        sa.update(RefundRow)
        .where(RefundRow.brand_id == session.brand_id, RefundRow.id == refund.id)
        .values(state=state.value, tries=tries, due_at=due_at, ended_at=ended_at)
        .execution_options(synchronize_session=False)
    )


async def _is_whole(session: BrandSession, payment_id: UUID) -> bool:
    """Whether all of a payment has gone back."""
    back = sa.select(sa.func.sum(RefundRow.amount_minor)).where(
        RefundRow.brand_id == session.brand_id,
        RefundRow.payment_id == payment_id,
        RefundRow.state == RefundState.SUCCEEDED.value,
    )
    return bool(
        await session.scalar(
            sa.select(PaymentRow.amount_minor == back.scalar_subquery()).where(
                PaymentRow.brand_id == session.brand_id, PaymentRow.id == payment_id
            )
        )
    )


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
