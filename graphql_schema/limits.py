"""What one operation may ask for; checked on the syntax tree, before graphql-core validates it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
)

from app.platform.settings import Settings
from graphql_schema.errors import ErrorCode, RequestRefused

MAX_FIELDS: Final = 5_000
"""Fields of an operation with every fragment written out: no real screen comes near, fragments in fragments do."""
MAX_PAIRS: Final = 4_000
"""Pairs of fields with one response path, each of which validation compares: about 50 µs a pair."""
MAX_VALUE_DEPTH: Final = 32
_INTROSPECTION_ROOTS = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one executed operation; other operations of the same document do not count."""

    depth: int
    aliases: int
    same_response_name: int
    directives: int
    introspection_depth: int
    is_production: bool

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        return cls(
            depth=settings.graphql_depth,
            aliases=settings.graphql_aliases,
            same_response_name=settings.graphql_same_response_name,
            directives=settings.graphql_directives,
            # Tools ask for types nested nine deep; production refuses introspection by validation.
            introspection_depth=settings.graphql_depth + (0 if settings.is_production else 8),
            is_production=settings.is_production,
        )


def check_operation(
    operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode], limits: Limits
) -> None:
    """Refuse an operation that is too deep, too wide or too repetitive. Raises: RequestRefused.

    Fields are counted as they would be merged: per response path, with fragments written out (a fragment once per
    selection set, as execution does). So equal names bound the pairs that validation compares, and the walk itself ends
    after `MAX_FIELDS` fields, whatever fragments do, cycles included.
    """
    walk = _Walk(fragments, limits)
    walk.check_directives(operation, operation.directives)
    for variable in operation.variable_definitions or ():
        walk.check_directives(variable, variable.directives)
        if variable.default_value is not None:
            walk.check_value(variable.default_value)
    walk.check_fields([operation.selection_set], depth=1, deepest=limits.depth)


def is_nested_too_deeply(value: object) -> bool:
    """Whether JSON lists and objects (variables) nest deeper than literals may. Linear, and safe for any depth."""
    level = [value]
    for _ in range(MAX_VALUE_DEPTH + 1):
        level = [item for holder in level for item in _items(holder) if isinstance(item, (dict, list))]
        if not level:
            return False
    return True


def has_nul(value: object) -> bool:
    """Whether a text in JSON variables (of bounded nesting) holds U+0000, which no text in PostgreSQL may."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any("\x00" in key or has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(has_nul, value))


def _items(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


class _Walk:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode], limits: Limits) -> None:
        self._fragments = fragments
        self._limits = limits
        self._fields = 0
        self._pairs = 0
        self._aliases = 0

    def check_fields(self, selection_sets: list[SelectionSetNode], *, depth: int, deepest: int) -> None:
        """Check the merged fields of `selection_sets`, which stand on one response path, and what is below them."""
        for nodes in self._collect(selection_sets).values():
            if depth > deepest:
                self._refuse(ErrorCode.TOO_DEEP, f"Fields are nested more than {self._limits.depth} deep.", nodes[0])
            if len(nodes) > self._limits.same_response_name:
                allowed = self._limits.same_response_name
                message = f"A name stands more than {allowed} times in one selection set."
                self._refuse(ErrorCode.TOO_MANY_SAME_NAMES, message, nodes[allowed])
            self._pairs += len(nodes) * (len(nodes) - 1) // 2
            if self._pairs > MAX_PAIRS:
                self._refuse(ErrorCode.TOO_COMPLEX, "The operation repeats too many fields.", nodes[-1])
            below = [node.selection_set for node in nodes if node.selection_set is not None]
            if below:
                is_introspection = depth == 1 and nodes[0].name.value in _INTROSPECTION_ROOTS
                reach = self._limits.introspection_depth if is_introspection else deepest
                self.check_fields(below, depth=depth + 1, deepest=reach)

    def check_directives(self, node: Node, directives: Iterable[DirectiveNode] | None) -> None:
        found = tuple(directives or ())
        if len(found) > self._limits.directives:
            message = f"More than {self._limits.directives} directives stand in one place."
            self._refuse(ErrorCode.TOO_MANY_DIRECTIVES, message, node)
        for directive in found:
            for argument in directive.arguments or ():
                self.check_value(argument.value)

    def check_value(self, value: ValueNode) -> None:
        level: list[ValueNode] = [value]
        for _ in range(MAX_VALUE_DEPTH + 1):
            below: list[ValueNode] = []
            for node in level:
                if isinstance(node, ListValueNode):
                    below += node.values
                elif isinstance(node, ObjectValueNode):
                    below += (field.value for field in node.fields)
                elif isinstance(node, StringValueNode) and "\x00" in node.value:
                    self._refuse(ErrorCode.BAD_USER_INPUT, "A text holds the character U+0000.", node)
            if not below:
                return
            level = below
        self._refuse(ErrorCode.TOO_DEEP, f"Values are nested more than {MAX_VALUE_DEPTH} deep.", level[0])

    def _collect(self, selection_sets: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        fields: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        pending = list(reversed(selection_sets))
        while pending:
            for selection in pending.pop().selections:
                self.check_directives(selection, selection.directives)
                if isinstance(selection, FieldNode):
                    self._count(selection)
                    name = (selection.alias or selection.name).value
                    fields.setdefault(name, []).append(selection)
                elif isinstance(selection, InlineFragmentNode):
                    pending.append(selection.selection_set)
                elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in spread:
                    spread.add(selection.name.value)
                    fragment = self._fragments.get(selection.name.value)
                    if fragment is not None:  # validation names a missing one
                        pending.append(fragment.selection_set)
        return fields

    def _count(self, field: FieldNode) -> None:
        self._fields += 1
        if self._fields > MAX_FIELDS:
            message = f"The operation has more than {MAX_FIELDS} fields with its fragments written out."
            self._refuse(ErrorCode.TOO_COMPLEX, message, field)
        if field.alias is not None:
            self._aliases += 1
            if self._aliases > self._limits.aliases:
                message = f"The operation has more than {self._limits.aliases} aliases."
                self._refuse(ErrorCode.TOO_MANY_ALIASES, message, field)
        for argument in field.arguments or ():
            self.check_value(argument.value)

    def _refuse(self, code: ErrorCode, message: str, node: Node) -> None:
        raise RequestRefused.by_graphql(code, [GraphQLError(message, [node])], is_production=self._limits.is_production)
