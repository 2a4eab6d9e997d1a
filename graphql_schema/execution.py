"""From a request's parameters to an answer: what HTTP and WebSocket have in common."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

import strawberry
from starlette.requests import HTTPConnection
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from app.platform import metrics
from app.platform.settings import Settings
from graphql_schema.documents import Documents, Prepared, accept_prepared, pass_on
from graphql_schema.errors import ErrorCode, RequestRefused, mask
from graphql_schema.limits import has_nul, is_nested_too_deeply

ContextFactory = Callable[[HTTPConnection, dict[str, Any] | None], Awaitable[Any]]
"""Makes the context of one operation from the connection and, on a socket, the payload of `connection_init`.

May raise `ApiError` (`Unauthenticated` for a key that is not valid); a caller without a key is anonymous.
"""


@dataclass(frozen=True, slots=True)
class Request:
    """The parameters of GraphQL over HTTP, checked for their types. `extensions` are accepted and not used."""

    query: str
    operation_name: str | None
    variables: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A GraphQL response. `failed` is the code of a request that was not executed: such an answer has no `data`."""

    body: dict[str, Any]
    failed: ErrorCode | None = None

    @classmethod
    def of_refusal(cls, refusal: RequestRefused) -> "Answer":
        return cls({"errors": refusal.errors}, refusal.code)


def read_request(parameters: object) -> Request:
    """Check the parameters of a JSON body or of a `subscribe` message. Raises: RequestRefused."""
    if not isinstance(parameters, dict):
        # A list would be a batch; there are none.
        raise RequestRefused.because(ErrorCode.BAD_REQUEST, "The request must be one JSON object.")
    query = parameters.get("query")
    operation_name = parameters.get("operationName")
    variables = parameters.get("variables")
    if not isinstance(query, str) or not query:
        raise RequestRefused.because(ErrorCode.BAD_REQUEST, "`query` must be a document.")
    if not isinstance(operation_name, str | None):
        raise RequestRefused.because(ErrorCode.BAD_REQUEST, "`operationName` must be a text or null.")
    if not isinstance(variables, dict | None):
        raise RequestRefused.because(ErrorCode.BAD_REQUEST, "`variables` must be an object or null.")
    if not isinstance(parameters.get("extensions"), dict | None):
        raise RequestRefused.because(ErrorCode.BAD_REQUEST, "`extensions` must be an object or null.")
    if variables and is_nested_too_deeply(variables):
        raise RequestRefused.because(ErrorCode.BAD_REQUEST, "`variables` are nested too deeply.")
    if variables and has_nul(variables):
        raise RequestRefused.because(ErrorCode.BAD_USER_INPUT, "A text in `variables` holds the character U+0000.")
    return Request(query, operation_name, variables)


class Execution:
    """Runs requests against one schema. Prepared documents go through Strawberry's public `execute` and `stream`."""

    def __init__(self, schema: strawberry.Schema, settings: Settings, context_factory: ContextFactory) -> None:
        accept_prepared(schema)
        self._schema = schema
        self._is_production = settings.is_production
        self._seconds, self._queue_seconds = settings.graphql_seconds, settings.graphql_queue_seconds
        self._turns = asyncio.Semaphore(settings.graphql_at_once)
        self._documents = Documents(schema, settings)
        self._context_factory = context_factory

    def prepare(self, request: Request) -> Prepared:
        """Parse, limit and validate, or find it done. Raises: RequestRefused."""
        return self._documents.prepare(request.query, request.operation_name)

    async def make_context(self, connection: HTTPConnection, parameters: dict[str, Any] | None = None) -> Any:
        """The context of one operation. Raises: RequestRefused."""
        try:
            return await self._context_factory(connection, parameters)
        except Exception as error:
            raise RequestRefused.by_exception(error, is_production=self._is_production) from None

    async def answer(
        self,
        request: Request,
        prepared: Prepared,
        connection: HTTPConnection,
        parameters: dict[str, Any] | None = None,
    ) -> Answer:
        """Run a query or mutation when its turn comes. Raises: RequestRefused.

        Of a crowd a few run at once and the others wait in order: were all begun together, they would share the
        database's connections step by step, and the last step of each would come after the time of all.
        """
        try:
            async with asyncio.timeout(self._queue_seconds):
                await self._turns.acquire()
        except TimeoutError:
            message = "Too many operations are waiting. Nothing was done; try again later."
            raise RequestRefused.because(ErrorCode.TIMEOUT, message) from None
        # Names come from clients and have no bound, so the kind stands for the operation.
        kind = prepared.kind.value
        began, outcome = time.perf_counter(), "failed"
        try:
            async with asyncio.timeout(self._seconds) as limit:
                context = await self.make_context(connection, parameters)
                given = await self._run(request, prepared, context)
                outcome = "errors" if "errors" in given.body else "ok"
                return given
        except TimeoutError:
            if not limit.expired():
                raise
            message = f"The operation took longer than {self._seconds:g} seconds."
            raise RequestRefused.because(ErrorCode.TIMEOUT, message) from None
        finally:
            self._turns.release()
            metrics.operations.labels(kind, outcome).inc()
            metrics.operation_seconds.labels(kind).observe(time.perf_counter() - began)

    async def _run(self, request: Request, prepared: Prepared, context: Any) -> Answer:
        result = await self._schema.execute(
            request.query,
            variable_values=request.variables,
            context_value=context,
            operation_name=request.operation_name,
            operation_extensions=pass_on(prepared),
        )
        return self._answer(result)

    async def stream(self, request: Request, prepared: Prepared, context: Any) -> AsyncGenerator[Answer, None]:
        """Run a subscription; its generator is closed when this one is."""
        source = await self._schema.stream(
            request.query,
            variable_values=request.variables,
            context_value=context,
            operation_name=request.operation_name,
            operation_extensions=pass_on(prepared),
        )
        results = cast("AsyncIterator[ExecutionResult]", source)
        async with aclosing(source):
            async for result in results:
                yield self._answer(result)

    def _answer(self, result: ExecutionResult) -> Answer:
        if not result.errors:
            body: dict[str, Any] = {"data": result.data}
            if result.extensions:
                body["extensions"] = result.extensions
            return Answer(body)
        errors = [mask(error, is_production=self._is_production) for error in result.errors]
        # An error without a path belongs to no field: nothing was executed, as with a variable that cannot be coerced.
        is_unlocated = result.data is None and all(error.path is None for error in result.errors)
        if is_unlocated or isinstance(result, PreExecutionError):
            return Answer({"errors": errors}, ErrorCode(errors[0]["extensions"]["code"]))
        body = {"errors": errors, "data": result.data}
        if result.extensions:
            body["extensions"] = result.extensions
        return Answer(body)
