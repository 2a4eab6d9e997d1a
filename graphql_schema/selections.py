"""What a query asks of a field, and objects of which only that much was read.

A row often names the neighbours of what it is about: an order its guide, a line its product. Where nothing more is
asked for, they need no statement of their own.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import strawberry
from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

T = TypeVar("T")


def asked_fields(info: strawberry.Info, *below: str) -> set[str]:
    """The names (as in the schema) of the fields asked for right below the current one, in fragments too.

    `below`: the fields to go down by first.
    """
    nodes: list[FieldNode] = list(info._raw_info.field_nodes)
    for name in below:
        nodes = [node for node in _fields(info, nodes) if node.name.value == name]
    return {node.name.value for node in _fields(info, nodes)} - {"__typename"}


def is_enough(info: strawberry.Info, *known: str) -> bool:
    """Whether nothing beside `known` fields (as in the schema) is asked of the current one."""
    return asked_fields(info) <= set(known)


def only(kind: type[T], **known: Any) -> T:
    """An object of which only `known` attributes were read; any other is an AttributeError, never a wrong value."""
    part = kind.__new__(kind)
    for name, value in known.items():
        setattr(part, name, value)
    return part


def _fields(info: strawberry.Info, nodes: Iterable[FieldNode]) -> Iterator[FieldNode]:
    """What is selected right below these fields."""
    fragments = info._raw_info.fragments
    pending: list[SelectionSetNode | None] = [node.selection_set for node in nodes]
    seen: set[str] = set()
    while pending:
        selection_set = pending.pop()
        for selection in selection_set.selections if selection_set is not None else ():
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, InlineFragmentNode):
                pending.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                pending.append(fragments[selection.name.value].selection_set)
