"""Relay: global ids, `Node`, keyset cursors and connections.

A list field reads one row more than asked for and hands the rows over:

    page = read_page(first, after, "orders", (datetime, UUID))
    rows = await orders.list(session, actor, limit=page.limit, after=page.after)
    return build_connection(rows, page, to_node=Order.of, to_key=lambda row: (row.placed_at, row.id))
"""

import re
import struct
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

import strawberry
from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from graphql_schema.errors import BadUserInput

MAX_FIRST = 100
_ID_CHARACTERS = 200
_CURSOR_CHARACTERS = 1_000
_CURSOR_VERSION = 1
_TYPE_NAME = re.compile(rb"[A-Z][A-Za-z0-9]{0,63}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Key = int | str | datetime | UUID | bool | None
T = TypeVar("T")
Row = TypeVar("Row")


class GlobalId(NamedTuple):
    """What a global id says: the type and one or more keys."""

    type_name: str
    uuids: tuple[UUID, ...]


def encode_global_id(type_name: str, *uuids: UUID) -> strawberry.ID:
    """The opaque, URL-safe id of a node."""
    raw = type_name.encode("ascii") + b":" + b"".join(uuid.bytes for uuid in uuids)
    return strawberry.ID(_encode(raw))


def decode_global_id(text: str, expected: str | None = None) -> GlobalId:
    """Read a global id; `expected` names the only type allowed. Raises: BadUserInput."""
    raw = _decode(text, _ID_CHARACTERS)
    name, colon, keys = raw.partition(b":") if raw is not None else (b"", b"", b"")
    if not colon or not keys or len(keys) % 16 or _TYPE_NAME.fullmatch(name) is None:
        raise BadUserInput("The id is not one of this API.")
    type_name = name.decode("ascii")
    if expected is not None and type_name != expected:
        raise BadUserInput(f"The id is not one of a {expected}.")
    return GlobalId(type_name, tuple(UUID(bytes=keys[at : at + 16]) for at in range(0, len(keys), 16)))


def encode_cursor(scope: str, key: Sequence[Key]) -> str:
    """The opaque cursor of a row.

    `scope` names list and order, so that the cursor of one list is refused by another. The checksum finds slips, not
    forgers: whoever makes up a key only moves within rows that the query's own conditions allow.
    """
    body = bytes([_CURSOR_VERSION]) + b"".join(_pack(value) for value in key)
    return _encode(body + struct.pack(">I", zlib.crc32(body, zlib.crc32(scope.encode()))))


def decode_cursor(text: str, scope: str, kinds: Sequence[type | tuple[type, ...]]) -> tuple[Key, ...]:
    """The key in a cursor of `scope`, its parts exactly of `kinds` (`NoneType` too). Raises: BadUserInput."""
    raw = _decode(text, _CURSOR_CHARACTERS)
    key = _unpack(raw, scope) if raw is not None else None
    if key is None or len(key) != len(kinds):
        raise BadUserInput("The cursor is not one of this list.", argument="after")
    for value, kind in zip(key, kinds, strict=True):
        if type(value) not in (kind if isinstance(kind, tuple) else (kind,)):
            raise BadUserInput("The cursor is not one of this list.", argument="after")
    return key


@strawberry.interface(name="Node", description="Anything that can be fetched again by its global id.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque, stable, unique over all types.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether rows follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether rows precede this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first row; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last row, for `after`; null on an empty page.")


@strawberry.type(description="A row of a page.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Where the row stands, for `after`.")
    node: T = strawberry.field(description="The row itself.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    total_count: int | None = strawberry.field(description="Rows in the whole list; null where counting is too dear.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    edges: list[Edge[T]] = strawberry.field(description="The rows, in the list's order.")


@dataclass(frozen=True, slots=True)
class Page:
    """A checked request for a page. Read `limit` rows after the key `after` (None: from the start)."""

    first: int
    after: tuple[Key, ...] | None
    scope: str

    @property
    def limit(self) -> int:
        """One row more than the client sees: it tells whether another page follows."""
        return self.first + 1


def read_page(
    first: int | None,
    after: str | None,
    scope: str,
    kinds: Sequence[type | tuple[type, ...]],
    *,
    default: int = 20,
    maximum: int = MAX_FIRST,
) -> Page:
    """Check the arguments of a connection; a null `first` means `default`. Raises: BadUserInput."""
    size = default if first is None else first
    if not 1 <= size <= maximum:
        raise BadUserInput(f"first must be from 1 to {maximum}.", argument="first")
    return Page(size, None if after is None else decode_cursor(after, scope, kinds), scope)


def build_connection(
    rows: Sequence[Row],
    page: Page,
    *,
    to_node: Callable[[Row], T],
    to_key: Callable[[Row], Sequence[Key]],
    total_count: int | None = None,
) -> Connection[T]:
    """The connection of up to `page.limit` rows; the last of that many only tells that another page follows."""
    edges = [Edge(cursor=encode_cursor(page.scope, to_key(row)), node=to_node(row)) for row in rows[: page.first]]
    return Connection(
        total_count=total_count,
        page_info=PageInfo(
            has_next_page=len(rows) > page.first,
            has_previous_page=page.after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
        edges=edges,
    )


def is_asked_for(info: strawberry.Info, field_name: str) -> bool:
    """Whether the selection of the current field names `field_name` (as in the schema), in fragments too.

    Errs to true for a field under `@skip` or `@include`: then a count is made that nobody reads.
    """
    pending = [node.selection_set for node in info._raw_info.field_nodes]
    fragments = info._raw_info.fragments
    seen: set[str] = set()
    while pending:
        selection_set: SelectionSetNode | None = pending.pop()
        for selection in selection_set.selections if selection_set is not None else ():
            if isinstance(selection, FieldNode):
                if selection.name.value == field_name:
                    return True
            elif isinstance(selection, InlineFragmentNode):
                pending.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                pending.append(fragments[selection.name.value].selection_set)
    return False


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str, limit: int) -> bytes | None:
    """The bytes of unpadded base64url, or None unless the text is exactly what `_encode` makes."""
    if len(text) > limit or not text.isascii():
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if _encode(raw) == text else None


def _pack(value: Key) -> bytes:
    match value:
        case None:
            return b"n"
        case bool():
            return b"t" if value else b"f"
        case int():
            return struct.pack(">cq", b"i", value)
        case str():
            raw = value.encode()
            return struct.pack(">cH", b"s", len(raw)) + raw
        case datetime():
            return struct.pack(">cq", b"d", (value - _EPOCH) // _MICROSECOND)
        case UUID():
            return b"u" + value.bytes


def _unpack(raw: bytes, scope: str) -> tuple[Key, ...] | None:
    body, checksum = raw[:-4], raw[-4:]
    if body[:1] != bytes([_CURSOR_VERSION]) or checksum != struct.pack(
        ">I", zlib.crc32(body, zlib.crc32(scope.encode()))
    ):
        return None
    key: list[Key] = []
    at = 1
    try:
        while at < len(body):
            value, at = _unpack_one(body, at)
            key.append(value)
    except (struct.error, ValueError, OverflowError):
        return None
    return tuple(key)


def _unpack_one(body: bytes, at: int) -> tuple[Key, int]:
    """The value at `at` and where the next one begins. Raises: struct.error, ValueError, OverflowError."""
    tag, at = body[at : at + 1], at + 1
    if tag == b"n":
        return None, at
    if tag in (b"t", b"f"):
        return tag == b"t", at
    if tag == b"i":
        return int(struct.unpack_from(">q", body, at)[0]), at + 8
    if tag == b"d":
        return _EPOCH + int(struct.unpack_from(">q", body, at)[0]) * _MICROSECOND, at + 8
    if tag == b"u":
        return UUID(bytes=body[at : at + 16]), at + 16
    if tag == b"s":
        end = at + 2 + int(struct.unpack_from(">H", body, at)[0])
        if end > len(body):
            raise ValueError("the text ends early")
        return body[at + 2 : end].decode(), end
    raise ValueError("unknown tag")
