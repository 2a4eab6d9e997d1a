"""Errors as clients see them: coded, masked, without suggestions, and logged without personal data."""

from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLError, get_introspection_query
from structlog.testing import capture_logs

from app.platform.db import TryAgain
from graphql_schema import documents
from graphql_schema.errors import ErrorCode, mask
from graphql_schema.paging import encode_global_id
from tests.graphql.tiny import GRAPHQL, LEGACY, Tiny, codes, post

HIDDEN = ["hunter2", "inner secret", "Traceback", "KeyError", "RuntimeError", "site-packages"]


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


def test_whoever_was_always_too_late_may_send_the_same_again() -> None:
    shown = mask(GraphQLError("x", original_error=TryAgain()))
    assert shown["extensions"] == {"code": "TIMEOUT", "retryAfterSeconds": 1} and "again" in shown["message"]
