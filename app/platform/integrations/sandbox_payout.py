"""The sandbox payout provider: it plays an outside party that pays people out, with a book of its own.

Nothing else reads or writes its table, and it reads none of ours. What goes wrong with real providers can be asked for
by settings: payouts that are refused (`sandbox_payout_refused_percent`), calls that are carried out without an answer
(`…_unanswered_percent`) or get lost on their way (`…_unreached_percent`, queries too), payouts that take a while
(`…_delay_seconds`), and recipients who have to confirm (`…_waiting_percent`) and are given up after
`…_confirmation_seconds`. Never offered in production.
"""

import secrets as random
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import clock
from app.platform.db import Database
from app.platform.integrations.payments import ProviderRefused, ProviderUnavailable
from app.platform.integrations.payouts import Payout, PayoutRequest, PayoutState
from app.platform.integrations.sandbox_bank import falls_on
from app.platform.models import SandboxPayoutRow
from app.platform.settings import Settings

REFUSED = "RECIPIENT_REFUSED"
NOT_CONFIRMED = "NOT_CONFIRMED"


class SandboxPayout:
    """The provider with its book. How a payout stands follows from its row and the time, so nothing has to run."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    async def send(self, request: PayoutRequest) -> Payout:
        self._maybe_unreached()
        payout = await self._accept(request)
        if falls_on(self._settings.sandbox_payout_unanswered_percent):
            raise ProviderUnavailable("no answer")
        return payout

    async def query(self, number: str) -> Payout:
        self._maybe_unreached()
        async with self._database.directory() as session:
            now = await _take_turn(session, number)
            row = await _find(session, number)
        return Payout(number, PayoutState.UNKNOWN, now) if row is None else _payout(row, now)

    async def accepted(self, *, payer: str, since: datetime, until: datetime) -> list[Payout]:
        self._maybe_unreached()
        async with self._database.directory() as session:
            now = clock.utc_now()
            rows = await session.execute(
                sa.select(*_COLUMNS)
                .where(
                    SandboxPayoutRow.payer == payer,
                    SandboxPayoutRow.created_at >= since,
                    SandboxPayoutRow.created_at < until,
                )
                .order_by(SandboxPayoutRow.created_at, SandboxPayoutRow.number)
            )
            return [_payout(row, now) for row in rows]

    async def confirm(self, number: str) -> PayoutState:
        """The recipient agrees to be paid; gives the state afterwards. Too late, or a second time: nothing changes."""
        async with self._database.directory() as session:
            now = await _take_turn(session, number)
            row = await _find(session, number)
            if row is None:
                return PayoutState.UNKNOWN
            state = _payout(row, now).state
            if state is not PayoutState.WAITING_CONFIRMATION:
                return state
            await session.execute(
                sa.update(SandboxPayoutRow)
                .where(SandboxPayoutRow.number == number)
                .values(confirmed_at=now)
                .execution_options(synchronize_session=False)
            )
            return PayoutState.PAID

    async def _accept(self, request: PayoutRequest) -> Payout:
        async with self._database.directory() as session:
            now = await _take_turn(session, request.number)
            if now <= request.accept_by:
                await session.execute(
                    insert(SandboxPayoutRow).values(self._drawn(request, now)).on_conflict_do_nothing()
                )
            row = await _find(session, request.number)
        if row is None:
            raise ProviderRefused("ACCEPTANCE_IS_OVER")
        kept = (row.payer, row.recipient, row.amount_minor, row.currency)
        if kept != (request.payer, request.recipient, request.amount_minor, request.currency):
            raise ProviderRefused("NUMBER_USED_FOR_ANOTHER_PAYOUT")
        return _payout(row, now)

    def _drawn(self, request: PayoutRequest, now: datetime) -> dict[str, Any]:
        """The row of a payout that is accepted now; whether it fails or waits is drawn here, once."""
        settings = self._settings
        waits = falls_on(settings.sandbox_payout_waiting_percent)
        return {
            "number": request.number,
            "payer": request.payer,
            "recipient": request.recipient,
            "amount_minor": request.amount_minor,
            "currency": request.currency,
            "transaction_id": f"sp{random.token_hex(12)}",
            "is_refused": falls_on(settings.sandbox_payout_refused_percent),
            "created_at": now,
            "ends_at": now + timedelta(seconds=settings.sandbox_payout_delay_seconds),
            "confirm_by": now + timedelta(seconds=settings.sandbox_payout_confirmation_seconds) if waits else None,
        }

    def _maybe_unreached(self) -> None:
        if falls_on(self._settings.sandbox_payout_unreached_percent):
            raise ProviderUnavailable("no answer")


_COLUMNS = (
    SandboxPayoutRow.number,
    SandboxPayoutRow.payer,
    SandboxPayoutRow.recipient,
    SandboxPayoutRow.amount_minor,
    SandboxPayoutRow.currency,
    SandboxPayoutRow.transaction_id,
    SandboxPayoutRow.is_refused,
    SandboxPayoutRow.ends_at,
    SandboxPayoutRow.confirm_by,
    SandboxPayoutRow.confirmed_at,
)


async def _take_turn(session: AsyncSession, number: str) -> datetime:
    """Wait until no other call about the number is under way; gives the provider's time from there.

    Without it a payout could be accepted in time and yet appear after a query had said that there is none.
    """
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(number, 0))))
    return clock.utc_now()


async def _find(session: AsyncSession, number: str) -> Any:
    return (await session.execute(sa.select(*_COLUMNS).where(SandboxPayoutRow.number == number))).one_or_none()


def _payout(row: Any, now: datetime) -> Payout:
    """How a payout stands at an instant."""
    state, reason = _state(row, now)
    return Payout(
        number=row.number,
        state=state,
        at=now,
        amount_minor=row.amount_minor,
        currency=row.currency,
        transaction_id=row.transaction_id if state is PayoutState.PAID else None,
        reason=reason,
    )


def _state(row: Any, now: datetime) -> tuple[PayoutState, str | None]:
    if now < row.ends_at:
        return PayoutState.ACCEPTED, None
    if row.is_refused:
        return PayoutState.FAILED, REFUSED
    if row.confirm_by is None or row.confirmed_at is not None:
        return PayoutState.PAID, None
    if now < row.confirm_by:
        return PayoutState.WAITING_CONFIRMATION, None
    return PayoutState.FAILED, NOT_CONFIRMED
