"""Withdrawals: an employee asks for payable commission, finance decides, a provider pays (see `payouts`).

An open request claims its part of what is payable, but moves no money. The approval moves it, entry by entry, to
IN_PAYOUT, and there it stays until the provider's word is final. Locks: the withdrawal, then the payee.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from app.commission import ledger, payees, payout_providers
from app.commission.events import WithdrawalApproved
from app.commission.ledger import Posting
from app.commission.models import TransferRow, WithdrawalMoveRow, WithdrawalRow
from app.commission.values import AccountKind, Decision, LedgerEvent, WithdrawalEvent, WithdrawalState
from app.commission.withdrawal_rules import SHORTEST_PAUSE, WITHDRAWAL_MOVES, allocate, most, move, query_pause
from app.platform import ids, texts
from app.platform.actor import SYSTEM, Actor
from app.platform.db import BrandSession
from app.platform.errors import AmountTooLarge, Forbidden, InvalidInput, NotFound, WrongState
from app.platform.money import Money
from app.platform.settings import load_settings

LONGEST_COMMENT: Final = 500
LONGEST_REASON: Final = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """How a withdrawal stands. Amount: minor units. `accept_by`: on the provider's clock."""

    id: UUID
    employee_id: UUID
    amount_minor: int
    state: WithdrawalState
    number: str
    tries: int
    started_at: datetime | None
    accept_by: datetime | None


def may_decide(actor: Actor) -> bool:
    """Whether somebody decides on withdrawals, and sees those of everybody: finance and the owner."""
    return actor.is_employee and (actor.role == "OWNER" or "FINANCE" in actor.functions)


async def request(session: BrandSession, actor: Actor, *, amount_minor: int, now: datetime) -> UUID:
    """An employee asks for own payable commission; gives the withdrawal's id. Six statements.

    Amount: minor units. Raises: Forbidden, InvalidInput below the least amount, AmountTooLarge with what can be asked
    for beside the requests that are open.
    """
    if actor.employee_id is None:
        raise Forbidden
    least_minor = load_settings().withdrawal_minimum_minor
    if amount_minor < least_minor:
        least = Money(least_minor, session.brand.currency).display
        raise InvalidInput("withdrawal_minimum", path=("amountMinor",), amount=least)
    payable = await _lock_payable(session, actor.employee_id)
    limit_minor = most(sum(part for _, part in payable), await _claimed(session, actor.employee_id))
    if amount_minor > limit_minor:
        raise AmountTooLarge(limit_minor)
    withdrawal_id = session.new_id()
    await session.execute(
        sa.insert(WithdrawalRow).values(
            brand_id=session.brand_id,
            id=withdrawal_id,
            employee_id=actor.employee_id,
            amount_minor=amount_minor,
            state=WithdrawalState.REQUESTED.value,
            number=ids.random_number(),
            requested_at=now,
            tries=0,
        )
    )
    await _note(session, withdrawal_id, WithdrawalEvent.REQUEST, None, WithdrawalState.REQUESTED, actor, now)
    return withdrawal_id


async def decide(
    session: BrandSession,
    actor: Actor,
    *,
    withdrawal_id: UUID,
    decision: Decision,
    comment: str | None = None,
    now: datetime,
) -> None:
    """Finance approves or rejects a request of somebody else.

    The approval moves the money from PAYABLE to IN_PAYOUT, and the payout follows. Comment: up to 500 characters.
    Raises: Forbidden (for the own one too), InvalidInput, NotFound, WrongState, AmountTooLarge when refunds have left
    less than was asked for. Emits: WithdrawalApproved, LedgerMoved.
    """
    if not may_decide(actor):
        raise Forbidden
    comment = texts.optional_block(comment, "comment", longest=LONGEST_COMMENT)
    found = await find(session, withdrawal_id, lock=True)
    if found is None:
        raise NotFound("Withdrawal", path=("withdrawalId",))
    if found.employee_id == actor.employee_id:
        raise Forbidden
    if found.state is not WithdrawalState.REQUESTED:
        raise WrongState(found.state)
    decided = {"decided_at": now, "decided_by": actor.employee_id, "comment": comment}
    if decision is Decision.REJECT:
        await _move(session, found, WithdrawalEvent.REJECT, actor=actor, now=now, ended_at=now, **decided)
        return
    if not payout_providers.is_offered(load_settings()):
        raise InvalidInput("payouts_not_offered", path=("decision",))
    payable = await _lock_payable(session, found.employee_id)
    payable_minor = sum(part for _, part in payable)
    if payable_minor < found.amount_minor:
        raise AmountTooLarge(payable_minor)
    parts = allocate(payable, found.amount_minor)
    await _post(session, found, LedgerEvent.PAYOUT_STARTED, parts, standing=AccountKind.PAYABLE, now=now)
    # The event sends it; should that fail for good, the job looks after it.
    look_at = now + SHORTEST_PAUSE
    await _move(session, found, WithdrawalEvent.APPROVE, actor=actor, now=now, query_at=look_at, **decided)
    session.emit(WithdrawalApproved(found.id))


async def begin_sending(
    session: BrandSession, *, withdrawal_id: UUID, accept_by: datetime, after_tries: int, now: datetime
) -> Standing | None:
    """Write down that a provider is about to be asked; None when it is not to be asked, or not any more.

    `after_tries`: how often it was sent before, so that of two who come to the same conclusion one sends. Whoever calls
    the provider commits this first: a payout that may have been sent is never taken for one that was not.
    """
    found = await find(session, withdrawal_id, lock=True)
    event = WithdrawalEvent.SEND_AGAIN if after_tries else WithdrawalEvent.SEND
    if found is None or found.tries != after_tries or (found.state, event) not in WITHDRAWAL_MOVES:
        return None
    await _move(
        session,
        found,
        event,
        actor=SYSTEM,
        now=now,
        tries=after_tries + 1,
        accept_by=accept_by,
        started_at=found.started_at or now,
        query_at=now + SHORTEST_PAUSE,
    )
    return replace(found, tries=after_tries + 1, accept_by=accept_by)


async def book_paid(session: BrandSession, *, withdrawal_id: UUID, transaction_id: str, now: datetime) -> bool:
    """The provider has paid: the money is PAID. False when that changes nothing any more. Emits: LedgerMoved."""
    found = await _lock_in_payout(session, withdrawal_id)
    if found is None:
        return False
    parts = await _parts(session, found.id)
    await _post(session, found, LedgerEvent.PAYOUT_DONE, parts, standing=AccountKind.IN_PAYOUT, now=now)
    ended = {"ended_at": now, "query_at": None, "transaction_id": transaction_id}
    await _move(session, found, WithdrawalEvent.PAY, actor=SYSTEM, now=now, **ended)
    return True


async def book_failed(session: BrandSession, *, withdrawal_id: UUID, reason: str, now: datetime) -> bool:
    """The provider has not paid and never will: the money is PAYABLE again, and pays debt off where there is any.

    False when that changes nothing any more. Emits: LedgerMoved.
    """
    found = await _lock_in_payout(session, withdrawal_id)
    if found is None:
        return False
    parts = await _parts(session, found.id)
    await _post(session, found, LedgerEvent.PAYOUT_FAILED, parts, standing=AccountKind.IN_PAYOUT, now=now)
    await payees.settle_debts(session, [found.employee_id], occasion_id=found.id, now=now)
    ended = {"ended_at": now, "query_at": None, "failure_reason": reason[:LONGEST_REASON]}
    await _move(session, found, WithdrawalEvent.FAIL, actor=SYSTEM, now=now, **ended)
    return True


async def claim_due(session: BrandSession, *, limit: int, now: datetime) -> list[UUID]:
    """Withdrawals on their way that are to be looked after now, those that waited longest first.

    Each stays away from the next claims for a pause that grows with the wait. Two statements.
    """
    rows = await session.execute(
        sa.select(WithdrawalRow.id, WithdrawalRow.decided_at)
        .where(WithdrawalRow.brand_id == session.brand_id, WithdrawalRow.query_at <= now)
        .order_by(WithdrawalRow.query_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    next_looks = {row.id: now + query_pause(now - row.decided_at) for row in rows}
    if next_looks:
        query_at = sa.case(
            *((WithdrawalRow.id == one, sa.literal(at, sa.DateTime(timezone=True))) for one, at in next_looks.items())
        )
        await session.execute(
            sa.update(WithdrawalRow)
            .where(WithdrawalRow.brand_id == session.brand_id, WithdrawalRow.id.in_(next_looks))
            .values(query_at=query_at)
            .execution_options(synchronize_session=False)
        )
    return list(next_looks)


async def find(session: BrandSession, withdrawal_id: UUID, *, lock: bool = False) -> Standing | None:
    """How a withdrawal stands; None where there is none. `lock`: it stays so until the transaction ends."""
    query = sa.select(
        WithdrawalRow.id,
        WithdrawalRow.employee_id,
        WithdrawalRow.amount_minor,
        WithdrawalRow.state,
        WithdrawalRow.number,
        WithdrawalRow.tries,
        WithdrawalRow.started_at,
        WithdrawalRow.accept_by,
    ).where(WithdrawalRow.brand_id == session.brand_id, WithdrawalRow.id == withdrawal_id)
    row = (await session.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        return None
    return Standing(
        id=row.id,
        employee_id=row.employee_id,
        amount_minor=row.amount_minor,
        state=WithdrawalState(row.state),
        number=row.number,
        tries=row.tries,
        started_at=row.started_at,
        accept_by=row.accept_by,
    )


async def _lock_in_payout(session: BrandSession, withdrawal_id: UUID) -> Standing | None:
    """Hold a withdrawal that a provider was asked to pay, and its payee; None where it has ended, or was never sent."""
    found = await find(session, withdrawal_id, lock=True)
    if found is None or found.state is not WithdrawalState.IN_PAYOUT:
        return None
    await payees.lock(session, [found.employee_id])
    return found


async def _lock_payable(session: BrandSession, party_id: UUID) -> list[tuple[UUID, int]]:
    """Hold the payee; gives the entries with payable money, the oldest first, with that money."""
    await payees.lock(session, [party_id])
    return await ledger.payable(session, party_id)


async def _claimed(session: BrandSession, employee_id: UUID) -> int:
    """What the open requests of an employee ask for."""
    found = await session.execute(
        sa.select(sa.cast(sa.func.coalesce(sa.func.sum(WithdrawalRow.amount_minor), 0), sa.BigInteger)).where(
            WithdrawalRow.brand_id == session.brand_id,
            WithdrawalRow.employee_id == employee_id,
            WithdrawalRow.state == WithdrawalState.REQUESTED.value,
        )
    )
    return found.scalar_one()


async def _parts(session: BrandSession, withdrawal_id: UUID) -> list[tuple[UUID, int]]:
    """The entries whose money an approved withdrawal took, with what it took of each."""
    rows = await session.execute(
        sa.select(TransferRow.entry_id, TransferRow.amount_minor)
        .where(
            TransferRow.brand_id == session.brand_id,
            TransferRow.occasion_id == withdrawal_id,
            TransferRow.cause == LedgerEvent.PAYOUT_STARTED.value,
        )
        .order_by(TransferRow.entry_id)
    )
    return [(row.entry_id, row.amount_minor) for row in rows]


async def _post(
    session: BrandSession,
    found: Standing,
    event: LedgerEvent,
    parts: Sequence[tuple[UUID, int]],
    *,
    standing: AccountKind,
    now: datetime,
) -> None:
    """Move a withdrawal's money, entry by entry; its id is the occasion."""
    postings: list[Posting] = []
    for entry_id, amount_minor in parts:
        postings += ledger.postings_for(
            session,
            event,
            entry_id=entry_id,
            party_id=found.employee_id,
            standing=standing,
            amount_minor=amount_minor,
            occasion_id=found.id,
        )
    await ledger.post(session, postings, now=now)


async def _move(
    session: BrandSession,
    found: Standing,
    event: WithdrawalEvent,
    *,
    actor: Actor,
    now: datetime,
    **columns: Any,
) -> None:
    """Take a locked withdrawal one step on, with what else changes by it. Two statements. Raises: ForbiddenMove."""
    state = move(found.state, event)
    await session.execute(
        sa.update(WithdrawalRow)
        .where(WithdrawalRow.brand_id == session.brand_id, WithdrawalRow.id == found.id)
        .values(state=state.value, **columns)
        .execution_options(synchronize_session=False)
    )
    await _note(session, found.id, event, found.state, state, actor, now)


async def _note(
    session: BrandSession,
    withdrawal_id: UUID,
    event: WithdrawalEvent,
    from_state: WithdrawalState | None,
    to_state: WithdrawalState,
    actor: Actor,
    now: datetime,
) -> None:
    """Write a step of a withdrawal's life down; `from_state` None: it came into being."""
    await session.execute(
        sa.insert(WithdrawalMoveRow).values(
            brand_id=session.brand_id,
            id=session.new_id(),
            withdrawal_id=withdrawal_id,
            event=event.value,
            from_state=None if from_state is None else from_state.value,
            to_state=to_state.value,
            actor=actor.principal,
            at=now,
        )
    )
