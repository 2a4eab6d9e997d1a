"""Objects whose asked fields are all plain attributes, read without the general executor.

A page of a shelf has some 800 of them, and the executor spends a path, an info and several calls on each. Here a
selection is looked through once a request, and then it reads every object that it is made on. To read an attribute has
no effects: where something is not as the schema says (a null, a value of another type, an attribute that was not read),
the executor begins the object anew and says what is wrong and where.
"""

import contextlib
from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    Undefined,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

Reader = Callable[[Any], Any]
"""Gives the answer to a value. Raises whatever it likes when it cannot."""


class _NotPlain(Exception):
    """The value is not one that can be read here."""


class PlainFieldsContext(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor with a short way for plain attributes. Give it as a schema's `execution_context_class`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # By type and identity of the field's nodes; these are kept beside, so that no other list gets their identity.
        self._readers: dict[tuple[GraphQLObjectType, int], tuple[Reader | None, Any]] = {}

    def collect_and_execute_subfields(
        self, return_type: GraphQLObjectType, field_details_list: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        reader = self._reader(return_type, field_details_list)
        if reader is not None:
            with contextlib.suppress(Exception):  # the general way comes by the same fault and reports it
                return reader(result)
        return super().collect_and_execute_subfields(return_type, field_details_list, path, result, position_context)

    def _reader(self, kind: GraphQLObjectType, field_details_list: Any) -> Reader | None:
        """The reader of a selection of an object type; None unless every field in it is plain."""
        key = (kind, id(field_details_list))
        if key not in self._readers:
            self._readers[key] = self._make_reader(kind, field_details_list), field_details_list
        return self._readers[key][0]

    def _make_reader(self, kind: GraphQLObjectType, field_details_list: Any) -> Reader | None:
        if self.middleware_manager is not None and self.middleware_manager.middlewares:
            return None
        fields, deferred, forbidden = self.collect_subfields(kind, field_details_list)
        if deferred or forbidden:
            return None
        parts: list[tuple[str, str, Reader]] = []
        for response_name, details in fields.items():
            field = kind.fields.get(details[0].node.name.value)
            attribute = None if field is None else _attribute_of(field.extensions)
            if field is None or attribute is None or any(one.node.directives for one in details):
                return None
            complete = self._completer(field.type, details)
            if complete is None:
                return None
            parts.append((response_name, attribute, complete))
        return lambda value: {name: complete(getattr(value, attribute)) for name, attribute, complete in parts}

    def _completer(self, kind: GraphQLOutputType, details: Any) -> Reader | None:
        """What makes the answer of an attribute's value; None for types that need the executor."""
        if is_non_null_type(kind):
            inner = self._completer(kind.of_type, details)
            return None if inner is None else _required(inner)
        if is_list_type(kind):
            inner = self._completer(kind.of_type, details)
            return None if inner is None else _optional(_each(inner))
        if is_leaf_type(kind):
            return _optional(_leaf(kind))
        if is_object_type(kind):
            inner = self._reader(kind, details)
            return None if inner is None else _optional(_object(kind, inner))
        return None


def _attribute_of(extensions: dict[str, Any]) -> str | None:
    """The attribute that a field shows; None for a field with a resolver, arguments or extensions."""
    field = extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if isinstance(field, StrawberryField) and field.is_basic_field and field.default_resolver is getattr:
        return field.python_name
    return None


def _required(complete: Reader) -> Reader:
    def read(value: Any) -> Any:
        completed = complete(value)
        if completed is None:
            raise _NotPlain
        return completed

    return read


def _optional(complete: Reader) -> Reader:
    return lambda value: None if value is None else complete(value)


def _each(complete: Reader) -> Reader:
    def read(values: Any) -> Any:
        if type(values) is not list:
            raise _NotPlain
        return [complete(value) for value in values]

    return read


def _leaf(kind: GraphQLLeafType) -> Reader:
    coerce = kind.coerce_output_value

    def read(value: Any) -> Any:
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise _NotPlain
        return coerced

    return read


def _object(kind: GraphQLObjectType, read_fields: Reader) -> Reader:
    is_type_of = kind.is_type_of

    def read(value: Any) -> Any:
        if is_type_of is not None and is_type_of(value, None) is not True:  # type: ignore[arg-type]
            raise _NotPlain
        return read_fields(value)

    return read
