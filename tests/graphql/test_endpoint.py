"""GraphQL over HTTP: media types, status codes, bodies, masked errors and time-outs."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

import graphql
import httpx
import orjson
import pytest
import strawberry.schema.schema
from graphql import get_introspection_query
from structlog.testing import capture_logs

from graphql_schema import documents
from graphql_schema.errors import ErrorCode
from graphql_schema.paging import encode_global_id
from tests.graphql.tiny import GRAPHQL, Tiny

LEGACY = "application/json"
HIDDEN = ["hunter2", "inner secret", "Traceback", "KeyError", "RuntimeError", "site-packages"]


async def post(tiny: Tiny, query: str, *, accept: str = GRAPHQL, key: str = "", **parameters: Any) -> httpx.Response:
    headers = {"accept": accept} | ({"authorization": f"Bearer {key}"} if key else {})
    async with tiny.client() as client:
        return await client.post("/graphql", json={"query": query, **parameters}, headers=headers)


async def post_raw(tiny: Tiny, body: Any, **headers: str) -> httpx.Response:
    async with tiny.client() as client:
        given = {"content-type": "application/json", "accept": GRAPHQL} | headers
        return await client.post("/graphql", content=body, headers=given)


def codes(response: httpx.Response) -> list[str]:
    body = response.json()
    assert all(error["message"] for error in body["errors"])
    return [error["extensions"]["code"] for error in body["errors"]]


class TestMediaTypes:
    @pytest.mark.parametrize(
        ("accept", "answered"),
        [
            ("application/graphql-response+json", GRAPHQL),
            ("application/json", LEGACY),
            ("*/*", LEGACY),
            ("application/*", LEGACY),
            ("text/html, application/graphql-response+json;q=0.9, application/json;q=0.8", GRAPHQL),
            ("application/json;q=0.1, application/graphql-response+json; charset=utf-8", GRAPHQL),
            ("application/graphql-response+json;q=0, application/json", LEGACY),
            ("", LEGACY),
        ],
    )
    async def test_answer_has_the_type_that_is_liked_best(self, accept: str, answered: str) -> None:
        response = await post(Tiny(), "{ hello }", accept=accept)
        assert response.status_code == 200
        assert response.headers["content-type"] == f"{answered}; charset=utf-8"
        assert response.headers["cache-control"] == "no-store"
        assert response.json() == {"data": {"hello": "hello world"}}

    @pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/xml;q=1, nonsense"])
    async def test_no_common_type_is_406(self, accept: str) -> None:
        response = await post(Tiny(), "{ hello }", accept=accept)
        assert (response.status_code, codes(response)) == (406, ["NOT_ACCEPTABLE"])

    @pytest.mark.parametrize(
        "content_type",
        [
            "",
            "text/plain",
            "application/graphql",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/json; charset=gbk",
        ],
    )
    async def test_body_of_another_type_is_415_and_runs_nothing(self, content_type: str) -> None:
        tiny = Tiny()
        response = await post_raw(tiny, b'{"query": "mutation { act }"}', **{"content-type": content_type})
        assert (response.status_code, codes(response)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])
        assert tiny.trail.events == []

    async def test_compressed_body_is_415(self) -> None:
        response = await post_raw(Tiny(), b"x", **{"content-encoding": "gzip"})
        assert (response.status_code, codes(response)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])

    async def test_content_type_with_charset_is_accepted(self) -> None:
        body = '{"query": "{ hello(name: \\"甲\\") }"}'.encode()
        response = await post_raw(Tiny(), body, **{"content-type": 'Application/JSON; Charset="UTF-8"'})
        assert response.json() == {"data": {"hello": "hello 甲"}}


class TestMethods:
    async def test_get_runs_a_query_with_variables(self) -> None:
        async with Tiny().client() as client:
            parameters = {
                "query": "query A($n: String!) { hello(name: $n) } query B { who }",
                "operationName": "A",
                "variables": '{"n": "x"}',
                "extensions": "{}",
                "other": "1",
            }
            response = await client.get("/graphql", params=parameters)
            assert response.json() == {"data": {"hello": "hello x"}}

    async def test_get_does_not_run_a_mutation(self) -> None:
        tiny = Tiny()
        async with tiny.client() as client:
            response = await client.get("/graphql", params={"query": "mutation { act }"})
        assert (response.status_code, codes(response)) == (405, ["METHOD_NOT_ALLOWED"])
        assert response.headers["allow"] == "GET, POST"
        assert tiny.trail.events == []
        assert tiny.trail.contexts == 0

    @pytest.mark.parametrize(
        "url",
        [
            "/graphql",
            "/graphql?query=",
            "/graphql?query={hello}&variables=1",
            "/graphql?query={hello}&variables=[]",
            "/graphql?query={hello}&variables=x",
            "/graphql?query={hello}&extensions=1",
            "/graphql?query={hello}&query={who}",
            "/graphql?query=%ff",
            "/graphql?" + "&".join(f"a{n}=1" for n in range(100)),
        ],
    )
    async def test_get_without_a_readable_query_is_400(self, url: str) -> None:
        async with Tiny().client() as client:
            response = await client.get(url)
        assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
    async def test_other_methods_are_405(self, method: str) -> None:
        async with Tiny().client() as client:
            response = await client.request(method, "/graphql?query=" + quote("{ hello }"))
        assert (response.status_code, codes(response)) == (405, ["METHOD_NOT_ALLOWED"])
        assert response.headers["allow"] == "GET, POST"

    async def test_subscription_over_http_is_refused(self) -> None:
        tiny = Tiny()
        response = await post(tiny, "subscription { ticks }")
        assert (response.status_code, codes(response)) == (400, ["OPERATION_NOT_SUPPORTED"])
        assert tiny.trail.events == []


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


class TestStatus:
    @pytest.mark.parametrize(
        ("parameters", "code"),
        [
            ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
            ({"query": "{ nope }"}, "GRAPHQL_VALIDATION_FAILED"),
            ({"query": "{ hello(name: 5) }"}, "GRAPHQL_VALIDATION_FAILED"),
            ({"query": "fragment F on Query { hello }"}, "OPERATION_NOT_FOUND"),
            ({"query": "query A { hello } query B { hello }"}, "OPERATION_NOT_FOUND"),
            ({"query": "query A { hello }", "operationName": "B"}, "OPERATION_NOT_FOUND"),
            ({"query": "{ hello }", "operationName": ""}, "OPERATION_NOT_FOUND"),
            ({"query": "query($n: String!) { hello(name: $n) }"}, "BAD_USER_INPUT"),
            ({"query": "query($n: Long!) { count(value: $n) }", "variables": {"n": 2**60}}, "BAD_USER_INPUT"),
        ],
    )
    async def test_request_error_is_400_where_asked_for_and_200_for_old_clients(
        self, parameters: dict[str, Any], code: str
    ) -> None:
        for accept, status in [(GRAPHQL, 400), (LEGACY, 200)]:
            tiny = Tiny()
            response = await post_raw(tiny, orjson.dumps(parameters), accept=accept)
            assert response.status_code == status
            assert set(codes(response)) == {code}
            assert "data" not in response.json()

    async def test_error_of_a_field_is_200_and_keeps_other_data(self) -> None:
        for accept in (GRAPHQL, LEGACY):
            response = await post(Tiny(), "{ hello broken }", accept=accept)
            assert response.status_code == 200
            assert response.json()["data"] == {"hello": "hello world", "broken": None}
            assert codes(response) == ["INTERNAL"]

    async def test_error_of_a_required_field_is_200_with_data_null(self) -> None:
        response = await post(Tiny(), "{ hello refused }")
        assert response.status_code == 200
        assert response.json() == {
            "data": None,
            "errors": [
                {
                    "message": "first must be from 1 to 100.",
                    "locations": [{"line": 1, "column": 9}],
                    "path": ["refused"],
                    "extensions": {"argument": "first", "code": "BAD_USER_INPUT"},
                }
            ],
        }

    async def test_key_that_is_not_valid_is_401_and_runs_nothing(self) -> None:
        for accept, status in [(GRAPHQL, 401), (LEGACY, 200)]:
            tiny = Tiny()
            response = await post(tiny, "mutation { act }", accept=accept, key="expired")
            assert response.status_code == status
            assert response.headers["www-authenticate"] == "Bearer"
            shown = {"message": "The key has expired.", "extensions": {"code": "UNAUTHENTICATED"}}
            assert response.json() == {"errors": [shown]}
            assert tiny.trail.events == []

    async def test_no_key_is_anonymous_and_refused_at_the_field(self) -> None:
        response = await post(Tiny(), "{ who secret }")
        assert (response.status_code, codes(response)) == (200, ["UNAUTHENTICATED"])
        assert response.json()["data"] is None
        response = await post(Tiny(), "{ who secret }", key="anna")
        assert response.json() == {"data": {"who": "anna", "secret": "42"}}

    @pytest.mark.parametrize("accept", [GRAPHQL, LEGACY])
    async def test_spent_rate_is_429_and_says_when_to_come_back(self, accept: str) -> None:
        response = await post(Tiny(), "{ hello }", accept=accept, key="busy")
        assert (response.status_code, codes(response)) == (429, ["RATE_LIMITED"])
        assert response.headers["retry-after"] == "7"
        assert response.json()["errors"][0]["extensions"]["retryAfterSeconds"] == 7

    async def test_time_out_is_coded_and_cancels_the_operation(self) -> None:
        for accept in (GRAPHQL, LEGACY):
            tiny = Tiny(graphql_seconds=0.1)
            response = await post(tiny, "{ hello slow }", accept=accept)
            assert (response.status_code, codes(response)) == (503, ["TIMEOUT"])
            assert "slow was cancelled" in tiny.trail.events


class TestMasking:
    async def test_unexpected_exception_shows_nothing_but_a_reference(self) -> None:
        with capture_logs() as logs:
            response = await post(
                Tiny(environment="production"),
                "query($p: String!) { broken(phone: $p) }",
                variables={"p": "13800001111"},
            )
        (error,) = response.json()["errors"]
        reference = error["extensions"].pop("reference")
        assert error == {
            "message": "Internal error.",
            "locations": [{"line": 1, "column": 22}],
            "path": ["broken"],
            "extensions": {"code": "INTERNAL"},
        }
        (log,) = logs
        assert log["log_level"] == "error"
        assert log["reference"] == reference
        assert len(reference) == 16
        assert "in broken" in log["traceback"]
        assert "builtins.KeyError" in log["traceback"]
        assert "builtins.RuntimeError" in log["traceback"]
        assert "13800001111" not in repr(logs)
        assert not [word for word in HIDDEN if word in response.text]

    async def test_sandbox_log_has_the_exception_text(self) -> None:
        with capture_logs() as logs:
            response = await post(Tiny(), "{ broken }")
        assert "hunter2" in logs[0]["traceback"]
        assert "hunter2" not in response.text

    async def test_missing_value_of_a_required_field_is_masked(self) -> None:
        response = await post(Tiny(), "{ nothing }")
        assert codes(response) == ["INTERNAL"]
        assert response.json()["errors"][0]["message"] == "Internal error."

    @pytest.mark.parametrize("accept", [GRAPHQL, LEGACY])
    async def test_context_that_crashes_is_500_and_masked(self, accept: str) -> None:
        with capture_logs() as logs:
            response = await post(Tiny(), "{ hello }", accept=accept, key="crash")
        assert (response.status_code, codes(response)) == (500, ["INTERNAL"])
        assert not [word for word in HIDDEN if word in response.text]
        assert len(logs) == 1

    async def test_value_that_json_cannot_say_is_500_and_masked(self) -> None:
        response = await post(Tiny(), "{ unspeakable }")
        assert (response.status_code, codes(response)) == (500, ["INTERNAL"])
        assert "data" not in response.json()

    async def test_fault_of_the_endpoint_itself_is_coded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def crash(*_: object) -> None:
            raise RuntimeError("password=hunter2")

        monkeypatch.setattr(documents.Documents, "prepare", crash)
        response = await post(Tiny(), "{ hello }")
        assert (response.status_code, codes(response)) == (500, ["INTERNAL"])
        assert "hunter2" not in response.text

    async def test_bad_node_id_shows_no_decoding_error(self) -> None:
        response = await post(Tiny(), '{ node(id: "x") { id } }')
        assert (response.status_code, codes(response)) == (200, ["BAD_USER_INPUT"])
        assert response.json()["errors"][0]["message"] == "The id is not one of this API."
        id = encode_global_id("Thing", UUID(int=7))
        response = await post(Tiny(), "query($i: ID!) { node(id: $i) { id __typename } }", variables={"i": id})
        assert response.json() == {"data": {"node": {"id": id, "__typename": "Thing"}}}

    async def test_forbidden_keeps_its_message(self) -> None:
        response = await post(Tiny(), "{ forbidden }")
        assert codes(response) == ["FORBIDDEN"]
        assert response.json()["errors"][0]["message"] == "Only for the owner."

    @pytest.mark.parametrize(
        ("query", "variables"),
        [
            ("{ helo }", {}),
            ("{ hello(nam: 1) }", {}),
            ("{ tree { nam } }", {}),
            ("query($f: Filter!) { count(value: 1, filter: $f) }", {"f": {"name": "x", "sise": 1}}),
            ("query($f: Filtre) { hello }", {}),
        ],
    )
    async def test_production_makes_no_suggestions(self, query: str, variables: dict[str, Any]) -> None:
        response = await post(Tiny(), query, variables=variables)
        assert "Did you mean" in response.text
        response = await post(Tiny(environment="production"), query, variables=variables)
        assert response.status_code == 400
        assert "Did you mean" not in response.text

    async def test_production_refuses_introspection_but_not_typename(self) -> None:
        document = get_introspection_query(input_value_deprecation=True, specified_by_url=True)
        response = await post(Tiny(), document)
        assert response.json()["data"]["__schema"]["queryType"]["name"] == "Query"
        production = Tiny(environment="production")
        for query in ["{ __schema { types { name } } }", '{ __type(name: "Query") { name } }', document]:
            response = await post(production, query)
            assert response.status_code == 400
            assert set(codes(response)) <= {"GRAPHQL_VALIDATION_FAILED", "TOO_DEEP"}
            assert "data" not in response.json()
        assert (await post(production, "{ __typename }")).json() == {"data": {"__typename": "Query"}}

    async def test_quoted_input_is_cut(self) -> None:
        response = await post(Tiny(), "{ " + "x" * 20_000 + " }")
        assert codes(response) == ["GRAPHQL_VALIDATION_FAILED"]
        assert len(response.json()["errors"][0]["message"]) == 1_000

    async def test_every_code_an_answer_carries_stands_in_the_table(self) -> None:
        queries = ["{", "{ nope }", "{ broken refused }", "{ secret }", "{ forbidden }", "subscription { ticks }"]
        for query in queries:
            for code in codes(await post(Tiny(), query)):
                assert code in ErrorCode.__members__


class TestExecution:
    async def test_extensions_and_permissions_work_on_prepared_documents(self) -> None:
        tiny = Tiny()
        for _ in range(2):
            assert (await post(tiny, "{ shout }")).json() == {"data": {"shout": "QUIET"}}
        assert tiny.trail.events == ["operation begins", "executed", "operation ends"] * 2

    async def test_document_is_parsed_and_validated_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[str] = []

        def parse_counted(*args: Any, **options: Any) -> Any:
            calls.append("parse")
            return graphql.parse(*args, **options)

        def validate_counted(*args: Any, **options: Any) -> Any:
            calls.append("validate")
            return graphql.validate(*args, **options)

        monkeypatch.setattr(documents, "parse", parse_counted)
        monkeypatch.setattr(documents, "validate", validate_counted)
        monkeypatch.setattr(strawberry.schema.schema, "parse", lambda *_, **__: pytest.fail("parsed by Strawberry"))
        monkeypatch.setattr(strawberry.schema.schema, "validate", lambda *_, **__: pytest.fail("validated again"))
        tiny = Tiny()
        document = "query A { hello } query B { who } query C { shout }"
        for name, count in [("A", 3), ("A", 3), ("B", 4), ("A", 4), ("B", 4)]:
            response = await post(tiny, document, operationName=name)
            assert list(response.json()) == ["data"]
            assert len(calls) == count
        assert calls == ["parse", "validate", "validate", "validate"]

    async def test_requests_of_one_document_keep_their_own_variables(self) -> None:
        tiny = Tiny()
        document = "query($n: String!) { hello(name: $n) }"
        answers = [(await post(tiny, document, variables={"n": str(n)})).json() for n in range(20)]
        assert answers == [{"data": {"hello": f"hello {n}"}} for n in range(20)]

    async def test_each_request_has_a_context_of_its_own(self) -> None:
        tiny = Tiny()
        for key in ["anna", "bert", ""]:
            response = await post(tiny, "{ who }", key=key)
            assert response.json() == {"data": {"who": key or "anonymous"}}
        assert tiny.trail.contexts == 3

    async def test_hostile_document_costs_little_and_is_refused(self) -> None:
        tiny = Tiny()
        for query, code in [
            ("{ " + "hello " * 3_000 + "}", "TOO_MANY_TOKENS"),
            ("{ " + "hello " * 1_900 + "}", "TOO_MANY_SAME_NAMES"),
            ("{ hello }" + " " * 200_000, "DOCUMENT_TOO_LARGE"),
            ("{ hello }" + "#\n" * 30_000, "TOO_MANY_TOKENS"),
            ("{ tree " * 900, "TOO_DEEP"),
        ]:
            started = time.process_time()
            response = await post(tiny, query)
            assert (response.status_code, codes(response)) == (400, [code])
            assert time.process_time() - started < 0.5
