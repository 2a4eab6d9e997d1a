"""What people upload: kept in the storage under its content's key, with a row that says what it is and whose.

Nothing that is named is ever taken away. Whoever puts an uploaded file somewhere calls `hold` in the same transaction;
a file that nothing has named for a day goes: its row says so first, then the file goes, then the row. While a file is
going it can neither be held nor uploaded anew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.platform import rate_limits, storage
from app.platform.actor import Actor
from app.platform.db import Brand, BrandSession
from app.platform.errors import Forbidden, InvalidInput, RateLimited
from app.platform.images import normalise_image
from app.platform.models import MediaRow
from app.platform.runtime import Runtime

LONGEST_SIDE: Final = 1_600
"""Pixels: enough for a telephone's screen at its full width."""
MOST_FILE_BYTES: Final = 20 * 1024 * 1024
UPLOADS_PER_HOUR: Final = 300
KEPT_UNNAMED: Final = timedelta(days=1)
REMOVED_AT_ONCE: Final = 200
FORGOTTEN_AT_ONCE: Final = 20
"""Files whose rows go together, so that a job that is cut short has got on."""
_RETRY_SECONDS: Final = 5

Namers: TypeAlias = Sequence[Callable[[BrandSession, Collection[str]], Awaitable[set[str]]]]
"""Each package tells which of these keys its rows name."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file as it is kept. Size in pixels for pictures, None for other files."""

    key: str
    data: bytes
    media_type: str
    width: int | None
    height: int | None

    @property
    def url(self) -> str:
        return storage.media_url(self.key)


async def accept(runtime: Runtime, brand: Brand, actor: Actor, data: bytes) -> Upload:
    """Take in what an employee uploads: pictures are drawn anew, PDF and MP4 stay as they are, told by content.

    The file is written after its row is committed: a row without a file is swept, a file without a row would stay.
    Raises: Forbidden, RateLimited, InvalidInput (path file), StorageUnreachable.
    """
    if not actor.is_employee:
        raise Forbidden
    upload = await asyncio.to_thread(_read, brand, data)

    async def work(session: BrandSession) -> int:
        return await rate_limits.take(
            session, kind="media", subject=actor.principal, limit=UPLOADS_PER_HOUR, window_seconds=3_600
        ) or await register(session, actor.principal, upload)

    wait_seconds = await runtime.database.run(brand, work)
    if wait_seconds:
        raise RateLimited(wait_seconds)
    await runtime.storage.put(upload.key, upload.data, media_type=upload.media_type)
    return upload


async def register(session: BrandSession, principal: str, upload: Upload) -> int:
    """Write the upload's row, or count it as uploaded again; gives 0, or how many seconds to wait while it is going."""
    row = insert(MediaRow).values(
        brand_id=session.brand_id,
        key=upload.key,
        media_type=upload.media_type,
        width=upload.width,
        height=upload.height,
        size=len(upload.data),
        uploaded_by=principal,
        seen_at=session.now,
        removing_at=None,
    )
    written = await session.execute(
        row.on_conflict_do_update(
            index_elements=["brand_id", "key"],
            set_={"seen_at": row.excluded.seen_at},
            where=MediaRow.removing_at.is_(None),
        ).returning(MediaRow.key)
    )
    return 0 if written.first() is not None else _RETRY_SECONDS


async def hold(session: BrandSession, keys: Collection[str]) -> set[str]:
    """Keep uploads from going until the commit; gives those of the keys that are there and stay.

    Keys that nobody uploaded, such as those of drawings that came with the program, are not among them.
    """
    if not keys:
        return set()
    found = await session.execute(
        sa.select(MediaRow.key)
        .where(MediaRow.brand_id == session.brand_id, MediaRow.key.in_(keys), MediaRow.removing_at.is_(None))
        .order_by(MediaRow.key)
        .with_for_update(read=True)
    )
    return set(found.scalars())


async def hold_urls(session: BrandSession, urls: Sequence[tuple[tuple[str, ...], str | None]]) -> None:
    """Hold the uploads behind addresses, each with the path of its field; other addresses pass. One statement at most.

    Raises: InvalidInput for the first upload that is gone or nobody's.
    """
    keys = [(path, storage.key_of(url)) for path, url in urls if url is not None]
    wanted = [(path, key) for path, key in keys if key is not None and storage.is_of_content(key)]
    there = await hold(session, {key for _, key in wanted})
    for path, key in wanted:
        if key not in there:
            raise InvalidInput("media_unknown", path=path)


def sweeper(namers: Namers) -> Callable[[Runtime, Brand], Awaitable[int]]:
    """A job: take away what was last seen more than a day ago and nothing names. Gives how many files went."""

    async def sweep(runtime: Runtime, brand: Brand) -> int:
        async def mark(session: BrandSession) -> list[str]:
            return await _mark_unnamed(session, namers)

        going = await runtime.database.run(brand, mark)
        for start in range(0, len(going), FORGOTTEN_AT_ONCE):
            await _remove(runtime, brand, going[start : start + FORGOTTEN_AT_ONCE])
        return len(going)

    return sweep


async def _remove(runtime: Runtime, brand: Brand, keys: Sequence[str]) -> None:
    """Take marked files away, then their rows."""
    for key in keys:
        await runtime.storage.delete(key)

    async def forget(session: BrandSession) -> None:
        await session.execute(
            sa.delete(MediaRow).where(
                MediaRow.brand_id == session.brand_id, MediaRow.key.in_(keys), MediaRow.removing_at.is_not(None)
            )
        )

    await runtime.database.run(brand, forget)


async def _mark_unnamed(session: BrandSession, namers: Namers) -> list[str]:
    """Lock what is old, ask who names it, and mark the rest; with what an earlier run marked and did not finish."""
    found = await session.execute(
        sa.select(MediaRow.key, MediaRow.removing_at)
        .where(MediaRow.brand_id == session.brand_id, MediaRow.seen_at < session.now - KEPT_UNNAMED)
        .order_by(MediaRow.seen_at, MediaRow.key)
        .limit(REMOVED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    old = [row.key for row in found]
    # Asked after the rows are locked: whoever named one before has committed, whoever comes later finds the mark.
    named: set[str] = set()
    for named_by in namers:
        named |= await named_by(session, old) if old else set()
    going = [key for key in old if key not in named]
    if named:
        await session.execute(
            sa.update(MediaRow)
            .where(MediaRow.brand_id == session.brand_id, MediaRow.key.in_(named))
            .values(seen_at=session.now)
            .execution_options(synchronize_session=False)
        )
    if going:
        await session.execute(
            sa.update(MediaRow)
            .where(MediaRow.brand_id == session.brand_id, MediaRow.key.in_(going))
            .values(removing_at=sa.func.coalesce(MediaRow.removing_at, session.now))
            .execution_options(synchronize_session=False)
        )
    return going


def _read(brand: Brand, data: bytes) -> Upload:
    """What the bytes are. Raises: InvalidInput."""
    media_type = _file_type(data)
    if media_type is None:
        picture = normalise_image(data, longest=LONGEST_SIDE)
        key = storage.content_key(brand.id, picture.data, media_type=picture.media_type)
        return Upload(key, picture.data, picture.media_type, picture.width, picture.height)
    if len(data) > MOST_FILE_BYTES:
        raise InvalidInput("media_bytes", path=("file",), most=MOST_FILE_BYTES // (1024 * 1024))
    return Upload(storage.content_key(brand.id, data, media_type=media_type), data, media_type, None, None)


def _file_type(data: bytes) -> str | None:
    """The type of a file that is no picture; None for everything else."""
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    # The second word of an MP4's first box; HEIC and AVIF pictures have brands of their own behind it.
    if data[4:8] == b"ftyp" and data[8:12] in (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1"):
        return "video/mp4"
    return None
