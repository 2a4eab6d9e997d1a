"""Documents: parsed, limited and validated once, then kept for the next request with the same text."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import strawberry
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    Node,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    OverlappingFieldsCanBeMergedRule,
    parse,
    specified_rules,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.utils.logging import StrawberryLogger

from app.platform.settings import Settings
from graphql_schema.errors import ErrorCode, RequestRefused
from graphql_schema.limits import Limits, check_operation

MAX_CHARACTERS: Final = 64 * 1024
"""Tokens bound the parser, but not one long text or a desert of blanks: 64 Ki characters cost it at most 30 ms."""
MAX_ERRORS: Final = 20
KEPT_DOCUMENTS: Final = 500
KEPT_CHARACTERS: Final = 512 * 1024
"""A tree takes about 50 times the memory of its text."""
_PREPARED = "prepared"


@dataclass(frozen=True, slots=True)
class Prepared:
    """An operation that passed limits and validation, with the document it stands in."""

    document: DocumentNode
    kind: OperationType
    name: str | None


@dataclass(slots=True)
class _Entry:
    document: DocumentNode
    operations: list[OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    is_valid: bool = False
    prepared: dict[str | None, Prepared] = field(default_factory=dict)


class Documents:
    """The documents of one process, for one schema. Keeps the last 500 valid ones, and at most 512 Ki characters."""

    def __init__(self, schema: strawberry.Schema, settings: Settings) -> None:
        self._schema = schema._schema
        self._limits = Limits.of(settings)
        self._max_tokens = settings.graphql_tokens
        self._is_production = settings.is_production
        self._rules = (
            *(rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule),
            MaybeNullValidationRule,
            OneOfInputValidationRule,
            *((NoSchemaIntrospectionCustomRule,) if settings.is_production else ()),
        )
        self._kept: OrderedDict[str, _Entry] = OrderedDict()
        self._kept_characters = 0

    def prepare(self, text: str, operation_name: str | None) -> Prepared:
        """The operation `operation_name` of the document `text`, ready to run. Raises: RequestRefused."""
        entry = self._kept.get(text)
        if entry is not None:
            self._kept.move_to_end(text)
            prepared = entry.prepared.get(operation_name)
            if prepared is not None:
                return prepared
        else:
            entry = self._parse(text)
        operation = _choose(entry.operations, operation_name)
        check_operation(operation, entry.fragments, self._limits)
        self._validate(entry, operation)
        name = operation.name.value if operation.name is not None else None
        prepared = entry.prepared[operation_name] = Prepared(entry.document, operation.operation, name)
        self._keep(text, entry)
        return prepared

    def _parse(self, text: str) -> _Entry:
        if len(text) > MAX_CHARACTERS:
            message = f"The document has more than {MAX_CHARACTERS} characters."
            raise RequestRefused.because(ErrorCode.DOCUMENT_TOO_LARGE, message)
        try:
            document = parse(text, max_tokens=self._max_tokens)
        except GraphQLError as error:
            raise RequestRefused.by_graphql(_code_of_stop(error), [error], is_production=self._is_production) from None
        return _Entry(
            document,
            [node for node in document.definitions if isinstance(node, OperationDefinitionNode)],
            {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)},
        )

    def _validate(self, entry: _Entry, operation: OperationDefinitionNode) -> None:
        """Validate the document once; the merging of fields, whose cost the limits bound, for the chosen operation."""
        if not entry.is_valid:
            self._refuse_invalid(entry.document, self._rules)
            entry.is_valid = True
        chosen = DocumentNode(definitions=(operation, *_reachable(operation, entry.fragments)))
        self._refuse_invalid(chosen, (OverlappingFieldsCanBeMergedRule,))

    def _refuse_invalid(self, document: DocumentNode, rules: tuple[type, ...]) -> None:
        errors = validate(self._schema, document, rules, max_errors=MAX_ERRORS, hide_suggestions=self._is_production)
        if errors:
            code = ErrorCode.GRAPHQL_VALIDATION_FAILED
            raise RequestRefused.by_graphql(code, errors, is_production=self._is_production)

    def _keep(self, text: str, entry: _Entry) -> None:
        if text not in self._kept:
            self._kept[text] = entry
            self._kept_characters += len(text)
        while len(self._kept) > KEPT_DOCUMENTS or self._kept_characters > KEPT_CHARACTERS:
            dropped, _ = self._kept.popitem(last=False)
            self._kept_characters -= len(dropped)


class PreparedDocument(SchemaExtension):
    """Hands a prepared document to Strawberry, which then neither parses nor validates."""

    def on_operation(self) -> Iterator[None]:
        prepared = (self.execution_context.operation_extensions or {}).get(_PREPARED)
        if isinstance(prepared, Prepared):
            self.execution_context.graphql_document = prepared.document
            self.execution_context.validation_rules = ()
        yield


def accept_prepared(schema: strawberry.Schema) -> None:
    """Let `schema` run prepared documents (see `pass_on`); calling it twice changes nothing.

    Strawberry's own log is shut: it quotes variables, and `errors.mask` logs what has to be logged.
    """
    StrawberryLogger.logger.disabled = True
    if PreparedDocument not in schema.extensions:
        schema.extensions = (PreparedDocument, *schema.extensions)


def pass_on(prepared: Prepared) -> dict[str, object]:
    """The `operation_extensions` by which `schema.execute` and `schema.stream` take a prepared document."""
    return {_PREPARED: prepared}


def _code_of_stop(error: GraphQLError) -> ErrorCode:
    """What stopped the parser; graphql-core has one class of error for all, and these endings."""
    if error.message.endswith("tokens. Parsing aborted."):
        return ErrorCode.TOO_MANY_TOKENS
    if error.message.endswith("nested too deeply. Parsing aborted."):
        return ErrorCode.TOO_DEEP
    return ErrorCode.GRAPHQL_PARSE_FAILED


def _choose(operations: list[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode:
    if name is None:
        if len(operations) == 1:
            return operations[0]
        message = "The document has no operation." if not operations else "The document has several: name one."
        raise RequestRefused.because(ErrorCode.OPERATION_NOT_FOUND, message)
    for operation in operations:
        if operation.name is not None and operation.name.value == name:
            return operation
    raise RequestRefused.because(ErrorCode.OPERATION_NOT_FOUND, "The document has no operation of this name.")


def _reachable(
    operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]
) -> Iterator[FragmentDefinitionNode]:
    seen: set[str] = set()
    pending: list[Node] = [operation.selection_set]
    while pending:
        node = pending.pop()
        if isinstance(node, FragmentSpreadNode):
            fragment = fragments.get(node.name.value)
            if fragment is not None and node.name.value not in seen:
                seen.add(node.name.value)
                yield fragment
                pending.append(fragment.selection_set)
            continue
        selection_set = getattr(node, "selection_set", node)
        pending += getattr(selection_set, "selections", None) or ()
