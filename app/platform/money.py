"""Money in integer minor units, and the only places where an amount is rounded or split.

Every currency here has two decimals, so a minor unit is a hundredth. Rates are basis points (10,000 bp = 100 %).
Amounts are rounded once, half to even. Faults of the caller (a negative weight, an unknown currency) are ValueError.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WHOLE_BP = 10_000
CURRENCIES = ("CNY", "HKD", "MOP", "TWD", "USD", "SGD", "MYR")

_SYMBOLS = {"CNY": "¥", "HKD": "HK$", "MOP": "MOP$", "TWD": "NT$", "USD": "$", "SGD": "S$", "MYR": "RM"}
_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency. `minor`: minor units, negative for what is owed or taken back."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in _SYMBOLS:
            raise ValueError(f"unknown currency: {self.currency!r}")

    @property
    def display(self) -> str:
        """The amount for people, the same in every language: ¥1,234.50, and −¥3.00 below zero."""
        units, hundredths = divmod(abs(self.minor), 100)
        sign = _MINUS if self.minor < 0 else ""
        return f"{sign}{_SYMBOLS[self.currency]}{units:,}.{hundredths:02d}"


def divide_half_even(numerator: int, denominator: int) -> int:
    """The quotient as an integer, rounded half to even. `denominator` > 0."""
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    return quotient + 1 if twice > denominator or (twice == denominator and quotient % 2 == 1) else quotient


def portion_bp(amount_minor: int, rate_bp: int) -> int:
    """`rate_bp` of an amount, rounded half to even to a minor unit. Symmetric: the portion of −x is minus that of x."""
    return divide_half_even(amount_minor * rate_bp, WHOLE_BP)


def split_by_largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """`total` >= 0 in parts proportional to `weights`, adding up to it exactly.

    No part is further than one unit from its exact share; of equal remainders the lower index gets the unit; a weight
    of zero gets zero. Raises: ValueError for a negative total or weight, and when no weight is above zero.
    """
    if total < 0 or any(weight < 0 for weight in weights):
        raise ValueError("a total and its weights must not be negative")
    whole = sum(weights)
    if whole == 0:
        raise ValueError("at least one weight must be above zero")
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-(total * weights[index] % whole), index))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts


def cumulative_part(total: int, part_before: int, part_after: int, whole: int) -> int:
    """What of `total` falls to the step from `part_before` to `part_after` out of `whole`.

    Rounds the running sum, not the step: whatever the steps are, they add up to `total` when `whole` is reached, and no
    step takes more than is left. The parts count whatever the caller refunds by: pieces or minor units.
    Raises: ValueError unless 0 <= before <= after <= whole, whole > 0.
    """
    if not 0 <= part_before <= part_after <= whole:
        raise ValueError("the parts must rise from 0 to the whole")
    return divide_half_even(total * part_after, whole) - divide_half_even(total * part_before, whole)
