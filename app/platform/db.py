"""The database: the one owner of transactions.

Services get a `BrandSession`: it knows its brand and the brand's time, row level security is set for it, and only this
module commits. Outbox events collected on the session are written just before the commit.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Protocol, TypeVar
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from app.platform import clock, ids
from app.platform.models import BrandRow, DirectoryRow, OutboxRow
from app.platform.personal_data import PersonalData
from app.platform.secrets import Secrets
from app.platform.settings import Settings

log = logging.getLogger(__name__)
T = TypeVar("T")

RETRY_STATES = frozenset({"40P01", "40001", "55P03"})
"""Deadlock, serialisation failure, lock not had in time: the whole transaction may be run again. So may class 08."""


class TryAgain(Exception):
    """Others were faster, or a number made at random was taken: the whole transaction may be run again."""


class Event(Protocol):
    """An outbox event: a frozen dataclass of ids; its class name is its kind."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Brand:
    """What every request needs to know of its brand. A simulated brand lives at `simulated_now`; workers skip it."""

    id: UUID
    code: str
    name: str
    currency: str
    time_zone: str
    simulated_now: datetime | None = None

    @property
    def is_simulated(self) -> bool:
        return self.simulated_now is not None

    def day_of(self, at: datetime) -> date:
        return clock.business_day(at, self.time_zone)


class BrandSession(AsyncSession):
    """A session inside one transaction of one brand. `now` is the brand's time when the transaction began."""

    brand: Brand
    now: datetime
    vault: PersonalData

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.events: list[tuple[UUID, Event]] = []

    @property
    def brand_id(self) -> UUID:
        return self.brand.id

    def new_id(self) -> UUID:
        """An id minted from the brand's clock."""
        return ids.new_id(self.now)

    def emit(self, event: Event) -> None:
        """Record a fact for the relay; it is written in this transaction or not at all."""
        self.events.append((self.new_id(), event))


class Database:
    """Engine and transactions of one process."""

    def __init__(self, url: str, settings: Settings, secrets: Secrets, *, pool_size: int | None = None) -> None:
        server_settings = {
            "application_name": "guideshop",
            "statement_timeout": str(settings.statement_timeout_ms),
            "lock_timeout": str(settings.lock_timeout_ms),
            "timezone": "UTC",
            "jit": "off",
        }
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size or settings.database_pool_size,
            max_overflow=0,
            pool_timeout=15,
            pool_pre_ping=False,
            # A failed statement is logged; its values may be somebody's name or phone.
            hide_parameters=True,
            connect_args={"server_settings": server_settings},
        )
        self.vault = PersonalData(secrets)
        self.on_events: Callable[[UUID], Awaitable[None]] | None = None
        """Called after a commit that wrote outbox events; a hint only, its failure is harmless."""
        self._brands: dict[UUID, tuple[float, Brand]] = {}
        self._keys: dict[tuple[str, str], tuple[UUID, UUID]] = {}

    async def close(self) -> None:
        await self.engine.dispose()

    @asynccontextmanager
    async def transaction(self, brand: Brand, *, now: datetime | None = None) -> AsyncIterator[BrandSession]:
        """One transaction of one brand: commits at the end of the block, rolls back on any exception."""
        async with self._session(brand, now) as session:
            yield session
            if session.events:
                await _write_events(session)
            await session.commit()
        if session.events and self.on_events is not None:
            await self.on_events(brand.id)

    @asynccontextmanager
    async def reading(
        self, brand: Brand, *, now: datetime | None = None, is_snapshot: bool = False
    ) -> AsyncIterator[BrandSession]:
        """A short read: never commits. Sibling fields each take their own. A snapshot is of one instant throughout."""
        async with self._session(brand, now, is_snapshot=is_snapshot) as session:
            yield session

    async def run(
        self,
        brand: Brand,
        work: Callable[[BrandSession], Awaitable[T]],
        *,
        now: datetime | None = None,
        attempts: int = 4,
    ) -> T:
        """`work` in a transaction, run anew as a whole after a deadlock, a lock time-out or a lost connection.

        A connection lost at COMMIT may have committed: `work` must be safe to repeat (by a key, or a guarded row).
        """
        for attempt in range(1, attempts + 1):
            try:
                async with self.transaction(brand, now=now) as session:
                    return await work(session)
            except (sa.exc.DBAPIError, OSError, TryAgain) as error:
                if attempt == attempts or not may_retry(error):
                    raise
                log.warning("transaction retried", extra={"attempt": attempt, "sqlstate": sqlstate(error)})
                await asyncio.sleep(0.02 * 2**attempt)
        raise AssertionError("unreachable")

    @asynccontextmanager
    async def directory(self) -> AsyncIterator[AsyncSession]:
        """A transaction over directory tables (brand, directory, cron slots), which no brand owns."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            yield session
            await session.commit()

    @asynccontextmanager
    async def _session(
        self, brand: Brand, now: datetime | None, *, is_snapshot: bool = False
    ) -> AsyncIterator[BrandSession]:
        async with BrandSession(self.engine, expire_on_commit=False, autoflush=False) as session:
            if is_snapshot:
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            await set_brand(session, brand.id)
            if now is None:
                now = await _simulated_now(session, brand.id) if brand.is_simulated else clock.utc_now()
            session.brand, session.now, session.vault = brand, now, self.vault
            yield session

    # --- the directory: what leads to a brand without naming it

    async def brand(self, brand_id: UUID) -> Brand | None:
        """The brand by id; kept for five seconds."""
        loop_time = asyncio.get_running_loop().time()
        kept = self._brands.get(brand_id)
        if kept is not None and kept[0] > loop_time:
            return kept[1]
        found = await self._find_brand(BrandRow.id == brand_id)
        return None if found is None else self._keep_brand(found)

    async def brand_by_code(self, code: str) -> Brand | None:
        return await self._find_brand(BrandRow.code == code)

    async def brands(self) -> list[Brand]:
        """Every brand, oldest first."""
        async with self.directory() as session:
            rows = await session.execute(sa.select(*_BRAND_COLUMNS).order_by(BrandRow.id))
            return [Brand(*row) for row in rows]

    async def resolve(self, kind: str, key: str) -> tuple[Brand, UUID] | None:
        """Brand and target of a directory key. Entries never change, so they are kept; new ones are found by a look."""
        found = self._keys.get((kind, key))
        if found is None:
            async with self.directory() as session:
                row = (
                    await session.execute(
                        sa.select(DirectoryRow.target_id, *_BRAND_COLUMNS)
                        .join(BrandRow, BrandRow.id == DirectoryRow.brand_id)
                        .where(DirectoryRow.kind == kind, DirectoryRow.key == key)
                    )
                ).first()
            if row is None:
                return None
            if len(self._keys) > 50_000:
                self._keys.clear()
            resolved = self._keep_brand(Brand(*row[1:]))
            self._keys[(kind, key)] = (resolved.id, row.target_id)
            return resolved, row.target_id
        brand = await self.brand(found[0])
        return None if brand is None else (brand, found[1])

    def forget_everything(self) -> None:
        """Drop all kept brands and directory keys."""
        self._brands.clear()
        self._keys.clear()

    def forget_brand(self, brand_id: UUID) -> None:
        """Drop the kept copy after a change to the brand row."""
        self._brands.pop(brand_id, None)

    def _keep_brand(self, brand: Brand) -> Brand:
        """The brand, kept for five seconds."""
        self._brands[brand.id] = (asyncio.get_running_loop().time() + 5.0, brand)
        return brand

    async def _find_brand(self, condition: sa.ColumnElement[bool]) -> Brand | None:
        async with self.directory() as session:
            row = (await session.execute(sa.select(*_BRAND_COLUMNS).where(condition))).first()
            return None if row is None else Brand(*row)


_BRAND_COLUMNS = (
    BrandRow.id,
    BrandRow.code,
    BrandRow.name,
    BrandRow.currency,
    BrandRow.time_zone,
    BrandRow.simulated_now,
)
_SET_BRAND = sa.text("SELECT set_config('app.brand', :brand, true)")


async def set_brand(session: AsyncSession, brand_id: UUID) -> None:
    """Name the brand for row level security, until the transaction ends. The only place that does."""
    await session.execute(_SET_BRAND, {"brand": str(brand_id)})


async def _simulated_now(session: AsyncSession, brand_id: UUID) -> datetime:
    value = (await session.execute(sa.select(BrandRow.simulated_now).where(BrandRow.id == brand_id))).scalar_one()
    return value or clock.utc_now()


async def _write_events(session: BrandSession) -> None:
    await session.execute(
        sa.insert(OutboxRow),
        [
            {
                "brand_id": session.brand.id,
                "id": event_id,
                "kind": type(event).__name__,
                "payload": {k: str(v) if isinstance(v, UUID | datetime) else v for k, v in asdict(event).items()},
                "created_at": session.now,
                "due_at": session.now,
                "attempts": 0,
                "done_by": [],
            }
            for event_id, event in session.events
        ],
    )


def register(session: BrandSession, kind: str, key: str, target_id: UUID) -> sa.Insert:
    """The statement that writes a directory entry beside the tenant row in `session`'s transaction."""
    return sa.insert(DirectoryRow).values(kind=kind, key=key, brand_id=session.brand.id, target_id=target_id)


def sqlstate(error: BaseException) -> str:
    """The SQLSTATE behind a driver error, or an empty string."""
    origin = getattr(error, "orig", error)
    return str(getattr(origin, "sqlstate", "") or "")


def may_retry(error: BaseException) -> bool:
    """Whether the whole transaction may be run again."""
    state = sqlstate(error)
    return (
        # A server that is just starting has no socket yet: nothing was done.
        isinstance(error, TryAgain | ConnectionError | FileNotFoundError)
        or state in RETRY_STATES
        or state.startswith(("08", "57P"))
        or getattr(error, "connection_invalidated", False) is True
        # The connection died while the driver was busy with it; the driver is out of step, and it is thrown away.
        or isinstance(_cause(error), asyncpg.InternalClientError)
    )


def is_unreachable(error: BaseException) -> bool:
    """Whether the server did not let us in: it is away, is full, or does not know database, role or password."""
    return isinstance(error, OSError) or sqlstate(error).startswith(("08", "28", "3D", "53300", "57P"))


def violated(error: sa.exc.IntegrityError) -> str:
    """The name of the constraint that a write broke, or an empty string."""
    return str(getattr(_cause(error), "constraint_name", "") or "")


def _cause(error: BaseException) -> BaseException | None:
    """What the driver itself raised."""
    cause = getattr(getattr(error, "orig", None), "__cause__", None)
    return cause if isinstance(cause, BaseException) else None
