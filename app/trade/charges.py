"""Charges: our payments as their providers know them. Every function here calls a provider, outside any transaction.

A charge is known by the payment's number, so each call may be repeated: what a crash left half done, the same request,
the event's next try or the job does again.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from app.platform import faults
from app.platform.db import Brand, BrandSession
from app.platform.integrations.payments import ChargeRequest, ChargeState, ProviderUnavailable
from app.platform.runtime import Runtime
from app.trade import payments
from app.trade.events import OrderCancelled
from app.trade.models import PaymentRow
from app.trade.payments import PaymentFacts
from app.trade.providers import required_provider, settle_in_sandbox
from app.trade.values import OrderState, PaymentState

log = logging.getLogger(__name__)

TRIES = 3
"""Tries to open a charge before the customer is told to try again."""
QUERY_AFTER = timedelta(seconds=60)
"""A payment that nothing was heard of for so long is asked about."""
QUERIED_AT_ONCE = 100


async def open_charge(runtime: Runtime, brand: Brand, payment_id: UUID) -> bool:
    """Open a started payment's charge with its provider and keep what the customer's phone pays with.

    Done before: nothing happens. False: the provider gave no answer; ask again with the same payment.
    Raises: ProviderRefused.
    """
    payment = await _payment(runtime, brand, payment_id)
    if payment.client_parameters is not None or payment.state is not PaymentState.STARTED:
        return True
    request = charge_request(brand, payment)
    provider = required_provider(runtime, payment.provider)
    for left in reversed(range(TRIES)):
        try:
            parameters = await provider.create(request)
            break
        except ProviderUnavailable:
            if not left:
                return False
    await faults.pause_point("provider_called")

    async def work(session: BrandSession) -> None:
        await payments.keep_client_parameters(session, payment_id=payment_id, parameters=parameters)

    await runtime.database.run(brand, work)
    return True


def charge_request(brand: Brand, payment: PaymentFacts) -> ChargeRequest:
    """A payment as its provider is to know it."""
    return ChargeRequest(
        number=payment.number,
        account=account_of(brand),
        amount_minor=payment.amount_minor,
        currency=brand.currency,
        description=f"{brand.name} {payment.order_number}",
        expires_at=payment.pay_by,
    )


def account_of(brand: Brand) -> str:
    """The name under which providers keep a brand's money."""
    return brand.id.hex


async def settle(runtime: Runtime, brand: Brand, payment_id: UUID) -> str:
    """Let the sandbox have a payment's money without a customer, for data that is made up; gives its transaction.

    A second time it is the same. Nothing is booked here: that is the caller's next step.
    """
    return await settle_in_sandbox(runtime, charge_request(brand, await _payment(runtime, brand, payment_id)))


def closer(runtime: Runtime) -> Callable[[Brand, OrderCancelled, UUID], Awaitable[None]]:
    """The delivery of OrderCancelled: closes what the customer could still pay."""

    async def deliver(brand: Brand, event: OrderCancelled, _: UUID) -> None:
        async with runtime.database.reading(brand) as session:
            unpaid = await payments.payment_facts(
                session,
                PaymentRow.order_id == event.order_id,
                PaymentRow.state.in_([PaymentState.STARTED.value, PaymentState.FAILED.value]),
                limit=QUERIED_AT_ONCE,
            )
        for payment in unpaid:
            state = await required_provider(runtime, payment.provider).close(payment.number)
            # Not known there yet: it may be opened at this very moment, so the job looks again.
            if state is not ChargeState.UNKNOWN:
                await _settle(runtime, brand, payment)

    return deliver


async def query_started(runtime: Runtime, brand: Brand) -> int:
    """Ask about payments that nothing was heard of for a minute; gives how many ended. A job.

    A lost callback is made good so, and a charge that nobody may pay any more is closed.
    """
    async with runtime.database.reading(brand) as session:
        silent = await payments.payment_facts(
            session,
            PaymentRow.state == PaymentState.STARTED.value,
            PaymentRow.started_at <= session.now - QUERY_AFTER,
            limit=QUERIED_AT_ONCE,
        )
    ended = 0
    for payment in silent:
        try:
            ended += await _settle(runtime, brand, payment)
        except Exception as error:
            log.warning("payment not settled", extra={"payment": str(payment.id), "error": repr(error)})
    return ended


async def ask_about(runtime: Runtime, brand: Brand, payment_id: UUID) -> bool:
    """Ask at once about a payment that its customer comes back from; False while nothing is known.

    The provider's notice may come before, after or never: money is booked once. Raises: LookupError.
    """
    payment = await _payment(runtime, brand, payment_id)
    if payment.state is not PaymentState.STARTED:
        return True
    try:
        return await _settle(runtime, brand, payment)
    except ProviderUnavailable:
        return False


async def _settle(runtime: Runtime, brand: Brand, payment: PaymentFacts) -> bool:
    """Ask the provider how a charge stands and book it; False while it is still open. Raises: ProviderUnavailable."""
    provider = required_provider(runtime, payment.provider)
    charge = await provider.query(payment.number)
    is_wanted = payment.order_state is OrderState.PENDING_PAYMENT
    state = charge.state
    if state is ChargeState.OPEN and not is_wanted:
        state = await provider.close(payment.number)
        if state is ChargeState.PAID:
            charge = await provider.query(payment.number)
    if state is ChargeState.OPEN or (state is ChargeState.UNKNOWN and is_wanted):
        return False
    if state is ChargeState.PAID and (charge.currency != brand.currency or charge.transaction_id is None):
        raise ValueError("the provider has another currency, or no transaction")

    async def work(session: BrandSession) -> bool:
        if state is ChargeState.FAILED:
            return await payments.book_failure(session, payment_id=payment.id, now=session.now)
        if state is not ChargeState.PAID or charge.transaction_id is None:
            return await payments.book_closed(session, payment_id=payment.id, now=session.now)
        booking = await payments.book_success(
            session,
            payment_id=payment.id,
            transaction_id=charge.transaction_id,
            amount_minor=charge.amount_minor,
            now=session.now,
        )
        if booking is payments.Booking.WRONG_AMOUNT:
            raise ValueError("the provider has another amount")
        return True

    return await runtime.database.run(brand, work)


async def _payment(runtime: Runtime, brand: Brand, payment_id: UUID) -> PaymentFacts:
    async with runtime.database.reading(brand) as session:
        (payment,) = await payments.payment_facts(session, PaymentRow.id == payment_id)
    return payment
