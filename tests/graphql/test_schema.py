"""The schema as it is checked in: complete against the clients' skeleton, described, guarded, in the house's shape."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    build_schema,
    get_named_type,
)

from graphql_schema.permissions import Requires
from graphql_schema.schema import print_sdl

ROOT = Path(__file__).resolve().parents[2]
SDL = ROOT / "graphql_schema" / "schema.graphql"
SKELETON = ROOT / "documents" / "contract" / "skeleton.graphqls"


def words(text: str) -> list[str]:
    return text.split()


LATER_MUTATIONS = words(
    """
    trainingTaskPublish trainingAssignmentSubmit trainingAssignmentOpen trainingSubmissionReview
    employeeResign posTicketsImport attributionReplayStart
    """
)
"""Each comes with its input, its payload and its result."""

LATER_FIELDS = {
    "Query": {"trainingProgress"},
    "Mutation": set(LATER_MUTATIONS),
    "Subscription": {"inboxPulse"},
}

LATER_CONNECTIONS = words("Handover AttributionReplayGuide")

LATER_TYPES = {
    *words(
        """
        Handover
        TrainingProgress TrainingProgressRow InboxPulse ReviewDecision PromoteMetric PromoteInput
        QuizInput QuestionInput AnswerInput
        PosTicketInput PosLineInput PosTicketRejection
        AttributionReplay AttributionReplayGuide AttributionPolicyInput CommissionPlanInput JobState
        """
    ),
    *(f"{name}{part}" for name in LATER_CONNECTIONS for part in ("Edge", "Connection")),
    *(f"{n[0].upper()}{n[1:]}{part}" for n in LATER_MUTATIONS for part in ("Input", "Payload", "Result")),
}
"""What the skeleton names and today's capabilities do not need. A name that the schema has must not stand here."""

WITHOUT_KEY = {"signInCodeRequest", "signIn", "sessionRefresh", "signOut", "shelfItemUpdate"}
"""Signing in and out works once by itself; an item of a shelf is set to what it is, however often."""

OURS = build_schema(print_sdl())
THEIRS = build_schema(SKELETON.read_text(encoding="utf-8"))


def named_types(schema: GraphQLSchema) -> dict[str, GraphQLNamedType]:
    """The schema's own types; of the built-in scalars, those that it uses."""
    return {name: kind for name, kind in schema.type_map.items() if not name.startswith("__")}


def root_fields() -> Iterator[tuple[str, GraphQLField]]:
    for root in (OURS.query_type, OURS.mutation_type, OURS.subscription_type):
        assert root is not None
        yield from ((f"{root.name}.{name}", field) for name, field in root.fields.items())


def differences(name: str) -> list[str]:
    """What the skeleton says of a type and ours does not, apart from what is listed as later."""
    ours, theirs = OURS.type_map[name], THEIRS.type_map[name]
    if type(ours) is not type(theirs):
        return [f"{name} is another kind of type"]
    found: list[str] = []
    match theirs, ours:
        case GraphQLEnumType(), GraphQLEnumType():
            found += [f"{name}.{value}" for value in theirs.values if value not in ours.values]
        case GraphQLUnionType(), GraphQLUnionType():
            members = {member.name for member in ours.types}
            found += [f"{name} = {member.name}" for member in theirs.types if member.name not in members]
        case GraphQLScalarType(), GraphQLScalarType():
            if theirs.specified_by_url not in (None, ours.specified_by_url):
                found.append(f"{name} @specifiedBy")
        case GraphQLInputObjectType(), GraphQLInputObjectType():
            for field_name, given in theirs.fields.items():
                mine = ours.fields.get(field_name)
                if mine is None or str(mine.type) != str(given.type) or not keeps_default(given, mine):
                    found.append(f"{name}.{field_name}: {given.type}")
        case GraphQLObjectType() | GraphQLInterfaceType(), GraphQLObjectType() | GraphQLInterfaceType():
            own = {interface.name for interface in ours.interfaces}
            found += [f"{name} implements {i.name}" for i in theirs.interfaces if i.name not in own]
            for field_name in sorted(set(theirs.fields) - LATER_FIELDS.get(name, set())):
                place = f"{name}.{field_name}"
                found += field_differences(place, theirs.fields[field_name], ours.fields.get(field_name))
    return found


def keeps_default(given: object, mine: object) -> bool:
    """A default of the skeleton's is ours too; where it names none, ours may be null."""
    wanted, found = given.default_value, mine.default_value  # type: ignore[attr-defined]
    return found in (Undefined, None) if wanted is Undefined else found == wanted


def field_differences(place: str, given: GraphQLField, mine: GraphQLField | None) -> list[str]:
    if mine is None or str(mine.type) != str(given.type):
        return [f"{place}: {given.type}"]
    found = []
    for argument_name, argument in given.args.items():
        own = mine.args.get(argument_name)
        if own is None or str(own.type) != str(argument.type) or not keeps_default(argument, own):
            found.append(f"{place}({argument_name}: {argument.type})")
    found += [
        f"{place}({extra}:) is required"
        for extra, own in mine.args.items()
        if extra not in given.args and str(own.type).endswith("!") and own.default_value is Undefined
    ]
    return found


def test_checked_in_sdl_is_the_schemas() -> None:
    """After a change: `python -m app export-schema`."""
    assert SDL.read_text(encoding="utf-8") == print_sdl()


def test_every_type_of_the_skeleton_is_there_or_named_as_later() -> None:
    assert set(named_types(THEIRS)) - set(named_types(OURS)) == LATER_TYPES


def test_every_field_of_the_skeleton_is_there_or_named_as_later() -> None:
    missing: dict[str, set[str]] = {}
    for name, kind in named_types(THEIRS).items():
        mine = OURS.type_map.get(name)
        fields, own = getattr(kind, "fields", {}), getattr(mine, "fields", {})
        if mine is not None and (gap := set(fields) - set(own)):
            missing[name] = gap
    assert missing == LATER_FIELDS


@pytest.mark.parametrize("name", sorted(set(named_types(THEIRS)) - LATER_TYPES))
def test_type_has_what_the_skeleton_gives_it(name: str) -> None:
    assert differences(name) == []


def test_field_of_another_type_and_a_missing_value_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself can fail."""
    spoilt = print_sdl().replace("  isInStock: Boolean!", "  isInStock: Boolean").replace("  PICKUP\n", "  PICKED\n", 1)
    monkeypatch.setattr(f"{__name__}.OURS", build_schema(spoilt))
    found = [difference for name in ("Sku", "FulfilmentMethod") for difference in differences(name)]
    assert found == ["Sku.isInStock: Boolean!", "FulfilmentMethod.PICKUP"]


def test_everything_has_a_description() -> None:
    silent: list[str] = []
    for name, kind in named_types(OURS).items():
        if not kind.description:
            silent.append(name)
        for field_name, field in getattr(kind, "fields", {}).items():
            if not field.description:
                silent.append(f"{name}.{field_name}")
            silent += [
                f"{name}.{field_name}({argument}:)"
                for argument, value in getattr(field, "args", {}).items()
                if not value.description
            ]
    assert silent == []
    directives = [d for d in OURS.directives if not d.description]
    assert directives == []


def test_every_root_field_carries_exactly_one_permission() -> None:
    from graphql_schema.schema import schema  # noqa: PLC0415 - only here the live fields with their extensions count

    numbers = {}
    for place, _ in root_fields():
        root, name = place.split(".")
        live = schema._schema.type_map[root]
        assert isinstance(live, GraphQLObjectType)
        extensions = live.fields[name].extensions["strawberry-definition"].extensions
        numbers[place] = sum(isinstance(extension, Requires) for extension in extensions)
    assert set(numbers.values()) == {1}, numbers
    assert len(numbers) >= 54


def mutations() -> dict[str, GraphQLField]:
    assert OURS.mutation_type is not None
    fields: dict[str, GraphQLField] = OURS.mutation_type.fields
    return fields


@pytest.mark.parametrize("name", mutations())
def test_mutation_takes_one_input_and_answers_with_its_payload_or_user_errors(name: str) -> None:
    field, stem = mutations()[name], name[0].upper() + name[1:]
    assert {argument: str(value.type) for argument, value in field.args.items()} == {"input": f"{stem}Input!"}
    assert str(field.type) == f"{stem}Result!"
    union = get_named_type(field.type)
    assert isinstance(union, GraphQLUnionType)
    errors = [m for m in union.types if any(interface.name == "UserError" for interface in m.interfaces)]
    payloads = [member for member in union.types if member not in errors]
    assert [payload.name for payload in payloads] == [f"{stem}Payload"]
    assert errors
    # Beside an error they could not be merged: `code` is an enum there, and none of them may be renamed.
    assert set(payloads[0].fields) & {"code", "message", "path"} == set()


@pytest.mark.parametrize("name", mutations())
def test_mutation_has_an_idempotency_key_unless_it_works_once_by_itself(name: str) -> None:
    given = get_named_type(mutations()[name].args["input"].type)
    assert isinstance(given, GraphQLInputObjectType)
    key = given.fields.get("idempotencyKey")
    assert (key is None) == (name in WITHOUT_KEY)
    if key is not None:
        assert str(key.type) == "String!"
        union = get_named_type(mutations()[name].type)
        assert isinstance(union, GraphQLUnionType)
        assert "IdempotencyConflict" in {member.name for member in union.types}


def test_lists_that_can_grow_are_connections_of_one_shape() -> None:
    for name, kind in named_types(OURS).items():
        if not name.endswith("Connection") or not isinstance(kind, GraphQLObjectType):
            continue
        node = name.removesuffix("Connection")
        shape = {"totalCount": "Int", "pageInfo": "PageInfo!", "edges": f"[{node}Edge!]!"}
        assert {field: str(value.type) for field, value in kind.fields.items()}.items() >= shape.items()
        edge = OURS.type_map[f"{node}Edge"]
        assert isinstance(edge, GraphQLObjectType)
        assert {field: str(value.type) for field, value in edge.fields.items()} == {
            "cursor": "String!",
            "node": f"{node}!",
        }


def test_every_field_that_gives_a_connection_takes_first_and_after() -> None:
    wrong = [
        f"{name}.{field_name}"
        for name, kind in named_types(OURS).items()
        if isinstance(kind, GraphQLObjectType)
        for field_name, field in kind.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
        and {a: str(v.type) for a, v in field.args.items() if a in ("first", "after")}
        != {"first": "Int", "after": "String"}
    ]
    assert wrong == []
