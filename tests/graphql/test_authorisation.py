"""Every root field, every guarded field and every node, as every caller: against the tables written by hand."""

from typing import Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLNamedType, GraphQLObjectType, GraphQLUnionType, get_named_type

from graphql_schema.paging import decode_global_id
from graphql_schema.permissions import Requires
from graphql_schema.schema import NODES as FETCHERS
from graphql_schema.schema import schema
from tests.graphql import authorisation_cells as cells
from tests.graphql import authorisation_table as table
from tests.graphql.authorisation_mutations import ATTEMPTS
from tests.graphql.stage import CALLERS, Stage

REFUSALS = {"UNAUTHENTICATED": "U", "FORBIDDEN": "F", "BAD_USER_INPUT": "B"}


def columns(outcomes: str) -> dict[str, str]:
    return dict(zip(CALLERS, outcomes.split(), strict=True))


def leaf_of(data: Any, path: tuple[str | int, ...]) -> tuple[bool, Any]:
    """Whether the object that `path` ends in is there, and what stands in it."""
    for step in path[:-1]:
        if data is None:
            return False, None
        data = data[step]
    return data is not None, None if data is None else data[path[-1]]


def outcome(row: cells.Row, answer: dict[str, Any]) -> str:
    """The letter or number of one cell."""
    if "errors" in answer:
        codes = {error["extensions"]["code"] for error in answer["errors"]}
        return "".join(sorted(REFUSALS.get(code, code) for code in codes))
    is_there, found = leaf_of(answer["data"], row.leaf)
    if not is_there:
        return "N"
    if found is None:
        return "-"
    if isinstance(found, list):
        return str(len(found))
    if isinstance(found, dict) and "totalCount" in found:
        return str(found["totalCount"])
    return "O"


async def outcomes(stage: Stage, row: cells.Row) -> dict[str, str]:
    """What each caller gets; those who are shown the thing are shown the same, and what the row says."""
    given = {"slug": stage.slugs["guide"], "sku": stage.ids["sku"], "token": stage.codes["quotation"]}
    variables = {"id": stage.ids[row.about]} if row.about else given
    variables = {name: value for name, value in variables.items() if f"${name}:" in row.query}
    seen: dict[str, str] = {}
    expected = columns(row.outcomes)
    for caller in CALLERS:
        answer = await stage.ask(caller, row.query, **variables)
        seen[caller] = outcome(row, answer)
        if seen[caller] == "O" and expected[caller] == "E" and is_elsewhere(stage, answer):
            seen[caller] = "E"
        elif seen[caller] == "O" and row.value is not None:
            assert leaf_of(answer["data"], row.leaf) == (True, row.value), caller
    return seen


def is_elsewhere(stage: Stage, answer: dict[str, Any]) -> bool:
    """Whether an answer holds an id, and nothing of this brand."""
    text = str(answer["data"])
    return "'id': " in text and not any(f"'{known}'" in text for known in (*stage.ids.values(), stage.brand.code))


@pytest.mark.parametrize("row", cells.ROOTS, ids=lambda row: row.field)
async def test_root_field_answers_each_caller_as_the_table_says(stage: Stage, row: cells.Row) -> None:
    assert await outcomes(stage, row) == columns(row.outcomes)


@pytest.mark.parametrize("row", cells.FIELDS, ids=lambda row: f"{row.field}-{row.about or 'shop'}")
async def test_guarded_field_answers_each_caller_as_the_table_says(stage: Stage, row: cells.Row) -> None:
    assert await outcomes(stage, row) == columns(row.outcomes)


def selection(type_name: str) -> str:
    """Every public field of a type; of objects in it only their type."""
    kind = schema._schema.type_map[type_name]
    assert isinstance(kind, GraphQLObjectType)
    composite = (GraphQLObjectType, GraphQLInterfaceType, GraphQLUnionType)
    return " ".join(
        f"{name} {{ __typename }}" if isinstance(get_named_type(kind.fields[name].type), composite) else name
        for name in table.public_fields(type_name)
    )


@pytest.mark.parametrize("name", cells.NODES)
async def test_node_is_found_by_whom_the_table_says_with_every_public_field(stage: Stage, name: str) -> None:
    type_name = decode_global_id(stage.ids[name]).type_name
    query = f"query ($id: ID!) {{ node(id: $id) {{ __typename id ... on {type_name} {{ {selection(type_name)} }} }} }}"
    row = cells.Row("Query.node", name, query, ("node", "id"), cells.NODES[name], stage.ids[name])
    assert await outcomes(stage, row) == columns(row.outcomes)


# --- the tables are whole


def object_types() -> dict[str, GraphQLObjectType]:
    """Every object type that any root reaches by fields, unions and the Node interface."""
    core = schema._schema
    pending: list[GraphQLNamedType | None] = [core.query_type, core.mutation_type, core.subscription_type]
    found: dict[str, GraphQLObjectType] = {}
    while pending:
        kind = pending.pop()
        if isinstance(kind, GraphQLUnionType):
            pending.extend(kind.types)
        elif isinstance(kind, GraphQLInterfaceType):
            pending.extend(core.get_possible_types(kind))
        elif isinstance(kind, GraphQLObjectType) and kind.name not in found:
            found[kind.name] = kind
            pending.extend(get_named_type(value.type) for value in kind.fields.values())
    return found


def is_page(name: str) -> bool:
    return name.endswith(("Connection", "Edge"))


def test_table_lists_every_field_of_every_type_that_a_root_reaches() -> None:
    reached = {name: set(kind.fields) for name, kind in object_types().items() if not is_page(name)}
    listed = {name: {field.rstrip("!") for field in fields.split()} for name, fields in table.FIELDS.items()}
    assert listed == reached
    assert sum(len(fields) for fields in reached.values()) >= 541


def test_pages_hold_rows_and_nothing_else() -> None:
    for name, kind in object_types().items():
        if is_page(name):
            more = set(table.MORE_OF_CONNECTIONS.get(name, "").split())
            page = {"totalCount", "pageInfo", "edges"} if name.endswith("Connection") else {"cursor", "node"}
            assert set(kind.fields) == page | more, name


def test_every_guarded_field_has_its_rows() -> None:
    rows = {row.field for row in (*cells.ROOTS, *cells.FIELDS)}
    rows |= {f"Mutation.{attempt.field}" for attempt in ATTEMPTS} | {
        "Query.node",
        "Subscription.guidePulse",
        "Subscription.salesPulse",
    }
    assert rows == table.guarded_fields()


def test_every_field_with_a_guard_in_the_schema_is_guarded_in_the_table() -> None:
    """The other way round it need not be so: some are guarded where their rows are read."""
    carrying = set()
    for name, kind in object_types().items():
        for field_name, field in kind.fields.items():
            definition = field.extensions.get("strawberry-definition")
            guards = [guard for guard in (definition.extensions if definition else []) if not is_open(guard)]
            if guards:
                carrying.add(f"{name}.{field_name}")
    assert carrying <= table.guarded_fields()
    assert len(carrying) >= 67


def is_open(guard: object) -> bool:
    return isinstance(guard, Requires) and guard.callers.anybody


def test_every_type_with_a_global_id_has_its_nodes() -> None:
    core = schema._schema
    node = core.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    named = {kind.name for kind in core.get_possible_types(node)}
    assert set(FETCHERS) == named - table.WITHOUT_NODE


async def test_node_table_has_every_type_that_can_be_fetched(stage: Stage) -> None:
    assert {decode_global_id(stage.ids[name]).type_name for name in cells.NODES} == set(FETCHERS)
