"""The ledger: one declared table says how money moves, and everything else follows from it. Pure.

A transfer takes from one account and gives to another, so the books balance by construction, and the state of a
commission entry is the account its money stands on. What is taken back before a payout goes to VOIDED. Once money is
on its way out it cannot be called back: the party's DEBT grows instead, stays, and is offset against what is payable,
now or later.

What a refund takes back is booked with an entry of its own, so an entry's money is that of its *family*: the entry with
all that reverse it. A family's money can stand on several accounts, as a payout may take a part of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from app.commission.values import (
    Account,
    AccountKind,
    CommissionState,
    ForbiddenMove,
    LedgerEntry,
    LedgerEvent,
    Transfer,
)

T = TypeVar("T")
_A, _E = AccountKind, LedgerEvent

LEDGER_MOVES: Mapping[tuple[AccountKind, LedgerEvent], tuple[AccountKind, AccountKind]] = MappingProxyType(
    {
        (_A.COMMISSION_EXPENSE, _E.PLACED): (_A.COMMISSION_EXPENSE, _A.ESTIMATED),
        (_A.ESTIMATED, _E.PAID): (_A.ESTIMATED, _A.HELD),
        (_A.ESTIMATED, _E.CANCELLED): (_A.ESTIMATED, _A.VOIDED),
        (_A.HELD, _E.RELEASED): (_A.HELD, _A.PAYABLE),
        (_A.HELD, _E.DISPUTED): (_A.HELD, _A.DISPUTED),
        (_A.HELD, _E.REVERSED): (_A.HELD, _A.VOIDED),
        (_A.DISPUTED, _E.DISPUTE_ENDED): (_A.DISPUTED, _A.HELD),
        (_A.DISPUTED, _E.REVERSED): (_A.DISPUTED, _A.VOIDED),
        (_A.PAYABLE, _E.DISPUTED): (_A.PAYABLE, _A.DISPUTED),
        (_A.PAYABLE, _E.PAYOUT_STARTED): (_A.PAYABLE, _A.IN_PAYOUT),
        (_A.PAYABLE, _E.REVERSED): (_A.PAYABLE, _A.VOIDED),
        (_A.IN_PAYOUT, _E.PAYOUT_DONE): (_A.IN_PAYOUT, _A.PAID),
        (_A.IN_PAYOUT, _E.PAYOUT_FAILED): (_A.IN_PAYOUT, _A.PAYABLE),
        (_A.IN_PAYOUT, _E.REVERSED): (_A.DEBT, _A.VOIDED),
        (_A.PAID, _E.REVERSED): (_A.DEBT, _A.VOIDED),
        (_A.PAYABLE, _E.OFFSET): (_A.PAYABLE, _A.DEBT),
    }
)
"""(where the money stands, what happened) -> (debit, credit). What is not here cannot happen.

A dispute that ends returns to HELD, whatever it came from: the release finds it there when the return window is over.
"""

_STATES: Mapping[AccountKind, CommissionState] = MappingProxyType(
    {
        _A.ESTIMATED: CommissionState.ESTIMATED,
        _A.HELD: CommissionState.HELD,
        _A.DISPUTED: CommissionState.DISPUTED,
        _A.PAYABLE: CommissionState.PAYABLE,
        _A.IN_PAYOUT: CommissionState.IN_PAYOUT,
        _A.PAID: CommissionState.PAID,
    }
)
"""The accounts of commission that is alive, the least advanced first."""

_CAN_BE_TAKEN_BACK = (_A.HELD, _A.DISPUTED, _A.PAYABLE)
"""Where a reversal finds money, in this order; the rest has left, and is owed."""


def transfers_for(event: LedgerEvent, entry: LedgerEntry) -> tuple[Transfer, ...]:
    """The transfers that book an event of an entry: one, or none for an amount of zero.

    For REVERSED and OFFSET the amount is the part taken back or offset. Raises: ForbiddenMove, ValueError (negative).
    """
    move = LEDGER_MOVES.get((entry.standing, event))
    if move is None:
        raise ForbiddenMove(entry.standing, event)
    if entry.amount_minor < 0:
        raise ValueError("an entry's amount must not be negative")
    if entry.amount_minor == 0:
        return ()
    debit, credit = (
        Account(kind, entry.brand_id if kind is AccountKind.COMMISSION_EXPENSE else entry.party_id) for kind in move
    )
    return (Transfer(debit, credit, entry.amount_minor),)


def state_of(standing: Mapping[AccountKind, int]) -> CommissionState | None:
    """The state of an entry by what its family has on each account; None: nothing was ever moved.

    The least advanced part decides; all taken back is VOIDED; money that paid a debt off is PAID. A reversing entry by
    itself reads VOIDED.
    """
    for kind, state in _STATES.items():
        if standing.get(kind, 0) > 0:
            return state
    if standing.get(AccountKind.DEBT, 0) > 0:
        return CommissionState.PAID
    return CommissionState.VOIDED if standing.get(AccountKind.VOIDED, 0) > 0 else None


def take_back(standing: Mapping[AccountKind, int], amount_minor: int) -> list[tuple[AccountKind, int]]:
    """Where a reversal of `amount_minor` takes the money from, given what the family has on each account.

    What is still here goes first, the least advanced before all; PAID stands for the rest, which becomes debt. The
    parts add up to the amount, so that nothing is ever cut off. Raises: ValueError below zero.
    """
    if amount_minor < 0:
        raise ValueError("a reversal must not be negative")
    parts: list[tuple[AccountKind, int]] = []
    left = amount_minor
    for kind in _CAN_BE_TAKEN_BACK:
        part = min(left, max(standing.get(kind, 0), 0))
        if part:
            parts.append((kind, part))
            left -= part
    return [*parts, (AccountKind.PAID, left)] if left else parts


def offset_debt(debt_minor: int, payable: Sequence[tuple[T, int]]) -> list[tuple[T, int]]:
    """Which payable amounts pay a debt off, in their order, the last of them in part. Pays no more than is owed."""
    parts: list[tuple[T, int]] = []
    for key, amount_minor in payable:
        part = min(debt_minor, amount_minor)
        if part > 0:
            parts.append((key, part))
            debt_minor -= part
    return parts


def balances(transfers: Iterable[Transfer]) -> dict[Account, int]:
    """The balance of every account touched: credits less debits, so expense and debt are negative."""
    sums: defaultdict[Account, int] = defaultdict(int)
    for transfer in transfers:
        sums[transfer.debit] -= transfer.amount_minor
        sums[transfer.credit] += transfer.amount_minor
    return dict(sums)


def trial_balance(transfers: Iterable[Transfer]) -> int:
    """All balances together: zero, or rows are missing or damaged."""
    return sum(balances(transfers).values())
