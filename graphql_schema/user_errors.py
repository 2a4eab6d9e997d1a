"""User errors: the members of every mutation's result union, and how an expected failure becomes one."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

import strawberry

from app.platform import errors, messages
from app.platform.db import BrandSession


@strawberry.enum(description="Why a mutation was refused. New values may be added.")
class UserErrorCode(StrEnum):
    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    RATE_LIMITED = "RATE_LIMITED"
    SIGN_IN_CODE_WRONG = "SIGN_IN_CODE_WRONG"
    INSUFFICIENT_STOCK = "INSUFFICIENT_STOCK"
    PRICE_CHANGED = "PRICE_CHANGED"
    WRONG_STATE = "WRONG_STATE"
    DEADLINE_PASSED = "DEADLINE_PASSED"
    AMOUNT_TOO_LARGE = "AMOUNT_TOO_LARGE"


@strawberry.interface(description="A refusal that the client can show: nothing was changed.")
class UserError:
    code: UserErrorCode = strawberry.field(description="Stable, for programs.")
    message: str = strawberry.field(description="For people, in the language of Accept-Language (zh-CN, en).")
    path: list[str] | None = strawberry.field(
        default=None, description="The input field that is at fault, outermost first."
    )


@strawberry.type(description="An argument breaks a rule; `path` names it.")
class InvalidInput(UserError):
    pass


@strawberry.type(description="There is no such thing, or it is not yours.")
class NotFound(UserError):
    pass


@strawberry.type(description="Something of that name or number is there already.")
class Conflict(UserError):
    pass


@strawberry.type(description="The idempotency key was used before with another body.")
class IdempotencyConflict(UserError):
    pass


@strawberry.type(description="The thing's state does not allow the step.")
class WrongState(UserError):
    state: str = strawberry.field(default="", description="The state it is in.")


@strawberry.type(description="The time for it is over.")
class DeadlinePassed(UserError):
    pass


@strawberry.type(description="Too many tries.")
class RateLimited(UserError):
    retry_after_seconds: int = strawberry.field(default=1, description="Try again after so many seconds.")


@strawberry.type(description="The code or token does not open the door.")
class SignInRefused(UserError):
    attempts_left: int | None = strawberry.field(
        default=None, description="Tries left for this code, where they are counted."
    )


Converter = Callable[[BrandSession, Any, dict[str, Any]], Awaitable[UserError]]
_converters: dict[type[errors.UserFault], Converter] = {}


def converts(kind: type[errors.UserFault]) -> Callable[[Converter], Converter]:
    """Declare how faults of a kind become their type; `converter(session, fault, common_fields)` may read."""

    def keep(converter: Converter) -> Converter:
        _converters[kind] = converter
        return converter

    return keep


def needs_reading(fault: errors.UserFault) -> bool:
    """Whether turning this fault into its type takes a read session."""
    return type(fault) in _converters


async def to_user_error(fault: errors.UserFault, language: str, session: BrandSession | None = None) -> UserError:
    """The union member for an expected failure, its message in `language`."""
    fields: dict[str, Any] = {
        "code": UserErrorCode(fault.code),
        "message": messages.text(fault.key, language, **fault.facts),
        "path": list(fault.path) or None,
    }
    if session is not None and type(fault) in _converters:
        return await _converters[type(fault)](session, fault, fields)
    match fault:
        case errors.WrongState():
            return WrongState(**fields, state=fault.state)
        case errors.DeadlinePassed():
            return DeadlinePassed(**fields)
        case errors.RateLimited():
            return RateLimited(**fields, retry_after_seconds=fault.retry_after_seconds)
        case errors.SignInRefused():
            return SignInRefused(**fields, attempts_left=fault.attempts_left)
        case errors.NotFound():
            return NotFound(**fields)
        case errors.Conflict():
            return Conflict(**fields)
        case errors.IdempotencyConflict():
            return IdempotencyConflict(**fields)
        case _:
            return InvalidInput(**fields)
