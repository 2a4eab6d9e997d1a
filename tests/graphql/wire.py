"""A client of graphql-transport-ws that speaks to the application itself, without a network in between."""

import asyncio
from typing import Any, Self

import orjson


class Wire:
    """One socket. `async with Wire(app, token) as wire:` has signed in, or has `close_code`."""

    def __init__(self, app: Any, token: str | None) -> None:
        self.close_code: int | None = None
        self._payload = {"Authorization": f"Bearer {token}"} if token else {}
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1:8000")],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
            "subprotocols": ["graphql-transport-ws"],
        }
        self._task = asyncio.ensure_future(app(scope, self._inbox.get, self._outbox.put))

    async def __aenter__(self) -> Self:
        self._inbox.put_nowait({"type": "websocket.connect"})
        assert (await self._take())["type"] == "websocket.accept"
        self.send({"type": "connection_init", "payload": self._payload})
        answer = await self._take()
        if answer["type"] == "websocket.close":
            self.close_code = answer["code"]
        else:
            assert orjson.loads(answer["text"]) == {"type": "connection_ack"}
        return self

    async def __aexit__(self, *_: object) -> None:
        self._inbox.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self._task, 5)

    def send(self, message: dict[str, Any]) -> None:
        self._inbox.put_nowait({"type": "websocket.receive", "text": orjson.dumps(message).decode()})

    def subscribe(self, id: str, query: str) -> None:
        self.send({"id": id, "type": "subscribe", "payload": {"query": query}})

    async def message(self, seconds: float = 5.0) -> dict[str, Any]:
        """The next message of the server. Raises: TimeoutError when none comes."""
        frame = await asyncio.wait_for(self._outbox.get(), seconds)
        message: dict[str, Any] = orjson.loads(frame["text"])
        return message

    async def is_silent(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for a while."""
        try:
            await self.message(seconds)
        except TimeoutError:
            return True
        return False

    async def _take(self) -> dict[str, Any]:
        return await asyncio.wait_for(self._outbox.get(), 5)
