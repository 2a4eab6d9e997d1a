"""The short way for plain attributes answers what the general executor answers, faults included."""

from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphql_schema.plain_fields import PlainFieldsContext
from graphql_schema.schema import schema
from graphql_schema.selections import only


@strawberry.enum
class Size(Enum):
    SMALL = "s"
    LARGE = "l"


@strawberry.type
class Tag:
    text: str
    weight: int | None = None


@strawberry.type
class Cup:
    name: str
    size: Size
    tags: list[Tag]
    best: Tag | None
    saucer: "Cup | None" = None
    depths: list[int | None] | None = None


@strawberry.type
class Shelf:
    cups: list[Cup]

    @strawberry.field
    def label(self, word: str) -> Tag:
        return Tag(text=word, weight=len(self.cups))


def tag(text: Any, weight: Any = None) -> Tag:
    return Tag(text=text, weight=weight)


def cup(name: Any, tags: list[Tag], best: Any = None, **more: Any) -> Cup:
    return Cup(name=name, size=Size.SMALL, tags=tags, best=best, **more)


CUPS = {
    "whole": cup("a", [tag("x", 1), tag("y")], tag("x", 1), saucer=cup("b", []), depths=[1, None]),
    "null where none may be": cup(None, [tag("x")]),
    "null deep below": cup("a", [tag("x"), tag(None)], tag(None)),
    "no number": cup("a", [tag("x", "many")], tag("y", "many")),
    "another type": cup("a", [], cup("b", [])),
    "no list": cup("a", [], depths=5),
    "part of which was read": only(Cup, name="a", size=Size.SMALL),
}


@strawberry.type
class Query:
    @strawberry.field
    def shelf(self, which: str) -> Shelf | None:
        return Shelf(cups=[CUPS["whole"], CUPS[which]])


DOCUMENT = """
query($which: String!, $is_deep: Boolean!) {
  shelf(which: $which) {
    cups {
      name again: name size ...Tags
      best { ... on Tag { text } ... @include(if: $is_deep) { weight } }
      saucer @skip(if: $is_deep) { name tags { text } best { text } }
      depths
    }
    label(word: "w") { weight text }
  }
}
fragment Tags on Cup { tags { text weight } }
"""


class Counting:
    """How many fields went the general way."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def on(self, kind: type[StrawberryGraphQLCoreExecutionContext]) -> strawberry.Schema:
        names = self.names

        class Counted(kind):  # type: ignore[misc, valid-type]
            def execute_field(self, parent_type: Any, *args: Any) -> Any:
                names.append(parent_type.name)
                return super().execute_field(parent_type, *args)

        return strawberry.Schema(Query, execution_context_class=Counted)


def told(errors: list[GraphQLError] | None) -> list[tuple[str, Any]]:
    return [(error.message, error.path) for error in errors or []]


@pytest.mark.parametrize("which", list(CUPS))
@pytest.mark.parametrize("is_deep", [True, False])
async def test_answer_and_errors_are_those_of_the_general_executor(which: str, *, is_deep: bool) -> None:
    answers = [
        await Counting().on(kind).execute(DOCUMENT, variable_values={"which": which, "is_deep": is_deep})
        for kind in (StrawberryGraphQLCoreExecutionContext, PlainFieldsContext)
    ]
    general, short = answers
    assert short.data == general.data
    assert told(short.errors) == told(general.errors)
    assert bool(general.errors) is (which != "whole")


async def test_plain_objects_need_no_field_of_the_general_executor() -> None:
    general, short = Counting(), Counting()
    document = (
        '{ shelf(which: "whole") { cups { name size tags { text weight } best { text } } label(word: "w") { text } } }'
    )
    for counting, kind in ((general, StrawberryGraphQLCoreExecutionContext), (short, PlainFieldsContext)):
        answer = await counting.on(kind).execute(document)
        assert answer.errors is None
    assert short.names == ["Query", "Shelf", "Shelf"]
    assert len(general.names) == 3 + 2 * 4 + 4 * 2 + 2 + 1


async def test_the_schema_reads_plain_objects_the_short_way() -> None:
    assert schema.execution_context_class is PlainFieldsContext
