"""One root mutation is one transaction: key, change and answer together; an expected failure rolls it back."""

import dataclasses
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, TypeVar, cast

import strawberry

from app.platform import errors, faults, idempotency
from app.platform.actor import Actor
from app.platform.db import Brand, BrandSession
from graphql_schema.context import Context, Info
from graphql_schema.user_errors import UserError, needs_reading, to_user_error

T = TypeVar("T")
Result = dict[str, Any]
Act = Callable[[BrandSession], Awaitable["Result | errors.UserFault"]]
Answer = Callable[[BrandSession, Result], Awaitable[T]]


async def mutate(
    context: Context,
    brand: Brand,
    *,
    operation: str,
    actor: Actor,
    body: object,
    act: Act,
    answer: Answer[Any],
    key: str | None = None,
    principal: str | None = None,
) -> Any:
    """Run a mutation and give its payload or a user error.

    `act` makes the change and gives what it made (ids and plain facts, stored under the key). `answer` reads the
    payload from that, in the same transaction, for the first caller and every repeat alike. A fault that `act`
    *returns* is a refusal that leaves a trace and commits; one it *raises* rolls back and is not remembered. The whole
    is run again after a deadlock or a lost connection, so both must touch nothing outside the database.
    """
    scope = principal or actor.principal

    async def work(session: BrandSession) -> Any:
        made = await idempotency.once(
            session,
            principal=scope,
            operation=operation,
            key=key,
            body="" if key is None else idempotency.fingerprint(plain(body)),
            act=act,
        )
        return made if isinstance(made, errors.UserFault) else await answer(session, made)

    try:
        given = await context.runtime.database.run(brand, work)
    except errors.UserFault as fault:
        given = fault
    await faults.pause_point("after_commit")
    return await shown(context, brand, given) if isinstance(given, errors.UserFault) else given


async def mutate_input(info: Info, operation: str, input: Any, act: Act, answer: Answer[Any]) -> Any:
    """`mutate` for the caller in the caller's brand, under the input's idempotency key where it has one."""
    return await mutate(
        info.context,
        await info.context.brand(),
        operation=operation,
        actor=await info.context.actor(),
        body=input,
        act=act,
        answer=answer,
        key=getattr(input, "idempotency_key", None),
    )


async def change(info: Info, operation: str, input: Any, act: Act) -> Result | UserError:
    """`mutate_input` that gives what was made, or a user error.

    The payload is read after the commit, so that no reading prolongs the time in which others wait for a row.
    """

    async def answer(_: BrandSession, made: Result) -> Result:
        return made

    return cast("Result | UserError", await mutate_input(info, operation, input, act, answer))


async def shown(context: Context, brand: Brand, fault: errors.UserFault) -> Any:
    """The union member for a fault; the few that name rows read them in a session of their own."""
    if needs_reading(fault):
        async with context.reading(brand) as session:
            return await to_user_error(fault, context.language, session)
    return await to_user_error(fault, context.language)


def plain(value: object) -> Any:
    """An input as JSON-like data, without unset fields and without the idempotency key: what a fingerprint covers."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(item)
            for field in dataclasses.fields(value)
            if field.name != "idempotency_key" and (item := getattr(value, field.name)) is not strawberry.UNSET
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
