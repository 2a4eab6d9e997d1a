"""The sandbox invoice provider: it plays an outside party that issues invoices, with a book of its own.

Nothing else reads or writes its table, and it reads none of ours. It keeps amounts and numbers, nobody's name. What
goes wrong with real ones can be asked for by settings: invoices that are refused (`sandbox_invoice_refused_percent`),
calls that are carried out without an answer (`…_unanswered_percent`) or get lost on their way (`…_unreached_percent`,
queries too), and invoices that take a while (`…_delay_seconds`). Never offered in production.
"""

import secrets as random
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import clock
from app.platform.db import Database
from app.platform.integrations.invoices import Issued, IssueRequest, IssueState
from app.platform.integrations.payments import ProviderRefused, ProviderUnavailable
from app.platform.integrations.sandbox_bank import falls_on
from app.platform.models import SandboxInvoiceRow
from app.platform.settings import Settings

REFUSED = "TITLE_REFUSED"
_DIGITS = 18


class SandboxInvoice:
    """The provider with its book. How an invoice stands follows from its row and the time, so nothing has to run."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    async def issue(self, request: IssueRequest) -> Issued:
        self._maybe_unreached()
        async with self._database.directory() as session:
            await session.execute(insert(SandboxInvoiceRow).values(self._drawn(request)).on_conflict_do_nothing())
            row = await _find(session, request.number)
        if row is None:
            raise LookupError(f"invoice {request.number} is gone")
        kept = (row.seller, row.original, row.gross_minor, row.tax_minor)
        if kept != (request.seller, request.original, request.gross_minor, request.tax_minor):
            raise ProviderRefused("NUMBER_USED_FOR_ANOTHER_INVOICE")
        if falls_on(self._settings.sandbox_invoice_unanswered_percent):
            raise ProviderUnavailable("no answer")
        return _issued(row, clock.utc_now())

    async def query(self, number: str) -> Issued:
        self._maybe_unreached()
        async with self._database.directory() as session:
            row = await _find(session, number)
        return Issued(number, IssueState.UNKNOWN) if row is None else _issued(row, clock.utc_now())

    def _drawn(self, request: IssueRequest) -> dict[str, Any]:
        """The row of an invoice that is accepted now; whether it fails is drawn here, once."""
        now = clock.utc_now()
        return {
            "number": request.number,
            "seller": request.seller,
            "original": request.original,
            "gross_minor": request.gross_minor,
            "tax_minor": request.tax_minor,
            # Twenty digits, the first two of the year, as fully electronic invoices have.
            "official_number": f"{now:%y}{random.randbelow(10**_DIGITS):0{_DIGITS}d}",
            "is_refused": falls_on(self._settings.sandbox_invoice_refused_percent),
            "created_at": now,
            "ends_at": now + timedelta(seconds=self._settings.sandbox_invoice_delay_seconds),
        }

    def _maybe_unreached(self) -> None:
        if falls_on(self._settings.sandbox_invoice_unreached_percent):
            raise ProviderUnavailable("no answer")


async def _find(session: AsyncSession, number: str) -> Any:
    return (
        await session.execute(sa.select(*SandboxInvoiceRow.__table__.columns).where(SandboxInvoiceRow.number == number))
    ).one_or_none()


def _issued(row: Any, now: datetime) -> Issued:
    """How an invoice stands at an instant."""
    if now < row.ends_at:
        return Issued(row.number, IssueState.ACCEPTED)
    if row.is_refused:
        return Issued(row.number, IssueState.FAILED, reason=REFUSED)
    return Issued(row.number, IssueState.ISSUED, official_number=row.official_number)
