"""The sandbox payment provider's own side: it plays an outside party, with its own book, transactions and callbacks.

Nothing else reads or writes its tables, and it reads none of ours. What goes wrong with real providers can be asked for
by settings: late, repeated and reordered callbacks (`sandbox_payment_delay_seconds`, `…_duplicates`, `…_reorder`),
payments that fail (`…_failure_percent` of the confirmations), and answers that never come (`…_timeout_percent` of the
calls to it, and of its own callbacks, which it then sends again).
"""

import secrets as random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import clock, ids
from app.platform.db import Database
from app.platform.integrations.payments import (
    Booked,
    BookedKind,
    BookedPage,
    Charge,
    ChargeRequest,
    ChargeState,
    ProviderRefused,
    RefundRequest,
)
from app.platform.models import SandboxChargeRow, SandboxDeliveryRow, SandboxRefundRow
from app.platform.settings import Settings

GIVE_UP_AFTER = 20
"""Tries to deliver one callback."""
LEASE_SECONDS = 15
"""How long a callback that is being sent stays away from other senders."""
LONGEST_PAUSE_SECONDS = 60
PAGE = 200
"""Entries of the book that one call gives."""
KEPT = timedelta(days=7)
"""How long a callback that is over stays to be looked at."""


class Confirmation(StrEnum):
    """What a customer's tap on "pay" led to."""

    PAID = "PAID"
    FAILED = "FAILED"
    CLOSED = "CLOSED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A callback on its way. `attempts` counts the present try too."""

    id: UUID
    body: str
    attempts: int


class SandboxBank:
    """The book of charges and refunds, and the queue of callbacks."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    async def open(self, request: ChargeRequest) -> None:
        """Open a charge; a second time it changes nothing. Raises: ProviderRefused when the amount differs."""
        async with self._database.directory() as session:
            await session.execute(
                insert(SandboxChargeRow)
                .values(
                    number=request.number,
                    account=request.account,
                    amount_minor=request.amount_minor,
                    currency=request.currency,
                    state=ChargeState.OPEN,
                    created_at=clock.utc_now(),
                )
                .on_conflict_do_nothing()
            )
            kept = await _charge(session, request.number)
        if kept is None or (kept.amount_minor, kept.currency) != (request.amount_minor, request.currency):
            raise ProviderRefused("NUMBER_USED_FOR_ANOTHER_AMOUNT")

    async def find(self, number: str) -> Charge:
        """How a charge stands; UNKNOWN without one."""
        async with self._database.directory() as session:
            return await _charge(session, number) or Charge(number, ChargeState.UNKNOWN)

    async def close(self, number: str) -> ChargeState:
        """Take back a charge that nobody has paid; gives its state afterwards."""
        async with self._database.directory() as session:
            kept = await _charge(session, number, lock=True)
            if kept is None:
                return ChargeState.UNKNOWN
            if kept.state is ChargeState.PAID:
                return kept.state
            await _set(session, number, state=ChargeState.CLOSED)
            return ChargeState.CLOSED

    async def confirm(self, number: str, *, is_late: bool = False) -> Confirmation:
        """The customer pays; once paid, a second tap changes nothing. A payment that failed can be tried again.

        `is_late` plays the customer whose payment was under way when the merchant closed the charge: the money is taken
        all the same. Without it a closed charge stays closed.
        """
        async with self._database.directory() as session:
            kept = await _charge(session, number, lock=True)
            if kept is None:
                return Confirmation.UNKNOWN
            if kept.state is ChargeState.PAID:
                return Confirmation.PAID
            if kept.state is ChargeState.CLOSED and not is_late:
                return Confirmation.CLOSED
            now = clock.utc_now()
            if falls_on(self._settings.sandbox_payment_failure_percent):
                await _set(session, number, state=ChargeState.FAILED)
                await self._queue(session, kept, "CHARGE.FAILED", None, now)
                return Confirmation.FAILED
            transaction_id = f"sb{random.token_hex(12)}"
            await _set(session, number, state=ChargeState.PAID, transaction_id=transaction_id, confirmed_at=now)
            await self._queue(session, kept, "CHARGE.PAID", transaction_id, now)
            return Confirmation.PAID

    async def refund(self, request: RefundRequest) -> None:
        """Send money back; a second time it changes nothing. Raises: ProviderRefused."""
        async with self._database.directory() as session:
            kept = await _charge(session, request.charge_number, lock=True)
            if kept is None or kept.state is not ChargeState.PAID:
                raise ProviderRefused("CHARGE_NOT_PAID")
            rows = await session.execute(
                sa.select(SandboxRefundRow.number, SandboxRefundRow.amount_minor).where(
                    SandboxRefundRow.charge_number == request.charge_number
                )
            )
            done = {row.number: row.amount_minor for row in rows}
            if request.number in done:
                if done[request.number] != request.amount_minor:
                    raise ProviderRefused("NUMBER_USED_FOR_ANOTHER_AMOUNT")
                return
            if sum(done.values()) + request.amount_minor > kept.amount_minor:
                raise ProviderRefused("MORE_THAN_WAS_PAID")
            await session.execute(
                sa.insert(SandboxRefundRow).from_select(
                    ["number", "account", "charge_number", "amount_minor", "created_at"],
                    sa.select(
                        sa.literal(request.number),
                        SandboxChargeRow.account,
                        SandboxChargeRow.number,
                        sa.literal(request.amount_minor, sa.BigInteger),
                        sa.literal(clock.utc_now(), sa.DateTime(timezone=True)),
                    ).where(SandboxChargeRow.number == request.charge_number),
                )
            )

    async def settle(self, request: ChargeRequest) -> str:
        """Book a charge as paid, at once and without a callback; gives its transaction. A second time it is the same.

        For data that is made up: nobody taps, and none of the faults that are asked for falls on it.
        """
        transaction_id = f"sb{random.token_hex(12)}"
        async with self._database.directory() as session:
            now = clock.utc_now()
            await session.execute(
                insert(SandboxChargeRow)
                .values(
                    number=request.number,
                    account=request.account,
                    amount_minor=request.amount_minor,
                    currency=request.currency,
                    state=ChargeState.PAID,
                    transaction_id=transaction_id,
                    confirmed_at=now,
                    created_at=now,
                )
                .on_conflict_do_nothing()
            )
            kept = await _charge(session, request.number)
        if kept is None or kept.transaction_id is None or kept.amount_minor != request.amount_minor:
            raise ProviderRefused("NUMBER_USED_FOR_ANOTHER_CHARGE")
        return kept.transaction_id

    async def booked(self, account: str, *, since: datetime, until: datetime, cursor: str | None = None) -> BookedPage:
        """Paid charges and refunds of an account, in order of time, PAGE at a time."""
        charges = sa.select(
            SandboxChargeRow.confirmed_at.label("at"),
            sa.literal(BookedKind.CHARGE.value).label("kind"),
            SandboxChargeRow.number,
            SandboxChargeRow.amount_minor,
            SandboxChargeRow.currency,
            SandboxChargeRow.transaction_id,
        ).where(
            SandboxChargeRow.account == account,
            SandboxChargeRow.state == ChargeState.PAID,
            SandboxChargeRow.confirmed_at >= since,
            SandboxChargeRow.confirmed_at < until,
        )
        refunds = (
            sa.select(
                SandboxRefundRow.created_at.label("at"),
                sa.literal(BookedKind.REFUND.value).label("kind"),
                SandboxRefundRow.number,
                SandboxRefundRow.amount_minor,
                SandboxChargeRow.currency,
                sa.null().label("transaction_id"),
            )
            .join(SandboxChargeRow, SandboxChargeRow.number == SandboxRefundRow.charge_number)
            .where(
                SandboxRefundRow.account == account,
                SandboxRefundRow.created_at >= since,
                SandboxRefundRow.created_at < until,
            )
        )
        both = sa.union_all(charges, refunds).subquery()
        query = sa.select(both).order_by(both.c.at, both.c.kind, both.c.number).limit(PAGE + 1)
        if cursor is not None:
            at, kind, number = cursor.split(" ")
            after = sa.tuple_(
                sa.literal(datetime.fromisoformat(at), sa.DateTime(timezone=True)), sa.literal(kind), sa.literal(number)
            )
            query = query.where(sa.tuple_(both.c.at, both.c.kind, both.c.number) > after)
        async with self._database.directory() as session:
            rows = (await session.execute(query)).all()
        entries = tuple(
            Booked(BookedKind(row.kind), row.number, row.amount_minor, row.currency, row.at, row.transaction_id)
            for row in rows[:PAGE]
        )
        last = entries[-1] if len(rows) > PAGE else None
        return BookedPage(
            entries, None if last is None else f"{last.booked_at.isoformat()} {last.kind.value} {last.number}"
        )

    async def due(self, limit: int) -> list[Delivery]:
        """Callbacks to send now. Each is kept from other senders for LEASE_SECONDS and counts as tried."""
        async with self._database.directory() as session:
            now = clock.utc_now()
            chosen = (
                sa.select(SandboxDeliveryRow.id)
                .where(
                    SandboxDeliveryRow.delivered_at.is_(None),
                    SandboxDeliveryRow.due_at <= now,
                    SandboxDeliveryRow.attempts < GIVE_UP_AFTER,
                )
                .order_by(SandboxDeliveryRow.due_at)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            rows = await session.execute(
                sa.update(SandboxDeliveryRow)
                .where(SandboxDeliveryRow.id.in_(chosen.scalar_subquery()))
                .values(due_at=now + timedelta(seconds=LEASE_SECONDS), attempts=SandboxDeliveryRow.attempts + 1)
                .returning(SandboxDeliveryRow.id, SandboxDeliveryRow.body, SandboxDeliveryRow.attempts)
                .execution_options(synchronize_session=False)
            )
            return [Delivery(row.id, row.body, row.attempts) for row in rows]

    async def delivered(self, delivery: Delivery) -> None:
        """The merchant said SUCCESS."""
        async with self._database.directory() as session:
            await session.execute(
                sa.update(SandboxDeliveryRow)
                .where(SandboxDeliveryRow.id == delivery.id)
                .values(delivered_at=clock.utc_now())
                .execution_options(synchronize_session=False)
            )

    async def undelivered(self, delivery: Delivery) -> None:
        """No SUCCESS came back: try again after a pause that doubles up to a minute."""
        pause = timedelta(seconds=min(2.0 ** (delivery.attempts - 1), LONGEST_PAUSE_SECONDS))
        async with self._database.directory() as session:
            await session.execute(
                sa.update(SandboxDeliveryRow)
                .where(SandboxDeliveryRow.id == delivery.id)
                .values(due_at=clock.utc_now() + pause)
                .execution_options(synchronize_session=False)
            )

    async def forget_delivered(self) -> int:
        """Delete callbacks sent or given up a week ago; gives how many."""
        async with self._database.directory() as session:
            before = clock.utc_now() - KEPT
            is_over = sa.or_(
                SandboxDeliveryRow.delivered_at < before,
                sa.and_(SandboxDeliveryRow.attempts >= GIVE_UP_AFTER, SandboxDeliveryRow.due_at < before),
            )
            done = await session.execute(
                sa.delete(SandboxDeliveryRow).where(is_over).execution_options(synchronize_session=False)
            )
            return int(done.rowcount)  # type: ignore[attr-defined]

    async def _queue(
        self, session: AsyncSession, charge: Charge, kind: str, transaction_id: str | None, now: datetime
    ) -> None:
        body = orjson.dumps(
            {
                "id": str(ids.new_id(now)),
                "type": kind,
                "created_at": now,
                "charge": {
                    "number": charge.number,
                    "transaction_id": transaction_id,
                    "amount_minor": charge.amount_minor,
                    "currency": charge.currency,
                },
            }
        ).decode()
        delay = timedelta(seconds=self._settings.sandbox_payment_delay_seconds)
        rows = []
        for _ in range(1 + self._settings.sandbox_payment_duplicates):
            # Reordered: each copy waits up to two seconds of its own, so a later notice may overtake an earlier one.
            stray = timedelta(milliseconds=random.randbelow(2_000) if self._settings.sandbox_payment_reorder else 0)
            rows.append(
                {
                    "id": ids.new_id(now),
                    "number": charge.number,
                    "body": body,
                    "due_at": now + delay + stray,
                    "attempts": 0,
                }
            )
        await session.execute(sa.insert(SandboxDeliveryRow), rows)


def falls_on(percent: int) -> bool:
    """Whether a fault asked for in `percent` of the cases falls on this one."""
    return random.randbelow(100) < percent


async def _charge(session: AsyncSession, number: str, *, lock: bool = False) -> Charge | None:
    query = sa.select(
        SandboxChargeRow.number,
        SandboxChargeRow.state,
        SandboxChargeRow.amount_minor,
        SandboxChargeRow.currency,
        SandboxChargeRow.transaction_id,
    ).where(SandboxChargeRow.number == number)
    row = (await session.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        return None
    return Charge(row.number, ChargeState(row.state), row.amount_minor, row.currency, row.transaction_id)


async def _set(session: AsyncSession, number: str, **values: object) -> None:
    await session.execute(
        sa.update(SandboxChargeRow)
        .where(SandboxChargeRow.number == number)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
