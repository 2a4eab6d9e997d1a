"""Callbacks of payment providers: believed only when signed, fresh and about a payment of ours; booked once; logged.

What is refused changes nothing and leaves its trace too. The order of checks: provider, signature, age, form, number,
currency, amount.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import faults, ids, metrics
from app.platform.db import Brand, BrandSession
from app.platform.integrations.payments import CallbackRefused, ChargeState, Notice
from app.platform.models import CallbackRow
from app.platform.runtime import Runtime
from app.trade import payments
from app.trade.payments import Booking
from app.trade.providers import provider_of
from app.trade.values import CallbackOutcome, ProviderName

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider is told: 200 and SUCCESS, or a 4xx and FAIL with a reason, upon which it tries again."""

    status: int
    reason: str = ""

    @property
    def body(self) -> dict[str, str]:
        return {"code": "FAIL", "message": self.reason} if self.reason else {"code": "SUCCESS"}


async def take(
    runtime: Runtime, provider_path: str, headers: Mapping[str, str], body: bytes, *, now: datetime
) -> Answer:
    """Check a callback, book what it says, and log it. `now` is the wall clock; header names are lower case."""
    try:
        name = ProviderName(provider_path.upper().replace("-", "_"))
    except ValueError:
        return Answer(404, "PROVIDER")
    provider = provider_of(runtime, name)
    if provider is None:
        return await _refuse(runtime, name, "PROVIDER", 404, None, now)
    try:
        notice = provider.read_callback(
            headers, body, now=now, tolerance_seconds=runtime.settings.callback_tolerance_seconds
        )
    except CallbackRefused as refused:
        return await _refuse(runtime, name, refused.reason, refused.status, None, now)
    found = await runtime.database.resolve(payments.PAYMENT_NUMBER, notice.charge.number)
    if found is None:
        return await _refuse(runtime, name, "NUMBER", 404, notice, now)
    brand, payment_id = found
    await faults.pause_point("before_booking")

    async def work(session: BrandSession) -> tuple[CallbackOutcome, Answer]:
        return await _book(session, name, payment_id, notice, now)

    outcome, answer = await runtime.database.run(brand, work)
    _note(name, outcome, answer, brand)
    return answer


async def _book(
    session: BrandSession, name: ProviderName, payment_id: UUID, notice: Notice, now: datetime
) -> tuple[CallbackOutcome, Answer]:
    """Book a genuine notice under the order's lock, which makes equal ones wait for each other."""
    await payments.lock_order_of(session, payment_id)
    charge = notice.charge
    if charge.currency != session.brand.currency:
        outcome, answer = CallbackOutcome.REFUSED, Answer(400, "CURRENCY")
    elif await _was_accepted(session, name, notice):
        outcome, answer = CallbackOutcome.DUPLICATE, Answer(200)
    elif charge.state is ChargeState.PAID and charge.transaction_id is not None:
        booking = await payments.book_success(
            session,
            payment_id=payment_id,
            transaction_id=charge.transaction_id,
            amount_minor=charge.amount_minor,
            now=session.now,
        )
        is_wrong = booking is Booking.WRONG_AMOUNT
        outcome = CallbackOutcome.REFUSED if is_wrong else CallbackOutcome.ACCEPTED
        answer = Answer(400, "AMOUNT") if is_wrong else Answer(200)
    else:
        await payments.book_failure(session, payment_id=payment_id, now=session.now)
        outcome, answer = CallbackOutcome.ACCEPTED, Answer(200)
    await _log(session, name, outcome, answer.reason, notice, now)
    return outcome, answer


async def _was_accepted(session: BrandSession, name: ProviderName, notice: Notice) -> bool:
    seen = await session.scalar(
        sa.select(
            sa.exists().where(
                CallbackRow.provider == name.value,
                CallbackRow.number == notice.charge.number,
                CallbackRow.event_id == notice.event_id,
                CallbackRow.outcome == CallbackOutcome.ACCEPTED.value,
            )
        )
    )
    return bool(seen)


async def _refuse(
    runtime: Runtime, name: ProviderName, reason: str, status: int, notice: Notice | None, now: datetime
) -> Answer:
    answer = Answer(status, reason)
    async with runtime.database.directory() as session:
        await _log(session, name, CallbackOutcome.REFUSED, reason, notice, now)
    _note(name, CallbackOutcome.REFUSED, answer, None)
    return answer


async def _log(
    session: AsyncSession,
    name: ProviderName,
    outcome: CallbackOutcome,
    reason: str,
    notice: Notice | None,
    now: datetime,
) -> None:
    """The trace of a callback. Of one that is not to be believed neither number nor event is kept."""
    await session.execute(
        sa.insert(CallbackRow).values(
            id=ids.new_id(now),
            provider=name.value,
            number=None if notice is None else notice.charge.number,
            event_id=None if notice is None else notice.event_id,
            outcome=outcome.value,
            reason=reason,
            received_at=now,
        )
    )


def _note(name: ProviderName, outcome: CallbackOutcome, answer: Answer, brand: Brand | None) -> None:
    """What operators see, once the trace is committed."""
    metrics.callbacks.labels(name.value, outcome.value).inc()
    if answer.reason:
        log.warning(
            "payment callback refused",
            extra={"provider": name.value, "reason": answer.reason, "brand": None if brand is None else str(brand.id)},
        )
