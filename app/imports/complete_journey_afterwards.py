"""What became of the baskets after they were paid for. The data ends at the till: this is made up, by fixed rules.

The goods were carried home: an order is sent, received and completed at the basket's own instant. Of every hundred
lines three come back, some or all of their pieces: which ones, how many pieces, and one to six days later when, follows
from a hash of the basket's own number, so that it is the same in every import. The owner approves, the goods go back on
the shelf, and the till gives the money back. At the end of each month, at midnight, every guide asks for all that is
payable to him, the owner approves, and the sandbox pays.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.imports.complete_journey_data import Basket, BasketLine

RETURNED_IN_100 = 3
MOST_DAYS = 6
"""Goods come back before their time for returns, seven days, is over."""
REASON = "Brought back."


@dataclass(frozen=True, slots=True)
class Return:
    """Lines of a basket that come back together, with how many pieces of each."""

    basket: Basket
    at: datetime
    lines: tuple[tuple[BasketLine, int], ...]


def returned(basket: Basket) -> Return | None:
    """What of a basket comes back, and when; None where the household kept everything."""
    lines = tuple((line, pieces) for line in basket.lines if (pieces := _pieces(basket, line)))
    if not lines:
        return None
    days = 1 + _draw(f"{basket.basket_id}")[0] % MOST_DAYS
    return Return(basket, basket.at + timedelta(days=days), lines)


def midnights(after: datetime, until: datetime, zone: str) -> Iterator[datetime]:
    """The ends of business days that come after one instant and not after another."""
    day, place = after.astimezone(ZoneInfo(zone)).date(), ZoneInfo(zone)
    while (at := _begin(day := day + timedelta(days=1), place).astimezone(after.tzinfo)) <= until:
        yield at


def ends_month(at: datetime, zone: str) -> bool:
    """Whether an instant is the midnight that ends a month."""
    local = at.astimezone(ZoneInfo(zone))
    return local.day == 1 and local == _begin(local.date(), ZoneInfo(zone))


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone)


def _pieces(basket: Basket, line: BasketLine) -> int:
    chance, share = _draw(f"{basket.basket_id}:{line.product_id}")
    return 1 + share % line.quantity if chance % 100 < RETURNED_IN_100 else 0


def _draw(text: str) -> tuple[int, int]:
    """Two numbers out of a hash: its first and its second eight digits."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16), int(digest[8:16], 16)
