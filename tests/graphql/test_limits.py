"""Limits of an operation: exact edges, one operation of many, fragments and their cycles, and what refusing costs."""

from collections.abc import Iterator

import graphql
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.platform.settings import Settings
from graphql_schema import documents
from graphql_schema.documents import Documents
from graphql_schema.errors import RequestRefused
from graphql_schema.limits import has_nul, is_nested_too_deeply
from tests.graphql.tiny import build_schema
from tests.graphql.work import MOST_CALLS, counted_calls

SCHEMA = build_schema()


def refusal(document: str, operation_name: str | None = None, *, is_production: bool = True) -> str | None:
    """The code that a fresh process refuses the document with, or None."""
    settings = Settings(environment="production" if is_production else "sandbox")
    try:
        Documents(SCHEMA, settings).prepare(document, operation_name)
    except RequestRefused as refused:
        assert {error["extensions"]["code"] for error in refused.errors} == {refused.code}
        return str(refused.code)
    return None


def nest(levels: int) -> str:
    """A query whose deepest field stands on `levels`."""
    return "{ tree " + "{ child " * (levels - 2) + "{ name }" + " }" * (levels - 1)


class TestEdges:
    def test_twelve_levels_pass_and_thirteen_do_not(self) -> None:
        assert refusal(nest(12)) is None
        assert refusal(nest(13)) == "TOO_DEEP"
        assert refusal(nest(100)) == "TOO_DEEP"
        assert refusal(nest(400)) == "TOO_DEEP"  # the parser's own bound

    def test_depth_counts_through_fragments(self) -> None:
        fragment = "fragment F on Tree " + "{ child " * 10 + "{ name }" + " }" * 10
        assert refusal("{ tree { ...F } }" + fragment) is None
        assert refusal("{ tree { child { ...F } } }" + fragment) == "TOO_DEEP"
        assert refusal("{ tree { ... on Tree { child { ... { ...F } } } } }" + fragment) == "TOO_DEEP"

    def test_fifteen_aliases_pass_and_sixteen_do_not(self) -> None:
        def aliased(count: int) -> str:
            return "{" + " ".join(f"a{n}: hello" for n in range(count)) + "}"

        assert refusal(aliased(15)) is None
        assert refusal(aliased(16)) == "TOO_MANY_ALIASES"

    def test_aliases_of_a_fragment_count_wherever_it_is_spread(self) -> None:
        fragment = "fragment F on Tree { a: name b: name c: name d: name e: name }"
        three = "{ tree { ...F child { ...F } other { ...F } } }"
        assert refusal(three + fragment) is None
        assert (
            refusal("{ tree { ...F child { ...F } other { ...F child { ...F } } } }" + fragment) == "TOO_MANY_ALIASES"
        )

    def test_one_name_passes_twenty_times_and_not_twenty_one(self) -> None:
        assert refusal("{" + "hello " * 20 + "}") is None
        assert refusal("{" + "hello " * 21 + "}") == "TOO_MANY_SAME_NAMES"
        assert refusal("{" + "x: hello " * 15 + "}") is None
        assert refusal("{ tree { " + "name " * 21 + "} }") == "TOO_MANY_SAME_NAMES"

    def test_one_name_counts_over_all_that_execution_merges(self) -> None:
        assert (
            refusal("{ ... { " + "hello " * 11 + "} ... on Query { " + "hello " * 10 + "} }") == "TOO_MANY_SAME_NAMES"
        )
        assert (
            refusal(
                "{ ...A ...B } fragment A on Query {" + "hello " * 11 + "} fragment B on Query {" + "hello " * 10 + "}"
            )
            == "TOO_MANY_SAME_NAMES"
        )
        assert refusal("{ tree {" + "name " * 11 + "} tree {" + "name " * 10 + "} }") == "TOO_MANY_SAME_NAMES"
        assert refusal("{ tree {" + "name " * 11 + "} t: tree {" + "name " * 10 + "} }") is None
        assert refusal("{ ...A ...A ...A } fragment A on Query {" + "hello " * 20 + "}") is None

    def test_ten_directives_on_a_field_are_no_limit_error_and_eleven_are(self) -> None:
        # Repeating @skip is invalid anyway: what matters is which check speaks.
        assert refusal("{ hello " + "@skip(if: false) " * 10 + "}") == "GRAPHQL_VALIDATION_FAILED"
        for place in ["{ hello %s }", "query %s { hello }", "{ ... %s { hello } }", "query($a: Int %s) { hello }"]:
            assert refusal(place % ("@skip(if: false) " * 11)) == "TOO_MANY_DIRECTIVES"
        assert (
            refusal("{ ...F " + "@skip(if: false) " * 11 + "} fragment F on Query { hello }") == "TOO_MANY_DIRECTIVES"
        )

    def test_two_thousand_tokens_pass_and_one_more_does_not(self) -> None:
        values = "1 " * (2_000 - 9)
        document = "{ json(value: [" + values + "]) }"
        assert refusal(document) is None
        assert refusal("{ json(value: [" + values + "1]) }") == "TOO_MANY_TOKENS"

    def test_comments_count_as_tokens(self) -> None:
        assert refusal("{ hello }" + "#\n" * 2_000) == "TOO_MANY_TOKENS"

    def test_long_text_is_refused_whatever_fills_it(self) -> None:
        for filling in [" " * 70_000, "\n" * 70_000, "# " + "x" * 70_000]:
            assert refusal("{ hello }" + filling) == "DOCUMENT_TOO_LARGE"
        assert refusal('{ json(value: "' + "x" * 70_000 + '") }') == "DOCUMENT_TOO_LARGE"

    def test_literals_nest_thirty_two_deep_and_no_deeper(self) -> None:
        assert refusal("{ json(value: " + "[" * 32 + "1" + "]" * 32 + ") }") is None
        assert refusal("{ json(value: " + "[" * 33 + "1" + "]" * 33 + ") }") == "TOO_DEEP"
        assert refusal("{ json(value: " + "{a: " * 33 + "1" + "}" * 33 + ") }") == "TOO_DEEP"
        assert refusal("query($v: JSON = " + "[" * 33 + "1" + "]" * 33 + ") { json(value: $v) }") == "TOO_DEEP"

    def test_introspection_may_be_deeper_outside_production_only(self) -> None:
        document = "{ __schema { types { fields { type " + "{ ofType " * 9 + "{ name }" + "}" * 9 + "} } } }"
        assert refusal(document, is_production=False) is None
        assert refusal(document) == "TOO_DEEP"
        assert refusal("{ __schema { types { name } } }") == "GRAPHQL_VALIDATION_FAILED"
        assert refusal(nest(13), is_production=False) == "TOO_DEEP"


class TestOperations:
    def test_only_the_executed_operation_counts(self) -> None:
        for wide in [
            "query Wide {" + "hello " * 1_500 + "}",
            "query Wide {" + " ".join(f"a{n}: hello" for n in range(200)) + "}",
            "query Wide " + nest(20),
            "query Wide { ...F } fragment F on Query {" + "hello " * 100 + "}",
        ]:
            document = "query Small { who } " + wide
            assert refusal(document, "Small") is None
            assert refusal(document, "Wide") in {"TOO_MANY_SAME_NAMES", "TOO_MANY_ALIASES", "TOO_DEEP"}

    def test_fields_of_the_executed_operation_must_still_merge(self) -> None:
        for conflicting in [
            '{ hello(name: "a") hello(name: "b") }',
            "{ x: who x: hello }",
            "{ tree { x: name } tree { x: child { name } } }",
            "{ ...A x: who } fragment A on Query { x: hello }",
        ]:
            assert refusal(conflicting) == "GRAPHQL_VALIDATION_FAILED"
        document = 'query A { who } query B { hello(name: "a") hello(name: "b") }'
        assert refusal(document, "A") is None
        assert refusal(document, "B") == "GRAPHQL_VALIDATION_FAILED"

    def test_other_operations_must_be_valid_too(self) -> None:
        assert refusal("query A { who } query B { nope }", "A") == "GRAPHQL_VALIDATION_FAILED"
        assert refusal("query A { who } query A { hello }", "A") == "GRAPHQL_VALIDATION_FAILED"
        assert refusal("{ who } fragment F on Query { hello }") == "GRAPHQL_VALIDATION_FAILED"
        assert refusal("{ ...F }") == "GRAPHQL_VALIDATION_FAILED"
        assert refusal("{ who } type X { a: Int }") == "GRAPHQL_VALIDATION_FAILED"


class TestFragments:
    @pytest.mark.parametrize(
        "document",
        [
            "{ ...A } fragment A on Query { ...A }",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
            "{ tree { ...A } } fragment A on Tree { child { ...A } }",
            "{ tree { ...A } } fragment A on Tree { child { ...B } } fragment B on Tree { name other { ...A } }",
            "{ who } fragment A on Query { ...B } fragment B on Query { ...A }",
        ],
    )
    def test_cycle_is_refused_and_ends(self, document: str) -> None:
        assert refusal(document) in {"GRAPHQL_VALIDATION_FAILED", "TOO_DEEP"}

    def test_fragments_that_multiply_are_refused_early(self) -> None:
        levels = " ".join(
            f"fragment F{n} on Tree {{ child {{ ...F{n + 1} }} other {{ ...F{n + 1} }} }}" for n in range(11)
        )
        document = f"{{ tree {{ ...F0 }} hello }} {levels} fragment F11 on Tree {{ name }}"
        assert refusal(document) in {"TOO_COMPLEX", "TOO_DEEP"}
        wide = " ".join(
            f"fragment F{n} on Tree {{ " + " ".join(f"a{m}{n}: child {{ ...F{n + 1} }}" for m in range(3)) + " }"
            for n in range(9)
        )
        with counted_calls() as calls:
            assert refusal(f"{{ tree {{ ...F0 }} }} {wide} fragment F9 on Tree {{ name }}") == "TOO_MANY_ALIASES"
        assert calls.number < MOST_CALLS


def hostile() -> Iterator[tuple[str, str]]:
    """Documents that cost graphql-core, or a careless counter, seconds."""
    yield "3,000 fields that overlap", "{" + "hello " * 3_000 + "}"
    yield "all tokens spent on fields that overlap", "{" + "hello " * 1_990 + "}"
    yield "overlaps within overlaps", "{" + ("tree {" + "child { name other { name } } " * 15 + "} ") * 15 + "}"
    yield "pairs below pairs", "{" + "tree { name child { name } other { name } } " * 20 + "}"
    yield "long chains side by side", "{" + ("tree {" + "child {" * 9 + "name" + "}" * 10) * 20 + "}"
    yield (
        "fragments that overlap",
        "{"
        + " ".join(f"...F{n}" for n in range(200))
        + "}"
        + " ".join(f"fragment F{n} on Query {{ hello }}" for n in range(200)),
    )
    yield (
        "fragments that refer to many",
        "{ tree { ...F0 } }"
        + " ".join(
            f"fragment F{n} on Tree {{ ...F{(n + 1) % 100} ...F{(n + 7) % 100} child {{ ...F{n * 3 % 100} }} }}"
            for n in range(100)
        ),
    )
    yield "unknown fields, each with suggestions", "{" + " ".join(f"hell{n}" for n in range(1_990)) + "}"
    yield "nesting", "{ tree " * 900
    yield "values", "{ json(value: " + "[" * 1_900
    yield "blanks", "{ hello }" + " " * 260_000
    yield "one long text", '{ json(value: "' + "\\n" * 130_000 + '") }'
    yield "unexecuted fields that overlap", "query A { who } query B {" + "hello " * 1_900 + "}"


@pytest.mark.parametrize(("what", "document"), list(hostile()), ids=[what for what, _ in hostile()])
def test_hostile_document_costs_little(what: str, document: str) -> None:
    with counted_calls() as calls:
        refusal(document, "A" if "query A" in document else None)
    assert calls.number < MOST_CALLS, what


def test_without_limits_overlaps_within_overlaps_would_cost_more() -> None:
    document = graphql.parse(dict(hostile())["overlaps within overlaps"])
    with counted_calls() as calls:
        graphql.validate(SCHEMA._schema, document)
    assert calls.number > 2 * MOST_CALLS


class TestKeptDocuments:
    def test_cache_is_bounded_by_number_and_by_characters(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(documents, "KEPT_DOCUMENTS", 3)
        kept = Documents(SCHEMA, Settings())
        first = kept.prepare("{ hello }", None)
        for n in range(2):
            kept.prepare(f"{{ a{n}: hello }}", None)
        assert kept.prepare("{ hello }", None) is first  # still there, and now the youngest
        kept.prepare("{ a3: hello }", None)
        assert kept.prepare("{ hello }", None) is first
        kept.prepare("{ a4: hello }", None)
        kept.prepare("{ a5: hello }", None)
        kept.prepare("{ a6: hello }", None)
        assert kept.prepare("{ hello }", None) is not first
        monkeypatch.setattr(documents, "KEPT_CHARACTERS", 100)
        again = kept.prepare("{ hello }", None)
        kept.prepare("{ who }" + " " * 90, None)
        assert kept.prepare("{ hello }", None) is not again

    def test_document_larger_than_the_cache_still_runs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(documents, "KEPT_CHARACTERS", 10)
        assert Documents(SCHEMA, Settings()).prepare("{ hello who }", None).kind.value == "query"

    def test_refused_document_is_not_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        kept = Documents(SCHEMA, Settings())
        for document in ["{ nope }", "{", "{" + "hello " * 21 + "}"]:
            for _ in range(2):
                with pytest.raises(RequestRefused):
                    kept.prepare(document, None)
        assert len(kept._kept) == 0


JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=2), inner, max_size=3)),
    max_leaves=12,
)


class TestVariables:
    def test_nesting_is_counted_exactly_and_without_recursion(self) -> None:
        def nested(levels: int) -> object:
            value: object = 1
            for _ in range(levels):
                value = [value]
            return value

        assert not is_nested_too_deeply(nested(33))
        assert is_nested_too_deeply(nested(34))
        assert is_nested_too_deeply(nested(100_000))

    @settings(max_examples=200)
    @given(JSON_VALUES)
    def test_nul_is_found_exactly_where_the_json_text_has_one(self, value: object) -> None:
        assert has_nul(value) == ("\x00" in repr(value).replace("\\x00", "\x00"))
