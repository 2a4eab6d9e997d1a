"""Rules of withdrawals: the state machine, how much may be asked for, and which money pays. Pure."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Final, TypeVar

from app.commission.values import AccountKind, ForbiddenMove, WithdrawalEvent, WithdrawalState

T = TypeVar("T")
_S, _E = WithdrawalState, WithdrawalEvent

WITHDRAWAL_MOVES: Mapping[tuple[WithdrawalState, WithdrawalEvent], WithdrawalState] = MappingProxyType(
    {
        (_S.REQUESTED, _E.APPROVE): _S.APPROVED,
        (_S.REQUESTED, _E.REJECT): _S.REJECTED,
        (_S.APPROVED, _E.SEND): _S.IN_PAYOUT,
        (_S.IN_PAYOUT, _E.SEND_AGAIN): _S.IN_PAYOUT,
        (_S.IN_PAYOUT, _E.PAY): _S.PAID,
        (_S.IN_PAYOUT, _E.FAIL): _S.FAILED,
    }
)
"""There is no other way to change a withdrawal's state."""

MONEY_STANDS: Mapping[WithdrawalState, AccountKind | None] = MappingProxyType(
    {
        _S.REQUESTED: None,
        _S.REJECTED: None,
        _S.APPROVED: AccountKind.IN_PAYOUT,
        _S.IN_PAYOUT: AccountKind.IN_PAYOUT,
        _S.PAID: AccountKind.PAID,
        _S.FAILED: None,
    }
)
"""The account on which a withdrawal's money stands; None: it has none, or gave it back."""

MOST_TRIES: Final = 3
"""Times that a payout is sent before it counts as failed; each time only once the one before surely came to nothing."""
SHORTEST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(minutes=15)


def move(state: WithdrawalState, event: WithdrawalEvent) -> WithdrawalState:
    """The withdrawal's state after an event. Raises: ForbiddenMove."""
    after = WITHDRAWAL_MOVES.get((state, event))
    if after is None:
        raise ForbiddenMove(state, event)
    return after


def most(payable_minor: int, claimed_minor: int) -> int:
    """How much more can be asked for, when open requests already claim some of what is payable."""
    return max(0, payable_minor - claimed_minor)


def allocate(payable: Sequence[tuple[T, int]], amount_minor: int) -> list[tuple[T, int]]:
    """The parts that pay `amount_minor` > 0: in the order given, the last one split; they add up exactly.

    Raises: ValueError when there is not so much, or for a negative part.
    """
    if amount_minor <= 0:
        raise ValueError("a withdrawal is of more than nothing")
    left = amount_minor
    parts: list[tuple[T, int]] = []
    for key, there_minor in payable:
        if there_minor < 0:
            raise ValueError("payable money must not be negative")
        taken = min(left, there_minor)
        if taken:
            parts.append((key, taken))
            left -= taken
    if left:
        raise ValueError(f"{left} of {amount_minor} are missing")
    return parts


def query_pause(waited: timedelta) -> timedelta:
    """How long to wait before asking again about a payout begun so long ago: half as long, from 30 s to 15 min."""
    return min(max(waited / 2, SHORTEST_PAUSE), LONGEST_PAUSE)
