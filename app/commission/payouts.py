"""Payouts: approved withdrawals as their provider knows them. Every function here calls it, outside any transaction.

A withdrawal is one payout under one number. That it is sent is written down and committed before it is sent, and what
is booked follows from how the number stands with the provider, never from whether a call was answered. While the
outcome is unknown the money stays IN_PAYOUT and the job asks. It is sent again only when the provider does not know
the number at an instant, on its own clock, at which it accepts the try before no more. So nothing is paid twice,
whoever dies where.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

from app.commission import withdrawals
from app.commission.events import WithdrawalApproved
from app.commission.payout_providers import required_provider
from app.commission.values import WithdrawalState
from app.commission.withdrawal_rules import MOST_TRIES
from app.commission.withdrawals import Standing
from app.platform import clock, faults
from app.platform.db import Brand, BrandSession
from app.platform.integrations.payments import ProviderRefused, ProviderUnavailable
from app.platform.integrations.payouts import Payout, PayoutRequest, PayoutState
from app.platform.runtime import Runtime

log = logging.getLogger(__name__)

LOOKED_AFTER_AT_ONCE: Final = 100
NOT_ACCEPTED: Final = "NOT_ACCEPTED"
"""The reason of a payout that was sent MOST_TRIES times and never reached its provider."""


def sender(runtime: Runtime) -> Callable[[Brand, WithdrawalApproved, UUID], Awaitable[None]]:
    """The delivery of WithdrawalApproved: asks the provider. A repeat finds that it was asked, and does nothing."""

    async def deliver(brand: Brand, event: WithdrawalApproved, _: UUID) -> None:
        await send(runtime, brand, event.withdrawal_id, after_tries=0)

    return deliver


async def look_after(runtime: Runtime, brand: Brand) -> int:
    """Ask about payouts that nothing was heard of for a while, send what nobody sent; gives how many ended. A job.

    One that cannot be settled stops no other.
    """

    async def claim(session: BrandSession) -> list[UUID]:
        return await withdrawals.claim_due(session, limit=LOOKED_AFTER_AT_ONCE, now=session.now)

    ended = 0
    for withdrawal_id in await runtime.database.run(brand, claim):
        try:
            ended += await advance(runtime, brand, withdrawal_id)
        except Exception as error:
            log.warning("payout not settled", extra={"withdrawal": str(withdrawal_id), "error": repr(error)})
    return ended


async def advance(runtime: Runtime, brand: Brand, withdrawal_id: UUID) -> bool:
    """Take a payout as far as it goes now: send it, or ask about it and book the answer. True when it ended so.

    Raises: ProviderUnavailable.
    """
    async with runtime.database.reading(brand) as session:
        found = await withdrawals.find(session, withdrawal_id)
    if found is not None and found.state is WithdrawalState.APPROVED:
        return await send(runtime, brand, withdrawal_id, after_tries=0)
    if found is None or found.state is not WithdrawalState.IN_PAYOUT:
        return False
    payout = await required_provider(runtime).query(found.number)
    await faults.pause_point("payout_queried")
    return await _book(runtime, brand, found, payout)


async def send(runtime: Runtime, brand: Brand, withdrawal_id: UUID, *, after_tries: int) -> bool:
    """Write down that a payout is sent, send it, book what the provider says. True when it ended so.

    `after_tries`: how often it was sent before; where that is no longer so, nothing happens.
    """
    provider = required_provider(runtime)
    # The provider lives on the wall clock, whatever time the brand has.
    accept_by = clock.utc_now() + timedelta(seconds=runtime.settings.payout_acceptance_seconds)

    async def begin(session: BrandSession) -> Standing | None:
        return await withdrawals.begin_sending(
            session, withdrawal_id=withdrawal_id, accept_by=accept_by, after_tries=after_tries, now=session.now
        )

    sending = await runtime.database.run(brand, begin)
    if sending is None:
        return False
    await faults.pause_point("payout_recorded")
    request = PayoutRequest(
        number=sending.number,
        payer=str(brand.id),
        recipient=str(sending.employee_id),
        amount_minor=sending.amount_minor,
        currency=brand.currency,
        accept_by=accept_by,
    )
    try:
        payout = await provider.send(request)
    except (ProviderUnavailable, ProviderRefused) as error:
        log.warning("payout unknown, it is asked about", extra={"withdrawal": str(withdrawal_id), "error": repr(error)})
        return False
    await faults.pause_point("payout_called")
    return await _book(runtime, brand, sending, payout)


async def _book(runtime: Runtime, brand: Brand, known: Standing, payout: Payout) -> bool:
    """Book how a payout stands with the provider. `known`: what was known of the withdrawal before it was asked.

    Raises: ValueError when the provider paid something else.
    """
    if payout.state is PayoutState.UNKNOWN:
        return await _come_to_nothing(runtime, brand, known, payout)
    if payout.state not in (PayoutState.PAID, PayoutState.FAILED):
        return False
    if (payout.amount_minor, payout.currency) != (known.amount_minor, brand.currency):
        raise ValueError("the provider has another amount or currency")
    if payout.state is PayoutState.FAILED:
        return await _fail(runtime, brand, known.id, payout.reason or payout.state.value)
    if payout.transaction_id is None:
        raise ValueError("the provider has paid without a transaction")
    transaction_id = payout.transaction_id

    async def work(session: BrandSession) -> bool:
        return await withdrawals.book_paid(
            session, withdrawal_id=known.id, transaction_id=transaction_id, now=session.now
        )

    return await runtime.database.run(brand, work)


async def _come_to_nothing(runtime: Runtime, brand: Brand, known: Standing, payout: Payout) -> bool:
    """The provider knows no such payout: once it can no longer accept the last try, send another, or give up."""
    if known.accept_by is None or payout.at <= known.accept_by:
        return False
    if known.tries < MOST_TRIES:
        return await send(runtime, brand, known.id, after_tries=known.tries)
    return await _fail(runtime, brand, known.id, NOT_ACCEPTED)


async def _fail(runtime: Runtime, brand: Brand, withdrawal_id: UUID, reason: str) -> bool:
    async def work(session: BrandSession) -> bool:
        return await withdrawals.book_failed(session, withdrawal_id=withdrawal_id, reason=reason, now=session.now)

    return await runtime.database.run(brand, work)
