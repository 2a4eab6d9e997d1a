"""GraphQL over WebSocket: the `graphql-transport-ws` protocol and no other.

Close codes: 4400 no message of the protocol, 4401 a key that is not valid or no `connection_init` yet, 4406 another
sub-protocol, 4408 no `connection_init` in time, 4409 an id that is in use, 4429 a second `connection_init`, 1009 a
message beyond the limit, 1011 our fault. Every operation has a context of its own, so a key is checked for each; one
that has expired meanwhile is answered with an `error` message: the client may sign in anew while others go on.
"""

import asyncio
from contextlib import aclosing, suppress
from typing import Any, Final

import orjson
from graphql import OperationType
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from app.platform.settings import Settings
from graphql_schema.errors import ErrorCode, RequestRefused, fault
from graphql_schema.execution import Answer, Execution, read_request

PROTOCOL: Final = "graphql-transport-ws"
MAX_ID_CHARACTERS: Final = 128
MAX_REASON_CHARACTERS: Final = 40
"""A close frame holds 123 bytes of reason."""

BAD_REQUEST: Final = 4400
UNAUTHORIZED: Final = 4401
SUBPROTOCOL_NOT_ACCEPTABLE: Final = 4406
INIT_TIMEOUT: Final = 4408
SUBSCRIBER_EXISTS: Final = 4409
TOO_MANY_INITS: Final = 4429
MESSAGE_TOO_BIG: Final = 1009
INTERNAL_ERROR: Final = 1011


class _Closed(Exception):
    """The conversation is over: with a code of ours, or None when the client is gone."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


async def serve_socket(execution: Execution, settings: Settings, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket until either side closes it; then every operation on it is cancelled and awaited."""
    await receive()  # websocket.connect
    if PROTOCOL not in scope.get("subprotocols", ()):
        # Only an accepted socket can carry a close code.
        await send({"type": "websocket.accept"})
        reason = f"The sub-protocol is {PROTOCOL}."
        await send({"type": "websocket.close", "code": SUBPROTOCOL_NOT_ACCEPTABLE, "reason": reason})
        return
    await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
    conversation = _Conversation(execution, settings, HTTPConnection(scope), receive, send)
    try:
        await conversation.hold()
    except _Closed as closed:
        if closed.code is not None:
            await conversation.close(closed.code, closed.reason)
    finally:
        await conversation.end_operations()


class _Conversation:
    def __init__(
        self, execution: Execution, settings: Settings, connection: HTTPConnection, receive: Receive, send: Send
    ) -> None:
        self._execution = execution
        self._settings = settings
        self._connection = connection
        self._receive_event = receive
        self._send_event = send
        self._is_initialised = False
        self._parameters: dict[str, Any] | None = None
        self._is_over = False
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        """The operations, and those whose last message a slow reader has not taken yet."""

    async def hold(self) -> None:
        """Handle messages until the socket closes. Raises: _Closed."""
        try:
            async with asyncio.timeout(self._settings.websocket_init_seconds):
                while not self._is_initialised:
                    await self._handle(await self._receive())
        except TimeoutError:
            raise _Closed(INIT_TIMEOUT, "Connection initialisation timeout") from None
        while True:
            await self._handle(await self._receive())

    async def close(self, code: int, reason: str) -> None:
        self._is_over = True
        with suppress(Exception):  # the other side may have been faster
            await self._send_event({"type": "websocket.close", "code": code, "reason": reason[:MAX_REASON_CHARACTERS]})

    async def end_operations(self) -> None:
        self._is_over = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _receive(self) -> dict[str, Any]:
        event = await self._receive_event()
        if event["type"] == "websocket.disconnect":
            raise _Closed(None)
        text = event.get("text")
        if text is None:
            raise _Closed(BAD_REQUEST, "Messages are text")
        raw = text.encode("utf-8", "surrogatepass")
        if len(raw) > self._settings.websocket_message_bytes:
            raise _Closed(MESSAGE_TOO_BIG, "Message too big")
        try:
            message = orjson.loads(raw)
        except orjson.JSONDecodeError:
            raise _Closed(BAD_REQUEST, "Invalid message") from None
        if not isinstance(message, dict):
            raise _Closed(BAD_REQUEST, "Invalid message")
        return message

    async def _handle(self, message: dict[str, Any]) -> None:
        payload = message.get("payload")
        match message.get("type"):
            case "connection_init":
                await self._initialise(payload)
            case "ping" if isinstance(payload, dict | None):
                await self._send({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
            case "pong" if isinstance(payload, dict | None):
                pass
            case "subscribe":
                await self._subscribe(_id_of(message), payload)
            case "complete":
                operation = self._operations.pop(_id_of(message), None)
                if operation is not None:
                    operation.cancel()
                    await asyncio.wait([operation])  # its generator is closed before the next message counts
            case _:
                raise _Closed(BAD_REQUEST, "Invalid message")

    async def _initialise(self, payload: object) -> None:
        if self._is_initialised:
            raise _Closed(TOO_MANY_INITS, "Too many initialisation requests")
        if not isinstance(payload, dict | None):
            raise _Closed(BAD_REQUEST, "Invalid message")
        try:
            await self._execution.make_context(self._connection, payload)
        except RequestRefused as refusal:
            is_fault = refusal.code is ErrorCode.INTERNAL
            raise _Closed(INTERNAL_ERROR if is_fault else UNAUTHORIZED, refusal.errors[0]["message"]) from None
        self._parameters = payload
        self._is_initialised = True
        await self._send({"type": "connection_ack"})

    async def _subscribe(self, id: str, payload: object) -> None:
        if not self._is_initialised:
            raise _Closed(UNAUTHORIZED, "Unauthorized")
        if id in self._operations:
            raise _Closed(SUBSCRIBER_EXISTS, f"Subscriber for {id} already exists")
        if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
            raise _Closed(BAD_REQUEST, "Invalid message")
        limit = self._settings.websocket_subscriptions
        if len(self._tasks) >= limit:
            message = f"More than {limit} operations on one connection."
            refusal = RequestRefused.because(ErrorCode.TOO_MANY_SUBSCRIPTIONS, message)
            await self._send({"id": id, "type": "error", "payload": refusal.errors})
            return
        task = asyncio.create_task(self._operate(id, payload))
        self._operations[id] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _operate(self, id: str, payload: dict[str, Any]) -> None:
        """Run one operation to its end. Its id is free again before the client reads of the end."""
        task = asyncio.current_task()
        try:
            end = await self._run(id, payload)
        except RequestRefused as refusal:
            end = {"id": id, "type": "error", "payload": refusal.errors}
        except _Closed:
            return
        except Exception as error:  # whatever failed here, the client gets a coded answer
            shown = fault(error, is_production=self._settings.is_production)
            end = {"id": id, "type": "error", "payload": [shown]}
        finally:
            if self._operations.get(id) is task:
                del self._operations[id]
        with suppress(_Closed):
            await self._send(end)

    async def _run(self, id: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Run an operation, send its results and give the message that ends it. Raises: RequestRefused."""
        request = read_request(payload)
        prepared = self._execution.prepare(request)
        if prepared.kind is not OperationType.SUBSCRIPTION:
            answer = await self._execution.answer(request, prepared, self._connection, self._parameters)
            if answer.failed is not None:
                return _error(id, answer)
            await self._send({"id": id, "type": "next", "payload": answer.body})
            return {"id": id, "type": "complete"}
        context = await self._execution.make_context(self._connection, self._parameters)
        async with aclosing(self._execution.stream(request, prepared, context)) as answers:
            async for answer in answers:
                if answer.failed is not None:
                    return _error(id, answer)
                await self._send({"id": id, "type": "next", "payload": answer.body})
        return {"id": id, "type": "complete"}

    async def _send(self, message: dict[str, Any]) -> None:
        """Send a message, as text: clients of the protocol take no binary frames. Raises: _Closed."""
        text = orjson.dumps(message).decode()
        if self._is_over:
            raise _Closed(None)
        try:
            await self._send_event({"type": "websocket.send", "text": text})
        except OSError:
            raise _Closed(None) from None


def _error(id: str, answer: Answer) -> dict[str, Any]:
    return {"id": id, "type": "error", "payload": answer.body["errors"]}


def _id_of(message: dict[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= MAX_ID_CHARACTERS:
        raise _Closed(BAD_REQUEST, "Invalid message")
    return id
