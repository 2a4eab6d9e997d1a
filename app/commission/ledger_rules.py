"""The ledger: one declared table says how money moves, and everything else follows from it. Pure.

A transfer takes from one account and gives to another, so the books balance by construction, and the state of a
commission entry is the account its money stands on. What is taken back before a payout goes to VOIDED. Once money is
on its way out it cannot be called back: the party's DEBT grows instead, stays, and is offset against what becomes
payable later.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from app.commission.values import (
    Account,
    AccountKind,
    CommissionState,
    ForbiddenMove,
    LedgerEntry,
    LedgerEvent,
    Transfer,
)

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
        (_A.DEBT, _E.OFFSET): (_A.PAYABLE, _A.DEBT),
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


def move_commission(state: CommissionState | None, event: LedgerEvent) -> CommissionState:
    """The state of an entry after an event; None: not booked yet. A reversal is an entry of its own and moves none.

    Raises: ForbiddenMove.
    """
    standing = AccountKind.COMMISSION_EXPENSE if state is None else AccountKind(state.value)
    move = None if event is LedgerEvent.REVERSED else LEDGER_MOVES.get((standing, event))
    if move is None:
        raise ForbiddenMove(state, event)
    return CommissionState(move[1].value)


def state_of(transfers: Iterable[Transfer]) -> CommissionState | None:
    """The state of an entry: the account its money stands on. None: nothing was ever moved.

    Takes the entry's transfers, with those of its reversals where there are any: of a part reversed the rest decides,
    and all taken back is VOIDED. A reversing entry by itself reads VOIDED, or PAYABLE while its debt waits to be
    offset.
    """
    sums: defaultdict[AccountKind, int] = defaultdict(int)
    for transfer in transfers:
        sums[transfer.debit.kind] -= transfer.amount_minor
        sums[transfer.credit.kind] += transfer.amount_minor
    for kind, state in _STATES.items():
        if sums[kind] > 0:
            return state
    if sums[AccountKind.DEBT] < 0:
        return CommissionState.PAYABLE
    return CommissionState.VOIDED if sums[AccountKind.VOIDED] > 0 else None


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
