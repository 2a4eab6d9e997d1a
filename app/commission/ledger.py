"""The ledger's book: transfers are only ever added, and every figure of commission is a sum over them.

An account is a kind and a party. A balance is credits less debits, so the brand's COMMISSION_EXPENSE and a party's DEBT
are zero or below, everything else zero or above.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.commission.ledger_rules import transfers_for
from app.commission.models import ShareRow, TransferRow
from app.commission.values import AccountKind, CommissionKind, LedgerEntry, LedgerEvent, Transfer
from app.platform.db import BrandSession


@dataclass(frozen=True, slots=True)
class Posting:
    """A transfer with its grounds: the commission entry it moves and the event, which happens to an entry once."""

    entry_id: UUID
    cause: LedgerEvent
    transfer: Transfer


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """All debits and all credits of the brand, in minor units; `astray_entry_ids`: money not on exactly one account."""

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
        "debit_account": transfer.debit.kind.value,
        "debit_party_id": transfer.debit.party_id,
        "credit_account": transfer.credit.kind.value,
        "credit_party_id": transfer.credit.party_id,
        "amount_minor": transfer.amount_minor,
        "booked_at": now,
        "booked_on": session.brand.day_of(now),
    }


async def post(session: BrandSession, postings: Sequence[Posting], *, now: datetime) -> None:
    """Add transfers, in one statement. An entry has each cause once: a unique key refuses to book it twice."""
    if postings:
        await session.execute(
            sa.insert(TransferRow), [transfer_values(session, posting, now=now) for posting in postings]
        )


async def move(session: BrandSession, *, sale_id: UUID, event: LedgerEvent, now: datetime) -> int:
    """Book an event of all entries of kind ORDER of a sale; gives how many moved. Two statements.

    Entries without an amount have no money to move. Raises: ForbiddenMove where an entry does not stand as it must.
    """
    postings = [
        Posting(entry_id, event, transfer)
        for entry_id, entry in await _standing(session, sale_id)
        for transfer in transfers_for(event, entry)
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


async def trial_balance(session: BrandSession) -> TrialBalance:
    """Debits and credits over the whole book, and entries whose money does not stand whole on exactly one account."""
    flow = _flow(session.brand_id).subquery()
    sums = (
        await session.execute(
            sa.select(
                sa.func.coalesce(-sa.func.sum(flow.c.amount_minor).filter(flow.c.amount_minor < 0), 0),
                sa.func.coalesce(sa.func.sum(flow.c.amount_minor).filter(flow.c.amount_minor > 0), 0),
            )
        )
    ).one()
    places = standings(session.brand_id).subquery()
    per_entry = (
        sa.select(
            places.c.entry_id,
            sa.func.count().label("places"),
            sa.func.sum(places.c.amount_minor).label("amount_minor"),
        )
        .group_by(places.c.entry_id)
        .subquery()
    )
    astray = await session.execute(
        sa.select(ShareRow.id)
        .outerjoin(per_entry, per_entry.c.entry_id == ShareRow.id)
        .where(
            ShareRow.brand_id == session.brand_id,
            sa.or_(
                per_entry.c.places > 1,
                sa.func.coalesce(per_entry.c.amount_minor, 0) != ShareRow.amount_minor,
            ),
        )
        .order_by(ShareRow.id)
    )
    return TrialBalance(int(sums[0]), int(sums[1]), tuple(astray.scalars()))


def standings(
    brand_id: UUID, entries: sa.ScalarSelect[UUID] | Sequence[UUID] | None = None
) -> sa.Select[UUID, str, int]:
    """Where the money of entries stands: (entry_id, account, amount_minor); one row an entry while all is well."""
    flow = _flow(brand_id, entries=entries).subquery()
    total = sa.func.sum(flow.c.amount_minor)
    return (
        sa.select(flow.c.entry_id, flow.c.account, total.label("amount_minor"))
        .group_by(flow.c.entry_id, flow.c.account, flow.c.party_id)
        .having(total > 0)
    )


async def _standing(session: BrandSession, sale_id: UUID) -> list[tuple[UUID, LedgerEntry]]:
    wanted = (
        sa.select(ShareRow.id)
        .where(ShareRow.brand_id == session.brand_id, ShareRow.sale_id == sale_id)
        .where(ShareRow.kind == CommissionKind.ORDER.value)
    )
    places = standings(session.brand_id, wanted.scalar_subquery()).subquery()
    rows = await session.execute(
        sa.select(ShareRow.id, ShareRow.party_id, ShareRow.amount_minor, places.c.account)
        .join(places, places.c.entry_id == ShareRow.id)
        .where(ShareRow.brand_id == session.brand_id, ShareRow.sale_id == sale_id)
        .order_by(ShareRow.id)
    )
    return [
        (row.id, LedgerEntry(session.brand_id, row.party_id, AccountKind(row.account), row.amount_minor))
        for row in rows
    ]


def _flow(
    brand_id: UUID,
    *,
    party_ids: Collection[UUID] | None = None,
    at: datetime | None = None,
    entries: sa.ScalarSelect[UUID] | Sequence[UUID] | None = None,
) -> sa.CompoundSelect[UUID, str, UUID, int]:
    """Each transfer twice: taken from one account (below zero), given to the other."""
    conditions = [TransferRow.brand_id == brand_id]
    if at is not None:
        conditions.append(TransferRow.booked_at < at)
    if entries is not None:
        conditions.append(TransferRow.entry_id.in_(entries))
    sides = []
    for account, party, amount in (
        (TransferRow.debit_account, TransferRow.debit_party_id, -TransferRow.amount_minor),
        (TransferRow.credit_account, TransferRow.credit_party_id, TransferRow.amount_minor),
    ):
        side = sa.select(
            TransferRow.entry_id, account.label("account"), party.label("party_id"), amount.label("amount_minor")
        ).where(*conditions)
        sides.append(side if party_ids is None else side.where(party.in_(party_ids)))
    return sa.union_all(*sides)
