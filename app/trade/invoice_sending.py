"""Sending documents of invoices to their provider. Every function here calls it, outside any transaction.

That a document is sent is written down and committed before it is sent. Its number makes the provider issue it once;
after a try whose outcome is unknown the provider is asked how the number stands before it is sent again under the same
one. A blue invoice that the provider will not issue goes back to finance. A red one is owed: it is tried again, later
each time and under a new number, until it is issued.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from app.platform import faults, ids
from app.platform.db import Brand, BrandSession
from app.platform.integrations.invoices import Issued, IssueLine, IssueRequest, IssueState
from app.platform.integrations.payments import ProviderRefused, ProviderUnavailable
from app.platform.runtime import Runtime
from app.trade import invoice_documents, invoices, moves
from app.trade.after_sale_rules import retry_pause
from app.trade.events import InvoiceToSend
from app.trade.invoice_models import InvoiceDocumentRow, InvoiceRow
from app.trade.invoice_providers import required_provider
from app.trade.invoice_values import DocumentKind, DocumentState, InvoiceEvent, InvoiceState
from app.trade.models import AfterSaleRow, OrderRow
from app.trade.values import AfterSaleState

log = logging.getLogger(__name__)

LOOKED_AFTER_AT_ONCE: Final = 100
LONGEST_FAILURE: Final = 100


@dataclass(frozen=True, slots=True)
class _Sending:
    """A document that is about to be sent. `tries`: how often it was before."""

    id: UUID
    order_id: UUID
    tries: int
    request: IssueRequest


def sender(runtime: Runtime) -> Callable[[Brand, InvoiceToSend, UUID], Awaitable[None]]:
    """The delivery of InvoiceToSend: asks the provider."""

    async def deliver(brand: Brand, event: InvoiceToSend, _: UUID) -> None:
        await send(runtime, brand, event.document_id)

    return deliver


async def look_after(runtime: Runtime, brand: Brand) -> int:
    """Send what waits, ask about what is unknown, and make good what no event has told; gives how many ended. A job.

    One that cannot be settled stops no other.
    """
    async with runtime.database.reading(brand) as session:
        waiting = await session.scalars(
            sa.select(InvoiceDocumentRow.id)
            .where(
                InvoiceDocumentRow.brand_id == brand.id,
                InvoiceDocumentRow.state == DocumentState.SENDING.value,
                InvoiceDocumentRow.due_at <= session.now,
            )
            .order_by(InvoiceDocumentRow.due_at, InvoiceDocumentRow.id)
            .limit(LOOKED_AFTER_AT_ONCE)
        )
        document_ids = waiting.all()
        order_ids = await orders_behind(session, limit=LOOKED_AFTER_AT_ONCE)
    done = 0
    for order_id in order_ids:

        async def work(session: BrandSession, order_id: UUID = order_id) -> bool:
            return await invoices.settle(session, order_id)

        done += await _tried(runtime.database.run(brand, work), order_id)
    for document_id in document_ids:
        done += await _tried(send(runtime, brand, document_id), document_id)
    return done


async def send(runtime: Runtime, brand: Brand, document_id: UUID) -> bool:
    """Take a document as far as it goes now. True when it ended so."""
    provider = required_provider(runtime)

    async def begin(session: BrandSession) -> _Sending | None:
        return await _begin(session, document_id)

    sending = await runtime.database.run(brand, begin)
    if sending is None:
        return False
    await faults.pause_point("invoice_recorded")
    number = sending.request.number
    try:
        issued = await provider.query(number) if sending.tries else Issued(number, IssueState.UNKNOWN)
        if issued.state is IssueState.UNKNOWN:
            issued = await provider.issue(sending.request)
    except ProviderUnavailable as error:
        log.warning("invoice unknown, it is asked about", extra={"document": str(document_id), "error": repr(error)})
        return False
    except ProviderRefused as refused:
        issued = Issued(number, IssueState.FAILED, reason=refused.reason)
    await faults.pause_point("invoice_called")

    async def work(session: BrandSession) -> bool:
        return await book(session, document_id=document_id, order_id=sending.order_id, issued=issued)

    return await runtime.database.run(brand, work)


async def book(session: BrandSession, *, document_id: UUID, order_id: UUID, issued: Issued) -> bool:
    """Book how a document stands with the provider; False where it is still open, or was booked before.

    A blue one that is issued is followed by the red ones of what was refunded meanwhile. Emits: InvoiceToSend.
    """
    if issued.state not in (IssueState.ISSUED, IssueState.FAILED):
        return False
    order = await moves.lock_order(session, OrderRow.id == order_id)
    found = None if order is None else await invoices.find_live(session, order)
    document = await _hold(session, document_id)
    if order is None or found is None or document is None or document.number != issued.number:
        return False
    is_blue, now = document.kind == DocumentKind.BLUE, session.now
    if issued.state is IssueState.FAILED:
        reason = (issued.reason or issued.state.value)[:LONGEST_FAILURE]
        log.error("invoice refused", extra={"document": str(document_id), "reason": reason})
        if not is_blue:
            due_at = now + retry_pause(document.tries)
            await _change(session, document_id, number=ids.random_number(), failure=reason, due_at=due_at)
            return False
        await _change(session, document_id, state=DocumentState.FAILED.value, failure=reason, due_at=None)
        await invoices.move(session, found, InvoiceEvent.FAIL, failure=reason)
        back = await invoices.find_live(session, order)
        if back is not None:
            await invoices.void_if_nothing_is_left(session, order, back)
        return True
    await _change(
        session,
        document_id,
        state=DocumentState.ISSUED.value,
        official_number=issued.official_number,
        failure=None,
        due_at=None,
        issued_at=now,
    )
    if is_blue:
        await invoices.move(session, found, InvoiceEvent.BOOK, issued_at=now)
        await invoice_documents.write_reds(session, order_id=order_id, now=now)
    return True


async def orders_behind(session: BrandSession, *, limit: int) -> list[UUID]:
    """Orders with a refund that their invoice does not know of: no red one, or a request of nothing."""
    reds = sa.exists().where(
        InvoiceDocumentRow.brand_id == session.brand_id,
        InvoiceDocumentRow.order_id == InvoiceRow.order_id,
        InvoiceDocumentRow.state != DocumentState.FAILED.value,
        sa.or_(
            InvoiceDocumentRow.after_sale_id == AfterSaleRow.id,
            AfterSaleRow.id == sa.any_(InvoiceDocumentRow.settled),
        ),
    )
    is_unknown = sa.and_(InvoiceRow.state == InvoiceState.ISSUED.value, ~reds)
    is_void = sa.and_(InvoiceRow.state == InvoiceState.REQUESTED.value, OrderRow.refunded_minor == OrderRow.total_minor)
    rows = await session.scalars(
        sa.select(InvoiceRow.order_id)
        .join(OrderRow, sa.and_(OrderRow.brand_id == session.brand_id, OrderRow.id == InvoiceRow.order_id))
        .join(
            AfterSaleRow,
            sa.and_(AfterSaleRow.brand_id == session.brand_id, AfterSaleRow.order_id == InvoiceRow.order_id),
        )
        .where(
            InvoiceRow.brand_id == session.brand_id,
            InvoiceRow.state.in_([InvoiceState.ISSUED.value, InvoiceState.REQUESTED.value]),
            AfterSaleRow.state == AfterSaleState.REFUNDED.value,
            AfterSaleRow.goods_minor + AfterSaleRow.freight_minor > 0,
            sa.or_(is_unknown, is_void),
        )
        .distinct()
        .limit(limit)
    )
    return list(rows)


async def _tried(work: Awaitable[bool], what: UUID) -> bool:
    try:
        return await work
    except Exception:
        log.exception("invoice not settled", extra={"of": str(what)})
        return False


async def _begin(session: BrandSession, document_id: UUID) -> _Sending | None:
    """Write down that a document is sent; None where it has ended."""
    found = await _hold(session, document_id)
    if found is None:
        return None
    due_at = session.now + retry_pause(found.tries + 1)
    await _change(session, document_id, tries=found.tries + 1, due_at=due_at)
    invoice = (
        await session.execute(
            sa.select(InvoiceRow.title, InvoiceRow.tax_number, InvoiceRow.email, InvoiceRow.phone).where(
                InvoiceRow.brand_id == session.brand_id, InvoiceRow.id == found.invoice_id
            )
        )
    ).one()
    lines = (await invoice_documents.lines_of(session, [document_id]))[document_id]
    opened, brand_id = session.vault.open, session.brand_id
    return _Sending(
        id=document_id,
        order_id=found.order_id,
        tries=found.tries,
        request=IssueRequest(
            number=found.number,
            seller=str(brand_id),
            seller_name=found.seller_name,
            seller_tax_number=found.seller_tax_number,
            title=opened(brand_id, invoices.TITLE, invoice.title) or "",
            tax_number=opened(brand_id, invoices.TAX_NUMBER, invoice.tax_number),
            email=opened(brand_id, invoices.EMAIL, invoice.email),
            phone=opened(brand_id, invoices.PHONE, invoice.phone),
            currency=session.brand.currency,
            gross_minor=found.gross_minor,
            tax_minor=found.tax_minor,
            lines=[
                IssueLine(line.name, line.quantity, line.net_minor, line.tax_minor, line.tax_rate_bp) for line in lines
            ],
            original=None if found.kind == DocumentKind.BLUE else await _original(session, found.order_id),
        ),
    )


async def _hold(session: BrandSession, document_id: UUID) -> Any:
    """A document that has not ended, held; None else."""
    found = await session.execute(
        sa.select(
            InvoiceDocumentRow.invoice_id,
            InvoiceDocumentRow.order_id,
            InvoiceDocumentRow.kind,
            InvoiceDocumentRow.number,
            InvoiceDocumentRow.tries,
            InvoiceDocumentRow.gross_minor,
            InvoiceDocumentRow.tax_minor,
            InvoiceDocumentRow.seller_name,
            InvoiceDocumentRow.seller_tax_number,
        )
        .where(
            InvoiceDocumentRow.brand_id == session.brand_id,
            InvoiceDocumentRow.id == document_id,
            InvoiceDocumentRow.state == DocumentState.SENDING.value,
        )
        .with_for_update()
    )
    return found.one_or_none()


async def _original(session: BrandSession, order_id: UUID) -> str:
    """The provider's number of the blue invoice."""
    found = await session.execute(
        sa.select(InvoiceDocumentRow.official_number).where(
            InvoiceDocumentRow.brand_id == session.brand_id,
            InvoiceDocumentRow.order_id == order_id,
            InvoiceDocumentRow.kind == DocumentKind.BLUE.value,
            InvoiceDocumentRow.state == DocumentState.ISSUED.value,
        )
    )
    return found.scalar_one() or ""


async def _change(session: BrandSession, document_id: UUID, **columns: Any) -> None:
    await session.execute(
        sa.update(InvoiceDocumentRow)
        .where(InvoiceDocumentRow.brand_id == session.brand_id, InvoiceDocumentRow.id == document_id)
        .values(**columns)
        .execution_options(synchronize_session=False)
    )
