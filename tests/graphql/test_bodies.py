"""Bodies of GraphQL over HTTP: what is no request, what is too long, and what never ends."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from tests.graphql.tiny import GRAPHQL, LEGACY, Tiny, codes, post, post_raw


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"null",
            b"1",
            b'"x"',
            b"true",
            b"[]",
            b'[{"query": "{ hello }"}, {"query": "{ who }"}]',
            b"{",
            b"{}",
            b'{"query": "{ hello }"} x',
            b'{"query": "\xff\xfe"}',
            b'{"query": "{ hello }", "variables": "\xc3\x28"}',
            b'\xef\xbb\xbf{"query": "{ hello }"}',
            b'{"query": "\\ud800"}',
            b'{"query": null}',
            b'{"query": 1}',
            b'{"query": ""}',
            b'{"query": ["{ hello }"]}',
            b'{"query": "{ hello }", "operationName": 1}',
            b'{"query": "{ hello }", "operationName": {}}',
            b'{"query": "{ hello }", "variables": 1}',
            b'{"query": "{ hello }", "variables": "{}"}',
            b'{"query": "{ hello }", "variables": []}',
            b'{"query": "{ hello }", "variables": false}',
            b'{"query": "{ hello }", "extensions": []}',
            b'{"query": "{ hello }", "variables": {"a": NaN}}',
            b'{"query": "{ hello }", "variables": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
            b'{"query": "{ hello }", "variables": {"a": ' + b"[" * 500 + b"]" * 500 + b"}}",
            b'{"query": "{ hello }", "variables": {"a": ' + b'{"a":' * 33 + b"1" + b"}" * 33 + b"}}",
        ],
    )
    @pytest.mark.parametrize("accept", [GRAPHQL, LEGACY])
    async def test_body_that_is_no_request_is_400_with_a_code(self, body: bytes, accept: str) -> None:
        response = await post_raw(Tiny(), body, accept=accept)
        assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])
        assert "data" not in response.json()

    async def test_null_parameters_count_as_absent(self) -> None:
        body = {"query": "{ hello }", "operationName": None, "variables": None, "extensions": None}
        response = await post_raw(Tiny(), orjson.dumps(body))
        assert response.json() == {"data": {"hello": "hello world"}}

    async def test_variables_nested_within_the_limit_pass(self) -> None:
        value: Any = 1
        for _ in range(30):
            value = [value]
        response = await post(Tiny(), "query($v: JSON!) { json(value: $v) }", variables={"v": value})
        assert response.json() == {"data": {"json": value}}

    async def test_declared_length_beyond_the_limit_is_413_before_reading(self) -> None:
        read = 0

        async def chunks() -> AsyncIterator[bytes]:
            nonlocal read
            read += 1
            yield b" " * 1_000

        response = await post_raw(Tiny(), chunks(), **{"content-length": str(256 * 1024 + 1)})
        assert (response.status_code, codes(response)) == (413, ["BODY_TOO_LARGE"])
        assert response.headers["connection"] == "close"
        assert read == 0

    async def test_undeclared_length_is_read_up_to_the_limit_only(self) -> None:
        read = 0

        async def chunks() -> AsyncIterator[bytes]:
            nonlocal read
            for _ in range(1_000):
                read += 1
                yield b" " * 16_384

        response = await post_raw(Tiny(), chunks())
        assert (response.status_code, codes(response)) == (413, ["BODY_TOO_LARGE"])
        assert read == 17

    async def test_body_of_exactly_the_limit_passes(self) -> None:
        body = b'{"query": "{ hello }"}'
        response = await post_raw(Tiny(), body + b" " * (256 * 1024 - len(body)))
        assert response.status_code == 200

    async def test_body_that_does_not_end_is_408(self) -> None:
        sent: list[Any] = []
        tiny = Tiny(graphql_seconds=0.05)

        async def receive() -> Any:
            await asyncio.sleep(5)

        async def send(message: Any) -> None:
            sent.append(message)

        await tiny.app(_scope(), receive, send)
        assert sent[0]["status"] == 408
        assert orjson.loads(sent[1]["body"])["errors"][0]["extensions"] == {"code": "REQUEST_TIMEOUT"}

    async def test_client_that_hangs_up_gets_nothing_and_runs_nothing(self) -> None:
        sent: list[Any] = []
        events = [{"type": "http.request", "body": b'{"query"', "more_body": True}, {"type": "http.disconnect"}]
        tiny = Tiny()

        async def receive() -> Any:
            return events.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        await tiny.app(_scope(), receive, send)
        assert sent == []
        assert tiny.trail.contexts == 0

    @pytest.mark.parametrize("text", ["a\x00b", "\x00"])
    async def test_nul_in_a_variable_or_literal_is_bad_user_input(self, text: str) -> None:
        response = await post(Tiny(), "query($n: String!) { hello(name: $n) }", variables={"n": text})
        assert (response.status_code, codes(response)) == (400, ["BAD_USER_INPUT"])
        nested = {"v": [{"k": {text: 1}}]}
        assert codes(await post(Tiny(), "query($v: JSON!) { json(value: $v) }", variables=nested)) == ["BAD_USER_INPUT"]
        assert codes(await post(Tiny(), '{ hello(name: "a\\u0000") }')) == ["BAD_USER_INPUT"]
        assert codes(await post(Tiny(), '{ json(value: [{a: "\\u{0}"}]) }')) == ["BAD_USER_INPUT"]


def _scope() -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
