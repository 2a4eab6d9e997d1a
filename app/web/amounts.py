"""Amounts in the parts that pages set in different sizes."""

import re
from dataclasses import dataclass
from decimal import Decimal

from app.platform.money import Money

_TYPED = re.compile(r"\d{1,9}(?:\.\d{1,2})?", re.ASCII)
_AMOUNT = re.compile(r"(\D*)([\d,]+)\.(\d\d)")


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount in the parts that are set in different sizes; `text` is the whole."""

    symbol: str
    units: str
    hundredths: str
    text: str


def amount(minor: int, currency: str) -> Amount:
    """An amount in minor units of a currency."""
    text = Money(minor, currency).display
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError(f"an amount of another form: {text}")
    return Amount(found[1], found[2], found[3], text)


def read_amount(text: str) -> tuple[int | None, bool]:
    """A typed amount, such as 12 or ¥1,200.50, in minor units, None for none; and whether it is no amount."""
    plain = text.replace(",", "").lstrip("¥￥ ")
    if not plain:
        return None, False
    if _TYPED.fullmatch(plain) is None:
        return None, True
    return int(Decimal(plain) * 100), False
