"""Amounts in the parts that pages set in different sizes."""

import re
from dataclasses import dataclass

from app.platform.money import Money

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
