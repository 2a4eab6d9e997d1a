"""The ledger's book: transfers are only ever added, and every figure of commission is a sum over them.

An account is a kind and a party. A balance is credits less debits, so the brand's COMMISSION_EXPENSE and a party's DEBT
are zero or below, everything else zero or above.

A *family* is an entry with the entries that reverse it; it goes by the id of the entry that was reversed. What becomes
of an entry's money is read from its family.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.commission.events import LedgerMoved
from app.commission.ledger_rules import transfers_for
from app.commission.models import ShareRow, TransferRow
from app.commission.values import AccountKind, CommissionKind, LedgerEntry, LedgerEvent, Transfer
from app.platform.db import BrandSession


@dataclass(frozen=True, slots=True)
class Posting:
    """A transfer with its grounds: the entry it moves, the event, and the occasion of an event that can come again."""

    entry_id: UUID
    cause: LedgerEvent
    transfer: Transfer
    occasion_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """All debits and all credits of the brand, in minor units; `astray_entry_ids`: entries whose money is not whole."""

    debits_minor: int
    credits_minor: int
    astray_entry_ids: tuple[UUID, ...]

    @property
    def is_zero(self) -> bool:
        return self.debits_minor == self.credits_minor and not self.astray_entry_ids


def transfer_values(session: BrandSession, posting: Posting, *, now: datetime) -> dict[str, object]:
    """The row of a posting."""
    transfer = posting.transfer
    return {
        "brand_id": session.brand_id,
        "id": session.new_id(),
        "entry_id": posting.entry_id,
        "cause": posting.cause.value,
        "occasion_id": posting.occasion_id,
        "debit_account": transfer.debit.kind.value,
        "debit_party_id": transfer.debit.party_id,
        "credit_account": transfer.credit.kind.value,
        "credit_party_id": transfer.credit.party_id,
        "amount_minor": transfer.amount_minor,
        "booked_at": now,
        "booked_on": session.brand.day_of(now),
    }


def postings_for(
    session: BrandSession,
    event: LedgerEvent,
    *,
    entry_id: UUID,
    party_id: UUID,
    standing: AccountKind,
    amount_minor: int,
    occasion_id: UUID | None = None,
) -> list[Posting]:
    """What books an event of an entry: one posting, or none for an amount of zero. Raises: ForbiddenMove."""
    entry = LedgerEntry(session.brand_id, party_id, standing, amount_minor)
    return [Posting(entry_id, event, transfer, occasion_id) for transfer in transfers_for(event, entry)]


async def post(session: BrandSession, postings: Sequence[Posting], *, now: datetime) -> None:
    """Add transfers, in one statement. A unique key refuses to book the same cause and occasion of an entry twice.

    Emits: LedgerMoved for each cause and occasion, where there is one; a payment's are told by CommissionHeld.
    """
    if not postings:
        return
    await session.execute(sa.insert(TransferRow), [transfer_values(session, posting, now=now) for posting in postings])
    for occasion_id, cause in dict.fromkeys((posting.occasion_id, posting.cause) for posting in postings):
        if occasion_id is not None and cause is not LedgerEvent.PAID:
            session.emit(LedgerMoved(occasion_id, cause.value))


async def move(
    session: BrandSession, *, sale_id: UUID, event: LedgerEvent, now: datetime, occasion_id: UUID | None = None
) -> int:
    """Book an event of all entries of kind ORDER of a sale; gives how many moved. Two statements.

    For events that move a sale's whole money: PAID, CANCELLED. Entries without an amount have none to move.
    Raises: ForbiddenMove where an entry does not stand as it must.
    """
    postings = [
        posting
        for row in await _places(session, sale_id)
        for posting in postings_for(
            session,
            event,
            entry_id=row.entry_id,
            party_id=row.party_id,
            standing=AccountKind(row.account),
            amount_minor=row.amount_minor,
            occasion_id=occasion_id,
        )
    ]
    await post(session, postings, now=now)
    return len(postings)


async def balances(
    session: BrandSession, *, party_ids: Collection[UUID], at: datetime | None = None
) -> dict[UUID, dict[AccountKind, int]]:
    """Balances of the accounts of each party that were ever touched, just before `at` or now. Minor units."""
    flow = _flow(session.brand_id, party_ids=party_ids, at=at).subquery()
    rows = await session.execute(
        sa.select(flow.c.party_id, flow.c.account, sa.func.sum(flow.c.amount_minor)).group_by(
            flow.c.party_id, flow.c.account
        )
    )
    found: defaultdict[UUID, dict[AccountKind, int]] = defaultdict(dict)
    for party_id, account, amount_minor in rows:
        found[party_id][AccountKind(account)] = int(amount_minor)
    return dict(found)


async def standings(session: BrandSession, entry_ids: Collection[UUID]) -> dict[UUID, dict[AccountKind, int]]:
    """What the family of each of these entries has on each account; an entry without an amount has nothing anywhere."""
    found: dict[UUID, dict[AccountKind, int]] = {entry_id: {} for entry_id in entry_ids}
    if found:
        for row in await session.execute(family_standings(session.brand_id, entry_ids)):
            found[row.family_id][AccountKind(row.account)] = int(row.amount_minor)
    return found


async def payable(session: BrandSession, party_id: UUID) -> list[tuple[UUID, int]]:
    """The families with payable money of a party, the oldest first, with that money. Hold the payee's row."""
    flow = _flow(session.brand_id, party_ids=[party_id]).subquery()
    family_id = sa.func.coalesce(ShareRow.reverses_id, ShareRow.id)
    total = sa.func.sum(flow.c.amount_minor)
    rows = await session.execute(
        sa.select(family_id, sa.cast(total, sa.BigInteger))
        .select_from(flow)
        .join(ShareRow, ShareRow.id == flow.c.entry_id)
        .where(ShareRow.brand_id == session.brand_id, flow.c.account == AccountKind.PAYABLE.value)
        .group_by(family_id)
        .having(total > 0)
        .order_by(family_id)
    )
    return [(row[0], row[1]) for row in rows]


async def trial_balance(session: BrandSession) -> TrialBalance:
    """Debits and credits over the whole book, and entries whose money is not whole.

    A family's accounts add up to its entry's amount, no account but DEBT is below zero, what is VOIDED is what was
    reversed, or all of it where the order was cancelled, and before it is payable the rest stands on one account.
    """
    flow = _flow(session.brand_id).subquery()
    sums = (
        await session.execute(
            sa.select(
                sa.func.coalesce(-sa.func.sum(flow.c.amount_minor).filter(flow.c.amount_minor < 0), 0),
                sa.func.coalesce(sa.func.sum(flow.c.amount_minor).filter(flow.c.amount_minor > 0), 0),
            )
        )
    ).one()
    astray = await session.execute(_astray(session.brand_id))
    return TrialBalance(int(sums[0]), int(sums[1]), tuple(astray.scalars()))


def family_standings(brand_id: UUID, entries: sa.Select[Any] | Collection[UUID] | None = None) -> sa.Select[Any]:
    """What families have where: (family_id, account, amount_minor), only what is not zero, without the brand's expense.

    `entries`: the ids of the families asked for, as a select of a few or as ids; None: all.
    """
    member, flow = _whole_brand(brand_id) if entries is None else _of_families(brand_id, entries)
    total = sa.func.sum(flow.c.amount_minor)
    return (
        sa.select(member.c.family_id, flow.c.account, sa.cast(total, sa.BigInteger).label("amount_minor"))
        .join(flow, flow.c.entry_id == member.c.id)
        .where(flow.c.account != AccountKind.COMMISSION_EXPENSE.value)
        .group_by(member.c.family_id, flow.c.account)
        .having(total != 0)
    )


def _whole_brand(brand_id: UUID) -> tuple[sa.FromClause, sa.FromClause]:
    """Every entry with its family (id, family_id), and what went through entries (entry_id, account, amount_minor)."""
    family_id = sa.func.coalesce(ShareRow.reverses_id, ShareRow.id).label("family_id")
    member = sa.select(ShareRow.id, family_id).where(ShareRow.brand_id == brand_id).subquery("member")
    return member, _flow(brand_id).subquery("flow")


def _of_families(brand_id: UUID, entries: sa.Select[Any] | Collection[UUID]) -> tuple[sa.FromClause, sa.FromClause]:
    """The same of some families, found by their keys one by one.

    The laterals leave the planner no other way: of a brand that the statistics do not know yet it expects one row, and
    would read all of the brand's entries and transfers for each.
    """
    if isinstance(entries, sa.Select):
        family = entries.cte("family")
    else:
        given = ShareRow.brand_id == brand_id, ShareRow.id.in_(entries), ShareRow.reverses_id.is_(None)
        family = sa.select(ShareRow.id).where(*given).cte("family")
    root_id = family.c[0]
    # OFFSET 0 keeps the planner from making a join of it.
    reversing = (
        sa.select(ShareRow.id)
        .where(ShareRow.brand_id == brand_id, ShareRow.reverses_id == root_id)
        .offset(sa.literal_column("0"))
        .lateral("reversing")
    )
    member = sa.union_all(
        sa.select(root_id.label("id"), root_id.label("family_id")),
        sa.select(reversing.c.id, root_id.label("family_id")).select_from(family).join(reversing, sa.true()),
    ).cte("member")
    sides = _flow(brand_id, member=member).subquery("side")
    flow = (
        sa.select(sides.c.entry_id, sides.c.account, sa.func.sum(sides.c.amount_minor).label("amount_minor"))
        .group_by(sides.c.entry_id, sides.c.account)
        .lateral("flow")
    )
    return member, flow


def _astray(brand_id: UUID) -> sa.Select[Any]:
    place = family_standings(brand_id).subquery("place")
    is_debt, is_void = place.c.account == AccountKind.DEBT.value, place.c.account == AccountKind.VOIDED.value
    family = (
        sa.select(
            place.c.family_id,
            sa.func.sum(place.c.amount_minor).label("amount_minor"),
            sa.func.bool_or(sa.and_(place.c.amount_minor < 0, ~is_debt)).label("is_short"),
            sa.func.coalesce(sa.func.sum(place.c.amount_minor).filter(is_void), 0).label("voided_minor"),
            sa.and_(
                sa.func.bool_or(place.c.account.in_([AccountKind.ESTIMATED.value, AccountKind.HELD.value])),
                sa.func.count().filter(~is_void) > 1,
            ).label("is_split"),
        )
        .group_by(place.c.family_id)
        .subquery("family")
    )
    reversed_minor = (
        sa.select(ShareRow.reverses_id, sa.func.sum(ShareRow.amount_minor).label("amount_minor"))
        .where(ShareRow.brand_id == brand_id, ShareRow.reverses_id.is_not(None))
        .group_by(ShareRow.reverses_id)
        .subquery("taken")
    )
    voided, taken = sa.func.coalesce(family.c.voided_minor, 0), sa.func.coalesce(reversed_minor.c.amount_minor, 0)
    return (
        sa.select(ShareRow.id)
        .outerjoin(family, family.c.family_id == ShareRow.id)
        .outerjoin(reversed_minor, reversed_minor.c.reverses_id == ShareRow.id)
        .where(
            ShareRow.brand_id == brand_id,
            ShareRow.reverses_id.is_(None),
            sa.or_(
                sa.func.coalesce(family.c.amount_minor, 0) != ShareRow.amount_minor,
                family.c.is_short,
                family.c.is_split,
                sa.and_(voided != taken, sa.or_(taken != 0, voided != ShareRow.amount_minor)),
            ),
        )
        .order_by(ShareRow.id)
    )


async def _places(session: BrandSession, sale_id: UUID) -> Sequence[Any]:
    """Where the money of a sale's entries stands: a row an entry and account."""
    wanted = sa.select(ShareRow.id).where(
        ShareRow.brand_id == session.brand_id,
        ShareRow.sale_id == sale_id,
        ShareRow.kind == CommissionKind.ORDER.value,
    )
    place = family_standings(session.brand_id, wanted).subquery("place")
    rows = await session.execute(
        sa.select(ShareRow.id.label("entry_id"), ShareRow.party_id, place.c.account, place.c.amount_minor)
        .join(place, place.c.family_id == ShareRow.id)
        .where(ShareRow.brand_id == session.brand_id, ShareRow.sale_id == sale_id)
        .order_by(ShareRow.id)
    )
    return rows.all()


def _flow(
    brand_id: UUID,
    *,
    party_ids: Collection[UUID] | None = None,
    at: datetime | None = None,
    member: sa.FromClause | None = None,
) -> sa.CompoundSelect[UUID, str, UUID, int]:
    """Each transfer twice: taken from one account (below zero), given to the other."""
    conditions = [TransferRow.brand_id == brand_id]
    if at is not None:
        conditions.append(TransferRow.booked_at < at)
    if member is not None:
        conditions.append(TransferRow.entry_id == member.c.id)
    sides = []
    for account, party, amount in (
        (TransferRow.debit_account, TransferRow.debit_party_id, -TransferRow.amount_minor),
        (TransferRow.credit_account, TransferRow.credit_party_id, TransferRow.amount_minor),
    ):
        side = sa.select(
            TransferRow.entry_id, account.label("account"), party.label("party_id"), amount.label("amount_minor")
        ).where(*conditions)
        if member is not None:
            side = side.correlate(member)
        sides.append(side if party_ids is None else side.where(party.in_(party_ids)))
    return sa.union_all(*sides)
