"""graphql-transport-ws against a real server: sign-in, limits, garbage, cancellation and drain."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
import uvicorn
from structlog.testing import capture_logs
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


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serve() as running:
        yield running


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[Served]:
    """One server for tests that leave no trace on it."""
    async with serve() as running:
        yield running


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


class TestOpening:
    @pytest.mark.parametrize("protocols", [[Subprotocol("graphql-ws")], [Subprotocol("mqtt")], None])
    async def test_other_sub_protocols_are_closed_with_4406(
        self, served: Served, protocols: list[Subprotocol] | None
    ) -> None:
        async with connect(served.url, subprotocols=protocols) as socket:
            assert socket.subprotocol is None
            assert await close_code(socket) == 4406
        assert served.tiny.trail.contexts == 0

    async def test_ours_is_chosen_among_several(self, served: Served) -> None:
        async with connect(served.url, subprotocols=[Subprotocol("graphql-ws"), PROTOCOL]) as socket:
            assert socket.subprotocol == PROTOCOL

    async def test_silence_before_init_is_closed_with_4408(self) -> None:
        async with serve(websocket_init_seconds=0.2) as served, connect(served.url, subprotocols=[PROTOCOL]) as socket:
            started = time.monotonic()
            assert await close_code(socket) == 4408
            assert 0.1 < time.monotonic() - started < 3

    async def test_pings_do_not_put_off_the_init_time_out(self) -> None:
        async with serve(websocket_init_seconds=0.3) as served, connect(served.url, subprotocols=[PROTOCOL]) as socket:
            started = time.monotonic()
            with pytest.raises(ConnectionClosed):
                while time.monotonic() - started < 5:
                    await send(socket, {"type": "ping"})
                    assert await receive(socket) == {"type": "pong"}
                    await asyncio.sleep(0.02)
            assert socket.close_code == 4408

    async def test_socket_stays_open_after_init_beyond_the_init_time(self) -> None:
        async with serve(websocket_init_seconds=0.2) as served, opened(served) as socket:
            await asyncio.sleep(0.5)
            await send(socket, {"type": "ping"})
            assert await receive(socket) == {"type": "pong"}

    async def test_key_that_is_not_valid_is_closed_with_4401(self, served: Served) -> None:
        async with connect(served.url, subprotocols=[PROTOCOL]) as socket:
            await send(socket, {"type": "connection_init", "payload": {"Authorization": "Bearer expired"}})
            assert await close_code(socket) == 4401
            assert socket.close_reason == "The key has expired."

    async def test_context_that_crashes_is_closed_with_1011_and_says_nothing(self, served: Served) -> None:
        async with connect(served.url, subprotocols=[PROTOCOL]) as socket:
            await send(socket, {"type": "connection_init", "payload": {"Authorization": "Bearer crash"}})
            assert await close_code(socket) == 1011
            assert socket.close_reason == "Internal error."

    async def test_no_key_is_anonymous(self, served: Served) -> None:
        async with opened(served) as socket:
            await send(socket, subscribe("1", "{ who }"))
            assert (await receive(socket))["payload"] == {"data": {"who": "anonymous"}}

    async def test_key_of_the_init_reaches_every_operation(self, served: Served) -> None:
        async with opened(served, Authorization="Bearer anna") as socket:
            for id in ("1", "2"):
                await send(socket, subscribe(id, "{ who secret }"))
                assert await receive(socket) == {
                    "id": id,
                    "type": "next",
                    "payload": {"data": {"who": "anna", "secret": "42"}},
                }
                assert await receive(socket) == {"id": id, "type": "complete"}
        assert served.tiny.trail.contexts == 3

    async def test_key_that_expires_later_refuses_new_operations_and_keeps_the_socket(self, served: Served) -> None:
        async with opened(served, Authorization="Bearer anna") as socket:
            served.tiny.expired.add("anna")
            await send(socket, subscribe("1", "{ who }"))
            message = await receive(socket)
            assert (message["id"], message["type"]) == ("1", "error")
            assert message["payload"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
            await send(socket, {"type": "ping"})
            assert await receive(socket) == {"type": "pong"}

    async def test_second_init_is_closed_with_4429(self, served: Served) -> None:
        async with opened(served) as socket:
            await send(socket, {"type": "connection_init"})
            assert await close_code(socket) == 4429

    async def test_subscribing_before_init_is_closed_with_4401_and_runs_nothing(self, served: Served) -> None:
        async with connect(served.url, subprotocols=[PROTOCOL]) as socket:
            await send(socket, subscribe("1", "mutation { act }"))
            assert await close_code(socket) == 4401
        assert served.tiny.trail.events == []


class TestGarbage:
    @pytest.mark.parametrize(
        "frame",
        [
            "null",
            "[]",
            '[{"type": "ping"}]',
            "1",
            '"x"',
            "",
            "{",
            "{}",
            b'{"type": "ping"}',
            '{"type": null}',
            '{"type": 1}',
            '{"type": []}',
            '{"type": {}}',
            '{"type": "start", "id": "1"}',
            '{"type": "next", "id": "1"}',
            '{"type": "ping", "payload": 1}',
            '{"type": "pong", "payload": []}',
            '{"type": "subscribe"}',
            '{"type": "subscribe", "id": 1, "payload": {"query": "{ who }"}}',
            '{"type": "subscribe", "id": "", "payload": {"query": "{ who }"}}',
            '{"type": "subscribe", "id": "' + "x" * 129 + '", "payload": {"query": "{ who }"}}',
            '{"type": "subscribe", "id": "1"}',
            '{"type": "subscribe", "id": "1", "payload": null}',
            '{"type": "subscribe", "id": "1", "payload": []}',
            '{"type": "subscribe", "id": "1", "payload": {}}',
            '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
            '{"type": "complete"}',
            '{"type": "complete", "id": []}',
            '{"a":' * 2_000 + "1" + "}" * 2_000,
        ],
    )
    async def test_what_is_no_message_is_closed_with_4400(self, shared: Served, frame: str | bytes) -> None:
        async with opened(shared) as socket:
            await socket.send(frame)
            assert await close_code(socket) == 4400

    @pytest.mark.parametrize("payload", ["1", "[]", '"x"', "false"])
    async def test_init_payload_that_is_no_object_is_closed_with_4400(self, shared: Served, payload: str) -> None:
        async with connect(shared.url, subprotocols=[PROTOCOL]) as socket:
            await socket.send('{"type": "connection_init", "payload": ' + payload + "}")
            assert await close_code(socket) == 4400

    async def test_message_beyond_64_kib_is_closed_with_1009(self, shared: Served) -> None:
        frame = orjson.dumps({"type": "ping", "payload": {"a": ""}}).decode()
        async with opened(shared) as socket:
            await socket.send(frame + " " * (64 * 1024 - len(frame)))
            assert await receive(socket) == {"type": "pong", "payload": {"a": ""}}
            await socket.send(frame + " " * (64 * 1024 - len(frame) + 1))
            assert await close_code(socket) == 1009

    async def test_limit_counts_bytes_not_characters(self, shared: Served) -> None:
        async with opened(shared) as socket:
            await send(socket, {"type": "ping", "payload": {"a": "甲" * 30_000}})
            assert await close_code(socket) == 1009

    async def test_server_serves_others_after_garbage(self, shared: Served) -> None:
        async with opened(shared) as broken:
            await broken.send("null")
            await close_code(broken)
        async with opened(shared) as socket:
            await send(socket, subscribe("1", "{ hello }"))
            assert (await receive(socket))["payload"] == {"data": {"hello": "hello world"}}


class TestOperations:
    async def test_subscription_gives_its_events_and_completes(self, served: Served) -> None:
        async with opened(served) as socket:
            await send(socket, subscribe("a", "subscription($n: Int!) { ticks(count: $n) }", variables={"n": 3}))
            for tick in range(3):
                assert await receive(socket) == {"id": "a", "type": "next", "payload": {"data": {"ticks": tick}}}
            assert await receive(socket) == {"id": "a", "type": "complete"}
        assert served.tiny.trail.events.count("ticks closed") == 1

    async def test_queries_and_mutations_work_too(self, served: Served) -> None:
        async with opened(served) as socket:
            document = "query A { hello } mutation B { act }"
            await send(socket, subscribe("1", document, operationName="B"))
            assert await receive(socket) == {"id": "1", "type": "next", "payload": {"data": {"act": "done"}}}
            assert await receive(socket) == {"id": "1", "type": "complete"}
        assert served.tiny.trail.events.count("acted") == 1

    async def test_two_subscriptions_run_side_by_side(self, served: Served) -> None:
        async with opened(served) as socket:
            for id in ("a", "b"):
                await send(socket, subscribe(id, "subscription { ticks(count: 20) }"))
            order: list[str] = []
            while len([id for id in order if id.endswith("!")]) < 2:
                message = await receive(socket)
                order.append(message["id"] + ("!" if message["type"] == "complete" else ""))
            assert order.count("a") == order.count("b") == 20
            assert "b" in order[: order.index("a!")]

    @pytest.mark.parametrize(
        ("payload", "code"),
        [
            ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
            ({"query": ""}, "BAD_REQUEST"),
            ({"query": "{ nope }"}, "GRAPHQL_VALIDATION_FAILED"),
            ({"query": "subscription { ticks a: ticks }"}, "GRAPHQL_VALIDATION_FAILED"),
            ({"query": "{ hello }", "variables": []}, "BAD_REQUEST"),
            ({"query": "{ hello }", "operationName": 5}, "BAD_REQUEST"),
            ({"query": "{" + "hello " * 3_000 + "}"}, "TOO_MANY_TOKENS"),
            ({"query": "query($n: Long!) { count(value: $n) }", "variables": {"n": "x"}}, "BAD_USER_INPUT"),
            ({"query": "subscription($n: Int!) { ticks(count: $n) }", "variables": {"n": "x"}}, "BAD_USER_INPUT"),
            ({"query": "subscription { private }"}, "UNAUTHENTICATED"),
        ],
    )
    async def test_refused_operation_is_an_error_message_and_the_socket_stays_open(
        self, shared: Served, payload: dict[str, Any], code: str
    ) -> None:
        async with opened(shared) as socket:
            await send(socket, {"id": "1", "type": "subscribe", "payload": payload})
            message = await receive(socket)
            assert (message["id"], message["type"]) == ("1", "error")
            assert {error["extensions"]["code"] for error in message["payload"]} == {code}
            await send(socket, subscribe("1", "{ hello }"))  # the id is free again
            assert (await receive(socket))["type"] == "next"

    async def test_error_of_a_field_comes_with_its_data(self, served: Served) -> None:
        async with opened(served) as socket:
            await send(socket, subscribe("1", "{ hello forbidden }"))
            message = await receive(socket)
            assert message["type"] == "next"
            assert message["payload"]["data"] == {"hello": "hello world", "forbidden": None}
            assert message["payload"]["errors"][0]["extensions"]["code"] == "FORBIDDEN"
            assert (await receive(socket))["type"] == "complete"

    async def test_source_that_breaks_ends_in_a_masked_error(self, served: Served) -> None:
        async with opened(served) as socket:
            with capture_logs() as logs:
                await send(socket, subscribe("1", "subscription { breaks }"))
                assert (await receive(socket))["payload"] == {"data": {"breaks": 1}}
                message = await receive(socket)
            assert message["type"] == "error"
            assert message["payload"][0]["message"] == "Internal error."
            assert message["payload"][0]["extensions"]["code"] == "INTERNAL"
            assert "hunter2" not in str(message)
            assert len(logs) == 1
            await send(socket, {"type": "ping"})
            assert await receive(socket) == {"type": "pong"}

    async def test_value_that_json_cannot_say_is_a_masked_error(self, served: Served) -> None:
        async with opened(served) as socket:
            await send(socket, subscribe("1", "{ unspeakable }"))
            message = await receive(socket)
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "INTERNAL")

    async def test_id_in_use_is_closed_with_4409(self, served: Served) -> None:
        async with opened(served) as socket:
            await send(socket, subscribe("1", "subscription { silence }"))
            await until(lambda: served.tiny.trail.events.count("silence open") == 1)
            await send(socket, subscribe("1", "subscription { silence }"))
            assert await close_code(socket) == 4409
        await until(lambda: served.tiny.trail.events.count("silence closed") == 1)

    async def test_hundred_operations_pass_and_one_more_is_an_error(self, served: Served) -> None:
        async with opened(served) as socket:
            for id in range(100):
                await send(socket, subscribe(str(id), "subscription { silence }"))
            await until(lambda: served.tiny.trail.events.count("silence open") == 100)
            await send(socket, subscribe("more", "subscription { silence }"))
            message = await receive(socket)
            assert (message["id"], message["type"]) == ("more", "error")
            assert message["payload"][0]["extensions"] == {"code": "TOO_MANY_SUBSCRIPTIONS"}
            await send(socket, {"id": "7", "type": "complete"})
            await send(socket, subscribe("more", "{ hello }"))
            assert (await receive(socket))["type"] == "next"
        await until(lambda: served.tiny.trail.events.count("silence closed") == 100)

    async def test_time_out_of_a_query_is_an_error_message(self) -> None:
        async with serve(graphql_seconds=0.2) as served, opened(served) as socket:
            await send(socket, subscribe("1", "{ slow }"))
            message = await receive(socket)
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "TIMEOUT")
            assert "slow was cancelled" in served.tiny.trail.events
            await send(socket, subscribe("2", "subscription { ticks(count: 60) }"))  # longer than a query may take
            for _ in range(60):
                assert (await receive(socket))["type"] == "next"

    async def test_ping_is_answered_with_its_payload_and_pong_is_ignored(self, served: Served) -> None:
        async with opened(served) as socket:
            await send(socket, {"type": "pong"})
            await send(socket, {"type": "pong", "payload": {"a": 1}})
            await send(socket, {"type": "ping", "payload": {"a": 1}})
            assert await receive(socket) == {"type": "pong", "payload": {"a": 1}}


class TestEnding:
    async def test_complete_closes_the_generator_and_nothing_more_comes(self, served: Served) -> None:
        async with opened(served) as socket:
            await send(socket, subscribe("1", "subscription { ticks(count: 100000) }"))
            assert (await receive(socket))["type"] == "next"
            await send(socket, {"id": "1", "type": "complete"})
            await send(socket, {"type": "ping", "payload": {"after": 1}})
            while (await receive(socket)) != {"type": "pong", "payload": {"after": 1}}:
                pass
            assert served.tiny.trail.events.count("ticks closed") == 1
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(socket.recv(), 0.1)

    async def test_complete_of_an_unknown_id_changes_nothing(self, served: Served) -> None:
        async with opened(served) as socket:
            await send(socket, {"id": "9", "type": "complete"})
            await send(socket, subscribe("1", "{ hello }"))
            assert (await receive(socket))["type"] == "next"

    async def test_client_that_leaves_closes_every_generator(self, served: Served) -> None:
        async with opened(served) as socket:
            await send(socket, subscribe("1", "subscription { silence }"))
            await send(socket, subscribe("2", "subscription { ticks(count: 100000) }"))
            await until(lambda: {"silence open", "ticks open"} <= set(served.tiny.trail.events))
        await until(lambda: {"silence closed", "ticks closed"} <= set(served.tiny.trail.events))
        assert not [event for event in served.tiny.trail.events if event.endswith("closed")][2:]

    async def test_client_that_vanishes_without_a_word_logs_no_fault(self, served: Served) -> None:
        with capture_logs() as logs:
            async with opened(served) as socket:
                await send(socket, subscribe("1", "subscription { ticks(count: 100000) }"))
                await receive(socket)
                socket.transport.abort()
            await until(lambda: "ticks closed" in served.tiny.trail.events)
        assert logs == []

    async def test_shutdown_closes_sockets_and_generators_quickly(self) -> None:
        async with serve() as served:
            async with opened(served) as socket:
                for id in range(10):
                    await send(socket, subscribe(str(id), "subscription { silence }"))
                await until(lambda: served.tiny.trail.events.count("silence open") == 10)
                seconds = await served.stop()
                assert await close_code(socket) == 1012
            assert seconds < 3
            assert served.tiny.trail.events.count("silence closed") == 10
