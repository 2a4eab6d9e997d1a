"""Top-level errors: one table of codes, and the only way an error reaches a client."""

import re
import secrets
import traceback
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, ClassVar

import structlog
from graphql import GraphQLError

from app.platform import errors as services
from app.platform import messages
from app.platform.db import TryAgain

_log = structlog.get_logger("graphql_schema")

INTERNAL_MESSAGE = "Internal error."
MAX_MESSAGE_CHARACTERS = 1_000
_SUGGESTION = re.compile(r"\s*Did you mean [^?]*\?")
_INPUT_NODES = frozenset(
    {
        "variable_definition",
        "variable",
        "argument",
        "int_value",
        "float_value",
        "string_value",
        "boolean_value",
        "null_value",
        "enum_value",
        "list_value",
        "object_value",
        "object_field",
    }
)


class ErrorCode(StrEnum):
    """Every value that `extensions.code` of a top-level error can take."""

    BAD_REQUEST = "BAD_REQUEST"
    BODY_TOO_LARGE = "BODY_TOO_LARGE"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    REQUEST_TIMEOUT = "REQUEST_TIMEOUT"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    OPERATION_NOT_FOUND = "OPERATION_NOT_FOUND"
    OPERATION_NOT_SUPPORTED = "OPERATION_NOT_SUPPORTED"
    DOCUMENT_TOO_LARGE = "DOCUMENT_TOO_LARGE"
    TOO_MANY_TOKENS = "TOO_MANY_TOKENS"
    TOO_DEEP = "TOO_DEEP"
    TOO_MANY_ALIASES = "TOO_MANY_ALIASES"
    TOO_MANY_SAME_NAMES = "TOO_MANY_SAME_NAMES"
    TOO_MANY_DIRECTIVES = "TOO_MANY_DIRECTIVES"
    TOO_COMPLEX = "TOO_COMPLEX"
    TOO_MANY_SUBSCRIPTIONS = "TOO_MANY_SUBSCRIPTIONS"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    RATE_LIMITED = "RATE_LIMITED"
    TIMEOUT = "TIMEOUT"
    INTERNAL = "INTERNAL"


HTTP_STATUS: dict[ErrorCode, int] = {
    ErrorCode.BODY_TOO_LARGE: 413,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.NOT_ACCEPTABLE: 406,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: 415,
    ErrorCode.REQUEST_TIMEOUT: 408,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.TIMEOUT: 503,
    ErrorCode.INTERNAL: 500,
}
"""HTTP status of a request that failed as a whole, for `application/graphql-response+json`; every other code is 400."""


class ApiError(Exception):
    """A failure whose message and facts are made for the client and become a top-level error with this code."""

    code: ClassVar[ErrorCode] = ErrorCode.BAD_REQUEST

    def __init__(self, message: str, **facts: str | int) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class Unauthenticated(ApiError):
    """Nobody is signed in, or the key that was sent is unknown, expired or withdrawn."""

    code = ErrorCode.UNAUTHENTICATED

    def __init__(self, message: str = "Sign in first.", **facts: str | int) -> None:
        super().__init__(message, **facts)


class Forbidden(ApiError):
    """The caller is known and may not do this."""

    code = ErrorCode.FORBIDDEN

    def __init__(self, message: str = "Not allowed.", **facts: str | int) -> None:
        super().__init__(message, **facts)


class BadUserInput(ApiError):
    """An argument of a query is wrong. The fact `argument`, where given, names it."""

    code = ErrorCode.BAD_USER_INPUT


class TooManyRequests(ApiError):
    """The caller's rate is spent; the fact `retryAfterSeconds` says for how long."""

    code = ErrorCode.RATE_LIMITED

    def __init__(self, message: str = "Too many requests.", *, retry_after_seconds: int) -> None:
        super().__init__(message, retryAfterSeconds=retry_after_seconds)


class Busy(ApiError):
    """Others were faster every time it was tried; nothing was changed, and the same may be sent again."""

    code = ErrorCode.TIMEOUT

    def __init__(self, message: str = "Too many at once; try again.") -> None:
        super().__init__(message, retryAfterSeconds=1)


class RequestRefused(Exception):
    """A request that is not executed at all. `errors` are ready for the client."""

    def __init__(self, code: ErrorCode, errors: list[dict[str, Any]]) -> None:
        super().__init__(code.value)
        self.code = code
        self.errors = errors

    @classmethod
    def because(cls, code: ErrorCode, message: str, **facts: str | int) -> "RequestRefused":
        return cls(code, [_present(message, code, facts)])

    @classmethod
    def by_graphql(cls, code: ErrorCode, errors: list[GraphQLError], *, is_production: bool) -> "RequestRefused":
        """Refuse with what graphql-core says about the client's own document; production keeps suggestions back."""
        shown = [_present(_text(error, is_production=is_production), code, {}, error) for error in errors]
        return cls(code, shown)

    @classmethod
    def by_exception(cls, error: Exception, *, is_production: bool) -> "RequestRefused":
        """Refuse for an exception outside execution: an `ApiError` is shown, anything else masked and logged."""
        if isinstance(error, ApiError):
            return cls(error.code, [_present(error.message, error.code, error.facts)])
        return cls(ErrorCode.INTERNAL, [_present_fault(error, None, is_production=is_production)])


def mask(error: GraphQLError, *, is_production: bool = True) -> dict[str, Any]:
    """What a client sees of one error of an executed operation; it always carries `extensions.code`.

    Shown as they are: `ApiError`, an error that carries a code of ours, and graphql-core's words about the client's own
    variables and literals. Everything else is "Internal error." with a random reference, under which the log has the
    traceback. Variables never reach the log; in production neither do exception texts, which may quote personal data.
    """
    cause = _cause(error)
    if isinstance(cause, ApiError):
        return _present(cause.message, cause.code, cause.facts, error)
    given = (error.extensions or {}).get("code")
    if isinstance(given, str) and given in ErrorCode.__members__:
        return _present(error.message, ErrorCode(given), {}, error)
    if error.nodes and error.nodes[0].kind in _INPUT_NODES:
        return _present(_text(error, is_production=is_production), ErrorCode.BAD_USER_INPUT, {}, error)
    return _present_fault(cause, error, is_production=is_production)


def fault(error: BaseException, *, is_production: bool) -> dict[str, Any]:
    """Log an unexpected exception outside execution and return the masked error."""
    return _present_fault(error, None, is_production=is_production)


def _cause(error: GraphQLError) -> BaseException:
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return _translated(cause)


def _translated(cause: BaseException) -> BaseException:
    """The services' own refusals as ours; an expected failure inside a query is a bad argument of it."""
    match cause:
        case services.Unauthenticated():
            return Unauthenticated()
        case services.Forbidden():
            return Forbidden()
        case services.BadUserInput():
            return BadUserInput(str(cause))
        case TryAgain():
            return Busy()
        case services.UserFault():
            named = {"argument": ".".join(cause.path)} if cause.path else {}
            return BadUserInput(messages.text(cause.key, messages.LANGUAGES[0], **cause.facts), **named)
        case _:
            return cause


def _text(error: GraphQLError, *, is_production: bool) -> str:
    """graphql-core's own words, cut: they may quote a whole input back."""
    message = _SUGGESTION.sub("", error.message) if is_production else error.message
    return message if len(message) <= MAX_MESSAGE_CHARACTERS else message[: MAX_MESSAGE_CHARACTERS - 1] + "…"


def _present(
    message: str, code: ErrorCode, facts: dict[str, str | int], located: GraphQLError | None = None
) -> dict[str, Any]:
    shown: dict[str, Any] = {"message": message}
    if located is not None:
        if located.locations:
            shown["locations"] = [place.formatted for place in located.locations]
        if located.path is not None:
            shown["path"] = list(located.path)
    shown["extensions"] = {**facts, "code": code.value}
    return shown


def _present_fault(cause: BaseException, located: GraphQLError | None, *, is_production: bool) -> dict[str, Any]:
    reference = secrets.token_hex(8)
    _log.error(
        "graphql_internal_error",
        reference=reference,
        path=".".join(map(str, located.path)) if located is not None and located.path else None,
        error=type(cause).__qualname__,
        traceback="".join(_describe(cause, has_messages=not is_production)),
    )
    return _present(INTERNAL_MESSAGE, ErrorCode.INTERNAL, {"reference": reference}, located)


def _describe(error: BaseException, *, has_messages: bool) -> Iterator[str]:
    """The traceback with its causes, first cause first; without messages only frames and types remain."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    for cause in reversed(chain):
        yield from traceback.format_list(traceback.extract_tb(cause.__traceback__))
        name = f"{type(cause).__module__}.{type(cause).__qualname__}"
        yield f"{name}: {cause}\n" if has_messages else f"{name}\n"
