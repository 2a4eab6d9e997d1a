"""Idempotency keys: the row is written first, in the change's own transaction, so the first answer is the only one."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.platform import retention
from app.platform.db import BrandSession
from app.platform.errors import IdempotencyConflict, InvalidInput, UserFault
from app.platform.models import IdempotencyRow

Result = dict[str, Any]
_BODY = "idempotency_body"


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

    A second caller waits for the first one's transaction. `body` is a `fingerprint`; it is kept under a key, as an
    input with a phone could be guessed from a plain hash of it. Raises: IdempotencyConflict.
    """
    check_key(key)
    vault, brand_id = session.vault, session.brand.id
    its = _its(session, principal, operation, key)
    taken = await session.execute(_TAKE, its | {"body": vault.digest(brand_id, _BODY, body), "at": session.now})
    if taken.scalar_one_or_none() is not None:
        return None
    row = (await session.execute(_KEPT, its)).one()
    if row.fingerprint not in vault.digests(brand_id, _BODY, body):
        raise IdempotencyConflict
    return dict(row.result or {})


async def once(
    session: BrandSession,
    *,
    principal: str,
    operation: str,
    key: str | None,
    body: str,
    act: Callable[[BrandSession], Awaitable[Result | UserFault]],
) -> Result | UserFault:
    """What `act` makes, or what it made under this key before; ids come as text. Without a key it just acts.

    A fault that `act` returns, a refusal that leaves a trace, gives the key back; one it raises rolls it back.
    Raises: IdempotencyConflict, InvalidInput.
    """
    if key is None:
        done = await act(session)
        return done if isinstance(done, UserFault) else _as_text(done)
    made = await claim(session, principal=principal, operation=operation, key=key, body=body)
    if made is not None:
        return made
    done = await act(session)
    if isinstance(done, UserFault):
        await release(session, principal=principal, operation=operation, key=key)
        return done
    await remember(session, principal=principal, operation=operation, key=key, result=done)
    return _as_text(done)


async def remember(session: BrandSession, *, principal: str, operation: str, key: str, result: Result) -> None:
    """Keep what the change made: ids and plain facts, never personal data or secrets."""
    await session.execute(_REMEMBER, _its(session, principal, operation, key) | {"made": _as_text(result)})


async def release(session: BrandSession, *, principal: str, operation: str, key: str) -> None:
    """Give a key back that this transaction took: what it was taken for was refused, and may be asked for again."""
    await session.execute(_RELEASE, _its(session, principal, operation, key))


async def forget_old(session: BrandSession, *, ttl_seconds: int) -> int:
    """Delete keys past their time, a bounded number; gives how many."""
    return await retention.forget(
        session, IdempotencyRow, IdempotencyRow.created_at < session.now - timedelta(seconds=ttl_seconds)
    )


def _as_text(result: Result) -> Result:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in result.items()}


def _its(session: BrandSession, principal: str, operation: str, key: str) -> dict[str, Any]:
    """The parameters that name a key."""
    return {"brand": session.brand.id, "who": principal, "operation_name": operation, "key_text": key}


# --- the statements: made once, as every change waits for them

_table = cast("sa.Table", IdempotencyRow.__table__)
_NAMED: dict[str, sa.BindParameter[Any]] = {
    "brand_id": sa.bindparam("brand", type_=sa.Uuid()),
    "principal": sa.bindparam("who", type_=sa.Text()),
    "operation": sa.bindparam("operation_name", type_=sa.Text()),
    "key": sa.bindparam("key_text", type_=sa.Text()),
}
_IS_IT = sa.and_(*(_table.c[name] == value for name, value in _NAMED.items()))
_TAKE = (
    insert(_table)
    .values(
        **_NAMED,
        fingerprint=sa.bindparam("body", type_=sa.Text()),
        created_at=sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    )
    .on_conflict_do_nothing()
    .returning(_table.c.key)
)
_KEPT = sa.select(_table.c.fingerprint, _table.c.result).where(_IS_IT)
_RELEASE = sa.delete(_table).where(_IS_IT)
_REMEMBER = sa.update(_table).where(_IS_IT).values(result=sa.bindparam("made", type_=JSONB))
