"""Which tests share a worker: those of a file that says `pytestmark = pytest.mark.xdist_group("name")`.

pytest-xdist's own `--dist loadgroup` writes the group into a test's id, which pytest 9.2 no longer lets it; it then
groups nothing, without a word.
"""

import re
from functools import cache
from pathlib import Path

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

_GROUP = re.compile(r"^pytestmark = pytest\.mark\.xdist_group\(\"([^\"]+)\"\)", re.MULTILINE)


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Hands tests out one by one, but those of a group together."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        self._root = config.rootpath

    def _split_scope(self, nodeid: str) -> str:
        return group_of(self._root / nodeid.partition("::")[0]) or nodeid


@cache
def group_of(path: Path) -> str | None:
    """The group that a test file names for all its tests."""
    found = _GROUP.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    return found[1] if found else None
