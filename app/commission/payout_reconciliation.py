"""Reconciliation of payouts: the provider's list beside our withdrawals. It books nothing; it names what differs.

What is still on its way is the business of `payouts.look_after`. This finds what nothing else would: money that the
provider sent and we do not know of, another amount, an end that is not ours.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from app.commission.models import WithdrawalRow
from app.commission.payout_providers import required_provider
from app.commission.values import WithdrawalState
from app.platform import clock, metrics
from app.platform.db import Brand, BrandSession
from app.platform.integrations.payouts import Payout, PayoutState
from app.platform.runtime import Runtime

log = logging.getLogger(__name__)

LOOKED_BACK: Final = timedelta(days=2)
QUERIED_AT_ONCE: Final = 100
_PAID_NOWHERE = frozenset(WithdrawalState) - {WithdrawalState.IN_PAYOUT, WithdrawalState.PAID}


class DifferenceKind(StrEnum):
    """UNKNOWN_HERE: sent for a number of nobody. MISSING_THERE: paid by our books, and the provider has none of it."""

    UNKNOWN_HERE = "UNKNOWN_HERE"
    MISSING_THERE = "MISSING_THERE"
    AMOUNT = "AMOUNT"
    STATE = "STATE"


@dataclass(frozen=True, slots=True)
class Difference:
    """A payout that is not the same in both books. Money in minor units, 0 where a side has none."""

    kind: DifferenceKind
    number: str
    ours: WithdrawalState | None
    ours_minor: int
    theirs: PayoutState
    theirs_minor: int


async def reconcile(runtime: Runtime, brand: Brand) -> int:
    """Compare the payouts of the last two days, and name each difference on the log; gives how many. A job."""
    found = await differences(runtime, brand)
    for one in found:
        metrics.payout_differences.labels(one.kind.value).inc()
        log.error(
            "payout differs from the provider's",
            extra={
                "brand": str(brand.id),
                "kind": one.kind.value,
                "number": one.number,
                "ours": None if one.ours is None else one.ours.value,
                "ours_minor": one.ours_minor,
                "theirs": one.theirs.value,
                "theirs_minor": one.theirs_minor,
            },
        )
    return len(found)


async def differences(runtime: Runtime, brand: Brand) -> list[Difference]:
    """What differs between both books in the last two days. Raises: ProviderUnavailable."""
    provider, until = required_provider(runtime), clock.utc_now()
    listed = await provider.accepted(payer=str(brand.id), since=until - LOOKED_BACK, until=until)
    numbers = [payout.number for payout in listed]
    async with runtime.database.reading(brand) as session:
        ours = await _withdrawals(session, WithdrawalRow.number.in_(numbers))
        unlisted = await _withdrawals(
            session,
            WithdrawalRow.state == WithdrawalState.PAID.value,
            WithdrawalRow.ended_at >= session.now - LOOKED_BACK,
            WithdrawalRow.number.not_in(numbers),
            limit=QUERIED_AT_ONCE,
        )
    asked = [await provider.query(number) for number in unlisted]
    return compare({**ours, **unlisted}, [*listed, *asked], brand.currency)


def compare(
    ours: Mapping[str, tuple[WithdrawalState, int]], theirs: Iterable[Payout], currency: str
) -> list[Difference]:
    """The differences between withdrawals by number (state, amount) and what the provider says of these numbers.

    What the provider has ended and we have not booked yet is none: the job that asks books it.
    """
    found: list[Difference] = []
    for payout in theirs:
        state, amount_minor = ours.get(payout.number, (None, 0))
        is_paid = payout.state is PayoutState.PAID
        if state is None:
            kind = DifferenceKind.UNKNOWN_HERE
        elif payout.state is PayoutState.UNKNOWN:
            kind = DifferenceKind.MISSING_THERE
        elif (payout.amount_minor, payout.currency) != (amount_minor, currency):
            kind = DifferenceKind.AMOUNT
        elif (is_paid and state in _PAID_NOWHERE) or (not is_paid and state is WithdrawalState.PAID):
            kind = DifferenceKind.STATE
        else:
            continue
        found.append(Difference(kind, payout.number, state, amount_minor, payout.state, payout.amount_minor))
    return found


async def _withdrawals(
    session: BrandSession, *conditions: sa.ColumnElement[bool], limit: int | None = None
) -> dict[str, tuple[WithdrawalState, int]]:
    rows = await session.execute(
        sa.select(WithdrawalRow.number, WithdrawalRow.state, WithdrawalRow.amount_minor)
        .where(WithdrawalRow.brand_id == session.brand_id, *conditions)
        .order_by(WithdrawalRow.ended_at.desc(), WithdrawalRow.id)
        .limit(limit)
    )
    return {row.number: (WithdrawalState(row.state), row.amount_minor) for row in rows}
