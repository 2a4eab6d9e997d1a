"""graphql-transport-ws against a real server: what operations answer, and their limits."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.graphql.served import Served, close_code, opened, receive, send, serve, subscribe, until


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serve() as running:
        yield running


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[Served]:
    """One server for tests that leave no trace on it."""
    async with serve() as running:
        yield running


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
