"""GraphQL over HTTP: `POST` with a JSON body, and `GET` for queries.

Status codes follow the GraphQL-over-HTTP draft. `application/graphql-response+json`, when asked for, tells a request
that was not executed by its status (400, and for a key that is not valid 401: `errors.HTTP_STATUS`); an executed one
is 200, whatever its errors. `application/json`, the default of old clients, is 200 for every well-formed request, one
whose document or key is not valid included: proxies in between may own the other codes, and clients read
`extensions.code`. In both, what is no GraphQL request at all (body, method, media types) or got no answer from us (429,
500, 503) has its own status. A missing key is no failure of the request: the caller is anonymous, and fields
that need more answer `UNAUTHENTICATED` in place.
"""

import asyncio
from functools import lru_cache
from typing import Any, Final, NoReturn
from urllib.parse import parse_qsl

import orjson
import strawberry
from graphql import OperationType
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from app.platform.settings import Settings
from graphql_schema.errors import HTTP_STATUS, ErrorCode, RequestRefused, fault
from graphql_schema.execution import Answer, ContextFactory, Execution, Request, read_request
from graphql_schema.socket import serve_socket

_JSON: Final = "application/json"
_GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
_ACCEPTED = {_JSON: _JSON, _GRAPHQL_RESPONSE: _GRAPHQL_RESPONSE, "*/*": _JSON, "application/*": _JSON}
_PARAMETERS = frozenset({"query", "operationName", "variables", "extensions"})

_WITHOUT_GRAPHQL = frozenset(
    {
        ErrorCode.BAD_REQUEST,
        ErrorCode.BODY_TOO_LARGE,
        ErrorCode.METHOD_NOT_ALLOWED,
        ErrorCode.NOT_ACCEPTABLE,
        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        ErrorCode.REQUEST_TIMEOUT,
        ErrorCode.RATE_LIMITED,
        ErrorCode.TIMEOUT,
        ErrorCode.INTERNAL,
    }
)
"""Failures that keep their status under `application/json` too."""


class _ClientGone(Exception):
    """The client hung up before its body was complete."""


class GraphQLEndpoint:
    """The ASGI application of `/graphql`, for HTTP and WebSocket. Put `routes()` into a Starlette application."""

    def __init__(self, schema: strawberry.Schema, settings: Settings, context_factory: ContextFactory) -> None:
        self._settings = settings
        self._execution = Execution(schema, settings, context_factory)

    def routes(self, path: str = "/graphql") -> list[BaseRoute]:
        return [Route(path, self, name="graphql"), WebSocketRoute(path, self, name="graphql-socket")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await serve_socket(self._execution, self._settings, scope, receive, send)
            return
        headers = Headers(scope=scope)
        media_type = _negotiate(headers.get("accept", ""))
        try:
            answer = await self._answer(scope, headers, receive, is_acceptable=media_type is not None)
        except _ClientGone:
            return
        await self._send(answer, media_type or _JSON, send)

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, *, is_acceptable: bool) -> Answer:
        try:
            if scope["method"] not in ("GET", "POST"):
                raise RequestRefused.because(ErrorCode.METHOD_NOT_ALLOWED, "Use POST, or GET for queries.")
            if not is_acceptable:
                message = f"The answer is {_GRAPHQL_RESPONSE} or {_JSON}."
                raise RequestRefused.because(ErrorCode.NOT_ACCEPTABLE, message)
            if scope["method"] == "GET":
                request = read_request(_read_url(scope["query_string"], self._settings.graphql_body_bytes))
            else:
                request = read_request(_load(await self._read_body(headers, receive), "The body"))
            return await self._run(request, scope)
        except RequestRefused as refusal:
            return Answer.of_refusal(refusal)
        except _ClientGone:
            raise
        except Exception as error:  # whatever failed here, the client gets a coded answer
            shown = fault(error, is_production=self._settings.is_production)
            return Answer({"errors": [shown]}, ErrorCode.INTERNAL)

    async def _run(self, request: Request, scope: Scope) -> Answer:
        prepared = self._execution.prepare(request)
        if prepared.kind is OperationType.SUBSCRIPTION:
            raise RequestRefused.because(ErrorCode.OPERATION_NOT_SUPPORTED, "Subscriptions go over WebSocket.")
        if prepared.kind is OperationType.MUTATION and scope["method"] == "GET":
            raise RequestRefused.because(ErrorCode.METHOD_NOT_ALLOWED, "Mutations go over POST.")
        return await self._execution.answer(request, prepared, HTTPConnection(scope))

    async def _read_body(self, headers: Headers, receive: Receive) -> bytes:
        """The whole body, never more of it than is allowed. Raises: RequestRefused, _ClientGone."""
        _check_content(headers)
        limit = self._settings.graphql_body_bytes
        declared = headers.get("content-length", "")
        if declared.isascii() and declared.isdecimal() and len(declared) < 20 and int(declared) > limit:
            _refuse_body(limit)
        chunks: list[bytes] = []
        length = 0
        try:
            async with asyncio.timeout(self._settings.graphql_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _ClientGone
                    chunk = message.get("body", b"")
                    length += len(chunk)
                    if length > limit:
                        _refuse_body(limit)
                    chunks.append(chunk)
                    if not message.get("more_body", False):
                        return b"".join(chunks)
        except TimeoutError:
            raise RequestRefused.because(ErrorCode.REQUEST_TIMEOUT, "The body did not arrive in time.") from None

    async def _send(self, answer: Answer, media_type: str, send: Send) -> None:
        try:
            body = orjson.dumps(answer.body)
        except TypeError as error:  # a scalar gave what JSON cannot say
            shown = fault(error, is_production=self._settings.is_production)
            answer = Answer({"errors": [shown]}, ErrorCode.INTERNAL)
            body = orjson.dumps(answer.body)
        headers = [
            (b"content-type", f"{media_type}; charset=utf-8".encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            *_headers_of(answer),
        ]
        status = _status_of(answer.failed, media_type)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _status_of(failed: ErrorCode | None, media_type: str) -> int:
    if failed is None or (media_type == _JSON and failed not in _WITHOUT_GRAPHQL):
        return 200
    return HTTP_STATUS.get(failed, 400)


def _headers_of(answer: Answer) -> list[tuple[bytes, bytes]]:
    match answer.failed:
        case ErrorCode.METHOD_NOT_ALLOWED:
            return [(b"allow", b"GET, POST")]
        case ErrorCode.UNAUTHENTICATED:
            return [(b"www-authenticate", b"Bearer")]
        case ErrorCode.BODY_TOO_LARGE | ErrorCode.REQUEST_TIMEOUT:
            return [(b"connection", b"close")]  # the rest of the body is not worth reading
        case ErrorCode.RATE_LIMITED:
            seconds = answer.body["errors"][0]["extensions"].get("retryAfterSeconds", 1)
            return [(b"retry-after", str(seconds).encode())]
    return []


@lru_cache(maxsize=256)
def _negotiate(accept: str) -> str | None:
    """The media type to answer in: the best liked of ours, the first of equals, JSON for whoever has no wish."""
    if not accept.strip():
        return _JSON
    best, best_quality = None, 0.0
    for wish in accept.split(","):
        name, *parameters = (part.strip().lower() for part in wish.split(";"))
        offered = _ACCEPTED.get(name)
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        if offered is not None and best_quality < quality <= 1.0:
            best, best_quality = offered, quality
    return best


def _check_content(headers: Headers) -> None:
    name, *parameters = (part.strip().lower() for part in headers.get("content-type", "").split(";"))
    charsets = [part.partition("=")[2].strip('"') for part in parameters if part.startswith("charset=")]
    if name != _JSON or any(charset not in ("utf-8", "utf8") for charset in charsets):
        message = f"The body must be {_JSON} in UTF-8."
        raise RequestRefused.because(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise RequestRefused.because(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "The body must not be compressed.")


def _read_url(query_string: bytes, limit: int) -> dict[str, Any]:
    if len(query_string) > limit:
        _refuse_body(limit)
    try:
        text = query_string.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=32)
    except ValueError:
        raise RequestRefused.because(ErrorCode.BAD_REQUEST, "The URL's parameters cannot be read.") from None
    parameters: dict[str, Any] = {}
    for name, value in pairs:
        if name not in _PARAMETERS:
            continue
        if name in parameters:
            raise RequestRefused.because(ErrorCode.BAD_REQUEST, f"`{name}` stands twice in the URL.")
        parameters[name] = value or None
    for name in ("variables", "extensions"):
        if parameters.get(name) is not None:
            parameters[name] = _load(parameters[name].encode(), f"`{name}`")
    return parameters


def _load(raw: bytes, what: str) -> Any:
    """Parse JSON; the parser itself refuses invalid UTF-8 and nesting beyond 1,024."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise RequestRefused.because(ErrorCode.BAD_REQUEST, f"{what} is not valid JSON in UTF-8.") from None


def _refuse_body(limit: int) -> NoReturn:
    raise RequestRefused.because(ErrorCode.BODY_TOO_LARGE, f"The request has more than {limit} bytes.")
