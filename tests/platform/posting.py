"""One brand's outbox with subscribers that count, for tests of the relay."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.platform.db import Brand, BrandSession, Database
from app.platform.models import OutboxRow, RateBucketRow
from app.platform.outbox import Relay, Subscriptions
from app.platform.settings import Settings
from tests import factories


@dataclass(frozen=True, slots=True)
class GoodsMoved:
    """An event of these tests."""

    thing_id: UUID
    moved_at: datetime | None = None
    pieces: int = 1
    previous_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NobodyCares:
    """An event without subscribers."""

    thing_id: UUID


@dataclass
class Post:
    """One brand's outbox with a relay of its own subscribers."""

    database: Database
    brand: Brand
    settings: Settings
    subscriptions: Subscriptions

    def relay(self, **settings: Any) -> Relay:
        return Relay(self.database, self.subscriptions, self.settings.model_copy(update=settings))

    async def emit(self, *events: Any) -> None:
        async with self.database.transaction(self.brand) as session:
            for event in events:
                session.emit(event)

    async def rows(self) -> list[Any]:
        async with self.database.reading(self.brand) as session:
            found = await session.execute(
                sa.select(OutboxRow.__table__).where(OutboxRow.brand_id == self.brand.id).order_by(OutboxRow.id)
            )
            return list(found)

    async def make_due(self) -> None:
        """Let the time until the next try pass."""
        async with self.database.transaction(self.brand) as session:
            await session.execute(
                sa.update(OutboxRow)
                .where(OutboxRow.brand_id == self.brand.id)
                .values(due_at=session.now - timedelta(seconds=1))
                .execution_options(synchronize_session=False)
            )

    async def tallies(self) -> dict[str, int]:
        """What `tally` counted, by thing."""
        async with self.database.reading(self.brand) as session:
            rows = await session.execute(
                sa.select(RateBucketRow.subject, RateBucketRow.tries).where(RateBucketRow.brand_id == self.brand.id)
            )
            return {row.subject: row.tries for row in rows}


async def tally(session: BrandSession, event: GoodsMoved, event_id: UUID) -> None:
    """An effect that is visible when it happens twice."""
    row = sa.select(RateBucketRow.tries).where(
        RateBucketRow.brand_id == session.brand_id, RateBucketRow.subject == str(event.thing_id)
    )
    before = (await session.execute(row.with_for_update())).scalar_one_or_none()
    if before is None:
        await session.execute(
            sa.insert(RateBucketRow).values(
                brand_id=session.brand_id,
                kind="tally",
                subject=str(event.thing_id),
                window_started_at=session.now,
                tries=event.pieces,
            )
        )
        return
    await session.execute(
        sa.update(RateBucketRow)
        .where(RateBucketRow.brand_id == session.brand_id, RateBucketRow.subject == str(event.thing_id))
        .values(tries=before + event.pieces)
        .execution_options(synchronize_session=False)
    )


class Letterbox:
    """A delivery that keeps what came, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.tries = 0
        self.letters: list[tuple[UUID, Any]] = []

    async def __call__(self, brand: Brand, event: Any, event_id: UUID) -> None:
        self.tries += 1
        if self.tries <= self.failures:
            raise ConnectionError("19900001234 does not answer")
        self.letters.append((event_id, event))


def thing() -> UUID:
    return UUID(int=factories.next_number())
