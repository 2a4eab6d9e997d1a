"""Identifiers: UUIDv7 minted in the application from the brand's clock."""

import os
import threading
from datetime import UTC, datetime
from uuid import UUID

_lock = threading.Lock()
_last: dict[str, int] = {"ms": 0, "seq": 0}


def new_id(at: datetime) -> UUID:
    """A UUIDv7 for the instant `at`; ids minted by one process within one millisecond keep their order.

    Source: RFC 9562, section 5.7 (12 bits of counter in rand_a).
    """
    ms = int(at.timestamp() * 1000)
    with _lock:
        if ms == _last["ms"] and _last["seq"] < 0xFFF:
            _last["seq"] += 1
        else:
            # A full counter starts anew: order within that millisecond is then lost, uniqueness is not.
            _last["ms"], _last["seq"] = ms, int.from_bytes(os.urandom(1), "big")
        sequence = _last["seq"]
    tail = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=(ms & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | sequence << 64 | 0b10 << 62 | tail)


def minted_at(value: UUID) -> datetime:
    """The instant a UUIDv7 was minted, to the millisecond."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC)
