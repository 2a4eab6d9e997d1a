"""GraphQL over HTTP: media types, methods, status codes, time-outs, and how an operation runs."""

from typing import Any
from urllib.parse import quote

import graphql
import orjson
import pytest
import strawberry.schema.schema

from graphql_schema import documents
from tests.graphql.tiny import GRAPHQL, LEGACY, Tiny, codes, post, post_raw


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

    async def test_hostile_document_is_refused_before_it_is_validated(self, monkeypatch: pytest.MonkeyPatch) -> None:
        tiny = Tiny()
        monkeypatch.setattr(documents, "validate", lambda *_, **__: pytest.fail("validated"))
        for query, code in [
            ("{ " + "hello " * 3_000 + "}", "TOO_MANY_TOKENS"),
            ("{ " + "hello " * 1_900 + "}", "TOO_MANY_SAME_NAMES"),
            ("{ hello }" + " " * 200_000, "DOCUMENT_TOO_LARGE"),
            ("{ hello }" + "#\n" * 30_000, "TOO_MANY_TOKENS"),
            ("{ tree " * 900, "TOO_DEEP"),
        ]:
            response = await post(tiny, query)
            assert (response.status_code, codes(response)) == (400, [code])
