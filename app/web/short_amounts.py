"""Amounts as the boss reads them: short from ten thousand on, in one unit a column, always with the exact amount."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from app.platform.money import divide_half_even
from app.web.texts import Speech

_SHORT_FROM_MINOR: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number counts: `minor` minor units a piece. `words`: empty for the currency's own unit."""

    words: str
    minor: int


@dataclass(frozen=True, slots=True)
class ShortAmount:
    """An amount in the parts that are set in different sizes; `text` is the whole, `minor` the exact amount."""

    minor: int
    symbol: str
    number: str
    unit: str

    @property
    def text(self) -> str:
        return f"{self.symbol}{self.number}{self.unit}"


_PLAIN: Final = Unit("", 100)
_UNITS: Final = {
    "zh-CN": (Unit("unit_wan", 1_000_000), Unit("unit_yi", 10_000_000_000)),
    "en": (Unit("unit_wan", 100_000), Unit("unit_yi", 100_000_000)),
}
"""Ten thousands and hundred millions; thousands and millions in English. Both begin at ten thousand."""


def unit_for(minors: Iterable[int], say: Speech) -> Unit:
    """The unit of a column or an axis, by its largest amount."""
    largest = max((abs(minor) for minor in minors), default=0)
    if largest < _SHORT_FROM_MINOR:
        return _PLAIN
    units = _UNITS["zh-CN" if say.language == "zh-CN" else "en"]
    # What would be rounded up to a whole of the next unit is written in that.
    rounded_minor = divide_half_even(largest * 100, units[0].minor) * units[0].minor
    found = units[0] if rounded_minor < units[1].minor * 100 else units[1]
    return Unit(say(found.words), found.minor)


def in_unit(minor: int, unit: Unit) -> str:
    """The number of an amount in a unit, with two decimals: 143.57, −0.50."""
    hundredths = divide_half_even(minor * 100, unit.minor)
    units, rest = divmod(abs(hundredths), 100)
    return f"{chr(8722) if hundredths < 0 else ''}{units:,}.{rest:02d}"


def short(minor: int, say: Speech) -> ShortAmount:
    """An amount in the unit that fits it."""
    unit = unit_for([minor], say)
    number = in_unit(minor, unit)
    symbol = say.symbol
    if number.startswith(chr(8722)):
        symbol, number = chr(8722) + symbol, number[1:]
    return ShortAmount(minor, symbol, number, unit.words)


def named(unit: Unit, say: Speech) -> str:
    """What numbers without a symbol count: ¥K, in Chinese a word for the currency of China."""
    words = unit.words.strip()
    return words + say("yuan") if say.language == "zh-CN" and say.symbol == "¥" else say.symbol + words
