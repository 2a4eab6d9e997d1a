"""What people read of commission: balances, entries, whose an order is and why, and the shares of its lines."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.commission import ledger
from app.commission.ledger_rules import state_of
from app.commission.models import CandidateRow, LineHoldRow, SaleRow, ShareRow
from app.commission.values import (
    AccountKind,
    AttributionReason,
    AttributionRule,
    CandidateOutcome,
    CommissionKind,
    CommissionState,
    PartyKind,
    ShareRole,
)
from app.employees.models import EmployeeRow, OrgUnitRow, StoreRow
from app.employees.rules import is_inside, may_reach
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.money import WHOLE_BP, divide_half_even


@dataclass(frozen=True, slots=True)
class Balance:
    """What a party has on each account at `as_of`, in minor units. `debt_minor` is what the party owes, 0 or more."""

    as_of: datetime
    estimated_minor: int
    held_minor: int
    payable_minor: int
    paid_minor: int
    debt_minor: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A commission entry. `amount_minor` > 0 also for a REVERSAL, which takes back.

    `payable_at`: while it is held, the earliest instant it can be drawn: the payment plus the plan's days of hold, or
    the later end of the return window, once the goods have arrived. `is_paused`: it waits for an open after-sale.
    """

    entry_id: UUID
    kind: CommissionKind
    state: CommissionState
    role: ShareRole
    amount_minor: int
    booked_at: datetime
    payable_at: datetime | None
    is_paused: bool
    party_id: UUID
    sale_id: UUID | None
    number: str | None
    reverses_id: UUID | None


@dataclass(frozen=True, slots=True)
class Share:
    """A party's share of a line, or of a whole order. Amounts: minor units; `performance_bp`: of the base."""

    role: ShareRole
    party_kind: PartyKind
    party_id: UUID
    performance_bp: int
    performance_minor: int
    commission_minor: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A guide who could have won. `branch`: path of the unit that the guide belongs to now."""

    guide_id: UUID
    branch: str
    outcome: CandidateOutcome
    reason: AttributionReason
    touchpoint_id: UUID | None


@dataclass(frozen=True, slots=True)
class Attribution:
    """The decision on an order. `guide_id` None: the store won. `branch`: of the winner's store, as it was then."""

    sale_id: UUID
    decided_at: datetime
    policy_version: int
    rule: AttributionRule
    guide_id: UUID | None
    store_id: UUID | None
    branch: str
    is_self_purchase: bool
    candidates: tuple[Candidate, ...]
    shares: tuple[Share, ...]


async def balances(
    session: BrandSession, party_ids: Collection[UUID], *, at: datetime | None = None
) -> dict[UUID, Balance]:
    """What the ledger says of each of these parties just before `at`, or now. One statement."""
    found = await ledger.balances(session, party_ids=party_ids, at=at)
    return {party_id: _balance(found.get(party_id, {}), at or session.now) for party_id in party_ids}


async def entries(session: BrandSession, *, party_id: UUID, limit: int, after: UUID | None = None) -> list[Entry]:
    """A party's entries that have an amount, newest first, at most `limit` after the entry `after`. One statement."""
    page = _entries_of(session, party_id)
    if after is not None:
        page = page.where(ShareRow.id < after)
    return await _entries(session, page.order_by(ShareRow.id.desc()).limit(limit))


async def entries_of_sale(session: BrandSession, *, party_id: UUID, sale_id: UUID) -> list[Entry]:
    """A party's entries on one order that have an amount, newest first. One statement."""
    return await _entries(session, _entries_of(session, party_id).where(ShareRow.sale_id == sale_id))


async def count_entries(session: BrandSession, *, party_id: UUID) -> int:
    """How many entries `entries` would give without a limit."""
    found = await session.execute(sa.select(sa.func.count()).select_from(_entries_of(session, party_id).subquery()))
    return int(found.scalar_one())


async def entries_by_id(session: BrandSession, entry_ids: Sequence[UUID]) -> dict[UUID, Entry]:
    """Those of these entries that have an amount; whether the caller may see them is the caller's to check."""
    wanted = sa.select(ShareRow.id).where(
        ShareRow.brand_id == session.brand_id, ShareRow.id.in_(entry_ids), ShareRow.amount_minor > 0
    )
    return {entry.entry_id: entry for entry in await _entries(session, wanted)}


async def attributions(session: BrandSession, sale_ids: Sequence[UUID]) -> dict[UUID, Attribution]:
    """The decisions on these orders with all candidates and each party's share over all lines. Three statements."""
    sales = await session.execute(
        sa.select(
            SaleRow.id,
            SaleRow.decided_at,
            SaleRow.policy_version,
            SaleRow.rule,
            SaleRow.guide_id,
            SaleRow.store_id,
            SaleRow.branch,
            SaleRow.is_self_purchase,
        ).where(SaleRow.brand_id == session.brand_id, SaleRow.id.in_(sale_ids))
    )
    candidates = await _candidates(session, sale_ids)
    shares: defaultdict[UUID, list[Share]] = defaultdict(list)
    for (sale_id, _), found in (await _shares(session, sale_ids)).items():
        shares[sale_id].extend(found)
    return {
        row.id: Attribution(
            sale_id=row.id,
            decided_at=row.decided_at,
            policy_version=row.policy_version,
            rule=AttributionRule(row.rule),
            guide_id=row.guide_id,
            store_id=row.store_id,
            branch=row.branch,
            is_self_purchase=row.is_self_purchase,
            candidates=tuple(candidates[row.id]),
            shares=tuple(_sum(shares[row.id])),
        )
        for row in sales
    }


async def shares_of_lines(session: BrandSession, sale_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, list[Share]]]:
    """The shares of every line of these orders, by order and line. One statement."""
    found: defaultdict[UUID, dict[UUID, list[Share]]] = defaultdict(dict)
    for (sale_id, line_id), shares in (await _shares(session, sale_ids)).items():
        found[sale_id][line_id] = shares
    return dict(found)


def seen_by(attribution: Attribution, actor: Actor) -> Attribution:
    """The part of a decision that an employee may see.

    Owner and headquarters see everything. Everybody else sees the rule, the own candidacy and candidates of the own
    branch, and the shares that `visible_shares` leaves.
    """
    candidates = attribution.candidates
    if not actor.sees_whole_brand:
        candidates = tuple(
            candidate
            for candidate in candidates
            if candidate.guide_id == actor.employee_id or is_inside(candidate.branch, actor.branch)
        )
    shares = tuple(visible_shares(attribution.shares, actor, branch=attribution.branch))
    return replace(attribution, candidates=candidates, shares=shares)


def visible_shares(shares: Sequence[Share], actor: Actor, *, branch: str) -> list[Share]:
    """Who sees what others earn: owner and headquarters, and managers of the sale's branch. A guide sees the own."""
    if may_reach(role=actor.role, branch=actor.branch, path=branch):
        return list(shares)
    return [share for share in shares if share.party_id == actor.employee_id]


def _balance(accounts: Mapping[AccountKind, int], as_of: datetime) -> Balance:
    return Balance(
        as_of=as_of,
        estimated_minor=accounts.get(AccountKind.ESTIMATED, 0),
        held_minor=accounts.get(AccountKind.HELD, 0),
        payable_minor=accounts.get(AccountKind.PAYABLE, 0),
        paid_minor=accounts.get(AccountKind.PAID, 0),
        debt_minor=-accounts.get(AccountKind.DEBT, 0),
    )


def _entries_of(session: BrandSession, party_id: UUID) -> sa.Select[UUID]:
    return sa.select(ShareRow.id).where(
        ShareRow.brand_id == session.brand_id, ShareRow.party_id == party_id, ShareRow.amount_minor > 0
    )


async def _entries(session: BrandSession, wanted: sa.Select[UUID]) -> list[Entry]:
    brand_id = session.brand_id
    page = wanted.subquery("page")
    family_id = sa.func.coalesce(ShareRow.reverses_id, ShareRow.id)
    families = sa.select(family_id).join(page, page.c.id == ShareRow.id).where(ShareRow.brand_id == brand_id).distinct()
    places = ledger.family_standings(brand_id, families).subquery("places")
    standing = (
        sa.select(places.c.family_id, sa.func.jsonb_object_agg(places.c.account, places.c.amount_minor).label("places"))
        .group_by(places.c.family_id)
        .subquery("standing")
    )
    rows = await session.execute(
        sa.select(
            ShareRow.id,
            ShareRow.kind,
            ShareRow.role,
            ShareRow.amount_minor,
            ShareRow.booked_at,
            ShareRow.party_id,
            ShareRow.sale_id,
            ShareRow.reverses_id,
            SaleRow.number,
            LineHoldRow.held_until,
            LineHoldRow.due_at,
            LineHoldRow.pauses,
            standing.c.places,
        )
        .join(page, page.c.id == ShareRow.id)
        .join(standing, standing.c.family_id == family_id)
        .outerjoin(SaleRow, sa.and_(SaleRow.brand_id == brand_id, SaleRow.id == ShareRow.sale_id))
        .outerjoin(
            LineHoldRow,
            sa.and_(
                LineHoldRow.brand_id == brand_id,
                LineHoldRow.sale_id == ShareRow.sale_id,
                LineHoldRow.line_id == ShareRow.line_id,
            ),
        )
        .where(ShareRow.brand_id == brand_id)
        .order_by(ShareRow.id.desc())
    )
    return [_entry(row) for row in rows]


def _entry(row: Any) -> Entry:
    kind = CommissionKind(row.kind)
    standing = {AccountKind(account): int(amount_minor) for account, amount_minor in row.places.items()}
    state = CommissionState.VOIDED if kind is CommissionKind.REVERSAL else state_of(standing)
    if state is None:
        raise LookupError(f"entry {row.id} was never booked")
    is_held = state is CommissionState.HELD
    return Entry(
        entry_id=row.id,
        kind=kind,
        state=state,
        role=ShareRole(row.role),
        amount_minor=row.amount_minor,
        booked_at=row.booked_at,
        payable_at=(row.due_at or row.held_until) if is_held else None,
        is_paused=is_held and row.pauses > 0,
        party_id=row.party_id,
        sale_id=row.sale_id,
        number=row.number,
        reverses_id=row.reverses_id,
    )


async def _candidates(session: BrandSession, sale_ids: Sequence[UUID]) -> defaultdict[UUID, list[Candidate]]:
    brand_id = session.brand_id
    unit_id = sa.func.coalesce(StoreRow.org_unit_id, EmployeeRow.org_unit_id)
    rows = await session.execute(
        sa.select(
            CandidateRow.sale_id,
            CandidateRow.guide_id,
            CandidateRow.outcome,
            CandidateRow.reason,
            CandidateRow.touchpoint_id,
            OrgUnitRow.path,
        )
        .join(EmployeeRow, sa.and_(EmployeeRow.brand_id == brand_id, EmployeeRow.id == CandidateRow.guide_id))
        .outerjoin(StoreRow, sa.and_(StoreRow.brand_id == brand_id, StoreRow.id == EmployeeRow.store_id))
        .join(OrgUnitRow, sa.and_(OrgUnitRow.brand_id == brand_id, OrgUnitRow.id == unit_id))
        .where(CandidateRow.brand_id == brand_id, CandidateRow.sale_id.in_(sale_ids))
        .order_by(CandidateRow.sale_id, CandidateRow.position)
    )
    found: defaultdict[UUID, list[Candidate]] = defaultdict(list)
    for row in rows:
        found[row.sale_id].append(
            Candidate(
                row.guide_id,
                row.path,
                CandidateOutcome(row.outcome),
                AttributionReason(row.reason),
                row.touchpoint_id,
            )
        )
    return found


async def _shares(session: BrandSession, sale_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], list[Share]]:
    """Shares by sale and line, in the order they were decided."""
    rows = await session.execute(
        sa.select(
            ShareRow.sale_id,
            ShareRow.line_id,
            ShareRow.role,
            ShareRow.party_kind,
            ShareRow.party_id,
            ShareRow.performance_bp,
            ShareRow.performance_minor,
            ShareRow.amount_minor,
        )
        .where(
            ShareRow.brand_id == session.brand_id,
            ShareRow.sale_id.in_(sale_ids),
            ShareRow.kind == CommissionKind.ORDER.value,
        )
        .order_by(ShareRow.id)
    )
    found: defaultdict[tuple[UUID, UUID], list[Share]] = defaultdict(list)
    for row in rows:
        found[row.sale_id, row.line_id].append(
            Share(
                ShareRole(row.role),
                PartyKind(row.party_kind),
                row.party_id,
                row.performance_bp,
                row.performance_minor,
                row.amount_minor,
            )
        )
    return found


def _sum(shares: Sequence[Share]) -> list[Share]:
    """One share a role and party, summed over the lines; its percentage is taken from the sums, at the end."""
    sums: dict[tuple[ShareRole, PartyKind, UUID], list[int]] = {}
    for share in shares:
        total = sums.setdefault((share.role, share.party_kind, share.party_id), [0, 0, 0])
        total[0] += share.performance_minor
        total[1] += share.commission_minor
        total[2] = max(total[2], share.performance_bp)
    whole = sum(total[0] for total in sums.values())
    return [
        Share(
            role,
            party_kind,
            party_id,
            # An order of nothing but free goods has no sum to take a percentage of.
            performance_bp=divide_half_even(total[0] * WHOLE_BP, whole) if whole else total[2],
            performance_minor=total[0],
            commission_minor=total[1],
        )
        for (role, party_kind, party_id), total in sums.items()
    ]
