"""Identifiers: UUIDv7 minted in the application from the brand's clock, and numbers that outside parties see."""

import base64
import os
import threading
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_REMEMBERED = 4_096
_lock = threading.Lock()
_counters: OrderedDict[int, int] = OrderedDict()
"""The last counter of each of the milliseconds used last: a transaction's clock stands still while others go on."""


def new_id(at: datetime) -> UUID:
    """A UUIDv7 for the instant `at`; ids minted by one process for one millisecond keep their order.

    Source: RFC 9562, section 5.7 and 6.2, method 1: 26 bits of counter (rand_a and the head of rand_b), 48 random bits.
    """
    milliseconds = (at - _EPOCH) // _MILLISECOND
    with _lock:
        counter = _counters.pop(milliseconds, None)
        counter = int.from_bytes(os.urandom(2), "big") if counter is None else counter + 1
        _counters[milliseconds] = counter
        if len(_counters) > _REMEMBERED:
            _counters.popitem(last=False)
    high, low = counter >> 14 & 0xFFF, counter & 0x3FFF
    tail = 0b10 << 62 | low << 48 | int.from_bytes(os.urandom(6), "big")
    return UUID(int=(milliseconds & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | high << 64 | tail)


def minted_at(value: UUID) -> datetime:
    """The instant a UUIDv7 was minted, to the millisecond."""
    return _EPOCH + (value.int >> 80) * _MILLISECOND


def random_number() -> str:
    """24 letters and digits that nobody can guess: an outside party knows a payment, refund or payout by them."""
    return base64.b32encode(os.urandom(15)).decode().lower()


def first_id(at: datetime) -> UUID:
    """The smallest UUIDv7 that can be minted in the millisecond of `at`."""
    return UUID(int=_head(at) | 0b10 << 62)


def last_id(at: datetime) -> UUID:
    """The largest UUIDv7 that can be minted in the millisecond of `at`."""
    return UUID(int=_head(at) | 0xFFF << 64 | 0b10 << 62 | (1 << 62) - 1)


def _head(at: datetime) -> int:
    """Time and version; what lies before 1970 counts as its first millisecond."""
    return max(0, (at - _EPOCH) // _MILLISECOND) << 80 | 0x7 << 76
