"""A small endpoint behind a real server, and the client's side of graphql-transport-ws."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.graphql.tiny import Tiny

PROTOCOL = Subprotocol("graphql-transport-ws")


class Served:
    """A `Tiny` behind uvicorn, in a thread with a loop of its own."""

    def __init__(self, tiny: Tiny) -> None:
        self.tiny = tiny
        config = uvicorn.Config(tiny.app, port=0, log_config=None, timeout_graceful_shutdown=5)
        self.server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self.server.run, daemon=True)

    async def start(self) -> None:
        self._thread.start()
        await until(lambda: self.server.started)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{port}/graphql"

    async def stop(self) -> float:
        """Stop as a signal would; the seconds that it took."""
        started = time.monotonic()
        self.server.should_exit = True
        await asyncio.to_thread(self._thread.join, 10)
        assert not self._thread.is_alive()
        return time.monotonic() - started


async def until(condition: Any, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def serve(**settings: Any) -> AsyncIterator[Served]:
    served = Served(Tiny(**settings))
    await served.start()
    try:
        yield served
    finally:
        await served.stop()


async def send(socket: ClientConnection, message: Any) -> None:
    await socket.send(orjson.dumps(message).decode())


async def receive(socket: ClientConnection) -> Any:
    frame = await asyncio.wait_for(socket.recv(), 5)
    assert isinstance(frame, str), "frames must be text"
    return orjson.loads(frame)


async def close_code(socket: ClientConnection) -> int | None:
    """The code that the server closes with; messages before it are passed over."""
    try:
        while True:
            await asyncio.wait_for(socket.recv(), 5)
    except ConnectionClosed:
        return socket.close_code


@asynccontextmanager
async def opened(served: Served, **payload: Any) -> AsyncIterator[ClientConnection]:
    """A socket after sign-in."""
    async with connect(served.url, subprotocols=[PROTOCOL]) as socket:
        await send(socket, {"type": "connection_init", "payload": payload} if payload else {"type": "connection_init"})
        assert await receive(socket) == {"type": "connection_ack"}
        yield socket


def subscribe(id: str, query: str, **payload: Any) -> dict[str, Any]:
    return {"id": id, "type": "subscribe", "payload": {"query": query, **payload}}
