"""Pages of long lists: a cursor in the address, one row read ahead."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

from graphql_schema.errors import BadUserInput
from graphql_schema.paging import Key, decode_cursor, encode_cursor

T = TypeVar("T")
PAGE_SIZE: Final = 20


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """The rows of a page, and where to read on; `first_href` leads back to the start, None for those who are there."""

    rows: Sequence[T]
    next_href: str | None
    first_href: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Where in a list a page was asked for. Read `limit` rows after `after`."""

    path: str
    scope: str
    after: tuple[Any, ...] | None
    more: dict[str, str]
    limit: int = PAGE_SIZE + 1

    def listed(self, rows: Sequence[T], to_key: Callable[[T], Sequence[Key]]) -> Listed[T]:
        """What is shown of up to `limit` rows."""
        shown = rows[:PAGE_SIZE]
        following = encode_cursor(self.scope, to_key(shown[-1])) if len(rows) > PAGE_SIZE else None
        return Listed(
            shown,
            None if following is None else self._href({**self.more, "after": following}),
            None if self.after is None else self._href(self.more),
        )

    def _href(self, query: dict[str, str]) -> str:
        return self.path + (f"?{urlencode(query)}" if query else "")


def read(request: Request, scope: str, kinds: Sequence[type], **more: str) -> Asked:
    """Where a page begins; a cursor that is none of this list begins at the start. `more`: what else links keep."""
    given = request.query_params.get("after")
    after = None
    if given is not None:
        try:
            after = decode_cursor(given, scope, kinds)
        except BadUserInput:
            after = None
    return Asked(request.url.path, scope, after, {name: text for name, text in more.items() if text})
