"""How much work a block does, told by calls instead of seconds: the same on every machine and at every load."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

MOST_CALLS = 1_000_000
"""What refusing a document may cost; about 0.2 s of one core. Overlapping fields without limits cost many millions."""


@dataclass
class Calls:
    """Calls of functions, Python's own included, that this thread made."""

    number: int = 0


@contextmanager
def counted_calls() -> Iterator[Calls]:
    """Count the calls within the block; it must not hand over to another thread or task."""
    calls, before = Calls(), sys.getprofile()

    def count(frame: Any, event: str, argument: Any) -> None:
        if event in ("call", "c_call"):
            calls.number += 1

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(before)
