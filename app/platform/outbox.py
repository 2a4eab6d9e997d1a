"""The outbox: facts written with the change that made them, relayed afterwards to whoever subscribed.

Two kinds of subscriber. An *effect* changes this database: it runs in a transaction that also marks it done, so it
happens exactly once. A *delivery* reaches outside (a message, a provider, a live screen): it runs outside any
transaction and may run again after a crash, so it carries the event's id as its own. An event's effects come before its
deliveries; beyond that no order is promised. After
`outbox_attempts` failures an event is parked: metrics and `verify` show it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import array

from app.platform import clock, faults, metrics, retention
from app.platform.db import Brand, BrandSession, Database
from app.platform.models import OutboxRow
from app.platform.settings import Settings

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=10)
"""How long a claimed event stays away from the other relays; a killed relay's events come back after it."""
DELIVERY_SHARE = 0.8
"""How much of a lease one delivery may take; it begins in the rest, or the lease is renewed first."""
BATCH = 50

Effect = Callable[[BrandSession, Any, UUID], Awaitable[None]]
Delivery = Callable[[Brand, Any, UUID], Awaitable[None]]


@dataclass(slots=True)
class Subscriptions:
    """Who acts on which event; composed at start by the entry points."""

    effects: dict[str, dict[str, Effect]] = field(default_factory=dict)
    deliveries: dict[str, dict[str, Delivery]] = field(default_factory=dict)
    kinds: dict[str, type[Any]] = field(default_factory=dict)

    def effect(self, kind: type[Any], name: str, handler: Effect) -> None:
        """`handler(session, event, event_id)` runs in the transaction that marks it done."""
        self.kinds[kind.__name__] = kind
        self.effects.setdefault(kind.__name__, {})[name] = handler

    def delivery(self, kind: type[Any], name: str, handler: Delivery) -> None:
        """`handler(brand, event, event_id)` runs outside any transaction and may run again."""
        self.kinds[kind.__name__] = kind
        self.deliveries.setdefault(kind.__name__, {})[name] = handler


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: UUID
    kind: str
    payload: dict[str, Any]
    attempts: int
    done_by: Sequence[str]
    held_until: datetime
    """On the brand's clock: the row's `due_at` for as long as no other relay has taken it."""
    begin_by: float
    """On this process's own clock: what begins later would outlast the lease."""


class Relay:
    """Carries events of one database to their subscribers."""

    def __init__(self, database: Database, subscriptions: Subscriptions, settings: Settings) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._attempts = settings.outbox_attempts

    async def drain(self, brand: Brand, stop: asyncio.Event | None = None) -> int:
        """Relay everything due for a brand; gives how many events were completed.

        Once `stop` is set no further event is begun; those already claimed come back when their lease ends.
        """
        completed = 0
        while not (stop and stop.is_set()) and (claimed := await self._claim(brand)):
            for event in claimed:
                if stop and stop.is_set():
                    break
                completed += await self._relay(brand, event)
        return completed

    async def _claim(self, brand: Brand) -> list[_Claimed]:
        begin_by = _begin_by()
        async with self._database.transaction(brand) as session:
            due = (
                sa.select(OutboxRow.id)
                .where(
                    OutboxRow.brand_id == brand.id,
                    OutboxRow.done_at.is_(None),
                    OutboxRow.parked_at.is_(None),
                    OutboxRow.due_at <= session.now,
                )
                .order_by(OutboxRow.due_at)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
            rows = await session.execute(
                sa.update(OutboxRow)
                .where(OutboxRow.brand_id == brand.id, OutboxRow.id.in_(due.scalar_subquery()))
                .values(due_at=session.now + LEASE)
                .returning(OutboxRow.id, OutboxRow.kind, OutboxRow.payload, OutboxRow.attempts, OutboxRow.done_by)
                .execution_options(synchronize_session=False)
            )
            held_until = session.now + LEASE
            claimed = (
                _Claimed(row.id, row.kind, row.payload, row.attempts, row.done_by, held_until, begin_by) for row in rows
            )
            return sorted(claimed, key=lambda event: event.id)

    async def _hold(self, brand: Brand, claimed: _Claimed) -> _Claimed | None:
        """The event with a lease that lasts for a whole delivery; None when another relay has it, or it is done."""
        if asyncio.get_running_loop().time() <= claimed.begin_by:
            return claimed
        begin_by = _begin_by()
        async with self._database.transaction(brand) as session:
            held = await session.execute(
                sa.update(OutboxRow)
                .where(
                    OutboxRow.brand_id == brand.id,
                    OutboxRow.id == claimed.id,
                    OutboxRow.done_at.is_(None),
                    OutboxRow.parked_at.is_(None),
                    OutboxRow.due_at == claimed.held_until,
                )
                .values(due_at=session.now + LEASE)
                .returning(OutboxRow.id)
                .execution_options(synchronize_session=False)
            )
            if held.one_or_none() is None:
                return None
            return replace(claimed, held_until=session.now + LEASE, begin_by=begin_by)

    async def _relay(self, brand: Brand, claimed: _Claimed) -> int:
        await faults.pause_point("relay")
        kind = self._subscriptions.kinds.get(claimed.kind)
        done = set(claimed.done_by)
        held: _Claimed | None = claimed
        try:
            if kind is not None:
                event = _decoded(kind, claimed.payload)
                # What is delivered may show what the effects did.
                for name, effect in self._subscriptions.effects.get(claimed.kind, {}).items():
                    if name not in done:
                        await self._database.run(brand, _effect_once(effect, event, claimed.id, name))
                for name, delivery in self._subscriptions.deliveries.get(claimed.kind, {}).items():
                    if name not in done:
                        held = held and await self._hold(brand, held)
                        if held is None:
                            return 0
                        async with asyncio.timeout(LEASE.total_seconds() * DELIVERY_SHARE):
                            await delivery(brand, event, claimed.id)
                        await self._mark(brand, claimed.id, name)
            await self._complete(brand, claimed)
        except Exception as error:
            log.warning("event not relayed", extra={"id": str(claimed.id), "kind": claimed.kind, "error": repr(error)})
            await self._fail(brand, claimed, error)
            return 0
        return 1

    async def _mark(self, brand: Brand, event_id: UUID, name: str) -> None:
        async with self._database.transaction(brand) as session:
            await session.execute(_mark_done(brand.id, event_id, name))

    async def _complete(self, brand: Brand, claimed: _Claimed) -> None:
        async with self._database.transaction(brand) as session:
            await session.execute(
                sa.update(OutboxRow)
                .where(OutboxRow.brand_id == brand.id, OutboxRow.id == claimed.id)
                .values(done_at=session.now)
                .execution_options(synchronize_session=False)
            )
        metrics.events_relayed.labels(claimed.kind).inc()

    async def _fail(self, brand: Brand, claimed: _Claimed, error: Exception) -> None:
        attempts = claimed.attempts + 1
        async with self._database.transaction(brand) as session:
            pause = timedelta(seconds=min(2 ** min(attempts, 10), 600))
            await session.execute(
                sa.update(OutboxRow)
                .where(OutboxRow.brand_id == brand.id, OutboxRow.id == claimed.id, OutboxRow.done_at.is_(None))
                .values(
                    attempts=attempts,
                    due_at=session.now + pause,
                    parked_at=session.now if attempts >= self._attempts else None,
                    last_error=type(error).__name__,
                )
                .execution_options(synchronize_session=False)
            )
        metrics.events_failed.labels(claimed.kind).inc()


def _begin_by() -> float:
    return asyncio.get_running_loop().time() + LEASE.total_seconds() * (1 - DELIVERY_SHARE)


def _mark_done(brand_id: UUID, event_id: UUID, name: str) -> sa.Update:
    return (
        sa.update(OutboxRow)
        .where(OutboxRow.brand_id == brand_id, OutboxRow.id == event_id)
        .values(done_by=OutboxRow.done_by + array([name]))
        .execution_options(synchronize_session=False)
    )


def _effect_once(effect: Effect, event: Any, event_id: UUID, name: str) -> Callable[[BrandSession], Awaitable[None]]:
    async def work(session: BrandSession) -> None:
        # The row lock makes a second relay wait and then see the mark: the effect and its completion commit together.
        row = await session.execute(
            sa.select(OutboxRow.done_by)
            .where(OutboxRow.brand_id == session.brand.id, OutboxRow.id == event_id)
            .with_for_update()
        )
        if name in row.scalar_one():
            return
        await effect(session, event, event_id)
        await session.execute(_mark_done(session.brand.id, event_id, name))

    return work


def _decoded(kind: type[Any], payload: dict[str, Any]) -> Any:
    """The event as its dataclass; fields declared as ids and instants get their types back."""
    values: dict[str, Any] = {}
    for item in fields(kind):
        value = payload.get(item.name)
        declared = str(item.type)
        if value is not None and "UUID" in declared:
            value = UUID(value)
        elif value is not None and "datetime" in declared:
            value = datetime.fromisoformat(value)
        values[item.name] = value
    return kind(**values)


async def waiting(session: BrandSession) -> tuple[int, int, float]:
    """Events not yet relayed, events parked, and the age in seconds of the oldest that waits."""
    row = (
        await session.execute(
            sa.select(
                sa.func.count().filter(OutboxRow.parked_at.is_(None)),
                sa.func.count().filter(OutboxRow.parked_at.is_not(None)),
                sa.func.min(OutboxRow.created_at).filter(OutboxRow.parked_at.is_(None)),
            ).where(OutboxRow.brand_id == session.brand.id, OutboxRow.done_at.is_(None))
        )
    ).one()
    oldest: datetime | None = row[2]
    age = 0.0 if oldest is None else (clock.utc_now() - oldest).total_seconds()
    return row[0], row[1], age


async def forget_done(session: BrandSession, *, ttl_seconds: int) -> int:
    """Delete events completed longer ago than `ttl_seconds`, a bounded number; gives how many."""
    return await retention.forget(session, OutboxRow, OutboxRow.done_at < session.now - timedelta(seconds=ttl_seconds))
