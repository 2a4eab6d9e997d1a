"""A month's statement of one party, from sums over the ledger. Pure.

What the brand owes a party is the money on HELD, DISPUTED, PAYABLE and IN_PAYOUT, less the DEBT. Money comes in as
orders are paid (earned), goes out by refunds (reversed) and by payouts (paid out), and else only changes accounts, so
that opening + earned − reversed − paid out = closing, to the cent, in every month.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from app.commission.values import AccountKind

OWED: Final = (
    AccountKind.HELD,
    AccountKind.DISPUTED,
    AccountKind.PAYABLE,
    AccountKind.IN_PAYOUT,
    AccountKind.DEBT,
)
"""The accounts of a statement. DEBT is in debit: its balance is zero or below."""
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
EARLIEST_YEAR: Final = 2000


@dataclass(frozen=True, slots=True)
class Flow:
    """The sum of a party's transfers from one account to another, before the month (`is_before`) or in it."""

    debit: AccountKind
    credit: AccountKind
    is_before: bool
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A month of one party, in minor units. `opening` and `closing`: the balance of every account in OWED."""

    opening: Mapping[AccountKind, int]
    earned_minor: int
    reversed_minor: int
    paid_out_minor: int
    closing: Mapping[AccountKind, int]

    @property
    def opening_minor(self) -> int:
        return sum(self.opening.values())

    @property
    def closing_minor(self) -> int:
        return sum(self.closing.values())


def read_month(text: str) -> tuple[date, date] | None:
    """First day of a month written as 2026-11, and of the next; None for any other text."""
    match = _MONTH.fullmatch(text)
    if match is None:
        return None
    year, month = int(match[1]), int(match[2])
    if not EARLIEST_YEAR <= year < date.max.year:
        return None
    return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)


def statement(flows: Iterable[Flow]) -> Statement:
    """The statement that these sums of transfers make."""
    opening: defaultdict[AccountKind, int] = defaultdict(int)
    closing: defaultdict[AccountKind, int] = defaultdict(int)
    earned = taken_back = paid_out = 0
    for flow in flows:
        for account, amount in ((flow.debit, -flow.amount_minor), (flow.credit, flow.amount_minor)):
            closing[account] += amount
            if flow.is_before:
                opening[account] += amount
        if flow.is_before:
            continue
        goes_out, comes_in = flow.debit in OWED, flow.credit in OWED
        if comes_in and not goes_out:
            earned += flow.amount_minor
        elif goes_out and not comes_in:
            if flow.credit is AccountKind.PAID:
                paid_out += flow.amount_minor
            else:
                taken_back += flow.amount_minor
    return Statement(
        opening=MappingProxyType({account: opening[account] for account in OWED}),
        earned_minor=earned,
        reversed_minor=taken_back,
        paid_out_minor=paid_out,
        closing=MappingProxyType({account: closing[account] for account in OWED}),
    )
