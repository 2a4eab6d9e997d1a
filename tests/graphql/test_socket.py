"""graphql-transport-ws against a real server: opening, garbage, ending and drain."""

import asyncio
import time
from collections.abc import AsyncIterator

import orjson
import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.graphql.served import PROTOCOL, Served, close_code, opened, receive, send, serve, subscribe, until


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serve() as running:
        yield running


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[Served]:
    """One server for tests that leave no trace on it."""
    async with serve() as running:
        yield running


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
