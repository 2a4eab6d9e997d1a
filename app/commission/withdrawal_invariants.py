"""What must hold for withdrawals and the money in them at any time; each check names what breaks it."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.commission.models import TransferRow, WithdrawalMoveRow, WithdrawalRow
from app.commission.values import AccountKind, LedgerEvent, WithdrawalEvent, WithdrawalState
from app.commission.withdrawal_rules import MONEY_STANDS, WITHDRAWAL_MOVES
from app.platform.db import BrandSession

CHUNK: Final = 5_000
_UNDER_WAY: Final = (WithdrawalState.APPROVED, WithdrawalState.IN_PAYOUT)
_CAUSES: Final = {
    WithdrawalState.APPROVED: {LedgerEvent.PAYOUT_STARTED},
    WithdrawalState.IN_PAYOUT: {LedgerEvent.PAYOUT_STARTED},
    WithdrawalState.PAID: {LedgerEvent.PAYOUT_STARTED, LedgerEvent.PAYOUT_DONE},
    WithdrawalState.FAILED: {LedgerEvent.PAYOUT_STARTED, LedgerEvent.PAYOUT_FAILED},
}
"""The causes of a withdrawal's transfers, by its state; a state that is missing has none."""
_PAYOUT: Final = (LedgerEvent.PAYOUT_STARTED, LedgerEvent.PAYOUT_DONE, LedgerEvent.PAYOUT_FAILED)


async def accounts_are_withdrawals(session: BrandSession) -> list[str]:
    """What a party has IN_PAYOUT and PAID is the sum of the party's withdrawals that stand there, to the cent."""
    kinds = (AccountKind.IN_PAYOUT, AccountKind.PAID)
    booked = await _balances(session, kinds)
    rows = await session.execute(
        sa.select(
            WithdrawalRow.employee_id,
            WithdrawalRow.state,
            sa.cast(sa.func.sum(WithdrawalRow.amount_minor), sa.BigInteger),
        )
        .where(WithdrawalRow.brand_id == session.brand_id)
        .group_by(WithdrawalRow.employee_id, WithdrawalRow.state)
    )
    asked: defaultdict[tuple[UUID, AccountKind], int] = defaultdict(int)
    for employee_id, state, amount_minor in rows:
        account = MONEY_STANDS[WithdrawalState(state)]
        if account is not None:
            asked[employee_id, account] += amount_minor
    return [
        f"party {party_id}: {booked.get((party_id, kind), 0)} on {kind}, withdrawals {asked.get((party_id, kind), 0)}"
        for party_id, kind in sorted(booked.keys() | asked.keys())
        if booked.get((party_id, kind), 0) != asked.get((party_id, kind), 0)
    ]


async def nobody_owes_and_is_owed(session: BrandSession) -> list[str]:
    """Whoever owes something has nothing payable: the debt was paid off with it."""
    found = await _balances(session, (AccountKind.PAYABLE, AccountKind.DEBT))
    return [
        f"party {party_id}: owes {-amount_minor}, and {found[party_id, AccountKind.PAYABLE]} are payable"
        for (party_id, kind), amount_minor in sorted(found.items())
        if kind is AccountKind.DEBT and amount_minor < 0 and found.get((party_id, AccountKind.PAYABLE), 0) > 0
    ]


async def transfers_are_the_withdrawals(session: BrandSession) -> list[str]:
    """A withdrawal's transfers are those of its state, each time of its whole amount, of the same entries, its own."""
    part = sa.cast(TransferRow.entry_id, sa.Text) + " " + sa.cast(TransferRow.amount_minor, sa.Text)
    rows = await session.execute(
        sa.select(
            TransferRow.occasion_id,
            TransferRow.cause,
            sa.cast(sa.func.sum(TransferRow.amount_minor), sa.BigInteger).label("amount_minor"),
            sa.func.md5(sa.func.string_agg(part, aggregate_order_by(sa.literal(","), TransferRow.entry_id))),
            sa.func.array_agg(sa.distinct(TransferRow.credit_party_id)),
        )
        .where(TransferRow.brand_id == session.brand_id, TransferRow.cause.in_([cause.value for cause in _PAYOUT]))
        .group_by(TransferRow.occasion_id, TransferRow.cause)
    )
    moved: defaultdict[UUID | None, dict[LedgerEvent, tuple[int, str, list[UUID]]]] = defaultdict(dict)
    for occasion_id, cause, amount_minor, parts, parties in rows:
        moved[occasion_id][LedgerEvent(cause)] = (amount_minor, parts, parties)
    problems = []
    stored = await session.stream(
        sa.select(WithdrawalRow.id, WithdrawalRow.employee_id, WithdrawalRow.state, WithdrawalRow.amount_minor)
        .where(WithdrawalRow.brand_id == session.brand_id)
        .execution_options(yield_per=CHUNK)
    )
    async for row in stored:
        found = moved.pop(row.id, {})
        if set(found) != _CAUSES.get(WithdrawalState(row.state), set()):
            problems.append(f"withdrawal {row.id}: {row.state} with {sorted(found)}")
        if any((amount, parties) != (row.amount_minor, [row.employee_id]) for amount, _, parties in found.values()):
            problems.append(f"withdrawal {row.id}: its transfers are not {row.amount_minor} of {row.employee_id}")
        if len({parts for _, parts, _ in found.values()}) > 1:
            problems.append(f"withdrawal {row.id}: what went out is not what was ended")
    return problems + [f"occasion {occasion_id}: money went out without a withdrawal" for occasion_id in moved]


async def states_follow_the_table(session: BrandSession) -> list[str]:
    """Every withdrawal came to its state by declared moves, all written down; what is under way is looked after."""
    rows = await session.stream(
        sa.select(
            WithdrawalRow.id,
            WithdrawalRow.state,
            WithdrawalRow.query_at,
            WithdrawalMoveRow.event,
            WithdrawalMoveRow.from_state,
            WithdrawalMoveRow.to_state,
        )
        .outerjoin(
            WithdrawalMoveRow,
            sa.and_(
                WithdrawalMoveRow.brand_id == session.brand_id, WithdrawalMoveRow.withdrawal_id == WithdrawalRow.id
            ),
        )
        .where(WithdrawalRow.brand_id == session.brand_id)
        .order_by(WithdrawalRow.id, WithdrawalMoveRow.at, WithdrawalMoveRow.id)
        .execution_options(yield_per=CHUNK)
    )
    problems: list[str] = []
    reached: dict[UUID, WithdrawalState | None] = {}
    stored: dict[UUID, WithdrawalState] = {}
    async for row in rows:
        stored[row.id] = WithdrawalState(row.state)
        before = reached.get(row.id)
        if row.event is None or row.from_state != before or _after(before, row.event) != row.to_state:
            problems.append(f"withdrawal {row.id}: {row.event} from {before} to {row.to_state}")
        reached[row.id] = None if row.to_state is None else WithdrawalState(row.to_state)
        if (row.query_at is not None) != (stored[row.id] in _UNDER_WAY):
            problems.append(f"withdrawal {row.id}: {row.state}, to be looked after at {row.query_at}")
    problems += [
        f"withdrawal {one}: {state}, its history says {reached[one]}"
        for one, state in stored.items()
        if reached[one] is not state
    ]
    return problems


CHECKS: Final[dict[str, Callable[[BrandSession], Awaitable[list[str]]]]] = {
    "money on its way and paid is that of withdrawals": accounts_are_withdrawals,
    "nobody owes and is owed": nobody_owes_and_is_owed,
    "transfers are those of the withdrawals": transfers_are_the_withdrawals,
    "withdrawals follow the table of moves": states_follow_the_table,
}


async def _balances(session: BrandSession, kinds: Collection[AccountKind]) -> dict[tuple[UUID, AccountKind], int]:
    """The balances of these accounts, without those that are zero."""
    sides = [
        sa.select(party.label("party_id"), account.label("account"), amount.label("amount_minor")).where(
            TransferRow.brand_id == session.brand_id, account.in_([kind.value for kind in kinds])
        )
        for party, account, amount in (
            (TransferRow.debit_party_id, TransferRow.debit_account, -TransferRow.amount_minor),
            (TransferRow.credit_party_id, TransferRow.credit_account, TransferRow.amount_minor),
        )
    ]
    flow = sa.union_all(*sides).subquery()
    total = sa.cast(sa.func.sum(flow.c.amount_minor), sa.BigInteger)
    rows = await session.execute(
        sa.select(flow.c.party_id, flow.c.account, total).group_by(flow.c.party_id, flow.c.account).having(total != 0)
    )
    return {(party_id, AccountKind(account)): amount_minor for party_id, account, amount_minor in rows}


def _after(before: WithdrawalState | None, event: str) -> WithdrawalState | None:
    if before is None:
        return WithdrawalState.REQUESTED if event == WithdrawalEvent.REQUEST.value else None
    return WITHDRAWAL_MOVES.get((before, WithdrawalEvent(event)))
