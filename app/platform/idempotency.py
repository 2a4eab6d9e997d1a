"""Idempotency keys: the row is written first, in the change's own transaction, so the first answer is the only one."""

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.platform.db import BrandSession
from app.platform.errors import IdempotencyConflict, InvalidInput
from app.platform.models import IdempotencyRow

Result = dict[str, Any]


def fingerprint(body: object) -> str:
    """A hash of an input that equal inputs share; the text itself is not kept."""
    text = orjson.dumps(body, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
    return hashlib.sha256(text).hexdigest()


def check_key(key: str) -> None:
    """Raises: InvalidInput unless the key has 16 to 64 characters."""
    if not 16 <= len(key) <= 64:
        raise InvalidInput("idempotency_key_length", path=("idempotencyKey",))


async def claim(session: BrandSession, *, principal: str, operation: str, key: str, body: str) -> Result | None:
    """Take a key, or give what its first use made (ids, to be read again).

    A second caller waits for the first one's transaction. `body` is a `fingerprint`. Raises: IdempotencyConflict.
    """
    check_key(key)
    values = {
        "brand_id": session.brand.id,
        "principal": principal,
        "operation": operation,
        "key": key,
        "fingerprint": body,
        "created_at": session.now,
    }
    taken = await session.execute(
        insert(IdempotencyRow).values(values).on_conflict_do_nothing().returning(IdempotencyRow.key)
    )
    if taken.scalar_one_or_none() is not None:
        return None
    row = (
        await session.execute(
            sa.select(IdempotencyRow.fingerprint, IdempotencyRow.result).where(
                *_is(session.brand.id, principal, operation, key)
            )
        )
    ).one()
    if row.fingerprint != body:
        raise IdempotencyConflict
    return dict(row.result or {})


async def remember(session: BrandSession, *, principal: str, operation: str, key: str, result: Result) -> None:
    """Keep what the change made: ids and plain facts, never personal data or secrets."""
    await session.execute(
        sa.update(IdempotencyRow)
        .where(*_is(session.brand.id, principal, operation, key))
        .values(result={name: str(value) if isinstance(value, UUID) else value for name, value in result.items()})
        .execution_options(synchronize_session=False)
    )


async def forget_old(session: BrandSession, *, ttl_seconds: int) -> int:
    """Delete keys past their time; gives how many."""
    done = await session.execute(
        sa.delete(IdempotencyRow)
        .where(
            IdempotencyRow.brand_id == session.brand.id,
            IdempotencyRow.created_at < session.now - timedelta(seconds=ttl_seconds),
        )
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def _is(brand_id: UUID, principal: str, operation: str, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        IdempotencyRow.brand_id == brand_id,
        IdempotencyRow.principal == principal,
        IdempotencyRow.operation == operation,
        IdempotencyRow.key == key,
    )
