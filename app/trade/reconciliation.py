"""Reconciliation: our payments and refunds against the provider's own book, both ways.

What the provider booked and we did not hear of is booked by the same services that callbacks use. What differs, or
stands on one side only, is written down once and shown by `verify` and the metrics until both sides agree.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.platform import clock
from app.platform.db import Brand, BrandSession
from app.platform.integrations.payments import Booked, BookedKind, PaymentProvider, ProviderUnavailable
from app.platform.runtime import Runtime
from app.trade import payments, refunds
from app.trade.charges import account_of
from app.trade.models import DifferenceRow, PaymentRow, ReconciliationRow, RefundRow
from app.trade.payments import Booking
from app.trade.providers import provider_of
from app.trade.values import DifferenceKind, PaymentState, ProviderName, RefundState

log = logging.getLogger(__name__)

LEFT_ALONE = timedelta(minutes=5)
"""Entries that are younger: their callbacks may still be on the way."""
OVERLAP = timedelta(hours=1)
"""How far a run reads back: an entry may have been written a little after its instant."""
PATIENCE = timedelta(hours=2)
"""What the provider does not list by then is written down, and shown when it stays so for as long again."""
PAGES_AT_ONCE = 25
SHOWN_AGAIN = 50
"""Open differences that a run looks at again."""
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Ours:
    """A payment or refund of ours that the provider's entry is about. Amounts: minor units."""

    id: UUID
    state: str
    amount_minor: int

    @property
    def is_booked(self) -> bool:
        return self.state in (PaymentState.SUCCEEDED, PaymentState.REFUNDED, RefundState.SUCCEEDED)


@dataclass(frozen=True, slots=True)
class _Difference:
    kind: DifferenceKind
    ours: str | None
    entry: Booked


async def reconcile(runtime: Runtime, brand: Brand) -> int:
    """Compare the brand's money with every provider's book; gives how many entries were made good or differ. A job.

    Each run goes on where the last one ended. A provider that does not answer is asked by the next run.
    """
    found = 0
    for name in ProviderName:
        provider = provider_of(runtime, name)
        if provider is None:
            continue
        try:
            found += await _Run(runtime, brand, name, provider).go()
        except ProviderUnavailable as error:
            log.warning("provider's book not read", extra={"provider": name.value, "error": repr(error)})
    return found


def is_open(session: BrandSession) -> sa.ColumnElement[bool]:
    """Whether a difference is to be shown. What a provider does not list yet is looked for again before it counts.

    A brand's own instants do not tell how long that is: history that was loaded a minute ago is old on its clock.
    """
    return sa.and_(
        DifferenceRow.brand_id == session.brand_id,
        DifferenceRow.resolved_at.is_(None),
        sa.or_(
            DifferenceRow.kind != DifferenceKind.UNKNOWN_TO_PROVIDER.value,
            DifferenceRow.found_at <= session.now - PATIENCE,
        ),
    )


async def open_differences(session: BrandSession) -> int:
    """How many differences are open."""
    rows = await session.execute(sa.select(sa.func.count()).select_from(DifferenceRow).where(is_open(session)))
    return rows.scalar_one()


class _Run:
    """One comparison with one provider."""

    def __init__(self, runtime: Runtime, brand: Brand, name: ProviderName, provider: PaymentProvider) -> None:
        self._database, self._brand, self._name, self._provider = runtime.database, brand, name, provider
        self._failed_at: datetime | None = None

    async def go(self) -> int:
        until = clock.utc_now() - LEFT_ALONE
        async with self._database.reading(self._brand) as session:
            mark = await session.scalar(
                sa.select(ReconciliationRow.read_until).where(
                    ReconciliationRow.brand_id == self._brand.id, ReconciliationRow.provider == self._name.value
                )
            )
            shown = (
                await session.scalars(
                    sa.select(DifferenceRow.booked_at)
                    .where(
                        DifferenceRow.brand_id == self._brand.id,
                        DifferenceRow.provider == self._name.value,
                        DifferenceRow.resolved_at.is_(None),
                        DifferenceRow.booked_at.is_not(None),
                    )
                    .order_by(DifferenceRow.found_at)
                    .limit(SHOWN_AGAIN)
                )
            ).all()
        found = 0
        for at in shown:
            if at is not None:
                found += (await self._read(at, at + _INSTANT))[0]
        since = _BEGINNING if mark is None else mark - OVERLAP
        if since >= until:
            return found
        more, reached = await self._read(since, until)
        if self._failed_at is not None:
            reached = min(reached, self._failed_at)
        async with self._database.transaction(self._brand) as session:
            await self._keep_mark(session, reached)
            if reached == until:
                found += await self._note_unknown_to_provider(session, until - PATIENCE)
        return found + more

    async def _read(self, since: datetime, until: datetime) -> tuple[int, datetime]:
        """Compare what was booked in a period; gives how much was not as it should be, and up to where it was read."""
        found, cursor = 0, None
        for _ in range(PAGES_AT_ONCE):
            page = await self._provider.booked(account_of(self._brand), since=since, until=until, cursor=cursor)
            found += await self._compare(page.entries)
            cursor = page.next_cursor
            if cursor is None:
                return found, until
        return found, page.entries[-1].booked_at

    async def _compare(self, entries: Sequence[Booked]) -> int:
        async with self._database.reading(self._brand) as session:
            ours = await self._ours(session, entries)
        equal: list[Booked] = []
        differences: list[_Difference] = []
        made_good = 0
        for entry in entries:
            mine = ours.get((entry.kind, entry.number))
            difference = self._difference(mine, entry)
            if difference is not None:
                differences.append(difference)
            elif mine is not None and (mine.is_booked or await self._make_good(mine, entry)):
                made_good += not mine.is_booked
                equal.append(entry)
        async with self._database.transaction(self._brand) as session:
            await self._note_equal(session, equal)
            new = await self._note(session, differences)
        return made_good + new

    def _difference(self, mine: _Ours | None, entry: Booked) -> _Difference | None:
        if mine is None:
            return _Difference(DifferenceKind.UNKNOWN_TO_US, None, entry)
        words = f"{mine.amount_minor} {self._brand.currency} {mine.state}"
        if entry.currency != self._brand.currency:
            return _Difference(DifferenceKind.CURRENCY, words, entry)
        if entry.amount_minor != mine.amount_minor:
            return _Difference(DifferenceKind.AMOUNT, words, entry)
        return None

    async def _make_good(self, mine: _Ours, entry: Booked) -> bool:
        """Book what nobody told us; False when it could not be, so that the next run reads it again."""

        async def work(session: BrandSession) -> bool:
            if entry.kind is BookedKind.REFUND:
                await refunds.book_success(session, refund_id=mine.id, now=session.now)
                return True
            booking = await payments.book_success(
                session,
                payment_id=mine.id,
                transaction_id=entry.transaction_id or "",
                amount_minor=entry.amount_minor,
                now=session.now,
            )
            return booking is not Booking.WRONG_AMOUNT

        try:
            is_booked = await self._database.run(self._brand, work)
        except Exception:
            log.exception("entry of the provider's book not booked", extra={"number": entry.number})
            is_booked = False
        if is_booked:
            log.warning("missing callback made good", extra={"kind": entry.kind.value, "number": entry.number})
        elif self._failed_at is None or entry.booked_at < self._failed_at:
            self._failed_at = entry.booked_at
        return is_booked

    async def _ours(self, session: BrandSession, entries: Iterable[Booked]) -> dict[tuple[BookedKind, str], _Ours]:
        """Our payments and refunds of these numbers; two statements."""
        found: dict[tuple[BookedKind, str], _Ours] = {}
        for kind, table in ((BookedKind.CHARGE, PaymentRow), (BookedKind.REFUND, RefundRow)):
            numbers = [entry.number for entry in entries if entry.kind is kind]
            if not numbers:
                continue
            rows = await session.execute(
                sa.select(table.number, table.id, table.state, table.amount_minor).where(
                    table.brand_id == self._brand.id, table.number.in_(numbers)
                )
            )
            found |= {(kind, row.number): _Ours(row.id, row.state, row.amount_minor) for row in rows}
        return found

    async def _note_equal(self, session: BrandSession, entries: Sequence[Booked]) -> None:
        """Both sides have them, alike: what differed before is resolved."""
        for kind, table in ((BookedKind.CHARGE, PaymentRow), (BookedKind.REFUND, RefundRow)):
            numbers = [entry.number for entry in entries if entry.kind is kind]
            if not numbers:
                continue
            await session.execute(
                sa.update(table)
                .where(table.brand_id == self._brand.id, table.number.in_(numbers), table.reconciled_at.is_(None))
                .values(reconciled_at=session.now)
                .execution_options(synchronize_session=False)
            )
            await session.execute(
                sa.update(DifferenceRow)
                .where(
                    DifferenceRow.brand_id == self._brand.id,
                    DifferenceRow.provider == self._name.value,
                    DifferenceRow.subject == kind.value,
                    DifferenceRow.number.in_(numbers),
                    DifferenceRow.resolved_at.is_(None),
                )
                .values(resolved_at=session.now)
                .execution_options(synchronize_session=False)
            )

    async def _note(self, session: BrandSession, differences: Sequence[_Difference]) -> int:
        """Write down what differs, each once while it is open; gives how many are new."""
        rows = [
            self._row(
                session,
                subject=one.entry.kind,
                number=one.entry.number,
                kind=one.kind,
                ours=one.ours,
                theirs=f"{one.entry.amount_minor} {one.entry.currency}",
                booked_at=one.entry.booked_at,
            )
            for one in differences
        ]
        return await self._add(session, rows)

    async def _note_unknown_to_provider(self, session: BrandSession, before: datetime) -> int:
        """What we booked before then, and the provider's book, which is read whole, does not hold."""
        rows = []
        for kind, table, states in (
            (BookedKind.CHARGE, PaymentRow, (PaymentState.SUCCEEDED, PaymentState.REFUNDED)),
            (BookedKind.REFUND, RefundRow, (RefundState.SUCCEEDED,)),
        ):
            query = sa.select(table.number, table.amount_minor, table.state).where(
                table.brand_id == self._brand.id,
                table.state.in_([state.value for state in states]),
                table.reconciled_at.is_(None),
                table.ended_at <= before,
            )
            if table is PaymentRow:
                query = query.where(PaymentRow.provider == self._name.value)
            else:
                query = query.join(
                    PaymentRow, sa.and_(PaymentRow.brand_id == self._brand.id, PaymentRow.id == RefundRow.payment_id)
                ).where(PaymentRow.provider == self._name.value)
            for row in await session.execute(query.order_by(table.ended_at).limit(PAGES_AT_ONCE * 200)):
                rows.append(
                    self._row(
                        session,
                        subject=kind,
                        number=row.number,
                        kind=DifferenceKind.UNKNOWN_TO_PROVIDER,
                        ours=f"{row.amount_minor} {self._brand.currency} {row.state}",
                        theirs=None,
                        booked_at=None,
                    )
                )
        return await self._add(session, rows)

    def _row(
        self,
        session: BrandSession,
        *,
        subject: BookedKind,
        number: str,
        kind: DifferenceKind,
        ours: str | None,
        theirs: str | None,
        booked_at: datetime | None,
    ) -> dict[str, object]:
        return {
            "brand_id": session.brand_id,
            "id": session.new_id(),
            "provider": self._name.value,
            "subject": subject.value,
            "number": number,
            "kind": kind.value,
            "ours": ours,
            "theirs": theirs,
            "booked_at": booked_at,
            "found_at": session.now,
        }

    async def _add(self, session: BrandSession, rows: Sequence[dict[str, object]]) -> int:
        if not rows:
            return 0
        added = await session.scalars(
            insert(DifferenceRow).on_conflict_do_nothing().returning(DifferenceRow.id), list(rows)
        )
        return len(added.all())

    async def _keep_mark(self, session: BrandSession, reached: datetime) -> None:
        new = insert(ReconciliationRow).values(brand_id=self._brand.id, provider=self._name.value, read_until=reached)
        await session.execute(
            new.on_conflict_do_update(
                index_elements=["brand_id", "provider"], set_={"read_until": new.excluded.read_until}
            )
        )
